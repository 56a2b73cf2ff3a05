"""How much is kept, and how much has to be played again: counted, in steps and bytes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from runs import small

from backprop_kit.data import moons
from backprop_kit.nn import SGD, Adam
from backprop_kit.study import Run, net
from backprop_kit.study.run import curve, keep
from backprop_kit.study.run.curve import Points
from backprop_kit.study.run.keep import FIRST_GAP, Keep
from backprop_kit.study.run.state import Memory, State
from backprop_kit.study.run.tree import Place


def a_state(size=10):
    return State(np.zeros(size), np.zeros(0), Memory())


def replayed(run):
    return run._history.replayed


def test_a_look_back_plays_fewer_steps_than_the_gap():
    run = small(Adam(0.02))
    run.step(500)
    for k in (3, 499, 250, 17, 444, 16, 480):
        before = replayed(run)
        run.seek(k)
        assert replayed(run) - before < FIRST_GAP
    assert run.branch.last == 500


def test_stepping_back_one_by_one_plays_each_step_about_once():
    run = small(Adam(0.02))
    run.step(400)
    before = replayed(run)
    for k in range(399, 0, -1):
        assert run.back() == k
    assert replayed(run) - before <= 400
    before = replayed(run)
    run.seek(1), run.seek(400)
    assert replayed(run) - before <= 400


@pytest.mark.parametrize("room", [4, 12, 1000])
def test_the_gap_doubles_where_there_is_no_room_and_no_step_back_is_dear(monkeypatch, room):
    one = State(np.zeros(3 * 30), np.zeros(0), Memory()).nbytes
    monkeypatch.setattr(keep, "CHECKPOINTS", 30 * one)
    monkeypatch.setattr(keep, "WINDOW", room * one)
    monkeypatch.setattr(keep, "FEWEST", 8)
    run = small(Adam(0.02))
    run.step(1500)
    kept = run._history.keep
    assert kept.gap <= 2 * 1500 / kept.most and kept.count <= kept.most
    before = replayed(run)
    run.back()
    assert replayed(run) - before < kept.gap
    before = replayed(run)
    for _ in range(400):
        run.back()
    assert replayed(run) - before <= 400 * max(1, 2 * kept.gap / kept.room + 2)
    assert len(kept.window) <= kept.room


def test_budget_of_bytes(monkeypatch):
    monkeypatch.setattr(keep, "CHECKPOINTS", 200_000)
    monkeypatch.setattr(keep, "WINDOW", 50_000)
    run = small(Adam(0.02))
    run.step(1500)
    for k in range(1400, 1500, 7):
        run.go(0, k), run.fork(lr=0.001 * k), run.step(40), run.back(30)
    run.go(0, 3), run.fork(lr=0.5), run.step(700)
    assert run._history.keep.nbytes <= 260_000
    told = {}
    for b in run.branches:
        run.go(b, b.last)
        told[b.id] = run.hash()
    for b in run.branches[::-1]:
        run.go(b, b.last)
        assert told[b.id] == run.hash()


def test_bytes_are_what_python_holds():
    run = Run(net((2, 16, 16, 1), seed=1), moons(250), optimizer=Adam(0.01), batch=10)
    run.step(20)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept, start = run._history.keep, run._history.keep.nbytes
    run.step(1500)
    run.seek(700)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    told = kept.nbytes - start + sum(p.nbytes for p in run._history.points)
    assert 0.7 * held < told < 1.4 * held


def test_the_window_forgets_what_was_seen_longest_ago():
    kept = Keep(a_state())
    kept.room = 3
    for k in range(5):
        kept.see(0, k, a_state())
    assert list(kept.window) == [(0, 2), (0, 3), (0, 4)]
    kept.see(0, 2, a_state())
    kept.see(1, 0, a_state())
    assert (0, 3) not in kept.window and (0, 2) in kept.window
    kept.check(0, 0, a_state()), kept.check(0, FIRST_GAP, a_state())
    assert kept.nearest(0, 0, 100)[0] == FIRST_GAP and kept.nearest(0, 5, 9) is None
    assert kept.nearest(1, 0, 9)[0] == 0 and kept.nearest(2, 0, 9) is None
    kept.forget(0)
    assert kept.nearest(0, 0, 100) is None and kept.count == 0


# --- curves ---------------------------------------------------------------------------------------
def test_points_of_a_curve_at_the_start_at_ends_and_inside():
    run = Run(net((2, 3, 1)), moons(400), batch=10)  # 32 steps an epoch: every fourth
    run.step(70)
    assert run.curve().steps.tolist() == [*range(0, 68, 4), 68]
    few = small(batch=7)  # five steps: each of them
    few.step(8)
    assert few.curve().steps.tolist() == list(range(9))
    all_at_once = small(batch=None)
    all_at_once.step(5)
    assert all_at_once.curve().steps.tolist() == list(range(6))


def test_a_curve_holds_the_losses_of_its_moments():
    run = small(Adam(0.02))
    run.step(12), run.fork(lr=0.3), run.step(9), run.fork(batch=16), run.step(5)
    whole = run.curve()
    assert whole.steps.tolist() == list(range(27)) and len(whole.test_right) == 27
    assert run.curve(2, own=True).steps[0] == 21 and run.curve(1, own=True).steps[0] == 12
    for k, *row in zip(*whole, strict=True):
        run.seek(int(k))
        assert run.measured() == tuple(row)
        state = run._history.state(run.branch, run.k)
        fresh = run._history.judge.measured(state.theta, state.buffers)
        assert fresh == pytest.approx(row, rel=1e-12)
    with pytest.raises(ValueError, match="read-only"):
        whole.train[0] = 1


def test_playing_again_measures_nothing():
    run = small()
    run.step(20)
    calls = []
    judge = run._history.judge
    measured = judge.measured
    judge.measured = lambda *a: calls.append(a) or measured(*a)
    run.seek(3), run.seek(20)
    assert not calls
    run.step(1)
    assert len(calls) == 1


def test_a_curve_is_bounded(monkeypatch):
    monkeypatch.setattr(curve, "MOST", 50)
    points, every = Points(), []
    for k in range(1, 3001):
        place = Place(k // 5, k % 5, 10)
        if points.wants(place, 50):
            points.add(k, place, (float(k), 0.0, 0.0, 0.0))
        every.append(len(points.steps))
    assert max(every) <= 51 and len(points.steps) > 20
    steps = points.curve.steps
    assert steps[0] == 1 and (np.diff(steps[1:]) == 5 * points.every).all()
    assert points.curve.train.tolist() == steps.tolist() and points.at(int(steps[7])) is not None
    assert points.at(2) is None


def test_the_way_of_a_model_of_two_numbers(monkeypatch):
    x = np.array([[1.0], [2.0], [-1.0]])
    run = Run(net((1, 1), seed=2), (x, 2 * x + 1), optimizer=SGD(0.1))
    thetas = [run.theta]
    for _ in range(20):
        run.step()
        thetas.append(run.theta)
    steps, way = run.trail()
    assert steps.tolist() == list(range(21)) and np.array_equal(way, thetas)
    run.seek(10), run.fork(lr=0.2), run.step(3)
    steps, way = run.trail()
    assert steps.tolist() == list(range(14)) and np.array_equal(way[:10], thetas[:10])
    assert np.array_equal(run.trail(0)[1], thetas)
    monkeypatch.setattr(curve, "MOST", 40)
    run.go(0, 200)
    steps, way = run.trail()
    assert len(steps) <= 41 and steps[0] == 0
    run.seek(int(steps[-1]))
    assert np.array_equal(run.theta, way[-1])
