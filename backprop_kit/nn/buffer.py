"""`Buffer`, an array that a module keeps and no slope moves, such as a running mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.chance import current_moment
from backprop_kit.engine.tensor import Node, Tensor


class Buffer(Tensor):
    """An array that belongs to a module and is no parameter: no slope reaches it.

    On the tape it is an input, which replay may replace; `b.data = …` rebinds it.

    start  what it holds at first, and again after `reset`
    leaf, fresh  the leaf that the last training forward read, and the recorded value that came
                 after it (no slope); None before there was one. Within one `moment` they are the
                 first leaf and the last value, of all calls together.
    """

    __slots__ = ("_entry", "_left", "fresh", "leaf", "start")

    def __init__(self, start: Any, name: str | None = None) -> None:
        super().__init__(np.asarray(start, np.float64), name, requires_grad=False)
        self.start = self.data
        self.leaf: Node | None = None
        self.fresh: Node | None = None
        self._entry: object = None
        self._left: Node | None = None  # the leaf it had when a value was last taken

    def latest(self) -> Tensor:
        """What a training forward goes on from: the value that an earlier call in this moment
        recorded, else the leaf."""
        if self.fresh is not None and self._same_moment():
            return Tensor._made(self.fresh)
        return self

    def _same_moment(self) -> bool:
        now = current_moment()
        return now is not None and now.entry is self._entry and self.node is self._left

    def take(self, fresh: Tensor) -> None:
        """Take over a newly recorded value; in a quiet moment it is only noted."""
        now = current_moment()
        if not self._same_moment():
            self.leaf = self.node
        self.fresh = fresh.node
        if now is None or not now.quiet:
            self.data = fresh.data
        self._entry, self._left = (now.entry if now is not None else None), self.node

    def reset(self) -> None:
        """Back to what it held at first."""
        self.data = self.start
        self.leaf = self.fresh = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        memo[id(self)] = twin = Buffer(self.start, self.name)
        twin.data = self.data
        return twin
