"""Optimizers on flat vectors give the numbers of `propose`, step after step."""

from __future__ import annotations

import numpy as np
import pytest
from nets import apart

from backprop_kit import nn
from backprop_kit.engine import Tensor
from backprop_kit.engine.plan import Plan
from backprop_kit.nn.optim.flat import Flat


class Sign(nn.Optimizer):
    """A rule of a learner's own."""

    slots = {"n": "steps"}

    def rule(self, w, g, slots, lr):
        return w - lr * np.sign(g), {"n": slots.get("n", 0) + 1}


class Long(nn.SGD):
    """Looks at the whole parameter, not at one number."""

    def rule(self, w, g, slots, lr):
        return w - lr * g / np.sqrt((g * g).sum()), {}


class Halved(nn.SGD):
    """A rule of the kit, with another proposal around it."""

    def propose(self, parameters, grads, state=None):
        return super().propose(parameters, {n: g / 2 for n, g in grads.items()}, state)


OPTIMIZERS = {
    "sgd": nn.SGD(0.1),
    "momentum": nn.SGD(0.05, 0.9),
    "nesterov": nn.SGD(0.05, 0.9, nesterov=True),
    "adagrad": nn.AdaGrad(0.1),
    "rmsprop": nn.RMSProp(0.01),
    "rmsprop momentum": nn.RMSProp(0.01, 0.9, momentum=0.8),
    "adam": nn.Adam(0.02),
    "adamw": nn.AdamW(0.02, weight_decay=0.1),
    "l2": nn.SGD(0.1, weight_decay=0.05),
    "l1": nn.Adam(0.02, l1=0.01),
    "both": nn.RMSProp(0.01, weight_decay=0.02, l1=0.01),
    "clip value": nn.SGD(0.1, 0.5, clip_value=0.02),
    "all of it": nn.AdamW(0.02, weight_decay=0.1, l1=0.01, clip_value=0.05,
                          schedule=nn.StepDecay(30, 0.5)),
    "decay": nn.SGD(0.1, 0.9, schedule=nn.ExponentialDecay(0.99)),
    "cosine": nn.Adam(0.05, schedule=nn.Warmup(10, then=nn.CosineDecay(60))),
    "own": Sign(0.01, weight_decay=0.1, schedule=nn.StepDecay(30, 0.5)),
    "own, whole": Long(0.01),
    "own proposal": Halved(0.1, 0.9),
}  # fmt: skip


def planned_net(dtype=np.float64, sizes=(2, 5, 1), seed=0):
    layers = [nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)]
    model = nn.Sequential(*layers)
    for p in model.parameters():
        p.data = p.data.astype(dtype)
    rng = np.random.default_rng(seed)
    x = Tensor(rng.normal(size=(6, 2)).astype(dtype), requires_grad=False)
    y = Tensor(rng.normal(size=(6, 1)).astype(dtype), requires_grad=False)
    loss = nn.MSELoss()(model(x), y)
    return Plan(loss, dict(model.named_parameters()), [x, y])


def copies(arrays):
    return {name: a.copy() for name, a in arrays.items()}


def follow(plan, flat, optimizer, steps, state=None):
    """Move the plan; beside it, from the same slopes, what `propose` makes of its numbers."""
    theirs = copies(plan.views)
    for _ in range(steps):
        plan.run()
        updates, state = optimizer.propose(theirs, copies(plan.slopes), state)
        theirs |= {u.name: u.new for u in updates}
        flat.step()
        yield theirs, state


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_steps_are_those_of_propose_bit_for_bit(name, dtype):
    optimizer, plan = OPTIMIZERS[name], planned_net(dtype)
    start = plan.theta.copy()
    flat = Flat(optimizer, plan)
    for both in follow(plan, flat, optimizer, 100):
        theirs, state = both
        for path, numbers in plan.views.items():
            assert np.array_equal(numbers, theirs[path]), path
    assert not np.array_equal(plan.theta, start)
    assert same(flat.state, state)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_clipping_the_norm(dtype):
    optimizer, plan = nn.SGD(0.1, 0.5, clip_norm=0.05, weight_decay=0.01), planned_net(dtype)
    near = 1e-12 if dtype == np.float64 else 1e-5
    for theirs, _ in follow(plan, Flat(optimizer, plan), optimizer, 100):
        assert all(apart(plan.views[path], theirs[path]) < near for path in theirs)


