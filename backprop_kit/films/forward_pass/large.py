"""The picture of a pass for a lecture hall: the same columns with larger and fewer parts.

Neurons up to four a column, the output up to twelve boxes, everything else strips; a batch is one
heat map a layer. No heads, no first weights, no slopes of weights; δ shares the place of its
values. The loss stands above the output.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from backprop_kit.films.forward_pass.layers import GAP_LARGE, LARGE, NARROW_LARGE, Column, Layer
from backprop_kit.films.forward_pass.layout import (
    Mark,
    Spot,
    after_softmax,
    binding,
    slope_name,
    slots,
)
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import number

ROOM, NARROW = 566, NARROW_LARGE
SIZE = (ROOM, 400)
TOP, BOTTOM = 6, 394
LOSS, BELOW = 42, 66  # the loss ends here; units of the last column begin here
SLOT, PILL = (136, 36), (88, 34)
RADIUS, SMALL = 46, 42
STRIP, HEAD = (44, 388), 20
TYPE = 20  # where a number has little room


@dataclass(frozen=True)
class Columns:
    """Where the columns stand, and whether slopes have room below the neurons."""

    spots: tuple[Spot, ...]
    slotted: bool


def marks(scene: Scene) -> tuple[Mark, ...]:
    """All marks of the picture."""
    placed = _layout(scene)
    out: list[Mark] = []
    for c, spot in zip(scene.columns, placed.spots, strict=True):
        out += _column(scene, c, spot, placed.slotted)
    for layer in scene.layers:
        out += _connection(scene, layer, placed)
    return (*out, *_loss(scene, placed.spots[-1]))


def _layout(scene: Scene) -> Columns:
    """Only the gaps between the columns shrink with the picture."""
    columns = scene.columns
    wide = [_width(scene, c, True) for c in columns]
    slotted = sum(wide) + GAP_LARGE * (len(wide) - 1) <= NARROW
    widths = wide if slotted else [_width(scene, c, False) for c in columns]
    free = ROOM - sum(widths)
    # A weight stands before the output; scores and their probabilities are close.
    shares = [1.4 if c.number == len(columns) - 2 and not after_softmax(scene, columns[-1]) else 1.0
              for c in columns[:-1]]  # fmt: skip
    spots, left, gaps = [], 0.0, 0.0
    for c, w, share in zip(columns, widths, [*shares, 0.0], strict=True):
        x = ROOM * gaps
        ys, r = _heights(scene, c, slotted)
        spots.append(Spot(x, w, 0, ys, r, left + w / 2 - x))
        step = share / sum(shares) if shares else 0.0
        left, gaps = left + w + free * step, gaps + step
    return Columns(tuple(spots), slotted)


def _width(scene: Scene, c: Column, slotted: bool) -> float:
    if c.kind == "neurons":
        return SLOT[0] if slotted and _slot(scene, c) else 2 * _radius(scene, c)
    if c.kind == "batch":
        count = len(scene.columns)
        return min(100.0, (NARROW - 28 * (count - 1)) / count)
    return LARGE[c.kind]


def _last(scene: Scene, c: Column) -> bool:
    return c is scene.columns[-1]


def _radius(scene: Scene, c: Column) -> float:
    return RADIUS if c.n < 3 else SMALL if c.n == 3 else 40


def _slot(scene: Scene, c: Column) -> tuple[str, str] | None:
    """(array, label) of the one slope below a neuron: at a hidden value, or at the output's sum."""
    both = slots(scene, c)
    room = c.n < (3 if _last(scene, c) else 4)
    if not both or not room:
        return None
    # Where the next layer's δ arrives: ∂h; at the output: δ.
    return both[-1] if _last(scene, c) else both[0]


def _heights(scene: Scene, c: Column, slotted: bool) -> tuple[tuple[float, ...], float]:
    r = _radius(scene, c) if c.kind == "neurons" else 0.0
    top = BELOW if _last(scene, c) and c.n > 1 else TOP
    if c.kind not in ("neurons", "boxes"):
        return ((STRIP[0] + STRIP[1]) / 2,), r
    pitch = (BOTTOM - top) / c.n
    lift = (SLOT[1] + 3) / 2 if slotted and c.kind == "neurons" and _slot(scene, c) else 0
    return tuple(top + pitch * (i + 0.5) - lift for i in range(c.n)), r


def _printed(scene: Scene, c: Column) -> bool:
    """Whether a heat map has room for its numbers."""
    rows, cols = scene.values(c.value).reshape(c.rows, -1).shape
    return rows <= 4 and cols == 1


# --- columns --------------------------------------------------------------------------------------
def _column(scene: Scene, c: Column, spot: Spot, slotted: bool) -> list[Mark]:
    if c.kind == "image":
        k = isqrt(c.n)
        return [{"t": "cells", "tag": c.value, **spot.at(), "y": spot.ys[0], "w": spot.w,
                 "h": spot.w, "rows": k, "cols": k, "v": binding(scene, c.value)}]  # fmt: skip
    if c.kind == "neurons":
        return _neurons(scene, c, spot, slotted)
    if c.kind == "boxes":
        return _boxes(scene, c, spot)
    return _batch(scene, c, spot) if c.kind == "batch" else _strip(scene, c, spot)


