"""One neuron: value and slope side by side, its sum on both."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.activation import common
from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Panel, Row, box, eq, num, remark, title
from backprop_kit.study.activations import Neuron

say = speaker("activation")

PLANES = (("value", 40, 308, "h", "forward"), ("slope", 372, 640, "slope", "backward"))
STEP = 0.05
FAR = 3.5


def film_neuron(record: Neuron, *, presenter: bool = False) -> Film:
    """The film of a neuron: one frame, its sum to be dragged on both curves.

    presenter  fewer parts, in larger type
    """
    names = [name for name, _, _ in record.others]
    arrays = (
        Array("z", np.array([record.z])), Array("h", np.array([record.h])),
        Array("slope", np.array([record.slope])),
        Array("value", record.curve.value), Array("slopes", record.curve.slope),
        *(() if presenter else (
            Array("values at z", np.array([h for _, h, _ in record.others])),
            Array("slopes at z", np.array([s for _, _, s in record.others])),
        )),
    )  # fmt: skip
    return Film(
        title=("One neuron", f"{record.w.size} input{'s' if record.w.size > 1 else ''}, by hand"),
        size=common.SIZE,
        arrays=arrays,
        marks=tuple(_planes(record, presenter) + ([] if presenter else _table(record))),
        phases=(("bend", "Bend"),),
        cuts={"move": (Frame(0, "bend", caption(record), panel=_panel(record, presenter)),)},
        head=common.HEAD,
        choices=common.choice(names, record.act.name),
        presenter=presenter,
    )


def caption(record: Neuron) -> str:
    if record.moved:
        assert record.before is not None
        z0, h0, _ = record.before
        return say("neuron.moved", z0=z0, z=record.z, h0=h0, h=record.h, by=record.h - h0)
    kind = f"neuron.{record.zone}" if record.zone else "neuron"
    return say(kind, z=record.z, name=record.act.name, h=record.h, slope=record.slope)


def _planes(record: Neuron, presenter: bool) -> list[Row]:
    act, curve = record.act, record.curve
    low = 352 if presenter else 262
    top = 44 if presenter else 30
    size = 20 if presenter else 12
    ranges = {"value": common.value_range(curve), "slope": common.slope_range(curve)}
    heads = {"value": f"value  $h = {act.letters} z$" if act.letters not in ("z", "") else
             "value  $h = z$", "slope": f"slope  ${common.slope_sym(act)}$"}  # fmt: skip
    marks: list[Row] = []
    far = record.z > FAR  # no room on the right
    for name, x0, x1, sym, colour in PLANES:
        lo, hi = ranges[name]
        left = x0 + (20 if presenter else 0)
        marks += [
            {"t": "plane", "tag": name, "x0": left, "x1": x1, "y0": top, "y1": low,
             "xr": [float(curve.z[0]), float(curve.z[-1])], "yr": [lo, hi],
             "xt": [-3, 0, 3] if presenter else [-6, -3, 0, 3, 6], "yt": common.ticks(lo, hi),
             "xl": "z", "zero": True, "rules": True, "size": size},
            {"t": "text", "x": left, "y": 18 if presenter else 12, "s": heads[name],
             "anchor": "start", "size": 24 if presenter else 15, "bold": True, "c": "muted"},
            *common.zones(curve, name),
            {"t": "curve", "in": name, "y": [["value" if name == "value" else "slopes", 0]],
             "n": curve.z.size, "c": colour},
        ]  # fmt: skip
        y = ["h" if name == "value" else "slope", 0]
        marks += [
            {"t": "seg", "in": name, "x1": ["z", 0], "y1": 0.0, "x2": ["z", 0], "y2": y,
             "c": "muted", "dash": True},
            {"t": "dot", "in": name, "tag": "z" if name == "value" else "z slope", "x": ["z", 0],
             "y": y, "drag": "x", "step": STEP, "nudge": STEP, "r": 10, "c": "ink",
             "lo": float(curve.z[0]), "hi": float(curve.z[-1]),
             "name": f"the sum z, on the curve of the {name}", "halo": colour},
            {"t": "words", "in": name, "tag": sym, "x": ["z", 0], "y": y,
             "dx": -16 if far else 16, "dy": 24 if name == "value" else -20,
             "v": [y], "anchor": "end" if far else "start", "bold": True, "plate": True,
             "size": 24 if presenter else 15},
        ]  # fmt: skip
        if name == "value":
            marks.append({"t": "tangent", "in": name, "x": ["z", 0], "y": y, "slope": ["slope", 0],
                          "half": 44, "c": "backward", "halo": True})  # fmt: skip
    return marks


def _table(record: Neuron) -> list[Row]:
    """Value and slope of every activation on offer, at this sum."""
    marks: list[Row] = [
        {"t": "text", "x": 0, "y": 321, "s": "value", "anchor": "start", "size": 13, "c": "muted"},
        {"t": "text", "x": 0, "y": 341, "s": "slope", "anchor": "start", "size": 13, "c": "muted"},
    ]
    count = len(record.others)
    for i, (name, _, _) in enumerate(record.others):
        x = 100 + i * 512 / max(count - 1, 1)
        own = name == record.act.name
        marks += [
            {"t": "text", "x": x, "y": 301, "s": name, "size": 13, "bold": own,
             "c": "ink" if own else "muted"},
            {"t": "text", "x": x, "y": 321, "tag": f"value of {name}", "v": [["values at z", i]],
             "size": 14, "bold": own, "c": "ink" if own else "muted"},
            {"t": "text", "x": x, "y": 341, "tag": f"slope of {name}", "v": [["slopes at z", i]],
             "size": 14, "bold": own, "c": "ink" if own else "muted"},
        ]  # fmt: skip
    curve = record.curve
    x = 0.0
    if curve.saturated:
        marks += common.key(x, 371, "hatch", "saturated: slope under 1 % of its largest")
        x += 320
    if curve.dead:
        marks += common.key(x, 371, "solid", "dead: slope exactly 0")
    return marks


def _panel(record: Neuron, presenter: bool) -> Panel:
    act = record.act
    rows: list[Row] = [
        title(f"{act.name} at $z$ = {number(record.z)}", "" if presenter else "ONE NEURON"),
        eq(common.terms(record.w, record.x, record.b, record.z, "z"),
           "" if presenter else "The sum $z = w·x + b$"),
    ]  # fmt: skip
    lines = [[{"sym": f"h = {act.letters or 'f'} z" if act.letters != "z" else "h = z"}, "=",
              box(record.h)],
             [{"sym": common.slope_sym(act)}, "=", box(record.slope)]]  # fmt: skip
    rows.append(eq(lines))
    if presenter:
        return tuple(rows)
    if record.zone:
        words = {"saturated": "Saturated: the slope is under 1 % of its largest, "
                 f"{number(record.curve.top)}.",
                 "dead": "Dead: the slope is exactly 0."}  # fmt: skip
        rows.append({"t": "p", "s": words[record.zone]})
    if record.moved:
        rows += _move(record)
    elif not record.zone:
        rows.append(remark("Drag a ring: it moves the bias, and so the sum."))
    rows.append({"t": "next", "s": "this slope multiplies what comes back"})
    return tuple(rows)


def _move(record: Neuron) -> list[Row]:
    """What the slope promised for the last move, and what the output did."""
    assert record.before is not None
    z0, h0, s0 = record.before
    dz, dh = record.z - z0, record.h - h0
    sign = common.times(s0 * dz, (s0, dz))
    return [
        {"t": "line"},
        eq([[common.note("slope says"), num(s0), "×", num(dz), sign, num(s0 * dz)],
            [common.note("h moved"), "", "", "", "", box(dh)]],
           f"The sum went from {number(z0)} to {number(record.z)}"),
    ]  # fmt: skip
