"""What all optimizers share: clipping, decay, a schedule, and one careful step.

`propose` is pure: numbers in, proposals out. Only `step(model)` moves a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from backprop_kit.engine.numbers import is_number
from backprop_kit.engine.trace import Update
from backprop_kit.nn.module import Module
from backprop_kit.nn.optim.schedules import Schedule, check_schedule

Numbers = Mapping[str, np.ndarray]
Slots = dict[str, Any]
State = dict[str, Slots]

_COUNT = ""  # where the optimizer's own count of steps is kept; no parameter has this name


class Optimizer:
    """A rule that turns slopes into new numbers. It holds no parameters.

    lr            η, the step size, above 0
    weight_decay  λ: adds λ w to each slope (an L2 penalty), 0 or more
    l1            adds l1 · sign(w) to each slope (an L1 penalty), 0 or more
    clip_value    no entry of a slope is larger than this
    clip_norm     all slopes together are no longer than this: they shrink by one factor
    schedule      multiplies η: a function of the steps done so far, such as StepDecay(30, 0.1)

    Slopes are clipped first, then the penalties are added, as in PyTorch. A subclass gives `rule`
    and says in `slots` what it remembers for each weight.
    """

    formula = "w − η g"
    # What is remembered for each weight, by its symbol: what it is called.
    slots: Mapping[str, str] = {}

    def __init__(
        self,
        lr: float,
        *,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        schedule: Schedule | None = None,
    ) -> None:
        who = type(self).__name__
        if not is_number(lr) or not 0 < lr < inf:
            raise ValueError(f"The step size is {lr!r}; it must be above 0.\nTry {who}(0.1).")
        for name, v in (("weight_decay", weight_decay), ("l1", l1)):
            if not is_number(v) or not 0 <= v < inf:
                raise ValueError(f"{name} is {v!r}; it must be 0 or more.\nTry {name}=0.01, or 0.")
        for name, most in (("clip_value", clip_value), ("clip_norm", clip_norm)):
            if most is not None and (not is_number(most) or not 0 < most < inf):
                raise ValueError(
                    f"{name} is {most!r}; it must be above 0.\n"
                    f"Try {name}=1, or None for no clipping."
                )
        check_schedule("schedule", schedule)
        self.lr, self.weight_decay, self.l1 = float(lr), float(weight_decay), float(l1)
        self.clip_value, self.clip_norm, self.schedule = clip_value, clip_norm, schedule
        self._states: WeakKeyDictionary[Module, State] = WeakKeyDictionary()

    # --- the rule ---------------------------------------------------------------------------------
    def rule(
        self, w: np.ndarray, g: np.ndarray, slots: Slots, lr: float
    ) -> tuple[np.ndarray, Slots]:
        """The new numbers of one parameter, and what is remembered of it then.

        w, g: numbers and slopes of one shape; slots: what was remembered, {} at first. Neither is
        changed.
        """
        raise TypeError(f"{type(self).__name__} has no rule().\nDefine it in the subclass.")

    @property
    def plain(self) -> bool:
        """Whether a step is just w − η g, so that η · slope² forecasts the fall of the loss."""
        return False

    def rate(self, steps: int) -> float:
        """η after so many steps. Raises ValueError where a schedule gives no factor."""
        factor = 1.0 if self.schedule is None else self.schedule(steps)
        if not is_number(factor) or not 0 <= factor < inf:
            raise ValueError(
                f"The schedule gives {factor!r} after {steps} steps; a factor is 0 or more.\n"
                "Let it return a finite number, such as 0.5."
            )
        return self.lr * float(factor)

    def propose(
        self, parameters: Numbers, grads: Numbers, state: State | None = None
    ) -> tuple[list[Update], State]:
        """What the rule would do: ([Update(name, old, new, formula)], the state after it).

        parameters, grads  {name: array}; a parameter without a slope is left out
        state              {name: {slot: numbers}} from the last proposal; None at first
        """
        after: State = dict((self._held if state is None else state) or {})
        steps = after.get(_COUNT, {}).get("t", 0)
        lr, grads = self.rate(steps), self._clipped(grads)
        updates = []
        for name, old in parameters.items():
            if name in grads:
                new, after[name] = self.rule(old, self._pulled(old, grads[name]),
                                             after.get(name, {}), lr)  # fmt: skip
                if not after[name]:
                    del after[name]
                updates.append(Update(name, old, new, self.formula))
        if self.schedule is not None:
            after[_COUNT] = {"t": steps + 1}
        return updates, after

    def resumed(self, state: State) -> Optimizer:
        """A twin that proposes from this state on where none is given, to show one step of many."""
        twin = copy(self)
        twin._states, twin._held = WeakKeyDictionary(), state
        return twin

    # Where `propose` begins when it is told nothing else.
    _held: State | None = None

    def _clipped(self, grads: Numbers) -> Numbers:
        if self.clip_value is not None:
            grads = {n: np.clip(g, -self.clip_value, self.clip_value) for n, g in grads.items()}
        if self.clip_norm is not None:
            norm = np.sqrt(sum(float(np.vdot(g, g).real) for g in grads.values()))
            share = min(1.0, self.clip_norm / (norm + 1e-6))  # PyTorch's own guard against 0 / 0
            grads = {n: g * share for n, g in grads.items()}
        return grads

    def _pulled(self, w: np.ndarray, g: np.ndarray) -> np.ndarray:
        """The slope with what the penalties add to it."""
        if self.weight_decay and not self._decoupled:
            g = g + self.weight_decay * w
        return g + self.l1 * np.sign(w) if self.l1 else g

    # AdamW shrinks the weights by itself, beside the slopes.
    _decoupled = False

    def remembered(self, model: Module, name: str) -> dict[str, Any]:
        """What is remembered for each weight of a parameter, by the words for it.

        Empty before the first `step(model)`, and for a rule without memory.
        """
        held = self._states.get(model, {}).get(name, {})
        return {words: held[slot] for slot, words in self.slots.items() if slot in held}

    # --- moving a model ---------------------------------------------------------------------------
    def step(self, model: Module) -> None:
        """Move every parameter of a model by its slope in `.grad`, all at once.

        Raises ValueError when no parameter has a slope yet, or a slope does not fit; nothing moves
        then.
        """
        if not isinstance(model, Module):
            raise TypeError(
                f"step() moves a model; got {type(model).__name__}.\nCall optimizer.step(model)."
            )
        named = dict(model.named_parameters())
        if not named:
            raise ValueError(
                "This model has no parameters, so there is nothing to move.\n"
                "Put a layer with weights in it, such as Linear(2, 1)."
            )
        grads = {name: p.grad for name, p in named.items() if p.grad is not None}
        if not grads:
            raise ValueError(
                "No parameter has a slope yet.\nCall loss.backward() before optimizer.step(model)."
            )
        values = {name: p.data for name, p in named.items()}
        for name, g in grads.items():
            shape = g.shape if isinstance(g, np.ndarray) else np.shape(g)
            if shape != named[name].shape:
                raise ValueError(
                    f"{name} has shape {named[name].shape}; its slope in .grad has {shape}.\n"
                    "Call model.zero_grad() and loss.backward() again."
                )
        updates, self._states[model] = self.propose(values, grads, self._states.get(model))
        for u in updates:
            named[u.name].data = u.new

    def __repr__(self) -> str:
        shown = [f"{self.lr:g}", *self._settings()]
        for name in ("weight_decay", "l1", "clip_value", "clip_norm", "schedule"):
            v = getattr(self, name)
            if v is not None and v != 0 and v != self._usual.get(name):
                shown.append(f"{name}={v:g}" if is_number(v) else f"{name}={v!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    # Settings that need not be said.
    _usual: Mapping[str, Any] = {}

    def _settings(self) -> list[str]:
        """The settings of its own that differ from the usual, as they are written."""
        return [
            f"{name}={getattr(self, name):g}"
            for name, usual in self._usual.items()
            if name != "weight_decay" and getattr(self, name) != usual
        ]


def between(name: str, v: Any, low: float, high: float, usual: float) -> float:
    """v as a float, at least low and below high. Raises ValueError in two lines."""
    if not is_number(v) or not low <= v < high:
        raise ValueError(
            f"{name} is {v!r}; it must be at least {low:g} and below {high:g}.\nTry {usual:g}."
        )
    return float(v)
