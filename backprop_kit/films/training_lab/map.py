"""The map at the right: what the net says over two inputs, beside the samples."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backprop_kit.films.film import Array
from backprop_kit.films.packing import coarse
from backprop_kit.films.rows import Row
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
from backprop_kit.films.training_lab.words import percent
from backprop_kit.study.lab_view import LabView
from backprop_kit.study.lab_view.net import SIDE as CELLS
from backprop_kit.study.lab_view.plane import Fit, Plane, Range, Samples

SHAPES = (
    "circle", "triangle", "square", "diamond", "plus", "cross", "star", "pentagon", "down",
    "hexagon",
)  # fmt: skip
CAP = 0.5  # how strong the map is under the samples


class Shape(NamedTuple):
    """All that the marks depend on."""

    task: str
    classes: int
    x: Range
    y: Range
    counts: tuple[tuple[str, int], ...]
    test: bool
    edit: bool
    flat: bool


def look(task: str, c: int) -> tuple[str, str]:
    """The shape and the colour of a class: of two the upper one is a blue circle."""
    if task == "numbers":
        return "circle", "ink"
    if task == "two":
        return ("triangle", "neg") if c == 0 else ("circle", "pos")
    return SHAPES[c], f"class-{c}"


def plane_map(view: LabView) -> Part:
    """The map, its zero line, the samples, and a legend with both accuracies."""
    seen = view.picture
    assert isinstance(seen, Plane)
    shape = Shape(view.task.kind, view.task.classes, seen.x, seen.y, counts_of(seen.samples),
                  view.shown.test, view.shown.edit, view.shown.flat)  # fmt: skip
    arrays = (*_maps(view, seen), *sample_arrays(seen.samples))
    return Part(_marks(shape), arrays, legend_texts(view))


def _maps(view: LabView, seen: Plane) -> list[Array]:
    """The map, and where it is flat what its zero line is drawn from."""
    several = view.task.kind == "classes"
    scale = (0.0, float(view.task.classes)) if several else (-1.0, 1.0)
    maps = {"map": seen.map}
    if view.shown.flat:
        answer = np.floor(seen.map) + 0.99 if several else np.sign(seen.map)
        maps = {"map": answer, "zero": seen.map}
    return [Array(name, coarse(v, scale), scale=scale, peak=1.0) for name, v in maps.items()]


@lru_cache(maxsize=16)
def _marks(shape: Shape) -> tuple[Row, ...]:
    editing = {"edit": [
        {"label": name, "shape": look(shape.task, c)[0], "c": look(shape.task, c)[1]}
        for c, name in _classes(shape)
    ]} if shape.edit else {}  # fmt: skip
    image: Row = {"t": "image", "in": "map", "rows": CELLS, "cols": CELLS, "v": ref("map"),
                  "cap": CAP}  # fmt: skip
    if shape.task == "classes":
        image |= {"classes": [f"class-{c}" for c in range(shape.classes)], "cap": 0.55}
    found: list[Row] = [right_plane("map", shape.x, shape.y, **editing), image]
    if shape.task == "two":
        found.append({"t": "contour", "in": "map", "v": ref("zero" if shape.flat else "map"),
                      "rows": CELLS, "cols": CELLS,
                      "level": 0, "c": "ink", "width": 1.6})  # fmt: skip
    test = shape.test and _has_test(shape.counts)
    return (*found, *sample_marks("map", shape.counts, shape.task, shape.test, shape.edit),
            *legend_marks(shape.task, shape.classes, test))  # fmt: skip


def _classes(shape: Shape) -> list[tuple[int, str]]:
    """Every class, in order, and what its button says: −, + for two."""
    if shape.task == "two":
        return [(0, "−"), (1, "+")]
    return [(c, str(c)) for c in range(max(1, shape.classes))]


# --- samples: in a map and beside a curve ---------------------------------------------------------
def counts_of(samples: Samples) -> tuple[tuple[str, int], ...]:
    return tuple((name, len(at)) for name, at in samples.at.items() if len(at))


def _has_test(counts: tuple[tuple[str, int], ...]) -> bool:
    return any(name.startswith("test") for name, _ in counts)


def sample_marks(
    where: str, counts: tuple[tuple[str, int], ...], task: str, test: bool, edit: bool
) -> list[Row]:
    """Samples to learn from are filled, those to judge by hollow."""
    crowd = sum(n for _, n in counts)
    r = 4.2 if crowd <= 250 else 3.4 if crowd <= 500 else 2.8
    found = []
    for name, n in sorted(counts, key=lambda c: c[0].startswith("test")):
        part, _, c = name.partition(" ")
        if part == "test" and not test:
            continue
        shape, colour = look(task, int(c))
        found.append({
            "t": "dots", "in": where, "tag": name, "n": n,
            "xs": ref(f"at {name}"), "ys": ref(f"at {name}", n), "ids": ref(f"rows {name}"),
            "shape": shape, "c": colour, "r": r, "hollow": part == "test", "class": int(c),
            **({"drag": "xy"} if edit else {}),
        })  # fmt: skip
    return found


def sample_arrays(samples: Samples) -> list[Array]:
    found = []
    for name, at in samples.at.items():
        if len(at):
            found += [Array(f"at {name}", at.T.astype("f4").ravel()),
                      Array(f"rows {name}", samples.rows[name].astype("f4"))]  # fmt: skip
    return found


def legend_marks(task: str, classes: int, test: bool) -> list[Row]:
    """One line over the picture: output, and each part's shapes and how much of it is right."""
    found: list[Row] = [
        {**text(WIDE, HEAD, s="output", size=12, c="muted"), "dx": -SIDE},
        {"t": "plane", "tag": "key", "x0": WIDE, "x1": WIDE, "dx0": -SIDE, "y0": 0, "y1": TOP,
         "xr": [0, SIDE], "yr": [TOP, 0]},
    ]  # fmt: skip
    kinds = [0] if classes != 2 else [1, 0]
    for part, at in (("train", 54), ("test", 180)):
        if part == "test" and not test:
            continue
        for i, c in enumerate(kinds):
            shape, colour = look(task, c)
            if classes > 2:
                shape, colour = "circle", "muted"
            found.append({"t": "dot", "in": "key", "x": at + 13 * i, "y": HEAD, "r": 4.2,
                          "shape": shape, "c": colour, "hollow": part == "test"})  # fmt: skip
        found.append({**text(WIDE, HEAD, key=f"{part} legend", size=12),
                      "dx": at + 13 * len(kinds) - 2 - SIDE})  # fmt: skip
    return found


def legend_texts(view: LabView) -> dict[str, str]:
    scores, found = view.scores, {}
    for part, right in (("train", scores.train_right), ("test", scores.test_right)):
        told = f" {percent(right)}" if view.task.classes else ""
        found[f"{part} legend"] = f"{part}{told}"
    if view.task.classes:
        found["train legend"] += " right"
    return found


def drawn(view: LabView) -> str:
    """How many samples of each part are drawn, where these are not all."""
    if not isinstance(view.picture, (Plane, Fit)) or not view.picture.samples.left_out:
        return ""
    counts = counts_of(view.picture.samples)
    parts = [sum(n for name, n in counts if name.startswith(part)) for part in ("train", "test")]
    return f", {parts[0]:,} + {parts[1]:,} drawn"
