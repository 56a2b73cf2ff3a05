"""One whole pass of a model over a sample or a batch, recorded and taken apart.

`record_pass` runs forward, loss, backward and a proposed update, and changes nothing ·
`Pass` the record · `Link` one piece of the chain from input to output · `nudge` turns one number
and measures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from backprop_kit.engine.chance import looking
from backprop_kit.engine.replay import replay
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Optimizer, Trace
from backprop_kit.nn import Loss, Module, default_loss
from backprop_kit.study.chain import Link, links_between
from backprop_kit.study.samples import finite, in_rows


class Nudge(NamedTuple):
    """One number turned a little: what its slope promises and what the loss really does."""

    value: float
    slope: float
    by: float
    promised: float
    measured: float


@dataclass(frozen=True, eq=False)
class Pass:
    """A recorded pass.

    x, y    the input and the target as they stand on the tape
    output  what the model returned; `links` lead from x to `result`, the value the loss looks at
            (the probabilities, where the loss computes them itself)
    loss    the loss used, unfused; optimizer: the rule of the update, None if there is none
    """

    model: Any
    trace: Trace
    x: Node
    y: Node
    output: Node
    loss: Loss
    optimizer: Optimizer | None
    links: tuple[Link, ...] = field(default=())

    @property
    def result(self) -> Node:
        return self.links[-1].result

    @cached_property
    def parameters(self) -> dict[str, Node]:
        """{path: leaf} of everything that an update moves."""
        return {name: n for n, name in self.trace.names.items()}

    @cached_property
    def forecast(self) -> dict[str, np.ndarray]:
        """The fall of the loss that each number's slope promises for its own move: g · (old − new),
        which is step × slope² in plain descent."""
        return {u.name: self.trace.grads[n] * (u.old - u.new) for n, u in self.trace.updates}

    @property
    def fall(self) -> float:
        """By how much the loss really falls."""
        root = self.trace.loss
        return float((root.value - self.trace.again[root]).reshape(()))

    @cached_property
    def moved(self) -> tuple[int, int, int]:
        """How many numbers go up, go down, and stay."""
        up = sum(int((u.new > u.old).sum()) for _, u in self.trace.updates)
        down = sum(int((u.new < u.old).sum()) for _, u in self.trace.updates)
        return up, down, sum(u.old.size for _, u in self.trace.updates) - up - down

    def places(self) -> dict[str, Node]:
        """Everything whose slope is shown by name: each parameter, and δ at the sums of a layer."""
        links = [m for m in self.links if m.source is not self.x or m.kind != "activation"]
        sums = [m.source for m in links if m.kind == "activation"]
        if self.links[-1].kind == "linear":
            sums.append(self.result)
        deltas = {f"δ{i}": n for i, n in enumerate(sums, 1) if n in self.trace.grads}
        return {**self.parameters, **deltas}

    def after(self, x: Any) -> np.ndarray:
        """What the updated model returns for other inputs; same number of axes as x had.

        Raises ValueError or TypeError, in two lines, for inputs that do not fit or are not finite.
        """
        x = _numbers("X", x).astype(float)
        rows = x[None] if x.ndim == self.x.value.ndim - 1 else x
        if rows.shape[1:] != self.x.value.shape[1:] or not rows.size:
            raise ValueError(
                f"X has shape {x.shape}; the model was recorded with {self.x.value.shape}.\n"
                "Give rows of the same length, one a sample."
            )
        leaves = {n: u.new for n, u in self.trace.updates}
        out = replay(self.output, {self.x: rows, **leaves})
        return out[0] if rows is not x else out


def record_pass(
    model: Module | Callable[[Tensor], Tensor],
    x: Any,
    y: Any,
    loss: Loss | None = None,
    optimizer: Optimizer | None = None,
) -> Pass:
    """Record one pass: forward, loss, backward, and the update an optimizer would make.

    model  a Module, or a plain function of a Tensor
    x, y   one sample or a batch (one row a sample); labels are whole numbers
    loss   None: the one that follows from y and the last module

    Raises ValueError or TypeError, in two lines, for input that does not fit or is not finite.
    """
    _checked_rules(loss, optimizer)
    x, y = checked_sample(x, y)
    given = Tensor(x, requires_grad=False)
    output = output_of(model, given)
    loss = default_loss(model, y) if loss is None else loss
    target = Tensor(fitted(y, output), requires_grad=False)
    value = loss.recorded(output, target)
    if not value.requires_grad:
        raise ValueError(
            "The model has no parameter, so there is nothing a slope could move.\n"
            "Give it a layer, such as Linear, or wrap a number: Tensor(2.0)."
        )
    trace = Trace.of(value, optimizer)
    links = links_between(given.node, output.node, trace)
    return Pass(model, trace, given.node, target.node, output.node, loss, optimizer, links)


def output_of(model: Any, x: Tensor) -> Tensor:
    """What a model says to x. The model stays as it is: no running mean moves, and a mask is that
    of the moment that is open, else the one that would come next.

    Raises TypeError when it cannot be called, or does not return a Tensor.
    """
    if not callable(model) or isinstance(model, type):
        raise TypeError(
            f"The model is {_named(model)}; it must be a module or a function.\n"
            "Pass a model such as Sequential(Linear(2, 3), Tanh())."
        )
    with looking():
        output = model(x)
    if not isinstance(output, Tensor):
        raise TypeError(
            f"The model returned {type(output).__name__}, not a Tensor.\n"
            "Compute with Tensors all the way, so that slopes can go back."
        )
    return output


def fitted(y: np.ndarray, output: Tensor) -> np.ndarray:
    """Targets given as one number a sample, as the column that a single output is."""
    one_each = y.ndim == output.ndim - 1 and y.size == output.size
    return y.reshape(output.shape) if one_each else y


def _checked_rules(loss: Any, optimizer: Any) -> None:
    if loss is not None and not isinstance(loss, Loss):
        raise TypeError(
            f"The loss is {_named(loss)}; it must be a loss of the kit.\n"
            "Pass one such as MSELoss(), or None for the one that fits."
        )
    if optimizer is not None and (isinstance(optimizer, type) or not hasattr(optimizer, "propose")):
        raise TypeError(
            f"The optimizer is {_named(optimizer)}; it must be a rule with a step size.\n"
            "Pass SGD(0.1), or None for a pass without an update."
        )


def _named(thing: Any) -> str:
    return f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__


def nudge(recorded: Pass, name: str, index: int, by: float = 0.01) -> Nudge:
    """Turn one number of a parameter up a little and measure what the loss does.

    name, index  the parameter's path and the place in it, counted flat from 0
    """
    leaf, trace = recorded.parameters[name], recorded.trace
    flat = leaf.value.reshape(-1).copy()
    value, slope = float(flat[index]), float(trace.grads[leaf].reshape(-1)[index])
    flat[index] += by
    after = replay(trace.loss, {leaf: flat.reshape(leaf.value.shape)})
    change = float((after - trace.loss.value).reshape(()))
    return Nudge(value, slope, by, slope * by, change)


def checked_sample(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """x and y as arrays with one row a sample; a single sample becomes one row.

    Raises ValueError when they are empty, not finite, or differ in length; TypeError when they
    are not numbers.
    """
    x, y = _numbers("x", x), _numbers("y", y)
    if x.ndim == 0:
        x, y = x[None, None], y[None]
    elif x.ndim == 1:
        x, y = x[None], y[None]
    if len(x) != (len(y) if y.ndim else 0):
        raise ValueError(
            f"x has {len(x)} samples and y has {len(y) if y.ndim else 'no rows'}.\n"
            "Both need one row for each sample."
        )
    if not x.size:
        raise ValueError(f"x is empty (shape {x.shape}).\nGive at least one sample.")
    return x, y


def _numbers(name: str, values: Any) -> np.ndarray:
    advice = "Give a NumPy array, or a list such as [[1, -1], [0, 1]]."
    array = in_rows(name, values, advice)
    return finite(name, array, "Clean the data first: every entry must be finite.")
