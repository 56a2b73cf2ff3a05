"""Pictures of a loss: what they say is so, and what is covered is not in them."""

from __future__ import annotations

import re
from string import Formatter

import numpy as np
import pytest
from lossoracle import descent, race, samples

from backprop_kit.films.captions import sentences
from backprop_kit.films.film import unpack
from backprop_kit.films.loss import film_line, film_losses, film_unit
from backprop_kit.films.loss.line import Shown
from backprop_kit.films.loss.line_marks import Scales
from backprop_kit.films.loss.words import counted, percent, rank, signed
from backprop_kit.films.numbers import number
from backprop_kit.study.line_fit import record_line
from backprop_kit.study.loss_shares import record_losses, record_unit

P, T = [0.8, 0.35, 0.6, 0.15, 0.99], [1, 0, 1, 0, 0]
X, Y, W, B = (-1.0, 0.0, 1.0, 2.0), (-2.0, -0.5, 1.0, 2.5), -0.5, 1.0


@pytest.fixture(scope="module")
def five():
    return record_losses(P, T)


@pytest.fixture(scope="module")
def fit():
    return record_line(X, Y, W, B)


def frames(film):
    return next(iter(film.cuts.values()))


def row(film, name, k=0):
    """What an array holds at one step."""
    (array,) = [a for a in film.arrays if a.name == name]
    return array.values[min(k, len(array.values) - 1)] if array.series else array.values


def line_film(fit, **how):
    return film_line(fit, Scales.of(fit), **how)


# --- several predictions --------------------------------------------------------------------------
def test_the_first_sentence_is_the_lessons(five):
    told = frames(film_losses(five, 4))[0].say.replace("\N{NO-BREAK SPACE}", " ")
    assert told == (
        "Sample 5 has the largest error, +0.990, and under squared error the weakest push, "
        "+0.00980: 74.0 % of the loss, 4.14 % of the push. Under cross-entropy its push is the "
        "error itself: 47.4 %."
    )


def test_a_sentence_claims_no_more_than_is_so(five):
    for selected in range(5):
        told = frames(film_losses(five, selected))[0].say
        sizes, pushes = np.abs(np.subtract(P, T)), np.abs(samples(P, T)[3][0])
        assert ("largest error" in told) == (sizes.argmax() == selected)
        assert ("smallest error" in told) == (sizes.argmin() == selected)
        assert ("weakest push" in told) == (pushes.argmin() == selected)
        assert ("strongest push" in told) == (pushes.argmax() == selected)
    even = frames(film_losses(record_losses([0.5, 0.5], [0, 1], steps=0), 0))[0].say
    assert "the error" in even and "largest" not in even and "strongest" not in even


def test_flags_stand_where_sample_five_crosses_one_half(five):
    told = frames(film_losses(five, 4))
    assert [f.k for f in told if f.mark] == [6, 117]
    assert "on its target's side of ½ under cross-entropy, 0.405" in told[6].say
    assert "under squared error, 0.485" in told[117].say
    assert [f.k for f in film_losses(five, 4).cuts["10 steps"]] == list(range(0, 121, 10))


def test_each_step_has_the_numbers_of_the_race(five):
    film, (_, said) = film_losses(five, 4), race(P, T, 120)
    for k in (0, 1, 17, 120):
        p = said[:, k]
        both = [samples(p[which], T) for which in (0, 1)]
        part = np.array([both[which][0][which] for which in (0, 1)])
        delta = np.array([both[which][3][which] for which in (0, 1)])
        shown = row(film, "s", k)
        np.testing.assert_allclose(shown[:30], np.concatenate([p, p - T, delta]).ravel(), rtol=1e-9)
        share = [100 * v[:, 4] / v.sum(axis=1) for v in (part, np.abs(delta))]
        np.testing.assert_allclose(shown[64:68], np.concatenate(share), rtol=1e-9)
        total = [part.sum(axis=1), np.abs(delta).sum(axis=1)]
        np.testing.assert_allclose(shown[68:72], np.concatenate(total), rtol=1e-9)
        for name, slope in zip(("squared", "cross"), delta[:, 4], strict=True):
            line = next(r for r in frames(film)[k].panel if r["t"] == "eq")["rows"]
            (cells,) = [c for c in line if isinstance(c[0], dict) and c[0].get("s") == name]
            assert cells[-1]["box"] == pytest.approx(slope, rel=1e-9)


def test_while_a_hand_moves_it_little_travels_and_the_future_is_out_of_date(five):
    film = film_losses(five, 4)
    moved = film_losses(five.moved(4, 0.9, k=3, loss=0), 4)
    assert all("out of date" in f.say for f in frames(moved)[4:])
    assert "Set by hand" in frames(moved)[3].say and len(frames(moved)) == 121
    (array,) = [a for a in moved.arrays if a.name == "s"]
    assert array.stale == 4 and len(array.values) == 4
    over = moved.pack_over(film)
    assert over is not None and len(over) < 8000
    again = film_losses(five.moved(4, 0.9, k=3, loss=0).played(), 4)
    assert again.pack_over(film) is not None
    assert film_losses(five.flipped(0), 4).pack_over(film) is None  # another picture


def test_several_classes():
    three = record_losses([0.02, 0.06, 0.92], [1, 0, 0], "softmax", steps=3)
    film = film_losses(three, 0)
    assert film.title[0] == "One sample, three classes"
    assert "since every prediction feels every sum" in frames(film)[0].say
    terms = next(r for r in frames(film)[0].panel if r["t"] == "eq")["rows"][1:]
    parts = [cells[-1]["n"] for cells in terms]
    assert sum(parts) == pytest.approx(three.at(0).delta[0, 0], rel=1e-9)


