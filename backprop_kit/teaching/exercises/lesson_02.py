"""Lesson 02: a loss in one line (E1), a loss that lets a unit go (E2), two nets and two measures
(E3), a point that pulls one number alone (E4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from backprop_kit.engine import Tensor
from backprop_kit.films.numbers import number
from backprop_kit.nn import BCEWithLogitsLoss, CrossEntropyLoss
from backprop_kit.study import board
from backprop_kit.study.line_fit import record_line
from backprop_kit.study.passes import record_pass

from ..checks import typed
from ..questions.lesson_02 import SURE, B, W, X, Y
from ..questions.lesson_03 import short

NEAR = 4e-3  # what three typed digits may be off
START, STEPS = 4.6, 10

UnitLoss = Callable[[Any], Any]


# --- E1 -------------------------------------------------------------------------------------------
@cache
def _digit() -> tuple[np.ndarray, int, float]:
    """The shares of the ten classes, the right one, and the kit's own loss."""
    recorded = record_pass(*board("digit"))
    loss = float(recorded.trace.loss.value)
    return recorded.result.value[0], int(recorded.y.value.item()), loss


def one_loss(answer: Any) -> list[str]:
    """E1: `loss = ____`, from the shares p and the right class t."""
    given = typed(answer)
    if given is None:
        return ["Unclear: this is not one number.", "Complete the line, and give check its result."]
    p, t, loss = _digit()
    says = int(p.argmax())
    slips = (
        (-loss, "the sign", "Better than perfect? Perfect is 0."),
        (loss / np.log(10), "the base", "A logarithm, to another base."),
        (-np.log(p[says]), "the class", "That is the class it says, not the one it should say."),
        (1 - p[t], "the logarithm", "This stays below 1, however wrong it gets."),
        (-np.log(1 - p[t]), "the class", "You measured the nine other classes."),
    )
    if abs(given - loss) <= NEAR:
        return [
            f"Right: −ln {number(p[t])} = {number(loss)}.",
            "It counts only what the right class got; the slopes go to all ten.",
        ]
    for value, name, told in slips:
        if abs(given - value) <= NEAR:
            return [f"Not yet: {name}; {number(given)} is not the loss.", told]
    return [
        f"Not yet, and it matches no slip I know: {number(given)}.",
        f"What share did class {t} get, and what is the logarithm of it?",
    ]


