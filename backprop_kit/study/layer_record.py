"""What is known of one layer over a plane: where it takes points, and how much area it leaves.

`Layer` the record, as `bent_layer` makes it · `Cut` the next layer, where that is one sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backprop_kit.study.activations import Activation, Curve, zone_of


@dataclass(frozen=True, eq=False)
class Cut:
    """The next layer, one sum: w·h + b at the samples and over the plane.

    sums, straight   with the bend and without, at the rows of X
    """

    w: np.ndarray
    b: float
    sums: np.ndarray
    straight: np.ndarray
    map: np.ndarray


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer of n neurons over the square −reach … reach.

    act        the activation, and its curve; None for a closed block, which has no sums z either
    W, b       (2, n) and (n,); None for a block
    x, z, h    the point, its sums, its outputs; slopes: of the activation, at z
    jacobian   ∂h/∂x, (n, 2); stretches: its two singular values; area: how much of a small square
               at x is left (√det JᵀJ)
    grids      the grid before, as sums, and bent: (lines, points, 2), (lines, points, n) twice
    squares    the border of the small square, likewise
    maps       over the plane, the sums and h, (n, PIXELS²) each; a block has no sums
    points     the rows of X before, as sums, and bent
    groups     {name: rows} · cut: the next layer if it is one sum, else None
    """

    name: str
    act: Activation | None
    curve: Curve | None
    reach: float
    W: np.ndarray | None
    b: np.ndarray | None
    x: np.ndarray
    z: np.ndarray | None
    h: np.ndarray
    slopes: np.ndarray | None
    jacobian: np.ndarray
    grids: tuple[np.ndarray, ...]
    squares: tuple[np.ndarray, ...]
    maps: tuple[np.ndarray, ...]
    points: tuple[np.ndarray, ...]
    groups: Mapping[str, tuple[int, ...]]
    cut: Cut | None

    @property
    def units(self) -> int:
        return len(self.h)

    @property
    def det(self) -> float:
        """By how much the weights alone stretch an area: |det W|, √det WWᵀ if W is not square."""
        return _area(self.jacobian if self.W is None else self.W.T)

    @property
    def area(self) -> float:
        return _area(self.jacobian)

    @property
    def limits(self) -> tuple[float, float] | None:
        """The two values each output tends to; None for a block, and where it grows without end."""
        return None if self.curve is None else self.curve.ends

    @property
    def stretches(self) -> tuple[float, ...]:
        return tuple(float(s) for s in np.linalg.svd(self.jacobian, compute_uv=False))

    def zone(self, j: int) -> str:
        """ "saturated", "dead" or "" for one neuron at x."""
        if self.curve is None or self.slopes is None:
            return ""
        return zone_of(self.curve, float(self.slopes[j]))

    def middle(self, name: str) -> tuple[np.ndarray, ...]:
        """The midpoint of a group: before, as sums, and bent."""
        return tuple(p[list(self.groups[name])].mean(0) for p in self.points)


def _area(j: np.ndarray) -> float:
    n, m = j.shape
    if n < m:  # fewer numbers come out than went in: no area is left
        return 0.0
    return float(abs(np.linalg.det(j)) if n == m else np.sqrt(max(np.linalg.det(j.T @ j), 0.0)))
