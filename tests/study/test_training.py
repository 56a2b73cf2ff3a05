"""Training, accuracy and forecast beside plain NumPy; which trained numbers may be shown."""

from __future__ import annotations

import byhand
import numpy as np
import perturbed
import pytest
from refusal import refused

from backprop_kit.data import digits, stairs
from backprop_kit.engine import Tensor
from backprop_kit.films.numbers import number
from backprop_kit.nn import SGD, CrossEntropyLoss, Linear, Sequential, Sigmoid, Tanh
from backprop_kit.study import accuracy, board, digits_net, forecast, missed, record_pass, train

ALL = (byhand.POSITIONS, byhand.LAMP_ON)


def numbers(model):
    return [p.data.copy() for p in model.parameters()]


# --- train ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("rounds", [0, 1, 9, 100])
def test_training_equals_descent_by_hand_and_leaves_the_model(rounds):
    model, *_ = board("stairs")
    before = numbers(model)
    pupil = train(model, ALL, lr=0.5, rounds=rounds)
    mine = byhand.trained(byhand.lamp(), *ALL, 0.5, rounds)
    for p, true in zip(pupil.parameters(), mine.numbers, strict=True):
        assert np.allclose(p.data, true, rtol=1e-9, atol=1e-12) and p.grad is None
    assert all(map(np.array_equal, numbers(model), before))
    assert all(p.grad is None for p in model.parameters())


def test_the_lamp_is_right_after_exactly_nine_updates():
    model, *_ = board("stairs")
    rights = [accuracy(train(model, ALL, lr=0.5, rounds=n), ALL) for n in range(12)]
    nets = [byhand.trained(byhand.lamp(), *ALL, 0.5, n) for n in range(12)]
    mine = [((byhand.worked(net, *ALL).p > 0.5) == ALL[1]).mean() for net in nets]
    assert rights == mine
    assert rights.index(1) == 9
    p = byhand.worked(byhand.trained(byhand.lamp(), *ALL, 0.5, 100), *ALL).p
    assert [f"{v:.3f}" for v in p.ravel()] == ["0.928", "0.930", "0.012", "0.093"]
    said = train(model, ALL, lr=0.5, rounds=100)(byhand.POSITIONS).data
    assert np.allclose(said, p, rtol=1e-9)


def test_targets_may_be_a_column_or_a_list_and_data_a_pair_or_a_data():
    model, *_ = board("stairs")
    forms = [ALL, (ALL[0].tolist(), [1, 1, 0, 0]), (ALL[0], np.array([1.0, 1, 0, 0])), stairs()]
    first, *others = [numbers(train(model, data, lr=0.5, rounds=3)) for data in forms]
    for other in others:
        assert all(map(np.array_equal, other, first))
    assert [accuracy(model, data) for data in forms] == [0.5] * 4


# --- accuracy -------------------------------------------------------------------------------------
def test_accuracy_counts_what_is_on_the_right_side():
    x = np.array([[0.4], [0.6], [-0.2], [0.1]])
    same = lambda t: t
    assert accuracy(same, (x, [[0], [1], [0], [1]])) == 0.75
    assert accuracy(same, (x, [[1], [1], [-1], [-1]])) == 0.75  # ±1: the middle is 0
    scores = np.array([[3.0, 1, 2], [0, 5, 1], [0, 1, 2], [9, 8, 7]])
    assert accuracy(same, (scores, [0, 1, 2, 1])) == 0.75
    assert accuracy(same, (scores, np.eye(3)[[0, 1, 1, 1]])) == 0.5


# --- forecast -------------------------------------------------------------------------------------
def test_the_forecast_table_of_the_lesson():
    rates = [0.01, 0.05, 0.25, 1]
    made = forecast(*board("stairs"), rates)
    net, data = byhand.lamp(), (byhand.POSITIONS[:1], byhand.LAMP_ON[:1])
    start = byhand.worked(net, *data)
    mine = [
        (rate, start.parts(rate).sum(),
         start.loss - byhand.worked(byhand.moved(net, start.slopes, rate), *data).loss)
        for rate in rates
    ]  # fmt: skip
    for ours, true in zip(made, mine, strict=True):
        assert ours == pytest.approx(true, rel=1e-11)
    shown = [(number(p), number(t)) for _, p, t in mine]
    assert shown == [("0.0296", "0.0296"), ("0.148", "0.146"), ("0.741", "0.647"), ("2.96", "1.18")]
    lines = repr(made).split("\n")
    assert [tuple(line.split()[1:]) for line in lines[1:]] == shown
    assert lines[0].split() == ["step", "forecast", "true"]


