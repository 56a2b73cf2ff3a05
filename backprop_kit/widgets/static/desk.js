// The panel of the matrices: one number as a sum, its gradient as blame of the samples, and products to try.

import { div, h, span } from "./dom.js";
import { htmlText } from "./markup.js";
import { kinds } from "./panel.js";
import { activeOf, chosen, resultOf } from "./looking.js";
import { deed, explain, held, told } from "./explain.js";
import { blame } from "./shares.js";
import { tryProducts } from "./tries.js";

kinds.desk = c => {
  const eq = activeOf(c),
    pick = chosen(c),
    { eye } = c;
  if (!eq || !pick || c.film.presenter) return null;
  const own = resultOf(eq),
    ours = own && own.v.some(([name]) => name === pick.name),
    done = c.frame.to?.includes(eq.tag),
    tabs = [done && eq.blame && ours && "blame", "sum", done && eq.tries && ours && "try"].filter(Boolean),
    tab = eye.now ? "sum" : tabs.includes(eye.tab) ? eye.tab : tabs[0];
  const title = c.frame.panel[0].s;
  return div(
    "desk" + (ours ? "" : " foreign"),
    !ours && div("desk-title", told(c, "number")),
    tabs.length > 1 &&
      h(
        "div",
        { class: "tabs cuts", role: "group" },
        tabs.map(name => held(deed(c, "tab:" + name, null, "cut", () => (eye.tab = name), told(c, name)), name === tab))
      ),
    tab === "blame" && blame(c, pick),
    tab === "try" && tryProducts(c, eq.tries, eq.tag),
    tab === "sum" && [tabs.length > 1 && div("desk-title", span("", htmlText(title))), explain(c, pick)]
  );
};
