"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.numbers import is_number
from backprop_kit.nn.optim.base import Optimizer, Slots


class SGD(Optimizer):
    """Gradient descent:  v ← α v + g,  w ← w − η v.

    lr        η, the step size, above 0
    momentum  α between 0 and 1 (0: plain descent, w ← w − η g)
    nesterov  look ahead along the velocity:  w ← w − η (g + α v)

    Further settings are those of every `Optimizer`. While η is constant this is the same as the
    form v ← α v − η g, w ← w + v (Rumelhart, Hinton, Williams 1986, eq. 9).
    """

    slots = {"v": "velocity"}
    _usual = {"momentum": 0.0}

    def __init__(
        self, lr: float, momentum: float = 0.0, *, nesterov: bool = False, **settings: Any
    ) -> None:
        super().__init__(lr, **settings)
        if not is_number(momentum) or not 0 <= momentum < 1:
            raise ValueError(
                f"Momentum is {momentum!r}; it must be at least 0 and below 1.\nTry 0.9, or 0."
            )
        if nesterov and not momentum:
            raise ValueError(
                "Nesterov looks ahead along the velocity, and without momentum there is none.\n"
                f"Try SGD({self.lr:g}, momentum=0.9, nesterov=True)."
            )
        self.momentum, self.nesterov = float(momentum), bool(nesterov)
        if nesterov:
            self.formula = "w − η (g + α v),  v = α v + g"
        elif momentum:
            self.formula = "w − η v,  v = α v + g"

    @property
    def plain(self) -> bool:
        return not (self.momentum or self.weight_decay or self.l1 or self.schedule
                    or self.clip_value or self.clip_norm)  # fmt: skip

    def rule(
        self, w: np.ndarray, g: np.ndarray, slots: Slots, lr: float
    ) -> tuple[np.ndarray, Slots]:
        if not self.momentum:
            return w - lr * g, {}
        v = g + self.momentum * slots["v"] if slots else g
        return w - lr * (g + self.momentum * v if self.nesterov else v), {"v": v}

    def _settings(self) -> list[str]:
        return super()._settings() + (["nesterov=True"] if self.nesterov else [])
