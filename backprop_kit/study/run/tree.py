"""The tree of a run: branches, each from a step of another one with one change.

`Branch` one line of the history · `Place` where in its epoch a step is · `place_of`
that of any step
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from backprop_kit.study.run.settings import Settings


class Place(NamedTuple):
    """Before a step: the epoch it is in, which batch of it comes next, and how large batches are.

    A batch size belongs to an epoch: a new one waits until the epoch that is running is over.
    """

    epoch: int
    i: int
    batch: int

    def steps(self, n: int) -> int:
        """How many steps this epoch has, for n samples."""
        return -(-n // self.batch)


class Branch:
    """One line of a run's history. Read it; `Run` alone writes it.

    id       a number, 0 for the first branch
    name     what it is called in pictures; no two branches of a run share one
    parent   the id of the branch it left, None for the first
    start    the step at which it left
    change   what was changed there: {"lr": 0.03}, {"batch": 16}, {"weights": {("0.W", 3): 1.5}} …
    settings the optimizer and the batch size that hold on it
    last     the last step that was computed on it
    stopped  why it goes no further, "" while it may
    """

    __slots__ = (
        "by_hand",
        "change",
        "id",
        "last",
        "name",
        "parent",
        "place",
        "settings",
        "start",
        "stopped",
    )

    def __init__(
        self, id: int, name: str, parent: int | None, start: int, change: Mapping[str, Any],
        settings: Settings, place: Place,
    ) -> None:  # fmt: skip
        self.id, self.name, self.parent, self.start = id, name, parent, start
        self.change, self.settings, self.place = dict(change), settings, place
        self.last, self.stopped = start, ""
        self.by_hand = False  # whether a person gave the name

    def __repr__(self) -> str:
        whence = f", from step {self.start}" if self.parent is not None else ""
        end = f"; {self.stopped}" if self.stopped else ""
        return f"Branch {self.id} {self.name!r}{whence}, computed to step {self.last}{end}"


def place_of(branch: Branch, k: int, n: int) -> Place:
    """Where in its epoch step k → k+1 of a branch is, for k from the start of the branch."""
    left, first = k - branch.start, branch.place
    size = min(branch.settings.batch or n, n)
    epoch = first.epoch
    if first.i:  # the epoch that was running when the branch began keeps its batch size
        rest = first.steps(n) - first.i
        if left < rest:
            return first._replace(i=first.i + left)
        left, epoch = left - rest, epoch + 1
    whole, i = divmod(left, -(-n // size))
    return Place(epoch + whole, i, size)
