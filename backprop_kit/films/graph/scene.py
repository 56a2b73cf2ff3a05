"""What a graph shows: its values with their names, what folds, and the steps back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from backprop_kit.engine.op import Array as Values
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.films.fingerprint import fingerprint
from backprop_kit.films.graph.arrays import Arrays, as_rows, binned, local_slope
from backprop_kit.films.graph.grouping import Tree, grouped
from backprop_kit.films.graph.scopes import Scope, scopes_of
from backprop_kit.films.graph.symbols import absorbed
from backprop_kit.study.own_rule import OwnRun, Visit, Wrong

__all__ = ["Graph", "Scope", "Use", "as_rows", "binned", "local_slope", "scopes_of"]


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a value, the way its part comes back: by an operation, or out of a folded scope.

    array  the part's array, "" where no slope comes back
    k      the step after which the part is in
    count  how many uses between two groups are drawn as this one
    """

    target: Node
    user: Node
    slot: int
    array: str = ""
    k: int | None = None
    scope: Scope | None = None
    count: int = 1


@dataclass(eq=False)
class Graph:
    """A recording with names, scopes and arrays, whatever of it is folded.

    scopes  the layers and losses, in order; tree  what folds into what, groups among it
    """

    trace: Trace
    names: dict[Node, str]
    own: OwnRun | None = None
    scopes: tuple[Scope, ...] = ()

    def __post_init__(self) -> None:
        self.arrays = Arrays(self)
        # What comes back between two groups, and how many parts: written when a picture asks.
        self.bundles: dict[str, tuple[int, int]] = {}

    @classmethod
    def of(cls, trace: Trace, names: dict[Node, str], own: OwnRun | None = None) -> Graph:
        return cls(trace, names, own, scopes_of(trace.made))

    # --- where things are -------------------------------------------------------------------------
    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All values that stand in the graph, oldest first."""
        return tuple(n for n in self.trace.nodes if not absorbed(n))

    @cached_property
    def place(self) -> dict[Node, int]:
        return {n: i for i, n in enumerate(self.trace.nodes)}

    @cached_property
    def tree(self) -> Tree:
        return grouped(self.trace.made, self.users, self.scopes)

    @property
    def all_scopes(self) -> tuple[Scope, ...]:
        """The scopes and the groups, by number."""
        return self.tree.all

    @cached_property
    def scope_of(self) -> dict[Node, Scope]:
        """The layer or loss of each value."""
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
    def arrivals(self) -> dict[Node, list[int]]:
        """For each value the visits that bring a part, in order."""
        found: dict[Node, list[int]] = {}
        for i, v in enumerate(self.visits):
            found.setdefault(v.target, []).append(i)
        return found

    @cached_property
    def departures(self) -> dict[Node, list[int]]:
        """For each value the visits in which it hands on, the loss's own start among them."""
        found: dict[Node, list[int]] = {}
        for i, v in enumerate(self.visits):
            found.setdefault(v.target if v.node is None else v.node, []).append(i)
        return found

    def back_through(self, scope: Scope) -> list[int]:
        """The visits that pass a scope on the way back, the loss's own start among them."""
        left = self.departures
        return sorted(i for n in scope.made for i in left.get(n, ()))

    @cached_property
    def done(self) -> dict[Node, int]:
        """The step at which the whole slope at a value is in."""
        if self.own is None:
            return self.trace.complete_at
        return {n: self.at(at[-1]) for n, at in self.arrivals.items()
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

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self.trace)

    @cached_property
    def steep(self) -> frozenset[Node]:
        """The values that a slope comes back to."""
        return frozenset(self.trace.grads)

    @property
    def first_wrong(self) -> Wrong | None:
        """The first wrong number that a learner's rule leaves."""
        return self.own.first if self.own is not None else None

    @property
    def slopes(self) -> dict[Node, Values]:
        """The slope at each value: the learner's, or that of the recording."""
        return self.own.held if self.own is not None else self.trace.grads

    # --- arrays -----------------------------------------------------------------------------------
    def v(self, n: Node) -> str:
        return f"v{self.place[n]}"

    def g(self, n: Node) -> str:
        return f"g{self.place[n]}"

    def s(self, n: Node, slot: int) -> str:
        return f"s{self.place[n]}.{slot}"

    def has(self, name: str) -> bool:
        return self.arrays.has(name)

    def number(self, name: str) -> float:
        return float(self.arrays[name].values.reshape(-1)[0])

    def values(self, name: str) -> Values:
        return self.arrays[name].values
