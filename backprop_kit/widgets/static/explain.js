// One number taken apart: its sum, where each part was made, and its NumPy lines to copy.

import { number, productSign } from "./numbers.js";
import { abs, button, div, h, max, put, span } from "./dom.js";
import { htmlText } from "./markup.js";
import { tint } from "./pens.js";
import { bar, num, sym } from "./panel.js";
import { activeOf, latest, look, resultOf, termsDone } from "./looking.js";
import { agrees, codeOf, infoOf, labelOf, linesOf, nameOf, numbersOf, placeOf, termsOf, totalOf } from "./sums.js";

export const read = (c, name, index) => c.state([[name, index]]);
export const lettersOf = symbol => symbol.replace("^T", "ᵀ").replace(/[{}_\u2060]/g, "");
// The number itself, outlined.
const boxed = (c, name, index, hidden) => {
  const s = read(c, name, index);
  return h("span", { class: "result", "data-tag": `${name}:${index}` }, s && !hidden ? number(s.n) : "–");
};
const small = s => h("small", {}, htmlText(s));
export const quiet = s => h("p", { class: "c-muted" }, htmlText(s));
export const told = (c, key, more = {}) =>
  (c.eye.atlas.says[key] || "").replace(/\{(\w+)\}/g, (all, name) => more[name] ?? all);

// After a press all is drawn anew; keys keep the focus where it was.
export const redo = ({ eye }, key, byKey) => {
  const view = eye.back;
  view.ask();
  const again = () => view.root.querySelector(`[data-key="${key}"]`)?.focus({ preventScroll: true });
  if (byKey) requestAnimationFrame(again);
};
export const deed = (c, key, label, cls, act, ...kids) => {
  const node = button(cls, label, e => (act(), redo(c, key, !e.detail)), kids);
  node.dataset.key = key;
  return node;
};
export const held = (node, on) => put(node, { "aria-pressed": `${on}` });

function walk(view, name, index, from) {
  const { eye, film, cut } = view,
    info = infoOf(view, name),
    to = info.eq ? film.cuts[cut].frames.findIndex(f => f.to?.includes(info.eq)) : -1;
  if (from) eye.trail.push(from);
  look(view, name, index);
  if (to >= 0 && to !== view.i) {
    eye.walking = true;
    view.goto(to);
    eye.term = Infinity;
    eye.coming = to;
  }
}

// A number that leads to where it was made.
const step = (c, [name, index], from) => {
  const s = read(c, name, index),
    label = lettersOf(labelOf(c, name, index));
  const tag = `${name}:${index}`,
    go = () => walk(c.eye.back, name, index, from);
  const shown = h("span", { "data-tag": tag }, s ? number(s.n) : "–");
  return deed(c, tag, label, "walk " + (s ? tint(s.n) : ""), go, shown);
};

const factorsOf = (c, t, from) => t.f.flatMap((f, i) => [i > 0 && " × ", step(c, f, from)]);

function adds(c, name, index, from) {
  const terms = termsOf(c, name, index);
  if (!terms) return null;
  const { lines, more, rest } = linesOf(c, terms),
    own = resultOf(activeOf(c)),
    unfolding = own && latest(c, own) === name,
    done = unfolding ? termsDone(c) : Infinity,
    all = lines.length + (more ? 1 : 0),
    peak = max(...lines.map(t => abs(t.v)), abs(rest)) || 1,
    open = done < all,
    so = totalOf(lines.slice(0, done));
  const line = (i, label, v, key) =>
    i < done
      ? [span(i === done - 1 ? "lastterm" : "", label), num(v, "bold " + tint(v), key), bar(v, peak)]
      : [span("ghost", "–"), span("ghost num", "–"), span()];
  const shown = [...lines.map(t => t.v), ...(more ? [rest] : [])];
  return div(
    "adds",
    lines.map((t, i) => {
      const values = t.f.map(([n, at]) => numbersOf(c, n)[at]);
      return line(i, [factorsOf(c, t, from), values.length > 1 && ` ${productSign(...values, t.v)}`], t.v, "term " + i);
    }),
    more > 0 && line(lines.length, span("note", told(c, "more", { n: more })), rest, "more"),
    h("i", { class: "rulebar" }),
    open
      ? [
          span("note", told(c, "far")),
          num(done ? so : "–", "bold", "far"),
          span("note", told(c, "term", { n: done, all }))
        ]
      : [
          sym(labelOf(c, name, index)),
          boxed(c, name, index),
          span("note", agrees(shown, totalOf(terms)) === "≈" && "≈")
        ]
  );
}

