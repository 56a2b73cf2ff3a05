"""``digits()``: 1,797 handwritten digits, 8×8 pixels each, shipped with the kit."""

from functools import cache
from importlib.resources import files

import numpy as np

from .data import TRAIN_SHARE, Data
from .recipe import made
from .split import check_seed


@cache
@made
def digits(seed: int = 0) -> Data:
    """1,797 handwritten digits of 8×8 pixels, with their labels.

    x: (1797, 64) float64 from 0 (paper) to 1 (ink), an image row by row: ``x[i].reshape(8, 8)``.
    y: (1797,) integers 0 to 9. ``.train`` has 1,437 rows, ``.test`` 360, drawn by ``seed``.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, the test part, in the row order of scikit-learn's copy.
    Licence and attribution: ``ATTRIBUTION.md`` beside this file.

    Raises ValueError for a seed that is no whole number from 0.
    """
    check_seed(seed)
    with (files(__package__) / "digits.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        x, y = stored["x"] / 16.0, stored["y"].astype(np.int64)
    order, first = np.random.default_rng(seed).permutation(len(x)), int(TRAIN_SHARE * len(x))
    return Data(x, y, split=(order[:first], order[first:]))
