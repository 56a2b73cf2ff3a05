"""The loss over time: every branch, its forks, the names at the ends, and the slider below."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.film import Array
from backprop_kit.films.numbers import number
from backprop_kit.films.training_lab.axis import Axis, log_axis, share_axis
from backprop_kit.films.training_lab.chart_marks import marks
from backprop_kit.films.training_lab.chart_shape import BOX, Box, Line, Shape, colour_of
from backprop_kit.films.training_lab.layout import Part
from backprop_kit.films.training_lab.words import percent
from backprop_kit.study.lab_view import LabView
from backprop_kit.study.lab_view.runs import Past

FEW, MOST = 4, 7  # names on two lines, and names at all
LONGEST = 22  # letters of a name


def chart(view: LabView, box: Box = BOX) -> Part:
    """The chart of all branches."""
    accuracy = view.shown.measure == "accuracy" and view.task.classes > 0
    lines = _lines(view, accuracy)
    roomy = box.size < 20 and (sum(line.named for line in lines) <= FEW or box.top < 200)
    shape = Shape(axis_of(view, accuracy), view.end, lines, accuracy, view.task.classes > 0, roomy,
                  box)  # fmt: skip
    arrays, texts = _numbers(view, shape)
    return Part(marks(shape), tuple(arrays), texts)


def measured(past: Past, accuracy: bool) -> tuple[np.ndarray, np.ndarray]:
    return (past.train_right, past.test_right) if accuracy else (past.train, past.test)


def axis_of(view: LabView, accuracy: bool) -> Axis:
    every = [v for past in view.pasts for v in measured(past, accuracy)]
    if accuracy:
        return share_axis(every)
    return log_axis(every, next((float(p.train[0]) for p in view.pasts if p.id >= 0), 1.0))


def _lines(view: LabView, accuracy: bool) -> tuple[Line, ...]:
    """The first branch is ink, forks have colours, earlier runs are grey; the latest are named."""
    forks = [p.id for p in view.pasts if p.id > 0]
    named = {p.id for p in view.pasts if p.present} | {0}
    for id in [*reversed(forks), *(p.id for p in view.pasts if p.id < 0)]:
        if len(named) < MOST:
            named.add(id)
    return tuple(
        Line(p.id, colour_of(p.id), p.present, p.id in named, p.start,
             bool(np.isfinite(measured(p, accuracy)[1]).any()))
        for p in view.pasts
    )  # fmt: skip


def _numbers(view: LabView, shape: Shape) -> tuple[list[Array], dict[str, str]]:
    found = [Array("now", np.array([view.k, view.last], float))]
    texts = {"step": f"step {view.k:,}" + (f" of {view.last:,}" if view.last else "")}
    ends = []
    for past, line in zip(view.pasts, shape.lines, strict=True):
        train, test = measured(past, shape.accuracy)
        both = [("x", past.steps), ("train", shape.axis.place(train))]
        if line.test:
            both.append(("test", shape.axis.place(test)))
        for name, values in both:
            kind = "f8" if name == "x" and view.end > 1e7 else "f4"
            found.append(Array(f"{name} {past.id}", values.astype(kind), grows=True))
        if line.named:
            last = (train[-1], test[-1])
            ends.append([past.steps[-1], *shape.axis.place(np.array(last)), np.nan])
            texts |= _end_texts(past, last, shape)
    table = np.array(ends, float)
    table[:, 3] = _spread(_height(shape, table[:, 1]), shape)
    found.append(Array("ends", table.ravel()))
    starts = sorted({line.start for line in shape.lines if line.start > 0})
    if starts:
        found.append(Array("forks", np.array([_fork_at(view, shape, k) for k in starts])))
    return found, texts


def _fork_at(view: LabView, shape: Shape, k: int) -> float:
    """How high the fork at step k is: where its branch begins."""
    past = next(p for p in view.pasts if p.start == k)
    value = np.interp(k, past.steps, measured(past, shape.accuracy)[0])
    return float(shape.axis.place(np.array([value]))[0])


def _end_texts(past: Past, last: tuple[float, float], shape: Shape) -> dict[str, str]:
    write = percent if shape.accuracy else number
    name = past.name if len(past.name) <= LONGEST else past.name[: LONGEST - 1] + "…"
    told = f"train {write(last[0])}"
    if not np.isnan(last[1]):
        long = len(told) + len(write(last[1])) > 20
        told = f"{write(last[0]) if long else told} · test {write(last[1])}"
    if past.stopped:
        told = f"stopped at step {past.last:,}"
    if shape.box.size >= 20:
        name = name if len(name) < 17 else name[:15].rstrip(" ,") + "…"
    elif not shape.roomy:
        name = name if len(name) < 13 else name[:11].rstrip(" ,") + "…"
        told = "stopped" if past.stopped else write(last[0])
    return {f"run {past.id}": name, f"end {past.id}": told,
            **({f"stop {past.id}": "⬣"} if past.stopped else {})}  # fmt: skip


def _height(shape: Shape, place: np.ndarray) -> np.ndarray:
    """px from the top of the scene."""
    low, high = shape.axis.low, shape.axis.high
    return shape.box.bottom - (place - low) / (high - low) * (shape.box.bottom - shape.box.top)


def _spread(wanted: np.ndarray, shape: Shape) -> np.ndarray:
    """As near to where they belong as names have room beside each other, in the same order."""
    gap = shape.gap
    order = np.argsort(np.nan_to_num(wanted, nan=np.inf), kind="stable")
    low, high = shape.box.top - 6.0, shape.box.bottom - (5.0 if shape.roomy else 0.0)
    at = np.nan_to_num(wanted[order], nan=high)
    for i in range(len(at)):
        at[i] = max(at[i], low + i * gap, at[i - 1] + gap if i else low)
    for i in range(len(at) - 1, -1, -1):
        below = at[i + 1] - gap if i + 1 < len(at) else high
        at[i] = min(at[i], high - (len(at) - 1 - i) * gap, below)
    found = np.empty_like(at)
    found[order] = at
    return found