def test_the_forecast_of_the_digit_and_of_a_function_and_of_a_way_up():
    ((_, promised, true),) = forecast(*board("digit"), [0.05])
    assert (number(promised), number(true)) == ("1.21", "1.02")
    w = Tensor(3.0, "w")
    ((_, promised, true),) = forecast(lambda x: x * w, [[2.0]], [[0.0]], [0.1])
    # L = ½ (2w)², slope 4w = 12; w falls to 1.8.
    assert promised == pytest.approx(0.1 * 144) and true == pytest.approx(18 - 0.5 * 3.6**2)
    ((_, promised, true),) = forecast(*board("stairs"), [-0.01])
    assert promised < 0 and true < 0


# --- trained numbers that lesson 00 shows ---------------------------------------------------------
def after_one_update(net):
    image, label = digits().x[339:340], digits().y[339:340]
    return record_pass(net, image, label, optimizer=SGD(0.05))


def all_digits(net):
    return after_one_update(net).after(digits().x)


SHOWN = {
    "the lamp's answers after 100 updates": (
        "stairs", lambda m: train(m, stairs(), lr=0.5, rounds=100)(stairs().x).data.round(3)),
    "which share of the four is right": (
        "stairs", lambda m: {n: accuracy(train(m, stairs(), lr=0.5, rounds=n), stairs())
                             for n in (8, 9, 100)}),
    "what the lamp says after one update": (
        "stairs", lambda m: record_pass(m, *(a[:1] for a in stairs()), optimizer=SGD(0.25))
        .after(stairs().x).round(3)),
    "the forecast and the fall": (
        "stairs", lambda m: forecast(m, *(a[:1] for a in stairs()), [0.01, 0.05, 0.25, 1])),
    "how many pictures are called a three": (
        "digit", lambda m: int((all_digits(m).argmax(-1) == 3).sum())),
    "how many digits are right": (
        "digit", lambda m: int((all_digits(m).argmax(-1) == digits().y).sum())),
    "the mean loss of all digits": (
        "digit", lambda m: number(float(
            CrossEntropyLoss()(Tensor(all_digits(m)), digits().y).data))),
    "how far the digit's loss falls": ("digit", lambda m: number(after_one_update(m).fall)),
    "how many of the digit's numbers move": ("digit", lambda m: after_one_update(m).moved),
}  # fmt: skip


@pytest.mark.parametrize("what", SHOWN)
def test_a_number_lesson_00_shows_survives_rounding(what):
    name, shown = SHOWN[what]
    model, *_ = board(name)
    assert perturbed.survives(model, shown)


def test_the_helper_finds_a_number_that_does_not_survive():
    model, *_ = board("stairs")

    def chaotic(net):
        v = abs(float(net[0].W.data[0, 0])) / 2
        for _ in range(60):
            v = 3.99 * v * (1 - v)
        return number(v)

    assert not perturbed.survives(model, chaotic)
    assert not perturbed.survives(model, lambda net: repr(float(net[0].W.data[0, 0])))
    assert perturbed.survives(model, lambda net: number(float(net[0].W.data[0, 0])))
    assert perturbed.TRIES == 5


def test_the_helper_turns_every_number_and_leaves_the_model():
    model, *_ = board("stairs")
    before = numbers(model)
    twins = [perturbed.twin(model, seed) for seed in range(5)]
    assert all(map(np.array_equal, numbers(model), before))
    for other in twins:
        for p, was in zip(other.parameters(), before, strict=True):
            assert np.allclose(p.data, was, rtol=2e-12, atol=0)
            assert (p.data != was)[was != 0].all()
    assert len({b"".join(p.data.tobytes() for p in t.parameters()) for t in twins}) == 5


# --- bad input ------------------------------------------------------------------------------------
def classifier():
    model = Sequential(Linear(2, 4), Tanh(), Linear(4, 3))
    return model.reset(1)


def lamp():
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1), Sigmoid())
    return model.reset(1)


X, Y = [[1.0, -1.0], [0.5, 2.0]], [[1.0], [0.0]]
NAN, INF = float("nan"), float("inf")

