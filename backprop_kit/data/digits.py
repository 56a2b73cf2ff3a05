"""``digits()``: 1,797 handwritten digits, 8×8 pixels each, shipped with the kit."""

from functools import cache
from importlib.resources import files

import numpy as np

from .data import Data


@cache
def digits() -> Data:
    """1,797 handwritten digits of 8×8 pixels, with their labels.

    x: (1797, 64) float64 from 0 (paper) to 1 (ink), an image row by row: ``x[i].reshape(8, 8)``.
    y: (1797,) integers 0 to 9. ``.train`` has 1,437 rows, ``.test`` 360, always the same.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, the test part, in the row order of scikit-learn's copy.
    Licence and attribution: ``ATTRIBUTION.md`` beside this file.
    """
    with (files(__package__) / "digits.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        return Data(stored["x"] / 16.0, stored["y"].astype(np.int64))
