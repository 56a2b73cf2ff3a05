"""Is a step too long for the ground it is made on? η·λmax, kept up to date while a net trains.

`TopCurvature` closes in on λmax, the largest curvature, one exact product at a time, and goes on
from where it was when the weights move · `Estimate` what it knows · `gauge` η·λmax beside the
value at which a rule starts to swing · `Gauge` that.

A product H·v is one complex step through the way back, exact to rounding. Beyond the limit a step
is *unstable here*: on a bowl it would grow without end, a net may bend away from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.gradcheck import TINY
from backprop_kit.engine.replay import replay_slopes
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import leaf_names
from backprop_kit.nn import SGD, Module, Optimizer
from backprop_kit.study.flow.sizes import ratio, size
from backprop_kit.study.passes import output_of
from backprop_kit.study.run.samples import Samples, checked_loss

FAINT = 1e-8  # of a length: what is left below it is mostly rounding
FADES = 0.9  # what was seen at earlier weights counts less with every move


@dataclass(frozen=True)
class Estimate:
    """What is known of the largest curvature.

    value     vᵀHv for the present direction v: never above λmax; NaN where the loss or a slope of
              it is no number
    residual  ‖Hv − value·v‖: some curvature lies no further from `value` than this
    products  how many products were made so far
    """

    value: float
    residual: float
    products: int

    @property
    def relative(self) -> float:
        """The residual as a share of the value."""
        return ratio(self.residual, abs(self.value))


class TopCurvature:
    """λmax of a loss on a batch, as its weights move.

    `step()` makes one product. While the weights stand still each one improves the direction: the
    best in the plane of the direction, its residual and the last move (Knyazev 2001, without a
    preconditioner). After a `move` it measures there, along a direction that is turned a little by
    what the last product showed: one step of a power iteration for each move.

    model  is copied
    data   a pair (x, y), or a Data, of which the rows to learn from count
    loss   None: the one that a `Run` takes

    Raises ValueError or TypeError, in two lines, for input that does not fit or is not finite.
    """

    def __init__(self, model: Module, data: Any, loss: Any = None, *, seed: int = 0) -> None:
        if not isinstance(model, Module):
            raise TypeError(
                f"Only a module has parameters; this is {type(model).__name__}.\n"
                "Pass a model such as Sequential(Linear(2, 3), Tanh())."
            )
        twin = model.copy()
        for p in twin.parameters():
            p.data = p.data.astype(float)  # second slopes need the digits
        samples = Samples.of(data)
        rule = checked_loss(loss, model, samples.y)
        with np.errstate(all="ignore"):
            output = output_of(twin, Tensor(samples.x, requires_grad=False))
            value = rule(output, samples.fitting(output).y)
        if not value.requires_grad:
            raise ValueError(
                "The model has no parameter, so there is nothing that could bend.\n"
                "Give it a layer, such as Linear."
            )
        self._loss: Node = value.node
        names = leaf_names(tuple(ancestors(self._loss)))
        self._leaves = {name: leaf for leaf, name in names.items()}
        self._theta = {name: leaf.value for name, leaf in self._leaves.items()}
        self._cuts = np.cumsum([leaf.value.size for leaf in self._leaves.values()])[:-1]
        self.n = sum(leaf.value.size for leaf in self._leaves.values())
        v = np.random.default_rng(seed).standard_normal(self.n)
        self._v = v / np.linalg.norm(v)
        self._Hv: np.ndarray | None = None
        self._before: tuple[np.ndarray, np.ndarray] | None = None  # the last move, and H of it
        self._stale = True  # whether Hv belongs to other weights than the present ones
        self._lowest = 0.0  # the most negative curvature seen
        self._scale = 0.0  # the largest curvature, of either sign, seen at these weights
        self.products = 0
        self.estimate = Estimate(0.0, inf, 0)

    def move(self, model: Any) -> None:
        """Go on with other weights: a model of the same make, or {path: array}."""
        new = model.state_dict() if isinstance(model, Module) else dict(model)
        for name, old in self._theta.items():
            if name not in new or np.shape(new[name]) != old.shape:
                raise ValueError(
                    f"{name} is missing or has another shape than {old.shape}.\n"
                    "Move on with a model of the same make."
                )
        self._theta = {name: np.asarray(new[name], dtype=float) for name in self._theta}
        if not self._stale:
            self._turn()
        self._lowest *= FADES
        self._stale, self._before, self._scale = True, None, 0.0

    def product(self, v: np.ndarray) -> np.ndarray:
        """H·v at the present weights; v and the result flat, in the order of the parameters."""
        parts = dict(zip(self._theta, np.split(v, self._cuts), strict=True))
        moved = {
            self._leaves[name]: at + 1j * TINY * parts[name].reshape(at.shape)
            for name, at in self._theta.items()
        }
        with np.errstate(all="ignore"):
            _, slopes = replay_slopes(self._loss, moved, self._leaves.values())
        self.products += 1
        return np.concatenate([s.imag.reshape(-1) for s in slopes]) / TINY

    def step(self) -> Estimate:
        """Make one product and say what is known then.

        At first, and after a move, it measures; each further one improves the direction. (Along an
        exact eigenvector there is nothing to improve, and no product is made.)
        """
        if self._stale:
            self._measure()
        else:
            self._improve()
        return self.estimate

    def settle(self, within: float = 1e-6, most: int = 500) -> Estimate:
        """Make products until the residual is within this share of the largest curvature seen, or
        `most` are made."""
        if self._stale:
            self._measure()
        last = self.products + most
        while self.estimate.residual > within * self._scale and self.products < last:
            self._improve()
        return self.estimate

    def _turn(self) -> None:
        """Turn the direction by (H − lowest) once; what bends most grows most."""
        assert self._Hv is not None
        with np.errstate(all="ignore"):
            v = self._Hv - self._lowest * self._v
            length = float(np.linalg.norm(v))
        if 0 < length < inf and self.estimate.value > self._lowest:
            self._v = v / length

    def _measure(self) -> None:
        self._Hv = self.product(self._v)
        self._stale = False
        self._note()

    def _note(self) -> None:
        assert self._Hv is not None
        with np.errstate(all="ignore"):
            value = float(self._v @ self._Hv)
            residual = size(self._Hv - value * self._v)
        if abs(value) < inf:
            self._scale = max(self._scale, abs(value))
        self.estimate = Estimate(value, residual, self.products)

    def _improve(self) -> None:
        """Turn to where it bends most in the plane of the direction, its residual and the last
        move."""
        assert self._Hv is not None
        v, Hv = self._v, self._Hv
        r = _apart(Hv, [v]) if np.isfinite(Hv).all() else None
        if r is None:
            return
        basis, images = [v, r], [Hv, self.product(r)]
        if not np.isfinite(images[1]).all():
            return
        if self._before is not None:
            p, Hp = self._before
            shares = [float(b @ p) for b in basis]
            for share, b, Hb in zip(shares, basis, images, strict=True):
                p, Hp = p - share * b, Hp - share * Hb
            length = float(np.linalg.norm(p))
            if length > FAINT:
                basis, images = [*basis, p / length], [*images, Hp / length]
        B, HB = np.array(basis), np.array(images)
        small = B @ HB.T
        values, vectors = np.linalg.eigh((small + small.T) / 2)
        self._scale = max(self._scale, float(np.abs(values).max()))
        self._lowest = min(self._lowest, float(values[0]))
        best = vectors[:, -1] * (1 if vectors[0, -1] >= 0 else -1)
        self._v, self._Hv = best @ B, best @ HB
        best[0] = 0
        length = float(np.linalg.norm(best))
        self._before = (best @ B / length, best @ HB / length) if length > 0 else None
        self._note()


def _apart(x: np.ndarray, basis: list[np.ndarray]) -> np.ndarray | None:
    """What of x is at right angles to these, of length 1; None if that is rounding."""
    length = float(np.linalg.norm(x))
    for _ in range(2):  # once more, for what rounding left
        for b in basis:
            x = x - float(b @ x) * b
    left = float(np.linalg.norm(x))
    return x / left if left > FAINT**2 * length else None


# --- the gauge ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Gauge:
    """η · λmax beside the value from which on steps along the steepest bend grow.

    rate, curvature  η at this step, and λmax with what a weight penalty adds to it
    limit            2 for plain descent, 2 (1 + α) with momentum, 2 (1 + α) / (1 + 2α) with
                     Nesterov's; None where no such number exists (Adam and its kind divide the
                     step anew for every weight)
    """

    rate: float
    curvature: float
    limit: float | None

    @property
    def value(self) -> float:
        return self.rate * self.curvature

    @property
    def unstable(self) -> bool | None:
        """Whether it is unstable here; None where the gauge does not apply."""
        return None if self.limit is None else self.value > self.limit


def gauge(optimizer: Optimizer, curvature: float, steps: int = 0) -> Gauge:
    """Compare a rule's step size with the largest curvature.

    curvature  λmax of the loss, such as `TopCurvature(model, data).settle().value`
    steps      done so far, for a schedule
    """
    rate = optimizer.rate(steps)
    if not isinstance(optimizer, SGD):
        return Gauge(rate, curvature, None)
    alpha = optimizer.momentum
    limit = 2 * (1 + alpha) / (1 + 2 * alpha if optimizer.nesterov else 1)
    return Gauge(rate, curvature + optimizer.weight_decay, limit)
