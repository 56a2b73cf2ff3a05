"""Words and small parts that all pictures of a loss share."""

from __future__ import annotations

from typing import Any, SupportsFloat

import numpy as np

from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Row

_COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight")


def percent(share: SupportsFloat) -> str:
    """A share of 1 as it is said: 74.0 %, never parted at the end of a line."""
    return f"{number(100 * float(share))}\N{NO-BREAK SPACE}%"


def signed(v: SupportsFloat) -> str:
    """A number with its sign, a plus too."""
    return ("+" if float(v) > 0 else "") + number(float(v))


def counted(n: int, one: str, many: str = "") -> str:
    """Five samples, One point."""
    return f"{_COUNTS[n]} {one if n == 1 else many or one + 's'}"


def steps(k: int) -> str:
    return f"{k} step{'s' if k != 1 else ''}"


def rank(values: np.ndarray, i: int) -> str:
    """Whether entry i is the largest or the smallest of several sizes, as they are shown."""
    sizes = np.abs(values)
    others = np.delete(sizes, i)
    if others.size and (others < sizes[i]).all():
        return "largest"
    return "smallest" if others.size and (others > sizes[i]).all() else "some"


def text(x: float, y: float, s: str, **more: Any) -> Row:
    return {"t": "text", "x": x, "y": y, "s": s, "anchor": "start", **more}
