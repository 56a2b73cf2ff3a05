"""Small truth tables: ``xor()`` in 0 and 1, and ``stairs()``, the lamp with two switches, in ±1."""

from .data import Data
from .recipe import made
from .shapes import xor_cloud

# The four rows are all there is: they are what is learned from and what is judged by.
ALL_FOUR = ([0, 1, 2, 3], [0, 1, 2, 3])


@made
def xor(n: int | None = None, noise: float = 0.0, seed: int = 0, *, test: float = 0.2) -> Data:
    """Exclusive or: the answer is 1 when exactly one input is.

    Without n, four samples of 0 and 1, x (4, 2) and y (4, 1), both float64, in the order 00, 01,
    10, 11; ``.train`` and ``.test`` are both all four.
    With n, a cloud of so many points over −1 to 1, where 1 and 0 are told by the sign: y is 1 where
    the signs of the two inputs differ. noise, seed, test as in ``moons``.

    Raises ValueError for settings that make no sense, and for noise without n.
    """
    if n is not None:
        return xor_cloud(n, noise, seed, test)
    if noise != 0:
        raise ValueError(
            f"noise is {noise!r}, but the four rows of the truth table are exact.\n"
            "Say how many points the cloud has: xor(200, noise=0.1)."
        )
    x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    y = [[0.0], [1.0], [1.0], [0.0]]
    return Data(x, y, names=("a", "b"), split=ALL_FOUR)


@made
def stairs() -> Data:
    """The lamp on the stairs with a switch at each end: on (1) when the switches differ.

    x: (4, 2), up is +1 and down is −1; y: (4, 1), on is 1 and off is 0. Always in this order:
    (1, −1) on, (−1, 1) on, (1, 1) off, (−1, −1) off. ``.train`` and ``.test`` are both all four.
    """
    x = [[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]]
    y = [[1.0], [1.0], [0.0], [0.0]]
    return Data(x, y, names=("switch 1", "switch 2"), split=ALL_FOUR)
