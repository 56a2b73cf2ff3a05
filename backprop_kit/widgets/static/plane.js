// Planes: places with axes of their own, and what stands in them; sliders; small planes in the panel.

import { abs, div, g, h, max, min, range, span } from "./dom.js";
import { number, signed } from "./numbers.js";
import { htmlText, svgText } from "./markup.js";
import { css, heat } from "./theme.js";
import { path, word } from "./pens.js";
import { draw, ORDER } from "./marks.js";
import { kinds } from "./panel.js";

ORDER.unshift("plane", "image", "zone", "poly", "square", "bar", "mesh", "curve", "seg", "tangent");
ORDER.push("slider", "dot", "words");

const COLOURS = { pos: "positive", neg: "negative", accent: "dir", paper: "surface", grey: "covered" };
export const colour = (name, v) => `var(--bk-${name === "sign" ? (v < 0 ? "negative" : "positive") : COLOURS[name] || name || "ink"})`;
const faded = (c, state) => (c.at.dim || state?.stale ? 0.35 : null);
const plain = v => `${v}`.replace("-", "−");

// A number, or the entry of an array; undefined while it is not known.
export const at = (c, n) => (typeof n === "number" ? n : n && c.state(typeof n[0] === "string" ? [n] : n)?.n);
const known = (...values) => values.every(v => v != null && !Number.isNaN(v));

// From a value to its place, and back.
const scale = ([a, z], p0, p1) => [
  v => p0 + ((p1 - p0) * (v - a)) / (z - a),
  p => a + ((z - a) * (p - p0)) / (p1 - p0)
];

function axes(c, m) {
  let l = c.x({ x: m.x0, dx: m.dx0 }),
    r = c.x({ x: m.x1, dx: m.dx1 }),
    t = m.y0,
    b = m.y1;
  if (m.square) {
    const side = min(r - l, b - t);
    l = (l + r - side) / 2;
    t = (t + b - side) / 2;
    r = l + side;
    b = t + side;
  }
  const [X, U] = scale(m.xr, l, r),
    [Y, V] = scale(m.yr, b, t);
  return { l, r, t, b, X, Y, U, V };
}

export const planeOf = (c, m) => (c.planes[m.in] ||= axes(c, c.film.marks.find(p => p.t === "plane" && p.tag === m.in)));

// What reaches beyond the plane ends at its edge.
const clipped = ({ l, r, t, b }, ...kids) =>
  g("svg", { x: l, y: t, width: max(0, r - l), height: max(0, b - t), viewBox: `${l} ${t} ${r - l} ${b - t}` }, kids);
const shape = (style, c, name, v) =>
  style === "hatch"
    ? { style: `fill:url(#${c.hatch})` }
    : style === "outline"
      ? { style: `fill:none;stroke:${colour(name, v)}`, "stroke-width": 2.5 }
      : { style: `fill:${colour(name, v)}`, "fill-opacity": style === "soft" ? 0.16 : null };

