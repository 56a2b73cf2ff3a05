"""The matrix products of a recorded pass: what each affine layer multiplies, there and back.

`affines` the layers Y = X W + b of a pass, with their blame and their gradients · `Affine` one of
them · `Try` the product of two of its matrices: does it fit, and is it the gradient? · `shares`
what each sample adds to the gradient of one number · `steepness` the slope of an activation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product as pairs
from typing import NamedTuple

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.study.chain import Link
from backprop_kit.study.passes import Pass

GOALS = ("dW", "dX")
SAME = 1e-10  # relative to the largest entry: the same numbers but for rounding
_MEANS = {
    "X": ("batch", "in"), "W": ("in", "out"), "dY": ("batch", "out"),
    "dW": ("in", "out"), "dX": ("batch", "in"),
}  # fmt: skip


class Factor(NamedTuple):
    """A matrix that may stand in a product.

    name    X, W or dY; turned: its transpose
    means   what its rows and its columns count: batch, in or out
    """

    name: str
    turned: bool
    values: Array
    means: tuple[str, str]


@dataclass(frozen=True, eq=False)
class Try:
    """The product of two matrices of a layer, tried for a gradient of shape `goal`."""

    left: Factor
    right: Factor
    goal: Array

    @property
    def fits(self) -> bool:
        """Whether the touching sizes are equal, so that there is a product at all."""
        return self.left.values.shape[1] == self.right.values.shape[0]

    @property
    def shape(self) -> tuple[int, int]:
        return self.left.values.shape[0], self.right.values.shape[1]

    @property
    def means(self) -> tuple[str, str]:
        """What the rows and the columns of the product count."""
        return self.left.means[0], self.right.means[1]

    @property
    def meets(self) -> tuple[str, str]:
        """What the touching edges count; sizes may agree where meanings do not."""
        return self.left.means[1], self.right.means[0]

    @property
    def shaped(self) -> bool:
        """Whether it fits and has the shape of the gradient."""
        return self.fits and self.shape == self.goal.shape

    @cached_property
    def value(self) -> Array | None:
        """The product; None where the sizes do not fit."""
        return self.left.values @ self.right.values if self.fits else None

    @cached_property
    def passes(self) -> bool:
        """Whether it has the shape and the numbers of the gradient."""
        if not self.shaped:
            return False
        assert self.value is not None
        scale = float(np.abs(self.goal).max()) if self.goal.size else 0.0
        return bool((np.abs(self.value - self.goal) <= SAME * scale).all())


@dataclass(frozen=True, eq=False)
class Affine:
    """One affine layer Y = X W + b of a recorded pass, as matrices.

    X (batch, in), W (in, out), b (out,) or None, Y and dY (batch, out), dW (in, out), db (out,),
    dX (batch, in). A d before a letter is short for ∂L/∂, so dY is the blame at the sums. Of an
    input with more axes all but the last are one, the batch. The gradients are this layer's own:
    a weight that is used twice collects from both. `ks` the steps after which each is known.
    Where nothing comes back, dY and what is made of it are None.
    """

    link: Link
    X: Array
    W: Array
    b: Array | None
    Y: Array
    dY: Array | None
    dW: Array | None
    db: Array | None
    dX: Array | None
    ks: dict[str, int]

    def factor(self, name: str, turned: bool = False) -> Factor:
        """X, W or dY, or its transpose.

        Raises ValueError for another name.
        """
        if name not in ("X", "W", "dY"):
            raise ValueError(f"There is no factor {name!r}.\nChoose X, W or dY.")
        values = getattr(self, name)
        assert values is not None
        rows, cols = _MEANS[name]
        if turned:
            return Factor(name, True, values.T, (cols, rows))
        return Factor(name, False, values, (rows, cols))

    def tried(self, goal: str, left: Factor, right: Factor) -> Try:
        """One product, tried for the gradient `goal`, "dW" or "dX"."""
        if goal not in GOALS:
            raise ValueError(f"There is no gradient {goal!r} to try for.\nChoose dW or dX.")
        return Try(left, right, getattr(self, goal))

    def tries(self, goal: str = "dW", names: tuple[str, str] = ("X", "dY")) -> tuple[Try, ...]:
        """All eight products of two matrices, each as it is or turned, in either order."""
        one, other = names
        return tuple(
            self.tried(goal, self.factor(a, s), self.factor(b, t))
            for a, b in ((one, other), (other, one))
            for s, t in pairs((False, True), repeat=2)
        )


def affines(recorded: Pass) -> dict[Link, Affine]:
    """The affine layers of a pass that are products of two matrices, in their order."""
    found = {}
    for link in recorded.links:
        if link.kind == "linear" and link.weight is not None:
            assert link.product is not None
            if link.weight.value.ndim == 2 and link.source.value.ndim >= 2:
                found[link] = _affine(link, recorded.trace)
    return found


def _affine(link: Link, trace: Trace) -> Affine:
    assert link.weight is not None and link.product is not None
    X, W, Y = matrix(link.source.value), link.weight.value, matrix(link.result.value)
    ks = {"X": trace.computed_at[link.source], "W": 0, "b": 0, "Y": trace.computed_at[link.result]}
    dY = dW = db = dX = None
    if link.result in trace.grads:
        dY, ks["dY"] = matrix(trace.grads[link.result]), trace.complete_at[link.result]
        ks["dW"], dW = _part(trace, link.product, link.weight)
        if link.bias is not None:
            ks["db"], db = _part(trace, link.result, link.bias)
        if link.source in trace.grads:
            ks["dX"], dX = trace.complete_at[link.source], matrix(trace.grads[link.source])
        else:
            # Nobody asks the data for a slope; it is known as soon as the slope at the product is.
            ks["dX"], dX = trace.complete_at[link.product], dY @ W.T
    b = link.bias.value if link.bias is not None else None
    return Affine(link, X, W, b, Y, dY, dW, db, dX, ks)


def _part(trace: Trace, node: Node, target: Node) -> tuple[int, Array]:
    """The part of a slope that one operation handed to one of its inputs, and when."""
    for k, step in enumerate(trace.steps, len(trace.made) + 1):
        if step.node is node and step.target is target:
            return k, step.part
    raise LookupError(f"no slope went through {node} to {target}")


def matrix(values: Array) -> Array:
    """An array as rows and columns: all axes but the last are one; a list is one column."""
    if values.ndim < 2:
        return values.reshape(-1, 1)
    return values.reshape(-1, values.shape[-1])


def shares(layer: Affine, row: int | None, col: int) -> Array:
    """What each sample adds to the gradient of W[row, col], or of b[col] (row None).

    A share is input × blame, for an offset the blame alone. shape (batch,); the shares add up to
    the gradient.

    Raises ValueError where no blame came back, or for a place that does not exist.
    """
    if layer.dY is None:
        raise ValueError("No blame came back to this layer.\nAsk a layer the loss depends on.")
    n_in, n_out = layer.W.shape
    if not (0 <= col < n_out and (row is None or 0 <= row < n_in)):
        raise ValueError(
            f"There is no weight ({row}, {col}).\nThe layer has {n_in} inputs and {n_out} outputs."
        )
    return layer.dY[:, col] if row is None else layer.X[:, row] * layer.dY[:, col]


MIXING = ("softmax", "log_softmax")  # each number depends on its whole row


def steepness(link: Link) -> Array | None:
    """How steep an activation is at each of its inputs; None where it mixes a whole row."""
    node = link.result
    if link.kind != "activation" or link.name in MIXING or node.op is None:
        return None
    rule = node.op.vjp(0)
    assert rule is not None
    return np.asarray(rule(np.ones(node.value.shape), node.value, *node.args, **node.options))
