// The picture: every mark is drawn from the film and k alone. Anchors x scale with the width, nothing else does.

import { number } from "./numbers.js";
import { g, abs, refill } from "./dom.js";
import { svgText } from "./markup.js";
import { css } from "./theme.js";
import { digits, ear, level, outline, path, present, tint, type, word } from "./pens.js";
import { blocks } from "./blocks.js";

export const ORDER = ["shade", "line", "cells", "circle", "box", "text"];

// What a wider module set adds: start (a view begins; what it returns ends it), film (one has come), head (what stands in
// the place of the phases), look (before a picture is painted), x (places), move (a step forward), press and key.
export const hooks = {};

// A circle or a box: ground, outline, selection; and how text on it looks.
function body(c, m, name, shape, cap) {
  const state = m.v && c.state(m.v);
  const fill = state && !m.plain && c.colours.fill(state.n, state.peak, cap * (c.at.dim || state.stale ? 0.5 : 1));
  if (state) c.spots.push([c.x(m), c.y(m), number(state.n)]);
  return {
    state,
    ink: { class: c.dim, style: fill && !c.at.dim && `fill:${c.colours.on(fill)}` },
    nodes: [
      g(name, { ...shape, class: "ground", style: fill && `fill:${css(fill)}` }),
      g(name, { ...shape, ...outline(c, m, state) }),
      c.pick && c.pick === m.tag && g(name, { ...shape, class: "picked" })
    ]
  };
}

export const draw = {
  ...blocks,

  shade: (c, m) =>
    g("polygon", { class: "shade", points: m.points.map(([x, y, dx, dy = 0]) => [c.x({ x, dx }), y + dy]).join(" ") }),

  text(c, m) {
    const size = type(c, m, 14),
      state = m.v && c.state(m.v);
    return word(
      c.x(m),
      c.y(m) + size * 0.35,
      size,
      m.anchor || "middle",
      {
        "data-tag": m.v && m.tag,
        class: `c-${c.at.to ? "accent" : m.c || "ink"} ${m.bold || c.at.bright ? "bold" : ""}`
      },
      svgText(m.s || "", size),
      m.v && ` ${state ? number(state.n) : "–"}`
    );
  },

  circle(c, m) {
    const r = m.r || 30,
      x = c.x(m),
      y = c.y(m),
      e = r * 0.72 + 4,
      size = type(c, m, r < 26 ? 13 : 15),
      large = c.film.presenter,
      { state, ink, nodes } = body(c, m, "circle", { cx: x, cy: y, r }, 0.62);
    return [
      nodes,
      m.label && word(x, y + (m.v ? -r / 4 : 0.36 * size), size - !large, "middle", ink, svgText(m.label, size - !large, true)),
      m.v && digits(c, m.tag, state, x, y + (m.label ? r * 0.4 : 0.36 * size), size, "middle", { ...ink, class: "bold" }),
      state?.stale && ear(x + e, y - e)
    ];
  },

  box(c, m) {
    const { w, h, stack, label } = m,
      x = c.x(m) - w / 2,
      y = c.y(m) - h / 2,
      size = type(c, m, stack ? 15 : 13),
      up = stack ? size / 1.5 : 0;
    const { state, ink, nodes } = body(
      c,
      m,
      "rect",
      { x, y, width: w, height: h, rx: stack ? 9 : 6 },
      h > 23 ? 0.62 : 0.35
    );
    const pair = label && !stack && (m.v || m.fixed != null),
      mid = x + w / 2,
      line = y + h / 2 + size * 0.36;
    const at = [pair ? x + w - 9 : mid, line + up, size, pair ? "end" : "middle"],
      sign = m.plain && state && !c.at.dim && tint(state.n);
    return [
      nodes,
      label && word(pair ? x + 9 : mid, line - up, size, pair ? "start" : "middle", ink, svgText(label, size, !/\$/.test(label))),
      m.v
        ? digits(c, m.tag, state, ...at, { ...ink, class: (sign || "") + (c.at.bright && m.plain ? " bold" : "") })
        : m.fixed && word(...at, { ...ink, "data-tag": m.tag }, m.fixed),
      state?.stale && ear(x + w - 1, y + 1)
    ];
  },

  line(c, m) {
    const state = m.v && c.state(m.v),
      { to, bright, source, dim } = c.at,
      large = c.film.presenter ? 1.6 : 1;
    const ends = [
      [m.x1, m.y1, m.dx1],
      [m.x2, m.y2, m.dx2]
    ].map(([x, y, dx]) => [c.x({ x, dx }), y, c.rim(x, y)]);
    const [a, b] = /back|upd/.test(c.frame.phase) ? ends.reverse() : ends,
      length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1,
      ux = (b[0] - a[0]) / length,
      uy = (b[1] - a[1]) / length;
    const along = (p, by, side = 0) => [p[0] + by * ux - side * uy, p[1] + by * uy + side * ux],
      p = along(a, a[2]),
      q = along(b, -b[2]);
    const head = (to && !/upd/.test(c.frame.phase)) || m.arrow ? large * (m.v || to ? 15 : 10) : 0,
      share = state ? abs(state.n) / state.peak || 0 : 0,
      way = end => `M${p}L${along(q, -end)}`;
    if (to && head) c.lines.push([a, p, q]);
    return [
      to && head && path(way(0), "halo", { pathLength: 1 }),
      path(
        way(head && head - 3),
        m.v ? (!state ? "notyet" : state.n < 0 ? "sneg" : "spos") : to || source ? "dirline" : "plain",
        { "stroke-width": large * (state ? (dim ? 1 + 4 * share : 1.5 + 5 * share) : 1.6), opacity: dim && (large > 1 ? 0.25 : 0.2) }
      ),
      head > 0 && path(`M${q}L${along(q, -head, 8 * large)}L${along(q, -head, -8 * large)}z`, "tip", { opacity: !bright && 0.4 }),
      c.pick && c.pick === m.tag && path(way(0), "picked")
    ];
  }
};

