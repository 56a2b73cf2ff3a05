"""The picture of a graph while some scopes are folded, laid out.

`Picture.of(graph, folded)` measures every unit, lays it out, and knows which uses can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from backprop_kit.films.graph.grouping import BOXES
from backprop_kit.films.graph.layout import Block, Layout, columns_of, place, width_of
from backprop_kit.films.graph.scene import Graph, Scope
from backprop_kit.films.graph.seen import MOST_ROWS, Unit
from backprop_kit.films.graph.sizes import (
    CARD,
    NEAR,
    PILL,
    ROW,
    SLOT,
    SMALL_PILL,
    SMALL_ROW,
    STUB,
    R,
    Sized,
)  # fmt: skip

__all__ = [
    "CARD", "COLUMNS", "MOST_ROWS", "PILL", "ROW", "SLOT", "SMALL_PILL", "SMALL_ROW", "STUB",
    "WIDTH", "Picture", "R", "Unit",
]  # fmt: skip

WIDTH, HEIGHT = 656, 350
HEAD, NEXT, STRIP = 34.0, 26.0, 28.0  # room for heads of open scopes, one in another; for the strip
BIG_COLUMNS, COLUMNS = 4, 8


@dataclass(eq=False)
class Picture(Sized):
    """One state of folding, laid out.

    doors  the names of all pictures of the film, by what is folded in them
    kept   the units with a place of their own
    """

    doors: dict[frozenset[Scope], str] = field(default_factory=dict)
    layout: Layout | None = None
    top: float = 0
    kept: list[Unit] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        graph: Graph,
        folded: frozenset[Scope] = frozenset(),
        doors: dict[frozenset[Scope], str] | None = None,
    ) -> Picture:
        picture = cls(graph, folded, doors=doors or {})
        picture.gather()
        scalars = all(u.node.value.size == 1 for u in picture.units)
        plain = not graph.scopes and not graph.tree.groups
        if scalars and plain and picture.columns <= BIG_COLUMNS:
            picture.big = True
            found = picture._place()
            if found.width <= WIDTH + 0.5 and found.height <= HEIGHT + 0.5:
                return picture
            picture.big = False
        picture._hang()
        picture._place()
        return picture

    @property
    def columns(self) -> int:
        return max(columns_of(self._blocks(self._standing()))) + 1

    @property
    def panned(self) -> bool:
        assert self.layout is not None
        return self.layout.width > WIDTH + 0.5

    @property
    def height(self) -> float:
        assert self.layout is not None
        return self.layout.height + self.top

    def head(self, scope: Scope) -> float:
        """How high the head of an open scope begins; that of an inner one stands lower."""
        deep = len(self.graph.tree.path(scope))
        strip = STRIP if self.panned else 0.0
        return strip + NEXT * (deep - 1)

    @property
    def offers(self) -> bool:
        """Whether it has a way back to the picture with everything open."""
        several = len(self.folded) > 1 and frozenset() in self.doors
        return several and self.graph.tree.count(frozenset()) <= BOXES

    def _standing(self) -> list[Unit]:
        """The units with a place of their own; parameters that hang have none."""
        hung = {n for u in self.units for n in u.hanging}
        return [u for u in self.units if u.node not in hung or u.scope is not None]

    def _blocks(self, kept: list[Unit]) -> list[Block]:
        order = {u.number: i for i, u in enumerate(kept)}
        blocks = []
        last = 0
        for unit in kept:
            # Where a scope begins with a parameter that hangs, its first block is the wall.
            wall = any(u.wall for u in self.units[last : unit.number + 1])
            last = unit.number + 1
            b = self.block(unit)
            blocks.append(replace(b, inputs=tuple(order[j] for j in b.inputs), wall=wall))
        return blocks

    def _hang(self) -> None:
        """A parameter of a module, used once, stands under its operation."""
        if not self.graph.scopes:
            return
        for unit in self.units:
            if unit.scope is not None:
                continue
            for m, _ in unit.sources:
                path = self.graph.trace.names.get(m, "")
                if m.op is None and len(self.uses[m]) == 1 and ("." in path or path in ("W", "b")):
                    if self.shown(m):
                        unit.hanging.append(m)

    def _place(self) -> Layout:
        self.kept = self._standing()
        heads = max((len(u.around) for u in self.units), default=0)
        self.top = HEAD + NEXT * (heads - 1) if heads else HEAD if self.offers else 0.0
        self.far = frozenset()
        blocks = self._blocks(self.kept)
        reach = None
        if width_of(blocks, WIDTH) > WIDTH + 0.5:
            self.top += STRIP
            column = {u.number: c for u, c in zip(self.kept, columns_of(blocks), strict=True)}
            self.far = frozenset(
                use for u in self.kept for use in self.leaving(u)
                if column.get(self.unit_of[use.user].number, 0) - column[u.number] > NEAR
            )  # fmt: skip
            blocks, reach = self._blocks(self.kept), NEAR
        self.layout = place(blocks, WIDTH, HEIGHT - self.top, reach)
        for i, unit in enumerate(self.kept):
            unit.x, unit.y = self.layout.x(i), self.layout.y[i] + self.top
            if unit.scope is not None:
                continue
            y = unit.y + self.tile(unit.node)[1] / 2 + self.below(unit.node)
            for m in unit.hanging:
                hung = self.unit_of[m]
                h = self.tile(m)[1]
                hung.x, hung.y = unit.x, y + 30 + h / 2
                y += 30 + h + self.below(m)
        return self.layout
