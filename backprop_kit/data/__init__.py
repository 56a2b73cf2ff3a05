"""Samples to learn from, seeded and shipped: nothing is fetched.

data     ``Data``: x and y, split into train and test
logic    ``xor()`` and ``stairs()``, four samples each
shapes   points in the plane in classes, and curves: ``blobs()``, ``spirals()``, ``sine()`` …
digits   ``digits()``, 1,797 handwritten digits of 8×8 pixels
"""

from .data import Data
from .digits import digits
from .logic import stairs, xor
from .shapes import blobs, checkerboard, circles, line, moons, sine, spirals

__all__ = [
    "Data", "blobs", "checkerboard", "circles", "digits", "line", "moons", "sine", "spirals",
    "stairs", "xor",
]  # fmt: skip