export function paint(svg, view) {
  const { film, frame, scale, wide } = view,
    { marks } = film,
    nodes = new Map();
  const list = marks.filter(m => present(m, frame.k) && (!(m.when === "on" || m.room > wide) || (level(m, frame).bright && !(film.presenter && m.room))));
  const c = {
    ...view,
    over: [],
    lines: [],
    spots: [],
    x: m => (hooks.x ? hooks.x(view, m) : m.x * scale) + (m.dx || 0),
    y: m => m.y + (m.dy || 0),
    // A line that ends in the centre of a circle is drawn from its rim.
    rim(x, y) {
      const m = marks.find(m => m.t === "circle" && Math.hypot(m.x - x, m.y - y) < 2);
      return m ? (m.r || 30) + 4 : 0;
    },
    unitOf: tag => hooks.unit?.(view, 0, tag) ?? -1
  };
  // Bright lines lie over others.
  const rank = m => ORDER.indexOf(m.t) + (m.z || (m.t === "line" && level(m, frame).bright ? 0.5 : 0));
  for (const m of list) {
    c.at = level(m, frame);
    c.dim = c.at.dim ? "dimmed" : "";
    nodes.set(m, g("g", { "data-pick": m.tag, class: m.face }, draw[m.t](c, m)));
  }
  refill(
    svg,
    list.sort((p, q) => rank(p) - rank(q)).map(m => nodes.get(m)),
    c.over
  );
  return c;
}

// Forward by one: halos grow, and a copy of the number at the source slides along each active line.
export function move(svg, { lines, spots }) {
  const play = (node, frames) => node.animate(frames, { duration: 220, easing: "ease-out" });
  svg.querySelectorAll(".bk-halo").forEach(n => play(n, { strokeDashoffset: [1, 0] }));
  svg.querySelectorAll(".bk-new").forEach(n => play(n, { opacity: [0, 0, 1] }));
  for (const [a, ...way] of lines.slice(0, 24)) {
    const from = spots.find(s => Math.hypot(s[0] - a[0], s[1] - a[1]) < 60),
      copy = word(0, 5, 14, "middle", { class: "copy" }, from?.[2]);
    svg.append(copy);
    play(copy, { transform: way.map(([x, y]) => `translate(${x}px,${y}px)`) }).onfinish = () => copy.remove();
  }
}

// The tag under a click, with the entry of a block.
export function hit({ target }) {
  const group = target.closest("[data-pick]"),
    { cell } = target.dataset;
  return group && group.dataset.pick + (cell ? ":" + cell : "");
}
