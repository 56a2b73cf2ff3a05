// What only a graph needs: edges that bend, pictures wider than their place, scopes that fold, a walk with the keys, a
// waterfall.

import { abs, calm, clamp, floor, g, h, max, min, on, put } from "./dom.js";
import { number } from "./numbers.js";
import { htmlText, svgText } from "./markup.js";
import { css } from "./theme.js";
import { path, rect, tint, word } from "./pens.js";
import { draw, hooks, ORDER } from "./marks.js";
import { kinds } from "./panel.js";
import { SHAPES } from "./transport.js";

ORDER.splice(2, 0, "path");
ORDER.push("glyph");

const drawn = (svg, tag) => svg.querySelector(`[data-pick="${tag}"]`),
  ease = { duration: 250, easing: "ease-out" },
  flip = tag => tag.replace(/^(card|fold)/u, t => (t === "card" ? "fold" : "card"));

// Anchors scale between what stands out left of the first and right of the last of them, which keeps its size.
hooks.x = ({ film, wide, scale, pan, edge }, m) => (m.still ? (m.x * wide) / film.size[0] : edge + (m.x - edge) * scale - pan);

// How far marks stand out from their anchors: [anchor, to the left, to the right].
const reaches = film =>
  film.marks.flatMap(({ x, dx = 0, r, w, still, points }) => {
    const half = still ? 0 : r || w / 2;
    return points ? points.map(([x, , dx]) => [x, -dx, dx]) : half ? [[x, half - dx, half + dx]] : [];
  });

const across = (view, m) => hooks.x(view, m) + (m.dx || 0),
  mark = (view, tag) => view.film.marks.find(m => m.tag === tag),
  middle = (view, tag) => {
    const m = mark(view, tag);
    return m && across(view, m.mid ? { x: m.mid[0], dx: m.mid[1] } : m);
  };

// A picture wider than its place moves so that the column of the step is seen. Where something folds or unfolds, the
// middle of what was pressed stays where it was, as far as nothing leaves the picture.
hooks.look = (view, svg) => {
  const { film, frame, wide, i, folded, pan: from } = view,
    all = reaches(film),
    [left, right] = [1, -1].map(side => {
      const end = max(...all.map(([x]) => -side * x));
      return max(...all.map(([x, p, q]) => (-side * x < end ? 0 : side > 0 ? p : q)));
    }),
    fixed = left + right,
    scale = max((wide - fixed) / (film.size[0] - fixed), film.tight || 0),
    span = fixed + (film.span - fixed) * scale,
    over = span > wide + 1,
    into = (pan, low, high) => clamp(pan, min(low, high - wide), max(low, high - wide)),
    at = x => left + (x - left) * scale;
  if (view.asked && view.model.get("problem")) {
    Object.assign(...view.asked);
    view.asked = null;
  }
  if (view.width !== wide) Object.assign(view, { width: wide, shift: 0 });
  Object.assign(view, { scale, edge: left, pan: 0 });
  if (folded) {
    const ends = all.flatMap(([x, p, q]) => [at(x) - p, at(x) + q]),
      now = middle(view, flip(folded.tag));
    view.shift = now == null ? 0 : into(now - folded.at, min(...ends), max(...ends));
    view.gaze = now == null ? null : { i, pan: view.shift };
  }
  const gaze = view.gaze?.i === i ? view.gaze : {};
  view.pan = over ? gaze.pan ?? into(at(gaze.x ?? frame.pan) - wide / 2, 0, span) : view.shift;
  svg.classList.toggle("bk-wide", over);
  if (from - view.pan && !folded && !calm())
    svg.animate({ transform: [`translateX(${view.pan - from}px)`, "none"] }, ease);
  queueMicrotask(() => painted(view));
};

