// A mark made of many numbers: a block of cells.

import { g, floor, min, range } from "./dom.js";
import { heat } from "./theme.js";
import { digits, ear, outline, path, rect, type, word } from "./pens.js";

export const image = (c, state, rows, cols, first, x, y, width, height) =>
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

export const blocks = {
  cells(c, m) {
    const { rows, cols, w, h, tag } = m,
      x = c.x(m) - w / 2,
      y = c.y(m) - h / 2,
      cw = w / cols,
      ch = h / rows,
      state = c.state(m.v),
      unit = c.unitOf(tag),
      size = type(c, m, 13),
      side = type(c, m, 14);
    const spot = i => [x + (i % cols) * cw, y + floor(i / cols) * ch],
      cell = (i, cls, more) => i >= 0 && rect(...spot(i), cw, ch, { class: cls, ...more });
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
              digits(c, `${tag}:${i}`, one, px + cw / 2, py + ch / 2 + 0.37 * size, size, "middle", {
                style: one && `fill:${c.colours.on(c.colours.fill(one.n, one.peak))}`
              })
            ];
          })
        : !state && word(x + w / 2, y + h / 2 + 0.36 * side, side, "middle", {}, "–"),
      (m.labels || []).map((s, i) =>
        word(x - 9, y + (i + 0.5) * ch + 0.36 * side, side, "end", { class: i === unit ? "c-accent bold" : "c-muted" }, s)
      ),
      cell(m.ring ?? -1, "picked"),
      cell(unit, "ring"),
      c.pick?.startsWith(tag + ":") && cell(+c.pick.slice(tag.length + 1), "picked"),
      state?.stale && ear(x + w, y)
    ];
  }
};
