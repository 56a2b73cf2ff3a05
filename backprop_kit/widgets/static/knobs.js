// The column of controls: what stands there is the film's, what a hand does goes to the kernel.

import { button, clamp, div, h, on, put, range, refill, span } from "./dom.js";
import { number } from "./numbers.js";

const NEEDS = "No kernel: run this cell again to change it.";
const spelled = v => (Number.isInteger(v) ? `${v}`.replace("-", "−") : number(v));
// What is typed may have a comma; what is no number is for the kernel to refuse.
const read = text => {
  const v = Number(text.trim().replace("−", "-").replace(",", "."));
  return text.trim() && v === v ? v : text.trim();
};

// A field is told where it stands, unless somebody is typing in it.
const typed = (field, send) => {
  on(field, "input", () => (field.typing = true));
  on(field, "blur", () => (field.typing = false));
  on(field, "change", () => {
    field.typing = false;
    send(read(field.value), true);
  });
};

// One control of each kind: how it is made, and how it is told where it stands.
const makers = {
  select(item, send) {
    const node = h("select");
    on(node, "change", () => send(node.selectedIndex, true));
    return {
      node,
      set({ options, value }) {
        const key = options.join("\n");
        if (node.dataset.key !== key) {
          refill(
            node,
            options.map(option => h("option", {}, option))
          );
          node.dataset.key = key;
        }
        node.selectedIndex = value;
      }
    };
  },

  slider(item, send) {
    const node = h("input", { type: "range" });
    let texts;
    const say = () => {
      node.said = texts ? texts[node.value] : spelled(+node.value);
      put(node, { "aria-valuetext": node.said });
      node.style.setProperty("--bk-share", `${(100 * (node.value - node.min)) / (node.max - node.min || 1)}%`);
    };
    // A key moves it once; a hand may not yet have let go.
    const go = done => {
      if (done) node.held = false;
      say();
      send(+node.value, done);
    };
    on(node, "pointerdown", () => (node.held = true));
    on(node, "input", () => node.held && go(false));
    on(node, "change", () => go(true));
    on(node, "pointercancel", () => node.held && go(true));
    on(node, "pointerup", () => setTimeout(() => (node.held = false)));
    return {
      node,
      text: true,
      set({ options, lo = 0, hi = options.length - 1, step = options ? 1 : "any", value }) {
        texts = options;
        put(node, { min: lo, max: hi, step });
        node.value = value;
        say();
      }
    };
  },

  stepper(item, send) {
    const field = h("input", { type: "text", inputmode: "numeric", role: "spinbutton" });
    // Pressed again before the answer, it goes on from where it was wished to be.
    let now = item,
      wish;
    const by = n => {
      field.value = wish = clamp((wish ?? now.value) + n * (now.step || 1), now.lo, now.hi);
      send(wish, true);
    };
    const less = button("less", `less: ${item.label}`, () => by(-1), "−"),
      more = button("moreof", `more: ${item.label}`, () => by(1), "+");
    typed(field, send);
    on(field, "keydown", e => {
      const n = { ArrowUp: 1, ArrowDown: -1 }[e.key];
      if (n) (e.preventDefault(), by(n));
    });
    return {
      node: div("stepper", less, field, more),
      field,
      set(item) {
        const { value, lo, hi, text, off } = (now = item);
        wish = null;
        if (!field.typing) field.value = off ? "–" : text || value;
        put(field, { "aria-valuenow": value, "aria-valuemin": lo, "aria-valuemax": hi });
        less.disabled = value <= lo;
        more.disabled = value >= hi;
      }
    };
  },

  number(item, send) {
    const node = h("input", { type: "text", inputmode: "decimal" });
    typed(node, send);
    return {
      node,
      set({ value, text, off }) {
        if (!node.typing) node.value = off ? "–" : text || spelled(value);
      }
    };
  },

  switch(item, send) {
    const node = button("switch", item.label, () => send(node.ariaChecked !== "true", true), h("i"));
    put(node, { role: "switch" });
    return { node, set: ({ value }) => put(node, { "aria-checked": `${!!value}` }) };
  },

  button(item, send) {
    return { node: button("press", item.label, () => send(true, true), item.label), set() {} };
  },

  chips(item, send) {
    const node = h("div", { class: "pills", role: "group" });
    return {
      node,
      set({ options, value }) {
        if (node.childElementCount !== options.length)
          refill(
            node,
            options.map((option, i) =>
              button(
                "pill",
                option,
                () => send(range(options.length).filter(j => (node.children[j].ariaPressed === "true") !== (i === j)), true),
                option
              )
            )
          );
        [...node.children].forEach((pill, i) => put(pill, { "aria-pressed": `${value.includes(i)}` }));
      }
    };
  }
};

