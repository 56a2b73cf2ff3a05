"""Errors over the step size: they fall with h, turn, and rise again, while the complex step stays.

One frame a step size, so that the picture is discovered from left to right: what is not asked yet
is not drawn.
"""

from __future__ import annotations

from math import floor, inf, isfinite, log10
from typing import Any

import numpy as np

from backprop_kit.engine.gradcheck import TINY
from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.fingerprint import fingerprint
from backprop_kit.films.gradient_check.names import net, place, power, symbols
from backprop_kit.films.numbers import number
from backprop_kit.films.presenter import presented
from backprop_kit.films.rows import Panel, Row, box, eq, num, remark, title
from backprop_kit.study.gradient_check import EXPONENTS, Comparison

say = speaker("gradient_check")

SIZE = (656, 382)
LEAST = -17.5  # where a difference of exactly 0 is drawn, in powers of ten
ROWS = 5  # of parameters; the furthest off come first
PHASES = (("forward", "h ten times smaller each"),)


def film_curve(found: Comparison, *, presenter: bool = False) -> Film:
    """The film of a gradient check over its step sizes."""
    last = len(found.steps) - 1
    return Film(
        title=("Slopes beside two oracles", _subtitle(found)),
        size=SIZE,
        arrays=(Array("h", np.array(EXPONENTS, float)),),
        marks=(*_plane(presenter), *_points(found, last, presenter)),
        phases=PHASES,
        cuts={"operation": tuple(_frame(found, i, presenter) for i in range(last + 1))},
        trace=fingerprint(found.recorded.trace),
        head="GradientCheck",
        presenter=presenter,
    )


def _subtitle(found: Comparison) -> str:
    samples = found.recorded.x.value.shape[0]
    said = [net(found.recorded), f"{samples} sample{'s' if samples != 1 else ''}"]
    if found.asked < found.count:
        said.append(f"{found.asked:,} of {found.count:,} numbers, a seeded sample")
    else:
        said.append(f"{found.count:,} numbers")
    return " · ".join(said)


# --- the picture ----------------------------------------------------------------------------------
def _plane(presenter: bool) -> list[Row]:
    """The axes: powers of ten both ways, and the floor below which a float has no digits."""
    size = 20 if presenter else 13
    every = 4 if presenter else 2
    xs = [[float(n), power(-n)] for n in EXPONENTS if n % every == 0]
    ys = [[float(n), power(n)] for n in range(0, -17, -4)]
    left = 76 if presenter else 62
    return [
        {"t": "plane", "tag": "p", "x0": left, "x1": 644, "y0": 40, "y1": 322,
         "xr": [1.5, 16.5], "yr": [-18.2, 1.4], "xt": xs, "yt": ys, "rules": True, "size": size},
        {"t": "zone", "in": "p", "x0": None, "x1": None, "y0": None, "y1": -16.0, "style": "soft",
         "c": "grey"},
        {"t": "text", "x": 0, "y": 16, "s": "largest error, of $‖g‖$", "anchor": "start",
         "size": size + 1, "c": "muted"},
        {"t": "text", "x": 644, "y": 372 if presenter else 362, "anchor": "end", "c": "muted",
         "s": "step size $h$, smaller and smaller →", "size": size + 1},
    ]  # fmt: skip


def height(error: float) -> float:
    """Where an error stands on the axis, in powers of ten; nothing at all is a little above the
    ground."""
    return max(log10(error), LEAST) if error > 0 else LEAST


