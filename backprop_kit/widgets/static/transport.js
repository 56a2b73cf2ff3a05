// Buttons, timeline, counter, the switch between the cuts, and the badge.

import { button, clamp, div, g, h, on, place, put, range, refill, span } from "./dom.js";

export const SHAPES = {
  first: "M6 5v14M19 5L9 12l10 7z",
  back: "M15 5l-7 7 7 7",
  play: "M8 5l12 7-12 7z",
  pause: "M8 5v14M16 5v14",
  forward: "M9 5l7 7-7 7",
  last: "M18 5v14M5 5l10 7-10 7z",
  ok: "M5 12l5 6L20 6",
  failed: "M8 2h8l6 6v8l-6 6H8l-6-6V8zM8 8l8 8M16 8l-8 8",
  chevron: "M9 6l6 6-6 6",
  checking: "M5 12h.1M12 12h.1M19 12h.1"
};

export const icon = name =>
  g("svg", { viewBox: "0 0 24 24", class: `icon icon-${name}` }, g("path", { d: SHAPES[name] }));

export function transport(view) {
  const step = (name, label, n) => button("button", label, () => view.step(n), icon(name));
  const play = button("button play", "Play", () => view.toggle()),
    count = span("count"),
    cuts = h("div", { class: "cuts", role: "group", "aria-label": "step size" });
  const line = h("div", { class: "time", role: "slider", tabindex: 0, "aria-label": "step", "aria-valuemin": 0 }),
    knob = h("i", { class: "knob" }),
    badge = button("badge", null, () => view.list()),
    large = button("large", "presenter type", () => view.large(), "Aa");
  let groups = [];

  // Each phase is cut into its steps: the step under a place, and the place of a step.
  const seek = e => {
    let i = 0;
    for (const s of groups) {
      const box = place(s.track);
      if (e.clientX >= box.left) i = s.start + clamp(Math.ceil(((e.clientX - box.left) / box.width) * s.n), 0, s.n);
    }
    view.goto(i);
  };
  on(line, "pointerdown", e => {
    line.setPointerCapture(e.pointerId);
    view.stop();
    seek(e);
  });
  on(line, "pointermove", e => line.hasPointerCapture(e.pointerId) && seek(e));

  return {
    node: div(
      "transport",
      div(
        "buttons",
        step("first", "First step", -Infinity),
        step("back", "Back one step", -1),
        play,
        step("forward", "Forward one step", 1),
        step("last", "Last step", Infinity)
      ),
      line,
      count,
      cuts,
      badge,
      large
    ),

    build() {
      const { film, cut } = view,
        { frames, covered } = film.cuts[cut],
        names = Object.keys(film.cuts);
      let start = 0;
      groups = film.phases
        .map(([id, name]) => {
          const own = frames.slice(1).filter(f => f.phase === id).length,
            n = own + (covered[id] || 0),
            track = div("track");
          start += n;
          return {
            id,
            name,
            own,
            n,
            start: start - n,
            track,
            node: h("div", { class: "phase", "data-phase": id, style: `flex-grow:${n}` }, track, span("", name))
          };
        })
        .filter(s => s.n);
      const solid = start > 60;
      for (const s of groups)
        refill(
          s.track,
          range(solid ? 1 : s.n).map(i => h("i", { class: i >= s.own && "covered" }, i >= s.own && "?"))
        );
      refill(
        line,
        groups.map(s => s.node),
        knob
      );
      line.classList.toggle("bk-solid", solid);
      put(line, { "aria-valuemax": frames.length - 1 });
      refill(
        cuts,
        names.length > 1 &&
          names.map(name =>
            put(
              button("cut", null, () => view.recut(name), name),
              { "aria-pressed": `${name === cut}` }
            )
          )
      );
      return groups;
    },

    update() {
      const { film, cut, i, frame, playing, model } = view,
        total = film.cuts[cut].frames.length - 1 + film.covered(cut),
        word = playing ? "Pause" : "Play",
        { state, text } = model.get("badge");
      // The badge first: its width leaves the timeline its own, and the knob its place.
      badge.hidden = !text;
      badge.className = "bk-badge bk-" + state;
      refill(badge, icon(state), text);
      for (const s of groups) {
        s.node.classList.toggle("bk-now", s.id === frame.phase && i > 0);
        s.track.style.setProperty("--bk-done", (100 * clamp(i - s.start, 0, s.n)) / s.n + "%");
        s.track.childNodes.forEach((n, j) => n.classList.toggle("bk-past", s.start + j < i));
      }
      const s = groups.findLast(s => s.start < i) || groups[0],
        box = s && place(s.track);
      if (s) knob.style.left = box.left - place(line).left + (i ? ((i - s.start - 0.5) / s.n) * box.width : 0) + "px";
      refill(knob, frame.mark && icon(frame.mark));
      refill(count, span("word", "step "), h("b", {}, i), ` of ${total}`);
      put(line, { "aria-valuenow": i, "aria-valuetext": `${s?.name}, step ${i} of ${total}` });
      refill(play, icon(word.toLowerCase()));
      put(play, { "aria-label": word, title: word });
      const on = model.get("presenter"),
        alive = view.wires.alive();
      large.hidden = on == null;
      large.disabled = !alive;
      put(large, { "aria-pressed": `${!!on}`, title: "presenter type" + (alive ? "" : ": needs a kernel") });
    }
  };
}