BAD = {
    "NaN": (lamp, [[1, NAN], [0, 0]], Y, ValueError, "x[0, 1]"),
    "inf": (lamp, X, [[1], [-INF]], ValueError, "y[1, 0]"),
    "empty": (lamp, [], [], ValueError, "empty"),
    "no rows": (lamp, np.zeros((0, 2)), np.zeros((0, 1)), ValueError, "empty"),
    "ragged": (lamp, [[1, 2], [3]], Y, TypeError, "rows of equal length"),
    "text": (lamp, [["up", "down"]], [[1]], TypeError, "must hold numbers"),
    "nothing": (lamp, X, None, TypeError, "y must hold numbers"),
    "lengths": (lamp, X, [[1]], ValueError, "x has 2 samples and y has 1"),
    "features": (lamp, [[1, 2, 3]], [[1]], ValueError, "3 features"),
    "two targets for one output": (lamp, X, [[1, 0], [0, 1]], ValueError, "(2, 1)"),
    "labels too high": (classifier, X, [0, 3], ValueError, "2"),
    "negative labels": (classifier, X, [-1, 0], ValueError, "2"),
    "half labels": (classifier, X, [0.5, 1], ValueError, "shape"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_samples_are_refused_everywhere_and_nothing_changes(name):
    make, x, y, kind, word = BAD[name]
    model = make()
    before = numbers(model)
    for ask in (
        lambda: train(model, (x, y), 0.1, 2),
        lambda: accuracy(model, (x, y)),
        lambda: forecast(model, x, y, [0.1]),
    ):
        with refused(kind, word):
            ask()
    assert all(map(np.array_equal, numbers(model), before))
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("data", [None, 3, (1, 2, 3), X])
def test_what_is_no_pair_is_refused(data):
    with refused(TypeError if data != X else ValueError):
        train(lamp(), data if data != X else (X,) * 2, 0.1, 1)
    if data != X:
        with refused(TypeError, "pair"):
            accuracy(lamp(), data)


@pytest.mark.parametrize(("lr", "rounds", "word"), [
    (0.1, -1, "rounds"), (0.1, 1.5, "rounds"), (0.1, "9", "rounds"), (0, 1, "step size"),
    (NAN, 1, "step size"), ("big", 1, "step size"),
])  # fmt: skip
def test_steps_and_rounds_that_make_no_sense_are_refused(lr, rounds, word):
    model = lamp()
    before = numbers(model)
    with refused(ValueError, word):
        train(model, (X, Y), lr, rounds)
    assert all(map(np.array_equal, numbers(model), before))


@pytest.mark.parametrize("rates", [[], [NAN], [0.1, INF], "abc", 0.1, ["a"], None])
def test_rates_that_are_no_steps_are_refused(rates):
    with refused(ValueError, "rates"):
        forecast(lamp(), X, Y, rates)


def test_models_that_are_none_are_refused():
    for model in (3, None, "net", Linear):
        with refused(TypeError, "module"):
            accuracy(model, (X, Y))
        with refused(TypeError, "module"):
            train(model, (X, Y), 0.1, 1)
        with refused(TypeError, "module"):
            forecast(model, X, Y, [0.1])
    with refused(TypeError, "not a Tensor"):
        accuracy(lambda x: x.data, (X, Y))
    with refused(TypeError, "Only a module"):
        train(lambda x: x, (X, Y), 0.1, 1)
    with refused(ValueError):
        train(Tanh(), (X, X), 0.1, 1)
    with refused(ValueError, "no parameter"):
        forecast(Tanh(), X, X, [0.1])


# --- who was not answered right -------------------------------------------------------------------
def test_missed_are_the_rows_that_accuracy_does_not_count():
    x, y = digits().test
    net = train(digits_net(), digits().train, lr=0.5, rounds=20)
    W1, b1, W2, b2 = (p.data for p in net.parameters())
    said = (np.tanh(x @ W1 + b1) @ W2 + b2).argmax(axis=1)
    assert missed(net, (x, y)).tolist() == [i for i in range(360) if said[i] != y[i]]
    assert accuracy(net, (x, y)) == 1 - len(missed(net, (x, y))) / 360
    model, *_ = board("stairs")
    assert missed(model, stairs()).tolist() == [0, 3]  # by hand: 0.288, 0.712, 0.405, 0.595
