"""What was measured along the branches of a run, in as many points as a chart can show.

`pasts_of` one `Past` for each branch, and for earlier runs · `Scores` the numbers of one moment ·
`horizon` where the time axis ends
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from backprop_kit.study.run import Run
    from backprop_kit.study.run.curve import Curve

POINTS = 320  # along the whole time axis
SHORTEST = 20  # steps of a time axis


class Scores(NamedTuple):
    """Losses and shares of right answers; NaN where there is none."""

    train: float
    test: float
    train_right: float
    test_right: float


class Past(NamedTuple):
    """A branch as it is drawn: (n,) arrays, shares of right answers as they are measured.

    id     of the branch, −1 and less for an earlier run
    start  the first step that is its own; parent: the branch it left, or None
    """

    id: int
    name: str
    parent: int | None
    start: int
    last: int
    stopped: str
    present: bool
    steps: np.ndarray
    train: np.ndarray
    test: np.ndarray
    train_right: np.ndarray
    test_right: np.ndarray

    def at(self, k: int) -> Scores:
        """What holds at step k: measured there, or a straight line between two measurements."""
        return Scores(*(float(np.interp(k, self.steps, v)) for v in self[8:]))


def pasts_of(run: Run, older: tuple[tuple[str, Curve], ...] = (), end: int = 0) -> tuple[Past, ...]:
    """Every branch, the first one first, then earlier runs; `end` of the time axis."""
    here = run.branch.id
    found = [
        Past(b.id, b.name, b.parent, b.start, b.last, b.stopped, b.id == here,
             *_thinned(run.curve(b, own=b.id != here), end))
        for b in run.branches
    ]  # fmt: skip
    found += [
        Past(-1 - i, name, None, 0, int(curve.steps[-1]), "", False, *_thinned(curve, end))
        for i, (name, curve) in enumerate(older)
        if len(curve.steps)
    ]  # fmt: skip
    return tuple(found)


def horizon(run: Run, older: tuple[tuple[str, Curve], ...] = (), to: int | None = None) -> int:
    """Where the time axis ends: at step `to`, or at a round number of epochs that holds all."""
    ends = [int(curve.steps[-1]) for _, curve in older if len(curve.steps)]
    last = max([b.last for b in run.branches] + ends)
    unit = run.steps_per_epoch
    if to is not None and to >= last:
        return max(int(to), 1)
    epochs = max(last / unit, 10.0)
    ten = 10.0 ** np.floor(np.log10(epochs))
    nice = next(s * ten for s in (1, 2, 5, 10) if s * ten >= epochs * (1 - 1e-9))
    return max(int(nice * unit), SHORTEST)


def _thinned(curve: Curve, end: int) -> tuple[np.ndarray, ...]:
    """Of each full block of points the lowest and the highest one, and all of the last ones.

    How long blocks are follows from the axis alone, so that a curve that grows keeps its points.
    """
    n = len(curve.steps)
    if n < 3:
        return tuple(curve)
    crowd = end / max(float(np.median(np.diff(curve.steps))), 1.0)
    size = 2 ** int(np.ceil(np.log2(max(1.0, 2 * crowd / POINTS))))
    blocks = (n - 1) // size if size > 2 else 0  # the last point always stays
    if not blocks:
        return tuple(curve)
    height = np.nan_to_num(curve.train[: blocks * size], nan=np.inf).reshape(blocks, size)
    at = np.arange(blocks)[:, None] * size
    both = np.stack([height.argmin(axis=1), height.argmax(axis=1)], axis=1)
    kept = np.unique(np.concatenate([[0], (np.sort(both, axis=1) + at).ravel(),
                                     np.arange(blocks * size, n)]))  # fmt: skip
    return tuple(v[kept] for v in curve)
