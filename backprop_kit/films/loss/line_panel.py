"""The panel of a line: where the slopes come from, and what a step by them does."""

from __future__ import annotations

from typing import Any

from backprop_kit.films.numbers import equals, product_sign, shown
from backprop_kit.films.rows import Panel, Row, bars, box, eq, num, remark, title
from backprop_kit.study.line_fit import Fit

GOAL = 0.01


def panel(fit: Fit, k: int, *, pulls: bool, covered: bool, presenter: bool) -> Panel:
    if k:
        return _step(fit, k, presenter)
    if not pulls:
        return _by_hand(fit)
    return _covered(fit) if covered else _slopes(fit, k, presenter)


def _loss(fit: Fit, k: int) -> Row:
    return eq([[{"sym": "L"}, "=", box(fit.at(k).loss)]])


def _by_hand(fit: Fit) -> Panel:
    half = "half of all their areas" if fit.counted != "mean" else "the mean of their areas"
    place = fit.at(0)
    done = place.loss < GOAL
    return (
        title("How wrong is the line?", "LOSS"),
        {"t": "p", "s": f"Each error is the side of a square. $L$ is {half}."},
        {"t": "gap"},
        eq([[{"sym": "w"}, "=", num(place.w)], [{"sym": "b"}, "=", num(place.b)],
            [{"sym": "L"}, "=", box(place.loss)]]),
        {"t": "gap"},
        {"t": "p", "s": f"Below {GOAL:g}: the line is found." if done
         else f"Move $w$ and $b$ until $L$ is below {GOAL:g}."},
        {"t": "next", "s": "Which point pulls which of the two, and how hard?"},
    )  # fmt: skip


def _covered(fit: Fit) -> Panel:
    return (
        title("How wrong is the line?", "LOSS"),
        _loss(fit, 0),
        {"t": "p", "s": "Each point pulls the line towards itself: a part of the slope of $w$, and "
         "a part of the slope of $b$."},
        remark("Both stay covered until you have answered."),
    )  # fmt: skip


def _slopes(fit: Fit, k: int, presenter: bool) -> Panel:
    """Error × x, point by point, and their sums."""
    place, mean = fit.at(k), fit.counted == "mean"
    share = 2 / fit.x.size
    lines: list[list[Any]] = []
    for i, (e, x, pull) in enumerate(zip(place.error, fit.x, place.pull_w, strict=True)):
        factors: list[Any] = [num(e), "×", num(x)]
        sign = product_sign(e, x, pull)
        if mean:
            factors += ["×", num(share)]
            sign = equals(pull, shown(e) * shown(x) * shown(share))
        lines.append([{"note": f"point {i + 1}"}, *factors, sign, num(pull)])
    head = "error × $x$" + (f" × 2/{fit.x.size}" if mean else "") + ", the pull on $w$"
    rows: list[Row] = [
        title("Send the loss back", "SLOPES"),
        {**eq(lines, head), **({"of": [[f"pullw{i}", f"square{i}"] for i in range(fit.x.size)],
                               "bright": 0} if presenter else {})},
        eq([[{"sym": "∂L/∂w"}, "=", box(place.slope[0]), {"note": "all of them together"}],
            [{"sym": "∂L/∂b"}, "=", box(place.slope[1]), {"note": "the errors together" if not mean
             else "the same without x"}]]),
    ]  # fmt: skip
    if not presenter:
        rows.append({"t": "next", "s": f"step: each number minus {fit.rate:g} × its slope"})
    return tuple(rows)


def _step(fit: Fit, k: int, presenter: bool) -> Panel:
    if k in fit.hand:
        return (title("Set by hand", f"STEP {k}"), _loss(fit, k))
    old, new = fit.at(k - 1), fit.at(k)
    lines = []
    for name, was, slope, now in (("w", old.w, old.slope[0], new.w),
                                  ("b", old.b, old.slope[1], new.b)):  # fmt: skip
        sign = equals(now, shown(was) - fit.rate * shown(slope))
        lines.append([{"sym": name}, num(was), "−", f"{fit.rate:g} ×", num(slope), sign, box(now)])
    forecast, fall = fit.forecast(k - 1), fit.fall(k - 1)
    assert fall is not None
    rows: list[Row] = [
        title("Move against the slopes", f"STEP {k}"),
        eq(lines, "old − size × slope"),
        bars([["forecast of the fall", forecast]], ["true fall", fall], dashed=True),
        _loss(fit, k),
    ]
    if not presenter:
        rows.append(remark("The forecast is a straight line laid along a curve."))
    return tuple(rows)
