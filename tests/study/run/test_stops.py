"""A branch ends where a number is no longer finite: it says so, raises nothing, and can be left."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from refusal import refused
from runs import listened, small

from backprop_kit.data import moons
from backprop_kit.engine import ops
from backprop_kit.nn import SGD, SquaredError
from backprop_kit.study import Run, net


def wild(lr=5e4):
    return Run(net((2, 4, 1), activation="relu", seed=1), moons(40), loss=SquaredError(),
               optimizer=SGD(lr), batch=8)  # fmt: skip


@pytest.mark.parametrize("make", [wild, lambda: listened(wild())], ids=["plan", "tape"])
def test_divergence_ends_the_branch(make):
    run = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        k = run.step(500)
    b = run.branch
    assert 0 < k < 500 and b.last == k and run.at_end
    assert b.stopped.startswith("the loss is infinite at step") or "no longer finite" in b.stopped
    assert str(k) in b.stopped or str(k + 1) in b.stopped
    assert all(np.isfinite(a).all() for a in run.numbers().values())
    told = run.hash()
    with refused(ValueError, "ended at step", "fork"):
        run.step()
    with refused(ValueError, "ended at step"):
        run.seek(k + 1)
    assert run.step(0) == k and run.hash() == told
    run.back(3)
    assert not run.at_end and run.step(2) == k - 1
    assert run.step(100) == k and run.hash() == told  # it comes there again, and no further
    with refused(ValueError, "ended"):
        run.go(0, k + 1)
    assert run.go(0, k) == k and run.hash() == told


def test_a_fork_goes_on_from_an_ended_branch():
    run = wild()
    k = run.step(500)
    run.fork(lr=1e-3)
    assert run.branch.start == k and not run.at_end
    run.back(k)
    run.fork(lr=1e-3)
    assert run.step(50) == 50 and run.branch.stopped == "" and run.branches[0].stopped
    assert np.isfinite(run.measured()[0])
    assert run.curve(0).steps[-1] <= k


def test_an_untrained_branch_that_cannot_begin():
    def root(output, target):
        return ops.sqrt(output - 1000).mean()

    run = Run(net((2, 1)), moons(20), loss=root)
    assert run.step(5) == 0 and run.branch.stopped == "the loss is NaN at step 0"
    assert np.isnan(run.measured()[0])
    with refused(ValueError, "ended at step 0"):
        run.step()
    assert run.change(weights={("0.b", 0): 2000.0}).parent == 0 and run.step(2) == 2


def test_a_parameter_that_breaks_is_named():
    run = Run(net((2, 4, 1), seed=1), moons(40), batch=8, loss=lambda out, target:
              ops.sqrt((out * out).mean()) * 0 + ops.sqrt((out * 0).sum()))  # fmt: skip
    assert run.step(9) == 0
    assert run.branch.stopped == "0.W is no longer finite after step 1"


def test_an_error_inside_the_model_leaves_the_run_as_it_was():
    fine = [True]

    def loss(output, target):
        if not fine[0]:
            raise ValueError("The sensor is off.\nSwitch it on.")
        return ((output - target) ** 2).mean()

    run = Run(net((2, 4, 1), seed=1), moons(40), batch=8, loss=loss)
    run = listened(run)  # on the tape the function is called at every step
    run.step(5)
    told = run.hash()
    fine[0] = False
    with refused(ValueError, "sensor"):
        run.step(3)
    fine[0] = True
    assert run.k == 5 and run.hash() == told
    run.step(3), run.back(3)
    assert run.hash() == told


def test_the_end_of_a_branch_has_a_token():
    run = Run(net((2, 4, 1), activation="relu", seed=1), moons(40), loss=SquaredError(),
              optimizer=SGD(5e4), batch=8)  # fmt: skip
    run.step(500)
    there = Run.from_token(run.token())
    assert there.hash() == run.hash() and there.says == "" and there.at_end is False
    assert there.step(5) == run.k and there.at_end and there.branch.stopped == run.branch.stopped


def test_the_rest_of_the_tree_is_whole_after_an_end():
    run = small()
    run.step(10)
    told = run.hash()
    run.fork(lr=1e6)
    run.step(40)
    run.go(0, 10)
    assert run.hash() == told and run.step(10) == 20
