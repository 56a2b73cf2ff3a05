// What only the cost of a gradient needs: fields of cells, numbers in a line of words, and buttons that run passes.

import { button, div, g, max, min, put } from "./dom.js";
import { number } from "./numbers.js";
import { path } from "./pens.js";
import { draw, hooks, ORDER } from "./marks.js";
import { SHAPES, icon } from "./transport.js";

const NO_KERNEL = "No kernel: run this cell again to run passes.";
SHAPES.stop = "M6 6h12v12H6z";
ORDER.push("field", "tell");

const entry = (c, name, i) => c.state([[name, i]])?.n;
const there = v => v != null && !Number.isNaN(v);
const counted = v => Math.round(v).toString().replace(/\B(?=(\d{3})+$)/g, ",");

// One cell a pass (or ten, or a hundred): run, or still to be run.
draw.field = (c, m) => {
  const [name] = m.v[0],
    [done, total, each] = [0, 1, 2].map(i => entry(c, name, i)),
    left = c.x(m),
    wide = c.x({ x: m.x + m.w }) - left,
    cells = Math.ceil(total / each),
    fits = pitch => Math.floor(wide / pitch) * Math.floor(m.h / pitch) >= cells,
    pitch = m.ring ? 9 : [9, 8, 7, 6, 5, 4].find(fits) || 3,
    side = pitch - (pitch > 4 ? 1.4 : 0.8),
    across = m.ring ? 2 : Math.floor(wide / pitch),
    full = Math.floor(done / each);
  const squares = (from, to) => {
    let d = "";
    for (let i = from; i < to; i++) d += `M${left + (i % across) * pitch} ${m.y + Math.floor(i / across) * pitch}h${side}v${side}h${-side}z`;
    return d;
  };
  const part = m.c.length,
    shown = m.c.map((colour, j) =>
      path(part > 1 ? (full > j ? squares(j, j + 1) : "") : squares(0, full), "pass", { style: `fill:var(--bk-${colour})` })
    );
  return [
    m.ring && g("rect", { x: left - 7, y: m.y - 6, width: 2 * pitch + 12.6, height: pitch + 10.6, rx: 6, class: "picked" }),
    path(squares(full, cells), "nopass"),
    shown
  ];
};

// A line of words with numbers in it; what is not known is a dash.
const wordings = {
  number: (c, [name, i]) => (v => (there(v) ? number(v) : "–"))(entry(c, name, i)),
  count: (c, [name, i]) => counted(entry(c, name, i)),
  each: (c, [name, i]) => (v => (v > 1 ? ` · each cell is ${counted(v)} passes` : ""))(entry(c, name, i)),
  clock(c, [name, i], { units }) {
    const [v, unit, about] = [0, 1, 2].map(j => entry(c, name, i + j));
    return there(v) ? `${about ? "≈ " : ""}${number(v)} ${units[unit]}` : "–";
  },
  times(c, [name, i]) {
    const [v, about] = [0, 2].map(j => entry(c, name, i + j));
    return there(v) ? `${about ? "≈ " : ""}${v < 99.95 ? number(v) : counted(v)} ×` : "– ×";
  }
};

draw.tell = (c, m) =>
  g(
    "text",
    { x: c.x(m), y: c.y(m) + m.size * 0.35, "text-anchor": m.anchor, "font-size": m.size, "xml:space": "preserve" },
    m.parts.map(p =>
      g(
        "tspan",
        {
          class: `c-${p.c || "ink"} ${p.bold ? "bold" : ""}`,
          "font-size": p.size,
          "data-entry": p.v && p.v.join(".")
        },
        p.s || wordings[p.as](c, p.v, p)
      )
    )
  );

// Buttons in the place of the timeline, which a single picture does not need.
const begin = hooks.start;
hooks.start = view => {
  const end = begin(view),
    { root, wires } = view,
    runs = div("runs");
  const tell = what => wires.alive() && wires.send({ press: what });
  const made = [
    ["run-pair", "play", "backprop"],
    ["run-differences", "play", "finite differences"],
    ["stop", "stop", "stop"]
  ].map(([what, shape, words]) => {
    const node = button("button run", null, () => tell(what), icon(shape), words);
    runs.append(node);
    return node;
  });
  root.querySelector(".bk-transport").prepend(runs);
  view.runs = () => {
    const gone = !wires.alive(),
      busy = view.film.arrays.get("running").values[0] > 0;
    made.forEach((node, i) =>
      put(node, { "aria-disabled": `${gone || busy !== i > 1}`, title: gone ? NO_KERNEL : node.textContent })
    );
  };
  view.order = tell;
  return end;
};

const glance = hooks.look;
hooks.look = (view, svg) => {
  glance(view, svg);
  view.runs();
};

// Space runs both, Escape stops, the arrows choose the net.
hooks.key = (view, e) => {
  const { film } = view,
    [net] = film.choices,
    by = { ArrowLeft: -1, ArrowRight: 1 }[e.key],
    busy = film.arrays.get("running").values[0] > 0;
  if (e.key === " " && !e.target.closest("button")) view.order(busy ? "stop" : "run");
  else if (e.key === "Escape" && busy) view.order("stop");
  else if (by) {
    const option = max(0, min(net.options.length - 1, net.chosen + by));
    if (option !== net.chosen) view.tell(net.name, { choose: net.name, option });
  } else return false;
  return true;
};
