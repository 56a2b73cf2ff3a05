"""`MatrixStepper`: walk through one pass as products of matrices, with the three gradients of each
layer, the shares of the samples, and products to try."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..engine.gradcheck import Report, gradcheck
from ..films.captions import speaker
from ..films.matrix import CUTS, film_matrix
from ..nn import SGD
from ..study.passes import Pass, record_pass
from .base import refuse_unknown
from .matrix_stage import MatrixStage
from .player import Player
from .stepper import Stepper
from .stopped_pass import shown_if_stopped

say = speaker("matrix")

WORK = 8_000_000  # values an oracle may compute before a person wonders why the kernel is busy
_STEP = SGD(0.1)  # a rule without a memory of its own, so one serves all


class MatrixStepper(Stepper):
    """A network as products of matrices: every number can be taken apart, and every one is checked.

    Each layer's Y = X W + b and its gradients dW = XᵀdY, db (the column sums) and dX = dY Wᵀ, as
    blocks of true numbers. The shape lens tells what an edge counts; other products can be tried;
    each number says its sum and its NumPy lines, each gradient the share of every sample.

    model      a module, or a plain function of a Tensor; it is never changed
    x, y       a batch (rows are samples), or one sample
    loss       None: the one that follows from y and the last module (½ Σ(Y − T)² for numbers)
    optimizer  what the update would do; None: no update
    step       "product", or "entry": the sum of one number, term by term
    lens       whether the shape lens is on at first
    player     a Player shared with another stepper of the same recording

    `.stage` is the picture alone. Raises ValueError or TypeError, in two lines, for input that does
    not fit.
    """

    finest = "product"

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        loss: Any = None,
        optimizer: Any = _STEP,
        *,
        step: str = "product",
        lens: bool = False,
        player: Player | None = None,
        **unknown: Any,
    ) -> None:
        known = ("model", "x", "y", "loss", "optimizer", "step", "lens", "player")
        refuse_unknown(unknown, known, "MatrixStepper")
        if step not in CUTS:
            raise ValueError(
                f"step is {step!r}; this stepper goes by {' or by '.join(CUTS)}.\n"
                'Write step="product" or step="entry".'
            )
        with shown_if_stopped():
            self.recorded: Pass = record_pass(model, x, y, loss, optimizer)
        made = partial(film_matrix, self.recorded, lens=bool(lens))
        stage = MatrixStage(made(), cut=step, player=player)
        super().__init__(stage, large=partial(made, presenter=True))
        stage.badge = {"state": "checking", "text": "checking", "rows": []}
        stage.on_painted(self.guard(self._check))

    def text(self) -> tuple[str, ...]:
        """The first sentence, and the whole recording in one line."""
        trace = self.recorded.trace
        first = self._film.cuts["product"][0].say
        if self._covered is not None:
            return first, say("summary.covered", steps=len(trace))
        squares = sum(float((trace.grads[n] ** 2).sum()) for n in trace.names if n in trace.grads)
        value = float(trace.loss.value.reshape(()))
        return first, say("summary", steps=len(trace), loss=value, norm=float(np.sqrt(squares)))

    def _check(self) -> None:
        """Compare the recorded gradients with the complex step, after the first picture."""
        report = self.checked()
        bad = report.failed
        everything = sum(n.value.size for n in self.recorded.places().values())
        text = f"{report.count} of {everything} checked"
        rows = [
            f"{r.name}: {r.count} gradients, largest difference {r.error:.0e}" for r in report.rows
        ]
        if bad:
            text = f"{bad[0].name} is wrong"
        self.stage.badge = {"state": "failed" if bad else "ok", "text": text, "rows": rows}

    def checked(self) -> Report:
        """Every parameter's gradient and every δ beside the complex step; where that would take
        long, or of more than 4,096 numbers, a seeded sample."""
        trace = self.recorded.trace
        most = WORK // sum(n.value.size for n in trace.made)
        return gradcheck(trace, self.recorded.places(), most=min(max(most, 64), 4096))
