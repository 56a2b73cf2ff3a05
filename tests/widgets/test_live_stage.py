"""What the page may say to a live stage, and what it is answered."""

from __future__ import annotations

import math

import pytest
from livefilm import Example, film

from backprop_kit.films.film import unpack
from backprop_kit.widgets.live_stage import LiveStage


@pytest.fixture
def stage():
    stage = LiveStage(film(), cut="move")
    yield stage
    stage.close()


def sent(stage):
    """Every state the page would get, one entry a message."""
    messages = []
    stage.send_state = lambda key=None: messages.append(set([key] if isinstance(key, str) else key))
    return messages


def test_an_answer_is_one_message():
    example = Example()
    messages = sent(example.stage)
    example.stage._hear(example.stage, {"drag": "w", "x": 2.0, "y": None, "done": True, "n": 4}, [])
    assert [m for m in messages if m] == [{"live", "badge", "heard"}]
    assert example.stage.heard == 4 and example.state["w"] == 2.0 and example.heard == [True]
    _, arrays = unpack(example.stage.live)
    assert arrays["w"][0] == 2.0
    example.stage.close()


def test_a_picture_that_changes_is_sent_whole_and_nothing_lies_over_it(stage):
    stage.renew(film(w=2.0))
    assert stage.live and stage.source.arrays[1].values[0] == 2.0
    before = stage.film
    other = film(w=2.0)
    object.__setattr__(other, "head", "Other")
    stage.renew(other)
    assert stage.film != before and stage.live == b""


def test_what_is_covered_is_not_laid_over(stage):
    stage.cover(0)
    stage.renew(film(w=2.0))
    assert stage.live == b"" and len(unpack(stage.film)[0]["cuts"]["move"]["frames"]) == 1


@pytest.mark.parametrize(
    "content",
    [
        {"drag": "w", "x": math.nan, "y": None, "n": 1},
        {"drag": "w", "x": "2", "n": 1},
        {"drag": "w", "x": True, "n": 1},
        {"drag": "w", "x": 1.0, "y": [1], "n": 1},
        {"drag": 3, "x": 1.0, "n": 1},
        {"choose": "bend", "option": "1", "n": 1},
        {"choose": "bend", "option": True, "n": 1},
        {"hover": 3, "n": 1},
        {"n": 1},
    ],
)
def test_rubbish_is_answered_and_changes_nothing(stage, content):
    told = []
    stage.on_drag(lambda *a: told.append(a))
    stage.on_hover(told.append)
    stage.on_choose(lambda *a: told.append(a))
    stage._hear(stage, content, [])
    assert told == [] and stage.heard == 1


@pytest.mark.parametrize("content", [None, 3, {"drag": "w", "x": 1.0}, {"n": "1", "drag": "w"}])
def test_what_is_no_question_is_not_answered(stage, content):
    stage._hear(stage, content, [])
    assert stage.heard == 0
