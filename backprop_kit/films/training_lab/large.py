"""The picture for a lecture hall: map and chart alone, side by side, in large type."""

from __future__ import annotations

from backprop_kit.films.film_check import references
from backprop_kit.films.rows import Row
from backprop_kit.films.training_lab.chart import chart
from backprop_kit.films.training_lab.chart_shape import Box
from backprop_kit.films.training_lab.digits import digits
from backprop_kit.films.training_lab.fit import fit_curve
from backprop_kit.films.training_lab.layout import Part, joined, text
from backprop_kit.films.training_lab.levels import level_lines
from backprop_kit.films.training_lab.map import plane_map
from backprop_kit.study.lab_view import LabView

SIDE = 356  # of the picture
TOP = 44
SIZE = 20
ALONE = Box(52, 190, 18, 60, 346, 392, SIZE)
BESIDE = ALONE._replace(left=SIDE + 106)
_PICTURES = {"plane": plane_map, "curve": fit_curve, "levels": level_lines, "images": digits}


def large_parts(view: LabView) -> Part:
    """The run's picture at the left, the loss at the right."""
    picture = _PICTURES.get(view.kind)
    if picture is None:
        return chart(view, ALONE)
    part = picture(view)
    kept = tuple(_enlarged(m) for m in part.marks if m.get("tag") == "map" or m.get("in") == "map")
    used = {name for m in kept for name, _ in references(m)}
    arrays = tuple(a for a in part.arrays if a.name in used)
    if "gauge" in part.texts:
        under = TOP + SIDE * 0.6 + 74
        left = {"dx": _left()}
        kept += (
            {**text(0, under, key="gauge", size=28, bold=True), **left},
            {**text(0, under + 34, key="limit", size=SIZE, c="muted"), **left},
        )
    return joined([Part(kept, arrays, part.texts), chart(view, BESIDE)])


def _left() -> int:
    """Where the picture begins: right of its own ticks, and left of the chart's."""
    return BESIDE.left - SIDE - 62


def _enlarged(mark: Row) -> Row:
    """A mark of the picture as it is seen from afar."""
    if mark["t"] == "plane":
        high = (mark["y1"] - mark["y0"]) / -mark["dx0"]  # both its ends stand at the right
        return {**mark, "x0": 0, "x1": 0, "dx0": _left(), "dx1": _left() + SIDE, "y0": TOP,
                "y1": TOP + SIDE * high, "size": SIZE}  # fmt: skip
    wider: Row = {name: 1.5 * mark[name] for name in ("r", "width") if name in mark}
    return {**mark, **wider, **({"size": SIZE} if mark["t"] == "words" else {})}
