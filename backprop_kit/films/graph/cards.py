"""Scopes: a folded one is a card, an open one a band behind its columns."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_kit.films.graph.scene import Scope, as_rows, binned
from backprop_kit.films.graph.tags import Mark, tag
from backprop_kit.films.graph.units import (
    CARD,
    Picture,
    Unit,
)


def card(picture: Picture, unit: Unit) -> Iterator[Mark]:
    """A folded scope: two sheets behind it, its name, how much is in it, its result."""
    graph, n, scope = picture.graph, unit.node, unit.scope
    assert scope is not None
    w, h = CARD
    at = {"x": unit.x, "y": unit.y}
    name = tag(picture, "v", n)
    opens = f"scope:{scope.number}"
    for shift in (8, 4):
        yield {"t": "box", **at, "dx": shift, "dy": -shift, "w": w, "h": h, "face": "sheet"}
    yield {
        "t": "box",
        **at,
        "w": w,
        "h": h,
        "face": "sheet",
        "tag": f"card{scope.number}",
        "scene": opens,
    }
    yield {"t": "text", **at, "dy": -h / 2 + 15, "s": scope.name, "bold": True}
    count = len(scope.made)
    yield {
        "t": "text",
        **at,
        "dy": -h / 2 + 33,
        "s": f"{count} operations",
        "size": 12,
        "c": "muted",
    }
    if n.value.size == 1:
        yield {
            "t": "box",
            "tag": name,
            **at,
            "dy": 9,
            "w": w - 10,
            "h": 22,
            "label": graph.names[n],
            "v": [[graph.v(n), 0]],
            "root": True,
            "face": "forward",
        }
    else:
        rows, cols = binned(as_rows(n.value)).shape
        yield {"t": "text", **at, "dx": -w / 2 + 16, "dy": 9, "s": f"${graph.names[n]}$"}
        yield {"t": "cells", "tag": name, **at, "dx": 10, "dy": 9, "w": 46, "h": 22, "rows": rows,
               "cols": cols, "v": [[graph.v(n), 0]], "face": "forward"}  # fmt: skip
    yield {"t": "box", **at, "dy": h / 2 - 13, "w": 62, "h": 19, "label": "+ open", "size": 12,
           "face": "sheet", "tag": f"card{scope.number}", "scene": opens}  # fmt: skip
    if n in picture.steep:
        slot = {
            "tag": tag(picture, "g", n),
            **at,
            "dy": h / 2 + 15,
            "w": w,
            "h": 23,
            "v": [[graph.g(n), 0]] if graph.has(graph.g(n)) else [],
            "face": "backward",
        }
        if n.value.size == 1:
            yield {"t": "box", **slot, "label": f"∂{graph.names[n]}", "root": True}
        else:
            rows, cols = binned(as_rows(n.value)).shape
            yield {"t": "cells", **slot, "dx": 12, "w": 46, "rows": rows, "cols": cols}
            yield {
                "t": "text",
                **at,
                "dx": -w / 2 + 16,
                "dy": h / 2 + 15,
                "s": f"$∂{graph.names[n]}$",
            }


def bands(picture: Picture) -> Iterator[Mark]:
    """The ground behind each open scope, its head and the button that folds it."""
    assert picture.layout is not None
    y0 = picture.top - 34
    for scope in picture.graph.scopes:
        if scope in picture.folded:
            continue
        columns = sorted({picture.layout.column[picture.kept.index(u)] for u in picture.kept
                          if u.node in scope.inside})  # fmt: skip
        (x1, left, _), (x2, _, right) = (
            picture.layout.columns[c] for c in (columns[0], columns[-1])
        )
        a, b, high = -left - 2, right + 2, picture.height
        yield {"t": "shade", "points": [[x1, y0, a], [x2, y0, b], [x2, high, b], [x1, high, a]]}
        yield {
            "t": "box",
            "tag": f"fold{scope.number}",
            "x": x1,
            "dx": a + 16,
            "y": y0 + 16,
            "w": 17,
            "h": 17,
            "label": "−",
            "face": "sheet",
            "scene": "folded",
        }
        yield {"t": "text", "x": x1, "dx": a + 30, "y": y0 + 16, "s": scope.name, "bold": True,
               "anchor": "start"}  # fmt: skip
        if x2 - x1 > 110:
            yield {
                "t": "text",
                "x": x2,
                "dx": b - 10,
                "y": y0 + 16,
                "s": f"{len(scope.made)} operations",
                "size": 12,
                "c": "muted",
                "anchor": "end",
                "room": 600,
            }


def scope_tags(scope: Scope) -> tuple[str, ...]:
    return (f"card{scope.number}",)
