"""The bowl that exercises of lesson 05 walk in, how answers are read there, and E3: one step to its
minimum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from backprop_kit.films.numbers import number
from backprop_kit.study.boards import board
from backprop_kit.study.curvature import hessian

from ..questions.lesson_03 import short
from .matrices import Array, called, numbers

DOTS = ["Not yet: replace the dots."]


@cache
def bowl() -> tuple[Array, Array, Array]:
    """Its second slopes, where the ball lies, and its inputs."""
    model, x, y = board("bowl")
    (leaf,) = model.parameters()
    return hessian(model, (x, y)), leaf.data.reshape(-1).copy(), x


def height(w: Array) -> float:
    return float(w @ bowl()[0] @ w / 2)


def stopped_by(lines: list[str]) -> list[str]:
    """What is said where an answer stopped; dots in a sum stop it, too."""
    return DOTS if "ellipsis" in lines[-1] else lines


def no_function(answer: Any, id: str, name: str) -> list[str]:
    if callable(answer):
        return []
    return [
        "Unclear: this is not a function.",
        f'Give check the function itself: check("{id}", {name}).',
    ]


def taken(told: Any, names: Sequence[str], size: int) -> tuple[list[Array], list[str]]:
    """What a step returned, as arrays of so many numbers, or what is said to it."""
    if told is ... or (isinstance(told, (tuple, list)) and any(t is ... for t in told)):
        return [], DOTS
    if not isinstance(told, (tuple, list)) or len(told) != len(names):
        return [], [
            f"Unclear: {len(names)} results are asked for.",
            f"Return {', '.join(names)}.",
        ]
    got = []
    for name, value in zip(names, told, strict=True):
        value = value.data if hasattr(value, "node") else value  # a Tensor
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = np.empty(0)
        if array.size != size:
            return [], [f"Unclear: {name} holds no {size} numbers.", f"Return {', '.join(names)}."]
        got.append(array.reshape(-1))
    return got, []


def point(w: Array) -> str:
    return f"({', '.join(number(v) for v in w)})"


# --- E3 -------------------------------------------------------------------------------------------
def reshaping(answer: Any) -> list[str]:
    """E3: inputs and a step size with which one step of plain descent reaches the minimum."""
    if said := no_function(answer, "05.e3", "scaled"):
        return said
    _, w, x = bowl()
    told, stopped = called(answer, x)
    if stopped:
        return stopped_by(stopped)
    if told is ... or (isinstance(told, (tuple, list)) and any(t is ... for t in told)):
        return DOTS
    if not isinstance(told, (tuple, list)) or len(told) != 2:
        return ["Unclear: two results are asked for.", "Return the inputs and the step size."]
    x2, eta = numbers(told[0]), numbers(told[1])
    if x2 is None or x2.shape != x.shape:
        return [f"Unclear: the inputs are no {len(x)} × {x.shape[1]} numbers.", "Return x / … ."]
    if eta is None or eta.size != 1:
        return ["Unclear: the step size is not one number.", "Return x / …, and a number."]
    return _judged(x2, float(eta.item()), w)


def _judged(x2: Array, eta: float, w: Array) -> list[str]:
    bends = x2.T @ x2
    flat, steep = np.linalg.eigvalsh(bends)
    after = w - eta * bends @ w
    said = f"{_rounded(flat)} and {_rounded(steep)}"
    if float(np.abs(after).max()) <= 1e-6 * float(np.abs(w).max()):
        return [
            f"Right: one step leads to (0, 0). Both curvatures are {_rounded(steep)} now.",
            f"And η = 1/{_rounded(steep)}: the bowl is round, so steepest is straight there.",
        ]
    if flat <= 1e-9 * steep:
        return [
            f"Not yet: the curvatures are {said}.",
            "Two points minus their mean lie on one line: one curvature is 0.",
        ]
    if steep - flat <= 1e-6 * steep:
        return [
            f"Not yet: the bowl is round, with curvature {_rounded(steep)}, and the step misses.",
            f"It leads to {point(after)}. Which η brings both to 0 at once?",
        ]
    if abs(after[1]) <= 1e-9:
        return [
            "Not yet: one weight arrives alone.",
            f"The steep weight arrives, the flat one is at {number(after[0])}.",
        ]
    return [
        f"Not yet: the step leads to {point(after)}.",
        f"Curvatures {said} now: no step size suits both.",
    ]


def _rounded(v: float) -> str:
    return short(round(float(v), 9))
