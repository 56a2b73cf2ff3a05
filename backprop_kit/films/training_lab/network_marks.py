"""The marks of a net: heads, tiles, lines, written weights, and the line at its foot."""

from __future__ import annotations

from functools import lru_cache

from backprop_kit.films.rows import Row
from backprop_kit.films.training_lab.layout import FOOT, HEAD, SIDE, TOP, WIDE, places, ref, text
from backprop_kit.films.training_lab.map import look
from backprop_kit.films.training_lab.network_shape import (
    Shape,
    across,
    crossings,
    lead_of,
    offset_of,
    size_of,
    spot_of,
)
from backprop_kit.study.lab_view.net import ALONG

_PLAIN = str.maketrans({chr(0x2080 + i): f"_{i}" for i in range(10)} | {"²": "^2"})


@lru_cache(maxsize=16)
def marks(shape: Shape) -> tuple[Row, ...]:
    lead = lead_of(shape)
    found = [places("net", 0, WIDE, dx0=lead, dx1=-SIDE), *_heads(shape), *_wires(shape)]
    spots = [(column, i) for column, shown in enumerate(shape.shown) for i in range(shown)]
    for column, i in sorted(spots, key=lambda at: at == shape.unit):  # its ring lies over others
        found += _tile(shape, column, i)
    if shape.outputs == 1:
        found.append({"t": "dot", "in": "net", "x": 1, "y": TOP + SIDE / 2, "r": 6, "c": "ink"})
    return (*found, *_written(shape), *_foot(shape))


def _heads(shape: Shape) -> list[Row]:
    hidden = len(shape.shown) - 1 - (shape.outputs > 1)
    found = []
    for column, (shown, total) in enumerate(zip(shape.shown, shape.totals, strict=True)):
        name = f"hidden {column}" if hidden < 4 or column == 1 else f"{column}"
        if column == 0:
            name = "inputs" if total > 1 else "input"
        elif column > hidden:
            name = "classes"
        at = across(shape, spot_of(shape, column, 0).way)
        found.append({"t": "text", **at, "y": HEAD, "s": name, "c": "muted", "size": 12})
        if shown < total:
            y = spot_of(shape, column, shown).y
            more = f"+ {total - shown}" + (" more" if hidden < 4 else "")
            found.append({"t": "text", **at, "y": y, "s": more, "c": "muted", "size": 12})
    return found


def _wires(shape: Shape) -> list[Row]:
    found, half = [], size_of(shape) / 2
    for crossing in range(crossings(shape)):
        last = crossing + 1 == len(shape.shown)
        ends = 1 if last else shape.shown[crossing + 1]
        first = offset_of(shape, crossing)
        for i in range(shape.shown[crossing]):
            a = spot_of(shape, crossing, i)
            for j in range(ends):
                b = spot_of(shape, crossing + 1, j)
                left, right = (
                    across(shape, a.way, half),
                    across(shape, b.way, -6 if last else -half),
                )
                found.append({
                    "t": "wire", "tag": f"wire:{shape.paths[crossing]}:{i}:{j}",
                    "x1": left["x"], "dx1": left["dx"], "y1": a.y,
                    "x2": right["x"], "dx2": right["dx"], "y2": b.y,
                    "v": ref("w", first + i * ends + j),
                })  # fmt: skip
    return found


