// Light or dark by the host's own mark, and the fill of a number.

import { abs, clamp, floor } from "./dom.js";

export const rgb = text =>
  text.match(/^#/) ? [1, 3, 5].map(i => parseInt(text.substr(i, 2), 16)) : (text.match(/[\d.]+/g) || []).map(Number);
const bright = c =>
  c.reduce(
    (sum, v, i) => sum + [0.2126, 0.7152, 0.0722][i] * (v > 10.31475 ? ((v / 255 + 0.055) / 1.055) ** 2.4 : v / 3294.6),
    0
  );

export function isDark(node) {
  const body = node.ownerDocument.body,
    { jpThemeLight, vscodeThemeKind, theme } = body.dataset;
  if (jpThemeLight) return jpThemeLight === "false";
  const mark = vscodeThemeKind || theme || body.className,
    dark = /\b(dark|high-contrast(?!-light))\b/.test(mark);
  if (dark || /\blight\b/.test(mark)) return dark;
  for (let at = node; at; at = at.parentNode || at.host) {
    const c = at.nodeType === 1 ? rgb(getComputedStyle(at).backgroundColor) : [];
    if (c.length > 2 && c[3] !== 0) return bright(c.slice(0, 3)) < 0.2;
  }
  return false;
}

export function palette(root) {
  const style = getComputedStyle(root),
    c = name => rgb(style.getPropertyValue("--bk-" + name).trim());
  const [zero, plus, minus, black, white] = ["zero", "positive", "negative", "black", "white"].map(c);
  return {
    zero,
    // Zero's colour mixed towards the colour of the sign.
    fill(v, peak, cap = 0.9) {
      const share = clamp(abs(v) / peak || 0, 0, 1) * cap,
        end = v < 0 ? minus : plus;
      return zero.map((z, i) => floor(z + (end[i] - z) * share + 0.5));
    },
    // White or near-black, whichever stands out more.
    on(ground) {
      const b = bright(ground) + 0.05;
      return css((bright(white) + 0.05) / b > b / (bright(black) + 0.05) ? white : black);
    }
  };
}

export const css = c => `rgb(${c})`;

// A block of numbers as a picture with one pixel per number.
export function heat(colours, rows, cols, at, peak) {
  const canvas = document.createElement("canvas"),
    pen = canvas.getContext("2d");
  canvas.width = cols;
  canvas.height = rows;
  const image = pen.createImageData(cols, rows);
  for (let i = 0; i < rows * cols; i++) image.data.set([...colours.fill(at(i), peak), 255], 4 * i);
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
