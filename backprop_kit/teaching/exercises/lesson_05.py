"""Lesson 05: momentum (E1), the start of Adam (E2), one step to the minimum (E3), digits in 92
updates (E4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop_kit.films.numbers import number

from ..questions.lesson_03 import short
from .bowl import bowl, height, no_function, point, reshaping, stopped_by, taken
from .matrices import Array, Slip, called, near
from .own_run import in_time

ETA, ALPHA, PROBED = 0.088, 0.5, 0.7  # α is probed where 1 − α is another number
RATE = 0.1  # of Adam
WALKED, PATIENCE = 4, 30
MANY = 1000

Moves = Callable[..., Any]


# --- E1 -------------------------------------------------------------------------------------------
def _rolled(step: Moves, alpha: float, count: int) -> tuple[list[Array], list[str]]:
    """Where the ball comes in so many steps."""
    bends, w, _ = bowl()
    v, way = np.zeros_like(w), []
    for _ in range(count):
        told, stopped = called(step, w, v, bends @ w, alpha, ETA)
        if stopped:
            return [], stopped_by(stopped)
        got, unclear = taken(told, ("w", "v"), w.size)
        if unclear:
            return [], unclear
        w, v = got
        way.append(w)
    return way, []


def _velocity(rule: Callable[..., Array]) -> Moves:
    def step(w: Array, v: Array, g: Array, alpha: float, eta: float) -> tuple[Array, Array]:
        v = rule(v, g, alpha, eta)
        return w + v, v

    return step


_momentum = _velocity(lambda v, g, a, e: a * v - e * g)
_E1 = (
    Slip(_velocity(lambda v, g, a, e: a * v + e * g), "the step goes uphill",
         "After one step E is {after:.0f}, not {true:.0f}. Which way is −g?"),
    Slip(_velocity(lambda v, g, a, e: -e * g), "α is missing",
         "The second step has forgotten the first."),
    Slip(_velocity(lambda v, g, a, e: a * v - (1 - a) * e * g), "each slope counts too little",
         "Right direction, 1 − α too short: a sum or an average?"),
    Slip(_velocity(lambda v, g, a, e: a * (v - e * g)), "each slope counts too little",
         "Right direction, α too short: the new slope comes in whole."),
    Slip(_velocity(lambda v, g, a, e: -a * v - e * g), "the last step is turned round",
         "What went on before goes on, α of it, the same way."),
    Slip(_velocity(lambda v, g, a, e: v - e * g), "nothing of the last step is lost",
         "Without α the ball never comes to rest. How much of v stays?"),
    Slip(_velocity(lambda v, g, a, e: a * v - g), "the step size is missing",
         "After one step E is {after:.0f}, not {true:.0f}. By how much do you go along g?"),
)  # fmt: skip


def rolling(answer: Any) -> list[str]:
    """E1: `v = ____` of momentum, walked from (5, 1) in the bowl."""
    if said := no_function(answer, "05.e1", "momentum"):
        return said
    way, stopped = _rolled(answer, PROBED, WALKED)
    if stopped:
        return stopped
    true, _ = _rolled(_momentum, PROBED, WALKED)
    if _same(way, true):
        steps = _arrival(answer)
        alone, _ = _rolled(_momentum, 0.0, steps)
        return [
            "Right: what went on before goes on, α of it, and the slope is added.",
            f"Measured: η = {ETA:g}, α = {ALPHA:g} arrive in {steps} steps; without α, E is "
            f"{number(height(alone[-1]))} by then.",
        ]
    for slip in _E1:
        made, _ = _rolled(slip.make, PROBED, WALKED)
        if _same(way, made):
            heights = {"after": height(way[0]), "true": height(true[0])}
            return [f"Not yet: {slip.name}.", slip.says.format(**heights)]
    return _no_slip(way, true)


def _same(way: Sequence[Array], other: Sequence[Array]) -> bool:
    return all(near(a, b) for a, b in zip(way, other, strict=True))


def _no_slip(way: Sequence[Array], true: Sequence[Array]) -> list[str]:
    """What is said where no slip fits: the first step that differs, and where it should lead."""
    i = next(i for i, (a, b) in enumerate(zip(way, true, strict=True)) if not near(a, b))
    if not np.isfinite(way[i]).all():
        return [f"Not yet: step {i + 1} is not finite.", "What do you divide by there?"]
    return [
        f"Not yet, and it matches no slip I know: step {i + 1} leads to {point(way[i])}.",
        f"It should lead to {point(true[i])}. What is different for the first time there?",
    ]


def _arrival(step: Moves) -> int:
    """How many steps bring the ball below a thousandth of its height."""
    way, _ = _rolled(step, ALPHA, PATIENCE)
    start = height(bowl()[1])
    return next(k for k, w in enumerate(way, 1) if height(w) <= start / 1000)


# --- E2 -------------------------------------------------------------------------------------------
def _freed(m_by: Callable[[int], float], s_by: Callable[[int], float], *, root: bool = True,
           kept: bool = False) -> Moves:  # fmt: skip
    """Adam with its means divided by something else."""

    def step(w: Array, g: Array, m: Array, s: Array, t: int) -> tuple[Array, Array, Array]:
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        m_free, s_free = m / m_by(t), s / s_by(t)
        new = w - RATE * m_free / ((np.sqrt(s_free) if root else s_free) + 1e-8)
        return (new, m_free, s_free) if kept else (new, m, s)

    return step


_ONE = lambda t: 1.0
_M, _S = (lambda t: 1 - 0.9**t), (lambda t: 1 - 0.999**t)
_adam = _freed(_M, _S)
_E2 = (
    Slip(_freed(_ONE, _ONE), "the first step is too long",
         "It is {times} times Adam's. What do m and s begin at?"),
    Slip(_freed(_M, _ONE), "only m is freed of its start", "Now it is {times} times Adam's."),
    Slip(_freed(_ONE, _S), "only s is freed of its start", "Now it is {times} times Adam's."),
    Slip(_freed(_M, _S, root=False), "the root is missing",
         "Loss × 10 makes your step ten times shorter."),
    Slip(_freed(_M, _S, kept=True), "the freed means are kept",
         "The first step is right; the next mixes into m what was divided already."),
    Slip(_freed(_S, _M), "the two β are exchanged",
         "m forgets by 0.9, s by 0.999; each is divided by 1 minus its own."),
    Slip(_freed(lambda t: 0.1, lambda t: 0.001), "the division never ends",
         "The first step is right. What is 1 − βᵗ at t = 2?"),
    Slip(_freed(lambda t: 1 - 0.9 ** (t + 1), lambda t: 1 - 0.999 ** (t + 1)),
         "t is one too large", "At the first step t is 1, and Adam moves by η."),
)  # fmt: skip


def starting(answer: Any) -> list[str]:
    """E2: Adam whose first step is too long, to be repaired."""
    if said := no_function(answer, "05.e2", "adam"):
        return said
    way, stopped = _adapted(answer)
    if stopped:
        return stopped
    true, _ = _adapted(_adam)
    if not np.isfinite(way[0]).all():
        return [
            "Not yet: the first step is not finite.",
            "What do you divide by at the first step?",
        ]
    if _same(way, true):
        other, _ = _adapted(answer, MANY)
        apart = max(float(np.abs(a - b).max()) for a, b in zip(way, other, strict=True))
        return [
            f"Right: the first step is {RATE:g} along every weight, whatever its slope.",
            f"Measured: with the loss × {MANY} the way differs by {number(apart)}.",
        ]
    times = float(np.abs((bowl()[1] - way[0]) / RATE).mean())
    for slip in _E2:
        made, _ = _adapted(slip.make)
        if _same(way, made):
            return [f"Not yet: {slip.name}.", slip.says.format(times=short(times))]
    return _no_slip(way, true)


def _adapted(step: Moves, scale: float = 1) -> tuple[list[Array], list[str]]:
    """Where the ball comes in a few steps of Adam; `scale` multiplies the loss."""
    bends, w, _ = bowl()
    m, s, way = np.zeros_like(w), np.zeros_like(w), []
    for t in range(1, WALKED + 1):
        with np.errstate(all="ignore"):
            told, stopped = called(step, w, scale * bends @ w, m, s, t)
        if stopped:
            return [], stopped_by(stopped)
        got, unclear = taken(told, ("w", "m", "s"), w.size)
        if unclear:
            return [], unclear
        w, m, s = got
        way.append(w)
    return way, []


EXERCISES = {"05.e1": rolling, "05.e2": starting, "05.e3": reshaping, "05.e4": in_time}
