"""Optimizers: pure proposals, one careful step."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from nets import apart, draw, their_loss, theirs
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor
from backprop_kit.nn.convert import to_torch_state


def test_a_proposal_moves_nothing_and_says_its_rule():
    w, g = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    updates, state = nn.SGD(0.1).propose({"w": w, "still": w}, {"w": g})
    ((name, old, new, formula),) = updates
    assert (name, formula, state) == ("w", "w − η g", {})
    assert old is w and w[0] == 1.0
    np.testing.assert_allclose(new, [0.95, 2.1])


def test_momentum_gathers_and_leaves_the_old_state_alone():
    sgd = nn.SGD(0.1, momentum=0.9)
    w, g = {"w": np.array([1.0])}, {"w": np.array([2.0])}
    (one,), state = sgd.propose(w, g)
    (two,), after = sgd.propose(w, g, state)
    assert state["w"] == 2.0 and after["w"] == pytest.approx(3.8)
    assert one.new == pytest.approx(0.8) and two.new == pytest.approx(0.62)
    assert one.formula == "w − η v,  v = α v + g"


@pytest.mark.pytorch
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_100_steps_are_pytorchs(momentum):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for seed in (3, 4):
        case = draw(seed, smooth=True)
        model = case.model()
        net = theirs(case, model)
        ours = nn.SGD(0.02, momentum)
        other = torch.optim.SGD(net.parameters(), 0.02, momentum)
        for _ in range(100):
            model.zero_grad(), other.zero_grad()
            case.measured(model).backward()
            their_loss(case, net).backward()
            ours.step(model), other.step()
        state = {k: v.numpy() for k, v in net.state_dict().items()}
        for path, numbers in to_torch_state(model).items():
            assert apart(numbers, state[path]) < 1e-12


def test_one_rule_may_serve_two_models():
    def net() -> nn.Module:
        return nn.Linear(2, 1).reset(1)

    def run(model: nn.Module, sgd: nn.SGD) -> None:
        model.zero_grad()
        model(np.ones((3, 2))).sum().backward()
        sgd.step(model)

    shared, a, b, alone = nn.SGD(0.1, 0.9), net(), nn.Linear(2, 5), net()
    own = nn.SGD(0.1, 0.9)
    for _ in range(3):
        run(a, shared), run(b, shared), run(alone, own)
    assert np.array_equal(a.W.data, alone.W.data)
    del a
    gc.collect()
    assert len(shared._states) == 1


def test_a_step_rebinds_and_leaves_recordings_alone():
    layer = nn.Linear(1, 1)
    loss = layer(np.ones((1, 1))).sum()
    loss.backward()
    before = layer.W.data
    nn.SGD(0.5).step(layer)
    assert layer.W.data is not before and not layer.W.data.flags.writeable
    assert any(n.value is before for n in loss.node.inputs[0].inputs[0].inputs)


def test_a_step_without_slopes_or_parameters_is_refused():
    with refused(ValueError, "No parameter has a slope yet", "loss.backward()"):
        nn.SGD(0.1).step(nn.Linear(1, 1))
    with refused(TypeError, "step() moves a model; got NoneType"):
        nn.SGD(0.1).step(None)
    with refused(ValueError, "This model has no parameters"):
        nn.SGD(0.1).step(nn.Sequential(nn.Tanh()))


def test_a_slope_that_does_not_fit_moves_nothing():
    layer = nn.Linear(2, 1)
    layer(np.ones((1, 2))).sum().backward()
    layer.b.grad = np.ones(3)
    before, sgd = layer.state_dict(), nn.SGD(0.1, 0.9)
    with refused(ValueError, "b has shape (1,); its slope in .grad has (3,)"):
        sgd.step(layer)
    assert layer.state_dict()["W"] is before["W"] and not sgd._states


@pytest.mark.parametrize("lr", [0, -0.1, np.nan, np.inf, "0.1", None])
def test_a_step_size_is_above_zero(lr):
    with refused(ValueError, f"The step size is {lr!r}"):
        nn.SGD(lr)


@pytest.mark.parametrize("momentum", [-0.1, 1, np.nan, "0.9"])
def test_momentum_lies_between_zero_and_one(momentum):
    with refused(ValueError, "Momentum is"):
        nn.SGD(0.1, momentum)


def test_looks_and_unknown_keywords():
    assert repr(nn.SGD(0.1)) == "SGD(0.1)"
    assert repr(nn.SGD(np.float32(0.5), 0.9)) == "SGD(0.5, momentum=0.9)"
    with pytest.raises(TypeError, match="momentun"):
        nn.SGD(0.1, momentun=0.9)
    with refused(TypeError, "Optimizer has no propose()"):
        nn.Optimizer().propose({}, {})


def test_float32_stays_float32():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({k: np.float32(v) for k, v in layer.state_dict().items()})
    sgd = nn.SGD(0.1, 0.9)
    for _ in range(2):
        loss = nn.MSELoss()(layer(np.ones((3, 2), np.float32)), np.zeros((3, 1)))
        loss.backward()
        sgd.step(layer)
    assert loss.data.dtype == layer.W.grad.dtype == layer.W.data.dtype == np.float32


def test_a_nan_slope_goes_through():
    w = Tensor([np.nan])
    (u,), _ = nn.SGD(0.1).propose({"w": w.data}, {"w": w.data})
    assert np.isnan(u.new).all()
