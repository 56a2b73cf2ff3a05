"""A net as the training lab draws it: a column of tiles for each layer, and the weights between.

`seen_by` everything a model computes at a grid of points, in one call · `net_of` the record `Net` ·
`layers_of` the layers of a model in figures
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import Linear, Module, Sequential, Sigmoid, Tanh

SIDE = 60  # points of a map, each way
MOST = 10  # tiles in a column; where there are more, one place is for their number
CROWD = 12_000  # points in all tiles
ALONG = 31  # points of a tile that is a curve


class Layers(NamedTuple):
    """(2, 8, 8, 1) and "tanh"; () and "" where a model is no row of layers or mixes bends."""

    sizes: tuple[int, ...]
    bend: str


class Seen(NamedTuple):
    """What a model computed: of each linear layer its path, itself, and its inputs; the output."""

    layers: tuple[tuple[str, Linear, np.ndarray], ...]
    output: np.ndarray


@dataclass(frozen=True, eq=False)
class Column:
    """One layer's outputs (or the inputs).

    total  how many there are; `tiles` shows the first ones: (shown, side²) or (shown, ALONG)
    names  what the inputs are called, () for a layer
    peak   the size that stands for 1 in the tiles: 1, or the largest of the layer where it has no
           bound
    """

    total: int
    names: tuple[str, ...]
    tiles: np.ndarray
    peak: float


@dataclass(frozen=True, eq=False)
class Net:
    """The columns from the inputs to the last that is drawn as tiles, and all weights between.

    side      of a tile, in cells; 0 where tiles are curves
    outputs   how many outputs there are; one is drawn as the picture itself
    weights   (shown, shown) between two columns; the last leads to the outputs
    paths     the path of each of these weights in the model
    peak      the largest |weight| of the net
    unit      (column, number), whose weights are written
    written   ((source column, source, target), weight): the three largest that come to it and the
              largest that leaves it
    heaviest  (path, index) of the largest that comes to it
    """

    columns: tuple[Column, ...]
    side: int
    outputs: int
    weights: tuple[np.ndarray, ...]
    paths: tuple[str, ...]
    peak: float
    unit: tuple[int, int] | None
    written: tuple[tuple[tuple[int, int, int], float], ...]
    heaviest: tuple[str, tuple[int, ...]]


def seen_by(model: Module, points: np.ndarray) -> Seen:
    """Call a model once on these points and listen to its linear layers."""
    found: list[tuple[str, Linear, np.ndarray]] = []
    handles = [
        m.register_forward_pre_hook(
            lambda m, args, path=path: found.append((path, m, args[0].data))
        )
        for path, m in model.named_modules()
        if isinstance(m, Linear)
    ]
    try:
        output = model(Tensor(points, requires_grad=False))
    finally:
        for handle in handles:
            handle.remove()
    return Seen(tuple(found), output.data)


def net_of(model: Module, seen: Seen, kind: str, unit: tuple[int, int] | None = None) -> Net | None:
    """The columns and weights of a model, as seen; None where it has no row of linear layers."""
    if not seen.layers:
        return None
    widths = [m.n_in for _, m, _ in seen.layers]
    outputs = seen.layers[-1][1].n_out
    values = [v for _, _, v in seen.layers]
    if outputs > 1:
        values.append(seen.output)
        widths.append(outputs)
    if any(v.ndim != 2 or v.shape[1] != w for v, w in zip(values, widths, strict=True)):
        return None
    shown = [shown_of(w) for w in widths]
    side = _side(sum(shown)) if kind == "plane" else 0
    bounded = _bounded(model)
    names = _names(model, widths[0])
    columns = tuple(
        _column(v, s, side, bounded and 0 < i < len(seen.layers), () if i else names)
        for i, (v, s) in enumerate(zip(values, shown, strict=True))
    )
    weights = [m.W.data for _, m, _ in seen.layers]
    paths = tuple(f"{path}.W".lstrip(".") for path, _, _ in seen.layers)
    peak = max((float(np.abs(w).max()) for w in weights if w.size), default=0.0)
    ends = [*shown[1:], 1][: len(weights)]
    drawn = tuple(w[:s, :e] for w, s, e in zip(weights, shown, ends, strict=False))
    if unit is not None and not _there(unit, columns):
        unit = None
    written, heaviest = _written(drawn, paths, unit)
    return Net(columns, side, outputs, drawn, paths, peak, unit, written, heaviest)


def shown_of(total: int) -> int:
    """How many of a column are drawn: all, or so many that a line for the others has room."""
    return total if total <= MOST else MOST - 2


def _side(tiles: int) -> int:
    return next((s for s in (20, 15, 12) if tiles * s * s <= CROWD), 10)


def _column(
    values: np.ndarray, shown: int, side: int, bounded: bool, names: tuple[str, ...]
) -> Column:
    largest = float(np.abs(values).max(initial=0.0))
    peak = 1.0 if bounded else largest if 0 < largest < np.inf else 1.0
    tiles = values[:, :shown].T
    if side:
        step = SIDE // side
        square = tiles.reshape(shown, SIDE, SIDE)
        tiles = square[:, step // 2 :: step, step // 2 :: step].reshape(shown, side * side)
    else:
        tiles = tiles[:, :: (tiles.shape[1] - 1) // (ALONG - 1)]
    return Column(values.shape[1], names, tiles / peak, peak)


def _bounded(model: Module) -> bool:
    """Whether every bend of a model ends at ±1."""
    bends = _bends(model)
    return bool(bends) and all(isinstance(m, (Tanh, Sigmoid)) for m in bends)


def _names(model: Module, inputs: int) -> tuple[str, ...]:
    """What the inputs of the first layer are called: by a module that makes them, or x₁, x₂."""
    for m in model.modules():
        names = getattr(m, "names", None)
        if isinstance(names, Sequence) and len(names) == inputs:
            return tuple(map(str, names))
    letters = [f"x{chr(0x2081 + i)}" for i in range(inputs)]
    return tuple(letters) if 1 < inputs < 10 else ("x",) * inputs


def _there(unit: tuple[int, int], columns: tuple[Column, ...]) -> bool:
    column, i = unit
    return 0 <= column < len(columns) and 0 <= i < len(columns[column].tiles)


def _written(
    weights: tuple[np.ndarray, ...], paths: tuple[str, ...], unit: tuple[int, int] | None
) -> tuple[tuple[tuple[tuple[int, int, int], float], ...], tuple[str, tuple[int, ...]]]:
    if unit is None:
        return (), ("", ())
    column, j = unit
    found: list[tuple[tuple[int, int, int], float]] = []
    heaviest: tuple[str, tuple[int, ...]] = ("", ())
    if column > 0:
        into = weights[column - 1][:, j]
        order = np.argsort(-np.abs(into), kind="stable")
        found = [((column - 1, int(i), j), float(into[i])) for i in order[:3]]
        heaviest = (paths[column - 1], (int(order[0]), j))
    if column < len(weights):
        out = weights[column][j]
        i = int(np.abs(out).argmax())
        found.append(((column, j, i), float(out[i])))
        heaviest = heaviest if heaviest[0] else (paths[column], (j, i))
    return tuple(found), heaviest


def layers_of(model: Module) -> Layers:
    """The sizes of a row of linear layers and the bend between them; empty for other models."""
    linear = [m for m in model.modules() if isinstance(m, Linear)]
    if not linear or any(a.n_out != b.n_in for a, b in pairwise(linear)):
        return Layers((), "")
    bends = {type(m).__name__ for m in _bends(model)}
    name = bends.pop() if len(bends) == 1 else ""
    name = name.lower() if name in ("Tanh", "Sigmoid") else name
    return Layers((linear[0].n_in, *(m.n_out for m in linear)), name)


def _bends(model: Module) -> list[Module]:
    """The modules without parameters and parts of their own: what stands between the layers."""
    return [
        m for m in model.modules()
        if m is not model and not isinstance(m, (Linear, Sequential)) and not hasattr(m, "names")
        and not any(True for _ in m.children())
    ]  # fmt: skip
