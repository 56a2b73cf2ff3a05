"""A whole small net: its numbers to turn, its outputs by group, without a bend and with one."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.activation import common
from backprop_kit.films.captions import joined, speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Panel, Row, box, eq, num, remark, title
from backprop_kit.study import plane
from backprop_kit.study.bent_net import Net

say = speaker("activation")

LOW, HIGH, STEP = -3.0, 3.0, 0.05
LEFT, TOP, BOTTOM = (36, 266), 24, 254
MOST_SLIDERS, MOST_ROWS = 24, 4


def film_net(
    record: Net,
    options: tuple[str, ...] = (),
    *,
    open: bool = False,
    covered: bool = False,
    presenter: bool = False,
) -> Film:
    """The film of a small net: step 0 without a bend between its layers, step 1 with one.

    options   the activations on offer; () for none
    open      whether its numbers can be turned
    covered   step 1 is asked for first, so that nothing may name it
    presenter fewer parts, in larger type
    """
    bends = bool(record.names)
    phase = (("bend", "?" if covered else f"{record.act.name} between the layers"),)
    frames = tuple(
        Frame(k, "bend", caption(record, k), panel=_panel(record, k, presenter))
        for k in range(2 if bends else 1)
    )
    return Film(
        title=("A small net", f"{record.size} numbers, {len(record.X)} samples"),
        size=common.SIZE,
        arrays=tuple(_arrays(record)),
        marks=tuple(_marks(record, open, presenter)),
        phases=phase,
        cuts={"move": frames},
        head=common.HEAD,
        choices=common.choice(options, record.act.name) if bends else (),
        presenter=presenter,
    )


def _sums(record: Net, k: int) -> str:
    found = record.sums(k) or {"all": float(record.outputs[k].sum())}
    return joined([f"{number(v)} ({name})" for name, v in found.items()])


def caption(record: Net, k: int) -> str:
    """The sentence of a frame."""
    if k:
        return say("net.bent", name=record.act.name, sums=_sums(record, 1))
    bend = "no bend between the layers" if record.names else "a net in one piece"
    return say("net", size=record.size, bend=bend, n=len(record.X), sums=_sums(record, 0))


def _arrays(record: Net) -> list[Array]:
    out = [Array(f"numbers {path}", values) for path, values in record.numbers.items()]
    steps = (0, 1) if record.names else (0,)
    for k in steps:
        out.append(Array(f"outputs {k}", record.outputs[k], known=k))
        if record.maps[k].size:
            own = max(float(np.abs(m).max()) for m in (record.maps[k], record.hidden[k]) if m.size)
            out += [
                Array(f"map {k}", record.maps[k].astype("f4"), known=k, peak=own or 1.0),
                Array(f"hidden {k}", common.small(record.hidden[k]), known=k, peak=own or 1.0),
            ]
    return out


# --- the picture ----------------------------------------------------------------------------------
def _marks(record: Net, open: bool, presenter: bool) -> list[Row]:
    steps = (0, 1) if record.names else (0,)
    marks: list[Row] = []
    if record.maps[0].size:
        marks += _output(record, steps, presenter) + _tiles(record, steps, presenter)
    if presenter:
        return marks
    if record.size <= MOST_SLIDERS:
        if open:
            marks += _columns(record) or _grid(record)
        marks.append(common.opener(open))
    else:
        marks.append({"t": "text", "x": 656, "y": 369, "anchor": "end", "size": 13, "c": "muted",
                      "s": f"{record.size} numbers: too many to turn by hand"})  # fmt: skip
    return marks


def _output(record: Net, steps: tuple[int, ...], presenter: bool) -> list[Row]:
    r, bottom = record.reach, 340 if presenter else BOTTOM
    x0, x1 = LEFT[0] + (10 if presenter else 0), LEFT[1]
    return [
        {"t": "text", "x": x0, "y": 10, "anchor": "start",
         "s": "the output" if presenter else "the output over the inputs",
         "c": "muted", "size": 24 if presenter else 15},
        {"t": "plane", "tag": "plane", "x0": x0, "x1": x1, "y0": TOP, "y1": bottom,
         "xr": [-r, r], "yr": [-r, r], "square": True, "xt": [-r, 0, r], "yt": [-r, 0, r],
         "xl": "x_1", "yl": "x_2", "xla": r / 2, "yla": r / 2, "border": True,
         "size": 20 if presenter else 12},
        {"t": "image", "in": "plane", "tag": "plane", "rows": plane.PIXELS, "cols": plane.PIXELS,
         "v": [[f"map {k}", 0] for k in steps]},
        *common.samples("plane", len(record.X), record.groups,
                        lambda i: tuple(float(v) for v in record.X[i]), tag="samples"),
        *_said(record, steps, presenter),
    ]  # fmt: skip


def _said(record: Net, steps: tuple[int, ...], presenter: bool) -> list[Row]:
    """Each output beside its sample."""
    if len(record.X) > 4:
        return []
    return [
        {"t": "words", "in": "plane", "tag": f"output {i}", "x": float(x[0]), "y": float(x[1]),
         "dx": -14 if x[0] > 0 else 14, "dy": (36 if presenter else 24) * (1 if x[1] > 0 else -1),
         "v": [[f"outputs {k}", i] for k in steps],
         "plate": True, "bold": True, "size": 22 if presenter else 14}
        for i, x in enumerate(record.X)
    ]  # fmt: skip


def _places(count: int) -> list[tuple[float, float]]:
    """Where each column of a hidden unit is, and how wide its tile."""
    pitch = 340 / max(count, 1)
    side = min(84.0, pitch * 0.8 - 8)
    return [(318 + pitch * (j + 0.5), side) for j in range(count)]


def _tiles(record: Net, steps: tuple[int, ...], presenter: bool) -> list[Row]:
    count = len(record.names)
    if not count:
        return []
    marks: list[Row] = [
        {"t": "text", "x": 318, "y": 10, "anchor": "start",
         "s": "hidden units" if presenter else "each hidden unit sees",
         "c": "muted", "size": 24 if presenter else 15},
    ]  # fmt: skip
    if count > common.MOST:
        rows = min(-(-count // 8), 5)
        return [*marks, {"t": "tiles", "tag": "tile", "x": 488, "y": 26 + 18 * rows, "w": 288,
                         "h": 36 * rows, "rows": rows, "cols": 8, "n": min(count, 40),
                         "k": plane.PIXELS // 2,
                         "v": [[f"hidden {k}", 0] for k in steps]}]  # fmt: skip
    for j, (x, side) in enumerate(_places(count)):
        tag = f"tile:{j}"
        marks += [
            {"t": "plane", "tag": tag, "x0": x, "x1": x, "dx0": -side / 2, "dx1": side / 2,
             "y0": TOP, "y1": TOP + side, "xr": [-record.reach, record.reach],
             "yr": [-record.reach, record.reach], "border": True},
            {"t": "image", "in": tag, "tag": tag, "rows": plane.PIXELS, "cols": plane.PIXELS,
             "v": [[f"hidden {k}", j * plane.PIXELS**2] for k in steps]},
            *common.samples(tag, len(record.X), record.groups,
                            lambda i: tuple(float(v) for v in record.X[i]), small=True),
            {"t": "text", "x": x, "y": TOP + side + 12, "s": record.names[j],
             "size": 20 if presenter else 14},
        ]  # fmt: skip
    return marks


def _slider(path: str, index: int, x: float, y: float, name: str) -> list[Row]:
    where = [[f"numbers {path}", index]]
    return [
        {"t": "box", "x": x, "y": y, "w": 58, "h": 18, "plain": True, "v": where, "size": 13,
         "tag": f"{path}:{index} number"},
        {"t": "slider", "tag": f"{path}:{index}", "x": x, "y": y + 19, "w": 66, "lo": LOW,
         "hi": HIGH, "step": STEP, "nudge": STEP, "v": where, "name": name},
    ]  # fmt: skip


def _columns(record: Net) -> list[Row]:
    """Under each hidden unit its weights, its bias, and its weight to the output; [] if the net has
    another shape."""
    shapes = [(path, v.shape) for path, v in record.numbers.items()]
    count = len(record.names)
    if not 0 < count <= common.MOST or not record.maps[0].size:
        return []
    if [s for _, s in shapes] != [(2, count), (count,), (count, 1), (1,)]:
        return []
    (w1, _), (b1, _), (w2, _), (b2, _) = shapes
    rows = [("x_1", w1, 0, "weight from x1 to"), ("x_2", w1, count, "weight from x2 to"),
            ("$b$", b1, 0, "bias of"), ("out", w2, 0, "weight to the output from")]  # fmt: skip
    marks: list[Row] = []
    top = TOP + _places(count)[0][1] + 44
    for r, (label, path, first, name) in enumerate(rows):
        y = top + 50 * r
        marks.append({"t": "text", "x": 292, "y": y + 10, "s": label, "size": 15, "c": "muted"})
        for j, (x, _) in enumerate(_places(count)):
            marks += _slider(path, first + j, x, y, f"{name} hidden unit {j + 1}")
    marks.append({"t": "text", "x": 216, "dx": -44, "y": top + 160, "s": "bias of the output",
                  "size": 13, "anchor": "end", "c": "muted"})  # fmt: skip
    return marks + _slider(b2, 0, 216, top + 150, "bias of the output")


def _grid(record: Net) -> list[Row]:
    """Every number of a net of another shape, in rows of six."""
    marks: list[Row] = []
    places = [(path, i) for path, v in record.numbers.items() for i in range(v.size)]
    cols = 3 if record.maps[0].size else 6
    left = 330 if record.maps[0].size else 40
    top = 150 if record.maps[0].size else 40
    pitch = min(64.0, (350 - top) / max(1, -(-len(places) // cols)))
    for n, (path, i) in enumerate(places):
        x = left + (n % cols) * (600 - left) / max(cols - 1, 1)
        marks += _slider(path, i, x, top + pitch * (n // cols), f"number {i + 1} of {path}")
    return marks


# --- the panel ------------------------------------------------------------------------------------
def _panel(record: Net, k: int, presenter: bool) -> Panel:
    if presenter:
        return _large(record, k)
    heads = ("Without a bend", f"With {record.act.name} between")
    rows: list[Row] = [title(heads[k] if record.names else "As it is", "THE OUTPUTS")]
    peak = float(np.abs(record.outputs[k]).max()) or 1.0
    groups = record.groups or {"all": tuple(range(len(record.X)))}
    for g, (name, indices) in enumerate(groups.items()):
        values = record.outputs[k][list(indices)]
        lines: list[list[Any]] = [
            [common.note(_sample(record, i, g)), "", num(record.outputs[k][i])]
            for i in indices[:MOST_ROWS]
        ]
        if len(indices) > MOST_ROWS:
            lines = [[common.note(f"{len(indices)} samples"), "", ""]]
        total = float(values.sum())
        sign = common.equals(total, values) if len(indices) <= MOST_ROWS else "="
        lines.append([common.note("sum"), sign, box(total, 2 * peak)])
        rows.append(eq(lines, name))
    if len(record.groups) == 2:
        a, b = record.sums(k).values()
        rows.append({"t": "line"})
        close = abs(a - b) < 1e-12 * max(1.0, abs(a), abs(b))
        gap = 0.0 if close else a - b
        names = list(record.groups)
        rows.append(eq([[common.note(f"{names[0]} less {names[1]}"), "", box(gap, 2 * peak)]]))
    if k:
        rows.append(remark(f"Without the bend: {_sums(record, 0)}."))
    return tuple(rows)


def _sample(record: Net, i: int, group: int) -> str:
    """A sample by its sign and its few inputs, else by its number."""
    if record.X.shape[1] < 4:
        return f"{common.glyph(i, group)}  {common.place(record.X[i])}"
    return f"sample {i + 1}"


def _large(record: Net, k: int) -> Panel:
    """Only the sums."""
    heads = ("Without a bend", f"With {record.act.name}")
    sums = record.sums(k) or {"all": float(record.outputs[k].sum())}
    lines = [[{"c": "num", "s": f"{name}, sum"}, "=", box(v)] for name, v in sums.items()]
    return (title(heads[k] if record.names else "As it is", ""), eq(lines))
