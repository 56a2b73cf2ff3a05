"""A whole descent in one line: `losses`."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.nn import Module, Optimizer
from backprop_kit.study.run import Run


def losses(model: Module, data: Any, optimizer: Optimizer, steps: int) -> np.ndarray:
    """The loss before the first step and after each: steps + 1 numbers. `model` stays as it is.

    data   a Data, of which the rows to learn from count, or a pair (x, y); every step sees all
    steps  how many, at most 4,000

    From the step on at which the loss, or a number of the model, is no longer finite, it is ∞.
    Raises ValueError or TypeError, in two lines, for what does not fit together.
    """
    whole = isinstance(steps, (int, np.integer)) and not isinstance(steps, bool)
    if not whole or not 0 <= steps <= 4000:
        raise ValueError(
            f"steps is {steps!r}; it counts updates.\nGive a whole number from 0 to 4,000."
        )
    run = Run(model, data, optimizer=optimizer)
    run.step(int(steps))
    found = np.full(int(steps) + 1, np.inf)
    curve = run.curve()
    found[curve.steps] = curve.train
    return found
