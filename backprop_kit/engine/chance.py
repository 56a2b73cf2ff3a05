"""Chance that can be drawn again: a mask is a function of seed, step, call and shape.

`moment` sets seed and step for what is recorded inside · `current_moment` the innermost that is
open · `looking` a quiet one · `kept` the mask itself · `dropout` the operation. No generator is
carried along, so any step of a training can be recorded a second time, alone, with its very masks.
"""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar, Token
from functools import lru_cache
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array, op, sealed

MOST = 2**64  # a seed is the key of the generator, step and call are words of its counter


class moment:
    """`with moment(seed, step):` what is recorded inside draws its chances for this step.

    seed, step  whole numbers from 0, below 2⁶⁴; calls are counted within it, from 0
    quiet       a recording to look at: no module changes what it keeps (running means)

    Raises ValueError for a seed or step that is none. An inner moment counts for itself, and the
    outer one goes on after it; entered again, a moment begins at call 0.
    """

    def __init__(self, seed: int = 0, step: int = 0, *, quiet: bool = False) -> None:
        self.seed: int | None = _whole("seed", seed)  # None: each layer's own (`looking`)
        self.step = _whole("step", step)
        self.quiet = bool(quiet)
        self.calls = 0
        self.entry = object()  # a new one each time it is entered
        self._drawn: Counter[Any] = Counter()
        self._tokens: list[Token[moment | None]] = []

    def next_call(self) -> int:
        """The number of the next chance drawn in it: 0, 1, 2 …"""
        self.calls += 1
        return self.calls - 1

    def again(self, layer: Any) -> int:
        """How often this layer has drawn in it already."""
        self._drawn[layer] += 1
        return self._drawn[layer] - 1

    def __enter__(self) -> moment:
        self.calls, self.entry = 0, object()
        self._drawn.clear()
        self._tokens.append(_open.set(self))
        return self

    def __exit__(self, *error: object) -> None:
        _open.reset(self._tokens.pop())


_open: ContextVar[moment | None] = ContextVar("open_moment", default=None)


def current_moment() -> moment | None:
    return _open.get()


def looking() -> moment:
    """A quiet moment for a recording to look at: of seed and step of the one that is open; without
    one each layer shows the chance that it would draw next."""
    quiet, now = moment(quiet=True), current_moment()
    quiet.seed, quiet.step = (now.seed, now.step) if now is not None else (None, 0)
    return quiet


@lru_cache(maxsize=8)  # the way back needs the mask of the way there
def kept(shape: tuple[int, ...], rate: float, seed: int, step: int, call: int) -> Array:
    """Which numbers of an array of this shape stay: True, each with probability 1 − rate.

    The counter of the generator starts at (0, 0, call, step) under the key `seed`, so that no two
    calls ever meet (Philox: Salmon et al. 2011).
    """
    counter = np.array([0, 0, call, step], np.uint64)
    drawn = np.random.Generator(np.random.Philox(counter=counter, key=seed))
    return sealed(drawn.random(shape) >= rate)


def share_dropped(rate: Any) -> float:
    """The rate as a float; raises ValueError for what is no share."""
    number = isinstance(rate, (int, float, np.number)) and not isinstance(rate, bool)
    if not number or not 0 <= rate < 1:
        raise ValueError(
            f"rate is {rate!r}; it is the share of the numbers that is dropped.\n"
            "Give 0 or more, below 1, such as 0.5."
        )
    return float(rate)


def _whole(word: str, value: Any) -> int:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 0 <= value < MOST:
        raise ValueError(
            f"The {word} is {value!r}; it must be a whole number from 0.\n"
            "Chance is drawn by seed, step and call, such as moment(0, 12)."
        )
    return int(value)


def _chance(
    x: Array, *, rate: float, seed: int = 0, step: int = 0, call: int = 0
) -> dict[str, Any]:
    """`rank` is the number of recorded axes: members of an ensemble share one mask."""
    return {
        "rate": share_dropped(rate),
        "seed": _whole("seed", seed), "step": _whole("step", step), "call": _whole("call", call),
        "rank": x.ndim,
    }  # fmt: skip


def _masked(g: Array, x: Array, rate: float, seed: int, step: int, call: int, rank: int) -> Array:
    mask = kept(x.shape[x.ndim - rank :], rate, seed, step, call)
    return g * mask / (1 - rate)


# fmt: off
dropout = op("dropout", lambda x, **chance: _masked(x, x, **chance),
             lambda g, y, x, **chance: _masked(g, x, **chance),
             tex=r"x \odot m / (1 - p)", rules=(r"g \odot m / (1 - p)",), prepare=_chance)
# fmt: on
