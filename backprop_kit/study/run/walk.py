"""Where a run is and how it moves: the part of `Run` that walks in its history."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.study.run.history import History, gone
from backprop_kit.study.run.settings import Settings
from backprop_kit.study.run.tree import Branch, Place

SIZES = ("pass", "epoch")


class Walk:
    """A position in a history: a line of it, and a step on that line."""

    _history: History
    _branch: Branch
    _k: int

    # --- where it is ------------------------------------------------------------------------------
    @property
    def k(self) -> int:
        """How many steps were made up to the present moment."""
        return self._k

    @property
    def branch(self) -> Branch:
        """The branch whose line it is on."""
        return self._branch

    @property
    def owner(self) -> Branch:
        """The branch that the present step belongs to: `branch`, or before its start an older
        one."""
        return self._history.owner(self._branch, self._k)

    @property
    def line(self) -> list[Branch]:
        """The branches on the way to the present moment, oldest first."""
        return self._history.line(self.owner)[::-1]

    @property
    def branches(self) -> tuple[Branch, ...]:
        """All branches, oldest first; `branches[i].id` is i."""
        return tuple(self._history.branches)

    @property
    def settings(self) -> Settings:
        """The optimizer and the batch size by which the next step is made."""
        return self.owner.settings

    @property
    def place(self) -> Place:
        """Where in its epoch the present moment is: (epoch, steps done in it, batch size)."""
        return self._history.place(self._branch, self._k)

    @property
    def epoch(self) -> int:
        """How many epochs are over."""
        return self.place.epoch

    @property
    def steps_per_epoch(self) -> int:
        """How many steps the present epoch has."""
        return self.place.steps(self._history.n)

    @property
    def pending_batch(self) -> int | None:
        """The batch size that waits for the next epoch; None when none waits."""
        place, n = self.place, self._history.n
        asked = min(self.settings.batch or n, n)
        return asked if place.i and asked != place.batch else None

    @property
    def at_end(self) -> bool:
        """Whether the line goes no further from here, as `owner.stopped` says."""
        return bool(self.owner.stopped) and self._k == self.owner.last

    # --- moving -----------------------------------------------------------------------------------
    def step(self, n: int = 1, size: str = "pass") -> int:
        """Go on by n steps, or to the end of this epoch and of n − 1 more; the step it is at then.

        Where the branch ends before, it stops there. Raises ValueError where it stood there
        already.
        """
        n, k = whole("n", n), self._k
        if checked_size(size) == "pass":
            return self._to(k + n)
        for _ in range(n):
            place = self._history.place(self._branch, k)
            k += place.steps(self._history.n) - place.i
        return self._to(k)

    def back(self, n: int = 1, size: str = "pass") -> int:
        """Go back by n steps, or to the beginning of this epoch and of n − 1 more, at most to 0."""
        n, k = whole("n", n), self._k
        if checked_size(size) == "pass":
            return self._to(max(k - n, 0))
        for _ in range(n):
            if k:
                k -= 1 + self._history.place(self._branch, k - 1).i
        return self._to(k)

    def seek(self, k: int) -> int:
        """Go to step k of the line it is on; past what was computed it trains on.

        Raises ValueError beyond the end of a branch that ended.
        """
        return self._to(whole("Step", k))

    def _to(self, k: int) -> int:
        if k > self._k and self.at_end:
            raise ValueError(gone(self.owner))
        self._k = self._history.reach(self._branch, k)
        self._arrived()
        return self._k

    def _arrived(self) -> None:
        """What is to be done wherever it came to."""

    def go(self, branch: int | Branch, k: int) -> int:
        """Go to step k on the line of any branch, by its id; the step it is at then."""
        line, k = self.known(branch), whole("Step", k)
        owner = self._history.owner(line, k)
        if owner.stopped and k > owner.last:
            raise ValueError(gone(owner))
        self._k = self._history.reach(line, k)
        self._branch = line
        return self._k

    def known(self, branch: Any) -> Branch:
        """The branch with this id. Raises ValueError where there is none."""
        id = branch.id if isinstance(branch, Branch) else branch
        if isinstance(id, bool) or not isinstance(id, (int, np.integer)):
            id = -1
        if not 0 <= id < len(self._history.branches):
            names = ", ".join(f"{b.id} {b.name!r}" for b in self._history.branches[:8])
            raise ValueError(f"There is no branch {branch!r} in this run.\nIt has {names}.")
        return self._history.branches[id]


def whole(word: str, n: Any) -> int:
    """A count of steps; raises ValueError for what is none."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
        raise ValueError(f"{word} is {n!r}; steps are counted.\nGive a whole number, 0 or more.")
    return int(n)


def checked_size(size: Any) -> str:
    if size not in SIZES:
        raise ValueError(
            f"A run makes no step of the size {size!r}.\nChoose 'pass' or 'epoch'; operations and "
            "layers are shown by ForwardStepper(*run.looked())."
        )
    return str(size)
