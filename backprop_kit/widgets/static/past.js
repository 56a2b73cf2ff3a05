// Time: the slider under a chart, and the pictures that were seen, which the page keeps and shows again without asking.

import { abs, clamp, div, g, h, on, put } from "./dom.js";
import { path } from "./pens.js";
import { draw, ORDER } from "./marks.js";
import { at, colour, planeOf } from "./plane.js";

ORDER.push("time");

const KEPT = 32;
// All of a film but its functions; what of it is the same in every picture of one recording.
const PARTS =
  "title,size,arrays,marks,phases,cuts,legend,trace,head,choices,presenter,controls,transport,chip,texts,at".split(",");
export const partsOf = film => Object.fromEntries(PARTS.map(name => [name, film[name]]));
const lineOf = ({ trace, presenter }) => `${trace}|${!!presenter}|`;
const keyOf = film => lineOf(film) + film.at;

// What was seen outlives a view: the host may take one away and draw another.
const pasts = new WeakMap();

// Up to now a curve is drawn in full, and what is recorded beyond it thin.
const whole = draw.curve;
draw.curve = (c, m) => {
  const ys = c.state(m.y);
  if (!ys) return null;
  const full = { ...m, n: m.n ?? ys.array.values.length - ys.index },
    now = m.past && (c.past.wanted ?? at(c, m.past));
  if (now == null) return whole(c, full);
  const p = planeOf(c, m),
    x = clamp(p.X(now), p.l, p.r),
    part = (edges, more) => whole({ ...c, planes: { [m.in]: { ...p, ...edges } } }, { ...full, ...more });
  return [put(part({ l: x }, { width: 1.5 }) || g("g"), { opacity: 0.45 }), part({ r: x })];
};

draw.time = (c, m) => {
  const p = planeOf(c, m),
    shown = at(c, m.v),
    now = c.past.wanted ?? shown,
    { y } = m,
    [last, high] = [m.last, m.hi].map(n => at(c, n)),
    [x, end, edge] = [now, last, high ?? last].map(v => clamp(p.X(v), p.l, p.r));
  if (shown == null || last == null) return null;
  c.past.slide = { m, p, y, now, last };
  return [
    edge > end && path(`M${end} ${y}H${edge}`, "notyet"),
    path(`M${p.l} ${y}H${end}`, "track-line"),
    path(`M${p.l} ${y}H${x}`, "curve", { style: `stroke:${colour("ink")}`, "stroke-width": 4, "stroke-linecap": "round" }),
    path(`M${x} ${p.t}V${y}`, "curve", { style: `stroke:${colour("ink")}`, "stroke-width": 1.6 }),
    (m.forks || []).map(n => path(`M${p.X(at(c, n))} ${y - 6}l6 6l-6 6l-6-6z`, "forked")),
    !c.wires.alive() && c.past.there().map(n => path(`M${p.X(n)} ${y - 8}v16`, "visited")),
    g("circle", { cx: x, cy: y, r: 9, class: "ring-handle" })
  ];
};

