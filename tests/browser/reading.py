"""Reading a stepper as a person does: the numbers that stand in the page, beside a replay.

Nothing here asks the film what a number should be: `Reader.compare` takes the text of every number
that can be seen and holds it against `trace.at(k)` of a recording made in the test.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from lab import DRAWN, Page

from backprop_kit.engine.trace import Trace

# What went wrong in the cells of the notebook.
ERRORS = """() => [...window.jupyterapp.shell.currentWidget.content.widgets].flatMap(c =>
  (c.model.outputs?.toJSON() || []).filter(o => o.output_type === 'error').map(o => o.evalue))"""
# Every number in the picture: its tag, its text, and whether its mark wears the sign of age.
_SEEN = """n => [...n.querySelectorAll('svg.bk-picture text[data-tag]')].map(t => {
  const box = t.getBoundingClientRect(), mark = t.closest('g[data-pick]');
  const old = !!mark.querySelector('.bk-stale');
  return [t.dataset.tag, t.textContent, old, box.width > 0 && box.height > 0];
})"""
AT = "([n, i]) => n.querySelector('.bk-time').ariaValueNow === i"
_CELLS = """n => [...n.querySelectorAll('.bk-track i')].map(c => {
  const b = c.getBoundingClientRect();
  return [b.left + b.width / 2, b.top + b.height / 2]; })"""
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_NUMBER = re.compile(r"−?(?:∞|\d+(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)")


def parse(text: str) -> float:
    """The number that a text says: −0.762, 1.25, 4.00·10⁻⁶²."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no number")
    mantissa, _, power = text.replace("−", "-").replace("∞", "inf").partition("·10")
    return float(mantissa) * 10.0 ** int(power.translate(_RAISED) or 0)


def fits(text: str, true: float) -> bool:
    """Whether the text is this number, rounded to three digits."""
    shown = parse(text)
    if true == 0 or shown == 0 or not np.isfinite(true):
        return shown == true
    unit = 10.0 ** (np.floor(np.log10(abs(true))) - 2)
    return bool(abs(shown - true) <= 0.5 * unit * (1 + 1e-9))


def numbers_in(text: str) -> list[str]:
    """The numbers of a sentence, as they are written."""
    return _NUMBER.findall(text.translate(str.maketrans("", "", "₀₁₂₃₄₅₆₇₈₉")))


