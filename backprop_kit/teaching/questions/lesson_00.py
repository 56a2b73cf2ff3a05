"""Lesson 00: what the update will do, what the forecast is worth, and the exit quiz."""

from __future__ import annotations

from functools import cache

import numpy as np

from backprop_kit.data import digits
from backprop_kit.engine import Tensor
from backprop_kit.films.numbers import number
from backprop_kit.nn import SGD, CrossEntropyLoss
from backprop_kit.study import Pass, board, forecast, record_pass

from . import Option, Question

STEP, DIGIT_STEP = 0.25, 0.05
OTHER_DIGIT_STEPS = (0.1, 0.005)


@cache
def lamp() -> Pass:
    """The lamp's pass with its update."""
    return record_pass(*board("stairs"), optimizer=SGD(STEP))


@cache
def digit(step: float = DIGIT_STEP) -> Pass:
    """The digit's pass with its update."""
    return record_pass(*board("digit"), optimizer=SGD(step))


def update() -> Question:
    """P1: what will the update do?"""
    p = lamp()
    up, down, _ = p.moved
    moves = np.concatenate([abs(u.new - u.old).ravel() for _, u in p.trace.updates])
    hidden = [v for name, v in p.forecast.items() if name.startswith("0.")]
    h3, through = p.links[1].result.value[0, 2], p.parameters["2.W"].value[2, 0]
    few, most = number(moves.min()), number(moves.max())
    value = f"h_3 = {number(h3)}"
    return Question(
        "00.p1",
        f"The lamp says {number(p.result.value.item())} and should say 1: too low. "
        "What will the update do?",
        (
            Option(
                "raise some numbers, lower others, by different amounts",
                f"As you said. {value} passes through {number(through)}: "
                "to raise the lamp, this weight comes down.",
            ),
            Option(
                f"raise all {moves.size} numbers",
                f"Look at what passes through: {value}. "
                f"Raising its weight, {number(through)}, would lower the lamp.",
            ),
            Option(
                f"move only the {len(p.parameters['2.W'].value) + 1} next to the lamp",
                f"The hidden layer moves too. Its {sum(v.size for v in hidden)} numbers carry "
                f"{number(sum(v.sum() for v in hidden))} of the forecast {number(promised())}.",
            ),
            Option(
                f"move all {moves.size} numbers equally far",
                "The step is the same for all; the slopes differ. "
                f"So the moves go from {few} to {most}.",
            ),
        ),
        place="the net, at the update",
        reveal="update",
        walk="Walk on to the update",
        shows=f"{up} go up and {down} go down, by {few} to {most}",
    )


def promised() -> float:
    """The forecast of the lamp's fall."""
    return float(sum(v.sum() for v in lamp().forecast.values()))


def fall() -> Question:
    """P2: what is the forecast worth?"""
    p = lamp()
    count, gap = sum(p.moved), number(abs(promised() - p.fall))
    changes = "The slopes were measured at the start; on the way they change."
    return Question(
        "00.p2",
        f"The forecast is a fall of {number(promised())}. The true fall will be …",
        (
            Option("close to it, not equal", f"As you said. {changes}"),
            Option(f"exactly {number(promised())}", f"It missed by {gap}. {changes}"),
            Option(
                f"a {count}th of it",
                f"All {count} numbers move at once, and their parts of the fall add up.",
            ),
            Option(
                "impossible to say",
                f"Single effects add up to a forecast. It missed by only {gap}.",
            ),
        ),
        place="the net, forward again",
        reveal="again",
        walk="Walk on to forward again",
        shows=f"a fall of {number(p.fall)}",
    )


def quiz() -> tuple[Question, ...]:
    """The exit quiz."""
    return _which_way(), _why_less(), _why_all_threes()


