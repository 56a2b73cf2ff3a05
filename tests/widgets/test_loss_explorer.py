"""LossExplorer: its forms, what a hand does to them, covers, the badge, and what is refused."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from disposed import disposing
from lossoracle import line, samples
from refusal import refused
from replays import counted_replays

from backprop_kit.engine import OPS
from backprop_kit.films.film import unpack
from backprop_kit.teaching import Predict
from backprop_kit.widgets.loss_explorer import LossExplorer

X, Y = [-1, 0, 1, 2], [-2, -0.5, 1, 2.5]
P, T = [0.8, 0.35, 0.6, 0.15, 0.99], [1, 0, 1, 0, 0]


@pytest.fixture
def made():
    with disposing(LossExplorer) as make:
        yield make


def hear(explorer, **message):
    explorer.stage._handle_custom_msg(message, [])


def drag(explorer, tag, x, n=1, done=True):
    hear(explorer, drag=tag, x=x, y=None, done=done, n=n)


def text_of(explorer):
    """All that the page could find in the film it was sent."""
    return gzip.decompress(explorer.stage.film).decode("utf-8", "replace")


def told(explorer, k=0):
    return next(iter(explorer.stage.source.cuts.values()))[k].say


# --- the forms ------------------------------------------------------------------------------------
def test_five_predictions_are_the_default(made):
    explorer, named = made(), made(P, T)
    assert (
        explorer.text()
        == named.text()
        == (
            "Sample 5 has the largest error, +0.990, and under squared error the weakest push, "
            "+0.00980: 74.0\N{NO-BREAK SPACE}% of the loss, 4.14\N{NO-BREAK SPACE}% of the push. "
            "Under cross-entropy its push is the error itself: 47.4\N{NO-BREAK SPACE}%.",
            "Five samples · squared error 0.663, cross-entropy 5.93, both summed · 120 updates",
        )
    )
    assert explorer.crossings(5) == {"squared error": 117, "cross-entropy": 6}
    assert explorer.crossings(1) == {"squared error": None, "cross-entropy": None}
    np.testing.assert_allclose(explorer.losses[:, 0], samples(P, T)[0].sum(axis=1), rtol=1e-9)
    assert explorer.losses.shape == (2, 121)


def test_a_line(made):
    explorer = made(X, Y, w=-0.5, b=1.0)
    assert explorer.text()[1] == "Four points · ½ Σ error², summed 10.5, slopes −9.00 and 2.00"
    assert explorer.losses[0] == 10.5 and explorer.losses[1] == pytest.approx(4.15)
    by_hand = made(X, Y, w=-0.5, steps=0)
    assert by_hand.text()[1].endswith("two numbers to move") and len(by_hand.losses) == 1


def test_one_unit(made):
    explorer = made("sigmoid", target=0, p=0.99)
    assert told(explorer).startswith(
        "At p = 0.990 the error is +0.990; the push is 0.00980 under squared error and 0.990 under"
    )
    assert explorer.losses.shape == (2, 1)


# --- a hand ---------------------------------------------------------------------------------------
def test_a_prediction_is_dragged(made):
    explorer = made()
    drag(explorer, "p4", 0.5, n=1, done=False)
    assert explorer.stage.heard == 1 and explorer.stage.badge["state"] == "checking"
    assert "out of date" in told(explorer, 1) and len(explorer.losses[0]) == 1
    drag(explorer, "p4", 0.25, n=2)
    assert explorer.stage.badge["state"] == "ok" and len(explorer.losses[0]) == 121
    now = samples([*P[:4], 0.25], T)[0].sum(axis=1)
    np.testing.assert_allclose(explorer.losses[:, 0], now, rtol=1e-9)
    explorer.stage.k = 5
    drag(explorer, "b4", 0.75, n=3)
    assert told(explorer, 5).startswith("Set by hand: sample 5 stands at")
    drag(explorer, "p4", 0.1, n=4)  # this handle belongs to the start
    assert told(explorer, 5).startswith("Set by hand")


def test_a_row_is_chosen_and_a_target_turned(made):
    explorer = made()
    hear(explorer, press="n1")
    assert told(explorer).startswith("Sample 2 has")
    hear(explorer, press="t4")
    assert explorer._form.losses.t.tolist() == [1, 0, 1, 0, 1] and told(explorer).startswith(
        "Sample 5"
    )
    before = explorer._form.state
    for tag in ("", "n9", "x1", "nn", "t-1", "share loss0"):
        hear(explorer, press=tag)
    assert explorer._form.state is before


def test_softmax_is_one_choice_away_and_both_are_kept(made):
    explorer = made()
    drag(explorer, "p4", 0.5)
    hear(explorer, choose="output", option=1, n=2)
    assert explorer.stage.source.title[0] == "One sample, three classes"
    assert explorer.stage.source.choices[0]["chosen"] == 1
    assert explorer.stage.badge["text"] == "726 of 726 checked"
    for name, option in (("output", 7), ("counted", 0)):
        hear(explorer, choose=name, option=option, n=3)
    hear(explorer, choose="output", option=0, n=4)
    assert explorer._form.losses.at(0).p[0, 4] == pytest.approx(0.5)


def test_a_line_is_moved_and_counted_another_way(made):
    explorer = made(X, Y, w=-0.5, b=1.0)
    drag(explorer, "slide w", 1.5)
    np.testing.assert_allclose(explorer.losses[0], line(X, Y, 1.5, 1.0)[1].sum())
    explorer.stage.k = 2
    drag(explorer, "slide b", 0.0, n=2)
    assert told(explorer, 2).startswith("Set by hand: w is ") and "b is 0;" in told(explorer, 2)
    hear(explorer, choose="counted", option=1, n=3)
    np.testing.assert_allclose(explorer.losses[0], line(X, Y, 1.5, 1.0, mean=True)[1].sum())
    drag(explorer, "slide c", 0.0, n=4)
    hear(explorer, choose="counted", option=5, n=5)
    assert explorer.problem == ""


def test_a_unit_is_moved(made):
    explorer = made("sigmoid", target=1)
    drag(explorer, "p", 0.25, done=False)
    assert "At p = 0.250 the error is −0.750" in told(explorer)
    drag(explorer, "q", 0.9)
    hear(explorer, press="t0")
    assert "At p = 0.250" in told(explorer)


def test_a_redraw_is_one_replay(made, monkeypatch):
    explorer, calls = made(), counted_replays(monkeypatch)
    drag(explorer, "p2", 0.5, done=False)
    drag(explorer, "p2", 0.6, n=2, done=False)
    assert len(calls) == 2
    hear(explorer, choose="output", option=1, n=3)
    calls.clear()
    drag(explorer, "p2", 0.5, n=4, done=False)
    assert len(calls) == 1
    drag(explorer, "p2", 0.6, n=5)
    hear(explorer, press="n0", n=6)
    explorer.stage.k = 60
    drag(explorer, "a0", 0.5, n=7, done=False)
    calls.clear()
    drag(explorer, "a0", 0.6, n=8, done=False)
    assert len(calls) == 1


def test_what_fails_is_undone(made, monkeypatch):
    explorer = made()
    drag(explorer, "p4", 0.5)
    before = explorer.losses.copy()

    def broken(self):
        raise ValueError("Something is wrong.")

    monkeypatch.setattr(type(explorer._form.losses), "played", broken)
    drag(explorer, "p4", 0.75, n=2)
    assert explorer.problem == "Something is wrong. Nothing was changed."
    assert (explorer.losses == before).all() and explorer.stage.badge["state"] == "ok"


# --- covers ---------------------------------------------------------------------------------------
def test_the_pulls_are_covered_until_the_answer(made):
    explorer = made(X, Y, w=-0.5, b=1.0)
    predict = Predict("02.p1", explorer, after="loss")
    assert "Answer first." in told(explorer) and "question before the slopes" in predict.text()[-1]
    shown = text_of(explorer)
    assert "−5.00" not in shown and "slope of w" not in shown
    assert set(unpack(explorer.stage.film)[1]) == {"points", "f"}
    drag(explorer, "slide w", 0.3, done=False)
    assert set(unpack(explorer.stage.film)[1]) == {"points", "f"}
    drag(explorer, "slide w", -0.5, n=2)
    chosen = next(i for i in range(4) if predict._questions[0].is_right(i))
    predict.form._handle_custom_msg({"answers": {"02.p1": {"chosen": chosen, "sure": "guess"}}}, [])
    assert predict.form.states["02.p1"]["phase"] == "revealed"
    assert "All pulls together" in told(explorer)
    assert set(unpack(explorer.stage.film)[1]) == {"points", "f", "g"}
    predict.dispose()


def test_the_push_is_covered_until_the_answer(made):
    explorer = made("sigmoid", target=0)
    predict = Predict("02.p2", explorer, after="loss")
    assert set(unpack(explorer.stage.film)[1]) == {"u"} and "0.667" not in text_of(explorer)
    explorer.uncover()
    assert "push" in unpack(explorer.stage.film)[1]
    predict.dispose()


def test_the_race_can_be_held_back(made):
    explorer = made()
    explorer.cover(5)
    header, arrays = unpack(explorer.stage.film)
    assert arrays["s"].shape[0] == 6 and len(header["cuts"]["1 step"]["frames"]) == 6
    explorer.uncover()
    assert unpack(explorer.stage.film)[1]["s"].shape[0] == 121
    assert (
        explorer.k_of("loss") == explorer.k_of("backward") == 0 and explorer.k_of("update") == 120
    )


def test_places_that_do_not_exist(made):
    explorer = made("sigmoid")
    with refused(ValueError, "There is no phase 'update' here."):
        explorer.k_of("update")
    with refused(ValueError, "Step 3 does not exist."):
        explorer.cover(3)
    with refused(ValueError, "There are no predictions with updates here."):
        explorer.crossings(1)
    with refused(ValueError, "There is no row 6."):
        made().crossings(6)


# --- the badge, the hall --------------------------------------------------------------------------
@pytest.mark.parametrize(("args", "how", "count"), [
    ((), {}, 1210), ((X, Y), {"w": -0.5, "b": 1.0}, 168), (("sigmoid",), {"target": 0}, 2),
    (([0.02, 0.06, 0.92], [1, 0, 0]), {"output": "softmax"}, 726),
])  # fmt: skip
def test_every_slope_is_checked(made, args, how, count):
    explorer = made(*args, **how)
    assert explorer.stage.badge["state"] == "checking"
    hear(explorer, painted=1)
    assert explorer.stage.badge["state"] == "ok"
    assert explorer.stage.badge["text"] == f"{count} of {count} checked"


def test_a_wrong_rule_turns_the_badge(made, monkeypatch):
    row = OPS["sigmoid"]
    true = row.vjps
    object.__setattr__(row, "vjps", (lambda g, y, x: g * y,))
    try:
        explorer = made()
    finally:
        object.__setattr__(row, "vjps", true)
    hear(explorer, painted=1)
    assert explorer.stage.badge["state"] == "failed"
    assert explorer.stage.badge["text"] == "squared error is wrong"


def test_presenter_type_is_another_film_of_the_same(made):
    for args, how in (((), {}), ((X, Y), {"w": 1.0}), (("sigmoid",), {})):
        explorer = made(*args, **how)
        explorer.stage.presenter = True
        assert explorer.stage.source.presenter
        explorer.stage.presenter = False
        assert not explorer.stage.source.presenter
        assert made(*args, presenter=True, **how).stage.source.presenter


# --- what is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(("args", "how", "kind", "words"), [
    (([0.2],), {}, TypeError, "LossExplorer got one list"),
    (([0.2], [1, 0]), {}, ValueError, "There are 1 predictions and 2 targets."),
    (([1.2], [1]), {}, ValueError, "A prediction is 1.2"),
    (([0.2], [0.5]), {}, ValueError, "A target is 0.5"),
    (([np.nan], [1]), {}, ValueError, "Number 0 of the predictions is nan"),
    ((X, Y[:3]), {"w": 1.0}, ValueError, "There are 4 points x and 3 targets y."),
    (("tanh",), {}, ValueError, "LossExplorer got a unit called 'tanh'"),
    (("sigmoid", [1]), {}, ValueError, "LossExplorer got a unit and data"),
    (("sigmoid",), {"target": 2}, ValueError, "A target is 2"),
    (("sigmoid",), {"p": 1.5}, ValueError, "A prediction is 1.5"),
    ((), {"rate": 0}, ValueError, "rate is 0"), ((), {"steps": -1}, ValueError, "steps is -1"),
    ((), {"targets": 1}, TypeError, "Did you mean 'target'?"),
    (([0.2], [1]), {"output": "relu"}, ValueError, "output is 'relu'"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(args, how, kind, words):
    with refused(kind, words):
        LossExplorer(*args, **how)


@pytest.mark.parametrize("message", [
    {"drag": "p4", "x": "0.5", "n": 1}, {"drag": 3, "x": 0.5, "n": 1}, {"drag": "p4", "n": 1},
    {"drag": "p99", "x": 0.5, "y": None, "n": 1}, {"drag": "", "x": 0.5, "y": None, "n": 1},
    {"choose": "output", "option": "1", "n": 1}, {"press": None}, {"press": "p"},
])  # fmt: skip
def test_a_page_may_send_anything(made, message):
    explorer = made()
    before = explorer._form.state
    hear(explorer, **message)
    assert explorer._form.state is before and explorer.problem == ""
