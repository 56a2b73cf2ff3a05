// Marks made of many numbers: blocks of cells, tiles, and ribbons from the cells of one into a unit of another.

import { number } from "./numbers.js";
import { g, abs, floor, max, min, range } from "./dom.js";
import { indexed, svgText } from "./markup.js";
import { css, heat } from "./theme.js";
import { digits, ear, outline, path, rect, word } from "./pens.js";

const image = (c, state, rows, cols, first, x, y, width, height) =>
  state &&
  g("image", {
    x,
    y,
    width,
    height,
    preserveAspectRatio: "none",
    class: "pixels",
    opacity: c.at.dim || state.stale ? 0.5 : null,
    href: heat(c.colours, rows, cols, i => state.array.values[state.index + first + i], state.peak)
  });

// The terms of one unit's sum, largest first: [index, factor, weight, product].
export function products(a, w, unit) {
  const v = a.array.values,
    u = w.array.values,
    out = u.length / v.length;
  return Array.from(v, (f, i) => [i, f, u[i * out + unit], f * u[i * out + unit]]).sort(
    (p, q) => abs(q[3]) - abs(p[3])
  );
}

export const blocks = {
  cells(c, m) {
    const { rows, cols, w, h, tag } = m,
      x = c.x(m) - w / 2,
      y = c.y(m) - h / 2,
      cw = w / cols,
      ch = h / rows,
      state = c.state(m.v),
      unit = c.unitOf(tag);
    const spot = i => [x + (i % cols) * cw, y + floor(i / cols) * ch],
      cell = (i, cls, more) => i >= 0 && rect(...spot(i), cw, ch, { class: cls, ...more });
    c.areas[tag] = { x, y, w, ch };
    return [
      image(c, state, rows, cols, 0, x, y, w, h),
      state &&
        min(cw, ch) >= 5 &&
        path(
          range(cols).map(i => `M${x + i * cw} ${y}v${h}`) + range(rows).map(i => `M${x} ${y + i * ch}h${w}`),
          "grid"
        ),
      (state || !m.print) && rect(x - 1, y - 1, w + 2, h + 2, outline(c, m, state)),
      range(rows * cols).map(i => cell(i, "hit", { "data-cell": i })),
      m.print
        ? range(rows * cols).map(i => {
            const one = state && { ...state, n: state.array.values[state.index + i] },
              [px, py] = spot(i);
            return [
              !one && cell(i, "notyet"),
              digits(c, `${tag}:${i}`, one, px + cw / 2, py + ch / 2 + 5, 13, "middle", {
                style: one && `fill:${c.colours.on(c.colours.fill(one.n, one.peak))}`
              })
            ];
          })
        : !state && word(x + w / 2, y + h / 2 + 5, 14, "middle", {}, "–"),
      (m.labels || []).map((s, i) =>
        word(x - 9, y + (i + 0.5) * ch + 5, 14, "end", { class: i === unit ? "c-accent bold" : "c-muted" }, s)
      ),
      cell(m.ring ?? -1, "picked"),
      cell(unit, "ring"),
      c.pick?.startsWith(tag + ":") && cell(+c.pick.slice(tag.length + 1), "picked"),
      state?.stale && ear(x + w, y)
    ];
  },

  tiles(c, m) {
    const state = c.state(m.v),
      factors = m.factors && c.state(m.factors),
      cw = m.w / m.cols,
      ch = m.h / m.rows,
      side = min(cw - 6, ch - (m.factors ? 20 : 6));
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
            y + side + 13,
            12,
            "middle"
          )
      ];
    });
  },

  // Ribbons from every cell into one unit, as wide as the term; the four largest say their number.
  bundle(c, m) {
    const a = c.state([[m.a, 0]]),
      w = c.state([[m.w, 0]]),
      from = c.areas[m.from],
      unit = c.units[m.tag] ?? m.unit ?? 0,
      to = c.port(m.to, unit);
    if (!a || !w || !from || !to) return [];
    const parts = products(a, w, unit),
      x = from.x + from.w,
      mid = (x + to[0]) / 2,
      y = i => from.y + (i + 0.5) * from.ch;
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
            low = max(low + 17, y(i));
            c.over.push(
              path(`M${from.x - 9} ${low}L${from.x - 1} ${y(i)}`, "edge"),
              word(
                from.x - 12,
                low + 5,
                13,
                "end",
                { class: "label" },
                svgText(indexed(m.sym[0], i + 1), 13, true),
                g("tspan", {}, "  " + number(v))
              )
            );
          })
    ];
  }
};
