"""Slopes beside two oracles that know no backward pass, and what the size of a step does to them.

`compare_gradients` runs the checks · `Comparison` what they found · `Compared` one parameter of it.

Finite differences move one number by h and run the forward pass again: too large a step leaves the
straight line, too small a one leaves no digits. The complex step f(x + ih) / h subtracts nothing
and has neither fault (Squire & Trapp 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt
from typing import Any

import numpy as np

from backprop_kit.engine.gradcheck import CHUNK, slope_by_complex_step
from backprop_kit.engine.op import Array
from backprop_kit.engine.replay import replay
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.nn import Loss, Module
from backprop_kit.study.mistakes import Spoiled, spoil
from backprop_kit.study.passes import Pass, record_pass

EXPONENTS = tuple(range(2, 17))
STEPS = tuple(float(f"1e-{n}") for n in EXPONENTS)  # from 0.01 down to 10⁻¹⁶
WORK = 120_000_000  # values the differences may compute in all: about a second
METHODS = ("central", "forward", "complex")


@dataclass(frozen=True, eq=False)
class Compared:
    """The slopes of one parameter, asked in three ways.

    name     its path; `node` its leaf on the tape
    entries  which of its numbers were moved, counted flat
    ours     the slopes of the pass there; exact  the same by the complex step
    central, forward  one row a step size: by differences on both sides, and on one
    """

    name: str
    node: Node
    entries: Array
    ours: Array
    exact: Array
    central: Array
    forward: Array

    def by(self, method: str, step: int) -> Array:
        """What a method finds with step number `step`."""
        if method == "complex":
            return self.exact
        found: Array = getattr(self, method)[step]
        return found

    def index(self, place: int) -> tuple[int, ...]:
        """Row and column of the number at this place of `entries`."""
        at = np.unravel_index(int(self.entries[place]), self.node.value.shape)
        return tuple(int(i) for i in at)


@dataclass(frozen=True)
class Worst:
    """The number at which a method is furthest from the slope of the pass; `exact` its slope by the
    complex step."""

    name: str
    index: tuple[int, ...]
    ours: float
    found: float
    exact: float
    error: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the checks found.

    steps   the step sizes h; every error is a largest difference over ‖g‖, the length of the whole
            gradient, so that parameters of any size can be compared
    rows    one a parameter
    own     the pass with a mistake, if one was asked for; it is this pass that is judged then
    """

    recorded: Pass
    steps: tuple[float, ...]
    rows: tuple[Compared, ...]
    length: float
    own: Spoiled | None = None

    @property
    def count(self) -> int:
        """How many slopes there are."""
        return sum(r.node.value.size for r in self.rows)

    @property
    def asked(self) -> int:
        """How many of them were asked."""
        return sum(r.entries.size for r in self.rows)

    def error(self, row: Compared, method: str, step: int = 0) -> float:
        """The largest difference in one parameter between the right slopes and a method, over ‖g‖;
        infinite where the method finds no number."""
        return float(self._off(row, method, step).max())

    def errors(self, method: str) -> Array:
        """The largest difference anywhere for each step size, over ‖g‖."""
        return self._errors[method]

    @cached_property
    def _errors(self) -> dict[str, Array]:
        """By method, kept since a film asks in every frame."""
        steps = range(len(self.steps))
        return {
            method: np.array([max(self.error(r, method, i) for r in self.rows) for i in steps])
            for method in METHODS
        }

    def worst(self, method: str, step: int = 0) -> Worst:
        """Where a method and the right slopes differ most."""
        row = max(self.rows, key=lambda r: self.error(r, method, step))
        off = self._off(row, method, step)
        place = int(off.argmax())
        return self._at(row, place, row.ours, row.by(method, step), off)

    def misses(self, row: Compared) -> Worst:
        """Where the slopes of the pass that is judged differ most from the complex step."""
        mine = row.ours if self.own is None else self.own.held[row.node].reshape(-1)[row.entries]
        off = np.abs(mine - row.exact) / (self.length or 1.0)
        return self._at(row, int(off.argmax()), mine, row.exact, off)

    @staticmethod
    def _at(row: Compared, place: int, ours: Array, found: Array, off: Array) -> Worst:
        said, told, exact, error = (float(v[place]) for v in (ours, found, row.exact, off))
        return Worst(row.name, row.index(place), said, told, exact, error)

    @cached_property
    def best(self) -> int:
        """The number of the step size with which central differences come closest."""
        return int(self.errors("central").argmin())

    def _off(self, row: Compared, method: str, step: int) -> Array:
        off = np.abs(row.by(method, step) - row.ours) / (self.length or 1.0)
        return np.nan_to_num(off, nan=np.inf, posinf=np.inf)

    def __repr__(self) -> str:
        w = max((self.misses(r) for r in self.rows), key=lambda w: w.error)
        where = f"{w.name}{list(w.index)}"
        if self.own is not None and self.own.first is not None:
            return f"{where} is {w.ours:.6g}\nthe complex step finds {w.found:.6g}"
        return (
            f"{self.asked} of {self.count} slopes agree; worst {where}: {w.error:.0e} of ‖g‖\n"
            f"central differences: {self.errors('central').min():.0e}, with h = "
            f"{self.steps[self.best]:g}"
        )


