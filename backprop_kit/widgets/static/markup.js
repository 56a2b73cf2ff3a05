// Text with formulas in it: W_2, h_{12}, W_2^T. Single letters are italic, longer words upright.

import { h, g } from "./dom.js";

const SPAN = /\$([^$]+)\$|([\p{L}∂∇/]+(?:[_^](?:\{[^}]*\}|[^\s{}]))+)/u;

// Runs of one formula: s text, c its face (italic or upright serif), v below or above the line, w letters it stands over.
function formula(text) {
  const out = [],
    bare = /^[^_^]*$/.test(text) && !/(^|[^\p{L}])\p{L}([^\p{L}]|$)/u.test(text);
  for (const [, mark, group, one, base] of text.matchAll(/([_^])(?:\{([^}]*)\}|(.))|([^_^]+)/gu)) {
    const v = !mark ? 0 : mark === "_" ? -1 : 1,
      last = out.at(-1);
    for (const s of (base ?? group ?? one).match(/\p{L}+|[^\p{L}]+/gu) || [])
      out.push({
        s,
        v,
        c: !bare && (v < 1 && /^\p{L}$/u.test(s) ? "i" : "f"),
        w: v > 0 && last?.v < 0 && last.s.length
      });
  }
  return out;
}

const runs = (text, whole) =>
  whole ? formula(text) : text.split(SPAN).flatMap((s, i) => (!s ? [] : i % 3 ? formula(s) : { s, v: 0 }));

export function svgText(text, size, whole) {
  let at = 0;
  return runs(text, whole).map(({ s, c, v, w }) => {
    const y = size * (v < 0 ? 0.25 : v * -0.38),
      dy = y - at;
    at = y;
    return g(
      "tspan",
      { class: c, dy, dx: w && -0.4 * size * w, "font-size": v ? Math.max(0.72 * size, 10) : c && 1.13 * size },
      s
    );
  });
}

export const htmlText = (text, whole) =>
  runs(text, whole).map(({ s, c, v, w }) =>
    h(v < 0 ? "sub" : v ? "sup" : "span", { class: c, style: w && `margin-left:-${0.55 * w}em` }, s)
  );

// A letter with one more subscript: h -> h_3, h_2 -> h_{2,3}.
export const indexed = (letter, i) =>
  letter.includes("_") ? letter.replace(/_\{?([^}]*)\}?$/, `_{$1,${i}}`) : `${letter}_{${i}}`;
