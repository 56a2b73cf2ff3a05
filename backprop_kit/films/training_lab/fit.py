"""The picture at the right where one number comes in and one goes out: a curve through points."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from backprop_kit.films.film import Array
from backprop_kit.films.rows import Row
from backprop_kit.films.training_lab.axis import ticks
from backprop_kit.films.training_lab.layout import Part, ref, right_plane
from backprop_kit.films.training_lab.map import (
    counts_of,
    legend_marks,
    legend_texts,
    sample_arrays,
    sample_marks,
)
from backprop_kit.study.lab_view import LabView
from backprop_kit.study.lab_view.plane import Fit, Range


class Shape(NamedTuple):
    x: Range
    y: Range
    counts: tuple[tuple[str, int], ...]
    test: bool
    edit: bool


def fit_curve(view: LabView) -> Part:
    """The net's output along its input, and the samples."""
    seen = view.picture
    assert isinstance(seen, Fit)
    shape = Shape(seen.x, seen.y, counts_of(seen.samples), view.shown.test, view.shown.edit)
    arrays = (
        Array("along", seen.along.astype("f4")),
        Array("said", seen.said.astype("f4")),
        *sample_arrays(seen.samples),
    )
    return Part(_marks(shape), arrays, legend_texts(view))


@lru_cache(maxsize=16)
def _marks(shape: Shape) -> tuple[Row, ...]:
    editing = {"edit": [{"label": "•", "shape": "circle", "c": "ink"}]} if shape.edit else {}
    test = shape.test and any(name.startswith("test") for name, _ in shape.counts)
    return (
        right_plane("map", shape.x, shape.y, zero=True, xt=ticks(*shape.x), **editing),
        *sample_marks("map", shape.counts, "numbers", shape.test, shape.edit),
        {"t": "curve", "in": "map", "x": ref("along"), "y": ref("said"), "c": "forward",
         "width": 3},
        *legend_marks("numbers", 0, test),
    )  # fmt: skip
