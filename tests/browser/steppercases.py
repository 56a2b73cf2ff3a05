"""The nets that the browser test of the stepper walks: imported by the test and in the kernel."""

from __future__ import annotations

import numpy as np
from nets import Skip

from backprop_kit.engine import Tensor, ops
from backprop_kit.nn import Linear, Sequential, Tanh


def skip_net():
    """x → linear → tanh → x + f(x) → linear: the block in the middle stays closed."""
    net = Sequential(Linear(2, 3), Tanh(), Skip(Sequential(Linear(3, 3), Tanh())), Linear(3, 2))
    return net.reset(4), np.array([[0.8, -1.3]]), np.array([[0.5, -0.5]])


def plain_function():
    """Not a module: a function with numbers of its own."""
    rng = np.random.default_rng(6)
    W, V = Tensor(rng.normal(size=(2, 3)), "W"), Tensor(rng.normal(size=(3, 1)), "V")

    def net(x):
        return ops.tanh(x @ W) @ V

    return net, np.array([[1.5, -0.4]]), np.array([[0.7]])


def thirty_two():
    """A batch of 32."""
    rng = np.random.default_rng(8)
    net = Sequential(Linear(2, 4), Tanh(), Linear(4, 3)).reset(2)
    return net, rng.normal(size=(32, 2)), rng.integers(0, 3, 32)


def small_batch():
    """Three samples: few enough for printed numbers."""
    net = Sequential(Linear(2, 2), Tanh(), Linear(2, 1)).reset(3)
    return net, np.array([[1.0, 0.5], [-1.0, 2.0], [0.3, -0.7]]), np.array([[1.0], [0.0], [0.5]])


CASES = {f.__name__: f for f in (skip_net, plain_function, thirty_two, small_batch)}
RATE = 0.1
