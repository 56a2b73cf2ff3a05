// What only matrices need: equations of blocks, what their edges count, and the one number that is looked at.

import { button, clamp, floor, g, h, max, min, on, place, put, range, refill } from "./dom.js";
import { svgText } from "./markup.js";
import { css, heat } from "./theme.js";
import { digits, ear, path, rect, word } from "./pens.js";
import { draw, hooks, ORDER } from "./marks.js";
import { FOOT, HEAD, edgeWide, isWords, placed, scaleOf, signWide } from "./fitting.js";
import { activeOf, blocksOf, chosen, countOf, equationsOf, latest, look, ownOf, resultOf, spotOf } from "./looking.js";
import { termsDone, unfolded } from "./looking.js";
import { nameOf, sumLine } from "./sums.js";

ORDER.push("equation", "atlas");
draw.atlas = () => [];

const lensClass = (meaning, more = "") => `edge-${meaning} ${more}`;

// A bar on the edge of a block, and the word for what it counts.
export const edgeBar = (meaning, d) => path(d, lensClass(meaning, "bar-edge"));
export const edgeWord = (meaning, x, y, s, turn, size = 12) =>
  word(
    x,
    y,
    size,
    "middle",
    { class: lensClass(meaning, "edge-word bold"), transform: turn && `rotate(-90 ${x} ${y})` },
    s
  );

// The line that joins two touching edges: from the top of the left factor round the corner of the right one.
export const elbow = (meets, x, y, end, down) => {
  const way = (from, to) => `M${from} ${y}H${to}`,
    corner = `H${end - 7}Q${end} ${y} ${end} ${y + 7}V${down}`;
  const mid = meets[0] === meets[1] ? x : (x + end) / 2;
  return [
    path(way(x, mid), lensClass(meets[0], "elbow-line")),
    path(`M${mid} ${y}${corner}`, lensClass(meets[1], "elbow-line"))
  ];
};

// A rectangle round some cells, never thinner than can be seen.
const round = (box, i, j, rows, cols, cls) => {
  const w = max(box.cw * cols, 5),
    t = max(box.ch * rows, 5);
  const x = box.x + box.cw * (j + cols / 2) - w / 2,
    y = box.y + box.ch * (i + rows / 2) - t / 2;
  return rect(x, y, w, t, { class: cls, rx: 3 });
};

// What of a block is outlined, as [row, column, rows, columns].
function marked(c, m, b, active) {
  const eq = activeOf(c),
    result = resultOf(eq),
    out = [],
    put = (i, j, rows = 1, cols = 1) => out.push([min(i, b.rows - 1), min(j, b.cols - 1), rows, cols]);
  if (!result) return out;
  const [i, j] = spotOf(c, result.key),
    all = blocksOf(m),
    place = all.indexOf(b);
  if (!active) {
    if (b.key === result.key && eq.kind !== "closed") put(...(b.T ? [j, i] : [i, j]));
  } else if (eq.kind === "product") {
    if (place === 1) put(i, 0, 1, b.cols);
    else if (place === 2) put(0, j, b.rows, 1);
    else put(b.rows < 2 ? 0 : i, j);
  } else if (eq.kind === "sum") place ? put(0, j, b.rows, 1) : put(0, j);
  else if (eq.kind === "rows") place ? put(i, 0, 1, b.cols) : put(i, j);
  else if (eq.kind === "same") put(i, j);
  return out;
}

// The pair of numbers whose product was added last, while a sum is unfolded.
function pairNow(c, b) {
  const { now } = c.eye,
    found = now?.find(([name]) => b.v.some(([n]) => n === name));
  if (!found) return null;
  const cols = b.T ? b.rows : b.cols,
    [i, j] = [floor(found[1] / cols), found[1] % cols];
  return b.T ? [j, i] : [i, j];
}