# --- E2 -------------------------------------------------------------------------------------------
def letting_go(answer: Any) -> list[str]:
    """E2: a loss of one sum z with target 0 that brings p from 0.99 below ½ within ten steps."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the function itself, without brackets: check("02.e2", loss).',
        ]
    try:
        if answer(Tensor(START)) is ...:
            return ["Not yet: replace the dots."]
        end, pushes = _arrival(answer), [_slope(answer, _sum(p)) for p in PROBES]
    except _NoLoss as wrong:
        return ["Unclear: the function gives no loss.", str(wrong)]
    except Exception as stopped:
        said = " ".join(str(stopped).split("\n")[0].split())
        return [
            "Not yet: the function stops before it is done.",
            f"{type(stopped).__name__}: {said}",
        ]
    return _judged(end, pushes)


PROBES = (0.05, 0.3, 2 / 3, SURE)


class _NoLoss(Exception):
    """What came back is no number with a slope."""


def _sum(p: float) -> float:
    return float(np.log(p / (1 - p)))


def _slope(loss: UnitLoss, z: float) -> float:
    """The slope of a loss at one sum."""
    leaf = Tensor(z)
    value = loss(leaf)
    if not isinstance(value, Tensor) or value.size != 1:
        raise _NoLoss(f"It gives {type(value).__name__}; compute with z, and return the result.")
    if not value.requires_grad:
        raise _NoLoss("It does not depend on z; compute with z, and return the result.")
    value.sum().backward()
    return float(leaf.grad) if leaf.grad is not None else 0.0


def _arrival(loss: UnitLoss) -> float:
    """What the unit says after ten steps of size 1."""
    z = START
    for _ in range(STEPS):
        z = z - _slope(loss, z)
    return float(Tensor(z).sigmoid().data)


def _judged(end: float, pushes: Sequence[float]) -> list[str]:
    low, _, middle, high = pushes
    after = f"after {STEPS} steps it says {number(end)}"
    if np.allclose(pushes, PROBES, rtol=1e-6, atol=1e-9):
        return [
            f"Right: {after}.",
            f"Its push is the error, {number(high)} at {SURE:g}: the slope of the sigmoid cancels.",
        ]
    if not np.isfinite([end, *pushes]).all():
        return [f"Not yet: {after}.", "Look at what gets too large."]
    if high < 0:
        return [f"Not yet: the target; {after}.", "It moved; which way?"]
    if np.allclose(pushes, [_slope(_twice_squashed, _sum(p)) for p in PROBES], rtol=1e-6):
        return [
            f"Not yet: z is squashed twice; {after}.",
            f"Its push at {SURE:g} is {number(high)}. Does this loss take z or p?",
        ]
    if np.allclose(pushes, high, rtol=1e-6):
        return [
            f"Not yet: this loss never ends; {after}.",
            f"At p = 0 its push should be 0; it is {number(low)} everywhere.",
        ]
    if high < middle:
        if end < 0.5:
            return [
                f"Not yet: a factor in front; {after}.",
                f"It arrives, but its push at {SURE:g} is {number(high)}, still smaller than "
                f"{number(middle)} at 0.667.",
            ]
        return [
            f"Not yet: still at the top; {after}.",
            f"Its push at {SURE:g} is {number(high)}, smaller than {number(middle)} at 0.667. "
            "Which loss cancels the slope of the sigmoid?",
        ]
    return [
        f"Not yet, and it matches no slip I know: {after}.",
        f"Its push at {SURE:g} is {number(high)}; what is the error there?",
    ]


def _twice_squashed(z: Any) -> Any:
    return BCEWithLogitsLoss()(z.sigmoid(), 0.0)


# --- E3 -------------------------------------------------------------------------------------------
def two_measures(answer: Any) -> list[str]:
    """E3: two lists of what the right class got: A has more right, and the higher cross-entropy."""
    nets = _two_lists(answer)
    if nets is None:
        return [
            "Unclear: these are not two lists of four probabilities.",
            'Give check both: check("02.e3", (A, B)).',
        ]
    if (nets == 0).any():
        return ["Not yet: ln 0 has no value.", "Give every right class a little more than 0."]
    right = (nets > 0.5).sum(axis=1)
    loss = [float(CrossEntropyLoss()(Tensor(_scores(p)), np.zeros(4, int)).data) for p in nets]
    shown = f"A has {right[0]} right and {number(loss[0])}, B has {right[1]} right and "
    shown += number(loss[1])
    if right[0] <= right[1]:
        return [f"Not yet: {shown}.", "Right means above 0.5; count again."]
    if loss[0] <= loss[1]:
        return [f"Not yet: {shown}.", "What makes cross-entropy large? One number can do it."]
    return [f"Right: {shown}.", "A lower loss is not always more right answers."]


def _scores(p: np.ndarray) -> np.ndarray:
    """Scores of two classes that give the first one these shares."""
    return np.stack([np.log(p), np.log1p(-np.minimum(p, 1 - 1e-12))], axis=1)


def _two_lists(answer: Any) -> np.ndarray | None:
    try:
        nets = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return None
    return nets if nets.shape == (2, 4) and ((nets >= 0) & (nets <= 1)).all() else None


# --- E4 -------------------------------------------------------------------------------------------
def pulls_b_alone(answer: Any) -> list[str]:
    """E4: a fifth point that pulls b but not w."""
    if isinstance(answer, (list, tuple)) and any(v is ... for v in answer):
        return ["Not yet: replace the dots."]
    try:
        x, y = (typed(v) for v in answer)
    except (TypeError, ValueError):
        x = y = None
    if x is None or y is None:
        return ["Unclear: this is not a point.", 'Give check x and y: check("02.e4", (x, y)).']
    place = record_line([*X, x], [*Y, y], W, B, steps=0).at(0)
    on_w, on_b = float(place.pull_w[-1]), float(place.pull_b[-1])
    shown = f"it pulls w by {short(on_w)} and b by {short(on_b)}"
    if on_b == 0:
        return [f"Not yet: {shown}.", "It is on the line. It pulls nothing."]
    if on_w != 0:
        return [f"Not yet: {shown}.", "It pulls w as well. What passes through w?"]
    return [f"Right: {shown}.", "Its x is 0, so nothing of it passes through w."]


EXERCISES = {"02.e1": one_loss, "02.e2": letting_go, "02.e3": two_measures, "02.e4": pulls_b_alone}
