"""Groups of a graph too large to look at: what folds into what until 40 boxes are left.

Layers fold first, then chains, then equal neighbours (×1,000), then runs of the recording; each
level of what is folded has at most 40 boxes again. Every group is a stretch of the recording, so
that no group can stand both before and behind another. Nothing is laid out for this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.repeats import Part, Repeats, group, runs
from backprop_kit.films.graph.scopes import Scope, is_loss, scopes_of

BOXES = 40  # more are too many to look at
SHARED = 6  # so many leaves may stay outside of the groups that use them

Item = Node | Scope
Users = dict[Node, list[tuple[Node, int]]]


@dataclass(eq=False)
class Tree:
    """What folds into what.

    seen    what stands there with everything folded, in order; a leaf before its first use
    within  what stands in each scope once that is open
    around  the scope that each one stands in
    all     every scope and group, by number
    groups  whether there is anything but the layers and losses themselves
    """

    seen: tuple[Item, ...]
    within: dict[Scope, tuple[Item, ...]] = field(default_factory=dict)
    around: dict[Scope, Scope | None] = field(default_factory=dict)
    all: tuple[Scope, ...] = ()
    groups: bool = False

    def path(self, scope: Scope | None) -> tuple[Scope, ...]:
        """A scope and those around it, outermost first."""
        found: list[Scope] = []
        while scope is not None:
            found.append(scope)
            scope = self.around[scope]
        return tuple(found[::-1])

    def around_of(self, n: Node) -> Scope | None:
        """The innermost scope that a value stands in."""
        found: Scope | None = None
        level = self.seen
        while True:
            inner = [s for s in level if isinstance(s, Scope) and n in s.inside]
            if not inner:
                return found
            found = inner[0]
            level = self.within[found]

    def cards(self, opened: Sequence[Scope] = ()) -> frozenset[Scope]:
        """What is folded while these are open."""
        seen = [self.seen, *(self.within[s] for s in opened)]
        return frozenset(i for level in seen for i in level if isinstance(i, Scope)) - set(opened)

    def count(self, folded: frozenset[Scope]) -> int:
        """How many boxes stand in the picture while these are folded."""
        return sum(1 for _ in self.walk(folded))

    def walk(self, folded: frozenset[Scope]) -> Iterator[tuple[Item, tuple[Scope, ...]]]:
        """All that can be seen, in order, with the open scopes that it stands in."""

        def level(items: tuple[Item, ...], around: tuple[Scope, ...]) -> Iterator[
            tuple[Item, tuple[Scope, ...]]
        ]:  # fmt: skip
            for item in items:
                if isinstance(item, Scope) and item not in folded:
                    yield from level(self.within[item], (*around, item))
                else:
                    yield item, around

        return level(self.seen, ())


def grouped(made: Sequence[Node], users: Users, scopes: tuple[Scope, ...]) -> Tree:
    """Fold a recording until at most 40 boxes are left, on this and on every level below.

    scopes  the layers and losses; they stay what they are
    """
    return _Builder(made, users, scopes).tree()


class _Builder:
    def __init__(self, made: Sequence[Node], users: Users, scopes: tuple[Scope, ...]) -> None:
        self.made, self.users, self.scopes = made, users, scopes
        self.repeats = Repeats(made, users)
        self.at = self.repeats.at

    def tree(self) -> Tree:
        leaves = [n for n in self.users if n.op is None and self.users[n]]
        rest = [n for n in self.users if n.op is None and not self.users[n]]
        whole = Part(0, len(self.made), "call", inner=self._parts(0, len(self.made), self.scopes))
        whole.leaves = leaves
        self._fold(whole, "block ")
        self.found: list[Scope] = list(self.scopes)
        self.within: dict[Scope, tuple[Item, ...]] = {}
        self.around: dict[Scope, Scope | None] = dict.fromkeys(self.scopes)
        seen = self._frozen(whole, None)
        groups = len(self.found) > len(self.scopes)
        return Tree((*rest, *seen), self.within, self.around, tuple(self.found), groups)

    def _frozen(self, part: Part, around: Scope | None) -> tuple[Item, ...]:
        """What stands in a part, as values and scopes with numbers."""
        out: list[Item] = []
        for p in part.seen:
            if isinstance(p, Node):
                out.append(p)
                continue
            if not p.folds:
                out.append(self.made[p.start])
                continue
            scope = p.scope
            if scope is None or scope not in self.around:
                made = tuple(self.made[p.start : p.end])
                loss = scope is not None and scope.loss
                scope = Scope(
                    len(self.found), p.name, made, frozenset(p.leaves or ()), loss, p.kind
                )
                self.found.append(scope)
            self.around[scope] = around
            self.within[scope] = self._frozen(p, scope)
            out.append(scope)
        return tuple(out)

    def _parts(self, start: int, end: int, scopes: Sequence[Scope]) -> list[Part]:
        """The layers and the single operations of a stretch."""
        out: list[Part] = []
        for s in scopes:
            first = self.at[s.made[0]]
            out += [Part(i, i + 1) for i in range(start, first)]
            start = first + len(s.made)
            out.append(Part(first, start, "call", s.name, s))
        return out + [Part(i, i + 1) for i in range(start, end)]

    # --- one level --------------------------------------------------------------------------------
    def _fold(self, part: Part, prefix: str, depth: int = 0) -> None:
        """Find what stands in a part: `part.seen`, in order, its leaves among it."""
        if part.scope is not None:
            part.inner, depth = self._inside(part, depth)
        parts = list(part.inner)
        flat = list(_flat(parts))
        parts = flat if self._boxes(flat, part) <= BOXES else parts
        absorbed: set[Node] = set()
        # What chains and equal neighbours there are was found before a group was cut into runs.
        steps = (
            (self._calls, self.repeats.chains, self.repeats.equals) if part.kind == "call" else ()
        )
        for step in steps:
            if self._boxes(parts, part) > BOXES:
                parts = step(parts)
        if self._boxes(parts, part) > BOXES and len(parts) > 1:
            parts, absorbed = self._runs(parts, part, prefix)
        self._stand(part, parts, absorbed)
        for p in parts:
            if p.folds:
                self._fold(p, _prefix(p, prefix), depth)

    def _inside(self, part: Part, depth: int) -> tuple[list[Part], int]:
        """The calls inside a layer that is itself too large; else its operations."""
        made = self.made[part.start : part.end]
        while len(made) > BOXES and depth < 30:
            depth += 1
            inner = scopes_of(made, depth)
            if len(inner) > 1:
                return self._parts(part.start, part.end, inner), depth
        return [Part(i, i + 1) for i in range(part.start, part.end)], depth

    def _boxes(self, parts: list[Part], part: Part) -> int:
        return len(parts) + sum(home is None for home in self._homes(parts, part).values())

    def _homes(self, parts: list[Part], part: Part) -> dict[Node, Part | None]:
        """For each leaf the part that has all its uses; None where it stands beside them."""
        found: dict[Node, Part | None] = {}
        if not part.leaves:
            return found
        of: list[int] = []
        for i, p in enumerate(parts):
            of += [i] * (p.end - p.start)
        for n in part.leaves or ():
            at = [self.at[u] - part.start for u, _ in self.users[n] if self.at[u] < part.end]
            home = parts[of[at[0]]]
            inside = home.folds and of[at[0]] == of[at[-1]]
            if inside and home.scope is not None:
                inside = n in home.scope.leaves
            found[n] = home if inside else None
        return found

    def _stand(self, part: Part, parts: list[Part], absorbed: set[Node]) -> None:
        """Put each leaf into the part that uses it, or before its first use."""
        homes = self._homes(parts, part)
        room = BOXES - len(parts) - sum(h is None for n, h in homes.items() if n not in absorbed)
        # What many rounds of a loop share, or what it starts from, is worth a box of its own.
        shown = [n for n, h in homes.items() if h is not None and h.kind in ("equal", "chain")]
        outside = set(self._most_used(shown, part, min(SHARED, room)))
        before: dict[int, list[Node]] = {}
        starts = {p.start + i: p for p in parts for i in range(p.end - p.start)}
        for n in part.leaves or ():
            first = starts[self.at[self.users[n][0][0]]]
            home = homes[n]
            if n in absorbed and first.folds and first.scope is None:
                home = first
            if home is not None and n not in outside:
                home.leaves = [*(home.leaves or ()), n]
            else:
                before.setdefault(first.start, []).append(n)
        part.seen = [i for p in parts for i in (*before.get(p.start, ()), p)]

    def _most_used(self, leaves: list[Node], part: Part, most: int) -> list[Node]:
        """Those few that are used much more often than the rest; all, where there are few."""
        count = {n: sum(self.at[u] < part.end for u, _ in self.users[n]) for n in leaves}
        ranked = sorted(leaves, key=lambda n: -count[n])
        for k in range(min(most, len(ranked)), 0, -1):
            if k == len(ranked) or count[ranked[k]] * 2 <= count[ranked[k - 1]]:
                return ranked[:k]
        return []

    def _calls(self, parts: list[Part]) -> list[Part]:
        """Fold what the same outermost call made, where there are many of them."""
        owner = []
        for p in parts:
            call = self.made[p.start].scope
            outermost = None if call is None else list(call.chain)[-1]
            owner.append(None if outermost is None or is_loss(outermost) else outermost)
        if len(set(owner) - {None}) < 2:
            return parts
        out: list[Part] = []
        i = 0
        while i < len(parts):
            j = i + 1
            while j < len(parts) and owner[i] is not None and owner[j] is owner[i]:
                j += 1
            call = owner[i]
            name = "" if call is None else type(call.module).__name__
            out += [group("call", name, parts[i:j])] if j - i > 1 else parts[i:j]
            i = j
        return out

    def _runs(self, parts: list[Part], part: Part, prefix: str) -> tuple[list[Part], set[Node]]:
        """Cut what is left into runs; leaves go where they are used first, but the most used."""
        loose = [n for n, home in self._homes(parts, part).items() if home is None]
        kept = self._most_used(loose, part, SHARED)
        absorbed = set(loose) - set(kept)
        weight = {p.start: 1 for p in parts}
        starts = {i: p.start for p in parts for i in range(p.start, p.end)}
        for n in absorbed:
            weight[starts[self.at[self.users[n][0][0]]]] += 1
        heavy = [weight[p.start] for p in parts]
        out = runs(parts, heavy, BOXES - len(kept), prefix)
        for i, p in enumerate(out):  # an operation with leaves of its own
            if weight[p.start] > 1 and (not p.folds or p.scope is not None):
                out[i] = group("run", f"{prefix}{i + 1}", [p])
        return out, absorbed


def _flat(parts: Sequence[Part]) -> Iterator[Part]:
    """The layers and operations of groups within groups."""
    for p in parts:
        if p.inner and p.scope is None and p.kind != "call":
            yield from _flat(p.inner)
        else:
            yield p


def _prefix(part: Part, prefix: str) -> str:
    """What the runs inside a part are called: block 3.1, or by their numbers, round 1–18."""
    if part.kind == "equal":
        return part.name.rpartition("×")[0]
    if part.kind == "run":
        return prefix if part.inner[0].index else f"{part.name}."
    return "block "
