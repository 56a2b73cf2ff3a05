"""What stands in the picture while some scopes are folded: values, cards, and the edges between.

`Picture.of(graph, folded)` measures every unit, lays it out, and knows which uses can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.layout import Block, Layout, columns_of, place
from backprop_kit.films.graph.scene import Graph, Scope, Use, as_rows
from backprop_kit.films.graph.symbols import disc, inputs
from backprop_kit.films.numbers import number

WIDTH, HEIGHT = 656, 350
HEAD, STRIP = 34.0, 28.0  # room for the heads of open scopes, for the strip of columns
R, SLOT, ROW = 30.0, (84.0, 23.0), (104.0, 23.0)
SMALL, SMALL_ROW = (48.0, 24.0), (88.0, 20.0)
CARD = (84.0, 96.0)
PILL, SMALL_PILL = 22.0, 20.0  # heights; the widths follow the numbers
MOST_ROWS = 4  # parts of a sum that are shown one by one
BIG_COLUMNS, COLUMNS = 4, 8


@dataclass(eq=False)
class Unit:
    """A value, or a folded scope (then `node` is its result); `hanging` are parameters below it."""

    number: int
    node: Node
    scope: Scope | None = None
    hanging: list[Node] = field(default_factory=list)
    sources: list[tuple[Node, int]] = field(default_factory=list)  # what comes in, and its slot
    x: float = 0
    y: float = 0


@dataclass(eq=False)
class Picture:
    """One state of folding, laid out.

    big  circles with recipes (else small boxes and tiles); `units` in order of creation
    """

    graph: Graph
    folded: frozenset[Scope]
    name: str = ""
    big: bool = False
    units: list[Unit] = field(default_factory=list)
    unit_of: dict[Node, Unit] = field(default_factory=dict)
    uses: dict[Node, list[Use]] = field(default_factory=dict)
    layout: Layout | None = None
    top: float = 0

    @classmethod
    def of(cls, graph: Graph, folded: frozenset[Scope] = frozenset(), name: str = "") -> Picture:
        picture = cls(graph, folded, name)
        picture._gather()
        scalars = all(u.node.value.size == 1 for u in picture.units)
        wide = picture.columns
        if scalars and wide <= BIG_COLUMNS and not graph.scopes:
            picture.big = True
            found = picture._place()
            if found.width <= WIDTH + 0.5 and found.height <= HEIGHT + 0.5:
                return picture
            picture.big = False
        picture._hang()
        picture._place()
        return picture

    # --- what can be seen -------------------------------------------------------------------------
    def card_of(self, n: Node) -> Scope | None:
        """The folded scope a value is hidden in."""
        scope = self.graph.scope_of.get(n)
        return scope if scope in self.folded else None

    def shown(self, n: Node) -> bool:
        """Whether a value, or the card whose result it is, stands in the picture."""
        card = self.card_of(n)
        return card is None or card.made[-1] is n

    @property
    def columns(self) -> int:
        return max(columns_of(self._blocks())) + 1

    @property
    def count(self) -> int:
        """How many boxes stand in the picture."""
        return len(self.units)

    @property
    def panned(self) -> bool:
        assert self.layout is not None
        return self.layout.width > WIDTH + 0.5

    @property
    def height(self) -> float:
        assert self.layout is not None
        return self.layout.height + self.top

    @property
    def steep(self) -> frozenset[Node]:
        """The values that a slope comes back to."""
        return frozenset(self.graph.trace.grads)

    def _gather(self) -> None:
        graph = self.graph
        last = {s: max(n.index for n in s.made) for s in self.folded}
        found: list[tuple[int, Node, Scope | None]] = [
            (last[s], s.made[-1], s) for s in self.folded
        ]
        found += [(n.index, n, None) for n in graph.nodes if self.card_of(n) is None]
        found.sort(key=lambda f: f[0])
        for count, (_, n, scope) in enumerate(found):
            unit = Unit(count, n, scope)
            self.units.append(unit)
            self.unit_of[n] = unit
            for m in scope.inside if scope is not None else ():
                self.unit_of[m] = unit
        for unit in self.units:
            unit.sources = self._sources(unit)
        for n in graph.nodes:
            self.uses[n] = self._uses(n)

    def _sources(self, unit: Unit) -> list[tuple[Node, int]]:
        if unit.scope is None:
            return [(m, slot) for slot, m in inputs(unit.node)]
        outside = [m for n in unit.scope.made for _, m in inputs(n) if m not in unit.scope.inside]
        return [(m, slot) for slot, m in enumerate(dict.fromkeys(outside))]

    def _uses(self, n: Node) -> list[Use]:
        """The uses of a value that can be seen, in the order in which their parts come."""
        graph = self.graph
        visits = {(graph.visits[i].node, graph.visits[i].slot): (j, i)
                  for j, i in enumerate(graph.arrivals.get(n, ()))}  # fmt: skip
        found: list[Use] = []
        seen: set[Scope] = set()
        for user, slot in graph.users[n]:
            card = self.card_of(user)
            if card is not None:
                if n in card.inside or card in seen:
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
        return sorted(found, key=lambda u: (u.k is None, u.k or 0))

    def parts(self, n: Node) -> list[Use]:
        """The uses that send a part back, in order of arrival."""
        return [u for u in self.uses[n] if u.k is not None]

    # --- how large it is --------------------------------------------------------------------------
    def tile(self, n: Node) -> tuple[float, float]:
        """Width and height of a value: a number, or a block with its proportions."""
        if n.value.size == 1:
            return SMALL
        rows, cols = as_rows(n.value).shape
        cw, ch = min(16.0, 48 / cols), min(24.0, 72 / rows)
        cw, ch = (min(cw, ch) if rows > 3 else cw), (min(ch, 1.5 * cw) if cols > 3 else ch)
        return max(10.0, round(cw * cols, 1)), max(10.0, round(ch * rows, 1))

    def word(self, unit: Unit) -> float:
        """Half the width of the disc of an operation; 0 for a leaf or a card."""
        if unit.scope is not None or unit.node.op is None:
            return 0.0
        text = disc(unit.node)
        r = 12.0 if self.big else 9.0
        plain = text.strip("$").replace("{", "").replace("}", "").replace("^", "")
        return r if len(plain) <= 2 else (7.2 * len(plain) + 12) / 2

    def rim(self, unit: Unit) -> float:
        """How far left of the middle the disc of a unit stands."""
        if self.big:
            return R + max(8.0, self.word(unit) - 4)
        return self.tile(unit.node)[0] / 2 + max(6.0, self.word(unit) - 4)

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

    def lit(self, n: Node) -> bool:
        first = self.graph.own.first if self.graph.own is not None else None
        return first is not None and first.where is n

    def below(self, n: Node) -> float:
        """The height of what stands under a value: its slot, its sum, or the word data."""
        extra = 30.0 if self.lit(n) else 0.0
        if n not in self.steep:
            return 20.0
        if not self.sums(n):
            tile = SLOT[1] + 4 if self.big else self.tile(n)[1] + 26
            return tile + extra
        count = min(len(self.parts(n)), MOST_ROWS)
        if n.value.size == 1:
            row = ROW[1] + 2 if self.big else SMALL_ROW[1] + 2
            return 8 + count * row + 8 + row + extra
        return 8 + (count + 1) * (self.tile(n)[1] + 4) + 28

    def _block(self, unit: Unit) -> Block:
        n, big = unit.node, self.big
        fan = len(self.uses[n]) > 1
        before = tuple(self.unit_of[m].number for m, _ in unit.sources if m not in unit.hanging)
        leaf = n.op is None and unit.scope is None
        if unit.scope is not None:
            w, h = CARD
            back = 27 if n in self.steep else 0
            return Block(
                w / 2 + 3, w / 2 + 10 + 30 * fan, h / 2 + 8, h / 2 + back, before, False, 30
            )
        w, h = (2 * R, 2 * R) if big else self.tile(n)
        slot = SLOT[0] if big else w
        if self.sums(n) and n.value.size == 1:
            slot = ROW[0] if big else SMALL_ROW[0]
        if self.sums(n) and n.value.size > 1:
            slot = w + 44
        if self.lit(n):
            slot = max(slot, 118.0)
        up = h / 2 + ((24 if n.op is not None else 2) if big else 22)
        left = max(slot / 2, self.rim(unit) + self.word(unit)) + 1
        right = max(slot, w) / 2 + 1 + (32 if big else 24) * fan
        if not big and n.value.size > 1:
            head = 7 * (len(self.graph.names[n]) + 5)
            left, right = max(left, head / 2), max(right, head / 2)
        down = h / 2 + self.below(n)
        for m in unit.hanging:
            pw, ph = self.tile(m)
            down += 30 + ph + self.below(m)
            right = max(right, self.hang_x(unit, m) + pw / 2 + 2)
        wish = max([24.0, *(self.pill(u) + 4 for u in self.uses[n])])
        return Block(left, right, up, down, before, leaf, wish)

    def hang_x(self, unit: Unit, m: Node) -> float:
        """How far from the middle of an operation the parameter under it stands."""
        return -self.rim(unit) + 10 + self.tile(m)[0] / 2

    def pill(self, use: Use) -> float:
        """The width of the slope on an edge; 0 where the edge has none."""
        array = self.graph.s(use.user, use.slot)
        if use.scope is not None or not self.graph.has(array):
            return 0.0
        return 30 + 7.3 * len(number(self.graph.number(array)))

    def _blocks(self) -> list[Block]:
        """The blocks of all units; parameters that hang are no blocks of their own."""
        kept = [u for u in self.units if not self._hangs(u.node)]
        blocks = [self._block(u) for u in kept]
        order = {u.number: i for i, u in enumerate(kept)}
        return [
            Block(
                b.left, b.right, b.up, b.down, tuple(order[j] for j in b.inputs), b.leaf, b.gutter
            )
            for b in blocks
        ]

    def _hangs(self, n: Node) -> bool:
        return any(n in u.hanging for u in self.units)

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
                    unit.hanging.append(m)

    def _place(self) -> Layout:
        kept = [u for u in self.units if not self._hangs(u.node)]
        heads = any(s not in self.folded for s in self.graph.scopes)
        self.top = HEAD if heads else 0.0
        blocks = self._blocks()
        self.layout = place(blocks, WIDTH, HEIGHT - self.top)
        if self.panned:
            self.top += STRIP
            self.layout = place(blocks, WIDTH, HEIGHT - self.top)
        for i, unit in enumerate(kept):
            unit.x, unit.y = self.layout.x(i), self.layout.y[i] + self.top
            y = unit.y + self.tile(unit.node)[1] / 2 + self.below(unit.node)
            for m in unit.hanging:
                hung = self.unit_of[m]
                h = self.tile(m)[1]
                hung.x, hung.y = unit.x, y + 30 + h / 2
                y += 30 + h + self.below(m)
        self.kept = kept
        return self.layout