export function startKnobs(view) {
  const { root, wires } = view,
    column = h("div", { class: "knobs", role: "group", "aria-label": "controls" }),
    folds = div("folds"),
    open = new Set(),
    made = new Map();
  let key = "",
    unfolded = "";
  root.querySelector(".bk-mid").prepend(folds, column);
  // Keys that mean something to a field are not those of the stage; a press on a field leaves it the focus.
  const field = e => e.target.closest("input, select") || (e.key === " " && e.target.closest("button"));
  for (const node of [column, folds]) {
    on(node, "keydown", e => !(e.ctrlKey || e.metaKey || e.altKey) && field(e) && e.stopPropagation());
    on(node, "click", e => e.target.closest("input, select, option") && e.stopPropagation());
  }

  const send = name => (value, done) => {
    view.tell("knob:" + name, { knob: name, value, done });
    view.ask();
  };
  const make = item => {
    const control = makers[item.kind](item, send(item.name)),
      value = span("value"),
      wide = /chips|button/.test(item.kind),
      row = h("div", { class: `dial dial-${item.kind}`, "data-knob": item.name }, wide && item.kind === "button" ? null : span("label", item.label), control.node, control.text && value);
    made.set(item.name, { ...control, row, value });
    return row;
  };
  const build = groups => {
    const focused = root.getRootNode().activeElement?.closest?.("[data-knob]")?.dataset.knob;
    made.clear();
    refill(
      column,
      groups.map(({ title, note, items }) => {
        const rare = items.filter(item => item.more),
          more = rare.length > 0 && button("rare", `${rare.length} more`, () => fold(title));
        return h(
          "div",
          { class: title ? "knobgroup" : "knobgroup foot-knobs", role: "group", "aria-label": title || "run", "data-group": title },
          title && div("knobhead", h("b", {}, title), more, span("", note)),
          items.filter(item => !item.more).map(make),
          div("rares", rare.map(make))
        );
      })
    );
    refill(
      folds,
      groups.filter(group => group.title).map(({ title }) => button("fold", null, () => ((unfolded = unfolded === title ? "" : title), view.ask()), title))
    );
    (made.get(focused)?.field || made.get(focused)?.node)?.focus({ preventScroll: true });
  };
  const fold = title => {
    if (!open.delete(title)) open.add(title);
    view.ask();
  };

  return () => {
    const groups = view.film.controls || [],
      gone = !wires.alive(),
      now = JSON.stringify(groups.map(({ title, note, items }) => [title, note, items.map(({ name, kind, label, more }) => [name, kind, label, more])]));
    if (key !== now) {
      key = now;
      build(groups);
    }
    root.classList.toggle("bk-knobless", !groups.length);
    for (const part of column.children) {
      const { group } = part.dataset,
        more = part.querySelector(".bk-rare");
      part.classList.toggle("bk-open", open.has(group));
      part.classList.toggle("bk-unfolded", unfolded === group);
      if (more) put(more, { "aria-expanded": `${open.has(group)}` }).textContent = open.has(group) ? "−" : "+";
    }
    for (const node of folds.children) put(node, { "aria-expanded": `${node.textContent === unfolded}` });
    for (const item of groups.flatMap(group => group.items)) {
      const { node, field, set, text, row, value } = made.get(item.name),
        why = item.off || (gone ? NEEDS : ""),
        inputs = node.matches("input, select, button") ? [node] : [...node.querySelectorAll("input, button")];
      // What a hand holds, or has just let go, stands where the hand put it.
      if (!node.held && !view.pending("knob:" + item.name)) set(item);
      if (text) value.textContent = item.off ? "–" : node.held || view.pending("knob:" + item.name) ? node.said : item.text;
      row.classList.toggle("bk-off", !!why);
      for (const input of inputs) {
        if (why) input.disabled = true;
        else if (!/bk-(less|moreof)/.test(input.className)) input.disabled = false;
      }
      put(row, { title: why || item.label });
      put(field || node, { "aria-label": item.label + (why ? ": " + why : "") });
    }
  };
}
