"""What is said beside a bent plane: the sums, the two curves, what is left of an area."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.activation import common
from backprop_kit.films.captions import joined, speaker
from backprop_kit.films.numbers import number, shown
from backprop_kit.films.rows import Panel, Row, box, eq, num, remark, title
from backprop_kit.study.layer_record import Layer

say = speaker("activation")

MOST = 4  # neurons told one by one
ROUNDING = 1e-12  # a sum that cancels to less lies on the line


def middles(record: Layer, stage: int) -> str:
    return joined([
        f"{name} {common.pair(record.middle(name)[stage])}" for name in record.groups
    ])  # fmt: skip


def caption(record: Layer, moves: list[str], k: int) -> str:
    """The sentence of a frame."""
    if k == 0:
        return say("before", x1=float(record.x[0]), x2=float(record.x[1]))
    move, n = moves[k - 1], record.units
    h = common.pair(record.h[:MOST]) if n > 1 else number(float(record.h[0]))
    if move == "weights":
        if n == 1:
            return say("weights.line")
        if record.groups and n == 2:
            return say("middles", middles=middles(record, 1))
        return say("weights" if n == 2 else "weights.more", n=n, det=record.det)
    if move == "cut":
        assert record.cut is not None
        right = int((record.cut.sums > ROUNDING * np.abs(record.cut.sums).max()).sum())
        return say("cut", right=right, n=len(record.cut.sums))
    area = common.percent(record.area)
    if move == "block":
        return say("block", name=record.name, h=h, area=area)
    return _bent(record, h, area)


def _bent(record: Layer, h: str, area: str) -> str:
    assert record.act is not None and record.slopes is not None
    if record.act.name == "linear":
        return say("bend.linear")
    if record.groups and record.units == 2:
        return say("bend.middles", name=record.act.name, middles=middles(record, 2))
    j = int(np.abs(record.slopes).argmin())
    zone = record.zone(j)
    if record.units == 1:
        return say("bend.line", name=record.act.name, h=h)
    if zone and record.units == 2:
        return say(f"bend.{zone}", j=j + 1, slope=float(record.slopes[j]), area=area)
    return say("bend", name=record.act.name, area=area)


def panel(record: Layer, moves: list[str], k: int, presenter: bool) -> Panel:
    """The rows of a frame."""
    move = moves[k - 1] if k else "before"
    rows = {
        "before": _before, "weights": _weights, "bend": _bend, "block": _block, "cut": _cut,
    }[move](record)  # fmt: skip
    if presenter:
        rows = [{**r, "head": ""} if r["t"] == "eq" else {**r, "kicker": ""} for r in rows
                if r["t"] in ("title", "eq")]  # fmt: skip
        if move == "bend" and record.units > 1:
            rows.append(eq([[{"c": "num", "s": "area left"}, "=", box(record.area)]]))
    return tuple(rows)


def _before(record: Layer) -> list[Row]:
    rows = [
        title("A square of inputs", "BEFORE THE LAYER"),
        eq([[{"sym": "x_1"}, "=", num(record.x[0])], [{"sym": "x_2"}, "=", num(record.x[1])]]),
    ]
    return rows + _middles(record, 0) + [remark("Drag $x$; the small square goes with it.")]


def _middles(record: Layer, stage: int) -> list[Row]:
    """The midpoint of each group, with the name of its plane's letters."""
    if not record.groups or (record.units != 2 and stage > 0):
        return []
    lines: list[list[Any]] = []
    for g, name in enumerate(record.groups):
        at = record.middle(name)[stage]
        signs = " ".join(common.glyph(i, g) for i in record.groups[name][:4])
        cells: list[Any] = [common.note(f"{name}  {signs}"), "("]
        for i, v in enumerate(at):
            cells += [num(v), ","] if i < len(at) - 1 else [num(v), ")"]
        lines.append(cells)
    return [eq(lines, "Midpoints")]


