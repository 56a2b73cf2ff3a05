"""The check itself: what it finds, what it says, and what it cannot check."""

from __future__ import annotations

import numpy as np
import pytest
from nets import draw
from refusal import refused

from backprop_kit.engine import Tensor, Trace, gradcheck, ops
from backprop_kit.engine.gradcheck import slope_by_complex_step


def test_it_counts_and_names_the_worst():
    a, b = Tensor([1.0, 2.0], name="a"), Tensor(3.0, name="b")
    report = gradcheck((a * b).sum() ** 2)
    assert report and report.count == 3 and not report.failed
    assert {row.name for row in report.rows} == {"a", "b"}
    assert repr(report).startswith("3 slopes checked; worst ")


def test_it_says_what_is_wrong_and_where():
    a = Tensor([1.0, 2.0], name="a")
    loss = (a * a).sum()
    report = gradcheck(loss, grads={a.node: np.array([2.0, 5.0])})
    assert not report
    assert repr(report) == "a[1] is wrong; worst a: 2.0e-01 (ours 5, true 4)"


def test_a_slope_that_is_missing_or_nan_is_wrong():
    a = Tensor([1.0, 2.0], name="a")
    loss = (a * a).sum()
    assert not gradcheck(loss, grads={})
    report = gradcheck(loss, grads={a.node: np.array([2.0, np.nan])})
    assert not report and report.worst.error == np.inf


def test_every_value_of_a_net_can_be_checked():
    for seed in range(30):
        case = draw(7000 + seed)
        loss = case.measured(case.model())
        made = [n for n in Trace.of(loss).made if n.needs_grad]
        report = gradcheck(loss, {str(n.index): n for n in made})
        assert report, report
        assert report.count == sum(n.value.size for n in made)


def test_slopes_that_cancel_to_rounding_are_not_called_wrong():
    x = Tensor([0.1, 0.2, 0.3], name="x")
    shift = Tensor(0.7, name="shift")
    assert gradcheck((ops.softmax(x + shift) * np.array([3.0, 1.0, 2.0])).sum())


def test_more_numbers_than_one_chunk():
    x = Tensor(np.linspace(-1, 1, 300).reshape(3, 100), name="x")
    loss = ops.tanh(x).sum()
    true = 1 - np.tanh(x.data) ** 2
    np.testing.assert_allclose(slope_by_complex_step(loss, x), true, rtol=1e-14)


def test_float32_is_checked_as_far_as_it_goes():
    w = Tensor(np.float32([[0.5, -1.0], [2.0, 0.1]]), name="w")
    assert gradcheck(ops.tanh(w @ w).sum())
    wrong = gradcheck((w * w).sum(), grads={w.node: 2.02 * w.data})
    assert not wrong


def test_a_tensor_with_new_numbers_is_checked_as_it_was_recorded():
    a = Tensor([1.0, 2.0], name="a")
    loss = (a * a * a).sum()
    a.data = [50.0, 60.0]
    assert gradcheck(loss, {"a": a})
    np.testing.assert_allclose(slope_by_complex_step(loss, a), [3.0, 12.0])


def test_what_cannot_be_checked_is_said():
    a = Tensor([1.0, 2.0])
    with refused(ValueError, "needs real numbers"):
        gradcheck((Tensor([1.0 + 2j]) * 2).sum())
    with refused(ValueError, "nothing to check"):
        gradcheck(a.sum(), {})
    with refused(ValueError, "no part of this recording"):
        gradcheck(a.sum(), {"b": Tensor(1.0)})
    with refused(ValueError, "shape (2,)"):
        gradcheck(a * 2)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_loss_may_have_any_shape_with_one_number(shape):
    a = Tensor(np.full(shape, 0.3), name="a")
    loss = ops.sin(a) * 2
    assert loss.shape == shape
    assert gradcheck(loss)
    loss.backward()
    assert a.grad.shape == shape
