"""Two fields of cells, one cell a pass of the whole batch: the pair, and the differences.

Everything that changes while passes run is a number in an array, so that only numbers travel.
"""

from __future__ import annotations

from math import nan

import numpy as np

from backprop_kit.films.cost.words import UNITS, clock, each, say
from backprop_kit.films.film import Array
from backprop_kit.films.rows import Row
from backprop_kit.study.cost import Bill
from backprop_kit.study.cost_runs import Standing

SIZE = (656, 382)


def arrays(bill: Bill, standing: Standing, running: bool) -> tuple[Array, ...]:
    """How far both are, what they took, and how they compare; NaN stands for what is not known."""
    timing = standing.timing
    both = standing.pairs > 0 and timing is not None
    pair, ratio, longer = (nan, 0, nan), nan, (nan, 0, nan)
    whole = standing.whole(bill)
    times = (nan, 0, nan)
    if whole is not None and standing.done:
        times = (*clock(whole[0]), 0.0 if whole[1] else 1.0)
    if both and timing is not None:
        pair, ratio = (*clock(timing.pair), 0.0), timing.pair / timing.forward
        if whole is not None and standing.done:
            longer = (whole[0] / timing.pair, 0, 0.0 if whole[1] else 1.0)
    seen = standing.pairs > 0
    return (
        Array("pair", np.array([min(standing.pairs, 1) * 2.0, 2.0, 1.0])),
        Array("differences", np.array([standing.done, bill.forwards, each(bill.forwards)], float)),
        Array("running", np.array([float(running)])),
        Array("time", np.array([pair, times])),
        Array("ratio", np.array([bill.pair if seen else nan, ratio])),
        Array("times", np.array([[bill.times if seen else nan, 0, 0], longer])),
    )  # fmt: skip


def marks(presenter: bool) -> tuple[Row, ...]:
    """The picture; the same for every net, since all that differs is a number."""
    small, head, big = (20, 24, 44) if presenter else (14, 17, 27)
    top, wide = 20 if presenter else 14, SIZE[0]
    first = top + (40 if presenter else 32)
    second = first + (50 if presenter else 42)
    field = second + (28 if presenter else 20)
    low = 350 if presenter else 336
    pair: list[Row] = [{"s": "backprop", "bold": True}]
    other: list[Row] = [{"s": "finite differences", "bold": True}]
    counted: list[Row] = [{"v": ["ratio", 0], "as": "number", "bold": True},
                          {"s": " forwards, counted", "c": "muted"}]  # fmt: skip
    if not presenter:
        pair.append({"s": "  " + say("head.pair"), "c": "muted", "size": small})
        other += [{"s": "  ", "size": small},
                  {"v": ["differences", 1], "as": "count", "c": "muted", "size": small},
                  {"s": " " + say("head.differences"), "c": "muted", "size": small}]  # fmt: skip
        counted += [{"s": "  ·  ", "c": "muted"}, {"v": ["ratio", 1], "as": "number"},
                    {"s": " by the clock", "c": "muted"}]  # fmt: skip
    tell = {"t": "tell", "anchor": "start", "size": head}
    clocks: list[Row] = [
        {**tell, "x": wide, "y": y, "anchor": "end",
         "parts": [{"v": ["time", 3 * i], "as": "clock", "units": list(UNITS), "bold": True}]}
        for i, y in enumerate((top, second))
    ]  # fmt: skip
    return (
        {**tell, "x": 0, "y": top, "parts": pair},
        {"t": "field", "tag": "pair", "x": 8, "y": first - 5, "w": 24, "h": 12, "v": [["pair", 0]],
         "c": ["forward", "backward"], "ring": True},
        {**tell, "x": 0, "dx": 44, "y": first, "size": small, "parts": counted},
        {**tell, "x": 0, "y": second, "parts": other},
        *clocks,
        {"t": "field", "tag": "differences", "x": 0, "y": field, "w": wide,
         "h": 166 if presenter else 204, "v": [["differences", 0]], "c": ["forward"]},
        {**tell, "x": 0, "y": low, "size": small, "parts": [
            {"v": ["differences", 0], "as": "count", "bold": True},
            {"s": " run", "c": "muted"},
            *([] if presenter else [{"v": ["differences", 2], "as": "each", "c": "muted"}])]},
        {**tell, "x": wide, "y": low, "anchor": "end", "size": small, "parts": [
            {"v": ["times", 0], "as": "times", "bold": True, "size": big},
            *([] if presenter else [{"s": "  the multiplications", "c": "muted"}])]},
        *([] if presenter else [{**tell, "x": wide, "y": low + 32, "anchor": "end", "size": small,
                                 "parts": [
            {"v": ["times", 3], "as": "times", "bold": True, "size": 17},
            {"s": "  as long by the clock, for the same gradient", "c": "muted"}]}]),
    )  # fmt: skip
