"""The two nets of lesson 00 in plain NumPy, written out by hand: no module of the kit is used.

What the tests compare with must not come from what they test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

STEP, DIGIT_STEP = 0.25, 0.05
POSITIONS = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]])
LAMP_ON = np.array([[1.0], [1.0], [0.0], [0.0]])


@dataclass(frozen=True)
class Net:
    """x → tanh(x W1 + b1) → h W2 + b2 → sigmoid (one output) or softmax (several)."""

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray

    @property
    def numbers(self) -> tuple[np.ndarray, ...]:
        return self.W1, self.b1, self.W2, self.b2


@dataclass(frozen=True)
class Worked:
    """One pass by hand, mean loss of the rows; d1 and d2 are the slopes at the sums."""

    z1: np.ndarray
    h: np.ndarray
    z2: np.ndarray
    p: np.ndarray
    loss: float
    d2: np.ndarray
    d1: np.ndarray
    slopes: Net

    def parts(self, step: float) -> np.ndarray:
        """Step × slope² of every number, W1, b1, W2, b2 one after the other."""
        return np.concatenate([step * g.ravel() ** 2 for g in self.slopes.numbers])


def worked(net: Net, x: np.ndarray, y: np.ndarray) -> Worked:
    """y: 0/1 in the shape of the output, or one label a row."""
    rows = len(x)
    z1 = x @ net.W1 + net.b1
    h = np.tanh(z1)
    z2 = h @ net.W2 + net.b2
    if net.W2.shape[1] == 1:
        p = 1 / (1 + np.exp(-z2))
        loss = float(np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p))))
        d2 = (p - y) / rows
    else:
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = float(np.mean(-np.log(p[np.arange(rows), y])))
        d2 = (p - np.eye(p.shape[1])[y]) / rows
    d1 = (d2 @ net.W2.T) * (1 - h**2)
    slopes = Net(x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0))
    return Worked(z1, h, z2, p, loss, d2, d1, slopes)


def moved(net: Net, slopes: Net, step: float) -> Net:
    return Net(*[w - step * g for w, g in zip(net.numbers, slopes.numbers, strict=True)])


def trained(net: Net, x: np.ndarray, y: np.ndarray, step: float, rounds: int) -> Net:
    for _ in range(rounds):
        net = moved(net, worked(net, x, y).slopes, step)
    return net


def lamp() -> Net:
    return Net(
        np.array([[1.4, 0.3, -1.2], [-0.2, -0.3, -0.2]]), np.zeros(3),
        np.array([[0.6], [-1.3], [1.0]]), np.zeros(1),
    )  # fmt: skip


def digit_net() -> Net:
    rng = np.random.default_rng(7)
    W1 = rng.normal(0, 1 / 8, (64, 32))
    return Net(W1, np.zeros(32), rng.normal(0, 1 / np.sqrt(32), (32, 10)), np.zeros(10))


def with_one_turned(net: Net, name: str, index: int, by: float) -> Net:
    """The net with one of its numbers turned up."""
    values = getattr(net, name).copy()
    values.reshape(-1)[index] += by
    return replace(net, **{name: values})
