"""A block too large to be drawn number by number, as the means of equal bins."""

from __future__ import annotations

import numpy as np

from backprop_kit.engine.op import Array as Values


def binned(values: Values, most: tuple[int, int]) -> Values:
    """Values with at most so many rows and columns, the last two axes; the same array if they fit.

    Each entry is the mean of a bin; two bins of an axis differ by one row or column at most.
    """
    for axis, count in zip((values.ndim - 2, values.ndim - 1), most, strict=True):
        n = values.shape[axis]
        if n > count:
            edges = np.linspace(0, n, count + 1).astype(int)
            shape = [1] * values.ndim
            shape[axis] = count
            sums = np.add.reduceat(values, edges[:-1], axis=axis)
            values = sums / np.diff(edges).reshape(shape)
    return values