function drawBlock(c, m, b, box, active) {
  const { rows, cols } = b,
    { x, y, w, h: high, cw, ch, print } = box,
    state = c.state(b.v),
    own = b.T ? (i, j) => j * rows + i : (i, j) => i * cols + j,
    flat = i => own(floor(i / cols), i % cols),
    value = i => state.array.values[state.index + flat(i)],
    cap = (active ? 0.9 : 0.5) * (state?.stale ? 0.5 : 1),
    spots = marked(c, m, b, active),
    open = c.eye.now && ownOf(c),
    closed = open && latest(c, b) === open.name ? open.index : -1;
  const left = i => x + (i % cols) * cw,
    top = i => y + floor(i / cols) * ch,
    cell = (i, cls, more) => rect(left(i), top(i), cw, ch, { class: cls, rx: 1, ...more });
  const { sel } = c.eye,
    picked = sel && b.v.some(([name]) => name === sel.name) && latest(c, b) === sel.name;
  const pick = picked && [floor(sel.index / (b.T ? rows : cols)), sel.index % (b.T ? rows : cols)],
    pair = active && pairNow(c, b);
  const catchAll = () => {
    const node = rect(x, y, w, high, { class: "hit", "data-cell": 0 });
    on(node, "pointerdown", e => {
      const at = place(node),
        i = clamp(floor(((e.clientY - at.top) / at.height) * rows), 0, rows - 1),
        j = clamp(floor(((e.clientX - at.left) / at.width) * cols), 0, cols - 1);
      node.dataset.cell = own(i, j);
    });
    return node;
  };
  const veil = (i, j, n, k) => n > 0 && k > 0 && rect(x + j * cw, y + i * ch, k * cw, n * ch, { class: "veil", rx: 0 });
  const band = active && state && !print && spots[0];
  return g(
    "g",
    { "data-pick": b.tag, class: active ? "" : "quiet-block" },
    print
      ? range(rows * cols).map(i => {
          const one = state && flat(i) !== closed && { ...state, n: value(i) },
            fill = one && c.colours.fill(one.n, one.peak, cap);
          return [
            cell(i, one ? "ground grid" : "notyet", one && { style: `fill:${css(fill)}` }),
            digits(c, `${b.tag}:${flat(i)}`, one, left(i) + cw / 2, top(i) + ch / 2 + 4.5, box.type, "middle", {
              style: one && `fill:${c.colours.on(fill)}`
            })
          ];
        })
      : [
          state &&
            g("image", {
              x,
              y,
              width: w,
              height: high,
              preserveAspectRatio: "none",
              class: "pixels",
              opacity: state.stale ? 0.4 : active ? null : 0.7,
              href: heat(c.colours, rows, cols, value, state.peak)
            }),
          // Other rows and columns of a large block recede.
          band &&
            band[2] === 1 &&
            band[3] === cols && [veil(0, 0, band[0], cols), veil(band[0] + 1, 0, rows - band[0] - 1, cols)],
          band &&
            band[3] === 1 &&
            band[2] === rows && [veil(0, 0, rows, band[1]), veil(0, band[1] + 1, rows, cols - band[1] - 1)],
          !state && word(x + w / 2, y + high / 2 + 5, 14 * scaleOf(c), "middle", { "data-tag": b.tag + ":0" }, "–")
        ],
    catchAll(),
    (state || !print) &&
      rect(x - 1, y - 1, w + 2, high + 2, {
        class: !state ? "notyet" : active && b === resultOf(m) ? "ring" : "edge",
        rx: 3
      }),
    spots.map(s => round(box, ...s, "picked")),
    pair && round(box, ...pair, 1, 1, "ring"),
    pick && round(box, ...(b.T ? [pick[1], pick[0]] : pick), 1, 1, "picked"),
    state?.stale && ear(x + w, y)
  );
}

