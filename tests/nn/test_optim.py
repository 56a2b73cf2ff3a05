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
    assert state["w"]["v"] == 2.0 and after["w"]["v"] == pytest.approx(3.8)
    assert one.new == pytest.approx(0.8) and two.new == pytest.approx(0.62)
    assert one.formula == "w − η v,  v = α v + g"


# Every rule with its settings, ours and PyTorch's; what each step does to the slopes before.
RULES = {
    "plain": (nn.SGD(0.02), "SGD", {"lr": 0.02}),
    "momentum": (nn.SGD(0.02, 0.9), "SGD", {"lr": 0.02, "momentum": 0.9}),
    "nesterov": (nn.SGD(0.02, 0.9, nesterov=True), "SGD",
                 {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
    "decay": (nn.SGD(0.02, 0.5, weight_decay=0.1), "SGD",
              {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.1}),
    "adagrad": (nn.AdaGrad(0.1), "Adagrad", {"lr": 0.1}),
    "rmsprop": (nn.RMSProp(0.01), "RMSprop", {"lr": 0.01}),
    "rmsprop momentum": (nn.RMSProp(0.01, 0.9, momentum=0.8), "RMSprop",
                         {"lr": 0.01, "alpha": 0.9, "momentum": 0.8}),
    "adam": (nn.Adam(0.01), "Adam", {"lr": 0.01}),
    "adam decay": (nn.Adam(0.01, 0.8, 0.99, weight_decay=0.1, eps=1e-6), "Adam",
                   {"lr": 0.01, "betas": (0.8, 0.99), "weight_decay": 0.1, "eps": 1e-6}),
    "adamw": (nn.AdamW(0.01), "AdamW", {"lr": 0.01}),
}  # fmt: skip
CLIPPED = {
    "value": (nn.SGD(0.1, clip_value=0.01), lambda t, ps: t.nn.utils.clip_grad_value_(ps, 0.01)),
    "norm": (nn.SGD(0.1, clip_norm=0.05), lambda t, ps: t.nn.utils.clip_grad_norm_(ps, 0.05)),
}
SCHEDULES = {
    "StepLR": (nn.StepDecay(7, 0.5), {"step_size": 7, "gamma": 0.5}),
    "ExponentialLR": (nn.ExponentialDecay(0.97), {"gamma": 0.97}),
    "CosineAnnealingLR": (nn.CosineDecay(100, 0.1), {"T_max": 100, "eta_min": 0.005}),
    "LinearLR": (nn.Warmup(20), {"total_iters": 20}),
}


def walk_beside(torch, ours, make, before=lambda ps: None, after=lambda other: None):
    """100 steps of ours and of PyTorch's on the same net, to 1e-12."""
    case = draw(3, smooth=True)
    model = case.model()
    net = theirs(case, model)
    other = make(net.parameters())
    then = after(other)
    for _ in range(100):
        model.zero_grad(), other.zero_grad()
        case.measured(model).backward()
        their_loss(case, net).backward()
        before(list(net.parameters()))
        ours.step(model), other.step()
        if then is not None:
            then.step()
    state = {k: v.numpy() for k, v in net.state_dict().items()}
    for path, numbers in to_torch_state(model).items():
        assert apart(numbers, state[path]) < 1e-12, path


@pytest.mark.pytorch
@pytest.mark.parametrize("name", RULES)
def test_100_steps_are_pytorchs(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ours, kind, settings = RULES[name]
    walk_beside(torch, ours, lambda ps: getattr(torch.optim, kind)(ps, **settings))


@pytest.mark.pytorch
@pytest.mark.parametrize("name", CLIPPED)
def test_clipping_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ours, clip = CLIPPED[name]
    walk_beside(torch, ours, lambda ps: torch.optim.SGD(ps, 0.1), lambda ps: clip(torch, ps))


@pytest.mark.pytorch
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_pytorchs(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    schedule, settings = SCHEDULES[name]
    follow = lambda other: getattr(torch.optim.lr_scheduler, name)(other, **settings)
    walk_beside(torch, nn.SGD(0.05, schedule=schedule), lambda ps: torch.optim.SGD(ps, 0.05),
                after=follow)  # fmt: skip


def test_an_l1_penalty_pulls_every_weight_alike():
    (u,), _ = nn.SGD(0.1, l1=0.5).propose({"w": np.array([2.0, -3.0])}, {"w": np.zeros(2)})
    np.testing.assert_allclose(u.new, [1.95, -2.95])


def test_momentum_is_the_form_of_the_lessons_while_the_rate_is_constant():
    w = theirs_w = np.array([1.0, -2.0])
    v, state, sgd = np.zeros(2), None, nn.SGD(0.1, 0.9)
    for _ in range(100):
        g = np.sin(3 * theirs_w) + theirs_w
        v = 0.9 * v - 0.1 * g
        theirs_w = theirs_w + v
        (u,), state = sgd.propose({"w": w}, {"w": np.sin(3 * w) + w}, state)
        w = u.new
    np.testing.assert_allclose(w, theirs_w, atol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_a_proposal_is_pure(name):
    rule = RULES[name][0]
    w, g = {"w": np.array([1.0, 2.0])}, {"w": np.array([0.5, -1.0])}
    for a in (*w.values(), *g.values()):
        a.flags.writeable = False
    _, state = rule.propose(w, g)
    first, _ = rule.propose(w, g, state)
    second, _ = rule.propose(w, g, state)
    assert np.array_equal(first[0].new, second[0].new)
    assert w["w"].tolist() == [1.0, 2.0] and g["w"].tolist() == [0.5, -1.0]


def test_what_is_remembered_is_told_by_its_words():
    model, adam = nn.Linear(2, 1).reset(1), nn.Adam(0.01)
    assert adam.remembered(model, "W") == {}
    model(np.ones((3, 2))).sum().backward()
    adam.step(model)
    told = adam.remembered(model, "W")
    assert set(told) == {"mean slope", "mean squared slope", "steps"} and told["steps"] == 1
    np.testing.assert_allclose(told["mean slope"], 0.1 * model.W.grad)


def test_a_plain_rule_says_so():
    assert nn.SGD(0.1).plain
    for rule in (nn.SGD(0.1, 0.9), nn.SGD(0.1, weight_decay=0.1), nn.SGD(0.1, clip_norm=1.0),
                 nn.SGD(0.1, schedule=nn.StepDecay(3)), nn.Adam()):  # fmt: skip
        assert not rule.plain


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


@pytest.mark.parametrize("name", ["weight_decay", "l1"])
@pytest.mark.parametrize("value", [-1, np.nan, np.inf, "1", True])
def test_a_penalty_is_not_negative(name, value):
    with refused(ValueError, f"{name} is {value!r}"):
        nn.SGD(0.1, **{name: value})


@pytest.mark.parametrize("name", ["clip_value", "clip_norm"])
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, "1"])
def test_a_clip_is_above_zero(name, value):
    with refused(ValueError, f"{name} is {value!r}"):
        nn.Adam(0.1, **{name: value})


@pytest.mark.parametrize("value", [-0.1, 1, np.nan, "0.9"])
def test_rates_of_forgetting_lie_between_zero_and_one(value):
    for make in (lambda: nn.Adam(beta1=value), lambda: nn.RMSProp(rho=value)):
        with refused(ValueError, f"is {value!r}; it must be at least 0 and below 1"):
            make()


def test_schedules_that_make_no_sense_are_refused():
    with refused(TypeError, "schedule is float"):
        nn.SGD(0.1, schedule=0.5)
    for make in (lambda: nn.StepDecay(0), lambda: nn.CosineDecay(1.5), lambda: nn.Warmup(True)):
        with refused(ValueError, "it counts steps"):
            make()
    for make in (lambda: nn.ExponentialDecay(0), lambda: nn.StepDecay(3, 1.5)):
        with refused(ValueError, "The factor is"):
            make()
    for floor in (1, "x", True):
        with refused(ValueError, f"floor is {floor!r}"):
            nn.CosineDecay(10, floor)
    with refused(TypeError, "then is int"):
        nn.Warmup(3, then=3)
    with refused(ValueError, "Nesterov looks ahead"):
        nn.SGD(0.1, nesterov=True)


@pytest.mark.parametrize("factor", [np.nan, np.inf, -1, None, "1"])
def test_a_schedule_that_gives_no_factor_moves_nothing(factor):
    layer, sgd = nn.Linear(2, 1).reset(1), nn.SGD(0.1, 0.9, schedule=lambda steps: factor)
    layer(np.ones((1, 2))).sum().backward()
    before = layer.W.data
    with refused(ValueError, f"The schedule gives {factor!r} after 0 steps"):
        sgd.step(layer)
    assert layer.W.data is before and not sgd._states


def test_looks_and_unknown_keywords():
    assert repr(nn.SGD(0.1, 0.9, nesterov=True)) == "SGD(0.1, momentum=0.9, nesterov=True)"
    assert repr(nn.AdamW(0.01)) == "AdamW(0.01)"
    assert repr(nn.Adam(0.01, 0.8, clip_norm=1)) == "Adam(0.01, beta1=0.8, clip_norm=1)"
    warm = nn.Warmup(5, then=nn.StepDecay(30))
    assert repr(nn.SGD(0.1, weight_decay=0.01, schedule=warm)) == (
        "SGD(0.1, weight_decay=0.01, schedule=Warmup(5, 0.333, then=StepDecay(30, 0.1)))"
    )
    assert repr(nn.SGD(0.1)) == "SGD(0.1)"
    assert repr(nn.SGD(np.float32(0.5), 0.9)) == "SGD(0.5, momentum=0.9)"
    with pytest.raises(TypeError, match="momentun"):
        nn.SGD(0.1, momentun=0.9)
    with refused(TypeError, "Optimizer has no rule()"):
        nn.Optimizer(0.1).propose({"w": np.ones(1)}, {"w": np.ones(1)})


@pytest.mark.parametrize("sgd", [nn.SGD(0.1, 0.9), nn.Adam(0.1), nn.AdaGrad(), nn.RMSProp()])
def test_float32_stays_float32(sgd):
    layer = nn.Linear(2, 1)
    layer.load_state_dict({k: np.float32(v) for k, v in layer.state_dict().items()})
    for _ in range(2):
        loss = nn.MSELoss()(layer(np.ones((3, 2), np.float32)), np.zeros((3, 1)))
        loss.backward()
        sgd.step(layer)
    assert loss.data.dtype == layer.W.grad.dtype == layer.W.data.dtype == np.float32


def test_a_nan_slope_goes_through():
    w = Tensor([np.nan])
    (u,), _ = nn.SGD(0.1).propose({"w": w.data}, {"w": w.data})
    assert np.isnan(u.new).all()
