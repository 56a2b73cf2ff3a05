"""Parts that meet at a value, as bars that add up: of an array, those of one of its numbers."""

from __future__ import annotations

import numpy as np

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.scene import Graph, Use, as_rows
from backprop_kit.films.graph.symbols import steepness
from backprop_kit.films.graph.units import Picture
from backprop_kit.films.rows import Row

COUNTS = {2: "Two", 3: "Three", 4: "Four"}
MOST_BARS = 4  # more parts than that: the first of them are one bar


def sum_so_far(graph: Graph, picture: Picture, n: Node) -> list[Row]:
    """A waterfall of the parts of a slope; the bars of those to come are dashed.

    Of an array it shows the number that ends largest, or the one that is pressed in the picture.
    """
    uses = picture.parts(n)
    array = n.value.size > 1
    said = f"{COUNTS.get(len(uses), len(uses))} parts reach ${graph.names[n]}$ and add up"
    items: list[Row] = [
        {"s": f"${sender(picture, u)}$" if u.scope is None else sender(picture, u),
         "v": [[u.array, 0]] if u.array else []}
        for u in uses
    ]  # fmt: skip
    if len(items) > MOST_BARS:
        early, late = items[: 1 - MOST_BARS], items[1 - MOST_BARS :]
        items = [{"s": f"first {len(early)}", "v": [a for i in early for a in i["v"]]}, *late]
    whole = [[graph.g(n), 0]] if graph.has(graph.g(n)) else []
    items.append({"s": f"${steepness(n, graph)}$", "v": whole, "whole": True})
    fall: Row = {"t": "fall", "s": said, "items": items, "pre": "through "}
    if array:
        fall |= {"node": graph.place[n], "at": _largest(graph, uses, n), **_where(graph, n)}
    return [{"t": "line"}, fall]


def sender(picture: Picture, use: Use) -> str:
    """Where a part comes from, as a symbol or the name of a scope."""
    return use.scope.name if use.scope is not None else picture.graph.names[use.user]


def _largest(graph: Graph, uses: list[Use], n: Node) -> int:
    parts = [graph.values(u.array) for u in uses if u.array]
    return int(np.abs(sum(parts[1:], parts[0])).argmax()) if parts else 0


def _where(graph: Graph, n: Node) -> Row:
    """How one number of an array is called: its row and column, or its place alone."""
    shown, full = graph.values(graph.v(n)).shape, as_rows(n.value).shape
    if shown != full:
        return {"cols": shown[1], "where": ": here a mean of several numbers."}
    if full[0] == 1:
        return {"cols": full[1], "where": f": here number {{c}} of {full[1]}. Press another."}
    return {"cols": full[1], "where": ": here row {r}, column {c}. Press another."}
