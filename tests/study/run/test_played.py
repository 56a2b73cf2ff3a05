"""Plan and tape give the same numbers, and `looked` is the very step that comes next."""

from __future__ import annotations

import numpy as np
import pytest
from runs import RULES, apart, listened, noisy, small, three_classes

from backprop_kit.engine import ops
from backprop_kit.engine.chance import moment
from backprop_kit.nn import SGD, Adam, CrossEntropyLoss, Linear, Module, Parameter, zeros
from backprop_kit.nn.losses import MSELoss
from backprop_kit.study import Run, net
from backprop_kit.study.passes import record_pass

CLOSE = 1e-12


@pytest.mark.parametrize("name", RULES)
def test_plan_and_tape_agree_over_50_steps_and_more(name):
    plan = small(RULES[name]())
    tape = listened(plan)
    assert plan.says == "" and tape.says.startswith("This run plays the tape.")
    for _ in range(5):  # epochs end with a smaller batch
        plan.step(11), tape.step(11)
        assert apart(plan, tape) < CLOSE
        assert plan.measured() == pytest.approx(tape.measured(), rel=1e-11)
    for path in plan.numbers():
        ours, theirs = plan.remembered(path), tape.remembered(path)
        assert ours.keys() == theirs.keys()
        for words, held in ours.items():
            assert np.allclose(held, theirs[words], rtol=1e-9, atol=1e-15), words


def test_plan_and_tape_agree_with_chance_and_running_means():
    # No Adam here: the slope of a bias before a BatchNorm is rounding, which Adam makes a step of.
    plan = Run(noisy(), three_classes(), optimizer=SGD(0.1, momentum=0.5), batch=9)
    tape = listened(plan)
    plan.step(50), tape.step(50)
    assert plan.says == "" and apart(plan, tape) < 1e-11
    for (path, ours), (_, theirs) in zip(
        plan.model.named_buffers(), tape.model.named_buffers(), strict=True
    ):
        assert np.allclose(ours.data, theirs.data, rtol=1e-11), path
    assert float(plan.model[1].num_batches_tracked.data) == 50
    assert plan.measured() == pytest.approx(tape.measured(), rel=1e-11, nan_ok=True)


@pytest.mark.parametrize("name", RULES)
def test_looked_is_the_next_step(name):
    run = small(RULES[name]())
    for k in (0, 4, 19, 33):
        run.seek(k)
        seen = run.looked()
        recorded = record_pass(*seen)
        before, rows = run.numbers(), run.rows()
        assert np.array_equal(seen.x, run.data.train.x[rows])
        run.step()
        after = run.numbers()
        for _, u in recorded.trace.updates:
            assert np.array_equal(u.old, before[u.name])
            assert np.allclose(u.new, after[u.name], rtol=1e-12, atol=1e-14), u.name
        assert {u.name for _, u in recorded.trace.updates} == set(after)


def test_looked_has_the_masks_and_the_means_of_its_step():
    run = Run(noisy(), three_classes(), optimizer=SGD(0.1, momentum=0.9), batch=9)
    for k in (0, 3, 12):
        run.seek(k)
        recorded = record_pass(*run.looked())
        hash_before = run.hash()
        run.step()
        after = run.numbers()
        for _, u in recorded.trace.updates:
            assert np.allclose(u.new, after[u.name], rtol=1e-10, atol=1e-13), u.name
        run.back()
        assert run.hash() == hash_before


def test_looking_changes_nothing():
    run = small(Adam(0.02))
    run.step(8)
    told = run.hash()
    model, *_ = run.looked()
    model[0].W.data = np.zeros((2, 4))
    run.model.reset(9)
    assert run.hash() == told and run.remembered("0.W").keys() == {
        "mean slope", "mean squared slope", "steps",
    }  # fmt: skip


# --- what is played on the tape -------------------------------------------------------------------
def test_hooks_are_named_and_called_at_every_step():
    calls = []

    def watch(module, grad_input, grad_output):
        calls.append(module)

    model = net((2, 4, 1), seed=1)
    with model[0].register_full_backward_hook(watch):
        run = Run(model, small().data, batch=8)
        assert "backward hook watch on 0 (Linear)" in run.says
        assert not calls  # nothing was trained yet
        run.step(6)
        assert len(calls) == 6
    run.step(2)  # the run has the hooks that were there when it began
    assert len(calls) == 8


def test_a_hook_on_a_parameter_changes_the_training_as_it_would():
    model = net((2, 4, 1), seed=1)
    model[0].W.register_hook(lambda g: g * 0)
    run = Run(model, small().data, batch=8)
    assert "on 0.W" in run.says
    before = run.numbers()["0.W"]
    run.step(5)
    assert np.array_equal(run.numbers()["0.W"], before)
    assert not np.array_equal(run.numbers()["2.W"], model[2].W.data)


