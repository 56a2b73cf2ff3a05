"""The first number that is none is found where it arises, with what went in."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest

from backprop_kit.engine import Tensor, ops
from backprop_kit.nn import SGD, BCELoss, Function, Linear, MSELoss, Sequential, Sigmoid, Tanh
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.flow.gradient_flow import gradient_flow


def test_an_overflow_is_an_event_and_no_warning():
    model, batch = deep("relu", 1e30, layers=20, dtype="float64")
    flow = gradient_flow(model, batch, optimizer=SGD(0.1))
    (event,) = flow.events
    assert (event.phase, event.what, event.op) == ("forward", "overflow", "matmul")
    sizes = []
    h = batch[0]
    with np.errstate(all="ignore"):
        for W in list(model)[:-1:2]:
            h = np.maximum(h @ W.W.data, 0)
            sizes.append(np.isfinite(h).all())
    assert event.layer == sizes.index(False) and event.where == str(2 * event.layer)
    assert np.isfinite(event.high)
    assert flow.budget.state == "not finite" and isnan(flow.budget.measured)
    for layer in flow.layers:  # every number can be asked for
        _ = (layer.rms, layer.spread, layer.zero, layer.dead, layer.saturated, layer.mean_slope)
        _ = (layer.delta_size, layer.delta_zero, layer.gradient_size, layer.weights[0].moved)
    _ = (flow.spread, flow.delta_ratio, flow.gradient_ratio, flow.value)


def test_a_slope_that_vanishes_for_good_is_zero_and_said():
    flow = gradient_flow(*deep("sigmoid", 0.01, "float32", layers=60))
    assert not flow.events
    assert flow.layers[0].delta_zero == 1 and flow.budget.state == "zero"
    at = flow.budget.where
    assert flow.layers[at].delta_size == 0 and flow.layers[at + 1].delta_size > 0


def test_an_exponential_that_is_too_large_is_named_with_its_sum():
    model = Sequential(Linear(1, 1), Tanh(), Linear(1, 2), Function(ops.exp), Linear(2, 1))
    model.draw()
    model[2].W.data, model[2].b.data = [[0.0, 0.0]], [5.0, 710.0]
    flow = gradient_flow(model, ([[1.0], [2.0]], [[0.0], [0.0]]))
    (e,) = flow.events
    assert (e.phase, e.what, e.op, e.where, e.layer) == ("forward", "overflow", "exp", "3", 1)
    assert (e.count, e.of, e.low, e.high) == (2, 4, 5.0, 710.0)


def test_a_logarithm_of_what_is_below_zero_is_undefined():
    model = Sequential(Linear(1, 1), Function(lambda v: v.log()))
    model[0].W.data, model[0].b.data = [[1.0]], [0.0]
    (e,) = gradient_flow(model, ([[1.0], [-2.0]], [[0.0], [0.0]]), MSELoss()).events
    assert (e.what, e.op, e.count, e.low) == ("undefined", "log", 1, -2.0)


def test_a_loss_can_be_the_place():
    model = Linear(1, 1)
    model.W.data = [[1e200]]
    (e,) = gradient_flow(model, ([[1.0]], [[0.0]]), MSELoss()).events
    assert (e.phase, e.op, e.where, e.layer) == ("forward", "power", "loss", None)


def test_numbers_that_were_none_at_the_start():
    model = Sequential(Linear(1, 2), Tanh(), Linear(2, 1))
    model.draw()
    model[2].W.data = [[inf], [1.0]]
    (e,) = gradient_flow(model, ([[1.0]], [[0.0]]), optimizer=SGD(0.1)).events
    assert (e.phase, e.what, e.where, e.layer, e.count) == ("start", "overflow", "2.W", 1, 1)


def test_a_slope_that_overflows_where_no_value_does():
    """√z at z = 0 is 0, its slope infinite."""
    model = Sequential(Linear(1, 1, bias=False), Function(ops.sqrt), Linear(1, 1))
    model[0].W.data, model[2].W.data = [[0.0]], [[1.0]]
    (e,) = gradient_flow(model, ([[1.0]], [[3.0]])).events
    assert (e.phase, e.what, e.op, e.where, e.layer) == ("backward", "overflow", "sqrt", "1", 0)


def test_finite_parts_with_a_sum_that_is_none():
    W = Tensor(np.array([[0.1]]), name="W")
    twice = lambda output, target: (output * 1e308).sum() + (output * 1e308).sum()
    flow = gradient_flow(lambda v: v @ W, ([[1.0]], [[0.0]]), twice)
    (e,) = flow.events
    assert (e.phase, e.what, e.op, e.layer, e.high) == ("backward", "overflow", "add", 0, 1e308)
    assert flow.value == pytest.approx(2e307)


@pytest.mark.parametrize("far", [40.0, 800.0])
def test_a_probability_that_reaches_its_end_is_no_event(far):
    model = Sequential(Linear(1, 1), Sigmoid())
    model[0].W.data = [[far]]
    flow = gradient_flow(model, ([[1.0], [-1.0]], [[1.0], [0.0]]), BCELoss())
    assert flow.events == () and not isnan(flow.value)
