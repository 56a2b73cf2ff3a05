"""Chance that can be drawn again: the same mask for the same seed, step, call and shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refused

from backprop_kit.engine import Tensor, gradcheck, moment, ops, replay
from backprop_kit.engine.chance import current_moment, kept, looking

ONES = np.ones((40, 25))


def dropped(rate: float = 0.5, seed: int = 0, step: int = 0, call: int = 0) -> np.ndarray:
    return ops.dropout(Tensor(ONES), rate=rate, seed=seed, step=step, call=call).data


numbers = st.integers(0, 2**64 - 1)


@given(seed=numbers, step=numbers, call=numbers)
def test_a_mask_is_a_function_of_seed_step_and_call(seed, step, call):
    one = dropped(0.5, seed, step, call)
    dropped(0.5, seed, (step + 1) % 2**64, call)
    kept.cache_clear()
    np.testing.assert_array_equal(one, dropped(0.5, seed, step, call))
    for other in ((seed ^ 1, step, call), (seed, step ^ 1, call), (seed, step, call ^ 1)):
        assert not np.array_equal(one, dropped(0.5, *other))


def test_the_first_masks_stay_what_they_are():
    # Written down, so that a saved run plays the same on another machine and in another year.
    rows = ["".join(map(str, kept((8,), 0.5, 0, step, 0).astype(int))) for step in range(3)]
    assert rows == ["00011011", "01010000", "11111101"]


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_the_share_is_kept_and_scaled_so_that_the_mean_stays(rate):
    n = 400
    masks = np.stack([dropped(rate, 1, step) for step in range(n)])
    values = set(np.unique(masks))
    assert values <= {0.0, 1 / (1 - rate)}
    # Five standard deviations of a mean of n · 1000 independent draws, and of n draws.
    spread = np.sqrt(rate / (1 - rate) / n)
    assert abs(masks.mean() - 1) <= 5 * spread / np.sqrt(ONES.size)
    assert np.abs(masks.mean(0) - 1).max() <= 5 * spread
    # Neighbours in the array, in step and in call know nothing of each other.
    if rate:
        dev = (masks - 1) * np.sqrt((1 - rate) / rate)
        for a, b in ((dev[:, :, 1:], dev[:, :, :-1]), (dev[1:], dev[:-1])):
            assert abs((a * b).mean()) <= 5 / np.sqrt(a.size)


def test_nothing_dropped_is_the_same_number():
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_array_equal(ops.dropout(Tensor(x), rate=0).data, x)


def test_members_of_an_ensemble_share_the_mask_and_a_larger_batch_draws_its_own():
    x = Tensor(np.ones((3, 4)), requires_grad=False)
    y = ops.dropout(x, rate=0.5, seed=2)
    many = replay(y, {x: np.full((3, 3, 4), 2.0)})
    np.testing.assert_array_equal(many, np.stack([2 * y.data] * 3))
    batch = replay(y, {x: np.ones((6, 4))})
    np.testing.assert_array_equal(batch, 2.0 * kept((6, 4), 0.5, 2, 0, 0))
    assert gradcheck((ops.dropout(Tensor(ONES[:4, :4] + 1), rate=0.3, call=9) ** 2).sum())


def test_moments_count_their_calls_and_nest():
    assert current_moment() is None and looking().quiet and looking().seed is None
    with moment(4, 7) as outer:
        assert current_moment() is outer and [outer.next_call() for _ in range(3)] == [0, 1, 2]
        look = looking()
        assert (look.seed, look.step, look.quiet, outer.quiet) == (4, 7, True, False)
        with look:
            assert current_moment() is look and look.next_call() == 0
        assert outer.next_call() == 3
    with outer:
        assert outer.next_call() == 0
    assert current_moment() is None
    with pytest.raises(ZeroDivisionError), moment(1):
        raise ZeroDivisionError
    assert current_moment() is None


@pytest.mark.parametrize("rate", [1, 1.5, -0.1, np.nan, np.inf, "half", None, True])
def test_a_rate_is_a_share_below_one(rate):
    with refused(ValueError, f"rate is {rate!r}; it is the share"):
        ops.dropout(Tensor(ONES), rate=rate)


@pytest.mark.parametrize("bad", [-1, 0.5, 2**64, "a", None, True])
def test_seed_step_and_call_are_whole(bad):
    for make in (lambda: moment(bad), lambda: dropped(seed=bad)):
        with refused(ValueError, f"The seed is {bad!r}"):
            make()
    for make in (lambda: moment(0, bad), lambda: dropped(step=bad)):
        with refused(ValueError, f"The step is {bad!r}"):
            make()
    with refused(ValueError, f"The call is {bad!r}"):
        dropped(call=bad)
