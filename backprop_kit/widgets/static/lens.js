// The strip over a training step that is looked into: which one it is, and the ways on and out.

import { button, div, h, on, span } from "./dom.js";
import { isDark } from "./theme.js";
import { link } from "./link.js";

function lens({ model, el }) {
  const kernel = link(model, el, () => {}),
    what = span("lens-what"),
    problem = span("lens-problem");
  const go = (act, label, ...kids) => button("lens-" + act, label, () => kernel.send({ act }), kids);
  const root = h(
    "div",
    { class: "bk bk-lens", role: "group", "aria-label": "One training step", "data-lm-suppress-shortcuts": "true" },
    go("close", "Back to the training lab", "‹ training lab"),
    what,
    problem,
    go("back", "The training step before", "‹ step before"),
    go("next", "The next training step", "next step ›")
  );
  const show = () => {
    what.textContent = model.get("what");
    problem.textContent = kernel.alive() ? model.get("problem") : "No kernel: run this cell again to go on.";
    for (const b of root.querySelectorAll("button")) b.disabled = !kernel.alive();
    root.querySelector(".bk-lens-back").disabled ||= !model.get("can_back");
    root.querySelector(".bk-lens-next").disabled ||= !model.get("can_go");
  };
  const theme = () => (root.dataset.theme = isDark(el) ? "dark" : "light");
  // Lab would run, cut or delete the cell: no plain key leaves this strip.
  on(root, "keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    e.stopPropagation();
    if (e.key === "Escape") kernel.send({ act: "close" });
  });
  const watch = new MutationObserver(theme),
    heard = ["change:what", "change:problem", "change:can_back", "change:can_go", "comm_live_update"];
  watch.observe(el.ownerDocument.body, { attributes: true });
  heard.forEach(name => model.on(name, show));
  el.append(root);
  theme();
  show();
  return () => {
    watch.disconnect();
    heard.forEach(name => model.off(name, show));
    kernel.close();
    root.remove();
  };
}
export default { render: lens };