// Every drawn mark, what it is known by in another scene, and its middle. Edges have none: they change their shape.
const places = svg => {
  const seen = {};
  return [...svg.children].map(n => {
    const { pick } = n.dataset,
      { x, y, width, height } = (n.firstElementChild || n).getBoundingClientRect();
    seen[pick] = (seen[pick] || 0) + 1;
    return [n, /^[ef]\d/u.test(pick || "e0") ? "" : `${pick} ${seen[pick]}`, x + width / 2, y + height / 2];
  });
};

// A level that the film does not hold comes from the kernel; until then, or without one, the card says so.
const fetched = (view, folded) => {
  const { film, model, wires } = view,
    live = wires.alive(),
    m = film.marks.find(m => m.tag === folded.tag && m.label?.[0] === "+");
  if (m) {
    view.asked = [m, { label: m.label, w: m.w }];
    Object.assign(m, { label: live ? "opening …" : "needs the kernel", w: 104 });
  } else if (!live) model.set("problem", "This level needs the kernel: run this cell.");
  view.coming = folded;
  wires.send({ press: folded.tag });
  return true;
};

// A press on what folds or unfolds leads to another scene of the same recording; the step stays.
hooks.press = (view, tag) => {
  const { film, svg } = view;
  const { scene, asks, walk } = mark(view, tag) || {};
  if (walk) view.node = tag;
  if (!scene && !asks) return false;
  const { marks, cuts, size, span, tight } = film,
    before = new Map(places(svg).map(([, key, ...at]) => [key, at])),
    folded = { tag, at: middle(view, tag), before };
  if (asks) return fetched(view, folded);
  Object.values(film.scenes[scene].cuts).forEach(({ frames }) =>
    frames.forEach(f => (f.panel = film.panels[f.panel] || f.panel))
  );
  view.folded = folded;
  film.scenes[film.scene] ||= { marks, cuts, size, span, tight };
  Object.assign(film, film.scenes[scene], { scene });
  // The same cut, but not the one that was built: keys pressed before the next picture still count.
  view.cut = Object(view.cut);
  return true;
};

// The walk: the picture itself has the focus, and of its values and scopes one wears the ring and is told in words.
const stops = ({ film }) => film.marks.filter(m => m.walk).sort((a, b) => a.walk.i - b.walk.i),
  here = view => {
    const all = stops(view),
      { node = "" } = view;
    return all.find(m => m.tag === node) || all.find(m => m.tag === flip(node)) || all[0];
  };

const tell = ({ film, frame }, { walk }) =>
  walk.say
    .map(([words, v, only, many]) => {
      const state = v && film.state(v, frame.k),
        all = state ? [...state.array.values] : [];
      if (!state) return !v ? words : only ? "" : words + walk.wait;
      return words + (many ? many[0] + number(min(...all)) + many[1] + number(max(...all)) : all.map(number).join(", "));
    })
    .join("");

function painted(view) {
  const { svg, told, folded } = view,
    m = svg.matches(":focus-visible") && here(view),
    text = m ? tell(view, m) : "";
  view.folded = null;
  if (folded && !calm())
    for (const [n, key, x, y] of places(svg)) {
      const [u, v] = folded.before.get(key) || folded.before.get(flip(key)) || [];
      n.animate(u && key ? { transform: [`translate(${u - x}px,${v - y}px)`, "none"] } : { opacity: [0, 1] }, ease);
    }
  if (told.textContent !== text) told.textContent = text;
  if (!m) return;
  const { x, y, width, height } = drawn(svg, m.tag).getBBox();
  svg.append(rect(x - 3.5, y - 3.5, width + 7, height + 7, { class: "focus", rx: m.t === "circle" ? width : 9 }));
}

hooks.start = view => {
  const { svg, ask } = view;
  view.told = h("p", { class: "told", "aria-live": "polite" });
  svg.after(view.told);
  put(svg, { tabindex: 0, role: "application" });
  on(svg, "focus", () => {
    if (view.cut) view.gaze = { i: view.i, x: here(view).x };
    ask();
  });
  on(svg, "blur", ask);
};

