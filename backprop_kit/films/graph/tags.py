"""The tags by which the frames of a graph light up its marks, and what several marks share."""

from __future__ import annotations

from typing import Any

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.arrays import as_rows, binned
from backprop_kit.films.graph.units import Picture, Unit

Mark = dict[str, Any]
Point = tuple[float, float, float]  # anchor, offset, height


def tag(picture: Picture, letter: str, n: Node, j: int | None = None) -> str:
    """The tag of what belongs to a value: v the value, g its slope, e and p its parts, f its ⊕,
    o its operation."""
    place = picture.graph.place[n]
    return f"{letter}{place}" if j is None else f"{letter}{place}.{j}"


def grid(n: Node) -> Mark:
    """How many cells an array is drawn with."""
    rows, cols = binned(as_rows(n.value)).shape
    return {"rows": rows, "cols": cols}


def center(picture: Picture, unit: Unit) -> tuple[float, float]:
    """How far the value of a unit stands from the middle of its column, and its height."""
    for host in picture.units:
        if unit.node in host.hanging:
            return picture.hang_x(host, unit.node), unit.y
    return 0.0, unit.y


def beside(picture: Picture, unit: Unit, dx: float) -> Mark:
    """Where the name of a value stands: over its middle, or, of a parameter that hangs under its
    operation, from its left edge on, so that the line up to the operation stays free."""
    if not any(unit.node in host.hanging for host in picture.units):
        return {"dx": dx}
    return {"dx": dx - picture.tile(unit.node)[0] / 2, "anchor": "start"}


def until_lit(picture: Picture, n: Node) -> Mark:
    first = picture.graph.first_wrong
    if first is None or first.where is not n:
        return {}
    return {"frames": [0, picture.graph.at(first.at) - 1]}


def right(picture: Picture, n: Node) -> bool:
    own = picture.graph.own
    return own is not None and n in own.held and n not in own.wrong
