// Pictures that are computed while a person drags: a second source, handles, hovering, choices in the header.

import { button, clamp, div, g, h, on, put, refill } from "./dom.js";
import { number } from "./numbers.js";
import { open } from "./film.js";
import { hit, hooks } from "./marks.js";
import { SHAPES } from "./transport.js";

SHAPES.flag = "M6 22V4h12l-4 4 4 4H6";

const GONE = "No kernel: run this cell again to move it.";
const pairs = ref => (typeof ref[0] === "string" ? [ref] : ref);
const snap = (v, step, low, high) => clamp(+(Math.round(v / step) * step).toPrecision(12), low, high);

hooks.start = view => {
  const { model, root, svg, wires } = view,
    layer = div("grips"),
    nodes = new Map(),
    waiting = new Map(),
    hatch = "bk" + Math.random().toString(36).slice(2);
  let sent = model.get("heard"),
    turn = 0,
    laid,
    flying,
    over = "";
  // A pattern is found by its id, so it has one of its own in each view.
  const defs = g(
    "svg",
    { width: 0, height: 0, class: "defs" },
    g(
      "pattern",
      { id: hatch, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      g("path", { d: "M0 0V7", class: "hatch" })
    )
  );
  svg.parentNode.append(defs, layer);

  // One question at a time; of each handle only the newest waits.
  const next = () => {
    if (!wires.alive()) waiting.clear();
    if (!waiting.size || sent > model.get("heard")) return;
    const [name, message] = waiting.entries().next().value;
    waiting.delete(name);
    flying = [name, message];
    wires.send({ ...message, n: ++sent });
    put(root, { "aria-busy": "true" });
  };
  const answered = () => {
    next();
    view.ask();
  };
  const tell = (name, message) => {
    waiting.set(name, message);
    next();
  };

  // The hand's own numbers move at once; what was sent is never written into, since answers are laid over it.
  const write = ({ m }, values) => {
    const { film } = view,
      refs = m.v ? [m.v] : m.drag === "y" ? [m.y] : m.drag === "x" ? [m.x] : [m.x, m.y];
    refs.forEach((ref, i) => {
      if (!ref.length) return;
      const { array, index } = film.state(pairs(ref), view.frame.k, 0) || {};
      if (!array) return; // the handle is not in this picture any more
      const [name] = pairs(ref).find(([name]) => film.arrays.get(name) === array),
        own = array.values.slice();
      own[index] = values[i];
      film.arrays = new Map(film.arrays).set(name, { ...array, values: own });
    });
    view.ask();
  };

  const move = (grip, values, done) => {
    const { m } = grip,
      steps = [m.step ?? 0.01].flat(),
      own = values.map((v, i) => snap(v, steps[i] ?? steps[0], grip.low[i], grip.high[i]));
    if (!wires.alive() || (!done && own.every((v, i) => v === grip.values[i]))) return;
    grip.values = own;
    write(grip, own);
    tell(m.tag, { drag: m.tag, x: own[0], y: own[1] ?? null, done });
  };

  function make(tag) {
    const node = h("div", { class: "grip", role: "slider", tabindex: 0, "data-grip": tag });
    let off;
    const follow = (e, done) => {
      const box = svg.getBoundingClientRect(),
        { grip } = node;
      move(grip, grip.read(e.clientX - box.left - off[0], e.clientY - box.top - off[1]), done);
    };
    on(node, "pointerdown", e => {
      const box = svg.getBoundingClientRect(),
        { grip } = node;
      // A handle is taken where it was touched; a track jumps to the pointer.
      off = grip.m.t === "slider" ? [0, 0] : [e.clientX - box.left - grip.x, e.clientY - box.top - grip.y];
      e.preventDefault();
      node.focus({ preventScroll: true });
      node.setPointerCapture(e.pointerId);
      view.stop();
      if (grip.m.t === "slider") follow(e, false);
    });
    on(node, "pointermove", e => (node.hasPointerCapture(e.pointerId) ? follow(e, false) : hover(tag)));
    on(node, "pointerup", e => node.hasPointerCapture(e.pointerId) && follow(e, true));
    // Where the host takes the pointer away, the handle stays where it is, and is let go.
    on(node, "pointercancel", () => move(node.grip, node.grip.values, true));
    on(node, "click", e => e.stopPropagation());
    on(node, "keydown", e => {
      const by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key],
        { grip } = node,
        { m, values } = grip;
      if (!by || e.ctrlKey || e.metaKey || e.altKey) return;
      e.stopPropagation();
      e.preventDefault();
      const steps = [m.nudge ?? m.step ?? 0.01].flat(),
        size = e.shiftKey ? 5 : 1,
        way = m.drag === "xy" ? by : [by[0] + by[1]];
      move(grip, values.map((v, i) => v + way[i] * size * (steps[i] ?? steps[0])), true);
    });
    layer.append(node);
    return node;
  }

  const place = () => {
    const gone = !wires.alive(),
      busy = sent > model.get("heard") || laid !== model.get("live"),
      here = new Set(view.grips.map(grip => grip.m.tag));
    for (const [tag, node] of nodes)
      if (!here.has(tag)) {
        node.remove();
        nodes.delete(tag);
      }
    put(root, { "aria-busy": `${busy && !gone}` });
    for (const grip of view.grips) {
      const { m, x, y, wide, values } = grip,
        node = nodes.get(m.tag) || make(m.tag);
      nodes.set(m.tag, node);
      node.grip = grip;
      node.style.cssText = `left:${x}px;top:${y}px;width:${wide}px`;
      node.classList.toggle("bk-off", gone);
      put(node, {
        "aria-label": m.name || m.tag,
        "aria-valuemin": grip.low[0],
        "aria-valuemax": grip.high[0],
        "aria-valuenow": values[0],
        "aria-valuetext": values.map(number).join(", "),
        "aria-disabled": `${gone}`,
        title: gone ? GONE : m.name
      });
    }
  };

  const hover = tag => {
    const { marks } = view.film,
      there = marks.some(m => m.hover && (m.tag === tag || tag?.startsWith(m.tag + ":"))) ? tag : "";
    if (there === over) return;
    over = there;
    tell("hover", { hover: over });
  };
  on(svg, "pointermove", e => view.film && hover(hit(e)));
  on(svg.parentNode, "pointerleave", () => view.film && hover(""));

  // An answer: arrays and frames laid over the film that was sent.
  const lay = async () => {
    const mine = ++turn,
      bytes = model.get("live"),
      fresh = bytes.byteLength && (await open(bytes)),
      { film, base, cut } = view;
    if (mine !== turn || !film) return;
    laid = bytes;
    if (fresh) {
      const kept = new Map(base);
      fresh.gone.forEach(name => kept.delete(name));
      const count = film.cuts[cut]?.frames.length,
        { title, choices, cuts } = fresh,
        arrays = new Map([...kept, ...fresh.arrays]);
      Object.assign(film, hooks.laid ? hooks.laid(view, fresh, arrays) : { title, choices, cuts, arrays });
      // A timeline of another length is built anew.
      if (film.cuts[cut]?.frames.length !== count) view.cut = Object(cut);
    }
    // The hand may be further than this answer, whole or not: by what waits, and by what is on its way.
    for (const [tag, { drag, x, y }] of [sent > model.get("heard") && flying, ...waiting].filter(Boolean))
      if (drag && nodes.has(tag)) write(nodes.get(tag).grip, [x, y]);
    view.ask();
  };

  // Whether a question still waits for its answer, or the answer to be laid over the film.
  const pending = name => waiting.has(name) || (sent > model.get("heard") && flying[0] === name) || laid !== model.get("live");
  Object.assign(view, { hatch, lay, place, tell, pending, waiting });
  model.on("change:live", lay);
  model.on("change:heard", answered);
  return () => {
    turn++;
    model.off("change:live", lay);
    model.off("change:heard", answered);
  };
};

