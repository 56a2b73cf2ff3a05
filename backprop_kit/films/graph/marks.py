"""The picture of a graph: every mark of one state of folding."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_kit.films.graph.cards import bands, card
from backprop_kit.films.graph.edges import edges
from backprop_kit.films.graph.levels import open_all
from backprop_kit.films.graph.tags import Mark
from backprop_kit.films.graph.threads import threads
from backprop_kit.films.graph.units import WIDTH, Picture
from backprop_kit.films.graph.values import value
from backprop_kit.films.graph.walk import walk


def marks(picture: Picture) -> tuple[Mark, ...]:
    """All marks of one state of folding."""
    out: list[Mark] = []
    out += bands(picture)
    out += open_all(picture)
    if picture.panned:
        out += _strip(picture)
    for unit in picture.units:
        out += card(picture, unit) if unit.scope is not None else value(picture, unit)
    out += edges(picture, list(out))
    out += threads(picture, out)
    stops = walk(picture)
    for m in out:
        if m["t"] != "path" and m.get("tag") in stops:
            m["walk"] = stops.pop(m["tag"])
    return tuple(out)


def column_tag(c: int) -> str:
    return f"col{c}"


def _strip(picture: Picture) -> Iterator[Mark]:
    """Every column of a wide graph, and how far it is."""
    graph, layout = picture.graph, picture.layout
    assert layout is not None
    count = len(layout.columns)
    wide = (WIDTH - 4) / count
    for c in range(count):
        inside = [u.node for i, u in enumerate(picture.kept) if layout.column[i] == c]
        v = graph.v(max(inside, key=lambda n: graph.arrays[graph.v(n)].known))
        slopes = [graph.g(n) for n in inside if graph.has(graph.g(n))]
        g = [[max(slopes, key=lambda a: graph.arrays[a].known), 0]] if slopes else []
        yield {"t": "box", "tag": column_tag(c), "x": round(2 + wide * (c + 0.5), 1), "y": 9,
               "w": round(max(3.0, wide - 3), 1), "h": 14, "v": [[v, 0], *g], "still": True,
               "face": "quiet still"}  # fmt: skip
