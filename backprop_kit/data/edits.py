"""Points set by hand: data with one point more, one elsewhere, or one fewer.

`added`, `moved`, `deleted`: a new Data each; the old one stays as it is. `target_of`: what should
come out for a class.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from backprop_kit.engine.numbers import is_number

from .data import Data

D = TypeVar("D", bound=Data)

LARGEST_LABEL = 2**31


def added(data: D, at: Any, target: float) -> D:
    """With one more sample to learn from: `at` its inputs, `target` what should come out.

    Raises ValueError, in two lines, for inputs or a target that do not fit.
    """
    x = np.concatenate([data.x, _place(data, at)[None]])
    y = np.concatenate([data.y, _target(data, target)])
    train, test = data.split
    return data.edited(x, y, (np.append(train, len(data)), test))


def moved(data: D, row: int, at: Any = None, target: float | None = None) -> D:
    """With one sample elsewhere; `at` its inputs, target what should come out; None: as it was.

    Raises ValueError, in two lines, for a row that does not exist, or inputs that do not fit.
    """
    row = _row(data, row)
    x, y = data.x.copy(), data.y.copy()
    if at is not None:
        x[row] = _place(data, at)
    if target is not None:
        y[row] = _target(data, target)[0]
    return data.edited(x, y, data.split)


def deleted(data: D, row: int) -> D:
    """Without one sample.

    Raises ValueError, in two lines, for a row that does not exist, and for the last one to learn
    from.
    """
    row = _row(data, row)
    keep = np.arange(len(data)) != row
    train, test = (part[part != row] - (part[part != row] > row) for part in data.split)
    new = data.edited(data.x[keep], data.y[keep], (train, test)) if len(data) > 1 else None
    if new is None or not len(new.split[0]):
        raise ValueError(
            "This is the last point to learn from.\nAdd another one before you take it away."
        )
    return new


def target_of(data: Data, number: int) -> float:
    """The target of a class by its number, where classes are 0, 1, … or −1 and 1."""
    return 2.0 * number - 1 if data.y.min() < 0 else float(number)


def _row(data: Data, row: Any) -> int:
    if isinstance(row, bool) or not isinstance(row, (int, np.integer)) or not 0 <= row < len(data):
        raise ValueError(f"There is no point {row!r}.\nThere are {len(data)}, counted from 0.")
    return int(row)


def _place(data: Data, at: Any) -> np.ndarray:
    try:
        place = np.asarray(at, dtype=data.x.dtype).reshape(data.x.shape[1:])
    except (TypeError, ValueError, OverflowError):
        place = np.array(np.nan)
    if not np.isfinite(place).all():
        raise ValueError(
            f"A point cannot lie at {at!r}.\nGive {data.x[0].size} finite numbers, one per input."
        )
    return place


def _target(data: Data, target: Any) -> np.ndarray:
    shape = (1, *data.y.shape[1:])
    labels = data.y.dtype.kind in "iu"
    real = is_number(target) and np.isfinite(target)
    if not real or (labels and (target != int(target) or abs(target) > LARGEST_LABEL)):
        kind = "a whole number" if labels else "a finite number"
        raise ValueError(f"A target cannot be {target!r}.\nGive {kind}.")
    return np.full(shape, target, dtype=data.y.dtype)
