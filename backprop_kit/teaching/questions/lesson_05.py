"""Lesson 05: downhill and the goal, over the limit, and the exit quiz."""

from __future__ import annotations

from functools import cache

import numpy as np

from backprop_kit.data import digits
from backprop_kit.films.numbers import number
from backprop_kit.nn import SGD, CrossEntropyLoss, Module
from backprop_kit.study.boards import board, digits_net
from backprop_kit.study.curvature import hessian, limit, sharpness
from backprop_kit.study.passes import record_pass
from backprop_kit.study.run import Run

from . import Option, Question
from .lesson_03 import AS_YOU_SAID, short

OVER = 1.1  # times the limit
STEPS = 10
BATCH, RATE, HOT, EPOCHS = 32, 1.0, 3.0, 5
MARKS = (0.3, 0.6, 0.9, 1.0)  # shares that rounding reaches are told by a mark they lie beside


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Between two arrays of the same size, in degrees."""
    a, b = a.reshape(-1), b.reshape(-1)
    cosine = float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


# --- P1 -------------------------------------------------------------------------------------------
@cache
def downhill() -> tuple[np.ndarray, np.ndarray]:
    """The slopes at the start of the bowl, and the way from its minimum to there."""
    recorded = record_pass(*board("bowl"))
    leaf = recorded.parameters["0.W"]
    return recorded.trace.grads[leaf].reshape(-1), leaf.value.reshape(-1)


def steepest() -> Question:
    """P1: by how much does the steepest way down miss the minimum?"""
    slopes, way = downhill()
    off = angle(slopes, way)
    here, there = (f"({short(a)}, {short(b)})" for a, b in (way, slopes))
    return Question(
        "05.p1",
        f"The ball lies at w = {here}, the minimum at (0, 0). How far apart are the steepest way "
        "down and the way to the minimum?",
        (
            Option(
                f"{off:.0f}°",
                f"{AS_YOU_SAID} The slopes are {there}, and the way is along {here}.",
            ),
            Option(
                "0°: steepest is straight there",
                f"Then the slopes would be in proportion to {here}. They are {there}.",
            ),
            Option(
                "90°",
                "At 90° to the steepest way lies the level line: there the loss stays.",
            ),
            Option(
                "180°: the slopes lead away from it",
                f"The slopes lead up, {180 - off:.0f}° off the way there. Against them it is "
                f"{off:.0f}°.",
            ),
        ),
        place="the bowl",
        reveal="step",
        walk="Look at the arrow",
        shows=f"{off:.0f}°: the steep direction hides the flat one",
    )


# --- P2 -------------------------------------------------------------------------------------------
@cache
def over_the_limit() -> tuple[np.ndarray, np.ndarray]:
    """The sine net at 1.1 times its limit: its loss, and its λmax, after 0, 1, 2 … steps."""
    model, x, y = board("sine")
    run = Run(model, (x, y), optimizer=SGD(OVER * limit(model, (x, y))))
    bends = [sharpness(run.model, (x, y))]
    for _ in range(STEPS):
        run.step()
        bends.append(sharpness(run.model, (x, y)))
    return run.curve().train, np.array(bends)


def unstable() -> Question:
    """P2: what does a real net do above its limit?"""
    loss, bends = over_the_limit()
    first = ", ".join(number(v) for v in loss[:4])
    return Question(
        "05.p2",
        f"A net with step sizes {OVER:g} times its limit. What does its loss do?",
        (
            Option(
                "it rises, then falls",
                f"{AS_YOU_SAID} {first} … and {number(loss[-1])} after {STEPS} steps.",
            ),
            Option(
                "it grows without end",
                f"So it does in a bowl. Here λmax falls from {number(bends[0])} to "
                f"{number(bends.min())}: the limit moves out of the way.",
            ),
            Option(
                "it falls at once",
                f"The first step takes it from {number(loss[0])} to {number(loss[1])}. Along the "
                "steepest direction it goes too far.",
            ),
            Option(
                "it is infinite at once",
                f"Unstable is not infinite. After 1 step it is {number(loss[1])}.",
            ),
        ),
        place="the net",
        reveal="step",
        walk="Look at the curve",
        shows=f"it rises to {number(loss.max())}, then falls to {number(loss[-1])}",
    )


# --- the exit quiz --------------------------------------------------------------------------------
def quiz() -> tuple[Question, ...]:
    """The exit quiz."""
    return _from_when(), _too_hot(), _rough()


def _from_when() -> Question:
    model, x, y = board("bowl")
    flat, steep = np.linalg.eigvalsh(hessian(model, (x, y)))
    edge, once, best = 2 / steep, 1 / steep, 2 / (flat + steep)
    kept = 1 - best * flat
    return Question(
        "05.quiz.1",
        f"A bowl with curvatures {short(flat)} and {short(steep)}. "
        "From which step size on does plain descent fail?",
        (
            Option(
                short(edge),
                f"2/{short(steep)} = {short(edge)}: from there on the steep direction never "
                "settles.",
                "Right: the steepest direction sets the limit.",
            ),
            Option(
                short(2 / flat),
                f"2/{short(flat)} is the limit of the flat direction. The steep one then grows "
                f"{short(2 / flat * steep - 1)} times a step.",
                "Not yet: that is the flattest direction's limit.",
            ),
            Option(
                short(once),
                f"At {short(once)} the steep direction arrives in 1 step; beyond, it hops and "
                "still arrives.",
                "Not yet: that is where the steep one arrives at once.",
            ),
            Option(
                short(round(best, 3)),
                f"At {short(round(best, 3))} both directions keep {short(round(kept, 2))} of "
                "themselves a step, the least there is.",
                "Not yet: that is the fastest.",
            ),
        ),
    )


@cache
def digits_at(rate: float) -> tuple[float, float]:
    """Share of the test digits right after five epochs of plain descent, and the loss."""
    run = Run(digits_net(), digits(), optimizer=SGD(rate), batch=BATCH)
    run.step(EPOCHS, size="epoch")
    curve = run.curve()
    return float(curve.test_right[-1]), float(curve.train[-1])


def _under(share: float) -> str:
    """The lowest mark above a share."""
    return f"{100 * min(mark for mark in MARKS if share <= mark):.0f} %"


def _over(share: float) -> str:
    """The highest mark below a share."""
    return f"{100 * max(mark for mark in (0.0, *MARKS) if share >= mark):.0f} %"


def _too_hot() -> Question:
    good, _ = digits_at(RATE)
    bad, after = digits_at(HOT)
    x, y = digits().train
    start = float(CrossEntropyLoss()(digits_net()(x), y).data)
    worse = max(mark for mark in (start, 5.0, 10.0) if after > mark)
    return Question(
        "05.quiz.2",
        f"Digits, batches of {BATCH}, {EPOCHS} epochs: η = {RATE:g} reads over {_over(good)} of "
        f"the test digits, η = {HOT:g} under {_under(bad)}. Why?",
        (
            Option(
                "its steps overshoot, and grow",
                f"Its loss begins at {number(start)} and ends above {worse:g}.",
                "Right: each step goes too far, and the next one further.",
            ),
            Option(
                "it sits in a local minimum",
                f"Its loss begins at {number(start)} and ends above {worse:g}. It climbed.",
                "Not yet: no minimum lies above the start.",
            ),
            Option(
                "it had too few epochs",
                f"In {EPOCHS} epochs its loss went up, from {number(start)} to above {worse:g}.",
                "Not yet: more time makes it worse.",
            ),
            Option(
                "its slopes are not right",
                f"The same slopes, with η = {RATE:g}, read over {_over(good)}.",
                "Not yet: every badge has checked them.",
            ),
        ),
    )


@cache
def turned_off(together: int = 1) -> float:
    """By how many degrees so many batches of 32, added, point off the slopes of all images: the
    median over the first epoch, at the start of the digits net."""
    x, y = digits().train
    net, n = digits_net(), len(y)
    order = np.random.default_rng([0, 0]).permutation(n)
    size = BATCH * together
    whole = _slopes(net, x, y)
    parts = [order[i : i + size] for i in range(0, n - size + 1, size)]
    return float(np.median([angle(_slopes(net, x[rows], y[rows]), whole) for rows in parts]))


def _slopes(net: Module, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    recorded = record_pass(net, x, y)
    grads = recorded.trace.grads
    return np.concatenate([grads[n].reshape(-1) for n in recorded.parameters.values()])


@cache
def one_by_one() -> float:
    """Share of the test digits right after each image made a step of its own, once."""
    run = Run(digits_net(), digits(), optimizer=SGD(0.5), batch=1)
    run.step(1, size="epoch")
    return run.measured()[3]


def _rough() -> Question:
    one, many = turned_off(), turned_off(8)
    return Question(
        "05.quiz.3",
        f"A batch of {BATCH} digits points {one:.0f}° off the slopes of all of them. "
        "Why does the net learn all the same?",
        (
            Option(
                "what the batches share adds up, the rest cancels",
                f"8 of them together are only {many:.0f}° off.",
                "Right: over many steps the common part is left.",
            ),
            Option(
                f"{BATCH} images are as good as all",
                f"Then the angle would be 0°, and it is {one:.0f}°.",
                "Not yet: one batch alone is rough.",
            ),
            Option(
                "SGD turns the direction back",
                f"SGD multiplies by η = {RATE:g}, and a number turns nothing.",
                "Not yet: it only makes the arrow longer or shorter.",
            ),
            Option(
                "noise finds the way by itself",
                "With batches of 1 there is more noise. After the same images fewer than "
                f"{_under(one_by_one())} are right.",
                "Not yet: noise has no direction.",
            ),
        ),
    )


QUESTIONS = {"05.p1": steepest, "05.p2": unstable, "05.quiz": quiz}