def _sums(record: Layer) -> list[Row]:
    assert record.W is not None and record.z is not None
    b = np.zeros(record.units) if record.b is None else record.b
    if record.units == 2:
        return [eq(_sum(record, j, b[j])) for j in range(2)]
    lines = [[{"sym": f"z_{{{j + 1}}}"}, "=", box(record.z[j])] for j in range(record.units)[:5]]
    return [eq(lines, "The sums at $x$")]


def _sum(record: Layer, j: int, b: float) -> list[list[Any]]:
    """z_1 = w₁ × x₁ + w₂ × x₂ + b, on two lines."""
    assert record.W is not None and record.z is not None
    w, x = record.W[:, j], record.x
    parts = [*(shown(p) * shown(q) for p, q in zip(w, x, strict=True)), b]
    return [
        [{"sym": f"z_{j + 1}"}, "=", num(w[0]), "×", num(x[0]), "+", num(w[1]), "×", num(x[1])],
        ["", "+", num(b), common.equals(record.z[j], parts), box(record.z[j])],
    ]


def _weights(record: Layer) -> list[Row]:
    rows = [title("Turn and stretch with $W$")]
    if record.groups and record.units == 2:
        rows += _middles(record, 1)
        rows.append(remark("Sums keep midpoints: both groups still have the same one.")
                    if _same(record, 1) else remark("Sums keep midpoints."))  # fmt: skip
    rows += _sums(record)
    if record.units == 2:
        rows.append(eq([[{"sym": "|det W|"}, "=", box(record.det),
                         {"note": "times the area, everywhere"}]]))  # fmt: skip
    return rows


def _same(record: Layer, stage: int) -> bool:
    at = [record.middle(name)[stage] for name in record.groups]
    return len(at) > 1 and all(np.allclose(p, at[0], atol=1e-12) for p in at)


def _bend(record: Layer) -> list[Row]:
    assert record.act is not None
    rows = [title(f"Bend with {record.act.name}")]
    rows += _middles(record, 2)
    rows.append(_curves(record, 104 if record.groups else 128))
    rows += _left(record)
    rows.append({"t": "next", "s": "$δ = ∂L/∂h ⊙$ these slopes, on the way back"})
    return rows


def _curves(record: Layer, high: int) -> Row:
    """Value and slope, side by side, the neurons on both."""
    curve = record.curve
    assert curve is not None
    planes = []
    for name, at, colour, bounds in (
        ("value", "h", "forward", common.value_range(curve)),
        ("slope", "slopes", "backward", common.slope_range(curve)),
    ):
        marks = common.zones(curve, "panel")
        marks.append({"t": "curve", "y": [[f"{name} curve", 0]], "n": curve.z.size, "c": colour})
        named = not len(record.points[0])
        for j in range(min(record.units, MOST)):
            place = {"x": ["z", j], "y": [at, j]}
            marks.append({"t": "dot", "r": 6, "c": "ink", **place,
                          "shape": common.SHAPES[j] if named else "circle"})  # fmt: skip
            if record.units <= 2:
                marks.append(_label(record, name, at, j, place))
        planes.append({"name": name, "xr": [-7, 7], "yr": list(bounds), "xt": [-3, 0, 3],
                       "yt": common.ticks(*bounds, 4), "zero": True, "marks": marks,
                       "xl": "z"})  # fmt: skip
    return {"t": "plane", "planes": planes, "high": high}


def _label(record: Layer, name: str, at: str, j: int, place: Row) -> Row:
    """The number beside a neuron's point, over the other's where the two are close."""
    assert record.z is not None and record.slopes is not None
    values = record.h if name == "value" else record.slopes
    sides = record.z > 1.5  # there is no room on the right beyond
    dy = -8
    if record.units == 2 and sides[0] == sides[1] and record.curve is not None:
        whole = record.curve.value if name == "value" else record.curve.slope
        close = abs(values[0] - values[1]) < 0.25 * float(np.ptp(whole))
        upper = values[j] > values[1 - j] or (values[j] == values[1 - j] and j == 0)
        dy = -24 if close and upper else -8
    return {"t": "words", "tag": f"{name} {j + 1}", "v": [[at, j]], "size": 13, "bold": True,
            "s": f"h_{j + 1}" if name == "value" else f"{j + 1}:", "dx": -10 if sides[j] else 10,
            "dy": dy, "anchor": "end" if sides[j] else "start", **place}  # fmt: skip


