"""What a run has to tell apart, and which picture shows it.

`task_of` two classes, several, or numbers · `kind_of` the picture · `class_of` of each sample
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backprop_kit.data import Data
from backprop_kit.nn import BCEWithLogitsLoss, Loss

if TYPE_CHECKING:
    from backprop_kit.study.run import Run

MOST_CLASSES = 10


class Task(NamedTuple):
    """kind     "two" (one output, two targets), "classes" (several outputs) or "numbers"
    classes  how many there are, 0 for numbers
    low      the lower of two targets, 0 or −1
    logits   whether the one output is a sum before the sigmoid
    """

    kind: str
    classes: int = 0
    low: float = 0.0
    logits: bool = False


def task_of(run: Run) -> Task:
    """What the targets and the loss of a run make of it."""
    y = run.data.y
    if (y.ndim == 1 and y.dtype.kind in "iu") or _labels(run.loss):
        return Task("classes", int(y.max()) + 1)
    if y.ndim == 2 and y.shape[1] > 1 and _one_hot(y):
        return Task("classes", y.shape[1])
    found = set(np.unique(y).tolist())
    if y.size == len(y) and len(found) == 2 and (found == {0.0, 1.0} or found == {-1.0, 1.0}):
        return Task("two", 2, min(found), isinstance(run.loss, BCEWithLogitsLoss))
    return Task("numbers")


def _labels(loss: object) -> bool:
    return isinstance(loss, Loss) and loss.labels


def _one_hot(y: np.ndarray) -> bool:
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def class_of(y: np.ndarray, task: Task) -> np.ndarray:
    """(n,) the class of each sample, from 0; all 0 where the targets are numbers."""
    if task.kind == "two":
        return np.asarray(y.reshape(len(y)) > task.low).astype(int)
    if task.kind == "classes":
        return np.asarray(y.argmax(axis=1) if y.ndim == 2 else y).astype(int)
    return np.zeros(len(y), int)


def read_as(output: np.ndarray, task: Task) -> np.ndarray:
    """(n,) which class each row of outputs stands for."""
    if task.kind == "two":
        middle = 0.0 if task.logits or task.low < 0 else 0.5
        return np.asarray(output.reshape(len(output)) > middle).astype(int)
    return np.asarray(output.reshape(len(output), -1).argmax(axis=1))


def kind_of(data: Data, numbers: int, task: Task) -> str:
    """Which picture shows a model of so many numbers: "plane", "curve", "levels", "images" or
    "other"."""
    x, y = data.x, data.y
    inputs = x.shape[1] if x.ndim == 2 else 0
    if numbers == 2:
        return "levels"
    one = y.size == len(y)
    if inputs == 2 and (one or 2 <= task.classes <= MOST_CLASSES):
        return "plane"
    if inputs == 1 and one and task.kind == "numbers":
        return "curve"
    if inputs == 64 and task.kind == "classes" and task.classes <= MOST_CLASSES:
        return "images"
    return "other"
