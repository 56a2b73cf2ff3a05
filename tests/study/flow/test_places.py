"""Layers are found by what they compute, whatever they were written as."""

from __future__ import annotations

import numpy as np

from backprop_kit.engine import Tensor, ops
from backprop_kit.nn import (
    BatchNorm,
    Linear,
    Module,
    MSELoss,
    Parameter,
    Sequential,
    SquaredError,
    Tanh,
    normal,
)
from backprop_kit.study.flow.gradient_flow import gradient_flow

RNG = np.random.default_rng(8)


def delta_by_bias(model, x, y, bias):
    """∂L/∂b on one sample is δ; by a step in NumPy's numbers, with the kit only evaluated."""
    found = np.empty(bias.shape)
    start = bias.data
    for i in range(bias.data.size):
        by = np.zeros(bias.shape)
        by[i] = 1e-6
        values = []
        for sign in (1, -1):
            bias.data = start + sign * by
            values.append(0.5 * ((model(x).data - y) ** 2).sum())
        found[i] = (values[0] - values[1]) / 2e-6
    bias.data = start
    return found


class Cell(Module):
    """h ← tanh(x U + h V + b), read out at the end; written without any Linear."""

    def __init__(self, n_in, n):
        self.U = Parameter((n_in, n), normal(0.5))
        self.V = Parameter((n, n), normal(0.5))
        self.b = Parameter((n,), normal(0.1))
        self.out = Linear(n, 1)

    def forward(self, x):
        h = np.zeros((x.shape[0], self.V.shape[0]))
        for t in range(x.shape[1]):
            h = ops.tanh(x[:, t] @ self.U + h @ self.V + self.b)
        return self.out(h)


def test_a_recurrent_net_has_a_layer_for_each_moment():
    model = Cell(2, 3)
    x, y = RNG.normal(size=(4, 5, 2)), RNG.normal(size=(4, 1))
    flow = gradient_flow(model, (x, y), SquaredError())
    assert len(flow.layers) == 6 and [m.use for m in flow.layers] == [1, 2, 3, 4, 5, 0]
    assert flow.chain == (0, 1, 2, 3, 4)
    U, V, b = (p.data for p in (model.U, model.V, model.b))
    h, hs = np.zeros((4, 3)), []
    for t in range(5):
        h = np.tanh(x[:, t] @ U + h @ V + b)
        hs.append(h)
    g = (h @ model.out.W.data + model.out.b.data - y) @ model.out.W.data.T
    total = np.zeros_like(V)
    for t in range(4, -1, -1):
        delta = g * (1 - hs[t] ** 2)
        assert np.allclose(flow.layers[t].delta, delta, rtol=1e-11, atol=1e-15)
        assert np.allclose(flow.layers[t].h, hs[t], rtol=1e-12)
        through = (hs[t - 1] if t else np.zeros((4, 3))).T @ delta
        assert np.allclose(flow.layers[t].through, through, rtol=1e-10, atol=1e-15)
        total += through
        g = delta @ V.T
    assert np.allclose(flow.weights["V"].slope, total, rtol=1e-11)
    assert [w.path for w in flow.layers[0].weights] == ["U", "V", "b"]
    for c in flow.crossings:
        assert abs(c.sum - c.measured) < 1e-12 and {p.kind for p in c.parts} == {"weights", "slope"}


def test_a_plain_function_of_tensors_has_layers():
    A, B = Tensor(RNG.normal(size=(3, 4)), name="A"), Tensor(RNG.normal(size=(4, 1)), name="B")
    x, y = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 1))
    flow = gradient_flow(lambda v: (v @ A).tanh() @ B, (x, y), SquaredError())
    assert [m.path for m in flow.layers] == ["A", "B"]
    h = np.tanh(x @ A.data)
    true = (h @ B.data - y) @ B.data.T * (1 - h**2)
    assert np.allclose(flow.layers[0].delta, true, rtol=1e-12)


def test_branches_side_by_side_are_no_crossing_of_each_other():
    class Two(Module):
        def __init__(self):
            self.a, self.b, self.out = Linear(3, 2), Linear(3, 2), Linear(4, 1)

        def forward(self, x):
            return self.out(ops.concatenate([ops.tanh(self.a(x)), ops.sigmoid(self.b(x))], axis=-1))

    model = Two()
    model.draw()
    x, y = RNG.normal(size=(1, 3)), RNG.normal(size=(1, 1))
    flow = gradient_flow(model, (x, y), SquaredError())
    assert [(c.below, c.above) for c in flow.crossings] == [(0, 2), (1, 2)]
    for layer, bias in zip(flow.layers, (model.a.b, model.b.b), strict=False):
        assert np.allclose(layer.delta[0], delta_by_bias(model, x, y, bias), rtol=1e-6)
    for c in flow.crossings:
        assert abs(c.sum - c.measured) < 1e-12


def test_shared_weights_tell_their_uses_apart():
    one = Linear(2, 2)
    model = Sequential(one, Tanh(), one, Tanh(), Linear(2, 1))
    flow = gradient_flow(model, (RNG.normal(size=(3, 2)), RNG.normal(size=(3, 1))))
    first, second, _ = flow.layers
    assert (first.use, second.use) == (1, 2) and first.path == second.path == "0"
    assert np.allclose(first.through + second.through, flow.weights["0.W"].slope, rtol=1e-12)


def test_norm_and_bend_stand_in_the_order_they_were_written():
    for pieces, h_is_tanh in (((BatchNorm(3), Tanh()), True), ((Tanh(), BatchNorm(3)), False)):
        model = Sequential(Linear(2, 3), *pieces, Linear(3, 1))
        x, y = RNG.normal(size=(6, 2)), RNG.normal(size=(6, 1))
        layer = gradient_flow(model, (x, y)).layers[0]
        z = x @ model[0].W.data + model[0].b.data
        normal_z = (z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5)
        assert np.allclose(layer.z, z) and layer.bend.name == "tanh"
        assert np.allclose(layer.h, np.tanh(normal_z) if h_is_tanh else np.tanh(z))


def test_a_matrix_made_of_parameters_is_a_matrix_of_weights():
    """W = A B, and a masked one: the weights' own making is no layer."""
    A, B = Tensor(RNG.normal(size=(3, 2)), name="A"), Tensor(RNG.normal(size=(2, 4)), name="B")
    C = Tensor(RNG.normal(size=(4, 1)), name="C")
    mask = np.array([[1.0], [0.0], [1.0], [1.0]])
    x, y = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 1))
    flow = gradient_flow(lambda v: (v @ (A @ B)).tanh() @ (C * mask), (x, y), MSELoss())
    assert [{w.path for w in m.weights} for m in flow.layers] == [{"A", "B"}, {"C"}]
    h = np.tanh(x @ A.data @ B.data)
    delta = 2 / 5 * (h @ (C.data * mask) - y) @ (C.data * mask).T * (1 - h**2)
    assert np.allclose(flow.layers[0].delta, delta, rtol=1e-11)
    assert np.allclose(flow.layers[0].through, x.T @ delta, rtol=1e-11)
