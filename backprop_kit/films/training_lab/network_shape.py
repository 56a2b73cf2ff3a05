"""Where the parts of a net stand: tiles in columns, at every width of the scene."""

from __future__ import annotations

from typing import NamedTuple

from backprop_kit.films.training_lab.layout import LEAD, SIDE, TOP, WIDE

LAST = 260  # where the tiles end, above the foot line
LARGEST, PITCH = 27, 36


class Shape(NamedTuple):
    """All that the marks depend on; what else changes is in arrays."""

    shown: tuple[int, ...]
    totals: tuple[int, ...]
    names: tuple[str, ...]
    paths: tuple[str, ...]
    side: int
    outputs: int
    unit: tuple[int, int] | None
    told: bool


class Spot(NamedTuple):
    """A place in the net: share of the way to the picture, px from the top."""

    way: float
    y: float


def _pitch(shape: Shape) -> float:
    rows = max(s + (s < t) for s, t in zip(shape.shown, shape.totals, strict=True))
    return min(PITCH, (LAST - TOP) / rows)


def size_of(shape: Shape) -> float:
    return min(LARGEST, _pitch(shape) - 4)


def spot_of(shape: Shape, column: int, i: int) -> Spot:
    """The middle of a tile; one column further is the picture's edge."""
    if column == len(shape.shown):
        return Spot(1.0, TOP + SIDE / 2)
    rows = shape.shown[column] + (shape.shown[column] < shape.totals[column])
    y = (TOP + LAST) / 2 + (i - (rows - 1) / 2) * _pitch(shape)
    return Spot(column / len(shape.shown), y)


def lead_of(shape: Shape) -> float:
    longest = max(map(len, shape.names))
    return LEAD if longest < 3 else LEAD + 8 * (longest - 2)


def across(shape: Shape, way: float, by: float = 0) -> dict[str, float]:
    """A share of the way from the inputs to the picture, at every width of the scene."""
    lead = lead_of(shape)
    return {"x": WIDE * way, "dx": lead - (SIDE + lead) * way + by}


def offset_of(shape: Shape, crossing: int) -> int:
    """Where in the array the weights between two columns begin."""
    ends = [*shape.shown[1:], 1]
    return sum(a * b for a, b in zip(shape.shown[:crossing], ends[:crossing], strict=True))


def crossings(shape: Shape) -> int:
    return len(shape.shown) - (shape.outputs > 1)
