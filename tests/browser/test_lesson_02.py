"""Lesson 02 as a learner meets it: what is covered, what an answer opens, and the race."""

from __future__ import annotations

import numpy as np
import pytest
from lessonpage import answer_quiz, commit, follow, open_lesson, printed
from lossoracle import descent, line, samples
from lossviews import OUTSIDE, View, agree
from photographs import shoot

from backprop_kit.teaching.questions import plain, questions

NAME = "02_loss.ipynb"
X, Y = [-1, 0, 1, 2], [-2, -0.5, 1, 2.5]


@pytest.fixture(scope="module")
def lesson(page, lab):
    """A copy of the lesson, opened and run from top to bottom."""
    return open_lesson(page, lab, NAME, 4)


def look(view, name):
    shoot(view.root, f"lesson_02_{name}")
    assert view.root.evaluate(OUTSIDE) == [], name


def test_it_runs_without_an_error_and_every_picture_is_checked(lesson):
    assert lesson.page.locator(".bk-form").count() == 3
    for index in range(4):
        View(lesson, index).show()
    lesson.clean()


def test_what_the_cells_print(lesson):
    said = printed(lesson)
    for words in (
        "49 times; shares: [0.5833 0.1071 0.0119 0.2976]", "slope of w -9: from -0.5 to 0.4",
        "10.5 4.15 2.07 1.08 0.563 0.295", "below 0.01 after 11 steps",
        "squared error: 0.125 0.148 0.081 0.0098 0.000998",
        "cross-entropy: 0.5 0.667 0.9 0.99 0.999", "L = 2.02, right is class 3",
        "ln 10 = 2.30", "Not yet: replace the dots.", "after 10 steps it says 0.989",
    ):  # fmt: skip
        assert words in said, words


def test_by_hand_the_squares_follow_the_sliders(lesson):
    view = View(lesson, 0).show()
    errors = {f"error{i}": [e] for i, e in enumerate((3.5, 1.5, -0.5, -2.5))}
    agree(view.read(), {"w": [-0.5], "b": [1], "loss": [10.5], **errors})
    view.key("slide w", "Shift+ArrowRight")
    error, part, _, _ = line(X, Y, -0.25, 1.0)
    agree(view.read(), {"w": [-0.25], "b": [1], "loss": [part.sum()],
                        **{f"error{i}": [e] for i, e in enumerate(error)}})  # fmt: skip
    look(view, "by_hand")
    lesson.clean()


def test_the_pulls_are_covered_until_the_answer(lesson):
    view = View(lesson, 1).show()
    assert not [tag for tag, _ in view.read()["seen"] if "pull" in tag or "slope" in tag]
    assert "−5.00" not in view.root.inner_text() and "−9.00" not in view.root.inner_text()
    view.root.focus()
    view.page.keyboard.press("ArrowRight")
    view.page.wait_for_timeout(100)
    assert view.at() == 0
    look(view, "covered")
    (p1,) = questions("02.p1")
    form = commit(lesson, 0, p1.options[1].text)
    form.get_by_text(p1.shows, exact=True).wait_for()
    assert plain(p1.options[1].says) in form.inner_text()
    view.root.locator(".bk-say", has_text="All pulls together").wait_for()
    known = descent(X, Y, -0.5, 1.0, 3)
    for k in range(4):
        w, b, loss = known[k]
        _, part, on_w, on_b = line(X, Y, w, b)
        true = {"w": [w], "b": [b], "loss": [loss], "slope w": [on_w.sum()],
                "slope b": [on_b.sum()]}  # fmt: skip
        for i in range(4):
            true |= {f"pullw{i}": [on_w[i]], f"pullb{i}": [on_b[i]],
                     f"share{i}": [100 * part[i] / loss]}  # fmt: skip
        agree(view.read(), true)
        view.step("ArrowRight")
    look(view, "steps")
    lesson.clean()


def test_the_push_is_covered_until_the_answer(lesson):
    view = View(lesson, 2).show()
    view.key("p", "Shift+ArrowRight")
    now = view.read()
    assert not [tag for tag, _ in now["seen"] if "push" in tag or "top" in tag]
    (p2,) = questions("02.p2")
    form = commit(lesson, 1, p2.options[0].text)
    form.get_by_text(p2.shows, exact=True).wait_for()
    view.root.locator(".bk-say", has_text="the push is").wait_for()
    now = view.read()
    p = now["grips"]["p"]
    part, _, _, delta = samples([p], [0])
    true = {"value": [p], "top p": [0.667]}
    for w in (0, 1):
        true |= {f"error{w}": [p], f"loss{w}": [part[w, 0]], f"push{w}": [delta[w, 0]]}
    assert p == pytest.approx(0.55)
    agree(now, true)
    look(view, "unit")
    lesson.clean()


def test_the_race_is_won_after_six_steps(lesson):
    view = View(lesson, 3).show()
    for _ in range(6):
        view.step("ArrowRight")
    view.root.locator(".bk-knob .bk-icon-flag").wait_for()
    assert "After 6 steps sample 5 is on its target's side of ½" in view.read()["say"]
    seen = dict(reversed(view.read()["seen"]))
    assert seen["e4"] == "+0.989" and seen["c4"] == "+0.405"
    look(view, "race")
    lesson.clean()


def test_the_quiz_answers_each_question(lesson):
    answer_quiz(lesson, 2, "02.quiz")
    assert np.isclose(np.log(2), 0.693, atol=5e-4)
    lesson.clean()


def test_the_strip_leads_to_lesson_03(lesson):
    follow(lesson, "chain rule", "03_chain_rule")
