"""The panel beside two passes: what each makes a slope of, with both passes' numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.backward import part_for
from backprop_kit.engine.tensor import Node
from backprop_kit.films.film import Array
from backprop_kit.films.gradient_check.columns import Column, drawn, shape_of
from backprop_kit.films.gradient_check.names import plain, slopes
from backprop_kit.films.graph.arrays import binned
from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Panel, Row, box, eq, num, remark, rule, title
from backprop_kit.study.chain import Link
from backprop_kit.study.gradient_check import Comparison
from backprop_kit.study.mistakes import BENDS, STEP

ROOM = 6  # columns of numbers that two formulas of a panel can print on one line each


def start(found: Comparison) -> Panel:
    assert found.own is not None
    return (
        title("Two ways back", "BEFORE THE FIRST STEP"),
        {"t": "p", "s": f"Above, the right pass. Below, a pass that {found.own.does}."},
        remark("At the end the complex step judges both: it runs forward only."),
    )


def panel_of(found: Comparison, column: Column, k: int, stations: dict[Node, int]) -> Panel:
    """How the number came about, in both passes."""
    own = found.own
    assert own is not None
    rows, cols = drawn(column.right).shape
    shape = _said(*shape_of(column))
    blocks = [
        {"sym": column.symbol, "v": [[f"{letter}{k}", 0]], "rows": rows, "cols": cols,
         "shape": shape}
        for letter in "rm"
    ]  # fmt: skip
    if column.moved:
        k = stations[column.node]
        slope = {**blocks[0], "sym": f"d{column.symbol}", "v": [[f"m{k}", 0]]}
        return (
            title(f"${column.symbol}$ moves, in one pass", "ON THE WAY"),
            rule(blocks[0], "−", f"{STEP:g} ×", slope, "=", {**blocks[1], "lit": "all"}),
            remark(f"What is computed from here on reads the new {plain(column.symbol)}."),
        )
    lines = [title(f"${column.symbol}$ in both passes", "THE WAY BACK")]
    if column.symbol == "dY":
        lines.append({"t": "p", "s": "$dY$ comes from the loss, before anything has moved."})
    read = {name: _formula(found, column, stations, name) for name in ("right", own.mistake)}
    wide = sum(p["cols"] for p in read["right"] if not isinstance(p, str)) + cols > ROOM
    for result, (name, parts) in zip(blocks, read.items(), strict=True):
        if parts and not (wide and column.wrong.any() and name == "right"):
            lit = {"lit": "all"} if name != "right" and column.wrong.any() else {}
            lines += [{"t": "p", "s": name, "small": True}, rule(*parts, "=", {**result, **lit})]
        if not column.wrong.any():
            break  # both are the same
    if column.wrong.any() and (wide or not read["right"]):
        at = int(np.argmax(column.wrong.reshape(-1)))
        row, col = divmod(at, shape_of(column)[1])
        mine, true = float(column.mine.reshape(-1)[at]), float(column.right.reshape(-1)[at])
        head = f"The first that differs: row {row + 1}, column {col + 1}"
        lines.append(eq([["right", num(true)], ["this pass", box(mine)]], head))
    if column.wrong.any():
        lines.append(remark(f"{int(column.wrong.sum())} of {column.wrong.size} numbers differ."))
    else:
        lines.append(remark(f"{column.right.size} of {column.right.size} numbers agree."))
    return tuple(lines)


def sources(found: Comparison) -> list[Array]:
    """What the formulas read beside the columns: inputs, weights and slopes of each layer."""
    arrays = []
    for i, link in enumerate(_linear(found), 1):
        assert link.weight is not None
        arrays.append(Array(f"x{i}", drawn(link.source.value)))
        arrays.append(Array(f"w{i}", drawn(link.weight.value)))
        bend = _bend(found, link.result)
        if bend is not None:
            arrays.append(Array(f"s{i}", drawn(bend)))
    for n, (_, new) in found.own.moved.items() if found.own is not None else ():
        for i, link in enumerate(_linear(found), 1):
            if link.weight is n:
                arrays.append(Array(f"w{i}+", drawn(new)))
    return arrays


def _linear(found: Comparison) -> list[Link]:
    return [m for m in found.recorded.links if m.kind == "linear"]


def _bend(found: Comparison, sums: Node) -> np.ndarray | None:
    """The slopes of the activation after these sums, None if there is none number by number."""
    for link in found.recorded.links:
        if link.source is sums and link.kind == "activation" and link.name in BENDS:
            ones = np.ones_like(sums.value)
            return part_for(link.result, 0, ones, link.result.value, link.result.args, 0)
    return None


def _formula(found: Comparison, column: Column, stations: dict[Node, int], which: str) -> list[Any]:
    """What a pass makes the slope of a column of; [] where that is no product of what is shown.

    which  "right", or the mistake of the other pass
    """
    named, own = slopes(found.recorded), found.own
    assert own is not None
    letter, turned = "r" if which == "right" else "m", which != "no transpose"
    links = _linear(found)
    for i, link in enumerate(links, 1):
        n, width = link.source.value.shape[-2:] if link.source.value.ndim == 2 else (0, 0)
        k = stations.get(link.result)
        if n and column.node is link.weight and k is not None:
            source = _block("X" if i == 1 else f"H_{i - 1}", (n, width), f"x{i}", turned)
            blame = _block(named[link.result], (n, link.result.value.shape[-1]), f"{letter}{k}")
            return [source, "·", blame]
        if i == len(links) or column.node is not link.result or not n:
            continue
        after = links[i]
        k = stations.get(after.result)
        assert after.weight is not None
        if k is None:
            return []
        moved = after.weight in own.moved and which != "right"
        size: tuple[int, int] = after.weight.value.shape
        made: list[Any] = [
            _block(named[after.result], (n, size[1]), f"{letter}{k}"), "·",
            _block(f"W_{i + 1}", size, f"w{i + 1}{'+' if moved else ''}", turned),
        ]  # fmt: skip
        if which != "no slope" and _bend(found, link.result) is not None:
            made += ["⊙", _block("slope", (n, size[0]), f"s{i}")]
        return made
    return []


def _block(sym: str, size: tuple[int, int], array: str, turned: bool = False) -> Row:
    rows, cols = binned(np.empty(size)).shape
    if turned:
        rows, cols, size = cols, rows, (size[1], size[0])
    return {"sym": f"{sym}^T" if turned else sym, "v": [[array, 0]], "rows": rows, "cols": cols,
            "shape": _said(*size), **({"transpose": True} if turned else {})}  # fmt: skip


def _said(rows: int, cols: int) -> str:
    many = binned(np.empty((rows, cols))).shape != (rows, cols)
    return f"{rows}×{cols}" + (" binned" if many else "")


def judged(found: Comparison) -> Panel:
    """The verdict of the complex step on every parameter, what is wrong first."""
    own, named = found.own, slopes(found.recorded)
    assert own is not None
    lines: list[list[Any]] = []
    for row in found.rows:
        w = found.misses(row)
        if row.node in own.wrong:
            lines.append([{"sym": named[row.node]}, "≠", num(w.ours), {"c": "", "s": "for"},
                          num(w.found)])  # fmt: skip
        else:
            off = "0" if w.error == 0 else number(w.error)
            lines.append(
                [{"sym": named[row.node]}, "=", {"c": "c-muted small", "s": f"off by {off}"}]
            )
    lines.sort(key=lambda line: line[1] != "≠")
    return (
        title("Judged without a way back", "COMPLEX STEP"),
        eq(lines, "This pass, and the true slope where it differs most"),
        remark(f"{found.asked:,} forward passes, one a number."),
    )