def _neurons(scene: Scene, c: Column, spot: Spot, slotted: bool) -> list[Mark]:
    out: list[Mark] = []
    slot = _slot(scene, c) if slotted else None
    for i, y in enumerate(spot.ys):
        out.append({"t": "circle", "tag": f"{c.value}:{i}", **spot.at(), "y": y, "r": spot.r,
                    "label": c.label(i), "v": binding(scene, c.value, i)})  # fmt: skip
        if slot is not None:
            name, label = slot
            out.append({
                "t": "box", "tag": f"{name}:{i}", **spot.at(), "y": y + spot.r + 3 + SLOT[1] / 2,
                "w": SLOT[0], "h": SLOT[1], "v": binding(scene, name, i),
                **({"label": label} if _named(scene) else {}),
                "frames": [_back(scene), scene.end], **({"size": TYPE} if scene.plain else {}),
            })  # fmt: skip
    return out


def _named(scene: Scene) -> bool:
    """Whether the names of the slots have room before every number in them."""
    below = [_slot(scene, c) for c in scene.columns if c.kind == "neurons"]
    shown = [v for slot in below if slot for v in scene.values(slot[0]).reshape(-1).tolist()]
    return max((len(number(v)) for v in shown), default=0) <= (6 if scene.plain else 8)


def _back(scene: Scene) -> int:
    """The first step of the way back: slopes have no place before it."""
    return scene.arrays["L"].known + 1


