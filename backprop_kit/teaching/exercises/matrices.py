"""What exercises about matrices have in common: calling an answer, and reading what it returns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

NEAR = 1e-6  # relative to the largest entry; the same sum may be rounded another way

Array = np.ndarray

_EDGES = re.compile(r"size (\d+) is different from (\d+)")  # NumPy's words about a product


def near(mine: Array, true: Array) -> bool:
    return mine.shape == true.shape and bool(
        np.abs(mine - true).max() <= NEAR * max(1.0, float(np.abs(true).max()))
    )


def numbers(value: Any) -> Array | None:
    """What an answer holds as an array of finite numbers, None if it holds none."""
    value = value.data if hasattr(value, "node") else value
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return array if array.size and bool(np.isfinite(array).all()) else None


def called(answer: Callable[..., Any], *given: Any) -> tuple[Any, list[str]]:
    """What an answer returns; where it stops, what is said to that."""
    try:
        return answer(*(np.array(g) if isinstance(g, Array) else g for g in given)), []
    except NameError as stopped:  # also a name that gets its value further down
        name = getattr(stopped, "name", None) or str(stopped).split("'")[1]
        said = "δ1" if name == "d1" else name
        return None, [
            f"Not yet: {name} is needed before it is there.",
            f"{said} is used before it exists. Which line makes it?",
        ]
    except Exception as stopped:
        said = " ".join(str(stopped).split())
        if edges := _EDGES.search(said):
            return None, [
                "Not yet: two edges meet that do not match.",
                f"They are {edges[2]} and {edges[1]} long. What does each of them count?",
            ]
        return None, [
            "Not yet: the lines stop before they are done.",
            f"{type(stopped).__name__}: {said}",
        ]


class Slip(NamedTuple):
    """A known slip: what it makes, its name, and what is said to it."""

    make: Callable[..., Any]
    name: str
    says: str
