"""Beside the cells: forwards for a gradient as the net grows, and what one pair is and is not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, log10

from backprop_kit.films.cost.words import percent, say, told
from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Panel, Row, remark
from backprop_kit.study.cost import Bill
from backprop_kit.study.cost_runs import PAIRS, Shares, Standing

_HIGH = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def panel(
    bills: Sequence[Bill],
    standings: Sequence[Standing],
    chosen: int,
    shares: Shares | None,
    presenter: bool,
) -> Panel:
    """The chart, and two lines that always stand together."""
    plane = _plane(bills, standings, chosen, presenter)
    lines: list[Row] = [
        {"t": "p", "s": say("is")},
        {"t": "p", "s": say("is.not")},
        remark(
            say("shares.none", pairs=PAIRS)
            if shares is None
            else say("shares", before=percent(shares.before), one=percent(shares.one),
                     many=percent(shares.many), pairs=PAIRS)
        ),
    ]  # fmt: skip
    head = {"t": "title", "s": "Forwards for one gradient", "kicker": "AS THE NET GROWS"}
    if presenter:
        one = "–" if shares is None else percent(shares.one)
        two = (say("is.large"), say("is.not.large", one=one))
        return ({**head, "s": "As the net grows"}, plane, *({"t": "p", "s": s} for s in two))
    pair = {"t": "p", "s": "One forward and one backward pass …", "c": "muted", "small": True}
    return (head, plane, {"t": "line"}, pair, *lines)


def _plane(
    bills: Sequence[Bill], standings: Sequence[Standing], chosen: int, presenter: bool
) -> Row:
    order = sorted(range(len(bills)), key=lambda i: bills[i].count)
    xs = {i: log10(bills[i].count) for i in order}
    low, high = floor(min(xs.values()) - 0.25), ceil(max(xs.values()) + 0.2)
    top = max(2, ceil(max(xs.values()) + 0.4))
    every = 2 if top > 4 else 1
    size = 18 if presenter else 12
    marks: list[Row] = []
    for i, j in pairwise(order):
        run = all(standings[m].done == bills[m].forwards for m in (i, j))
        ends = {"x1": xs[i], "y1": _many(bills[i]), "x2": xs[j], "y2": _many(bills[j])}
        marks.append({"t": "seg", **ends, "c": "forward", "width": 3, "dash": not run})
        both = all(standings[m].pairs for m in (i, j))
        if both:
            marks.append({"t": "seg", "x1": xs[i], "y1": log10(bills[i].pair), "x2": xs[j],
                          "y2": log10(bills[j].pair), "c": "backward", "width": 3.4})  # fmt: skip
    upright = {"x1": xs[chosen], "y1": 0.0, "x2": xs[chosen], "y2": _many(bills[chosen])}
    marks.append({"t": "seg", **upright, "c": "ink", "width": 1.4, "dash": True})
    for i in order:
        marks += _point(bills[i], standings[i], xs[i], i == chosen, size)
    marks += [
        {"t": "words", "x": high, "y": 1.3, "s": "backprop", "c": "backward",
         "size": size + 1, "anchor": "end", "bold": True},
        {"t": "words", "x": low, "dx": 6, "y": top - 0.35, "s": "finite differences",
         "c": "forward", "size": size + 1, "anchor": "start", "bold": True},
    ]  # fmt: skip
    return {
        "t": "plane", "name": "growth", "high": 200 if presenter else 178,
        "pad": [10, 12, 30 if presenter else 24, 52 if presenter else 36],
        "xr": [low, high], "yr": [-0.15, float(top)], "rules": True, "size": size,
        "xt": [[n, _power(n)] for n in range(low, high + 1, 1 if high - low < 5 else 2)],
        "yt": [[float(n), _power(n)] for n in range(0, top + 1, every)],
        "marks": marks,
    }  # fmt: skip


def _point(bill: Bill, standing: Standing, x: float, chosen: bool, size: int) -> list[Row]:
    y, r = _many(bill), 6.5 if chosen else 4.5
    run = standing.done == bill.forwards
    tone = "ink" if chosen else "forward" if run else "faint"
    marks: list[Row] = [
        {"t": "dot", "x": x, "y": y, "r": r, "c": tone, "hollow": not run or chosen}
    ]
    whole = standing.whole(bill)
    if whole is not None:
        time = told(whole[0]) if whole[1] else f"≈ {told(whole[0])}"
        marks.append({"t": "words", "x": x, "y": y, "dx": -9, "dy": -7, "s": time, "size": size,
                      "c": "ink" if chosen else "muted", "anchor": "end"})  # fmt: skip
    if standing.pairs:
        at = log10(bill.pair)
        marks += [
            {"t": "dot", "x": x, "y": at, "r": r, "c": "ink" if chosen else "backward"},
            {"t": "words", "x": x, "y": at, "dx": 3, "dy": -13, "s": number(bill.pair),
             "size": size + 1, "c": "backward", "bold": chosen, "anchor": "start"},
        ]  # fmt: skip
    return marks


def _many(bill: Bill) -> float:
    return log10(bill.forwards)


def _power(n: int) -> str:
    return "10" + str(n).translate(_HIGH) if n > 1 else str(10**n)
