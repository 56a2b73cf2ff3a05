"""Forks: what a change is, what it keeps, which are the same, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused
from runs import apart, noisy, small, three_classes

from backprop_kit.nn import SGD, Adam, ExponentialDecay, Optimizer, StepDecay, Tanh
from backprop_kit.study import Run, net
from backprop_kit.study.passes import record_pass
from backprop_kit.study.run.settings import KNOBS, RULES, written

NAN, INF = float("nan"), float("inf")


def test_a_fork_leaves_the_line_it_came_from_alone():
    run, untouched = small(Adam(0.02)), small(Adam(0.02))
    untouched.step(30)
    run.step(12)
    branch = run.fork(lr=0.2)
    assert (branch.id, branch.parent, branch.start, branch.last) == (1, 0, 12, 12)
    assert branch.change == {"lr": 0.2} and branch.name == "rate 0.2"
    assert run.branch is branch and run.k == 12 and run.settings.optimizer.lr == 0.2
    run.step(10)
    run.go(0, 30)
    assert run.hash() == untouched.hash()
    assert run.curve(0).train.tolist() == untouched.curve().train.tolist()


def test_a_fork_is_training_with_the_other_setting_from_there_on():
    run, two = small(SGD(0.3, momentum=0.9)), small(SGD(0.3, momentum=0.9))
    run.step(11)
    run.fork(lr=0.05)
    run.step(9)
    # The same by hand on the tape: eleven steps by one rule, then nine by the other.
    two.seek(11)
    state = two._history.state(two.branch, 11).memory.unpacked()
    rule, numbers = SGD(0.05, momentum=0.9), two.numbers()
    for k in range(11, 20):
        two.go(0, k)
        model = two.model.train()
        for path, p in model.named_parameters():
            p.data = numbers[path]
        seen = two.looked()
        trace = record_pass(model, seen.x, seen.y, seen.loss, SGD(1)).trace
        slopes = {name: trace.grads[n] for n, name in trace.names.items()}
        updates, state = rule.propose(numbers, slopes, state)
        numbers = {u.name: u.new for u in updates}
    for path, a in run.numbers().items():
        assert np.allclose(a, numbers[path], rtol=1e-11, atol=1e-13)


def test_what_an_optimizer_keeps_across_a_change():
    run = small(SGD(0.1, momentum=0.9, schedule=StepDecay(4)))
    run.step(10)
    v = run.remembered("0.W")["velocity"]
    assert np.abs(v).max() > 0
    run.fork(lr=0.3)  # the same rule: all of it, the count of the schedule too
    assert np.array_equal(run.remembered("0.W")["velocity"], v)
    count = lambda: run._history.state(run.branch, run.k).memory.unpacked().get("", {}).get("t")
    assert count() == 10
    run.go(0, 10), run.fork(schedule=ExponentialDecay(0.9))  # a new schedule counts from here
    assert count() is None and np.array_equal(run.remembered("0.W")["velocity"], v)
    run.go(0, 10), run.fork(optimizer=Adam(0.01))  # another rule begins anew
    assert run.remembered("0.W") == {} and count() is None
    run.go(0, 10), run.fork(momentum=0)
    assert run.remembered("0.W") == {} and count() == 10
    run.step(3)
    assert run.remembered("0.W") == {} and count() == 13


def test_batch_forks_wait_for_the_epoch_and_take_nothing_back():
    run = small(batch=7)
    run.step(5)
    run.fork(batch=16)  # at the end of an epoch it begins at once
    assert run.pending_batch is None and run.steps_per_epoch == 2 and len(run.rows()) == 16
    run.step(1)
    run.fork(batch=4)
    assert run.pending_batch == 4 and run.steps_per_epoch == 2
    assert run.step(1, "epoch") == 7 and run.steps_per_epoch == 8 and len(run.rows()) == 4
    run.step(3)
    run.fork(batch=None)
    assert run.pending_batch == 32 and run.step(1, "epoch") == 15
    assert run.steps_per_epoch == 1 and run.back(1, "epoch") == 7


def test_weights_set_by_hand_are_a_fork():
    run = small(Adam(0.02))
    run.step(6)
    before = run.numbers()
    held = run.remembered("2.W")["mean slope"]
    branch = run.fork(weights={("0.W", (1, 2)): 1.5, ("4.b", 0): -2})
    assert branch.change == {"weights": {("0.W", 6): 1.5, ("4.b", 0): -2.0}}
    assert branch.name == "0.W[6] = 1.5 and 1 more"
    now = run.numbers()
    assert now["0.W"][1, 2] == 1.5 and now["4.b"][0] == -2
    now["0.W"] = np.where(now["0.W"] == 1.5, before["0.W"], now["0.W"])
    assert np.array_equal(now["0.W"], before["0.W"]) and np.array_equal(now["2.W"], before["2.W"])
    assert np.array_equal(run.remembered("2.W")["mean slope"], held)
    assert run.curve(1, own=True).train[0] != run.curve(0).train[-1]
    run.step(4), run.back(4)
    assert run.numbers()["0.W"][1, 2] == 1.5
    run.go(0, 6)
    assert np.array_equal(run.numbers()["0.W"], before["0.W"])


def test_the_same_fork_again_is_the_branch_there_is():
    run = small()
    run.step(4)
    one = run.fork(optimizer=Adam(0.01))
    run.step(7)
    run.go(0, 4)
    again = run.fork(optimizer=Adam(0.01))
    assert again is one and run.k == 4 and run.branch is one and len(run.branches) == 2
    run.go(0, 4)
    assert run.fork(optimizer=Adam(0.01000001)) is not one  # printed alike, but another
    run.go(0, 4)
    assert run.fork("mine", optimizer=Adam(0.01)) is not one and run.branch.name == "mine"
    run.go(0, 5)
    assert run.fork(optimizer=Adam(0.01)).name == "Adam 0.01 (3)"


def test_change_makes_no_branch_where_nothing_was_trained():
    run = small()
    assert run.change(lr=0.5) is run.branches[0] and len(run.branches) == 1
    assert run.branch.name == "SGD 0.5"
    run.change(optimizer=Adam(0.01)), run.change(lr=0.02), run.change(batch=8)
    assert len(run.branches) == 1 and repr(run.settings) == "Adam(0.02), batch 8"
    assert run.name == "Adam 0.02"
    fresh = small(Adam(0.02), batch=8)
    fresh.step(9), run.step(9)
    assert run.hash() == fresh.hash()
    first = run.change(lr=0.1)
    assert len(run.branches) == 2 and run.change(lr=0.2) is first and first.name == "rate 0.2"
    run.change(batch=4)
    assert first.change == {"lr": 0.2, "batch": 4} and len(run.branches) == 2
    assert first.name == "rate 0.2, batch 4"
    run.rename(first, "mine"), run.change(batch=5)
    assert first.name == "mine"
    run.step(1)
    assert len(run.branches) == 2
    run.back(1)
    assert run.change(lr=0.3) is not first and len(run.branches) == 3
    # A branch from which another leaves is not changed either.
    run.fork(lr=0.4), run.go(2, run.k)
    assert run.change(lr=0.7).parent == 2


def test_change_of_weights_before_anything():
    run = small()
    run.change(weights={("0.W", 0): 0.5}), run.change(weights={("0.W", 1): 0.25})
    assert run.numbers()["0.W"].reshape(-1)[:2].tolist() == [0.5, 0.25]
    assert len(run.branches) == 1 and len(run.curve().steps) == 1
    run.step(7), run.seek(0)
    assert run.numbers()["0.W"].reshape(-1)[:2].tolist() == [0.5, 0.25]


def test_names():
    run = small(Adam(0.02))
    assert run.branch.name == "Adam 0.02"
    run.step(3)
    cases = {
        "batch all": {"batch": None}, "L2 0.01": {"weight_decay": 0.01}, "L1 0.001": {"l1": 1e-3},
        "clip each at 1": {"clip_value": 1}, "no clipping": {"clip_norm": None},
        "SGD 0.1": {"optimizer": SGD(0.1)}, "β₁ 0.8": {"beta1": 0.8},
        "schedule StepDecay(3, 0.1)": {"schedule": StepDecay(3)}, "2.b[0] = −0.5":
        {"weights": {("2.b", 0): -0.5}},
    }  # fmt: skip
    for name, change in cases.items():
        run.go(0, 3)
        assert run.fork(**change).name == name
    run.rename(1, "all of them")
    assert run.branches[1].name == "all of them"
    with refused(ValueError, "Another branch"):
        run.rename(2, "all of them")
    with refused(ValueError, "no name"):
        run.rename(2, "  ")


def test_every_setting_of_every_rule_can_be_forked():
    for kind in RULES:
        rule = kind(0.1)
        assert set(written(rule)) <= set(KNOBS) and all(hasattr(rule, w) for w in written(rule))
    run = small(SGD(0.1, momentum=0.5, nesterov=True))
    run.fork(momentum=0)  # and there is nothing to look ahead along any more
    assert repr(run.settings.optimizer) == "SGD(0.1)"
    run.fork(momentum=0.9, nesterov=True, lr=0.02)
    assert repr(run.settings.optimizer) == "SGD(0.02, momentum=0.9, nesterov=True)"


def test_the_optimizer_given_may_change_later():
    rule = SGD(0.1)
    run = small(rule)
    rule.lr = 55
    assert run.settings.optimizer.lr == 0.1
    run.step(5)
    told = run.hash()
    other = Adam(0.01)
    run.fork(optimizer=other)
    other.lr = 3
    assert run.settings.optimizer.lr == 0.01
    run.go(0, 5)
    assert run.hash() == told


class Own(Optimizer):
    def rule(self, w, g, slots, lr):
        return w - lr * np.sign(g), {}


def test_a_rule_of_ones_own():
    run = small(Own(0.01))
    before = run.numbers()
    run.step(1)
    moved = {np.round(abs(run.numbers()[p] - a).max(), 9) for p, a in before.items()}
    assert moved == {0.01}
    with refused(TypeError, "rule of your own"):
        run.fork(lr=0.3)
    run.fork(optimizer=Own(0.3))
    run.fork(batch=8)
    run.step(2)
    assert not run.can_token


BAD = {
    "no change": ({}, ValueError, "changes something"),
    "unknown": ({"learning_rate": 1}, TypeError, "has no 'learning_rate'"),
    "near": ({"momentun": 0.9}, TypeError, "'momentum'"),
    "NaN": ({"lr": NAN}, ValueError, "step size"),
    "below 0": ({"lr": -1}, ValueError, "step size"),
    "1e9": ({"lr": 1e9}, ValueError, "1,000,000"),
    "text": ({"lr": "fast"}, ValueError, "step size"),
    "no rule": ({"optimizer": "Adam"}, TypeError, "must be a rule"),
    "class": ({"optimizer": Adam}, TypeError, "the class Adam"),
    "large": ({"optimizer": SGD(1e9)}, ValueError, "1,000,000"),
    "batch 0": ({"batch": 0}, ValueError, "how many samples"),
    "batch 1.5": ({"batch": 1.5}, ValueError, "how many samples"),
    "batch True": ({"batch": True}, ValueError, "how many samples"),
    "no momentum": ({"beta1": 0.5}, ValueError, "SGD has no beta1"),
    "momentum 1": ({"momentum": 1}, ValueError, "Momentum"),
    "penalty": ({"weight_decay": -1}, ValueError, "weight_decay"),
    "clip": ({"clip_norm": 0}, ValueError, "clip_norm"),
    "schedule": ({"schedule": 3}, TypeError, "schedule"),
    "one good, one bad": ({"batch": 4, "lr": -1}, ValueError, "step size"),
    "weights": ({"weights": 3}, TypeError, "which number"),
    "path": ({"weights": {("9.W", 0): 1}}, ValueError, "'9.W'"),
    "no place": ({"weights": {"0.W": 1}}, ValueError, "no place"),
    "far": ({"weights": {("0.W", 8): 1}}, ValueError, "0 to 7"),
    "row": ({"weights": {("0.W", (2, 0)): 1}}, ValueError, "no place"),
    "value": ({"weights": {("0.W", 0): INF}}, ValueError, "finite"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("how", ["fork", "change"])
def test_what_makes_no_change_is_refused_and_the_run_is_as_it_was(name, how):
    change, kind, word = BAD[name]
    run = small()
    if how == "fork":
        run.step(3)
    told, settings = run.hash(), repr(run.settings)
    with refused(kind, word):
        getattr(run, how)(**change)
    assert (run.hash(), repr(run.settings), len(run.branches)) == (told, settings, 1)
    run.step(2)


def test_other_bad_input():
    data = small().data
    for model, kind in ((3, TypeError), (net, TypeError), (lambda x: x, TypeError)):
        with refused(kind, "module"):
            Run(model, data)
    with refused(ValueError, "nothing to train"):
        Run(Tanh(), data)
    for bad in (None, 3, (1, 2, 3)):
        with refused(TypeError, "pair"):
            Run(net((2, 1)), bad)
    with refused(ValueError):
        Run(net((2, 1)), (np.zeros((0, 2)), np.zeros((0, 1))))
    with refused(ValueError, "x has 3"):
        Run(net((2, 1)), (np.zeros((3, 2)), np.zeros((2, 1))))
    with refused(ValueError, "features"):
        Run(net((3, 1)), data)
    with refused(ValueError, "shape"):
        Run(net((2, 2)), data)
    with refused(ValueError, "seed"):
        Run(net((2, 1)), data, seed=-1)
    with refused(ValueError, "1,000,000"):
        Run(net((2, 1)), data, optimizer=SGD(1e9))
    with refused(TypeError, "loss"):
        Run(net((2, 1)), data, loss=3)
    with refused(ValueError, "one number"):
        Run(net((2, 1)), data, loss=lambda out, target: out - target)
    run = small()
    for ask in (lambda: run.step(-1), lambda: run.back(1.5), lambda: run.seek("2"),
                lambda: run.step(1, "layer"), lambda: run.go(1, 0), lambda: run.go(True, 0),
                lambda: run.remembered("0.V"), lambda: run.trail()):  # fmt: skip
        with refused(ValueError):
            ask()
    assert run.k == 0


def test_one_class_is_trained_and_said():
    x, y = np.random.default_rng(0).normal(size=(12, 2)), np.zeros(12, int)
    run = Run(net((2, 3, 2)), (x, y), optimizer=SGD(0.5))
    run.step(60)
    assert run.note == "All samples to learn from are of one class, 0." and run.measured()[2] == 1
    assert small().note == ""


def test_a_batch_a_model_cannot_take_is_refused_before_anything_changes():
    with refused(ValueError, "one sample"):
        Run(noisy(), three_classes(), batch=43)  # 44 samples: the last batch is one
    run = Run(noisy(), three_classes(), batch=11)
    run.step(3)
    told = run.hash()
    with refused(ValueError, "one sample"):
        run.fork(batch=1)
    assert run.hash() == told and len(run.branches) == 1
    twin = Run(noisy(), three_classes(), batch=11)
    twin.step(3)
    assert apart(run, twin) == 0


def test_numbers_no_float_can_hold_are_refused():
    run = small()
    run.step(3)
    before = run.hash(), len(run.branches)
    for change, words in (({"lr": 10**400}, "The step size is 1"), ({"l1": 10**400}, "l1 is 1"),
                          ({"weights": {("0.W", 0): 10**400}}, "0.W cannot become 1")):  # fmt: skip
        with refused(ValueError, words):
            run.fork(**change)
    assert (run.hash(), len(run.branches)) == before
    with refused(ValueError, "The model has no parameter []"):
        run.remembered([])
