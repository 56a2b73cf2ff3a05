"""A recorded pass is the pass: values, slopes and moves as by replay, and the model untouched."""

from __future__ import annotations

import byhand
import numpy as np
import pytest
from nets import apart, draw
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor
from backprop_kit.engine.gradcheck import slope_by_complex_step
from backprop_kit.nn import SGD, Linear, Sequential, Sigmoid, Tanh
from backprop_kit.study import board, record_pass
from backprop_kit.study.passes import checked_sample, nudge

NAN = float("nan")
X, Y = [[1.0, -1.0], [0.5, 2.0]], [[1.0], [0.0]]


def lamp():
    return Sequential(Linear(2, 3), Tanh(), Linear(3, 1), Sigmoid()).reset(1)


def state(model):
    return {path: p.data.copy() for path, p in model.named_parameters()}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


# --- the record -----------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(12))
def test_the_slopes_of_a_random_pass_equal_the_complex_step(seed):
    case = draw(seed)
    model = case.model()
    before = state(model)
    recorded = record_pass(model, case.x, case.y, optimizer=SGD(0.1, momentum=0.5))
    trace = recorded.trace
    assert same(state(model), before) and all(p.grad is None for p in model.parameters())
    for leaf in recorded.parameters.values():
        assert apart(trace.grads[leaf], slope_by_complex_step(trace.loss, leaf)) < 1e-10
    # The promised falls are slope × move; the true one is what a moved twin says.
    twin = model.copy()
    for p in twin.parameters():
        g = trace.grads[recorded.parameters[next(k for k, q in twin.named_parameters() if q is p)]]
        p.data = p.data - 0.1 * g
    assert np.allclose(recorded.after(case.x), twin(case.x).data, rtol=1e-12, atol=1e-14)
    after = recorded.loss.recorded(twin(case.x), Tensor(recorded.y.value, requires_grad=False))
    assert recorded.fall == pytest.approx(float(trace.loss.value) - float(after.data), abs=1e-12)
    squares = {k: 0.1 * trace.grads[n] ** 2 for k, n in recorded.parameters.items()}
    assert all(np.allclose(recorded.forecast[k], squares[k], rtol=1e-9) for k in squares)


def test_a_record_stays_when_the_model_moves_on():
    model, *_ = board("stairs")
    x, y = byhand.POSITIONS[:1].copy(), byhand.LAMP_ON[:1].copy()
    recorded = record_pass(model, x, y, optimizer=SGD(0.25))
    before = recorded.after(byhand.POSITIONS).copy()
    loss, fall = float(recorded.trace.loss.value), recorded.fall
    for p in model.parameters():
        p.data = p.data * 0 + 7
    x[:] = 99
    y[:] = 99
    assert np.array_equal(recorded.after(byhand.POSITIONS), before)
    assert float(recorded.trace.loss.value) == loss and recorded.fall == fall
    assert recorded.x.value.tolist() == [[1, -1]]


def test_moved_counts_what_goes_up_down_and_nowhere():
    w = Tensor(np.array([[1.0, 2.0, 3.0]]), "w")
    recorded = record_pass(lambda x: x * w, [[1.0, 0.0, -1.0]], [[0.0, 5.0, 7.0]], optimizer=SGD(1))
    # (1·1 − 0)·1 = 1 falls · input 0: no slope · (−3 − 7)·(−1) = 10 falls
    assert recorded.moved == (0, 2, 1)
    recorded = record_pass(lambda x: x * w, [[1.0, 0.0, -1.0]], [[9.0, 5.0, 7.0]], optimizer=SGD(1))
    assert recorded.moved == (1, 1, 1)


def test_without_an_optimizer_nothing_moves():
    recorded = record_pass(lamp(), X, Y)
    assert recorded.forecast == {} and recorded.moved == (0, 0, 0)
    assert np.array_equal(recorded.after(X), recorded.output.value)


def test_one_sample_and_targets_without_a_column():
    model = lamp()
    whole = record_pass(model, X[:1], Y[:1]).trace.loss.value
    assert record_pass(model, X[0], Y[0]).trace.loss.value == whole
    assert record_pass(model, X[0], 1.0).trace.loss.value == whole
    assert (
        record_pass(model, X, [1, 0]).trace.loss.value == record_pass(model, X, Y).trace.loss.value
    )
    assert record_pass(lambda x: x * Tensor(3.0), 2.0, 5.0).trace.loss.value == 0.5


@pytest.mark.parametrize(("last", "y", "title"), [
    (Sigmoid(), [[1.0], [0.0]], nn.BCELoss.title),
    (Tanh(), [[1.0], [0.0]], nn.SquaredError.title),
    (None, [[1.0], [0.0]], nn.SquaredError.title),
])  # fmt: skip
def test_the_loss_follows_from_the_last_module(last, y, title):
    layers = [Linear(2, 1), *([last] if last is not None else [])]
    assert record_pass(Sequential(*layers).reset(1), X, y).loss.title == title


def test_the_loss_follows_from_labels_or_is_the_one_given():
    model = Sequential(Linear(2, 3)).reset(1)
    assert isinstance(record_pass(model, X, [2, 0]).loss, nn.CrossEntropyLoss)
    given = nn.MSELoss()
    assert record_pass(model, X, np.zeros((2, 3)), given).loss is given


