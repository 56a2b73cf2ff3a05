"""The film of a forward pass that stopped: the layers so far, what could not be done with the
shapes it was given, and a dash for what would have followed.
"""

from __future__ import annotations

import numpy as np

from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.graph.arrays import as_rows, binned
from backprop_kit.films.rows import Panel, Row, remark, title
from backprop_kit.study.stopped_pass import StoppedPass

say = speaker("stopped_pass")

SIZE = (656, 382)
COLUMNS = 5  # the last ones before it stopped
MIDDLE = 168
PHASES = (("forward", "Forward"), ("loss", "Stopped"))


def film_stopped(stopped: StoppedPass) -> Film:
    """The film of a pass that stopped half way, its last frame the failure."""
    values = stopped.values
    names = ["x", *(link.name for link in stopped.links)]
    skipped = max(0, len(values) - COLUMNS)
    shown = list(range(skipped, len(values)))
    wide = SIZE[0] / (len(shown) + 2)
    end = len(values)
    arrays: list[Array] = []
    marks: list[Row] = []
    for place, k in enumerate(shown):
        x = wide * (place + 0.5)
        drawn = binned(as_rows(values[k].value.real))
        arrays.append(Array(f"v{k}", np.asarray(drawn, dtype=float), k))
        marks += _column(k, names[k], x, wide, drawn.shape, values[k].value.shape)
        marks.append(_arrow(x, wide, drawn.shape[1], 30 if k == end - 1 else 0, f"a{k}"))
    if skipped:
        marks.append({"t": "text", "x": 0, "y": 24, "s": f"… after {skipped} more", "c": "muted",
                      "anchor": "start"})  # fmt: skip
    marks += _failure(stopped, wide * (len(shown) + 0.5), wide)
    frames = [
        Frame(k, "forward", _caption(stopped, k), to=_lit(k, skipped), panel=_panel(stopped, k))
        for k in range(end)
    ]
    said = say("stopped", said=" ".join(stopped.said))
    frames.append(Frame(end, "loss", said, to=("stop",), panel=_judged(stopped), mark="failed"))
    many = "step" if len(stopped.links) == 1 else "steps"
    return Film(
        title=(say("title", name=stopped.name), f"{len(stopped.links)} {many} computed before"),
        size=SIZE,
        arrays=tuple(arrays),
        marks=tuple(marks),
        phases=PHASES,
        cuts={"layer": tuple(frames)},
    )


def shape(size: tuple[int, ...]) -> str:
    return "×".join(map(str, size)) or "one number"


# --- the picture ----------------------------------------------------------------------------------
def _column(
    k: int, name: str, x: float, wide: float, drawn: tuple[int, ...], size: tuple[int, ...]
) -> list[Row]:
    rows, cols = drawn
    w, h = _box(rows, cols, wide)
    printed = w / cols >= 36 and h / rows >= 20
    block: Row = {"t": "cells", "tag": f"v{k}", "x": x, "y": MIDDLE, "w": w, "h": h,
                  "rows": rows, "cols": cols, "v": [[f"v{k}", 0]]}  # fmt: skip
    return [
        {"t": "text", "x": x, "y": MIDDLE - h / 2 - 20, "s": _short(name, wide), "bold": True},
        {**block, **({"print": True} if printed else {})},
        {"t": "text", "x": x, "y": MIDDLE + h / 2 + 20, "s": shape(size), "c": "muted"},
    ]


def _box(rows: int, cols: int, wide: float) -> tuple[float, float]:
    most = min(wide - 26, 128.0)
    return min(most, max(24.0, 40.0 * cols)), min(150.0, max(24.0, 28.0 * rows))


def _short(name: str, wide: float) -> str:
    fits = max(6, int(wide / 8.2))
    return name if len(name) <= fits else name[: fits - 1] + "…"


def _arrow(x: float, wide: float, cols: int, more: float, tag: str) -> Row:
    half = _box(1, cols, wide)[0] / 2
    return {"t": "line", "tag": tag, "x1": x, "y1": MIDDLE, "dx1": half + 3, "x2": x + wide,
            "y2": MIDDLE, "dx2": -(more or wide / 2 - 8), "arrow": True}  # fmt: skip


def _failure(stopped: StoppedPass, x: float, wide: float) -> list[Row]:
    """The octagon, what could not be done, and what it was given."""
    lines = [
        {"t": "text", "x": x, "y": MIDDLE + 42 + 20 * i, "s": shape(s), "tag": "stop", "bold": True}
        for i, s in enumerate(stopped.shapes[:3])
    ]
    return [
        {"t": "glyph", "tag": "stop", "icon": "failed", "x": x, "y": MIDDLE, "size": 2},
        {"t": "text", "x": x, "y": MIDDLE - 46, "s": stopped.name, "bold": True},
        *lines,
        {"t": "line", "x1": x, "y1": MIDDLE, "dx1": 30, "x2": x + wide, "y2": MIDDLE,
         "dx2": -36, "arrow": True},
        {"t": "box", "tag": "after", "x": x + wide, "dx": -8, "y": MIDDLE, "w": 46, "h": 34,
         "v": []},
        {"t": "text", "x": x + wide, "dx": -8, "y": MIDDLE + 36, "s": say("after"),
         "c": "muted"},
    ]  # fmt: skip


# --- the frames -----------------------------------------------------------------------------------
def _lit(k: int, skipped: int) -> tuple[str, ...]:
    return (f"v{k}",) if k >= skipped else ()


def _caption(stopped: StoppedPass, k: int) -> str:
    size = shape(stopped.values[k].value.shape)
    if k == 0:
        return say("start", shape=size, name=stopped.name)
    return say("link", name=stopped.links[k - 1].name, shape=size)


def _panel(stopped: StoppedPass, k: int) -> Panel:
    value = stopped.values[k].value
    name = "The input" if k == 0 else stopped.links[k - 1].name
    rows: list[Row] = [title(name, "SO FAR"), {"t": "p", "s": f"Shape {shape(value.shape)}"}]
    if k and stopped.links[k - 1].weight is not None:
        weight = stopped.links[k - 1].weight
        assert weight is not None
        before = stopped.values[k - 1].value.shape
        rows.append(remark(f"{shape(before)} times W, {shape(weight.value.shape)}"))
    return tuple(rows)


def _judged(stopped: StoppedPass) -> Panel:
    first, second = stopped.said
    given = " and ".join(shape(s) for s in stopped.shapes)
    return (
        title(stopped.name, "CANNOT BE DONE"),
        {"t": "p", "s": f"It was given {given}."},
        {"t": "p", "s": first},
        remark(second),
    )
