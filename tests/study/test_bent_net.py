"""A whole small net without and with its bend, beside plain NumPy."""

import numpy as np
import pytest
from bentnets import Skip, bent, straight
from refusal import refused
from replays import counted_replays

from backprop_kit import data
from backprop_kit.nn import Linear, Sequential, Sigmoid, Tanh
from backprop_kit.study import bent_net, board
from backprop_kit.study.activations import KNOWN
from backprop_kit.study.bent_net import NetGraph

X = data.stairs().x
GROUPS = {"on": (0, 1), "off": (2, 3)}


def test_two_sums_that_stay_equal_and_differ_with_a_bend():
    graph = NetGraph(straight(), X, GROUPS)
    found = graph.at(graph.numbers)
    assert found.size == 13 and found.act.name == "tanh" and found.names == ("h_1", "h_2", "h_3")
    W1, b1 = np.array([[1.4, 0.3, -1.2], [-0.2, -0.3, -0.2]]), np.array([0.5, -0.2, 0.1])
    W2, b2 = np.array([0.6, -1.3, 1.0]), 0.3
    np.testing.assert_allclose(found.outputs[0], (X @ W1 + b1) @ W2 + b2)
    np.testing.assert_allclose(found.outputs[1], np.tanh(X @ W1 + b1) @ W2 + b2)
    assert [round(v, 2) for v in found.sums(0).values()] == [1.92, 1.92]
    assert [round(v, 2) for v in found.sums(1).values()] == [1.16, 1.36]
    pixels = bent_net.plane.mapped(found.reach)
    np.testing.assert_allclose(found.hidden[1], np.tanh(pixels @ W1 + b1).T)
    np.testing.assert_allclose(found.maps[0], (pixels @ W1 + b1) @ W2 + b2)
    report = graph.check(found)
    assert report and report.count == 13


@pytest.mark.parametrize("seed", range(5))
def test_no_numbers_make_the_straight_sums_differ(seed):
    graph = NetGraph(straight(), X, GROUPS)
    rng = np.random.default_rng(seed)
    numbers = {k: rng.uniform(-3, 3, v.shape) for k, v in graph.numbers.items()}
    found = graph.at(numbers, KNOWN["sigmoid"])
    on, off = found.sums(0).values()
    assert np.isclose(on, off, rtol=0, atol=1e-12)
    assert abs(np.subtract(*found.sums(1).values())) > 1e-6


def test_a_net_has_its_own_bend_taken_out():
    graph = NetGraph(bent(), X, GROUPS)
    found = graph.at(graph.numbers)
    assert found.act.name == "ReLU"
    np.testing.assert_allclose(found.outputs[0], [-1, -1, -0.6, -1.4])
    np.testing.assert_allclose(found.outputs[1], [0.8, 0.8, -0.6, -1])


def test_a_bend_at_the_end_is_left_alone():
    lamp, *_ = board("stairs")
    graph = NetGraph(lamp, X, {})
    found = graph.at(graph.numbers)
    np.testing.assert_allclose(found.outputs[1], lamp(X).data[:, 0])
    sigma = lambda z: 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(found.outputs[0], sigma(X @ lamp[0].W.data @ lamp[2].W.data)[:, 0])


def test_every_hidden_unit_of_a_deeper_net_is_seen():
    model = Sequential(Linear(2, 4), Tanh(), Linear(4, 3), Sigmoid(), Linear(3, 1)).reset(1)
    graph = NetGraph(model, X, {})
    found = graph.at(graph.numbers)
    assert len(found.names) == 7 and found.names[0] == "h_{11}" and found.names[-1] == "h_{23}"
    assert found.hidden[1].shape == (7, bent_net.plane.PIXELS**2)


def test_what_is_closed_stays_closed():
    model = Sequential(Skip(), Linear(2, 1)).reset(1)
    graph = NetGraph(model, X, GROUPS)
    found = graph.at(graph.numbers)
    assert found.names == () and found.outputs[0].tolist() == found.outputs[1].tolist()
    np.testing.assert_allclose(found.outputs[0], model(X).data[:, 0])


def test_three_inputs_have_no_plane_and_one_replay_serves_all(monkeypatch):
    x = np.random.default_rng(0).normal(size=(5, 3))
    model = Sequential(Linear(3, 2), Tanh(), Linear(2, 1)).reset(1)
    graph = NetGraph(model, x, {})
    found = graph.at(graph.numbers)
    assert found.maps[0].size == 0
    np.testing.assert_allclose(found.outputs[1], model(x).data[:, 0])
    calls = counted_replays(monkeypatch)
    graph.at(graph.numbers)
    assert len(calls) == 1


def test_more_than_one_output_is_refused():
    with refused(ValueError, "adds up one output a sample"):
        NetGraph(Sequential(Linear(2, 2)), X, {})
    with refused(ValueError, "no number to turn"):
        NetGraph(lambda x: x.sum(axis=1, keepdims=True), X, {})
