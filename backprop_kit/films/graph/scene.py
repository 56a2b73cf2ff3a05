"""What a graph shows: its values, the scopes that fold, and every array of the film.

Arrays are named by the place of a value in the recording: v3 the value, g3 its slope, p3.0 p3.1 …
the parts of the slope in the order in which they come, s5.0 the slope along the edge into input 0
of value 5; c3.1 is what comes back to value 3 out of scope 1 while that is folded. With a rule of
the learner's, v s and t3 (the true slope) are the recording's and g p c the learner's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from backprop_kit.engine.backward import part_for
from backprop_kit.engine.op import Array as Values
from backprop_kit.engine.scope import Call
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.films.film import Array
from backprop_kit.films.graph.symbols import absorbed
from backprop_kit.study.own_rule import OwnRun, Visit

CELLS = (36, 24)  # rows and columns of a tile: finer ones could not be told apart


@dataclass(frozen=True, eq=False)
class Scope:
    """Operations that fold into one card: a layer, a block, the loss.

    inside  the values made there and the leaves that only they use
    """

    number: int
    name: str
    made: tuple[Node, ...]
    leaves: frozenset[Node]
    loss: bool = False

    @cached_property
    def inside(self) -> frozenset[Node]:
        return frozenset(self.made) | self.leaves


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a value, the way its part comes back: by an operation, or out of a folded scope.

    array  the part's array, "" where no slope comes back
    k      the step after which the part is in
    """

    target: Node
    user: Node
    slot: int
    array: str = ""
    k: int | None = None
    scope: Scope | None = None


@dataclass(eq=False)
class Graph:
    """A recording with names, scopes and arrays, whatever of it is folded."""

    trace: Trace
    names: dict[Node, str]
    own: OwnRun | None = None
    scopes: tuple[Scope, ...] = ()
    arrays: dict[str, Array] = field(default_factory=dict)

    @classmethod
    def of(cls, trace: Trace, names: dict[Node, str], own: OwnRun | None = None) -> Graph:
        graph = cls(trace, names, own, scopes_of(trace.made))
        graph._collect()
        return graph

    # --- where things are -------------------------------------------------------------------------
    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All values that stand in the graph, oldest first."""
        return tuple(n for n in self.trace.nodes if not absorbed(n))

    @cached_property
    def place(self) -> dict[Node, int]:
        return {n: i for i, n in enumerate(self.trace.nodes)}

    @cached_property
    def scope_of(self) -> dict[Node, Scope]:
        return {n: s for s in self.scopes for n in s.inside}

    @property
    def forward(self) -> int:
        """How many steps the way forward has."""
        return len(self.trace.made)

    @property
    def end(self) -> int:
        return self.forward + len(self.visits)

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """The steps back: the learner's, or those of the recording."""
        if self.own is not None:
            return self.own.visits
        held: dict[Node, Values] = {}
        out = []
        for s in self.trace.steps:
            held[s.target] = held[s.target] + s.part if s.target in held else s.part
            out.append(Visit(s.node, s.slot, s.target, s.g, 0, s.part, held[s.target]))
        return tuple(out)

    def at(self, visit: int) -> int:
        """The step of the film at which a visit is done."""
        return self.forward + 1 + visit

    @cached_property
    def arrivals(self) -> dict[Node, tuple[int, ...]]:
        """For each value the visits that bring a part, in order."""
        found: dict[Node, list[int]] = {}
        for i, v in enumerate(self.visits):
            found.setdefault(v.target, []).append(i)
        return {n: tuple(at) for n, at in found.items()}

    @cached_property
    def done(self) -> dict[Node, int]:
        """The step at which the whole slope at a value is in."""
        return {n: self.at(max(at)) for n, at in self.arrivals.items()
                if all(self.visits[i].part is not None for i in at)}  # fmt: skip

    @cached_property
    def users(self) -> dict[Node, list[tuple[Node, int]]]:
        """Every use of every value, oldest first."""
        found: dict[Node, list[tuple[Node, int]]] = {n: [] for n in self.nodes}
        for n in self.trace.made:
            for slot, m in enumerate(n.inputs):
                if m in found:
                    found[m].append((n, slot))
        return found

    # --- arrays -----------------------------------------------------------------------------------
    def v(self, n: Node) -> str:
        return f"v{self.place[n]}"

    def g(self, n: Node) -> str:
        return f"g{self.place[n]}"

    def s(self, n: Node, slot: int) -> str:
        return f"s{self.place[n]}.{slot}"

    def has(self, name: str) -> bool:
        return name in self.arrays

    def number(self, name: str) -> float:
        return float(self.arrays[name].values.reshape(-1)[0])

    def values(self, name: str) -> Values:
        return self.arrays[name].values

    def _collect(self) -> None:
        trace = self.trace
        numbers = [abs(float(n.value.reshape(-1)[0].real)) for n in self.nodes if n.value.size == 1]
        slopes = [abs(float(v.part.reshape(-1)[0].real)) for v in self.visits
                  if v.part is not None and v.part.size == 1]  # fmt: skip
        slopes += [abs(float(g.reshape(-1)[0])) for g in self._slopes().values() if g.size == 1]
        top, steep = _finite(numbers), _finite(slopes)
        for n in self.nodes:
            self._add(self.v(n), n.value, trace.computed_at[n], top)
        for n, g in self._slopes().items():
            if n in self.done:
                self._add(self.g(n), g, self.done[n], steep)
            if self.own is not None and n in trace.grads:
                self._add(f"t{self.place[n]}", trace.grads[n], self.done.get(n, self.end), steep)
        for n, at in self.arrivals.items():
            for j, i in enumerate(at):
                part = self.visits[i].part
                if part is not None:
                    self._add(f"p{self.place[n]}.{j}", part, self.at(i), steep)
        along = {(n, slot): s for n in trace.made for slot, m in enumerate(n.inputs)
                 if not absorbed(m) and (s := local_slope(n, slot)) is not None}  # fmt: skip
        steepest = _finite(abs(float(s.reshape(-1)[0].real)) for s in along.values())
        for (n, slot), slope in along.items():
            self._add(self.s(n, slot), slope, trace.computed_at[n], steepest)
        self._add_sums(steep)
        first = self.own.first if self.own is not None else None
        if first is not None:
            if first.yours is not None:
                self._add("yours", first.yours, self.at(first.at), steep)
            self._add("true", first.true, self.at(first.at), steep)

    def _slopes(self) -> dict[Node, Values]:
        return self.own.held if self.own is not None else self.trace.grads

    def _add_sums(self, steep: float) -> None:
        """What comes back out of a folded scope, all its parts added."""
        for scope in self.scopes:
            for n, at in self.arrivals.items():
                mine = [i for i in at if self.visits[i].node in scope.inside]
                parts = [self.visits[i].part for i in mine]
                if not mine or n in scope.inside or any(p is None for p in parts):
                    continue
                known = [p for p in parts if p is not None]
                total = sum(known[1:], known[0])
                self._add(f"c{self.place[n]}.{scope.number}", total, self.at(max(mine)), steep)

    def _add(self, name: str, values: Values, known: int, peak: float | None) -> None:
        single = values.size == 1
        shown = np.asarray(values.real if np.iscomplexobj(values) else values, dtype=float)
        shown = shown if single else binned(as_rows(shown))
        if shown.size > 64:
            shown = shown.astype(np.float32)
        self.arrays[name] = Array(name, shown, known, peak=peak if single else None)


