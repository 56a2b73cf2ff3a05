"""Worked examples that the lessons put on the board: a model, a sample, its target.

`board(name)` one of them, always new · `digits_net` the 64–32–10 net · `Words` what its numbers
are called in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from backprop_kit.data import digits, stairs
from backprop_kit.nn import Linear, Module, ReLU, Sequential, Sigmoid, Tanh, normal


@dataclass(frozen=True)
class Words:
    """What the inputs and the output of a model are called, so that captions can speak of them.

    title   heads the picture
    inputs  a name for each input, or ()
    values  {input value: how it is said}, such as {1.0: "up (+1)"}
    output  the thing that the output is about, such as "the lamp"
    looks   {path of a weight: the row and column looked at first}, such as {"0.W": (0, 2)}
    """

    title: str = ""
    inputs: tuple[str, ...] = ()
    values: Mapping[float, str] = field(default_factory=dict)
    output: str = "the output"
    looks: Mapping[str, tuple[int, int]] = field(default_factory=dict)


Board = tuple[Module, np.ndarray, np.ndarray]


def _stairs() -> Board:
    """The lamp on the stairs at (1, −1): 2–3–1, tanh, sigmoid; weights to one decimal, biases 0.

    The weights are `default_rng(24)`, standard normal, W₁ then W₂, rounded so that everybody can
    check by hand; the seed was chosen for varied signs and sizes.
    """
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1), Sigmoid())
    rng = np.random.default_rng(24)
    model[0].W.data = rng.standard_normal((2, 3)).round(1)
    model[2].W.data = rng.standard_normal((3, 1)).round(1)
    model.words = Words(
        "The lamp on the stairs",
        ("switch 1", "switch 2"),
        {1.0: "up (+1)", -1.0: "down (−1)"},
        "the lamp",
    )
    x, y = stairs()
    return model, x[:1], y[:1]


def _digit() -> Board:
    """A clear handwritten 3 (row 339 of the 1,797) and an untrained 64–32–10 net from seed 7."""
    model = digits_net(seed=7)
    model.words = Words("A handwritten digit", output="it")
    x, y = digits()
    return model, x[339:340], y[339:340]


def _affine(title: str, X: Any, W: Any, b: Any, dY: Any, looks: tuple[int, int]) -> Board:
    """One affine layer, and targets that make the errors Y − T what they should be.

    The loss is ½ Σ(Y − T)², so that dY is the error. Digits behind the tenth decimal place are the
    targets' own rounding.
    """
    X, W, b, dY = (np.asarray(a, dtype=float) for a in (X, W, b, dY))
    model = Sequential(Linear(*W.shape))
    model[0].W.data, model[0].b.data = W, b
    model.words = Words(title, looks={"0.W": looks})
    return model, X, (X @ W + b - dY).round(10) + 0.0  # no −0


def _four_samples() -> Board:
    """Four samples, two inputs, three outputs: what one weight collects, sample by sample."""
    return _affine(
        "Four samples at once",
        [[1, 0.5], [-1, 1.5], [2, -1], [0.5, 1]],
        [[0.8, -1.2, 0.4], [0.6, 0.5, -0.9]],
        [0.1, -0.2, 0.3],
        [[0.2, -1.15, 0.25], [0.2, 0.75, -1.45], [-0.9, -2.1, 1], [1.1, -0.3, -0.4]],
        (0, 2),
    )


def _three_by_three() -> Board:
    """Three samples, three inputs, three outputs: all sizes are 3, so shapes decide nothing."""
    return _affine(
        "Three by three",
        [[1, 0, 2], [-1, 1, 0], [0, 2, 1]],
        [[1, -1, 0], [0.5, 1, 0], [0, -0.5, 1]],
        [0, 0, 0],
        [[1, -1, 0], [0, 2, 1], [1, 0, -1]],
        (0, 1),
    )


def _two_two_one() -> Board:
    """Two samples through 2–2–1 with ReLU, every number small enough to be worked by hand."""
    model = Sequential(Linear(2, 2), ReLU(), Linear(2, 1))
    model[0].W.data = [[1, -1], [0.5, 1]]
    model[2].W.data = [[0.5], [-1]]
    model.words = Words("Two samples, two layers", looks={"0.W": (0, 0)})
    return model, np.array([[1.0, 2.0], [1.0, -1.0]]), np.array([[1.0], [-0.75]])


def _bowl() -> Board:
    """A loss of two numbers, E = ½ (w₁² + 25 w₂²): a bowl 25 times as steep along w₂; at (5, 1)."""
    model = Sequential(Linear(2, 1, bias=False))
    model[0].W.data = [[5], [1]]
    model.words = Words("A bowl, steep one way")
    return model, np.array([[1.0, 0.0], [0.0, 5.0]]), np.zeros((2, 1))


def _sine() -> Board:
    """24 points of sin x between −3 and 3, and an untrained 1–8–1 net with tanh."""
    model = Sequential(Linear(1, 8), Tanh(), Linear(8, 1))
    model.reset(0)
    model.words = Words("A sine to follow", ("x",), output="the curve")
    x = np.linspace(-3, 3, 24)[:, None]
    return model, x, np.sin(x)


_BOARDS: dict[str, Callable[[], Board]] = {
    "stairs": _stairs,
    "digit": _digit,
    "four samples": _four_samples,
    "three by three": _three_by_three,
    "2-2-1": _two_two_one,
    "bowl": _bowl,
    "sine": _sine,
}


def board(name: str) -> Board:
    """The model, the sample x (one row) and its target y of a worked example, made anew.

    name  "stairs" (the lamp, 2–3–1), "digit" (a handwritten 3, 64–32–10), "four samples" (2–3),
          "three by three" (3–3, three samples), "2-2-1" (ReLU, two samples, by hand), "bowl" (a
          loss of two numbers) or "sine" (24 points of a curve, 1–8–1)

    Raises ValueError for a name that does not exist.
    """
    if not isinstance(name, str) or name not in _BOARDS:
        known = ", ".join(f'"{n}"' for n in _BOARDS)
        raise ValueError(f"There is no board called {name!r}.\nChoose one of {known}.")
    return _BOARDS[name]()


def digits_net(seed: int = 0) -> Sequential:
    """64–32–10 with tanh, for the 8×8 digits; it ends in ten scores (no softmax).

    W₁ normal with standard deviation 1/8, W₂ with 1/√32, biases 0, from `default_rng(seed)`.
    """
    model = Sequential(
        Linear(64, 32, init=normal(1 / 8)), Tanh(), Linear(32, 10, init=normal(1 / sqrt(32)))
    )
    model.reset(seed)
    return model
