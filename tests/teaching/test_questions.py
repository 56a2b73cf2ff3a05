"""What the lessons ask: found by id, shuffled the same way each time, in the words agreed on."""

import re

import pytest

from backprop_kit.teaching import questions as package
from backprop_kit.teaching.questions import Option, Question, plain, questions
from backprop_kit.teaching.questions.lesson_00 import QUESTIONS

ALL = [q for id in QUESTIONS for q in questions(id)]


def said(question):
    for option in question.options:
        yield option.text
        yield option.says
        yield option.verdict
    yield question.text
    yield question.shows
    yield question.walk


def test_the_numbers_are_those_of_the_lesson():
    p1, p2, *_ = ALL
    assert p1.text.startswith("The lamp says 0.288 and should say 1: too low.")
    assert p1.shows == "8 go up and 5 go down, by 0.0161 to 0.178"
    assert "h_3 = −0.762 passes through 1.00" in p1.options[0].says
    assert "Its 9 numbers carry 0.396 of the forecast 0.741." in p1.options[2].says
    assert p2.text == "The forecast is a fall of 0.741. The true fall will be …"
    assert p2.shows == "a fall of 0.647"


def test_the_quiz_has_three_questions_with_the_lessons_numbers():
    first, second, third = questions("00.quiz")
    texts = " · ".join(o.text for o in first.options)
    assert texts == "adds 0.07 · subtracts 0.07 · sets it to −0.07 · adds 0.7"
    assert second.text == "Forecast 0.741, fall 0.647: why?"
    assert "0.148 forecast, 0.146 true" in second.options[0].says
    assert "0.647 again" in second.options[3].says
    assert "rose meanwhile: 2.33 to 2.42" in third.options[0].says
    assert "219 right; now it has 183" in third.options[1].says
    assert "Step 0.1 says 3 to 1,797 images, step 0.005 to 510." == third.options[3].says


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_the_shuffle_is_seeded_by_the_id_and_keeps_all_options(question):
    again = Question(question.id, question.text, question.options)
    assert question.order == again.order
    assert sorted(o.text for o in question.order) == sorted(o.text for o in question.options)
    right = [i for i in range(len(question.options)) if question.is_right(i)]
    assert [question.order[i] for i in right] == [question.options[0]]


def test_the_right_answer_has_no_fixed_place():
    places = {tuple(q.order).index(q.options[0]) for q in ALL}
    assert len(places) > 1


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_what_is_asked_holds_no_answer(question):
    asked = str(question.asked()) + str(question.lines())
    for option in question.options:
        assert option.says not in asked and (not option.verdict or option.verdict not in asked)
    assert not question.shows or question.shows not in asked


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_the_words_are_plain_and_the_sentences_short(question):
    for text in said(question):
        own = text.replace("the slopes are wrong", "")  # what a learner might say
        assert not re.search(r"\b(wrong|oops|sorry|great|error|gradient)\b|!|-\d", own)
        for sentence in re.split(r"(?<=[.?…]) ", text):
            assert len(sentence.split()) <= 15, sentence


@pytest.mark.parametrize("question", questions("00.quiz"), ids=lambda q: q.id)
def test_each_diagnosis_has_a_verdict_and_a_number(question):
    right, *others = question.options
    assert right.verdict.startswith("Right: ")
    for option in others:
        assert option.verdict.startswith("Not yet: ")
        assert re.search(r"\d", option.says)


def test_ids_that_do_not_exist_are_refused_with_the_near_miss():
    with pytest.raises(ValueError, match=r"There is no question '00.p3'.\nDid you mean '00.p2'"):
        questions("00.p3")
    for id in ("p1", "77.p1", "", "xx.p1", "../00.p1"):
        with pytest.raises(ValueError, match="There is no question"):
            questions(id)
    with pytest.raises(TypeError, match="is a text, not int"):
        questions(3)


def test_a_lesson_that_cannot_be_loaded_is_not_hidden(monkeypatch):
    def broken(name):
        raise ModuleNotFoundError("No module named 'missing'", name="missing")

    monkeypatch.setattr("backprop_kit.teaching.catalogue.importlib.import_module", broken)
    with pytest.raises(ModuleNotFoundError):
        questions("00.p1")


def test_symbols_in_plain_text():
    assert plain("h_3 and w_{12}, not snake_case") == "h₃ and w₁₂, not snake_case"
    assert Option("a", "b").verdict == "" and package.__doc__
