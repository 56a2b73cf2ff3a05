"""How digits are read: which was taken for which, the wrong ones, and what the first layer looks
for.

`look_at_images` the record `Images`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import Linear, Module
from backprop_kit.study.lab_view.task import class_of, read_as, task_of

if TYPE_CHECKING:
    from backprop_kit.study.run import Run

MOST = 24  # wrong ones that are shown
UNITS = 32  # whose weights are shown


@dataclass(frozen=True, eq=False)
class Images:
    """part     "test", or "train" where no test part is set aside
    confusion  (classes, classes) how often each digit (row) was read as each (column)
    wrong      (n, 3): place in the part, digit, read as; all of them, in the order of the part
    pixels     (shown, 64) of the first of them
    looks      (units, 64) the weights that come to units of the first layer; units: how many it has
    """

    part: str
    confusion: np.ndarray
    wrong: np.ndarray
    pixels: np.ndarray
    looks: np.ndarray
    units: int


def look_at_images(run: Run, model: Module) -> Images:
    """What the present model reads in the test part."""
    task = task_of(run)
    part = "test" if len(run.data.split[1]) else "train"
    rows = run.data.split[part == "test"]
    x = run.data.x[rows]
    true = class_of(run.data.y[rows], task)
    read = read_as(model(Tensor(x, requires_grad=False)).data, task)
    confusion = np.zeros((task.classes, task.classes), int)
    np.add.at(confusion, (true, read), 1)
    places = np.flatnonzero(true != read)
    wrong = np.stack([places, true[places], read[places]], axis=1)
    first = next((m for m in model.modules() if isinstance(m, Linear)), None)
    looks = np.zeros((0, 64))
    if first is not None and first.n_in == 64:
        looks = first.W.data.T[:UNITS]
    units = 0 if first is None else first.n_out
    return Images(part, confusion, wrong, x[places[:MOST]], looks, units)