def same(one, two):
    assert set(one) == set(two)
    for name, held in one.items():
        assert set(held) == set(two[name])
        assert all(np.array_equal(v, two[name][slot]) for slot, v in held.items()), name
    return True


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_state_can_be_taken_along_and_nothing_in_it_moves(name):
    optimizer, plan = OPTIMIZERS[name], planned_net()
    flat = Flat(optimizer, plan)
    assert flat.state == {}
    for _ in range(7):
        plan.run()
        flat.step()
    theta, state = plan.theta.copy(), flat.state
    for _ in range(5):
        plan.run()
        flat.step()
    end = plan.theta.copy()
    plan.theta[:] = theta
    other = Flat(optimizer, plan)
    other.load(state)
    assert same(other.state, state)
    for _ in range(5):
        plan.run()
        other.step()
    assert np.array_equal(plan.theta, end)
    assert same(other.state, flat.state)


def test_a_state_of_propose_may_be_loaded_and_one_of_another_rule_is_passed_over():
    plan = planned_net()
    plan.run()
    adam = nn.Adam(0.02)
    _, state = adam.propose(copies(plan.views), copies(plan.slopes))
    _, state = adam.propose(copies(plan.views), copies(plan.slopes), state)
    flat = Flat(adam, plan)
    flat.load(state)
    for theirs, _ in follow(plan, flat, adam, 3, state):
        assert all(np.array_equal(plan.views[path], theirs[path]) for path in theirs)
    sgd = nn.SGD(0.1, 0.9)
    flat = Flat(sgd, plan)
    flat.load(state)
    for theirs, _ in follow(plan, flat, sgd, 3):
        assert all(np.array_equal(plan.views[path], theirs[path]) for path in theirs)


def test_what_a_rule_does_not_use_it_forgets():
    plan, plain = planned_net(), nn.SGD(0.1)
    plan.run()
    fast = Flat(nn.SGD(0.1, 0.9), plan)
    fast.step()
    flat = Flat(plain, plan)
    flat.load(fast.state)
    assert set(flat.state["0.W"]) == {"v"}
    flat.step()
    assert flat.state == {}


def test_parameters_of_different_age_keep_it():
    plan, adam = planned_net(), nn.Adam(0.02)
    plan.run()
    _, state = adam.propose(copies(plan.views), {"0.W": plan.slopes["0.W"].copy()})
    flat = Flat(adam, plan)
    flat.load(state)
    for both in follow(plan, flat, adam, 4, state):
        theirs, after = both
        assert all(np.array_equal(plan.views[path], theirs[path]) for path in theirs)
    assert after["0.W"]["t"] == 5 and after["2.b"]["t"] == 4
    assert same(flat.state, after)
    flat.load({})
    for both in follow(plan, flat, adam, 2):
        assert all(np.array_equal(plan.views[path], both[0][path]) for path in both[0])


def test_a_parameter_that_no_slope_reaches_stays():
    a, b = Tensor([1.0, 2.0], name="a"), Tensor([3.0], name="b")
    plan = Plan((a * a).sum(), {"a": a, "b": b})
    assert plan.reached == ("a",)
    plan.run()
    Flat(nn.SGD(0.1, weight_decay=0.5), plan).step()
    assert plan.views["b"] == 3.0 and plan.views["a"][0] == 1.0 - 0.1 * 2.5


def test_settings_are_read_at_each_step_and_slopes_are_left_as_they_are():
    plan, sgd = planned_net(), nn.SGD(0.1, clip_norm=1e-3, l1=0.1)
    flat = Flat(sgd, plan)
    plan.run()
    grad, theta = plan.grad.copy(), plan.theta.copy()
    flat.step()
    assert np.array_equal(plan.grad, grad)
    moved = plan.theta - theta
    plan.theta[:] = theta
    sgd.lr = 0.2
    flat.step()
    assert apart(plan.theta - theta, 2 * moved) < 1e-12
