// Blame: one gradient as a waterfall of the shares of its samples.

import { number, signed } from "./numbers.js";
import { abs, div, g, max, min, on, span } from "./dom.js";
import { svgText } from "./markup.js";
import { css } from "./theme.js";
import { path, rect, tint, word } from "./pens.js";
import { deed, desktitle, held, quiet, read, redo, told } from "./explain.js";
import { wideOf } from "./fitting.js";
import { labelOf, numbersOf, termsOf, totalOf } from "./sums.js";

const MANY = 12,
  TOP = 9;

// A bar that takes its sample out, by pointer and by key.
const actor = (c, t, kids) => {
  if (t.more) return kids;
  const key = "sample:" + t.n,
    name = told(c, "sample", { n: t.n + 1 }),
    node = g("g", { role: "button", tabindex: 0, "aria-label": name, "data-key": key }, kids);
  const act = byKey => {
    const { out } = c.eye;
    if (!out.delete(t.n)) out.add(t.n);
    redo(c, key, byKey);
  };
  on(node, "click", () => act(false));
  on(node, "keydown", e => {
    if (!/^( |Enter)$/.test(e.key)) return;
    e.preventDefault();
    e.stopPropagation();
    act(true);
  });
  return held(node, !c.eye.out.has(t.n));
};

// Each bar begins where the one before has ended, upwards or, where there are many, to the right; the total stands
// alone. A sample left out stays as a dashed outline.
function waterfall(c, name, index, { bars, total, label }) {
  let run = 0;
  const { room } = c,
    narrow = room < 300,
    list = bars.map(t => {
      const from = run,
        gone = c.eye.out.has(t.n);
      if (!gone) run += t.v;
      return { t, from, to: from + t.v, gone };
    });
  list.push({ from: 0, to: total });
  const ends = list.flatMap(m => [m.from, m.to]).filter(v => abs(v) < Infinity),
    high = max(...ends, 0),
    low = min(...ends, 0),
    count = list.length,
    slot = room / count,
    upright = slot >= 44,
    pitch = upright ? slot : min(22, 250 / count),
    factors = list.map(({ t }) => (t?.f.length > 1 ? t.f.map(([n, i]) => number(numbersOf(c, n)[i])) : [])),
    w = upright ? min(66, slot - 12) : pitch - 6,
    start = upright ? 180 : 8 + (narrow ? 20 : 66) + 12 * max(...factors.map(f => wideOf(f.join(" × ")))),
    end = upright ? 22 : room - 12 - 13 * max(...list.map(m => wideOf(signed(m.to - m.from)))),
    place = v => start + ((end - start) * (v - low)) / (high - low || 1),
    shade = css(c.colours.fill(total, max(...list.map(m => abs(m.to - m.from))), 0.62));
  const drawn = list.map(({ t, from, to, gone }, i) => {
    const mid = pitch * (i + 0.5),
      [a, b] = [place(from), place(to)].sort((p, q) => p - q),
      long = max(1.5, b - a),
      next = place(gone ? from : to),
      v = t ? t.v : total,
      tone = gone ? "c-muted" : t ? tint(v) : "",
      tag = !t ? "blame" : t.more ? "more" : "share:" + t.n,
      wide = slot > 62 || !(upright || narrow),
      sample = t && (t.more ? told(c, "more", { n: t.more }) : wide ? told(c, "sample", { n: t.n + 1 }) : t.n + 1),
      called = sample || svgText(label, 15, true),
      value = { class: "bold " + tone, "data-tag": tag },
      look = { class: !t ? "ftotal" : gone ? "fout" : v < 0 ? "fneg" : "fpos", rx: 1, style: !t && `fill:${shade}` },
      parts = slot > 82 || !upright ? [factors[i].join(" × ")] : factors[i].map((s, k) => (k ? "× " : "") + s);
    const nodes = upright
      ? [
          rect(mid - slot / 2, 0, slot, 238, { class: "hit" }),
          t && path(`M${mid - w / 2} ${next}h${slot}`, "thread"),
          rect(mid - w / 2, a, w, long, look),
          word(mid, a - 6, 13, "middle", value, t ? signed(v) : number(v)),
          word(mid, 198, 13, "middle", { class: gone && "c-muted" }, called),
          parts.map((s, k) => word(mid, 215 + 15 * k, 12, "middle", { class: "c-muted" }, s))
        ]
      : [
          rect(0, mid - pitch / 2, room, pitch, { class: "hit" }),
          t && path(`M${next} ${mid}v${pitch}`, "thread"),
          rect(a, mid - w / 2, long, w, look),
          word(room, mid + 4, 12, "end", value, t ? signed(v) : number(v)),
          word(0, mid + 4, 12, "start", { class: gone && "c-muted" }, called),
          word(start - 6, mid + 4, 12, "end", { class: "c-muted" }, parts[0])
        ];
    return t && !t.more ? actor(c, t, nodes) : nodes;
  });
  const zero = place(0);
  return g(
    "svg",
    { class: "shares picture", "data-of": `${name}:${index}`, width: room, height: upright ? 240 : pitch * count + 8 },
    path(upright ? `M0 ${zero}H${room}` : `M${zero} 0v${pitch * count}`, "plain"),
    drawn
  );
}

export function blame(c, { name, index }) {
  const { out } = c.eye,
    state = read(c, name, index),
    terms = state && termsOf(c, name, index),
    label = labelOf(c, name, index);
  if (!terms) return [desktitle(c, "for", label), quiet(told(c, state ? "binned" : "unknown"))];
  const there = list => totalOf(list.filter(t => !out.has(t.n))),
    gone = terms.filter(t => out.has(t.n)),
    names = gone.map(t => told(c, "sample", { n: t.n + 1 })),
    many = told(c, "many", { n: gone.length }),
    few = gone.length < 5,
    left = gone.length ? there(terms) : state.n,
    sorted = [...terms].sort((p, q) => abs(q.v) - abs(p.v)),
    rest = sorted.slice(TOP),
    bars = terms.length > MANY ? [...sorted.slice(0, TOP), { more: rest.length, v: there(rest), f: [] }] : terms;
  return [
    desktitle(c, "for", label, told(c, "shares")),
    waterfall(c, name, index, { bars, total: left, label }),
    div(
      "said",
      gone.length
        ? [
            span("", told(c, "out", { list: few ? names.join(", ") : many, left: number(left), all: number(state.n) })),
            deed(c, "all in", told(c, "all"), "copy", () => out.clear(), told(c, "all"))
          ]
        : told(c, "hint")
    )
  ];
}
