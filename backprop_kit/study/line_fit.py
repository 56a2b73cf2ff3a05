"""A line through points: errors, each point's part of the loss and its pull on w and on b.

`record_line` a line and the way plain descent takes it · `Fit` the record · `Place` one step.
Each point's part and pulls are read off the same recorded graph, with the other points left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from backprop_kit.engine import Tensor, replay
from backprop_kit.engine.gradcheck import TINY, Report
from backprop_kit.engine.replay import replay_slopes
from backprop_kit.nn import MSELoss, SquaredError
from backprop_kit.study.answers import TOLERANCE, compared
from backprop_kit.study.loss_shares import numbers_of

COUNTED = ("sum ½", "mean")  # ½ Σ error², or the mean of error²
MOST = 8  # points
FAR = 1e12  # a line whose loss is larger has run away, and is followed no further
_LOSSES = (SquaredError, MSELoss)


@dataclass(frozen=True, eq=False)
class Place:
    """What holds for one w and b.

    said, error, part (n,)  w x + b, minus y, and the part of the loss
    pull_w, pull_b (n,)     slopes of each part; they add up to slope = (∂L/∂w, ∂L/∂b)
    """

    w: float
    b: float
    said: np.ndarray
    error: np.ndarray
    part: np.ndarray
    pull_w: np.ndarray
    pull_b: np.ndarray
    loss: float
    slope: tuple[float, float]

    @cached_property
    def shares(self) -> np.ndarray:
        """(n,) of the loss; 0 where there is none at all."""
        whole = self.part.sum()
        return np.asarray(self.part / whole if whole > 0 else np.zeros_like(self.part))


class _Graph:
    """a line's loss as it is recorded: a · squared error + b · mean + Σ ask (w x + b)."""

    def __init__(self, n: int) -> None:
        def given(v: Any) -> Tensor:
            return Tensor(v, requires_grad=False)

        self.w, self.b = Tensor(0.0, "w"), Tensor(0.0, "b")
        self.x, self.y, self.keep, self.ask = (given(np.ones(n)) for _ in range(4))
        self.share = [given(1.0), given(1.0)]
        said = self.w * self.x + self.b
        self.loss = (said * self.ask).sum()
        for kind, share in zip(_LOSSES, self.share, strict=True):
            self.loss = self.loss + kind()(said * self.keep, self.y * self.keep) * share

    @staticmethod
    @cache
    def of(n: int) -> _Graph:
        return _Graph(n)

    def leaves(self, fit: Fit, w: Any, b: Any, keep: np.ndarray, ask: np.ndarray) -> dict[Any, Any]:
        rows = len(keep)
        loss = (~ask.any(axis=1)).astype(float)
        return {
            self.w: np.broadcast_to(w, rows), self.b: np.broadcast_to(b, rows),
            self.x: np.tile(fit.x, (rows, 1)), self.y: np.tile(fit.y, (rows, 1)),
            self.keep: keep, self.ask: ask,
            **{s: loss * (fit.counted == c) for s, c in zip(self.share, COUNTED, strict=True)},
        }  # fmt: skip

    def place(self, fit: Fit, w: float, b: float) -> Place:
        """All of it in one replay: the whole loss, each point's part, each point's prediction."""
        n = fit.x.size
        keep = np.concatenate([np.ones((1, n)), np.eye(n), np.ones((n, n))])
        ask = np.concatenate([np.zeros((n + 1, n)), np.eye(n)])
        leaves = self.leaves(fit, w, b, keep, ask)
        value, (dw, db) = replay_slopes(self.loss, leaves, [self.w, self.b])
        part, said = slice(1, n + 1), value[n + 1 :]
        return Place(w, b, said, said - fit.y, value[part], dw[part], db[part],
                     float(value[0]), (float(dw[0]), float(db[0])))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fit:
    """A line and the way descent takes it: w ← w − rate · ∂L/∂w, b alike.

    x, y (n,)  the points
    counted    "sum ½" (½ Σ error²) or "mean" (of error²)
    places     by step; after `moved` those behind the place are missing until `played`
    hand       the steps from 1 on at which the line was set by hand
    """

    x: np.ndarray
    y: np.ndarray
    counted: str
    rate: float
    steps: int
    places: tuple[Place, ...]
    hand: frozenset[int] = frozenset()

    @property
    def away(self) -> bool:
        """Whether the line has run away: its loss is beyond all bounds."""
        return not self.places[-1].loss < FAR

    def at(self, k: int) -> Place:
        """What holds at step k; where it is not recorded, the last that is."""
        return self.places[min(k, len(self.places) - 1)]

    def moved(self, k: int = 0, *, w: float | None = None, b: float | None = None) -> Fit:
        """The line set anew at step k; what was recorded behind it is left out until `played()`."""
        here = self.at(k)
        place = self._place(here.w if w is None else w, here.b if b is None else b)
        hand = frozenset(h for h in self.hand if h < k) | ({k} if k else set())
        return replace(self, places=(*self.places[:k], place), hand=hand)

    def counting(self, counted: str) -> Fit:
        """The same start, with the other way to count the loss."""
        first = self.places[0]
        return self._start(first.w, first.b, known(counted))

    def _start(self, w: float, b: float, counted: str) -> Fit:
        fit = replace(self, counted=counted, hand=frozenset())
        return replace(fit, places=(fit._place(w, b),)).played()

    def played(self) -> Fit:
        """The record with every step there is, or up to where the line has run away."""
        places = list(self.places)
        while len(places) <= self.steps and places[-1].loss < FAR:
            last = places[-1]
            places.append(
                self._place(last.w - self.rate * last.slope[0], last.b - self.rate * last.slope[1])
            )
        return replace(self, places=tuple(places))

    def _place(self, w: float, b: float) -> Place:
        return _Graph.of(self.x.size).place(self, w, b)

    def forecast(self, k: int) -> float:
        """The fall that the slopes at step k promise for the next one: rate × their squares."""
        dw, db = self.at(k).slope
        return self.rate * (dw * dw + db * db)

    def fall(self, k: int) -> float | None:
        """By how much the loss really falls at the step after k; None where it is not recorded."""
        if k + 1 >= len(self.places) or k + 1 in self.hand:
            return None
        return self.places[k].loss - self.places[k + 1].loss

    def checked(self) -> Report:
        """Every pull on w and on b, at every recorded step, beside the complex step."""
        n, graph = self.x.size, _Graph.of(self.x.size)
        w = np.repeat([p.w for p in self.places], n)
        b = np.repeat([p.b for p in self.places], n)
        keep, ask = np.tile(np.eye(n), (len(self.places), 1)), np.zeros((w.size, n))
        rows = []
        for name, along in (("pulls on w", (1, 0)), ("pulls on b", (0, 1))):
            step_w, step_b = (1j * TINY * a for a in along)
            leaves = graph.leaves(self, w + step_w, b + step_b, keep, ask)
            true = np.imag(replay(graph.loss, leaves)) / TINY
            ours = np.concatenate([p.pull_w if along[0] else p.pull_b for p in self.places])
            rows.append(compared(name, ours, true))
        return Report(tuple(rows), TOLERANCE)


