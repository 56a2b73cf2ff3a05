"""Small nets for the pictures of sums and bends."""

from __future__ import annotations

from backprop_kit.engine import Tensor
from backprop_kit.nn import Linear, Module, ReLU, Sequential
from backprop_kit.study import board


def bent() -> Sequential:
    """Two neurons whose ReLU takes apart what the stairs' lamp asks, and one cut behind them."""
    model = Sequential(Linear(2, 2), ReLU(), Linear(2, 1))
    model[0].W.data, model[2].W.data = [[1, -0.8], [-0.8, 1]], [[1], [1]]
    model[2].b.data = [-1]
    return model


def straight() -> Sequential:
    """The lamp's weights without a bend between them, and with biases."""
    lamp, *_ = board("stairs")
    model = Sequential(Linear(2, 3), Linear(3, 1))
    model[0].W.data, model[1].W.data = lamp[0].W.data, lamp[2].W.data
    model[0].b.data, model[1].b.data = [0.5, -0.2, 0.1], [0.3]
    return model


class Skip(Module):
    """tanh(x W + b) + x, which stays one closed block."""

    def __init__(self) -> None:
        self.a = Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x).tanh() + x
