"""What an activation did in a recorded layer: where it is off, where it is saturated.

`Bend` its slopes on the batch · `Slopes` finds them, and samples each kind of activation once for
the largest slope it has anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Any

import numpy as np

from backprop_kit.engine.backward import part_for
from backprop_kit.engine.gradcheck import TINY
from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Node
from backprop_kit.study.activations import FLAT, REACH, SAMPLES
from backprop_kit.study.chain import title_of
from backprop_kit.study.flow.places import ALONE, Place, Tape


@dataclass(frozen=True, eq=False)
class Bend:
    """An activation in its place.

    name    "tanh", "4σ − 2" …, "" for none
    slopes  φ′ at each number, None where numbers are mixed (softmax): there are no shares then
    top     the largest |φ′| the activation has anywhere
    flat    whether it has a stretch where φ′ is exactly 0 (ReLU): there it is off, not saturated
    """

    name: str
    slopes: Array | None
    top: float
    flat: bool

    @cached_property
    def _sizes(self) -> Array:
        assert self.slopes is not None
        return np.abs(self.slopes)

    @cached_property
    def dead(self) -> float:
        if self.slopes is None or not self.flat:
            return 0.0
        rows = self.slopes.reshape(-1, self.slopes.shape[-1])
        return float(np.count_nonzero(~rows.any(axis=0))) / rows.shape[-1]

    @cached_property
    def saturated(self) -> float:
        if self.slopes is None or not self.top > 0:
            return 0.0
        low = self._sizes < FLAT * self.top
        if self.flat:
            low &= self.slopes != 0
        return float(np.count_nonzero(low)) / low.size

    @cached_property
    def mean(self) -> float:
        return nan if self.slopes is None else float(self._sizes.mean())


class Slopes:
    """The bends of a recording; each kind of activation is sampled once."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._known: dict[Any, tuple[float, bool]] = {}

    def of(self, place: Place) -> Bend:
        nodes = [n for region in place.bends for n in region.nodes]
        if not nodes:
            return Bend("", np.ones(place.z.value.shape), 1.0, False)
        name = _name(nodes)
        if not all(n.op in ALONE for n in nodes):
            return Bend(name, None, nan, False)
        slopes = _slopes(nodes, place.bent_from, place.h)
        key = tuple(_key(n, nodes, place.bent_from) for n in nodes)
        if key not in self._known:
            self._known[key] = self._sampled(nodes, place.bent_from, place.h)
        top, flat = self._known[key]
        if np.isnan(top):  # a slope of its own in each unit: the batch must tell
            top = float(np.abs(slopes).max(initial=0.0))
        return Bend(name, slopes, top, flat)

    @staticmethod
    def _sampled(nodes: list[Node], source: Node, end: Node) -> tuple[float, bool]:
        """The largest slope between −REACH and REACH, and whether there is a stretch without."""
        inside = {source, *nodes}
        if any(m not in inside and m.value.size > 1 for n in nodes for m in n.inputs):
            return nan, False
        at = np.linspace(-REACH, REACH, SAMPLES) + 1j * TINY
        values: dict[Node, Array] = {source: at}
        with np.errstate(all="ignore"):
            for n in nodes:
                assert n.op is not None
                args = [values[m] if m in values else m.value.reshape(()) for m in n.inputs]
                values[n] = np.asarray(n.op.forward(*args, **n.options))
        slope = np.abs(np.broadcast_to(values[end], at.shape).imag / TINY)
        still = slope == 0
        return float(np.nanmax(slope)), bool((still[1:] & still[:-1]).any())


def _slopes(nodes: list[Node], source: Node, end: Node) -> Array:
    """∂h/∂z for numbers that go through alone."""
    totals = {end: np.ones(end.value.shape, end.value.dtype)}
    with np.errstate(all="ignore"):
        for n in reversed(nodes):
            if n not in totals or n.op is None:
                continue
            for slot, m in enumerate(n.inputs):
                if (m is source or m in nodes) and n.op.vjp(slot) is not None:
                    part = part_for(n, slot, totals[n], n.value, n.args, 0)
                    totals[m] = totals[m] + part if m in totals else part
    zero = np.zeros(source.value.shape, source.value.dtype)
    return totals.get(source, zero)


def _key(node: Node, nodes: list[Node], source: Node) -> Any:
    assert node.op is not None
    inputs = tuple(
        "z" if m is source else nodes.index(m) if m in nodes
        else float(m.value.reshape(())) if m.value.size == 1 else id(m)
        for m in node.inputs
    )  # fmt: skip
    return node.op.name, tuple(sorted(node.options.items())), inputs


def _name(nodes: list[Node]) -> str:
    """The operation, if it is one; else the module it was written in, else the operations."""
    if len(nodes) == 1:
        op = nodes[0].op
        return op.name if op is not None else ""
    first = nodes[0].scope
    if first is not None and all(n.scope is first for n in nodes):
        return title_of(first)
    return " ".join(n.op.name for n in nodes if n.op is not None)
