"""How much a recorded step asks of NumPy and of Python: counted, so that it stays low."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counting import numpy_calls

from backprop_kit import nn
from backprop_kit.engine import Tensor


def a_step(sizes: tuple[int, int, int], batch: int, labels: bool) -> Callable[[], None]:
    """Forward, loss, backward and SGD for two layers with tanh between them."""
    n_in, hidden, n_out = sizes
    model = nn.Sequential(nn.Linear(n_in, hidden), nn.Tanh(), nn.Linear(hidden, n_out))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, n_in))
    y = rng.integers(0, n_out, batch) if labels else rng.normal(size=(batch, n_out))
    loss, sgd = nn.CrossEntropyLoss() if labels else nn.SquaredError(), nn.SGD(0.1)

    def step() -> None:
        model.zero_grad()
        loss(model(x), y).backward()
        sgd.step(model)

    return step


# (arithmetic and array functions, flags that seal an array): measured, and a little room.
STEPS = {
    "xor": (((2, 4, 1), 4, False), 40, 26),
    "digits": (((64, 32, 10), 32, True), 63, 24),
}


@pytest.mark.parametrize("name", STEPS)
def test_numpy_calls_of_a_recorded_step_stay_low(name):
    net, arithmetic, flags = STEPS[name]
    calls = numpy_calls(a_step(*net))
    assert calls["matmul"] == 5  # two forward, three back: none towards the data
    assert calls["tanh"] == 1
    seals = calls.pop("setflags")
    assert seals <= flags, calls
    assert sum(calls.values()) <= arithmetic, calls


def python_calls(work: Callable[[], object]) -> int:
    """The Python functions entered in a second run."""
    work()
    count = 0

    def profiler(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profiler)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_python_calls_of_a_recorded_step_stay_low():
    assert python_calls(a_step((2, 4, 1), 4, False)) <= 660


def test_the_work_grows_in_step_with_the_net():
    def deep(layers: int) -> Callable[[], None]:
        model = nn.Sequential(*[nn.Linear(3, 3) for _ in range(layers)])
        return lambda: model(np.ones((2, 3))).sum().backward()

    few, many = python_calls(deep(5)), python_calls(deep(50))
    assert many < 10 * few


def test_a_hook_nobody_registered_costs_nothing():
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1))
    loss = model(Tensor(np.ones((2, 3)))).sum()

    def back(hooks: bool) -> Callable[[], None]:
        from backprop_kit.engine import backward_steps

        return lambda: [*backward_steps(loss, hooks=hooks)]

    # One look at the calls, and no more for each part.
    assert python_calls(back(True)) - python_calls(back(False)) <= 2 + len(loss.node.inputs) + 12