draw.plane = (c, m) => {
  const p = (c.planes[m.tag] = axes(c, m)),
    { l, r, t, b, X, Y } = p,
    size = m.size || 12,
    lines = list => list.join("") || null;
  const every = (range_, f) => {
    const [lo, hi] = range_,
      n = Math.floor((hi - lo) / m.grid + 1e-6);
    return range(n + 1).map(i => f(lo + i * m.grid));
  };
  const whole = v => abs(v - Math.round(v)) < 1e-9,
    grid = heavy =>
      m.grid &&
      path(
        lines([
          ...every(m.xr, v => (whole(v) === heavy ? `M${X(v)} ${t}V${b}` : "")),
          ...every(m.yr, v => (whole(v) === heavy ? `M${l} ${Y(v)}H${r}` : ""))
        ]),
        heavy ? "gridline heavy" : "gridline"
      );
  const ticks = (list, f) => (list || []).map(tick => f(...(Array.isArray(tick) ? tick : [tick, plain(tick)])));
  return [
    m.ground && g("rect", { x: l, y: t, width: r - l, height: b - t, style: `fill:${colour(m.ground)}` }),
    grid(false),
    grid(true),
    m.rules && ticks(m.yt, v => path(`M${l} ${Y(v)}H${r}`, "gridline")),
    m.zero &&
      path(lines([m.xr[0] < 0 && m.xr[1] > 0 && `M${X(0)} ${t}V${b}`, m.yr[0] < 0 && m.yr[1] > 0 && `M${l} ${Y(0)}H${r}`].filter(Boolean)), "gridline heavy"),
    m.border && g("rect", { x: l, y: t, width: r - l, height: b - t, class: "edge" }),
    ticks(m.xt, (v, s) => word(X(v), b + 5 + size * 0.9, size, "middle", { class: "c-muted" }, svgText(s, size))),
    ticks(m.yt, (v, s) => word(l - 7, Y(v) + size * 0.36, size, "end", { class: "c-muted" }, svgText(s, size))),
    m.xl && word(X(m.xla ?? m.xr[1]), b + 5 + size * 0.9, size + 3, "middle", { class: "c-muted" }, svgText(m.xl, size + 3, true)),
    m.yl && word(l - 7, Y(m.yla ?? m.yr[1]) + size * 0.36, size + 3, "end", { class: "c-muted" }, svgText(m.yl, size + 3, true))
  ];
};

draw.image = (c, m) => {
  const { l, r, t, b } = planeOf(c, m),
    state = c.state(m.v);
  if (!state) return g("rect", { x: l, y: t, width: r - l, height: b - t, class: "notyet" });
  const toned = { fill: (v, peak) => c.colours.fill(v, peak, m.cap ?? 0.62) };
  return g("image", {
    x: l,
    y: t,
    width: r - l,
    height: b - t,
    preserveAspectRatio: "none",
    opacity: faded(c, state),
    href: heat(toned, m.rows, m.cols, i => state.array.values[state.index + i], m.peak ?? state.peak)
  });
};

draw.zone = (c, m) => {
  const p = planeOf(c, m),
    edge = (n, f, whole) => (n == null ? whole : f(at(c, n))),
    x = [edge(m.x0, p.X, p.l), edge(m.x1, p.X, p.r)],
    y = [edge(m.y0, p.Y, p.b), edge(m.y1, p.Y, p.t)];
  if (!known(...x, ...y)) return null;
  return clipped(
    p,
    g("rect", { x: min(...x), y: min(...y), width: abs(x[1] - x[0]), height: abs(y[1] - y[0]), rx: m.rx, ...shape(m.style || "hatch", c, m.c) })
  );
};

draw.poly = (c, m) => {
  const p = planeOf(c, m),
    state = c.state(m.v);
  if (!state) return null;
  const points = range(m.n).map(i => [0, 1].map(j => state.array.values[state.index + 2 * i + j]));
  return clipped(
    p,
    g("polygon", { points: points.map(([x, y]) => `${p.X(x)},${p.Y(y)}`).join(" "), opacity: faded(c, state), ...shape(m.style || "soft", c, m.c) })
  );
};

draw.curve = (c, m) => {
  const p = planeOf(c, m),
    ys = c.state(m.y),
    xs = m.x && c.state(m.x);
  if (!ys || (m.x && !xs)) return null;
  let pen = "M";
  const d = range(m.n).reduce((d, i) => {
    const y = ys.array.values[ys.index + i],
      x = xs ? xs.array.values[xs.index + i] : p.U(p.l + ((p.r - p.l) * i) / (m.n - 1)),
      there = Number.isFinite(y);
    const step = there ? `${pen}${p.X(x).toFixed(2)} ${p.Y(y).toFixed(2)}` : "";
    pen = there ? "L" : "M";
    return d + step;
  }, "");
  return clipped(
    p,
    path(d, "curve", { style: `stroke:${colour(m.c)}`, "stroke-width": m.width || 2.5, "stroke-dasharray": m.dash && "5 4", opacity: faded(c, ys) })
  );
};

