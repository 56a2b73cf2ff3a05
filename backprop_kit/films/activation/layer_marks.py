"""What each neuron sees, and the sums with their numbers to turn."""

from __future__ import annotations

from typing import Any

from backprop_kit.films.activation import common
from backprop_kit.films.rows import Row
from backprop_kit.study import plane
from backprop_kit.study.layer_record import Layer

LOW, HIGH, STEP = -3.0, 3.0, 0.05
SIDE = 84
GROUPS = (76, 206, 332)  # the middle of each number of a sum


def tiles(record: Layer, selected: int, presenter: bool) -> list[Row]:
    """The maps: two in a column beside the plane after, up to six in rows, more as one block."""
    n = record.units
    bent = len(record.grids) - 1
    many = n > common.MOST
    marks: list[Row] = []
    if presenter and n == 2:
        return []  # the two planes need the room
    if many:
        shown = min(n, common.SHRUNK)
        rows = min(-(-shown // 8), 5)
        return [
            {"t": "text", "x": 306, "y": 10, "s": f"each of {n} neurons sees", "anchor": "start",
             "c": "muted", "size": 15, "frames": [1, 9]},
            {"t": "tiles", "tag": "tile", "x": 478, "y": 26 + 18 * rows, "w": 288, "h": 36 * rows,
             "rows": rows, "cols": 8, "n": shown, "k": plane.PIXELS // 2,
             "v": [[f"{name} map", 0] for name in ("zh" if record.z is not None else "h")],
             "frames": [1, 9]},
        ]  # fmt: skip
    places = _places(n, presenter)
    head = 24 if presenter else 15
    x = 298 if n == 2 else 306
    words = "each sees" if n == 2 else "each neuron sees"
    marks.append({"t": "text", "x": x, "y": 10, "s": words,
                      "anchor": "start", "c": "muted", "size": head})  # fmt: skip
    for j, (left, top, side) in enumerate(places):
        tag = f"tile:{j}"
        maps = [["h map", j * plane.PIXELS**2]]
        if record.z is not None:
            maps.insert(0, ["z map", j * plane.PIXELS**2])
        marks += [
            {"t": "plane", "tag": tag, "x0": left, "x1": left + side, "y0": top,
             "y1": top + side, "square": True, "xr": [-record.reach, record.reach],
             "yr": [-record.reach, record.reach], "border": True},
            {"t": "image", "in": tag, "tag": tag, "rows": plane.PIXELS, "cols": plane.PIXELS,
             "v": maps},
            {"t": "dot", "in": tag, "x": ["x", 0], "y": ["x", 1], "r": 5, "c": "ink",
             "face": "through"},
            *common.samples(tag, len(record.points[0]), record.groups,
                            lambda i: tuple(float(v) for v in record.points[0][i]), small=True,
                            face="through"),
        ]  # fmt: skip
        if record.z is not None:
            marks += [
                {"t": "seg", "in": tag, "x1": ["line", 4 * j], "y1": ["line", 4 * j + 1],
                 "x2": ["line", 4 * j + 2], "y2": ["line", 4 * j + 3], "c": "ink", "width": 1.8,
                 "frames": [1, 9], "face": "through"},
                {"t": "poly", "in": tag, "v": [["weakest", 8 * j]], "n": 4, "style": "outline",
                 "c": "ink", "frames": [2, 9], "face": "through"},
            ]  # fmt: skip
        y = top + side + (18 if presenter else 12)
        for letter, frames in (("z", [1, bent - 1]), ("h", [bent, 9])):
            if frames[0] <= frames[1]:
                marks.append({"t": "text", "x": left + side / 2, "y": y,
                              "s": f"{letter}_{j + 1}", "v": [[letter, j]], "tag": f"{letter}{j}",
                              "size": 20 if presenter else 14, "frames": frames,
                              "bold": n > 2 and j == selected})  # fmt: skip
    return marks


def _places(n: int, presenter: bool) -> list[tuple[float, float, float]]:
    if n == 2:
        own, gap = (110, 36) if presenter else (SIDE, 30)
        return [(300, 26 + j * (own + gap), own) for j in range(n)]
    cols = n if n <= 3 else (n + 1) // 2
    side = min(170.0 if n == 1 else 106.0, 340 / cols - 10.0)
    rows = 1 if n <= 3 else 2
    top = 26 if rows == 2 else 70
    side = min(side, 92.0) if rows == 2 else side
    return [(306 + (j % cols) * (350 / cols), top + (j // cols) * (side + 32), side)
            for j in range(n)]  # fmt: skip


def formulas(record: Layer, open: bool, selected: int) -> list[Row]:
    """z_1 = 0.600 x_1 + …, under each number its slider if the numbers are open.

    Nothing here is scaled with the picture, so that it fits the narrow one as well.
    """
    n = record.units
    shown = range(n) if n <= 2 else [min(selected, n - 1)]
    marks: list[Row] = []
    for row, j in enumerate(shown):
        y = 292 + 38 * row
        marks.append(_word(0, y, f"z_{j + 1}  =", anchor="start"))
        for i, dx in enumerate(GROUPS):
            bias = i == 2
            if bias and record.b is None:
                continue
            bound: list[Any] = ["b", j] if bias else ["W", i * n + j]
            name = f"b_{j + 1}" if bias else f"w_{{{i + 1}{j + 1}}}"
            what = f"bias of neuron {j + 1}" if bias else f"weight from x{i + 1} to neuron {j + 1}"
            tag = f"b:{j}" if bias else f"W:{i}:{j}"
            marks.append({"t": "box", "x": 0, "dx": dx, "y": y, "w": 66, "h": 20, "plain": True,
                          "v": [bound], "tag": f"{name} number", "size": 14})  # fmt: skip
            if not bias:
                marks.append(_word(dx + 48, y, f"x_{i + 1}"))
            if i:
                marks.append(_word(dx - 46, y, "+"))
            if open:
                marks.append({"t": "slider", "tag": tag, "x": 0, "dx": dx, "y": y + 18, "w": 66,
                              "lo": LOW, "hi": HIGH, "step": STEP, "nudge": STEP, "v": [bound],
                              "name": what})  # fmt: skip
        dx = GROUPS[2] + 52 if record.b is not None else GROUPS[2] - 46
        marks += [
            _word(dx, y, "=", frames=[1, 9]),
            {"t": "box", "x": 0, "dx": dx + 50, "y": y, "w": 70, "h": 24, "v": [["z", j]],
             "tag": f"z_{j + 1} sum", "size": 14, "frames": [1, 9]},
        ]  # fmt: skip
    y = 371
    x = 0.0
    if record.curve is not None and record.curve.saturated:
        marks += common.key(x, y, "hatch", "saturated: slope under 1 % of its largest", 2)
        x += 312
    if record.curve is not None and record.curve.dead:
        marks += common.key(x, y, "solid", "dimmed: dead, slope exactly 0", 2)
    marks.append(common.opener(open))
    return marks


def _word(dx: float, y: float, s: str, **more: Any) -> Row:
    return {"t": "text", "x": 0, "dx": dx, "y": y, "s": s, "size": 15, **more}
