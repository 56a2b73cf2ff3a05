"""Samples to learn from, seeded and shipped: nothing is fetched.

data     ``Data``: x and y, split into train and test
logic    ``xor()`` and ``stairs()``, four samples each
digits   ``digits()``, 1,797 handwritten digits of 8×8 pixels
"""

from .data import Data
from .digits import digits
from .logic import stairs, xor

__all__ = ["Data", "digits", "stairs", "xor"]