draw.equation = (c, m) => {
  const spot = placed(c).find(p => p?.m === m);
  if (!spot) return [];
  const { top, size, gap } = spot,
    k = scaleOf(c),
    low = top > 0,
    active = m === activeOf(c),
    ahead = low && !active && !c.film.presenter,
    y = top + HEAD * k,
    blocks = blocksOf(m),
    tall = max(...blocks.map(b => size.get(b).h)),
    { says } = c.eye.atlas,
    head = ahead ? says.next : m.head,
    tone = active ? "" : "c-muted",
    out = [],
    text = (x, line, type, anchor, attrs, ...kids) => out.push(word(x, line, type * k, anchor, attrs, ...kids));
  let x = 0,
    left = null,
    joins = false,
    meeting = 0,
    taken = 0;
  if (low) out.push(path(`M0 ${top - 12}H${c.wide}`, "rule-line"));
  if (k === 1) {
    text(0, top + 12, 14, "start", { class: active ? "c-accent bold" : "c-muted bold" }, head);
    const note = c.wide < 600 && !low ? m.note.split(", ")[0] : m.note;
    if (!ahead) text(head.length * 8 + 10, top + 12, 13, "start", { class: "c-muted" }, svgText(note, 13));
  }
  for (const b of m.items) {
    if (!b.v) {
      const w = signWide(b, c),
        mid = x + (w + gap) / 2,
        line = y + min(28 * k, tall) / 2 + 6 * k,
        type = isWords(b.op || "") ? 15 : 18;
      if (b.name) out.push(rect(x + gap / 2 + 4, line - 21 * k, w - 8, 32 * k, { class: "edge", rx: 8 }));
      const sign = b.name || svgText(b.op, type * k, /[_^]/.test(b.op));
      text(mid, line, b.name ? 14 : type, "middle", { class: b.name ? "bold" : tone }, sign);
      joins = b.op === "·";
      x += w + gap;
      continue;
    }
    x += edgeWide(b, c);
    const box = { ...size.get(b), x, y },
      { w, h: high } = box,
      [[rows, n], [cols, count]] = b.m,
      mid = x + w / 2,
      bar = y - 7 * k,
      fits = s => 6.6 * k * s.length <= high + 8 * k;
    if (left && joins && left.b.m[1][0]) out.push(elbow([left.b.m[1][0], rows], left.x + left.w, bar, x - 8 * k, y));
    const symbol = svgText(b.sym, 20 * k, true);
    text(mid, top + 36 * k, 20, "middle", { class: active && b === blocks[0] ? "c-accent" : tone }, symbol);
    if (b.word) text(mid + (9 + 5 * b.sym.length) * k, top + 36 * k, 12, "start", { class: "c-muted" }, b.word);
    if (cols)
      out.push(
        edgeBar(cols, `M${x} ${bar}h${w}`),
        edgeWord(cols, mid, top + 51 * k, `${cols} ${count}`, false, 12 * k)
      );
    if (rows) {
      const s = [`${rows} ${n}`, rows, `${n}`].find(fits) || `${n}`;
      out.push(
        edgeBar(rows, `M${x - 8 * k} ${y}v${high}`),
        edgeWord(rows, x - 12.5 * k, y + high / 2, s, true, 12 * k)
      );
    }
    out.push(drawBlock(c, m, b, box, active));
    const eq = activeOf(c),
      mine = !active && eq.blame && b.key === resultOf(eq).key,
      note = mine ? says.this.replace("{W}", nameOf(c, b.v[0][0], spotOf(c, b.key))) : b.under;
    if (note && k === 1) {
      const half = 3.4 * note.replace(/[$_{}\u2060]/g, "").length,
        at = clamp(b === m.items.at(-1) ? max(mid, x + half) : mid, half, c.wide - half);
      text(at, y + high + 17, 13, "middle", { class: mine ? "" : "c-muted" }, svgText(note, 13));
      if (b === blocks[0]) taken = at + half + 8;
    }
    left = { b, x, w };
    if (b === blocks[1]) meeting = mid;
    x += w;
  }
  // Below a left factor that is lower than the right one: what meets, and is gone.
  const at = blocks[1] && size.get(blocks[1]);
  if (m.meet && active && k === 1 && at.h + 24 < tall + FOOT) {
    const room = at.w / 2 + gap + signWide({ op: "·" }, c),
      said = [says.meets, says.short].find(s => {
        const half = 3.2 * s.replace(/\{\w+\}/g, m.meet).length;
        return half < room && (meeting - half > taken || at.h + 10 < size.get(blocks[0]).h);
      });
    if (said)
      text(
        meeting,
        y + at.h + 20,
        13,
        "middle",
        { class: "c-muted" },
        said.split(/(\{\w+\})/).map(s => {
          const gap = s[0] === "{";
          return g("tspan", { class: gap && lensClass(m.meet, "edge-word bold") }, gap ? m.meet : s);
        })
      );
  }
  // In a lecture hall the sum of the number looked at stands below.
  if (k > 1) {
    const line = sumLine(c, chosen(c));
    if (line) text(0, min(c.film.size[1] - 10, y + tall + 60), 15, "start", {}, svgText(line, 25.5));
  }
  return out;
};

