"""What the frames of a graph are told with: its names, the tags of its marks, the way it pans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from backprop_kit.engine.tensor import Node
from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Frame
from backprop_kit.films.graph.marks import column_tag
from backprop_kit.films.graph.symbols import flat, recipe
from backprop_kit.films.graph.tags import Mark, tag
from backprop_kit.films.graph.units import Picture
from backprop_kit.study.naming import plain

say = speaker("graph")


class Story:
    """One picture and its marks, ready to be told frame by frame."""

    def __init__(self, picture: Picture, marks: Sequence[Mark]) -> None:
        self.picture, self.graph = picture, picture.graph
        self.tags = frozenset(m["tag"] for m in marks if "tag" in m)
        self.loss = self.name(self.graph.trace.loss)

    def name(self, n: Node) -> str:
        return plain(self.graph.names[n])

    def tag(self, letter: str, n: Node, j: int | None = None) -> str:
        return tag(self.picture, letter, n, j)

    def there(self, tags: Iterable[str]) -> tuple[str, ...]:
        """Those of the tags that a mark in the picture wears."""
        return tuple(t for t in tags if t in self.tags)

    def phase(self, n: Node) -> str:
        scope = self.graph.scope_of.get(n)
        return "loss" if scope is not None and scope.loss else "forward"

    def recipe(self, n: Node) -> str:
        return flat(recipe(n, self.graph.names))

    def value(self, n: Node) -> float:
        return float(n.value.reshape(-1)[0].real)

    def edges_in(self, n: Node) -> tuple[str, ...]:
        """The edges into a value or a card."""
        unit = self.picture.unit_of[n]
        found = []
        for m, slot in unit.sources:
            for j, use in enumerate(self.picture.uses[m]):
                if self.picture.unit_of[use.user] is unit and (
                    unit.scope is not None or use.slot == slot
                ):
                    found.append(self.tag("e", m, j))
        return tuple(found)

    def column(self, n: Node) -> int:
        picture = self.picture
        assert picture.layout is not None
        unit = picture.unit_of[n]
        host = next((u for u in picture.units if unit.node in u.hanging), unit)
        return picture.layout.column[picture.kept.index(host)]

    def pan(self, frame: Frame, n: Node) -> Frame:
        """Bring the column of a value into the middle, in whole columns."""
        layout, c = self.picture.layout, self.column(n)
        assert layout is not None
        if not self.picture.panned:
            return replace(frame, pan=layout.columns[c][0])
        near = range(max(0, c - 2), min(len(layout.columns), c + 3))
        bright = (*frame.on, *map(column_tag, near)) if frame.on or frame.to or frame.source else ()
        return replace(frame, on=bright, pan=layout.columns[c][0])
