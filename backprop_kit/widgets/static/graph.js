// What only a graph needs: edges that bend, pictures wider than their place, scopes that fold, a waterfall.

import { abs, clamp, g, max, min } from "./dom.js";
import { number } from "./numbers.js";
import { svgText } from "./markup.js";
import { css } from "./theme.js";
import { path, rect, tint, word } from "./pens.js";
import { draw, hooks, ORDER } from "./marks.js";
import { kinds } from "./panel.js";
import { SHAPES } from "./transport.js";

ORDER.splice(2, 0, "path");
ORDER.push("glyph");

// A picture wider than its place moves so that the column of the step is seen.
hooks.look = (view, svg) => {
  const { film, frame, wide } = view,
    scale = max(wide / film.size[0], film.tight || 0),
    span = film.span * scale,
    over = span > wide + 1,
    pan = over ? clamp(frame.pan * scale - wide / 2, 0, span - wide) : 0,
    by = pan - view.pan;
  svg.classList.toggle("bk-wide", over);
  Object.assign(view, { scale, pan });
  if (by && !matchMedia("(prefers-reduced-motion: reduce)").matches)
    svg.animate({ transform: [`translateX(${by}px)`, "none"] }, { duration: 220, easing: "ease-out" });
};

hooks.x = ({ film, wide, scale, pan }, m) => (m.still ? (m.x * wide) / film.size[0] : m.x * scale - pan);

// A press on what folds or unfolds leads to another scene of the same recording; the step stays.
hooks.press = (view, tag) => {
  const { film } = view,
    { scene } = film.marks.find(m => m.scene && m.tag === tag) || {};
  if (!scene) return false;
  const { marks, cuts, size, span, tight } = film;
  Object.values(film.scenes[scene].cuts).forEach(({ frames }) =>
    frames.forEach(f => (f.panel = film.panels[f.panel] || f.panel))
  );
  film.scenes[film.scene] ||= { marks, cuts, size, span, tight };
  Object.assign(film, film.scenes[scene], { scene });
  // The same cut, but not the one that was built: keys pressed before the next picture still count.
  view.cut = Object(view.cut);
  return true;
};

// Level where heights agree, upright where places do, and one S between two heights.
const bend = ([x, y], [u, v]) => {
  const mid = (x + u) / 2;
  return abs(x - u) < 1 || abs(y - v) < 0.6 ? `L${u} ${v}` : `C${mid} ${y} ${mid} ${v} ${u} ${v}`;
};

draw.path = (c, m) => {
  const state = m.v && c.state(m.v),
    { to, bright, dim } = c.at,
    made = m.since <= c.frame.k,
    pts = m.pts.map(([x, dx, y]) => [c.x({ x, dx }), y]);
  if (to ? c.frame.phase === "backward" : state) pts.reverse();
  const [x, y] = pts.at(-1),
    r = pts.at(-2),
    length = Math.hypot(x - r[0], y - r[1]) || 1,
    [ux, uy] = [(x - r[0]) / length, (y - r[1]) / length];
  const along = (by, side = 0) => [x - by * ux - side * uy, y - by * uy + side * ux],
    head = to ? 15 : made ? 9 : 0,
    half = to ? 8 : 5,
    sign = state && !m.many;
  const way = by => {
    const all = [...pts.slice(0, -1), along(by)];
    return all.reduce((d, p, i) => d + (i ? bend(all[i - 1], p) : `M${p}`), "");
  };
  if (to) {
    c.lines.push([pts[0], ...pts]);
    if (state) c.spots.unshift([...pts[0], sign ? number(state.n) : ""]);
  }
  return [
    to && path(way(0), "halo" + (m.soft ? " soft" : ""), { pathLength: 1 }),
    path(way(max(0, min(head - 3, length))), sign ? (state.n < 0 ? "sneg" : "spos") : to || (state && made) ? "dirback" : made ? "made" : "plain", {
      "stroke-width": sign ? 1.6 + (4 * abs(state.n)) / state.peak || 1.6 : to ? 3 : 1.6,
      opacity: dim && 0.5
    }),
    head > 0 &&
      path(`M${[x, y]}L${along(head, half)}L${along(head, -half)}z`, to ? "tip" : state ? "tip btip" : "tip ftip", {
        opacity: !bright && 0.5
      }),
    c.pick && c.pick === m.tag && path(way(0), "picked")
  ];
};

// A tick or an octagon beside a number, once there is one.
draw.glyph = (c, m) =>
  (!m.v || c.state(m.v)) &&
  g("path", {
    d: SHAPES[m.icon],
    class: "i-" + m.icon,
    transform: `translate(${c.x(m) - 12 * m.size},${c.y(m) - 12 * m.size})scale(${m.size})`
  });

// Parts that add up: each bar begins where the one before has ended, the total stands alone.
kinds.fall = ({ room, colours }, { items, total, count, dense }) => {
  let run = 0;
  const bars = items.map(([label, v]) => [label, v, run, (run += v)]);
  if (total) bars.push([...total, 0, total[1]]);
  const ends = bars.flatMap(b => b.slice(2)),
    high = max(0, ...ends),
    low = min(0, ...ends),
    step = min(room, 392) / count,
    w = min(66, step - 26),
    peak = max(...bars.map(b => abs(b[1]))) || 1,
    y = v => 20 + (92 * (high - v)) / (high - low || 1);
  return g(
    "svg",
    { class: "fall picture", width: room, height: 138 },
    path(`M0 ${y(0)}H${step * count}`, "plain"),
    bars.map(([label, v, from, to], i) => {
      const x = step * (i + 0.5),
        top = min(y(from), y(to)),
        whole = i >= items.length,
        shown = number(v);
      return [
        i > 0 && !whole && path(`M${x - step + w / 2} ${y(from)}H${x - w / 2}`, "thread"),
        rect(x - w / 2, top, w, max(1, abs(y(from) - y(to))), {
          class: whole ? "total" : v < 0 ? "fneg" : "fpos",
          style: whole && `fill:${css(colours.fill(v, peak, 0.62))}`
        }),
        word(x, top - 6, 14, "middle", { class: whole ? "bold" : "bold " + tint(v), "data-n": label }, shown),
        i > 0 && word(x - step / 2, 82, 18, "middle", { class: whole ? "bold" : "bold c-accent" }, whole ? "=" : "+"),
        word(x, 132, 13, "middle", { class: "c-muted" }, svgText(label, 13))
      ];
    })
  );
};
