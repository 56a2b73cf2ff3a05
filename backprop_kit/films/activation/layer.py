"""One layer as a bent plane: the square of inputs, what each neuron sees, and where points go.

Beside `layer_panel` (the words), `layer_numbers` (what travels) and `layer_marks` (the maps, and
the rows of numbers to turn).
"""

from __future__ import annotations

import numpy as np

from backprop_kit.films.activation import common
from backprop_kit.films.activation.layer_marks import formulas, tiles
from backprop_kit.films.activation.layer_numbers import arrays, box_of, placed
from backprop_kit.films.activation.layer_panel import caption, panel
from backprop_kit.films.film import Film, Frame
from backprop_kit.films.rows import Row
from backprop_kit.study import plane
from backprop_kit.study.layer_record import Layer

LEFT, RIGHT = (36, 266), (424, 654)
TOP, LOW = 24, 254
NAMES = {"weights": "weights: turn and stretch", "bend": "activation: bend",
         "block": "the layer", "cut": "next layer: one cut"}  # fmt: skip


def film_layer(
    record: Layer,
    options: tuple[str, ...] = (),
    *,
    open: bool = False,
    selected: int = 0,
    presenter: bool = False,
) -> Film:
    """The film of a layer: the plane before, turned by the weights, bent, and cut.

    options   the activations on offer; () for none
    open      whether its numbers can be turned · selected: the neuron whose numbers, if there are
              more than two
    presenter fewer parts, in larger type
    """
    moves = moves_of(record)
    last = len(moves)
    bent = moves.index("bend") + 1 if "bend" in moves else 1
    frames = tuple(
        Frame(k, moves[max(k, 1) - 1] if moves[0] != "block" else "bend",
              caption(record, moves, k), panel=panel(record, moves, k, presenter))
        for k in range(last + 1)
    )  # fmt: skip
    whole = tuple(f for f in frames if f.k in (0, bent, last))
    name = {1: "A layer of one neuron"}.get(record.units, f"A layer of {record.units} neurons")
    act = record.act.name if record.act is not None else ""
    return Film(
        title=(name if record.act is not None else record.name, "two inputs"),
        size=common.SIZE,
        arrays=tuple(arrays(record, last)),
        marks=tuple(_marks(record, moves, open, selected, presenter)),
        phases=tuple((m if m != "block" else "bend", NAMES[m]) for m in moves),
        cuts={"move": frames, "layer": whole} if len(whole) < len(frames) else {"move": frames},
        head=common.HEAD,
        choices=common.choice(options, act),
        presenter=presenter,
    )


def moves_of(record: Layer) -> list[str]:
    """The steps of this film after the first picture."""
    own = ["block"] if record.z is None else ["weights", "bend"]
    return own + (["cut"] if record.cut is not None else [])


# --- the picture ----------------------------------------------------------------------------------
def _marks(
    record: Layer, moves: list[str], open: bool, selected: int, presenter: bool
) -> list[Row]:
    last, size = len(moves), 20 if presenter else 12
    marks = _before(record, last, size, presenter)
    marks += _after(record, moves, size, presenter) if record.units == 2 else []
    marks += tiles(record, selected, presenter)
    if record.W is not None and not presenter:
        marks += formulas(record, open, selected)
    return marks


def _before(record: Layer, last: int, size: int, presenter: bool) -> list[Row]:
    r, step = record.reach, plane.step_of(record.reach)
    wide = presenter and record.units == 2
    x0, x1 = (52, 316) if wide else (52, 276) if presenter else LEFT
    low = 330 if presenter else LOW
    marks: list[Row] = [
        {"t": "text", "x": x0, "y": 10, "s": "before  $x$", "anchor": "start", "c": "muted",
         "size": 24 if presenter else 15},
        {"t": "plane", "tag": "before", "x0": x0, "x1": x1, "y0": TOP, "y1": low,
         "xr": [-r, r], "yr": [-r, r], "square": True, "grid": step, "ground": "zero",
         "xt": [-r, 0, r], "yt": [-r, 0, r], "xl": "x_1", "yl": "x_2",
         "xla": r / 2, "yla": r / 2, "size": size},
        {"t": "poly", "in": "before", "tag": "square", "v": [["square", 0]],
         "n": 4 * plane.BORDER, "style": "outline", "c": "ink"},
        {"t": "dot", "in": "before", "tag": "x", "x": ["x", 0], "y": ["x", 1], "drag": "xy",
         "step": [0.05, 0.05], "r": 9, "c": "forward", "halo": "forward",
         "name": "the point x, both inputs"},
        *common.samples("before", len(record.points[0]), record.groups,
                        lambda i: tuple(float(v) for v in record.points[0][i]), tag="samples"),
    ]  # fmt: skip
    if record.curve is not None:
        for name, found, style in (("saturated", record.curve.saturated, "hatch"),
                                   ("dead", record.curve.dead, "soft")):  # fmt: skip
            count = len(found) * record.units if record.units <= 2 else 0
            marks += [
                {"t": "poly", "in": "before", "v": [[name, 2 * plane.CORNERS * i]],
                 "n": plane.CORNERS, "style": style, "c": "ink", "frames": [2, 9]}
                for i in range(count)
            ]  # fmt: skip
    if record.cut is not None:
        marks += [
            {"t": "image", "in": "before", "rows": plane.PIXELS, "cols": plane.PIXELS, "cap": 0.4,
             "v": [["cut map", 0]], "frames": [last, last]},
            {"t": "mesh", "in": "before", "v": [["contour", 0]], "lines": 128, "points": 2,
             "heavy": list(range(128)), "c": "ink", "frames": [last, last]},
        ]  # fmt: skip
    return marks


