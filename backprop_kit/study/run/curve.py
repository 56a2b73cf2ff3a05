"""The loss of a whole branch as numbers, in a bounded number of points.

`Curve` what is handed out · `Points` what is kept: at most `MOST` points a branch. When they are
full those inside an epoch go; full again, every second epoch's end goes, and so on: from then on
fewer are measured, too. `Trail` keeps the way of a model of a few numbers.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from backprop_kit.engine.op import Array, sealed
from backprop_kit.study.run.tree import Place

MOST = 4096
SMALL = 8  # numbers of a model whose whole way is kept
INSIDE = 8  # points in an epoch of many steps


class Curve(NamedTuple):
    """Losses and shares of right answers over the whole training and test part, by step.

    All five are arrays of one length; what there is not (no test part, no classes) is NaN.
    """

    steps: Array
    train: Array
    test: Array
    train_right: Array
    test_right: Array


Measured = tuple[float, float, float, float]


class Points:
    """The points of one branch, oldest first."""

    def __init__(self) -> None:
        self.steps = array("q")
        self.epochs = array("q")  # which epoch ends at the point, −1 inside one
        self.rows = array("d")  # four numbers a point
        self.every = 0  # 0: also inside an epoch; e: where epoch e, 2e, 3e … ends
        self._made: Curve | None = None

    def wants(self, place: Place, n: int) -> bool:
        """Whether the moment before this place is measured."""
        if place.i:
            return not self.every and place.i % max(1, place.steps(n) // INSIDE) == 0
        return place.epoch % max(1, self.every) == 0

    def add(self, k: int, place: Place, row: Measured) -> None:
        """Take a later point; one that is no later than the last is left out."""
        if self.steps and self.steps[-1] >= k:
            return
        self.steps.append(k)
        self.epochs.append(-1 if place.i else place.epoch)
        self.rows.extend(row)
        self._made = None
        if len(self.steps) > MOST:
            self._thin()

    def _thin(self) -> None:
        self.every = 2 * self.every or 1
        keep = [
            j for j, epoch in enumerate(self.epochs)
            if j == 0 or (epoch >= 0 and epoch % self.every == 0)
        ]  # fmt: skip
        self.steps = array("q", [self.steps[j] for j in keep])
        self.epochs = array("q", [self.epochs[j] for j in keep])
        self.rows = array("d", [v for j in keep for v in self.rows[4 * j : 4 * j + 4]])

    def at(self, k: int) -> Measured | None:
        """What was measured at step k, if it was."""
        j = bisect_left(self.steps, k)
        if j == len(self.steps) or self.steps[j] != k:
            return None
        train, test, train_right, test_right = self.rows[4 * j : 4 * j + 4]
        return train, test, train_right, test_right

    def restore(self, every: int, columns: list[Array], places: list[Place]) -> None:
        """Take over points that were kept before: steps and the four columns of `Curve`."""
        self.every = every
        self.steps = array("q", columns[0].tolist())
        self.rows = array("d", np.stack(columns[1:], -1).reshape(-1).tolist())
        self.epochs = array("q", [-1 if p.i else p.epoch for p in places])
        self._made = None

    def cut(self, k: int) -> None:
        """Forget what was measured after step k."""
        j = bisect_left(self.steps, k + 1)
        del self.steps[j:], self.epochs[j:], self.rows[4 * j :]
        self._made = None

    @property
    def curve(self) -> Curve:
        if self._made is None:
            columns = np.array(self.rows).reshape(-1, 4).T
            self._made = Curve(sealed(np.array(self.steps)), *(sealed(c.copy()) for c in columns))
        return self._made

    @property
    def nbytes(self) -> int:
        return len(self.steps) * 6 * 8 * 2  # the points, and the arrays made of them


class Trail:
    """Where a model of a few numbers was, step by step, on one branch."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.thetas: list[Array] = []
        self.every = 1

    def wants(self, k: int) -> bool:
        """Whether step k is new, and one of those that are kept."""
        return not self.steps or (k > self.steps[-1] and k % self.every == 0)

    def add(self, k: int, theta: Array) -> None:
        self.steps.append(k)
        self.thetas.append(theta)
        if len(self.steps) > MOST:
            self.every *= 2
            keep = [j for j, k in enumerate(self.steps) if j == 0 or k % self.every == 0]
            self.steps = [self.steps[j] for j in keep]
            self.thetas = [self.thetas[j] for j in keep]

    def until(self, k: float) -> tuple[list[int], list[Array]]:
        j = bisect_left(self.steps, k)
        return self.steps[:j], self.thetas[:j]


def joined(pieces: list[Curve]) -> Curve:
    """Curves one after the other."""
    return Curve(*(sealed(np.concatenate(parts)) for parts in zip(*pieces, strict=True)))
