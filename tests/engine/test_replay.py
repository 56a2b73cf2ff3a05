"""The same graph with other numbers: one at a time, many at once, other batches."""

from __future__ import annotations

import numpy as np
import pytest
from nets import draw
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor, Trace, ops, replay, replay_slopes, replay_values


def test_the_loss_with_other_leaves():
    a, b = Tensor(2.0), Tensor(3.0)
    loss = a * b + a
    assert replay(loss) == 8.0
    assert replay(loss, {a: 5}) == 20.0
    assert replay(loss, {a: 5, b: 0.5}) == 7.5
    np.testing.assert_array_equal(replay(loss, {a: [1, 2, 3]}), [4.0, 8.0, 12.0])
    assert loss.data == 8.0 and a.data == 2.0


def test_a_replay_of_nothing_new_is_the_recording_bit_for_bit():
    for seed in range(30):
        case = draw(9000 + seed)
        model = case.model()
        loss = case.measured(model)
        made = Trace.of(loss).made
        same = {p: p.data for p in model.parameters()}
        for n, value in zip(made, replay_values(made, same), strict=True):
            assert np.array_equal(value, n.value)


def test_a_value_inside_may_be_replaced_and_is_then_cut_off():
    a = Tensor(2.0)
    h = a * a
    loss = h + a
    assert replay(loss, {h: 10.0}) == 12.0
    value, (to_a, to_h) = replay_slopes(loss, {h: 10.0}, [a, h])
    assert (value, to_a, to_h) == (12.0, 1.0, 1.0)


def test_a_tensor_with_new_numbers_still_means_the_leaf_it_was():
    w = Tensor([1.0, 2.0], name="w")
    loss = (w * w).sum()
    w.data = [9.0, 9.0]
    assert replay(loss) == 5.0
    assert replay(loss, {w: [3.0, 4.0]}) == 25.0


def test_a_bias_of_an_ensemble_does_not_meet_the_samples():
    # With as many members as samples a naive broadcast raises nothing and is wrong.
    x = Tensor(np.arange(12.0).reshape(4, 3), requires_grad=False)
    b = Tensor(np.zeros(3))
    loss = ops.tanh(0.1 * x + b).sum()
    bs = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(
        replay(loss, {b: bs}), [np.tanh(0.1 * x.data + row).sum() for row in bs]
    )


@pytest.mark.parametrize("size", [1, 3, 4])
def test_operands_of_lower_rank_are_lined_up(size):
    rng = np.random.default_rng(2)
    shapes = {"x": (4, 3), "bias": (3,), "scale": (), "column": (4, 1), "row": (1, 3)}
    t = {name: Tensor(rng.normal(size=s), name=name) for name, s in shapes.items()}
    loss = ops.sin((t["x"] + t["bias"]) * t["scale"] - t["column"] * t["row"]).sum()
    for chosen in (["bias"], ["scale"], ["column"], ["bias", "scale"], ["x", "row"], list(t)):
        given = {t[name]: rng.normal(size=(size, *shapes[name])) for name in chosen}
        total, slopes = replay_slopes(loss, given, t.values())
        assert total.shape == (size,)
        for r in range(size):
            one, true = replay_slopes(loss, {p: v[r] for p, v in given.items()}, t.values())
            np.testing.assert_allclose(total[r], one, rtol=1e-13)
            for ours, theirs in zip(slopes, true, strict=True):
                np.testing.assert_allclose(ours[r], theirs, rtol=1e-12, atol=1e-13)


def test_choices_are_made_anew():
    a, b = Tensor(1.0), Tensor(2.0)
    loss = ops.where(a > b, a * 10, b * 100) + ops.maximum(a, b) + ops.clip(a, low=0, high=1.5)
    for x in (0.5, 3.0):
        expected = (10 * x if x > 2 else 200) + max(x, 2) + min(x, 1.5)
        assert replay(loss, {a: x}) == expected
    value, (slope,) = replay_slopes(loss, {a: [0.5, 3.0]}, [a])
    np.testing.assert_array_equal(slope, [1.0, 11.0])
    assert value.shape == (2,)


