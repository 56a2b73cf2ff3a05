"""Predictions under two losses, beside the textbook's formulas."""

from __future__ import annotations

import numpy as np
import pytest
from lossoracle import classes, logit, race, samples
from refusal import refused
from replays import counted_replays

from backprop_kit.study import loss_shares
from backprop_kit.study.answers import GRID
from backprop_kit.study.loss_shares import record_losses, record_unit

P, T = [0.8, 0.35, 0.6, 0.15, 0.99], [1, 0, 1, 0, 0]
SHARES, RIGHT = [0.02, 0.06, 0.92], [1, 0, 0]
close = np.testing.assert_allclose


@pytest.fixture(scope="module")
def five():
    return record_losses(P, T)


@pytest.fixture(scope="module")
def three():
    return record_losses(SHARES, RIGHT, "softmax")


def test_samples_have_the_textbooks_losses_and_slopes(five):
    m = five.at(0)
    part, front, slope, delta = samples(P, T)
    close(m.p, [P, P], rtol=1e-12)
    close(m.part, part, rtol=1e-12)
    close(m.front, front, rtol=1e-12)
    close(m.middle, [slope, slope], rtol=1e-12)
    close(m.delta, delta, rtol=1e-12)
    close(m.error, np.subtract([P, P], [T, T]), rtol=1e-12)
    close(m.place, [logit(P)] * 2, rtol=1e-12)


def test_the_numbers_of_the_lesson(five):
    m = five.at(0)
    assert [f"{v:.3g}" for v in m.total] == ["0.663", "5.93"]
    assert [f"{v:.3g}" for v in m.push.sum(axis=1)] == ["0.237", "2.09"]
    loss, push = m.shares[:, :, 4]
    assert [f"{100 * v:.3g}" for v in (*loss, *push)] == ["74", "77.6", "4.14", "47.4"]
    assert (five.crossings[1, 4], five.crossings[0, 4]) == (6, 117)


def test_shares_add_up(five, three):
    for losses in (five, three):
        close(losses.at(0).shares.sum(axis=2), 1, rtol=1e-12)
    none = record_losses([0.5], [1], steps=0).at(0)
    assert (none.shares == 1).all()


def test_each_loss_takes_its_own_copy(five):
    z, said = race(P, T, 120)
    close(np.stack([m.z for m in five.moments], axis=1), z, rtol=1e-9)
    close(np.stack([m.p for m in five.moments], axis=1), said, rtol=1e-9)


def test_classes_go_through_the_jacobian(three):
    z, said = race(SHARES, RIGHT, 120, kind="softmax")
    for k in (0, 1, 50, 120):
        m = three.at(k)
        for which in (0, 1):
            part, front, jacobian, delta = classes(said[which, k], RIGHT)
            close(m.p[which], said[which, k], rtol=1e-9)
            close(m.part[which], part[which], rtol=1e-9, atol=1e-15)
            close(m.front[which], front[which], rtol=1e-9, atol=1e-15)
            close(m.middle[which], jacobian, rtol=1e-9, atol=1e-15)
            close(m.delta[which], delta[which], rtol=1e-9, atol=1e-15)
            close(m.place[which], logit(said[which, k]), rtol=1e-9)
    assert z.shape == (2, 121, 3)


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_curves_are_the_losses_over_one_sum(kind):
    p, t = (P, T) if kind == "sigmoid" else (SHARES, RIGHT)
    losses, row = record_losses(p, t, kind, steps=3), 1
    said = 1 / (1 + np.exp(-GRID))
    curve = losses.curves(row)
    if kind == "sigmoid":
        close(curve, samples(said, np.full(GRID.size, t[row]))[0], rtol=1e-9)
        return
    rest = np.delete(p, row) / np.delete(p, row).sum()
    for i, q in enumerate(said):
        whole = np.insert((1 - q) * rest, row, q)
        close(curve[:, i], classes(whole, t)[0].sum(axis=1), rtol=1e-9)


def test_a_moved_prediction_stands_where_it_was_put_and_the_rest_follows(five, three):
    moved = five.moved(4, 0.5)
    close(moved.at(0).p[:, 4], 0.5, rtol=1e-12)
    assert len(moved.moments) == 1 and moved.hand == frozenset() and len(five.moments) == 121
    later = five.moved(4, 0.2, k=7, loss=1)
    assert later.at(7).p[0, 4] == five.at(7).p[0, 4] and later.hand == {7}
    close(later.at(7).p[1, 4], 0.2, rtol=1e-12)
    assert len(later.moments) == 8 and len(later.played().moments) == 121
    assert later.at(99) is later.at(7)
    share = three.moved(0, 0.5).at(0).p[0]
    close(share, [0.5, 0.5 * 0.06 / 0.98, 0.5 * 0.92 / 0.98], rtol=1e-12)
    assert five.moved(0, 7.0).at(0).p[0, 0] == pytest.approx(0.999)


