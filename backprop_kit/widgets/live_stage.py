"""The Stage for pictures that are computed while a person drags."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import traitlets as t

from ..films.film import Film
from .stage import _MODULES, _STATIC, Stage, script, style


class LiveStage(Stage):
    """A Stage with handles to drag, and a second source: frames that replace the last one.

    Marks are sent once; `renew` then sends the arrays that differ and the frames. The page asks one
    question at a time and keeps only the newest, so a change costs one message in and one out,
    however fast the hand and however slow the kernel.
    """

    _esm = script((*_MODULES, "live", "plane"))
    _css = style() + (_STATIC / "live.css").read_text(encoding="utf-8")

    live = t.Bytes().tag(sync=True)
    heard = t.Int(0).tag(sync=True)

    def __init__(self, film: Film, **how: Any) -> None:
        self._dragged: list[Callable[[str, float, float | None, bool], Any]] = []
        self._hovered: list[Callable[[str], Any]] = []
        self._chosen: list[Callable[[str, int], Any]] = []
        self._sent = film
        super().__init__(film, **how)

    def renew(self, film: Film) -> None:
        """Show this film in the place of the last; the step stays.

        Where the picture is the same, only what has changed in it is sent.
        """
        over = None if self._held or self._until is not None else film.pack_over(self._sent)
        if over is None:
            self.show(film)
        else:
            self._source = film
            self.live = over

    def on_drag(self, callback: Callable[[str, float, float | None, bool], Any]) -> None:
        """Call ``callback(tag, x, y, done)`` while a handle is moved, in the units of its plane.

        y is None where a handle moves one way only; ``done`` says that it has been let go.
        """
        self._dragged.append(callback)

    def on_hover(self, callback: Callable[[str], Any]) -> None:
        """Call ``callback(tag)`` when the pointer comes to a mark that asks for it, "" when it
        leaves."""
        self._hovered.append(callback)

    def on_choose(self, callback: Callable[[str, int], Any]) -> None:
        """Call ``callback(name, option)`` when one of a joined choice is pressed."""
        self._chosen.append(callback)

    def _pack(self) -> None:
        if not self._held:
            self._sent = self._source
            # What was laid over the last film does not belong to this one.
            with self.hold_sync():
                self.live = b""
                super()._pack()

    def _hear(self, stage: object, content: object, buffers: object) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("n"), int):
            super()._hear(stage, content, buffers)
            return
        with self.hold_sync():  # one answer, whatever it changes
            for callbacks, told in (
                (self._dragged, _drag(content)),
                (self._hovered, _hover(content)),
                (self._chosen, _choice(content)),
            ):
                for callback in callbacks if told is not None else ():
                    callback(*told)
            self.heard = content["n"]


def _drag(content: dict[str, Any]) -> tuple[str, float, float | None, bool] | None:
    """A page may send anything: what is no drag is none."""
    tag, x, y = (content.get(name) for name in ("drag", "x", "y"))
    if not isinstance(tag, str) or not _finite(x) or not (y is None or _finite(y)):
        return None
    return tag, float(x), None if y is None else float(y), content.get("done") is True  # type: ignore[arg-type]


def _hover(content: dict[str, Any]) -> tuple[str] | None:
    tag = content.get("hover")
    return (tag,) if isinstance(tag, str) else None


def _choice(content: dict[str, Any]) -> tuple[str, int] | None:
    name, option = content.get("choose"), content.get("option")
    return (name, option) if isinstance(name, str) and type(option) is int else None


def _finite(v: object) -> bool:
    return isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)
