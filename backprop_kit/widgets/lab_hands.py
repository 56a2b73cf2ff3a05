"""What a hand does to a `TrainingLab`: controls, buttons, the slider of time, points, tokens."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..data.edits import added, deleted, moved, target_of
from ..films.captions import speaker
from ..study.run import Run
from .knob_items import Anew, Fork
from .lab_knobs import chosen, turned
from .lab_lens import SIZES as LENSES
from .lab_picture import SIZES, SWITCHES, LabPicture
from .lab_play import SPEEDS
from .lab_start import fresh
from .lifecycle import _shell, lock

say = speaker("training_controls")

OLDER = 3  # curves of earlier runs that stay for comparison


class LabHands(LabPicture):
    """A lab that answers its page. Every change is made wholly, or undone and told why.

    loss  what was asked for, for the runs to come; None: the one that fits
    """

    def __init__(self, *args: Any, loss: Any, **how: Any) -> None:
        self._loss = loss
        self._kept: Run | None = None  # the moment that the page offers
        self._whole = False  # whether it was shown with the box around the picture
        super().__init__(*args, **how)
        self._listen()

    def _listen(self) -> None:
        stage = self.stage
        hear = lambda f: self.guard(f, restore=self._restore)
        stage.on_knob(hear(self._knob))
        acted = hear(self._act)

        def act(action: str) -> None:
            if action in ("pause", "step", "back", "reset"):
                self._play.loop.stop()  # before anything waits: no other turn begins
            acted(action)

        stage.on_transport(act)
        stage.on_press(hear(self._pressed))
        stage.on_drag(hear(self._dragged))
        stage.on_point(hear(self._point))
        stage.on_choose(hear(self._choose))
        stage.on_presenter(hear(lambda on: self._draw()))
        stage.on_save(hear(self._file))
        stage.on_found(hear(self._found))
        stage.on_offer(hear(self._offered))

    # --- controls ---------------------------------------------------------------------------------
    def _knob(self, name: str, value: Any, done: bool) -> None:
        column = (item for group in self.stage.source.controls for item in group["items"])
        if not done or not any(item["name"] == name and not item["off"] for item in column):
            return  # a page may send anything, also of a control that is hidden
        if name == "reset":
            self._act("reset")
        elif name in SWITCHES:
            fields: dict[str, Any] = {SWITCHES[name]: bool(value)}
            self._shown = replace(self._shown, **fields)
            self._changed()
        elif name == "weight":
            weight = self._view.weight
            assert weight is not None  # its control stands there
            self._turn(Fork({"weights": {(weight.path, weight.index): _number(value)}}))
        else:
            state = self._state()
            self._turn(turned(state, name, chosen(state, name, value)))

    def _turn(self, what: Fork | Anew | None) -> None:
        if isinstance(what, Fork):
            self.run.change(**what.change)
            self._play.renewed()
        elif what is not None:
            self._anew(fresh(self.run, what, self._loss))
        self._changed()

    def _anew(self, run: Run) -> None:
        """Go on with another run; the old curve stays, if there is one."""
        old = self.run
        if old.branch.last:
            self._older = [*self._older, (old.branch.name, old.curve(old.branch))][-OLDER:]
        self.run = run
        self._shown = replace(self._shown, unit=None, weight=None)
        self._gauge = None
        self._play.renewed()

    def _point(self, what: str, i: int, x: float, y: float, kind: int) -> None:
        if not self._shown.edit:
            return
        data = self.run.data
        line = data.x[0].size == 1  # then the second coordinate is what should come out
        at, target = ([x], y) if line else ([x, y], target_of(data, kind))
        if what == "add":
            new = added(data, at, target)
        elif what == "move":
            new = moved(data, i, at, target)
        else:
            new = deleted(data, i)
        self._anew(fresh(self.run, Anew(say("run.yours"), None, None), self._loss, new))
        self._changed()

    # --- transport --------------------------------------------------------------------------------
    @property
    def _unit(self) -> str:
        return "epoch" if self._size == "epoch" else "pass"

    def _act(self, action: str) -> None:
        word, _, value = action.partition(":")
        if word == "size" and value in LENSES:
            self._play.pause()
            self._look(value)
        elif word == "size" and value in SIZES:
            self._size = self._play.size = value
            self._play.renewed()
        elif word == "speed":
            self._play.speed = next((n for n, _ in SPEEDS if str(n) == value), self._play.speed)
            self._play.renewed()
        elif word == "play":
            self._start()
        elif word == "pause":
            self._play.pause()
        elif word == "step":
            self._go(lambda: self.run.step(1, self._unit))
            return
        elif word == "back":
            self._go(lambda: self.run.back(1, self._unit))
            return
        elif word == "reset":
            self._go(lambda: self.run.seek(0))
            return
        self._changed()

    def _start(self) -> None:
        if self.run.k >= self.horizon:  # on for as long again
            self._to = self.run.k + self._stretch
        if self.run.at_end:
            self.run.step()  # which says that it goes no further, and why
        self._play.play(self.horizon)

    def _go(self, move: Callable[[], int]) -> int:
        """Stop playing, and go elsewhere in the run; the step it stands at then."""
        with lock:
            self._play.stop()
            move()
            self._changed()
            return self.run.k

    def _dragged(self, tag: str, x: float, y: float | None, done: bool) -> None:
        if tag != "time":
            return
        k, line = max(round(x), 0), self.run.branch
        self._play.stop()
        if k > line.last and not line.stopped:
            self._far(k)
        else:
            self.run.seek(min(k, line.last) if line.stopped else k)
        self._held = not done
        try:
            self._changed()
        finally:
            self._held = False

    def _far(self, k: int) -> None:
        """Train on to a step; in turns, where something plays them."""
        try:
            self._play.seek(k)
        except ValueError:
            self.run.seek(k)

    # --- the picture ------------------------------------------------------------------------------
    def _pressed(self, tag: str) -> None:
        word, _, rest = tag.partition(":")
        shown = self._shown
        if word == "unit":
            unit = _whole(rest.split(":"), 2)
            self._shown = replace(shown, unit=None if unit == shown.unit else unit, weight=None)
        elif word == "wire":
            path, *index = rest.split(":")
            place = _whole(index, 2)
            numbers = self.run.numbers()
            if place is None or path not in numbers:
                return
            if not all(0 <= i < n for i, n in zip(place, numbers[path].shape, strict=True)):
                return
            self._shown = replace(shown, weight=(path, place))
        elif word == "run":
            id = _whole([rest], 1)
            if id is None or id[0] >= len(self.run.branches):
                return
            branch = self.run.branches[id[0]]
            self._play.stop()
            self.run.go(branch, min(self.run.k, branch.last))
        elif word == "measure" and rest in ("loss", "accuracy"):
            self._shown = replace(shown, measure=rest)
        else:
            return
        self._changed()

    def _choose(self, name: str, option: int) -> None:
        if name == "measure" and option in (0, 1):
            self._shown = replace(self._shown, measure=("loss", "accuracy")[option])
            self._changed()

    def _look(self, size: str | None = None) -> None:
        """Look into the next training step, where there is a place for it."""
        if self._alone():
            raise ValueError(say("alone"))
        self._lens.show(self.run, size, presenter=bool(self.stage.presenter))

    def _alone(self) -> bool:
        """Whether the picture is shown without the box around it, as in hosts that have none."""
        return _shell() is None or (self.stage.shown_itself and not self._whole)

    def _repr_mimebundle_(self, **how: Any) -> Any:
        self._whole = True
        return super()._repr_mimebundle_(**how)

    def _lens_pressed(self, act: str) -> None:
        def do() -> None:
            if act == "close":
                self._lens.close()
            elif act == "next":
                self.run.step()
                self._look()
            else:
                self.run.back()
                self._look()
            self._changed()

        self.guard(do, restore=self._restore)()
        self._lens.tell(self.problem)

    # --- tokens and files -------------------------------------------------------------------------
    def _found(self, token: str) -> None:
        """The page has kept a moment of an earlier life of this cell."""
        if self.run.k or len(self.run.branches) > 1 or self._older:
            return
        try:
            run = Run.from_token(token, play=False)
        except (ValueError, TypeError):  # from another version, or not one of ours
            return
        self._kept = run
        k = run.target
        if k:
            data = run.recipe["data"]["name"]
            self.stage.offer = say("offer", k=f"{k:,}", data=data, name=run.branch.name)

    def _offered(self, taken: bool) -> None:
        run, self._kept = self._kept, None
        if taken and run is not None:
            self.run = run
            self._shown = replace(self._shown, unit=None, weight=None)
            self._gauge = None
            self._far(run.target or 0)
        self._changed()

    def _file(self) -> tuple[str, str]:
        return "training.json", json.dumps(self.run.to_dict(), allow_nan=False)


def _number(value: Any) -> float:
    """What was typed for a weight; a comma is a point."""
    try:
        return float(str(value).replace("−", "-").replace(",", "."))
    except ValueError:
        raise ValueError(f"{value!r} is no number.\nType one such as −0.5.") from None


def _whole(parts: list[str], n: int) -> Any:
    """n whole numbers of a tag, or None."""
    if len(parts) != n or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    return tuple(map(int, parts))
