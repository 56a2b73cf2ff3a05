"""Whatever a model was written as: taken apart where every path passes, or one block."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from nets import Join, Skip, draw

from backprop_kit.engine import Tensor, ops
from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.replay import replay
from backprop_kit.nn import (
    BCEWithLogitsLoss,
    Identity,
    Linear,
    Module,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
)
from backprop_kit.study import record_pass

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))


def chain(model, x=X, y=Y, loss=None):
    if isinstance(model, Module):
        model.reset(3)
    recorded = record_pass(model, x, y, loss)
    whole(recorded)
    return recorded, [(m.kind, m.name) for m in recorded.links]


def whole(recorded):
    """The links lead from x to the result without a gap, and hold every parameter once."""
    links = recorded.links
    assert links[0].source is recorded.x
    for before, after in pairwise(links):
        assert before.result is after.source
    inside = [p for m in links for p in m.inside]
    assert sorted(inside) == sorted(recorded.parameters) and len(set(inside)) == len(inside)
    # Every link is a function of its source alone (and of parameters): cut there, the rest stays.
    for m in links:
        if m.source is not recorded.x and m.source is not m.result:
            assert np.array_equal(replay(m.result, {m.source: m.source.value}), m.result.value)
            assert recorded.x not in set(ancestors(m.result)) - set(ancestors(m.source))


def test_a_plain_net_is_layers_and_activations():
    recorded, found = chain(Sequential(Linear(2, 3), Tanh(), Linear(3, 2)))
    assert found == [("linear", "Linear"), ("activation", "tanh"), ("linear", "Linear")]
    first, _, last = recorded.links
    assert first.inside == ("0.W", "0.b") and last.inside == ("2.W", "2.b")
    W, b = (recorded.parameters[p].value for p in first.inside)
    assert np.allclose(first.product.value, X @ W) and np.allclose(first.result.value, X @ W + b)
    assert first.weight is recorded.parameters["0.W"] and first.bias is recorded.parameters["0.b"]


def test_no_offset_and_nested_sequentials():
    recorded, found = chain(Sequential(Sequential(Linear(2, 3, bias=False), ReLU()), Linear(3, 2)))
    assert found == [("linear", "Linear"), ("activation", "relu"), ("linear", "Linear")]
    assert recorded.links[0].bias is None and recorded.links[0].product is recorded.links[0].result
    assert recorded.links[0].inside == ("0.0.W",)


@pytest.mark.parametrize("kind", [Skip, Join])
def test_a_skip_connection_is_one_block_with_its_parameters(kind):
    recorded, found = chain(Sequential(
        Linear(2, 3), Tanh(), kind(Sequential(Linear(3, 3), Tanh())),
        Linear(3 if kind is Skip else 6, 2),
    ))  # fmt: skip
    assert found == [("linear", "Linear"), ("activation", "tanh"), ("block", kind.__name__),
                     ("linear", "Linear")]  # fmt: skip
    assert recorded.links[2].inside == ("2.body.0.W", "2.body.0.b")


def test_a_skip_around_everything_and_skips_in_skips():
    _, found = chain(Skip(Sequential(Linear(2, 2), Skip(Linear(2, 2)))))
    assert found == [("block", "Skip")]


def test_a_plain_function_with_its_own_numbers():
    W, V = Tensor(RNG.normal(size=(2, 4)), "W"), Tensor(RNG.normal(size=(4, 2)), "V")
    recorded, found = chain(
        lambda x: (x @ W).tanh() @ V if hasattr(x, "tanh") else ops.tanh(x @ W) @ V
    )
    assert found == [("linear", "Linear"), ("activation", "tanh"), ("linear", "Linear")]
    assert set(recorded.parameters) == {"W", "V"}


def test_a_function_that_goes_two_ways_is_a_block():
    a = Tensor(2.0, "a")

    def twice(x):
        return x * a + ops.sin(x)

    recorded, found = chain(twice)
    assert [kind for kind, _ in found] == ["block"] and recorded.links[0].inside == ("a",)


def test_a_lambda_layer_between_layers():
    _, found = chain(Sequential(Linear(2, 3), lambda x: x * x * 0.5, Linear(3, 2)))
    assert found == [("linear", "Linear"), ("block", "function"), ("linear", "Linear")]

    def square(x):
        return x * x

    _, found = chain(Sequential(Linear(2, 3), square, Linear(3, 2)))
    assert found[1] == ("block", "square")


def test_a_module_with_two_linear_layers_summed():
    class Two(Module):
        def __init__(self):
            self.left, self.right = Linear(2, 2), Linear(2, 2)

        def forward(self, x):
            return self.left(x) + self.right(x)

    recorded, found = chain(Two())
    assert found == [("block", "Two")]
    assert set(recorded.links[0].inside) == {"left.W", "left.b", "right.W", "right.b"}


def test_a_module_that_returns_its_input():
    _, found = chain(Sequential(Linear(2, 2), Identity(), Tanh()))
    assert found[0] == ("linear", "Linear") and found[-1] == ("activation", "tanh")


def test_one_weight_used_twice_is_inside_once_at_most_per_link():
    W = Tensor(RNG.normal(size=(2, 2)), "W")
    recorded = record_pass(lambda x: ops.tanh(x @ W) @ W, X, Y)
    assert [m.kind for m in recorded.links] == ["linear", "activation", "linear"]
    assert set(recorded.parameters) == {"W"}


def test_x_used_again_by_the_loss():
    class Auto(BCEWithLogitsLoss):
        def measure(self, output, target):
            return ((output - target) ** 2).sum()

        def unfused(self, output, target):
            return self.measure(output, target)

    model = Sequential(Linear(2, 2)).reset(3)
    shared = Tensor(X, requires_grad=False)
    recorded = record_pass(model, shared, X, Auto())
    whole(recorded)
    assert [m.kind for m in recorded.links] == ["linear"]


def test_a_model_that_ignores_x_or_hands_it_on():
    w = Tensor(np.ones((3, 2)), "w")
    recorded, found = chain(lambda x: w * 2)
    assert found == [("block", "model")] and recorded.links[0].inside == ("w",)
    assert recorded.links[0].source is recorded.x


def test_a_vector_is_one_row():
    recorded, found = chain(Sequential(Linear(2, 3), Sigmoid()), X[0], RNG.uniform(size=3))
    assert found == [("linear", "Linear"), ("activation", "sigmoid")]
    assert recorded.x.value.shape == (1, 2)


def test_probabilities_made_by_the_loss_are_shown_too():
    _, found = chain(Sequential(Linear(2, 3)), X, [0, 1, 2])
    assert found == [("linear", "Linear"), ("activation", "softmax")]
    _, found = chain(Sequential(Linear(2, 2)), X, np.eye(3)[:, :2], BCEWithLogitsLoss())
    assert found == [("linear", "Linear"), ("activation", "sigmoid")]


@pytest.mark.parametrize("seed", range(40))
def test_random_nets_are_taken_apart_whole(seed):
    case = draw(seed)
    model = case.model()
    recorded = record_pass(model, case.x, case.y)
    whole(recorded)
    assert recorded.output in [m.result for m in recorded.links] or len(recorded.links) == 1
