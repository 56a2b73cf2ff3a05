// How large the blocks of an equation are, and where the equations of a frame stand.

import { number } from "./numbers.js";
import { clamp, max, min } from "./dom.js";
import { activeOf, blocksOf, equationsOf } from "./looking.js";

export const HEAD = 63,
  FOOT = 26;

// How wide a number is at 1 px: narrow points, wide signs.
const EM = { ".": 0.278, "−": 0.584, "·": 0.28 };
export const wideOf = s => [...s].reduce((w, letter) => w + (EM[letter] || 0.556), 0);
const longest = (c, b) => {
  const s = c.state(b.v);
  return s ? max(...Array.from(s.array.values, v => wideOf(number(v)))) : 2.3;
};
export const isWords = op => op.length > 2;
// Sizes at 1; in a lecture hall everything is 1.7 times as large.
export const scaleOf = c => (c.film.presenter ? 1.7 : 1);
export const signWide = (b, c) =>
  scaleOf(c) *
  (b.name
    ? 8.2 * b.name.length + 26
    : isWords(b.op)
      ? 7.8 * b.op.replace(/[$_^{}]/g, "").length + 14
      : c.wide < 600
        ? 17
        : 22);
export const edgeWide = (b, c) => scaleOf(c) * (b.m[0][0] ? (c.wide < 600 ? 22 : 27) : 4);

// Every block gets its numbers while they have room; the others are maps that keep their proportions.
function measure(c, m, high, low, map) {
  const blocks = blocksOf(m),
    large = c.film.presenter,
    small = c.wide < 600,
    signs = m.items.filter(b => !b.v),
    sum = (list, f) => list.reduce((s, b) => s + f(b), 0),
    fixed = sum(blocks, b => edgeWide(b, c)) + sum(signs, b => signWide(b, c)),
    most = 147 * scaleOf(c),
    long = new Map(blocks.map(b => [b, max(2, longest(c, b))]));
  let printed, maps, unit, room, need;
  for (const type of large ? [24, 22, 20] : [12]) {
    printed = blocks.filter(b => !b.bin && b.rows * type * 1.4 <= high && b.cols <= 8);
    const all = printed.length;
    need = b => (small ? 1.5 : 0.5 * type) + type * long.get(b);
    for (;;) {
      maps = blocks.filter(b => !printed.includes(b));
      unit = min(12 * scaleOf(c), ...maps.map(b => min(map / b.rows, most / max(b.cols, b.rows))));
      room = c.wide - fixed - sum(maps, b => max(14, unit * b.cols));
      if (!printed.length || room >= sum(printed, b => need(b) * b.cols)) break;
      const widest = printed.reduce((p, q) => (q.cols >= p.cols ? q : p));
      printed = printed.filter(b => b !== widest);
    }
    if (printed.length === all) break;
  }
  if (room < 0) unit *= max(0.3, 1 + room / (sum(maps, b => unit * b.cols) || 1));
  // What is left goes to the signs first.
  const left = printed.length ? room - sum(printed, b => need(b) * b.cols) : 0,
    spare = max(0, left - 8 * signs.length) / (sum(printed, b => b.cols) || 1),
    tall = min((low ? 30 : 24) * scaleOf(c), ...printed.map(b => high / b.rows));
  const size = new Map(
    blocks.map(b => {
      const print = printed.includes(b),
        cw = print ? min((low ? 54 : 47) * scaleOf(c), need(b) + spare) : max(14 / b.cols, unit),
        ch = print ? tall : max(12 / b.rows, unit),
        sizes = large ? [24, 22, 20] : [13, 12],
        type = sizes.find(t => cw > 4 + t * long.get(b)) || sizes.at(-1);
      return [b, { print, cw, ch, w: cw * b.cols, h: ch * b.rows, type }];
    })
  );
  const over = c.wide - fixed - sum(blocks, b => size.get(b).w),
    gap = clamp(over / (signs.length || 1), 0, (low ? 30 : 14) * scaleOf(c));
  return { size, gap, high: max(34, ...blocks.map(b => size.get(b).h)) };
}

// Where the equations of a frame stand: the upper one leaves the lower one what it does not need.
export function placed(c) {
  const [up, low] = equationsOf(c),
    k = scaleOf(c),
    whole = c.film.size[1],
    active = activeOf(c);
  const upper = measure(c, up, low ? 98 : whole - (HEAD + FOOT + 40) * k, !low, !low ? 190 : low === active ? 60 : 92),
    top = (HEAD + FOOT + 10) * k + upper.high,
    room = clamp(whole - top - HEAD - FOOT - 4, 60, 147);
  return [
    { m: up, top: 0, ...upper },
    low && { m: low, top, ...measure(c, low, room, true, room) }
  ];
}