def test_a_flipped_target(five, three):
    assert five.flipped(4).t.tolist() == [1, 0, 1, 0, 1]
    assert three.flipped(2).t.tolist() == [0, 0, 1] and three.t.tolist() == [1, 0, 0]
    assert five.t.tolist() == T


def test_every_slope_is_checked_and_a_wrong_one_is_found(five, three, monkeypatch):
    assert five.checked() and five.checked().count == 121 * 5 * 2
    assert three.checked() and three.checked().count == 121 * 3 * 2
    bad = record_losses(P, T, steps=2)
    object.__setattr__(bad.moments[1], "delta", bad.moments[1].delta * [[1], [1.001]])
    assert [r.name for r in bad.checked().failed] == ["cross-entropy"]


def test_one_redraw_is_one_replay(monkeypatch):
    records = [record_losses(P, T, steps=0), record_losses(SHARES, RIGHT, "softmax", steps=0)]
    calls = counted_replays(monkeypatch)
    for losses in records:
        losses.moved(1, 0.3)
    assert len(calls) == 2


def test_the_curves_of_another_row_are_one_replay_and_kept(three, monkeypatch):
    row = (three.row + 1) % 3
    calls = counted_replays(monkeypatch)
    other = three.looking_at(row)
    assert len(calls) == 1 and other.looking_at(row).row == row
    kept = [other.curves(row, k) for k in range(121)]
    assert len(calls) == 1
    for k in (0, 7, 120):
        close(kept[k], three.curves(row, k), rtol=1e-12)
    assert len(calls) == 4
    calls.clear()
    moved = other.moved(row, 0.3, k=60, loss=0)
    assert len(calls) == 1 and all(m.curve[0] == row for m in moved.moments)


def test_one_unit_is_pushed_hardest_at_two_thirds():
    unit = record_unit(0)
    p, push = unit.top
    assert p == pytest.approx(2 / 3, abs=5e-4) and push == pytest.approx(4 / 27, abs=1e-6)
    close(unit.push, np.abs(samples(unit.p, 0 * unit.p)[3]), rtol=1e-9)
    close(unit.loss, samples(unit.p, 0 * unit.p)[0], rtol=1e-9)
    moved = unit.moved(0.99)
    close(moved.losses.at(0).push[:, 0], [0.99 * 0.99 * 0.01, 0.99], rtol=1e-9)
    assert unit.losses.at(0).p[0, 0] == 0.5


def test_the_mean_of_pytorch_takes_fewer_steps():
    """p² instead of ½ p²: every slope twice, so 59 steps and not 117."""
    twice = record_losses([0.99], [0], rate=2.0)
    assert twice.crossings[0, 0] == 59


@pytest.mark.parametrize(
    ("p", "t", "kind", "error", "words"),
    [
        ([0.2, 0.3], [1], "sigmoid", ValueError, "There are 2 predictions and 1 targets."),
        ([], [], "sigmoid", ValueError, "The predictions have shape (0,)"),
        ([[0.2]], [[1]], "sigmoid", ValueError, "The predictions have shape (1, 1)"),
        ([0.2] * 9, [1] * 9, "sigmoid", ValueError, "9 rows cannot be shown"),
        ([1.2], [1], "sigmoid", ValueError, "A prediction is 1.2"),
        ([-0.1], [1], "sigmoid", ValueError, "A prediction is -0.1"),
        ([np.nan], [1], "sigmoid", ValueError, "Number 0 of the predictions is nan"),
        ([0.2], [np.inf], "sigmoid", ValueError, "Number 0 of the targets is inf"),
        ([0.2], [0.5], "sigmoid", ValueError, "A target is 0.5"),
        (["a"], [1], "sigmoid", TypeError, "The predictions are list"),
        (None, [1], "sigmoid", ValueError, "The predictions have shape ()"),
        ([0.2], [1], "tanh", ValueError, "output is 'tanh'"),
        ([0.2], [1], "softmax", ValueError, "1 rows cannot be shown"),
        ([0.2, 0.2], [1, 0], "softmax", ValueError, "these add up to 0.4"),
        ([0.5, 0.5], [1, 1], "softmax", ValueError, "with 2 right"),
    ],
)
def test_what_does_not_fit_is_refused(p, t, kind, error, words):
    with refused(error, words):
        record_losses(p, t, kind)


def test_predictions_at_the_ends_are_kept_a_little_inside():
    assert record_losses([0.0, 1.0], [1, 1], steps=0).at(0).p[0] == pytest.approx([0.001, 0.999])
    assert loss_shares.LOW == 0.001
