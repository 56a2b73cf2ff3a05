"""A run looked at several times: each look is NumPy's own training at that step."""

from __future__ import annotations

import numpy as np
import pytest
from deepnumpy import walk
from refusal import refused

from backprop_kit.nn import SGD, Adam
from backprop_kit.study.flow.course import flow_course
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.run import Run

STEPS = [0, 1, 4, 9]


def test_sizes_over_training_are_numpys():
    model, batch = deep("tanh", 1.2, layers=4, width=10, rows=8)
    run = Run(model, batch, optimizer=SGD(0.05))
    run.seek(2)
    found = flow_course(run, [9, 0, 4, 1, 4])
    assert found.steps.tolist() == STEPS and found.stopped is None and run.k == 2
    W = [m.W.data.copy() for m in list(model)[:-1:2]]
    out = model[-1].W.data.copy()
    for k in range(10):
        now = walk("tanh", 1.2, 0, 4, 10, 8, given=(W, out))
        if k in STEPS:
            i = STEPS.index(k)
            norm = np.linalg.norm
            assert found.loss[i] == pytest.approx(now.loss, rel=1e-10)
            assert found.delta[i, :4] == pytest.approx([norm(d) for d in now.delta], rel=1e-8)
            assert found.gradient[i, :4] == pytest.approx([norm(g) for g in now.grad], rel=1e-8)
            moved = [0.05 * norm(g) / norm(V) for g, V in zip(now.grad, W, strict=True)]
            assert found.moved[i, :4] == pytest.approx(moved, rel=1e-8)
            assert found.budget[i] == pytest.approx(sum(now.bars.values()), abs=1e-8)
        g = 2 * (now.out - batch[1]) / 8
        out_grad = now.h[-1].T @ g
        W = [V - 0.05 * G for V, G in zip(W, now.grad, strict=True)]
        out = out - 0.05 * out_grad


def test_the_optimizers_memory_counts():
    run = Run(*deep("tanh", 1, layers=2, width=6, rows=5), optimizer=Adam(0.01))
    before = run.numbers()["0.W"]
    found = flow_course(run, [0, 3])
    run.seek(3)
    third = run.numbers()["0.W"]
    run.seek(4)
    step = np.linalg.norm(run.numbers()["0.W"] - third) / np.linalg.norm(third)
    assert found.moved[1, 0] == pytest.approx(step, rel=1e-9)
    assert found.moved[0, 0] == pytest.approx(0.01 * 6 / np.linalg.norm(before), rel=1e-4)


def test_looking_ends_where_a_number_is_none():
    run = Run(*deep("relu", 3, "float32", layers=20, width=16, rows=8), optimizer=SGD(0.1))
    found = flow_course(run, range(200))
    assert found.stopped is not None and found.stopped < 199 and run.k == 0
    assert len(found.steps) >= 1 and np.isfinite(found.loss[0])
    again = flow_course(run, range(200))
    assert again.stopped == found.stopped and np.array_equal(again.steps, found.steps)


@pytest.mark.parametrize("steps", [[], [-1], [0.5], ["a"], [True]])
def test_no_steps_are_refused(steps):
    run = Run(*deep("tanh", 1, layers=2, width=3, rows=4))
    with refused(ValueError, "whole numbers"):
        flow_course(run, steps)
