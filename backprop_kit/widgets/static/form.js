// The panel that asks: draws what is asked and what has been said, sends what was chosen.
// It knows no answers: what is right, and why, comes from the kernel after the learner's act.

import { h, g } from "./dom.js";
import { isDark } from "./theme.js";
import { htmlText } from "./markup.js";
import { link } from "./link.js";

const SURE = ["guess", "fairly sure", "certain"];
const MARKS = {
  right: [24, "M6 12.5l4 4 8-9"],
  wrong: [24, "M6 9.5h12M6 14.5h12M9 19l6-14"],
  lock: [16, "M5 7V5a3 3 0 0 1 6 0v2", "M3.5 7h9v6.5h-9z"],
};

function mark(kind) {
  const [size, d, body] = MARKS[kind];
  return g("svg", { class: "bkf-mark bkf-" + kind, viewBox: `0 0 ${size} ${size}`, width: size, height: size, "aria-hidden": "true" },
    g("path", { d }), body ? g("path", { d: body, fill: "currentColor" }) : null);
}

function pressed(label, name, act) {
  const button = h("button", { type: "button", class: name }, label);
  button.addEventListener("click", act);
  return button;
}

function form({ model, el }) {
  const kernel = link(model, el, () => {});
  // Ids must differ between two views of one page.
  const uid = "bk" + Math.random().toString(36).slice(2, 9);
  const panel = model.get("panel");
  const state = item => model.get("states")[item.id] ?? {};
  const phase = item => state(item).phase ?? "ask";
  // By question id, the nodes that change.
  const parts = new Map();
  let page = 0;

  const note = h("span", { class: "bkf-note" });
  const turn = pressed("", "bkf-turn", () => { page = 1 - page; paint(); });
  const problem = h("p", { class: "bkf-problem", role: "status" });
  const radios = (name, words) => words.map((word, value) =>
    h("label", null, h("input", { type: "radio", name, value }), h("span", null, htmlText(word))));
  const picked = box => [...box.querySelectorAll("input")].findIndex(input => input.checked);

  function build(item) {
    const name = uid + item.id, part = {};
    parts.set(item.id, part);
    part.options = h("div", { class: "bkf-options" }, radios(name, item.options));
    part.say = h("div", { class: "bkf-say", role: "status" });
    part.box = h("fieldset", { class: "bkf-item" }, h("legend", null, htmlText(item.question)));
    if (panel.kind === "quiz") part.box.append(part.options, part.say);
    else {
      part.sure = h("span", { class: "bkf-sure", role: "radiogroup", "aria-label": "how sure" }, radios(name + "sure", SURE));
      part.who = h("span", { class: "bkf-label" }, "you");
      part.you = h("div", { class: "bkf-place bkf-you", tabindex: -1 });
      part.net = h("div", { class: "bkf-place bkf-net" });
      part.box.append(h("div", { class: "bkf-places" }, part.who, part.options, part.you,
        h("span", { class: "bkf-label bkf-their" }, htmlText(item.net)), part.net,
        h("div", { class: "bkf-ask" }, part.sure, pressed(panel.button, "bkf-go", send)), part.say));
    }
    return part.box;
  }

  const sheets = panel.pages.map(items => h("div", { class: "bkf-page" }, items.map(build),
    panel.kind === "quiz" ? h("div", { class: "bkf-foot" }, pressed(panel.button, "bkf-go", send)) : null));
  const root = h("section", { class: "bk bk-form", "aria-labelledby": uid, "data-kind": panel.kind, tabindex: -1, "data-lm-suppress-shortcuts": "true" },
    h("div", { class: "bkf-head" }, h("h3", { class: "bkf-kicker", id: uid }, panel.kicker), note, turn),
    h("div", { class: "bkf-pages" }, sheets), problem);

  function say(part, words, kind, verdict) {
    part.say.dataset.mark = kind ?? "";
    part.say.replaceChildren(...(kind ? [mark(kind)] : []), ...(verdict ? [h("b", null, htmlText(verdict)), " "] : []), ...htmlText(words));
  }

  function send() {
    if (!kernel.alive()) return void (problem.textContent = model.get("gone"));
    const answers = {};
    for (const item of panel.pages[page]) {
      if (phase(item) !== "ask" && phase(item) !== "wrong") continue;
      const part = parts.get(item.id), chosen = picked(part.options), sure = part.sure ? picked(part.sure) : 0;
      if (chosen < 0) say(part, "Choose one first.");
      else if (sure < 0) say(part, "How sure are you? Choose one.");
      else {
        answers[item.id] = { chosen, sure: part.sure ? SURE[sure] : "" };
        const shown = part.shown;
        if (phase(item) === "ask") setTimeout(() => part.shown === shown && say(part, "The kernel is busy; it will answer."), 900);
      }
    }
    if (Object.keys(answers).length) kernel.send({ answers });
  }

  function paintItem(item) {
    const part = parts.get(item.id), now = state(item), at = phase(item), shown = JSON.stringify(now);
    if (part.shown === shown) return;
    const done = ["committed", "revealed", "right"].includes(at);
    const held = part.box.contains(root.getRootNode().activeElement);
    part.shown = shown;
    part.box.dataset.phase = at;
    part.options.querySelectorAll("input").forEach((input, i) => {
      if ("chosen" in now) input.checked = i === now.chosen;
      input.disabled = done && i !== now.chosen;
      input.parentNode.classList.toggle("bkf-chosen", done && i === now.chosen);
    });
    if (at === "committed") say(part, now.say, "lock", `Committed, ${now.sure}.`);
    else say(part, now.say ?? "", now.verdict && at, now.verdict);
    if (!part.you) return;
    part.who.textContent = done ? "you, " + now.sure : "you";
    part.you.replaceChildren(...htmlText(done ? item.options[now.chosen] : ""));
    const covered = !("net" in now);
    part.net.replaceChildren(...htmlText(covered ? "?" : now.net));
    part.net.dataset.covered = covered;
    for (const [name, value] of [["role", "img"], ["aria-label", "not shown yet"]])
      covered ? part.net.setAttribute(name, value) : part.net.removeAttribute(name);
    // The button that had the focus is gone: the answer takes it, so that keys still have a place.
    if (held && done) part.you.focus({ preventScroll: true });
  }

  function paint() {
    panel.pages.forEach((items, i) => {
      items.forEach(paintItem);
      sheets[i].inert = i !== page;
      sheets[i].classList.toggle("bkf-away", i !== page);
      const done = items.every(item => phase(item) === "right"), active = root.getRootNode().activeElement;
      sheets[i].classList.toggle("bkf-done", done);
      if (done && sheets[i].contains(active) && active.localName === "button") root.focus({ preventScroll: true });
    });
    const other = panel.pages[1 - page];
    note.textContent = other ? `question ${page + 1} of 2` : panel.note;
    turn.hidden = !other || other.some(item => phase(item) === "ahead");
    turn.textContent = page ? "‹ first question" : "second question ›";
    const open = panel.pages.flat().some(item => phase(item) === "ask" || phase(item) === "wrong");
    problem.textContent = model.get("problem") || (open && !kernel.alive() ? model.get("gone") : "");
  }

  // Lab would run, cut or delete the cell: no plain key leaves this panel.
  root.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key === "Enter" && event.target !== turn) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      let host = el.parentNode;
      while (host && !(host.tabIndex >= 0)) host = host.parentNode ?? host.host;
      host?.focus?.();
    }
  });

  const theme = () => (root.dataset.theme = isDark(el) ? "dark" : "light");
  const watch = new MutationObserver(theme);
  watch.observe(el.ownerDocument.body, { attributes: true });
  const first = panel.pages.findIndex(items => items.some(item => phase(item) !== "revealed"));
  if (first > 0 && phase(panel.pages[first][0]) !== "ahead") page = first;
  model.on("change:states", paint);
  model.on("change:problem", paint);
  model.on("comm_live_update", paint);
  el.append(root);
  theme();
  paint();
  return () => {
    watch.disconnect();
    model.off("change:states", paint);
    model.off("change:problem", paint);
    model.off("comm_live_update", paint);
    kernel.close();
  };
}
export default { render: form };
