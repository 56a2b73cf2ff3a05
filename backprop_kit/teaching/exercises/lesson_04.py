"""Lesson 04: what a weight collects (E1), six lines in order (E2), three layers (E3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from backprop_kit.engine import Tensor, Trace, replay

from ..questions.lesson_04 import passed
from .matrices import Array, Slip, called, near, numbers
from .three_layers import own_backward

Grads = tuple[Array, ...]


# --- E1 -------------------------------------------------------------------------------------------
@cache
def _sample() -> tuple[Array, Array]:
    """Five samples, four inputs, three outputs."""
    rng = np.random.default_rng(4)
    return rng.normal(size=(5, 4)), rng.normal(size=(5, 3))


_E1 = (
    Slip(lambda X, d: d.T @ X, "the numbers are right, and turned",
         "Right numbers, but your rows are outputs; W's are inputs."),
    Slip(lambda X, d: X.T @ d / len(X), "every number is too small",
         "Every entry is five times too small. Does this loss add or average?"),
    Slip(lambda X, d: np.outer(X[-1], d[-1]), "only the last sample is in",
         "One share; four are missing."),
    Slip(lambda X, d: np.outer(X[0], d[0]), "only the first sample is in",
         "One share; four are missing."),
    Slip(lambda X, d: -X.T @ d, "every sign is turned", "Would a step lower L?"),
    Slip(lambda X, d: np.outer(X.sum(axis=0), d.sum(axis=0)), "samples are added before they meet",
         "Each input meets the blame of its own sample. Multiply first, then add."),
)  # fmt: skip


def collecting(answer: Any) -> list[str]:
    """E1: `dW = lambda X, dY: ____`, probed with random numbers."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the rule itself: check("04.e1", dW).',
        ]
    X, dY = _sample()
    told, stopped = called(answer, X, dY)
    if stopped:
        return stopped
    if told is ...:
        return ["Not yet: replace the dots."]
    mine = numbers(told)
    if mine is None:
        return ["Unclear: the rule gives no numbers.", f"It gives {type(told).__name__}."]
    true = _slope_of_weights(X, dY)
    if near(mine, true):
        fall = _fall(X, dY)
        return [
            "Right: input times blame, added over the samples.",
            f"Measured: a step of {fall[0]:g} against it lowers L by {fall[1]:.3g}.",
        ]
    for slip in _E1:
        if near(mine, slip.make(X, dY)):
            return [f"Not yet: {slip.name}.", slip.says]
    if mine.shape != true.shape:
        return [
            f"Not yet: this has shape {_size(mine)}.",
            f"W is {_size(true)}, and each of its numbers has one slope.",
        ]
    return [
        "Not yet, and it matches no slip I know.",
        "Take one weight: which input does it see, and whose blame does it share?",
    ]


def _layer(X: Array, dY: Array) -> tuple[Tensor, Tensor]:
    """A layer whose outputs are off by dY under ½ Σ (Y − T)²."""
    W = Tensor(np.zeros((X.shape[1], dY.shape[1])))
    given = Tensor(X, requires_grad=False)
    return W, ((given @ W + Tensor(dY, requires_grad=False)) ** 2).sum() * 0.5


def _slope_of_weights(X: Array, dY: Array) -> Array:
    W, loss = _layer(X, dY)
    return Trace.of(loss).grads[W.node]


def _fall(X: Array, dY: Array, step: float = 0.01) -> tuple[float, float]:
    W, loss = _layer(X, dY)
    after = replay(loss, {W: W.data - step * Trace.of(loss).grads[W.node]})
    return step, float(loss.data - after)


def _size(array: Array) -> str:
    return "×".join(map(str, array.shape)) or "one number"


# --- E2 -------------------------------------------------------------------------------------------
NAMES = ("dW1", "db1", "dW2", "db2")
Six = tuple[Array, Array, Array, Array, Array, Array]  # X, Z, H, Y, T, W2


def _six(d1: Callable[..., Array]) -> Callable[..., Grads]:
    """The six lines with another rule for δ1."""

    def backward(X: Array, Z: Array, H: Array, Y: Array, T: Array, W2: Array) -> Grads:
        dY = Y - T
        delta = d1(dY @ W2.T, Z, H)
        return X.T @ delta, delta.sum(axis=0), H.T @ dY, dY.sum(axis=0)

    return backward


