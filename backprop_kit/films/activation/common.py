"""What the three films of activations have in common: axes, names, samples by shape, legends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from backprop_kit.films import numbers
from backprop_kit.films.numbers import number, shown
from backprop_kit.films.rows import Row, box, num
from backprop_kit.study import plane
from backprop_kit.study.activations import Activation, Curve

SIZE = (656, 382)
HEAD = "ActivationExplorer"
SHAPES = ("circle", "square", "triangle", "diamond")
GLYPHS = "●■▲◆"
HOLLOW = "○□△◇"
MOST = 6  # neurons with a map of their own size
SHRUNK = 40  # of more, so many are shown at all


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from low to high: at least two, and at most so many if that can be."""
    unit = 10.0 ** math.floor(math.log10(high - low))
    found: list[float] = []
    for step in (s * unit for s in (5, 2.5, 2, 1, 0.5, 0.25, 0.2, 0.1)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if len(found) >= 2 and last - first + 1 > most:
            break
        found = [round(i * step, 10) + 0.0 for i in range(first, last + 1)]
    return found


def outward(low: float, high: float) -> tuple[float, float]:
    """Rounder bounds that stay as they are while a hand moves a little."""
    size = max(high - low, 1e-9)
    unit = 10.0 ** math.floor(math.log10(size)) / 2
    pad = 0.06 * size
    return unit * math.floor((low - pad) / unit), unit * math.ceil((high + pad) / unit)


def value_range(curve: Curve) -> tuple[float, float]:
    """The axis of an activation's values."""
    low, high = float(curve.value.min()), float(curve.value.max())
    pad = 0.12 * (high - low or 1.0)
    return low - pad, high + pad


def slope_range(curve: Curve) -> tuple[float, float]:
    low, high = min(0.0, float(curve.slope.min())), max(float(curve.slope.max()), curve.top, 1e-9)
    return low - 0.12 * (high - low), high + 0.16 * (high - low)


def slope_sym(act: Activation, j: int | None = None) -> str:
    """The slope of neuron j in letters: 1 − h_1^2, or h_1′."""
    h = "h" if j is None else f"h_{{{j}}}"
    if "h" in act.slope and (j is None or "(" not in act.slope):
        return act.slope.replace("h", h)
    return f"{h}′"


def percent(share: float) -> str:
    """A share as a person says it."""
    if share == 0:
        return "nothing"
    return f"{number(100 * share)} %" if share < 0.999 or share > 1.001 else "all"


def zones(curve: Curve, where: str, k: int | None = None) -> list[Row]:
    """Where a curve is flat: hatched, and a solid bar on the axis where its slope is 0."""
    when = {} if k is None else {"frames": [k, k + 9]}
    marks: list[Row] = [
        {"t": "zone", "in": where, "x0": a, "x1": b, "y0": None, "y1": None, "style": "hatch",
         **when}
        for a, b in curve.saturated
    ]  # fmt: skip
    last = float(curve.z[-1])
    marks += [
        {"t": "bar", "in": where, "dir": "x", "from": -last if a is None else a,
         "to": last if b is None else b, "at": 0.0, "thick": 5, "c": "ink", **when}
        for a, b in curve.dead
    ]  # fmt: skip
    return marks


def small(maps: np.ndarray) -> np.ndarray:
    """Maps over the plane, (neurons, PIXELS²), as they are drawn: where there are many, each is
    small, and a quarter of the pixels is enough."""
    if len(maps) > MOST:
        maps = maps[:SHRUNK].reshape(-1, plane.PIXELS, plane.PIXELS)[:, ::2, ::2]
    return maps.astype("f4")


def opener(open: bool) -> Row:
    """The button that gives each number its slider."""
    return {"t": "box", "tag": "open", "x": 656, "dx": -66, "y": 369, "w": 132, "h": 22,
            "label": "Close the numbers" if open else "Open the numbers", "size": 13}  # fmt: skip


def note(s: str) -> Row:
    """Words of a line that stay in the narrow panel."""
    return {"c": "note", "s": s}


def glyph(i: int, group: int) -> str:
    """The sign of a sample in a line of text: its shape, hollow outside the first group."""
    return (HOLLOW if group else GLYPHS)[i % 4]


def group_of(i: int, groups: Mapping[str, Sequence[int]]) -> int:
    """Which group a sample belongs to; 0 without groups."""
    return next((g for g, rows in enumerate(groups.values()) if i in rows), 0)


def samples(
    where: str, count: int, groups: Mapping[str, Sequence[int]], at: Any, small: bool = False,
    **more: Any,
) -> list[Row]:  # fmt: skip
    """The samples in a plane: up to four by shape, more as plain dots; `at(i)` is their place."""
    marks = []
    for i in range(count):
        x, y = at(i)
        shape = SHAPES[i] if count <= 4 else "circle"
        r = (4 if small else 7) if count <= 4 else 2.5 if small else 3.5
        marks.append({"t": "dot", "in": where, "x": x, "y": y, "shape": shape, "r": r, "c": "ink",
                      "hollow": group_of(i, groups) > 0, **more})  # fmt: skip
    return marks


def equals(result: float, parts: Iterable[float]) -> str:
    """Whether the shown numbers give the shown result: = or ≈."""
    return numbers.equals(result, sum(map(shown, parts)))


def times(result: float, parts: Iterable[float]) -> str:
    return numbers.equals(result, math.prod(map(shown, parts)))


def pair(values: Iterable[float]) -> str:
    """(0.900, 0.900)"""
    return f"({', '.join(number(float(v)) for v in values)})"


def place(values: Iterable[float]) -> str:
    """A sample by its inputs, whole numbers without their zeros: (1, −1)."""
    said = (f"{v:g}".replace("-", "−") if v == round(v) and abs(v) < 1000 else number(v)
            for v in map(float, values))  # fmt: skip
    return f"({', '.join(said)})"


def terms(w: np.ndarray, x: np.ndarray, b: float, z: float, sym: str) -> list[list[Any]]:
    """z = w₁ × x₁ + w₂ × x₂ + b, one term a line; with many inputs the largest only."""
    order = np.argsort(-np.abs(w * x), kind="stable")[:3] if w.size > 3 else range(w.size)
    rows: list[list[Any]] = []
    for i in order:
        rows.append([{"sym": sym} if not rows else "", "=" if not rows else "+", num(w[i]), "×",
                     num(x[i])])  # fmt: skip
    if w.size > 3:
        rows.append(["", "+", {"note": f"{w.size - 3} more"}])
    sign = equals(z, [*(shown(p) * shown(q) for p, q in zip(w, x, strict=True)), b])
    rows.append(["", "+", num(b), sign, box(z)])
    return rows


def key(x: float, y: float, kind: str, words: str, k: int = 0) -> list[Row]:
    """One entry of the legend: a patch of hatching or a solid bar, and what it means."""
    tag = f"key {kind}"
    patch = (
        {"t": "zone", "x0": None, "x1": None, "y0": None, "y1": None, "style": "hatch"}
        if kind == "hatch"
        else {"t": "bar", "dir": "x", "from": 0.0, "to": 1.0, "at": 0.5, "thick": 7, "c": "ink"}
    )
    when = {"frames": [k, k + 9]}
    return [
        {"t": "plane", "tag": tag, "x0": x, "x1": x, "dx1": 30, "y0": y - 7, "y1": y + 7,
         "xr": [0, 1], "yr": [0, 1], **({"border": True} if kind == "hatch" else {}), **when},
        {**patch, "in": tag, **when},
        {"t": "text", "x": x, "dx": 38, "y": y, "s": words, "anchor": "start", "size": 13,
         "c": "muted", **when},
    ]  # fmt: skip


def choice(options: Sequence[str], chosen: str) -> tuple[Row, ...]:
    if chosen not in options:
        return ()
    listed = list(options)
    return ({"name": "activation", "options": listed, "chosen": listed.index(chosen)},)