def _after(record: Layer, moves: list[str], size: int, presenter: bool) -> list[Row]:
    stages = len(record.grids)
    low, high = box_of(record, stages - 1)
    x0, x1 = (392, 656) if presenter else RIGHT
    bottom = 330 if presenter else LOW
    at = {"x0": x0, "x1": x1, "y0": TOP, "y1": bottom, "square": True}
    candidates = [[f"grid {k}", 0] for k in range(stages)]
    lines = len(record.grids[0])
    marks: list[Row] = [
        {"t": "plane", "tag": "after", **at, "xr": [low, high], "yr": [low, high],
         "ground": "panel"},
    ]  # fmt: skip
    letters = ["x", "h"] if stages == 2 else ["x", "z", "h"]
    for k, letter in enumerate(letters):
        a, b = box_of(record, k)
        shown = common.ticks(a, b, 4)
        end = [k, k] if k < stages - 1 else [k, 9]
        name = record.act.letters if record.act is not None else ""
        bent = f"after  $h = {name} z$" if name not in ("", "z") else "after  $h$"
        words = {"x": "after: the same, so far", "z": "after the weights  $z$", "h": bent}
        marks += [
            {"t": "plane", "tag": f"after {k}", **at, "xr": [a, b], "yr": [a, b], "xt": shown,
             "yt": shown, "xl": f"{letter}_1", "yl": f"{letter}_2", "size": size, "zero": True,
             "xla": (shown[-1] + shown[-2]) / 2, "yla": (shown[-1] + shown[-2]) / 2,
             "frames": end},
            {"t": "text", "x": x0, "y": 10, "s": words[letter], "anchor": "start", "c": "muted",
             "size": 24 if presenter else 15, "frames": end},
        ]  # fmt: skip
    for v in record.limits or ():
        for one in ({"x1": v, "y1": low, "x2": v, "y2": high},
                    {"x1": low, "y1": v, "x2": high, "y2": v}):  # fmt: skip
            marks.append({"t": "seg", "in": "after", **one, "c": "faint", "dash": True,
                          "frames": [stages - 1, 9]})  # fmt: skip
    own = [[f"square {k}", 0] for k in range(stages)]
    marks += [
        {"t": "mesh", "in": "after", "v": candidates, "lines": lines, "points": plane.POINTS,
         "heavy": _heavy(record), "c": ""},
        {"t": "poly", "in": "after", "tag": "image", "v": own, "n": 4 * plane.BORDER,
         "style": "outline", "c": "forward"},
        {"t": "dot", "in": "after", "tag": "x after", "r": 6, "c": "forward",
         "x": [[f"x {k}", 0] for k in range(stages)], "y": [[f"x {k}", 1] for k in range(stages)]},
        *common.samples("after", len(record.points[0]), record.groups, lambda i: (
            [[f"points {k}", 2 * i] for k in range(stages)],
            [[f"points {k}", 2 * i + 1] for k in range(stages)],
        ), tag="samples after"),
    ]  # fmt: skip
    for g, name in enumerate(record.groups):
        place = {"x": [[f"middles {k}", 2 * g] for k in range(stages)],
                 "y": [[f"middles {k}", 2 * g + 1] for k in range(stages)]}  # fmt: skip
        marks += [
            {"t": "dot", "in": "after", "tag": f"middle {g}", "r": 6, "c": "accent",
             "hollow": g > 0, **place},
            *(_named(record, name, g, k, (low + high) / 2) for k in range(stages)
              if not presenter),
        ]  # fmt: skip
    if not record.groups:
        marks.append({"t": "words", "in": "after", "tag": "area", "dy": 30, "plate": True,
                      "s": "area left", "v": [["area", 0]], "bold": True,
                      "size": 20 if presenter else 13, "frames": [stages - 1, 9],
                      "x": [f"x {stages - 1}", 0], "y": [f"x {stages - 1}", 1]})  # fmt: skip
    if record.cut is not None:
        last = len(moves)
        marks.append({"t": "seg", "in": "after", "x1": ["cut", 0], "y1": ["cut", 1],
                      "x2": ["cut", 2], "y2": ["cut", 3], "c": "ink", "width": 2.6,
                      "frames": [last, last]})  # fmt: skip
    return marks


def _named(record: Layer, name: str, g: int, k: int, centre: float) -> Row:
    """What a midpoint is called, on the side where there is more room."""
    right = float(placed(record, k, record.middle(name)[k])[0]) > centre
    return {"t": "words", "in": "after", "dx": -22 if right else 22, "dy": -42 + 26 * g,
            "anchor": "end" if right else "start", "plate": True, "s": f"middle of {name}",
            "size": 12,
            "x": [f"middles {k}", 2 * g], "y": [f"middles {k}", 2 * g + 1],
            "frames": [k, k if k < len(record.grids) - 1 else 9]}  # fmt: skip


def _heavy(record: Layer) -> list[int]:
    """The lines of the grid at whole numbers."""
    per = len(record.grids[0]) // 2
    at = np.linspace(-record.reach, record.reach, per)
    whole = [i for i, v in enumerate(at) if abs(v - round(v)) < 1e-9]
    return whole + [per + i for i in whole]
