"""What is kept of a run: a few states, from which every other one is played again.

`Keep` holds *checkpoints*, every `gap` steps, and a *window* of states that were just looked at.
When the checkpoints outgrow their budget the gap doubles, so a look back plays fewer than `gap`
steps. The window makes stepping back one by one cheap: what one look back played is there for the
next ones.
"""

from __future__ import annotations

from collections import OrderedDict

from backprop_kit.study.run.state import State

FIRST_GAP = 16
CHECKPOINTS = 14_000_000  # bytes
WINDOW = 2_000_000  # bytes
# Of a model so large that a few states fill the budget, so many are kept all the same.
FEWEST, FEWEST_IN_WINDOW = 24, 6

Key = tuple[int, int]  # (branch, step)


class Keep:
    """The states that are kept, within a budget of bytes."""

    def __init__(self, one: State) -> None:
        self.gap = FIRST_GAP
        self.most = max(FEWEST, CHECKPOINTS // one.nbytes)
        self.room = max(FEWEST_IN_WINDOW, WINDOW // one.nbytes)
        self.checkpoints: dict[int, dict[int, State]] = {}
        self.count = 0
        self.window: OrderedDict[Key, State] = OrderedDict()

    def at(self, branch: int, k: int) -> State | None:
        return self.window.get((branch, k)) or self.checkpoints.get(branch, {}).get(k)

    def nearest(self, branch: int, low: int, high: int) -> tuple[int, State] | None:
        """The latest kept state of a branch between two steps."""
        best = max((k for b, k in self.window if b == branch and low <= k <= high), default=-1)
        held = self.checkpoints.get(branch, {})
        k = high - high % self.gap
        while k >= max(low, best + 1):
            if k in held:
                return k, held[k]
            k -= self.gap
        return (best, self.window[branch, best]) if best >= 0 else None

    def wants(self, branch: int, k: int) -> bool:
        """Whether a checkpoint is due at this step."""
        return k % self.gap == 0 and k not in self.checkpoints.get(branch, {})

    def check(self, branch: int, k: int, state: State) -> None:
        """Keep a checkpoint; thin all of them out where they have become too many."""
        self.checkpoints.setdefault(branch, {})[k] = state
        self.count += 1
        while self.count > self.most:
            self.gap *= 2
            for b, held in self.checkpoints.items():
                self.checkpoints[b] = {k: s for k, s in held.items() if k % self.gap == 0}
            self.count = sum(map(len, self.checkpoints.values()))

    def see(self, branch: int, k: int, state: State) -> None:
        """Keep a state in the window, in place of the one that was seen longest ago."""
        self.window[branch, k] = state
        self.window.move_to_end((branch, k))
        while len(self.window) > self.room:
            self.window.popitem(last=False)

    def worth_seeing(self, k: int, first: int, last: int) -> bool:
        """Whether step k is kept on the way from `first` to `last`: all where there is room, else
        the last ones, and before them some evenly."""
        steps, half = last - first, max(1, self.room // 2)
        if steps < self.room or last - k < half:
            return True
        return (last - k) % max(1, -(-steps // half)) == 0

    def forget(self, branch: int) -> None:
        """Drop what is kept of a branch that was changed before anything was computed on it."""
        self.count -= len(self.checkpoints.pop(branch, {}))
        for key in [key for key in self.window if key[0] == branch]:
            del self.window[key]

    @property
    def nbytes(self) -> int:
        held = [s for states in self.checkpoints.values() for s in states.values()]
        return sum({id(s): s.nbytes for s in [*held, *self.window.values()]}.values())
