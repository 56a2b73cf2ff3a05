"""Every sentence is used, has no gap left open, and lesson 00 says its own word for word."""

from __future__ import annotations

import numpy as np
import pytest
from passcases import case
from sentencecheck import is_whole, keeps_the_words, listened

from backprop_kit import nn
from backprop_kit.films.captions import listing, sentences, speaker
from backprop_kit.films.forward_pass import film_pass, story, story_back, story_forward
from backprop_kit.films.numbers import number
from backprop_kit.nn import SGD, Linear, Sequential, Softmax, Tanh
from backprop_kit.study import board, record_pass
from backprop_kit.widgets import forward_stepper
from backprop_kit.widgets.forward_stepper import ForwardStepper

say = speaker("forward_pass")
SENTENCES = sentences("forward_pass")
LAMP = [
    "Switch 1 is up (+1), switch 2 down (−1). Press → and let it through.",
    "Switch 1 is up (+1), switch 2 down (−1); the hidden units give 0.922, 0.537, −0.762.",
    "They make the lamp say 0.288, not 1.",
    "The loss says how wrong: 1.25; right is 0.",
    "Back: the slope at the lamp's sum is −0.712.",
    "At the hidden sums: −0.0643, 0.659, −0.299.",
    "All 13 numbers move at once, against their slopes: 8 up, 5 down.",
    "Forward again: 0.550, loss 0.599.",
]


@pytest.mark.parametrize("plain", [True, False])
def test_the_lamp_says_the_sentences_of_the_lesson(plain):
    film = film_pass(record_pass(*board("stairs"), optimizer=SGD(0.25)), plain=plain)
    assert [f.say for f in film.cuts["layer"]] == LAMP


def test_the_digit_says_what_it_sees():
    film = film_pass(record_pass(*board("digit"), optimizer=SGD(0.05)))
    told = [f.say for f in film.cuts["layer"]]
    assert told[3] == "As probabilities: it says 2 (0.182); the 3 gets 0.133."
    assert told[4] == "The loss says how wrong: 2.02; right is 0."
    assert told[7].startswith("1,418 of 2,410 numbers move, against their slopes: ")
    assert told[8].startswith("Forward again: it says 3 (0.369), loss ")


def worked_through():
    """Passes that between them come to every sentence."""
    rng = np.random.default_rng(0)
    x, many = rng.normal(size=(1, 2)), rng.normal(size=(3, 2))
    deep = Sequential(Linear(2, 3), Tanh(), Linear(3, 3), Tanh(), Linear(3, 2)).reset(1)
    right = Sequential(Linear(2, 1)).reset(1)
    yield record_pass(*board("stairs"), optimizer=SGD(0.25))
    yield record_pass(*board("digit"), optimizer=SGD(0.05))
    yield record_pass(deep, x, [[1.0, 0.0]], optimizer=SGD(0.1))
    yield record_pass(deep, many, many, optimizer=SGD(0.1))
    yield record_pass(deep, x, [[1.0, 0.0]], optimizer=SGD(0.1, weight_decay=0.1))
    yield record_pass(right, x, right(x).data.round(12), optimizer=SGD(0.1))
    mixing = Sequential(Linear(2, 3), Softmax()).reset(1)
    yield record_pass(mixing, x, [[0.0, 1.0, 0.0]], nn.MSELoss())
    yield record_pass(mixing, many, np.eye(3), nn.MSELoss())
    yield record_pass(Sequential(Linear(2, 3)).reset(1), many, [0, 1, 2])
    for seed in range(8):
        yield case(seed).recorded


def test_every_sentence_is_used_and_none_is_left_open(monkeypatch):
    used = listened(monkeypatch, "forward_pass", story, story_forward, story_back, forward_stepper)
    for recorded in worked_through():
        film = film_pass(recorded)
        for f in (f for frames in film.cuts.values() for f in frames):
            is_whole(f.say)
    stepper = ForwardStepper(*board("stairs"))
    stepper.text()
    stepper.cover("loss")
    stepper.text()
    stepper.dispose()
    assert set(SENTENCES) - used == set()


def test_numbers_in_a_sentence_are_written_by_the_one_rule():
    assert say("loss", loss=1.2345678) == "The loss says how wrong: 1.23; right is 0."
    assert say("loss", loss=-0.0) == "The loss says how wrong: 0; right is 0."
    assert "4.00·10⁻⁶²" in say("loss", loss=4e-62)
    assert say("start", inputs="the input is 1").startswith("The input is 1.")
    with pytest.raises(KeyError):
        say("no such sentence")
    with pytest.raises(KeyError):
        say("loss")


def test_a_few_numbers_are_read_out_and_many_are_summed_up():
    assert listing([1, -0.5]) == "1.00, −0.500"
    assert listing([1, 2, 3, 4]) == "1.00, 2.00, 3.00, 4.00"
    assert listing(range(5)) == "5 numbers from 0 to 4.00"
    assert listing(range(5), 6) == "0, 1.00, 2.00, 3.00, 4.00"
    values = np.random.default_rng(1).normal(size=40)
    assert listing(values) == f"40 numbers from {number(values.min())} to {number(values.max())}"


def test_the_catalogue_keeps_the_words_of_the_lessons():
    keeps_the_words(SENTENCES, r"(?i)\berror\b|!|oops|gradient|blame")
