"""Lesson 04 as a learner meets it: run from the top, asked, walked, and its numbers read."""

from __future__ import annotations

import pytest
from lessonpage import answer_quiz, commit, follow, open_lesson, printed
from photographs import both_widths, shoot, themes, worn
from reading import AT

from backprop_kit.teaching.questions import plain, questions

NAME = "04_backward_pass.ipynb"
STAGES = ("four samples", "three by three", "2-2-1", "on the way", "step sizes", "bill")


@pytest.fixture(scope="module")
def lesson(page, lab):
    """A copy of the lesson, opened and run from top to bottom."""
    return open_lesson(page, lab, NAME, len(STAGES))


def stage(lesson, name):
    root = lesson.page.locator(".bk-stage").nth(STAGES.index(name))
    root.scroll_into_view_if_needed()
    return root


def press(lesson, root, key, i=None):
    root.focus()
    lesson.page.keyboard.press(key)
    if i is not None:
        lesson.page.wait_for_function(AT, arg=[root.element_handle(), str(i)], timeout=10_000)


def last(root):
    return int(root.locator(".bk-time").get_attribute("aria-valuemax"))


def test_it_runs_without_an_error_and_everything_is_painted(lesson):
    assert lesson.page.locator(".bk-form").count() == 3
    assert lesson.page.locator(".bk-stage").count() == len(STAGES)
    for name in STAGES[:3] + STAGES[4:5]:
        stage(lesson, name).locator(".bk-badge").get_by_text("checked").wait_for(timeout=60_000)
    lesson.clean()


def test_what_the_cells_print(lesson):
    said = printed(lesson)
    for line in (
        "shares [ 0.25  1.45  2.   -0.2 ] · sum 3.5", "[(2, 3), (3, 2)]", "db [ 0.6 -2.8 -0.6]",
        "64–32–10: 2,410 numbers, there and back 2.14 forwards; one by one 2,411, 1,129 times",
        "784–128–10: 101,770 numbers, there and back 2.01", "after 1: 26.9% right",
        "after 100: 96.9% right", "Not yet: replace the dots.",
        "δ1 is used before it exists. Which line makes it?",
    ):  # fmt: skip
        assert line in said, line


@pytest.mark.parametrize(("place", "name", "id"), [
    (0, "three by three", "04.p1"), (1, "2-2-1", "04.p2"),
])  # fmt: skip
def test_a_prediction_locks_the_way_back_until_it_is_made(lesson, place, name, id):
    (question,) = questions(id)
    root = stage(lesson, name)
    press(lesson, root, "End")
    covered = last(root)
    assert root.locator(".bk-covered").count() > 0
    form = commit(lesson, place, question.options[1].text)
    root.locator(".bk-covered").first.wait_for(state="detached", timeout=30_000)
    assert last(root) > covered
    press(lesson, root, "End", last(root))
    form.get_by_text(question.shows, exact=True).wait_for(timeout=30_000)
    assert plain(question.options[1].says) in form.inner_text()
    lesson.clean()


def test_the_pass_that_updates_on_the_way_parts_at_the_blame(lesson):
    root = stage(lesson, "on the way")
    assert "−1.95" not in root.inner_text() and "dW₁ is wrong" not in root.inner_text()
    for i in range(1, 7):
        press(lesson, root, "ArrowRight", i)
        if i == 5:
            said = root.inner_text()
            assert all(text in said for text in ("0.900", "−1.95", "1.80", "−1.50", "2.00"))
    root.locator(".bk-badge").get_by_text("dW₁ is wrong").wait_for(timeout=30_000)
    lesson.clean()


def test_a_smaller_step_is_better_until_it_is_worse(lesson):
    root = stage(lesson, "step sizes")
    for i in range(1, 5):
        press(lesson, root, "ArrowRight", i)
    assert root.locator(".bk-say").inner_text().startswith("Now it rises")
    press(lesson, root, "End", 14)
    assert "stays exact" in root.locator(".bk-say").inner_text()
    lesson.clean()


def test_the_bill_is_run_by_a_press(lesson):
    root = stage(lesson, "bill")
    press(lesson, root, "Space")
    root.locator(".bk-badge").get_by_text("2,410 of 2,410 agree").wait_for(timeout=60_000)
    root.get_by_text("after 100 96.9 %").wait_for(timeout=60_000)
    assert "2.14" in root.inner_text() and "1,129 ×" in root.inner_text()
    lesson.clean()


def test_the_quiz_answers_each_question(lesson):
    answer_quiz(lesson, 2, "04.quiz")
    lesson.clean()


@both_widths
def test_it_is_photographed_in_both_widths_and_both_themes(lesson, window, output):
    for mode in themes(lesson, window):
        for name in STAGES:
            root = stage(lesson, name)
            worn(lesson, root, mode, output)
            shoot(root, f"lesson_04_{name.replace(' ', '_')}_{output}_{mode}")


def test_the_strip_leads_to_lesson_03(lesson):
    follow(lesson, "03chain rule", "03_chain_rule")
