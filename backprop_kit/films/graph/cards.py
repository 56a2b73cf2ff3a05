"""Scopes: a folded one is a card, an open one a band behind its columns."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_kit.films.graph.levels import folds, opens
from backprop_kit.films.graph.scene import Scope
from backprop_kit.films.graph.tags import Mark, grid, tag
from backprop_kit.films.graph.units import Picture, Unit


def card(picture: Picture, unit: Unit) -> Iterator[Mark]:
    """A folded scope: two sheets behind it, its name, how much is in it, its result."""
    graph, n, scope = picture.graph, unit.node, unit.scope
    assert scope is not None
    w, h = picture.card
    at = {"x": unit.x, "y": unit.y}
    sheet = {"t": "box", "face": "sheet", **at}
    door = {"tag": f"card{scope.number}", **opens(picture, scope)}
    for shift in (8, 4):
        yield {**sheet, "dx": shift, "dy": -shift, "w": w, "h": h}
    yield {**sheet, "w": w, "h": h, **door}
    yield {"t": "text", **at, "dy": -h / 2 + 15, "s": scope.name, "bold": True}
    yield {"t": "text", **at, "dy": -h / 2 + 33, "s": _count(scope), "size": 12, "c": "muted"}
    yield from _result(picture, unit, {**at, "dy": 9})
    yield {**sheet, "dy": h / 2 - 13, "w": 62, "h": 19, "label": "+ open", "size": 12, **door}
    if n not in picture.steep:
        return
    slot = {"tag": tag(picture, "g", n), **at, "dy": h / 2 + 15, "h": 23, "face": "backward",
            "v": [[graph.g(n), 0]] if graph.has(graph.g(n)) else []}  # fmt: skip
    label = f"∂{graph.names[n]}"
    if n.value.size == 1:
        yield {"t": "box", **slot, "w": w, "label": label, "root": True}
    else:
        yield {"t": "cells", **slot, "dx": 12, "w": 46, **grid(n)}
        yield {"t": "text", **at, "dx": -w / 2 + 16, "dy": h / 2 + 15, "s": f"${label}$"}


def _count(scope: Scope) -> str:
    count = len(scope.made)
    return f"{count:,} operation{'s' if count > 1 else ''}"


def _result(picture: Picture, unit: Unit, at: Mark) -> Iterator[Mark]:
    """What a folded scope computes, on its card."""
    graph, n = picture.graph, unit.node
    w = picture.card[0]
    common = {"tag": tag(picture, "v", n), **at, "h": 22, "v": [[graph.v(n), 0]],
              "face": "forward"}  # fmt: skip
    if n.value.size == 1:
        yield {"t": "box", **common, "w": w - 10, "label": graph.names[n], "root": True}
    else:
        yield {"t": "text", **at, "dx": -w / 2 + 16, "s": f"${graph.names[n]}$"}
        yield {"t": "cells", **common, "dx": 10, "w": 46, **grid(n), "z": 2.5}


def bands(picture: Picture) -> Iterator[Mark]:
    """The ground behind each open scope, its head and the button that folds it.

    The head stands over the first column that no smaller scope beside it covers.
    """
    layout = picture.layout
    assert layout is not None
    reach = {scope: sorted({layout.column[i] for i, u in enumerate(picture.kept)
                            if scope in u.around}) for scope in picture.open}  # fmt: skip
    for scope in sorted(picture.open, key=lambda s: (-len(reach[s]), s.number)):
        columns, y0 = reach[scope], picture.head(scope)
        beside = [c for s, c in reach.items() if s is not scope and picture.head(s) == y0]
        taken = {c for other in beside if len(other) < len(columns) for c in other}
        first = next((c for c in columns if c not in taken), columns[0])
        (x1, left, _), (x2, _, right) = (layout.columns[c] for c in (columns[0], columns[-1]))
        a = -left - 2 * (columns[0] > 0)
        b = right + 2 * (columns[-1] < len(layout.columns) - 1)
        high = picture.height
        shared = any(set(columns) & set(other) for other in beside)
        yield {"t": "shade", "points": [[x1, y0, a], [x2, y0, b], [x2, high, b], [x1, high, a]],
               **({"face": "band"} if shared else {})}  # fmt: skip
        x, left, _ = layout.columns[first]
        head: Mark = {"x": x, "y": y0 + 16}
        # In a picture that moves the head of a level that is open alone stays where it is.
        stays = picture.panned and picture.graph.tree.groups and not beside
        if stays:
            x, left, head = 0, 0, {"x": 0, "y": y0 + 16, "still": True}
        yield {"t": "box", "tag": f"fold{scope.number}", **head, "dx": -left + 14, "w": 17, "h": 17,
               "label": "−", "face": "sheet", **folds(picture, scope),
               "mid": [round((x1 + x2) / 2, 1), round((a + b) / 2, 1)]}  # fmt: skip
        yield {"t": "text", **head, "dx": -left + 28, "s": scope.name, "bold": True,
               "anchor": "start"}  # fmt: skip
        count = {"s": _count(scope), "size": 12, "c": "muted"}
        if stays:
            yield {"t": "text", **head, "dx": 150, **count, "anchor": "start"}
        elif x2 - x > 110:
            yield {"t": "text", "x": x2, "dx": b - 10, "y": y0 + 16, **count, "anchor": "end",
                   "room": 600}  # fmt: skip
