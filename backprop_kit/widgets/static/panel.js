// The panel beside the picture: rows in textbook order, each symbol above its block.

import { number, productSign } from "./numbers.js";
import { abs, clamp, div, floor, h, max, min, place, put, range, refill, span } from "./dom.js";
import { htmlText } from "./markup.js";
import { css, heat } from "./theme.js";
import { tint } from "./pens.js";
import { hooks } from "./marks.js";

const shown = n => (typeof n === "number" ? number(n) : n);
export const sym = s => span("formula", htmlText(s, true));
export const num = (n, cls, name = shown(n)) => h("span", { class: "num " + cls, "data-n": name }, shown(n));
const tone = (c, v, peak, cap) => {
  const fill = c.colours.fill(v, peak, cap);
  return `background:${css(fill)};color:${c.colours.on(fill)}`;
};
const stateOf = (c, b) => c.state(b.v || [[b.array, b.at || 0]]);
const big = c => (c.film.presenter ? 1.8 : 1);
const printed = b => !b.map && b.rows <= 5 && b.cols <= 5;

// One block of a rule: numbers in cells of width cw, or (cw 0) a heat map, at most `wide` wide.
function block(c, item, cw, wide, unit) {
  const { rows, cols, lit } = item,
    state = stateOf(c, item),
    box = div("block" + (!state ? " empty" : state.stale ? " old" : ""));
  const value = i => state.array.values[state.index + (item.transpose ? (i % cols) * rows + floor(i / cols) : i)];
  if (cw) {
    box.style.cssText = `display:grid;grid-template-columns:repeat(${cols},${cw}px)`;
    box.append(
      ...range(rows * cols).map(i =>
        h(
          "span",
          { class: "cell", "data-n": `${item.sym}[${i}]`, style: state && tone(c, value(i), state.peak) },
          state ? number(value(i)) : "–"
        )
      )
    );
  } else {
    box.style.cssText = `width:${wide}px;height:${rows < 2 ? 20 * big(c) : clamp((rows > 5 ? 9.2 : 16) * rows * big(c), 20, 110)}px`;
    if (state) box.append(h("img", { alt: " ", class: "pixels", src: heat(c.colours, rows, cols, value, state.peak) }));
  }
  if (lit) {
    const [what, index] = [lit].flat(),
      i = index === "unit" ? unit : index,
      part = (k, n) => `${(100 * k) / n}%`;
    const [top, left, high, long] = {
      row: [i, 0, 1, cols],
      col: [0, i, rows, 1],
      cell: [floor(i / cols), i % cols, 1, 1]
    }[what] || [0, 0, rows, cols];
    box.append(
      h("i", {
        class: "lit",
        style: `top:${part(top, rows)};left:${part(left, cols)};height:${part(high, rows)};width:${part(long, cols)}`
      })
    );
  }
  return box;
}

// A rule on one line, or on two when it does not fit; a tall block at its end floats to the right of what follows.
function rule(c, row, unit) {
  const { items } = row,
    heatWidth = b => (b.op || printed(b) ? 0 : clamp(b.cols * big(c) * (b.cols > 16 ? 4.6 : b.cols > 5 ? 9.2 : 20), 14, 147)),
    columns = b => (printed(b) ? b.cols : 0);
  const last = items.at(-1),
    tall = last.rows > 8 && items.slice(0, -1),
    least =
      3 +
      6.1 *
      big(c) *
        max(
          4,
          ...items.filter(printed).flatMap(b => {
            const s = stateOf(c, b);
            return s
              ? Array.from(s.array.values.subarray(s.index, s.index + b.rows * b.cols), v => number(v).length)
              : [];
          })
        );
  let shrink = 0;
  const sum = (list, f) => list.reduce((total, b) => total + f(b), 0),
    wide = b =>
      b.op ? big(c) * (b.op.length > 1 ? 8 * b.op.replace(/[$_^{}]/g, "").length + 10 : 20) : 6 * big(c) + heatWidth(b) * shrink;
  shrink = clamp((c.room - sum(items, wide) - least * sum(items, columns)) / sum(items, heatWidth) || 1, 0.3, 1);
  const room = list => floor((c.room - sum(list, wide)) / sum(list, columns));
  const turn = items.findIndex(b => b.op?.[0] === "=");
  let lines = [tall || items],
    cw = room(items);
  if (cw < least && turn > 0 && !tall) {
    lines = [items.slice(0, turn), items.slice(turn)];
    cw = min(...lines.map(room));
  }
  // Where the numbers have no room, colours do.
  if (cw < least && items.some(printed)) return rule(c, { ...row, items: items.map(b => ({ ...b, map: 1 })) }, unit);
  cw = min(50 * big(c), cw);
  const column = b =>
    b.op?.length > 1
      ? [span(), span("words", htmlText(b.op)), span()]
      : b.op
        ? [span("op", b.op), span("op", b.op), span()]
        : [
            span("sym" + (b.lit ? " dir" : ""), htmlText(b.sym || "", true)),
            block(c, b, printed(b) && cw, Math.round(heatWidth(b) * shrink), unit),
            span(
              "shape",
              (b.shape || "").split("×").map((s, i) => [i ? "×" : "", h(b.bold === i ? "b" : "span", {}, s)])
            )
          ];
  return [
    tall && div("ruleline tall", column(last)),
    div(
      "rule" + (cw < 46 ? " fine" : ""),
      lines.map(list => div("ruleline", list.map(column))),
      row.note && div("elbow", h("i"), span("", htmlText(row.note)))
    )
  ];
}

