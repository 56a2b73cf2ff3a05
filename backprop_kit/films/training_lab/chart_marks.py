"""The marks of a chart: axis, curves, forks, the slider of time, and names at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from backprop_kit.films.rows import Row
from backprop_kit.films.training_lab.chart_shape import Line, Shape
from backprop_kit.films.training_lab.layout import WIDE, places, ref, text

NARROWEST = 640  # of the scene


@lru_cache(maxsize=16)
def marks(shape: Shape) -> tuple[Row, ...]:
    box = shape.box
    starts = sorted({line.start for line in shape.lines if line.start > 0})
    found: list[Row] = [
        {"t": "plane", "tag": "loss", "x0": 0, "dx0": box.left, "x1": WIDE, "dx1": -box.names,
         "y0": box.top, "y1": box.bottom, "xr": [0, shape.end],
         "yr": [shape.axis.low, shape.axis.high], "yt": [list(t) for t in shape.axis.ticks],
         "rules": True, "size": box.size},
        *_head(shape),
    ]  # fmt: skip
    for line in shape.lines:
        found += _curves(line)
    for i, start in enumerate(starts):
        found += [
            {"t": "seg", "in": "loss", "x1": start, "x2": start, "y1": shape.axis.low,
             "y2": ref("forks", i), "c": "ink", "width": 1.2, "dash": True},
            {"t": "dot", "in": "loss", "x": start, "y": ref("forks", i), "r": 5, "c": "ink"},
        ]  # fmt: skip
    found += _fork_labels(shape, starts)
    found.append({"t": "time", "in": "loss", "tag": "time", "y": box.track, "v": ref("now"),
                  "last": ref("now", 1), "hi": shape.end, "forks": starts})  # fmt: skip
    found.append({**text(WIDE, box.track, key="step", size=box.size + 1), "dx": 12 - box.names})
    return (*found, *_names(shape))


def _head(shape: Shape) -> list[Row]:
    """loss ── train ‑ ‑ test, and a button for the other measure."""
    left, y, size = shape.box.left - 40, shape.box.head, shape.box.size
    name = "accuracy" if shape.accuracy else "loss"
    at = left + round(size * (2.6 + 0.6 * len(name)))
    long = round(2.3 * size)
    found: list[Row] = [
        {**text(0, y, s=name, bold=True, size=size + 1), "dx": left},
        {"t": "plane", "tag": "measure", "x0": 0, "x1": 0, "dx1": 900, "y0": y - 10,
         "y1": y + 10, "xr": [0, 900], "yr": [10, -10]},
    ]  # fmt: skip
    parts = ["train", *(["test"] if any(line.test for line in shape.lines) else [])]
    for part in parts:
        dash = {"dash": True} if part == "test" else {}
        found += [
            {"t": "seg", "in": "measure", "x1": at, "x2": at + long, "y1": 0, "y2": 0, "c": "ink",
             "width": 2, **dash},
            {**text(0, y, s=part, size=size, c="muted"), "dx": at + long + 6},
        ]  # fmt: skip
        at += long + 4 * size
    if shape.other and size < 20:
        other = "loss" if shape.accuracy else "accuracy"
        found.append({"t": "box", "tag": f"measure:{other}", "x": 0, "dx": at + 44, "y": y,
                      "w": 92, "h": 19, "label": f"show {other}", "size": 12})  # fmt: skip
    return found


def _curves(line: Line) -> list[Row]:
    """Train solid, test dashed; of the present branch what lies behind it is thicker."""
    own = {"past": ref("now")} if line.present else {}
    c = "muted" if line.id < 0 else line.colour
    wide = 2.3 if line.present else 1.6 if line.named else 1.0
    both = [{"t": "curve", "in": "loss", "x": ref(f"x {line.id}"), "y": ref(f"train {line.id}"),
             "c": c, "width": wide, **own}]  # fmt: skip
    if line.test:
        both.insert(0, {"t": "curve", "in": "loss", "x": ref(f"x {line.id}"),
                        "y": ref(f"test {line.id}"), "c": c, "dash": True,
                        "width": wide - 0.4, **own})  # fmt: skip
    return both


def _fork_labels(shape: Shape, starts: Sequence[int]) -> list[Row]:
    """Under the axis, where they have room beside each other; large type has the signs alone."""
    box = shape.box
    if box.size >= 20:
        return []
    unit, right = (NARROWEST - box.left - box.names) / shape.end, -np.inf
    found: list[Row] = []
    for start in starts:
        s = f"fork at step {start:,}"
        half = 0.27 * box.size * len(s)
        if start * unit - half > right:
            anchor = "start" if start * unit < half else "middle"
            found.append({"t": "words", "in": "loss", "x": start, "y": shape.axis.low,
                          "dy": box.size - 2, "dx": 8 if anchor == "start" else 0, "s": s,
                          "size": box.size, "c": "muted", "anchor": anchor})  # fmt: skip
            right = start * unit + half + 8
    return found


def _names(shape: Shape) -> list[Row]:
    """A name at each end, its numbers below; a press leads to the branch."""
    size, roomy = shape.box.size, shape.roomy
    found: list[Row] = [places("names", WIDE, WIDE, dx0=12 - shape.box.names)]
    for i, line in enumerate(line for line in shape.lines if line.named):
        end, y = {"x": ref("ends", 4 * i), "y": ref("ends", 4 * i + 1)}, ref("ends", 4 * i + 3)
        c = "muted" if line.id < 0 else line.colour
        dot = {"t": "dot", "in": "loss", "r": 3.4, "c": c}
        found.append({**dot, **end, "hollow": False})
        if line.test:
            found.append({**dot, "x": end["x"], "y": ref("ends", 4 * i + 2)})
        stop = {"t": "words", "in": "loss", "key": f"stop {line.id}", "size": max(17, size)}
        found.append({**stop, **end})
        words = {"t": "words", "in": "names", "x": 0, "y": y, "anchor": "start"}
        found += [
            {"t": "bar", "in": "names", "tag": f"run:{line.id}", "dir": "x", "from": 0, "to": 1,
             "at": y, "thick": shape.gap - 3, "opacity": 0, "c": "ink"},
            {**words, "key": f"run {line.id}", "c": c, "bold": True, "size": size + 1,
             "dy": -7 if roomy else 0},
        ]  # fmt: skip
        beside = {"x": 1, "anchor": "end"} if not roomy else {"dy": 8}
        if size < 20:
            found.append({**words, "key": f"end {line.id}", "c": "muted", "size": size, **beside})
    return found
