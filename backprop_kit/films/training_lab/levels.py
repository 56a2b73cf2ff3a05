"""A loss over the two numbers of a model: level lines, the ways taken, and which way is down."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backprop_kit.films.film import Array
from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Row
from backprop_kit.films.training_lab.axis import ticks
from backprop_kit.films.training_lab.chart_shape import colour_of
from backprop_kit.films.training_lab.layout import (
    HEAD,
    SIDE,
    TOP,
    WIDE,
    Part,
    ref,
    right_plane,
    text,
)
from backprop_kit.films.training_lab.words import plain
from backprop_kit.study.lab_view import LabView
from backprop_kit.study.lab_view.levels import COLS, ROWS, Ground, Levels

PLANE = 400  # px wide; the left of the scene is for the numbers
ARROW = 62  # px


class Way(NamedTuple):
    id: int
    present: bool


class Shape(NamedTuple):
    """All that the marks depend on."""

    names: tuple[str, str]
    x: tuple[float, float]
    y: tuple[float, float]
    lines: tuple[float, ...]
    minimum: tuple[float, float] | None
    ways: tuple[Way, ...]
    gauge: bool


def level_lines(view: LabView) -> Part:
    """The numbers at the left, the level lines at the right."""
    seen = view.picture
    assert isinstance(seen, Levels)
    ground = seen.ground
    shape = Shape(
        seen.names, ground.x, ground.y,
        tuple(map(float, ground.lines)), ground.minimum,
        tuple(Way(p.id, past.present) for p, past in zip(seen.paths, view.pasts, strict=False)),
        view.shown.gauge is not None,
    )  # fmt: skip
    arrays = [
        Array("ground", ground.loss.astype("f4")),
        Array("ball", np.array([*seen.at, *seen.slope, *_arrow(seen.at, seen.slope, ground)])),
    ]
    here = view.present.id
    for path in seen.paths:
        past = path.steps <= view.k if path.id == here else np.ones(len(path.steps), bool)
        arrays += _ways(f"way {path.id}", path.at[past], seen.at, ground, dots=path.id != here)
        if path.id == here:
            ahead = path.steps >= view.k
            arrays += _ways(f"ahead {path.id}", path.at[ahead], seen.at, ground, dots=None)
    return Part(_marks(shape), tuple(arrays), _texts(view))


def _ways(
    name: str, at: np.ndarray, ball: np.ndarray, ground: Ground, dots: bool | None
) -> list[Array]:
    """A path up to where it leaves the picture for good, and its steps in the picture.

    Without `dots` the step under the ball is out; where no step is left, one stands under it.
    """
    ends = np.array([ground.x, ground.y])
    inside = np.all((at > ends[:, 0]) & (at < ends[:, 1]), axis=1)
    last = int(np.flatnonzero(inside).max(initial=0))
    path = np.clip(at, *_far(ground)).astype("f4")[: last + 2]
    found = [Array(f"{name} x", path[:, 0]), Array(f"{name} y", path[:, 1])]
    if dots is not None:
        inside[-1] &= dots
        steps = at[inside] if inside.any() else ball[None]
        found += [Array(f"{name} {c}s", steps[:, i].astype("f4")) for i, c in enumerate("xy")]
    return found


def _far(ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    """Bounds that keep a drawn path out of the plane where it is, and in reach of a pen."""
    ends = np.array([ground.x, ground.y])
    size = 50 * (ends[:, 1] - ends[:, 0])
    return ends[:, 0] - size, ends[:, 1] + size


def _arrow(at: np.ndarray, slope: np.ndarray, ground: Ground) -> np.ndarray:
    """The end of the arrow along −slope, as long at every place; NaN where there is no slope."""
    size = float(np.hypot(*slope))
    if not 0 < size < np.inf:
        return np.full(2, np.nan)
    unit = (ground.x[1] - ground.x[0]) / PLANE
    return np.asarray(at - slope / size * ARROW * unit)


# --- the picture ----------------------------------------------------------------------------------
@lru_cache(maxsize=16)
def _marks(shape: Shape) -> tuple[Row, ...]:
    # Equal units both ways, or an angle would not be what it is.
    plane = right_plane("map", shape.x, shape.y, wide=PLANE, xt=ticks(*shape.x),
                        yt=ticks(*shape.y))  # fmt: skip
    plane |= {"y1": TOP + PLANE * ROWS / COLS, "xl": shape.names[0], "yl": shape.names[1],
              "xla": _between(plane["xt"]), "yla": _between(plane["yt"])}  # fmt: skip
    found: list[Row] = [plane]
    for level in shape.lines:
        found.append({"t": "contour", "in": "map", "v": ref("ground"), "rows": ROWS, "cols": COLS,
                      "level": level, "c": "faint", "width": 1})  # fmt: skip
    if shape.minimum is not None:
        x, y = shape.minimum
        ball = {"x1": ref("ball"), "y1": ref("ball", 1)}
        found += [
            {"t": "seg", "in": "map", **ball, "x2": x, "y2": y, "c": "muted", "width": 1.4,
             "dash": True, "z": 9},
            {"t": "dot", "in": "map", "x": x, "y": y, "shape": "plus", "r": 7, "c": "ink",
             "hollow": False, "z": 15},
        ]  # fmt: skip
    for way in sorted(shape.ways, key=lambda w: w.present):
        found += _way(way)
    return (*found, *_ball(), *_table(shape))


def _between(marks: list[float]) -> float:
    """In the middle of the last two ticks, where a letter has room."""
    return (marks[-1] + marks[-2]) / 2 if len(marks) > 1 else marks[0]


def _way(way: Way) -> list[Row]:
    name, c = f"way {way.id}", colour_of(way.id)
    found: list[Row] = [
        {"t": "curve", "in": "map", "x": ref(f"{name} x"), "y": ref(f"{name} y"), "c": c,
         "width": 2.2 if way.present else 1.4},
        {"t": "dots", "in": "map", "xs": ref(f"{name} xs"), "ys": ref(f"{name} ys"),
         "shape": "circle", "hollow": False, "c": c, "r": 2.6 if way.present else 2.1},
    ]  # fmt: skip
    if way.present:
        ahead = f"ahead {way.id}"
        found.append({"t": "curve", "in": "map", "x": ref(f"{ahead} x"), "y": ref(f"{ahead} y"),
                      "c": c, "width": 0.8, "dash": True})  # fmt: skip
    return found


def _ball() -> list[Row]:
    at = {"x": ref("ball"), "y": ref("ball", 1)}
    return [
        {"t": "seg", "in": "map", "x1": at["x"], "y1": at["y"], "x2": ref("ball", 4),
         "y2": ref("ball", 5), "c": "backward", "width": 3.4, "arrow": True,
         "z": 20},
        {"t": "dot", "in": "map", "tag": "ball", **at, "r": 8, "c": "ink", "hollow": False,
         "z": 20},
    ]  # fmt: skip


def _table(shape: Shape) -> list[Row]:
    """Both numbers with their slopes, the gauge, and what the lines are."""
    found: list[Row] = [
        text(0, HEAD, s="the two numbers", size=12, c="muted"),
        text(96, HEAD, s="slope", size=12, c="muted"),
        {**text(WIDE, HEAD, s="the loss over both: level lines", size=12, c="muted"), "dx": -PLANE},
    ]
    for i, name in enumerate(shape.names):
        y = 44 + 32 * i
        found += [
            text(0, y, s=f"${name} =$", size=17, v=ref("ball", i), tag=f"number {i}"),
            {"t": "words", "in": "table", "x": 0, "y": y, "v": ref("ball", 2 + i), "signed": True,
             "anchor": "start", "size": 17, "c": "sign"},
        ]  # fmt: skip
    found.append({"t": "plane", "tag": "table", "x0": 0, "x1": 0, "dx0": 122, "dx1": 240, "y0": 0,
                  "y1": 300, "xr": [0, 1], "yr": [300, 0]})  # fmt: skip
    found[1] |= {"x": 0, "dx": 122}
    found.append(text(0, 112, key="loss now", size=15))
    if shape.gauge:
        found.append(text(0, 148, key="gauge", size=20, bold=True))
        found.append(text(0, 172, key="limit", size=13, c="muted"))
    y = TOP + SIDE - 56
    found += [
        {"t": "plane", "tag": "key", "x0": 0, "x1": 0, "dx1": 40, "y0": y, "y1": y + 60,
         "xr": [0, 40], "yr": [60, 0]},
        {"t": "seg", "in": "key", "x1": 2, "x2": 28, "y1": 10, "y2": 10, "c": "backward",
         "width": 3, "arrow": True},
        {**text(0, y + 10, s="steepest down: −slope", size=12, c="muted"), "dx": 38},
    ]  # fmt: skip
    if shape.minimum is not None:
        found += [
            {"t": "seg", "in": "key", "x1": 2, "x2": 22, "y1": 32, "y2": 32, "c": "muted",
             "width": 1.4, "dash": True},
            {"t": "dot", "in": "key", "x": 26, "y": 32, "shape": "plus", "r": 6, "c": "ink",
             "hollow": False},
            {**text(0, y + 32, s="the way to the minimum", size=12, c="muted"), "dx": 38},
        ]  # fmt: skip
    return found


def _texts(view: LabView) -> dict[str, str]:
    found = {"loss now": f"$L$ = {number(view.scores.train)}"}
    if view.shown.gauge is not None:
        now, limit = view.shown.gauge
        found |= {"gauge": f"$ηλ_{{max}}$ = {number(now)}", "limit": f"stable below {plain(limit)}"}
    return found