def _tile(shape: Shape, column: int, i: int) -> list[Row]:
    way, y = spot_of(shape, column, i)
    size, tag = size_of(shape), f"unit:{column}:{i}"
    at, ring = across(shape, way), shape.unit == (column, i)
    number_ = sum(shape.shown[:column]) + i
    found: list[Row] = []
    if column == 0:
        name = text(0, y, s=_formula(shape.names[i]), size=14)
        found.append({**name, "dx": at["dx"] - size / 2 - 5, "anchor": "end"})
    elif shape.outputs > 1 and column == len(shape.shown) - 1:
        sign, c = look("classes", i)
        key = across(shape, way, size / 2 + 12)
        found += [
            {"t": "plane", "tag": f"class {i}", "x0": key["x"], "x1": key["x"],
             "dx0": key["dx"] - 10, "dx1": key["dx"] + 10, "y0": y - 10, "y1": y + 10,
             "xr": [-1, 1], "yr": [-1, 1]},
            {"t": "dot", "in": f"class {i}", "x": 0, "y": 0, "shape": sign, "c": c, "r": 4.6,
             "hollow": False},
            {"t": "text", **across(shape, way, size / 2 + 26), "y": y, "s": str(i), "size": 12,
             "bold": True},
        ]  # fmt: skip
    if shape.side:
        return [*found, {"t": "tile", "tag": tag, **at, "y": y, "side": size, "rows": shape.side,
                         "cols": shape.side, "v": ref("tiles", number_ * shape.side**2),
                         **({"ring": True} if ring else {})}]  # fmt: skip
    half, x = size / 2, at["x"]
    plane: Row = {
        "t": "plane", "tag": tag, "x0": x, "x1": x, "dx0": at["dx"] - half,
        "dx1": at["dx"] + half, "y0": y - half, "y1": y + half, "xr": [0, 1], "yr": [-1.1, 1.1],
        "border": True, "zero": True,
    }  # fmt: skip
    ground: Row = {"t": "zone", "in": tag, "tag": tag, "x0": None, "x1": None, "y0": None,
                   "y1": None, "style": "soft", "c": "paper"}  # fmt: skip
    if ring:
        around = {**plane, "tag": "ring", "dx0": plane["dx0"] - 5, "dx1": plane["dx1"] + 5,
                  "y0": plane["y0"] - 5, "y1": plane["y1"] + 5, "zero": False}  # fmt: skip
        found += [around, {**ground, "in": "ring", "tag": tag, "style": "outline", "c": "ink",
                           "rx": 6}]  # fmt: skip
    return [*found, plane, ground,
            {"t": "curve", "in": tag, "y": ref("tiles", number_ * ALONG), "n": ALONG, "c": "ink",
             "width": 1.6}]  # fmt: skip


def _formula(name: str) -> str:
    """x₁x₂ as a formula, sin x₁ too."""
    sin, _, letters = name.rpartition(" ")
    return f"{sin} ${letters.translate(_PLAIN)}$".strip()


def _written(shape: Shape) -> list[Row]:
    """The largest weights of the selected neuron: near where they come from, and where it ends."""
    if shape.unit is None:
        return []
    gap = size_of(shape) / 2 + 5
    # Where columns are near each other, a number would lie on the next one's tiles.
    room = SIDE + lead_of(shape) + len(shape.shown) * (size_of(shape) + 52)
    return [
        {"t": "words", "in": "net", "x": ref("written", 3 * i), "y": ref("written", 3 * i + 1),
         "v": ref("written", 3 * i + 2), "signed": True, "c": "sign", "bold": True, "size": 12,
         "halo": True, "anchor": "start", "room": room, "dx": gap + (4 if i == 3 else 0),
         "dy": 13 if i == 3 else -8}
        for i in range(4)
    ]  # fmt: skip


def _foot(shape: Shape) -> list[Row]:
    """What tiles and lines mean, or all about the selected weight."""
    if shape.told:
        return [text(2, FOOT, key="foot", size=12)]
    ramp: list[Row] = [] if not shape.side else [
        text(2, FOOT, s="−", size=13, bold=True, c="muted"),
        {"t": "plane", "tag": "ramp", "x0": 14, "x1": 14, "dx1": 76, "y0": FOOT - 4,
         "y1": FOOT + 5, "xr": [0, 1], "yr": [0, 1]},
        {"t": "image", "in": "ramp", "rows": 1, "cols": 33, "v": ref("ramp"), "cap": 0.9},
        {**text(14, FOOT, s="+", size=13, bold=True, c="muted"), "dx": 81},
    ]  # fmt: skip
    words = "value and weight; thick = large"
    if not shape.side:
        words = "weights: blue +, orange −, thick = large"
    at = {**text(14, FOOT, s=words, size=12, c="muted"), "dx": 96 if shape.side else -12}
    return [*ramp, at]
