"""Losses: one number that says how wrong the output is. `loss(output, target)`.

`SquaredError` ½ Σ (the form of 1986) · `MSELoss` the mean · `BCELoss` of probabilities ·
`BCEWithLogitsLoss` of sums before the sigmoid · `CrossEntropyLoss` of scores and labels ·
`default_loss` which of them fits a model and its targets.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine import ops
from backprop_kit.engine.tensor import Tensor, frozen
from backprop_kit.nn.layers import Sequential, Sigmoid
from backprop_kit.nn.module import Module


class Loss(Module):
    """The base of the losses: checks that output and target fit, then computes one number.

    title    what it is called in a picture's header
    unfused  the same loss written in single operations, as steppers record it
    labels   whether targets are whole numbers that count classes
    """

    title = "loss"
    labels = False

    def __call__(self, *args: Any) -> Any:
        if len(args) != 2 or any(a is None for a in args):
            raise TypeError(
                f"{type(self).__name__} compares two arrays: what came out and what should.\n"
                "Call loss(output, target)."
            )
        output, target = args
        if isinstance(output, Tensor) and not self.labels:
            target = _in_the_type_of(output, target)
        return super().__call__(output, target)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        if output.size == 0:
            raise ValueError(
                f"The batch is empty (output of shape {output.shape}).\nGive at least one sample."
            )
        if target.shape != output.shape:
            raise ValueError(
                f"Output of shape {output.shape} does not fit targets of shape {target.shape}.\n"
                "Both need the same shape: one row a sample, one column an output."
            )
        return self.measure(output, target)

    def measure(self, output: Tensor, target: Tensor) -> Tensor:
        raise TypeError(f"{type(self).__name__} has no measure().\nDefine it in the subclass.")

    def unfused(self, output: Tensor, target: Tensor) -> Tensor:
        return self.measure(output, target)

    def recorded(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss in single operations, checked like a call: what steppers record."""
        twin = Unfused(self)
        return twin(output, target)


class Unfused(Module):
    """A loss written in single operations, with the checks of the fused one."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        self.loss.forward(output, target)
        return self.loss.unfused(output, target)


def _in_the_type_of(output: Tensor, target: Any) -> Any:
    """A target in float32 where the output is, so that one float64 array does not widen all."""
    if isinstance(target, Tensor) or output.data.dtype != np.float32:
        return target
    numbers = frozen(target, keep_integers=True)
    return numbers if numbers.dtype.kind == "c" else numbers.astype(np.float32)


class SquaredError(Loss):
    """L = ½ Σ (output − target)², summed over samples and outputs (Rumelhart et al. 1986)."""

    title = "squared error ½ Σ"

    def measure(self, output: Tensor, target: Tensor) -> Tensor:
        return ((output - target) ** 2).sum() * 0.5


class MSELoss(Loss):
    """L = mean (output − target)², PyTorch's form."""

    title = "mean squared error"

    def measure(self, output: Tensor, target: Tensor) -> Tensor:
        return ((output - target) ** 2).mean()


class BCELoss(Loss):
    """L = mean −(t ln p + (1 − t) ln(1 − p)), for probabilities p between 0 and 1.

    A logarithm stops at −100, as in PyTorch, so that p = 0 and p = 1 have a finite loss; there a
    wrong p has the slope ±10¹². Everywhere else the slope is the curve's own, while PyTorch's is
    at most 10¹² times the error.
    """

    title = "binary cross-entropy"
    lowest = -100.0

    def measure(self, output: Tensor, target: Tensor) -> Tensor:
        low, high = float(output.data.real.min()), float(output.data.real.max())
        if low < 0 or high > 1:
            raise ValueError(
                f"BCELoss got {low if low < 0 else high:.3g}; probabilities lie between 0 and 1.\n"
                "End the model with Sigmoid(), or use BCEWithLogitsLoss on the sums."
            )
        lit = target * ops.log(output, floor=self.lowest)
        dark = (1 - target) * ops.log(1 - output, floor=self.lowest)
        return -(lit + dark).mean()


class BCEWithLogitsLoss(Loss):
    """L = mean ln(1 + e^z) − t z: sigmoid and binary cross-entropy in one, safe for large z."""

    title = "binary cross-entropy of logits"

    def measure(self, output: Tensor, target: Tensor) -> Tensor:
        return (ops.softplus(output) - target * output).mean()

    def unfused(self, output: Tensor, target: Tensor) -> Tensor:
        return BCELoss().measure(ops.sigmoid(output), target)


class CrossEntropyLoss(Loss):
    """L = mean −ln softmax(scores)[label].   scores: (..., classes)   labels: (...) whole numbers

    A label counts the classes from 0.
    """

    title = "cross-entropy"
    labels = True

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        if output.size == 0:
            raise ValueError(
                f"The batch is empty (scores of shape {output.shape}).\nGive at least one sample."
            )
        if target.data.dtype.kind not in "iu" and np.any(target.data != np.round(target.data)):
            raise TypeError(
                f"Labels are whole numbers that count classes; got {target.data.dtype}.\n"
                "Give y as integers, such as np.array([3, 0, 7])."
            )
        return self.measure(output, target)

    def measure(self, output: Tensor, target: Tensor) -> Tensor:
        return ops.cross_entropy(output, target).mean()

    def unfused(self, output: Tensor, target: Tensor) -> Tensor:
        return -ops.pick(ops.log(ops.softmax(output)), target).mean()


def default_loss(model: Any, y: Any) -> Loss:
    """The loss that follows from the targets and the last module of a model.

    Whole-number targets with one axis and two or more outputs → cross-entropy; last module Sigmoid
    → binary cross-entropy; else squared error.
    """
    modules = list(model.modules()) if isinstance(model, Module) else []
    outputs = next((m.n_out for m in reversed(modules) if hasattr(m, "n_out")), 2)
    y = y.data if isinstance(y, Tensor) else np.asarray(y)
    if y.dtype.kind in "iu" and y.ndim <= 1 and outputs >= 2:
        return CrossEntropyLoss()
    last = model
    while isinstance(last, Sequential) and len(last):
        last = last[-1]
    return BCELoss() if isinstance(last, Sigmoid) else SquaredError()
