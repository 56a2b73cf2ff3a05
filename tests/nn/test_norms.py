"""BatchNorm and LayerNorm: PyTorch's numbers, what is kept between batches, and both modes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import apart
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor, gradcheck, moment, replay_slopes, replay_values
from backprop_kit.engine.gradcheck import slope_by_complex_step
from backprop_kit.nn.convert import from_torch_state, to_torch_state

RNG = np.random.default_rng(11)


def net() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm(4), nn.Tanh(), nn.LayerNorm(4), nn.Linear(4, 2)
    )


def by_hand(x: np.ndarray, axes: Any, eps: float = 1e-5) -> np.ndarray:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


# --- against PyTorch ------------------------------------------------------------------------------
def their_net(torch: Any) -> Any:
    t = torch.nn
    return t.Sequential(
        t.Linear(3, 4), t.BatchNorm1d(4), t.Tanh(), t.LayerNorm(4), t.Linear(4, 2)
    ).double()


@pytest.mark.pytorch
def test_several_batches_and_eval_are_pytorchs():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.manual_seed(0)
    theirs, ours = their_net(torch), net()
    with torch.no_grad():
        for p in theirs.parameters():
            p.add_(0.3 * torch.randn_like(p))
    from_torch_state(ours, theirs.state_dict())
    for batch in (7, 2, 16, 7):
        x, y = RNG.normal(2, 3, (batch, 3)), RNG.normal(size=(batch, 2))
        theirs.zero_grad()
        ours.zero_grad()
        x_there = torch.tensor(x, requires_grad=True)
        out = theirs(x_there)
        torch.nn.functional.mse_loss(out, torch.tensor(y)).backward()
        x_here = Tensor(x)
        said = ours(x_here)
        nn.MSELoss()(said, y).backward()
        assert apart(said.data, out.detach().numpy()) < 1e-12
        # Two samples become ±1 whatever they are: slopes near 0, but for rounding.
        np.testing.assert_allclose(x_here.grad, x_there.grad.numpy(), rtol=1e-12, atol=1e-13)
        for ours_p, theirs_p in zip(ours.parameters(), theirs.parameters(), strict=True):
            # An offset in front of a BatchNorm has the slope 0, but for rounding.
            slope = theirs_p.grad.numpy().T
            np.testing.assert_allclose(ours_p.grad, slope, rtol=1e-12, atol=1e-13)
        state = to_torch_state(ours)
        for name, value in theirs.state_dict().items():
            assert apart(state[name], value.numpy()) < 1e-12, name
    assert state["1.num_batches_tracked"] == 4
    assert state["1.num_batches_tracked"].dtype == np.int64
    assert list(state) == list(theirs.state_dict())
    theirs.eval()
    ours.eval()
    x = RNG.normal(size=(5, 3))
    x_there = torch.tensor(x, requires_grad=True)
    out = theirs(x_there)
    out.pow(3).sum().backward()
    x_here = Tensor(x)
    said = ours(x_here)
    (said**3).sum().backward()
    assert apart(said.data, out.detach().numpy()) < 1e-12
    assert apart(x_here.grad, x_there.grad.numpy()) < 1e-12
    assert apart(ours(x[:1]).data, theirs(torch.tensor(x[:1])).detach().numpy()) < 1e-12
    back = their_net(torch)
    back.load_state_dict({k: torch.as_tensor(v) for k, v in to_torch_state(ours).items()})
    assert back[1].num_batches_tracked == 4


@pytest.mark.pytorch
@pytest.mark.parametrize(("momentum", "eps"), [(0.3, 1e-2), (1.0, 1e-7)])
def test_momentum_and_eps_are_pytorchs(momentum, eps):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ours = nn.BatchNorm(3, momentum=momentum, eps=eps)
    theirs = torch.nn.BatchNorm1d(3, momentum=momentum, eps=eps).double()
    for _ in range(3):
        x = RNG.normal(1, 2, (4, 3))
        assert apart(ours(x).data, theirs(torch.tensor(x)).detach().numpy()) < 1e-12
    assert apart(ours.running_mean.data, theirs.running_mean.numpy()) < 1e-12
    assert apart(ours.running_var.data, theirs.running_var.numpy()) < 1e-12


# --- values and slopes ----------------------------------------------------------------------------
@given(shape=st.sampled_from([(4, 3), (9, 3), (4, 2, 3), (2, 3, 2, 3)]), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_values_are_the_formulas_and_slopes_agree_with_the_complex_step(shape, seed):
    x = Tensor(np.random.default_rng(seed).normal(1, 2, shape))
    for layer, axes in ((nn.BatchNorm(3), tuple(range(len(shape) - 1))), (nn.LayerNorm(3), -1)):
        layer.reset(seed, init=nn.uniform(1))
        y = layer(x)
        expected = layer.gamma.data * by_hand(x.data, axes) + layer.beta.data
        np.testing.assert_allclose(y.data, expected, rtol=1e-12, atol=1e-13)
        loss = (y**3).sum()
        x.zero_grad()
        loss.backward()
        assert apart(x.grad, slope_by_complex_step(loss, x)) < 1e-11
        assert gradcheck(loss)


def test_a_single_row_of_features_has_a_layer_norm_too():
    x = RNG.normal(size=4)
    np.testing.assert_allclose(nn.LayerNorm(4)(x).data, by_hand(x, -1), rtol=1e-12)


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("size", [1, 5])
def test_an_ensemble_equals_a_loop(mode, size):
    model = net().reset(3).train(mode)
    x = Tensor(RNG.normal(size=(5, 3)), requires_grad=False)
    loss = (model(x) ** 2).sum()
    places = list(model.parameters())
    given = {p: p.data * RNG.uniform(0.5, 1.5, (size, *p.shape)) for p in places}
    given[x] = RNG.normal(size=(size, 5, 3))
    if not mode:
        given[model[1].running_var] = RNG.uniform(0.5, 2, (size, 4))
    total, slopes = replay_slopes(loss, given, places)
    for r in range(size):
        one, alone = replay_slopes(loss, {p: v[r] for p, v in given.items()}, places)
        np.testing.assert_allclose(total[r], one, rtol=1e-12)
        for many, true in zip(slopes, alone, strict=True):
            assert apart(many[r], true) < 1e-11


def test_float32_stays_float32():
    x = Tensor(RNG.normal(size=(4, 3)).astype(np.float32))
    for layer in (nn.BatchNorm(3), nn.LayerNorm(3), nn.BatchNorm(3).eval()):
        layer.load_state_dict({k: v.astype(np.float32) for k, v in layer.state_dict().items()})
        y = layer(x)
        assert y.data.dtype == np.float32
        assert all(v.dtype == np.float32 for k, v in layer.state_dict().items())


# --- what is kept ---------------------------------------------------------------------------------
def test_buffers_have_paths_and_are_no_parameters():
    model = net()
    names = [f"1.{n}" for n in ("running_mean", "running_var", "num_batches_tracked")]
    assert [path for path, _ in model.named_buffers()] == names
    assert not any("running" in path for path, _ in model.named_parameters())
    assert list(model.state_dict())[2:7] == ["1.gamma", "1.beta", *names]
    assert sum(p.size for p in model.parameters()) == 12 + 4 + 8 + 8 + 8 + 2
    shared = nn.Sequential(model[1], model[1])
    assert len(list(shared.named_buffers())) == 3


def test_a_training_pass_moves_the_running_numbers_and_eval_does_not():
    layer = nn.BatchNorm(2)
    x = RNG.normal(3, 2, (6, 2))
    y = layer(x)
    first = dict(layer.named_buffers())
    np.testing.assert_allclose(first["running_mean"].data, 0.1 * x.mean(0), rtol=1e-13)
    np.testing.assert_allclose(first["running_var"].data, 0.9 + 0.1 * x.var(0, ddof=1), rtol=1e-13)
    assert first["num_batches_tracked"].item() == 1
    before = layer.state_dict()
    layer.eval()
    expected = (x - before["running_mean"]) / np.sqrt(before["running_var"] + 1e-5)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-13)
    assert all(layer.state_dict()[k] is v for k, v in before.items())
    assert np.abs(y.data - expected).max() > 0.1


def test_what_was_recorded_stays_and_the_new_value_can_be_played_again():
    layer = nn.BatchNorm(2)
    x = Tensor(RNG.normal(3, 2, (6, 2)), requires_grad=False)
    old = layer.running_mean.node
    layer(x)
    kept = layer.running_mean
    assert kept.leaf is old and old.kind == "input" and old.owner is kept
    assert np.array_equal(kept.fresh.value, kept.data) and not kept.fresh.needs_grad
    np.testing.assert_array_equal(old.value, [0.0, 0.0])
    new = RNG.normal(size=(6, 2))
    (again,) = replay_values([kept.fresh], {x: new, old: [1.0, 2.0]})
    np.testing.assert_allclose(again, 0.9 * np.array([1.0, 2.0]) + 0.1 * new.mean(0), rtol=1e-13)
    assert layer.running_var.fresh.op.name == "running"


def test_a_quiet_moment_changes_nothing_and_notes_the_new_value():
    layer = nn.BatchNorm(2)
    before = layer.state_dict()
    with moment(0, 3, quiet=True):
        layer(RNG.normal(size=(6, 2)))
    assert all(layer.state_dict()[k] is v for k, v in before.items())
    assert layer.running_mean.leaf is layer.running_mean.node
    assert layer.running_mean.fresh.value.any()
    with moment(0, 3):
        layer(RNG.normal(size=(6, 2)))
    np.testing.assert_array_equal(layer.running_mean.fresh.value, layer.running_mean.data)
    assert layer.running_mean.data.any()


@pytest.mark.parametrize("quiet", [True, False])
def test_two_calls_in_one_moment_are_one_chain(quiet):
    layer = nn.BatchNorm(2)
    batches = RNG.normal(2, 1, (2, 6, 2))
    leaf = layer.running_mean.node
    with moment(0, 0, quiet=quiet):
        layer(batches[0])
        layer(batches[1])
    expected = 0.1 * batches[1].mean(0) + 0.09 * batches[0].mean(0)
    kept = layer.running_mean
    assert kept.leaf is leaf
    np.testing.assert_allclose(kept.fresh.value, expected, rtol=1e-13)
    np.testing.assert_allclose(kept.data, np.zeros(2) if quiet else expected, rtol=1e-13)
    with moment(0, 1, quiet=quiet):  # another moment begins at the leaf again
        layer(batches[0])
    assert kept.leaf is not leaf or quiet
    start = np.zeros(2) if quiet else expected
    np.testing.assert_allclose(kept.fresh.value, 0.9 * start + 0.1 * batches[0].mean(0), rtol=1e-13)


def test_states_copies_and_resets_take_the_running_numbers_along():
    model = net().reset(1)
    x = RNG.normal(1, 2, (6, 3))
    model(x)
    state, twin, other = model.state_dict(), model.copy(), net().reset(2)
    other.load_state_dict(state)
    for m in (twin, other):
        np.testing.assert_array_equal(m.eval()(x).data, model.eval()(x).data)
    twin.train()(x)
    assert all(model.state_dict()[k] is v for k, v in state.items())
    assert twin.state_dict()["1.num_batches_tracked"] == 2
    model.reset(1)
    assert model[1].running_mean.fresh is None
    fresh = net().reset(1).state_dict()
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, fresh[name])
    with refused(ValueError, "1.running_var is missing from the state"):
        model.load_state_dict({k: v for k, v in state.items() if k != "1.running_var"})
    with refused(ValueError, "has no place in the model"):
        from_torch_state(nn.Sequential(nn.Linear(3, 4)), to_torch_state(model))


# --- what is refused ------------------------------------------------------------------------------
def test_one_sample_has_no_spread():
    layer = nn.BatchNorm(3)
    before = layer.state_dict()
    for x in (np.ones((1, 3)), np.ones(3), np.ones((1, 1, 3))):
        with refused(
            ValueError, "BatchNorm(3) got one sample in training; one number has no spread"
        ):
            layer(x)
    with refused(ValueError, "The batch is empty"):
        layer(np.ones((0, 3)))
    assert all(layer.state_dict()[k] is v for k, v in before.items())
    assert layer.eval()(np.ones((1, 3))).shape == (1, 3)


@pytest.mark.parametrize("kind", [nn.BatchNorm, nn.LayerNorm])
def test_norms_say_what_they_take(kind):
    name = kind.__name__
    with refused(ValueError, f"{name}(4) got 3 features; x must end in 4 (got shape (10, 3))"):
        kind(4)(np.ones((10, 3)))
    with refused(ValueError, f"{name}(4) got no features"):
        kind(4)(1.0)
    with refused(ValueError, "A parameter cannot have the shape (0,)"):
        kind(0)
    for bad in (0, -1, np.inf, "a", True):
        with refused(ValueError, f"eps is {bad!r}"):
            kind(2, eps=bad)
    assert repr(kind(4)) == f"{name}(4)"
    with refused(ValueError, "momentum is 1.5; it must be above 0, at most 1"):
        nn.BatchNorm(2, momentum=1.5)


@pytest.mark.pytorch
def test_a_backward_hook_hears_what_pytorchs_hears():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    theirs, ours, x = their_net(torch), net(), RNG.normal(size=(6, 3))
    from_torch_state(ours, theirs.state_dict())
    heard: list[Any] = []
    for model in (ours, theirs):
        model[1].register_full_backward_hook(lambda m, before, after: heard.append((before, after)))
    (ours(x) ** 2).sum().backward()
    (theirs(torch.tensor(x)) ** 2).sum().backward()
    for here, there in zip(*heard, strict=True):
        np.testing.assert_allclose(here[0], there[0].numpy(), rtol=1e-11, atol=1e-13)
