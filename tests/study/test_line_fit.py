"""A line through points, beside the textbook's formulas."""

from __future__ import annotations

import numpy as np
import pytest
from lossoracle import descent, line
from refusal import refused

from backprop_kit.study.line_fit import record_line

X, Y, W, B = (-1.0, 0.0, 1.0, 2.0), (-2.0, -0.5, 1.0, 2.5), -0.5, 1.0
close = np.testing.assert_allclose


@pytest.fixture(scope="module")
def fit():
    return record_line(X, Y, W, B)


@pytest.mark.parametrize("counted", ["sum ½", "mean"])
def test_errors_parts_and_pulls(counted):
    place = record_line(X, Y, W, B, counted).at(0)
    error, part, on_w, on_b = line(X, Y, W, B, counted == "mean")
    close(place.error, error, rtol=1e-12)
    close(place.part, part, rtol=1e-12)
    close(place.pull_w, on_w, rtol=1e-12, atol=1e-15)
    close(place.pull_b, on_b, rtol=1e-12)
    assert place.loss == pytest.approx(part.sum()) and place.shares.sum() == pytest.approx(1)
    close(place.slope, (on_w.sum(), on_b.sum()), rtol=1e-12)


def test_the_numbers_of_the_lesson(fit):
    first = fit.at(0)
    assert first.error.tolist() == [3.5, 1.5, -0.5, -2.5] and first.loss == 10.5
    assert first.pull_w.tolist() == [-3.5, 0, -0.5, -5] and first.slope == (-9, 2)
    assert [f"{100 * s:.3g}" for s in first.shares] == ["58.3", "10.7", "1.19", "29.8"]
    assert fit.forecast(0) == pytest.approx(8.5) and fit.fall(0) == pytest.approx(6.35)
    losses = [place.loss for place in fit.places]
    assert [f"{v:.3g}" for v in losses[:6]] == ["10.5", "4.15", "2.07", "1.08", "0.563", "0.295"]
    assert next(k for k, v in enumerate(losses) if v < 0.01) == 11


def test_a_careful_hand_needs_five_turns(fit):
    found, here = [], fit
    for turn in range(5):
        place = here.at(0)
        if turn % 2 == 0:
            w = (fit.x * (fit.y - place.b)).sum() / (fit.x**2).sum()
            here = here.moved(w=float(w))
        else:
            here = here.moved(b=float((fit.y - place.w * fit.x).mean()))
        found.append(f"{here.at(0).loss:.3g}")
    assert found == ["3.75", "0.625", "0.104", "0.0174", "0.00289"]


@pytest.mark.parametrize(("counted", "rate"), [("sum ½", 0.1), ("mean", 0.1), ("mean", 0.2)])
def test_descent(counted, rate):
    fit = record_line(X, Y, W, B, counted, rate=rate)
    known = descent(X, Y, W, B, 20, rate, counted == "mean")
    close([(p.w, p.b, p.loss) for p in fit.places], known, rtol=1e-9, atol=1e-15)


def test_the_mean_at_twice_the_step_goes_the_same_way(fit):
    mean = record_line(X, Y, W, B, "mean", rate=0.2)
    assert mean.at(0).loss == 5.25 and mean.at(0).slope == (-4.5, 1)
    close([p.w for p in mean.places], [p.w for p in fit.places], rtol=1e-9)


def test_moved_by_hand(fit):
    moved = fit.moved(3, w=2.0)
    assert len(moved.places) == 4 and moved.hand == {3} and moved.at(9).w == 2.0
    assert moved.at(3).b == fit.at(3).b and moved.fall(2) is None
    assert len(moved.played().places) == 21 and len(fit.places) == 21
    assert fit.moved(b=0.0).hand == frozenset() and fit.counting("mean").at(0).loss == 5.25


def test_what_runs_away_is_followed_no_further():
    fit = record_line((10.0, 20.0), (1.0, -1.0), 1.0, 1.0, rate=5.0)
    assert fit.away and len(fit.places) < 21 and np.isfinite(fit.places[-1].loss)


def test_every_pull_is_checked_and_a_wrong_one_is_found(fit):
    assert fit.checked() and fit.checked().count == 21 * 4 * 2
    bad = record_line(X, Y, W, B, steps=1)
    object.__setattr__(bad.places[1], "pull_b", bad.places[1].pull_b + 1e-6)
    assert [r.name for r in bad.checked().failed] == ["pulls on b"]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"y": Y[:3]}, ValueError, "There are 4 points x and 3 targets y."),
        ({"x": [1], "y": [1]}, ValueError, "1 points cannot be shown"),
        ({"x": range(9), "y": range(9)}, ValueError, "9 points cannot be shown"),
        ({"x": [1, np.nan], "y": [1, 2]}, ValueError, "Number 1 of the points is nan"),
        ({"w": np.inf}, ValueError, "w is inf"),
        ({"b": "1"}, TypeError, "b is str"),
        ({"w": True}, TypeError, "w is bool"),
        ({"counted": "most"}, ValueError, "The loss cannot be counted by 'most'."),
    ],
)
def test_what_does_not_fit_is_refused(given, error, words):
    with refused(error, words):
        record_line(**{"x": X, "y": Y, "w": W, "b": B, **given})
