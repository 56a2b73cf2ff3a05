"""An error that ends a forward pass keeps what was recorded before it."""

import numpy as np
import pytest

from backprop_kit.engine import Tensor, ops
from backprop_kit.engine.stopped import Stopped
from backprop_kit.nn import CrossEntropyLoss, Linear, Module, MSELoss, Sequential, Tanh

X = np.array([[1.0, 2.0], [0.5, -1.0]])


def stopped(call, *args, kind=ValueError):
    with pytest.raises(kind) as caught:
        call(*args)
    assert isinstance(caught.value.trace, Stopped)
    return caught.value, caught.value.trace


def test_an_operation_that_cannot_be_done_names_itself_and_both_shapes():
    a, b = Tensor(np.ones((2, 3))), Tensor(np.ones((2, 2)))
    c = a * 2
    problem, trace = stopped(ops.matmul, c, b)
    assert str(problem).count("\n") == 1
    assert (trace.name, trace.shapes) == ("matmul", ((2, 3), (2, 2)))
    assert trace.inputs == (c.node, b.node)
    assert trace.nodes == tuple(sorted({a.node, b.node, *c.node.inputs, c.node},
                                       key=lambda n: n.index))  # fmt: skip


def test_what_is_behind_it_can_be_read_with_its_values():
    first = Linear(2, 3)
    model = Sequential(first, Tanh(), Linear(4, 1))
    problem, trace = stopped(model, X)
    assert str(problem).startswith("Linear(4, 1) got 3 features")
    assert (trace.name, trace.shapes) == ("Linear(4, 1)", ((2, 3), (4, 1)))
    last = trace.nodes[-1]
    assert last.op.name == "tanh"
    assert np.allclose(last.value, np.tanh(X @ first.W.data + first.b.data))


def test_the_innermost_place_keeps_it():
    def wrong(h):
        return h @ np.ones((2, 2))

    _, trace = stopped(Sequential(Linear(2, 3), Sequential(Tanh(), wrong)), X)
    assert trace.name == "matmul" and trace.inputs[0].op.name == "tanh"


def test_a_mistake_in_python_is_kept_with_the_module_it_was_made_in():
    class Odd(Module):
        def forward(self, x):
            return x.there_is_no_such_thing

    _, trace = stopped(Sequential(Linear(2, 3), Odd()), X, kind=AttributeError)
    assert trace.name == "Odd()" and trace.shapes == ((2, 3),)
    _, trace = stopped(Sequential(Linear(2, 3), lambda h: h.odd), X, kind=AttributeError)
    assert trace.name == "a function"


def test_a_loss_that_does_not_fit_keeps_the_whole_way_there():
    out = Sequential(Linear(2, 3))(X)
    _, trace = stopped(CrossEntropyLoss(), out, np.array([0, 1, 2]))
    assert out.node in trace.inputs and trace.shapes[:2] == ((2, 3), (3,))
    _, trace = stopped(MSELoss(), out, np.ones((2, 2)))
    assert out.node in trace.inputs


def test_where_nothing_stops_nothing_is_kept():
    out = Sequential(Linear(2, 3), Tanh())(X)
    assert out.shape == (2, 3)
    with pytest.raises(TypeError) as caught:
        Tensor("text")
    assert not hasattr(caught.value, "trace")


def test_a_call_that_stopped_leaves_no_call_open():
    model = Sequential(Linear(2, 3), Linear(4, 1))
    stopped(model, X)
    assert (Tensor(X) * 2).node.scope is None
