// What only large layers need: slopes as tiles, ribbons from a strip of units into one of the next, its largest terms.

import { number, productSign } from "./numbers.js";
import { abs, div, floor, g, h, max, min, range, span } from "./dom.js";
import { indexed, svgText } from "./markup.js";
import { digits, outline, path, present, rect, tint, type, word } from "./pens.js";
import { image } from "./blocks.js";
import { draw, hooks, ORDER } from "./marks.js";
import { bar, kinds, num, sym } from "./panel.js";

ORDER.splice(ORDER.indexOf("cells"), 0, "bundle", "tiles");

// The ribbons shown at a step (those that end in the mark `to`), and the unit they lead into.
const ribbons = ({ film, frame }, to) =>
  film.marks.find(m => m.t === "bundle" && present(m, frame.k) && (!to || m.to === to));

hooks.unit = (view, row, to) => {
  const m = ribbons(view, to);
  return to && !m ? -1 : (view.units?.[m?.tag] ?? row?.unit ?? m?.unit ?? 0);
};

// A press on a unit in which ribbons end leads them there.
hooks.press = (view, tag) => {
  const [, block, index] = tag.match(/^(.*):(\d+)$/) || [],
    m = view.film.marks.find(m => m.t === "bundle" && (m.to === block || [m.to].flat().includes(tag)));
  if (m) (view.units ||= {})[m.tag] = m.to === block ? +index : m.to.indexOf(tag);
};

// The terms of one unit's sum, largest first: [index, factor, weight, product].
function products(a, w, unit) {
  const v = a.array.values,
    u = w.array.values,
    out = u.length / v.length;
  return Array.from(v, (f, i) => [i, f, u[i * out + unit], f * u[i * out + unit]]).sort(
    (p, q) => abs(q[3]) - abs(p[3])
  );
}

// Where ribbons end: at the left edge of one cell, or of one box of a list.
function port(c, to, i) {
  const many = Array.isArray(to),
    m = c.film.marks.find(m => m.w && m.tag === (many ? to[i] : to));
  return (
    m && [
      c.x(m) - m.w / 2 - (m.labels ? 26 : 3),
      c.y(m) + (many ? 0 : ((floor(i / m.cols) + 0.5) / m.rows - 0.5) * m.h)
    ]
  );
}

draw.tiles = (c, m) => {
  const state = c.state(m.v),
    factors = m.factors && c.state(m.factors),
    cw = m.w / m.cols,
    ch = m.h / m.rows,
    size = type(c, m, 12),
    side = min(cw - 6, ch - (m.factors ? size + 8 : 6));
  return range(m.n).map(i => {
    const x = c.x(m) - m.w / 2 + (i % m.cols) * cw + (cw - side) / 2,
      y = c.y(m) - m.h / 2 + floor(i / m.cols) * ch,
      tag = `${m.tag}:${i}`;
    return [
      image(c, state, m.k, m.k, i * m.k ** 2, x, y, side, side),
      rect(x, y, side, side, outline(c, m, state)),
      rect(x, y, side, side, { class: c.pick === tag ? "picked hit" : "hit", "data-cell": i }),
      m.factors &&
        digits(
          c,
          tag,
          factors && { ...factors, n: factors.array.values[factors.index + i] },
          x + side / 2,
          y + side + size + 1,
          size,
          "middle"
        )
    ];
  });
};

// Ribbons from every cell into one unit, as wide as the term; the four largest say their number.
draw.bundle = (c, m) => {
  const a = c.state([[m.a, 0]]),
    w = c.state([[m.w, 0]]),
    from = c.film.marks.find(n => n.t === "cells" && n.tag === m.from && present(n, c.frame.k)),
    unit = c.units?.[m.tag] ?? m.unit ?? 0,
    to = port(c, m.to, unit),
    size = type(c, m, 13);
  if (!a || !w || !from || !to) return [];
  const parts = products(a, w, unit),
    left = c.x(from) - from.w / 2,
    x = left + from.w,
    mid = (x + to[0]) / 2,
    y = i => c.y(from) + ((i + 0.5) / from.rows - 0.5) * from.h;
  let low = -99;
  return [
    parts
      .map(([i, , , p], rank) =>
        path(`M${x} ${y(i)}C${mid} ${y(i)} ${mid} ${to[1]} ${to[0] - 9} ${to[1]}`, p < 0 ? "sneg" : "spos", {
          "stroke-width": 0.8 + (6 * abs(p)) / abs(parts[0][3] || 1),
          opacity: rank > 3 ? 0.3 : c.at.dim && 0.4
        })
      )
      .reverse(),
    path(`M${to}l-16 -9v18z`, "tip"),
    // In the narrow picture there is no room beside the strip; the panel has the same terms.
    m.sym &&
      c.x({ x: 1 }) > 0.95 &&
      void parts
        .slice(0, 4)
        .sort((p, q) => p[0] - q[0])
        .forEach(([i, v]) => {
          low = max(low + 1.3 * size, y(i));
          c.over.push(
            path(`M${left - 9} ${low}L${left - 1} ${y(i)}`, "edge"),
            word(
              left - 12,
              low + 0.36 * size,
              size,
              "end",
              { class: "label" },
              svgText(indexed(m.sym[0], i + 1), size, true),
              g("tspan", {}, "  " + number(v))
            )
          );
        })
  ];
};

// The largest terms of the selected unit, the rest in one line, and the sum.
kinds.terms = (c, row, unit) => {
  const a = c.state([[row.a, 0]]),
    w = c.state([[row.w, 0]]),
    total = row.sum && c.state([[row.sum, unit]]);
  if (!a || !w) return null;
  const parts = products(a, w, unit),
    sum = list => list.reduce((s, t) => s + t[3], 0),
    top = parts.slice(0, 4),
    rest = sum(parts.slice(top.length)),
    [p, q] = row.sym;
  const most = max(abs(top[0][3]), abs(rest)) || 1,
    line = (label, left, v) => [label, span("num", left), num(v, "bold " + tint(v)), bar(v, most)];
  return div(
    "terms",
    top.map(([i, v, f, r]) => line(sym(indexed(p, i + 1)), `${number(v)} × ${number(f)} ${productSign(v, f, r)}`, r)),
    parts.length > top.length && line(span("note", `${parts.length - top.length} more`), "", rest),
    h("i", { class: "rulebar" }),
    sym(indexed(q, unit + (row.base ?? 1))),
    span(),
    h("span", { class: "result", "data-n": "sum" }, number(total ? total.n : sum(parts))),
    span()
  );
};