def _boxes(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    h = min(34.0, (BOTTOM - BELOW) / c.n - 3)
    return [
        {"t": "box", "tag": f"{c.value}:{i}", **spot.at(), "y": y, "w": spot.w, "h": h,
         "size": TYPE, "label": f"${i}$" if not c.first else c.label(i),
         "v": binding(scene, c.value, i)}
        for i, y in enumerate(spot.ys)
    ]  # fmt: skip


def _strip(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    """A strip, and from its first slope on two half as wide: the values and their slopes."""
    rows = scene.values(c.value).shape[-1]
    common = {"t": "cells", "y": spot.ys[0], "h": STRIP[1] - STRIP[0], "rows": rows, "cols": 1}
    values = {**common, "tag": c.value, "v": binding(scene, c.value)}
    head = {"t": "text", **spot.at(), "y": HEAD, "s": f"${c.letter}$", "c": "muted"}
    delta = f"dz{c.number}"
    if not scene.has(delta):
        return [head, {**values, **spot.at(), "w": spot.w}]
    known, half = scene.arrays[delta].known, spot.w / 2 - 2
    return [
        head,
        {**values, **spot.at(), "w": spot.w, "frames": [0, known - 1]},
        {**values, **spot.at(-half / 2 - 2), "w": half, "frames": [known, scene.end]},
        {**common, "tag": delta, **spot.at(half / 2 + 2), "w": half, "v": binding(scene, delta),
         "frames": [known, scene.end]},
    ]  # fmt: skip


def _batch(scene: Scene, c: Column, spot: Spot) -> list[Mark]:
    values = scene.values(c.value)
    rows, cols = values.reshape(len(values), -1).shape
    common = {"t": "cells", **spot.at(), "w": spot.w, "rows": rows, "cols": cols,
              "print": _printed(scene, c), "size": TYPE}  # fmt: skip
    out: list[Mark] = [
        {"t": "text", **spot.at(), "y": 66, "s": f"${c.letter}$", "c": "muted"},
        {**common, "tag": c.value, "y": 152, "h": 136, "v": binding(scene, c.value)},
    ]
    delta = f"dz{c.number}"
    if scene.has(delta) and not after_softmax(scene, c):
        seen = {"frames": [_back(scene), scene.end]}
        name = slope_name(scene, c.number)
        out.append({"t": "text", **spot.at(), "y": 242, "s": name, "c": "muted", **seen})
        out.append({**common, "tag": delta, "y": 326, "h": 132, "v": binding(scene, delta), **seen})
    return out


# --- what leads from column to column -------------------------------------------------------------
def _connection(scene: Scene, layer: Layer, placed: Columns) -> list[Mark]:
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    start, end = placed.spots[m - 1], placed.spots[m]
    if layer.block is not None or b.kind == "batch":
        return _arrow(scene, layer, start, end)
    if layer.linear is None:
        return _arrow(scene, layer, start, end, named=False)
    if a.kind == b.kind == "neurons":
        return _edges(scene, layer, a, b, start, end)
    return _ribbons(scene, layer, a, b, start, end)


def _edges(scene: Scene, layer: Layer, a: Column, b: Column, start: Spot, end: Spot) -> list[Mark]:
    """Edges; the last weights also say their numbers where the picture is wide."""
    m, out = layer.number, []
    pills = m == len(scene.layers) and b.n == 1 and a.n < 4
    for i, y1 in enumerate(start.ys):
        for j, y2 in enumerate(end.ys):
            name, flat = f"W{m}", i * b.n + j
            tag = f"{name}:{flat}"
            out.append({"t": "line", "tag": tag, "x1": start.x, "dx1": start.dx, "y1": y1,
                        "x2": end.x, "dx2": end.dx, "y2": y2,
                        "v": binding(scene, name, flat)})  # fmt: skip
            if pills:
                where = start.to(end, 0.5, start.w / 2, -end.w / 2)
                out.append({"t": "box", "tag": tag, **where, "y": (y1 + y2) / 2, "w": PILL[0],
                            "h": PILL[1], "plain": True, "room": ROOM - 40,
                            "v": binding(scene, name, flat)})  # fmt: skip
    return out


def _ribbons(
    scene: Scene, layer: Layer, a: Column, b: Column, start: Spot, end: Spot
) -> list[Mark]:
    """A quiet fan, and ribbons into the unit that is looked at."""
    m = layer.number
    out: list[Mark] = [{"t": "shade", "points": [
        [start.x, y, start.dx + start.w / 2 + 2] for y in _reach(scene, a, start)
    ] + [
        [end.x, y, end.dx - end.w / 2 - 2] for y in reversed(_reach(scene, b, end))
    ]}]  # fmt: skip
    whole = scene.values(f"W{m}").size == a.n * b.n and scene.values(a.value).size == a.n
    if a.kind != "strip" or not whole or b.kind not in ("strip", "boxes"):
        return out
    known = min(scene.arrays[n].known for n in (f"s{m}", f"z{m}", b.value) if scene.has(n))
    until = scene.arrays[f"dz{m}"].known - 1 if scene.has(f"dz{m}") else scene.end
    to = b.value if b.kind == "strip" else [f"{b.value}:{j}" for j in range(b.n)]
    best = int(scene.values(b.value).reshape(-1).argmax())
    out.append({"t": "bundle", "tag": f"W{m}", "from": a.value, "to": to, "a": a.value,
                "w": f"W{m}", "unit": best, "frames": [known, until]})  # fmt: skip
    return out


def _reach(scene: Scene, c: Column, spot: Spot) -> tuple[float, float]:
    if c.kind == "strip":
        return STRIP
    half = spot.w / 2 if c.kind == "image" else max(spot.r, 14)
    return spot.ys[0] - half, spot.ys[-1] + half


def _arrow(scene: Scene, layer: Layer, start: Spot, end: Spot, named: bool = True) -> list[Mark]:
    """One arrow, and above it what it stands for, where that has room."""
    m = layer.number
    y = 152.0 if scene.batch > 1 else (TOP + BOTTOM) / 2
    line: Mark = {"t": "line", "tag": f"a{m}", "x1": start.x, "dx1": start.dx + start.w / 2 + 4,
                  "x2": end.x, "dx2": end.dx - end.w / 2 - 4, "y1": y, "y2": y,
                  "arrow": True}  # fmt: skip
    if not named:
        return [line]
    middle = start.to(end, 0.5, start.w / 2, -end.w / 2)
    free = (end.x - start.x) * NARROW / ROOM + end.dx - start.dx - (start.w + end.w) / 2
    if layer.block is None:
        said = f"$W{layer.sub}$" if layer.linear is not None and free >= 30 else ""
        head: Mark = {"t": "text", **middle, "y": y - 32, "s": said, "c": "muted"}
        return [line, head] if said else [line]
    most = int((free - 16) / 11)
    name = layer.block.name
    name = name if len(name) <= most else name[: max(most - 1, 1)] + "…"
    w = max(min(11.0 * len(name) + 16, free - 4), 28)
    box: Mark = {"t": "box", "tag": f"block{m}", **middle, "y": y, "w": w, "h": 40, "fixed": name,
                 "size": TYPE}  # fmt: skip
    return [line, box]


def _loss(scene: Scene, last: Spot) -> list[Mark]:
    """The loss above the output, and the way to it."""
    c = scene.columns[-1]
    w = max(last.w, 116)
    shift = min(0.0, (last.w - w) / 2)  # it ends where the column ends
    box: Mark = {"t": "box", "tag": "L", **last.at(shift), "y": (TOP + LOSS) / 2, "w": w,
                 "h": LOSS - TOP, "label": "L", "v": binding(scene, "L")}  # fmt: skip
    if c.kind != "neurons" or last.ys[0] - last.r - LOSS < 34:
        return [box]
    up: Mark = {"t": "line", "tag": "out", "x1": last.x, "dx1": last.dx, "y1": last.ys[0],
                "x2": last.x, "dx2": last.dx, "y2": LOSS + 3, "arrow": True}  # fmt: skip
    return [up, box]
