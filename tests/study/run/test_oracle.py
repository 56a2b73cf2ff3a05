"""A run beside training written out by hand in NumPy: batches, epochs, rules, batch sizes."""

from __future__ import annotations

import numpy as np
import pytest
from runs import small

from backprop_kit.data import moons
from backprop_kit.nn import SGD, Adam, MSELoss
from backprop_kit.study import Run, net


class ByHand:
    """2–4–3–1, tanh, binary cross-entropy of logits, on the same samples."""

    def __init__(self, run, data):
        self.p = [a.copy() for a in run.numbers().values()]
        self.x, self.y = data.train.x, data.train.y

    def slopes(self, rows):
        W1, b1, W2, b2, W3, b3 = self.p
        x, y = self.x[rows], self.y[rows]
        a1 = np.tanh(x @ W1 + b1)
        a2 = np.tanh(a1 @ W2 + b2)
        z = a2 @ W3 + b3
        d3 = (1 / (1 + np.exp(-z)) - y) / len(rows)
        d2 = d3 @ W3.T * (1 - a2**2)
        d1 = d2 @ W2.T * (1 - a1**2)
        pairs = ((x, d1), (a1, d2), (a2, d3))
        return [g for a, d in pairs for g in (a.T @ d, d.sum(0))]

    def losses(self, x, y):
        W1, b1, W2, b2, W3, b3 = self.p
        z = np.tanh(np.tanh(x @ W1 + b1) @ W2 + b2) @ W3 + b3
        loss = (np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0) - y * z).mean()
        return loss, ((z > 0) == (y > 0.5)).mean()


def batches(n, seed, sizes):
    """Row after row: `sizes[e]` is the batch size of epoch e."""
    for epoch, size in enumerate(sizes):
        order = np.random.default_rng([seed, epoch]).permutation(n)
        for at in range(0, n, size):
            yield order[at : at + size]


def close(run, hand):
    for path, p in zip(run.numbers(), hand.p, strict=True):
        assert np.allclose(run.numbers()[path], p, rtol=1e-11, atol=1e-13), path


def test_descent_batch_by_batch():
    run, data = small(SGD(0.3)), moons(40, seed=2)
    hand = ByHand(run, data)
    for k, rows in enumerate(batches(32, 3, [7] * 6)):
        assert np.array_equal(run.rows(), rows) and run.k == k
        hand.p = [p - 0.3 * g for p, g in zip(hand.p, hand.slopes(rows), strict=True)]
        assert run.step() == k + 1
        close(run, hand)
    assert (run.epoch, run.k, run.steps_per_epoch) == (6, 30, 5)
    (train, right), (test, test_right) = (
        hand.losses(part.x, part.y) for part in (data.train, data.test)
    )
    assert run.measured() == pytest.approx((train, test, right, test_right), rel=1e-10)


def test_adam_with_a_batch_size_that_waits_for_its_epoch():
    run, data = small(Adam(0.02)), moons(40, seed=2)
    hand = ByHand(run, data)
    m = [np.zeros_like(p) for p in hand.p]
    s = [np.zeros_like(p) for p in hand.p]
    for k, rows in enumerate(batches(32, 3, [7, 7, 16, 16]), 1):
        if k == 8:  # in the middle of the second epoch
            run.fork(batch=16)
            assert run.pending_batch == 16 and run.steps_per_epoch == 5
        if k == 11:
            assert run.pending_batch is None and run.steps_per_epoch == 2
        for i, g in enumerate(hand.slopes(rows)):
            m[i] = 0.9 * m[i] + 0.1 * g
            s[i] = 0.999 * s[i] + 0.001 * g * g
            move = m[i] / (1 - 0.9**k) / (np.sqrt(s[i] / (1 - 0.999**k)) + 1e-8)
            hand.p[i] = hand.p[i] - 0.02 * move
        run.step()
        close(run, hand)
    assert (run.k, run.epoch) == (14, 4)
    held = run.remembered("2.W")
    assert held["steps"] == 14
    assert np.allclose(held["mean slope"], m[2], rtol=1e-10)


def test_all_samples_at_once_keep_their_order():
    run = small(SGD(0.5), batch=None)
    assert np.array_equal(run.rows(5), np.arange(32)) and run.steps_per_epoch == 1
    hand = ByHand(run, moons(40, seed=2))
    for _ in range(20):
        slopes = hand.slopes(np.arange(32))
        hand.p = [p - 0.5 * g for p, g in zip(hand.p, slopes, strict=True)]
    run.step(20)
    close(run, hand)
    assert run.epoch == 20


def test_the_order_depends_on_seed_and_epoch_alone():
    one, other = small(SGD(0.1)), small(Adam(0.5), seed=3)
    assert all(np.array_equal(one.rows(k), other.rows(k)) for k in range(20))
    another = small(seed=4)
    assert not all(np.array_equal(one.rows(k), another.rows(k)) for k in range(5))
    epoch = np.sort(np.concatenate([one.rows(k) for k in range(5, 10)]))
    assert np.array_equal(epoch, np.arange(32))


def test_any_function_is_a_loss_and_targets_may_be_a_list():
    def twice(output, target):
        return ((output - target) ** 2).mean() * 2

    x = np.linspace(-1, 1, 9)[:, None]
    mine = Run(net((1, 3, 1), seed=5), (x, np.sin(x)[:, 0]), loss=twice, optimizer=SGD(0.05))
    kit = Run(net((1, 3, 1), seed=5), (x, np.sin(x)), loss=MSELoss(), optimizer=SGD(0.1))
    mine.step(30), kit.step(30)
    assert np.allclose(mine.theta, kit.theta, rtol=1e-12)
    assert mine.measured()[0] == pytest.approx(2 * kit.measured()[0], rel=1e-12)
    assert np.isnan(mine.measured()[1:]).all() and mine.loss.title == "twice"
    assert not mine.can_token


def test_the_model_given_never_moves_and_comes_back_as_copies():
    model = net((2, 4, 1), seed=2)
    before = {p: a.copy() for p, a in model.state_dict().items()}
    run = Run(model, moons(40), batch=8)
    run.step(9)
    assert all(np.array_equal(a, before[p]) for p, a in model.state_dict().items())
    look = run.model
    assert not look.training and not np.array_equal(look[0].W.data, before["0.W"])
    look[0].W.data = np.zeros((2, 4))
    assert not np.array_equal(run.numbers()["0.W"], np.zeros((2, 4)))
    with pytest.raises(ValueError, match="read-only"):
        run.numbers()["0.W"][0, 0] = 1
    held = run.numbers()["0.W"]
    kept = held.copy()
    run.step(5)
    assert np.array_equal(held, kept)
