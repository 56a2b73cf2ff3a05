"""Step sizes that change: factors of η as functions of the steps done so far.

They remember nothing, so any moment of a run can be played again. Formulas as in
`torch.optim.lr_scheduler`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Any

from backprop_kit.engine.numbers import is_number

Schedule = Callable[[int], float]


@dataclass(frozen=True, repr=False)
class StepDecay:
    """Multiply η by `factor` after every `every` steps (StepLR)."""

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _whole("every", self.every)
        _factor(self.factor)

    def __call__(self, steps: int) -> float:
        return float(self.factor ** (steps // self.every))

    def __repr__(self) -> str:
        return f"StepDecay({self.every}, {self.factor:g})"


@dataclass(frozen=True, repr=False)
class ExponentialDecay:
    """Multiply η by `factor` after every step (ExponentialLR)."""

    factor: float

    def __post_init__(self) -> None:
        _factor(self.factor)

    def __call__(self, steps: int) -> float:
        return float(self.factor**steps)

    def __repr__(self) -> str:
        return f"ExponentialDecay({self.factor:g})"


@dataclass(frozen=True, repr=False)
class CosineDecay:
    """Let η fall along half a cosine, from its whole to `floor` of it in `total` steps.

    After that it stays there (CosineAnnealingLR, which would rise again).
    """

    total: int
    floor: float = 0.0

    def __post_init__(self) -> None:
        _whole("total", self.total)
        if not is_number(self.floor) or not 0 <= self.floor < 1:
            raise ValueError(
                f"floor is {self.floor!r}; it is the share of η that is left, 0 or more, below 1.\n"
                "Try CosineDecay(1000, 0.01)."
            )

    def __call__(self, steps: int) -> float:
        share = min(1.0, steps / self.total)
        return self.floor + (1 - self.floor) * (1 + cos(pi * share)) / 2

    def __repr__(self) -> str:
        return f"CosineDecay({self.total}" + (f", {self.floor:g})" if self.floor else ")")


@dataclass(frozen=True, repr=False)
class Warmup:
    """Let η grow evenly from `start` of it to its whole in `steps` steps (LinearLR).

    then: the schedule that follows, counted from there; None: η stays.
    """

    steps: int
    start: float = 1 / 3
    then: Schedule | None = None

    def __post_init__(self) -> None:
        _whole("steps", self.steps)
        _factor(self.start)
        check_schedule("then", self.then)

    def __call__(self, steps: int) -> float:
        if steps < self.steps:
            return self.start + (1 - self.start) * steps / self.steps
        return 1.0 if self.then is None else float(self.then(steps - self.steps))

    def __repr__(self) -> str:
        then = f", then={self.then!r}" if self.then is not None else ""
        return f"Warmup({self.steps}, {self.start:.3g}{then})"


def check_schedule(name: str, v: object) -> None:
    """Raise TypeError, in two lines, for what is neither None nor a schedule."""
    if v is not None and not callable(v):
        raise TypeError(
            f"{name} is {type(v).__name__}; it must turn a count of steps into a "
            f"factor.\nTry {name}=StepDecay(30, 0.1)."
        )


def _whole(name: str, v: object) -> None:
    if not isinstance(v, int) or isinstance(v, bool) or v < 1:
        raise ValueError(f"{name} is {v!r}; it counts steps.\nGive a whole number, 1 or more.")


def _factor(v: Any) -> None:
    if not is_number(v) or not 0 < v <= 1:
        raise ValueError(
            f"The factor is {v!r}; it must be above 0 and at most 1.\nTry 0.1 or 0.99."
        )
