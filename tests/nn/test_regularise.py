"""Dropout as a layer: modes, whose masks it draws, and what repeats."""

from __future__ import annotations

import numpy as np
import pytest
from nets import apart
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import gradcheck, moment
from backprop_kit.engine.chance import looking
from backprop_kit.engine.gradcheck import slope_by_complex_step
from backprop_kit.nn.convert import to_torch_state

X = np.random.default_rng(1).normal(size=(20, 6)) + 3


def mask(y: np.ndarray) -> np.ndarray:
    return y != 0


def test_training_drops_and_scales_and_eval_hands_on():
    layer = nn.Dropout(0.25)
    y = layer(X)
    assert y.node.op.name == "dropout"
    there = mask(y.data)
    np.testing.assert_allclose(y.data[there], X[there] / 0.75, rtol=1e-15)
    assert 0 < (~there).sum() < there.sum()
    np.testing.assert_array_equal(layer.eval()(X).data, X)
    np.testing.assert_array_equal(nn.Dropout(0)(X).data, X)
    assert repr(layer) == "Dropout(0.25)"


def test_outside_a_moment_each_call_has_a_mask_and_reset_begins_again():
    layer = nn.Dropout()
    first = [layer(X).data for _ in range(3)]
    assert len({f.tobytes() for f in first}) == 3
    layer.eval()(X)  # not a training call
    twin = layer.train().copy()
    assert np.array_equal(twin(X).data, layer(X).data)
    layer.reset(0)
    for f in first:
        np.testing.assert_array_equal(layer(X).data, f)
    layer.reset(1)
    assert not np.array_equal(layer(X).data, first[0])


def test_two_layers_of_a_model_draw_for_themselves():
    model = nn.Sequential(nn.Dropout(), nn.Identity(), nn.Dropout())
    a = model(X).data
    alone = nn.Dropout()(X).data
    assert not np.array_equal(mask(a), mask(alone))
    again = nn.Sequential(nn.Dropout(), nn.Identity(), nn.Dropout()).reset(0)
    np.testing.assert_array_equal(again(X).data, a)
    with moment(0, 0):
        in_step = model(X).data
        first = nn.Dropout()
    assert not np.array_equal(mask(in_step), mask(first(X).data))


def test_in_a_moment_the_mask_belongs_to_the_step():
    model = nn.Sequential(nn.Linear(6, 5), nn.Dropout(), nn.Tanh(), nn.Dropout(0.2)).reset(3)
    steps = []
    for k in range(4):
        with moment(7, k):
            steps.append(model(X).data)
    for k in (2, 0, 3):  # any step again, in any order, and in a copy
        with moment(7, k, quiet=True):
            np.testing.assert_array_equal(model.copy()(X).data, steps[k])
    assert not np.array_equal(steps[0], steps[1])
    with moment(8, 0):
        assert not np.array_equal(model(X).data, steps[0])


def test_calls_in_moments_leave_the_own_count_alone():
    layer = nn.Dropout()
    first = layer(X).data
    layer.reset(0)
    with moment(0, 5):
        layer(X)
    np.testing.assert_array_equal(layer(X).data, first)


def test_looking_shows_the_next_mask_and_leaves_it_to_come():
    layer = nn.Dropout()
    model = nn.Sequential(layer, layer)
    model(X)
    for _ in range(2):
        with looking():
            seen = model(X).data
    np.testing.assert_array_equal(model(X).data, seen)
    with moment(3, 8):
        with looking():
            seen = model(X).data
        np.testing.assert_array_equal(model(X).data, seen)


def test_slopes_go_through_the_same_mask():
    model = nn.Sequential(nn.Linear(6, 5), nn.Dropout(), nn.Tanh(), nn.Linear(5, 1)).reset(2)
    loss = nn.MSELoss()(model(X), np.ones((20, 1)))
    assert gradcheck(loss)
    loss.backward()
    assert apart(model[0].W.grad, slope_by_complex_step(loss, model[0].W)) < 1e-12
    layer = nn.Dropout(0.4)
    x = nn.Linear(6, 6).reset(1)(X)
    y = layer(x)
    grads = y.data / x.data  # the slope of a sum is the mask / (1 − rate)
    y.sum().backward()
    (leaf,) = [n for n in x.node.inputs if n.owner is not None][:1]
    np.testing.assert_allclose(leaf.owner.grad, grads.sum(0), rtol=1e-12)


@pytest.mark.pytorch
def test_pytorch_drops_and_scales_alike():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.manual_seed(0)
    theirs = torch.nn.Dropout(0.25)(torch.tensor(X)).numpy()
    ours = nn.Dropout(0.25)(X).data
    both = mask(theirs) & mask(ours)
    assert both.sum() > 40
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-14)
    n, share = X.size, 0.25
    for kept in (mask(theirs), mask(ours)):
        assert abs((~kept).sum() - n * share) < 5 * np.sqrt(n * share * (1 - share))
    assert to_torch_state(nn.Sequential(nn.Dropout())) == {}


@pytest.mark.parametrize("rate", [1, -0.5, 2.0, "half", None])
def test_a_rate_is_a_share_below_one(rate):
    with refused(ValueError, f"rate is {rate!r}; it is the share of the numbers that is dropped"):
        nn.Dropout(rate)