export function startPast(view) {
  const { model, svg, root, wires } = view,
    veil = div("veil"),
    node = h("div", { class: "grip slide", role: "slider", tabindex: 0, "data-grip": "time" });
  if (!pasts.has(model)) pasts.set(model, { kept: new Map() });
  const store = pasts.get(model),
    { kept } = store;
  svg.parentNode.append(veil, node);
  let from;

  const past = {
    wanted: null, // the step a hand asks for, until its picture is there
    shown: false, // whether that one is shown already, out of what was kept

    // The numbers of the pictures that were kept of this recording.
    there() {
      const line = lineOf(view.film);
      return [...kept.keys()].filter(key => key.startsWith(line)).map(key => +key.slice(line.length));
    },

    keep(film) {
      const key = keyOf(film);
      store.newest = film;
      if (film.at == null) return;
      kept.delete(key);
      kept.set(key, film);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    },

    // A kept picture is drawn with the marks, the curves and the end of the recording as they are known now.
    take(film) {
      const { newest } = store,
        arrays = new Map(film.arrays),
        same = newest && lineOf(newest) === lineOf(film),
        marks = same ? newest.marks : film.marks,
        slide = marks.find(m => m.t === "time"),
        ends = slide ? [slide.last, slide.hi, ...(slide.forks || [])].flat().filter(n => typeof n === "string") : [],
        transport = film.transport && { ...film.transport, playing: false, progress: null };
      if (same) for (const [name, a] of newest.arrays) if (a.from || ends.includes(name) || !arrays.has(name)) arrays.set(name, a);
      Object.assign(view.film, film, { arrays, marks, transport });
    },

    // A picture has come: is it shown?
    admit(film) {
      past.keep(film);
      if (past.wanted == null || past.wanted === film.at || !view.pending("time")) past.wanted = null;
      else if (past.shown) return false;
      return true;
    },

    visit(v, done) {
      const { slide } = past,
        there = past.there();
      if (!slide) return;
      v = clamp(Math.round(v), 0, slide.last);
      if (!wires.alive()) {
        if (there.length) past.take(kept.get(lineOf(view.film) + there.reduce((p, q) => (abs(q - v) < abs(p - v) ? q : p))));
        return view.ask();
      }
      const moved = v !== (past.wanted ?? view.film.at);
      if (moved) {
        past.wanted = v;
        past.shown = there.includes(v);
        if (past.shown) past.take(kept.get(lineOf(view.film) + v));
      }
      if (done || moved) view.tell("time", { drag: slide.m.tag, x: v, y: null, done });
      view.ask();
    },

    // A whole film has come in the place of a kept picture that is still wished for.
    again() {
      const film = kept.get(lineOf(view.film) + past.wanted);
      if (film) past.take(film);
      else past.wanted = null;
    },

    // One of the kept pictures further on, or the first or last of them.
    hop(by) {
      const there = past.there().sort((a, b) => a - b),
        i = there.indexOf(view.film.at);
      if (there.length) past.visit(there[clamp(i + by, 0, there.length - 1)], true);
    },

    // Before a picture is painted: an answer without a new picture was one, too.
    look() {
      past.slide = null;
      if (past.wanted != null && !view.pending("time") && past.film === model.get("film")) past.wanted = null;
    },

    place() {
      const { slide, wanted, shown } = past,
        late = wanted != null && !shown;
      node.hidden = !slide;
      root.classList.toggle("bk-late", late);
      veil.textContent = late ? `step ${wanted} is on its way` : "";
      if (!slide) return;
      const { m, p, y, now, last } = slide,
        few = wires.alive() ? "" : "No kernel: only the pictures that were seen last can be visited.";
      node.style.cssText = `left:${(p.l + p.r) / 2}px;top:${y}px;width:${p.r - p.l + 28}px`;
      put(node, {
        "aria-label": m.name || "step",
        "aria-valuemin": 0,
        "aria-valuemax": last,
        "aria-valuenow": now,
        "aria-valuetext": `step ${now} of ${last}`,
        title: few
      });
      if (!few) node.removeAttribute("title");
    }
  };

  const under = e => past.slide && past.slide.p.U(e.clientX - svg.getBoundingClientRect().left);
  on(node, "pointerdown", e => {
    e.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(e.pointerId);
    from = e.clientX;
  });
  on(node, "pointermove", e => {
    if (!node.hasPointerCapture(e.pointerId) || (from != null && abs(e.clientX - from) < 3)) return;
    from = null;
    past.visit(under(e), false);
  });
  on(node, "pointerup", e => node.hasPointerCapture(e.pointerId) && past.visit(under(e), true));
  on(node, "pointercancel", () => from == null && past.visit(past.wanted ?? view.film.at, true));
  on(node, "click", e => e.stopPropagation());
  view.past = past;
}

// What is laid over a film, as a whole of its own; of an array that grows its end is put to its beginning.
export function laidOver(view, fresh, arrays) {
  for (const [name, a] of fresh.arrays) {
    const start = a.from - 1;
    if (!(start > 0)) continue;
    const values = new a.values.constructor(start + a.values.length);
    values.set(view.base.get(name).values.subarray(0, start));
    values.set(a.values, start);
    arrays.set(name, { ...a, values });
  }
  const more = Object.fromEntries(["title", "choices", "cuts", "controls", "transport", "chip", "texts", "at"].filter(n => n in fresh).map(n => [n, fresh[n]])),
    film = { ...view.whole, ...more, arrays };
  return view.past.admit(film) ? film : {};
}
