"""Lesson 02: who pulls w, where the push is largest, and the exit quiz."""

from __future__ import annotations

from functools import cache

import numpy as np

from backprop_kit.engine import Tensor
from backprop_kit.films.numbers import number
from backprop_kit.nn import CrossEntropyLoss, MSELoss, SquaredError
from backprop_kit.study.line_fit import Fit, record_line
from backprop_kit.study.loss_shares import Unit, record_unit

from . import Option, Question
from .lesson_03 import short

X, Y = (-1.0, 0.0, 1.0, 2.0), (-2.0, -0.5, 1.0, 2.5)
W, B = -0.5, 1.0
SURE = 0.99


@cache
def line() -> Fit:
    """The line of beats 1 to 3."""
    return record_line(X, Y, W, B)


@cache
def unit(p: float = 0.5) -> Unit:
    """The unit of beat 4."""
    return record_unit(0, p)


def pulls() -> Question:
    """P1: which point pulls w hardest?"""
    here = line().at(0)
    pull, error = here.pull_w, here.error
    hardest, worst = int(np.abs(pull).argmax()), int(np.abs(error).argmax())
    silent = int(np.abs(pull).argmin())
    high = [str(i + 1) for i in np.flatnonzero(error > 0)]

    def made(i: int) -> str:
        return f"{short(error[i])} × {_bracketed(X[i])} = {short(pull[i])}"

    return Question(
        "02.p1",
        "Four points, one line. Which point pulls the weight w hardest?",
        (
            Option(
                f"point {hardest + 1}",
                f"As you said: error × x = {made(hardest)}. Point {silent + 1} is off by "
                f"{short(error[silent])} and does not pull w at all.",
            ),
            Option(
                f"point {worst + 1}",
                f"Its error is the largest, but {made(worst)}; point {hardest + 1} has "
                f"{made(hardest)}.",
            ),
            Option(
                f"points {' and '.join(high)}, where the line is too high",
                "Too high or too low is the sign. The strength is error × x: "
                f"{made(hardest)} for point {hardest + 1}.",
            ),
            Option(
                "all equally",
                f"What passes through w is x, and it differs: point {silent + 1} has x = "
                f"{short(X[silent])} and pulls {short(pull[silent])}.",
            ),
        ),
        place="the line",
        reveal="backward",
        walk="Look at the bars",
        shows=f"point {hardest + 1}: {', '.join(map(short, pull))}, together "
        f"{short(here.slope[0])}",
    )


def push() -> Question:
    """P2: where is the push largest?"""
    whole = unit()
    p, most = whole.top
    at = {q: _push(q) for q in (0.5, SURE)}
    slope = number(SURE * (1 - SURE))
    return Question(
        "02.p2",
        "L = ½ (p − 0)². At which p is the push |∂L/∂z| largest?",
        (
            Option(
                number(p),
                f"As you said. Push = error × slope of the sigmoid, and at {number(p)} their "
                f"product is largest: {number(most)}.",
            ),
            Option(
                f"{SURE:g}",
                f"The error is largest there, but the sigmoid is nearly flat: {SURE:g} × {slope} = "
                f"{number(at[SURE])}.",
            ),
            Option(
                "0.5",
                f"The sigmoid is steepest there, but the error is only 0.5: the push is "
                f"{number(at[0.5])}.",
            ),
            Option(
                "the same everywhere",
                f"It goes from {number(at[0.5])} at 0.5 up to {number(most)} and down to "
                f"{number(at[SURE])} at {SURE:g}.",
            ),
        ),
        place="the unit, under squared error",
        reveal="backward",
        walk="Look at the curves",
        shows=f"{number(p)}: push {number(most)}; at {SURE:g} it is {number(at[SURE])}",
    )


def _push(p: float) -> float:
    return float(unit(p).losses.at(0).push[0, 0])


def quiz() -> tuple[Question, ...]:
    """The exit quiz."""
    return _why_small(), _halved(), _twice()


def _why_small() -> Question:
    m = unit(SURE).losses.at(0)
    weak, strong = number(m.push[0, 0]), number(m.push[1, 0])
    slope, error = number(m.middle[0, 0]), f"{SURE:g}"
    other = record_unit(1, 1 - SURE).losses.at(0)
    return Question(
        "02.quiz.1",
        f"Error {error}, push {weak}. Why so small?",
        (
            Option(
                "the sigmoid is nearly flat there",
                f"Its slope is {slope}, and {error} × {slope} = {weak}.",
                "Right: the push is the error times that slope.",
            ),
            Option(
                "the error weakens on a long way back",
                f"There is one step between loss and sum, and its slope is {slope}.",
                "Not yet: it is one step.",
            ),
            Option(
                "the target is 0",
                f"With target 1 and p = {1 - SURE:.2f} the push is {number(other.push[0, 0])} "
                "again.",
                "Not yet: the other target gives the same.",
            ),
            Option(
                "it has nearly learnt it",
                f"The error is {error}. Under cross-entropy the same unit is pushed by {strong}.",
                "Not yet: a small push is not a small error.",
            ),
        ),
    )


def _halved() -> Question:
    low, lower = 0.01, 0.02
    before, after = (_cross(p) for p in (lower, low))
    return Question(
        "02.quiz.2",
        f"The probability of the right class falls from {lower} to {low}. Cross-entropy rises by …",
        (
            Option(
                number(after - before),
                f"From {number(before)} to {number(after)}: by ln 2, wherever a probability is "
                "halved.",
                "Right: it counts by ratios.",
            ),
            Option(
                f"{lower - low:g}",
                f"That is the difference of the probabilities. The losses are {number(before)} "
                f"and {number(after)}.",
                "Not yet: take the logarithm first.",
            ),
            Option(
                "its double",
                f"The double of {number(before)} is {number(2 * before)}; the new loss is "
                f"{number(after)}.",
                "Not yet: half the probability is not twice the loss.",
            ),
            Option(
                number(after),
                f"That is the new loss. The old one was {number(before)}.",
                "Not yet: that is where it ends.",
            ),
        ),
    )


def _cross(p: float) -> float:
    """Cross-entropy of one sample whose right class has the share p."""
    scores = Tensor(np.log([[p, 1 - p]]))
    return float(CrossEntropyLoss()(scores, np.array([0])).data)


def _twice() -> Question:
    summed, doubled = (_slope_w(SquaredError, n) for n in (1, 2))
    mean, again = (_slope_w(MSELoss, n) for n in (1, 2))
    told = (
        f"On the line of this lesson the slope of w goes from {short(summed)} to "
        f"{short(doubled)} summed, and stays {short(mean)} in the mean."
    )
    assert mean == again
    return Question(
        "02.quiz.3",
        "Every sample is put into the batch twice. The slopes …",
        (
            Option(
                "of the summed loss double, of the mean stay",
                told,
                "Right: a sum grows with the batch, a mean does not.",
            ),
            Option(
                "of the sum stay, of the mean halve",
                told,
                "Not yet: sum and mean are exchanged.",
            ),
            Option("both double", told, "Not yet: the mean divides by twice as many."),
            Option("both stay", told, "Not yet: a sum has twice as many parts."),
        ),
    )


def _slope_w(kind: type, times: int) -> float:
    w, b = Tensor(W), Tensor(B)
    kind()(w * np.tile(X, times) + b, np.tile(Y, times)).backward()
    assert w.grad is not None
    return float(w.grad)


def _bracketed(v: float) -> str:
    return f"({short(v)})" if v < 0 else short(v)


QUESTIONS = {"02.p1": pulls, "02.p2": push, "02.quiz": quiz}
