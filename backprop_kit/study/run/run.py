"""``Run``: a training as a history you can walk in, back and forth, and fork."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from math import isclose, isfinite, nan
from pathlib import Path
from typing import Any, Self

import numpy as np

from backprop_kit.data import Data
from backprop_kit.nn import SGD, Module, Optimizer
from backprop_kit.study.run.branching import Branching, usual_name
from backprop_kit.study.run.file import dict_of, read, run_of, text_of, write
from backprop_kit.study.run.history import History
from backprop_kit.study.run.machines import hooks_of, machines, sizes_of, tried
from backprop_kit.study.run.recipe import recipe_of_data, recipe_of_model
from backprop_kit.study.run.samples import Samples, checked_loss, note_on
from backprop_kit.study.run.settings import Settings, checked_batch, checked_optimizer
from backprop_kit.study.run.state import Memory, State
from backprop_kit.study.run.tape import Pupil
from backprop_kit.study.run.token import run_from, token_of, told_by
from backprop_kit.study.run.tree import Branch

ALIKE = 1e-4  # relative: losses of one moment on two machines


class Run(Branching):
    """A training history: a tree of branches, each from a step of another one with one change.

    model      any Module; it is copied and never moved
    data       a Data (its test part is only judged by), or a pair (x, y), which is all trained on
    loss       a Loss, or a function of output and target; None: the one that fits (`fitting_loss`)
    optimizer  a rule such as Adam(0.01); None: SGD(0.1)
    batch      how many samples make a step; None: all of them
    seed       draws the order of the batches: `default_rng([seed, epoch]).permutation(n)`
    name       of the first branch

    One step is one update, from `run.k` to `run.k + 1`. Steps that were made once are made again
    bit by bit when you go back, so every moment can be visited and left by a `fork`. A new batch
    size begins with the next epoch; until then it is `run.pending_batch`.

    step, back, seek, go    walk, by passes or epochs; past what was computed it is trained on
    fork, change            leave the line with another setting or other weights
    curve, measured, trail  losses over all samples, in evaluation mode
    model, numbers, remembered, rows, looked   the present moment, to look at
    token, save             carry it away; `Run.from_token`, `Run.load` bring it back

    When the loss or a number is no longer finite the branch ends at the step before and says why in
    `branch.stopped`; nothing is raised. A model with hooks, or one that computes differently from
    batch to batch, is played step by step on the tape; `says` tells why. What a module of one's own
    keeps outside its parameters and buffers (a count, a generator) is not taken back.

    Raises ValueError or TypeError, in two lines, for what does not fit together.

    >>> run = Run(net((2, 4, 1)), moons(100), batch=10)
    >>> run.step(5)
    5
    >>> other = run.fork(lr=0.5)
    >>> run.step(5)
    10
    >>> run.go(0, 10)
    10
    """

    data: Data
    # The step a token or a file leads to, until it is reached; None for a run of its own.
    target: int | None = None
    _promised: list[tuple[int, float]]
    _differs = ""
    _recipe: dict[str, Any] | None = None

    def __init__(
        self, model: Module, data: Any, *, loss: Any = None, optimizer: Optimizer | None = None,
        batch: int | None = None, seed: int = 0, name: str = "",
    ) -> None:  # fmt: skip
        if not isinstance(model, Module):
            what = model.__name__ if isinstance(model, type) else type(model).__name__
            raise TypeError(
                f"Only a module can be trained; this is {what}.\n"
                "Pass a model such as net((2, 8, 1))."
            )
        samples = Samples.of(data)
        self.seed = _checked_seed(seed)
        settings = Settings(
            copy(checked_optimizer(SGD(0.1) if optimizer is None else optimizer)),
            checked_batch(batch),
        )
        if not any(True for _ in model.named_parameters()):
            raise ValueError(
                "The model has no parameter, so there is nothing to train.\n"
                "Give it a layer with weights, such as Linear(2, 1)."
            )
        self.data = samples.data
        pupil = Pupil(model)
        pupil.model.train()
        self._pupil = pupil
        samples = samples.like(pupil.layout.dtype)
        self.loss = checked_loss(loss, model, samples.y)
        self.samples = samples.fitting(tried(model, self.loss, samples))
        machine, judge = machines(pupil, self.loss, self.samples, self.seed, hooks_of(model))
        self._machine = machine
        for rows in sizes_of(settings, len(self.samples)):
            machine.prepare(rows)
        self._history = History(
            State(pupil.theta, pupil.held, Memory()), settings, self.samples, self.seed,
            pupil.layout, machine, judge,
        )  # fmt: skip
        self._branch = self._history.add("", None, 0, {}, settings)
        self._branch.name, self._branch.by_hand = name or usual_name(self._branch), bool(name)
        self._k = 0
        self._history.reach(self._branch, 0)

    @property
    def says(self) -> str:
        """What is out of the ordinary: why steps are recorded one by one and not played by a plan,
        or from which step a token goes another way here. "" where nothing is."""
        why = self._machine.says
        return " ".join([f"This run plays the tape. {why}"] * bool(why) + [self._differs]).strip()

    @property
    def name(self) -> str:
        """What the first branch is called."""
        return self.branches[0].name

    @property
    def note(self) -> str:
        """What a learner should know about the samples, such as that all are of one class."""
        return note_on(self.samples.y, self.loss)

    def __repr__(self) -> str:
        count = len(self.branches)
        return (
            f"Run: step {self.k:,} (epoch {self.epoch:,}) of {self.branch.name!r}; "
            f"{count} branch{'es' if count > 1 else ''}, {self.settings!r}"
        )

    # --- carrying it away and back ----------------------------------------------------------------
    @property
    def recipe(self) -> dict[str, Any]:
        """{"data": …, "model": …}: what samples and model can be made from again; None for what is
        a person's own."""
        if self._recipe is None:
            self._recipe = {
                "data": recipe_of_data(self.data),
                "model": recipe_of_model(self.start_model()),
            }
        return self._recipe

    def token(self) -> str:
        """The present moment in a line of text of at most 300 characters; `Run.from_token` plays
        it again.

        Raises ValueError, in two lines, for samples, a model, a loss or a rule of one's own, or
        more than 20 changes on the way: such a run is saved to a file.

        >>> run = Run(net((2, 4, 1)), moons(100), batch=10)
        >>> run.token()[:5]
        'bpk1.'
        """
        return token_of(self)

    @property
    def can_token(self) -> bool:
        """Whether the present moment fits into a token."""
        try:
            token_of(self)
        except ValueError:
            return False
        return True

    @classmethod
    def from_token(cls, text: str, *, play: bool = True) -> Self:
        """The run a token tells of, at its moment.

        play  False: it stays at step 0; `run.seek(run.target)`, at once or bit by bit, goes there

        Where this machine trains otherwise than the one that wrote it, `run.says` tells from which
        step. Raises ValueError or TypeError, in two lines, for what is no whole token.
        """
        return run_from(cls, told_by(text))._there(play)

    def to_dict(self) -> dict[str, Any]:
        """The whole run in plain values, as `save` writes it."""
        return dict_of(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy, here or in another process, is built and played anew: plans share vectors that a
        # copy piece by piece would tear apart.
        return type(self).from_dict, (self.to_dict(),)

    def to_text(self) -> str:
        """What `save` writes, as a text."""
        return text_of(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], *, play: bool = True) -> Self:
        """The run of `to_dict`, at its moment; everything is looked at before it is built."""
        return run_of(cls, told)._there(play)

    def save(self, path: str | Path) -> Path:
        """Write the whole run, with all branches and own samples, to a JSON file."""
        return write(self, path)

    @classmethod
    def load(cls, path: str | Path, *, play: bool = True) -> Self:
        """The run of a file that `save` wrote, at its moment. Raises ValueError, in two lines, for
        another file."""
        return run_of(cls, read(path))._there(play)

    def _aim(self, line: Branch, k: int, promised: list[tuple[int, float]]) -> None:
        """Stand at step 0 of a line on the way to step k, with the losses that are to come."""
        self._branch, self._k, self.target, self._promised = line, 0, k, promised
        self._history.watch = {step: None for step, _ in promised}

    def _there(self, play: bool) -> Self:
        if play:
            self.seek(self.target or 0)
        return self

    def _arrived(self) -> None:
        """Compare the losses on the way with those that were promised."""
        if self.target is None or (self._k < self.target and not self.at_end):
            return
        found, agreed, self._differs = self._history.watch, 0, ""
        for k, loss in self._promised:
            mine = found[k]
            if mine is None and k > self._k:
                mine = nan  # it ended before
            if mine is not None and not isclose(mine, loss, rel_tol=ALIKE):
                if isfinite(mine) or isfinite(loss):
                    self._differs = (
                        f"Here training goes another way after step {agreed:,}: the loss at step "
                        f"{k:,} was {loss:.5g} and is {mine:.5g}."
                    )
                    break
            agreed = k
        self.target, self._promised, self._history.watch = None, [], {}


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(
            f"The seed is {seed!r}; it must be a whole number from 0.\nTry Run(…, seed=1)."
        )
    return int(seed)
