// What every mark is drawn with: words, outlines, and the level a step gives it.

import { number } from "./numbers.js";
import { g, min } from "./dom.js";

// What a step asks of a mark: to (it receives), source (it gives), bright, or dim (it recedes).
export function level({ tag, t }, { on = [], to = [], source = [] }) {
  const at = { to: to.includes(tag), source: source.includes(tag) };
  at.bright = at.to || at.source || on.includes(tag);
  at.dim = !at.bright && t !== "text" && on.length + to.length + source.length > 0;
  return at;
}

// How large type is that a mark does not ask for: in a lecture hall everything is.
export const type = (c, { size }, usual) => size || (c.film.presenter ? 24 : usual);

export const word = (x, y, size, anchor, attrs, ...kids) =>
  g("text", { x, y, "font-size": size, "text-anchor": anchor, ...attrs }, kids);
export const rect = (x, y, width, height, attrs) => g("rect", { x, y, width, height, rx: 4, ...attrs });
export const path = (d, cls, attrs) => g("path", { d, class: cls, ...attrs });
export const ear = (x, y) => path(`M${x - 9} ${y}h9v9z`, "stale");

// A number; its tag lets a reader of the page find the visible text.
export const digits = (c, tag, state, x, y, size, anchor, attrs = {}) =>
  word(
    x,
    y,
    // A long number gives way before it leaves its place.
    c.film.presenter && state && number(state.n).length > 6 ? min(size, 20) : size,
    anchor,
    { ...attrs, "data-tag": tag, class: `${attrs.class || ""} ${c.dim} ${state?.fresh && c.i ? "bold new" : ""}` },
    state ? number(state.n) : "–"
  );

// The outline says the state: dashed (not yet), a ring of the direction (gives, receives, new), else thin.
export function outline(c, m, state) {
  if (m.v && !state) return { class: "notyet" };
  const { to, source } = c.at,
    fresh = state?.fresh && c.i && !(c.film.presenter && c.at.dim);
  return ((to || source) && !m.plain) || fresh
    ? { class: "ring", opacity: source && !to && !fresh ? 0.55 : null }
    : { class: "edge" };
}

export const tint = n => (n < 0 ? "neg" : n > 0 ? "pos" : "");

export const present = ({ frames }, k) => !frames || (k >= frames[0] && k <= frames[1]);
