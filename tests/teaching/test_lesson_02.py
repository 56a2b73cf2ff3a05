"""Lesson 02: what it asks and checks, beside the numbers written out here."""

import math
import re

import numpy as np
import pytest
from lessonbook import (
    answers_are_tagged,
    equations,
    holds_back,
    lines,
    panel,
    printed,
    sources,
    texts,
)
from lossoracle import line, sigmoid

from backprop_kit.engine import Tensor
from backprop_kit.nn import BCEWithLogitsLoss, SquaredError
from backprop_kit.study import board
from backprop_kit.teaching import check
from backprop_kit.teaching.questions import questions
from backprop_kit.teaching.questions.lesson_02 import QUESTIONS, B, W, X, Y

ALL = [q for id in QUESTIONS for q in questions(id)]
LESSON = "02_loss"


# --- what is asked --------------------------------------------------------------------------------
def test_who_pulls_w():
    (p1,) = questions("02.p1")
    _, _, on_w, _ = line(X, Y, W, B)
    assert on_w.tolist() == [-3.5, 0, -0.5, -5] and on_w.sum() == -9
    assert texts(p1) == [
        "point 4", "point 1", "points 1 and 2, where the line is too high", "all equally"
    ]  # fmt: skip
    assert p1.shows == "point 4: −3.5, 0, −0.5, −5, together −9" and p1.reveal == "backward"
    assert "−2.5 × 2 = −5. Point 2 is off by 1.5 and does not pull w" in p1.options[0].says
    assert "3.5 × (−1) = −3.5; point 4 has −2.5 × 2 = −5" in p1.options[1].says


def test_where_the_push_is_largest():
    (p2,) = questions("02.p2")
    p = np.linspace(0, 1, 100001)
    push = p * p * (1 - p)
    assert abs(p[push.argmax()] - 2 / 3) < 1e-4 and abs(push.max() - 0.148) < 5e-4
    assert texts(p2) == ["0.667", "0.99", "0.5", "the same everywhere"]
    assert p2.shows == "0.667: push 0.148; at 0.99 it is 0.00980"
    assert "0.99 × 0.00990 = 0.00980" in p2.options[1].says
    assert "0.125" in p2.options[2].says


def test_the_quiz():
    first, second, third = questions("02.quiz")
    assert first.text == "Error 0.99, push 0.00980. Why so small?"
    assert "0.00980 again" in first.options[2].says and "by 0.990" in first.options[3].says
    assert texts(second) == ["0.693", "0.01", "its double", "4.61"]
    assert round(math.log(2), 3) == 0.693 and round(-math.log(0.01), 2) == 4.61
    assert "from −9 to −18 summed, and stays −4.5 in the mean" in third.options[0].says


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_four_different_answers_and_none_of_them_given_away(question):
    holds_back(question)


def test_the_quiz_makes_one_panel():
    assert len(panel("02.quiz")) == 6


# --- E1 -------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def shares():
    net, image, label = board("digit")
    z = net(image).data[0]
    e = np.exp(z - z.max())
    assert int(label[0]) == 3
    return e / e.sum()


def test_e1_right_however_written(capsys, shares):
    for answer in (-np.log(shares[3]), float(-np.log(shares[3])), "2.02", 2.02, "2,02",
                   np.log(1 / shares[3]), -(np.eye(10)[3] * np.log(shares)).sum()):  # fmt: skip
        assert lines(capsys, "02.e1", answer)[0] == "Right: −ln 0.133 = 2.02."


def test_e1_slips_have_names(capsys, shares):
    p = shares[3]
    for answer, says in (
        (np.log(p), "Better than perfect? Perfect is 0."),
        (-np.log10(p), "A logarithm, to another base."), (0.877, "A logarithm, to another base."),
        (-np.log(shares.max()), "That is the class it says, not the one it should say."),
        (1.70, "That is the class it says, not the one it should say."),
        (1 - p, "This stays below 1, however wrong it gets."),
        (-np.log(1 - p), "You measured the nine other classes."),
        (0.142, "You measured the nine other classes."),
        (7.0, "What share did class 3 get, and what is the logarithm of it?"),
    ):  # fmt: skip
        first, second = lines(capsys, "02.e1", answer)
        assert first.startswith("Not yet") and second == says


