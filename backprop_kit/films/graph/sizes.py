"""How large everything in the picture of a graph is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.layout import Block
from backprop_kit.films.graph.scene import Use, as_rows
from backprop_kit.films.graph.seen import MOST_ROWS, Seen, Unit
from backprop_kit.films.graph.symbols import disc
from backprop_kit.films.numbers import number
from backprop_kit.study.naming import plain

R, SLOT, ROW = 30.0, (84.0, 23.0), (104.0, 23.0)
SMALL, SMALL_ROW = (48.0, 24.0), (88.0, 20.0)
CARD, GROUP = (84.0, 96.0), (112.0, 96.0)
PILL, SMALL_PILL = 22.0, 20.0  # heights; the widths follow the numbers
NEAR = 3  # a use more columns away is a named stub, where the picture is wide
STUB = 20.0  # the short end of an edge that a stub draws
ASKED = 200  # so many boxes are laid out when a reader opens them


def wide(text: str) -> float:
    """About how wide a text of 12 px is."""
    return sum(3.6 if c in ".·⁻⁰¹²³⁴⁵⁶⁷⁸⁹" else 6.9 for c in text)


@dataclass(eq=False)
class Sized(Seen):
    """The units with their sizes; `big` circles with recipes, else small boxes and tiles.

    far  the uses that are drawn as stubs
    """

    big: bool = False
    far: frozenset[Use] = field(default_factory=frozenset)

    def tile(self, n: Node) -> tuple[float, float]:
        """Width and height of a value: a number, or a block with its proportions."""
        if n.value.size == 1:
            widest = max((wide(text) for text in self._figures(n)), default=0.0)
            return max(SMALL[0], round(widest + 8, 1)), SMALL[1]
        rows, cols = as_rows(n.value).shape
        cw, ch = min(16.0, 48 / cols), min(24.0, 72 / rows)
        cw, ch = (min(cw, ch) if rows > 3 else cw), (min(ch, 1.5 * cw) if cols > 3 else ch)
        return max(10.0, round(cw * cols, 1)), max(10.0, round(ch * rows, 1))

    def row(self, n: Node) -> tuple[float, float]:
        """Width and height of a row in the sum below a number."""
        if self.big:
            return ROW
        rows = self.rows(n)
        labels = [f"∂{self.graph.names[n]}", *(
            u.scope.name if u.scope is not None else self.graph.names[u.user]
            for u in rows)]  # fmt: skip
        shown = [number(self.graph.number(u.array)) for u in rows if u.array]
        label = max(wide(re.sub(r"[_{}^$]", "", text)) for text in labels)
        widest = max((wide(text) for text in [*shown, *self._figures(n)]), default=0.0)
        return max(SMALL_ROW[0], round(label + widest + 26, 1)), SMALL_ROW[1]

    def _figures(self, n: Node) -> list[str]:
        """The numbers of a value and its slope, as they are written."""
        arrays = (self.graph.v(n), self.graph.g(n))
        return [number(self.graph.number(a)) for a in arrays if self.graph.has(a)]

    @cached_property
    def card(self) -> tuple[float, float]:
        """Width and height of a folded scope; in a large graph it must say more."""
        if not self.graph.tree.groups and len(self.graph.nodes) <= ASKED:
            return CARD
        w, h = GROUP
        for n in (u.node for u in self.units if u.scope is not None and u.node.value.size == 1):
            label = wide(re.sub(r"[_{}^$]", "", f"∂{self.graph.names[n]}"))
            widest = max((wide(text) for text in self._figures(n)), default=0.0)
            w = max(w, round(1.1 * (label + widest) + 22, 1))
        return w, h

    def word(self, unit: Unit) -> float:
        """Half the width of the disc of an operation; 0 for a leaf or a card."""
        if unit.scope is not None or unit.node.op is None:
            return 0.0
        text = disc(unit.node)
        r = 12.0 if self.big else 9.0
        bare = text.strip("$").replace("{", "").replace("}", "").replace("^", "")
        return r if len(bare) <= 2 else (7.2 * len(bare) + 12) / 2

    def rim(self, unit: Unit) -> float:
        """How far left of the middle the disc of a unit stands."""
        if self.big:
            return R + max(8.0, self.word(unit) - 4)
        return self.tile(unit.node)[0] / 2 + max(6.0, self.word(unit) - 4)

    def lit(self, n: Node) -> bool:
        first = self.graph.first_wrong
        return first is not None and first.where is n

    @cached_property
    def hasty(self) -> Node | None:
        """The value that handed on too early, where that is the first mistake of a rule."""
        first = self.graph.first_wrong
        early = first is not None and first.part and any(
            m.fits and m.name == "too early" for m in first.mistakes)  # fmt: skip
        return self.graph.visits[first.at].node if first is not None and early else None

    def below(self, n: Node) -> float:
        """The height of what stands under a value: its slot, its sum, or the word data."""
        extra = 30.0 if self.lit(n) else 18.0 if n is self.hasty else 0.0
        if n not in self.steep:
            return 20.0
        if not self.sums(n):
            tile = SLOT[1] + 4 if self.big else self.tile(n)[1] + 26
            return tile + extra
        count = min(len(self.parts(n)), MOST_ROWS)
        if n.value.size == 1:
            row = ROW[1] + 2 if self.big else SMALL_ROW[1] + 2
            return 8 + count * row + 8 + row + extra
        return 8 + (count + 1) * (self.tile(n)[1] + 4) + 28 + extra

    def hang_x(self, unit: Unit, m: Node) -> float:
        """How far from the middle of an operation the parameter under it stands."""
        return -self.rim(unit) + 10 + self.tile(m)[0] / 2

    def pill(self, use: Use) -> float:
        """The width of the slope on an edge; 0 where the edge has none."""
        array = self.graph.s(use.user, use.slot)
        if use.scope is not None or use in self.far or not self.graph.has(array):
            return 0.0
        return 30 + 7.3 * len(number(self.graph.number(array)))

    # --- stubs ------------------------------------------------------------------------------------
    def far_out(self, unit: Unit) -> list[Use]:
        """The uses of a unit that are too far away to draw an edge to."""
        return [u for u in self.leaving(unit) if u in self.far] if self.far else []

    def far_in(self, unit: Unit) -> list[Use]:
        """What a unit takes from too far away to draw an edge from."""
        targets = dict.fromkeys(m for m, _ in unit.sources) if self.far else ()
        return [u for m in targets for u in self.uses[m]
                if u in self.far and self.unit_of[u.user] is unit]  # fmt: skip

    def stub_name(self, uses: list[Use], *, out: bool) -> str:
        """What a stub says: the values by their names, or how many there are."""
        names = self.graph.names
        if out:
            targets = {u.target for u in uses}
            many = len(targets) > 1 or uses[0].count > 1
            count = sum(u.count for u in uses)
            return f"{count:,} uses" if many else f"${names[uses[0].target]}$"
        said: list[str] = []
        for u in uses:
            card = self.unit_of[u.target].scope
            name = card.name if card is not None and u.count > 1 else f"${names[u.target]}$"
            said += [name] if name not in said else []
        more = f", +{len(said) - 2}" if len(said) > 3 else ""
        return ", ".join(said[:2] if more else said) + more

    def stub_width(self, uses: list[Use], *, out: bool) -> float:
        """The room a stub takes beside its unit, 0 where there is none."""
        if not uses:
            return 0.0
        return STUB + 8 + 7 * len(plain(self.stub_name(uses, out=out)).replace("$", ""))

    # --- blocks -----------------------------------------------------------------------------------
    def block(self, unit: Unit) -> Block:
        n, big = unit.node, self.big
        leaving = self.leaving(unit)
        before = tuple(self.unit_of[m].number for m, _ in unit.sources if m not in unit.hanging)
        far_in = self.stub_width(self.far_in(unit), out=False)
        far_out = self.stub_width(self.far_out(unit), out=True)
        if unit.scope is not None:
            w, h = self.card
            back = 27 if n in self.steep else 0
            fan = len(leaving) > 1 if self.graph.tree.groups else len(self.uses[n]) > 1
            return Block(w / 2 + 3 + far_in, w / 2 + 10 + max(30 * fan, far_out), h / 2 + 8,
                         h / 2 + back, before, False, 30, unit.wall)  # fmt: skip
        fan = len(leaving) > 1
        w, h = (2 * R, 2 * R) if big else self.tile(n)
        slot = SLOT[0] if big else w
        if self.sums(n) and n.value.size == 1:
            slot = self.row(n)[0]
        if self.sums(n) and n.value.size > 1:
            slot = w + 44
        if self.lit(n):
            slot = max(slot, 114.0)
        up = h / 2 + ((24 if n.op is not None else 2) if big else 22)
        left = max(slot / 2, self.rim(unit) + self.word(unit) + far_in) + 1
        if self.lit(n):
            left = max(left, 69.0)  # the sign of the first wrong number
        right = max(slot, w) / 2 + 1 + (32 if big else 24) * fan
        right = max(right, w / 2 + 2 + (24 * fan + far_out) * bool(far_out))
        if not big and n.value.size > 1:
            head = 7 * (len(self.graph.names[n]) + 5)
            left, right = max(left, head / 2), max(right, head / 2)
        down = h / 2 + self.below(n)
        for m in unit.hanging:
            pw, ph = self.tile(m)
            down += 30 + ph + self.below(m)
            right = max(right, self.hang_x(unit, m) + pw / 2 + 2)
        wish = max([24.0, *(self.pill(u) + 4 for u in leaving)])
        leaf = n.op is None
        return Block(left, right, up, down, before, leaf, wish, unit.wall)
