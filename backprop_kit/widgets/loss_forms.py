"""What `LossExplorer` can show: each form keeps what is shown and answers what is done to it.

`Predictions` rows under two losses · `Line` two numbers and points · `OneUnit` a single prediction.
None of them knows the stage; none of them computes: that is `study`, and the picture is `films`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.gradcheck import Report
from ..films.captions import speaker
from ..films.film import Film
from ..films.loss import film_line, film_losses, film_unit
from ..films.loss.line import FORMULA, Shown
from ..films.loss.line_marks import Scales
from ..films.loss.words import counted
from ..study.line_fit import COUNTED, Fit
from ..study.loss_shares import LOSSES, Losses, Unit

say = speaker("loss")


class Form(ABC):
    """One thing to explore. `state` is all that changes, so that it can be put back.

    covers  whether there is something in its first picture that a question may hold back
    """

    state: Any
    covers = True

    @abstractmethod
    def film(self, *, covered: bool, presenter: bool) -> Film:
        """The picture of the present state."""

    @abstractmethod
    def drag(self, tag: str, x: float, k: int, done: bool) -> bool:
        """A handle was moved; whether anything follows from it."""

    def press(self, tag: str) -> bool:
        """A mark was pressed; whether anything follows from it."""
        return False

    def choose(self, name: str, option: int) -> bool:
        """One of a joined choice was pressed; whether anything follows from it."""
        return False

    @abstractmethod
    def report(self) -> Report:
        """Every slope that is shown beside the complex step."""

    @abstractmethod
    def losses_by_step(self) -> np.ndarray:
        """The loss at every recorded step."""

    def crossings(self, row: int) -> dict[str, int | None]:
        """After how many updates a prediction is on its target's side of ½, by loss."""
        raise ValueError(
            "There are no predictions with updates here.\nAsk LossExplorer(p, t), which has them."
        )

    @abstractmethod
    def summary(self, covered: bool) -> str:
        """The whole in figures, in one line."""


class Predictions(Form):
    """Rows of predictions; the state is the present kind, and what was recorded of each kind.

    example  records the kind that was not given, when it is first asked for
    """

    covers = False

    def __init__(self, losses: Losses, example: Callable[[str], Losses]) -> None:
        self._example = example
        self.state: tuple[str, dict[str, Losses]] = (losses.output, {losses.output: losses})

    @property
    def losses(self) -> Losses:
        return self.state[1][self.state[0]]

    def _put(self, losses: Losses) -> bool:
        kind, all_ = self.state
        self.state = (kind, {**all_, kind: losses})
        return True

    def film(self, *, covered: bool, presenter: bool) -> Film:
        return film_losses(self.losses, self.losses.row, presenter=presenter)

    def drag(self, tag: str, x: float, k: int, done: bool) -> bool:
        """A handle p3 moves both copies at the start, a3 and b3 that of one loss later on."""
        row = self._row(tag[1:])
        if row is None or tag[0] not in ("pab" if k == 0 else "ab"):
            return False
        which = None if k == 0 else "ab".index(tag[0])
        if k >= len(self.losses.moments):
            return False
        losses = self.losses.moved(row, x, k, which)
        return self._put(losses.played() if done else losses)

    def press(self, tag: str) -> bool:
        row = self._row(tag[1:])
        if row is None:
            return False
        if tag[0] == "t":
            return self._put(self.losses.flipped(row).played())
        return tag[0] in "nescpab" and self._put(self.losses.looking_at(row))

    def choose(self, name: str, option: int) -> bool:
        if name != "output" or option not in (0, 1):
            return False
        kind, known = ("sigmoid", "softmax")[option], self.state[1]
        self.state = (kind, known if kind in known else {**known, kind: self._example(kind)})
        return True

    def _row(self, digits: str) -> int | None:
        there = digits.isascii() and digits.isdigit() and int(digits) < self.losses.rows
        return int(digits) if there else None

    def report(self) -> Report:
        return self.losses.checked()

    def losses_by_step(self) -> np.ndarray:
        return np.stack([m.total for m in self.losses.moments], axis=1)

    def crossings(self, row: int) -> dict[str, int | None]:
        losses = self.losses
        if not isinstance(row, int) or not 1 <= row <= losses.rows:
            raise ValueError(f"There is no row {row!r}.\nRows are counted from 1 to {losses.rows}.")
        return {name: losses.crossings.get((i, row - 1)) for i, name in enumerate(LOSSES)}

    def summary(self, covered: bool) -> str:
        losses = self.losses
        total = losses.at(0).total
        kind = ("sample", "samples") if losses.output == "sigmoid" else ("class", "classes")
        return say("summary", rows=counted(losses.rows, *kind), squared=float(total[0]),
                   cross=float(total[1]), steps=losses.steps)  # fmt: skip


class Line(Form):
    """A line through points; the state is its record."""

    def __init__(self, fit: Fit, pulls: bool) -> None:
        self.state: Fit = fit
        self._pulls, self._scales = pulls, Scales.of(fit)
        self.covers = pulls

    def film(self, *, covered: bool, presenter: bool) -> Film:
        shown = Shown(self._pulls, covered)
        return film_line(self.state, self._scales, shown=shown, presenter=presenter)

    def drag(self, tag: str, x: float, k: int, done: bool) -> bool:
        name = tag.removeprefix("slide ")
        if name not in ("w", "b") or k >= len(self.state.places):
            return False
        fit = self.state.moved(k, w=x) if name == "w" else self.state.moved(k, b=x)
        self.state = fit.played() if done else fit
        return True

    def choose(self, name: str, option: int) -> bool:
        if name != "counted" or option not in range(len(COUNTED)):
            return False
        self.state = self.state.counting(COUNTED[option])
        return True

    def report(self) -> Report:
        return self.state.checked()

    def losses_by_step(self) -> np.ndarray:
        return np.array([place.loss for place in self.state.places])

    def summary(self, covered: bool) -> str:
        place, key = self.state.at(0), "line.summary"
        if covered or not self._pulls:
            key += ".covered" if covered else ".hand"
        return say(key, points=counted(self.state.x.size, "point").split()[0],
                   counted=FORMULA[self.state.counted], loss=place.loss, slope_w=place.slope[0],
                   slope_b=place.slope[1])  # fmt: skip


class OneUnit(Form):
    """One sigmoid unit; the state is what it says and both losses' curves."""

    def __init__(self, unit: Unit) -> None:
        self.state: Unit = unit

    def film(self, *, covered: bool, presenter: bool) -> Film:
        return film_unit(self.state, covered=covered, presenter=presenter)

    def drag(self, tag: str, x: float, k: int, done: bool) -> bool:
        if tag != "p":
            return False
        self.state = self.state.moved(x)
        return True

    def report(self) -> Report:
        return self.state.losses.checked()

    def losses_by_step(self) -> np.ndarray:
        return np.stack([m.total for m in self.state.losses.moments], axis=1)

    def summary(self, covered: bool) -> str:
        losses = self.state.losses
        squared, cross = (float(v) for v in losses.at(0).total)
        return say("unit.summary", target=f"{losses.t[0]:g}", squared=squared, cross=cross)
