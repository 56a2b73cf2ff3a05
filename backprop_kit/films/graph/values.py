"""The values of a graph: circles, tiles of an array, and the disc of the operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.scene import as_rows
from backprop_kit.films.graph.slopes import slope
from backprop_kit.films.graph.symbols import disc, recipe
from backprop_kit.films.graph.tags import Mark, beside, center, grid, tag
from backprop_kit.films.graph.units import Picture, R, Unit


def value(picture: Picture, unit: Unit) -> Iterator[Mark]:
    graph, n = picture.graph, unit.node
    dx, y = center(picture, unit)
    at = {"x": unit.x, "y": y}
    name, symbol = tag(picture, "v", n), graph.names[n]
    v = [[graph.v(n), 0]]
    if picture.big:
        if n is graph.trace.loss:
            yield {
                "t": "box",
                "tag": name,
                **at,
                "w": 2 * R,
                "h": 2 * R,
                "label": symbol,
                "stack": True,
                "v": v,
                "root": True,
                "face": "forward",
            }
        else:
            yield {"t": "circle", "tag": name, **at, "r": R, "label": symbol, "v": v, "root": True,
                   "face": "forward"}  # fmt: skip
        if n.op is not None:
            yield {
                "t": "text",
                **at,
                "dy": -R - 14,
                "s": f"${recipe(n, graph.names)}$",
                "c": "muted",
            }
    else:
        h = picture.tile(n)[1]
        yield from block(picture, name, n, graph.v(n), {**at, "dx": dx}, "forward")
        shape = "" if n.value.size == 1 else " " + "×".join(map(str, as_rows(n.value).shape))
        yield {"t": "text", **at, **beside(picture, unit, dx), "dy": -h / 2 - 11,
               "s": f"${symbol}${shape}", "size": 13}  # fmt: skip
    yield from disc_mark(picture, unit)
    yield from slope(picture, unit, dx, y)


def block(
    picture: Picture, name: str, n: Node, array: str, at: Mark, rim: str, **extra: Any
) -> Iterator[Mark]:
    """A number or a tile of the small anatomy."""
    w, h = picture.tile(n)
    common = {"tag": name, **at, "w": w, "h": h, "v": [[array, 0]], "face": rim, **extra}
    if n.value.size == 1:
        yield {"t": "box", **common, "size": 12, "root": True}
    else:
        yield {"t": "cells", **common, **grid(n)}


def disc_mark(picture: Picture, unit: Unit) -> Iterator[Mark]:
    n = unit.node
    if n.op is None:
        return
    text, half = disc(n), picture.word(unit)
    at = {
        "tag": tag(picture, "o", n),
        "x": unit.x,
        "dx": -picture.rim(unit),
        "y": unit.y,
        "face": "disc",
    }
    r = 12 if picture.big else 9
    if half == r:
        yield {"t": "circle", **at, "r": r, "label": text.strip("$")}
    else:
        yield {"t": "box", **at, "w": 2 * half, "h": 20, "label": text.strip("$"), "size": 12}
