"""One answer and what can be asked of it: its value, its losses, and every slope of theirs.

An `Answer` is a recorded graph: sums z, predictions p, and the loss
a · squared error + b · cross-entropy + Σ w p. What a, b and w are decides what is asked, so one
ensemble replay answers all questions of a redraw at once: a member is one question.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from backprop_kit.engine import Tensor, ops, replay
from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.gradcheck import TINY, Checked, Report
from backprop_kit.engine.replay import replay_slopes
from backprop_kit.nn import BCELoss, CrossEntropyLoss, SquaredError

OUTPUTS = ("sigmoid", "softmax")
SPAN = 7.0  # sums are shown from −7 to 7
GRID = np.linspace(-SPAN, SPAN, 71)
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Moment:
    """Predictions under both losses; the first axis is the loss (squared error, cross-entropy).

    z, p, error (2, n)  sums, predictions, p − t
    place (2, n)        z measured so that p = σ(place): with softmax, against the other classes
    part (2, n)         each row's part of the loss
    front (2, n)        ∂L/∂p
    middle              ∂p/∂z: (2, n), or for softmax (2, n, n), row i the slopes of pᵢ
    delta (2, n)        ∂L/∂z
    curve               with softmax a row, and both losses (2, points) over its sum
    """

    z: np.ndarray
    place: np.ndarray
    p: np.ndarray
    error: np.ndarray
    part: np.ndarray
    front: np.ndarray
    middle: np.ndarray
    delta: np.ndarray
    curve: tuple[int, np.ndarray] | None = None

    @cached_property
    def total(self) -> np.ndarray:
        """The loss, by loss: the parts added up."""
        return np.asarray(self.part.sum(axis=1))

    @cached_property
    def push(self) -> np.ndarray:
        """|δ|, (2, n)."""
        return np.abs(self.delta)

    @cached_property
    def shares(self) -> np.ndarray:
        """(2, 2, n): of the loss and of the push, by loss and row; 0 where there is none at all."""
        parts = np.stack([self.part, self.push])
        whole = parts.sum(axis=2, keepdims=True)
        return np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0)


class Answer:
    """The graph behind rows of one kind.

    output  "sigmoid": every row is a sample with a sum of its own; "softmax": the rows are the
            classes of one sample, and each prediction feels every sum
    """

    def __init__(self, output: str, rows: int) -> None:
        self.output, self.rows = output, rows
        wide = rows if output == "softmax" else 1

        def given(v: Any) -> Tensor:
            return Tensor(v, requires_grad=False)

        self._z = Tensor(np.zeros((1, wide)), "z")
        self._a, self._b = given(1.0), given(1.0)
        self._w, self._keep = given(np.ones((1, wide))), given(np.ones((1, wide)))
        self._t, self._label = given(np.ones((1, wide))), given(np.array([0]))
        if output == "softmax":
            p = ops.softmax(self._z)
            cross = CrossEntropyLoss().recorded(self._z, self._label)
            (own,) = [
                n for n in ancestors(cross.node) if n.op is not None and n.op.name == "softmax"
            ]
            self._p = [p.node, own]
        else:
            p = ops.sigmoid(self._z)
            cross = BCELoss()(p, self._t)
            self._p = [p.node]
        squared = SquaredError()(p * self._keep, self._t * self._keep)
        self._loss = squared * self._a + cross * self._b + (p * self._w).sum()

    @staticmethod
    @cache
    def of(output: str, rows: int) -> Answer:
        """The graph for so many rows, recorded once."""
        return Answer(output, rows)

    # --- places -----------------------------------------------------------------------------------
    def sums(self, p: np.ndarray) -> np.ndarray:
        """Sums that give these predictions."""
        return np.log(p) if self.output == "softmax" else np.log(p) - np.log1p(-p)

    def others(self, z: np.ndarray, row: int) -> float:
        """What a row's sum is measured against: 0, or the other classes."""
        if self.output == "sigmoid":
            return 0.0
        rest = np.delete(z, row)
        return float(rest.max() + np.log(np.exp(rest - rest.max()).sum()))

    def sum_for(self, z: np.ndarray, row: int, p: float) -> float:
        """The sum that gives one row this prediction, the other sums held."""
        return float(np.log(p) - np.log1p(-p)) + self.others(z, row)

    # --- questions --------------------------------------------------------------------------------
    def moment(self, z: np.ndarray, t: np.ndarray, row: int = 0) -> Moment:
        """Everything about sums z (2, n), each loss with a copy of its own, and targets t (n,), in
        one replay; with softmax also the curves over the sum of one row."""
        return self._classes(z, t, row) if self.output == "softmax" else self._samples(z, t)

    def _samples(self, z: np.ndarray, t: np.ndarray) -> Moment:
        """First the two losses of each row, then the predictions themselves."""
        n = self.rows
        a, b, w = np.zeros((3, 2, 2, n))
        a[0, 0], b[0, 1], w[1] = 1, 1, 1
        every = np.broadcast_to(z, (2, 2, n)).reshape(-1, 1), np.tile(t, 4)[:, None]
        value, dz, dp = self._ask(self._leaves(*every, a.ravel(), b.ravel(), w.reshape(-1, 1)))
        (part, p), (delta, middle), (front, _) = (v.reshape(2, 2, n) for v in (value, dz, dp))
        return Moment(z, z, p, p - t, part, front, middle, delta)

    def _classes(self, z: np.ndarray, t: np.ndarray, row: int) -> Moment:
        """For each copy its own loss and each prediction; then each class's squared error; then
        the curves."""
        n, one = self.rows, np.eye(self.rows)
        zero, none = np.zeros(n), np.zeros((1, n))
        copy = np.concatenate([none, one])
        w = np.concatenate([copy, copy, np.zeros((n, n))])
        a = np.concatenate([[1], zero, [0], zero, np.ones(n)])
        b = np.concatenate([[0], zero, [1], zero, zero])
        keep = np.concatenate([np.ones((2 * n + 2, n)), one])
        along = self._along(z, row)
        extra = len(along)
        every = np.concatenate([np.repeat(z[[0, 1, 0]], (n + 1, n + 1, n), axis=0), along])
        a, b = (np.concatenate(pair) for pair in zip((a, b), _halves(extra), strict=True))
        w, keep = (np.concatenate([v, np.full((extra, n), c)]) for v, c in ((w, 0), (keep, 1)))
        leaves = self._leaves(every, np.tile(t, (len(every), 1)), a, b, w, keep)
        value, dz, dp = self._ask(leaves)
        first, second = slice(1, n + 1), slice(n + 2, 2 * n + 2)
        p = np.stack([value[first], value[second]])
        part = np.stack([value[2 * n + 2 : 3 * n + 2], value[n + 1] * t])
        place = np.array([[v[i] - self.others(v, i) for i in range(n)] for v in z])
        return Moment(z, place, p, p - t, part, dp[[0, n + 1]],
                      np.stack([dz[first], dz[second]]), dz[[0, n + 1]],
                      (row, value[3 * n + 2 :].reshape(2, -1)))  # fmt: skip

    def _along(self, z: np.ndarray, row: int) -> np.ndarray:
        """Sums in which one row's goes along GRID: for squared error, then for cross-entropy."""
        every = np.repeat(z, GRID.size, axis=0)
        every[:, row] = np.concatenate([GRID + self.others(copy, row) for copy in z])
        return every

    def curves(self, z: np.ndarray, t: np.ndarray, row: int) -> np.ndarray:
        """Both losses over one row's sum, at the places GRID, the others held: for sums z (2, n)
        (2, points), for those of many moments so many of them, all in one replay."""
        if self.output == "sigmoid":  # the sums of other samples do not matter
            one = _curves_of_one(float(t[row]))
            return np.broadcast_to(one, (*z.shape[:-2], *one.shape))
        moments = z.reshape(-1, 2, self.rows)
        every = np.concatenate([self._along(m, row) for m in moments])
        a, b = np.tile(_halves(2 * GRID.size), len(moments))
        leaves = self._leaves(every, np.tile(t, (len(every), 1)), a, b, np.zeros_like(every))
        return replay(self._loss, leaves).reshape(*z.shape[:-1], GRID.size)

    def _ask(self, leaves: dict[Tensor, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value (R,), ∂/∂z and ∂/∂p (R, wide) of R questions, in one replay."""
        value, (dz, *dp) = replay_slopes(self._loss, leaves, [self._z, *self._p])
        return value, dz[:, 0], np.asarray(sum(dp))[:, 0]

    def _leaves(
        self,
        z: np.ndarray,
        t: np.ndarray,
        a: np.ndarray,
        b: np.ndarray,
        w: np.ndarray,
        keep: np.ndarray | None = None,
    ) -> dict[Tensor, np.ndarray]:
        """R questions, as what stands at the leaves: z, t, w, keep (R, wide), a and b (R,)."""
        leaves = {self._z: z[:, None], self._a: a, self._b: b, self._w: w[:, None]}
        leaves[self._t] = t[:, None]
        leaves[self._keep] = np.ones_like(t)[:, None] if keep is None else keep[:, None]
        if self.output == "softmax":
            leaves[self._label] = t.argmax(axis=1)[:, None]
        return leaves

    def slopes_by_complex_step(self, z: np.ndarray, t: np.ndarray, loss: int) -> np.ndarray:
        """∂L/∂z of one loss at sums z (moments, n): forward values only, and no rule of ours."""
        moments, n = z.shape
        if self.output == "sigmoid":
            moved, target = z.reshape(-1, 1) + 1j * TINY, np.tile(t, moments)[:, None]
        else:
            moved = np.repeat(z, n, axis=0) + 1j * TINY * np.tile(np.eye(n), (moments, 1))
            target = np.tile(t, (moments * n, 1))
        a = np.full(moments * n, float(loss == 0))
        leaves = self._leaves(moved, target, a, 1 - a, np.zeros_like(target))
        return np.imag(replay(self._loss, leaves)).reshape(moments, n) / TINY


def _halves(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of so many questions ask for squared error, the first half, and for cross-entropy."""
    a = np.repeat([1.0, 0.0], count // 2)
    return a, 1 - a


@cache
def _curves_of_one(target: float) -> np.ndarray:
    """Both losses of a sigmoid unit over its sum."""
    answer, every = Answer.of("sigmoid", 1), np.tile(GRID, 2)[:, None]
    a, b = _halves(len(every))
    leaves = answer._leaves(every, np.full_like(every, target), a, b, np.zeros_like(every))
    return np.asarray(replay(answer._loss, leaves).reshape(2, -1))


def check_slopes(
    answer: Answer, names: tuple[str, ...], z: np.ndarray, t: np.ndarray, delta: np.ndarray
) -> Report:
    """δ (2, moments, n) beside the complex step, one row of the report for each loss."""
    rows = []
    for loss, name in enumerate(names):
        true, ours = answer.slopes_by_complex_step(z[loss], t, loss), delta[loss]
        rows.append(compared(name, ours, true))
    return Report(tuple(rows), TOLERANCE)


def compared(name: str, ours: np.ndarray, true: np.ndarray) -> Checked:
    """How far an array of slopes is from the true one, relative to the largest entry."""
    scale = max(float(np.abs(true).max()), float(np.abs(ours).max())) or 1.0
    difference = np.nan_to_num(np.abs(ours - true) / scale, nan=np.inf)
    index = np.unravel_index(int(difference.argmax()), true.shape)
    return Checked(name, true.size, float(difference[index]), tuple(int(i) for i in index),
                   float(ours[index]), float(true[index]))  # fmt: skip
