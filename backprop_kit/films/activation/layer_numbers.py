"""The numbers behind a bent plane: each stage in the units of the last, so that all share one.

`arrays` what travels · `box_of` the axes of a stage · `placed` values of a stage in the last one.
"""

from __future__ import annotations

import numpy as np

from backprop_kit.films.activation import common
from backprop_kit.films.film import Array
from backprop_kit.study import plane
from backprop_kit.study.bent_layer import SQUARE
from backprop_kit.study.layer_record import Layer


def box_of(record: Layer, stage: int) -> tuple[float, float]:
    """The axis of the plane after a stage, the same both ways."""
    if stage == 0:
        return -record.reach, record.reach
    values = record.grids[stage]
    last = stage == len(record.grids) - 1
    if last and record.limits is not None:
        low, high = min(record.limits), max(record.limits)
        pad = 0.06 * (high - low)
        return low - pad, high + pad
    return common.outward(float(values.min()), float(values.max()))


def arrays(record: Layer, last: int) -> list[Array]:
    """All arrays of a layer's film, of which `last` is the last step."""
    n = record.units
    stages = len(record.grids)
    out = [
        Array("x", record.x),
        Array("square", plane.outline(record.x, SQUARE * record.reach).astype("f4")),
        *(Array(f"{name} map", common.small(m), known=k, peak=peak)
          for k, (name, m, peak) in enumerate(_maps(record), 1)),
    ]  # fmt: skip
    if record.W is not None and record.z is not None:
        out += [
            Array("W", record.W),
            Array("b", np.zeros(n) if record.b is None else record.b),
            Array("z", record.z, known=1),
            Array("line", np.array([
                plane.zero_line(record.W[:, j], _bias(record, j), record.reach) for j in range(n)
            ])),
            *_flat(record),
        ]  # fmt: skip
    if record.curve is not None and record.slopes is not None:
        out += [Array("value curve", record.curve.value.astype("f4"), known=2),
                Array("slope curve", record.curve.slope.astype("f4"), known=2),
                Array("slopes", record.slopes, known=2)]  # fmt: skip
    out += [Array("h", record.h, known=stages - 1),
            Array("area", np.array([record.area]), known=stages - 1)]  # fmt: skip
    if n == 2:
        for k in range(stages):
            out += [
                Array(f"grid {k}", placed(record, k, record.grids[k]).astype("f4"), known=k),
                Array(f"square {k}", placed(record, k, record.squares[k]).astype("f4"), known=k),
                Array(f"points {k}", placed(record, k, record.points[k]), known=k),
                Array(f"x {k}", placed(record, k, _point(record, k)), known=k),
                Array(f"middles {k}", np.array([
                    placed(record, k, record.middle(g)[k]) for g in record.groups
                ]).reshape(-1, 2), known=k),
            ]  # fmt: skip
    if record.cut is not None:
        out += [
            Array("sums", record.cut.sums, known=last),
            Array("cut map", record.cut.map.astype("f4"), known=last),
            Array("contour", plane.contour(record.cut.map, record.reach).astype("f4"),
                  known=last),
        ]  # fmt: skip
        if n == 2:
            low, high = box_of(record, stages - 1)
            shift = _line(record.cut.w, record.cut.b, low, high)
            out.append(Array("cut", shift, known=last))
    return out


def _bias(record: Layer, j: int) -> float:
    return 0.0 if record.b is None else float(record.b[j])


def _maps(record: Layer) -> list[tuple[str, np.ndarray, float]]:
    names = ["h"] if record.z is None else ["z", "h"]
    found = []
    for name, m in zip(names, record.maps, strict=True):
        limits = record.limits if name == "h" else None
        peak = max(map(abs, limits)) if limits is not None else float(np.abs(m).max()) or 1.0
        found.append((name, m, peak))
    return found


def _flat(record: Layer) -> list[Array]:
    """Where each neuron is flat, as polygons of the input plane; at its rim: which is flattest."""
    assert record.W is not None and record.curve is not None and record.slopes is not None
    out = []
    for name, found in (("saturated", record.curve.saturated), ("dead", record.curve.dead)):
        if found:
            strips = [plane.strip(record.W[:, j], _bias(record, j), a, b, record.reach)
                      for j in range(record.units) for a, b in found]  # fmt: skip
            out.append(Array(name, np.array(strips), known=2))
    weakest = int(np.abs(record.slopes).argmin())
    r = record.reach
    square = r * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1.0]])
    at = [square if j == weakest and record.zone(j) else np.full((4, 2), r)
          for j in range(record.units)]  # fmt: skip
    out.append(Array("weakest", np.array(at), known=2))
    return out


def _point(record: Layer, k: int) -> np.ndarray:
    return [record.x, *([record.z] if record.z is not None else []), record.h][k]


def placed(record: Layer, k: int, values: np.ndarray) -> np.ndarray:
    """Values of a stage in the units of the last one, so that all share one plane."""
    low, high = box_of(record, k)
    to_low, to_high = box_of(record, len(record.grids) - 1)
    return to_low + (values - low) * (to_high - to_low) / (high - low)


def _line(w: np.ndarray, b: float, low: float, high: float) -> np.ndarray:
    """The line w·h + b = 0 from edge to edge of the square low … high."""
    mid, half = (low + high) / 2, (high - low) / 2
    return plane.zero_line(w, b + mid * float(w.sum()), half) + mid
