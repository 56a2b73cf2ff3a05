"""Passes that are really run: by backprop, by finite differences, and by training.

`Passes` a recorded computation, laid out to be run again and again · `Differences` the gradient by
one forward pass a number, in portions · `Training` what one gradient is not · `Standing` what has
been run for a bill.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from backprop_kit.data import digits
from backprop_kit.engine.op import Array, unbroadcast
from backprop_kit.engine.tensor import Node
from backprop_kit.nn import Module
from backprop_kit.study.boards import digits_net
from backprop_kit.study.cost import Bill
from backprop_kit.study.passes import Pass
from backprop_kit.study.training import accuracy, train

H = 1e-7  # where one-sided differences of these nets come closest to the slopes
AGREE = 1e-7
RATE, PAIRS = 0.5, 100  # of the training that shows what one pair is not
TIMED = 0.15  # seconds spent on timing one way back


@dataclass(frozen=True)
class Timing:
    """Seconds of one forward pass, and of one forward with its backward pass; medians of `runs`."""

    forward: float
    pair: float
    runs: int


@dataclass(frozen=True)
class Standing:
    """What has been run for a bill so far.

    pairs    one forward and one backward pass: how many were run, and what one takes
    done     forward passes of the differences, and the seconds they took
    agree    of the slopes found so far: how many agree with the way back, how many there are, and
             the largest difference; None while only one of the two has run
    """

    pairs: int = 0
    timing: Timing | None = None
    done: int = 0
    seconds: float = 0.0
    agree: tuple[int, int, float] | None = None

    def whole(self, bill: Bill) -> tuple[float, bool] | None:
        """Seconds of all differences and whether all were run; else they are estimated, from what
        was run or from one timed pass. None where nothing was."""
        if self.done == bill.forwards:
            return self.seconds, True
        if self.done:
            return self.seconds / self.done * bill.forwards, False
        return None if self.timing is None else (self.timing.forward * bill.forwards, False)


class Passes:
    """A recorded computation as two lists of what is to be done, so that it can be run often.

    forwards, backwards  how many passes of the whole batch were run
    """

    def __init__(self, recorded: Pass) -> None:
        trace = recorded.trace
        place = {n: i for i, n in enumerate(trace.nodes)}
        self.leaves = {name: place[n] for name, n in recorded.parameters.items()}
        self.forwards = self.backwards = 0
        self._values: list[Array] = [n.value for n in trace.nodes]
        for i in self.leaves.values():  # these are moved, and the recording must not see it
            self._values[i] = self._values[i].copy()
        self._loss = place[trace.loss]
        self._there = [_there(n, place) for n in trace.made]
        self._back = [_back(s.node, s.slot, place) for s in trace.steps if s.node is not None]

    def numbers(self, name: str) -> Array:
        """The numbers of a parameter, to be moved in place."""
        return self._values[self.leaves[name]]

    def forward(self) -> float:
        """Run everything once, forwards; returns the loss."""
        values = self._values
        for f, inputs, options, out in self._there:
            values[out] = f(*[values[i] for i in inputs], **options)
        self.forwards += 1
        return float(values[self._loss].reshape(()))

    def backward(self) -> dict[str, Array]:
        """Go back through the last forward pass; returns the slopes of all parameters."""
        values = self._values
        found: dict[int, Array] = {self._loss: np.ones_like(values[self._loss])}
        for rule, node, inputs, options, target in self._back:
            part = rule(found[node], values[node], *[values[i] for i in inputs], **options)
            shape = values[target].shape
            part = part if part.shape == shape else unbroadcast(part, shape)
            found[target] = found[target] + part if target in found else part
        self.backwards += 1
        return {name: found[i] for name, i in self.leaves.items()}

    def timed(self, seconds: float = TIMED) -> Timing:
        """Measure one forward pass and one pair by the clock, for about so many seconds."""
        forwards: list[float] = []
        pairs: list[float] = []
        until = perf_counter() + seconds
        while len(pairs) < 5 or (perf_counter() < until and len(pairs) < 2000):
            start = perf_counter()
            self.forward()
            forwards.append(perf_counter() - start)
            start = perf_counter()
            self.forward()
            self.backward()
            pairs.append(perf_counter() - start)
        return Timing(median(forwards), median(pairs), len(pairs))


class Differences:
    """A gradient by one-sided differences: number after number is moved by `h`, in portions.

    done     forward passes run so far, of `total`; the first one moves nothing
    seconds  what they took
    """

    def __init__(self, passes: Passes, h: float = H) -> None:
        self.passes, self.h = passes, h
        self.done, self.seconds = 0, 0.0
        self.found = {name: np.full(passes.numbers(name).size, np.nan) for name in passes.leaves}
        self._places = [(name, i) for name, found in self.found.items() for i in range(found.size)]
        self._base = 0.0

    @property
    def total(self) -> int:
        return len(self._places) + 1

    @property
    def finished(self) -> bool:
        return self.done == self.total

    def advance(self, seconds: float) -> None:
        """Run forward passes for about so long, at least one."""
        start = now = perf_counter()
        while not self.finished and (now == start or now - start < seconds):
            self._one()
            now = perf_counter()
        self.seconds += now - start

    def agreeing(self, grads: dict[str, Array]) -> tuple[int, int, float]:
        """How many of the slopes found so far agree within 10⁻⁷ with these, how many there are, and
        the largest difference."""
        off = [np.abs(found - grads[name].reshape(-1)) for name, found in self.found.items()]
        known = np.concatenate(off)
        known = known[~np.isnan(known)]
        largest = float(known.max()) if known.size else 0.0
        return int((known <= AGREE).sum()), known.size, largest

    def _one(self) -> None:
        if self.done == 0:
            self._base = self.passes.forward()
        else:
            name, i = self._places[self.done - 1]
            flat = self.passes.numbers(name).reshape(-1)
            before = flat[i]
            flat[i] = before + self.h
            self.found[name][i] = (self.passes.forward() - self._base) / self.h
            flat[i] = before
        self.done += 1


@dataclass(frozen=True)
class Shares:
    """The share of unseen digits that is right: untrained, after one pair, after `PAIRS`."""

    before: float
    one: float
    many: float


class Training:
    """What one forward and one backward pass do to a net, with a step after each, and what many do.

    The digits net on all 1,437 training digits at once, plain descent with step 0.5, in portions.
    rounds  pairs run so far, of `PAIRS`
    """

    def __init__(self) -> None:
        self._data = digits()
        self._pupil: Module = digits_net()
        self._right = [accuracy(self._pupil, self._data.test)]
        self.rounds = 0

    @property
    def finished(self) -> bool:
        return self.rounds == PAIRS

    def advance(self, seconds: float) -> None:
        """Run pairs for about so long, at least one."""
        until = perf_counter() + seconds
        while not self.finished:
            self._pupil = train(self._pupil, self._data.train, lr=RATE, rounds=1)
            self.rounds += 1
            if self.rounds in (1, PAIRS):
                self._right.append(accuracy(self._pupil, self._data.test))
            if perf_counter() >= until:
                break

    @property
    def shares(self) -> Shares | None:
        """The shares that are right, None before the last pair."""
        return Shares(*self._right) if self.finished else None


Rule = Callable[..., Array]


def _there(node: Node, place: dict[Node, int]) -> tuple[Rule, tuple[int, ...], dict[str, Any], int]:
    assert node.op is not None
    return node.op.forward, tuple(place[n] for n in node.inputs), node.options, place[node]


def _back(
    node: Node, slot: int, place: dict[Node, int]
) -> tuple[Rule, int, tuple[int, ...], dict[str, Any], int]:
    assert node.op is not None
    rule = node.op.vjp(slot)
    assert rule is not None
    inputs = tuple(place[n] for n in node.inputs)
    return rule, place[node], inputs, node.options, inputs[slot]