def test_a_nudge_measures_on_a_replay():
    model = lamp()
    recorded = record_pass(model, X, Y)
    before = state(model)
    for path, leaf in recorded.parameters.items():
        index = leaf.value.size - 1
        found, down = (nudge(recorded, path, index, by) for by in (0.01, -0.01))
        twin = model.copy()
        p = dict(twin.named_parameters())[path]
        moved = p.data.copy()
        moved.reshape(-1)[index] += 0.01
        p.data = moved
        true = record_pass(twin, X, Y).trace.loss.value - recorded.trace.loss.value
        assert found.measured == pytest.approx(float(true), rel=1e-9)
        assert found.promised == pytest.approx(found.slope * 0.01) and found.by == 0.01
        central = (found.measured - down.measured) / 0.02
        assert found.slope == pytest.approx(central, rel=1e-4)
    assert same(state(model), before)


def test_places_are_all_parameters_and_the_slopes_at_the_sums():
    recorded = record_pass(lamp(), X, Y)
    assert list(recorded.places()) == ["0.W", "0.b", "2.W", "2.b", "δ1", "δ2"]
    made = recorded.trace.made
    assert recorded.places()["δ1"] is made[1] and recorded.places()["δ2"] is made[4]
    scores = Sequential(Linear(2, 3), Tanh(), Linear(3, 3)).reset(1)
    recorded = record_pass(scores, X, [0, 2])
    assert recorded.places()["δ2"] is recorded.output


# --- bad input ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("x", "y", "kind", "word"), [
    ([[1, NAN]], [[1]], ValueError, "x[0, 1]"),
    ([[1, 1]], [[float("inf")]], ValueError, "y[0, 0]"),
    ([], [], ValueError, "empty"),
    (np.zeros((0, 2)), np.zeros((0, 1)), ValueError, "empty"),
    (np.zeros((1, 0)), [[1]], ValueError, "empty"),
    ([[1, 2], [3]], Y, TypeError, "equal length"),
    ([["a", "b"]], [[1]], TypeError, "must hold numbers"),
    ([[1j, 1]], [[1]], TypeError, "must hold numbers"),
    ([[10**400, 1]], [[1]], TypeError, "must hold numbers"),
    ({"a": 1}, [[1]], TypeError, "must hold numbers"),
    (X, None, TypeError, "y must hold numbers"),
    (X, [[1]], ValueError, "2 samples"),
    ([[1, 2, 3]], [[1]], ValueError, "3 features"),
    (X, [[1, 0], [0, 1]], ValueError, "shape"),
    (np.zeros((2, 2, 2)), Y, ValueError, "shape"),
])  # fmt: skip
def test_a_bad_sample_is_refused_and_the_model_stays(x, y, kind, word):
    model = lamp()
    before = state(model)
    with refused(kind, word):
        record_pass(model, x, y, optimizer=SGD(0.1))
    assert same(state(model), before) and all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("y", [[0, 3], [-1, 0]])
def test_labels_out_of_range_are_refused(y):
    with refused(ValueError, "label", "0 … 2"):
        record_pass(Sequential(Linear(2, 3)).reset(1), X, y)


def test_labels_that_are_no_whole_numbers_are_refused():
    with refused(TypeError, "whole numbers"):
        record_pass(Sequential(Linear(2, 3)).reset(1), X, [0.5, 1], nn.CrossEntropyLoss())


@pytest.mark.parametrize("model", [3, None, "net", Linear])
def test_what_cannot_be_called_is_refused(model):
    with refused(TypeError, "module or a function"):
        record_pass(model, X, Y)


@pytest.mark.parametrize("model", [lambda x: x.data, lambda x: None, lambda x: 1.0])
def test_a_model_that_returns_arrays_is_refused(model):
    with refused(TypeError, "not a Tensor"):
        record_pass(model, X, Y)


@pytest.mark.parametrize("model", [Tanh(), Sequential(), lambda x: x * 2])
def test_a_model_without_parameters_is_refused(model):
    with refused(ValueError, "no parameter"):
        record_pass(model, X, X, optimizer=SGD(0.1))


@pytest.mark.parametrize("loss", [3, "mse", lambda a, b: a, nn.MSELoss])
def test_what_is_no_loss_is_refused(loss):
    with refused(TypeError, "loss"):
        record_pass(lamp(), X, Y, loss)


@pytest.mark.parametrize("optimizer", [3, "sgd", SGD])
def test_what_is_no_optimizer_is_refused(optimizer):
    with refused(TypeError, "SGD(0.1)"):
        record_pass(lamp(), X, Y, None, optimizer)


def test_an_error_inside_the_model_is_the_learners_own():
    with pytest.raises(ZeroDivisionError):
        record_pass(lambda x: 1 / 0, X, Y)


@pytest.mark.parametrize(("x", "kind", "word"), [
    ([[1, 2, 3]], ValueError, "(2, 2)"), ([[1, NAN]], ValueError, "X[0, 1]"),
    ("up", TypeError, "X"), ([], ValueError, "rows"), ([[1], [1, 2]], TypeError, "X"),
    (3.0, ValueError, "rows"),
])  # fmt: skip
def test_after_refuses_what_does_not_fit(x, kind, word):
    recorded = record_pass(lamp(), X, Y, optimizer=SGD(0.1))
    with refused(kind, word):
        recorded.after(x)


def test_checked_sample_hands_over_rows():
    x, y = checked_sample(Tensor([[1.0, 2.0]]), [[True]])
    assert x.tolist() == [[1, 2]] and y.tolist() == [[True]]
    assert [a.shape for a in checked_sample(2.0, 3)] == [(1, 1), (1,)]
    assert [a.shape for a in checked_sample([1, 2, 3], [0, 1])] == [(1, 3), (1, 2)]
