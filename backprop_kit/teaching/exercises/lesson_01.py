"""Lesson 01: one layer in one line (E1), a bend in its place (E2), nine numbers of your own (E3),
three switches (E4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from backprop_kit.data import stairs
from backprop_kit.engine import Tensor
from backprop_kit.films.numbers import number
from backprop_kit.nn import Module, ReLU, Sequential, Tanh

from ..questions.lesson_01 import B1, MARGIN, bent, straight

NEAR = 2e-3  # what three typed digits may be off
DOTS = ["Not yet: replace the dots."]


def _listed(values: Any) -> str:
    return "(" + ", ".join(number(float(v)) for v in np.reshape(values, -1)) + ")"


def _stopped(problem: Exception) -> list[str]:
    said = " ".join(str(problem).split("\n")[0].split())
    return ["Not yet: it stops before it is done.", f"{type(problem).__name__}: {said}"]


def _numbers(made: Any, size: int) -> np.ndarray | None:
    """So many finite numbers, however they are arranged; None if it is something else."""
    made = made.data if isinstance(made, Tensor) else made
    try:
        array = np.asarray(made, dtype=float)
    except (TypeError, ValueError):
        return None
    return array.reshape(-1) if array.size == size and np.isfinite(array).all() else None


# --- E1 -------------------------------------------------------------------------------------------
Layer = Callable[..., Any]
_E1: Sequence[tuple[Layer, str, str]] = (
    (lambda x, W, b: np.tanh(x) @ W + b, "the inputs are bent",
     "You bent the inputs. What does a neuron bend?"),
    (lambda x, W, b: np.tanh(x @ W), "the biases are missing",
     "Each neuron also has an offset of its own."),
    (lambda x, W, b: x @ W + b, "the bend is missing", "These are the sums; can tanh be 2.1?"),
    (lambda x, W, b: 1 / (1 + np.exp(-(x @ W + b))), "this is the sigmoid",
     "A bend, but one that is never negative."),
)  # fmt: skip


def one_layer(answer: Any) -> list[str]:
    """E1: `layer = lambda x, W, b: ____`, tanh of a layer's sums."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the function itself: check("01.e1", layer).',
        ]
    x, W, b = np.array([1.0, -1.0]), straight()[0].W.data, np.array(B1)
    try:
        made = answer(x, W, b)
    except ValueError as problem:
        if "matmul" in str(problem) or "mismatch" in str(problem):
            return [
                "Not yet: these do not fit.",
                "The edges that touch are 3 and 2; x is a row, so it comes first.",
            ]
        return _stopped(problem)
    except Exception as problem:
        return _stopped(problem)
    if made is ...:
        return DOTS
    given = _numbers(made, b.size)
    if given is None:
        return [
            f"Unclear: a layer of {b.size} neurons gives {b.size} numbers.",
            f"This gives {type(made).__name__} of shape {np.shape(made)}.",
        ]
    true = np.tanh(x @ W + b)
    if np.allclose(given, true, atol=NEAR):
        return [
            f"Right: {_listed(true)}.",
            "Sums in one product, an offset for each, then the bend.",
        ]
    for slip, name, says in _E1:
        if np.allclose(given, slip(x, W, b), atol=NEAR):
            return [f"Not yet: {name}; it gives {_listed(given)}.", says]
    return [
        f"Not yet, and it matches no slip I know: {_listed(given)}.",
        f"What are the {b.size} sums before the bend?",
    ]


# --- E2 -------------------------------------------------------------------------------------------
def _moved(*order: str) -> np.ndarray:
    """The outputs of beat 5's layers in another order."""
    first, _, last = bent()
    parts = {"first": first, "last": last, "relu": ReLU(), "tanh": Tanh()}
    outputs: np.ndarray = Sequential(*(parts[name] for name in order))(stairs().x).data
    return outputs.reshape(-1)


