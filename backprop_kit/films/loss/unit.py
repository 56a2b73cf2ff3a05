"""The picture of one sigmoid unit: its error, loss and push under two losses, and their curves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.loss.panel import factors
from backprop_kit.films.loss.words import signed, text
from backprop_kit.films.rows import Panel, Row, remark, title
from backprop_kit.study.loss_shares import LOSSES, Losses, Unit

say = speaker("loss")

ROWS = (112, 156)  # y of either loss


class Column(NamedTuple):
    """A column of bars: head, ends in the picture, the largest value."""

    tag: str
    head: str
    x0: int
    x1: int
    reach: float


def _columns(presenter: bool) -> tuple[Column, ...]:
    starts, wide = ((150, 310, 470), 0) if presenter else ((124, 310, 496), 110)
    heads = (("error", "error", 1.0), ("loss", "loss", 7.0), ("push", "push |δ|", 1.0))
    return tuple(
        Column(tag, head, x0, x0 + (wide or 1), reach)
        for (tag, head, reach), x0 in zip(heads, starts, strict=True)
    )


def film_unit(unit: Unit, *, covered: bool = False, presenter: bool = False) -> Film:
    """One prediction to drag, and what it costs.

    covered    the push and the curves are left out: they are asked for
    presenter  fewer parts, in larger type
    """
    m = unit.losses.at(0)
    numbers = [m.p[0], np.abs(m.error[:, 0]), m.part[:, 0], m.error[:1, 0]]
    arrays = [Array("u", np.concatenate(numbers), peak=1.0)]
    if not covered:
        arrays += [
            Array("push", np.concatenate([m.push[:, 0], m.delta[:, 0]]), peak=1.0),
            Array("curves", np.concatenate([unit.loss, unit.push]).astype(np.float32)),
            Array("top", np.array([unit.top[0], unit.top[1]])),
        ]
    t, marks = unit.losses.t[0], _marks(unit, covered, presenter)
    # Of the panel one line is bright in a lecture hall; the picture stays as it is.
    for mark in marks:
        mark.setdefault("tag", "rest")
    on = tuple(dict.fromkeys(mark["tag"] for mark in marks)) if presenter else ()
    phase = "loss" if covered else "backward"
    said = _caption(unit.losses, covered, presenter)
    frame = Frame(0, phase, said, on=on, panel=_panel(unit.losses, covered, presenter))
    return Film(
        title=("One sigmoid unit", f"target {t:g}; squared error ½ error², cross-entropy −ln"),
        size=(656, 382),
        arrays=tuple(arrays),
        marks=tuple(marks),
        phases=((phase, "drag p"),),
        cuts={"look": (frame,)},
        head="LossExplorer",
        presenter=presenter,
    )  # fmt: skip


def _caption(losses: Losses, covered: bool, short: bool) -> str:
    m = losses.at(0)
    p, error, slope = float(m.p[0, 0]), float(m.error[0, 0]), float(m.middle[0, 0])
    if covered:
        return say("unit.covered", p=p, error=signed(error))
    push = m.push[:, 0]
    if short:
        return say("unit.large", p=p, squared=float(push[0]), cross=float(push[1]))
    return " ".join([
        say("unit", p=p, error=signed(error), squared=float(push[0]), cross=float(push[1])),
        say("unit.why", error=abs(error), slope=slope),
    ])  # fmt: skip


def _marks(unit: Unit, covered: bool, presenter: bool) -> list[Row]:
    size, t = (22 if presenter else 14), int(unit.losses.t[0])
    x0, x1 = (190 if presenter else 96), 640
    found: list[Row] = [
        text(0, 34, "$p =$" if presenter else "prediction", size=size, bold=True,
             **({"tag": "value", "v": [["u", 0]]} if presenter else {})),
        {"t": "plane", "tag": "p", "x0": x0, "x1": x1, "y0": 22, "y1": 46, "xr": [0, 1],
         "yr": [0, 1], "xt": [0, 0.5, 1], "size": 20 if presenter else 12},
        {"t": "bar", "in": "p", "from": 0, "to": 1, "at": 0.5, "thick": 18, "c": "zero",
         "edge": True, "opacity": 1},
        {"t": "bar", "in": "p", "from": t, "to": t, "at": 0.5, "thick": 30, "c": "ink"},
        {"t": "bar", "in": "p", "tag": "bar", "from": t, "to": [["u", 0]], "at": 0.5, "thick": 18},
        {"t": "dot", "in": "p", "tag": "p", "x": [["u", 0]], "y": 0.5, "r": 11, "c": "ink",
         "drag": "x", "step": 0.001, "nudge": 0.01, "lo": 0.001, "hi": 0.999,
         "name": "prediction p"},
    ]  # fmt: skip
    if not presenter:
        found.append({"t": "words", "in": "p", "tag": "value", "x": [["u", 0]], "y": 0.5, "dy": -26,
                      "s": "$p =$", "v": [["u", 0]], "size": size, "bold": True})  # fmt: skip
    for which, y in ((0, ROWS[0]), (1, ROWS[1])):
        name = ("squared", "cross") if presenter else LOSSES
        found.append(text(0, y, name[which], size=size))
    for column in _columns(presenter):
        found += _column(column, covered, size, bars=not presenter)
    return found + _curves(unit, covered, presenter)


def _column(column: Column, covered: bool, size: int, *, bars: bool) -> list[Row]:
    found: list[Row] = [
        text(column.x0, 88, column.head, size=size, bold=True,
             c="accent" if column.tag == "push" else "ink"),
        {"t": "plane", "tag": column.tag, "x0": column.x0, "x1": column.x1, "y0": ROWS[0] - 20,
         "y1": ROWS[1] + 20, "xr": [0, column.reach], "yr": [2, 0]},
    ]  # fmt: skip
    for which in (0, 1):
        at, ground = 0.5 + which, "covered" if column.tag == "push" and covered else "zero"
        if bars:
            found.append({"t": "bar", "in": column.tag, "from": 0, "to": column.reach, "at": at,
                          "thick": 18, "c": ground, "edge": True, "opacity": 1})  # fmt: skip
        if column.tag == "push" and covered:
            found.append({"t": "words", "in": "push", "x": 0.5, "y": at, "s": "?", "bold": True,
                          "size": size})  # fmt: skip
            continue
        array, index = {"error": ("u", 1), "loss": ("u", 3), "push": ("push", 0)}[column.tag]
        value = [[array, index + which]]
        tag = f"{column.tag}{which}"
        if bars:
            found.append({"t": "bar", "in": column.tag, "tag": tag, "from": 0, "to": value,
                          "at": at, "thick": 18, "c": "ink"})  # fmt: skip
        found.append({"t": "words", "in": column.tag, "tag": tag, "x": column.reach, "y": at,
                      "dx": 8 if bars else 0, "v": value, "anchor": "start",
                      "size": size})  # fmt: skip
    return found


def _curves(unit: Unit, covered: bool, presenter: bool) -> list[Row]:
    """Loss and push over p: cross-entropy in full, squared error dashed."""
    n, size = unit.p.size, 20 if presenter else 12
    found: list[Row] = []
    for place, (tag, head, x0, x1, high, ticks) in enumerate((
        ("curve loss", "loss over $p$", 40, 300, 7.0, [0, 2, 4, 6]),
        ("curve push", "push over $p$", 372, 640, 1.05, [0, 0.5, 1]),
    )):  # fmt: skip
        found += [
            {"t": "plane", "tag": tag, "x0": x0, "x1": x1, "y0": 212, "y1": 352,
             "xr": [0, 1], "yr": [0, high], "xt": [0, 0.5, 1], "yt": ticks, "rules": True,
             "size": size},
            text(x0, 198, head, size=size + 1, bold=True),
        ]  # fmt: skip
        if covered:
            found += [
                {"t": "zone", "in": tag, "x0": None, "x1": None, "y0": None, "y1": None,
                 "style": "solid", "c": "covered", "rx": 8},
                {"t": "words", "in": tag, "x": 0.5, "y": high / 2, "s": "?", "size": 24,
                 "bold": True},
            ]  # fmt: skip
            continue
        for which in (1, 0):
            at = (2 * place + which) * n
            y = ["u", 3 + which] if place == 0 else ["push", which]
            found += [
                {"t": "curve", "in": tag, "y": [["curves", at]], "n": n, "c": "ink",
                 "width": 2.4, "dash": which == 0},
                {"t": "dot", "in": tag, "x": [["u", 0]], "y": [y], "r": 6,
                 "c": "ink" if place == 0 else "backward"},
            ]  # fmt: skip
    if not covered:
        found += [
            {"t": "dot", "in": "curve push", "x": [["top", 0]], "y": [["top", 1]], "r": 4,
             "c": "faint", "hollow": False},
            {"t": "words", "in": "curve push", "tag": "top p", "x": [["top", 0]],
             "y": [["top", 1]], "dx": -8, "dy": -18, "s": "largest at", "v": [["top", 0]],
             "size": size, "anchor": "middle", "c": "muted"},
        ]  # fmt: skip
    return found


def _panel(losses: Losses, covered: bool, presenter: bool) -> Panel:
    if covered:
        return (
            title("How hard is it pushed?", "YOU FIRST"),
            {"t": "p", "s": "Drag $p$ and see what error and loss do. The push is the size of the "
             "slope at the sum, $|∂L/∂z|$."},
            remark("It stays covered until you have answered."),
        )  # fmt: skip
    m = losses.at(0)
    rows: list[Row] = [title("Back through $σ$", "ONE UNIT"),
                       *factors(m, 0, ("push0", "push1") if presenter else ())]  # fmt: skip
    if not presenter:
        rows += [
            {"t": "gap"},
            {"t": "p", "s": "Squared error (dashed): the slope of $σ$ shrinks the error."},
            {"t": "p", "s": "Cross-entropy (full): $∂L/∂p$ grows as that slope shrinks, and δ is "
             "the error."},
        ]  # fmt: skip
    return tuple(rows)
