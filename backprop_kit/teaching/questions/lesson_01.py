"""Lesson 01: what makes two sums differ, where a bend takes two midpoints, and the exit quiz."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np

from backprop_kit.data import stairs
from backprop_kit.films.numbers import number
from backprop_kit.nn import Linear, Module, ReLU, Sequential, Tanh
from backprop_kit.study import board

from . import Option, Question
from .lesson_03 import AS_YOU_SAID, short

ON, OFF = [0, 1], [2, 3]
B1, B2 = (0.5, -0.2, 0.1), 0.3
LARGER = 10
MARGIN = 0.5


def straight() -> Sequential:
    """Beat 4: the weights of the lamp, with biases and without a bend."""
    lamp: Any = board("stairs")[0]
    model = Sequential(Linear(2, 3), Linear(3, 1))
    model[0].W.data, model[1].W.data = lamp[0].W.data, lamp[2].W.data
    model[0].b.data, model[1].b.data = B1, [B2]
    return model


def bent() -> Sequential:
    """Beat 5: nine numbers and a bend that switch the lamp."""
    model = Sequential(Linear(2, 2), ReLU(), Linear(2, 1))
    model[0].W.data, model[2].W.data = [[1, -0.8], [-0.8, 1]], [[1], [1]]
    model[2].b.data = [-1]
    return model


def long(widths: tuple[int, ...]) -> Sequential:
    """Affine layers only: W normal with 1/√n, b with 0.1, from `default_rng(1)`, W then b."""
    rng = np.random.default_rng(1)
    model = Sequential(*(Linear(n, m) for n, m in pairwise(widths)))
    layers: list[Any] = model.layers
    for n, layer in zip(widths, layers, strict=False):
        layer.W.data = rng.normal(0, 1 / sqrt(n), layer.W.shape)
        layer.b.data = rng.normal(0, 0.1, layer.b.shape)
    return model


def two_sums(model: Module) -> tuple[float, float]:
    """The sum of the outputs of the two on-positions, and of the two off-positions."""
    out = model(stairs().x).data[:, 0]
    return float(out[ON].sum()), float(out[OFF].sum())


def _said(model: Module) -> str:
    return " and ".join(number(v) for v in two_sums(model))


@cache
def differ() -> Question:
    """P1: which change makes the two sums differ?"""
    model = straight()
    first, last = model
    bend = _said(Sequential(first, Tanh(), last))
    larger = straight()
    larger[0].W.data = LARGER * larger[0].W.data
    wide, deep = long((2, 100, 1)), long((2, *[100] * 10, 1))
    return Question(
        "01.p1",
        "Which change makes the two sums differ?",
        (
            Option(
                "tanh between the layers",
                f"{AS_YOU_SAID} Sums keep midpoints, a bend does not: {bend}.",
            ),
            Option(
                "larger weights",
                f"The first weights {LARGER} times as large: {_said(larger)}. "
                "Strength is not shape.",
            ),
            Option(
                "100 hidden neurons in place of 3",
                f"A hundred random ones: {_said(wide)}. Width alone does not bend.",
            ),
            Option(
                "nine more layers like these",
                f"Ten hidden layers of 100, random: {_said(deep)}. Depth alone does not bend.",
            ),
        ),
        place="the net, with a bend",
        reveal="bend",
        walk="Walk on to the bend",
        shows=f"tanh between: {bend}",
    )


def middles() -> tuple[np.ndarray, np.ndarray]:
    """The midpoints of the on-corners and the off-corners after the bent layer."""
    h = bent()[:2](stairs().x).data
    return h[ON].mean(0), h[OFF].mean(0)


def _pair(values: np.ndarray) -> str:
    return f"({', '.join(short(float(v)) for v in values)})"


def midpoints() -> Question:
    """P2: where does ReLU take the two midpoints?"""
    on, off = middles()
    h = bent()[:2](stairs().x).data
    all_four = h.mean(0)
    ends = " and ".join(_pair(v) for v in h[ON])
    return Question(
        "01.p2",
        "Before the bend the on-corners and the off-corners have the same midpoint, (0, 0). "
        "After ReLU?",
        (
            Option(
                f"{_pair(on)} and {_pair(off)}",
                f"{AS_YOU_SAID} The on-corners are now at {ends}; halfway lies {_pair(on)}.",
            ),
            Option(
                "both still (0, 0)",
                f"Sums keep midpoints. ReLU moves only the points below 0: {ends} are left.",
            ),
            Option(
                f"both at {_pair(all_four)}",
                f"{_pair(all_four)} is the middle of all four. "
                "The bend does not move all corners alike.",
            ),
            Option(
                f"{_pair(2 * on)} and {_pair(2 * off)}",
                f"{_pair(2 * on)} is the sum of both. Halfway between them lies {_pair(on)}.",
            ),
        ),
        place="the layer, after ReLU",
        reveal="bend",
        walk="Walk on to the bend",
        shows=f"on {_pair(on)}, off {_pair(off)}",
    )


def quiz() -> tuple[Question, ...]:
    """The exit quiz."""
    return _one_unit(), _one_layer(), _no_bias()


def _one_unit() -> Question:
    x, w, b = (1.0, -1.0), (0.5, 0.8), 0.1
    z = sum(p * q for p, q in zip(x, w, strict=True)) + b
    sizes = sum(abs(p) * q for p, q in zip(x, w, strict=True)) + b
    says = f"{short(w[0])} − {short(w[1])} + {short(b)} = {short(z)}"
    return Question(
        "01.quiz.1",
        f"x = {_pair(np.array(x))}, w = {_pair(np.array(w))}, b = {short(b)}, ReLU: output?",
        (
            Option(
                "0",
                f"{says}, and ReLU makes 0 of everything below 0.",
                "Right: first the sum, then the bend.",
            ),
            Option(
                short(z),
                f"{says} is the sum. What does ReLU do with a number below 0?",
                "Not yet: the bend is missing.",
            ),
            Option(
                short(-z),
                f"{short(-z)} is the size of {short(z)}. ReLU does not turn signs, it cuts.",
                "Not yet: ReLU is not the size of a number.",
            ),
            Option(
                short(sizes),
                f"{short(w[0])} + {short(w[1])} + {short(b)} = {short(sizes)}. "
                f"The second input is {short(x[1])}.",
                "Not yet: the minus of the input is missing.",
            ),
        ),
    )


def _one_layer() -> Question:
    model = straight()
    (w1, b1, w2, b2) = (p.data for p in model.parameters())
    offset, first = (b1 @ w2 + b2).item(), (w1 @ w2).reshape(-1)
    at = stairs().x[0]
    true, without = model(stairs().x).data[0, 0], (at @ w1 @ w2 + b2).item()
    return Question(
        "01.quiz.2",
        "Linear(2, 3), then Linear(3, 1), nothing between. That equals one Linear(2, 1) with …",
        (
            Option(
                "W_1W_2 and b_1W_2 + b_2",
                f"In beat 4 that makes {_pair(first)} and {short(offset)}: "
                f"{sum(p.size for p in model.parameters())} numbers act as 3.",
                "Right: what b_1 adds also goes through W_2.",
            ),
            Option(
                "W_1W_2 and b_2",
                f"At {_pair(at)} that gives {short(without)}; the net says {short(true)}.",
                "Not yet: the first bias is missing.",
            ),
            Option(
                "W_1W_2 and b_1 + b_2",
                f"b_1 holds {b1.size} numbers, and one is needed. What turns 3 into 1?",
                "Not yet: b_1 did not go through W_2.",
            ),
            Option(
                "no single layer does that",
                f"In beat 4 the net is {_pair(first)} · x + {short(offset)}, at all 4 positions.",
                "Not yet: depth adds nothing without a bend.",
            ),
        ),
    )


def _no_bias() -> Question:
    lamp, _, _ = board("stairs")
    out = lamp(stairs().x).data[:, 0]
    first, second = (f"{number(out[i])} and {number(out[i + 1])}" for i in (0, 2))
    total = short(float(out[ON].sum()))
    larger: Any = board("stairs")[0]
    larger[0].W.data = LARGER * larger[0].W.data
    big = larger(stairs().x).data[:, 0]
    return Question(
        "01.quiz.3",
        f"tanh, all biases 0: opposite positions give {first}, {second}. Can other weights, "
        "still without biases, light both (1, −1) and (−1, 1)?",
        (
            Option(
                f"no, opposite positions always add up to {total}",
                f"Turn all inputs round, and every sum turns: {first}. Both cannot pass 0.5.",
                "Right: without biases the net is the same seen from either end.",
            ),
            Option(
                "yes, with larger weights",
                f"{LARGER} times the first weights: {number(big[0])} and {number(big[1])}. "
                f"They add up to {total} again.",
                "Not yet: strength is not shape.",
            ),
            Option(
                "yes, with more units",
                f"Each unit turns round with its inputs. Any number of them adds up to {total}.",
                "Not yet: width does not break the symmetry.",
            ),
            Option(
                "yes, after training",
                f"Training looks for weights. None of them make {first} both large.",
                "Not yet: training cannot reach what the net cannot say.",
            ),
        ),
    )


QUESTIONS = {"01.p1": differ, "01.p2": midpoints, "01.quiz": quiz}
