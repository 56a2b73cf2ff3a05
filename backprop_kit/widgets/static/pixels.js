// Heat maps on a canvas behind the picture, painted from tables of colours; lines of weights; and where a map is zero.

import { abs, floor, max, min, range } from "./dom.js";
import { rgb } from "./theme.js";
import { ear, path, rect } from "./pens.js";
import { draw, ORDER } from "./marks.js";
import { colour, planeOf } from "./plane.js";

ORDER.unshift("wire");
ORDER.splice(ORDER.indexOf("curve"), 0, "contour");
ORDER.push("tile");

const tables = new Map(),
  scratch = new Map();

// The colours of the 256 steps of a scale, as a canvas stores them. A value of classes is its class and, behind the
// point, how sure.
function table(c, [low, high], peak, cap, classes) {
  const { zero, fill } = c.colours,
    key = [low, high, peak, cap, zero, classes].join();
  if (!tables.has(key)) {
    if (tables.size > 99) tables.clear();
    const bytes = new Uint8ClampedArray(1024),
      style = getComputedStyle(c.root),
      ends = classes?.map(role => rgb(style.getPropertyValue("--bk-" + role).trim()));
    const toned = v => (ends ? zero.map((z, n) => z + ((ends[floor(v)]?.[n] ?? z) - z) * (v % 1) * cap) : fill(v, peak, cap));
    range(256).forEach(i => bytes.set([...toned(low + ((high - low) * i) / 255), 255], 4 * i));
    tables.set(key, new Uint32Array(bytes.buffer));
  }
  return tables.get(key);
}

function pixels(c, m, x, y, w, h, cap) {
  const { array, index, peak, stale } = c.state(m.v),
    { rows, cols } = m,
    most = m.peak ?? peak,
    { scale, values } = array,
    size = rows + "," + cols;
  if (!scratch.has(size)) {
    const canvas = document.createElement("canvas"),
      pen = canvas.getContext("2d");
    Object.assign(canvas, { width: cols, height: rows });
    scratch.set(size, { canvas, pen, image: pen.createImageData(cols, rows) });
  }
  const { canvas, pen, image } = scratch.get(size),
    out = new Uint32Array(image.data.buffer),
    [low, high] = scale || (m.classes ? [0, m.classes.length] : [-most, most]),
    colours = table(c, [low, high], most, cap, m.classes),
    per = 255 / (high - low) || 0,
    none = Math.round(-low * per) || 0;
  // What is not a number takes the place of zero.
  for (let i = 0; i < out.length; i++) {
    const v = values[index + i];
    out[i] = colours[scale ? v : min(255, max(0, v === v ? Math.round((v - low) * per) : none))];
  }
  pen.putImageData(image, 0, 0);
  Object.assign(c.sheet, { globalAlpha: stale ? 0.5 : 1, imageSmoothingEnabled: !m.flat });
  c.sheet.drawImage(canvas, x, y, w, h);
}

draw.image = (c, m) => {
  const { l, r, t, b } = planeOf(c, m),
    there = c.state(m.v);
  if (there) pixels(c, m, l, t, r - l, b - t, (m.cap ?? 0.62) * (c.root.dataset.theme === "dark" ? 1.1 : 1));
  return rect(l, t, r - l, b - t, { rx: 0, class: there ? "hit map" : "notyet" });
};

draw.tile = (c, m) => {
  const { side, cap = 0.95 } = m,
    x = c.x(m) - side / 2,
    y = c.y(m) - side / 2,
    there = c.state(m.v),
    picked = m.ring || (c.pick && c.pick === m.tag);
  if (there) pixels(c, m, x, y, side, side, cap);
  return [
    rect(x, y, side, side, { rx: 2, class: there ? "hit pane" : "notyet" }),
    picked && rect(x - 5, y - 5, side + 10, side + 10, { rx: 6, class: "picked" }),
    there?.stale && ear(x + side, y)
  ];
};

// From one end to the other in an S.
draw.wire = (c, m) => {
  const [[a, b], [u, v]] = [
      [m.x1, m.y1, m.dx1, m.dy1],
      [m.x2, m.y2, m.dx2, m.dy2]
    ].map(([x, y, dx, dy = 0]) => [c.x({ x, dx }), y + dy]),
    there = c.state(m.v),
    mid = (a + u) / 2,
    d = `M${a} ${b}C${mid} ${b} ${mid} ${v} ${u} ${v}`,
    share = there ? min(1, abs(there.n) / (m.peak ?? there.peak) || 0) : 0;
  if (m.tag) c.wired.push([m.tag, a, b, u, v]);
  return [
    c.pick && c.pick === m.tag && path(d, "picked", { "stroke-width": 9 + 4 * share, opacity: 0.3 }),
    path(d, !there ? "notyet" : there.n < 0 ? "sneg" : "spos", {
      "stroke-width": 0.5 + 4.2 * share,
      opacity: m.opacity ?? (c.at.dim ? 0.38 : null)
    })
  ];
};

// The line nearest to a place: thin ones are hard to hit.
export function nearestWire(wired, x, y) {
  let best = 6,
    found = null;
  for (const [tag, a, b, u, v] of wired)
    for (const t of range(41).map(n => n / 40)) {
      const far = Math.hypot(x - a - (u - a) * t * (1.5 - 1.5 * t + t * t), y - b - (v - b) * t * t * (3 - 2 * t));
      if (far < best) [best, found] = [far, tag];
    }
  return found;
}

// Where a map crosses a level: by straight pieces between the middles of its cells, and to its edge.
draw.contour = (c, m) => {
  const p = planeOf(c, m),
    there = c.state(m.v),
    { rows, cols, level: zero = 0 } = m;
  if (!there) return null;
  const { scale, values } = there.array,
    [low, high] = scale || [0, 255],
    one = (i, j) => {
      const v = values[there.index + min(rows - 1, max(0, i)) * cols + min(cols - 1, max(0, j))];
      return low + ((high - low) * v) / 255 - zero;
    },
    X = j => p.l + ((p.r - p.l) * min(cols, max(0, j + 0.5))) / cols,
    Y = i => p.t + ((p.b - p.t) * min(rows, max(0, i + 0.5))) / rows;
  let d = "";
  for (let i = -1; i < rows; i++)
    for (let j = -1; j < cols; j++) {
      const corner = [one(i, j), one(i, j + 1), one(i + 1, j + 1), one(i + 1, j)],
        spots = [
          [X(j), Y(i)],
          [X(j + 1), Y(i)],
          [X(j + 1), Y(i + 1)],
          [X(j), Y(i + 1)]
        ],
        cuts = [];
      for (let k = 0; k < 4; k++) {
        const next = (k + 1) % 4,
          [v, w] = [corner[k], corner[next]];
        if (v < 0 !== w < 0 && v - w) cuts.push(spots[k].map((s, n) => (s + ((spots[next][n] - s) * v) / (v - w)).toFixed(1)));
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) d += `M${cuts[k].join(" ")}L${cuts[k + 1].join(" ")}`;
    }
  return path(d, "contour", { style: m.c && `stroke:${colour(m.c)}`, "stroke-width": m.width || 1.6, opacity: m.opacity });
};
