"""The products of a layer: shares add up, eight products differ, gradients are NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest
from passcases import COUNT, case
from refusal import refused

from backprop_kit import nn
from backprop_kit.nn import SGD, Linear, ReLU, Sequential, SquaredError, Tanh
from backprop_kit.study import board, record_pass
from backprop_kit.study.products import affines, matrix, shares, steepness

RNG = np.random.default_rng(41)


def layer_of(name):
    recorded = record_pass(*board(name), optimizer=SGD(0.1))
    return recorded, list(affines(recorded).values())


def by_name(tries):
    turned = {False: "", True: "ᵀ"}
    return {"·".join(f.name + turned[f.turned] for f in (t.left, t.right)): t for t in tries}


# --- the boards of the lesson ---------------------------------------------------------------------
def test_four_samples_are_the_numbers_of_the_lesson():
    _, (layer,) = layer_of("four samples")
    X = np.array([[1, 0.5], [-1, 1.5], [2, -1], [0.5, 1]])
    dY = np.array([[0.2, -1.15, 0.25], [0.2, 0.75, -1.45], [-0.9, -2.1, 1], [1.1, -0.3, -0.4]])
    assert np.array_equal(layer.X, X) and np.allclose(layer.dY, dY, atol=1e-14)
    assert np.allclose(layer.dW, [[-1.25, -6.25, 3.5], [2.4, 2.35, -3.45]], atol=1e-14)
    assert np.allclose(layer.db, [0.6, -2.8, -0.6], atol=1e-14)
    assert np.allclose(layer.dX, dY @ layer.W.T, atol=1e-14)
    parts = shares(layer, 0, 2)
    assert np.allclose(parts, [0.25, 1.45, 2.0, -0.2], atol=1e-14)
    assert int(np.abs(layer.dY[:, 2]).argmax()) == 1 and int(np.abs(parts).argmax()) == 2
    assert parts[[0, 1, 3]].sum() == pytest.approx(1.5)
    model, _, t = board("four samples")
    assert isinstance(nn.default_loss(model, t), SquaredError)
    assert model.words.looks == {"0.W": (0, 2)}


def test_of_eight_products_two_are_legal_and_one_has_the_shape():
    _, (layer,) = layer_of("four samples")
    tried = by_name(layer.tries())
    assert len(tried) == 8
    assert [name for name, t in tried.items() if t.fits] == ["Xᵀ·dY", "dYᵀ·X"]
    assert [name for name, t in tried.items() if t.shaped] == ["Xᵀ·dY"]
    assert tried["dYᵀ·X"].means == ("out", "in") and tried["Xᵀ·dY"].means == ("in", "out")
    assert tried["X·dY"].meets == ("in", "batch") and tried["X·dY"].value is None
    assert tried["Xᵀ·dY"].passes and np.array_equal(tried["Xᵀ·dY"].value, layer.dW)


def test_in_the_square_all_eight_fit_all_differ_and_one_passes():
    _, (layer,) = layer_of("three by three")
    X, dY = (
        np.array([[1, 0, 2], [-1, 1, 0], [0, 2, 1]]),
        np.array([[1, -1, 0], [0, 2, 1], [1, 0, -1]]),
    )
    assert np.array_equal(layer.dW, [[1, -3, -1], [2, 2, -1], [3, -2, -1]])
    tried = by_name(layer.tries())
    mine = {
        "X·dY": X @ dY, "X·dYᵀ": X @ dY.T, "Xᵀ·dY": X.T @ dY, "Xᵀ·dYᵀ": X.T @ dY.T,
        "dY·X": dY @ X, "dY·Xᵀ": dY @ X.T, "dYᵀ·X": dY.T @ X, "dYᵀ·Xᵀ": dY.T @ X.T,
    }  # fmt: skip
    assert set(tried) == set(mine)
    for name, value in mine.items():
        assert tried[name].fits and tried[name].shaped and np.array_equal(tried[name].value, value)
    assert len({v.tobytes() for v in mine.values()}) == 8
    assert [name for name, t in tried.items() if t.passes] == ["Xᵀ·dY"]
    # Only there do the touching edges mean the same and the outer ones what W's mean.
    same = [
        n for n, t in tried.items() if t.meets == ("batch", "batch") and t.means == ("in", "out")
    ]
    assert same == ["Xᵀ·dY"]


def test_two_layers_by_hand():
    recorded, (one, two) = layer_of("2-2-1")
    assert float(recorded.trace.loss.value) == 1
    assert two.dY.tolist() == [[-1], [1]] and two.dW.tolist() == [[-1.5], [-1]]
    assert two.db.tolist() == [0] and two.dX.tolist() == [[-0.5, 1], [0.5, -1]]
    assert one.dY.tolist() == [[-0.5, 1], [0.5, 0]] and one.dW.tolist() == [[0, 1], [-1.5, 2]]
    assert one.db.tolist() == [0, 1]
    assert shares(one, 0, 0).tolist() == [-0.5, 0.5]
    grads = [recorded.trace.grads[n] for n in recorded.parameters.values()]
    assert sum(float((g**2).sum()) for g in grads) == 11.5
    slow = record_pass(*board("2-2-1"), optimizer=SGD(0.01))
    assert slow.fall == pytest.approx(0.108, abs=5e-4)


# --- any net --------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(COUNT), ids=lambda s: case(s).name)
def test_the_shares_of_the_samples_add_up_to_every_gradient(seed):
    recorded = case(seed).recorded
    trace = recorded.trace
    for link, layer in affines(recorded).items():
        if layer.dY is None:
            continue
        every = layer.X[:, :, None] * layer.dY[:, None, :]
        scale = np.abs(every).sum(axis=0).max() or 1.0
        assert np.abs(every.sum(axis=0) - layer.dW).max() <= 1e-12 * scale
        i, j = layer.W.shape[0] - 1, layer.W.shape[1] - 1
        assert np.array_equal(shares(layer, i, j), every[:, i, j])
        if layer.db is not None:
            assert np.abs(layer.dY.sum(axis=0) - layer.db).max() <= 1e-12 * np.abs(layer.dY).sum()
            assert np.array_equal(shares(layer, None, j), layer.dY[:, j])
        assert np.allclose(layer.dX, layer.dY @ layer.W.T, rtol=1e-12, atol=1e-15)
        assert by_name(layer.tries())["Xᵀ·dY"].passes
        assert by_name(layer.tries("dX", ("dY", "W")))["dY·Wᵀ"].passes
        if len(trace.parts[link.weight]) == 1:
            assert np.array_equal(layer.dW, trace.grads[link.weight])
        assert layer.ks["dW"] in [k for k, _ in trace.parts[link.weight]]


def test_a_weight_used_twice_collects_in_both_places():
    W = nn.Parameter((2, 2), nn.uniform(1))

    class Twice(nn.Module):
        def __init__(self):
            self.W = W

        def forward(self, x):
            return nn.Tanh()(x @ self.W) @ self.W

    recorded = record_pass(Twice(), [[1.0, -0.5], [0.3, 2.0]], [[0.0, 1.0], [1.0, 0.0]])
    one, two = affines(recorded).values()
    whole = recorded.trace.grads[recorded.parameters["W"]]
    assert np.allclose(one.dW + two.dW, whole, rtol=1e-14) and not np.allclose(one.dW, whole)
    assert np.allclose(two.dW, two.X.T @ two.dY) and np.allclose(one.dW, one.X.T @ one.dY)


def test_of_more_axes_all_but_the_last_are_the_batch():
    x = RNG.normal(size=(3, 4, 2))
    net = Sequential(Linear(2, 5), Tanh(), Linear(5, 2)).reset(1)
    recorded = record_pass(net, x, RNG.normal(size=(3, 4, 2)))
    one, _ = affines(recorded).values()
    assert one.X.shape == (12, 2) and one.dY.shape == (12, 5)
    assert np.allclose(one.X.T @ one.dY, one.dW) and np.allclose(one.dY.sum(0), one.db)
    assert matrix(np.arange(3.0)).shape == (3, 1) and matrix(np.float64(2)).shape == (1, 1)


def test_how_steep_an_activation_is():
    recorded = record_pass(Sequential(Linear(2, 3), ReLU(), Linear(3, 1), Tanh()).reset(0),
                           RNG.normal(size=(5, 2)), RNG.normal(size=(5, 1)))  # fmt: skip
    _, relu, _, tanh = recorded.links
    assert np.array_equal(steepness(relu), (relu.source.value > 0) * 1.0)
    assert np.allclose(steepness(tanh), 1 - np.tanh(tanh.source.value) ** 2, rtol=1e-12)
    mixing = record_pass(
        Sequential(Linear(2, 3)).reset(0), RNG.normal(size=(5, 2)), [0, 1, 2, 0, 1]
    )
    assert steepness(mixing.links[-1]) is None and steepness(mixing.links[0]) is None


# --- what does not fit ----------------------------------------------------------------------------
def test_what_does_not_exist_is_refused_in_two_lines():
    _, (layer,) = layer_of("four samples")
    with refused(ValueError, "no factor 'Y'"):
        layer.factor("Y")
    with refused(ValueError, "no gradient 'db'"):
        layer.tries("db")
    for row, col in ((2, 0), (None, 3), (-1, 0)):
        with refused(ValueError, f"no weight ({row}, {col})"):
            shares(layer, row, col)