function each(c, name, index, from) {
  const { how } = infoOf(c, name),
    total = read(c, name, index);
  const values = how.of.map(other => read(c, other, index)?.n),
    pair = how.show.length === 3 && total && values.every(v => v != null),
    signs = { "×": () => productSign(...values, total.n), "−": () => agrees([values[0], -values[1]], total.n) },
    sign = (pair && signs[how.show[1]]?.()) || "≈";
  return div(
    "this",
    how.show.map(p => (typeof p === "number" ? step(c, [how.of[p], index], from) : span("", htmlText(p)))),
    span("", sign),
    boxed(c, name, index),
    infoOf(c, name).high && total?.n ? small(told(c, total.n > 0 ? "high" : "low")) : null
  );
}

function code(c, name, index) {
  const lines = codeOf(c, name, index);
  if (!lines) return null;
  const text = lines.join("\n"),
    { eye } = c,
    pre = h("pre", { tabindex: 0 }, text);
  const copied = () => {
    eye.copied = text;
    eye.back.ask();
  };
  const byHand = () => {
    const range = document.createRange(),
      selection = getSelection();
    range.selectNodeContents(pre);
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand("copy");
    copied();
  };
  const copy = () => {
    const { clipboard } = navigator;
    if (clipboard) clipboard.writeText(text).then(copied, byHand);
    else byHand();
  };
  return div(
    "code",
    div(
      "code-head",
      span("", told(c, "code")),
      deed(c, "copy", told(c, "copy"), "copy", copy, told(c, eye.copied === text ? "copied" : "copy"))
    ),
    pre
  );
}

// What one number is made of, whatever it is.
export function explain(c, pick) {
  const { name, index } = pick,
    info = infoOf(c, name),
    { how } = info,
    state = read(c, name, index),
    at = placeOf(info, index),
    { eye } = c,
    hidden = eye.now && resultOf(activeOf(c)) && latest(c, resultOf(activeOf(c))) === name;
  const back = eye.trail.at(-1),
    binned = how.t === "binned";
  const side = (other, turned) => infoOf(c, other).sym + (turned ? "^T" : ""),
    goBack = () => {
      eye.trail.pop();
      walk(eye.back, back.name, back.index);
    };
  const head = div(
    "this",
    sym(binned ? info.sym : nameOf(c, name, at)),
    !binned && (!state || /given|closed|row/.test(how.t)) && [state && "=", boxed(c, name, index, hidden)],
    !binned && /each|whole/.test(how.t) && state && "=",
    how.t === "product" &&
      small(told(c, "rowcol", { i: at[0] + 1, j: at[1] + 1, l: side(how.l, how.lT), r: side(how.r, how.rT) })),
    how.t === "sum" && small(told(c, "column", { j: at[1] + 1, l: infoOf(c, how.of).sym })),
    back &&
      deed(c, "back", null, "trail", goBack, "‹ ", told(c, "back"), " ", sym(labelOf(c, back.name, back.index)))
  );
  if (binned) return [head, quiet(told(c, "binned"))];
  if (!state) return [head, quiet(told(c, "unknown")), !c.i && quiet(told(c, "press"))];
  const body = {
    product: () => adds(c, name, index, pick) || quiet(told(c, "binned")),
    sum: () => adds(c, name, index, pick) || quiet(told(c, "binned")),
    each: () => each(c, name, index, pick),
    whole: () => div("this", span("", htmlText(how.show)), "≈", boxed(c, name, index)),
    row: () =>
      how.of.map(other => {
        const from = told(c, "row", { i: at[0] + 1, l: infoOf(c, other).sym });
        return div("this", span("", htmlText(from)), step(c, [other, index], pick));
      }),
    closed: () => quiet(told(c, /[←−]/.test(how.s) ? "rule" : "closed", { name: how.s, rule: how.s })),
    given: () => [
      quiet(told(c, how.s)),
      info.next && read(c, info.next, index) && div("this", told(c, "gradient"), step(c, [info.next, index], pick))
    ]
  }[how.t]();
  return [head, body, !hidden && code(c, name, index)];
}

export const desktitle = (c, key, symbol, more) =>
  div("desk-title", span("", told(c, key), " ", sym(symbol)), more && c.room > 300 && small(more));
