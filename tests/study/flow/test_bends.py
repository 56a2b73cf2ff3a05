"""Activations in their place: shares of zero, dead and saturated are NumPy's counts."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from deepnumpy import walk

from backprop_kit.engine import ops
from backprop_kit.nn import Linear, Module, Parameter, ReLU, Sequential, Softmax, normal
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.flow.gradient_flow import gradient_flow


def test_zero_dead_and_saturated_are_counted():
    flow = gradient_flow(*deep("relu", "he"))
    true = walk("relu", np.sqrt(2))
    for layer, h in zip(flow.layers, true.h, strict=False):
        assert layer.zero == (h == 0).mean()
        assert layer.dead == (h == 0).all(axis=0).mean()
        assert layer.saturated == 0  # off is not saturated
    assert flow.layers[15].dead == 21 / 64
    far = gradient_flow(*deep("tanh", 3))
    sums = walk("tanh", 3.0).z
    for layer, z in zip(far.layers, sums, strict=False):
        slope = 1 - np.tanh(z) ** 2
        assert layer.saturated == pytest.approx((slope < 0.01).mean(), abs=1e-12)
        assert layer.mean_slope == pytest.approx(slope.mean(), rel=1e-10)
        assert layer.dead == 0 and layer.zero == 0
    read_out = far.layers[-1]
    assert read_out.bend.name == "" and read_out.saturated == 0 and read_out.mean_slope == 1


def test_saturation_is_measured_against_the_largest_slope_anywhere():
    """Stretched by four the same sums are no less saturated; a leaky unit is never off."""
    plain = gradient_flow(*deep("sigmoid", 30, layers=3))
    flat = [float((np.abs(_sigma_slope(z)) < 0.0025).mean()) for z in walk("sigmoid", 30.0).z[:3]]
    assert [m.saturated for m in plain.layers[:3]] == pytest.approx(flat, abs=1e-12)
    assert plain.layers[0].bend.top == pytest.approx(0.25, rel=1e-12)
    leaky = gradient_flow(*deep("leaky relu", 1, layers=2, width=4))
    assert leaky.layers[0].dead == 0 and leaky.layers[0].bend.top == 1
    swish = gradient_flow(*deep(lambda z: z * z.sigmoid(), 1, layers=2, width=4))
    at = np.linspace(-7, 7, 561)
    s = 1 / (1 + np.exp(-at))
    assert swish.layers[0].bend.top == pytest.approx((s + at * s * (1 - s)).max(), rel=1e-12)


def _sigma_slope(z):
    s = 1 / (1 + np.exp(-z))
    return s * (1 - s)


def test_relu_is_a_function_of_where_it_is_on():
    """The slope at 0 itself is 0, in the kit and in the count."""
    model = Sequential(Linear(1, 2, bias=False), ReLU(), Linear(2, 1, bias=False))
    model[0].W.data = [[0.0, 1.0]]
    flow = gradient_flow(model, ([[1.0], [2.0]], [[0.0], [0.0]]))
    assert flow.layers[0].dead == 0.5 and flow.layers[0].zero == 0.5


def test_where_numbers_are_mixed_there_are_no_shares():
    model = Sequential(Linear(2, 3), Softmax(), Linear(3, 1))
    (layer, _) = gradient_flow(model, ([[1.0, 2.0]], [[0.5]])).layers
    assert layer.bend.name == "" and layer.saturated == 0  # a softmax is no bend: h is z
    assert np.array_equal(layer.h, layer.z)


def test_a_slope_of_its_own_in_every_unit_is_measured_on_the_batch():
    class Steep(Module):
        def __init__(self):
            self.by = Parameter((3,), normal(1))

        def forward(self, x):
            return ops.tanh(x * self.by)

    model = Sequential(Linear(2, 3), Steep(), Linear(3, 1))
    model.draw()
    x = np.random.default_rng(2).normal(size=(9, 2))
    layer = gradient_flow(model, (x, np.zeros((9, 1)))).layers[0]
    by = model[1].by.data
    slope = np.abs(by * (1 - np.tanh(layer.z * by) ** 2))
    assert layer.bend.top == pytest.approx(slope.max(), rel=1e-12)
    assert layer.mean_slope == pytest.approx(slope.mean(), rel=1e-12)
    assert not isnan(layer.saturated)
