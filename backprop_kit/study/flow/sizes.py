"""How large an array is, on scales on which slopes are compared.

`size` its length ‖x‖ · `rms` the usual size of an entry · `apart` how rows differ · `ratio` and
`decades` of two lengths · `spread_of` a histogram.

Squares of 10⁻²⁰⁰ are no numbers, and slopes do become as small as that, so every length is taken
after scaling where it has to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, log10, nan, sqrt

import numpy as np

SAFE = (1e-280, 1e280)  # a sum of squares between these has lost nothing


def size(x: np.ndarray) -> float:
    """‖x‖, the root of the sum of squares, in float64; infinite or NaN if an entry is."""
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    with np.errstate(all="ignore"):
        squares = float(np.vdot(x, x))
        if SAFE[0] < squares < SAFE[1]:
            return sqrt(squares)
        largest = float(np.abs(x).max(initial=0.0))
        if largest == 0 or not largest < inf:
            return largest
        scaled = x / largest
        return largest * sqrt(float(np.vdot(scaled, scaled)))


def rms(x: np.ndarray) -> float:
    """The root of the mean square: what an entry usually is."""
    return size(x) / sqrt(x.size) if x.size else 0.0


def apart(x: np.ndarray) -> float:
    """How far rows are apart: the root of the mean variance of the columns over all rows."""
    rows = x.reshape(-1, x.shape[-1] if x.ndim > 1 else 1).astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        return rms(rows - rows.mean(axis=0))


def ratio(a: float, b: float) -> float:
    """a / b of two sizes; infinite or NaN where b is 0."""
    return a / b if b else nan if a == 0 or isnan(a) else inf


def decades(after: float, before: float) -> float:
    """log₁₀ (after / before); −∞ where nothing is left.

    NaN where nothing was, or a size is no number.
    """
    if not 0 < before < inf or not 0 <= after < inf:
        return nan
    return log10(after) - log10(before) if after > 0 else -inf


@dataclass(frozen=True, eq=False)
class Spread:
    """How values are distributed: `counts` between the `edges`, and how many were exactly zero.

    left_out  values that are no numbers or infinite
    """

    edges: np.ndarray
    counts: np.ndarray
    zeros: int
    left_out: int


def spread_of(x: np.ndarray, edges: np.ndarray, *, log: bool = False) -> Spread:
    """A histogram of x; with `log` of log₁₀|x|, for which exact zeros are left out and counted.

    edges  increasing; what lies beyond the outer ones is counted in the outer bins
    """
    flat = x.reshape(-1).astype(np.float64, copy=False)
    finite = flat[np.isfinite(flat)]
    shown = finite[finite != 0] if log else finite
    zeros = int(finite.size - np.count_nonzero(finite))
    place = np.log10(np.abs(shown)) if log else shown
    bins = np.clip(np.searchsorted(edges, place, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(bins, minlength=len(edges) - 1)
    return Spread(edges, counts, zeros, flat.size - finite.size)