draw.mesh = (c, m) => {
  const p = planeOf(c, m),
    state = c.state(m.v),
    before = c.i > 0 && c.film.state(m.v, c.film.cuts[c.cut].frames[c.i - 1].k, 0),
    n = m.points;
  if (!state) return null;
  const way = ({ array, index }, heavy) =>
    range(m.lines)
      .filter(j => (m.heavy || []).includes(j) === heavy)
      .map(j =>
        range(n)
          .map(i => {
            const k = index + 2 * (j * n + i);
            return `${i ? "L" : "M"}${p.X(array.values[k]).toFixed(2)} ${p.Y(array.values[k + 1]).toFixed(2)}`;
          })
          .join("")
      )
      .join("");
  return clipped(
    p,
    [false, true].map(heavy =>
      path(way(state, heavy), heavy ? "gridline heavy" : "gridline", {
        "data-was": before && before.array !== state.array ? way(before, heavy) : null,
        style: m.c && `stroke:${colour(m.c)}`,
        opacity: faded(c, state)
      })
    )
  );
};

export const OUTLINES = {
  circle: r => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  square: r => `M${-0.88 * r} ${-0.88 * r}h${1.76 * r}v${1.76 * r}h${-1.76 * r}z`,
  triangle: r => `M0 ${-1.15 * r}L${1.05 * r} ${0.75 * r}H${-1.05 * r}z`,
  diamond: r => `M0 ${-1.2 * r}L${1.2 * r} 0L0 ${1.2 * r}L${-1.2 * r} 0z`
};

draw.dot = (c, m) => {
  const p = planeOf(c, m),
    values = [at(c, m.x), at(c, m.y)],
    r = m.r || 8;
  if (!known(...values)) return null;
  const x = p.X(values[0]),
    y = p.Y(values[1]),
    { xr, yr } = m.drag ? c.film.marks.find(q => q.tag === m.in) : {};
  if (m.drag) {
    const both = m.drag === "xy",
      axis = m.drag === "y" ? 1 : 0,
      own = list => (both ? list : [list[axis]]);
    c.grips.push({
      m,
      x,
      y,
      wide: max(28, 2 * r + 8),
      values: own(values),
      low: m.lo ? [m.lo].flat() : own([xr[0], yr[0]]),
      high: m.hi ? [m.hi].flat() : own([xr[1], yr[1]]),
      read: (u, v) => own([p.U(u), p.V(v)])
    });
  }
  const d = OUTLINES[m.shape || "circle"](r),
    line = colour(m.c);
  return g(
    "g",
    { transform: `translate(${x},${y})`, opacity: faded(c) },
    m.halo && g("circle", { r: r + 11, style: `fill:${colour(m.halo)}`, class: "aura" }),
    path(d, "dot", { style: m.hollow === false ? `fill:${line};stroke:var(--bk-surface);stroke-width:1.5` : `fill:var(--bk-surface);stroke:${line}` }),
    c.pick && c.pick === m.tag && path(OUTLINES.circle(r + 5), "picked"),
    m.label && word(r + 6, 5, 14, "start", { class: "bold" }, svgText(m.label, 14))
  );
};

const stroke = (m, d, extra) =>
  path(d, "curve", { style: `stroke:${colour(m.c)}`, "stroke-width": m.width || 1.6, "stroke-dasharray": m.dash && "4 4", ...extra });

draw.seg = (c, m) => {
  const p = planeOf(c, m),
    [x1, y1, x2, y2] = [m.x1, m.y1, m.x2, m.y2].map(n => at(c, n));
  if (!known(x1, y1, x2, y2)) return null;
  const [a, b, u, v] = [p.X(x1), p.Y(y1), p.X(x2), p.Y(y2)],
    far = Math.hypot(u - a, v - b) || 1,
    back = (by, side) => `${u - (by * (u - a) - side * (v - b)) / far} ${v - (by * (v - b) + side * (u - a)) / far}`;
  return [
    stroke(m, `M${a} ${b}L${m.arrow ? back(8, 0) : [u, v]}`, { opacity: faded(c) }),
    m.arrow && path(`M${u} ${v}L${back(11, 5)}L${back(11, -5)}z`, "", { style: `fill:${colour(m.c)}` })
  ];
};