class Branchy(Module):
    """Python decides by the batch."""

    def __init__(self):
        self.W = Parameter((2, 1), lambda rng, shape: rng.normal(size=shape))
        self.b = Parameter((1,), zeros)

    def forward(self, x):
        z = x @ self.W + self.b
        return ops.tanh(z) if float(x.data.sum()) > 0 else z * 2


def test_a_branch_that_is_taken_late_is_played_on_the_tape():
    """At first all batches go one way; after some steps one of them would go the other."""

    class Late(Branchy):
        def forward(self, x):
            z = x @ self.W + self.b
            return z * 2 if (z * z).mean() < 1 else z

    x = np.ones((4, 2))
    model, t = Late().reset(3), np.full((4, 1), 9.0)
    W, b = model.W.data.copy(), model.b.data.copy()
    run = Run(model, (x, t), optimizer=SGD(0.05), loss=MSELoss())
    ways = set()
    for _ in range(12):
        z = x @ W + b
        factor = 2 if (z**2).mean() < 1 else 1
        ways.add(factor)
        d = 2 * (factor * z - t) / t.size * factor
        W, b = W - 0.05 * x.T @ d, b - 0.05 * d.sum(0)
    run.step(12)
    assert ways == {1, 2}
    np.testing.assert_allclose(run.theta, [*W.ravel(), *b], rtol=1e-12)
    assert "reads numbers in forward" in run.says


def test_a_model_that_branches_is_played_on_the_tape():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20, 2))
    model = Branchy().reset(3)
    run = Run(model, (x, np.sign(x[:, :1])), optimizer=SGD(0.05), batch=10, loss=MSELoss())
    run.step(6)
    W, b = model.W.data.copy(), model.b.data.copy()
    for k in range(6):
        order = np.random.default_rng([0, k // 2]).permutation(20)
        rows = order[:10] if k % 2 == 0 else order[10:]
        at, t = x[rows], np.sign(x[rows, :1])
        z = at @ W + b
        bent = at.sum() > 0
        out = np.tanh(z) if bent else 2 * z
        d = 2 * (out - t) / t.size * ((1 - out**2) if bent else 2)
        W, b = W - 0.05 * at.T @ d, b - 0.05 * d.sum(0)
    assert "reads numbers in forward" in run.says  # one plan cannot play both ways
    assert np.allclose(run.numbers()["W"], W, rtol=1e-10)
    told = run.hash()
    run.fork(batch=5)  # for which no plan is drawn up either
    assert run.numbers()["W"].tolist() == run.looked().model.W.data.tolist()
    run.step(4), run.go(1, 6)
    assert run.hash() == told


def test_a_parameter_without_a_slope_stays():
    class Idle(Module):
        def __init__(self):
            self.used, self.idle = Linear(2, 3), Linear(2, 3)

        def forward(self, x):
            return self.used(x)

    run = Run(Idle(), three_classes(), optimizer=Adam(0.1, weight_decay=0.1), batch=11)
    before = run.numbers()["idle.W"]
    run.step(9)
    assert np.array_equal(run.numbers()["idle.W"], before) and run.remembered("idle.W") == {}
    hash9 = run.hash()
    run.back(5), run.step(5)
    assert run.hash() == hash9 and isinstance(run.loss, CrossEntropyLoss)


def test_an_open_moment_outside_says_nothing_to_a_run():
    with moment(77, 5):
        one = Run(noisy(), three_classes(), batch=9)
        one.step(4)
    other = Run(noisy(), three_classes(), batch=9)
    other.step(4)
    assert one.hash() == other.hash()


def test_float32_stays_float32():
    model = net((2, 4, 1), seed=1)
    for p in model.parameters():
        p.data = p.data.astype(np.float32)
    run = Run(model, small().data, optimizer=Adam(0.01), batch=8)
    run.step(20)
    assert run.theta.dtype == np.float32 and run.remembered("0.W")["mean slope"].dtype == np.float32
    told = run.hash()
    run.back(9), run.step(9)
    assert run.hash() == told
    wide = small(Adam(0.01), batch=8)
    assert np.isfinite(run.measured()[0]) and wide.theta.dtype == np.float64


def test_few_plans_are_kept_and_drawn_up_again():
    run = small(Adam(0.02))
    told = {}
    for batch in range(3, 30):
        run.go(0, 5), run.fork(batch=batch), run.step(9)
        told[run.branch.id] = run.hash()
    assert len(run._machine.plans) <= 9
    for id, before in told.items():
        run.go(id, 0), run.go(id, 14)
        run._history.keep.forget(id)
        run.go(id, 6), run.go(id, 14)
        assert run.hash() == before