def _finite(sizes: Iterable[float]) -> float:
    return max((s for s in sizes if np.isfinite(s)), default=0.0) or 1.0


def as_rows(values: Values) -> Values:
    """Numbers as rows and columns: a vector is one row, further axes stand below each other."""
    if values.ndim < 2:
        return values.reshape(1, -1)
    return values.reshape(-1, values.shape[-1])


def binned(values: Values) -> Values:
    """A larger block as the means of equal bins."""
    for axis, most in enumerate(CELLS):
        n = values.shape[axis]
        if n > most:
            edges = np.linspace(0, n, most + 1).astype(int)
            sums = np.add.reduceat(values, edges[:-1], axis=axis)
            widths = np.diff(edges)
            values = sums / (widths if axis else widths[:, None])
    return values


def local_slope(node: Node, slot: int) -> Values | None:
    """The slope along one edge of numbers: what its rule makes of 1. None for arrays."""
    target = node.inputs[slot]
    single = target.value.size == 1 and node.value.size == 1
    if not single or not target.needs_grad or node.op is None or node.op.vjp(slot) is None:
        return None
    return part_for(node, slot, np.ones(node.value.shape), node.value, node.args, 0)


# --- scopes ---------------------------------------------------------------------------------------
def scopes_of(computed: Sequence[Node]) -> tuple[Scope, ...]:
    """The scopes that fold: each call inside the outermost one, its activation with it, and losses.

    A scope is a range of the recording: what is made in it is made without a break.
    """
    runs: list[tuple[Call | None, list[Node]]] = []
    for n in computed:
        call = _fold(n)
        if call is None:
            runs.append((None, [n]))
        elif runs and runs[-1][0] is call:
            runs[-1][1].append(n)
        else:
            runs.append((call, [n]))
    joined: list[tuple[Call | None, list[Node]]] = []
    for call, made in runs:
        before = joined[-1] if joined else None
        small = call is not None and len(made) == 1 and not _is_loss(call)
        if (
            call is not None
            and small
            and before
            and before[0] is not None
            and before[0].parent is call.parent
            and not _is_loss(before[0])
            and made[0].inputs[0] is before[1][-1]
        ):
            before[1].extend(made)
        else:
            joined.append((call, list(made)))
    uses: dict[Node, set[Node]] = {}
    for n in computed:
        for m in n.inputs:
            if m.op is None and not absorbed(m):
                uses.setdefault(m, set()).add(n)
    found: list[Scope] = []
    layers = 0
    for call, made in joined:
        if call is None or len(made) < 2:
            continue
        inside = set(made)
        leaves = frozenset(m for m, by in uses.items() if by <= inside)
        loss, layered = _is_loss(call), hasattr(call.module, "n_out")
        layers += layered
        name = "loss" if loss else f"layer {layers}" if layered else type(call.module).__name__
        found.append(Scope(len(found), name, tuple(made), leaves, loss))
    return tuple(found)


def _fold(n: Node) -> Call | None:
    """The call a value folds into: the second one from outside, or the outermost if it is alone."""
    if n.scope is None:
        return None
    chain = list(n.scope.chain)
    if _is_loss(chain[-1]) or len(chain) == 1:
        return chain[-1]
    return chain[-2]


def _is_loss(call: Call) -> bool:
    return hasattr(call.module, "unfused") or hasattr(call.module, "loss")
