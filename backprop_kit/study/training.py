"""Training in its smallest form, and what a step promises.

`train` plain descent on all samples at once · `accuracy` the share right, `missed` the rows that
are not · `forecast` what the slopes promise for a step beside what it delivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from backprop_kit.engine.replay import replay
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import SGD, Module, default_loss
from backprop_kit.study.passes import checked_sample, fitted, output_of, record_pass


def train(model: Module, data: Any, lr: float, rounds: int) -> Module:
    """A new model, trained by plain descent on the mean loss of all samples; `model` stays.

    data    a Data or a pair (x, y)
    lr      the step size
    rounds  how many updates

    Raises ValueError or TypeError, in two lines, for input that does not fit or is not finite.
    """
    if not isinstance(model, Module):
        raise TypeError(
            f"Only a module can be trained; this is {type(model).__name__}.\n"
            "Pass a model such as Sequential(Linear(2, 3), Tanh())."
        )
    if not isinstance(rounds, (int, np.integer)) or rounds < 0:
        raise ValueError(
            f"rounds is {rounds!r}; it counts updates.\nGive a whole number, 0 or more."
        )
    x, y = checked_sample(*_pair(data))
    pupil = model.copy()
    optimizer, loss = SGD(lr), default_loss(model, y)
    for _ in range(rounds):
        pupil.zero_grad()
        output = pupil(x)
        loss(output, fitted(y, output)).backward()
        optimizer.step(pupil)
    pupil.zero_grad()
    return pupil


def accuracy(model: Module, data: Any) -> float:
    """The share of samples answered right, between 0 and 1.

    One output: right means on the target's side of the middle (of 0.5 for 0/1 targets, of 0 for
    ±1). Several outputs: right means the largest is where the target is. The model answers as in
    `model.eval()`: nothing is dropped at random.

    Raises ValueError or TypeError, in two lines, for input that does not fit or is not finite.
    """
    return float(_right(model, data).mean())


def missed(model: Module, data: Any) -> np.ndarray:
    """The rows of the samples that are not answered right, counted from 0, as `accuracy` judges."""
    return np.asarray(np.flatnonzero(~_right(model, data)))


def _right(model: Module, data: Any) -> np.ndarray:
    """For each answer, whether it is right."""
    x, y = checked_sample(*_pair(data))
    with _in_use(model):
        output = output_of(model, Tensor(x, requires_grad=False))
    said, y = output.data, fitted(y, output)
    if said.ndim > 1 and said.shape[-1] > 1:
        return np.asarray(said.argmax(-1) == _classes(y, said))
    if y.shape != said.shape:
        raise ValueError(
            f"Output of shape {said.shape} does not fit targets of shape {y.shape}.\n"
            "Give one target for each sample."
        )
    middle = 0.0 if y.min() < 0 else 0.5
    return np.asarray(((said > middle) == (y > middle)).reshape(len(x), -1).all(axis=1))


@contextmanager
def _in_use(model: Any) -> Iterator[None]:
    """Every module in eval mode, and afterwards in the mode that it had."""
    modes = {m: m.training for m in model.modules()} if isinstance(model, Module) else {}
    try:
        for m in modes:
            m.training = False
        yield
    finally:
        for m, mode in modes.items():
            m.training = mode


def _classes(y: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Which of several outputs is right: a label, or the largest of a row of targets."""
    if y.shape == said.shape:
        return np.asarray(y.argmax(-1))
    n = said.shape[-1]
    if y.shape != said.shape[:-1] or not np.isin(y, np.arange(n)).all():
        raise ValueError(
            f"Targets of shape {y.shape} do not say which of the {n} outputs is right.\n"
            f"Give one whole number from 0 to {n - 1} for each sample."
        )
    return y


def _pair(data: Any) -> tuple[Any, Any]:
    try:
        x, y = data
    except (TypeError, ValueError):
        raise TypeError(
            f"data is {type(data).__name__}; it must be samples and their targets.\n"
            "Pass a Data such as digits(), or a pair (x, y)."
        ) from None
    return x, y


@dataclass(frozen=True)
class Forecast:
    """For each step size: the fall of the loss that the slopes promise, and the true one."""

    rates: tuple[float, ...]
    promised: tuple[float, ...]
    true: tuple[float, ...]

    def __iter__(self) -> Iterator[tuple[float, float, float]]:
        return iter(zip(self.rates, self.promised, self.true, strict=True))

    def __repr__(self) -> str:
        head = f"{'step':>6}{'forecast':>10}{'true':>10}"
        rows = [f"{r:>6g}{_three(p):>10}{_three(t):>10}" for r, p, t in self]
        return "\n".join([head, *rows])


def _three(v: float) -> str:
    """Three significant digits with a true minus."""
    return f"{v:#.3g}".rstrip(".").replace("-", "−")


def forecast(model: Module, x: Any, y: Any, rates: Iterable[float]) -> Forecast:
    """What one step of each size is forecast to take off the loss, and what it does.

    The forecast is step × sum of the squared slopes: a straight line laid along a curve.
    The model is not changed.

    Raises ValueError or TypeError, in two lines, for input that does not fit or is not finite.
    """
    rates = _steps(rates)
    recorded = record_pass(model, x, y)
    trace = recorded.trace
    leaves = {n: trace.grads[n] for n in trace.names}
    squares = sum(float((g * g).sum()) for g in leaves.values())
    steps = np.array(rates)
    moved = {n: n.value - steps.reshape((-1,) + (1,) * n.value.ndim) * g for n, g in leaves.items()}
    after = replay(trace.loss, moved)
    before = float(trace.loss.value)
    return Forecast(
        rates,
        tuple(float(s * squares) for s in steps),
        tuple(before - float(a) for a in after),
    )


def _steps(rates: Any) -> tuple[float, ...]:
    try:
        steps = tuple(float(r) for r in rates)
    except (TypeError, ValueError):
        steps = ()
    if not steps or not all(map(isfinite, steps)):
        raise ValueError(
            f"rates is {rates!r}; it must list step sizes.\n"
            "Give finite numbers, such as [0.01, 0.1]."
        )
    return steps
