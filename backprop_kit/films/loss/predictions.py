"""The film of several predictions under two losses: one frame a step, every step's numbers once."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.loss.panel import panel
from backprop_kit.films.loss.predictions_marks import marks
from backprop_kit.films.loss.table import Table, overdue
from backprop_kit.films.loss.words import counted, percent, rank, signed, steps
from backprop_kit.study.answers import Moment
from backprop_kit.study.loss_shares import LOSSES, Losses

say = speaker("loss")

CUTS = ("1 step", "10 steps")
OUTPUTS = ("one output, σ", "several classes, softmax")
SHORT = ("one, σ", "classes, softmax")


def film_losses(losses: Losses, selected: int, *, presenter: bool = False) -> Film:
    """Rows of predictions: error, and δ under either loss; shares of the loss and of the push.

    selected   the row whose shares and slopes are told
    presenter  fewer parts, in larger type

    Steps that are not recorded (while a hand moves a prediction) say that they are out of date.
    """
    table = Table.of(losses, selected)
    frames = tuple(_frame(losses, selected, k, presenter) for k in range(losses.steps + 1))
    one = losses.output == "sigmoid"
    title = (
        f"{counted(losses.rows, 'sample')}, one output" if one
        else f"One sample, {counted(losses.rows, 'class', 'classes').lower()}",
        f"p = {'σ' if one else 'softmax'}(z), both losses summed, ½ Σ error² and Σ −ln",
    )  # fmt: skip
    return Film(
        title=title,
        size=(656, 382),
        arrays=(table.array(losses.moments), _curves(losses, selected)),
        marks=marks(table, presenter=presenter),
        phases=(("backward", "look"), ("update", f"update, step size {losses.rate:g}")),
        cuts={CUTS[0]: frames, CUTS[1]: frames[::10]} if losses.steps else {CUTS[0]: frames},
        legend=() if presenter else (
            {"t": "sign", "v": 1, "s": "positive: too high"},
            {"t": "sign", "v": -1, "s": "negative: too low"},
        ),
        head="LossExplorer",
        choices=({"name": "output", "options": list(OUTPUTS), "chosen": int(not one)},),
        presenter=presenter,
    )  # fmt: skip


def _curves(losses: Losses, selected: int) -> Array:
    """Both losses over the selected row's sum: with softmax they change with the other sums."""
    if losses.output == "sigmoid":
        return Array("curve", losses.curves(selected))
    recorded = len(losses.moments)
    rows = np.stack([losses.curves(selected, k) for k in range(recorded)]).astype(np.float32)
    return Array("curve", rows, stale=overdue(recorded, losses.steps), series=True)


def _frame(losses: Losses, selected: int, k: int, presenter: bool) -> Frame:
    phase = "backward" if k == 0 else "update"
    if k >= len(losses.moments):
        return Frame(k, phase, say("stale"))
    crossed = any(at == k and row == selected for (_, row), at in losses.crossings.items())
    return Frame(
        k,
        phase,
        _caption(losses, selected, k, presenter),
        # Handles never recede: they can all be taken.
        on=(
            *(f"{column}{selected}" for column in "esc"),
            *(f"{handle}{row}" for handle in "pab" for row in range(losses.rows)),
        ),
        panel=panel(losses, selected, k, presenter=presenter),
        mark="flag" if crossed else "",
    )


def _caption(losses: Losses, selected: int, k: int, short: bool) -> str:
    m = losses.at(k)
    row = f"{'sample' if losses.output == 'sigmoid' else 'class'} {selected + 1}"
    if k == 0:
        return _look(losses, m, selected, row, short)
    squared, cross = (float(p) for p in m.p[:, selected])
    told = {"row": row, "squared": squared, "cross": cross, "steps": steps(k),
            "target": f"{losses.t[selected]:g}"}  # fmt: skip
    if short:
        return say("step.large", **told)
    if k in losses.hand:
        return say("hand", **told)
    for which in (1, 0):
        if losses.crossings.get((which, selected)) == k:
            here, there = float(m.p[which, selected]), float(m.p[1 - which, selected])
            return say("crossed", loss=LOSSES[which], other=LOSSES[1 - which], here=here,
                       there=there, **told)  # fmt: skip
    return say("step", **told)


def _look(losses: Losses, m: Moment, i: int, row: str, short: bool) -> str:
    loss, push = m.shares[:, :, i]
    told = {"row": row, "error": signed(m.error[0, i]), "squared": signed(m.delta[0, i]),
            "cross": signed(m.delta[1, i]), "of_loss": percent(loss[0]),
            "of_push": percent(push[0]), "of_push_cross": percent(push[1])}  # fmt: skip
    if short:
        one = losses.rows == 1 or losses.output == "softmax"
        return say("look.short" if one else "look.large", **told)
    if losses.rows == 1:
        return say("look.one", **told)
    rank_ = say(f"rank.{rank(m.error[0], i)}").lower()
    if losses.output == "softmax":
        return say("look.classes", rank=rank_, **told)
    strength = {"largest": "strongest", "smallest": "weakest"}.get(rank(m.delta[0], i), "some")
    return say("look", rank=rank_, push=say(f"push.{strength}").lower(), **told)
