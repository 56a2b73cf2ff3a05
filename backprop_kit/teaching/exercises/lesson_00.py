"""Lesson 00: one weight by hand (E1), the whole update as code (E2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop_kit.films.numbers import number
from backprop_kit.nn import Module, default_loss
from backprop_kit.study import board

from ..checks import typed

STEP = 0.25
NEAR = 1e-3  # what three typed digits may be off

_UP = "A positive slope says: up raises the loss."

Update = Callable[[Module], Any]


def one_weight(answer: Any) -> list[str]:
    """E1: `new = 1.0 ____ 0.25 * 0.543`."""
    given = typed(answer)
    if given is None:
        return [
            "Unclear: this is not one number.",
            "Complete the line, and give check its result.",
        ]
    model, _ = _with_slopes()
    weight = model[2].W
    old, slope = float(weight.data[2, 0]), float(weight.grad[2, 0])
    move = STEP * slope
    if abs(given - (old - move)) <= NEAR:
        return [
            f"Right: {number(old)} − {STEP:g} × {number(slope)} = {number(old - move)}.",
            f"{_UP} So the weight comes down.",
        ]
    start = "That is the move. Where did the weight start?"
    whole = "That is the whole slope; what does the step do with it?"
    slips = [
        (old + move, "this is the way up", f"{_UP} Which way is down?"),
        (old - slope, "the step is missing", whole),
        (old - STEP, "the slope is missing", "That is the step alone; what does the slope add?"),
        (move, "the weight is missing", start),
        (-move, "the weight is missing", start),
    ]  # fmt: skip
    for value, name, says in slips:
        if abs(given - value) <= NEAR:
            return [f"Not yet: {name}.", says]
    return [
        "Not yet, and it matches no slip I know.",
        f"What did you get for {STEP:g} × {number(slope)}?",
    ]


def whole_update(answer: Any) -> list[str]:
    """E2: repair `w.data = w.data + 0.25 * w.grad`, given as a function of the model."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the function itself, without brackets: check("00.e2", update).',
        ]
    model, before = _with_slopes()
    try:
        answer(model)
        after = _loss(model)
    except Exception as stopped:
        return _stopped(stopped)
    if not np.isfinite(after):
        return ["Not yet: the loss is no longer a number.", "Look at what gets too large."]
    fell = f"{number(before)} to {number(after)}"
    if _same(after, _outcome(_right)):
        return [
            f"Right: the loss falls from {fell}.",
            f"Against every slope at once, each by {STEP:g} × its own slope.",
        ]
    if after == before:
        return ["Not yet: no number has moved.", "Bind the new value: w.data = …"]
    for slip, name, says in _SLIPS:
        if _same(after, _outcome(slip)):
            return [f"Not yet: {name}; the loss goes from {fell}.", says]
    start, end = (number(m[2].W.data[2, 0]) for m in (_with_slopes()[0], model))
    return [
        f"Not yet, and it matches no slip I know. The loss goes from {fell}.",
        f"It takes the weight {start} to {end}. Where does one step by hand take it?",
    ]


def _right(model: Any) -> None:
    for w in model.parameters():
        w.data = w.data - STEP * w.grad


def _uphill(model: Any) -> None:
    for w in model.parameters():
        w.data = w.data + STEP * w.grad


def _own_size(model: Any) -> None:
    for w in model.parameters():
        w.data = w.data - STEP * w.data


def _equally_far(model: Any) -> None:
    for w in model.parameters():
        w.data = w.data - STEP * np.sign(w.grad)


def _twice(model: Any) -> None:
    _right(model)
    _right(model)


# The slip, its name, and what is said to it.
_SLIPS: Sequence[tuple[Update, str, str]] = (
    (_uphill, "this is the way up", f"{_UP} Which way is down?"),
    (
        _own_size,
        "the slopes are missing",
        "You shrank the weights by their own size; slopes are in .grad.",
    ),
    (_equally_far, "the sizes are missing", "All moved equally far; the slopes differ."),
    (_twice, "one move too many", "Moved twice by the old slopes; take them again after a move."),
)


def _with_slopes() -> tuple[Any, float]:
    """The lamp's model, new, with its slopes in `.grad`, and its loss."""
    model, x, y = board("stairs")
    loss = default_loss(model, y)(model(x), y)
    loss.backward()
    return model, float(loss.data)


def _loss(model: Module) -> float:
    _, x, y = board("stairs")
    return float(default_loss(model, y)(model(x), y).data)


def _outcome(rule: Update) -> float:
    """The loss after this rule has moved the lamp's model."""
    model, _ = _with_slopes()
    rule(model)
    return _loss(model)


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * abs(b)


def _stopped(problem: Exception) -> list[str]:
    said = " ".join(str(problem).split("\n")[0].split())
    if "read-only" in said:
        return ["Not yet: a recorded value never changes; bind a new one.", "Write w.data = …"]
    return ["Not yet: the function stops before it is done.", f"{type(problem).__name__}: {said}"]


EXERCISES = {"00.e1": one_weight, "00.e2": whole_update}
