"""Small truth tables: ``xor()`` in 0 and 1, and ``stairs()``, the lamp with two switches, in ±1."""

from .data import Data

# The four rows are all there is: they are what is learned from and what is judged by.
ALL_FOUR = ([0, 1, 2, 3], [0, 1, 2, 3])


def xor() -> Data:
    """Exclusive or, four samples of 0 and 1: the answer is 1 when exactly one input is 1.

    x: (4, 2), y: (4, 1), both float64, in the order 00, 01, 10, 11. ``.train`` and ``.test`` are
    both all four.
    """
    x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    y = [[0.0], [1.0], [1.0], [0.0]]
    return Data(x, y, names=("a", "b"), split=ALL_FOUR)


def stairs() -> Data:
    """The lamp on the stairs with a switch at each end: on (1) when the switches differ.

    x: (4, 2), up is +1 and down is −1; y: (4, 1), on is 1 and off is 0. Always in this order:
    (1, −1) on, (−1, 1) on, (1, 1) off, (−1, −1) off. ``.train`` and ``.test`` are both all four.
    """
    x = [[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]]
    y = [[1.0], [1.0], [0.0], [0.0]]
    return Data(x, y, names=("switch 1", "switch 2"), split=ALL_FOUR)