def record_line(
    x: Any,
    y: Any,
    w: float,
    b: float,
    counted: str = "sum ½",
    *,
    rate: float = 0.1,
    steps: int = 20,
) -> Fit:
    """The line w x + b through points, its loss, and so many steps of plain descent.

    x, y     one number for each point, 2 to 8 points
    counted  "sum ½" (½ Σ error²) or "mean" (of error²)

    Raises ValueError or TypeError, in two lines, for input that does not fit.
    """
    x, y = numbers_of("points", x), numbers_of("targets", y)
    if len(x) != len(y):
        raise ValueError(
            f"There are {len(x)} points x and {len(y)} targets y.\nGive one y for each x."
        )
    if not 2 <= len(x) <= MOST:
        raise ValueError(
            f"{len(x)} points cannot be shown; there is room for 2 to {MOST}.\n"
            "Give another number of them."
        )
    w, b = _one("w", w), _one("b", b)
    x.flags.writeable = y.flags.writeable = False
    return Fit(x, y, counted, rate, steps, ())._start(w, b, known(counted))


def known(counted: str) -> str:
    """A way to count the loss, if there is one of this name."""
    if counted not in COUNTED:
        raise ValueError(
            f"The loss cannot be counted by {counted!r}.\nChoose {' or '.join(COUNTED)}."
        )
    return counted


def _one(name: str, value: Any) -> float:
    """A number of the line."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(
            f"{name} is {type(value).__name__}; it must be one number.\nGive a number such as -0.5."
        )
    if not np.isfinite(value):
        raise ValueError(f"{name} is {value}; it must be finite.\nGive a number such as -0.5.")
    return float(value)
