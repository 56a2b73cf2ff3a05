"""The film of a bill: what is counted, what is measured, and what is not known yet."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sentencecheck import is_whole, keeps_the_words, listened

from backprop_kit.films.captions import sentences
from backprop_kit.films.cost import chart, film_cost, picture, words
from backprop_kit.films.numbers import number
from backprop_kit.study.cost import bill
from backprop_kit.study.cost_runs import Shares, Standing, Timing

SENTENCES = sentences("cost")
BILLS = tuple(bill(s) for s in ((2, 4, 1), (64, 32, 10), (784, 128, 10)))
NONE = (Standing(),) * 3
TIMING = Timing(forward=2e-4, pair=5e-4, runs=9)
RUN = Standing(pairs=1, timing=TIMING, done=2411, seconds=0.5, agree=(2410, 2410, 1e-8))
SHARES = Shares(0.1417, 0.2694, 0.9694)


def film(standing=None, chosen=1, **how):
    standings = list(NONE)
    if standing is not None:
        standings[chosen] = standing
    return film_cost(BILLS, standings, chosen, **how)


def arrays(made):
    return {a.name: a.values.reshape(-1) for a in made.arrays}


def frame(made):
    (only,) = made.cuts["run"]
    return only


def plane(made):
    return next(r for r in frame(made).panel if r["t"] == "plane")


def test_before_anything_has_run_nothing_is_known_but_what_there_is_to_do():
    found = arrays(film())
    assert list(found["pair"]) == [0, 2, 1]
    assert list(found["differences"]) == [0, 2411, 1]
    assert np.isnan(found["ratio"]).all()
    assert np.isnan(found["time"][[0, 3]]).all() and np.isnan(found["times"][[0, 3]]).all()
    assert "2.14" not in str(film().cuts) + str(film().marks)


def test_when_both_have_run_counted_and_measured_stand_apart():
    found = arrays(film(RUN, shares=SHARES))
    assert list(found["pair"]) == [2, 2, 1] and found["differences"][0] == 2411
    assert np.isclose(found["ratio"][0], 1 + 2688 / 2368) and found["ratio"][1] == 2.5
    assert np.isclose(found["times"][0], 2411 * 2368 / (2368 + 2688))
    assert found["times"][3] == 1000.0 and found["times"][5] == 0
    assert np.allclose(found["time"], [500, 0, 0, 500, 1, 0])  # 500 µs, 500 ms


def test_an_estimate_is_marked_and_only_of_what_has_begun():
    half = replace(RUN, done=1000, seconds=1.0, agree=(999, 999, 1e-8))
    found = arrays(film(half))
    assert found["time"][3] == 2.411 and list(found["time"][4:]) == [2, 1]
    assert found["times"][5] == 1
    assert np.isnan(arrays(film(replace(RUN, done=0)))["time"][3])


def test_only_numbers_change_while_passes_run():
    before, after = film(), film(replace(RUN, done=77), running="passes")
    for name in ("marks", "size", "phases", "legend", "head", "presenter"):
        assert getattr(before, name) == getattr(after, name)
    assert len(after.pack_over(before)) < 3_000
    other = film(RUN, chosen=2)
    assert other.marks == before.marks and other.pack_over(before) is not None
    assert film().pack() == film().pack() and len(film().pack()) < 5_000


@pytest.mark.parametrize(("forwards", "cell"), [
    (18, 1), (3000, 1), (3001, 10), (30_000, 10), (101_771, 100), (1_000_001, 1000),
])  # fmt: skip
def test_a_cell_stands_for_as_many_passes_as_it_must(forwards, cell):
    assert words.each(forwards) == cell and forwards / cell <= words.MOST_CELLS


@pytest.mark.parametrize(("seconds", "told"), [
    (4.15e-5, "41.5 µs"), (0.0415, "41.5 ms"), (0.9999, "1.00 s"), (75.0, "75.0 s"),
    (270.0, "4.50 min"), (9720.0, "2.70 h"), (5 * 86400.0, "5.00 days"), (1e-9, "0.00100 µs"),
])  # fmt: skip
def test_times_as_a_person_would_say_them(seconds, told):
    assert words.told(seconds) == told
    value, unit = words.clock(seconds)
    assert f"{number(value)} {words.UNITS[unit]}" == told


def test_the_chart_has_every_net_and_tells_run_from_not_run():
    before, after = plane(film()), plane(film(RUN))
    ys = [np.log10(b.forwards) for b in BILLS]
    assert [m["y"] for m in before["marks"] if m["t"] == "dot"] == ys
    assert all(m["hollow"] for m in before["marks"] if m["t"] == "dot")
    assert all(m["dash"] for m in before["marks"] if m["t"] == "seg")
    said = [m["s"] for m in after["marks"] if m["t"] == "words"]
    assert number(BILLS[1].pair) in said and "500 ms" in said
    half = plane(film(replace(RUN, done=100, seconds=1.0)))
    assert "≈ 24.1 s" in [m["s"] for m in half["marks"] if m["t"] == "words"]
    everywhere = [replace(RUN, done=b.forwards) for b in BILLS]
    whole = plane(film_cost(BILLS, everywhere, 0))
    lines = [m for m in whole["marks"] if m["t"] == "seg" and m["c"] in ("forward", "backward")]
    assert len(lines) == 4 and not any(m.get("dash") for m in lines)
    x0, x1 = after["xr"]
    assert all(x0 <= np.log10(b.count) <= x1 for b in BILLS)
    assert all(after["yr"][0] <= y <= after["yr"][1] for y in ys)


def test_two_lines_always_stand_together():
    for made in (film(), film(RUN, shares=SHARES), film(presenter=True)):
        said = [r["s"] for r in frame(made).panel if r["t"] == "p"]
        assert any(re.match("✓ .*one exact gradient", s) for s in said)
        assert any(re.match("✕ .*not training", s) for s in said)
    assert any("after 1 pair –" in r.get("s", "") for r in frame(film()).panel)
    told = next(
        r["s"] for r in frame(film(shares=SHARES)).panel if "after 1 pair" in r.get("s", "")
    )
    assert told == "14.2 %, after 1 pair 26.9 %, after 100 96.9 %"


def test_one_net_alone_has_a_chart():
    assert plane(film_cost(BILLS[:1], NONE[:1], 0))["marks"]


def test_large_type_leaves_parts_out():
    made = film(presenter=True)
    assert made.presenter and len(made.marks) < len(film().marks)
    sizes = [m["size"] for m in made.marks if "size" in m]
    assert min(sizes) >= 20


def test_the_captions_and_every_sentence(monkeypatch):
    used = listened(monkeypatch, "cost", chart, picture, words)
    said = [
        frame(made).say
        for made in (
            film(), film(running="passes"), film(chosen=2, running="passes"),
            film(running="training"),
            film(RUN),
            film(replace(RUN, done=0), shares=SHARES), film(replace(RUN, pairs=0)),
            film(RUN, shares=SHARES), film(replace(RUN, done=1000)),
        )
    ]  # fmt: skip
    said += [frame(film(x, shares=SHARES, presenter=True)).say for x in (None, RUN)]
    assert len(set(said)) == len(said)
    for sentence in said:
        is_whole(sentence)
    assert said[0].startswith("64–32–10: 2,410 numbers") and "100 forward passes" in said[2]
    assert said[7].startswith("Backprop finds all 2,410 slopes for 2.14 forwards; finite diff")
    assert "1,411" in said[8]  # 2,410 slopes, 999 of them found
    assert set(SENTENCES) - used == {"summary"}


def test_the_catalogue_keeps_the_words_of_the_lessons():
    keeps_the_words(SENTENCES, r"\berror\b|!|oops")
