"""Values, slopes and flat zones of activations, beside the same formulas written out here."""

import numpy as np
import pytest
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor
from backprop_kit.study import activations as study
from backprop_kit.study.activations import KNOWN, NeuronGraph, activation, curve, sample

SIGMA = lambda z: 1 / (1 + np.exp(-z))
BY_HAND = {
    "linear": (lambda z: z, np.ones_like),
    "ReLU": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky ReLU": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "sigmoid": (SIGMA, lambda z: SIGMA(z) * (1 - SIGMA(z))),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values_and_slopes_by_hand(name):
    z = np.linspace(-7, 7, 57)
    value, slope = sample(KNOWN[name], z)
    np.testing.assert_allclose(value, BY_HAND[name][0](z), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slope, BY_HAND[name][1](z), rtol=1e-9, atol=1e-14)


def test_where_each_is_saturated_or_dead():
    edge = np.arccosh(10)  # 1/cosh² = 1/100
    ((none, low), (high, end)) = curve(KNOWN["tanh"]).saturated
    assert none is None and end is None and np.allclose([-low, high], edge, atol=1e-9)
    ((_, low), (high, _)) = curve(KNOWN["sigmoid"]).saturated
    assert np.allclose(SIGMA(high) * SIGMA(-high), 0.0025, atol=1e-9) and np.isclose(low, -high)
    assert curve(KNOWN["ReLU"]).dead[0][0] is None
    assert abs(curve(KNOWN["ReLU"]).dead[0][1]) < 1e-9
    for name in ("linear", "leaky ReLU"):
        assert curve(KNOWN[name]).saturated == curve(KNOWN[name]).dead == ()
    assert curve(KNOWN["ReLU"]).saturated == curve(KNOWN["tanh"]).dead == ()


@pytest.mark.parametrize(("thing", "name"), [
    ("tanh", "tanh"), ("ReLU", "ReLU"), ("relu", "ReLU"), ("Leaky_ReLU", "leaky ReLU"),
    (nn.Tanh(), "tanh"), (nn.ReLU(), "ReLU"), (nn.LeakyReLU(), "leaky ReLU"),
    (lambda z: z.tanh(), "tanh"), (nn.LeakyReLU(0.2), "LeakyReLU"), (nn.GELU(), "GELU"),
    (lambda z: z * z, "your function"), ("softplus", "softplus"),
])  # fmt: skip
def test_an_activation_by_name_module_or_function(thing, name):
    found = activation(thing)
    assert found.name == name
    assert activation(found) is found


def test_what_is_no_activation_is_refused():
    with refused(ValueError, "There is no activation 'thanh'", "'tanh'"):
        activation("thanh")
    with refused(TypeError, "got int"):
        activation(3)
    with refused(TypeError, "the class Tanh"):
        activation(nn.Tanh)
    with refused(ValueError, "does not work on each number alone"):
        activation(lambda z: z / z.sum())
    with refused(ValueError, "Softmax does not work on each number alone"):
        activation(nn.Softmax())
    with refused(TypeError, "returned int, not a Tensor"):
        activation(lambda z: 1)


def test_a_constant_has_no_slope_anywhere():
    found = curve(activation(lambda z: z * 0.0 + 1.0))
    assert found.top == 0 and found.saturated == () and found.dead == ((None, None),)


def neuron(b=0.0, name="tanh"):
    return NeuronGraph(tuple(KNOWN.values()), [1.4, -0.2], [1, -1]).at(name, b)


def test_one_neuron_by_hand():
    found = neuron()
    assert np.isclose(found.z, 1.6) and np.isclose(found.h, np.tanh(1.6))
    assert np.isclose(found.slope, 1 - np.tanh(1.6) ** 2)
    assert (round(found.h, 3), round(found.slope, 3)) == (0.922, 0.151)
    for name, h, slope in found.others:
        assert np.isclose(h, BY_HAND[name][0](1.6)) and np.isclose(slope, BY_HAND[name][1](1.6))


def test_its_slopes_fall_as_the_lesson_says():
    graph = NeuronGraph(tuple(KNOWN.values()), [1.4, -0.2], [1, -1])
    slopes = [graph.moved_to("tanh", z).slope for z in (0.0, 1.0, 2.0, 3.0)]
    assert [f"{s:.3g}" for s in slopes] == ["1", "0.42", "0.0707", "0.00987"]
    moved = graph.moved_to("tanh", 4.0).h - graph.moved_to("tanh", 3.0).h
    assert f"{moved:.2g}" == "0.0043"


@pytest.mark.parametrize("z", [-3.0, 0.0, 0.05, 1.6, 4.0])
def test_a_neuron_goes_exactly_where_it_is_taken(z):
    found = NeuronGraph(tuple(KNOWN.values()), [1.4, -0.2], [1, -1]).moved_to("ReLU", z)
    assert abs(found.z - z) < 1e-12 and abs(found.b - (z - 1.6)) < 1e-12
    assert found.zone == ("dead" if z <= 0 else "")


def test_a_move_is_measured_from_where_it_began():
    graph = NeuronGraph(tuple(KNOWN.values()), [1.4, -0.2], [1, -1])
    assert not neuron().moved
    assert graph.moved_to("tanh", 4.0, (3.0, np.tanh(3), 0.0)).moved
    assert not graph.moved_to("tanh", 3.0, (3.0 + 1e-15, 0.9, 0.0)).moved


def test_a_neuron_is_one_replay(monkeypatch):
    graph = NeuronGraph(tuple(KNOWN.values()), [1.4, -0.2], [1, -1])
    calls = []
    real = study.replay_slopes
    monkeypatch.setattr(study, "replay_slopes", lambda *a: calls.append(1) or real(*a))
    graph.at("tanh", 0.3)
    assert len(calls) == 1


def test_the_check_finds_a_rule_that_is_wrong(monkeypatch):
    graph = NeuronGraph(tuple(KNOWN.values()), [1.4, -0.2], [1, -1])
    worst, rows = graph.check(graph.at("tanh", 0.0))
    assert worst < 1e-12 and len(rows) == 5
    op = Tensor(1.0).tanh().node.op
    true = op.vjps
    object.__setattr__(op, "vjps", (lambda g, y, x: g * (1 + y * y),))
    try:
        assert graph.check(graph.at("tanh", 0.0))[0] > 0.1
    finally:
        object.__setattr__(op, "vjps", true)
