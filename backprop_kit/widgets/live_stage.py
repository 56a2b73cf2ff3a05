"""The Stage for pictures that are computed while a person drags."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import traitlets as t

from ..films.film import Film
from .stage import _MODULES, Stage, script, style


class LiveStage(Stage):
    """A Stage with handles to drag, and a second source: frames that replace the last one.

    Marks are sent once; `renew` then sends the arrays that differ and the frames. The page asks one
    question at a time and keeps only the newest, so a change costs one message in and one out,
    however fast the hand and however slow the kernel.
    """

    _esm = script((*_MODULES, "strips", "live", "plane"))
    _css = style("live")

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
        drag, over, choice = _drag(content), content.get("hover"), content.get("choose")
        option = content.get("option")
        with self.hold_sync():  # one answer, whatever it changes
            if drag is not None:
                for dragged in self._dragged:
                    dragged(*drag)
            if isinstance(over, str):
                for hovered in self._hovered:
                    hovered(over)
            if isinstance(choice, str) and type(option) is int:
                for chosen in self._chosen:
                    chosen(choice, option)
            self.heard = content["n"]


def _drag(content: dict[str, Any]) -> tuple[str, float, float | None, bool] | None:
    """A page may send anything: what is no drag is none."""
    tag, x, y = content.get("drag"), _number(content.get("x")), _number(content.get("y"))
    if not isinstance(tag, str) or x is None or (y is None and content.get("y") is not None):
        return None
    return tag, x, y, content.get("done") is True


def _number(v: Any) -> float | None:
    real = isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)
    return float(v) if real else None
