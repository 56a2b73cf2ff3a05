"""The exit quiz: a wrong answer gets its own diagnosis and stays open, a right one stays."""

import pytest

from backprop_kit.teaching import Quiz
from backprop_kit.teaching.questions import questions


@pytest.fixture
def quiz():
    made = Quiz("00.quiz")
    yield made
    made.dispose()


def answer(quiz, **chosen):
    answers = {f"00.quiz.{n[1:]}": {"chosen": place, "sure": ""} for n, place in chosen.items()}
    quiz.form._handle_custom_msg({"answers": answers}, [])


def place(question, right):
    return next(i for i in range(4) if question.is_right(i) == right)


def test_each_answer_is_judged_alone(quiz):
    first, second, third = questions("00.quiz")
    answer(quiz, q1=place(first, True), q2=place(second, False))
    right, open_ = quiz.form.states["00.quiz.1"], quiz.form.states["00.quiz.2"]
    assert right["phase"] == "right" and right["verdict"] == first.options[0].verdict
    assert open_["phase"] == "wrong" and open_["say"] == second.order[open_["chosen"]].says
    assert third.id not in quiz.form.states


def test_a_wrong_answer_stays_open_and_a_right_one_stays(quiz):
    first, *_ = questions("00.quiz")
    answer(quiz, q1=place(first, False))
    answer(quiz, q1=place(first, True))
    assert quiz.form.states[first.id]["phase"] == "right"
    answer(quiz, q1=place(first, False))
    assert quiz.form.states[first.id]["phase"] == "right"


def test_the_text_and_the_page_hold_no_answer(quiz):
    held = repr(quiz) + str(quiz.form.panel) + str(quiz.form.states)
    for question in questions("00.quiz"):
        assert all(o.says not in held and o.verdict not in held for o in question.options)
    assert len(repr(quiz).split("\n")) == 6


def test_a_prediction_is_no_quiz():
    with pytest.raises(ValueError, match=r"'00.p1' is a prediction.*\nShow it with Predict"):
        Quiz("00.p1")
