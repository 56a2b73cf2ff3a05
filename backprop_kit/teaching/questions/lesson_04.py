"""Lesson 04: which product, two shares, and the exit quiz."""

from __future__ import annotations

from functools import cache

import numpy as np

from backprop_kit.nn import SGD, Module
from backprop_kit.study.boards import board
from backprop_kit.study.cost import Bill, bill
from backprop_kit.study.passes import Pass, record_pass

from . import Option, Question
from .lesson_03 import AS_YOU_SAID, short

STEP = 0.1


@cache
def passed(name: str) -> Pass:
    """A board of this lesson, there and back, with a step after it."""
    return record_pass(*board(name), optimizer=SGD(STEP))


@cache
def priced(*sizes: int) -> Bill:
    """What one gradient of a net of these widths costs."""
    return bill(sizes)


def eight(x: np.ndarray, blame: np.ndarray) -> list[np.ndarray | None]:
    """The eight products of X or Xᵀ with dY or dYᵀ in either order, None where sizes do not meet;
    XᵀdY is the first."""
    pairs = [(a, d) for a in (x.T, x) for d in (blame, blame.T)]
    both = [*pairs, *((d, a) for a, d in pairs)]
    return [a @ b if a.shape[1] == b.shape[0] else None for a, b in both]


def products(name: str) -> tuple[int, int, int, int]:
    """Of the eight products: how many fit, have W's shape, differ from each other, and are dW."""
    recorded = passed(name)
    grads = recorded.trace.grads
    made = [p for p in eight(recorded.x.value, grads[recorded.output]) if p is not None]
    true = grads[recorded.parameters["0.W"]]
    shaped = [p for p in made if p.shape == true.shape]
    unlike = {p.round(9).tobytes() for p in shaped}
    return len(made), len(shaped), len(unlike), sum(np.allclose(p, true) for p in shaped)


def which_product() -> Question:
    """P1: when all sizes are equal, how many products fit?"""
    fit, shaped, unlike, right = products("three by three")
    before, alone, _, _ = products("four samples")
    return Question(
        "04.p1",
        "3 samples, 3 inputs, 3 outputs: of the eight products of X or Xᵀ with dY or dYᵀ, "
        "how many have the shape of W?",
        (
            Option(
                f"{shaped}",
                f"{AS_YOU_SAID} All {unlike} are different, and {right} of them passes the check.",
            ),
            Option(
                f"{alone}",
                f"{right} passes the check. The shape alone lets all {fit} through.",
            ),
            Option(
                f"{before}",
                f"{before} fitted with 4 samples, 2 in and 3 out. Here every size is 3.",
            ),
            Option(
                f"{shaped // 2}",
                f"{shaped // 2} with X on the left, and {shaped // 2} more with dY there.",
            ),
        ),
        place="the net, on the way back",
        reveal="backward",
        walk="Walk on to the end of the way back",
        shows=f"{shaped} have the shape; {right} passes the check: Xᵀ·dY",
    )


def shares() -> list[float]:
    """What each sample of the 2–2–1 board adds to the slope of W₁₁."""
    recorded = passed("2-2-1")
    delta = recorded.trace.grads[recorded.places()["δ1"]]
    return [float(v) for v in recorded.x.value[:, 0] * delta[:, 0]]


def two_samples() -> Question:
    """P2: two samples, both off by 1."""
    recorded = passed("2-2-1")
    slope = float(recorded.trace.grads[recorded.parameters["0.W"]][0, 0])
    blames = recorded.trace.grads[recorded.output].reshape(-1)
    off = [abs(float(v)) for v in blames]
    one, two = shares()
    sizes = sum(off)
    return Question(
        "04.p2",
        f"Both samples are off by {short(off[0])}, and both have x₁ = 1. "
        "What is the slope of W₁₁, the weight from x₁ to the first hidden unit?",
        (
            Option(
                short(slope),
                f"{AS_YOU_SAID} {short(one)} from sample 1, {short(two)} from sample 2.",
            ),
            Option(
                short(sizes),
                f"{short(off[0])} + {short(off[1])} adds without signs, and without W₂.",
            ),
            Option(
                short(sizes / 2),
                f"{short(sizes / 2)} is the mean of sizes. The shares are {short(one)} and "
                f"{short(two)}.",
            ),
            Option(
                f"another number, but not {short(slope)}",
                f"Two outputs that are off need not move a weight: {short(one)} meets "
                f"{short(two)}.",
            ),
        ),
        place="the net, on the way back",
        reveal="backward",
        walk="Walk on to the end of the way back",
        shows=f"dW₁₁ = {short(one)} + {short(two)} = {short(slope)}",
    )


