// Which number of a matrix picture is looked at, and how much of its sum is told.

import { floor, min } from "./dom.js";
import { level } from "./pens.js";
import { infoOf, linesOf, termsOf } from "./sums.js";

// The equations of a frame, the upper one first; the bright one; and its result.
const brightOnes = ({ film, frame }) => film.marks.filter(m => m.t === "equation" && level(m, frame).bright);
export const activeOf = c => {
  const all = brightOnes(c);
  return all.find(m => level(m, c.frame).to) || all[0];
};
// In a lecture hall there is room for one.
export const equationsOf = c => (c.film.presenter ? [activeOf(c)].filter(Boolean) : brightOnes(c));
export const resultOf = eq => eq?.items.find(b => b.v);
export const blocksOf = eq => eq.items.filter(b => b.v);

// The array a block shows now: the latest one that is known.
export const latest = (c, b) => {
  const known = b.v.filter(([name]) => c.film.arrays.get(name)?.known <= c.frame.k);
  return (known.length ? known.at(-1) : b.v[0])[0];
};

// Where a key is looked at; all that has this key, a weight and its gradient, is looked at there.
export const spotOf = ({ eye }, key) => eye.at[key] || eye.atlas.looks[key] || [0, 0];

// The number of the result that is looked at, and the number that is explained: that one, or another that was pressed.
export const ownOf = c => {
  const b = resultOf(activeOf(c)),
    name = b && latest(c, b),
    info = b && infoOf(c, name);
  if (!info) return null;
  const [i, j] = spotOf(c, info.key);
  return { name, index: min(i, info.rows - 1) * info.cols + min(j, info.cols - 1) };
};
export const chosen = c => c.eye.sel || ownOf(c);

export function look(view, name, index) {
  const { eye } = view,
    info = eye.atlas.of[name];
  if (!info) return;
  eye.sel = { name, index };
  eye.at[info.key] = [floor(index / info.cols), index % info.cols];
}

// How many terms of the sum are added so far, by entry; Infinity: all of them.
export const termsDone = c => (c.cut === "entry" ? c.eye.term : Infinity);

// How many terms the result of a frame unfolds in, and those numbers.
export function unfolded(view, i) {
  const frame = view.film.cuts[view.cut].frames[i],
    eq = view.film.marks.find(m => m.t === "equation" && frame?.to?.includes(m.tag)),
    b = eq && resultOf(eq),
    info = b && infoOf(view, b.v[0][0]);
  if (!info) return null;
  const [row, col] = spotOf(view, info.key),
    terms = termsOf(view, b.v[0][0], min(row, info.rows - 1) * info.cols + min(col, info.cols - 1));
  return terms && linesOf(view, terms);
}
export const countOf = (view, i) => {
  const found = unfolded(view, i);
  return found ? found.lines.length + (found.more ? 1 : 0) : 0;
};
