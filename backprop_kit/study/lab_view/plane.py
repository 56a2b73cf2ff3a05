"""What a net says over its one or two inputs, beside the samples.

`grid_of` the points it is asked at · `look_at_plane` a map of two inputs · `look_at_fit` a curve
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backprop_kit.study.lab_view.net import ALONG, SIDE
from backprop_kit.study.lab_view.task import Task, class_of

if TYPE_CHECKING:
    from backprop_kit.study.run import Run

MOST = 500  # samples of each part that are drawn
FINE = 5  # points of a curve for one of a tile
PAD = 0.12  # of the width of the samples, beyond them on each side

Range = tuple[float, float]


class Grid(NamedTuple):
    """points (n, inputs), and how far they reach in each direction."""

    points: np.ndarray
    x: Range
    y: Range


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples that are drawn, by part and class.

    at     {"train 0": (n, 2), …}: their places in the plane
    rows   {"train 0": (n,), …}: which rows of the data they are
    left_out  how many there are besides
    """

    at: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]
    left_out: int


@dataclass(frozen=True, eq=False)
class Plane:
    """A map of the output over two inputs, SIDE × SIDE, the upper row first.

    map    one output: 2σ(z) − 1 of a sum z, 2p − 1 of a p between 0 and 1, else the output itself
           by its largest size; several: class + share, where 3.82 is class 3 with a share of 0.82
    """

    x: Range
    y: Range
    map: np.ndarray
    samples: Samples


@dataclass(frozen=True, eq=False)
class Fit:
    """The output over one input: (n,) x and said, and how far the plane goes."""

    x: Range
    y: Range
    along: np.ndarray
    said: np.ndarray
    samples: Samples


def grid_of(x: np.ndarray) -> Grid:
    """A grid over the samples: the middles of SIDE × SIDE cells, or points along a line."""
    ends = [_ends(column) for column in x.T]
    if len(ends) == 1:
        along = np.linspace(*ends[0], (ALONG - 1) * FINE + 1)
        return Grid(along[:, None], ends[0], (0.0, 0.0))
    reach = max(map(abs, (*ends[0], *ends[1])))
    if all(b - a > reach for a, b in ends):  # about as wide as high, and round 0: a square
        ends = [(-_round_up(reach), _round_up(reach))] * 2
    middle = (np.arange(SIDE) + 0.5) / SIDE
    across, up = (a + middle * (b - a) for a, b in ends)
    a, b = np.meshgrid(across, up[::-1])
    return Grid(np.stack([a, b], -1).reshape(-1, 2), *ends)


def _ends(column: np.ndarray) -> Range:
    low, high = float(column.min()), float(column.max())
    pad = PAD * (high - low) or 1.0
    return low - pad, high + pad


def _round_up(v: float) -> float:
    unit = 10.0 ** np.floor(np.log10(v)) / 10
    return float(np.ceil(v / unit - 1e-9) * unit)


def samples_of(run: Run, task: Task) -> Samples:
    """Every sample's place: its two inputs, or its input and its target."""
    x, y = run.data.x, run.data.y
    place = x if x.shape[1] == 2 else np.concatenate([x, y.reshape(len(y), 1)], axis=1)
    kinds, at, rows, left_out = class_of(y, task), {}, {}, 0
    for part, own in zip(("train", "test"), run.data.split, strict=True):
        left_out += max(0, len(own) - MOST)
        own = own[:MOST]
        for c in range(max(1, task.classes)):
            name = f"{part} {c}"
            rows[name] = own[kinds[own] == c]
            at[name] = place[rows[name]]
    return Samples(at, rows, left_out)


def look_at_plane(run: Run, task: Task, grid: Grid, output: np.ndarray) -> Plane:
    """The map of an output over the grid, and the samples."""
    return Plane(grid.x, grid.y, _map(task, output).reshape(SIDE, SIDE), samples_of(run, task))


def _map(task: Task, output: np.ndarray) -> np.ndarray:
    if task.kind == "two":
        z = output.reshape(len(output))
        if task.logits:
            return np.tanh(z / 2)
        return np.clip(z if task.low < 0 else 2 * z - 1, -1, 1)
    if task.kind == "classes":
        share = output
        if (output < 0).any() or not np.allclose(output.sum(axis=1), 1):  # scores, no shares yet
            share = np.exp(output - output.max(axis=1, keepdims=True))
            share /= share.sum(axis=1, keepdims=True)
        return share.argmax(axis=1) + np.minimum(share.max(axis=1), 0.99)
    said = output.reshape(len(output))
    peak = float(np.abs(said).max(initial=0.0))
    return said / peak if 0 < peak < np.inf else said


def look_at_fit(run: Run, task: Task, grid: Grid, output: np.ndarray) -> Fit:
    """The curve of an output along the grid, and the samples."""
    low, high = _ends(run.data.y)
    return Fit(grid.x, (low, high), grid.points[:, 0], output.reshape(-1), samples_of(run, task))
