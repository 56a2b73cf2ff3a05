"""Playing a tree of branches: any moment of it, from the nearest one that is kept.

`History` owns the branches, the kept states and the machine that makes steps. It trains on where
nothing was computed yet, plays again where something was, and ends a branch where a number is no
longer finite.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any, Protocol

import numpy as np

from backprop_kit.engine.op import Array, sealed
from backprop_kit.nn import Optimizer
from backprop_kit.study.run.curve import SMALL, Curve, Measured, Points, Trail, joined
from backprop_kit.study.run.keep import Keep
from backprop_kit.study.run.samples import Samples
from backprop_kit.study.run.settings import Settings, carried, edited
from backprop_kit.study.run.state import Layout, Memory, State
from backprop_kit.study.run.tree import Branch, Place, place_of


class Machine(Protocol):
    """What makes steps: it stands at a moment and goes on from there."""

    def load(self, state: State, optimizer: Optimizer) -> None: ...

    def advance(self, x: Array, y: Array, k: int) -> float: ...

    def broken(self) -> str: ...

    def seen(self) -> tuple[Array, Array]: ...

    def taken(self) -> State: ...


class Judge(Protocol):
    def measured(self, theta: Array, buffers: Array) -> Measured: ...


class History:
    """A tree of branches that can be visited anywhere.

    played, replayed  how many steps were made for the first time, and again
    """

    def __init__(
        self, first: State, settings: Settings, samples: Samples, seed: int, layout: Layout,
        machine: Machine, judge: Judge,
    ) -> None:  # fmt: skip
        self.first, self.samples, self.seed, self.layout = first, samples, seed, layout
        self.machine, self.judge = machine, judge
        self.base = settings
        # Steps at which the loss is wanted on the way, whether it was measured before or not.
        self.watch: dict[int, float | None] = {}
        self.branches: list[Branch] = []
        self.points: list[Points] = []
        self.trails: list[Trail] = []
        # A memory as large as the parameters, twice, is the most that the kit's rules keep.
        self.keep = Keep(State(np.tile(first.theta, 3), first.buffers, Memory()))
        self.played = self.replayed = 0
        self._stands: tuple[int, int] | None = None  # (branch, step) the machine stands at
        self._state: State | None = None  # that moment, if it was taken already
        self._order: tuple[tuple[int, int], Array, Array, Array] | None = None

    @property
    def n(self) -> int:
        """How many samples are learnt from."""
        return len(self.samples)

    # --- the tree ---------------------------------------------------------------------------------
    def add(
        self, name: str, parent: Branch | None, start: int, change: Mapping[str, Any],
        settings: Settings,
    ) -> Branch:  # fmt: skip
        place = Place(0, 0, 1) if parent is None else place_of(parent, start, self.n)
        branch = Branch(
            len(self.branches), name, None if parent is None else parent.id, start, change,
            settings, place,
        )  # fmt: skip
        self.branches.append(branch)
        self.points.append(Points())
        self.trails.append(Trail())
        return branch

    def alter(self, branch: Branch, change: Mapping[str, Any], settings: Settings) -> None:
        """Give a branch on which nothing was computed another change."""
        branch.change, branch.settings = dict(change), settings
        self.points[branch.id], self.trails[branch.id] = Points(), Trail()
        self.keep.forget(branch.id)
        if self._stands is not None and self._stands[0] == branch.id:
            self._stands = self._state = None

    def line(self, branch: Branch) -> list[Branch]:
        """From this branch back to the first one."""
        found = [branch]
        while found[-1].parent is not None:
            found.append(self.branches[found[-1].parent])
        return found

    def owner(self, branch: Branch, k: int) -> Branch:
        """The branch that step k belongs to, on the line of this one."""
        return next(b for b in self.line(branch) if k >= b.start)

    def place(self, branch: Branch, k: int) -> Place:
        return place_of(self.owner(branch, k), k, self.n)

    # --- batches ----------------------------------------------------------------------------------
    def rows(self, place: Place) -> Array:
        """The rows of the batch that comes next: a function of seed and epoch only."""
        order = self._ordered(place)[1]
        return order[place.i * place.batch : (place.i + 1) * place.batch]

    def batch(self, place: Place) -> tuple[Array, Array]:
        _, _, x, y = self._ordered(place)
        part = slice(place.i * place.batch, (place.i + 1) * place.batch)
        return x[part], y[part]

    def _ordered(self, place: Place) -> tuple[tuple[int, int], Array, Array, Array]:
        n, s = self.n, self.samples
        whole = place.batch >= n  # one batch is all: their order says nothing, so it is their own
        key = (-1, 0) if whole else (self.seed, place.epoch)
        if self._order is None or self._order[0] != key:
            order = np.arange(n) if whole else np.random.default_rng(key).permutation(n)
            x, y = (s.x, s.y) if whole else (s.x[order], s.y[order])
            self._order = (key, order, x, y)
        return self._order

    # --- moments ----------------------------------------------------------------------------------
    def state(self, branch: Branch, k: int) -> State:
        """The moment after k steps on the line of a branch."""
        if self.reach(branch, k) != k:
            raise ValueError(gone(branch))
        if self._state is None:
            self._state = self.machine.taken()
        return self._state

    def reach(self, branch: Branch, k: int) -> int:
        """Let the machine stand at step k of a line, or where the line ends before; that step."""
        path = [b for b in reversed(self.line(branch)) if b.start <= k]
        ends = [b.start for b in path[1:]] + [k]
        first = self._nearest(path, ends)
        for j in range(first, len(path)):
            b = path[j]
            if j > first:
                state = self._state if self._state is not None else self.machine.taken()
                self._load(b, b.start, self._begun(b, state))
            if not self._play(b, ends[j]):
                return b.last
        return k

    def _nearest(self, path: list[Branch], ends: list[int]) -> int:
        """Stand at the latest kept moment on the way; which branch of the path it is on."""
        for j in range(len(path) - 1, -1, -1):
            b = path[j]
            here = -1
            if self._stands is not None and self._stands[0] == b.id:
                here = self._stands[1] if b.start <= self._stands[1] <= ends[j] else -1
            kept = self.keep.nearest(b.id, b.start, ends[j])
            if kept is not None and kept[0] > here:
                self._load(b, *kept)
                return j
            if here >= 0:
                return j
        self._load(path[0], 0, self._begun(path[0], self.first))
        return 0

    def _begun(self, b: Branch, state: State) -> State:
        """The moment a branch begins with: its parent's, with the change made."""
        before = self.base if b.parent is None else self.branches[b.parent].settings
        theta, memory = state.theta, state.memory
        if before.optimizer is not b.settings.optimizer:
            memory = Memory.of(carried(before.optimizer, b.settings.optimizer, memory.unpacked()))
        if "weights" in b.change:
            theta = edited(theta, b.change["weights"], self.layout.places)
        return State(theta, state.buffers, memory)

    def _load(self, b: Branch, k: int, state: State) -> None:
        self._stands = None
        self.machine.load(state, b.settings.optimizer)
        self._stands, self._state = (b.id, k), state

    def _play(self, b: Branch, end: int) -> bool:
        """Go on to a step of the branch the machine stands on; False where it ends before."""
        assert self._stands is not None
        k, points, n = self._stands[1], self.points[b.id], self.n
        place = place_of(b, k, n)
        first, last = k, min(end, b.last)
        with np.errstate(all="ignore"):
            if k == b.start and not points.steps:
                self._measure(b, k, place)
                if self.layout.size <= SMALL:
                    self._trace(b, k)
            self._watch(k)
            while k < end:
                if k == b.last and b.stopped:
                    return False
                x, y = self.batch(place)
                self._stands = self._state = None  # until the step is made
                loss = self.machine.advance(x, y, k)
                fresh = k == b.last
                if (fresh or not isfinite(loss)) and (why := self._broken(loss, k)):
                    b.last, b.stopped = k, why
                    points.cut(k)
                    self.reach(b, k)
                    return False
                k, place = k + 1, _next(place, b, n)
                self._stands = (b.id, k)
                if fresh:
                    b.last, self.played = k, self.played + 1
                    if points.wants(place, n):
                        self._measure(b, k, place)
                else:
                    self.replayed += 1
                if self.watch:
                    self._watch(k)
                if self.layout.size <= SMALL:
                    self._trace(b, k)
                if self.keep.wants(b.id, k):
                    self._state = self.machine.taken()
                    self.keep.check(b.id, k, self._state)
                elif not fresh and self.keep.worth_seeing(k, first, last):
                    self._state = self.machine.taken()
                    self.keep.see(b.id, k, self._state)
        return True

    def _broken(self, loss: float, k: int) -> str:
        if not isfinite(loss):
            return f"the loss is {'NaN' if isnan(loss) else 'infinite'} at step {k:,}"
        path = self.machine.broken()
        return f"{path} is no longer finite after step {k + 1:,}" if path else ""

    def _trace(self, b: Branch, k: int) -> None:
        if self.trails[b.id].wants(k):
            self.trails[b.id].add(k, sealed(self.machine.seen()[0].copy()))

    def trail(self, branch: Branch) -> tuple[Array, Array]:
        """Steps and θ along the line of a branch."""
        steps, thetas, line = [], [], self.line(branch)[::-1]
        for i, b in enumerate(line):
            end = line[i + 1].start if i + 1 < len(line) else np.inf
            ks, ways = self.trails[b.id].until(end)
            steps += ks
            thetas += ways
        return sealed(np.array(steps, np.int64)), sealed(np.array(thetas).reshape(len(steps), -1))

    # --- losses -----------------------------------------------------------------------------------
    def _measure(self, b: Branch, k: int, place: Place) -> None:
        self.points[b.id].add(k, place, self.judge.measured(*self.machine.seen()))

    def _watch(self, k: int) -> None:
        if k in self.watch:
            self.watch[k] = self.judge.measured(*self.machine.seen())[0]

    def measured(self, branch: Branch, k: int) -> Measured:
        """Losses and shares right after k steps on a line, as in `Curve`."""
        known = self.points[self.owner(branch, k).id].at(k)
        if known is not None:
            return known
        state = self.state(branch, k)
        with np.errstate(all="ignore"):
            return self.judge.measured(state.theta, state.buffers)

    def curve(self, branch: Branch, own: bool) -> Curve:
        """The points of a branch, or of its whole line from step 0."""
        if own or branch.parent is None:
            return self.points[branch.id].curve
        line = self.line(branch)[::-1]
        pieces = []
        for i, b in enumerate(line):
            piece = self.points[b.id].curve
            if i + 1 < len(line):  # what comes after the fork belongs to another line
                piece = Curve(*(part[: np.searchsorted(piece.steps, line[i + 1].start)]
                                for part in piece))  # fmt: skip
            pieces.append(piece)
        return joined(pieces)


def _next(place: Place, b: Branch, n: int) -> Place:
    """The place after one step on a branch."""
    if place.i + 1 < place.steps(n):
        return Place(place.epoch, place.i + 1, place.batch)
    return Place(place.epoch + 1, 0, min(b.settings.batch or n, n))


def gone(branch: Branch) -> str:
    """Why a branch goes no further, and what to do, in two lines."""
    return (
        f"{branch.name!r} ended at step {branch.last:,}: {branch.stopped}.\n"
        "Go back, or fork from an earlier step with a smaller step size: run.fork(lr=…)."
    )
