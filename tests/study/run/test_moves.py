"""Forth, back and aside: the same moment is always the same, bit by bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import RULES, listened, noisy, small, three_classes

from backprop_kit.nn import SGD, Adam, RMSProp
from backprop_kit.study import Run

CHANGES = (
    {"lr": 0.05}, {"lr": 0.5}, {"batch": 5}, {"batch": 16}, {"batch": None},
    {"weight_decay": 0.01}, {"clip_norm": 0.5}, {"weights": {("0.W", 3): 0.25}},
    {"optimizer": Adam(0.01)}, {"optimizer": SGD(0.1, momentum=0.9)}, {"optimizer": RMSProp(0.01)},
)  # fmt: skip


def wander(run: Run, moves: int, rng: np.random.Generator) -> int:
    """Random moves; each moment seen before has to have the hash it had. How many were."""
    seen: dict[tuple[int, int], str] = {}
    again = 0
    for _ in range(moves):
        what = rng.integers(0, 7)
        if what == 0 and len(run.branches) < 30:
            run.fork(**CHANGES[rng.integers(len(CHANGES))])
        elif what == 1:
            run.back(int(rng.integers(1, 40)))
        elif what == 2:
            run.back(1, "epoch")
        elif what == 3:
            run.step(1, "epoch")
        elif what == 4:
            b = run.branches[rng.integers(len(run.branches))]
            run.go(b.id, int(rng.integers(0, b.last + 3)))
        else:
            run.step(int(rng.integers(1, 12)))
        key = (run.owner.id, run.k)
        again += key in seen
        assert seen.setdefault(key, run.hash()) == run.hash()
    return again


def test_500_random_moves_return_to_the_same_bits():
    run = small(Adam(0.02))
    first = run.hash(), run.theta.tobytes()
    assert wander(run, 500, np.random.default_rng(0)) > 100
    assert run.go(0, 0) == 0 and (run.hash(), run.theta.tobytes()) == first
    assert len(run.branches) == 30


def test_wandering_with_few_states_kept(monkeypatch):
    monkeypatch.setattr("backprop_kit.study.run.keep.CHECKPOINTS", 1)
    monkeypatch.setattr("backprop_kit.study.run.keep.WINDOW", 1)
    assert wander(small(SGD(0.2, momentum=0.9)), 250, np.random.default_rng(1)) > 40


def test_wandering_with_chance_running_means_and_on_the_tape():
    run = Run(noisy(), three_classes(), optimizer=Adam(0.01), batch=9)
    assert "6.running_mean" not in run.numbers() and wander(run, 80, np.random.default_rng(2)) > 8
    slow = listened(small(Adam(0.02)))
    assert slow.says and wander(slow, 60, np.random.default_rng(3)) > 4


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("sbfge"), st.integers(0, 40)), max_size=14))
def test_any_moves(moves):
    run = small(SGD(0.1, momentum=0.9))
    seen = {(0, 0): run.hash()}
    for what, n in moves:
        if what == "s":
            run.step(n)
        elif what == "b":
            run.back(n)
        elif what == "e":
            run.back(n % 3, "epoch")
        elif what == "f":
            run.change(**CHANGES[n % len(CHANGES)])
            for key in [k for k in seen if k[0] == run.branch.id]:
                del seen[key]  # a branch without steps may have been changed itself
        else:
            run.go(n % len(run.branches), n)
        assert seen.setdefault((run.owner.id, run.k), run.hash()) == run.hash()
    for (branch, k), told in seen.items():
        run.go(branch, k)
        assert run.hash() == told


@pytest.mark.parametrize("name", RULES)
def test_what_was_played_twice_is_what_was_played_once(name):
    run, straight = small(RULES[name]()), small(RULES[name]())
    straight.step(23)
    for k in (1, 9, 2, 17, 16, 23, 0, 23):
        run.seek(k)
    assert run.hash() == straight.hash() and run.theta.tobytes() == straight.theta.tobytes()
    assert run.branch.last == 23


def test_epochs_forth_and_back():
    run = small(batch=7)  # five steps an epoch
    assert run.step(2, "epoch") == 10 and run.step(3) == 13
    assert run.step(1, "epoch") == 15 and run.back(1) == 14
    assert run.back(1, "epoch") == 10 and run.back(1, "epoch") == 5
    assert run.back(9, "epoch") == 0 and run.back(4) == 0
    assert run.seek(12) == 12 and run.back(2, "epoch") == 5
    assert run.step(0) == 5


def test_another_process_comes_to_the_same_bits():
    code = (
        "import sys; sys.path.insert(0, 'tests'); from runs import *; run = small(Adam(0.02));"
        "run.step(12); run.fork(lr=0.1); run.step(9); print(run.hash())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True,
            text=True, check=True, env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout.strip()
        for seed in (1, 2)
    }  # fmt: skip
    run = small(Adam(0.02))
    run.step(12), run.fork(lr=0.1), run.step(9)
    assert told == {run.hash()}


def test_a_run_says_where_it_is():
    run = small()
    run.step(12)
    assert repr(run) == "Run: step 12 (epoch 2) of 'SGD 0.1'; 1 branch, SGD(0.1), batch 7"
    run.fork(lr=0.5)
    assert repr(run).startswith("Run: step 12 (epoch 2) of 'rate 0.5'; 2 branches")
    assert repr(run.branch) == "Branch 1 'rate 0.5', from step 12, computed to step 12"


def test_a_line_goes_through_its_ancestors():
    run = small()
    run.step(10)
    a = run.fork(lr=0.5)
    run.step(10)
    b = run.fork("mine", batch=16)
    run.step(3)
    assert [x.id for x in run.line] == [0, 1, 2] and b.name == "mine"
    assert run.seek(15) == 15 and run.owner is a and run.branch is b
    assert run.settings.optimizer.lr == 0.5 and run.settings.batch == 7
    c = run.fork(lr=0.25)  # leaves the branch the step belongs to
    assert (c.parent, c.start) == (a.id, 15)
    run.go(b.id, 4)
    assert run.owner.id == 0 and run.settings.optimizer.lr == 0.1
    assert [x.id for x in run.line] == [0]
    run.go(a, 22)  # past its end: trains on
    assert a.last == 22 and b.last == 23
