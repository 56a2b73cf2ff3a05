"""`GradientCheck`: slopes beside oracles that know no backward pass."""

from __future__ import annotations

from typing import Any

from ..engine.gradcheck import gradcheck
from ..films.captions import speaker
from ..films.gradient_check import film_check
from ..films.gradient_check.names import plain, power, slopes
from ..study.gradient_check import EXPONENTS, Comparison, compare_gradients
from .badge import CHECKING, verdict
from .base import refuse_unknown
from .live_stage import LiveStage
from .stepper import Stepper

say = speaker("gradient_check")


class GradientCheck(Stepper):
    """Every parameter's slopes beside differences and the complex step, for any size of the step.

    model      a module, or a plain function of a Tensor; it is never changed
    x, y       one sample or a batch (rows are samples)
    loss       None: the one that follows from y and the last module
    wrong      a mistake to make on the way back, shown beside the right pass: "update on the way",
               "no slope" or "no transpose"; None: the step sizes
    presenter  large type for a lecture hall, also by key p

    `.found` holds the numbers, `.stage` is the picture alone.
    Raises ValueError or TypeError, in two lines, for input that does not fit and a mistake that
    does not exist.
    """

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        loss: Any = None,
        wrong: Any = None,
        *,
        presenter: bool = False,
        **unknown: Any,
    ) -> None:
        known = ("model", "x", "y", "loss", "wrong", "presenter")
        refuse_unknown(unknown, known, "GradientCheck")
        self.found: Comparison = compare_gradients(model, x, y, loss, wrong)
        stage = LiveStage(film_check(self.found))
        super().__init__(stage, lambda: film_check(self.found, presenter=True), presenter)
        stage.badge = CHECKING
        self._judged: dict[str, Any] = {}
        stage.on_press(self.guard(self._pressed))
        stage.on_painted(self.guard(self._check))
        self.listen(stage, self._show_badge, "k")

    def text(self) -> tuple[str, ...]:
        """The first sentence, and the whole check in one line."""
        first = self._film.cuts["operation"][0].say
        own = self.found.own
        if own is not None:
            return first, say("own.summary", count=f"{self.found.count:,}", does=own.does)
        return first, say("summary", first=power(-EXPONENTS[0]), last=power(-EXPONENTS[-1]))

    # --- what the page asks -----------------------------------------------------------------------
    def _pressed(self, tag: str) -> None:
        """A point of the curve was pressed: go to its step size."""
        step = tag.removeprefix("central").removeprefix("forward")
        if step != tag and step.isascii() and step.isdigit() and int(step) < len(self.found.steps):
            self.stage.k = int(step)

    def _check(self) -> None:
        """Every slope beside the complex step, after the first picture."""
        found, trace = self.found, self.found.recorded.trace
        own = found.own
        report = gradcheck(
            trace,
            {row.name: row.node for row in found.rows},
            grads=None if own is None else own.held,
            most=4096,
        )
        named = slopes(found.recorded)
        nodes = {row.name: plain(named[row.node]) for row in found.rows}
        good = f"{report.count} of {found.count} checked"
        self._judged = verdict(report, good, name=nodes.__getitem__)
        self._show_badge()

    def _show_badge(self) -> None:
        """Show the verdict; what a pass gets wrong is asked in a lesson, so it comes last."""
        end = self._film.cuts["operation"][-1].k
        if self._judged and self.found.own is not None and self.stage.k < end:
            self.stage.badge = {"state": "checking", "text": "your verdict first", "rows": []}
        elif self._judged:
            self.stage.badge = self._judged
