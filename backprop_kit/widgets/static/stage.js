// One view: header, picture, panel, transport, caption. Where it stands is k; all else follows from the film.

import { calm, clamp, div, g, h, max, min, on, put, refill, span } from "./dom.js";
import { htmlText } from "./markup.js";
import { isDark, palette } from "./theme.js";
import { open } from "./film.js";
import { link } from "./link.js";
import { paint, move, hit, hooks } from "./marks.js";
import { fillPanel } from "./panel.js";
import { transport, icon } from "./transport.js";

function render({ model, el }) {
  const svg = g("svg", { role: "img", class: "picture" }),
    legend = div("legend");
  const panel = div("panel"),
    chips = div("chips"),
    title = div("head-title"),
    say = h("p", { class: "say" }),
    foot = h("p", { class: "foot" }),
    sheet = h("style");
  const root = h("div", {
    class: "bk bk-stage",
    tabindex: 0,
    role: "group",
    translate: "no",
    "data-lm-suppress-shortcuts": "true"
  });
  const view = { model, playing: 0 },
    bar = transport(view);
  let turn = 0,
    next = 0,
    moving,
    width,
    told,
    ended,
    extent,
    reserved,
    pressed,
    late;
  root.append(div("head", chips, title), div("mid", div("scene", svg, legend), panel), h("hr"), bar.node, say, foot, sheet);
  el.append(root);

  const ask = () => {
    next ||= requestAnimationFrame(() => {
      next = 0;
      if (pressed) return (late = true);
      // What is hidden is drawn when it can be seen again.
      if (!ended && view.film) root.offsetWidth ? show() : (width = 0);
    });
  };
  const select = (pick, extra) => {
    Object.assign(view, { pick, extra });
    ask();
  };
  const set = (name, value) => {
    model.set(name, value);
    // At once: between setting and saving an echo of what was saved before would set it back.
    wires.save();
    ask();
  };
  // Keys may come faster than pictures, so steps are counted from k and not from what is drawn.
  const frames = () => view.film.cuts[view.cut].frames,
    now = () => view.film.frameAt(view.cut, model.get("k")),
    last = () => frames().length - 1;
  const wires = link(model, el, k => set("k", view.film?.covered(view.cut) ? min(k, frames().at(-1).k) : k));

  Object.assign(view, {
    ask,
    select,
    wires,
    root,
    svg,
    goto(i) {
      if (!view.cut) return;
      const at = clamp(i, 0, last());
      if (at === now()) return;
      moving = at === now() + 1;
      set("k", frames()[at].k);
      wires.announce(frames()[at].k);
    },
    step(n) {
      view.stop();
      if (view.cut) view.goto(now() + n);
    },
    toggle() {
      if (view.playing) return view.stop();
      if (now() === last()) view.goto(0);
      const beat = () => {
        view.goto(now() + 1);
        view.playing = now() < last() ? setTimeout(beat, 900) : 0;
        ask();
      };
      view.playing = setTimeout(beat, 300);
      ask();
    },
    stop() {
      clearTimeout(view.playing);
      view.playing = 0;
      ask();
    },
    recut(name) {
      view.stop();
      set("cut", name);
    },
    list: () => select(null, view.extra ? null : "badge"),
    // The kernel lays out anew; without one the reason is said.
    large() {
      const on = model.get("presenter");
      view.wanted = on != null && !wires.alive();
      if (!view.wanted && on != null) set("presenter", !on);
      ask();
    }
  });

  function show() {
    const { film } = view,
      cut = film.cutOf(model.get("cut"));
    if (cut !== view.cut) {
      view.cut = cut;
      extent = bar.build();
      reserved = "";
    }
    const i = now(),
      frame = frames()[i],
      stepped = view.frame && i !== view.i,
      { covered, size } = film;
    if (stepped) view.pick = view.extra = view.line = null;
    width = root.offsetWidth;
    Object.assign(root.dataset, { theme: isDark(el) ? "dark" : "light", phase: frame.phase });
    root.style.setProperty("--bk-high", size[1] + "px");
    const stacked = width < 700,
      wide = svg.parentNode.clientWidth;
    // What a frame is drawn from; the stacked panel asks it of all frames.
    const at = i => ({
      i,
      frame: frames()[i],
      state: v => film.state(v, frames()[i].k, i ? frames()[i - 1].k : -1)
    });
    Object.assign(view, at(i), {
      scale: wide / size[0],
      wide,
      room: panel.clientWidth - (width < 1000 ? 32 : 48),
      stacked,
      colours: palette(root)
    });

    // One row of a large panel is bright, and so are its marks.
    const lead = frame.panel?.find(r => r.of);
    if (lead) {
      view.line = clamp(view.line ?? lead.bright, 0, lead.of.length - 1);
      view.frame = { ...frame, to: lead.of[view.line] };
    }
    const gone = !wires.alive(),
      note = model.get("note"),
      trust = model.get("trust"),
      problem = model.get("problem");
    hooks.head?.(view, chips) || refill(
      chips,
      extent.map(({ id, name, start }, j) => {
        const state = i <= start ? "ahead" : id === frame.phase ? "active" : "done";
        return [
          j > 0 && icon("chevron"),
          h("span", { class: "chip " + state, "data-phase": id }, state === "done" && icon("ok"), name)
        ];
      })
    );
    refill(
      title,
      h("b", {}, film.title[0]),
      span(gone && "gone", gone ? `${trust ? "no kernel yet" : "kernel gone"}: stepping goes on` : film.title[1])
    );
    hooks.look?.(view, svg);
    put(svg, { width: wide, height: size[1], "aria-label": frame.say });
    put(root, { "aria-label": film.title[0] });
    const drawn = paint(svg, view);
    if (moving && stepped && !calm()) (move(svg, drawn), hooks.move?.(svg, view));
    moving = false;

    // Under the picture nothing may jump: the panel keeps the room of its longest step.
    if (stacked && reserved !== `${cut} ${width}`) {
      reserved = `${cut} ${width}`;
      panel.style.minHeight = 0;
      panel.style.minHeight =
        max(...frames().map((f, j) => (fillPanel(panel, { ...view, ...at(j) }, f.panel || []), panel.offsetHeight))) +
        "px";
    } else if (!stacked) panel.style.minHeight = reserved = "";
    const rows = frame.panel || [],
      extra = view.extra === "badge" ? model.get("badge").rows : view.extra && note.tag === view.pick && note.rows;
    panel.classList.toggle("bk-list", !!extra);
    fillPanel(
      panel,
      view,
      extra ? rows.slice(0, 1).concat(extra.map(r => (r.t ? r : { t: "p", s: r, small: true }))) : rows
    );
    put(say, { "aria-live": view.playing ? "off" : "polite" });
    if (say.textContent !== frame.say) say.textContent = frame.say;
    say.style = "";
    if (film.presenter)
      [28, 26, 24, 22].some(size => {
        if (say.scrollWidth > say.clientWidth) say.style.fontSize = size + "px";
        else return true;
      });
    foot.classList.toggle("bk-problem", !!problem);
    foot.textContent =
      problem ||
      (view.wanted && gone ? "Presenter type is laid out by the kernel: run this cell to have it." : "") ||
      (covered(cut) && i === last()
        ? "Covered from here on" + (gone ? ": run this cell to go on." : ": answer first.")
        : trust?.some(k => film.frameAt(cut, k) === i)
          ? "The answer is on trust: decide before you step on."
          : "");
    bar.update();
    if (!told) requestAnimationFrame(() => wires.send({ painted: 1 }));
    told = true;
  }

  async function load() {
    const mine = ++turn,
      bytes = model.get("film"),
      film = bytes.byteLength && (await open(bytes));
    if (!film || mine !== turn) return;
    Object.assign(view, { film, cut: null, line: null });
    sheet.textContent = film.presenter ? model.get("sheet") : "";
    root.classList.toggle("bk-presenter", !!film.presenter);
    hooks.film?.(view);
    refill(
      legend,
      film.legend.map(({ t, s, v, a, b }) =>
        span(
          "",
          ({ sign: [""], pair: [a, b], dash: ["–"] }[t] || []).map(m =>
            h("i", { class: t === "sign" ? (v < 0 ? "bneg" : "bpos") : "key key-" + t }, htmlText(m, true))
          ),
          span("", htmlText(s))
        )
      )
    );
    ask();
  }

  const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  on(root, "keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    e.stopPropagation();
    if (view.cut && hooks.key?.(view, e)) return e.preventDefault();
    const n = steps[e.key],
      line = view.line != null && { ArrowUp: -1, ArrowDown: 1 }[e.key],
      space = e.key === " " && !e.target.closest("button");
    if (!view.cut || !(n || space || line || /^(Escape|p)$/.test(e.key))) return;
    e.preventDefault();
    if (n) view.step(n);
    else if (space) view.toggle();
    else if (e.key === "p") view.large();
    else if (line) (view.line += line), ask();
    else select(null, null);
  });
  // A press ends on what it began on: until then nothing is drawn anew, unless it becomes a drag.
  const release = () => {
    if (late) ask();
    pressed = late = null;
  };
  on(svg, "pointerdown", e => (pressed = e.button ? null : e));
  on(svg, "pointermove", e => pressed && Math.hypot(e.x - pressed.x, e.y - pressed.y) > 4 && release());
  on(svg, "pointerup", () => setTimeout(release, 50));
  on(svg, "pointerleave", release);
  on(svg, "pointercancel", release);
  // After a press with the pointer the keys go on working, whatever the host does with the focus.
  on(root, "click", e => e.detail && root.focus({ preventScroll: true }));
  on(svg, "click", e => {
    release();
    const tag = view.cut && hit(e);
    if (!tag) return;
    if (hooks.press?.(view, tag)) return ask();
    const line = view.line == null ? -1 : view.frame.panel.find(r => r.of).of.findIndex(tags => tags.includes(tag));
    if (line >= 0) return (view.line = line), ask();
    select(tag, "note");
    wires.send({ press: tag });
  });

  const size = new ResizeObserver(() => root.offsetWidth !== width && ask()),
    theme = new MutationObserver(ask),
    heard = ["k", "cut", "note", "badge", "problem", "presenter"].map(name => "change:" + name).concat("comm_live_update");
  size.observe(root);
  theme.observe(el.ownerDocument.body, { attributes: true });
  heard.forEach(name => model.on(name, ask));
  model.on("change:film", load);
  const end = hooks.start?.(view);
  load();
  return () => {
    end?.();
    ended = true;
    turn++;
    view.stop();
    size.disconnect();
    theme.disconnect();
    wires.close();
    heard.forEach(name => model.off(name, ask));
    model.off("change:film", load);
    root.remove();
  };
}

export default { render };
