"""`ForwardStepper`: walk through one pass of a network, forward, loss, backward, update, again."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..films.captions import speaker
from ..films.forward_pass import film_pass
from ..films.forward_pass.scene import Scene
from ..films.numbers import number, product_sign
from ..films.rows import box
from ..study.passes import nudge, record_pass
from .badge import CHECKING
from .base import refuse_unknown
from .pass_stage import PassStage
from .pass_stepper import STEP, PassStepper
from .player import Player
from .stopped_pass import shown_if_stopped

say = speaker("forward_pass")

STEPS = ("layer", "operation")


class ForwardStepper(PassStepper):
    """A network you can walk through, forwards and backwards, with every number checked.

    model      a module, or a plain function of a Tensor; it is never changed
    x, y       one sample or a batch (rows are samples)
    loss       None: the one that follows from y and the last module (its name stands in the header)
    optimizer  what the update would do; None: no update
    step       "layer" or "operation", the size of a step at first
    plain      say *slope* and show numbers without symbols
    player     a Player shared with another stepper of the same recording
    presenter  large type for a lecture hall, also by key p; `.stage.presenter` sets it later

    `.after(X)` is what the updated model returns; `.stage` the picture alone.
    Raises ValueError or TypeError, in two lines, for input that does not fit.
    """

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        loss: Any = None,
        optimizer: Any = STEP,
        *,
        step: str = "layer",
        plain: bool = False,
        player: Player | None = None,
        presenter: bool = False,
        **unknown: Any,
    ) -> None:
        known = ("model", "x", "y", "loss", "optimizer", "step", "plain", "player", "presenter")
        refuse_unknown(unknown, known, "ForwardStepper")
        if step not in STEPS:
            raise ValueError(
                f"step is {step!r}; a stepper goes by {' or by '.join(STEPS)}.\n"
                'Write step="layer" or step="operation".'
            )
        with shown_if_stopped():
            self.recorded = record_pass(model, x, y, loss, optimizer)
        self._paths = Scene.of(self.recorded).paths
        made = partial(film_pass, self.recorded, plain=plain)
        stage = PassStage(made(), cut=step, player=player)
        super().__init__(stage, partial(made, presenter=True), presenter)
        stage.badge = CHECKING
        stage.on_press(self.guard(self._pressed))
        stage.on_painted(self.guard(self._check))

    # --- what a lesson asks -----------------------------------------------------------------------
    def after(self, x: Any) -> np.ndarray:
        """What the updated model returns for other inputs; the model itself stays as it is.

        x: (n, features) or one sample (features,)
        """
        return self.recorded.after(x)

    def text(self) -> tuple[str, ...]:
        """The first sentence, and the whole recording in one line."""
        return self.told("layer", say)

    # --- what the page asks -----------------------------------------------------------------------
    def _pressed(self, tag: str) -> None:
        """A weight was pressed: what its slope promises for 0.01, and what the loss does."""
        name, _, index = tag.partition(":")
        name = name.removeprefix("g").removesuffix("+")
        path = self._paths.get(name)
        size = self.recorded.parameters[path].value.size if path is not None else 0
        if not (index.isascii() and index.isdigit() and int(index) < size):  # a page sends anything
            self.stage.note = {}
            return
        assert path is not None
        self.stage.note = {"tag": tag, "rows": self._note(path, int(index))}

    def _note(self, path: str, index: int) -> list[dict[str, Any]]:
        found = nudge(self.recorded, path, index)
        leaf = self.recorded.parameters[path]
        seen = self.stage.k if self._covered is None else min(self.stage.k, self._covered)
        if seen < self.recorded.trace.complete_at.get(leaf, 0):
            return [
                {
                    "t": "p",
                    "s": f"This number is {number(found.value)}. Its slope is not computed yet.",
                }
            ]
        sign = product_sign(found.slope, found.by, found.promised)
        rise = "rises" if found.measured > 0 else "falls" if found.measured < 0 else "stays"
        return [
            {"t": "eq", "head": f"This number is {number(found.value)}. Turned up by {found.by:g}:",
             "rows": [
                 ["slope", {"n": found.slope}, "×", f"{found.by:g}", sign,
                  box(found.promised)],
                 ["measured", box(found.measured), {"note": f"the loss {rise}"}],
             ]},
        ]  # fmt: skip