@pytest.mark.parametrize("answer", ["abc", None, [1, 2], math.nan])
def test_e1_wants_one_number(capsys, answer):
    assert lines(capsys, "02.e1", answer)[0] == "Unclear: this is not one number."


# --- E2 -------------------------------------------------------------------------------------------
def arrival(push, z=4.6, steps=10):
    for _ in range(steps):
        z = z - push(sigmoid(z))
    return sigmoid(z)


@pytest.mark.parametrize("loss", [
    lambda z: BCEWithLogitsLoss()(z, 0), lambda z: -(1 - z.sigmoid()).log(),
    lambda z: (1 + z.exp()).log(), lambda z: BCEWithLogitsLoss()(z.reshape(1, 1), [[0.0]]),
])  # fmt: skip
def test_e2_right_is_any_loss_whose_push_is_the_error(capsys, loss):
    assert (
        lines(capsys, "02.e2", loss)[0]
        == f"Right: after 10 steps it says {arrival(lambda p: p):.3g}."
    )


SLIPS = [
    (lambda z: 0.5 * (z.sigmoid() - 0) ** 2, "still at the top; after 10 steps it says 0.989",
     "Which loss cancels the slope of the sigmoid?"),
    (lambda z: BCEWithLogitsLoss()(z.sigmoid(), 0),
     "z is squashed twice; after 10 steps it says 0.989",
     "Its push at 0.99 is 0.00722. Does this loss take z or p?"),
    (lambda z: 20 * z.sigmoid() ** 2, "a factor in front",
     "It arrives, but its push at 0.99 is 0.392, still smaller than 5.93 at 0.667."),
    (lambda z: BCEWithLogitsLoss()(z, 1), "the target; after 10 steps it says 0.991",
     "It moved; which way?"),
    (lambda z: z, "this loss never ends", "At p = 0 its push should be 0; it is 1.00 everywhere."),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "name", "says"), SLIPS)
def test_e2_slips_have_names(capsys, loss, name, says):
    first, second = lines(capsys, "02.e2", loss)
    assert first.startswith(f"Not yet: {name}") and second.endswith(says)


def test_e2_the_numbers_of_the_slips():
    assert f"{arrival(lambda p: p * p * (1 - p)):.3g}" == "0.989"
    assert f"{sigmoid(0.99) * 0.99 * 0.01:.3g}" == "0.00722"
    assert f"{40 * 0.99**2 * 0.01:.3g}" == "0.392" and f"{40 * 4 / 27:.3g}" == "5.93"


@pytest.mark.parametrize(("answer", "first", "second"), [
    (3, "Unclear: this is not a function.", "without brackets"),
    (lambda z: 3, "Unclear: the function gives no loss.", "It gives int"),
    (lambda z: Tensor(1.0, requires_grad=False), "Unclear: the function gives no loss.",
     "does not depend on z"),
    (lambda z: 1 / 0, "Not yet: the function stops before it is done.", "ZeroDivisionError"),
    (lambda: 0, "Not yet: the function stops before it is done.", "TypeError"),
    (lambda z: z**2, "Not yet, and it matches no slip I know", "what is the error there?"),
])  # fmt: skip
def test_e2_whatever_it_is_given_it_answers(capsys, answer, first, second):
    found = lines(capsys, "02.e2", answer)
    assert found[0].startswith(first) and second in found[1]


# --- E3, E4 ---------------------------------------------------------------------------------------
def test_e3(capsys):
    a, b = [0.6, 0.6, 0.6, 0.01], [0.9, 0.9, 0.4, 0.4]
    loss = [-np.log(p).mean() for p in (a, b)]
    assert [f"{v:.3g}" for v in loss] == ["1.53", "0.511"]
    assert (
        lines(capsys, "02.e3", (a, b))[0]
        == "Right: A has 3 right and 1.53, B has 2 right and 0.511."
    )
    for answer, says in (
        ((b, a), "Right means above 0.5; count again."),
        (([0.9] * 4, [0.6, 0.6, 0.6, 0.4]),
         "What makes cross-entropy large? One number can do it."),
        (([0.9, 0.9, 0.9, 0], b), "Give every right class a little more than 0."),
        (3, 'Give check both: check("02.e3", (A, B)).'), ((a, b[:3]), "Give check both"),
        ((a, [1.5, 0, 0, 0]), "Give check both"),
    ):  # fmt: skip
        assert lines(capsys, "02.e3", answer)[1].startswith(says)
    assert lines(capsys, "02.e3", ([1.0, 1.0, 1.0, 0.001], b))[0].startswith("Right: ")


