"""Samples to learn from, seeded and shipped: nothing is fetched.

data     ``Data``: x and y, split into train and test
logic    ``xor()`` and ``stairs()``, four samples each; ``xor(200)`` is a cloud
shapes   points in the plane in classes, and curves: ``blobs()``, ``spirals()``, ``sine()`` …
digits   ``digits()``, 1,797 handwritten digits of 8×8 pixels
iris     ``iris()``, 150 flowers of three species
table    ``read_csv()``, a table of one's own
own      ``own_points()``, points set by hand
edits    one point more, elsewhere or fewer, in any data
recipe   ``from_recipe()``: kit-made data again, from ``data.recipe``
"""

from .data import Data
from .digits import digits
from .iris import iris
from .logic import stairs, xor
from .own import own_points
from .recipe import from_recipe
from .shapes import blobs, checkerboard, circles, line, moons, sine, spirals
from .table import read_csv

__all__ = [
    "Data", "blobs", "checkerboard", "circles", "digits", "from_recipe", "iris",
    "line", "moons", "own_points", "read_csv", "sine", "spirals", "stairs", "xor",
]  # fmt: skip