_E2: Sequence[tuple[tuple[str, ...], str, str]] = (
    (("first", "last", "relu"), "all four outputs are 0",
     "The bend comes last, where nothing is cut after it."),
    (("first", "relu", "last", "relu"), "the off side is gone",
     "The last bend cuts the off side to 0."),
    (("relu", "first", "last"), "the bend comes too early",
     "You bent the switches; what follows is straight."),
    (("first", "tanh", "last"), "this bend is the same from both ends",
     "In the first two, tanh(1.8) and tanh(−1.8) cancel. What could shift one of them?"),
    (("first", "last"), "there is no bend", "Two layers of sums are one layer of sums."),
)  # fmt: skip


def a_bend_between(answer: Any) -> list[str]:
    """E2: repair `Sequential(first, last, ReLU())` so that the lamp's signs are + + − −."""
    given = _outputs(answer, stairs().x)
    if isinstance(given, list):
        return given
    shows = _listed(given)
    on = stairs().y.reshape(-1) > 0.5
    if ((given > 0) == on).all() and (given != 0).all():
        return [
            f"Right: {shows}, above 0 just where the lamp is on.",
            "A bend between the layers, and one straight cut is enough.",
        ]
    for order, name, says in _E2:
        if np.allclose(given, _moved(*order), atol=NEAR):
            return [f"Not yet: {name}; it gives {shows}.", says]
    return [
        f"Not yet, and it matches no slip I know: {shows}.",
        "Where do the four corners lie after the first layer and its bend?",
    ]


def _outputs(answer: Any, x: np.ndarray) -> np.ndarray | list[str]:
    """What a net, or a function that makes one, says to these inputs; or what is to be said of
    it."""
    if not callable(answer):
        return [
            "Unclear: this is not a net.",
            "Give check the function that makes it, or the net itself.",
        ]
    try:
        model = answer if isinstance(answer, Module) else answer()
        if model is ...:
            return DOTS
        if not isinstance(model, Module):
            return [
                f"Unclear: the function returns {type(model).__name__}, not a net.",
                "End it with return Sequential(…).",
            ]
        made = model(x)
    except Exception as problem:
        return _stopped(problem)
    given = _numbers(made, len(x))
    if given is None:
        return [
            "Unclear: the lamp needs one number for each position.",
            f"This net gives {np.shape(getattr(made, 'data', made))}.",
        ]
    return given


# --- E3 -------------------------------------------------------------------------------------------
def switched_when_equal(answer: Any) -> list[str]:
    """E3: nine numbers for a lamp that is on when the switches are equal, by at least MARGIN."""
    on = stairs().y.reshape(-1) < 0.5
    return _by_sign(_outputs(answer, stairs().x), on, "the switches are equal")


def _by_sign(given: np.ndarray | list[str], on: np.ndarray, when: str) -> list[str]:
    if isinstance(given, list):
        return given
    lit, shows = given > 0, _listed(given)
    if (lit == on).all():
        least = float(np.abs(given).min())
        if least < MARGIN * (1 - 1e-9):
            return [
                f"Not yet: the signs are there, the margin is {number(least)}.",
                f"Every output should be {MARGIN:g} away from 0: {shows}.",
            ]
        return [f"Right: {shows}, above 0 just when {when}.", "No other sign is needed."]
    if (lit != on).all():
        return [
            f"Not yet: every position is answered the other way round, {shows}.",
            "One layer can turn that.",
        ]
    if lit.all() or not lit.any():
        return [
            f"Not yet: all alike, {shows}.",
            "The cut misses the square; which number shifts it?",
        ]
    count = int((lit == on).sum())
    return [f"Not yet: {count} of {len(on)} have their sign.", f"The outputs are {shows}."]


# --- E4 -------------------------------------------------------------------------------------------
def three_switches(answer: Any) -> list[str]:
    """E4: three switches, on when an odd number of them is up."""
    x = np.array(list(product((-1.0, 1.0), repeat=3)))
    on = (x > 0).sum(1) % 2 == 1
    return _by_sign(_outputs(answer, x), on, "an odd number is up")


EXERCISES = {
    "01.e1": one_layer, "01.e2": a_bend_between, "01.e3": switched_when_equal,
    "01.e4": three_switches,
}  # fmt: skip
