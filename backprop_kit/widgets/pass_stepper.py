"""What steppers of a recorded pass have in common: its two lines, and the check of its slopes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..engine.gradcheck import Report, gradcheck
from ..nn import SGD
from ..study.passes import Pass
from .badge import verdict
from .stepper import Stepper

WORK = 8_000_000  # values an oracle may compute before a person wonders why the kernel is busy
STEP = SGD(0.1)  # a rule without a memory of its own, so one serves all


class PassStepper(Stepper):
    """A stepper whose `recorded` pass is checked after the first picture."""

    recorded: Pass
    word = "slopes"  # what the check calls what it compares

    def told(self, cut: str, say: Callable[..., str]) -> tuple[str, ...]:
        """The first sentence of a cut, and the whole recording in one line."""
        trace = self.recorded.trace
        first = self._film.cuts[cut][0].say
        if self._covered is not None:
            return first, say("summary.covered", steps=len(trace))
        squares = sum(float((trace.grads[n] ** 2).sum()) for n in trace.names if n in trace.grads)
        value = float(trace.loss.value.reshape(()))
        return first, say("summary", steps=len(trace), loss=value, norm=float(np.sqrt(squares)))

    def _check(self) -> None:
        """Compare what was recorded with the complex step, after the first picture."""
        report = self.checked()
        everything = sum(n.value.size for n in self.recorded.places().values())
        good = f"{report.count} of {everything} checked"
        self.stage.badge = verdict(report, good, self.word)

    def checked(self) -> Report:
        """Every parameter's slope and every δ beside the complex step; where that would take long,
        or of more than 4,096 numbers, a seeded sample."""
        trace = self.recorded.trace
        most = WORK // sum(n.value.size for n in trace.made)
        return gradcheck(trace, self.recorded.places(), most=min(max(most, 64), 4096))
