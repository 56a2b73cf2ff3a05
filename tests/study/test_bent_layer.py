"""A layer as a bent plane, beside the same layer in plain NumPy."""

import numpy as np
import pytest
from bentnets import Skip, bent
from refusal import refused
from replays import counted_replays

from backprop_kit import data, nn
from backprop_kit.nn import Linear, Module, Sequential, Tanh
from backprop_kit.study import bent_layer, board
from backprop_kit.study.activations import KNOWN
from backprop_kit.study.bent_layer import LayerGraph

X = data.stairs().x
GROUPS = {"on": (0, 1), "off": (2, 3)}
AT = np.array([1.3, 1.1])


def two():
    model = Sequential(Linear(2, 2), Tanh())
    model[0].W.data, model[0].b.data = [[0.6, 0.9], [-0.5, 1.5]], [0, 0.6]
    return model


def test_the_numbers_of_the_picture():
    graph = LayerGraph(two(), None, {})
    found = graph.at(AT, graph.numbers)
    z = AT @ [[0.6, 0.9], [-0.5, 1.5]] + [0, 0.6]
    slopes = 1 - np.tanh(z) ** 2
    np.testing.assert_allclose(found.z, z)
    np.testing.assert_allclose(found.h, np.tanh(z))
    np.testing.assert_allclose(found.slopes, slopes)
    assert np.isclose(found.det, 1.35) and np.isclose(found.area, 1.35 * slopes.prod())
    assert f"{found.area:.3g}" == "0.00547" and f"{slopes[1]:.3g}" == "0.00427"
    assert found.zone(0) == "" and found.zone(1) == "saturated"
    assert graph.check(found)[0] == 6 and graph.check(found)[1] < 1e-12


def test_everything_in_it_is_the_same_layer_elsewhere():
    graph = LayerGraph(two(), X, GROUPS)
    found = graph.at(np.array([0.3, -0.4]), graph.numbers)
    f = lambda x: np.tanh(x @ [[0.6, 0.9], [-0.5, 1.5]] + [0, 0.6])
    np.testing.assert_allclose(found.grids[2], f(found.grids[0]), atol=1e-14)
    np.testing.assert_allclose(found.squares[2], f(found.squares[0]), atol=1e-14)
    np.testing.assert_allclose(found.points[2], f(X), atol=1e-14)
    np.testing.assert_allclose(found.maps[1], f(bent_layer.plane.mapped(found.reach)).T, atol=1e-14)
    np.testing.assert_allclose(found.middle("on")[2], f(X[:2]).mean(0))
    assert found.cut is None


def test_relu_moves_the_midpoints_apart():
    graph = LayerGraph(bent(), X, GROUPS)
    found = graph.at(np.array([0.8, 0.7]), graph.numbers)
    assert [tuple(m.round(9)) for m in found.middle("on")] == [(0, 0), (0, 0), (0.9, 0.9)]
    assert [tuple(m.round(9)) for m in found.middle("off")] == [(0, 0), (0, 0), (0.1, 0.1)]
    np.testing.assert_allclose(found.cut.sums, [0.8, 0.8, -0.6, -1], atol=1e-14)
    np.testing.assert_allclose(found.cut.straight, [-1, -1, -0.6, -1.4], atol=1e-14)
    linear = graph.at(np.array([0.8, 0.7]), graph.numbers, KNOWN["linear"])
    np.testing.assert_allclose(linear.cut.sums, linear.cut.straight)
    # tanh treats both ends alike: the midpoints meet again.
    tanh = graph.at(np.array([0.8, 0.7]), graph.numbers, KNOWN["tanh"])
    assert np.allclose(tanh.middle("on")[2], 0) and np.allclose(tanh.middle("off")[2], 0)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("units", [1, 2, 3, 9])
