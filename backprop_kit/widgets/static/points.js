// Points of data: many in one mark; added, moved, deleted and given another class by hand.

import { button, clamp, div, g, max, min, on, put, range, refill } from "./dom.js";
import { path } from "./pens.js";
import { draw, hit, ORDER } from "./marks.js";
import { colour, OUTLINES, planeOf } from "./plane.js";

ORDER.push("dots");

// Corners of a sign of size 1: n of them round the middle, every second one nearer.
const ring = (n, size, inner = 1, turn = 0) =>
  range(n).map(i => {
    const a = ((i + turn) / n) * 2 * Math.PI,
      far = size * (i % 2 ? inner : 1);
    return [far * Math.sin(a), -far * Math.cos(a)];
  });
const turned = (corners, a) => corners.map(([x, y]) => [x * Math.cos(a) - y * Math.sin(a), x * Math.sin(a) + y * Math.cos(a)]),
  arms = turned(range(4).flatMap(i => turned([[-0.37, -0.37], [-0.37, -1.15], [0.37, -1.15]], (i * Math.PI) / 2)), 0),
  up = [
    [0, -1.15],
    [1.05, 0.75],
    [-1.05, 0.75]
  ];
const CORNERS = {
  square: ring(4, 1.25, 1, 0.5),
  triangle: up,
  diamond: ring(4, 1.2),
  plus: arms,
  cross: turned(arms, Math.PI / 4),
  star: ring(10, 1.4, 0.45),
  pentagon: ring(5, 1.15),
  down: turned(up, Math.PI),
  hexagon: ring(6, 1.15)
};
const near = (v, by) => +(v + by).toFixed(1);
const sign = (shape, x, y, r) =>
  CORNERS[shape]
    ? `M${CORNERS[shape].map(([u, v]) => near(x, u * r) + " " + near(y, v * r)).join("L")}z`
    : `M${near(x, -r)} ${near(y, 0)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
for (const shape in CORNERS) OUTLINES[shape] ||= r => sign(shape, 0, 0, r);

const entryOf = (c, ref, i) => {
  const s = c.state(ref);
  return s?.array.values[s.index + i];
};

draw.dots = (c, m) => {
  const p = planeOf(c, m),
    r = m.r || 4.5,
    xs = c.state(m.xs),
    ys = c.state(m.ys);
  if (!xs || !ys) return null;
  const n = m.n ?? min(xs.array.values.length - xs.index, ys.array.values.length - ys.index),
    spots = [];
  for (let i = 0; i < n; i++) spots.push([p.X(xs.array.values[xs.index + i]), p.Y(ys.array.values[ys.index + i])]);
  c.dotted.push({ m, p, spots, r });
  const line = colour(m.c),
    own = c.pick?.startsWith(m.tag + ":") && spots[c.pick.slice(m.tag.length + 1)];
  return [
    path(spots.map(([x, y]) => sign(m.shape, x, y, r)).join(""), "dots", {
      style: m.hollow ? `fill:var(--bk-surface);stroke:${line}` : `fill:${line};stroke:var(--bk-surface)`,
      "stroke-width": m.hollow ? 2 : 1.2
    }),
    own && path(sign("", ...own, r + 5), "picked")
  ];
};

// The point under a place, the uppermost first.
function under(view, x, y) {
  for (const group of [...(view.dotted || [])].reverse())
    for (let i = group.spots.length - 1; i >= 0; i--)
      if (Math.hypot(x - group.spots[i][0], y - group.spots[i][1]) < group.r + 4) return { ...group, i };
  return null;
}

const editable = view => view.film?.marks.find(m => m.t === "plane" && m.edit);

export function startPoints(view) {
  const { svg, wires, tell } = view,
    classes = div("classes");
  let held = null,
    moved = false,
    kind = 0;
  svg.parentNode.append(classes);
  const spot = e => {
    const box = svg.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  const able = () => wires.alive() && editable(view);
  // What a point is to the kernel: its number, place and class.
  const told = ({ m, i }) => ({
    i: m.ids ? entryOf(view, m.ids, i) : i,
    x: entryOf(view, m.xs, i),
    y: entryOf(view, m.ys, i),
    kind: m.class || 0
  });
  const chosen = () => {
    const [tag, i] = (view.pick || "").split(/:(?=\d+$)/),
      m = i && view.film.marks.find(q => q.t === "dots" && q.tag === tag);
    return m && view.state(m.xs) ? { m, i: +i } : null;
  };

  on(svg, "pointerdown", e => {
    held = view.film && e.button === 0 && able() ? under(view, ...spot(e)) : null;
    if (held && held.m.drag !== "xy") held = null;
    moved = false;
    if (held) e.preventDefault();
    view.pressed = spot(e);
  });
  on(svg, "pointermove", e => {
    if (!held) return;
    const [x, y] = spot(e);
    if (!moved && Math.hypot(x - view.pressed[0], y - view.pressed[1]) < 4) return;
    if (!moved) svg.setPointerCapture(e.pointerId);
    moved = true;
    const { m, p, i } = held,
      { xr, yr } = view.film.marks.find(q => q.tag === m.in);
    [
      [m.xs, clamp(p.U(x), ...xr)],
      [m.ys, clamp(p.V(y), ...yr)]
    ].forEach(([ref, v]) => {
      const { array, index } = view.state(ref),
        [[name]] = ref,
        values = array.values.slice();
      values[index + i] = v;
      view.film.arrays = new Map(view.film.arrays).set(name, { ...array, values });
    });
    view.ask();
  });
  const drop = () => {
    if (held && moved) {
      tell("point", { point: "move", ...told(held) });
      view.select(held.m.tag + ":" + held.i, null);
    }
    held = null;
  };
  on(svg, "pointerup", drop);
  on(svg, "pointercancel", drop);
  on(svg, "click", e => {
    if (!view.film || moved) return;
    const [x, y] = spot(e),
      plane = able();
    if (plane && !under(view, x, y)) {
      const p = view.planes[plane.tag];
      if (x < p.l || x > p.r || y < p.t || y > p.b) return;
      tell("point", { point: "add", i: -1, x: p.U(x), y: p.V(y), kind });
    } else if (!hit(e)) view.near(x, y);
  });

  // A press on one of many points tells which; a press at the end of a drag is none.
  view.pressPoint = tag => {
    const found = view.film.marks.some(q => q.t === "dots" && q.tag === tag) && under(view, ...view.pressed);
    if (!found) return false;
    if (!moved) {
      const full = found.m.tag + ":" + found.i;
      view.select(full, "note");
      wires.send({ press: full });
    }
    return true;
  };

  view.pointKey = e => {
    const plane = able(),
      own = plane && chosen(),
      digit = plane && /^[1-9]$/.test(e.key) && e.key <= plane.edit.length;
    if (own && /^(Delete|Backspace)$/.test(e.key)) {
      tell("point", { point: "delete", ...told(own) });
      view.select(null, null);
    } else if (digit) choose(e.key - 1);
    else return false;
    return true;
  };
  function choose(j) {
    const own = chosen();
    kind = j;
    if (own) tell("point", { point: "move", ...told(own), kind: j });
    view.ask();
  }

  // Which class a new point gets.
  view.classes = () => {
    const plane = editable(view),
      key = plane ? JSON.stringify(plane.edit) : "",
      p = plane && view.planes[plane.tag];
    classes.hidden = !p;
    if (!p) return;
    if (classes.dataset.key !== key) {
      classes.dataset.key = key;
      refill(
        classes,
        plane.edit.map(({ label, shape, c }, j) => {
          const face = g("svg", { viewBox: "0 0 20 20", width: 20, height: 20 }, path(sign(shape, 10, 10, 5.5), "", { style: `fill:${colour(c)}` })),
            node = button("class", `new points: ${label} (key ${j + 1})`, () => choose(j), face, label);
          return node;
        })
      );
    }
    classes.style.cssText = `left:${p.l + 6}px;top:${max(0, p.t + 6)}px`;
    [...classes.children].forEach((node, j) => {
      node.disabled = !wires.alive();
      put(node, { "aria-pressed": `${j === kind}` });
    });
  };
}
