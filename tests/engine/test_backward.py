"""The way back: what `backward` writes and refuses, and the parts it is made of."""

from __future__ import annotations

import numpy as np
import pytest
from nets import draw
from refusal import refused

from backprop_kit.engine import Tensor, backward_steps
from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.op import unbroadcast


def test_slopes_add_up_over_several_losses_until_they_are_forgotten():
    a = Tensor(3.0)
    (a * a).backward()
    (a * 2).backward()
    assert a.grad == 8.0 and isinstance(a.grad, np.ndarray)
    a.zero_grad()
    assert a.grad is None


def test_a_loss_goes_back_once():
    a = Tensor(3.0)
    loss = a * a
    loss.backward()
    with refused(ValueError, "backward() was already called", "forward"):
        loss.backward()
    assert a.grad == 6.0


def test_only_one_number_goes_back():
    a = Tensor([1.0, 2.0])
    with refused(ValueError, "Slopes start from one number; this loss has shape (2,)"):
        (a * 2).backward()
    with refused(ValueError, "Nothing this loss was made of needs a slope"):
        Tensor([1.0], requires_grad=False).sum().backward()
    assert a.grad is None


def test_a_slope_that_cannot_be_added_changes_nothing():
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    (a * b).sum().backward()
    before, b.grad = a.grad, "mine"
    loss = (a * b).sum()
    with pytest.raises(TypeError):
        loss.backward()
    assert a.grad is before and b.grad == "mine" and not loss.node.spent


def test_only_what_was_asked_about_gets_no_slope():
    a, b = Tensor(1.0), Tensor(2.0)
    ((a * 2 > b) * b).backward()
    assert a.grad is None and b.grad == 0.0


def test_parts_of_a_fan_out_are_steps_of_their_own():
    x = Tensor(3.0)
    steps = list(backward_steps(x * x))
    assert [(s.slot, float(s.part)) for s in steps] == [(0, 1.0), (1, 3.0), (0, 3.0)]
    assert steps[0].g is None and steps[1].g == 1.0 and steps[1].target is x.node
    assert x.grad is None


def test_slopes_are_read_only():
    a = Tensor([1.0, 2.0])
    (a + a * a).sum().backward()
    with pytest.raises(ValueError, match="read-only"):
        a.grad[0] = 5


def test_a_leaf_may_be_the_loss():
    a = Tensor(3.0)
    a.backward()
    assert a.grad == 1.0


def test_parts_add_up_to_what_backward_writes():
    for seed in range(20):
        case = draw(seed)
        model = case.model()
        loss = case.measured(model)
        totals: dict = {}
        for step in backward_steps(loss):
            known = totals.get(step.target)
            totals[step.target] = step.part if known is None else known + step.part
        loss.backward()
        for p in model.parameters():
            assert np.array_equal(totals[p.node], p.grad)


def test_ancestors_are_in_the_order_of_creation():
    case = draw(3)
    loss = case.measured(case.model())
    tape = ancestors(loss.node)
    assert tape[-1] is loss.node
    place = {n: i for i, n in enumerate(tape)}
    assert all(place[m] < place[n] for n in tape for m in n.inputs)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 1), (1, 4), (3, 4), (1, 1), (2, 3, 4)])
def test_unbroadcast_is_the_sum_over_repeated_axes(shape):
    g = np.random.default_rng(0).normal(size=(2, 3, 4))
    found = unbroadcast(g, shape)
    spread = np.broadcast_to(np.arange(np.prod(shape, dtype=int)).reshape(shape), g.shape)
    expected = [g[spread == i].sum() for i in range(np.prod(shape, dtype=int))]
    np.testing.assert_allclose(found, np.reshape(expected, shape))
    many = np.stack([g, 2 * g, 3 * g])
    np.testing.assert_allclose(
        unbroadcast(many, shape, lead=1), np.stack([found, 2 * found, 3 * found])
    )
