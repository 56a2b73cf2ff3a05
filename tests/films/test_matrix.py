"""The film of a pass in matrices: always the same bytes, and every number NumPy's own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from matrixcode import recomputed
from matrixnets import RATE, by_hand
from nets import Skip
from passcases import COUNT, case
from sentencecheck import is_whole, keeps_the_words, listened

from backprop_kit import nn
from backprop_kit.data import digits
from backprop_kit.engine import Tensor, ops
from backprop_kit.films.captions.matrix import SENTENCES
from backprop_kit.films.film import unpack
from backprop_kit.films.matrix import atlas, backward, book, equations, film_matrix, story
from backprop_kit.nn import SGD, Linear, Sequential, Softmax, Tanh
from backprop_kit.study import board, digits_net, record_pass
from backprop_kit.widgets import matrix_stepper
from backprop_kit.widgets.matrix_stepper import MatrixStepper

RNG = np.random.default_rng(17)


@cache
def filmed(seed):
    recorded = case(seed).recorded
    return recorded, film_matrix(recorded)


@cache
def hand(seed):
    made = by_hand(seed)
    recorded = record_pass(made.model, made.x, made.y, made.loss, SGD(RATE))
    return made, recorded, film_matrix(recorded)


def name_of(seed):
    return case(seed).name


def atlas_of(film):
    return next(m for m in film.marks if m["t"] == "atlas")


def arrays_of(film):
    return {a.name: a for a in film.arrays}


# --- every number ---------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(100), ids=lambda s: by_hand(s).name)
def test_every_matrix_is_what_numpy_says(seed):
    made, _, film = hand(seed)
    seen = set()
    for a in film.arrays:
        if ":" in a.name:
            continue
        true = made.arrays[a.name]
        assert a.values.shape == true.shape, a.name
        scale = np.abs(true).max() or 1.0
        assert np.allclose(a.values, true, rtol=1e-11, atol=1e-13 * scale), a.name
        seen.add(a.name)
    depth = sum(name[0] == "W" and name[-1] != "+" for name in made.arrays)
    assert {f"{x}{m}" for m in range(1, depth + 1) for x in ("W", "gW", "v", "dv")} <= seen
    assert {"L", "t", "v0"} <= seen


@pytest.mark.parametrize("seed", range(100), ids=lambda s: by_hand(s).name)
def test_every_recipe_gives_its_number_again(seed):
    made, _, film = hand(seed)
    of, arrays = atlas_of(film)["of"], made.arrays
    counted = 0
    for name, info in of.items():
        value = recomputed(of, arrays, name)
        if value is None:
            assert info["how"]["t"] == "given", (name, info["how"])
            continue
        scale = np.abs(arrays[name]).max() or 1.0
        assert np.allclose(value, arrays[name], rtol=1e-12, atol=1e-13 * scale), name
        counted += 1
    assert counted > 5 and set(of) >= {a.name for a in film.arrays if ":" not in a.name}


@pytest.mark.parametrize("seed", range(100), ids=lambda s: by_hand(s).name)
def test_every_product_to_try_is_numpys_and_says_the_truth(seed):
    made, _, film = hand(seed)
    values = {a.name: a.values for a in film.arrays}
    for mark in film.marks:
        asked = mark.get("tries")
        if not asked:
            continue
        turns = [made.arrays[f["v"][0][0]].T if f.get("T") else made.arrays[f["v"][0][0]]
                 for f in asked["turns"]]  # fmt: skip
        goal = made.arrays[mark["items"][0]["tag"]]
        assert tuple(asked["size"]) == goal.shape
        right = 0
        for i, p in enumerate(turns):
            for j, q in enumerate(turns):
                if asked["turns"][i]["of"] == asked["turns"][j]["of"]:
                    continue
                found = asked["answers"].get(f"{i},{j}")
                assert (found is not None) == (p.shape[1] == q.shape[0]), (mark["tag"], i, j)
                if found is None:
                    continue
                if "v" in found:
                    assert np.allclose(values[found["v"][0][0]], p @ q, rtol=1e-10, atol=1e-12)
                same = (p @ q).shape == goal.shape and np.allclose(p @ q, goal, rtol=1e-9)
                assert bool(found.get("ok")) == same
                assert ("off" in found) == ((p @ q).shape == goal.shape and not same)
                right += same
        assert right >= 1


@pytest.mark.parametrize("seed", range(COUNT), ids=name_of)
def test_each_array_of_any_net_is_the_recordings_own(seed):
    """Skips, joins, functions, closures: what the recording holds, at the step it is known."""
    recorded, film = filmed(seed)
    trace = recorded.trace
    values = {**{n: n.value for n in trace.nodes}, **{u.name: u.new for _, u in trace.updates}}
    grads = trace.grads
    for a in film.arrays:
        if ":" in a.name or a.name in ("t", "o", "e") or a.name[0] == "s" or a.values.size == 4096:
            continue
        if a.name[0] in "gd":
            found = [(trace.complete_at[n], g) for n, g in grads.items() if g.size == a.values.size]
            found += [(k, p) for parts in trace.parts.values() for k, p in parts]
            if a.name == "dv0":
                continue
        elif a.name.endswith("+"):
            found = [(trace.updated_at[n], u.new) for n, u in trace.updates]
        else:
            found = [
                (trace.computed_at.get(n, 0), v)
                for n, v in values.items()
                if n in trace.computed_at
            ]
        tight = 1e-6 if a.values.dtype == np.float32 else 0
        assert any(
            k == a.known and v.size == a.values.size
            and np.allclose(np.reshape(v, a.values.shape), a.values, rtol=tight, atol=0)
            for k, v in found
        ), a.name  # fmt: skip


# --- frames ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(COUNT), ids=name_of)
def test_both_cuts_go_through_every_phase_with_two_equations_at_most(seed):
    recorded, film = filmed(seed)
    trace, tags = recorded.trace, {m["tag"]: m for m in film.marks if m["t"] == "equation"}
    assert list(film.cuts) == ["product", "entry"] and film.cuts["product"] == film.cuts["entry"]
    frames = film.cuts["product"]
    ks = [f.k for f in frames]
    assert ks == sorted(set(ks)) and ks[0] == 0 and ks[-1] <= len(trace)
    told = list(dict.fromkeys(f.phase for f in frames))
    assert told == [p for p, _ in film.phases]
    for f in frames:
        bright = [*f.on, *f.to]
        assert 1 <= len(bright) <= 2 and len(set(bright)) == len(bright)
        for tag in bright:
            first, last = tags[tag]["frames"]
            assert first <= f.k <= last
        real = trace.phase(f.k)
        assert f.phase in {"start": ("forward",), "forward": ("forward", "loss")}.get(real, (real,))
        assert f.panel[0]["t"] == "title"
        result = next((b for b in tags[f.to[0]]["items"] if "v" in b), None) if f.to else None
        if result and f.phase != "update":
            known = min(a.known for a in film.arrays if a.name == result["v"][0][0])
            assert known <= f.k


@pytest.mark.parametrize("seed", range(0, COUNT, 3), ids=name_of)
def test_the_same_pass_gives_the_same_bytes_and_a_covered_film_holds_nothing_later(seed):
    recorded, film = filmed(seed)
    assert film_matrix(recorded).pack() == film.pack() == film_matrix(case(seed).recorded).pack()
    for k in sorted({f.k for f in film.cuts["product"]}):
        header, arrays = unpack(film.pack(until=k))
        assert set(arrays) == {a.name for a in film.arrays if a.known <= k}
        assert all(f["k"] <= k for cut in header["cuts"].values() for f in cut["frames"])
        later = [m for m in header["marks"] if "tries" in m and m["frames"][0] > k]
        assert not later  # what a try comes to would tell


def test_it_goes_with_the_film_of_the_same_pass_by_layers():
    from backprop_kit.films.fingerprint import fingerprint, go_together
    from backprop_kit.films.forward_pass import film_pass

    recorded = record_pass(*board("2-2-1"), optimizer=SGD(0.1))
    one, other = film_matrix(recorded), film_pass(recorded)
    assert one.trace == other.trace == fingerprint(recorded.trace)
    assert go_together(one.trace, film_matrix(record_pass(*board("2-2-1"))).trace)
    assert film_matrix(recorded, lens=True).trace == one.trace


# --- shapes and names -----------------------------------------------------------------------------
def test_edges_say_what_they_count_and_touching_ones_agree():
    film = film_matrix(record_pass(*board("four samples"), optimizer=SGD(0.1)))
    marks = {m["tag"]: m for m in film.marks if m["t"] == "equation"}
    edges = {tag: [b["m"] for b in m["items"] if "v" in b] for tag, m in marks.items()}
    assert edges["f1"] == [[["batch", 4], ["out", 3]], [["batch", 4], ["in", 2]],
                           [["in", 2], ["out", 3]], [["", 1], ["out", 3]]]  # fmt: skip
    assert edges["w1"] == [[["in", 2], ["out", 3]], [["in", 2], ["batch", 4]],
                           [["batch", 4], ["out", 3]]]  # fmt: skip
    assert edges["x1"] == [[["batch", 4], ["in", 2]], [["batch", 4], ["out", 3]],
                           [["out", 3], ["in", 2]]]  # fmt: skip
    for mark in (m for m in marks.values() if m["kind"] == "product"):
        left, right = [b for b in mark["items"] if "v" in b][1:3]
        assert left["m"][1] == right["m"][0]
    looks = atlas_of(film)["looks"]
    assert looks == {"W1": [0, 2], "b1": [0, 2]}


@pytest.mark.parametrize("samples", [1, 32, 200])
def test_digits_in_batches_of_any_size(samples):
    x, y = digits().train
    recorded = record_pass(digits_net(), x[:samples], y[:samples], optimizer=SGD(0.1))
    film = film_matrix(recorded)
    arrays = arrays_of(film)
    for name, a in arrays.items():
        assert a.values.size <= 4096
        if a.values.size > 256:
            assert a.values.dtype == np.float32 or samples == 1, name
    wide = [
        b for m in film.marks if m["t"] == "equation" for b in m["items"] if b.get("tag") == "v0"
    ]
    assert all(bool(b.get("bin")) == (samples * 64 > 4096) for b in wide)
    true = recorded.x.value.T @ recorded.trace.grads[recorded.links[0].result]
    assert np.allclose(arrays["gW1"].values, true, rtol=1e-5, atol=1e-9)
    if samples <= 32:
        assert len(film.pack()) < 70_000


# --- odd nets -------------------------------------------------------------------------------------
def film_of(model, x, y):
    if isinstance(model, nn.Module):
        model.reset(2)
    return film_matrix(record_pass(model, x, y, optimizer=SGD(0.1)))


def test_what_is_no_affine_layer_is_a_named_block():
    class Odd(nn.Module):
        def forward(self, x):
            return x * x + ops.exp(-x)

    film = film_of(Sequential(Linear(2, 3), Odd(), Linear(3, 1)), RNG.normal(size=(4, 2)),
                   RNG.normal(size=(4, 1)))  # fmt: skip
    names = {
        b["name"] for m in film.marks if m["t"] == "equation" for b in m["items"] if "name" in b
    }
    assert names == {"Odd"}
    said = " ".join(f.say for f in film.cuts["product"])
    assert "Through Odd" in said and "Back through Odd" in said


def test_nets_that_overflow_ignore_their_input_or_are_one_number():
    big, w, one = Tensor(np.array([[1e300]]), "w"), Tensor(np.ones((1, 2)), "w"), Tensor(3.0, "w")
    with np.errstate(all="ignore"):
        assert film_of(lambda x: x @ big, [[1e10]], [[0.0]]).pack()
    assert film_of(lambda x: w * 2, [[1.0, 2.0]], [[0.0, 0.0]]).pack()
    assert film_of(lambda x: x * one, [[2.0]], [[0.0]]).pack()
    assert film_of(lambda x: w * 2, [[1.0, 2.0]], [0]).pack()
    edge = Tensor(0.5, "edge")
    assert film_of(lambda x: ops.where(x > edge, x * one, x), [[1.0, 0.2]], [[0.0, 0.0]]).pack()


def test_images_are_one_row_a_sample_and_rows_of_words_are_the_batch():
    class Flat(nn.Module):
        def forward(self, x):
            return x.reshape(len(x.data), 16)

    film = film_of(Sequential(Flat(), Linear(16, 3)), RNG.normal(size=(5, 4, 4)), [0, 1, 2, 0, 1])
    assert arrays_of(film)["v0"].values.shape == (5, 16)
    film = film_of(Sequential(Linear(2, 3), Tanh()), RNG.normal(size=(5, 4, 2)),
                   RNG.normal(size=(5, 4, 3)))  # fmt: skip
    assert arrays_of(film)["v0"].values.shape == (20, 2)


@pytest.mark.parametrize("rule", [SGD(0.1), SGD(0.1, weight_decay=0.5)], ids=repr)
def test_an_update_is_taken_apart_only_where_it_is_step_times_slope(rule):
    recorded = record_pass(*board("four samples"), optimizer=rule)
    film = film_matrix(recorded)
    W = recorded.parameters["0.W"]
    moved = W.value - 0.1 * (recorded.trace.grads[W] + rule.weight_decay * W.value)
    assert np.allclose(arrays_of(film)["W1+"].values, moved, rtol=1e-12)
    how = atlas_of(film)["of"]["W1+"]["how"]
    (said,) = [f.say for f in film.cuts["product"] if f.say.startswith("Now W moves")]
    plain = not rule.weight_decay
    assert (how["t"], "times its own" in said) == (("each", True) if plain else ("closed", False))
    assert film.title[1].endswith("step 0.1" if plain else repr(rule))
    if not plain:
        assert how["s"] == f"w − η g, with g and η from {rule!r}" and how["s"] in said


def test_a_weight_used_twice_says_so_and_shows_its_part():
    W = Tensor(np.array([[0.5, -0.2], [0.1, 0.7]]), "W")
    film = film_of(lambda x: ops.tanh(x @ W) @ W, [[1.0, 2.0]], [[0.0, 1.0]])
    told = [f.say for f in film.cuts["product"] if "used 2 times" in f.say]
    assert len(told) == 2


# --- sentences ------------------------------------------------------------------------------------
def worked_through():
    """Passes that between them come to every sentence."""
    x, many = RNG.normal(size=(1, 2)), RNG.normal(size=(3, 2))
    for name in ("four samples", "2-2-1", "stairs", "digit"):
        yield record_pass(*board(name), optimizer=SGD(0.1))
    yield record_pass(
        Sequential(Linear(2, 3)).reset(1), many, [0, 1, 2], optimizer=SGD(0.1, momentum=0.9)
    )
    hidden = Sequential(Linear(2, 3, bias=False), Softmax(), Linear(3, 2)).reset(1)
    yield record_pass(hidden, many, many)
    yield record_pass(Sequential(Linear(2, 3), nn.LogSoftmax()).reset(1), x, np.eye(3)[:1])
    yield record_pass(Sequential(Skip(Linear(2, 2)), Linear(2, 2)).reset(1), many, many,
                      optimizer=SGD(0.1))  # fmt: skip
    middle = Sequential(Linear(2, 2), Skip(Linear(2, 2)), Linear(2, 2)).reset(1)
    yield record_pass(middle, many, many, optimizer=SGD(0.1))
    last = Sequential(Linear(2, 2), Skip(Linear(2, 2))).reset(1)
    yield record_pass(last, many, many, optimizer=SGD(0.1))


def test_every_sentence_is_used_and_none_is_left_open(monkeypatch):
    used = listened(monkeypatch, "matrix", story, book, equations, backward, matrix_stepper)
    W = Tensor(np.array([[0.5, -0.2], [0.1, 0.7]]), "W")
    film_of(lambda x: ops.tanh(x @ W) @ W, [[1.0, 2.0]], [[0.0, 1.0]])
    for recorded in worked_through():
        film = film_matrix(recorded)
        for f in film.cuts["product"]:
            is_whole(f.say, capital=False)
        used |= {"page." + key for key in atlas_of(film)["says"]}
    stepper = MatrixStepper(*board("four samples"))
    stepper.text()
    stepper.cover("loss")
    stepper.text()
    stepper.dispose()
    assert set(SENTENCES) - used == set()


def test_the_catalogue_keeps_the_words_of_the_lessons():
    keeps_the_words(SENTENCES, r"(?i)\berror\b|!|oops")
    assert "blame" in SENTENCES["weight"] and atlas.sentences("matrix") is SENTENCES


def test_in_a_lecture_hall_a_sentence_is_one_line():
    for name in ("four samples", "2-2-1", "stairs", "digit"):
        recorded = record_pass(*board(name), optimizer=SGD(0.1))
        large, usual = film_matrix(recorded, presenter=True), film_matrix(recorded)
        assert large.presenter and not usual.presenter
        pairs = zip(large.cuts["product"], usual.cuts["product"], strict=True)
        for one, other in pairs:
            assert (one.k, one.on, one.to) == (other.k, other.on, other.to)
            assert 10 < len(one.say) <= 80 and one.say.endswith("."), one.say
