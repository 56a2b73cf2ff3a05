"""What the training lab shows of one moment of a run: arrays in, a record out.

`look_at(run)` the record of the present moment · `LabView` the record · `Shown` what is selected.
What a net does over its inputs is one call of the model on a grid of points; nothing of the run
moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backprop_kit.study.lab_view.images import Images, look_at_images
from backprop_kit.study.lab_view.levels import Levels, look_at_levels
from backprop_kit.study.lab_view.net import Layers, Net, layers_of, net_of, seen_by
from backprop_kit.study.lab_view.plane import Fit, Plane, grid_of, look_at_fit, look_at_plane
from backprop_kit.study.lab_view.runs import Past, Scores, horizon, pasts_of
from backprop_kit.study.lab_view.task import Task, kind_of, task_of
from backprop_kit.study.lab_view.weight import Weight, weight_of

if TYPE_CHECKING:
    from backprop_kit.study.run import Run
    from backprop_kit.study.run.curve import Curve


@dataclass(frozen=True)
class Shown:
    """What of a moment is looked at.

    unit      (column, number): a neuron whose weights are written; column 1 is the first hidden
    weight    (path, index in it): a weight whose slope and memory are listed; None: the unit's
              largest
    measure   "loss" or "accuracy" in the chart
    test      whether test points are drawn
    flat      whether a map shows the answer alone and not how sure it is
    angle     whether the angle between −gradient and the way to the minimum is told
    edit      whether points may be moved
    older     curves of earlier runs, by name
    gauge     (η·λmax, its limit), where the caller has computed it
    to        the step up to which the time axis goes at least; None: a round number of epochs
    """

    unit: tuple[int, int] | None = None
    weight: tuple[str, tuple[int, ...]] | None = None
    measure: str = "loss"
    test: bool = True
    flat: bool = False
    angle: bool = True
    edit: bool = False
    older: tuple[tuple[str, Curve], ...] = ()
    gauge: tuple[float, float] | None = None
    to: int | None = None


EVERYTHING = Shown()


@dataclass(frozen=True, eq=False)
class LabView:
    """One moment of a run.

    kind     "plane", "curve", "levels", "images" or "other": what `picture` is
    data     what the data is called, "" where nobody gave it a name
    k, last  the step, and the last one computed on the present branch; end: of the time axis
    epoch    how many are over; per_epoch, inside: steps in the present one, and done of them
    scores   losses and shares of right answers, now
    pasts    what was measured so far, one a branch (and one an earlier run)
    layers   sizes and bend, where the model is a row of layers
    count    how many numbers are learned; samples: (train, test)
    batch    samples a step · weight: the selected one
    """

    kind: str
    data: str
    seed: int
    k: int
    last: int
    end: int
    epoch: int
    per_epoch: int
    inside: int
    scores: Scores
    pasts: tuple[Past, ...]
    task: Task
    layers: Layers
    count: int
    samples: tuple[int, int]
    batch: int
    net: Net | None
    picture: Plane | Fit | Levels | Images | None
    weight: Weight | None
    shown: Shown

    @property
    def present(self) -> Past:
        return next(p for p in self.pasts if p.present)

    @property
    def stopped(self) -> str:
        """Why the present branch goes no further; "" while it can."""
        return self.present.stopped if self.k >= self.present.last else ""


def look_at(run: Run, shown: Shown = EVERYTHING) -> LabView:
    """The record of a run's present moment; numbers that have blown up are shown as they are."""
    with np.errstate(all="ignore"):
        return _looked(run, shown)


def _looked(run: Run, shown: Shown) -> LabView:
    model, numbers, task = run.model.eval(), run.numbers(), task_of(run)
    count = sum(v.size for v in numbers.values())
    kind = kind_of(run.data, count, task)
    net, weight = None, None
    picture: Plane | Fit | Levels | Images | None = None
    if kind in ("plane", "curve"):
        grid = grid_of(run.data.x)
        seen = seen_by(model, grid.points)
        net = net_of(model, seen, kind, shown.unit)
        looked = look_at_plane if kind == "plane" else look_at_fit
        picture = looked(run, task, grid, seen.output)
    elif kind == "levels":
        picture = look_at_levels(run, numbers, shown.angle)
    elif kind == "images":
        picture = look_at_images(run, model)
    place = net.heaviest if net is not None and net.unit is not None else None
    if shown.weight is not None or place is not None:
        weight = weight_of(run, numbers, shown.weight or place)
    end = horizon(run, shown.older, shown.to)
    pasts = pasts_of(run, shown.older, end)
    batch = run.settings.batch
    train, test = map(len, run.data.split)
    return LabView(
        kind=kind, data=data_name(run), seed=run.seed, k=run.k, last=run.branch.last, end=end,
        epoch=run.epoch, per_epoch=run.steps_per_epoch, inside=run.place.i,
        scores=Scores(*run.measured()), pasts=pasts, task=task, layers=layers_of(model),
        count=count, samples=(train, test),
        batch=train if batch is None else min(batch, train), net=net,
        picture=picture, weight=weight, shown=shown,
    )  # fmt: skip


def data_name(run: Run) -> str:
    """What the data is called: by its recipe, else by what a lesson calls the model, else ""."""
    recipe = getattr(run.data, "recipe", None)
    if not recipe:
        return str(getattr(run.model.words, "title", ""))
    seed = recipe.get("seed")
    return str(recipe["name"]) + (f", seed {seed}" if seed is not None else "")
