// The row under the picture, and the head above it: what moves a lab, and what keeps its moment.

import { button, div, h, on, put, refill, span } from "./dom.js";
import { SHAPES, icon } from "./transport.js";

SHAPES.copy = "M9 9h11v11H9zM5 15H4V4h11v1";
SHAPES.save = "M12 4v11M7 11l5 5 5-5M4 20h16";

const ASKS = "No kernel: run this cell again to go on.";

export function startDeck(view) {
  const { model, root, wires } = view,
    scene = root.querySelector(".bk-scene"),
    head = root.querySelector(".bk-head"),
    right = div("right");
  scene.before(right);
  right.append(scene);

  // Steps that are pressed faster than they are answered are counted; a key held down is not.
  const act = (action, held) => {
    const name = "act:" + action;
    if (!wires.alive() || (held && view.pending(name))) return;
    if (action === "pause") wires.send({ act: action });
    else view.tell(name, { act: action, times: /step|back/.test(action) ? (view.waiting.get(name)?.times || 0) + 1 : 1 });
  };
  const key = (action, label, ...kids) => button("button " + action, label, () => act(action), kids);
  const reset = key("reset", "reset to step 0", "reset"),
    back = key("back", "step back", icon("first")),
    play = button("button play", "play", () => toggle()),
    step = key("step", "step", span("word", "step"), icon("last")),
    sizes = h("div", { class: "choice", role: "group", "aria-label": "one step is" }),
    speed = h("select", { "aria-label": "speed", class: "speed" }),
    count = span("counter"),
    progress = h("div", { class: "progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, h("i")),
    row = div("deck", reset, back, play, step, span("onestep", "one step is"), sizes, speed, count, progress);
  right.append(row);
  row.append(root.querySelector(".bk-badge"), root.querySelector(".bk-large"));
  on(speed, "change", () => act("speed:" + speed.value));
  on(speed, "keydown", e => e.stopPropagation());
  on(speed, "click", e => e.stopPropagation());
  const toggle = () => act(view.film.transport.playing ? "pause" : "play");

  // The moment: copied as a token, or saved as a file. Where nothing may be copied, it is shown selected.
  const chip = button("moment", null, () => keep()),
    shown = h("input", { class: "token", readonly: "", "aria-label": "token", type: "text" }),
    offer = div("offer");
  let done = "";
  chip.hidden = shown.hidden = offer.hidden = true;
  head.append(offer, shown, chip);
  on(shown, "click", e => e.stopPropagation());
  on(shown, "blur", () => ((shown.hidden = true), view.ask()));
  const say = words => {
    done = words;
    setTimeout(() => ((done = ""), view.ask()), 1800);
    view.ask();
  };
  const select = token => {
    shown.hidden = false;
    shown.value = token;
    shown.focus({ preventScroll: true });
    shown.select();
    if (!root.ownerDocument.execCommand?.("copy")) return say("press Ctrl C");
    shown.hidden = true;
    chip.focus({ preventScroll: true });
    say("copied");
  };
  const keep = () => {
    const { token } = view.film.chip;
    if (!token) return wires.send({ save: true });
    const copied = navigator.clipboard?.writeText(token);
    if (copied) copied.then(() => say("copied")).catch(() => select(token));
    else select(token);
  };
  const saved = (said, buffers) => {
    if (typeof said?.file !== "string") return;
    const href = URL.createObjectURL(new Blob(buffers, { type: "application/json" }));
    h("a", { href, download: said.file }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1e4);
    say("saved");
  };
  model.on("msg:custom", saved);

  // A token that the page kept from an earlier life of this cell is offered, until something else is kept in its place.
  const home = "backprop_kit:" + model.get("home"),
    first = model.get("token");
  const store = token => {
    try {
      return token ? localStorage.setItem(home, token) : localStorage.getItem(home);
    } catch {
      return null;
    }
  };
  let asked = !model.get("home"),
    last = first,
    since = 0;
  const remember = () => {
    const token = model.get("token"),
      { playing } = view.film.transport || {};
    if (!asked && wires.alive()) {
      asked = true;
      const found = store();
      if (found && found !== token) wires.send({ found });
    }
    if (!token || token === last || !model.get("home") || model.get("offer") || (playing && Date.now() - since < 1000)) return;
    last = token;
    since = Date.now();
    store(token);
  };
  const answers = [
    [null, true],
    ["start anew", false]
  ].map(([words, taken]) => button("answer", words, () => view.tell("offer", { offer: taken }), words));
  offer.append(answers[0], " · ", answers[1]);

  const update = () => {
    const { film } = view,
      { transport: t, chip: c = {}, controls = [] } = film,
      gone = !wires.alive(),
      past = view.past.there();
    row.hidden = !t;
    root.classList.toggle("bk-lab", !!(t || controls.length));
    if (t) {
      const { playing, size, can_back, counter = "", progress: part, speeds } = t,
        off = (node, why) => {
          node.disabled = !!why;
          put(node, { title: why || node.ariaLabel });
        };
      reset.hidden = !view.stacked && controls.some(group => group.items.some(item => item.name === "reset"));
      off(reset, gone ? ASKS : can_back ? "" : "This is step 0.");
      off(back, gone ? (past.length > 1 ? "" : ASKS) : can_back ? "" : "This is step 0.");
      off(step, gone ? (past.length > 1 ? "" : ASKS) : "");
      const word = playing ? "pause" : "play";
      if (play.ariaLabel !== word) put(play, { "aria-label": word });
      if (play.dataset.word !== word) refill(play, icon(word), span("word", word));
      play.dataset.word = word;
      off(play, gone ? ASKS : "");
      if ([...sizes.children].map(n => n.textContent).join() !== t.sizes.join()) refill(sizes, t.sizes.map(name => button("option", null, () => act("size:" + name), name)));
      [...sizes.children].forEach((node, i) => {
        node.disabled = gone;
        put(node, { "aria-pressed": `${t.sizes[i] === size}` });
      });
      const offered = JSON.stringify(speeds || []);
      if (speed.dataset.key !== offered)
        refill(
          speed,
          (speeds || []).map(([value, label]) => h("option", { value }, label))
        );
      speed.dataset.key = offered;
      speed.hidden = !speeds;
      speed.disabled = gone;
      if (speeds && !view.pending("act:speed:" + speed.value)) speed.value = t.speed;
      const [, before, n, after] = (part ? `${Math.round(100 * part.share)} % · ${part.left} left` : counter).match(/^(\D*)([\d,]*)(.*)$/);
      refill(count, before, h("b", {}, n), after);
      progress.hidden = !part;
      if (part) {
        progress.firstChild.style.width = 100 * part.share + "%";
        put(progress, { "aria-valuenow": Math.round(100 * part.share), "aria-label": `${part.left} left` });
      }
    }
    chip.hidden = !c.text;
    if (c.text) {
      const key = [done, c.text, c.short].join("|");
      if (chip.dataset.key !== key) refill(chip, h("b", {}, done || c.text), icon(c.token ? "copy" : "save"), c.short && span("short", c.short));
      chip.dataset.key = key;
      chip.disabled = !c.token && gone;
      put(chip, { "aria-label": `${c.text} ${c.short || ""}`, title: chip.disabled ? ASKS : c.token || c.text });
    }
    const found = gone ? "" : model.get("offer");
    offer.hidden = !found;
    answers[0].textContent = found;
    head.classList.toggle("bk-offering", !!found);
    remember();
  };
  // The keys of a lab: they ask, like the buttons; without a kernel they go through what was kept.
  const press = e => {
    const action = { ArrowRight: "step", ArrowLeft: "back", Home: "reset", End: "last", " ": "play" }[e.key],
      { transport: t } = view.film;
    if (!t || !action || e.target.closest("input, select") || (e.key === " " && e.target.closest("button"))) return false;
    if (!wires.alive()) view.past.hop({ step: 1, back: -1, reset: -1e9, last: 1e9 }[action] || 0);
    else if (action === "last") view.past.visit(Infinity, true);
    else if (action === "play") e.repeat || toggle();
    else if (t.can_back || action === "step") act(action, e.repeat);
    return true;
  };
  return { update, press, end: () => model.off("msg:custom", saved) };
}
