"""What theory says of a deep net of random weights, before it is built.

`mean_field` follows the size of the sums forward and of the slopes back, layer by layer · `Field`
what it finds · `settled` where it ends in endless depth, and χ there · `critical` the spread of
weights at which χ = 1, and slopes neither vanish nor grow.

In a wide net with weights N(0, σ²/n) and no bias the sums of a layer are normal with a variance q,
and E is the mean over such numbers. Forward q ← σ² E[φ(z)²], back ‖δ‖² ← χ ‖δ‖² with
χ = σ² E[φ′(z)²] (Poole and others 2016; Schoenholz and others 2017). E is a Gauss–Hermite sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf, log10, sqrt
from typing import Any

import numpy as np

from backprop_kit.engine.tensor import Tensor
from backprop_kit.study.activations import Activation, activation, sample

NODES = 400  # even, so that none stands on a kink at 0; to 10⁻⁴ decades for √q up to about 4
SMALL, LARGE = 1e-15, 1e15  # variances between which a fixed point is looked for
HALVINGS = 60


@dataclass(frozen=True, eq=False)
class Field:
    """The expected course of a net with `layers` hidden layers.

    q      (layers,) the variance of the sums of each layer
    slope  (layers − 1,) what φ′ does to δ on each crossing, lowest first, in decades
    weight what the weights do on each crossing, in decades: log₁₀ σ
    """

    sigma: float
    q: np.ndarray
    slope: np.ndarray
    weight: float

    @property
    def decades(self) -> float:
        """log₁₀ (‖δ first‖ / ‖δ last‖)."""
        return float(self.slope.sum() + self.weight * len(self.slope))


def mean_field(act: Any, sigma: float, layers: int, variance: float = 1.0) -> Field:
    """Follow a net from its input on.

    act       an activation by name, module or function
    sigma     σ: the weights are N(0, σ²/n)
    layers    how many hidden layers
    variance  the mean square of an input
    """
    phi = activation(act)
    q = np.empty(layers)
    for i in range(layers):
        q[i] = sigma**2 * (variance if i == 0 else _mean_square(phi, q[i - 1]))
    with np.errstate(all="ignore"):
        slope = 0.5 * np.log10([_mean_square(phi, v, slopes=True) for v in q[:-1]])
    return Field(float(sigma), q, slope.reshape(-1), log10(sigma))


@dataclass(frozen=True)
class Settled:
    """Endless depth: the variance q* that no further layer changes (0 or infinite if there is none
    between), and χ there: δ² is multiplied by it at each crossing."""

    q: float
    chi: float


def settled(act: Any, sigma: float) -> Settled:
    """Where the variance of the sums ends, from an input that is not small, and χ there."""
    phi = activation(act)

    def grows(log_q: float) -> bool:
        return sigma**2 * _mean_square(phi, 10**log_q) > 10**log_q

    low, high = log10(SMALL), log10(LARGE)
    if grows(high):
        at, q = LARGE, inf
    elif not grows(low):
        at, q = SMALL, 0.0
    else:
        for _ in range(HALVINGS):
            mid = (low + high) / 2
            low, high = (mid, high) if grows(mid) else (low, mid)
        at = q = 10**low
    return Settled(q, sigma**2 * _mean_square(phi, at, slopes=True))


def critical(act: Any, low: float = 0.1, high: float = 10.0) -> float | None:
    """The smallest σ between `low` and `high` at which χ rises through 1; None if it does not."""
    grid = np.geomspace(low, high, 21)
    chi = [settled(act, s).chi for s in grid]
    for a, b, before, after in zip(grid, grid[1:], chi, chi[1:], strict=False):
        if before < 1 <= after:
            for _ in range(45):
                mid = sqrt(a * b)
                a, b = (mid, b) if settled(act, mid).chi < 1 else (a, mid)
            return float(b)
    return None


@lru_cache(maxsize=1)
def _rule() -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of the Gauss–Hermite sum for a standard normal number (Golub & Welsch
    1969: eigenvalues of the matrix of the recursion)."""
    beside = np.sqrt(np.arange(1, NODES))
    places, vectors = np.linalg.eigh(np.diag(beside, 1) + np.diag(beside, -1))
    return places, vectors[0] ** 2


def _mean_square(phi: Activation, q: float, *, slopes: bool = False) -> float:
    """E[φ(z)²] or E[φ′(z)²] for z normal with variance q."""
    places, weights = _rule()
    with np.errstate(all="ignore"):
        at = sqrt(q) * places
        values = sample(phi, at)[1] if slopes else phi.apply(Tensor(at)).data
        return float(weights @ values**2)