draw.tangent = (c, m) => {
  const p = planeOf(c, m),
    [x, y, slope] = [m.x, m.y, m.slope].map(n => at(c, n));
  if (!known(x, y, slope)) return null;
  const dx = p.X(x + 1) - p.X(x),
    dy = slope * (p.Y(y + 1) - p.Y(y)),
    by = (m.half || 40) / (Math.hypot(dx, dy) || 1),
    d = `M${p.X(x) - by * dx} ${p.Y(y) - by * dy}L${p.X(x) + by * dx} ${p.Y(y) + by * dy}`;
  return [m.halo && stroke(m, d, { class: "bk-curve bk-aura", "stroke-width": 18, "stroke-linecap": "round" }), stroke({ width: 4, ...m }, d)];
};

draw.bar = (c, m) => {
  const p = planeOf(c, m),
    [from, to, place] = [m.from, m.to, m.at].map(n => at(c, n)),
    thick = m.thick || 16;
  if (!known(from, to, place)) return null;
  const along = m.dir !== "y",
    [a, z] = along ? [p.X(from), p.X(to)] : [p.Y(from), p.Y(to)],
    mid = along ? p.Y(place) : p.X(place),
    low = min(a, z),
    long = max(0.8, abs(z - a)),
    value = m.label && at(c, m.label),
    box = along ? { x: low, y: mid - thick / 2, width: long, height: thick } : { x: mid - thick / 2, y: low, width: thick, height: long };
  const state = typeof m.to === "object" ? c.state(typeof m.to[0] === "string" ? [m.to] : m.to) : null,
    text = value != null && (m.unit ? number(value) + m.unit : signed(value)),
    wide = text ? text.length * (m.size || 14) * 0.6 : 0,
    // A bar that is long enough holds its number, another has it beyond its end if there is room.
    holds = along && m.inside && (long >= m.inside || (long >= wide && (z < a ? z - p.l : p.r - z) < wide)),
    full = c.colours.on(c.colours.fill(to - from, abs(to - from) || 1, 1)),
    tone = m.c === "ink" ? "fill:var(--bk-on-ink)" : m.c || c.at.dim ? null : `fill:${full}`,
    size = m.size || 14,
    gap = m.gap ?? 7,
    side = z < a ? -1 : 1,
    attrs = { "data-tag": m.tag, class: m.bold ? "bold" : "" };
  return [
    g("rect", { ...box, rx: 2, style: `fill:${colour(m.c || "sign", to - from)}`, opacity: m.opacity ?? faded(c, state) }),
    m.edge && g("rect", { ...box, rx: 3, class: "edge" }),
    m.ring && g("rect", { ...box, rx: 2, class: "picked" }),
    text &&
      (holds
        ? word((a + z) / 2, mid + size * 0.36, size, "middle", { ...attrs, style: tone }, text)
        : along
          ? word(z + side * gap, mid + size * 0.36, size, side < 0 ? "end" : "start", attrs, text)
          : word(mid, z + (side < 0 ? -gap : gap + 11), size, "middle", attrs, text))
  ];
};

draw.square = (c, m) => {
  const p = planeOf(c, m),
    [x, y0, y1] = [m.x, m.y0, m.y1].map(n => at(c, n));
  if (!known(x, y0, y1)) return null;
  const side = abs(p.Y(y0) - p.Y(y1)),
    tone = colour(m.c || "sign", y0 - y1);
  return g("rect", {
    x: p.X(x) - (y0 > y1 ? 0 : side),
    y: min(p.Y(y0), p.Y(y1)),
    width: side,
    height: side,
    style: `fill:${tone};stroke:${tone}`,
    "fill-opacity": c.at.dim ? 0.08 : 0.22,
    "stroke-width": c.pick && c.pick === m.tag ? 2.6 : 1.4
  });
};

