"""The film of a line through points: errors as squares, pulls on w and b, one step a frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.loss.line_marks import Scales, marks
from backprop_kit.films.loss.line_panel import panel
from backprop_kit.films.loss.table import overdue
from backprop_kit.films.loss.words import counted, steps
from backprop_kit.study.line_fit import COUNTED, Fit, Place

say = speaker("loss")

FORMULA = {"sum ½": "½ Σ error², summed", "mean": "mean of error²"}


class Shown(NamedTuple):
    """What of a line is shown: `pulls` its slopes at all, `covered` not yet."""

    pulls: bool = True
    covered: bool = False


EVERYTHING = Shown()


def film_line(
    fit: Fit, scales: Scales, *, shown: Shown = EVERYTHING, presenter: bool = False
) -> Film:
    """A line, each point's error as a real square, and its pulls on w and on b.

    scales     the ends of all axes; they stay while the line moves
    shown      what may be seen
    presenter  fewer parts, in larger type
    """
    frames = tuple(_frame(fit, k, shown, presenter) for k in range(fit.steps + 1))
    return Film(
        title=(f"{counted(fit.x.size, 'point')}, one line", f"L = {FORMULA[fit.counted]}"),
        size=(656, 382),
        arrays=tuple(_arrays(fit, scales, shown)),
        marks=marks(fit, scales, pulls=shown.pulls, covered=shown.covered, presenter=presenter),
        phases=((_first(shown), "by hand"), ("update", f"step: w and b move, size {fit.rate:g}")),
        cuts={"step": frames},
        legend=() if presenter else (
            {"t": "sign", "v": 1, "s": "too high"}, {"t": "sign", "v": -1, "s": "too low"},
        ),
        head="LossExplorer",
        choices=({"name": "counted", "options": [FORMULA[c] for c in COUNTED],
                  "chosen": COUNTED.index(fit.counted)},),
        presenter=presenter,
    )  # fmt: skip


def _arrays(fit: Fit, scales: Scales, shown: Shown) -> list[Array]:
    stale = overdue(len(fit.places), fit.steps)
    found = [
        Array("points", np.concatenate([fit.x, fit.y])),
        Array("f", np.stack([_seen(place, scales) for place in fit.places]), stale=stale, peak=1.0,
              series=True),
    ]  # fmt: skip
    if shown.pulls:
        pulls = np.stack([_pulls(place, scales) for place in fit.places])
        found.append(Array("g", pulls, int(shown.covered), stale, 1.0, series=True))
    return found


def _seen(place: Place, scales: Scales) -> np.ndarray:
    """said, error, its bar, share (n each), w, b, loss, and the line at both ends of the plane."""
    ends = place.w * np.array(scales.x) + place.b
    bars = np.clip(place.error, -scales.error, scales.error)
    return np.concatenate([place.said, place.error, bars, 100 * place.shares,
                           [place.w, place.b, place.loss], ends])  # fmt: skip


def _pulls(place: Place, scales: Scales) -> np.ndarray:
    """Pulls on w and on b, their bars, and both slopes."""
    pulls = np.concatenate([place.pull_w, place.pull_b])
    return np.concatenate([pulls, np.clip(pulls, -scales.pull, scales.pull), place.slope])


def _frame(fit: Fit, k: int, shown: Shown, presenter: bool) -> Frame:
    phase = "update" if k else _first(shown)
    if k >= len(fit.places):
        return Frame(k, phase, say("line.away" if fit.away else "stale"))
    covered = shown.covered and k == 0
    return Frame(
        k, phase, _caption(fit, k, shown.pulls, covered, presenter),
        panel=panel(fit, k, pulls=shown.pulls, covered=covered, presenter=presenter),
    )  # fmt: skip


def _first(shown: Shown) -> str:
    """What the first picture is of: the loss alone, or the way back as well."""
    return "backward" if shown.pulls and not shown.covered else "loss"


def _caption(fit: Fit, k: int, pulls: bool, covered: bool, short: bool) -> str:
    place, how = fit.at(k), FORMULA[fit.counted]
    told = {"w": place.w, "b": place.b, "loss": place.loss, "counted": how, "steps": steps(k)}
    slopes = {"slope_w": place.slope[0], "slope_b": place.slope[1]}
    if short and (k or (pulls and not covered)):
        return say("line.step.large" if k else "line.large", **told, **slopes)
    if k in fit.hand:
        return say("line.hand", **told)
    if k:
        fall = fit.fall(k - 1)
        return say("line.step", forecast=fit.forecast(k - 1), fall=fall, **told)
    ends = (("high", place.error.max()), ("low", -place.error.min()))
    off = [say(f"line.{side}", by=float(by)).lower() for side, by in ends if by > 0]
    said = say("line" if off else "line.on", off=" and ".join(off), **told)
    if covered and not short:
        return f"{said} {say('line.covered')}"
    if pulls and not covered:
        return f"{said} {say('line.pulls', **slopes)}"
    return said
