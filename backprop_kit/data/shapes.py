"""Points in the plane that nets are tried on, drawn from a seed.

Classes: `blobs`, `moons`, `circles`, `spirals`, `checkerboard`. Curves to follow: `line`, `sine`.

All take `n` (how many samples), `noise` (a standard deviation, in the units of the picture),
`seed`, and `test`, the share of the samples that is set aside to judge by. Of two classes y is
(n, 1), 0 or 1; of more it is (n,), labels from 0. Classes are as equal in number as n allows, and
rows are shuffled. x of two features lies about −1 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.numbers import is_number

from .data import Data
from .recipe import made
from .split import check_seed, check_share, split

MOST = 100_000  # a person looks at these points
FARTHEST = 1e6


@made
def blobs(
    n: int = 200, noise: float = 0.2, seed: int = 0, *, classes: int = 2, test: float = 0.2
) -> Data:
    """Round clouds, one a class, their centres evenly on a circle of radius 0.7."""
    rng = _generator("blobs", n, noise, seed, test, classes)
    label = _labels(rng, n, classes)
    # Two clouds lie on the rising diagonal, where a line between them is easy to see.
    angle = np.pi / 4 + 2 * np.pi * label / classes
    return _data(0.7 * _on_circle(angle), label, classes, noise, rng, test)


@made
def moons(n: int = 200, noise: float = 0.1, seed: int = 0, *, test: float = 0.2) -> Data:
    """Two half circles, each with its end inside the other."""
    rng = _generator("moons", n, noise, seed, test)
    label = _labels(rng, n, 2)
    x = 0.6 * _on_circle(rng.uniform(0, np.pi, n))
    turned = label == 1
    x[turned] *= -1
    x[turned] += [0.6, 0.3]
    return _data(x - [0.3, 0.15], label, 2, noise, rng, test)


@made
def circles(n: int = 200, noise: float = 0.1, seed: int = 0, *, test: float = 0.2) -> Data:
    """A disc inside (1) and a ring around it (0)."""
    rng = _generator("circles", n, noise, seed, test)
    label = _labels(rng, n, 2)
    # The root spreads points evenly over an area.
    inside, ring = 0.4 * np.sqrt(rng.random(n)), np.sqrt(rng.uniform(0.7**2, 1, n))
    x = np.where(label, inside, ring)[:, None] * _on_circle(rng.uniform(0, 2 * np.pi, n))
    return _data(x, label, 2, noise, rng, test)


@made
def spirals(
    n: int = 200, noise: float = 0.05, seed: int = 0, *, classes: int = 2, turns: float = 1.0,
    test: float = 0.2,
) -> Data:  # fmt: skip
    """Arms wound into each other, one a class; `turns` is how far each winds, above 0."""
    rng = _generator("spirals", n, noise, seed, test, classes)
    if not is_number(turns) or not 0 < turns <= 5:
        raise ValueError(
            f"An arm cannot wind {turns!r} times.\nGive turns above 0 and at most 5; 1 is usual."
        )
    label = _labels(rng, n, classes)
    radius = rng.uniform(0.05, 1, n)
    x = radius[:, None] * _on_circle(2 * np.pi * (turns * radius + label / classes))
    return _data(x, label, classes, noise, rng, test)


@made
def checkerboard(
    n: int = 400, noise: float = 0.0, seed: int = 0, *, squares: int = 2, test: float = 0.2
) -> Data:
    """A board of squares × squares fields over −1 to 1; with 2 it is XOR with a whole area."""
    rng = _generator("checkerboard", n, noise, seed, test)
    if type(squares) is not int or not 2 <= squares <= 20:
        raise ValueError(f"A board has no {squares!r} squares a side.\nGive 2 to 20.")
    label = _labels(rng, n, 2)
    board = np.indices((squares, squares)).reshape(2, -1).T
    x = np.empty((n, 2))
    for colour in (0, 1):
        fields = board[board.sum(1) % 2 == colour]
        here = label == colour
        x[here] = fields[rng.integers(0, len(fields), here.sum())]
    x = (x + rng.random((n, 2))) * 2 / squares - 1
    return _data(x, label, 2, noise, rng, test)


@made
def line(
    n: int = 50, noise: float = 0.2, seed: int = 0, *, slope: float = 1.0, offset: float = 0.0,
    test: float = 0.2,
) -> Data:  # fmt: skip
    """y = slope · x + offset over −1 to 1, x and y (n, 1), with noise on y."""
    rng = _generator("line", n, noise, seed, test)
    for name, v in (("slope", slope), ("offset", offset)):
        if not is_number(v) or not abs(v) <= FARTHEST:
            raise ValueError(
                f"{name} is {v!r}; a line has numbers, not beyond ±{FARTHEST:,.0f}.\n"
                "Give one such as 0.5."
            )
    x = np.sort(rng.uniform(-1, 1, (n, 1)), axis=0)
    return Data(x, slope * x + offset + noise * rng.normal(size=x.shape), split=split(rng, n, test))


@made
def sine(n: int = 50, noise: float = 0.1, seed: int = 0, *, test: float = 0.2) -> Data:
    """y = sin x at n places evenly over −3 to 3, x and y (n, 1), with noise on y."""
    rng = _generator("sine", n, noise, seed, test)
    x = np.linspace(-3, 3, n)[:, None]
    return Data(x, np.sin(x) + noise * rng.normal(size=x.shape), split=split(rng, n, test))


def xor_cloud(n: int, noise: float, seed: int, test: float) -> Data:
    """Points over −1 to 1, clear of the axes by 0.06: 1 where the signs differ. See `xor`."""
    rng = _generator("xor", n, noise, seed, test)
    label = _labels(rng, n, 2)
    x = rng.uniform(0.06, 1, (n, 2)) * rng.choice([-1.0, 1.0], (n, 1))
    x[label == 1, 1] *= -1
    return _data(x, label, 2, noise, rng, test)


# --- in common ------------------------------------------------------------------------------------
def _generator(
    who: str, n: Any, noise: Any, seed: Any, test: Any, classes: Any = 2
) -> np.random.Generator:
    """A generator of its own for each shape; raises ValueError for settings that make no sense."""
    if type(classes) is not int or not 2 <= classes <= 10:
        raise ValueError(f"{who} has no {classes!r} classes.\nGive 2 to 10.")
    if type(n) is not int or not 2 * classes <= n <= MOST:
        raise ValueError(
            f"{who} cannot draw {n!r} samples.\n"
            f"Give a whole number from {2 * classes} (two a class) to {MOST:,}."
        )
    if not is_number(noise) or not 0 <= noise <= FARTHEST:
        raise ValueError(
            f"noise is {noise!r}; it is a standard deviation.\n"
            f"Give 0 to {FARTHEST:,.0f}, such as 0.1."
        )
    check_share(test)
    check_seed(seed)
    return np.random.default_rng(seed)


def _labels(rng: np.random.Generator, n: int, classes: int) -> np.ndarray:
    return rng.permutation(np.arange(n) % classes)


def _on_circle(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _data(
    x: np.ndarray, label: np.ndarray, classes: int, noise: float, rng: np.random.Generator,
    test: float,
) -> Data:  # fmt: skip
    y = label[:, None].astype(np.float64) if classes == 2 else label
    x = x + noise * rng.normal(size=x.shape)
    return Data(x, y, split=split(rng, len(x), test))
