"""How strongly a loss bends, and how large a step it therefore allows.

`hessian` all second slopes · `sharpness` the largest curvature, λmax · `limit` 2/λmax, the step
size at which plain descent stops to settle.

Every second slope is a complex step through the way back, exact to rounding: nothing is subtracted.
At a kink (ReLU) the curvature is that of the side on which the slope is taken; a loss that is made
of flat pieces has curvature 0 there, although its slope jumps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.gradcheck import TINY
from backprop_kit.engine.replay import replay_slopes
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import Module
from backprop_kit.study.passes import output_of
from backprop_kit.study.run.samples import Samples, checked_loss

MOST = 3000  # parameters: their second slopes fill 72 MB, and take a minute
DENSE = 200  # up to so many parameters all second slopes are found, beyond that only products
MEMORY = 64e6  # bytes that one replay may fill
SETTLED = 1e-8  # residual over eigenvalue; what the eigenvalue is off by goes with its square


def hessian(model: Module, data: Any, loss: Any = None) -> np.ndarray:
    """All second slopes of the loss over the parameters: (n, n), symmetric.

    data  a Data, of which the rows to learn from count, or a pair (x, y)
    loss  a Loss, or a function of output and target; None: the one a `Run` takes, which for targets
          that are no classes is the mean squared error

    Rows and columns go through the parameters in the order of `named_parameters`, each flat. The
    model is not changed; layers that act otherwise in training act as the model's mode says.

    Raises ValueError for more than 3,000 parameters, and ValueError or TypeError, in two lines, for
    input that does not fit.
    """
    bent = _Bent(model, data, loss)
    if bent.n > MOST:
        raise ValueError(
            f"{bent.n:,} parameters have {bent.n**2:,} second slopes, {bent.n**2 * 8e-6:,.0f} MB.\n"
            f"Up to {MOST:,} are taken; sharpness(model, data) needs no more than products."
        )
    rows = bent.every()
    return np.asarray((rows + rows.T) / 2)


def sharpness(model: Module, data: Any, loss: Any = None) -> float:
    """λmax, the largest curvature of the loss in any direction of the parameters.

    Takes what `hessian` takes, and any number of parameters: beyond 200 the largest eigenvalue is
    closed in on by products with the second slopes (Lanczos 1950), until it moves no more. NaN
    where the loss, or a second slope of it, is not finite.
    """
    with np.errstate(all="ignore"):  # a run may have grown out of all bounds
        bent = _Bent(model, data, loss)
        if bent.n > DENSE:
            return _largest(lambda v: bent.products(v[None])[0], bent.n)
        every = bent.every()
    return float(np.linalg.eigvalsh(every)[-1]) if np.isfinite(every).all() else float("nan")


def limit(model: Module, data: Any, loss: Any = None) -> float:
    """2/λmax: where the loss is a bowl, plain descent with a larger step grows without end.

    Takes what `sharpness` takes. Infinite where no direction bends upwards, NaN where λmax is.
    """
    most = sharpness(model, data, loss)
    return float("inf") if most <= 0 else 2 / most


class _Bent:
    """A recorded loss, asked for its second slopes."""

    def __init__(self, model: Module, data: Any, loss: Any) -> None:
        if not isinstance(model, Module):
            raise TypeError(
                f"Only a module has parameters; this is {type(model).__name__}.\n"
                "Pass a model such as Sequential(Linear(2, 3), Tanh())."
            )
        twin, samples = _twin(model), Samples.of(data)
        output = output_of(twin, Tensor(samples.x, requires_grad=False))
        rule = checked_loss(loss, model, samples.y)
        self._loss = rule(output, samples.fitting(output).y).node
        self._tape = ancestors(self._loss)
        self._leaves = [p.node for p in twin.parameters()]
        self._used = {n for n in self._tape if n.needs_grad}.intersection(self._leaves)
        if not self._used:
            raise ValueError(
                "The model has no parameter, so there is nothing a loss could bend along.\n"
                "Give it a layer, such as Linear."
            )
        self.n = sum(leaf.value.size for leaf in self._leaves)
        self._theta = np.concatenate([leaf.value.reshape(-1) for leaf in self._leaves])

    def every(self) -> np.ndarray:
        """H, row by row, in portions whose replay fits in memory: there and back, complex."""
        one = 3 * 16 * sum(n.value.size for n in self._tape)
        size = max(1, int(MEMORY / one))
        portions = range(0, self.n, size)
        return np.concatenate([self.products(np.eye(size, self.n, i)[: self.n - i])
                               for i in portions])  # fmt: skip

    def products(self, directions: np.ndarray) -> np.ndarray:
        """H·v for each row v."""
        sizes = np.cumsum([leaf.value.size for leaf in self._leaves])[:-1]
        parts = np.split(self._theta + 1j * TINY * directions, sizes, axis=1)
        moved = {leaf: part.reshape(-1, *leaf.value.shape)
                 for leaf, part in zip(self._leaves, parts, strict=True)
                 if leaf in self._used}  # fmt: skip
        _, slopes = replay_slopes(self._loss, moved, self._leaves)
        flat = [s.imag.reshape(len(directions), -1) for s in slopes]
        return np.asarray(np.concatenate(flat, axis=1) / TINY)


def _twin(model: Module) -> Module:
    """A copy, in float64: a norm may note what it saw, and second slopes need the digits."""
    twin: Module = model.copy()
    for p in twin.parameters():
        p.data = p.data.astype(float)
    return twin


def _largest(product: Callable[[np.ndarray], np.ndarray], n: int) -> float:
    """The largest eigenvalue of a symmetric matrix of which only products are known."""
    v = np.random.default_rng(0).standard_normal(n)
    basis = [v / np.linalg.norm(v)]
    alpha: list[float] = []
    beta: list[float] = []
    while True:
        w = product(basis[-1])
        alpha.append(float(w @ basis[-1]))
        every = np.array(basis)
        for _ in range(2):  # once more, for what rounding left of the directions already there
            w = w - every.T @ (every @ w)
        off = float(np.linalg.norm(w))
        if not np.isfinite(off):
            return float("nan")
        values, vectors = np.linalg.eigh(np.diag(alpha) + np.diag(beta, 1) + np.diag(beta, -1))
        size = float(np.abs(values).max())
        if len(basis) == n or off * abs(vectors[-1, -1]) <= SETTLED * size or size == 0:
            return float(values[-1])
        beta.append(off)
        basis.append(w / off)
