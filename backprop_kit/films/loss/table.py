"""Where each number of the predictions stands: one row a step, and places in it by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backprop_kit.films.film import Array
from backprop_kit.study.answers import Moment
from backprop_kit.study.loss_shares import Losses

Ref = list[object]


@dataclass(frozen=True)
class Table:
    """The numbers of every step, in the series "s". Two tables with the same rows are equal.

    p, error, delta   2·n, squared error first
    end               where a bar of δ ends: target + δ
    loss, push        2·(n + 1), where the parts of a share begin and end, the selected row first
    percent           the selected row's share: of the loss under either, then of the push
    total             the loss under either, then Σ|δ|
    place, height     the selected row's z, and the loss there; slope its δ
    """

    output: str
    target: tuple[float, ...]
    steps: int
    selected: int

    @classmethod
    def of(cls, losses: Losses, selected: int) -> Table:
        return cls(losses.output, tuple(losses.t.tolist()), losses.steps, selected)

    @property
    def rows(self) -> int:
        return len(self.target)

    @cached_property
    def _start(self) -> dict[str, int]:
        n = self.rows
        sizes = {"p": 2 * n, "error": 2 * n, "delta": 2 * n, "end": 2 * n, "loss": 2 * n + 2,
                 "push": 2 * n + 2, "percent": 4, "total": 4, "place": 2, "height": 2, "slope": 2,
                 "": 0}  # fmt: skip
        ends = np.cumsum([0, *sizes.values()])
        return dict(zip(sizes, (int(v) for v in ends), strict=False))

    def ref(self, name: str, i: int = 0) -> Ref:
        """The place of a number, at whatever step is shown."""
        return ["s", self._start[name] + i]

    def array(self, moments: Sequence[Moment]) -> Array:
        """The numbers of the moments there are; behind the last they are out of date."""
        rows = np.stack([self._row(m) for m in moments])
        return Array("s", rows, stale=overdue(len(moments), self.steps), peak=1.0, series=True)

    def _row(self, m: Moment) -> np.ndarray:
        i, t = self.selected, np.array(self.target)
        order = [i, *(j for j in range(self.rows) if j != i)]
        parts = np.cumsum(m.shares[:, :, order], axis=2)
        loss, push = np.concatenate([np.zeros((2, 2, 1)), parts], axis=2)
        # Over one sum the curve of softmax is the whole loss, that of a sigmoid its own row's.
        height = m.total if self.output == "softmax" else m.part[:, i]
        return np.concatenate([
            m.p.ravel(), m.error.ravel(), m.delta.ravel(), (t + m.delta).ravel(), loss.ravel(),
            push.ravel(), 100 * m.shares[:, :, i].ravel(), m.total, m.push.sum(axis=1),
            m.place[:, i], height, m.delta[:, i],
        ])  # fmt: skip


def overdue(recorded: int, steps: int) -> int | None:
    """The step from which on nothing is recorded, None where all is."""
    return recorded if recorded <= steps else None
