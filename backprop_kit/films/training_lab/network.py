"""The net: a column of tiles for each layer, weights as lines between, the selected one written."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.film import Array
from backprop_kit.films.numbers import number
from backprop_kit.films.packing import coarse
from backprop_kit.films.training_lab.layout import Part
from backprop_kit.films.training_lab.network_marks import marks
from backprop_kit.films.training_lab.network_shape import Shape, spot_of
from backprop_kit.study.lab_view import LabView
from backprop_kit.study.lab_view.net import Net
from backprop_kit.study.lab_view.weight import Weight


def network(view: LabView) -> Part:
    """Tiles, wires and the line under them."""
    net = view.net
    if net is None:
        return Part()
    shape = Shape(
        tuple(len(c.tiles) for c in net.columns), tuple(c.total for c in net.columns),
        net.columns[0].names, net.paths, net.side, net.outputs, net.unit,
        view.weight is not None,
    )  # fmt: skip
    foot = {"foot": _told(view.weight)} if view.weight is not None else {}
    return Part(marks(shape), tuple(_arrays(net, shape)), foot)


def bright(view: LabView) -> tuple[str, ...]:
    """The tags of the selected neuron's lines; the others recede, and without one all do."""
    net = view.net
    if net is None or net.unit is None:
        return ("time",)
    column, i = net.unit
    found = []
    if column > 0:
        path, many = net.paths[column - 1], len(net.weights[column - 1])
        found = [f"wire:{path}:{j}:{i}" for j in range(many)]
    if column < len(net.weights):
        path, many = net.paths[column], net.weights[column].shape[1]
        found += [f"wire:{path}:{i}:{j}" for j in range(many)]
    return tuple(found)


def _arrays(net: Net, shape: Shape) -> list[Array]:
    tiles = np.concatenate([c.tiles.ravel() for c in net.columns])
    weights = np.concatenate([w.ravel() for w in net.weights]).astype("f4")
    if shape.side:
        found = [Array("tiles", coarse(tiles, (-1, 1)), scale=(-1, 1), peak=1.0)]
        if not shape.told:
            ramp = coarse(np.linspace(-1, 1, 33), (-1, 1))
            found.append(Array("ramp", ramp, scale=(-1, 1), peak=1.0))
    else:
        found = [Array("tiles", tiles.astype("f4"), peak=1.0)]
    found.append(Array("w", weights, peak=net.peak if 0 < net.peak < np.inf else 1.0))
    if net.unit is not None:
        found.append(Array("written", _places(net, shape)))
    return found


def _places(net: Net, shape: Shape) -> np.ndarray:
    """(way, y, weight) of each written number: up to three that come in, then one that leaves."""
    rows = np.full((4, 3), np.nan)
    into = 0
    for (column, i, _), value in net.written:
        leaves = (column, i) == net.unit
        rows[3 if leaves else into] = (*spot_of(shape, column, i), value)
        into += not leaves
    return rows.ravel()


def _told(weight: Weight) -> str:
    """One weight in a line: its value, its slope in the next step, the optimizer's memory of it."""
    parts = [f"{weight.name} = {number(weight.value)}",
             f"slope {number(weight.slope)}"]  # fmt: skip
    for letter, words, value in weight.memory:
        if letter == "t":
            continue
        parts.append(f"{words if len(weight.memory) < 2 else f'${letter}$'} {number(value)}")
    return " · ".join(parts)
