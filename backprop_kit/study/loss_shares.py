"""The same predictions under two losses: errors, parts of the loss, slopes, and where they lead.

`record_losses` predictions under squared error and cross-entropy, and the way each takes them ·
`Losses` the record, step by step.
Squared error is ½ Σ (the form of 1986), cross-entropy −ln, both summed over the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from backprop_kit.engine.gradcheck import Report
from backprop_kit.study.answers import OUTPUTS, Answer, Moment, check_slopes

LOSSES = ("squared error", "cross-entropy")
LOW, HIGH = 0.001, 0.999  # a prediction is kept where its sum is finite
MOST = 8  # rows


@dataclass(frozen=True, eq=False)
class Losses:
    """Predictions, and the way each of two losses takes its own copy of them: z ← z − rate · δ.

    output   "sigmoid" (rows are samples) or "softmax" (rows are the classes of one sample)
    t (n,)   targets, 0 or 1
    moments  by step; after `moved` those behind the place are missing until `played`
    row      the row whose curves are wanted
    hand     the steps from 1 on at which a prediction was set by hand
    """

    output: str
    t: np.ndarray
    rate: float
    steps: int
    moments: tuple[Moment, ...]
    hand: frozenset[int] = frozenset()
    row: int = 0

    @property
    def rows(self) -> int:
        return self.t.size

    @property
    def answer(self) -> Answer:
        return Answer.of(self.output, self.rows)

    def moved(self, row: int, p: float, k: int = 0, loss: int | None = None) -> Losses:
        """One prediction set anew at step k, in both copies or in that of one loss.

        What was recorded behind step k no longer follows, and is left out until `played()`.
        p is kept in 0.001 … 0.999. With softmax the others keep their proportions.
        """
        z = self.moments[k].z.copy()
        for which in (0, 1) if loss is None else (loss,):
            z[which, row] = self.answer.sum_for(z[which], row, min(max(p, LOW), HIGH))
        hand = frozenset(h for h in self.hand if h < k) | ({k} if k else set())
        return replace(self, moments=self.moments[:k]).looking_at(row)._from(k, z, hand)

    def flipped(self, row: int) -> Losses:
        """The target of a row turned from 0 to 1 or back; all starts again at step 0.

        Of several classes just one is right, so there the row becomes the right one.
        """
        t = self.t.copy()
        t[row] = 1 - t[row]
        if self.output == "softmax":
            t = np.eye(self.rows)[row]
        return replace(self, t=_sealed(t), row=row)._from(0, self.moments[0].z, frozenset())

    def _from(self, k: int, z: np.ndarray, hand: frozenset[int]) -> Losses:
        now = self.answer.moment(z, self.t, self.row)
        return replace(self, moments=(*self.moments[:k], now), hand=hand)

    def played(self) -> Losses:
        """The record with every step there is."""
        moments = list(self.moments)
        while len(moments) <= self.steps:
            last = moments[-1]
            z = last.z - self.rate * last.delta
            moments.append(self.answer.moment(z, self.t, self.row))
        return replace(self, moments=tuple(moments))

    def at(self, k: int) -> Moment:
        """What holds at step k; where it is not recorded, the last that is."""
        return self.moments[min(k, len(self.moments) - 1)]

    @cached_property
    def crossings(self) -> Mapping[tuple[int, int], int]:
        """{(loss, row): first step at which a prediction that was on the wrong side of ½ is on
        the right one}."""
        found: dict[tuple[int, int], int] = {}
        for k in range(1, len(self.moments)):
            was, now = (np.abs(self.moments[j].error) < 0.5 for j in (k - 1, k))
            for which, row in zip(*np.nonzero(now & ~was), strict=True):
                found.setdefault((int(which), int(row)), k)
        return found

    def curves(self, row: int, k: int = 0) -> np.ndarray:
        """Both losses (2, points) over one row's sum, the others as they are at step k."""
        m = self.at(k)
        if m.curve is not None and m.curve[0] == row:
            return m.curve[1]
        return self.answer.curves(m.z, self.t, row)

    def looking_at(self, row: int) -> Losses:
        """The same record with the curves of another row; what is missing of them is one replay."""
        moments = list(self.moments)
        other = [k for k, m in enumerate(moments) if m.curve is not None and m.curve[0] != row]
        if other:
            every = self.answer.curves(np.stack([moments[k].z for k in other]), self.t, row)
            for k, curves in zip(other, every, strict=True):
                moments[k] = replace(moments[k], curve=(row, curves))
        return replace(self, row=row, moments=tuple(moments))

    def checked(self) -> Report:
        """Every δ of every recorded step beside the complex step."""
        z = np.stack([m.z for m in self.moments], axis=1)
        delta = np.stack([m.delta for m in self.moments], axis=1)
        return check_slopes(self.answer, LOSSES, z, self.t, delta)