hooks.film = view => {
  view.base = view.film.arrays;
  view.lay();
};

// A mark may have a key of its own; pressing it presses the mark.
hooks.key = (view, e) => {
  const mark = view.film.marks.find(m => m.key === e.key);
  if (mark) view.wires.send({ press: mark.tag });
  return mark;
};

// Handles are placed when the picture they belong to has been drawn.
hooks.look = view => {
  const { film, cut, root } = view,
    still = film.cuts[cut].frames.length + film.covered(cut) < 2,
    gone = root.querySelector(".bk-gone");
  root.classList.toggle("bk-still", still);
  if (gone && still) gone.textContent = "kernel gone: run this cell again";
  Object.assign(view, { grips: [], planes: {} });
  queueMicrotask(view.place);
};

// A name and joined choices in the place of the phases. What is there already stays, and keeps the focus.
hooks.head = (view, chips) => {
  const { head, choices } = view.film;
  if (!head) return false;
  const key = JSON.stringify([head, choices.map(c => c.options)]);
  if (view.headed !== key || !chips.firstChild?.matches("b")) {
    view.headed = key;
    refill(
      chips,
      h("b", { class: "name" }, head),
      choices.map(({ name, options }) =>
        h(
          "div",
          { class: "choice", role: "group", "aria-label": name },
          options.map((option, i) =>
            button("option", null, () => view.tell(name, { choose: name, option: i }), option)
          )
        )
      )
    );
  }
  chips.querySelectorAll(".bk-choice").forEach((group, j) =>
    [...group.children].forEach((option, i) => put(option, { "aria-pressed": `${i === choices[j].chosen}` }))
  );
  return true;
};

// What was bent by this step bends while one looks.
hooks.move = svg =>
  svg.querySelectorAll("[data-was]").forEach(n =>
    n.animate(
      { d: [n.dataset.was, n.getAttribute("d")].map(d => `path("${d}")`) },
      { duration: 250, easing: "ease-out" }
    )
  );
