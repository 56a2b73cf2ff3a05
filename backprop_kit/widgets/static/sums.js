// Taking a number apart: what it is called, the terms that sum to it, and the NumPy lines that give it again.

import { number } from "./numbers.js";
import { abs, floor, range } from "./dom.js";

export const infoOf = (c, name) => c.eye.atlas.of[name];
export const numbersOf = (c, name) => c.film.arrays.get(name)?.values;
const isKnown = (c, name) => c.film.arrays.get(name)?.known <= c.frame.k;
export const placeOf = ({ cols }, index) => [floor(index / cols), index % cols];

// W_1 and its entry (1, 3): W_{1,13}; of a row or a column one number is enough.
export function nameOf(c, name, [i, j]) {
  const { sym, rows, cols } = infoOf(c, name),
    far = i > 8 || j > 8,
    own = rows * cols === 1 ? "" : rows === 1 ? j + 1 : cols === 1 ? i + 1 : `${i + 1}${far ? "," : ""}${j + 1}`,
    sub = sym.match(/^(.*?)_\{?([^}]*)\}?$/);
  if (own === "") return sym;
  return sub ? `${sub[1]}_{${sub[2]},${own}}` : `${sym}_{${own}}`;
}

export const labelOf = (c, name, index) => nameOf(c, name, placeOf(infoOf(c, name), index));

// The terms of a sum: [{f: [[array, index], …], v, n}]; null where there is none, or too much of it.
export function termsOf(c, name, index) {
  const info = infoOf(c, name),
    { how } = info,
    [i, j] = placeOf(info, index),
    left = infoOf(c, how.l || how.of),
    right = infoOf(c, how.r || how.of),
    value = ([other, at]) => numbersOf(c, other)[at];
  if (!/product|sum/.test(how.t) || [left, right].some(a => a.how.t === "binned")) return null;
  if (![how.l || how.of, how.r || how.of].every(other => numbersOf(c, other))) return null;
  if (how.t === "sum")
    return range(left.rows).map(n => {
      const f = [how.of, n * left.cols + j];
      return { f: [f], v: value(f), n };
    });
  const terms = range(how.lT ? left.rows : left.cols).map(n => {
    const p = [how.l, how.lT ? n * left.cols + i : i * left.cols + n],
      q = [how.r, how.rT ? j * right.cols + n : n * right.cols + j];
    return { f: [p, q], v: value(p) * value(q), n };
  });
  return how.b ? [...terms, { f: [[how.b, j]], v: value([how.b, j]) }] : terms;
}

const most = c => (c.room < 300 ? 4 : 5);

// Many terms: the largest first, the others in one line.
export function linesOf(c, terms) {
  const count = most(c);
  if (terms.length <= count + 1) return { lines: terms, more: 0, rest: 0 };
  const sorted = [...terms].sort((p, q) => abs(q.v) - abs(p.v)),
    rest = sorted.slice(count);
  return { lines: sorted.slice(0, count), more: rest.length, rest: totalOf(rest) };
}

// --- NumPy ---------------------------------------------------------------------------------------
const literal = v => {
  if (v !== v) return "np.nan";
  if (abs(v) === Infinity) return v < 0 ? "-np.inf" : "np.inf";
  const s = Object.is(v, -0) ? "-0.0" : String(v);
  return /^-?\d+$/.test(s) ? s + ".0" : s;
};
const listed = values => `[${Array.from(values, literal).join(", ")}]`;

const rowNumbers = (c, name, i) => {
  const { cols } = infoOf(c, name);
  return numbersOf(c, name).slice(i * cols, (i + 1) * cols);
};
const columnNumbers = (c, name, j) => {
  const { rows, cols } = infoOf(c, name),
    v = numbersOf(c, name);
  return range(rows).map(i => v[i * cols + j]);
};

// The lines that give this number again; the last one assigns it. Null where there is no recipe.
export function codeOf(c, name, index) {
  const info = infoOf(c, name),
    { how, py } = info,
    [i, j] = placeOf(info, index),
    reads = [how.of || [how.l, how.r, how.b]].flat().filter(Boolean),
    names = reads.map(other => infoOf(c, other).py);
  if (!reads.length || reads.some(other => !isKnown(c, other) || infoOf(c, other).how.t === "binned")) return null;
  const given = (n, text, note = "") => `${names[n]} = ${text}${note}`,
    one = (n, at) => given(n, literal(numbersOf(c, reads[n])[at])),
    line = (n, column, at) => {
      const seven = numbersOf(c, reads[n]) instanceof Float32Array ? ", " + c.eye.atlas.says.seven : "",
        values = column ? columnNumbers(c, reads[n], at) : rowNumbers(c, reads[n], at);
      return given(n, `np.array(${listed(values)})`, `  # ${column ? "column" : "row"} ${at + 1}${seven}`);
    },
    all = n => {
      const rows = range(infoOf(c, reads[n]).rows).map(r => listed(rowNumbers(c, reads[n], r)));
      return given(n, `np.array([${how.labels && n ? Array.from(numbersOf(c, reads[n])) : rows}])`);
    },
    filled = text => text.replace(/\{(\w+)\}/g, (found, key) => ({ y: py, j })[key] ?? names[key]),
    ends = [how.code || []].flat().map(filled),
    every = range(reads.length);
  const [p, q, r] = names,
    body = {
      product: () => [
        line(0, how.lT, i),
        line(1, !how.rT, j),
        how.b && one(2, j),
        `${py} = ${p} @ ${q}${r ? " + " + r : ""}`
      ],
      sum: () => [line(0, true, j), `${py} = ${p}.sum()`],
      each: () => [...every.map(n => one(n, index)), `${py} = ${ends[0]}`],
      row: () => [...every.map(n => line(n, false, i)), ...ends],
      whole: () => [...every.map(all), ...ends]
    }[how.t]();
  return ["import numpy as np", ...body.filter(Boolean)];
}

// A sum in one line: $d W_{13}$ = 0.250 + 1.45 + 2.00 − 0.200 = 3.50.
export function sumLine(c, pick) {
  const state = pick && c.state([[pick.name, pick.index]]),
    terms = state && !c.eye.now && termsOf(c, pick.name, pick.index);
  if (!terms) return "";
  const { lines, more, rest } = linesOf(c, terms),
    values = [...lines.map(t => t.v), ...(more ? [rest] : [])],
    others = c.eye.atlas.says.more.replace("{n}", more),
    said = values.map((v, i) => {
      const sign = i ? (v < 0 ? " − " : " + ") : v < 0 ? "−" : "";
      return sign + (i < lines.length ? "" : `(${others}) `) + number(abs(v));
    });
  return `$${labelOf(c, pick.name, pick.index)}$ = ${said.join("")} ${agrees(values, state.n)} ${number(state.n)}`;
}

// The sign before a sum: = only if the numbers as they are shown add up to it.
const lowered = raised => raised.replace(/./g, d => "-0123456789"["⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(d)]);
const asShown = v => +number(v).replace("−", "-").replace(/·10(.*)/, (all, power) => "e" + lowered(power));
export const agrees = (list, total) =>
  number(list.reduce((sum, v) => sum + asShown(v), 0)) === number(total) ? "=" : "≈";

export const totalOf = list => list.reduce((s, t) => s + t.v, 0);