def record_losses(
    p: Any, t: Any, output: str = "sigmoid", *, rate: float = 1.0, steps: int = 120
) -> Losses:
    """Predictions p with targets t under both losses, and 120 updates of each.

    p       between 0 and 1, one for each row; kept in 0.001 … 0.999. For "softmax" they add up to 1
    t       0 or 1 for each row; for "softmax" just one of them is 1
    output  "sigmoid": rows are samples; "softmax": rows are the classes of one sample

    Raises ValueError or TypeError, in two lines, for input that does not fit.
    """
    if output not in OUTPUTS:
        raise ValueError(
            f"output is {output!r}; predictions come from {' or '.join(OUTPUTS)}.\n"
            'Write output="sigmoid" or output="softmax".'
        )
    p, t = numbers_of("predictions", p), numbers_of("targets", t)
    if len(p) != len(t):
        raise ValueError(
            f"There are {len(p)} predictions and {len(t)} targets.\nGive one target for each."
        )
    least = 1 if output == "sigmoid" else 2
    if not least <= len(p) <= MOST:
        raise ValueError(
            f"{len(p)} rows cannot be shown; there is room for {least} to {MOST}.\n"
            "Give fewer predictions."
        )
    _between(p)
    if not np.isin(t, (0, 1)).all():
        bad = next(v for v in t if v not in (0, 1))
        raise ValueError(f"A target is {bad:g}; it must be 0 or 1.\nGive targets such as [1, 0].")
    if output == "softmax" and (abs(p.sum() - 1) > 0.005 or t.sum() != 1):
        raise ValueError(
            f"The predictions of one softmax add up to 1, and one class is right; these add up to "
            f"{p.sum():.3g}, with {int(t.sum())} right.\n"
            "Give shares such as [0.7, 0.2, 0.1] and targets such as [1, 0, 0]."
        )
    answer = Answer.of(output, len(p))
    z = np.tile(answer.sums(np.clip(p, LOW, HIGH)), (2, 1))
    t = _sealed(t)
    row = int(np.abs(p - t).argmax())
    first = Losses(output, t, rate, steps, (answer.moment(z, t, row),), row=row)
    return first.played()


def numbers_of(what: str, values: Any) -> np.ndarray:
    """A list of finite numbers as an array.

    Raises ValueError or TypeError, in two lines, for anything else.
    """
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        array = np.asarray(np.nan)
        if not np.isscalar(values) or isinstance(values, str):
            raise TypeError(
                f"The {what} are {type(values).__name__} that holds no numbers.\n"
                "Give a list of numbers, such as [0.2, 0.9]."
            ) from None
    if array.ndim != 1 or not array.size:
        raise ValueError(
            f"The {what} have shape {array.shape}; they must be a list.\n"
            "Give one number for each row, such as [0.2, 0.9]."
        )
    if not np.isfinite(array).all():
        where = int(np.argmin(np.isfinite(array)))
        raise ValueError(
            f"Number {where} of the {what} is {array[where]}.\nEvery one must be finite."
        )
    return array


def _between(p: np.ndarray) -> None:
    outside = p[(p < 0) | (p > 1)]
    if outside.size:
        raise ValueError(
            f"A prediction is {outside[0]:g}; a probability lies between 0 and 1.\n"
            "Give numbers such as 0.8."
        )


def _sealed(values: np.ndarray) -> np.ndarray:
    values = values.copy()
    values.flags.writeable = False
    return values


@dataclass(frozen=True, eq=False)
class Unit:
    """One sigmoid unit, and both losses over every p it could say.

    losses  the unit's own prediction, without updates
    p       (points,) from 0.001 to 0.999; loss, push (2, points)
    top     where squared error pushes hardest: p, and the push there
    """

    losses: Losses
    p: np.ndarray
    loss: np.ndarray
    push: np.ndarray

    @property
    def top(self) -> tuple[float, float]:
        i = int(self.push[0].argmax())
        return float(self.p[i]), float(self.push[0, i])

    def moved(self, p: float) -> Unit:
        """The same unit, saying p."""
        return replace(self, losses=self.losses.moved(0, p))


def record_unit(target: Any, p: Any = 0.5) -> Unit:
    """One sigmoid unit with target 0 or 1 that says p at first.

    Raises ValueError or TypeError, in two lines, for input that does not fit.
    """
    own = record_losses([p], [target], steps=0)
    every = np.linspace(0, 1, 1001)[1:-1]
    answer = Answer.of("sigmoid", every.size)
    m = answer.moment(np.tile(answer.sums(every), (2, 1)), np.full(every.size, own.t[0]))
    return Unit(own, every, m.part, m.push)