class Reader:
    """A stepper in the page, and the recording it should show.

    places  {stem of the tags: ("value" or "slope", node)}; a tag is stem:index
    ks      {cut: the step of each frame}
    """

    def __init__(
        self, page: Any, root: Any, trace: Trace, places: dict[str, Any], ks: dict[str, list[int]],
        cut: str = "layer",
    ) -> None:  # fmt: skip
        self.page, self.root, self.trace, self.places, self.ks = page, root, trace, places, ks
        self.cut, self.k = cut, 0
        self.last = {name: len(list_) - 1 for name, list_ in ks.items()}

    # --- moving -----------------------------------------------------------------------------------
    @property
    def i(self) -> int:
        return max(j for j, k in enumerate(self.ks[self.cut]) if k <= self.k)

    def sync(self) -> None:
        """Take over where the page stands."""
        self.cut = self.root.locator(".bk-cut[aria-pressed=true]").text_content()
        self.k = self.ks[self.cut][
            int(self.root.locator(".bk-time").get_attribute("aria-valuenow"))
        ]

    def to(self, cut: str, i: int) -> None:
        """Go to a frame of a cut, wherever the page stands."""
        self.root.scroll_into_view_if_needed()
        self.sync()
        if self.cut != cut:
            self.recut(cut)
        if i == 0:
            self.click("First step")
        elif i != self.i:
            self.slide(i)
        self.expect(i)

    def expect(self, i: int) -> None:
        """Wait until frame i is shown."""
        if i != self.i:
            self.k = self.ks[self.cut][i]
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(i)], timeout=5000)

    def stays(self, i: int) -> None:
        """Frame i is shown, and still when all that was asked for is painted."""
        self.page.evaluate(DRAWN)
        self.expect(i)

    def focus(self) -> None:
        if not self.root.evaluate("n => n.contains(n.getRootNode().activeElement)"):
            self.root.focus()

    def key(self, key: str) -> None:
        self.focus()
        self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def recut(self, cut: str) -> None:
        self.click(cut)
        self.root.locator(".bk-cut[aria-pressed=true]", has_text=cut).wait_for()
        self.cut = cut
        self.expect(self.i)

    def slide(self, i: int) -> None:
        """Click the timeline where frame i ends (i from 1)."""
        x, y = self.root.evaluate(_CELLS)[i - 1]
        self.page.mouse.click(x, y)

    def wander(self, rng: random.Random) -> str:
        """One step of any kind; says which."""
        last, i = self.last[self.cut], self.i
        how = rng.choice(["key", "key", "button", "button", "slider", "end", "cut"])
        if how == "key":
            key = rng.choice(["ArrowRight", "ArrowRight", "ArrowLeft"])
            self.key(key)
            self.expect(min(max(i + (1 if key == "ArrowRight" else -1), 0), last))
        elif how == "button":
            name = rng.choice(["Forward one step", "Forward one step", "Back one step"])
            self.click(name)
            self.expect(min(max(i + (1 if name.startswith("Forward") else -1), 0), last))
        elif how == "slider":
            to = rng.randint(1, last)
            self.slide(to)
            self.expect(to)
        elif how == "end":
            name, to = rng.choice([("First step", 0), ("Last step", last)])
            self.click(name)
            self.expect(to)
        else:
            self.recut(rng.choice([c for c in self.ks if c != self.cut] or [self.cut]))
        return f"{how}: {self.cut} {self.i}"

    # --- reading ----------------------------------------------------------------------------------
    def caption(self) -> str:
        return self.root.locator(".bk-say").text_content()

    def seen(self) -> list[tuple[str, str, bool]]:
        """(tag, text, old) of every number that can be seen."""
        return [(tag, text, old) for tag, text, old, there in self.root.evaluate(_SEEN) if there]

    def compare(self) -> int:
        """Hold every number that can be seen against the recording; how many there were."""
        now, count = self.trace.at(self.k), 0
        for tag, text, old in self.seen():
            stem, _, index = tag.partition(":")
            if stem.startswith("block"):
                continue  # the name of a closed block
            kind, node = self.places[stem]
            whole = now.value(node) if kind == "value" else now.grad(node)
            where = f"{tag} reads {text!r} at k = {self.k}"
            if whole is None:
                assert text == "–", f"{where}, and is not computed yet"
            else:
                true = float(np.reshape(whole, -1)[int(index or 0)])
                assert text != "–" and fits(text, true), f"{where}; it is {true!r}"
                if kind == "value":
                    assert old == now.stale(node), f"{where}: stale is {now.stale(node)}"
            count += 1
        return count


def chain(recorded: Any, links: list[tuple[str, str]]) -> dict[str, Any]:
    """Places of a plain net, written down by hand: the input, the parameters, the loss."""
    about = {"v0": ("value", recorded.x), "L": ("value", recorded.trace.loss)}
    for stem, path in links:
        leaf = recorded.parameters[path]
        about[stem], about["g" + stem] = ("value", leaf), ("slope", leaf)
    return about


def ks_of(film: Any) -> dict[str, list[int]]:
    return {cut: [f.k for f in frames] for cut, frames in film.cuts.items()}


def badge_of(page: Page) -> Callable[[int], None]:
    """For `Page.start` after a cell of imports: wait until the stepper of cell i has its badge.

    Before the first picture is painted nothing is asked, so all that came is the first view.
    """

    def shown(i: int) -> None:
        if i:
            root = page.page.locator(".bk-stage").nth(i - 1)
            root.scroll_into_view_if_needed()
            root.locator(".bk-badge").wait_for()

    return shown