// The bracket that joins two matching sizes; needs the laid-out panel.
function join(panel) {
  for (const elbow of panel.querySelectorAll(".bk-elbow")) {
    const box = place(elbow),
      [a, b] = [...elbow.parentNode.querySelectorAll("b")].map(place),
      [line, words] = elbow.children;
    if (!b || abs(a.top - b.top) > 4) continue;
    const [p, q] = [a, b].map(r => r.left + r.width / 2 - box.left),
      half = words.offsetWidth / 2;
    line.style.cssText = `left:${p}px;width:${q - p}px`;
    words.style.left = clamp((p + q) / 2, half, box.width - half) + "px";
  }
}

function cell(c, part, row, i) {
  if (part === "=?") {
    const n = row.map(p => p.v ?? p.n ?? p.box),
      real = v => typeof v === "number";
    part = productSign(...n.slice(0, i).filter(real).slice(-2), n.slice(i).find(real));
  }
  if (part.length) return span("op", part);
  if (part.sym) return sym(part.sym);
  if (part.c) return span(part.c, htmlText("" + shown(part.s)));
  const { n } = part;
  if (part.box != null)
    return h(
      "span",
      {
        class: "result",
        "data-n": shown(part.box),
        style: part.v != null && tone(c, part.v, part.peak || abs(part.v), 0.35)
      },
      shown(part.box)
    );
  return n != null ? num(n, tint(part.sign ?? n)) : span("note", htmlText(part.note || ""));
}

export const bar = (v, most, cls = "") =>
  span("", h("i", { class: `bar ${v < 0 ? "bneg" : "bpos"} ${cls}`, style: `width:${(100 * abs(v)) / most || 0}%` }));

export const kinds = {
  title: (c, r) => [div("kicker", r.kicker ?? "THIS STEP"), div("title", htmlText(r.s))],
  p: (c, r) => h("p", { class: `c-${r.c || "ink"} ${r.small ? "small" : ""}` }, htmlText(r.s)),
  gap: () => div("gap"),
  line: () => h("hr"),
  next: (c, r) => div("next", "next", span("", htmlText(r.s || ""), r.sym && sym(r.sym))),
  rule,

  // Of the lines of a lead (`of` names the marks of each) one is bright in a lecture hall, and never left out.
  eq(c, row, unit, limit, slim) {
    const large = c.film.presenter,
      lines = row.rows.map(cells =>
        cells.slice(slim && cells[0].sym && cells[1] === "=" ? 2 : 0).filter((p, i) => !(p.note && (large ? i : c.room < 300)))
      ),
      top = !slim && row.top,
      most = max(...lines.map(r => r.length)),
      cut = lines.length > limit + (large ? 0 : 1) ? limit : lines.length,
      bright = row.of ? c.line : -1,
      first = clamp(bright - floor(cut / 2), 0, lines.length - cut),
      fill = list => range(most - list.length).map(() => span());
    return [
      row.head && div("sub", htmlText(row.head)),
      h(
        "div",
        { class: "eq", style: `grid-template-columns:repeat(${most},auto)` },
        top && [top.map((p, i) => put(cell(c, p, top, i), { class: i ? "top" : "top dir" })), fill(top), h("hr")],
        lines.slice(first, first + cut).map((cells, i) => {
          const row = cells.map((p, j) => cell(c, p, cells, j));
          if (large && first + i !== bright) row.forEach(n => n.classList.add("bk-mute"));
          return [
            row,
            fill(row),
            large && first + i === bright && h("i", { class: "bright", style: `grid-row:${i + (top ? 3 : 1)}/${i + (top ? 4 : 2)}` })
          ];
        })
      ),
      cut < lines.length && div("sub", `and ${lines.length - cut} more`)
    ];
  },

  // A total far beyond its parts is a number only: a bar for it would leave them none.
  bars(c, row) {
    const own = max(...row.items.map(t => abs(t[1]))) || 1,
      whole = row.total ? abs(row.total[1]) : 0,
      most = whole > 1.5 * own ? own : max(own, whole);
    const line = ([label, v], weight, cls) => [
      span("", htmlText(label)),
      num(v, weight, label),
      abs(v) > most ? span() : bar(v, most, cls)
    ];
    return div(
      "bars" + (row.items.length > 8 ? " dense" : ""),
      row.items.map(t => line(t, "", row.dashed ? "dashed" : "")),
      row.total && line(row.total, "bold", "total")
    );
  }
};

// What does not fit gives way: space first, then long lists and what comes next, then the numbers of a matrix.
export function fillPanel(panel, c, rows) {
  const large = c.film.presenter;
  range(large ? 7 : 5).some(i => {
    panel.classList.toggle("bk-tight", i > 0);
    panel.classList.toggle("bk-less", large && i > 1);
    panel.classList.toggle("bk-slim", large && i > 3);
    refill(
      panel,
      rows
        .filter(r => !(large ? i > 2 && r.t === "p" : i > 1 && r.t === "next") && !(i > 2 && /gap|line/.test(r.t)))
        .map(r =>
          kinds[r.t](
            c,
            i > 2 && r.t === "rule" ? { ...r, items: r.items.map(b => ({ ...b, map: b.rows > 1 })) } : r,
            hooks.unit?.(c, r) ?? r.unit ?? 0,
            large ? 7 - i : i > 3 ? 2 : i > 1 || c.room < 300 ? 3 : 5,
            large && i > 3
          )
        )
    );
    return c.stacked || !rows.length || (panel.scrollHeight <= panel.clientHeight + 1 && !(large && panel.scrollWidth > panel.clientWidth));
  });
  join(panel);
}
