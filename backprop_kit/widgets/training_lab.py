"""`TrainingLab`: a training you can play, stop, walk back in, and fork."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..films.captions import speaker
from ..study.run import Branch
from .base import refuse_unknown
from .lab_hands import LabHands
from .lab_knobs import hidden
from .lab_start import begun
from .lifecycle import lock

say = speaker("training_controls")

# Training multiplies the last digit's rounding; a printed loss has to be the same everywhere.
STABLE_STEPS, STABLE_NUMBERS = 100, 100
KNOWN = ("loss", "optimizer", "batch", "seed", "hide", "to", "presenter")


class TrainingLab(LabHands):
    """A training with its controls, its picture and all its past.

    TrainingLab()                          two spirals and a net 2-8-8-1
    TrainingLab(model, data)               a module, and a Data or a pair (x, y)
    TrainingLab("bpk1.…")                  the moment a token names; or the path of a saved file

    loss       a Loss or a function of output and target; None: the one that fits
    optimizer  a rule such as SGD(0.1)
    batch      how many samples make a step; None: all of them
    seed       draws the order of the batches
    hide       names of controls that are left out, or titles of groups such as "NETWORK"
    to         the step at which playing ends; None: after 100 epochs
    presenter  large type for a lecture hall, also by key p

    A LEARNING control forks the run at the present step; a DATA or NETWORK control starts a new
    run, and the old curve stays. `.run` is the Run, `.stage` the picture alone.
    Raises ValueError or TypeError, in two lines, for input that does not fit.
    """

    def __init__(
        self,
        model: Any = None,
        data: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = None,
        batch: int | None = None,
        seed: int = 0,
        hide: Iterable[str] = (),
        to: int | None = None,
        presenter: bool = False,
        **unknown: Any,
    ) -> None:
        refuse_unknown(unknown, ("model", "data", *KNOWN), "TrainingLab")
        super().__init__(
            begun(model, data, loss, optimizer, batch, seed),
            hidden(hide),
            None if to is None else _step("to", to),
            bool(presenter),
            loss=loss,
        )

    # --- what a lesson asks -----------------------------------------------------------------------
    def text(self) -> tuple[str, ...]:
        """Where it stands, and all branches with their lengths."""
        run = self.run
        first = say("text.begun", k=f"{run.k:,}", epoch=f"{run.epoch:,}", name=run.owner.name)
        if run.k == 0:
            first = next(iter(self.stage.source.cuts.values()))[0].say
        what = self.stage.source.title[0]
        return first, say("summary", what=what, branches=" · ".join(map(self._told, run.branches)))

    def _told(self, b: Branch) -> str:
        """A branch and how far it was trained; its loss where that is the same on any machine."""
        run, steps = self.run, _counted(b.last)
        if b.stopped:
            return say("summary.stopped", name=b.name, steps=steps)
        line = [run.branches[b.id]]
        while line[-1].parent is not None:
            line.append(run.branches[line[-1].parent])
        whole = all(x.settings.batch is None or x.settings.batch >= len(run.samples) for x in line)
        if not whole or b.last > STABLE_STEPS or run.theta.size > STABLE_NUMBERS:
            return say("summary.branch", name=b.name, steps=steps)
        return say("summary.loss", name=b.name, steps=steps, loss=float(run.curve(b).train[-1]))

    def fork(
        self, optimizer: Any = None, *, name: str = "", at: int | None = None,
        to: int | None = None, **change: Any,
    ) -> Branch:  # fmt: skip
        """Add a branch with one change, and train it as far as the longest one.

        optimizer  another rule; or a change by name: lr=0.1, batch=8, momentum=0.9 …
        at         the step to leave from, on the present line; None: the present step
        to         the step to train it to; None: as far as the longest branch, or to the end
                   of the lab where nothing is longer

        The lab stays where it is, so that forks made one after the other leave from one moment. An
        equal fork from there is taken again.
        Raises ValueError or TypeError, in two lines; nothing is changed then.
        """
        if optimizer is not None:
            change = {"optimizer": optimizer, **change}
        with lock:
            run, here = self.run, (self.run.branch, self.run.k)
            start = run.k if at is None else _step("at", at)
            longest = max(b.last for b in run.branches)
            end = _step("to", to) if to is not None else longest
            end = end if end > start else max(self.horizon, start)
            run.seek(start)
            try:
                branch = run.fork(name, **change)
                run.seek(end)
            finally:
                run.go(*here)
            self._changed()
            return branch

    def step(self, n: int = 1) -> int:
        """Go on by n steps of the size that is chosen; the training step it stands at then."""
        return self._go(lambda: self.run.step(n, self._unit))

    def back(self, n: int = 1) -> int:
        """Go back by n steps of the size that is chosen; the training step it stands at then."""
        return self._go(lambda: self.run.back(n, self._unit))

    def seek(self, k: int) -> int:
        """Go to training step k of the present line; past what was computed it trains on."""
        return self._go(lambda: self.run.seek(k))

    def reset(self) -> None:
        """Go back to step 0; everything that was computed stays."""
        self.seek(0)

    def play(self) -> None:
        """Train on while you watch. Raises ValueError where no event loop runs."""
        with lock:
            self._start()
            self._changed()

    def pause(self) -> None:
        """Stop playing."""
        with lock:
            self._play.pause()
            self._changed()

    def token(self) -> str:
        """The present moment as a short text; TrainingLab(token) goes there again.

        Raises ValueError for data or a model of your own: save a file then.
        """
        with lock:
            return str(self.run.token())

    def save(self, path: Any) -> None:
        """Write the run and the present moment to a file; TrainingLab(path) opens it."""
        with lock:
            self.run.save(path)

    def losses(self, branch: Any = None) -> np.ndarray:
        """The losses over all samples to learn from, as they were measured along a branch: at its
        epochs' ends, and about eight inside each; `run.curve(…)` has their steps.

        branch  its name or its id; None: the present line
        """
        return self.run.curve(self._branch(branch)).train

    def first_below(self, loss: float) -> dict[str, int | None]:
        """By the name of each branch, the first measured step with a loss below this, or None."""
        found: dict[str, int | None] = {}
        for b in self.run.branches:
            curve = self.run.curve(b)
            below = curve.steps[curve.train < loss]
            found[b.name] = int(below[0]) if len(below) else None
        return found

    def _branch(self, branch: Any) -> Branch:
        named = [b for b in self.run.branches if b.name == branch]
        if named:
            return named[0]
        return self.run.branch if branch is None else self.run.known(branch)


def _step(word: str, k: Any) -> int:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
        raise ValueError(f"{word} is {k!r}; it names a step.\nGive a whole number, 0 or more.")
    return int(k)


def _counted(n: int) -> str:
    return "1 step" if n == 1 else f"{n:,} steps"