_E2 = (
    Slip(_six(lambda back, Z, H: back), "the slope is missing",
         "Right through W2. What did the ReLU do to sample 2?"),
    Slip(_six(lambda back, Z, H: back * (1 - Z**2)), "this is a slope of tanh, and not quite",
         "tanh's slope is written with its output, 1 − h²; and here a ReLU bends."),
    Slip(_six(lambda back, Z, H: back * (1 - H**2)), "this is the slope of tanh",
         "Here a ReLU bends. Where does it let a slope through?"),
    Slip(_six(lambda back, Z, H: back * H), "this is the output, not the slope",
         "A ReLU's slope is 1 or 0. How steep is it at z = 2?"),
)  # fmt: skip


def ordering(answer: Any) -> list[str]:
    """E2: six lines to be put in order, one of them to be repaired."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the function itself: check("04.e2", backward).',
        ]
    cases = (_on_board(), _random_six())
    for six in cases:
        told, stopped = called(answer, *six)
        if stopped:
            return stopped
        said = _judged_six(told, six)
        if said:
            return said
    return [
        "Right: every line uses only what is there.",
        "dW2 is read before anything moves; dW1 waits for δ1.",
    ]


def _judged_six(told: Any, six: Six) -> list[str]:
    """What is said to the four gradients a function returned, [] if they are right."""
    if told is ... or (isinstance(told, (tuple, list)) and any(t is ... for t in told)):
        return ["Not yet: replace the dots."]
    if not isinstance(told, (tuple, list)) or len(told) != len(NAMES):
        return ["Unclear: four results are asked for.", f"Return {', '.join(NAMES)}."]
    mine = [numbers(t) for t in told]
    if any(m is None for m in mine):
        name = NAMES[mine.index(None)]
        return [f"Unclear: {name} holds no numbers.", f"Return {', '.join(NAMES)}."]
    got = [m for m in mine if m is not None]
    true = _true_six(six)
    if all(near(m, t) or near(m.reshape(-1), t) for m, t in zip(got, true, strict=True)):
        return []
    samples = len(six[0])
    for name, m, t in zip(NAMES, got, true, strict=True):
        if near(m, t):
            continue
        if name[1] == "b" and m.ndim == 2 and m.shape == (samples, t.size):
            return [
                f"Not yet: {name} is {_size(m)}.",
                "b has one row; you give one per sample.",
            ]
        if name[1] == "b" and near(m * samples, t):
            return [
                f"Not yet: {name} is a mean.",
                "b was added to every sample, so it collects from every one.",
            ]
        if name[1] == "W" and m.shape == t.T.shape and near(m.T, t):
            return [f"Not yet: {name} is turned.", "Your rows are outputs; W's are inputs."]
    for slip in _E2:
        if all(near(m, t) for m, t in zip(got, slip.make(*six), strict=True)):
            return [f"Not yet: {slip.name}.", slip.says]
    first = next(n for n, m, t in zip(NAMES, got, true, strict=True) if not near(m, t))
    return [
        f"Not yet, and it matches no slip I know: {first}.",
        "Walk the picture of beat 5 to that number. What is it made of?",
    ]


@cache
def _on_board() -> Six:
    """The two samples of beat 5."""
    recorded = passed("2-2-1")
    (_, first), (_, hidden) = (
        (m.source.value, m.result.value) for m in recorded.links[:2]
    )  # fmt: skip
    W2 = recorded.parameters["2.W"].value
    out, target = recorded.output.value, recorded.y.value
    return recorded.x.value, first, hidden, out, target.reshape(out.shape), W2


@cache
def _random_six() -> Six:
    rng = np.random.default_rng(5)
    X, W1, W2 = (rng.normal(size=s) for s in ((5, 4), (4, 3), (3, 2)))
    Z = X @ W1
    H = np.maximum(Z, 0)
    return X, Z, H, H @ W2, rng.normal(size=(5, 2)), W2


def _true_six(six: Six) -> Grads:
    """dW1, db1, dW2, db2 by the engine, from sums at which both weights and offsets act."""
    X, Z, H, Y, T, W2 = six
    moved = [Tensor(np.zeros(s)) for s in ((X.shape[1], Z.shape[1]), Z.shape[1:])]
    last = [Tensor(W2), Tensor((Y - H @ W2)[0])]
    sums = Tensor(Z, requires_grad=False) + Tensor(X, requires_grad=False) @ moved[0] + moved[1]
    out = sums.relu() @ last[0] + last[1]
    loss = ((out - Tensor(T, requires_grad=False)) ** 2).sum() * 0.5
    grads = Trace.of(loss).grads
    return tuple(grads[t.node] for t in (*moved, *last))


EXERCISES = {"04.e1": collecting, "04.e2": ordering, "04.e3": own_backward}
