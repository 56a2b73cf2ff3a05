"""Tensors, nodes and recording: what a person holds and what is written down."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from refusal import refused

from backprop_kit.engine import OPS, Tensor, ops


def test_a_tensor_copies_and_seals_its_numbers():
    mine = np.array([1.0, 2.0])
    t = Tensor(mine, name="t")
    mine[0] = 9
    assert t.data[0] == 1.0 and not t.data.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        t.data[0] = 5
    t.data = mine
    mine[0] = 7
    assert t.data[0] == 9.0


def test_new_data_leaves_what_was_recorded_alone():
    w = Tensor([1.0, 2.0], name="w")
    loss = (w * w).sum()
    w.data = [5.0, 6.0]
    loss.backward()
    np.testing.assert_array_equal(w.grad, [2.0, 4.0])
    with refused(ValueError, "w has shape (2,); the new data has (3,)"):
        w.data = [1, 2, 3]
    with refused(ValueError, "Only a leaf can get new data", "sum"):
        loss.data = 3.0
    np.testing.assert_array_equal(w.data, [5.0, 6.0])


def test_kinds_of_numbers():
    assert Tensor([1, 2]).data.dtype == np.float64
    assert Tensor([True, False]).data.dtype == np.float64
    assert Tensor(np.float32(2)).data.dtype == np.float32
    assert Tensor(np.float16(2)).data.dtype == np.float64
    assert Tensor(np.longdouble(2)).data.dtype == np.float64
    assert Tensor(2 + 1j).data.dtype == np.complex128
    assert Tensor(np.complex64(2)).data.dtype == np.complex64
    # Data may be whole numbers (labels), wide enough not to overflow without a word.
    x = Tensor(np.array([200, 100], np.uint8), requires_grad=False)
    assert x.data.dtype == np.int64
    np.testing.assert_array_equal((x * x).data, [40000, 10000])


@pytest.mark.parametrize("literal", [2, 2.0, [1.0, 2.0], (1, 2), np.float64(2)])
def test_python_numbers_take_the_type_of_their_partner(literal):
    t = Tensor(np.float32([1, 2]))
    for value in (t * literal, literal - t, t / literal, ops.maximum(t, literal), t**literal):
        assert value.data.dtype == np.float32
    assert (t * 1j).data.dtype == np.complex64
    assert (t * np.array([1.0, 2.0])).data.dtype == np.float64
    assert (Tensor([1.0]) * literal).data.dtype == np.float64


def test_operators_work_from_both_sides_with_arrays_too():
    a = Tensor([1.0, 4.0])
    x = np.array([2.0, 3.0])
    for value, expected in [
        (x + a, x + a.data), (x - a, x - a.data), (x * a, x * a.data), (x / a, x / a.data),
        (x**a, x**a.data), (a**x, a.data**x), (2 - a, 2 - a.data), (2 / a, 2 / a.data),
        (2**a, 2**a.data), (-a, -a.data), (abs(-a), a.data), (np.float64(2) * a, 2 * a.data),
        (x > a, x > a.data), (a >= 1, a.data >= 1), (x < a, x < a.data), (a <= x, a.data <= x),
        (x[None] @ a.reshape(2, 1), [[14.0]]), (a.reshape(1, 2) @ x[:, None], [[14.0]]),
    ]:  # fmt: skip
        assert isinstance(value, Tensor)
        np.testing.assert_array_equal(value.data, expected)


def test_numpys_own_functions_cannot_cut_the_tape_unseen():
    with pytest.raises(TypeError, match="Tensor"):
        np.exp(Tensor([1.0]))
    with refused(TypeError, "Tensors in a list", "stack([a, b])"):
        Tensor([Tensor(1.0), Tensor(2.0)])


def test_it_behaves_as_a_sequence():
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2
    first, second = t
    assert first.node.op.name == "getitem" and second.data.tolist() == [3.0, 4.0]
    assert np.asarray(t).shape == (2, 2) and np.asarray(t, np.float32).dtype == np.float32
    assert np.argmax(t) == 3
    assert t.T.data[0, 1] == t.transpose(1, 0).data[0, 1] == t.transpose((1, 0)).data[0, 1] == 3.0


def test_one_number_can_be_read():
    t = Tensor(2.5)
    assert (t.item(), float(t), bool(t), bool(Tensor(0.0))) == (2.5, 2.5, True, False)
    with refused(ValueError, "neither true nor false"):
        bool(Tensor([1.0, 2.0]))


def test_it_prints_its_numbers_and_name():
    assert repr(Tensor([1.0, 2.0], name="w")) == "Tensor([1., 2.], name='w')"


def test_a_detached_value_and_a_deep_copy_have_no_past():
    a = Tensor([1.0], name="a")
    h = a * 2
    assert not h.detach().requires_grad
    for _ in range(5000):
        h = h * 1.0
    twin = copy.deepcopy({"h": h, "a": a})
    assert twin["h"].node.op is None and twin["a"].requires_grad and twin["a"].name == "a"
    twin["a"].data = [7.0]
    assert a.data == 1.0


def test_a_node_keeps_its_recipe():
    a, b = Tensor([[1.0, 2.0]], name="a"), Tensor(3.0, name="b")
    y = (a * b).sum(axis=0)
    node = y.node
    assert node.op is OPS["sum"] and node.options == {"axis": (-2,), "keepdims": False}
    (product,) = node.inputs
    assert [n.name for n in product.inputs] == ["a", "b"]
    assert [n.kind for n in product.inputs] == ["variable", "variable"]
    assert product.index < node.index and product.args[0] is a.data
    assert "sum" in repr(node) and (a * 2).node.inputs[1].kind == "constant"


# --- what does not fit ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda a: Tensor("three"), TypeError, "A Tensor holds numbers, not text"),
        (lambda a: Tensor(["a", "b"]), TypeError, "A Tensor holds numbers"),
        (lambda a: Tensor(None), TypeError, "A Tensor holds numbers, not object"),
        (lambda a: Tensor({"a": 1}), TypeError, "A Tensor holds numbers"),
        (lambda a: Tensor([[1, 2], [3]]), ValueError, "not a rectangular array"),
        (lambda a: a + "b", TypeError, "A Tensor holds numbers"),
        (lambda a: a + None, TypeError, "A Tensor holds numbers"),
        (lambda a: a + np.ones(5), ValueError, "add got shapes (2, 3) and (5,)"),
        (lambda a: a @ a, ValueError, "edges that touch must be equal"),
        (lambda a: a @ np.ones(3), ValueError, "v.reshape(1, n)"),
        (lambda a: a.sum(axis=2), ValueError, "axis 2 does not exist"),
        (lambda a: a.max(axis=(0, -3)), ValueError, "axis -3 does not exist"),
        (lambda a: a.sum(axis="rows"), ValueError, "sum"),
        (lambda a: ops.softmax(a, axis=5), ValueError, "axis 5 does not exist"),
        (lambda a: ops.softmax(Tensor(1.0)), ValueError, "single number"),
        (lambda a: ops.concatenate([a, a], axis=2), ValueError, "axis 2 does not exist"),
        (lambda a: ops.concatenate([a, Tensor(np.ones((3, 3)))], axis=1), ValueError, "do not fit"),
        (lambda a: ops.stack([a, Tensor(1.0)]), ValueError, "do not fit"),
        (lambda a: ops.concatenate([a, a[0]]), ValueError, "do not fit together"),
        (lambda a: ops.stack([a, a.T]), ValueError, "do not fit"),
        (lambda a: ops.stack([]), TypeError, "stack got 0 inputs"),
        (lambda a: ops.concatenate(), TypeError, "It takes one or more"),
        (lambda a: ops.tanh(a, a), TypeError, "tanh got 2 inputs"),
        (lambda a: ops.add(a), TypeError, "It takes 2"),
        (lambda a: ops.softmax(a, axes=1), TypeError, "softmax got the option axes"),
        (lambda a: ops.add(a, a, out=a), TypeError, "It knows no options"),
        (lambda a: ops.clip(a, lower=0), TypeError, "It knows low, high"),
        (lambda a: a.reshape(4, 2), ValueError, "reshape cannot put 6 numbers"),
        (lambda a: a.reshape(-1, 4), ValueError, "reshape cannot put 6 numbers"),
        (lambda a: a.reshape(-1, -1), ValueError, "reshape cannot put 6 numbers"),
        (lambda a: a.reshape("ab"), ValueError, "reshape"),
        (lambda a: a.transpose(0, 0), ValueError, "Name each of its 2 axes once"),
        (lambda a: a.transpose(0), ValueError, "Name each of its 2 axes once"),
        (lambda a: a[5], ValueError, "getitem got shapes (2, 3)"),
        (lambda a: a[0, 0, 0], ValueError, "getitem got shapes (2, 3)"),
        (lambda a: a["x"], ValueError, "getitem got shapes (2, 3)"),
        (lambda a: ops.pick(a, np.array([0, 3])), ValueError, "outside 0 … 2 (found 0 to 3)"),
        (lambda a: ops.pick(a, np.array([0, -1])), ValueError, "outside 0 … 2"),
        (lambda a: ops.pick(a, np.array([0])), ValueError, "Labels of shape (1,) do not fit"),
        (lambda a: ops.cross_entropy(Tensor(1.0), np.array(0)), ValueError, "do not fit scores"),
        (lambda a: -(a > 0), TypeError, "neg cannot work with bool"),
        (lambda a: Tensor(np.ones((0, 3))).mean(), ValueError, "The batch is empty"),
        (lambda a: Tensor(np.ones((0, 3))).max(axis=0), ValueError, "The batch is empty"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_two_lines(make, kind, words):
    a = Tensor(np.arange(6.0).reshape(2, 3))
    with refused(kind, words):
        make(a)
    assert a.grad is None and a.data[1, 2] == 5.0


def test_nothing_of_an_empty_batch_is_nothing():
    assert Tensor(np.ones((0, 3))).sum().data == 0.0
    assert ops.tanh(Tensor(np.ones((0, 3)))).shape == (0, 3)


def test_a_name_in_the_registry_is_taken():
    from backprop_kit.engine.op import op

    with refused(ValueError, "'tanh' is already in the registry"):
        op("tanh", np.tanh, tex="")
    assert OPS["tanh"] is ops.tanh
