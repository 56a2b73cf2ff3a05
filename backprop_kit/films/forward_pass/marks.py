"""The picture of a pass: every mark, placed once.

Columns from left to right, the loss last. Small layers are neurons, middle ones boxes, large ones
strips, an image keeps its shape; a batch is one heat map a layer.
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from backprop_kit.films.film import Array
from backprop_kit.films.forward_pass.connections import connection, loss
from backprop_kit.films.forward_pass.layers import Column
from backprop_kit.films.forward_pass.layout import (
    BOTTOM,
    HEAD,
    SLOPE,
    SLOT,
    STRIP,
    TOP,
    Mark,
    Spot,
    after_softmax,
    binding,
    layout,
    slope_name,
    slots,
)
from backprop_kit.films.forward_pass.scene import Scene

MOST_TILES = 128  # more would be too small to see
TILES = 188  # the width of the slopes drawn in the shape of the input, also where it is narrow


def marks(scene: Scene) -> tuple[Mark, ...]:
    """All marks of the picture."""
    spots = layout(scene)
    out: list[Mark] = []
    for c, spot in zip(scene.columns, spots, strict=False):
        out += _column(scene, c, spot)
    for layer in scene.layers:
        out += connection(scene, layer, spots)
    out += loss(scene, spots)
    return tuple(out)


def _column(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    short = len(scene.columns) > 4 and c.number  # long heads would meet
    text = f"${c.letter}$" if short else c.head
    place = spot.at()
    head: Mark = {"t": "text", **place, "y": HEAD, "s": text, "c": "muted"}
    if c.kind == "image":
        return _image(scene, c, spot, head)
    draw = {"neurons": _neurons, "boxes": _boxes, "strip": _strip, "batch": _batch}
    return [head, *draw[c.kind](scene, c, spot)]


def _neurons(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    out: list[Mark] = []
    for i, y in enumerate(spot.ys):
        out.append({
            "t": "circle", "tag": f"{c.value}:{i}", **spot.at(), "y": y, "r": spot.r,
            "label": c.label(i), "v": binding(scene, c.value, i),
        })  # fmt: skip
        down = spot.r + 3 + SLOT[1] / 2
        for name, label in slots(scene, c):
            out.append({
                "t": "box", "tag": f"{name}:{i}", **spot.at(), "y": y, "dy": down,
                "w": spot.w, "h": SLOT[1], "size": 12 if scene.plain else 13,
                "label": label, "v": binding(scene, name, i),
            })  # fmt: skip
            down += SLOT[1] + 1
    return out


def _boxes(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    out: list[Mark] = []
    h = min(26.0, (BOTTOM - TOP) / c.n - 4)
    delta, beside = f"dz{c.number}", spot.at(spot.w / 2 + 6 + SLOPE / 2)
    if after_softmax(scene, c):
        delta = f"dz{c.number - 1}"
    elif scene.softmax:
        delta = ""
    for i, y in enumerate(spot.ys):
        common = {"y": y, "h": h}
        out.append({
            "t": "box", "tag": f"{c.value}:{i}", **spot.at(), "w": spot.w,
            "v": binding(scene, c.value, i), **common,
            **({} if after_softmax(scene, c) else {"label": c.label(i)}),
        })  # fmt: skip
        if scene.has(delta):
            out.append({
                "t": "box", "tag": f"{delta}:{i}", **beside, "w": SLOPE,
                "v": binding(scene, delta, i), **common,
            })  # fmt: skip
    if after_softmax(scene, c):
        # The class that is right is pointed at from outside: no fill, no colour of a sign.
        right = int(scene.recorded.y.value.reshape(-1)[0])
        beyond = spot.at(spot.w / 2 + SLOPE + 12)
        out.append({"t": "text", **beyond, "y": spot.ys[right], "s": "◂ target",
                    "anchor": "start", "size": 12, "c": "muted"})  # fmt: skip
    if scene.has(delta):
        name = slope_name(scene, int(delta[2:]))
        out.append({"t": "text", **beside, "y": HEAD, "s": name, "c": "muted"})
    return out


def _strip(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    rows = scene.values(c.value).shape[-1]
    common = {"y": (STRIP[0] + STRIP[1]) / 2, "h": STRIP[1] - STRIP[0], "rows": rows, "cols": 1}
    out = [{
        "t": "cells", "tag": c.value, **spot.at(), "w": spot.w, "v": binding(scene, c.value),
        **common,
    }]  # fmt: skip
    delta = f"dz{c.number}"
    if scene.has(delta):
        k = scene.arrays[delta].known
        name = slope_name(scene, c.number)
        out.append({
            "t": "cells", "tag": delta, **spot.at(spot.w / 2 + 15), "w": 18,
            "v": binding(scene, delta), "frames": [k, scene.end], **common,
        })  # fmt: skip
        out.append({
            "t": "text", **spot.at(spot.w / 2 + 15), "y": BOTTOM - 4, "s": name,
            "c": "muted", "size": 13, "frames": [k, scene.end],
        })  # fmt: skip
    return out


def _image(scene: Scene, c: Column, spot: Spot, head: Mark) -> list[Mark]:
    k = isqrt(c.n)
    left = spot.at()  # it keeps to the left where the picture is narrow
    picture: Mark = {
        "t": "cells", "tag": c.value, **left, "y": spot.ys[0], "w": spot.w, "h": spot.w,
        "rows": k, "cols": k, "v": binding(scene, c.value),
    }  # fmt: skip
    low, high = scene.values("v0").min(), scene.values("v0").max()
    note: Mark = {
        "t": "text", **left, "y": spot.ys[0] + spot.w / 2 + 16, "c": "muted", "size": 13,
        "s": f"{c.n} pixels from {low:g} to {high:g}",
    }  # fmt: skip
    first = scene.layers[0]
    if first.linear is None or scene.columns[1].kind != "strip" or not scene.has("gW1"):
        return [head, picture, note]
    n = scene.columns[1].n
    if scene.values("gW1").size != c.n * n or n > MOST_TILES:
        return [head, picture, note]
    # The slopes into each unit, in the shape of the input, while the first layer's are in.
    start = scene.arrays["gW1"].known
    until = scene.end - 1 if scene.first_update is not None else scene.end
    slopes = scene.values("gW1").reshape(c.n, n).T.reshape(n, k, k)
    scene.arrays["tiles"] = Array("tiles", slopes.astype(np.float32), start)
    named = n <= 32  # more of them have no room for a factor below each
    across = 4 if named else 8
    down = -(-n // across)
    tiles: Mark = {
        "t": "tiles", "tag": "tiles", "x": 0, "dx": TILES / 2, "y": (TOP + BOTTOM) / 2, "w": TILES,
        "h": BOTTOM - TOP, "rows": down, "cols": across, "n": n, "k": k, "v": [["tiles", 0]],
        **({"factors": [["dz1", 0]]} if named else {}), "frames": [start, until],
    }  # fmt: skip
    parts = [{**m, "frames": [0, start - 1]} for m in (head, picture, note)]
    if until < scene.end:
        parts += [{**m, "frames": [scene.end, scene.end]} for m in (head, picture, note)]
    over = {**head, "x": 0, "dx": TILES / 2, "s": "slopes into each unit",
            "frames": [start, until]}  # fmt: skip
    return [*parts, over, tiles]


def _batch(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    values = scene.values(c.value)
    values = values.reshape(len(values), -1)
    rows, cols = values.shape
    common = {"w": spot.w, "rows": rows, "cols": cols, **spot.at()}
    small = rows <= 5 and cols <= 2
    out = [{
        "t": "cells", "tag": c.value, "y": 104, "h": 130, "v": binding(scene, c.value),
        "print": small, **common,
    }]  # fmt: skip
    out.append({"t": "text", **spot.at(), "y": 182, "c": "muted", "size": 12,
                "s": f"{c.rows}×{c.n}"})  # fmt: skip
    delta = f"dz{c.number}"
    if scene.has(delta) and not after_softmax(scene, c):
        out.append({"t": "cells", "tag": delta, "y": 272, "h": 110, "v": binding(scene, delta),
                    "print": small, **common})  # fmt: skip
        out.append({"t": "text", **spot.at(), "y": 338, "c": "muted", "size": 12,
                    "s": slope_name(scene, c.number)})  # fmt: skip
    return out
