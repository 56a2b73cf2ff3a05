"""`LossExplorer`: how wrong, and how steep: what a loss makes of an error."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..study.line_fit import record_line
from ..study.loss_shares import record_losses, record_unit
from .badge import CHECKING, verdict
from .base import Widget, refuse_unknown
from .live_stage import LiveStage
from .loss_forms import Form, Line, OneUnit, Predictions

SAMPLES = ([0.8, 0.35, 0.6, 0.15, 0.99], [1, 0, 1, 0, 0])
CLASSES = ([0.02, 0.06, 0.92], [1, 0, 0])
PHASES = {"loss": 0, "backward": 0}


class LossExplorer(Widget):
    """Predictions to drag, and what they cost: error, loss, and the slope that comes of it.

    LossExplorer()                        five predictions under squared error and cross-entropy
    LossExplorer(p, t)                    your own: p between 0 and 1, t 0 or 1, up to eight rows
    LossExplorer(p, t, output="softmax")  the classes of one sample: p adds up to 1
    LossExplorer(x, y, w=-0.5, b=1.0)     a line through points, two sliders, one step by the slopes
    LossExplorer("sigmoid", target=0)     one unit; p is what it says at first (0.5)

    rate       the step size (1 for predictions, 0.1 for a line)
    steps      how many updates are recorded (120; 20 for a line, where 0 leaves work by hand alone)
    presenter  large type for a lecture hall, also by key p

    Every redraw is one replay of a recorded graph; the badge compares every slope with the complex
    step. `.losses` are the recorded losses, `.crossings(5)` the steps to ½; `.stage` is the
    picture alone.
    Raises ValueError or TypeError, in two lines, for input that does not fit.
    """

    def __init__(
        self,
        first: Any = None,
        second: Any = None,
        /,
        *,
        w: float | None = None,
        b: float | None = None,
        target: float | None = None,
        p: float | None = None,
        output: str = "sigmoid",
        rate: float | None = None,
        steps: int | None = None,
        presenter: bool = False,
        **unknown: Any,
    ) -> None:
        known = ("w", "b", "target", "p", "output", "rate", "steps", "presenter")
        refuse_unknown(unknown, known, "LossExplorer")
        how = _plan(rate, steps)
        if isinstance(first, str):
            self._form: Form = _unit(first, second, target, p)
        elif w is not None or b is not None:
            fit = record_line(first, second, 0 if w is None else w, 0 if b is None else b, **how)
            self._form = Line(fit, pulls=fit.steps > 0)
        else:
            self._form = _predictions(first, second, output, how)
        self._covered = False
        large = bool(presenter)
        stage = LiveStage(self._form.film(covered=False, presenter=large))
        super().__init__(stage, stage)
        stage.presenter = large
        stage.badge = CHECKING
        self._done = self._form.state
        stage.on_drag(self.guard(self._dragged, restore=self._restore))
        stage.on_press(self.guard(self._pressed, restore=self._restore))
        stage.on_choose(self.guard(self._choose, restore=self._restore))
        stage.on_presenter(self.guard(lambda on: self._draw()))
        stage.on_painted(self.guard(self._check))

    # --- what a lesson asks -----------------------------------------------------------------------
    def text(self) -> tuple[str, ...]:
        """The first sentence, and the whole in figures."""
        film = self._film()
        frames = next(iter(film.cuts.values()))
        return frames[0].say, self._form.summary(self._covered)

    @property
    def losses(self) -> np.ndarray:
        """The loss at every recorded step; of predictions a row for squared error and one for
        cross-entropy."""
        return self._form.losses_by_step()

    def crossings(self, row: int) -> dict[str, int | None]:
        """After how many updates a prediction is on its target's side of ½, by loss; None: it
        does not get there, or was there from the start.

        row  counted from 1, as in the picture
        Raises ValueError for a row that does not exist.
        """
        return self._form.crossings(row)

    def k_of(self, after: str | int) -> int:
        """The step at which "loss" or "backward" is done (0, they are in the first picture), or
        the last one for "update".

        Raises ValueError for anything that does not exist.
        """
        last = max(f.k for frames in self._film().cuts.values() for f in frames)
        places = PHASES | ({"update": last} if last else {})
        if isinstance(after, str):
            if after not in places:
                named = ", ".join(f'"{name}"' for name in places)
                raise ValueError(f"There is no phase {after!r} here.\nChoose one of {named}.")
            return places[after]
        if not 0 <= after <= last:
            raise ValueError(f"Step {after} does not exist.\nChoose 0 to {last}.")
        return after

    def cover(self, after: str | int) -> None:
        """Hold back what comes after the loss, or after a step, until `uncover()`: the pulls of a
        line and the push of a unit stand in the first picture, and are covered there."""
        k = self.k_of(after)
        with self.stage.hold_sync():
            self._covered = self._form.covers and k == 0
            self._draw()
            self.stage.cover(k)

    def uncover(self) -> None:
        """Hand over all that was held back."""
        with self.stage.hold_sync():
            self._covered = False
            self.stage.uncover()
            self._draw()

    # --- what the page asks -----------------------------------------------------------------------
    def _dragged(self, tag: str, x: float, y: float | None, done: bool) -> None:
        self._after(self._form.drag(tag, x, self.stage.k, done), done)

    def _pressed(self, tag: str) -> None:
        with self.stage.hold_sync():
            self._after(bool(tag) and self._form.press(tag), True)

    def _choose(self, name: str, option: int) -> None:
        self._after(self._form.choose(name, option), True)

    def _after(self, changed: bool, done: bool) -> None:
        """Draw what has changed; once the hand is off, with every slope checked."""
        if not changed:
            return
        self._draw()
        if done:
            self._done = self._form.state
            self._check()
        else:
            self.stage.badge = CHECKING

    def _film(self) -> Any:
        large = bool(self.stage.presenter)
        return self._form.film(covered=self._covered, presenter=large)

    def _draw(self) -> None:
        self.stage.renew(self._film())

    def _restore(self) -> None:
        self._form.state = self._done
        self._draw()
        self._check()

    def _check(self) -> None:
        """Compare every slope with the complex step."""
        report = self._form.report()
        self.stage.badge = verdict(report, f"{report.count} of {report.count} checked")


def _plan(rate: Any, steps: Any) -> dict[str, Any]:
    """The step size and the number of steps, where they are given."""
    how: dict[str, Any] = {}
    if rate is not None:
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < 1e6:
            raise ValueError(
                f"rate is {rate!r}; a step size is above 0.\nGive a number such as 0.1."
            )
        how["rate"] = float(rate)
    if steps is not None:
        if isinstance(steps, bool) or not isinstance(steps, int) or not 0 <= steps <= 500:
            raise ValueError(
                f"steps is {steps!r}; it counts updates.\nGive a whole number from 0 to 500."
            )
        how["steps"] = steps
    return how


def _unit(kind: str, second: Any, target: Any, p: Any) -> Form:
    if kind != "sigmoid" or second is not None:
        said = f"a unit called {kind!r}" if kind != "sigmoid" else "a unit and data"
        raise ValueError(
            f'LossExplorer got {said}; it knows one unit alone, "sigmoid".\n'
            'Write LossExplorer("sigmoid", target=0).'
        )
    return OneUnit(record_unit(0 if target is None else target, 0.5 if p is None else p))


def _predictions(p: Any, t: Any, output: str, how: dict[str, Any]) -> Form:
    if (p is None) != (t is None):
        raise TypeError(
            "LossExplorer got one list; it compares predictions and targets.\n"
            "Write LossExplorer([0.2, 0.9], [0, 1])."
        )
    examples = {"sigmoid": SAMPLES, "softmax": CLASSES}
    if p is None:
        p, t = examples.get(output, SAMPLES)
    losses = record_losses(p, t, output, **how)
    return Predictions(losses, lambda kind: record_losses(*examples[kind], kind, **how))