def _left(record: Layer) -> list[Row]:
    """What is left of a small square: |det W| × slopes, or the two stretches."""
    assert record.slopes is not None
    n, area = record.units, record.area
    under = common.percent(area)
    end: Row = {"sym": "area left", "n": area, "frame": "dir", "under": under, "name": "area"}
    head = remark("How much of a small square at $x$ is left")
    if n == 1:
        return [remark("One number is left of two: a square becomes a stretch of a line.")]
    if n > 2:
        a, b = record.stretches[:2]
        return [head, {"t": "product", "items": [
            {"sym": "stretch 1", "n": a, "name": "stretch 1"}, {"op": "×"},
            {"sym": "stretch 2", "n": b, "name": "stretch 2"},
            {"op": common.times(area, (a, b))}, end,
        ]}]  # fmt: skip
    slopes = [float(s) for s in record.slopes]
    items: list[Row] = [{"sym": "|det W|", "n": record.det, "under": "weights", "name": "det"}]
    weakest = int(np.abs(record.slopes).argmin())
    for j, s in enumerate(slopes):
        zone = record.zone(j)
        items += [{"op": "×"}, {
            "sym": common.slope_sym(record.act, j + 1) if record.act else "slope", "n": s,
            "under": zone, "name": f"slope {j + 1}",
            **({"frame": "ink"} if zone and j == weakest else {}),
        }]  # fmt: skip
    items += [{"op": common.times(area, (record.det, *slopes))}, end]
    return [head, {"t": "product", "items": items}]


def _block(record: Layer) -> list[Row]:
    lines = [[{"sym": f"h_{{{j + 1}}}"}, "=", box(record.h[j])] for j in range(record.units)[:5]]
    rows: list[Row] = [
        title(f"Through {record.name}"), eq(lines, "What comes out at $x$"),
    ]  # fmt: skip
    if record.units > 1:
        a, b = record.stretches[:2]
        rows += [
            remark("How much of a small square at $x$ is left"),
            {"t": "product", "items": [
                {"sym": "stretch 1", "n": a, "name": "stretch 1"}, {"op": "×"},
                {"sym": "stretch 2", "n": b, "name": "stretch 2"},
                {"op": common.times(record.area, (a, b))},
                {"sym": "area left", "n": record.area, "frame": "dir", "name": "area"},
            ]},
        ]  # fmt: skip
    return rows + _middles(record, 1)


def _cut(record: Layer) -> list[Row]:
    """The next layer's sum at each sample, with the bend and without."""
    cut = record.cut
    assert cut is not None
    rows: list[Row] = [title("One straight cut", "THE NEXT LAYER")]
    rows.append({"t": "p", "s": _formula(cut.w, cut.b)})
    groups = record.groups or {"samples": tuple(range(len(cut.sums)))}
    for g, (name, indices) in enumerate(groups.items()):
        lines = [
            [common.note(f"{common.glyph(i, g)}  {common.place(record.points[0][i])}"),
             box(cut.sums[i], float(np.abs(cut.sums).max()) or 1.0),
             common.note("unbent"), num(cut.straight[i])]
            for i in indices[:MOST]
        ]  # fmt: skip
        rows.append(eq(lines, name))
    return rows


def _formula(w: np.ndarray, b: float) -> str:
    """1.00 h_1 + 1.00 h_2 − 1.00 = 0"""
    if len(w) > MOST:
        return f"A sum of {len(w)} products and a bias, 0 on the line."
    said = " ".join(
        f"{'−' if v < 0 else '+' if j else ''} {number(abs(float(v)))} $h_{j + 1}$"
        for j, v in enumerate(w)
    ).strip()
    return f"{said} {'−' if b < 0 else '+'} {number(abs(b))} = 0 on the line"
