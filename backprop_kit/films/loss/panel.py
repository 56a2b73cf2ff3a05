"""The panel of several predictions: both losses over one sum, and how each slope is made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from backprop_kit.films.loss.table import Table
from backprop_kit.films.numbers import product_sign
from backprop_kit.films.rows import Panel, Row, box, eq, num, title
from backprop_kit.study.answers import GRID, SPAN, Moment
from backprop_kit.study.loss_shares import Losses

SHORT = ("squared", "cross")


def panel(losses: Losses, i: int, k: int, *, presenter: bool = False) -> Panel:
    m = losses.at(k)
    one = losses.output == "sigmoid"
    name = f"{'SAMPLE' if one else 'CLASS'} {i + 1}, {_state(m, i, k)}"
    rows = [title(f"Back through {'$σ$' if one else 'softmax'}", name)]
    if not presenter:
        rows.append(_plane(Table.of(losses, i), 152 if one else 118))
    rows += factors(m, i, (f"s{i}", f"c{i}") if presenter else ()) if one else _classes(m, i)
    if one and not presenter:
        rows.append({"t": "next", "s": "$∂L/∂w = δ · x$: what δ loses, the weights lose too"})
    return tuple(rows)


def _state(m: Moment, i: int, k: int) -> str:
    """How sure and how right, where both copies agree."""
    sizes = np.abs(m.error[:, i])
    if (sizes < 0.5).all():
        return "SURE AND RIGHT" if (sizes < 0.1).all() else "RIGHT"
    if (sizes > 0.5).all():
        return "SURE AND WRONG" if (sizes > 0.9).all() else "WRONG"
    return "EXACTLY BETWEEN" if k == 0 else "RIGHT UNDER ONE LOSS"


@lru_cache(16)
def _plane(table: Table, high: int) -> Row:
    """Both losses on one pair of axes, the same at every step; the words stand where the curves are
    low."""
    count = GRID.size
    left = table.target[table.selected] == 0
    marks: list[Row] = []
    for which, dash, y in ((1, False, 6.4), (0, True, 5.2)):
        at = [table.ref(part, which) for part in ("place", "height", "slope")]
        marks += [
            {"t": "curve", "y": [["curve", which * count]], "n": count, "c": "ink", "width": 2.2,
             "dash": dash},
            {"t": "tangent", "x": at[0], "y": at[1], "slope": at[2], "half": 40, "c": "backward",
             "halo": True},
            {"t": "dot", "x": at[0], "y": at[1], "r": 6, "c": "backward"},
            {"t": "words", "x": -6.8 if left else 6.9, "y": y, "anchor": "start" if left else "end",
             "s": f"{'dashed' if dash else 'full'}: {SHORT[which]}, δ =", "v": [at[2]],
             "size": 12, "c": "ink", "signed": True, "tag": f"slope {SHORT[which]}"},
        ]  # fmt: skip
    return {
        "t": "plane", "high": high, "xr": [-SPAN, SPAN], "yr": [0, SPAN], "name": "curves",
        "xt": [-6, -3, 0, 3, 6], "yt": [0, 2, 4, 6], "rules": True, "xl": "z", "yl": "L",
        "yla": 7.0, "marks": marks,
    }  # fmt: skip


def factors(m: Moment, i: int, of: Sequence[str] = ()) -> list[Row]:
    """∂L/∂p × p(1 − p) = δ, one line a loss; `of` are the marks that each line is of, to be
    brought out where only one line at a time is bright."""
    head: list[Any] = ["", {"sym": "∂L/∂p"}, "", {"sym": "p(1 − p)"}, "", {"sym": "δ"}]
    lines: list[list[Any]] = []
    top = float(np.abs(m.delta[:, i]).max()) or 1.0
    for which, name in enumerate(SHORT):
        front, slope, delta = (float(v[which, i]) for v in (m.front, m.middle, m.delta))
        lines.append([
            {"c": "bold", "s": name}, num(front), "×", {"c": "result ink", "s": slope},
            product_sign(front, slope, delta), box(delta, top),
        ])  # fmt: skip
    if of:
        return [{"t": "eq", "top": head, "rows": lines, "of": [[tag] for tag in of], "bright": 0}]
    return [eq([head, *lines])]


def _classes(m: Moment, i: int) -> list[Row]:
    """Squared error over every prediction that feels this sum, cross-entropy in short."""
    lines: list[list[Any]] = [["", {"sym": "∂L/∂p"}, "", {"sym": f"∂p/∂z_{i + 1}"}, "", ""]]
    for j in range(m.p.shape[1]):
        front, slope = float(m.front[0, j]), float(m.middle[0, j, i])
        part = front * slope
        lines.append([{"note": f"class {j + 1}"}, num(front), "×", num(slope),
                      product_sign(front, slope, part), num(part)])  # fmt: skip
    top = float(np.abs(m.delta[:, i]).max()) or 1.0
    return [
        eq(lines),
        eq([
            [{"c": "bold", "s": SHORT[0]}, "their sum", "=", box(m.delta[0, i], top)],
            [{"c": "bold", "s": SHORT[1]}, {"sym": "p − t"}, "=", box(m.delta[1, i], top)],
        ]),
    ]  # fmt: skip
