"""The arrays of a graph: each made when a mark or a row first asks for it, by its name.

They are named by the place of a value in the recording: v3 the value, g3 its slope, p3.0 p3.1 …
the parts of the slope in the order in which they come, s5.0 the slope along the edge into input 0
of value 5; c3.1 is what comes back to value 3 out of scope 1 while that is folded, and b2.1 says
when parts come back out of scope 1 to several values of scope 2. With a rule of the learner's,
v s and t3 (the true slope) are the recording's and g p c the learner's, `yours` and `true` the
first wrong number and the right one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backprop_kit.engine.backward import part_for
from backprop_kit.engine.op import Array as Values
from backprop_kit.engine.tensor import Node
from backprop_kit.films import bins
from backprop_kit.films.film import Array

if TYPE_CHECKING:
    from backprop_kit.films.graph.scene import Graph

CELLS = (36, 24)  # rows and columns of a tile: finer ones could not be told apart
SAMPLE = 2000  # so many edges say how steep the edges of a graph are


class Arrays(dict[str, Array]):
    """{name: array}; a name that nothing in the recording answers to is a KeyError."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    def __missing__(self, name: str) -> Array:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        values, known, peak = found
        single = values.size == 1
        shown = np.asarray(values.real if np.iscomplexobj(values) else values, dtype=float)
        shown = shown if single else binned(as_rows(shown))
        if shown.size > 64:
            shown = shown.astype(np.float32)
        self[name] = Array(name, shown, known, peak=peak if single else None)
        return self[name]

    def has(self, name: str) -> bool:
        """Whether there is such an array."""
        if name in self:
            return True
        try:
            return bool(name) and self[name] is not None
        except KeyError:
            return False

    def all(self) -> None:
        """Make every array there is: a small film holds whatever a press may ask for."""
        graph = self._graph
        for i, n in enumerate(graph.trace.nodes):
            for name in (f"v{i}", f"g{i}", f"t{i}"):
                self.has(name)
            for j in range(len(graph.arrivals.get(n, ()))):
                self.has(f"p{i}.{j}")
            for slot in range(len(n.inputs)):
                self.has(f"s{i}.{slot}")
        for scope in graph.all_scopes:
            for n in graph.arrivals:
                self.has(f"c{graph.place[n]}.{scope.number}")
        self.has("yours"), self.has("true")

    # --- what a name stands for -------------------------------------------------------------------
    def _find(self, name: str) -> tuple[Values, int, float | None] | None:
        """The numbers, the step after which they are known, and the size that gets full colour."""
        graph = self._graph
        if name in ("yours", "true"):
            return self._wrong(name)
        letter, (first, _, second) = name[:1], name[1:].partition(".")
        if letter == "b":
            known, count = graph.bundles[name]
            return np.array([float(count)]), known, None
        n = graph.trace.nodes[int(first)]
        if letter == "v" and n in graph.users:
            return n.value, graph.trace.computed_at[n], self.top
        if letter == "g" and n in graph.done:
            g = graph.slopes.get(n)
            return None if g is None else (g, graph.done[n], self.steep)
        if letter == "t" and graph.own is not None and n in graph.trace.grads:
            return graph.trace.grads[n], graph.done.get(n, graph.end), self.steep
        if letter == "p":
            i = graph.arrivals[n][int(second)]
            part = graph.visits[i].part
            return None if part is None else (part, graph.at(i), self.steep)
        if letter == "s":
            slope = self._along(n, int(second))
            return None if slope is None else (slope, graph.trace.computed_at[n], self.steepest)
        return self._out_of(n, int(second)) if letter == "c" else None

    def _along(self, n: Node, slot: int) -> Values | None:
        return local_slope(n, slot) if n.inputs[slot] in self._graph.users else None

    def _out_of(self, n: Node, number: int) -> tuple[Values, int, float | None] | None:
        """What comes back out of a folded scope, all its parts added."""
        graph = self._graph
        inside = graph.all_scopes[number].inside
        mine = [i for i in graph.arrivals.get(n, ()) if graph.visits[i].node in inside]
        known = [p for i in mine if (p := graph.visits[i].part) is not None]
        if not mine or n in inside or len(known) < len(mine):
            return None
        return sum(known[1:], known[0]), graph.at(max(mine)), self.steep

    def _wrong(self, name: str) -> tuple[Values, int, float | None] | None:
        graph = self._graph
        first = graph.first_wrong
        values = None if first is None else first.yours if name == "yours" else first.true
        if first is None or values is None:
            return None
        return values, graph.at(first.at), self.steep

    # --- one scale for all numbers ----------------------------------------------------------------
    @cached_property
    def top(self) -> float:
        return _largest(n.value for n in self._graph.users)

    @cached_property
    def steep(self) -> float:
        graph = self._graph
        parts = (v.part for v in graph.visits if v.part is not None)
        return max(_largest(parts), _largest(graph.slopes.values()))

    @cached_property
    def steepest(self) -> float:
        found: list[Values] = []
        for n in self._graph.trace.made[:SAMPLE]:
            along = (self._along(n, slot) for slot in range(len(n.inputs)))
            found += [s for s in along if s is not None]
        return _largest(found)


def _largest(values: Iterable[Values]) -> float:
    """The largest finite size among the single numbers."""
    sizes = np.abs(np.array([v.item().real for v in values if v.size == 1], dtype=float))
    sizes = sizes[np.isfinite(sizes)]
    return float(sizes.max(initial=0.0)) or 1.0


def as_rows(values: Values) -> Values:
    """Numbers as rows and columns: a vector is one row, further axes stand below each other."""
    if values.ndim < 2:
        return values.reshape(1, -1)
    return values.reshape(-1, values.shape[-1])


def binned(values: Values) -> Values:
    """A larger block as the means of as many bins as a tile has cells."""
    return bins.binned(values, CELLS)


def local_slope(node: Node, slot: int) -> Values | None:
    """The slope along one edge of numbers: what its rule makes of 1. None for arrays."""
    target = node.inputs[slot]
    single = target.value.size == 1 and node.value.size == 1
    if not single or not target.needs_grad or node.op is None or node.op.vjp(slot) is None:
        return None
    return part_for(node, slot, np.ones(node.value.shape), node.value, node.args, 0)
