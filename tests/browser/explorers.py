"""Explorers in the page: acting on one as a hand does, and reading it once it has come to rest."""

from __future__ import annotations

from typing import Any, Self

from lab import DRAWN, Page
from reading import AT

SMALL = """n => [...n.querySelectorAll('text, span, p, button')].filter(t => t.textContent.trim()
  && t.getBoundingClientRect().width && !t.closest('sub, sup, tspan')
  && parseFloat(getComputedStyle(t).fontSize) < 12).map(t => t.textContent)"""
REST = "n => n.getAttribute('aria-busy') !== 'true'"
_WAYS = {"ArrowRight": 1, "ArrowLeft": -1, "Home": -999, "End": 999}


class Explorer:
    """One explorer of the page; a kind of it says in ``state`` what is read of it."""

    state: str

    def __init__(self, book: Page, index: int) -> None:
        self.book, self.page = book, book.page
        self.root = book.page.locator(".bk-stage").nth(index)

    def show(self) -> Self:
        self.root.scroll_into_view_if_needed()
        self.root.locator(".bk-badge.bk-ok").wait_for(timeout=20_000)
        return self

    def read(self) -> Any:
        """Everything that can be read, of one moment, once it stays as it is."""
        before = None
        for _ in range(80):
            self.page.evaluate(DRAWN)
            now = self.root.evaluate(self.state)
            if now == before:
                return now
            before = now
            self.page.wait_for_timeout(40)
        raise AssertionError("the picture does not come to rest")

    def grip(self, tag: str) -> Any:
        return self.root.locator(f'.bk-grip[data-grip="{tag}"]')

    def key(self, tag: str, key: str) -> None:
        """Move a handle by a key."""
        self.grip(tag).focus()
        self.page.keyboard.press(key)
        self.settle()

    def drag(self, tag: str, dx: float, dy: float = 0) -> None:
        """Take a handle and move it by so many pixels."""
        box = self.grip(tag).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx / 2, y + dy / 2)
        self.page.mouse.move(x + dx, y + dy)
        self.page.mouse.up()
        self.settle()

    def choose(self, name: str) -> None:
        """Press one of a joined choice."""
        self.root.get_by_role("button", name=name, exact=True).click()
        chosen = self.root.locator('.bk-option[aria-pressed="true"]')
        chosen.get_by_text(name, exact=True).wait_for()
        self.settle()

    def at(self) -> int:
        return int(self.root.locator(".bk-time").get_attribute("aria-valuenow"))

    def step(self, key: str) -> None:
        """Press a key of the stage; the step it leads to is shown then."""
        last = int(self.root.locator(".bk-time").get_attribute("aria-valuemax"))
        to = min(max(self.at() + _WAYS[key], 0), last)
        self.root.focus()
        self.page.keyboard.press(key)
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(to)], timeout=5000)

    def settle(self) -> None:
        """Wait until the last question has its answer, and the answer its check."""
        self.page.wait_for_function(REST, arg=self.root.element_handle(), timeout=10_000)
        self.root.locator(".bk-badge.bk-ok").wait_for(timeout=10_000)