# --- a line ---------------------------------------------------------------------------------------
def test_a_line_says_how_wrong_it_is_and_what_a_step_does(fit):
    told = [f.say for f in frames(line_film(fit))]
    assert told[0] == (
        "The line is too high by 3.50 and too low by 2.50; the loss, ½ Σ error², summed, is 10.5. "
        "All pulls together: the slope of w is −9.00, that of b 2.00."
    )
    assert told[1] == (
        "After 1 step w is 0.400, b is 0.800. Forecast was a fall of 8.50, it fell by 6.35; "
        "the loss is 4.15."
    )
    assert "mean of error²" in frames(line_film(fit.counting("mean")))[0].say
    exact = record_line((0.0, 1.0), (1.0, 2.0), 1.0, 1.0)
    assert frames(line_film(exact))[0].say.startswith("The line goes through every point")


def test_each_step_of_a_line_is_descent(fit):
    film = line_film(fit)
    for k, (w, b, loss) in enumerate(descent(X, Y, W, B, 20)):
        np.testing.assert_allclose(row(film, "f", k)[16:19], [w, b, loss], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(row(film, "f", k)[4:8], w * np.array(X) + b - Y, rtol=1e-9,
                                   atol=1e-12)  # fmt: skip


def test_what_a_question_covers_is_not_in_the_film(fit):
    film = line_film(fit, shown=Shown(covered=True))
    header, arrays = unpack(film.pack(until=0))
    assert set(arrays) == {"points", "f"} and arrays["f"].shape[0] == 1
    assert "−9.00" not in str(header) and "−5.00" not in str(header) and "-9.0" not in str(header)
    unit = record_unit(0)
    header, arrays = unpack(film_unit(unit, covered=True).pack())
    assert set(arrays) == {"u"} and "0.667" not in str(header)
    assert {"push", "curves", "top"} <= set(unpack(film_unit(unit).pack())[1])


def test_work_by_hand_shows_errors_and_the_loss_alone():
    fit = record_line(X, Y, W, B, steps=0)
    film = line_film(fit, shown=Shown(pulls=False))
    assert {a.name for a in film.arrays} == {"points", "f"} and len(frames(film)) == 1
    assert "58.3" not in str(film.marks) + str(frames(film))


def test_a_line_that_runs_away_says_so():
    fit = record_line((10.0, 20.0), (1.0, -1.0), 1.0, 1.0, rate=5.0)
    told = frames(line_film(fit))
    assert len(told) == 21 and told[-1].say.startswith("The line has run away")


# --- all ------------------------------------------------------------------------------------------
def every(five, fit):
    three = record_losses([0.02, 0.06, 0.92], [1, 0, 0], "softmax", steps=12)
    for large in (False, True):
        yield from (film_losses(five, i, presenter=large) for i in (0, 4))
        yield film_losses(five.moved(4, 0.9, k=3, loss=0), 4, presenter=large)
        yield film_losses(record_losses([0.99], [0]), 0, presenter=large)
        yield film_losses(three, 0, presenter=large)
        for shown in (Shown(), Shown(covered=True), Shown(pulls=False)):
            yield line_film(fit, shown=shown, presenter=large)
        yield line_film(fit.moved(2, w=1.0).played(), presenter=large)
        yield line_film(record_line((0.0, 1.0), (1.0, 2.0), 1.0, 1.0), presenter=large)
        yield line_film(record_line((9.0, 20.0), (1.0, -1.0), 1.0, 1.0, rate=5.0), presenter=large)
        for covered in (False, True):
            yield film_unit(record_unit(0, 0.99), covered=covered, presenter=large)


def test_the_same_record_gives_the_same_bytes(five, fit):
    assert [f.pack() for f in every(five, fit)] == [f.pack() for f in every(five, fit)]


def test_every_film_fits_a_first_view_and_says_one_thing_a_frame(five, fit):
    said = set()
    for film in every(five, fit):
        assert len(film.pack()) < 90_000
        for frame in frames(film):
            assert frame.say and "{" not in frame.say and "$" not in frame.say
            assert not re.search(r"(?<!\w)-\d", frame.say)
            said.add(frame.say)
        if film.presenter:
            sizes = [m["size"] for m in film.marks if "size" in m]
            assert min(sizes) >= 19 and not film.legend
    assert len(said) > 100


def test_every_sentence_is_used(five, fit):
    patterns = {}
    for key, sentence in sentences("loss").items():
        parts = [re.escape(text) + (".+?" if gap is not None else "")
                 for text, gap, *_ in Formatter().parse(sentence.lstrip("·"))]  # fmt: skip
        patterns[key] = re.compile("".join(parts), re.IGNORECASE)
    films = [*every(five, fit), *(film_losses(five, i) for i in range(5))]
    said = {f.say for film in films for f in frames(film)}
    used = {key for key, pattern in patterns.items() if any(map(pattern.search, said))}
    assert {key for key in patterns if "summary" not in key} - used == set()


def test_words():
    assert percent(0.7396) == "74.0\N{NO-BREAK SPACE}%" and signed(0.5) == "+0.500"
    assert signed(-0.5) == "−0.500" and signed(0) == "0"
    assert counted(5, "sample") == "Five samples" and counted(1, "point") == "One point"
    assert [rank(np.array([1.0, -3.0, 2.0]), i) for i in range(3)] == [
        "smallest",
        "largest",
        "some",
    ]
    assert rank(np.array([2.0]), 0) == "some" and number(0.5) == "0.500"
