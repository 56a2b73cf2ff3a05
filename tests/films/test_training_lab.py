"""The picture of a training lab: its numbers are the run's, and little travels."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from sentencecheck import is_whole, keeps_the_words, listened

from backprop_kit.data import Data, digits
from backprop_kit.data.shapes import blobs, moons, sine, spirals
from backprop_kit.films import theme
from backprop_kit.films.captions import sentences
from backprop_kit.films.film import unpack
from backprop_kit.films.numbers import number
from backprop_kit.films.training_lab import caption as caption_module
from backprop_kit.films.training_lab import film_training_lab
from backprop_kit.films.training_lab.axis import log_axis, power, share_axis, ticks
from backprop_kit.films.training_lab.chart_shape import BOX, COLOURS
from backprop_kit.films.training_lab.words import percent, plain, sizes
from backprop_kit.nn import SGD, Adam, Linear, Sequential
from backprop_kit.study.boards import board, digits_net
from backprop_kit.study.lab_view import Shown, look_at
from backprop_kit.study.nets import net
from backprop_kit.study.run import Run


def spirals_run(epochs=12):
    run = Run(net((2, 8, 8, 1), seed=3), spirals(96, seed=6, test=1 / 3), optimizer=Adam(0.02),
              batch=16)  # fmt: skip
    run.step(epochs, "epoch")
    return run


@pytest.fixture(scope="module")
def forked():
    run = spirals_run()
    for rate in (0.2, 0.001):
        run.go(0, 20)
        run.fork(lr=rate)
        run.step(28)
    run.go(0, 32)
    return run


def bowl_run():
    model, x, y = board("bowl")
    return Run(model, (x, y), optimizer=SGD(0.04))


def views():
    """A view of every kind, at its first and at a later moment."""
    run = spirals_run()
    yield look_at(run, Shown(unit=(2, 6), gauge=(2.2, 2)))
    yield look_at(run, Shown(measure="accuracy", flat=True, test=False, edit=True))
    run.seek(0)
    yield look_at(run)
    run = Run(net((2, 8, 3), features=("x1", "x2", "x1²", "sin x1")), blobs(60, classes=3),
              optimizer=Adam(0.02))  # fmt: skip
    yield look_at(run, Shown(unit=(1, 2)))
    run.step(20)
    yield look_at(run, Shown(flat=True))
    run = Run(net((2, 32, 32, 32, 32, 32, 32, 1)), moons(100), batch=20)
    yield look_at(run, Shown(unit=(3, 2)))
    run = Run(net((1, 6, 1)), sine(40), optimizer=Adam(0.02))
    yield look_at(run, Shown(unit=(1, 1)))
    run.step(30)
    yield look_at(run, Shown(edit=True))
    run = bowl_run()
    yield look_at(run)
    run.step(5)
    for rate in (0.072, 0.08, 0.088, 0.1, 0.03):
        run.go(0, 0)
        run.fork(lr=rate)
        run.step(12)
    yield look_at(run, Shown(gauge=(2.5, 2)))
    run = Run(digits_net(), digits(), optimizer=Adam(0.01), batch=64)
    yield look_at(run)
    run.step(2, "epoch")
    yield look_at(run)
    rng = np.random.default_rng(0)
    run = Run(net((4, 3, 2)), (rng.normal(size=(12, 4)), rng.normal(size=(12, 2))))
    run.step(3)
    yield look_at(run)


@pytest.fixture(scope="module")
def every():
    return [(v, film_training_lab(v, presenter=large)) for v in views() for large in (False, True)]


def array(film, name):
    (found,) = [a for a in film.arrays if a.name == name]
    if found.scale is None:
        return found.values
    low, high = found.scale
    return low + found.values * ((high - low) / 255)


def marks(film, kind, **fields):
    found = [m for m in film.marks if m["t"] == kind]
    return [m for m in found if all(m.get(k) == v for k, v in fields.items())]


def said(film):
    (frame,) = film.cuts["moment"]
    return frame.say


# --- the net and its map --------------------------------------------------------------------------
def test_a_map_and_its_tiles_are_the_views_within_a_step_of_the_scale(forked):
    view = look_at(forked, Shown(unit=(2, 6)))
    film = film_training_lab(view)
    half = 1 / 255 + 1e-12
    np.testing.assert_allclose(array(film, "map"), view.picture.map, atol=half)
    tiles = array(film, "tiles")
    size = view.net.side**2
    assert len(marks(film, "tile")) == 2 + 8 + 8 and size == 400
    for m in marks(film, "tile"):
        column, i = map(int, m["tag"].split(":")[1:])
        ((_, first),) = m["v"]
        np.testing.assert_allclose(
            tiles[first : first + size], view.net.columns[column].tiles[i], atol=half
        )
        assert bool(m.get("ring")) == ((column, i) == (2, 6))


def test_each_line_has_its_weight_and_the_selected_neurons_are_bright(forked):
    view = look_at(forked, Shown(unit=(2, 6)))
    film, numbers = film_training_lab(view), forked.numbers()
    weights = array(film, "w")
    found = marks(film, "wire")
    assert len(found) == 16 + 64 + 8
    for m in found:
        _, path, i, j = m["tag"].split(":")
        ((_, at),) = m["v"]
        assert weights[at] == np.float32(numbers[path][int(i), int(j)])
    (frame,) = film.cuts["moment"]
    assert set(frame.on) == {*(f"wire:2.W:{i}:6" for i in range(8)), "wire:4.W:6:0"}
    assert film_training_lab(look_at(forked)).cuts["moment"][0].on == ("time",)


def test_the_largest_weights_are_written_beside_their_lines(forked):
    film = film_training_lab(look_at(forked, Shown(unit=(2, 6))))
    into, out = forked.numbers()["2.W"][:, 6], forked.numbers()["4.W"][6, 0]
    order = np.argsort(-np.abs(into))[:3]
    written = array(film, "written").reshape(4, 3)
    np.testing.assert_array_equal(written[:, 2], [*into[order], out])
    tiles = {m["tag"]: m["y"] for m in marks(film, "tile")}
    np.testing.assert_allclose(
        written[:, 1], [*(tiles[f"unit:1:{i}"] for i in order), tiles["unit:2:6"]]
    )
    told = film.texts["foot"]
    assert told.startswith(f"W₂[{order[0] + 1}, 7] = {number(into[order[0]])} · slope ")
    assert "$m$" in told and "$s$" in told


def test_the_legend_has_both_accuracies(forked):
    view = look_at(forked)
    film = film_training_lab(view)
    assert film.texts["train legend"] == f"train {percent(view.scores.train_right)} right"
    assert film.texts["test legend"] == f"test {percent(view.scores.test_right)}"
    shapes = {m["tag"]: (m["shape"], m["c"], m["hollow"]) for m in marks(film, "dots")}
    assert shapes == {
        "train 0": ("triangle", "neg", False), "train 1": ("circle", "pos", False),
        "test 0": ("triangle", "neg", True), "test 1": ("circle", "pos", True),
    }  # fmt: skip
    bare = film_training_lab(look_at(forked, Shown(test=False)))
    assert not any(m["tag"].startswith("test") for m in marks(bare, "dots"))


def test_points_know_their_row_and_may_be_moved(forked):
    film = film_training_lab(look_at(forked, Shown(edit=True)))
    x, y = forked.data
    for m in marks(film, "dots"):
        rows = array(film, m["ids"][0][0]).astype(int)
        (name, _), n = m["xs"][0], m["n"]
        np.testing.assert_allclose(array(film, name).reshape(2, n).T, x[rows], rtol=1e-6)
        assert set(y[rows, 0]) == {float(m["class"])} and m["drag"] == "xy"
    (plane,) = marks(film, "plane", tag="map")
    assert [e["label"] for e in plane["edit"]] == ["−", "+"]


def test_many_samples_are_drawn_in_part_and_it_says_so():
    run = Run(net((2, 2, 1)), moons(1500))
    film = film_training_lab(look_at(run))
    assert sum(m["n"] for m in marks(film, "dots")) == 800
    assert film.title[1].startswith("1,200 + 300 samples, 500 + 300 drawn · ")


def test_wide_layers_say_how_many_more_there_are():
    run = Run(net((2, 32, 32, 32, 32, 32, 32, 1)), moons(40))
    film = film_training_lab(look_at(run))
    assert len(marks(film, "tile")) == 2 + 6 * 8
    assert [m["s"] for m in marks(film, "text") if m.get("s", "").startswith("+ ")] == ["+ 24"] * 6
    ys = sorted({m["y"] for m in marks(film, "tile")})
    side = marks(film, "tile")[0]["side"]
    assert min(b - a for a, b in pairwise(ys) if b - a > 1) >= 12 and side >= 20


# --- the chart ------------------------------------------------------------------------------------
def test_curves_are_the_logarithm_of_the_losses(forked):
    film = film_training_lab(look_at(forked))
    for id in range(3):
        curve = forked.curve(id, own=id != 0)
        np.testing.assert_array_equal(array(film, f"x {id}"), curve.steps)
        np.testing.assert_allclose(array(film, f"train {id}"), np.log10(curve.train), rtol=1e-6)
        np.testing.assert_allclose(array(film, f"test {id}"), np.log10(curve.test), rtol=1e-6)
    (time,) = marks(film, "time")
    np.testing.assert_array_equal(array(film, "now"), [32, 48])
    assert time["forks"] == [20] and time["hi"] == 80 and film.texts["step"] == "step 32 of 48"
    at = np.interp(20, forked.curve(0).steps, forked.curve(0).train)
    np.testing.assert_allclose(array(film, "forks"), np.log10([at]), rtol=1e-6)
    assert [m["s"] for m in marks(film, "words") if "fork" in m.get("s", "")] == ["fork at step 20"]


def test_the_present_branch_is_thick_up_to_now(forked):
    film = film_training_lab(look_at(forked))
    (own,) = marks(film, "curve", y=[["train 0", 0]])
    (other,) = marks(film, "curve", y=[["train 1", 0]])
    assert own["width"] == 2.3 and own["past"] == [["now", 0]] and own["c"] == "ink"
    assert other["width"] < 2 and "past" not in other and other["c"] == "run-1"
    dashed = marks(film, "curve", dash=True)
    assert {m["y"][0][0] for m in dashed} == {"test 0", "test 1", "test 2"}


def test_names_stand_at_the_ends_with_room_between(forked):
    film = film_training_lab(look_at(forked))
    ends = array(film, "ends").reshape(-1, 4)
    order = np.argsort(-ends[:, 1])  # a high loss is at the top
    gaps = np.diff(ends[order, 3])
    assert len(ends) == 3 and gaps.min() >= 30
    assert BOX.top - 12 < ends[:, 3].min() and ends[:, 3].max() < BOX.track - 15
    for id, branch in enumerate(forked.branches):
        curve = forked.curve(id)
        assert film.texts[f"run {id}"] == branch.name
        assert film.texts[f"end {id}"] == (
            f"train {number(curve.train[-1])} · test {number(curve.test[-1])}"
        )


def test_of_many_runs_the_latest_are_named_and_all_are_drawn():
    run = spirals_run(2)
    for i in range(12):
        run.go(0, 1)
        run.fork(lr=0.001 * (i + 1))
        run.step(2)
    film = film_training_lab(look_at(run))
    ends = array(film, "ends").reshape(-1, 4)
    assert len(ends) == 7 and np.diff(np.sort(ends[:, 3])).min() >= 17.9
    assert ends[:, 3].max() < BOX.track - 15
    assert len([m for m in marks(film, "curve") if m["y"][0][0].startswith("train")]) == 13
    named = {name for name in film.texts if name.startswith("run ")}
    assert named == {"run 0", *(f"run {i}" for i in range(7, 13))}


def test_earlier_runs_are_grey_and_keep_their_name(forked):
    older = (("width 4", spirals_run(3).curve()),)
    film = film_training_lab(look_at(forked, Shown(older=older)))
    assert film.texts["run -1"] == "width 4"
    (curve,) = marks(film, "curve", y=[["train -1", 0]])
    assert curve["c"] == "muted"


def test_an_axis_has_a_place_for_zero_and_ends_for_what_is_beyond():
    axis = log_axis([np.array([1.0, 0.01, 0.0, np.inf, np.nan])], 1.0)
    assert axis.zero and axis.ticks[0] == (axis.low, "0") and axis.high == 0
    np.testing.assert_array_equal(
        axis.place(np.array([0.0, 1.0, np.inf, np.nan])), [axis.low, 0, axis.high, np.nan]
    )
    assert [label for _, label in axis.ticks] == ["0", "0.01", "0.1", "1"]
    wide = log_axis([np.array([1e-40, 1e30])], 1.0)
    assert (wide.low, wide.high) == (-12, 12) and len(wide.ticks) <= 5
    near = log_axis([np.array([0.3, 0.4])], 0.4)
    assert near.low == pytest.approx(np.log10(0.2)) and near.high == pytest.approx(np.log10(0.5))
    assert [label for _, label in near.ticks] == ["0.2", "0.5"]
    assert log_axis([np.array([np.nan])], np.nan).high > 0
    assert power(-5) == "10⁻⁵" and power(2) == "100" and ticks(-6.5, 6.5) == [-5, 0, 5]
    assert share_axis([np.array([0.6, 1.0])]).low == 0.5


def test_a_run_that_ended_has_its_sign_and_its_reason():
    run = Run(Sequential(Linear(1, 1)), (np.full((2, 1), 10.0), np.ones((2, 1))), optimizer=SGD(10))
    run.step(900)
    view = look_at(run)
    film = film_training_lab(view)
    assert film.texts["stop 0"] == "⬣" and film.texts["end 0"] == f"stopped at step {run.k:,}"
    assert said(film).endswith(f"Here it ends: {run.branch.stopped}.")
    film.pack()


def test_accuracy_takes_the_place_of_the_loss(forked):
    film = film_training_lab(look_at(forked, Shown(measure="accuracy")))
    np.testing.assert_allclose(array(film, "train 0"), forked.curve(0).train_right, rtol=1e-6)
    assert marks(film, "box", tag="measure:loss")
    assert film.texts["end 0"].endswith("%")
    bowl = film_training_lab(look_at(bowl_run(), Shown(measure="accuracy")))
    assert not [m for m in marks(bowl, "box") if m.get("tag", "").startswith("measure")]


# --- the other pictures ---------------------------------------------------------------------------
def test_a_bowl_has_its_ball_its_arrow_and_every_way():
    run = bowl_run()
    run.step(4)
    run.go(0, 0)
    run.fork(lr=0.088)
    run.step(4)
    run.seek(2)
    film = film_training_lab(look_at(run, Shown(gauge=(2.2, 2))))
    at = np.array([5, 1]) * (1 - 0.088 * np.array([1, 25])) ** 2
    ball = array(film, "ball")
    np.testing.assert_allclose(ball[:4], [*at, at[0], 25 * at[1]])
    way = ball[4:] - at
    np.testing.assert_allclose(way / np.linalg.norm(way), -ball[2:4] / np.linalg.norm(ball[2:4]))
    np.testing.assert_allclose(array(film, "way 1 x"), 5 * 0.912 ** np.arange(3), rtol=1e-6)
    np.testing.assert_allclose(array(film, "ahead 1 y"), (-1.2) ** np.arange(2, 5), rtol=1e-5)
    np.testing.assert_allclose(array(film, "way 0 x"), 5 * 0.96 ** np.arange(5), rtol=1e-6)
    (plane,) = marks(film, "plane", tag="map")
    across = (plane["xr"][1] - plane["xr"][0]) / -plane["dx0"]
    assert (plane["yr"][1] - plane["yr"][0]) / (plane["y1"] - plane["y0"]) == pytest.approx(across)
    assert film.texts["gauge"] == "$ηλ_{max}$ = 2.20" and film.texts["limit"] == "stable below 2"


def test_a_way_that_leaves_for_good_is_drawn_to_its_first_step_outside():
    run = bowl_run()
    run.fork(lr=0.1)
    run.step(12)
    film = film_training_lab(look_at(run))
    (plane,) = marks(film, "plane", tag="map")
    ys = (-1.5) ** np.arange(13)
    inside = int((np.abs(ys) < plane["yr"][1]).sum())
    np.testing.assert_allclose(array(film, "way 1 y"), ys[: inside + 1], rtol=1e-6)
    np.testing.assert_allclose(array(film, "way 1 ys"), ys[:inside], rtol=1e-6)


def test_the_bowl_says_by_how_much_the_slope_misses():
    assert said(film_training_lab(look_at(bowl_run()))) == (
        "Step 0: the loss is 25.0. The steepest way down misses the minimum by 67°."
    )
    quiet = film_training_lab(look_at(bowl_run(), Shown(angle=False)))
    assert "67" not in said(quiet)


def test_digits_show_the_table_and_the_wrong_ones():
    run = Run(digits_net(), digits(), optimizer=Adam(0.01), batch=64)
    run.step(2, "epoch")
    view = look_at(run)
    film, seen = film_training_lab(view), view.picture
    for (i, j), n in np.ndenumerate(seen.confusion):
        assert film.texts.get(f"read {i} {j}", "0") == str(n)
    place, true, read = seen.wrong[0]
    assert film.texts["wrong 0"] == f"{true} as {read}" and film.texts["place 0"] == f"no. {place}"
    assert film.texts["wrong"] == f"{len(seen.wrong)} of 360 test digits wrong"
    pixels = array(film, "wrong")
    step = seen.pixels.max() / 127
    np.testing.assert_allclose(pixels[0], seen.pixels[0], atol=step)
    assert f"{len(seen.wrong)} of 360 test digits are read wrong" in said(film)


# --- what is said ---------------------------------------------------------------------------------
def test_a_fork_that_ends_lowest_after_a_detour_is_told(forked):
    view = look_at(forked)
    a, b = view.pasts[0], view.pasts[1]
    start = float(b.train[0])
    up = replace_past(b, np.array([start, 3 * start, 0.001]), np.array([20, 30, 48]))
    told = said(film_training_lab(replace(view, pasts=(a, up, view.pasts[2]))))
    assert told.endswith(
        f"With rate 0.2 from step 20 on, the loss first rises to {number(3 * start)} and then is "
        "the lowest of the three, 0.00100 at step 48."
    )


def replace_past(past, train, steps):
    nothing = np.full(len(train), np.nan)
    return past._replace(train=train, steps=steps, test=nothing, train_right=nothing,
                         test_right=nothing)  # fmt: skip


def test_a_test_loss_that_leaves_the_train_loss_is_told():
    run = spirals_run(3)
    view = look_at(run)
    n = len(view.present.steps)
    past = view.present._replace(
        train=np.linspace(1, 0.1, n), test=0.5 + (np.linspace(-0.4, 1, n)) ** 2
    )
    scores = view.scores._replace(train=0.1, test=1.5)
    told = said(film_training_lab(replace(view, pasts=(past,), scores=scores)))
    low = past.test.argmin()
    assert told.endswith(
        f"Since step {past.steps[low]} the test loss rises, from {number(past.test[low])}, while "
        "the train loss falls."
    )


def moments(forked):
    """Moments that between them come to every sentence."""
    yield from views()
    view = look_at(forked)
    first, second, third = view.pasts
    steps = np.array([20, 30, 48])
    for train in ((0.6, 2.0, 0.001), (0.6, 0.4, 0.001), (0.6, 3.0, 0.9), (0.6, 0.59, 0.58)):
        fork = replace_past(second, np.array(train), steps)
        yield replace(view, pasts=(first, fork, third))
        yield replace(view, pasts=(first, fork))
    high = replace_past(second, np.array([0.6, 3.0, 9.0]), steps)
    high = high._replace(stopped="the loss is infinite at step 48")
    yield replace(view, pasts=(first, high))
    run = spirals_run(3)
    view = look_at(run)
    n = len(view.present.steps)
    flat = np.full(n, 0.7)
    for past, scores in (
        (view.present._replace(train=np.linspace(0.1, 1, n)), (1.0, 1.0, 0.5, 0.5)),
        (view.present._replace(train=np.linspace(1, 0.1, n), test=np.linspace(0.5, 2, n)),
         (0.1, 2.0, 0.5, 0.5)),
        (view.present._replace(train=flat, test=flat), (0.7, 0.7, 0.5, 0.5)),
        (view.present._replace(train=np.linspace(1, 0.1, n), test=flat), (0.1, 0.7, 1.0, 0.5)),
        (view.present._replace(stopped="the loss is NaN at step 12"), (0.1, 0.7, 1.0, 0.5)),
    ):  # fmt: skip
        yield replace(view, pasts=(past,), scores=type(view.scores)(*scores))
    yield replace(view, inside=3)
    run = Run(digits_net(), digits(), batch=500)
    view = look_at(run)
    seen = view.picture
    yield replace(view, picture=replace(seen, wrong=seen.wrong[:0]))


def test_every_sentence_is_used_and_none_is_left_open(monkeypatch, forked):
    used = listened(monkeypatch, "training_lab", caption_module)
    for view in moments(forked):
        for short in (False, True):
            is_whole(caption_module.caption(view, short))
    assert set(sentences("training_lab")) - used == set()


def test_the_catalogue_keeps_the_words_of_the_lessons():
    keeps_the_words(sentences("training_lab"), r"(?i)\berror\b|!|oops|gradient|blame")


# --- all ------------------------------------------------------------------------------------------
def test_the_same_view_gives_the_same_bytes_and_they_are_few(every):
    for view, film in every:
        packed = film.pack()
        assert packed == film_training_lab(view, presenter=film.presenter).pack()
        assert len(packed) < 40_000, view.kind
        header, arrays = unpack(packed)
        assert header["texts"] == film.texts and set(arrays) == {a.name for a in film.arrays}


def test_while_it_plays_only_numbers_travel():
    for run, shown in (
        (spirals_run(2), Shown(unit=(2, 6), to=400)),
        (Run(net((2, 32, 32, 32, 32, 32, 32, 1)), moons(100), batch=20), Shown(to=400)),
        (Run(net((2, 8, 4)), blobs(60, classes=4), batch=10), Shown(to=400)),
        (Run(net((1, 8, 1)), sine(40)), Shown(to=400)),
        (bowl_run(), Shown(to=400)),
    ):
        last, whole = None, 0
        for _ in range(12):
            run.step(3)
            film = film_training_lab(look_at(run, shown))
            if last is not None:
                over = film.pack_over(last)
                whole += over is None
                assert over is None or len(over) < 25_000
            last = film
        assert whole <= 3, run  # where an axis needs another end


def test_another_selection_is_another_recording(forked):
    traces = {
        film_training_lab(look_at(forked, shown)).trace
        for shown in (Shown(), Shown(unit=(1, 0)), Shown(measure="accuracy"), Shown(test=False),
                      Shown(flat=True))
    }  # fmt: skip
    assert len(traces) == 5
    film = film_training_lab(look_at(forked))
    assert film.at == 32
    forked.seek(33)
    assert film_training_lab(look_at(forked)).trace == film.trace
    forked.seek(32)


def test_what_stands_beside_the_picture_is_passed_on(forked):
    item = {"name": "rate", "kind": "slider", "label": "rate", "lo": 0, "hi": 1, "value": 0.5}
    groups = ({"title": "LEARNING", "note": "forks the run", "items": [item]},)
    transport = {"playing": True, "size": "epoch", "sizes": ["pass", "epoch"], "counter": "3"}
    chip = {"text": "copy", "token": "bpk1.x", "short": "x@3"}
    film = film_training_lab(look_at(forked), groups, transport=transport, chip=chip, at=7)
    assert (film.controls, film.transport, film.chip, film.at) == (groups, transport, chip, 7)


def test_the_title_says_what_learns_from_what(forked):
    film = film_training_lab(look_at(forked, Shown(gauge=(2.2, 2))))
    assert film.title == (
        "spirals, seed 6 · 2–8–8–1 tanh · 105 parameters",
        "64 + 32 samples · batch 16, seed 0 · ηλmax 2.20, limit 2",
    )
    x, y = moons(10)
    run = Run(net((2, 3, 1)), Data(x, y, split=(range(10), [])))
    assert film_training_lab(look_at(run)).title == ("2–3–1 tanh · 13 parameters",
                                                     "10 samples · all at once")  # fmt: skip
    assert sizes((2, 32, 32, 32, 32, 1)) == "2–32×4–1"


def test_type_is_large_enough(every):
    for view, film in every:
        found = [m["size"] for m in film.marks if "size" in m]
        assert min(found) >= (20 if film.presenter else 12), view.kind
        assert not re.search(r"(?<!\w)-\d", said(film) + str(film.texts))
        if film.presenter:
            assert not marks(film, "tile") and not marks(film, "wire")


def test_nothing_of_a_presenters_picture_is_out_of_reach(every):
    for view, film in every:
        if film.presenter and view.kind != "other":
            (plane,) = marks(film, "plane", tag="map")
            (chart,) = marks(film, "plane", tag="loss")
            assert plane["dx1"] < chart["dx0"] - 40 and plane["y1"] <= 440 - 20


def test_runs_and_classes_can_be_read_in_both_themes():
    for mode in theme.THEMES:
        ground = theme.colour("surface", mode)
        for role in COLOURS:
            assert theme.contrast(ground, theme.colour(role, mode)) >= 4.5, (role, mode)
        for i in range(10):
            assert theme.contrast(ground, theme.colour(f"class-{i}", mode)) >= 3, (i, mode)


def test_words():
    assert percent(0.984) == "98\N{NO-BREAK SPACE}%" and percent(1) == "100\N{NO-BREAK SPACE}%"
    assert percent(0.9972) == "99.7\N{NO-BREAK SPACE}%" and percent(np.nan) == "–"
    assert plain(1e-5) == "1e−05" and plain(0.01) == "0.01"
