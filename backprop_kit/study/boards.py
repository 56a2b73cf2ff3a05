"""Worked examples that the lessons put on the board: a model, a sample, its target.

`board(name)` one of them, always new · `digits_net` the 64–32–10 net · `Words` what its numbers
are called in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from backprop_kit.data import digits, stairs
from backprop_kit.nn import Linear, Module, Sequential, Sigmoid, Tanh, normal


@dataclass(frozen=True)
class Words:
    """What the inputs and the output of a model are called, so that captions can speak of them.

    title   heads the picture
    inputs  a name for each input, or ()
    values  {input value: how it is said}, such as {1.0: "up (+1)"}
    output  the thing that the output is about, such as "the lamp"
    """

    title: str = ""
    inputs: tuple[str, ...] = ()
    values: Mapping[float, str] = field(default_factory=dict)
    output: str = "the output"


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


_BOARDS: dict[str, Callable[[], Board]] = {"stairs": _stairs, "digit": _digit}


def board(name: str) -> Board:
    """The model, the sample x (one row) and its target y of a worked example, made anew.

    name  "stairs" (the lamp, 2–3–1) or "digit" (a handwritten 3, 64–32–10)

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
