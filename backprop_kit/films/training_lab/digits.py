"""Digits: what the first layer looks for, which are read wrong, and which for which."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backprop_kit.films.film import Array
from backprop_kit.films.packing import coarse
from backprop_kit.films.rows import Row
from backprop_kit.films.training_lab.layout import (
    HEAD,
    SIDE,
    TOP,
    WIDE,
    Part,
    ref,
    right_plane,
    text,
)
from backprop_kit.films.training_lab.words import count, percent
from backprop_kit.study.lab_view import LabView
from backprop_kit.study.lab_view.images import Images

DOWN = 3  # wrong digits in a column
PITCH = (56, 88)  # px from one to the next
WRONG = (42, TOP + 22)  # side of one, and the middle of the first row
LEFT = 152  # where they begin
LOOKS = (4, 30)  # units in a row, and px from one to the next
DEEP = 8  # rows of units


class Shape(NamedTuple):
    """All that the marks depend on."""

    classes: int
    wrong: int
    looks: int
    units: int


def digits(view: LabView) -> Part:
    """Three pictures side by side."""
    seen = view.picture
    assert isinstance(seen, Images)
    shape = Shape(len(seen.confusion), len(seen.pixels), len(seen.looks), seen.units)
    arrays = [Array("confusion", _tones(seen.confusion), scale=(-1, 1), peak=1.0)]
    if shape.wrong:
        high = float(seen.pixels.max(initial=0.0)) or 1.0
        arrays.append(Array("wrong", coarse(seen.pixels, (-high, high)), scale=(-high, high)))
    if shape.looks:
        high = float(np.abs(seen.looks).max(initial=0.0)) or 1.0
        arrays.append(Array("looks", coarse(seen.looks, (-high, high)), scale=(-high, high)))
    return Part(_marks(shape), tuple(arrays), _texts(view, seen))


def _tones(confusion: np.ndarray) -> np.ndarray:
    """Right ones blue by their share of the row, wrong ones orange by the root of it."""
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    tones = np.where(np.eye(len(share), dtype=bool), share, -np.sqrt(share))
    return coarse(tones, (-1, 1))


@lru_cache(maxsize=32)
def _marks(shape: Shape) -> tuple[Row, ...]:
    return (*_looks(shape), *_wrong(shape), *_confusion(shape))


def _looks(shape: Shape) -> list[Row]:
    """The weights that come to each unit, as a picture of its own."""
    if not shape.looks:
        return []
    across, pitch = LOOKS
    found: list[Row] = [text(0, HEAD, s="weights of hidden 1", size=12, c="muted")]
    for i in range(min(shape.looks, across * DEEP)):
        x, y = 15 + pitch * (i % across), TOP + 15 + 33 * (i // across)
        found.append({"t": "tile", "tag": f"unit:1:{i}", "x": 0, "dx": x, "y": y, "side": 26,
                      "rows": 8, "cols": 8, "v": ref("looks", 64 * i)})  # fmt: skip
    if shape.units > shape.looks:
        found.append(text(0, TOP + SIDE + 2, s=f"+ {shape.units - shape.looks} more", size=12,
                          c="muted"))  # fmt: skip
    return found


def _wrong(shape: Shape) -> list[Row]:
    """The first ones that are read wrong, between the other two pictures."""
    side, first = WRONG
    across, down = PITCH
    found: list[Row] = [{**text(0, HEAD, key="wrong", size=12, c="muted"), "dx": LEFT}]
    for i in range(shape.wrong):
        column, row = divmod(i, DOWN)
        x, y = LEFT + side / 2 + across * column, first + down * row
        # A column is shown where the scene has room for it.
        at = {"x": 0, "dx": x, "room": LEFT + across * (column + 1) + SIDE + 8}
        found += [
            {"t": "tile", **at, "y": y, "side": side, "rows": 8, "cols": 8, "tag": f"wrong:{i}",
             "v": ref("wrong", 64 * i)},
            {"t": "text", **at, "y": y + side / 2 + 10, "key": f"wrong {i}", "size": 12},
            {"t": "text", **at, "y": y + side / 2 + 25, "key": f"place {i}", "size": 12,
             "c": "muted"},
        ]  # fmt: skip
    return found


def _confusion(shape: Shape) -> list[Row]:
    n = shape.classes
    side = SIDE - 18
    plane = right_plane("map", (0, n), (n, 0), wide=side)
    plane |= {"y0": TOP + 18, "y1": TOP + 18 + side}
    found: list[Row] = [
        {**text(WIDE, HEAD, key="accuracy", size=12), "dx": -side},
        plane,
        {"t": "image", "in": "map", "rows": n, "cols": n, "v": ref("confusion"), "cap": 0.62,
         "flat": True},
    ]  # fmt: skip
    for i in range(n):
        found += [
            {"t": "words", "in": "map", "x": 0, "dx": -9, "y": i + 0.5, "s": str(i), "size": 12,
             "c": "muted"},
            {"t": "words", "in": "map", "x": i + 0.5, "y": 0, "dy": -9, "s": str(i), "size": 12,
             "c": "muted"},
        ]  # fmt: skip
        found += [
            {"t": "words", "in": "map", "x": j + 0.5, "y": i + 0.5, "key": f"read {i} {j}",
             "size": 12, "bold": i != j}
            for j in range(n)
        ]  # fmt: skip
    return found


def _texts(view: LabView, seen: Images) -> dict[str, str]:
    total, wrong = int(seen.confusion.sum()), len(seen.wrong)
    right = (total - wrong) / max(total, 1)
    found = {
        "accuracy": f"{seen.part} {percent(right)} right; rows true, columns read as",
        "wrong": f"{wrong:,} of {count(total, f'{seen.part} digit')} wrong",
    }
    for i, (place, true, read) in enumerate(seen.wrong[: len(seen.pixels)]):
        found[f"wrong {i}"] = f"{true} as {read}"
        found[f"place {i}"] = f"no. {place}"
    for (i, j), n in np.ndenumerate(seen.confusion):
        if n:
            found[f"read {i} {j}"] = str(n)
    return found
