"""Activations: their outputs stand together, so that all their slopes are two or three calls.

A slope of these follows from the output alone: 1 − y² for tanh. Outputs of one kind are one long
array, whatever layer they belong to; before the way back starts, it is turned into slopes at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backprop_kit.engine.op import OPS, Array
from backprop_kit.engine.plan.draft import Draft, Slope, flat
from backprop_kit.engine.tensor import Node

Write = Callable[[Draft, Array, Array], None]  # emits calls from one array into another
MANY = 640  # from here on five cheap calls take less time than NumPy's own tanh in float64


def _tanh(d: Draft, x: Array, y: Array) -> None:
    """1 − 2 / (e^2x + 1) where that is faster and as exact: its error is that of 1, so it will not
    do where all numbers are small, nor where e^2x is too large for a float."""
    line = flat(x)
    if line is None or d.dtype != np.float64 or x.size < MANY:
        d.emit(np.tanh, x, y)
        return
    low, high = 1e-6 * x.size, 1e5
    one, minus_two = d.number(1.0), d.number(-2.0)

    def curve() -> None:
        if low < line.dot(line) < high:
            np.add(x, x, y)
            np.exp(y, y)
            np.add(y, one, y)
            np.divide(minus_two, y, y)
            np.add(y, one, y)
        else:
            np.tanh(x, y)

    d.emit(curve, calls=6)


def _tanh_slope(d: Draft, y: Array, s: Array) -> None:
    d.emit(np.multiply, y, y, s)
    d.emit(np.subtract, d.number(1.0), s, s)


def _sigmoid(d: Draft, x: Array, y: Array) -> None:
    """1 / (1 + e^−x) where no e^−x can be too large for a float."""
    line, safe = flat(x), OPS["sigmoid"].forward
    high, one = (4e5 if d.dtype == np.float64 else 7e3), d.number(1.0)

    def curve() -> None:
        if line is not None and line.dot(line) < high:
            np.negative(x, y)
            np.exp(y, y)
            np.add(y, one, y)
            np.divide(one, y, y)
        else:
            np.copyto(y, safe(x))

    d.emit(curve, calls=5)


def _sigmoid_slope(d: Draft, y: Array, s: Array) -> None:
    d.emit(np.subtract, d.number(1.0), y, s)
    d.emit(np.multiply, y, s, s)


def _relu(d: Draft, x: Array, y: Array) -> None:
    d.emit(partial(np.maximum, out=y), x, d.number(0.0))


def _relu_slope(d: Draft, y: Array, s: Array) -> None:
    d.emit(np.sign, y, s)


def _leaky(slope: float) -> tuple[Write, Write]:
    def value(d: Draft, x: Array, y: Array) -> None:
        d.emit(np.multiply, x, d.number(slope), y)
        d.emit(partial(np.maximum, out=y), x, y)

    def slopes(d: Draft, y: Array, s: Array) -> None:
        d.emit(np.sign, y, s)
        d.emit(partial(np.maximum, out=s), s, d.number(slope))

    return value, slopes


def _softplus(d: Draft, x: Array, y: Array) -> None:
    d.emit(np.logaddexp, x, d.number(0.0), y)


def _softplus_slope(d: Draft, y: Array, s: Array) -> None:
    d.emit(np.negative, y, s)
    d.emit(np.expm1, s, s)
    d.emit(np.negative, s, s)


def _elu(d: Draft, x: Array, y: Array) -> None:
    d.emit(partial(np.minimum, out=y), x, d.number(0.0))
    d.emit(np.expm1, y, y)
    d.emit(partial(np.maximum, out=y), x, y)


def _elu_slope(d: Draft, y: Array, s: Array) -> None:
    d.emit(np.add, y, d.number(1.0), s)
    d.emit(partial(np.minimum, out=s), s, d.number(1.0))


FORMS = {
    "tanh": (_tanh, _tanh_slope),
    "sigmoid": (_sigmoid, _sigmoid_slope),
    "relu": (_relu, _relu_slope),
    "softplus": (_softplus, _softplus_slope),
}


def form(draft: Draft, node: Node) -> tuple[Write, Write] | None:
    """How to write the value and the slope of an activation; None for what is none."""
    if node.op is None or not draft.plain(node):
        return None
    if node.op.name == "leaky_relu" and 0 < node.options.get("slope", 0.01) <= 1:
        return _leaky(node.options.get("slope", 0.01))
    if node.op.name == "elu" and node.options.get("alpha", 1.0) == 1:
        return _elu, _elu_slope
    return FORMS.get(node.op.name)


@dataclass(frozen=True)
class Group:
    """Activations of one kind: the line of their outputs, that of their slopes, each one's part."""

    slope: Write
    parts: dict[Node, slice]
    y: Array
    s: Array


def gather(draft: Draft, but: set[Node]) -> list[Group]:
    """Give the outputs of all activations of one kind that a slope goes through one line of memory;
    `but` those whose slopes are written otherwise."""
    kinds: dict[tuple[Any, ...], list[Node]] = {}
    for node in draft.made:
        if node in draft.moved and node not in but and form(draft, node) is not None:
            assert node.op is not None
            kinds.setdefault((node.op.name, *node.options.items()), []).append(node)
    groups = []
    for nodes in kinds.values():
        parts, start = {}, 0
        for n in nodes:
            ones = len(n.value) if n in draft.with_one else 0
            parts[n] = slice(start, start + n.value.size + ones)
            start = parts[n].stop
        y, s = np.ones((2, start), draft.dtype)
        draft.block |= {n: y[part] for n, part in parts.items()}
        found = form(draft, nodes[0])
        assert found is not None
        groups.append(Group(found[1], parts, y, s))
    return groups


def forward(draft: Draft, node: Node) -> bool:
    """Emit the value of an activation; False for what is none."""
    found = form(draft, node)
    if found is None:
        return False
    (x,) = draft.args(node)
    found[0](draft, x, draft.home(node, like=x))
    return True


def slopes(draft: Draft, groups: list[Group]) -> dict[Node, Array]:
    """Emit the slopes of all activations at their present place: {activation: its slopes}."""
    local: dict[Node, Array] = {}
    for group in groups:
        group.slope(draft, group.y, group.s)
        local |= {n: draft.seen(n, group.s[part]) for n, part in group.parts.items()}
    return local


def backward(draft: Draft, node: Node, g: Slope, local: Array) -> None:
    """Emit g times the slope of the activation, which stands in `local`."""
    (target,) = node.inputs
    part = draft.part(target)
    draft.emit(np.multiply, draft.factor(g), local, part)
    draft.arrived(target, part)
