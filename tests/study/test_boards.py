"""The boards say what the lesson says, worked out by hand in plain NumPy."""

from __future__ import annotations

import byhand
import numpy as np
import pytest
from refusal import refused

from backprop_kit.data import digits
from backprop_kit.films.numbers import number
from backprop_kit.nn import SGD
from backprop_kit.study import board, digits_net, record_pass
from backprop_kit.study.passes import nudge


def said(values: np.ndarray) -> list[str]:
    return [number(float(v)) for v in np.ravel(values)]


@pytest.fixture(scope="module")
def lamp():
    return byhand.worked(byhand.lamp(), byhand.POSITIONS[:1], byhand.LAMP_ON[:1])


@pytest.fixture(scope="module")
def digit():
    x, y = digits()
    return byhand.worked(byhand.digit_net(), x[339:340], y[339:340])


def compare(recorded, hand, step):
    """A recorded pass beside the one worked by hand: every value, every slope, every move."""
    trace, links = recorded.trace, recorded.links
    values = {n: n.value for link in links for n in (link.source, link.result)}
    shown = list(values.values())
    for mine in (hand.z1, hand.h, hand.z2, hand.p):
        assert any(
            v.shape == mine.shape and np.allclose(v, mine, rtol=1e-13, atol=0) for v in shown
        )
    assert float(trace.loss.value) == pytest.approx(hand.loss, rel=1e-13)
    places = recorded.places()
    for name, mine in (("δ1", hand.d1), ("δ2", hand.d2)):
        assert np.allclose(trace.grads[places[name]], mine, rtol=1e-12, atol=1e-16)
    for path, name in (("0.W", "W1"), ("0.b", "b1"), ("2.W", "W2"), ("2.b", "b2")):
        mine = getattr(hand.slopes, name)
        assert np.allclose(trace.grads[recorded.parameters[path]], mine, rtol=1e-12, atol=1e-16)
    parts = np.concatenate([v.ravel() for v in recorded.forecast.values()])
    assert np.allclose(parts, hand.parts(step), rtol=1e-12, atol=1e-18)


# --- the lamp on the stairs -----------------------------------------------------------------------
def test_the_lamp_by_hand_gives_the_numbers_of_the_lesson(lamp):
    assert said(lamp.h) == ["0.922", "0.537", "−0.762"]
    assert said(lamp.p) == ["0.288"] and number(lamp.loss) == "1.25"
    assert said(lamp.d2) == ["−0.712"] and said(lamp.d1) == ["−0.0643", "0.659", "−0.299"]
    assert said(lamp.slopes.W2) == ["−0.657", "−0.383", "0.543"]
    parts = lamp.parts(byhand.STEP)
    assert number(parts.sum()) == "0.741"
    assert number(parts.max()) == "0.127" and number(parts.min()) == "0.00103"
    assert number(parts[:9].sum()) == "0.396"


def test_the_recorded_lamp_equals_the_lamp_by_hand(lamp):
    recorded = record_pass(*board("stairs"), optimizer=SGD(byhand.STEP))
    compare(recorded, lamp, byhand.STEP)
    after = byhand.moved(byhand.lamp(), lamp.slopes, byhand.STEP)
    again = byhand.worked(after, byhand.POSITIONS[:1], byhand.LAMP_ON[:1])
    assert said(again.p) == ["0.550"] and number(again.loss) == "0.599"
    assert recorded.fall == pytest.approx(lamp.loss - again.loss, rel=1e-12)
    assert number(recorded.fall) == "0.647"
    assert recorded.moved == (8, 5, 0)
    slopes = np.concatenate([g.ravel() for g in lamp.slopes.numbers])
    assert ((slopes < 0).sum(), (slopes > 0).sum()) == (8, 5)


def test_what_the_updated_lamp_says_at_all_positions(lamp):
    recorded = record_pass(*board("stairs"), optimizer=SGD(byhand.STEP))
    before = byhand.worked(byhand.lamp(), byhand.POSITIONS, byhand.LAMP_ON).p
    assert said(before) == ["0.288", "0.712", "0.405", "0.595"]
    after = byhand.moved(byhand.lamp(), lamp.slopes, byhand.STEP)
    mine = byhand.worked(after, byhand.POSITIONS, byhand.LAMP_ON).p
    assert said(mine) == ["0.550", "0.645", "0.566", "0.627"]
    assert np.allclose(recorded.after(byhand.POSITIONS), mine, rtol=1e-13)
    one = recorded.after(byhand.POSITIONS[2])
    assert one.shape == (1,) and np.allclose(one, mine[2], rtol=1e-13)
    assert np.allclose(recorded.model(byhand.POSITIONS).data, before, rtol=1e-13)


def test_turning_the_weight_of_one_changes_the_loss_by_slope_times_turn(lamp):
    recorded = record_pass(*board("stairs"), optimizer=SGD(byhand.STEP))
    found = nudge(recorded, "2.W", 2)
    turned = byhand.with_one_turned(byhand.lamp(), "W2", 2, 0.01)
    change = byhand.worked(turned, byhand.POSITIONS[:1], byhand.LAMP_ON[:1]).loss - lamp.loss
    assert found.measured == pytest.approx(change, rel=1e-9)
    assert number(found.slope) == "0.543"
    assert number(found.promised) == number(found.measured) == "0.00543"
    assert found.value == 1.0 and recorded.model[2].W.data[2, 0] == 1.0


