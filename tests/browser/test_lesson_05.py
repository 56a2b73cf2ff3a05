"""Lesson 05 as a learner meets it: run from the top, asked, played, and its numbers read."""

from __future__ import annotations

import re

import pytest
from lessonpage import answer_quiz, commit, follow, open_lesson, printed
from photographs import both_widths, shoot, themes, worn

from backprop_kit.teaching.questions import plain, questions

NAME = "05_learning.ipynb"
STAGES = ("ball", "cliff", "sine", "momentum", "digits")
_IDLE = "n => n.getAttribute('aria-busy') !== 'true'"


@pytest.fixture(scope="module")
def lesson(page, lab):
    """A copy of the lesson, opened and run from top to bottom."""
    return open_lesson(page, lab, NAME, len(STAGES))


def stage(lesson, name):
    root = lesson.page.locator(".bk-lab").nth(STAGES.index(name))
    root.scroll_into_view_if_needed()
    return root


def caption(root):
    return root.locator(".bk-say").inner_text()


def press(lesson, root, button, until):
    """Press a button of the transport, and wait for a caption that begins so."""
    root.get_by_role("button", name=button, exact=True).click()
    root.locator(".bk-say", has_text=until).wait_for(timeout=30_000)
    lesson.page.wait_for_function(_IDLE, arg=root.element_handle(), timeout=10_000)


def test_it_runs_without_an_error_and_everything_is_painted(lesson):
    assert lesson.page.locator(".bk-form").count() == 3
    assert lesson.page.locator(".bk-lab").count() == len(STAGES)
    lesson.clean()


def test_what_the_cells_print(lesson):
    said = printed(lesson)
    for line in (
        "0.072: 42 steps above 0.025", "0.08: 100 steps above 0.025; E after 100: 12.5",
        "1.1 × limit: 1.32 1.57 1.07 0.0439 0.015", "2 × limit: 1.32 7.07 4.33 4.24e+07 inf",
        "1.1 × limit: 0 of 20 end higher", "2 × limit: 16 of 20 end higher",
        "η 0.088, α 0.5: 14 steps above 0.025", "updates: 45 · right: 91%",
        "loss × 1000: after 1 step w = [4.9 0.9]", "Adam(0.001) · 675 · 97%",
        "675 updates, missed: [ 36 200 242 301]", "Not yet: replace the dots.",
        "It is 3.16 times Adam's. What do m and s begin at?",
        "Still falling when time was up. Try a larger step.",
    ):  # fmt: skip
        assert line in said, line


@pytest.mark.parametrize(("place", "id"), [(0, "05.p1"), (1, "05.p2")])
def test_a_prediction_is_answered_when_it_is_made(lesson, place, id):
    (question,) = questions(id)
    form = lesson.page.locator(".bk-form").nth(place)
    form.scroll_into_view_if_needed()
    assert question.shows not in form.inner_text()
    form = commit(lesson, place, question.options[1].text)
    form.get_by_text(question.shows, exact=True).wait_for(timeout=30_000)
    assert plain(question.options[1].says) in form.inner_text()
    lesson.clean()


def test_the_ball_goes_down_and_the_steep_weight_arrives_first(lesson):
    root = stage(lesson, "ball")
    assert caption(root).startswith("Step 0: the loss is 25.0.")
    press(lesson, root, "step", "Step 1: the loss is 11.5.")
    press(lesson, root, "step", "Step 2: the loss is 10.6.")
    press(lesson, root, "play", "Step 80")
    assert caption(root).startswith("Step 80: the loss is 0.0182.")
    lesson.clean()


def test_four_ways_stand_beside_each_other_at_the_cliff(lesson):
    root = stage(lesson, "cliff")
    seen = root.inner_text()
    for text in ("SGD 0.04", "SGD 0.072", "SGD 0.08", "SGD 0.088", "12.5", "0.0182"):
        assert text in seen, text
    lesson.clean()


def test_over_its_limit_the_sine_rises_once(lesson):
    root = stage(lesson, "sine")
    for k, loss in enumerate(("1.57", "1.07", "0.513"), 1):
        press(lesson, root, "step", f"Step {k}: the loss is {loss}")
    assert "limit 2" in root.inner_text()
    lesson.clean()


def test_momentum_carries_the_ball_beyond_the_old_limit(lesson):
    root = stage(lesson, "momentum")
    for k, loss in enumerate(("28.4", "9.20", "7.02"), 1):
        press(lesson, root, "step", f"Step {k}: the loss is {loss}")
    assert "stable below 3" in root.inner_text() and "2.20" in root.inner_text()
    lesson.clean()


def test_the_digits_are_read_in_fifteen_epochs(lesson):
    root = stage(lesson, "digits")
    press(lesson, root, "play", re.compile("^Epoch 15"))
    seen = root.inner_text()
    assert "no. 36" in seen and "9 as 5" in seen and "4 of 360 test digits" in caption(root)
    lesson.clean()


def test_the_quiz_answers_each_question(lesson):
    answer_quiz(lesson, 2, "05.quiz")
    lesson.clean()


@both_widths
def test_it_is_photographed_in_both_widths_and_both_themes(lesson, window, output):
    for mode in themes(lesson, window):
        for name in ("cliff", "sine", "digits"):
            root = stage(lesson, name)
            worn(lesson, root, mode, output)
            shoot(root, f"lesson_05_{name}_{output}_{mode}")


def test_the_strip_leads_to_lesson_04(lesson):
    follow(lesson, "04backward", "04_backward_pass")