@pytest.mark.parametrize("batch", [1, 2, 9])
def test_an_input_may_bring_another_batch(batch):
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(4, 6)), requires_grad=False)
    w = Tensor(rng.normal(size=(3, 2)))

    def net(x: Tensor) -> Tensor:
        h = x.reshape(-1, 2, 3) @ w  # (B, 2, 2)
        h = h.transpose(1, 0, 2).reshape(2, -1, 2)  # the batch in the middle
        h = h.transpose(1, 0, 2).reshape(-1, 4)
        h = ops.concatenate([h, h[:, 1:3], h.mean(axis=1, keepdims=True)], axis=1)
        h = h - h.max(axis=0) + h[..., None][:, :, 0] + h[:, [0, 0, 1, 2, 3, 4, 5]]
        return (ops.stack([h, 2 * h], axis=1) ** 2).mean()

    loss = net(x)
    other = rng.normal(size=(batch, 6))
    value, (slope,) = replay_slopes(loss, {x: other}, [w])
    fresh = net(Tensor(other, requires_grad=False))
    w.zero_grad()
    fresh.backward()
    np.testing.assert_allclose(value, fresh.data, rtol=1e-13)
    np.testing.assert_allclose(slope, w.grad, rtol=1e-12)
    # And an ensemble of such batches.
    three = rng.normal(size=(3, batch, 6))
    np.testing.assert_allclose(
        replay(loss, {x: three}), [replay(loss, {x: one}) for one in three], rtol=1e-13
    )


def test_new_data_and_new_labels_for_a_whole_model():
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).reset(1)
    rng = np.random.default_rng(1)
    x, y = Tensor(rng.normal(size=(6, 5)), requires_grad=False), rng.integers(0, 3, 6)
    labels = Tensor(y, requires_grad=False)
    loss = nn.CrossEntropyLoss()(model(x), labels)
    more, many = rng.normal(size=(11, 5)), rng.integers(0, 3, 11)
    np.testing.assert_allclose(
        replay(loss, {x: more, labels: many}), nn.CrossEntropyLoss()(model(more), many).data
    )


def test_what_does_not_depend_is_the_same_for_all_members():
    a, b = Tensor(2.0), Tensor(3.0)
    h, k = a * 2, b * 3
    loss = h * k
    values = replay_values([h, k, loss], {a: [1.0, 2.0, 3.0]})
    assert [v.shape for v in values] == [(3,)] * 3
    _, (sa, sb) = replay_slopes(loss, {a: [1.0, 2.0, 3.0]}, [a, b])
    np.testing.assert_array_equal(sa, [18.0] * 3)
    np.testing.assert_array_equal(sb, [6.0, 12.0, 18.0])
    assert replay(loss, {h: 5.0, a: [1.0, 2.0]}).shape == (2,)


def test_an_ensemble_keeps_the_shape_of_the_loss_behind_its_axis():
    x = Tensor(np.ones((1, 1)))
    assert replay(x * 2, {x: np.ones((5, 1, 1))}).shape == (5, 1, 1)


def test_python_numbers_do_not_widen_float32():
    w = Tensor(np.float32([1, 2]))
    loss = (w * w).sum()
    assert replay(loss, {w: [1.5, 2.5]}).dtype == np.float32
    assert replay(loss, {w: np.array([1.5, 2.5])}).dtype == np.float64


def test_what_does_not_fit_is_refused():
    a, b = Tensor([1.0, 2.0], name="a"), Tensor([1.0, 2.0], name="b")
    x = Tensor(np.ones((4, 2)), requires_grad=False)
    loss = ((a * b) * x).sum() + ops.pick(x, np.array([0, 1, 0, 1])).sum()
    with refused(ValueError, "a stranger to be replaced is no part"):
        replay(loss, {Tensor(1.0, name="a stranger"): 2.0})
    with refused(ValueError, "The replacement has shape (3,); recorded was (2,)"):
        replay(loss, {a: [1, 2, 3]})
    with refused(ValueError, "Ensembles of 3 and 4 members meet"):
        replay(loss, {a: np.ones((3, 2)), b: np.ones((4, 2))})
    with refused(TypeError, "numbers, not"):
        replay(loss, {a: ["one", "two"]})
    with refused(ValueError, "rectangular"):
        replay(loss, {a: [[1, 2], [3]]})
    with refused(ValueError, "do not fit"):
        replay(loss, {x: np.ones((5, 2))})


def test_what_is_given_may_change_afterwards():
    a = Tensor([1.0, 2.0])
    loss = a * 2
    mine = np.array([5.0, 6.0])
    (value,) = replay_values([a], {a: mine})
    mine[0] = 0
    assert value[0] == 5.0 and loss.data[0] == 2.0
