"""What is a number: for all who check what a person gives."""

from __future__ import annotations

from sys import float_info

import numpy as np


def is_number(v: object) -> bool:
    """Whether v is a real number of Python or NumPy that a float can hold (True and False are
    none; NaN and ∞ are)."""
    if isinstance(v, int):
        return not isinstance(v, bool) and abs(v) <= float_info.max
    return isinstance(v, (float, np.floating, np.integer))
