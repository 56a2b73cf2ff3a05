"""The optimizers on one flat vector: a few calls move all parameters at once, in place.

`flat_rules` holds the rules of the kit in this form. A rule that is not of the kit is played as it
is, by `propose`, parameter by parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from backprop_kit.nn.optim.base import _COUNT, Optimizer, Slots, State
from backprop_kit.nn.optim.flat_rules import FORMS, Form

Array = np.ndarray


class Layout(Protocol):
    """Parameters in one vector, their slopes in another, as a `Plan` has them."""

    theta: Array
    grad: Array

    @property
    def views(self) -> Mapping[str, Array]: ...

    @property
    def slopes(self) -> Mapping[str, Array]: ...

    @property
    def reached(self) -> tuple[str, ...]: ...


class Flat:
    """An optimizer bound to the vectors of a plan: `step()` moves `theta` by `grad`, in place.

    optimizer  its settings are read at each step; its own memory of models is not touched
    layout     a `Plan`, or what has `theta`, `grad`, `views`, `slopes` and `reached` as one

    The numbers are those of `optimizer.propose`, step after step: to the last bit, except that
    `clip_norm` adds up the squares of all slopes in another order (1e-15). A parameter that no
    slope reaches stays.
    """

    def __init__(self, optimizer: Optimizer, layout: Layout) -> None:
        self.optimizer, self.layout = optimizer, layout
        self.theta, self.grad = layout.theta, layout.grad
        self.a, self.b = np.empty((2, self.theta.size), self.theta.dtype)
        self._numbers: dict[float, Array] = {}
        self.load({})

    # --- what is remembered -----------------------------------------------------------------------
    @property
    def state(self) -> State:
        """Copies of what is remembered, in the form of `propose`: {name: {slot: numbers}}."""
        state: State = {name: {s: _copy(v) for s, v in held.items()}
                        for name, held in self._state.items()}  # fmt: skip
        if self._form is None or not self._moved:
            return state
        state = {_COUNT: {"t": self._count}} if self.optimizer.schedule is not None else {}
        spans = self._spans()
        for name, view in self.layout.views.items():
            held: Slots = {}
            for slot, v in self._slots.items():
                held[slot] = v[spans[name]].reshape(view.shape).copy()
            if "t" in self.optimizer.slots:
                held["t"] = self.t
            if held:
                state[name] = held
        return state

    def load(self, state: State) -> None:
        """Go on from a state, as `propose` or `state` gave it; {} is the beginning."""
        self._state: State = {name: dict(held) for name, held in state.items()}
        self._moved = False
        self._count = int(state.get(_COUNT, {}).get("t", 0))
        self._slots: dict[str, Array] = {}
        ages = {state.get(name, {}).get("t", 0) for name in self.layout.views}
        all_reached = set(self.layout.reached) == set(self.layout.views)
        # Of parameters of different age, or some without a slope, only `propose` knows what to do.
        self._form = _form_of(self.optimizer) if all_reached and len(ages) < 2 else None
        self.t = int(max(ages, default=0))

    def slot(self, name: str) -> Array:
        """The vector remembered under this name; zero at first."""
        found = self._slots.get(name)
        if found is None:
            found = self._slots[name] = np.zeros_like(self.theta)
            for path, span in self._spans().items():
                found[span] = np.ravel(self._state.get(path, {}).get(name, 0.0))
        return found

    def _spans(self) -> dict[str, slice]:
        spans, start = {}, 0
        for name, view in self.layout.views.items():
            spans[name] = slice(start, start + view.size)
            start += view.size
        return spans

    # --- a step -----------------------------------------------------------------------------------
    def step(self) -> None:
        """Move all parameters by their slopes."""
        if self._form is None:
            self._by_name()
            return
        rate = self.optimizer.rate(self._count)
        self._form(self, self._pulled(self._clipped(self.grad)), rate)
        self._moved = True
        if self.optimizer.schedule is not None:
            self._count += 1

    def _by_name(self) -> None:
        values = {name: self.layout.views[name].copy() for name in self.layout.reached}
        slopes = {name: self.layout.slopes[name].copy() for name in self.layout.reached}
        updates, self._state = self.optimizer.propose(values, slopes, self._state)
        for u in updates:
            self.layout.views[u.name][...] = u.new

    def number(self, value: float) -> Array:
        """A setting as an array, which NumPy takes in faster than Python's own number."""
        found = self._numbers.get(value)
        if found is None:
            if len(self._numbers) > 32:  # a schedule brings new ones for ever
                self._numbers.clear()
            found = self._numbers[value] = np.array(value, self.theta.dtype)
        return found

    def _clipped(self, g: Array) -> Array:
        most, norm = self.optimizer.clip_value, self.optimizer.clip_norm
        if most is not None:
            np.maximum(g, self.number(-most), out=self.a)
            g = np.minimum(self.a, self.number(most), out=self.a)
        if norm is not None:
            share = min(1.0, norm / (float(np.sqrt(g.dot(g))) + 1e-6))
            g = np.multiply(g, np.array(share, g.dtype), self.a)
        return g

    def _pulled(self, g: Array) -> Array:
        o = self.optimizer
        if o.weight_decay and not o._decoupled:
            np.multiply(self.theta, self.number(o.weight_decay), self.b)
            g = np.add(g, self.b, self.a)
        if o.l1:
            np.sign(self.theta, self.b)
            np.multiply(self.b, self.number(o.l1), self.b)
            g = np.add(g, self.b, self.a)
        return g


def _copy(v: Any) -> Any:
    return v.copy() if isinstance(v, np.ndarray) else v


def _form_of(optimizer: Optimizer) -> Form | None:
    """The fast form of a rule; None where the rule, or what is done around it, is not the kit's."""
    own = type(optimizer)
    same = all(getattr(own, name) is getattr(Optimizer, name)
               for name in ("propose", "_clipped", "_pulled"))  # fmt: skip
    return FORMS.get(own.rule) if same else None