def _points(found: Comparison, last: int, presenter: bool) -> list[Row]:
    marks: list[Row] = []
    curves = [("central", 3.2, False, "differences" if presenter else "central differences")]
    if not presenter:
        curves.append(("forward", 2.0, True, "differences on one side"))
    size, colour = (20 if presenter else 14), "forward"
    for n, (method, width, dash, words) in enumerate(curves):
        # Their names stand above the middle, where errors of any size leave room.
        marks.append({"t": "seg", "in": "p", "x1": 4.4, "y1": 0.7 - 1.3 * n, "x2": 5.5,
                      "y2": 0.7 - 1.3 * n, "c": colour, "width": width, "dash": dash})  # fmt: skip
        marks.append({"t": "words", "in": "p", "x": 5.8, "y": 0.7 - 1.3 * n, "dy": 5, "s": words,
                      "size": size, "c": colour, "anchor": "start", "bold": n == 0})  # fmt: skip
        ys = [height(e) if isfinite(e) else None for e in found.errors(method)]
        for i, y in enumerate(ys):
            before = ys[i - 1] if i else None
            x = float(EXPONENTS[i])
            if y is None:
                continue
            if before is not None:
                marks.append({"t": "seg", "in": "p", "x1": x - 1, "y1": before, "x2": x, "y2": y,
                              "c": colour, "width": width, "dash": dash,
                              "frames": [i, last]})  # fmt: skip
            marks.append({"t": "dot", "in": "p", "tag": f"{method}{i}", "x": x, "y": y,
                          "r": 3.4, "c": colour, "hollow": False,
                          "frames": [i + 1, last]})  # fmt: skip
            marks.append({"t": "dot", "in": "p", "x": x, "y": y, "c": colour,
                          "r": 8 if method == "central" else 6, "frames": [i, i]})  # fmt: skip
    exact = height(float(found.errors("complex")[0]))
    marks.append({"t": "seg", "in": "p", "x1": 1.5, "y1": exact, "x2": 16.5, "y2": exact,
                  "c": "ink", "width": 3.2})  # fmt: skip
    marks.append({"t": "words", "in": "p", "x": 1.7, "y": exact, "dy": -16, "size": size,
                  "s": "complex step", "bold": True, "c": "ink", "anchor": "start"})  # fmt: skip
    for i in range(last + 1):
        x = float(EXPONENTS[i])
        marks.append({"t": "seg", "in": "p", "x1": x, "y1": -18.2, "x2": x, "y2": 1.4, "c": "faint",
                      "width": 1.2, "dash": True, "frames": [i, i]})  # fmt: skip
    return marks


# --- the frames -----------------------------------------------------------------------------------
def _frame(found: Comparison, i: int, presenter: bool) -> Frame:
    panel = _panel(found, i)
    return Frame(i, "forward", _caption(found, i), panel=presented(panel) if presenter else panel)


def _caption(found: Comparison, i: int) -> str:
    errors = found.errors("central")
    here, before = float(errors[i]), float(errors[i - 1]) if i else inf
    h = power(-EXPONENTS[i])
    if i == 0:
        return say("start", count=f"{found.count:,}")
    if not isfinite(here):
        return say("lost", h=h)
    if i == len(found.steps) - 1:
        return say("end", h=h, tiny=power(round(log10(TINY))))
    if here < before / 1.5:
        ratio = before / here if here else inf
        return say("falls", times="infinitely many" if ratio == inf else _round(ratio), error=here)
    if here < before * 1.5:
        return say("level", error=here)
    if i < 2 or errors[: i - 1].min() >= before / 1.5:
        return say("turns", error=here)
    digits, left = _digits(found, i)
    if left < 1:
        return say("rises.none", error=here)
    return say("rises", error=here, digits=digits, left=left)


def _round(ratio: float) -> str:
    """How many times, in a round number a person would say."""
    unit = 10 ** max(0, floor(log10(ratio)) - 1)
    return f"{int(ratio / unit + 0.5) * unit:,}"


def _digits(found: Comparison, i: int) -> tuple[int, int]:
    """How many digits a float has, and how many of them the two losses do not share, when the
    steepest number is moved by h to both sides."""
    loss = found.recorded.trace.loss.value
    precision = float(np.finfo(loss.dtype).eps)
    steepest = max(float(np.abs(r.exact).max()) for r in found.rows)
    apart = 2 * found.steps[i] * steepest / (abs(float(loss.reshape(()))) or 1.0)
    whole = round(-log10(precision))
    return whole, max(0, floor(log10(apart / precision))) if apart > 0 else 0


def _panel(found: Comparison, i: int) -> Panel:
    names = symbols(found.recorded)
    head: dict[str, Any] = {"c": "c-muted small"}
    rows = sorted(found.rows, key=lambda r: -found.error(r, "central", i))[:ROWS]
    order = [r for r in found.rows if r in rows]
    lines = [
        [{"sym": names[r.name]},
         {"c": "num", "s": _short(found.error(r, "central", i))}, " ",
         {"c": "num", "s": _short(found.error(r, "complex", i))}]
        for r in order
    ]  # fmt: skip
    w = found.worst("central", i)
    table = eq([["", {**head, "s": "central"}, " ", {**head, "s": "complex"}], *lines],
               "Largest error in each, of $‖g‖$")  # fmt: skip
    more = len(found.rows) - len(rows)
    furthest = box(w.found) if isfinite(w.found) else num(w.found)
    worst = eq(
        [["our pass", num(w.ours)], ["central", furthest], ["complex", num(w.exact)]],
        f"Furthest off: {place(names[w.name], w.index)}",
    )
    rest = [remark(f"and {more} more parameters, closer than these")] if more else []
    return (title(f"$h$ = {power(-EXPONENTS[i])}", "STEP SIZE"), table, *rest, worst)


def _short(error: float) -> str:
    return "–" if error == inf else number(error)
