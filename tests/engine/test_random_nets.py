"""500 random nets: their slopes beside the complex step, central differences and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from nets import KINKED, Case, apart, draw, their_loss, theirs

from backprop_kit.engine import Tensor, Trace, replay, replay_slopes, replay_values
from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.gradcheck import slope_by_complex_step

GROUPS, EACH = 20, 25


def cases(group: int) -> list[Case]:
    return [draw(seed) for seed in range(group * EACH, (group + 1) * EACH)]


def by_central_differences(loss: Tensor, place: Tensor) -> np.ndarray:
    """Four points, and a wide step where there is no kink: small slopes need the digits."""
    kinked = any(n.op is not None and n.op.name in KINKED for n in ancestors(loss.node))
    flat, h = place.data.reshape(-1), 4e-5 if kinked else 1e-3
    moved = flat + h * np.concatenate([s * np.eye(flat.size) for s in (-2, -1, 1, 2)])
    values = replay(loss, {place: moved.reshape(-1, *place.shape)}).reshape(4, -1)
    return ((8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * h)).reshape(place.shape)


@pytest.mark.parametrize("group", range(GROUPS))
def test_slopes_agree_with_the_complex_step_and_central_differences(group):
    for case in cases(group):
        model = case.model()
        loss = case.measured(model)
        loss.backward()
        for name, p in model.named_parameters():
            assert apart(p.grad, slope_by_complex_step(loss, p)) < 1e-12, (case, name)
            assert apart(p.grad, by_central_differences(loss, p)) < 1e-7, (case, name)


@pytest.mark.pytorch
@pytest.mark.parametrize("group", range(GROUPS))
def test_slopes_agree_with_pytorch(group):
    pytest.importorskip("torch", reason="torch is not installed")
    for case in cases(group):
        model = case.model()
        loss = case.measured(model)
        loss.backward()
        net = theirs(case, model)
        other = their_loss(case, net)
        other.backward()
        assert float(loss.data) == pytest.approx(other.item(), rel=1e-10)
        for (name, p), q in zip(model.named_parameters(), net.parameters(), strict=True):
            grad = q.grad.numpy()
            assert apart(p.grad, grad.T if name.endswith("W") else grad) < 1e-10, (case, name)


@pytest.mark.parametrize("members", ["batch", 1])
@pytest.mark.parametrize("group", range(5))
def test_an_ensemble_replay_equals_a_loop(group, members):
    for seed in range(group * 20, (group + 1) * 20):
        case = draw(1000 + seed, smooth=seed % 2 == 0)
        model = case.model()
        loss = case.measured(model)
        size = len(case.x) if members == "batch" else 1
        rng = np.random.default_rng(seed)
        given = {p: rng.normal(size=(size, *p.shape)) for p in model.parameters()}
        some = dict(list(given.items())[:: 1 + seed % 3])
        trace = Trace.of(loss)
        wanted = [*model.parameters(), *trace.made]
        values = replay_values(trace.made, some)
        total, slopes = replay_slopes(loss, some, wanted)
        for r in range(size):
            one = {p: v[r] for p, v in some.items()}
            for ours, true in zip(values, replay_values(trace.made, one), strict=True):
                np.testing.assert_allclose(ours[r], true, rtol=1e-12, atol=1e-12)
            alone, theirs = replay_slopes(loss, one, wanted)
            np.testing.assert_allclose(total[r], alone, rtol=1e-12)
            for ours, true in zip(slopes, theirs, strict=True):
                np.testing.assert_allclose(ours[r], true, rtol=1e-11, atol=1e-12)


def test_a_replay_of_slopes_equals_the_way_back_bit_for_bit():
    for seed in range(40):
        case = draw(2000 + seed)
        model = case.model()
        loss = case.measured(model)
        trace = Trace.of(loss)
        nodes = list(trace.grads)
        first = next(iter(model.parameters()))
        value, slopes = replay_slopes(loss, {first: first.data}, nodes)
        assert value == loss.data
        for n, g in zip(nodes, slopes, strict=True):
            assert np.array_equal(trace.grads[n], g)


def test_the_complex_step_of_slopes_is_the_hessian_and_symmetric():
    for seed in range(60):
        case = draw(3000 + seed)
        model = case.model()
        loss = case.measured(model)
        ps = list(model.parameters())
        sizes = np.cumsum([0] + [p.count for p in ps])
        rows = 1j * 1e-30 * np.eye(sizes[-1])
        given = {
            p: p.data + rows[:, a:b].reshape(-1, *p.shape)
            for p, a, b in zip(ps, sizes, sizes[1:], strict=False)
        }
        _, slopes = replay_slopes(loss, given, ps)
        hessian = np.concatenate([s.imag.reshape(len(rows), -1) for s in slopes], 1) / 1e-30
        assert apart(hessian, hessian.T) < 1e-12, case


@pytest.mark.parametrize("loss", ["bce_logits", "cross_entropy"])
def test_fused_and_unfused_losses_have_the_same_slopes(loss):
    found = 0
    for seed in range(4000, 4100):
        case = draw(seed)
        if case.loss != loss:
            continue
        found += 1
        one, two = case.model(), case.model()
        case.measured(one).backward()
        case.measured(two, unfused=True).backward()
        for p, q in zip(one.parameters(), two.parameters(), strict=True):
            assert apart(p.grad, q.grad) < 1e-11
    assert found > 5
