"""What one gradient costs: counted beside counts written out, and run."""

from itertools import pairwise

import numpy as np
import pytest
from perturbed import survives
from refusal import refused

from backprop_kit.data import digits
from backprop_kit.engine import Tensor, Trace, ops
from backprop_kit.study import accuracy, digits_net, record_pass, train
from backprop_kit.study.cost import bill, multiplications
from backprop_kit.study.cost_runs import Differences, Passes, Standing, Timing, Training

NETS = [(2, 4, 1), (64, 32, 10), (784, 128, 10), (3, 5, 5, 2)]


def by_hand(sizes):
    """Multiplications for one sample, there and back: every layer's W twice on the way back, the
    first once, for nobody asks what its input's slope is."""
    each = [a * b for a, b in pairwise(sizes)]
    return sum(each), 2 * sum(each) - each[0]


@pytest.mark.parametrize("sizes", NETS)
def test_multiplications_are_those_of_the_layers(sizes):
    b = bill(sizes)
    assert (b.each.there, b.each.back) == by_hand(sizes)
    assert b.count == sum((m + 1) * n for m, n in pairwise(sizes))
    assert b.forwards == b.count + 1


def test_the_numbers_of_the_lesson():
    small, digit, large = (bill(s) for s in NETS[:3])
    assert (digit.each.there, digit.each.back, digit.count) == (2368, 2688, 2410)
    assert [round(b.pair, 2) for b in (small, digit, large)] == [2.33, 2.14, 2.01]
    assert [b.count for b in (small, large)] == [17, 101_770]
    assert round(digit.times) == 1129
    assert (digit.samples, small.samples) == ("64 digits", "64 random samples")


def test_products_are_counted_where_they_happen():
    """Also in a graph that is no chain of layers: a product used twice, one without a slope."""
    a, b = Tensor(np.ones((2, 3))), Tensor(np.ones((3, 4)))
    c = Tensor(np.ones((4, 4)), requires_grad=False)
    y = ops.matmul(a, b)
    loss = (ops.matmul(y, c) * y).sum()
    found = multiplications(Trace.of(loss))
    assert found.there == 2 * 3 * 4 + 2 * 4 * 4
    assert found.back == 2 * 4 * 4 + 2 * (2 * 3 * 4)  # into y through c; into a and into b
    batch = Tensor(np.ones((5, 2, 3)))
    assert multiplications(Trace.of(ops.matmul(batch, b).sum())).there == 5 * 2 * 3 * 4
    assert multiplications(Trace.of((a * a).sum())).back == 0


@pytest.mark.parametrize("sizes", NETS)
def test_passes_give_the_recorded_numbers(sizes):
    recorded = bill(sizes).recorded
    passes = Passes(recorded)
    assert np.isclose(passes.forward(), float(recorded.trace.loss.value), rtol=1e-13)
    grads = passes.backward()
    for name, leaf in recorded.parameters.items():
        assert np.allclose(grads[name], recorded.trace.grads[leaf], atol=1e-14)
    assert (passes.forwards, passes.backwards) == (1, 1)


def test_differences_find_the_same_gradient_number_after_number():
    b = bill((2, 4, 1))
    passes = Passes(b.recorded)
    work = Differences(passes)
    assert work.total == b.forwards == 18
    seen = []
    while not work.finished:
        work.advance(0.0)
        seen.append(work.done)
    assert seen == list(range(1, 19)) and passes.forwards == 18
    passes.forward()
    grads = passes.backward()
    agree, count, largest = work.agreeing(grads)
    assert agree == count == 17
    for name, leaf in b.recorded.parameters.items():
        true = b.recorded.trace.grads[leaf].reshape(-1)
        assert np.allclose(work.found[name], true, atol=1e-7)
        # What was moved is put back, and the recording was never touched.
        assert np.array_equal(passes.numbers(name), leaf.value)
    off = [np.abs(work.found[n] - grads[n].reshape(-1)).max() for n in grads]
    assert np.isclose(largest, max(off))
    work.advance(1.0)
    assert work.done == 18 and passes.forwards == 19


def test_a_gradient_half_found_counts_what_is_known():
    passes = Passes(bill((2, 4, 1)).recorded)
    work = Differences(passes)
    for _ in range(6):
        work.advance(0.0)
    passes.forward()
    agree, count, _ = work.agreeing(passes.backward())
    assert agree == count == 5
    wrong = {name: g + 1 for name, g in passes.backward().items()}
    assert work.agreeing(wrong)[:2] == (0, 5)
    assert Differences(passes).agreeing(wrong) == (0, 0, 0.0)


def test_a_time_is_measured_or_estimated_never_both():
    b = bill((2, 4, 1))
    timing = Passes(b.recorded).timed(0.01)
    assert timing.runs >= 5 and 0 < timing.forward < timing.pair
    assert Standing().whole(b) is None
    assert Standing(pairs=1, timing=Timing(0.5, 1.0, 9)).whole(b) == (9.0, False)
    assert Standing(done=9, seconds=3.0).whole(b) == (6.0, False)
    assert Standing(done=18, seconds=3.0).whole(b) == (3.0, True)


def test_training_shares_are_those_of_the_lesson():
    work = Training()
    assert work.shares is None
    while not work.finished:
        work.advance(0.05)
    shares = work.shares
    net, data = digits_net(), digits()
    assert shares.before == accuracy(net, data.test)
    assert shares.one == accuracy(train(net, data.train, lr=0.5, rounds=1), data.test)
    assert shares.many == accuracy(train(net, data.train, lr=0.5, rounds=100), data.test)
    assert shares.before < 0.2 and shares.one < 0.4 and shares.many > 0.94


def test_training_shares_do_not_hang_on_the_last_digits():
    """Five starts that differ by 10⁻¹² give the same printed percents."""
    data = digits()
    for rounds in (1, 100):
        assert survives(
            digits_net(),
            lambda m, n=rounds: f"{accuracy(train(m, data.train, 0.5, n), data.test):.3f}",
        )


@pytest.mark.parametrize("bad", [3, (3,), (0, 2), "ab", (2, 1.5), (True, 2), None, ()])
def test_widths_that_make_no_net_are_refused(bad):
    with refused(ValueError, "is no net", "(64, 32, 10)"):
        bill(bad)


def test_a_net_too_large_is_refused():
    with refused(ValueError, "100,010,000 numbers", "smaller"):
        bill((10_000, 10_000))


def test_a_bill_of_one_layer_is_exact():
    b = bill((3, 2))
    assert (b.each.there, b.each.back, b.pair) == (6, 6, 2.0)
    assert record_pass(b.recorded.model, b.recorded.x.value, b.recorded.y.value)