def compare_gradients(
    model: Module | Callable[[Tensor], Tensor],
    x: Any,
    y: Any,
    loss: Loss | None = None,
    wrong: str | None = None,
) -> Comparison:
    """Compare every parameter's slopes with central differences and with the complex step.

    model, x, y, loss  as for a stepper
    wrong  a mistake to make on the way back, such as "update on the way"; None: none

    Where all numbers would take long, a seeded sample is moved, the same share of every parameter.
    Raises ValueError or TypeError, in two lines, for input that does not fit and a mistake that
    does not exist.
    """
    recorded = record_pass(model, x, y, loss)
    trace = recorded.trace
    own = None if wrong is None else spoil(trace, wrong)
    leaves = {name: n for name, n in recorded.parameters.items() if n.value.size}
    count = sum(n.value.size for n in leaves.values())
    passes = max(1, WORK // (2 * len(STEPS) * sum(n.value.size for n in trace.made)))
    share = min(1.0, passes / max(count, 1))
    rng = np.random.default_rng(0)
    rows = tuple(_compared(recorded, name, n, share, rng) for name, n in leaves.items())
    squares = sum(float((np.abs(trace.grads[n]) ** 2).sum()) for n in leaves.values())
    return Comparison(recorded, STEPS, rows, sqrt(squares), own)


def _compared(
    recorded: Pass, name: str, leaf: Node, share: float, rng: np.random.Generator
) -> Compared:
    size = leaf.value.size
    entries = np.arange(size)
    if share < 1:
        entries = np.sort(rng.permutation(size)[: max(1, ceil(share * size))])
    trace = recorded.trace
    exact = slope_by_complex_step(trace.loss, leaf, entries).reshape(-1)[entries]
    up, down = (_moved(trace.loss, leaf, entries, sign) for sign in (1.0, -1.0))
    h = np.array(STEPS)[:, None]
    with np.errstate(all="ignore"):
        central = (up - down) / (2 * h)
        forward = (up - trace.loss.value.reshape(())) / h
    ours = trace.grads[leaf].reshape(-1)[entries]
    return Compared(name, leaf, entries, ours, exact, central, forward)


def _moved(loss: Node, leaf: Node, entries: Array, sign: float) -> Array:
    """The loss with one number moved by each step size: shape (step sizes, entries)."""
    flat = leaf.value.reshape(-1)
    at = np.tile(entries, len(STEPS))
    by = sign * np.repeat(STEPS, entries.size)
    found = np.empty(at.size, leaf.value.dtype)
    for start in range(0, at.size, CHUNK):
        here = slice(start, start + CHUNK)
        rows = at[here].size
        numbers = np.repeat(flat[None], rows, axis=0)
        numbers[np.arange(rows), at[here]] += by[here]
        with np.errstate(all="ignore"):  # a step may lead out of what a logarithm knows
            values = replay(loss, {leaf: numbers.reshape(rows, *leaf.value.shape)})
        found[here] = values.reshape(rows)
    return found.reshape(len(STEPS), entries.size)