def test_e4(capsys):
    assert lines(capsys, "02.e4", (0, 3))[0] == "Right: it pulls w by 0 and b by −2."
    assert lines(capsys, "02.e4", (0, 1))[1] == "It is on the line. It pulls nothing."
    assert lines(capsys, "02.e4", (2, 0))[1] == "It is on the line. It pulls nothing."
    assert lines(capsys, "02.e4", (1, 3))[1].startswith("It pulls w as well.")
    for answer in (3, (1,), ("a", 1), None):
        assert lines(capsys, "02.e4", answer)[0] == "Unclear: this is not a point."


@pytest.mark.parametrize(("id", "answer"), [
    ("02.e1", ...), ("02.e2", lambda z: ...), ("02.e3", ...), ("02.e4", (..., ...)),
])  # fmt: skip
def test_dots_are_no_answer_yet(capsys, id, answer):
    assert lines(capsys, id, answer) == ["Not yet: replace the dots."]


def test_an_interrupt_stops_the_check():
    def stop(z):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("02.e2", stop)


# --- the page -------------------------------------------------------------------------------------
def test_the_questions_speak_of_the_line_on_the_page():
    code = "\n".join(sources(LESSON, "code"))
    assert "np.array([-1, 0, 1, 2]), np.array([-2, -0.5, 1, 2.5])" in code
    assert "LossExplorer(x, y, w=-0.5, b=1.0)" in code
    assert (X, Y, W, B) == ((-1, 0, 1, 2), (-2, -0.5, 1, 2.5), -0.5, 1.0)


def test_what_is_worked_by_hand_is_right():
    """Each equation of "By hand" is computed again, as it stands there."""
    seen = 0
    for chunk, values in equations(LESSON, r" · |\n|: ", _formula):
        assert np.allclose(values, values[0], rtol=0, atol=5e-4), chunk
        seen += 1
    assert seen == 14


def _formula(side):
    text = re.sub(r"^(slope of the sigmoid|push|w|b|L) *", "", side.strip(" .,"))
    text = text.replace("−", "-").replace("×", "*").replace("·", "*").replace("²", "**2")
    text = text.replace("½", "0.5")
    return text if re.fullmatch(r"[\d.+*() -]+", text) else None


def test_what_the_outputs_say_is_so():
    """The printed answers, beside the same numbers written out here."""
    said = printed(LESSON)
    error = W * np.array(X) + B - Y
    share = error**2 / (error**2).sum()
    assert f"{share[0] / share[2]:g} times; shares: {share.round(4)}" in said
    assert "slope of w -9: from -0.5 to 0.4" in said
    p = np.array([0.5, 0.667, 0.9, 0.99, 0.999])
    assert "squared error: " + " ".join(f"{v:.3g}" for v in p * p * (1 - p)) in said
    assert "cross-entropy: " + " ".join(f"{v:.3g}" for v in p) in said
    assert "below 0.01 after 11 steps" in said and "L = 2.02, right is class 3" in said
    assert "2.30 2.44 2.34 2.44 2.35 2.45 2.37 2.33 2.39 2.42 · ln 10 = 2.30" in said


def test_outputs_that_answer_are_tagged_and_no_panel_gives_one_away():
    found = r"times; shares|slope of w|below 0.01|^squared|^cross|117|ln 10 ="
    assert answers_are_tagged(LESSON, ALL, found) == 7


def test_the_unit_loss_as_it_stands_is_the_lessons():
    z = Tensor(4.6)
    (0.5 * (z.sigmoid() - 0) ** 2).backward()
    other = Tensor(4.6)
    SquaredError()(other.sigmoid(), 0.0).backward()
    assert z.grad == pytest.approx(other.grad)
