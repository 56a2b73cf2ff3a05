"""Axes: round ticks, and the logarithmic axis of losses with its ends for 0 and ∞."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, log10
from typing import NamedTuple

import numpy as np

DECADES = 12  # as far from the first loss as an axis goes, up and down
MOST = 5  # ticks
_STEPS = (1, 2, 5)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Axis(NamedTuple):
    """An upright axis: ends, ticks ([value, label]), and whether it is one of losses (log₁₀).

    zero  whether its lower end stands for 0 itself
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool
    zero: bool = False

    def place(self, values: np.ndarray) -> np.ndarray:
        """Where values are on it: what lies beyond is at its ends; what is not there stays NaN."""
        values = np.asarray(values, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(values > 0, np.log10(values), np.where(np.isnan(values), np.nan, -np.inf))
        if not self.log:
            at = values
        return np.clip(at, self.low, self.high)


def log_axis(losses: Iterable[np.ndarray], first: float) -> Axis:
    """The axis of all these losses, its ends 1, 2 or 5 times a power of ten."""
    every = np.concatenate([np.asarray(v, float).ravel() for v in losses] or [np.array([1.0])])
    zero = bool((every == 0).any())
    there = every[np.isfinite(every) & (every > 0)]
    if not there.size:
        there = np.array([1.0])
    middle = log10(first) if 0 < first < np.inf else log10(float(there.max()))
    low = max(log10(float(there.min())), middle - DECADES)
    high = min(max(log10(float(there.max())), low), middle + DECADES)
    # An end in round decades needs no other one soon.
    low, high = floor(low) if high - low >= 1 else _down(low), -_down(-high, up=True)
    if high - low < 0.3:
        low, high = low - 0.3, high + 0.3
    marks = _decades(low, high)
    if zero:
        low -= (high - low) / 5
        marks = [(low, "0"), *marks]
    return Axis(low, high, tuple(marks), True, zero)


def _down(v: float, up: bool = False) -> float:
    """The next 1, 2 or 5 times a power of ten below, in log₁₀ (of −v: above)."""
    v = -v if up else v
    whole = floor(v)
    steps = [whole + log10(s) for s in (*_STEPS, 10)]
    if up:
        return -min(s for s in steps if s >= v - 1e-9)
    return max(s for s in steps if s <= v + 1e-9)


def _decades(low: float, high: float) -> list[tuple[float, str]]:
    first, last = ceil(low - 1e-9), floor(high + 1e-9)
    step = max(1, -(-(last - first) // (MOST - 1)))
    whole = [(float(e), power(e)) for e in range(first, last + 1) if e % step == 0]
    if len(whole) >= 2:
        return whole
    found = []
    for e in range(floor(low), ceil(high) + 1):
        for s in _STEPS:
            if low - 1e-9 <= e + log10(s) <= high + 1e-9:
                label = f"{s * 10.0**e:g}" if -3 <= e < 4 else f"{s}·{power(e)}"
                found.append((e + log10(s), label))
    return found


def power(e: int) -> str:
    """A power of ten as a tick."""
    return f"{10.0**e:g}" if -3 <= e < 4 else f"10{str(e).translate(_RAISED)}"


def share_axis(shares: Iterable[np.ndarray]) -> Axis:
    """The axis of shares of right answers: from 0 or 50 % to 100 %."""
    every = np.concatenate([np.asarray(v, float).ravel() for v in shares] or [np.array([0.0])])
    there = every[np.isfinite(every)]
    low = 0.5 if there.size and there.min() >= 0.5 else 0.0
    steps = (0.5, 0.75, 1.0) if low else (0.0, 0.25, 0.5, 0.75, 1.0)
    marks = tuple((s, f"{100 * s:.0f} %") for s in steps)
    return Axis(low, 1.0, marks, False)


def ticks(low: float, high: float) -> list[float]:
    """Three to five round numbers."""
    unit = 10.0 ** floor(log10(high - low))
    step = next(s * unit for s in (0.2, 0.5, 1, 2, 5) if (high - low) / (s * unit) <= MOST)
    return [round(i * step, 10) + 0.0 for i in range(ceil(low / step), floor(high / step) + 1)]
