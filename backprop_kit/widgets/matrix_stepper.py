"""`MatrixStepper`: walk through one pass as products of matrices, with the three gradients of each
layer, the shares of the samples, and products to try."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..films.captions import speaker
from ..films.matrix import CUTS, film_matrix
from ..study.passes import record_pass
from .badge import CHECKING
from .base import refuse_unknown
from .matrix_stage import MatrixStage
from .pass_stepper import STEP, PassStepper
from .player import Player
from .stopped_pass import shown_if_stopped

say = speaker("matrix")


class MatrixStepper(PassStepper):
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
    presenter  large type for a lecture hall, also by key p

    `.stage` is the picture alone. Raises ValueError or TypeError, in two lines, for input that does
    not fit.
    """

    finest, word = "product", "gradients"

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        loss: Any = None,
        optimizer: Any = STEP,
        *,
        step: str = "product",
        lens: bool = False,
        player: Player | None = None,
        presenter: bool = False,
        **unknown: Any,
    ) -> None:
        known = ("model", "x", "y", "loss", "optimizer", "step", "lens", "player", "presenter")
        refuse_unknown(unknown, known, "MatrixStepper")
        if step not in CUTS:
            raise ValueError(
                f"step is {step!r}; this stepper goes by {' or by '.join(CUTS)}.\n"
                'Write step="product" or step="entry".'
            )
        with shown_if_stopped():
            self.recorded = record_pass(model, x, y, loss, optimizer)
        made = partial(film_matrix, self.recorded, lens=bool(lens))
        stage = MatrixStage(made(), cut=step, player=player)
        super().__init__(stage, partial(made, presenter=True), presenter)
        stage.badge = CHECKING
        stage.on_painted(self.guard(self._check))

    def text(self) -> tuple[str, ...]:
        """The first sentence, and the whole recording in one line."""
        return self.told("product", say)