def quiz() -> tuple[Question, ...]:
    """The exit quiz."""
    return _shapes(), _price(), _cancelled()


def _shapes() -> Question:
    samples, n_in, n_out = 32, 64, 10
    return Question(
        "04.quiz.1",
        f"{samples} samples, {n_in} inputs, {n_out} outputs. What is dW?",
        (
            Option(
                "Xᵀ·dY",
                f"{n_in}×{samples} times {samples}×{n_out}: batch meets batch, and "
                f"{n_in}×{n_out} is left.",
                "Right: batch meets batch.",
            ),
            Option(
                "dYᵀ·X",
                f"Its numbers are right, but its rows are outputs: {n_out}×{n_in}.",
                "Not yet: it is turned.",
            ),
            Option(
                "X·dYᵀ",
                f"Here {n_in} would have to meet {n_out}. What is summed away?",
                "Not yet: these edges do not meet.",
            ),
            Option(
                f"Xᵀ·dY / {samples}",
                f"A mean is the loss's own: its 1/{samples} is in dY already.",
                "Not yet: the rule of a layer only adds.",
            ),
        ),
    )


def _price() -> Question:
    small, large = priced(64, 32, 10), priced(784, 128, 10)
    before, after = small.pair - 1, large.pair - 1
    return Question(
        "04.quiz.2",
        "A net has ten times more weights than another, in as many layers. "
        "What do all its slopes cost?",
        (
            Option(
                "1 to 2 forwards of its own",
                f"From {small.count:,} to {large.count:,} numbers: {short(round(before, 2))}, "
                f"then {short(round(after, 2))} forwards.",
                "Right: the way back costs about as much as the way there.",
            ),
            Option(
                "ten times more forwards",
                f"That is one run a number: {large.forwards:,} for {large.count:,} numbers.",
                "Not yet: that is the price of finite differences.",
            ),
            Option(
                "one forward for each output",
                "The way back starts at 1 number, L, whatever stands before it.",
                "Not yet: outputs are not asked one by one.",
            ),
            Option(
                "nothing, they are read off",
                f"They are computed: {small.each.back:,} multiplications an image, after "
                f"{small.each.there:,} on the way there.",
                "Not yet: the way back is work too.",
            ),
        ),
    )


def _cancelled() -> Question:
    recorded = passed("2-2-1")
    one, two = shares()
    leaf = recorded.parameters["0.W"]
    moved = record_pass(_moved(recorded), recorded.x.value, recorded.y.value)
    later = float(moved.trace.grads[moved.parameters["0.W"]][0, 0])
    slope = float(recorded.trace.grads[leaf][0, 0])
    sums = recorded.places()["δ1"].value[:, 0]
    return Question(
        "04.quiz.3",
        f"In the net of two samples ∂L/∂W₁₁ = {short(slope)}, for …",
        (
            Option(
                "two shares cancel",
                f"{short(one)} + {short(two)} = {short(slope)}, one share from each sample.",
                "Right: the sum is 0, its shares are not.",
            ),
            Option(
                "no blame came so far",
                f"Blame came with both samples: the shares are {short(one)} and {short(two)}.",
                "Not yet: the sum is not its shares.",
            ),
            Option(
                "W₁₁ is final",
                f"After a step of {short(STEP)} its slope is {short(round(later, 2))}: "
                "the others have moved.",
                "Not yet: it holds for these weights only.",
            ),
            Option(
                "its unit is off",
                f"Its sums are {short(float(sums[0]))} and {short(float(sums[1]))}: "
                "both slopes are 1.",
                "Not yet: the unit lets both samples through.",
            ),
        ),
    )


def _moved(recorded: Pass) -> Module:
    """The model after the step that its pass proposes."""
    model: Module = recorded.model.copy()
    parameters = dict(model.named_parameters())
    for _, update in recorded.trace.updates:
        parameters[update.name].data = update.new
    return model


QUESTIONS = {"04.p1": which_product, "04.p2": two_samples, "04.quiz": quiz}
