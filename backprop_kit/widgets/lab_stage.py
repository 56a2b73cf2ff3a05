"""The Stage of a lab: controls beside a live picture, a transport that asks the kernel, time."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import traitlets as t

from ..films.film import Film
from ..films.packing import grown
from .lifecycle import lock, running
from .live_stage import LiveStage, _number
from .stage import _MODULES, script, style

_OWN = ("pixels", "points", "past", "knobs", "deck", "lab")
TAILS = 8192  # bytes of new ends after which a picture is sent whole again
PATIENCE = 1.0  # seconds after which a page that says nothing is taken to be away
ACTIONS = 20  # steps that one message may ask for

_homes: dict[tuple[str, str], int] = {}


class LabStage(LiveStage):
    """A LiveStage with a column of controls, a transport of its own and a slider of time.

    Films say what stands there: ``controls``, ``transport``, ``chip``, and ``at``, the number of a
    picture. The page keeps the last 32 numbered pictures and shows them again without asking.
    """

    _esm = script((*_MODULES, "live", "plane", *_OWN))
    _css = style("live", "lab")

    turn = t.Int(0).tag(sync=True)  # pictures that nobody asked for: the page says when it drew one
    token = t.Unicode("").tag(sync=True)  # of the moment that is shown
    home = t.Unicode("").tag(sync=True)  # where the page keeps the token between lives of a kernel
    offer = t.Unicode("").tag(sync=True)  # what a kept token leads to, "" for no offer

    def __init__(self, film: Film, **how: Any) -> None:
        self._knobs: list[Callable[[str, Any, bool], Any]] = []
        self._transports: list[Callable[[str], Any]] = []
        self._points: list[Callable[[str, int, float, float, int], Any]] = []
        self._saves: list[Callable[[], tuple[str, str] | None]] = []
        self._founds: list[Callable[[str], Any]] = []
        self._offers: list[Callable[[bool], Any]] = []
        self._answering = False
        self._drawn = self._pushed = 0.0
        super().__init__(film, **how)
        self.token = str(film.chip.get("token", ""))
        self.home = _home()

    # --- what a page asks -------------------------------------------------------------------------
    def on_knob(self, callback: Callable[[str, Any, bool], Any]) -> None:
        """Call ``callback(name, value, done)`` while a control is moved.

        ``value`` is a place among the options (select, slider), a list of places (chips), a number
        (stepper, slider without options), a number or the text that is none (number), or a bool
        (switch, button). ``done`` says that a slider has been let go.
        """
        self._knobs.append(callback)

    def on_transport(self, callback: Callable[[str], Any]) -> None:
        """Call ``callback(action)``: "play", "pause", "step", "back", "reset", "size:epoch",
        "speed:2". Steps that were pressed faster than they were answered come one after another."""
        self._transports.append(callback)

    def on_point(self, callback: Callable[[str, int, float, float, int], Any]) -> None:
        """Call ``callback(what, i, x, y, kind)`` when a point is changed by hand.

        ``what`` is "add" (i is −1), "move" or "delete"; ``kind`` is the number of its class.
        """
        self._points.append(callback)

    def on_save(self, callback: Callable[[], tuple[str, str] | None]) -> None:
        """Have ``callback()`` give the name and the text of a file, which the page then saves.

        None: there is nothing to save.
        """
        self._saves.append(callback)

    def on_found(self, callback: Callable[[str], Any]) -> None:
        """Call ``callback(token)`` when the page has kept a token from an earlier life of this
        cell; setting ``offer`` to what it leads to, such as "back at step 212", offers it."""
        self._founds.append(callback)

    def on_offer(self, callback: Callable[[bool], Any]) -> None:
        """Call ``callback(taken)`` when the offer is taken, or when all starts anew."""
        self._offers.append(callback)

    @property
    def busy(self) -> bool:
        """Whether the page has still to draw the last picture that it had not asked for.

        A page that is hidden draws nothing: it is waited for a second at most.
        """
        return self._drawn < self.turn and perf_counter() - self._pushed < PATIENCE

    # --- what a page is sent ----------------------------------------------------------------------
    def renew(self, film: Film) -> None:
        """Show this film in the place of the last; where too much has grown, whole."""
        with self.hold_sync():
            if self._grown(film) > TAILS:
                self.show(film)
            else:
                super().renew(film)
                self._told(film)

    def show(self, film: Film) -> None:
        """Play another film; what lay over the last one goes."""
        with self.hold_sync():
            super().show(film)
            self._told(film)

    def _told(self, film: Film) -> None:
        self.token = str(film.chip.get("token", ""))
        if not self._answering:
            self.turn += 1
            self._pushed = perf_counter()

    def _grown(self, film: Film) -> int:
        sent = {a.name: a for a in self._sent.arrays}
        return sum(a.values[grown(a, sent.get(a.name)) :].nbytes for a in film.arrays if a.grows)

    shown_itself = False  # whether somebody asked for this view, and not for a box around it

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self.shown_itself = True
        return super()._repr_mimebundle_(**kwargs)

    # --- hearing ----------------------------------------------------------------------------------
    def _hear(self, stage: object, content: object, buffers: object) -> None:
        if not isinstance(content, dict):
            return
        if isinstance(content.get("drawn"), int):
            self._drawn = max(self._drawn, content["drawn"])
            return
        # Pictures may come from the kernel's loop while a message is heard on another thread.
        with lock:
            self._answering = True  # what is shown now was asked for
            try:
                with self.hold_sync():
                    self._answer(content)
                    super()._hear(stage, content, buffers)
            finally:
                self._answering = False

    def _answer(self, said: dict[str, Any]) -> None:
        name, act, what, found = (said.get(k) for k in ("knob", "act", "point", "found"))
        if any(isinstance(part, str) for part in (name, act, what, said.get("drag"))):
            self.offer = ""  # somebody has begun anew
        if isinstance(name, str) and _is_value(said.get("value")):
            for knob in self._knobs:
                knob(name, said["value"], said.get("done") is True)
        if isinstance(act, str):
            times = said.get("times")
            for _ in range(min(times, ACTIONS) if type(times) is int else 1):
                for transport in self._transports:
                    transport(act)
        if what in ("add", "move", "delete"):
            place = [_number(said.get(k)) for k in ("i", "x", "y", "kind")]
            if all(v is not None for v in place):
                i, x, y, kind = (float(v) for v in place if v is not None)
                for point in self._points:
                    point(what, int(i), x, y, int(kind))
        if isinstance(found, str) and found:
            for callback in self._founds:
                callback(found)
        if isinstance(said.get("offer"), bool):
            self.offer = ""
            for offered in self._offers:
                offered(said["offer"])
        if said.get("save") is True:
            for made in filter(None, [save() for save in self._saves]):
                file, text = made
                self.send({"file": file}, buffers=[text.encode()])


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return all(type(place) is int for place in value)
    return isinstance(value, (str, bool)) or _number(value) is not None


def _home() -> str:
    """A name for the place in the notebook: the same when its cell is run again, in any kernel."""
    now = running()
    if now is None:
        return ""
    cell, run = now
    for known in [key for key in _homes if key[0] == cell and key[1] != run]:
        del _homes[known]
    count = _homes[now] = _homes.get(now, -1) + 1
    return f"{cell}/{count}" if count else cell
