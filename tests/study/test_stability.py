"""λmax is that of the exact Hessian, and beyond the gauge's limit a bowl really grows."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from refusal import refused

from backprop_kit.nn import (
    SGD,
    Adam,
    AdamW,
    BCELoss,
    Linear,
    MSELoss,
    RMSProp,
    Sequential,
    Sigmoid,
    StepDecay,
    Tanh,
)
from backprop_kit.study.curvature import hessian, sharpness
from backprop_kit.study.stability import Estimate, TopCurvature, gauge

RULES = [SGD(0.1), SGD(0.1, 0.5), SGD(0.1, 0.9), SGD(0.1, 0.9, nesterov=True),
         SGD(0.1, weight_decay=3.0), SGD(0.1, 0.5, weight_decay=1.0)]  # fmt: skip


def drawn(seed):
    rng = np.random.default_rng(seed)
    last = [Sigmoid()] if seed % 3 == 0 else []
    model = Sequential(Linear(2, 6), Tanh(), Linear(6, 4), Tanh(), Linear(4, 1), *last)
    model.reset(seed)
    y = rng.integers(0, 2, (12, 1)) if last else rng.normal(size=(12, 1))
    return model, (rng.normal(size=(12, 2)), y.astype(float))


def bowl(curvatures):
    """L = ½ Σ λᵢ wᵢ², with its Hessian on the diagonal."""
    n = len(curvatures)
    model = Linear(n, 1, bias=False)
    model.W.data = np.ones((n, 1))
    x = np.diag(np.sqrt(np.asarray(curvatures) * n / 2))  # MSE over n samples
    return model, (x, np.zeros((n, 1)))


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_a_fresh_eigenvalue_as_a_net_trains(seed):
    """At .5, .9, 1.1 and 2 times the limit; the weights move, the direction is kept."""
    model, data = drawn(seed)
    true = float(np.linalg.eigvalsh(hessian(model, data))[-1])
    top = TopCurvature(model, data)
    assert top.settle(1e-5).value == pytest.approx(true, rel=1e-8)
    loss = top_loss(model)
    for times in (0.5, 0.9, 1.1, 2.0):
        pupil, rule = model.copy(), SGD(times * 2 / true)
        for _ in range(5):
            pupil.zero_grad()
            loss(pupil(data[0]), data[1]).backward()
            rule.step(pupil)
            top.move(pupil)
            top.step()
        now = float(np.linalg.eigvalsh(hessian(pupil, data))[-1])
        found = top.settle(1e-3)
        assert found.value == pytest.approx(now, rel=0.01)
        g = gauge(rule, found.value)
        assert g.value == pytest.approx(rule.lr * now, rel=0.01) and g.limit == 2
        top.move(model)


def top_loss(model):
    return BCELoss() if isinstance(model[-1], Sigmoid) else MSELoss()


def test_the_estimate_is_never_too_high_and_its_residual_is_a_bound():
    model, data = drawn(1)
    values = np.linalg.eigvalsh(hessian(model, data))
    top = TopCurvature(model, data)
    before = -inf
    for k in range(1, 25):
        found = top.step()
        assert found.products == k  # one product a step
        assert before - 1e-12 <= found.value <= values[-1] * (1 + 1e-12)
        assert np.abs(values - found.value).min() <= found.residual + 1e-12
        before = found.value
    assert found.value == pytest.approx(values[-1], rel=1e-9)


def test_a_product_is_that_of_the_hessian():
    model, data = drawn(2)
    H = hessian(model, data)
    top = TopCurvature(model, data)
    v = np.random.default_rng(3).normal(size=top.n)
    assert np.abs(top.product(v) - H @ v).max() < 1e-12 * np.abs(H @ v).max()


def test_a_large_negative_curvature_does_not_mislead():
    """Where the most negative curvature is the largest in size: λmax is still the top one."""

    found = 0
    for seed in range(30):
        model, data = drawn(3 * seed + 1)
        model.reset(seed, init=lambda rng, shape: rng.normal(0, 0.2, shape))
        data = (data[0], data[1] * 8)
        values = np.linalg.eigvalsh(hessian(model, data))
        if abs(values[0]) > values[-1]:
            found += 1
            assert TopCurvature(model, data).settle(1e-5).value == pytest.approx(
                values[-1], rel=1e-6
            )
    assert found > 0


def test_on_a_bowl_it_is_exact():
    model, data = bowl([0.5, 7.0, 3.0])
    found = TopCurvature(model, data).settle(1e-12)
    assert found.value == pytest.approx(7.0, rel=1e-12) and found.products <= 5
    assert sharpness(model, data) == pytest.approx(7.0, rel=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize(("times", "grows"), [(0.98, False), (1.02, True)])
def test_beyond_the_limit_a_bowl_grows(rule, times, grows):
    model, data = bowl([4.0, 1.0])
    g = gauge(rule, TopCurvature(model, data).settle(1e-12).value)
    rule = SGD(
        times * g.limit / g.curvature,
        rule.momentum,
        nesterov=rule.nesterov,
        weight_decay=rule.weight_decay,
    )
    assert gauge(rule, 4.0).unstable is grows
    pupil = model.copy()
    start = np.linalg.norm(pupil.W.data)
    for _ in range(2000):
        pupil.zero_grad()
        MSELoss()(pupil(data[0]), data[1]).backward()
        rule.step(pupil)
        size = np.linalg.norm(pupil.W.data)
        if not 1e-3 * start < size < 1e3 * start:
            break
    assert size > 1e3 * start if grows else size < 1e-3 * start


@pytest.mark.parametrize("rule", [Adam(0.1), AdamW(0.1), RMSProp(0.1)], ids=repr)
def test_where_each_weight_has_its_own_step_there_is_no_limit(rule):
    g = gauge(rule, 10.0)
    assert g.limit is None and g.unstable is None and g.value == pytest.approx(1.0)


def test_a_schedule_is_followed():
    rule = SGD(1.0, schedule=StepDecay(10, 0.1))
    assert gauge(rule, 3.0).unstable is True and gauge(rule, 3.0, steps=10).unstable is False


def test_a_flat_loss_and_a_single_number():
    flat = Linear(1, 1, bias=False)
    flat.W.data = [[0.0]]
    found = TopCurvature(flat, ([[0.0]], [[0.0]])).settle()
    assert found == Estimate(0.0, 0.0, 1) or found.value == 0
    one, data = bowl([3.0])
    assert TopCurvature(one, data).settle(1e-12).value == pytest.approx(3.0, rel=1e-14)


def test_weights_that_blew_up_are_no_end():
    model, data = drawn(1)
    top = TopCurvature(model, data)
    before = top.settle(1e-9).value
    for far in (1e200, inf, nan):
        wild = {k: np.full_like(v, far) for k, v in model.state_dict().items()}
        top.move(wild)
        found = [top.step() for _ in range(3)] + [top.settle()]
        assert not (np.isfinite(found[-1].value) and far != 1e200)
    top.move(model)
    assert top.settle(1e-9).value == pytest.approx(before, rel=1e-9)


def test_the_model_is_left_alone_and_float32_is_looked_at_in_float64():
    model, data = drawn(4)
    for p in model.parameters():
        p.data = p.data.astype(np.float32)
    before = {k: v.copy() for k, v in model.state_dict().items()}
    found = TopCurvature(model, data).settle(1e-6).value
    wide = model.copy()
    for p in wide.parameters():
        p.data = p.data.astype(float)
    assert found == pytest.approx(sharpness(wide, data), rel=1e-9)
    after = model.state_dict()
    assert all(np.array_equal(before[k], after[k]) for k in before)
    assert all(p.data.dtype == np.float32 for p in model.parameters())


@pytest.mark.parametrize(
    ("kind", "call", "said"),
    [
        (TypeError, lambda: TopCurvature(lambda v: v, ([[1.0]], [[1.0]])), "module"),
        (ValueError, lambda: TopCurvature(Tanh(), ([[1.0]], [[1.0]])), "no parameter"),
        (ValueError, lambda: TopCurvature(Linear(1, 1), ([[nan]], [[1.0]])), "nan"),
        (ValueError, lambda: TopCurvature(*drawn(0)).move(Linear(1, 1)), "same make"),
    ],
)
def test_what_has_no_curvature_is_refused(kind, call, said):
    with refused(kind, said):
        call()
