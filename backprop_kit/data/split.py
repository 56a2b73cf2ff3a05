"""Setting a share of the samples aside, and the checks of what names a draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.numbers import is_number


def split(rng: np.random.Generator, n: int, test: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows set aside, in random order; one is always there to learn from."""
    order = rng.permutation(n)
    kept = min(round(test * n), n - 1)
    return order[kept:], order[:kept]


def check_seed(seed: Any) -> None:
    """Raises ValueError for a seed that names no draw."""
    if type(seed) is not int or seed < 0:
        raise ValueError(f"seed is {seed!r}; it names a draw.\nGive a whole number, 0 or more.")


def check_share(test: Any) -> None:
    """Raises ValueError for what is no share that can be set aside."""
    if not is_number(test) or not 0 <= test < 1:
        raise ValueError(
            f"test is {test!r}; it is the share that is set aside.\nGive 0 or more, below 1."
        )
