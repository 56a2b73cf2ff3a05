"""The places that both passes compute, one a column: formula, numbers, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_kit.engine.tensor import Node
from backprop_kit.films.gradient_check.names import slopes, symbols
from backprop_kit.films.graph.arrays import as_rows, binned
from backprop_kit.study.gradient_check import Comparison

COLUMNS = 5  # side by side in a narrow picture, too
PRINTED = 64  # numbers of a block that may still be printed


@dataclass(frozen=True, eq=False)
class Column:
    """One place: its formula, what both passes hold there, and where they differ.

    moved  whether it is a weight that the pass with the mistake has moved; `right` is what it was
    """

    node: Node
    symbol: str
    right: np.ndarray
    mine: np.ndarray
    moved: bool = False

    @property
    def wrong(self) -> np.ndarray:
        return np.zeros(self.right.shape, bool) if self.moved else self.right != self.mine


def columns_of(found: Comparison) -> list[Column]:
    """The places in the order in which their slopes are complete, offsets left out; of many, those
    around the first wrong one."""
    own, trace = found.own, found.recorded.trace
    assert own is not None
    named, leaves = slopes(found.recorded), symbols(found.recorded)
    places = sorted(
        (n for n in named if n.value.ndim > 1 or n not in trace.names),
        key=lambda n: (trace.complete_at[n], n.index),
    )
    columns = []
    for n in places:
        wrong, right = n in own.wrong, trace.grads[n]
        # What differs only by rounding is the same.
        mine = np.where(own.wrong[n], own.held[n], right) if wrong else right
        columns.append(Column(n, named[n], right, mine))
        if n in own.moved and n is not places[-1]:
            columns.append(Column(n, leaves[trace.names[n]], n.value, own.moved[n][1], True))
    first = next((i for i, c in enumerate(columns) if c.wrong.any()), 0)
    start = max(0, min(first - 3, len(columns) - COLUMNS))
    return columns[start : start + COLUMNS]


def shape_of(column: Column) -> tuple[int, int]:
    rows, cols = as_rows(column.right).shape
    return rows, cols


def drawn(values: np.ndarray) -> np.ndarray:
    """The numbers of a block as they are drawn: in bins where there are many, and coarser where
    they are colours only."""
    shown = binned(as_rows(values))
    return shown.astype(np.float32) if shown.size > PRINTED else shown
