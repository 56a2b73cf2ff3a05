"""Where the parts of the picture stand, in px of a scene 884 wide; what stretches says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from backprop_kit.films.film import Array
from backprop_kit.films.rows import Row

WIDE, HIGH = 884, 440
TOP = 20  # of net and picture, under their heads
SIDE = 266  # of the picture at the right, at every width
BOTTOM = TOP + SIDE
HEAD = 8  # the line of heads
FOOT = 276  # the line under the net
LEAD = 34  # left of the inputs' middle


class Part(NamedTuple):
    """Some of a picture: marks, the arrays they read, and what they say by key."""

    marks: tuple[Row, ...] = ()
    arrays: tuple[Array, ...] = ()
    texts: dict[str, str] = {}


def joined(parts: Iterable[Part]) -> Part:
    parts = list(parts)
    texts: dict[str, str] = {}
    for p in parts:
        texts |= p.texts
    return Part(
        tuple(m for p in parts for m in p.marks), tuple(a for p in parts for a in p.arrays), texts
    )


def ref(name: str, at: int = 0) -> list[list[Any]]:
    return [[name, at]]


def text(x: float, y: float, **more: Any) -> Row:
    return {"t": "text", "x": x, "y": y, "anchor": "start", **more}


def places(tag: str, x0: float, x1: float, **more: Any) -> Row:
    """An invisible plane whose heights are px of the scene, for what moves."""
    return {"t": "plane", "tag": tag, "x0": x0, "x1": x1, "y0": 0, "y1": HIGH, "xr": [0, 1],
            "yr": [HIGH, 0], **more}  # fmt: skip


def right_plane(tag: str, x: tuple[float, float], y: tuple[float, float], **more: Any) -> Row:
    """The picture at the right end, as wide at every width of the scene."""
    wide = more.pop("wide", SIDE)
    return {"t": "plane", "tag": tag, "x0": WIDE, "x1": WIDE, "dx0": -wide, "y0": TOP,
            "y1": BOTTOM, "xr": list(x), "yr": list(y), "border": True, **more}  # fmt: skip
