// Products to try: two factors with their touching edges, what they come to, and what was tried so far.

import { number } from "./numbers.js";
import { div, floor, g, h, max, min, range, span } from "./dom.js";
import { htmlText, svgText } from "./markup.js";
import { css } from "./theme.js";
import { rect, word } from "./pens.js";
import { deed, held, lettersOf, told } from "./explain.js";
import { wideOf } from "./fitting.js";
import { edgeBar, edgeWord, elbow } from "./matrix.js";

// One try: both factors with their touching edges, and what comes out.
function tile(c, left, right, answer) {
  const [a, p] = left.m,
    [q, b] = right.m,
    unit = min(18, 54 / max(a[1], p[1], q[1], b[1]), (c.room > 300 ? 78 : 50) / (p[1] + b[1])),
    size = n => max(12, unit * n),
    top = 48,
    xa = 12,
    xb = xa + size(p[1]) + (c.room > 300 ? 46 : 38),
    x = xb + size(b[1]) + (c.room > 300 ? 30 : 24);
  const box = (f, at, rows, cols) => [
    rect(at, top, size(cols), size(rows), { class: "edge", rx: 2, style: "fill:var(--bk-panel)" }),
    word(at + size(cols) / 2, 16, 15, "middle", {}, svgText(f.sym, 15, true))
  ];
  const result = answer?.v && c.state(answer.v),
    [rows, cols] = [a[1], b[1]],
    long = result && 12 * max(...Array.from(result.array.values, v => wideOf(number(v)))),
    cw = min(46, (c.room - x - 6) / cols),
    ch = min(21, 76 / rows);
  const shown = result && cw >= long + 1 && ch >= 13 && [
    word(x - 15, top + 15, 17, "middle", {}, "="),
    range(rows * cols).map(i => {
      const v = result.array.values[i],
        fill = c.colours.fill(v, result.peak, 0.7),
        px = x + (i % cols) * cw,
        py = max(8, top - (rows * ch) / 3) + floor(i / cols) * ch;
      return [
        rect(px, py, cw - 1, ch - 1, { rx: 1, style: `fill:${css(fill)}` }),
        word(
          px + cw / 2,
          py + ch / 2 + 4,
          12,
          "middle",
          { style: `fill:${c.colours.on(fill)}`, "data-tag": `try:${i}` },
          number(v)
        )
      ];
    })
  ];
  return div(
    "tile" + (answer?.ok ? " legal" : ""),
    g(
      "svg",
      { class: "picture" + (c.eye.lens ? " lensed" : ""), width: c.room - 4, height: 108 },
      box(left, xa, rows, p[1]),
      box(right, xb, q[1], cols),
      edgeBar(p[0], `M${xa} ${top - 7}h${size(p[1])}`),
      edgeWord(p[0], xa + size(p[1]) / 2, top - 14, `${p[0]} ${p[1]}`),
      edgeBar(q[0], `M${xb - 8} ${top}v${size(q[1])}`),
      edgeWord(q[0], xb - 12.5, top + max(20, size(q[1]) / 2), `${q[0]} ${q[1]}`, true),
      // The outer edges are those of what comes out.
      edgeBar(a[0], `M${xa - 5} ${top}v${size(rows)}`),
      edgeBar(b[0], `M${xb} ${top - 5}h${size(cols)}`),
      p[1] === q[1] && [
        elbow([p[0], q[0]], xa + size(p[1]), top - 7, xb - 8, top),
        word(c.room - 12, 100, 12, "end", { class: "c-muted" }, `${a.join(" ")} × ${b.join(" ")}`)
      ],
      shown
    )
  );
}

// What a try comes to: [mark, class, words].
function verdict(c, asked, left, right, answer) {
  const [, [, a]] = left.m,
    [[, b]] = right.m,
    rows = left.m[0],
    cols = right.m[1];
  if (a !== b) return ["✗", "", told(c, "no", { a, b })];
  const yes = told(c, "yes", { a });
  if (rows[1] !== asked.size[0] || cols[1] !== asked.size[1])
    return ["↔", "", yes, told(c, "fits", { rows: rows[0], cols: cols[0] })];
  if (answer?.ok) return ["✓", "good", yes, told(c, "passes")];
  const [got, wanted] = answer?.off || [];
  return ["✗", "", yes, told(c, "fails", { got, right: wanted })];
}

export function tryProducts(c, asked, tag) {
  const { eye } = c,
    { turns, answers } = asked,
    tried = (eye.tried[tag] ||= new Set()),
    [p, q] = (eye.pairs[tag] ||= [null, null]);
  const choose = (side, i) => {
    const pair = eye.pairs[tag];
    pair[side] = i;
    if (pair[1 - side] != null && turns[pair[1 - side]].of === turns[i].of) pair[1 - side] = null;
    if (pair[0] != null && pair[1] != null) tried.add(pair.join());
  };
  const name = (side, f) => told(c, side ? "right" : "left") + " " + lettersOf(f.sym);
  const picks = side => [
    span("", told(c, side ? "right" : "left")),
    div(
      "",
      turns.map((f, i) =>
        held(
          deed(c, `pick:${side}:${i}`, name(side, f), "factor", () => choose(side, i), htmlText(f.sym, true)),
          (side ? q : p) === i
        )
      )
    )
  ];
  const both = p != null && q != null,
    answer = both && answers[`${p},${q}`],
    says = both && verdict(c, asked, turns[p], turns[q], answer);
  // The eight that a try can be of: two matrices, turned or not, in either order.
  const [one, other] = asked.pair.map(of => turns.flatMap((f, i) => (f.of === of ? [i] : []))),
    eight = [...one.flatMap(i => other.map(j => [i, j])), ...other.flatMap(i => one.map(j => [i, j]))],
    seen = eight.filter(pair => tried.has(pair.join()));
  const legal = seen.filter(([i, j]) => answers[`${i},${j}`]),
    shaped = legal.filter(([i, j]) => turns[i].m[0][1] === asked.size[0] && turns[j].m[1][1] === asked.size[1]);
  return [
    div("desk-title", span("", htmlText(told(c, "which", { goal: asked.goal })))),
    div("picks", picks(0), picks(1)),
    both
      ? tile(c, turns[p], turns[q], answer)
      : div("tile", h("p", { class: "c-muted said", style: "padding:38px 14px" }, told(c, "pick"))),
    h(
      "div",
      { class: "verdict " + (says ? says[1] : ""), "aria-live": "polite" },
      both && [says[0], " ", says[2], says[3] && span("", says[3])]
    ),
    div(
      "tally",
      eight.map(([i, j]) => {
        const mark = tried.has(`${i},${j}`) && verdict(c, asked, turns[i], turns[j], answers[`${i},${j}`]);
        return deed(
          c,
          `tried:${i},${j}`,
          lettersOf(turns[i].sym) + lettersOf(turns[j].sym),
          "tallied" + (p === i && q === j ? " now" : ""),
          () => {
            eye.pairs[tag] = [i, j];
            tried.add(`${i},${j}`);
          },
          htmlText(turns[i].sym, true),
          "·",
          htmlText(turns[j].sym, true),
          mark && h("b", { class: mark[1] }, mark[0])
        );
      })
    ),
    div("said", told(c, "tried", { n: seen.length, all: eight.length, legal: legal.length, shaped: shaped.length }))
  ];
}
