// A lab: controls beside a live picture, a transport that asks the kernel, and a slider of time.

import { on } from "./dom.js";
import { draw, hooks } from "./marks.js";
import { nearestWire } from "./pixels.js";
import { startPoints } from "./points.js";
import { laidOver, partsOf, startPast } from "./past.js";
import { startKnobs } from "./knobs.js";
import { startDeck } from "./deck.js";

// Only lines recede where one is looked at: a picture that is watched stays as it is. A text with a key says what the
// film says under it now.
for (const [kind, own] of Object.entries(draw))
  draw[kind] = (c, m) => {
    const still = kind === "wire" || !c.film.transport ? c : { ...c, at: { ...c.at, dim: false }, dim: "" };
    if (m.key == null || !/text|words/.test(kind)) return own(still, m);
    const s = c.film.texts?.[m.key];
    return s ? own(still, { ...m, s }) : null;
  };

const rise = hooks.start;
hooks.start = view => {
  const ends = rise(view),
    { model, root, svg, wires } = view,
    canvas = document.createElement("canvas");
  canvas.className = "bk-sheet";
  svg.before(canvas);
  root.classList.add("bk-lab");
  startPast(view);
  startPoints(view);
  const knobs = startKnobs(view),
    deck = startDeck(view);
  let drawn = 0;
  Object.assign(view, {
    canvas,
    labKey: deck.press,
    near(x, y) {
      const tag = nearestWire(view.wired || [], x, y);
      if (!tag) return;
      view.select(tag, "note");
      wires.send({ press: tag });
    },
    // What stands beside the picture, and then, once the picture is painted, what lies over it.
    beside() {
      view.lives = wires.alive();
      knobs();
      deck.update();
      queueMicrotask(() => {
        view.past.place();
        view.classes();
        const turn = model.get("turn"),
          there = model.get("film") === view.past.film && !view.pending();
        if (turn !== drawn && there) wires.send({ drawn: (drawn = turn) });
      });
    }
  });
  model.on("change:offer", view.ask);
  // A kernel goes without a word: who comes to the controls is told.
  for (const name of ["pointerover", "focusin"]) on(root, name, () => wires.alive() === view.lives || view.ask());
  return () => {
    model.off("change:offer", view.ask);
    deck.end();
    ends();
  };
};

const came = hooks.film;
hooks.film = view => {
  const { past, film, model } = view;
  view.whole = partsOf(film);
  past.film = model.get("film");
  if (!past.admit(view.whole)) past.again();
  came(view);
  view.root.classList.toggle("bk-knobless", !film.controls?.length);
};

hooks.laid = laidOver;

const seen = hooks.look;
hooks.look = (view, svg) => {
  const { canvas, wide, film } = view,
    high = film.size[1],
    fine = globalThis.devicePixelRatio || 1;
  view.past.look();
  seen(view, svg);
  // What changes by itself is not read out.
  view.playing = film.transport?.playing ? -1 : 0;
  Object.assign(view, { dotted: [], wired: [], sheet: canvas.getContext("2d") });
  if (canvas.width !== Math.round(wide * fine) || canvas.height !== Math.round(high * fine)) {
    Object.assign(canvas, { width: Math.round(wide * fine), height: Math.round(high * fine) });
    canvas.style.cssText = `width:${wide}px;height:${high}px`;
  }
  view.sheet.setTransform(fine, 0, 0, fine, 0, 0);
  view.sheet.clearRect(0, 0, wide, high);
  const gone = view.root.querySelector(".bk-gone"),
    few = view.past.there().length;
  if (gone && few > 1) gone.textContent = `kernel gone: the last ${few} pictures can be visited`;
  view.beside();
};

hooks.press = (view, tag) => view.pressPoint(tag);

const keyed = hooks.key;
hooks.key = (view, e) => keyed(view, e) || view.pointKey(e) || view.labKey(e);
