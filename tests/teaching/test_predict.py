"""Predict: say first, look afterwards; nothing of the answer is handed over before Commit."""

import gc
import json

import ipywidgets
import pytest
import traitlets
from ipywidgets.widgets.widget import _instances

from backprop_kit.teaching import Predict
from backprop_kit.teaching.questions import questions

PLACES = {"loss": 3, "update": 6, "again": 7}
SURE = {"chosen": 1, "sure": "fairly sure"}


class Picture(ipywidgets.Box):
    """A stage as far as Predict knows one."""

    k = traitlets.Int(0)
    until = traitlets.Any(None)


class Stepper:
    def __init__(self):
        self.stage = self.root = Picture()

    def cover(self, after):
        if after == "nowhere":
            raise ValueError("There is no phase 'nowhere'.\nChoose loss, update or again.")
        self.stage.until = self.k_of(after)

    def uncover(self):
        self.stage.until = None

    def k_of(self, phase):
        return phase if isinstance(phase, int) else PLACES[phase]

    def text(self):
        return ("Press →.", "7 steps, and a question before the last of them")


@pytest.fixture
def stepper():
    made = Stepper()
    yield made
    made.stage.close()


@pytest.fixture
def twice(stepper):
    made = Predict(["00.p1", "00.p2"], stepper, after=["loss", "update"])
    yield made
    made.dispose()


def commit(predict, id, chosen=1, sure="fairly sure"):
    predict.form._handle_custom_msg({"answers": {id: {"chosen": chosen, "sure": sure}}}, [])


def phases(predict):
    return [predict.form.states[id]["phase"] for id in ("00.p1", "00.p2")]


def test_at_first_the_stepper_is_covered_and_one_question_is_open(twice, stepper):
    assert stepper.stage.until == 3
    assert phases(twice) == ["ask", "ahead"]
    assert twice.root.children == (twice.form, stepper.root)


def test_nothing_of_the_answer_is_in_the_page_before_the_act(twice):
    page = json.dumps([twice.form.panel, twice.form.states], ensure_ascii=False)
    for question in questions("00.p1") + questions("00.p2"):
        assert question.shows not in page
        assert all(option.says not in page for option in question.options)


def test_the_whole_walk(twice, stepper):
    stepper.stage.k = 3
    commit(twice, "00.p1")
    assert phases(twice) == ["committed", "ahead"]
    assert stepper.stage.until == 6
    assert "net" not in twice.form.states["00.p1"]
    say = twice.form.states["00.p1"]["say"]
    assert say == "Walk on to the update: there the other half appears."

    stepper.stage.k = 5
    assert phases(twice) == ["committed", "ahead"]
    stepper.stage.k = 6
    assert phases(twice) == ["revealed", "ask"]
    (question,) = questions("00.p1")
    assert twice.form.states["00.p1"] == {
        "phase": "revealed", "net": question.shows, "say": question.order[1].says, **SURE,
    }  # fmt: skip

    stepper.stage.k = 2  # walking back closes nothing
    assert phases(twice) == ["revealed", "ask"]
    stepper.stage.k = 6
    commit(twice, "00.p2", 3, "guess")
    assert stepper.stage.until is None
    assert phases(twice) == ["revealed", "committed"]
    stepper.stage.k = 7
    assert phases(twice) == ["revealed", "revealed"]
    assert twice.form.states["00.p2"]["net"] == "a fall of 0.647"


def test_an_answer_is_never_reopened(twice, stepper):
    commit(twice, "00.p1", 2, "certain")
    commit(twice, "00.p1", 0, "guess")
    assert twice.form.states["00.p1"]["chosen"] == 2
    assert twice.form.states["00.p1"]["sure"] == "certain"


def test_a_question_that_is_not_open_takes_no_answer(twice, stepper):
    commit(twice, "00.p2")
    assert phases(twice) == ["ask", "ahead"] and stepper.stage.until == 3


def test_what_fails_at_commit_is_undone_and_shown(stepper, caplog):
    predict = Predict(["00.p1", "00.p2"], stepper, after=["loss", "nowhere"])
    commit(predict, "00.p1")
    assert phases(predict) == ["ask", "ahead"] and stepper.stage.until == 3
    assert predict.form.problem.startswith("There is no phase 'nowhere'.")
    assert predict.problem == predict.form.problem
    assert "Traceback" in caplog.text
    predict.dispose()


def test_without_a_stepper_the_answer_comes_at_once():
    predict = Predict("00.p1")
    commit(predict, "00.p1")
    assert predict.form.states["00.p1"]["phase"] == "revealed"
    assert predict.stage is predict.form
    predict.dispose()


def test_the_text_has_the_questions_and_no_answer(twice):
    text = repr(twice)
    assert text.split("\n")[0] == questions("00.p1")[0].text
    assert text.endswith("7 steps, and a question before the last of them")
    assert "0.647" not in text and "8 go up" not in text
    commit(twice, "00.p1")
    assert repr(twice) == text
    assert twice._repr_mimebundle_()[0]["text/plain"] == text


def test_it_leaves_nothing_behind_and_the_stepper_alone(stepper):
    gc.collect()
    before = set(_instances)
    listeners = len(stepper.stage._trait_notifiers.get("k", {}).get("change", []))
    predict = Predict(["00.p1", "00.p2"], stepper, after=["loss", "update"])
    predict.dispose()
    assert set(_instances) == before and stepper.stage.comm is not None
    assert len(stepper.stage._trait_notifiers["k"]["change"]) == listeners


@pytest.mark.parametrize(("make", "says"), [
    (lambda s: Predict("00.quiz", s), r"'00.quiz' is a quiz, not a prediction.\nShow it with Quiz"),
    (lambda s: Predict([], s), r"Predict got 0 questions"),
    (lambda s: Predict(["00.p1", "00.p1"], s), r"Predict got 2 questions"),
    (lambda s: Predict(["00.p1", "00.p2"], s, after="loss"), r"2 questions and 1 places"),
    (lambda s: Predict("00.p7", s), r"There is no question '00.p7'"),
    (lambda s: Predict("00.p1", s, after="nowhere"), r"There is no phase"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_and_makes_nothing(stepper, make, says):
    before = set(_instances)
    with pytest.raises(ValueError, match=says):
        make(stepper)
    assert set(_instances) == before and stepper.stage.until is None


def test_an_unknown_keyword_is_refused_with_the_near_miss(stepper):
    with pytest.raises(TypeError, match=r"Predict does not know 'afer'.\nDid you mean 'after'\?"):
        Predict("00.p1", stepper, afer="loss")
