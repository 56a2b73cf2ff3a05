"""``own_points()``: points in the plane set by hand, one class each, and edits of them.

An edit returns new Data and leaves the old as it is, so that a picture of it stays true.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .data import Data
from .edits import added, deleted, moved
from .split import check_seed, check_share, split

MOST = 10_000  # set by hand, or nearly
CLASSES = 10


class OwnPoints(Data):
    """Points of one's own: x (n, 2), and a label each, from 0 to 9.

    Of two classes y is (n, 1), 0 or 1; of more it is (n,) labels. All points are there to learn
    from, unless a share `test` is set aside, drawn by `seed`.
    """

    _share: tuple[float, int]

    def __init__(
        self, xy: ArrayLike, labels: ArrayLike, *, test: float = 0.0, seed: int = 0
    ) -> None:
        check_share(test)
        check_seed(seed)
        points, label = _points(xy), _labels(labels)
        if len(points) != len(label):
            raise ValueError(
                f"There are {len(points)} points and {len(label)} labels.\n"
                "Give each point its label: own_points([[0, 1], [1, 0]], [0, 1])."
            )
        y = label if label.max() > 1 else label[:, None].astype(np.float64)
        rows = split(np.random.default_rng(seed), len(points), test)
        super().__init__(points, y, split=(np.sort(rows[0]), np.sort(rows[1])))
        object.__setattr__(self, "_share", (float(test), seed))

    @property
    def labels(self) -> np.ndarray:
        """(n,) whole numbers, however many classes there are."""
        return self.y.reshape(-1).astype(np.int64)

    def add(self, x: float, y: float, label: int) -> Self:
        """With one more point, at the end."""
        return added(self, *_points([[x, y]]), *_labels([label]))

    def move(self, i: int, x: float, y: float) -> Self:
        """With point i at another place."""
        return moved(self, i, *_points([[x, y]]))

    def remove(self, i: int) -> Self:
        """Without point i; later ones move up. The last point stays."""
        return deleted(self, i)

    def relabel(self, i: int, label: int) -> Self:
        """With point i in another class."""
        return moved(self, i, None, *_labels([label]))

    def edited(self, x: np.ndarray, y: np.ndarray, split: Any) -> Self:
        """Other points, split anew by the same share and draw."""
        test, seed = self._share
        return type(self)(x, y.reshape(-1), test=test, seed=seed)

    def __reduce__(self) -> tuple[Any, ...]:
        test, seed = self._share
        return partial(OwnPoints, test=test, seed=seed), (self.x, self.labels)


def own_points(
    xy: ArrayLike, labels: Sequence[int] | np.ndarray, *, test: float = 0.0, seed: int = 0
) -> OwnPoints:
    """Data of points set by hand: `own_points([[0, 1], [1, 0]], [0, 1])`.

    xy: (n, 2) finite numbers. labels: (n,) whole numbers from 0 to 9. test, seed: the share that is
    set aside to judge by, 0 at first, and its draw. Edits return new data: `.add(x, y, label)`,
    `.move(i, x, y)`, `.remove(i)`, `.relabel(i, label)`.

    Raises ValueError or TypeError, in two lines, for what are no such points.
    """
    return OwnPoints(xy, labels, test=test, seed=seed)


def _points(xy: ArrayLike) -> np.ndarray:
    try:
        array = np.array(xy, np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 2 or not array.size or not np.isfinite(array).all():
        raise ValueError(
            "A point is two finite numbers, and there must be one at least.\n"
            "Give rows of two: [[0.5, 1], [−1, 0]]."
        )
    if len(array) > MOST:
        raise ValueError(
            f"These are {len(array):,} points; {MOST:,} can be edited.\nMake a Data of them."
        )
    return array


def _labels(labels: ArrayLike) -> np.ndarray:
    try:
        array = np.array(labels)
    except ValueError:
        array = np.empty(0)
    if array.dtype == bool:
        array = array.astype(np.int64)
    whole = array.dtype.kind in "iuf" and (array == np.floor(array)).all()
    if (
        array.ndim != 1
        or not array.size
        or not whole
        or not 0 <= array.min() <= array.max() < CLASSES
    ):
        raise ValueError(
            f"A label is a whole number from 0 to {CLASSES - 1}, one for each point.\n"
            "Give a list of them: [0, 1, 1]."
        )
    return array.astype(np.int64)