# --- the digit ------------------------------------------------------------------------------------
def test_the_digit_by_hand_gives_the_numbers_of_the_lesson(digit):
    x, y = digits()
    assert y[339] == 3 and (x[339] == 0).sum() == 31
    assert digit.p[0].argmax() == 2 and number(digit.p[0, 2]) == "0.182"
    assert number(digit.p[0, 3]) == "0.133" and number(digit.loss) == "2.02"
    positive, negative = (digit.d1 > 0).sum(), (digit.d1 < 0).sum()
    assert (positive, negative) == (18, 14)
    sizes = np.abs(digit.d1[0])
    assert sizes.argmax() + 1 == 27 and number(sizes.max()) == "0.558"
    assert number(sizes.min()) == "0.00148"
    assert number(digit.parts(byhand.DIGIT_STEP).sum()) == "1.21"


def test_the_recorded_digit_equals_the_digit_by_hand(digit):
    recorded = record_pass(*board("digit"), optimizer=SGD(byhand.DIGIT_STEP))
    compare(recorded, digit, byhand.DIGIT_STEP)
    up, down, stay = recorded.moved
    assert (up + down, stay) == (1418, 992) and up + down + stay == 2410
    blank = digits().x[339] == 0
    assert not recorded.trace.grads[recorded.parameters["0.W"]][blank].any()
    x = digits().x[339:340]
    after = byhand.moved(byhand.digit_net(), digit.slopes, byhand.DIGIT_STEP)
    again = byhand.worked(after, x, np.array([3]))
    assert again.p[0].argmax() == 3 and number(again.p[0, 3]) == "0.369"
    assert recorded.fall == pytest.approx(digit.loss - again.loss, rel=1e-12)
    assert number(recorded.fall) == "1.02"


def test_after_one_update_every_picture_is_called_a_three(digit):
    x, y = digits()
    recorded = record_pass(*board("digit"), optimizer=SGD(byhand.DIGIT_STEP))
    net = byhand.digit_net()
    before = byhand.worked(net, x, y)
    after = byhand.worked(byhand.moved(net, digit.slopes, byhand.DIGIT_STEP), x, y)
    assert np.allclose(recorded.model(x).data, before.z2, rtol=1e-11)
    assert np.allclose(recorded.after(x), after.z2, rtol=1e-11)
    calls = [(w.z2.argmax(1) == 3).sum() for w in (before, after)]
    right = [(w.z2.argmax(1) == y).sum() for w in (before, after)]
    assert calls == [269, 1797] and right == [219, 183] and (y == 3).sum() == 183
    assert [number(w.loss) for w in (before, after)] == ["2.33", "2.42"]


def test_the_digits_net_draws_as_it_says():
    net, mine = digits_net(seed=7), byhand.digit_net()
    for p, true in zip(net.parameters(), mine.numbers, strict=True):
        assert np.array_equal(p.data, true)
    assert not np.array_equal(digits_net(seed=8)[0].W.data, mine.W1)


# --- how large a step may be ----------------------------------------------------------------------
def test_the_bowl_is_a_loss_of_two_numbers():
    model, x, y = board("bowl")
    recorded = record_pass(model, x, y)
    ((path, leaf),) = recorded.parameters.items()
    assert path == "0.W" and leaf.value.tolist() == [[5], [1]]
    for w in ([5.0, 1.0], [-2.0, 0.5], [0.0, 0.0]):
        model[0].W.data = np.array(w)[:, None]
        recorded = record_pass(model, x, y)
        assert float(recorded.trace.loss.value) == 0.5 * (w[0] ** 2 + 25 * w[1] ** 2)
        slopes = recorded.trace.grads[recorded.parameters["0.W"]]
        assert slopes.ravel().tolist() == [w[0], 25 * w[1]]


def test_the_sine_and_the_net_that_is_to_follow_it():
    model, x, y = board("sine")
    assert x.shape == y.shape == (24, 1) and (x[0, 0], x[-1, 0]) == (-3, 3)
    assert np.allclose(np.diff(x[:, 0]), 6 / 23) and np.array_equal(y, np.sin(x))
    rng, width = np.random.default_rng(0), np.sqrt(6 / 9)
    W1, W2 = rng.uniform(-width, width, (1, 8)), rng.uniform(-width, width, (8, 1))
    true = np.tanh(x @ W1) @ W2
    assert np.allclose(model(x).data, true, rtol=1e-14, atol=1e-14)
    assert number(float(np.mean((true - y) ** 2))) == "1.32"


# --- boards as such -------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["stairs", "digit", "bowl", "sine"])
def test_each_call_makes_a_board_of_its_own(name):
    first, x, y = board(name)
    second, *_ = board(name)
    for p in first.parameters():
        p.data = p.data + 1
    third, *_ = board(name)
    for p, q in zip(second.parameters(), third.parameters(), strict=True):
        assert np.array_equal(p.data, q.data)
    assert len(x) == len(y)


def test_the_words_of_the_lamp_fit_its_input():
    model, x, _ = board("stairs")
    assert [model.words.values[v] for v in x[0]] == ["up (+1)", "down (−1)"]
    assert model.words.inputs == ("switch 1", "switch 2") and model.words.output == "the lamp"


@pytest.mark.parametrize("name", ["lamp", None, [], 3])
def test_an_unknown_board_is_refused_with_those_there_are(name):
    with refused(ValueError, repr(name), '"stairs"', '"digit"'):
        board(name)
