"""Slopes beside differences and the complex step, held against loops written here."""

import numpy as np
import pytest
from refusal import refused

from backprop_kit.data import digits
from backprop_kit.nn import BCELoss, Linear, Module, Sequential, Sigmoid, SquaredError, Tanh
from backprop_kit.study.boards import board, digits_net
from backprop_kit.study.gradient_check import EXPONENTS, STEPS, compare_gradients


def small():
    return Sequential(Linear(2, 3), Tanh(), Linear(3, 1)).reset(0)


def loss_of(model, x, y):
    """½ Σ (y − t)² of the small net, in plain NumPy."""
    W1, b1, W2, b2 = (model[i].__dict__[n].data for i in (0, 2) for n in "Wb")
    return lambda p: 0.5 * np.sum(
        (np.tanh(x @ p["0.W"] + p["0.b"]) @ p["2.W"] + p["2.b"] - y) ** 2
    ), {"0.W": W1, "0.b": b1, "2.W": W2, "2.b": b2}  # fmt: skip


X, Y = np.array([[1.0, -0.5], [0.3, 2.0]]), np.array([[1.0], [-1.0]])


@pytest.fixture(scope="module")
def found():
    return compare_gradients(small(), X, Y, SquaredError())


def test_differences_are_those_of_a_loop(found):
    f, p = loss_of(small(), X, Y)
    for row in found.rows:
        for i in (0, 3):
            h = STEPS[i]
            for place, flat in enumerate(row.entries):
                up, down = ({k: v.copy() for k, v in p.items()} for _ in range(2))
                up[row.name].reshape(-1)[flat] += h
                down[row.name].reshape(-1)[flat] -= h
                central, forward = (f(up) - f(down)) / (2 * h), (f(up) - f(p)) / h
                assert np.isclose(row.central[i, place], central, atol=1e-9)
                assert np.isclose(row.forward[i, place], forward, atol=1e-9)


def test_every_number_is_asked_and_agrees(found):
    assert found.asked == found.count == 13
    assert [r.name for r in found.rows] == ["0.W", "0.b", "2.W", "2.b"]
    assert found.errors("complex")[0] < 1e-15
    assert repr(found).startswith("13 of 13 slopes agree")
    squares = sum(float((r.ours**2).sum()) for r in found.rows)
    assert np.isclose(found.length, squares**0.5)


def test_the_curve_has_two_branches(found):
    errors = found.errors("central")
    assert np.all(np.diff(np.log10(errors[:3])) < -1.5)  # truncation: h² for each ten times
    best = found.best
    assert 3 <= best + EXPONENTS[0] <= 7
    late = np.log10(errors[-6:])
    assert np.all(late > np.log10(errors[best]) + 3) and late[-1] > late[0] + 2  # rounding: 1/h
    sided = found.errors("forward")
    assert np.allclose(sided[0] / sided[1], 10, rtol=0.05) and sided[2] > 100 * errors[2]


def test_the_worst_place_is_the_largest_difference(found):
    w = found.worst("central", 10)
    row = next(r for r in found.rows if r.name == w.name)
    off = np.abs(row.central[10] - row.ours)
    assert np.isclose(w.error, off.max() / found.length)
    flat = np.ravel_multi_index(w.index, row.node.value.shape)
    place = list(row.entries).index(flat)
    assert (w.ours, w.found) == (row.ours[place], row.central[10, place])
    everywhere = max(np.abs(r.central[10] - r.ours).max() for r in found.rows)
    assert np.isclose(off.max(), everywhere)


def test_the_digits_of_the_lesson():
    """Error over ‖g‖ for 32 images: what the lesson tells of the step size."""
    x, y = digits().train
    found = compare_gradients(digits_net(), x[:32], y[:32])
    errors = dict(zip(EXPONENTS, found.errors("central"), strict=True))
    assert found.count == 2410 and 600 < found.asked < 1200
    shares = [r.entries.size / r.node.value.size for r in found.rows]
    assert max(shares) - min(shares) < 0.1
    assert 1e-6 < errors[2] < 6e-6  # truncation, the same everywhere
    assert errors[5] < 2e-10
    assert 1e-4 < errors[12] < 2e-3
    assert 0.05 < errors[15] < 5
    assert found.errors("complex")[0] < 1e-16
    again = compare_gradients(digits_net(), x[:32], y[:32])
    for a, b in zip(found.rows, again.rows, strict=True):
        assert np.array_equal(a.entries, b.entries)  # a seeded sample


def test_a_mistake_is_judged_by_the_complex_step():
    found = compare_gradients(*board("2-2-1"), wrong="update on the way")
    by = {r.name: found.misses(r) for r in found.rows}
    assert by["2.W"].error == by["2.b"].error == 0
    w = by["0.W"]
    assert w.index == (1, 0) and np.isclose(w.ours, -1.95) and np.isclose(w.found, -1.5)
    assert repr(found).startswith("0.W[1, 0] is -1.95")
    assert "complex step finds -1.5" in repr(found)
    # The step sizes are held against the right slopes.
    assert found.errors("central")[0] < 1e-12


def test_losses_that_are_no_numbers_any_more_are_infinitely_wrong():
    class Odd(Module):
        def __init__(self):
            self.inner = Linear(1, 1)

        def forward(self, x):
            return self.inner(x) ** 1.5  # no number below 0

    model = Odd()
    model.inner.W.data, model.inner.b.data = [[1e-4]], [0.0]
    found = compare_gradients(model, [[1.0]], [[0.5]])
    errors = found.errors("central")
    assert np.isinf(errors[0]) and np.isfinite(errors[5])


def test_float32_has_fewer_digits():
    model = small()
    for p in model.parameters():
        p.data = p.data.astype(np.float32)
    found = compare_gradients(model, X.astype(np.float32), Y.astype(np.float32))
    assert found.errors("central").min() > 1e-7


@pytest.mark.parametrize(("how", "words"), [
    ({"wrong": "update"}, ("There is no mistake", "update on the way")),
    ({"wrong": "no transpose"}, ("Without a transpose", "square net")),
])  # fmt: skip
def test_what_cannot_be_compared_is_refused(how, words):
    with refused(ValueError, *words):
        compare_gradients(small(), X, Y, **how)
    with refused(ValueError, "samples"):
        compare_gradients(small(), X, Y[:1])
    with refused(TypeError, "loss"):
        compare_gradients(small(), X, Y, loss="mse")
    assert compare_gradients(Sequential(Linear(2, 1), Sigmoid()), X, Y * 0, BCELoss()).count == 3
