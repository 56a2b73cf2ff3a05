// Elements by hand: h makes HTML, g makes SVG. Text is always a text node, so nothing is ever parsed as markup.
// Class names get the kit's prefix here.

export const { abs, floor, max, min } = Math;
export const clamp = (v, low, high) => min(max(v, low), high);
export const range = n => [...Array(n).keys()];

const solid = kids => kids.flat(9).filter(kid => kid != null && kid !== false && kid !== "");

export function put(node, attrs) {
  for (const [key, value] of Object.entries(attrs || {}))
    if (solid([value]).length)
      node.setAttribute(key, key === "class" ? value.replace(/(?<!\S)(?!bk)(?=\S)/g, "bk-") : value);
  return node;
}

const make =
  space =>
  (name, attrs, ...kids) => {
    const node = put(document.createElementNS("http://www.w3.org/" + space, name), attrs);
    node.append(...solid(kids));
    return node;
  };

export const h = make("1999/xhtml");
export const g = make("2000/svg");
export const div = (cls, ...kids) => h("div", { class: cls }, kids);
export const span = (cls, ...kids) => h("span", { class: cls }, kids);
export const refill = (node, ...kids) => node.replaceChildren(...solid(kids));
export const place = node => node.getBoundingClientRect();
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const on = (node, name, act) => node.addEventListener(name, act);

export function button(name, label, act, ...kids) {
  const node = h("button", { type: "button", class: name, "aria-label": label, title: label }, kids);
  on(node, "click", act);
  return node;
}