hooks.film = view => Object.assign(view, { shift: 0, folded: view.coming, coming: null, asked: null, gaze: null });

hooks.key = (view, { key, target }) => {
  const { film, svg, cut, i } = view;
  if (target !== svg) return;
  const list = stops(view),
    m = here(view),
    by = { ArrowDown: 1, ArrowUp: -1 }[key],
    press = tag => drawn(svg, tag).dispatchEvent(new MouseEvent("click", { bubbles: true }));
  if (by) {
    const next = list[list.indexOf(m) + by] || m;
    Object.assign(view, { node: next.tag, gaze: { i, x: next.x } });
  } else if (key === "Enter") {
    if (m.walk.k == null) press(m.tag);
    else view.goto(film.cuts[cut].frames.filter(f => f.k < m.walk.k).length);
  } else if (key === "Escape") {
    if (!m.walk.fold) return;
    press(m.walk.fold);
  } else return;
  view.ask();
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

// Parts that add up: each bar begins where the one before has ended, the total stands alone, what is to come is dashed.
// Of an array these are the parts of one number: of the one pressed in the picture, or of that which ends largest.
kinds.fall = (c, { items, s: said, pre, node, at = 0, cols, where }) => {
  const pick = RegExp(`^[vgp]${node}(\\.\\d+)?:(\\d+)$`).exec(c.pick || ""),
    entry = pick ? +pick[2] : at;
  let run = 0;
  const bars = items.map(({ s, v, whole }) => {
    const n = v.map(([a]) => c.state([[a, entry]])?.n).reduce((a, b) => (b == null ? a : a + b), null),
      from = whole ? 0 : run;
    if (!whole) run += n;
    return { s, whole, n, from, to: from + n };
  });
  const ends = bars.flatMap(b => [b.from, b.to]),
    high = max(0, ...ends),
    low = min(0, ...ends),
    step = min(c.room, 392) / bars.length,
    tall = c.room < 300 ? 60 : 92,
    w = min(66, step - 20),
    peak = max(...bars.map(b => abs(b.n))) || 1,
    say = (x, y, size, cls, text) => word(x, y, size, "middle", { class: cls }, text),
    y = v => 20 + (tall * (high - v)) / (high - low || 1);
  const told = (where || "").replace("{r}", floor(entry / cols) + 1).replace("{c}", (entry % cols) + 1);
  return [
    h("p", { class: "c-muted" }, htmlText(said + told)),
    g(
      "svg",
      { class: "fall picture", width: c.room, height: tall + 46 },
      path(`M0 ${y(0)}H${step * bars.length}`, "plain"),
      bars.map(({ s, whole, n, from, to }, i) => {
        const x = step * (i + 0.5),
          open = n == null,
          top = open ? y(0) - (high ? 24 : 0) : min(y(from), y(to)),
          sign = !whole ? "+" : open || abs(run - n) <= 1e-4 * peak ? "=" : "≠";
        return [
          i > 0 && !whole && !open && path(`M${x - step + w / 2} ${y(from)}H${x - w / 2}`, "thread"),
          rect(x - w / 2, top, w, open ? 24 : max(1, abs(y(from) - y(to))), {
            class: open ? "notyet" : whole ? "total" : n < 0 ? "fneg" : "fpos",
            style: whole && !open && `fill:${css(c.colours.fill(n, peak, 0.62))}`
          }),
          say(x, open ? top + 17 : top - 6, step < 60 ? 12 : 14, "bold " + (whole ? "" : tint(n)), open ? "–" : number(n)),
          i > 0 && say(x - step / 2, tall / 2 + 36, 18, whole ? "bold" : "bold c-accent", sign),
          say(x, tall + 40, 13, "c-muted", svgText((step < 74 || whole ? "" : pre) + s, 13))
        ];
      })
    )
  ];
};
