"""The film of a pass that stopped: the layers so far, the failure, and a dash after it."""

import re

import numpy as np
import pytest
from sentencecheck import listened

from backprop_kit.films import stopped_pass as films
from backprop_kit.films.captions import sentences
from backprop_kit.films.stopped_pass import film_stopped
from backprop_kit.nn import Linear, MSELoss, Sequential, Tanh
from backprop_kit.study.passes import record_pass
from backprop_kit.study.stopped_pass import stopped_pass

SENTENCES = sentences("stopped_pass")
X, Y = np.array([[1.0, 2.0], [0.5, -1.0]]), np.ones((2, 1))


def stop(model, x=X, y=Y, loss=None):
    try:
        record_pass(model, x, y, loss)
    except Exception as problem:
        return stopped_pass(problem)
    raise AssertionError("it did not stop")


def wrong_width():
    return Sequential(Linear(2, 3), Tanh(), Linear(4, 1)).reset(0)


def test_the_chain_so_far():
    found = stop(wrong_width())
    assert [m.name for m in found.links] == ["Linear", "tanh"]
    assert [v.value.shape for v in found.values] == [(2, 2), (2, 3), (2, 3)]
    assert found.name == "Linear(4, 1)" and found.shapes == ((2, 3), (4, 1))
    assert found.said[0].startswith("Linear(4, 1) got 3 features")


def test_a_mistake_in_python_gets_two_lines_too():
    found = stop(Sequential(Linear(2, 3), lambda h: h.odd))
    assert found.said == (
        "AttributeError: 'Tensor' object has no attribute 'odd'.",
        "The picture shows what was computed before.",
    )


def test_an_error_that_ended_no_pass_is_left_alone():
    assert stopped_pass(ValueError("else")) is None
    assert stopped_pass(KeyError("else")) is None


def test_at_the_first_step_only_the_input_is_there():
    found = stop(Sequential(Linear(3, 1)))
    assert found.links == () and len(found.values) == 1
    film = film_stopped(found)
    assert [f.phase for f in film.cuts["layer"]] == ["forward", "loss"]


def test_the_film_shows_what_was_computed_and_a_dash_after_the_failure():
    film = film_stopped(stop(wrong_width()))
    frames = film.cuts["layer"]
    assert [f.k for f in frames] == [0, 1, 2, 3] and frames[-1].mark == "failed"
    values = {a.name: a for a in film.arrays}
    assert np.array_equal(values["v0"].values, X)
    assert [values[f"v{k}"].known for k in range(3)] == [0, 1, 2]
    after = next(m for m in film.marks if m.get("tag") == "after")
    assert after["v"] == []  # never known: it is drawn as a dash
    said = [m["s"] for m in film.marks if m["t"] == "text"]
    assert "2×3" in said and "4×1" in said and "Linear(4, 1)" in said
    assert any(m["t"] == "glyph" and m["icon"] == "failed" for m in film.marks)
    assert frames[-1].say.startswith("Here it stops: Linear(4, 1) got 3 features")
    assert film.pack() == film_stopped(stop(wrong_width())).pack()


def test_a_long_chain_keeps_its_end():
    layers = [m for _ in range(6) for m in (Linear(2, 2), Tanh())]
    film = film_stopped(stop(Sequential(*layers, Linear(3, 1)).reset(0)))
    assert len(film.arrays) == films.COLUMNS and len(film.cuts["layer"]) == 14
    assert any("… after 8 more" in m.get("s", "") for m in film.marks)


def test_large_values_and_a_loss_that_does_not_fit():
    model = Sequential(Linear(200, 100), Tanh(), Linear(100, 3)).reset(0)
    film = film_stopped(stop(model, np.ones((50, 200)), np.ones((50, 2)), MSELoss()))
    assert len(film.pack()) < 60_000
    assert film.title[0] == "The pass stops at the loss"


def test_a_batch_of_vectors_or_one_number_finds_a_place():
    film_stopped(stop(Sequential(Linear(2, 3), lambda h: h.sum() @ h)))
    film_stopped(stop(lambda x: x.reshape(2, 1, 2) @ np.ones((3, 3))))


@pytest.mark.parametrize("key", SENTENCES)
def test_every_sentence_is_used(key, monkeypatch):
    used = listened(monkeypatch, "stopped_pass", films)
    film = film_stopped(stop(wrong_width()))
    for f in film.cuts["layer"]:
        assert not re.search(r"[{}$]|\bNone\b", f.say)  # code has its own minus
    assert key in used