// What is looked at (at, by key), explained (sel) and on the way back (trail); products tried; terms told.
const fresh = () => ({ at: {}, sel: null, trail: [], tried: {}, pairs: {}, term: Infinity });

hooks.start = view => {
  const goto = view.goto,
    lens = button("lens", null, () => {
      view.eye.lens = !view.eye.lens;
      view.ask();
    });
  view.eye = { ...fresh(), out: new Set(), lens: false, back: view, toggle: lens };
  view.root.classList.add("bk-matrix");
  view.svg.parentNode.append(lens);
  // By entry a step first unfolds the sum of the number looked at, and then goes on.
  view.goto = i => {
    const { film, eye } = view,
      now = view.cut && film.frameAt(view.cut, view.model.get("k"));
    if (view.cut === "entry" && i === now + 1 && eye.term < countOf(view, now)) {
      eye.term += 1;
      return view.ask();
    }
    if (view.cut === "entry" && i === now - 1 && eye.term > 0 && eye.term < countOf(view, now)) {
      eye.term -= 1;
      return view.ask();
    }
    const to = view.cut && clamp(i, 0, film.cuts[view.cut].frames.length - 1);
    if (view.cut && to !== now) {
      eye.term = to === now + 1 && countOf(view, to) ? 0 : Infinity;
      eye.coming = to;
    }
    goto(i);
  };
};

hooks.film = view => {
  const { eye, film } = view,
    atlas = film.marks.find(m => m.t === "atlas");
  if (eye.trace !== film.trace) Object.assign(eye, fresh(), { lens: !!atlas.lens });
  Object.assign(eye, { atlas, trace: film.trace });
};

// What belongs to one step is forgotten with the next, unless a press led there.
hooks.look = view => {
  const { eye, cut, i } = view,
    spot = `${cut}:${i}`,
    eq = activeOf(view);
  if (eye.spot !== spot) {
    if (!eye.walking) Object.assign(eye, { sel: null, trail: [] });
    if (eye.coming !== i) eye.term = Infinity;
    Object.assign(eye, { spot, walking: false, coming: null });
  }
  eye.now = null;
  if (termsDone(view) < countOf(view, i)) eye.now = unfolded(view, i).lines[eye.term - 1]?.f || [];
  view.svg.classList.toggle("bk-lensed", eye.lens);
  put(eye.toggle, { role: "switch", "aria-checked": `${eye.lens}` });
  refill(eye.toggle, h("i"), eye.atlas.says.lens);
};

hooks.press = (view, tag) => {
  const [, name, index] = tag.match(/^(.*):(\d+)$/) || [],
    b = equationsOf(view).flatMap(blocksOf).find(b => b.tag === name);
  if (b) {
    view.eye.trail = [];
    look(view, latest(view, b), +index);
  }
  return true;
};
