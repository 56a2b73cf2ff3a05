"""Pictures of what the browser tests see, for a person to look at: both themes, both widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import Page

SHOTS = Path(__file__).parent / "shots"
both_widths = pytest.mark.parametrize(("window", "output"), [(1280, 1100), (1028, 848)])
_WORN = "([n, m, w]) => n.dataset.theme === m && Math.abs(n.offsetWidth - w) < 20"
# What moves has arrived; nothing moves for a second.
_STILL = """async n => {
  await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
  const moving = n.getAnimations({ subtree: true }).map(a => a.finished.catch(() => {}));
  await Promise.race([Promise.all(moving), new Promise(r => setTimeout(r, 1000))]);
}"""


def themes(book: Page, window: int) -> Iterator[str]:
    """Make the window so wide and change to "light", then to "dark"; afterwards all is as usual."""
    book.page.set_viewport_size({"width": window, "height": 900})
    for mode in ("light", "dark"):
        book.theme(f"JupyterLab {mode.capitalize()}")
        yield mode
    book.page.set_viewport_size({"width": 1280, "height": 900})
    book.theme("JupyterLab Light")
    book.clean()


def worn(book: Page, root: Any, mode: str, output: int) -> None:
    """Wait until a stage wears the theme and is so wide, and nothing of it moves."""
    root.scroll_into_view_if_needed()
    book.page.wait_for_function(_WORN, arg=[root.element_handle(), mode, output])
    root.evaluate(_STILL)


def shoot(root: Any, name: str) -> None:
    """Photograph a stage as it stands once nothing of it moves."""
    root.evaluate(_STILL)
    SHOTS.mkdir(exist_ok=True)
    root.screenshot(path=str(SHOTS / f"{name}.png"))