draw.words = (c, m) => {
  const p = planeOf(c, m),
    [x, y] = [m.x, m.y].map(n => at(c, n)),
    size = m.size || 14;
  if (!known(x, y)) return null;
  const state = m.v && c.state(m.v),
    shown = m.v && (state ? (m.signed ? signed(state.n) : number(state.n)) + (m.unit || "") : "–"),
    [u, v] = [p.X(x) + (m.dx || 0), p.Y(y) + (m.dy || 0)],
    anchor = m.anchor || "middle",
    long = ((m.s || "").replace(/[$_^{}]/g, "").length + (shown || "").length + (m.s && shown ? 1 : 0)) * size * 0.56 + 16,
    left = u - { start: 8, middle: long / 2, end: long - 8 }[anchor];
  return [
    m.plate && g("rect", { x: left, y: v - size * 0.95, width: long, height: size * 1.9, rx: 6, class: "ground edge" }),
    word(
      u,
      v + size * 0.35,
      size,
      anchor,
      { "data-tag": m.v && m.tag, class: `${m.bold ? "bold" : ""} ${m.halo ? "haloed" : ""}`, style: `fill:${m.c === "sign" ? colour("sign", state?.n) : colour({ pos: "positive-text", neg: "negative-text" }[m.c] || m.c)}` },
      m.s && svgText(m.s, size),
      shown && (m.s ? " " : "") + shown
    )
  ];
};

draw.slider = (c, m) => {
  const x = c.x(m) - m.w / 2,
    y = c.y(m),
    state = c.state(m.v),
    [X, U] = scale([m.lo, m.hi], x, x + m.w);
  if (!state) return path(`M${x} ${y}h${m.w}`, "notyet");
  const zero = X(max(m.lo, min(0, m.hi))),
    here = X(max(m.lo, min(state.n, m.hi)));
  c.grips.push({ m, x: x + m.w / 2, y, wide: m.w + 28, values: [state.n], low: [m.lo], high: [m.hi], read: u => [U(u)] });
  return [
    path(`M${x} ${y}H${x + m.w}`, "track-line"),
    m.lo < 0 && m.hi > 0 && path(`M${zero} ${y - 7}v14`, "track-zero"),
    path(`M${zero} ${y}H${here}`, "curve", { style: `stroke:${colour("sign", state.n)}`, "stroke-width": 4 }),
    g("circle", { cx: here, cy: y, r: 8, class: "ring-handle" })
  ];
};

// A small plane in the panel, or several side by side.
kinds.plane = (c, row) => {
  const planes = row.planes || [row],
    wide = (c.room - 16 * (planes.length - 1)) / planes.length,
    high = row.high || 150;
  return div(
    "planes",
    planes.map(plane => {
      const [top, right, bottom, left] = plane.pad || [12, 12, 24, 30],
        m = { ...plane, tag: "panel", x0: left, x1: wide - right, y0: top, y1: high - bottom },
        own = { ...c, planes: {}, at: {}, dim: "", grips: [], pick: null, x: q => q.x + (q.dx || 0), y: q => q.y + (q.dy || 0) };
      const rank = q => ORDER.indexOf(q.t);
      return g(
        "svg",
        { class: "picture", width: wide, height: high, "data-plane": plane.name },
        draw.plane(own, m),
        [...plane.marks].sort((a, b) => rank(a) - rank(b)).map(q => draw[q.t](own, { ...q, in: "panel" }))
      );
    })
  );
};

// A product on one line, each symbol above its number.
kinds.product = (c, { items }) =>
  div(
    "product",
    items.map(item => {
      if (item.op) return span("op", item.op);
      const v = at(c, item.n),
        fill = known(v) && item.peak !== 0 && c.colours.fill(v, item.peak ?? (abs(v) || 1), 0.35);
      return div(
        "factor",
        span("formula", htmlText(item.sym, true)),
        h("span", { class: `tile ${item.frame || ""}`, "data-n": item.name || item.sym, style: fill && `background:${css(fill)};color:${c.colours.on(fill)}` }, known(v) ? number(v) : "–"),
        span("c-muted small", htmlText(item.under || ""))
      );
    })
  );
