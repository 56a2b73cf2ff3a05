"""What a run learns from and is judged by, read once.

`Samples` the rows to learn from and those kept back, in the type of the model · `fitting_loss` the
loss that follows from model and targets · `OwnLoss` any function as a loss ·
`grader` the share answered right · `note_on` what to know about targets
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan, prod
from typing import Any

import numpy as np

from backprop_kit.data import Data
from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Linear,
    Loss,
    Module,
    MSELoss,
    Sequential,
    SquaredError,
    default_loss,
)
from backprop_kit.study.passes import checked_sample, fitted


@dataclass(frozen=True, eq=False)
class Samples:
    """x, y to learn from; test_x, test_y to judge by, None where nothing is kept back."""

    data: Data
    x: Array
    y: Array
    test_x: Array | None
    test_y: Array | None

    @classmethod
    def of(cls, given: Any) -> Samples:
        """Read a Data, or a pair (x, y), which is all to learn from.

        Raises TypeError or ValueError, in two lines, for what is neither, is empty, not finite or
        of different lengths.
        """
        data = given if isinstance(given, Data) else _from_pair(given)
        train, test = data.split
        if not len(train):
            raise ValueError(
                "No sample is set aside to learn from.\nGive the Data at least one training row."
            )
        kept = (data.x[test], data.y[test]) if len(test) else (None, None)
        return cls(data, data.x[train], data.y[train], *kept)

    def like(self, dtype: np.dtype) -> Samples:
        """The same samples in the type of a model in float32, so that nothing is widened."""
        if dtype != np.float32:
            return self
        narrow = lambda a: a if a is None or a.dtype.kind in "iu" else a.astype(dtype)
        return Samples(
            self.data, narrow(self.x), narrow(self.y), narrow(self.test_x), narrow(self.test_y)
        )

    def fitting(self, output: Tensor) -> Samples:
        """The same samples, targets given as one number a sample made the column that the model's
        one output is."""
        if self.y.ndim != output.ndim - 1 or fitted(self.y, output) is self.y:
            return self
        column = lambda a: a.reshape(len(a), *output.shape[1:])
        kept = self.test_y if self.test_y is None else column(self.test_y)
        return replace(self, y=column(self.y), test_y=kept)

    def __len__(self) -> int:
        return len(self.x)


def _from_pair(given: Any) -> Data:
    try:
        x, y = given
    except (TypeError, ValueError):
        raise TypeError(
            f"data is {type(given).__name__}; it must be samples and their targets.\n"
            "Pass a Data such as spirals(), or a pair (x, y)."
        ) from None
    x, y = checked_sample(x, y)
    return Data(x, y, split=(np.arange(len(x)), []))


def _labels(y: Array) -> bool:
    return y.dtype.kind in "iu" and y.ndim == 1


def _both(y: Array) -> bool:
    """Whether the targets are the two classes 0 and 1, or −1 and 1."""
    return bool(np.isin(y, (0, 1)).all() or np.isin(y, (-1, 1)).all())


def counts_classes(loss: Loss) -> bool:
    """Whether a loss is one of classes."""
    return isinstance(loss, (BCELoss, BCEWithLogitsLoss, CrossEntropyLoss))


def note_on(y: Array, loss: Loss) -> str:
    """What a learner should know about these targets, or ""."""
    if not counts_classes(loss) or len(np.unique(y)) > 1:
        return ""
    return f"All samples to learn from are of one class, {y.reshape(-1)[0]:g}."


class OwnLoss(Loss):
    """A function of output and target as a loss."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.function = function
        self.title = getattr(function, "__name__", "loss").replace("<lambda>", "own loss")

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        value = self.measure(output, target)
        if not isinstance(value, Tensor) or value.size != 1:
            got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(
                f"The loss gave {got}; it must be one number.\n"
                "Sum or average it, such as ((output - target) ** 2).mean()."
            )
        return value

    def measure(self, output: Tensor, target: Tensor) -> Tensor:
        return self.function(output, target)


def checked_loss(loss: Any, model: Module, y: Array) -> Loss:
    """The loss itself, a function as a loss, or for None the one that fits."""
    if loss is None:
        return fitting_loss(model, y)
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, type) or not callable(loss):
        raise TypeError(
            f"The loss is {loss.__name__ if isinstance(loss, type) else type(loss).__name__}; it "
            "must be a loss or a function.\nPass MSELoss(), or a function of output and target."
        )
    return OwnLoss(loss)


def fitting_loss(model: Module, y: Any) -> Loss:
    """The loss that follows from the targets and the last module of a model.

    Labels and two or more outputs: cross-entropy. Last module Sigmoid: binary cross-entropy. Last
    module Linear with one output, and targets both 0 and 1: binary cross-entropy of logits. Else
    the mean squared error.
    """
    loss = default_loss(model, y)
    if not isinstance(loss, SquaredError):
        return loss
    last: Any = model
    while isinstance(last, Sequential) and len(last):
        last = last[-1]
    if isinstance(last, Linear) and last.n_out == 1 and set(np.unique(y)) == {0, 1}:
        return BCEWithLogitsLoss()
    return MSELoss()


def grader(y: Array, outputs: tuple[int, ...], loss: Loss) -> Callable[[Array], float]:
    """A function that gives the share of answers of this shape on the right side.

    Several outputs: the largest is where the target is. One output: it lies on the target's side of
    the middle, which is 0 for targets ±1 and for logits, else 0.5. NaN where the targets are no
    classes.
    """
    if len(outputs) > 1 and outputs[-1] > 1:
        labels = _labels(y) and y.shape == outputs[:-1]
        one_hot = y.shape == outputs and bool(np.isin(y, (0, 1)).all() and (y.sum(-1) == 1).all())
        if not labels and not one_hot:
            return lambda said: nan
        true = y if labels else y.argmax(-1)
        return lambda said: int(np.count_nonzero(said.argmax(-1) == true)) / true.size
    if y.size != prod(outputs) or not (
        _both(y) and (counts_classes(loss) or len(np.unique(y)) > 1)
    ):
        return lambda said: nan
    middle = 0.0 if y.min() < 0 or isinstance(loss, BCEWithLogitsLoss) else 0.5
    lit = y.reshape(outputs) > middle
    return lambda said: int(np.count_nonzero((said > middle) == lit)) / y.size