def test_turned_numbers_and_other_bends_are_replayed(name, units):
    rng = np.random.default_rng(units)
    graph = LayerGraph(Sequential(Linear(2, units), Tanh(), Linear(units, 1)).reset(1), X, GROUPS)
    W, b, x = rng.normal(size=(2, units)), rng.normal(size=units), rng.uniform(-1, 1, 2)
    found = graph.at(x, {"W": W, "b": b}, KNOWN[name])
    f = {
        "linear": lambda z: z, "ReLU": lambda z: np.maximum(z, 0), "tanh": np.tanh,
        "leaky ReLU": lambda z: np.where(z > 0, z, 0.01 * z),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    }[name]  # fmt: skip
    z = x @ W + b
    np.testing.assert_allclose(found.h, f(z), atol=1e-13)
    h = 1e-6
    steps = [(f((x + h * e) @ W + b) - f((x - h * e) @ W + b)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(found.jacobian, np.stack(steps, 1), atol=1e-8)
    j = found.jacobian
    if units > 1:
        assert np.isclose(found.area, np.sqrt(max(np.linalg.det(j.T @ j), 0)), atol=1e-9)
        assert np.isclose(np.prod(found.stretches), found.area, atol=1e-9)
    else:
        assert found.area == 0
    count, worst = graph.check(found)
    assert count == 3 * units and worst < 1e-10


def test_a_layer_is_one_replay(monkeypatch):
    graph = LayerGraph(bent(), X, GROUPS)
    graph.at(AT / 2, graph.numbers)
    calls = counted_replays(monkeypatch)
    graph.at(AT / 3, graph.numbers)
    assert len(calls) == 1


def test_the_model_is_never_changed():
    model = bent()
    heard = []
    model.register_forward_hook(lambda *_: heard.append(1))
    before = {k: v.copy() for k, v in model.state_dict().items()}
    graph = LayerGraph(model, X, GROUPS)
    first = graph.at(AT / 2, {"W": np.ones((2, 2)), "b": np.zeros(2)})
    assert not heard and all((before[k] == v).all() for k, v in model.state_dict().items())
    model[0].W.data = np.zeros((2, 2))
    again = graph.at(AT / 2, graph.numbers)
    assert first.h.tolist() != again.h.tolist() and np.isclose(again.z[0], 0.65 - 0.8 * 0.55)


class Plain(Module):
    def __init__(self):
        self.a, self.b = Linear(2, 3), Linear(3, 1)

    def forward(self, x):
        return self.b(self.a(x).tanh())


def test_a_skip_connection_is_a_named_block():
    model = Sequential(Skip(), Linear(2, 1)).reset(3)
    graph = LayerGraph(model, X, GROUPS)
    found = graph.at(np.array([0.5, 0.5]), graph.numbers)
    assert found.name == "Skip" and found.act is None and found.z is None
    np.testing.assert_allclose(found.h, model[0](np.array([[0.5, 0.5]])).data[0])
    assert graph.check(found)[0] == 4 and graph.check(found)[1] < 1e-12


def test_a_module_of_ones_own_and_a_function_are_layers():
    model = Plain().reset(3)
    graph = LayerGraph(model, X, {})
    found = graph.at(X[0], graph.numbers)
    assert found.units == 3 and found.act.name == "tanh"
    np.testing.assert_allclose(found.cut.sums, model(X).data[:, 0])
    lamp, *_ = board("stairs")
    graph = LayerGraph(lambda x: lamp(x), X, {})
    assert round(float(graph.at(X[0], graph.numbers).h[0]), 3) == 0.922


def test_what_has_no_layer_is_refused():
    with refused(ValueError, "does not depend on its input"):
        LayerGraph(lambda x: nn.Linear(2, 1)(np.ones((1, 2))), None, {})
    with refused(ValueError, "Linear(3, 2) got 2 features"):
        LayerGraph(Sequential(Linear(3, 2)), None, {})
    with refused(TypeError, "it must be a module or a function"):
        LayerGraph(3, None, {})
    with refused(ValueError, "one row of numbers for each sample"):
        LayerGraph(lambda x: x.sum(), None, {})
