"""Layers: shapes, values, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor, Trace, gradcheck, ops

ACTIVATIONS = {
    nn.Tanh: "tanh", nn.Sigmoid: "sigmoid", nn.ReLU: "relu", nn.LeakyReLU: "leaky_relu",
    nn.ELU: "elu", nn.Softplus: "softplus", nn.GELU: "gelu", nn.Softmax: "softmax",
    nn.LogSoftmax: "log_softmax",
}  # fmt: skip


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_takes_any_number_of_axes_in_front(shape, bias):
    layer = nn.Linear(3, 2, bias=bias).reset(1, init=nn.uniform(1))
    x = np.random.default_rng(0).normal(size=shape)
    y = layer(x)
    expected = x @ layer.W.data + (layer.b.data if bias else 0)
    np.testing.assert_allclose(y.data, expected, rtol=1e-14)
    assert gradcheck((y * y).sum())


def test_linear_says_what_it_takes():
    layer = nn.Linear(4, 2)
    with refused(ValueError, "Linear(4, 2) got 3 features; x must end in 4 (got shape (10, 3))"):
        layer(np.ones((10, 3)))
    with refused(ValueError, "Linear(4, 2) got no features"):
        layer(1.0)
    assert not layer.W.drawn
    with refused(ValueError, "A parameter cannot have the shape (0, 2)"):
        nn.Linear(0, 2)
    with refused(ValueError, "A parameter cannot have the shape"):
        nn.Linear(2.5, 2)
    with pytest.raises(TypeError, match="unexpected keyword argument 'biass'"):
        nn.Linear(2, 2, biass=False)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_an_activation_is_its_operation(kind):
    x = np.random.default_rng(0).normal(size=(3, 4))
    y = kind()(x)
    assert y.node.op.name == ACTIVATIONS[kind]
    np.testing.assert_array_equal(y.data, getattr(ops, ACTIVATIONS[kind])(Tensor(x)).data)
    assert kind()(x[0]).shape == (4,)


def test_sequential_holds_modules_and_plain_functions():
    double = lambda x: x * 2
    model = nn.Sequential(nn.Linear(2, 2), double, nn.Identity())
    assert len(model) == 3 and [type(m) for m in model] == [nn.Linear, nn.Function, nn.Identity]
    assert model[1].extra_repr() == "<lambda>" and isinstance(model[-1], nn.Identity)
    head = model[:2]
    assert isinstance(head, nn.Sequential) and head[0] is model[0]
    x = np.ones((1, 2))
    np.testing.assert_array_equal(model(x).data, 2 * model[0](x).data)
    assert nn.Sequential()(x).data.tolist() == [[1.0, 1.0]]
    with refused(TypeError, "Layer 1 is list"):
        nn.Sequential(nn.Tanh(), [nn.Tanh()])


def test_calls_are_recorded_as_ranges_that_nest():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    x = Tensor(np.ones((4, 2)), requires_grad=False)
    y = model(x)
    inner, outer = y.node.scope.chain
    assert (type(inner.module), outer.module) == (nn.Tanh, model)
    assert outer.inputs == (x.node,) and outer.outputs == (y.node,) and inner.parent is outer
    assert outer.start < inner.start < y.node.index
    product = Trace.of(y.sum()).made[0]
    assert product.op.name == "matmul" and product.scope.module is model[0]
    assert [n.kind for n in product.inputs] == ["input", "variable"]


def test_arrays_handed_to_a_module_are_inputs():
    seen = []
    nn.Function(lambda x, n: seen.append((x, n)) or x * 1.0)([[1, 2]], None)
    ((x, n),) = seen
    assert n is None and x.node.kind == "input" and not x.requires_grad


def test_an_empty_batch_goes_through_and_is_refused_by_the_loss():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    out = model(np.ones((0, 2)))
    assert out.shape == (0, 2)
    for loss in (nn.SquaredError(), nn.MSELoss(), nn.BCELoss(), nn.BCEWithLogitsLoss()):
        with refused(ValueError, "The batch is empty"):
            loss(out, np.ones((0, 2)))
    with refused(ValueError, "The batch is empty"):
        nn.CrossEntropyLoss()(out, np.ones(0, int))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_go_through_a_whole_step(bad):
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)).reset(1)
    with np.errstate(all="ignore"):
        loss = nn.CrossEntropyLoss()(model(np.array([[1.0, bad]])), [1])
        loss.backward()
        nn.SGD(0.1).step(model)
        Trace.of(loss, nn.SGD(0.1)).at(3)
    assert model[0].W.data.shape == (2, 3)