def _which_way() -> Question:
    slope, step = -0.7, 0.1
    given, move, size = (f"{v:.2g}".replace("-", "−") for v in (slope, -step * slope, -slope))
    return Question(
        "00.quiz.1",
        f"A weight has slope {given}, the step is {step}. The update …",
        (
            Option(
                f"adds {move}",
                f"{step} × {size} = {move}, and minus times minus adds. "
                "Slope 0 would move nothing.",
                "Right: against the slope, and only a step of it.",
            ),
            Option(
                f"subtracts {move}",
                f"Slope {given} says: up makes the loss smaller. Which way does the update go?",
                "Not yet: the size fits, the direction does not.",
            ),
            Option(
                f"sets it to −{move}",
                f"{move} is how far it moves. Where did the weight start?",
                "Not yet: a move is not a value.",
            ),
            Option(
                f"adds {size}",
                f"{size} is the whole slope. What does the step {step} do with it?",
                "Not yet: the step is left out.",
            ),
        ),
    )


def _why_less() -> Question:
    p, small = lamp(), STEP / 5
    ((_, small_promised, small_true),) = forecast(*board("stairs"), [small])
    gap = number(promised() - p.fall)
    in_turn = number(_fall_in_turn())
    return Question(
        "00.quiz.2",
        f"Forecast {number(promised())}, fall {number(p.fall)}: why?",
        (
            Option(
                "the slopes change on the way",
                "A step five times smaller changes them less: "
                f"{number(small_promised)} forecast, {number(small_true)} true.",
                "Right: a forecast is a line laid along a curve.",
            ),
            Option(
                "rounding",
                f"The two differ by {gap}; rounding touches only the third digit.",
                "Not yet: rounding is far smaller.",
            ),
            Option(
                "the random start",
                f"The same weights give {number(p.fall)} every time, however they were found.",
                "Not yet: after the start nothing is drawn.",
            ),
            Option(
                "the numbers should move in turn",
                f"In turn, by the same slopes, they end at the same place: {in_turn} again.",
                "Not yet: turns do not help.",
            ),
        ),
    )


def _fall_in_turn() -> float:
    """The lamp's fall if its numbers move one array after the other, by the slopes of the start."""
    trace = lamp().trace
    slopes = {name: trace.grads[leaf] for leaf, name in trace.names.items()}
    model, x, y = board("stairs")
    for name, p in model.named_parameters():
        p.data = p.data - STEP * slopes[name]
    return float(trace.loss.value - record_pass(model, x, y).trace.loss.value)


def _why_all_threes() -> Question:
    p, (x, y) = digit(), digits()
    label, (larger, smaller) = int(p.y.value.item()), OTHER_DIGIT_STEPS
    before, after = p.model(x).data, p.after(x)
    right = [int((scores.argmax(-1) == y).sum()) for scores in (before, after)]
    loss = [number(CrossEntropyLoss()(Tensor(scores), y).data) for scores in (before, after)]
    threes = [int((digit(step).after(x).argmax(-1) == label).sum()) for step in OTHER_DIGIT_STEPS]
    return Question(
        "00.quiz.3",
        f"After one update on one {label} it calls every image {label}. Why?",
        (
            Option(
                "only this image’s loss was lowered",
                f"The mean loss of all {len(y):,} images rose meanwhile: {loss[0]} to {loss[1]}.",
                "Right: one loss was asked about, and that one fell.",
            ),
            Option(
                "it has learnt threes",
                f"Of {len(y):,} images it had {right[0]} right; now it has {right[1]}.",
                "Not yet: who knows threes also knows what is none.",
            ),
            Option(
                "the slopes are wrong",
                f"This image’s loss fell by {number(p.fall)}; forecast was "
                f"{number(sum(v.sum() for v in p.forecast.values()))}.",
                "Not yet: the slopes are checked, and they delivered.",
            ),
            Option(
                "the step was too small",
                f"Step {larger} says {label} to {threes[0]:,} images, "
                f"step {smaller} to {threes[1]:,}.",
                "Not yet: a larger step does more of the same.",
            ),
        ),
    )


QUESTIONS = {"00.p1": update, "00.p2": fall, "00.quiz": quiz}
