"""Optimizers: rules that turn slopes into new numbers. They hold no parameters.

`propose` is pure: numbers in, proposals out. Only `step(model)` moves a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from backprop_kit.engine.trace import Update
from backprop_kit.nn.module import Module


class Optimizer:
    """The base of the optimizers: `propose` decides, `step` moves."""

    lr: float

    def __init__(self) -> None:
        self._states: WeakKeyDictionary[Module, Any] = WeakKeyDictionary()

    def propose(
        self, parameters: Mapping[str, np.ndarray], grads: Mapping[str, np.ndarray],
        state: Any = None,
    ) -> tuple[list[Update], Any]:  # fmt: skip
        """What the rule would do: ([Update(name, old, new, formula)], the state after it).

        parameters, grads  {name: array}; a parameter without a slope is left out
        """
        raise TypeError(f"{type(self).__name__} has no propose().\nDefine it in the subclass.")

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


class SGD(Optimizer):
    """Gradient descent:  v ← α v + g,  w ← w − η v.

    lr        η, the step size, above 0
    momentum  α between 0 and 1 (0: plain descent, w ← w − η g)
    """

    def __init__(self, lr: float, momentum: float = 0.0) -> None:
        super().__init__()
        if not isinstance(lr, (int, float, np.floating)) or not 0 < lr < inf:
            raise ValueError(f"The step size is {lr!r}; it must be above 0.\nTry SGD(0.1).")
        if not isinstance(momentum, (int, float, np.floating)) or not 0 <= momentum < 1:
            raise ValueError(
                f"Momentum is {momentum!r}; it must be at least 0 and below 1.\nTry 0.9, or 0."
            )
        self.lr, self.momentum = float(lr), float(momentum)

    def propose(
        self, parameters: Mapping[str, np.ndarray], grads: Mapping[str, np.ndarray],
        state: Mapping[str, np.ndarray] | None = None,
    ) -> tuple[list[Update], dict[str, np.ndarray]]:  # fmt: skip
        updates, after = [], dict(state or {})
        for name, old in parameters.items():
            if name not in grads:
                continue
            move = grads[name]
            if self.momentum:
                move = move + self.momentum * after[name] if name in after else move
                after[name] = move
            rule = "w − η v,  v = α v + g" if self.momentum else "w − η g"
            updates.append(Update(name, old, old - self.lr * move, rule))
        return updates, after

    def __repr__(self) -> str:
        extra = f", momentum={self.momentum:g}" if self.momentum else ""
        return f"SGD({self.lr:g}{extra})"
