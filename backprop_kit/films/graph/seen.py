"""What can be seen while some scopes are folded: values, cards, and the uses between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.scene import Graph, Scope, Use
from backprop_kit.films.graph.symbols import inputs

Taken = tuple[Node, Node, int]  # a value, what uses it, and as which of its inputs
MOST_ROWS = 4  # parts of a sum that are shown one by one


@dataclass(eq=False)
class Unit:
    """A value, or a folded scope (then `node` is its result); `hanging` are parameters below it.

    around  the open scopes it stands in, outermost first
    wall    whether it stands right of all before it: there a scope begins, or has ended
    """

    number: int
    node: Node
    scope: Scope | None = None
    around: tuple[Scope, ...] = ()
    wall: bool = False
    hanging: list[Node] = field(default_factory=list)
    sources: list[tuple[Node, int]] = field(default_factory=list)  # what comes in, and its slot
    x: float = 0
    y: float = 0


@dataclass(eq=False)
class Seen:
    """The units of one state of folding, in order, and every use between two of them."""

    graph: Graph
    folded: frozenset[Scope]
    units: list[Unit] = field(default_factory=list)
    unit_of: dict[Node, Unit] = field(default_factory=dict)
    uses: dict[Node, list[Use]] = field(default_factory=lambda: defaultdict(list))

    def card_of(self, n: Node) -> Scope | None:
        """The folded scope a value is hidden in."""
        return self.unit_of[n].scope

    def shown(self, n: Node) -> bool:
        """Whether a value, or the card whose result it is, stands in the picture."""
        return self.unit_of[n].node is n

    @property
    def count(self) -> int:
        """How many boxes stand in the picture."""
        return len(self.units)

    @property
    def steep(self) -> frozenset[Node]:
        """The values that a slope comes back to."""
        return self.graph.steep

    @property
    def open(self) -> tuple[Scope, ...]:
        """The scopes that are open, outermost first."""
        return tuple(dict.fromkeys(s for u in self.units for s in u.around))

    @property
    def layers(self) -> tuple[Scope, ...]:
        """The layers and losses that stand in the picture, open or folded."""
        seen = {*self.folded, *self.open}
        return tuple(s for s in self.graph.scopes if s in seen)

    def parts(self, n: Node) -> list[Use]:
        """The uses that send a part back, in order of arrival."""
        return [u for u in self.uses[n] if u.k is not None]

    def rows(self, n: Node) -> list[Use]:
        """The parts that get a row of their own in the ledger."""
        parts = self.parts(n)
        if len(parts) <= MOST_ROWS:
            return parts
        graph = self.graph
        size = {u: float(abs(graph.values(u.array)).max()) if u.array else 0.0 for u in parts}
        kept = sorted(parts, key=lambda u: -size[u])[: MOST_ROWS - 1]
        return [u for u in parts if u in kept]

    def sums(self, n: Node) -> bool:
        """Whether several parts meet at a value."""
        return len(self.parts(n)) > 1

    def leaving(self, unit: Unit) -> list[Use]:
        """The uses of a unit by others."""
        if unit.scope is None:
            return self.uses[unit.node]
        return [u for n in self._leave[unit] for u in self.uses[n]]

    # --- gathering --------------------------------------------------------------------------------
    def gather(self) -> None:
        graph = self.graph
        items = [(i, around) for i, around in graph.tree.walk(self.folded)]
        if not graph.tree.groups:  # without groups everything stands in order of creation
            items.sort(key=lambda i: (i[0].result if isinstance(i[0], Scope) else i[0]).index)
        before: tuple[Scope, ...] = ()
        for count, (item, around) in enumerate(items):
            scope = item if isinstance(item, Scope) else None
            node = item.result if isinstance(item, Scope) else item
            wall = graph.tree.groups and around != before
            unit = Unit(count, node, scope, around, wall)
            before = around
            self.units.append(unit)
            for n in (*unit.scope.made, *unit.scope.leaves) if unit.scope is not None else ():
                self.unit_of[n] = unit
            self.unit_of[unit.node] = unit
        self._leave: dict[Unit, Sequence[Node]] = {}
        crossing = self._crossing()
        for unit in self.units:
            if unit.scope is None:
                self.uses[unit.node] = self._uses(unit.node, graph.users[unit.node])
            else:
                self._out_of(unit, crossing.get(unit.number, {}))
        into: dict[int, list[Use]] = {u.number: [] for u in self.units}
        for unit in self.units:
            for use in self.leaving(unit):
                into[self.unit_of[use.user].number].append(use)
        for unit in self.units:
            if unit.scope is None:
                unit.sources = [(m, slot) for slot, m in inputs(unit.node)]
            else:
                first = sorted(into[unit.number], key=lambda u: (u.user.index, u.slot))
                unit.sources = [(u.target, i) for i, u in enumerate(first)]

    def _crossing(self) -> dict[int, dict[int, list[Taken]]]:
        """Every use of what is in one card by what stands elsewhere, by the two units."""
        cards = {n: u.number for n, u in self.unit_of.items() if u.scope is not None}
        number = {n: u.number for n, u in self.unit_of.items()}
        found: dict[int, dict[int, list[Taken]]] = {}
        for user in self.graph.trace.made if cards else ():
            there = number[user]
            for slot, n in enumerate(user.inputs):
                here = cards.get(n, there)
                if here != there:
                    found.setdefault(here, {}).setdefault(there, []).append((n, user, slot))
        return found

    def _out_of(self, unit: Unit, taken: dict[int, list[Taken]]) -> None:
        """The uses of what is in a card; what a group hands to another card is drawn as one."""
        assert unit.scope is not None
        users: dict[Node, list[tuple[Node, int]]] = {}
        bundles: list[Use] = []
        for number, found in taken.items():
            card = self.units[number].scope
            first = found[0][0]
            if unit.scope.kind != "call" and card is not None and any(
                n is not first for n, _, _ in found
            ):  # fmt: skip
                bundles.append(self._bundle(unit.scope, card, found))
                continue
            for n, user, slot in found:
                users.setdefault(n, []).append((user, slot))
        for n, of in users.items():
            of.sort(key=lambda u: (u[0].index, u[1]))
            self.uses[n] = self._uses(n, of)
        for use in bundles:
            self.uses[use.target] = sorted([*self.uses[use.target], use], key=_arrival)
        leaving = {*users, *(use.target for use in bundles)}
        self._leave[unit] = sorted(leaving, key=lambda n: (n.op is None, n.index))

    def _bundle(self, scope: Scope, card: Scope, found: list[Taken]) -> Use:
        graph = self.graph
        k, count = self._returned.get((scope.number, card.number), (None, 0))
        array = f"b{scope.number}.{card.number}" if k is not None else ""
        if k is not None:
            graph.bundles[array] = (k, count)
        n, user, slot = min(found, key=lambda f: (f[0] is not scope.result, f[1].index))
        return Use(n, user, slot, array, k, card, len(found))

    @cached_property
    def _returned(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Between two cards the step at which the last part comes back, and how many come."""
        card = {n: u.scope.number for n, u in self.unit_of.items() if u.scope is not None}
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for i, v in enumerate(self.graph.visits):
            here, there = card.get(v.target), card.get(v.node) if v.node is not None else None
            if here != there and here is not None and there is not None:
                _, count = found.get((here, there), (0, 0))
                found[here, there] = (i, count + 1)
        return {pair: (self.graph.at(i), count) for pair, (i, count) in found.items()}

    def _uses(self, n: Node, users: Iterable[tuple[Node, int]]) -> list[Use]:
        """The uses of a value that can be seen, in the order in which their parts come."""
        graph = self.graph
        came = [(j, i, graph.visits[i]) for j, i in enumerate(graph.arrivals.get(n, ()))]
        visits = {(v.node, v.slot): (j, i) for j, i, v in came}
        found: list[Use] = []
        seen: set[Scope] = set()
        for user, slot in users:
            card = self.card_of(user)
            if card is not None:
                if card in seen:
                    continue
                seen.add(card)
                name = f"c{graph.place[n]}.{card.number}"
                known = graph.arrays[name].known if graph.has(name) else None
                found.append(Use(n, user, slot, name if known else "", known, card))
            elif (user, slot) in visits:
                j, i = visits[user, slot]
                name = f"p{graph.place[n]}.{j}"
                found.append(Use(n, user, slot, name if graph.has(name) else "", graph.at(i)))
            else:
                found.append(Use(n, user, slot))
        return sorted(found, key=_arrival)


def _arrival(use: Use) -> tuple[bool, int]:
    return use.k is None, use.k or 0
