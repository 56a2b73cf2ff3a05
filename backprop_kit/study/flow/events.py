"""The first number of a pass that was none: where it arose, and from what.

`Event` such a place · `events_of` the first on the way there, else the first on the way back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Node
from backprop_kit.study.chain import title_of
from backprop_kit.study.flow.pass_sizes import Sizes, finite
from backprop_kit.study.flow.places import Place, Tape


@dataclass(frozen=True)
class Event:
    """A number that is infinite or NaN, made of numbers that are not.

    phase  "start" (it stood in the weights), "forward" or "backward"
    what   "overflow" (infinite) or "undefined" (NaN, such as the logarithm of −1)
    op     the operation, "" at the start; where: the path of its module, the weights' own name, or
           "loss"
    layer  counted from 0; None after the model's output
    count  how many numbers, of: how many there were
    low, high  the smallest and the largest number that went in (forward: the first input, backward:
               the slope that arrived)
    """

    phase: Literal["start", "forward", "backward"]
    what: Literal["overflow", "undefined"]
    op: str
    where: str
    layer: int | None
    count: int
    of: int
    low: float
    high: float


def events_of(tape: Tape, found: Sequence[Place], output: Node, sizes: Sizes) -> tuple[Event, ...]:
    """What was no number; what follows from it is not repeated."""
    if sizes.sound:
        return ()
    trace = tape.trace
    starts = [min(p.index for p, _ in place.products) for place in found]

    def layer(n: Node) -> int | None:
        return max(bisect_right(starts, n.index) - 1, 0) if n.index <= output.index else None

    bad: set[Node] = set()
    for n in trace.nodes:
        if finite(n.value):
            continue
        bad.add(n)
        if n.op is None:
            users = tape.users.get(n, [])
            at = layer(users[0]) if users else None
            return (_event("start", "", trace.names.get(n, "input"), at, n.value, n.value),)
        if not any(m in bad for m in n.inputs):
            where = "loss" if n.index > output.index else _where(n)
            return (_event("forward", n.op.name, where, layer(n), n.value, n.args[0]),)
    for step in trace.steps:
        if step.node is None or step.g is None or finite(step.part):
            continue
        if not finite(step.g):
            break  # its parts were numbers, their sum is none
        assert step.node.op is not None
        where = "loss" if step.node.index > output.index else _where(step.node)
        name = step.node.op.name
        return (_event("backward", name, where, layer(step.node), step.part, step.g),)
    for n, g in sorted(trace.grads.items(), key=lambda place: -place[0].index):
        if not finite(g):
            where = trace.names.get(n) or _where(n)
            return (_event("backward", "add", where, layer(n), g, trace.parts[n][0][1]),)
    return ()


def _event(
    phase: Literal["start", "forward", "backward"],
    op: str, where: str, layer: int | None, made: Array, went_in: Array,
) -> Event:  # fmt: skip
    infinite = bool(np.isinf(made).any())
    finite = went_in[np.isfinite(went_in)].astype(np.float64)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (nan, nan)
    count = int(np.count_nonzero(~np.isfinite(made)))
    return Event(phase, "overflow" if infinite else "undefined", op, where, layer,
                 count, made.size, low, high)  # fmt: skip


def _where(node: Node) -> str:
    """The module that made a value, by its path in the model, else by its name."""
    chain = list(node.scope.chain) if node.scope is not None else []
    if not chain:
        return ""
    for path, m in chain[-1].module.named_modules():
        if m is chain[0].module:
            return path or title_of(chain[0])
    return title_of(chain[0])
