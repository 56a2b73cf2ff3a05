"""Two ways back side by side, the right one and one with a mistake; the first wrong number is lit.

A column is a place whose slope both passes compute, or a weight that one of them moves on the way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from backprop_kit.engine.tensor import Node
from backprop_kit.films.captions import joined, listing, speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.fingerprint import fingerprint
from backprop_kit.films.gradient_check.columns import COLUMNS, Column, columns_of, drawn
from backprop_kit.films.gradient_check.names import net, plain, slopes
from backprop_kit.films.gradient_check.own_panel import judged, panel_of, sources, start
from backprop_kit.films.presenter import presented
from backprop_kit.films.rows import Row
from backprop_kit.study.gradient_check import Comparison
from backprop_kit.study.mistakes import STEP, Spoiled

say = speaker("gradient_check")

SIZE = (656, 382)
WIDE = 90.0  # the room of a column
PHASES = (("backward", "Backward"), ("again", "Complex step"))


def film_own(found: Comparison, *, presenter: bool = False) -> Film:
    """The film of a pass with a mistake beside the right one."""
    assert found.own is not None
    columns, layout = columns_of(found), LARGE if presenter else USUAL
    arrays, marks = sources(found), list(_names(found.own, layout))
    end = len(columns) + 1
    shown = range(max(0, len(columns) - layout.columns), len(columns))
    wide = (SIZE[0] - layout.left) / len(shown)
    for i, column in enumerate(columns):
        x = layout.left + wide * (i - shown[0] + 0.5)
        parted, placed = _blocks(column, x, i + 1, end, layout)
        arrays += parted
        marks += placed if i in shown else []
    stations = {c.node: k for k, c in enumerate(columns, 1) if not c.moved}
    frames = [Frame(0, "backward", say("own.start", does=found.own.does), panel=start(found))]
    frames += [_frame(found, columns, k, stations) for k in range(1, end)]
    frames.append(_judged(found, end))
    if presenter:
        tags = {m["tag"] for m in marks if "tag" in m}
        frames = [_presented(f, tags) for f in frames]
    return Film(
        title=(
            f"Two ways back: right, and {found.own.mistake}",
            f"{net(found.recorded)} · {found.recorded.loss.title}",
        ),
        size=SIZE,
        arrays=tuple(arrays),
        marks=tuple(marks),
        phases=PHASES,
        cuts={"operation": tuple(frames)},
        trace=fingerprint(found.recorded.trace),
        head="GradientCheck",
        presenter=presenter,
    )  # fmt: skip


# --- the picture ----------------------------------------------------------------------------------
class Layout(NamedTuple):
    """Where the two rows of blocks stand, how wide a printed number is, and how large type is."""

    left: float
    high: float
    low: float
    cell: float
    row: float
    size: int
    columns: int


USUAL = Layout(92, 108, 272, 44, 32, 15, COLUMNS)
LARGE = Layout(0, 122, 308, 70, 44, 24, 3)


def _names(own: Spoiled, layout: Layout) -> list[Row]:
    first, *rest = own.mistake.split(" on ")
    text = {"t": "text", "x": 0, "anchor": "start", "size": layout.size, "bold": True}
    if not layout.left:
        return [{**text, "y": layout.high - 104, "s": "right"},
                {**text, "y": layout.low - 104, "s": own.mistake}]  # fmt: skip
    return [
        {**text, "y": layout.high, "s": "right"},
        {**text, "y": layout.low - 9 * len(rest), "s": first},
        *({**text, "y": layout.low + 10, "s": f"on {part}"} for part in rest),
    ]


def _size(rows: int, cols: int, layout: Layout) -> tuple[float, float, bool]:
    """Width and height of a block, and whether its numbers can stand in it."""
    if rows <= 4 and cols <= 2:
        return cols * layout.cell, min(rows * layout.row, 128.0), True
    return min(WIDE, max(24.0, 9.0 * cols)), min(104.0, max(24.0, 9.0 * rows)), False


def _blocks(
    column: Column, x: float, k: int, end: int, layout: Layout
) -> tuple[list[Array], list[Row]]:
    """The two blocks of a column, known from step k on."""
    first, second = drawn(column.right), drawn(column.mine)
    rows, cols = first.shape
    wide, high, printed = _size(rows, cols, layout)
    top, low, size = layout.high, layout.low, layout.size + 3
    peak = max(float(np.abs(first).max()), float(np.abs(second).max()))
    right = Array(f"r{k}", first, 0 if column.moved else k, peak=peak)
    mine = Array(f"m{k}", second, k, peak=peak)
    block: Row = {"t": "cells", "x": x, "w": wide, "h": high, "rows": rows, "cols": cols}
    block |= {"print": True} if printed else {}
    block |= {} if layout.left else {"size": 20}
    symbol = f"${column.symbol}$" + (" moved" if column.moved else "")
    above = high / 2 + 17
    marks: list[Row] = [
        {"t": "text", "x": x, "y": top - above, "s": f"${column.symbol}$", "size": size},
        {**block, "y": top, "tag": f"r{k}", "v": [[f"r{k}", 0]]},
        {"t": "text", "x": x, "y": low - above, "s": symbol, "size": size},
    ]
    told = {"t": "text", "x": x, "y": low + high / 2 + 17, "size": 20, "frames": [k, end]}
    own = {**block, "y": low, "v": [[f"m{k}", 0]]}
    if column.wrong.any():
        lit = int(np.argmax((first != second).reshape(-1)))
        marks.append({**own, "tag": f"m{k}", "ring": lit, "frames": [k, end]})
        marks.append({**own, "tag": f"n{k}", "frames": [0, k - 1]})
        marks.append({**told, "s": "≠", "bold": True})
    else:
        marks.append({**own, "tag": f"m{k}"})
        if not column.moved:
            marks.append({**told, "s": "=", "c": "muted"})
    return [right, mine], marks


def _presented(frame: Frame, tags: set[str]) -> Frame:
    """The same frame with the columns that have room, and a panel for a lecture hall."""
    to = tuple(tag for tag in frame.to if tag in tags)
    return replace(frame, to=to, panel=presented(frame.panel, tags, to))


# --- the frames -----------------------------------------------------------------------------------
def _frame(found: Comparison, columns: list[Column], k: int, stations: dict[Node, int]) -> Frame:
    column = columns[k - 1]
    parted = [c for c in columns[: k - 1] if c.wrong.any()]
    name = plain(column.symbol)
    mark = ""
    if column.moved:
        caption = say("own.moved", name=name, step=f"{STEP:g}")
    elif not column.wrong.any():
        values = listing([float(v) for v in column.right.reshape(-1)])
        caption = say("own.right" if parted else "own.same", name=name, values=values)
    else:
        at = int(np.argmax(column.wrong.reshape(-1)))
        mine, true = float(column.mine.reshape(-1)[at]), float(column.right.reshape(-1)[at])
        mark = "" if parted else "failed"
        caption = say("own.later" if parted else "own.first", name=name, mine=mine, true=true)
    panel = panel_of(found, column, k, stations)
    return Frame(k, "backward", caption, to=(f"r{k}", f"m{k}"), panel=panel, mark=mark)


def _judged(found: Comparison, end: int) -> Frame:
    own, named = found.own, slopes(found.recorded)
    assert own is not None
    names = {r.node: plain(named[r.node]) for r in found.rows}
    wrong = [name for node, name in names.items() if node in own.wrong]
    right = [name for node, name in names.items() if node not in own.wrong]
    caption = say("own.unhurt")
    if wrong:
        caption = say("own.end", wrong=joined(wrong), right=joined(right) or "nothing")
    return Frame(end, "again", caption, panel=judged(found))
