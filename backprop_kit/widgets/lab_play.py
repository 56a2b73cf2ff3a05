"""Playing a run a little at a time: how far each turn goes, and when a picture is due."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from ..study.run import Run
from .training_loop import EVERY, TURN, Loop

SPEEDS = ((1, "1×"), (2, "2×"), (5, "5×"), (10, "10×"))
LONG = 1.0  # seconds of work from which on a person wants to know how long it takes


class Play:
    """Trains a run in turns, up to a step.

    run    gives the run that is trained now; draw(): shows where it stands
    ended  is called when the step is reached, or the run goes no further
    busy   says whether the page has still to draw the last picture: then the next is left out
    failed is told an exception that ended the work

    `size` ("pass" or "epoch") and `speed` say how far the run goes between two pictures.
    """

    def __init__(
        self,
        run: Callable[[], Run],
        draw: Callable[[], None],
        ended: Callable[[], None],
        busy: Callable[[], bool],
        failed: Callable[[Exception], None],
    ) -> None:
        self._run, self._draw, self._ended, self._busy = run, draw, ended, busy
        self._failed = failed
        self.loop = Loop(self.turn, self._broke)
        self.clock = perf_counter
        self.mode = ""  # "play", "seek", or "" for none
        self.goal = 0
        self.size, self.speed = "epoch", 1
        self._target = -1
        self._due = self._began = 0.0
        self._first = 0

    def play(self, goal: int) -> None:
        """Go on at the pace that is set. Raises ValueError where no event loop could do it."""
        self._go("play", goal)

    def seek(self, goal: int) -> None:
        """Go as fast as it can. Raises ValueError where no event loop could do it."""
        self._go("seek", goal)

    def _go(self, mode: str, goal: int) -> None:
        self.loop.start()
        self.mode, self.goal, self._target = mode, goal, -1
        self._began, self._first = self.clock(), self._run().k
        self._due = 0.0

    def stop(self) -> None:
        """End after the step that is made now."""
        self.loop.stop()
        self.mode = ""

    def pause(self) -> None:
        """End, at the end of the epoch where that takes no longer than a turn."""
        playing, self.mode = self.mode == "play", ""
        self.loop.stop()
        if playing:
            self._train(self._run(), self.clock() + TURN)

    def renewed(self) -> None:
        """Another run, another line or another pace: what is under way is reckoned anew."""
        self._target = -1
        self._began, self._first = self.clock(), self._run().k

    @property
    def progress(self) -> dict[str, Any] | None:
        """How much of a long way is done, and about how long the rest takes."""
        if self.mode != "seek" or self.goal <= self._first:
            return None
        share = (self._run().k - self._first) / (self.goal - self._first)
        spent = self.clock() - self._began
        if not 0 < share or spent / share < LONG:
            return None
        left = spent * (1 - share) / share
        text = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min"
        return {"share": min(share, 1.0), "left": text}

    def turn(self) -> float | None:
        """Train for a short while; how long to rest then, or None at the end."""
        run, now = self._run(), self.clock()
        if self._target < 0:
            self._target = self._next(run)
        self._train(run, now + TURN)
        if run.at_end or run.k >= self.goal:
            self.mode = ""
            self._ended()
            return None
        reached, now = run.k >= self._target, self.clock()
        if now >= self._due:
            self._due = now + EVERY
            if not self._busy():
                self._draw()
            if reached:
                self._target = -1
            return 0.0
        return self._due - now if reached else 0.0

    def _train(self, run: Run, until: float) -> None:
        while run.k < self._target and not run.at_end:
            run.step()
            if self.clock() >= until:
                break

    def _next(self, run: Run) -> int:
        """Where the run stands when the next picture is due."""
        if self.mode == "seek":
            return self.goal
        if self.size == "pass":
            return min(run.k + self.speed, self.goal)
        place, per = run.place, run.steps_per_epoch
        return min(run.k + per - place.i + (self.speed - 1) * per, self.goal)

    def _broke(self, problem: Exception) -> None:
        self.mode = ""
        self._failed(problem)
