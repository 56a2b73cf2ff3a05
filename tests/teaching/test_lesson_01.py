"""Lesson 01: what it asks and checks, beside the numbers written out here."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
from lessonbook import (
    answers_are_tagged,
    equations,
    holds_back,
    is_plainly_said,
    lines,
    panel,
    places,
    printed,
    sources,
    texts,
    worked_cell,
)

from backprop_kit.engine import Tensor
from backprop_kit.nn import Linear, ReLU, Sequential, Sigmoid, Tanh
from backprop_kit.teaching.questions import lesson_01 as asked
from backprop_kit.teaching.questions import questions

ALL = [q for id in asked.QUESTIONS for q in questions(id)]
LESSON = "01_forward_pass"
X = np.array([[1.0, -1], [-1, 1], [1, 1], [-1, -1]])
W1, W2 = np.array([[1.4, 0.3, -1.2], [-0.2, -0.3, -0.2]]), np.array([0.6, -1.3, 1.0])
B1, B2 = np.array([0.5, -0.2, 0.1]), 0.3
V = np.array([[1, -0.8], [-0.8, 1]])
relu = lambda z: np.maximum(z, 0)


# --- what is asked --------------------------------------------------------------------------------
def test_the_two_sums():
    p1 = questions("01.p1")[0]
    assert texts(p1)[0] == "tanh between the layers" and p1.reveal == "bend"
    out = np.tanh(X @ W1 + B1) @ W2 + B2
    assert [f"{v:.3g}" for v in (out[:2].sum(), out[2:].sum())] == ["1.16", "1.36"]
    assert p1.shows == "tanh between: 1.16 and 1.36"
    larger = (X @ (10 * W1) + B1) @ W2 + B2
    assert np.isclose(larger[:2].sum(), 1.92) and "1.92 and 1.92" in p1.options[1].says
    rng, h, n = np.random.default_rng(1), X, 2
    for m in (*[100] * 10, 1):
        h = h @ rng.normal(0, n**-0.5, (n, m)) + rng.normal(0, 0.1, m)
        n = m
    assert f"{h[:2].sum():.3f}" == f"{h[2:].sum():.3f}" == "-0.565"
    assert "−0.565 and −0.565" in p1.options[3].says


def test_the_two_midpoints():
    p2 = questions("01.p2")[0]
    h = relu(X @ V)
    assert np.allclose(h[:2].mean(0), 0.9) and np.allclose(h[2:].mean(0), 0.1)
    assert texts(p2) == [
        "(0.9, 0.9) and (0.1, 0.1)", "both still (0, 0)", "both at (0.5, 0.5)",
        "(1.8, 1.8) and (0.2, 0.2)",
    ]  # fmt: skip
    assert p2.shows == "on (0.9, 0.9), off (0.1, 0.1)"
    assert "(1.8, 0) and (0, 1.8)" in p2.options[0].says


def test_the_quiz():
    first, second, third = questions("01.quiz")
    assert texts(first) == ["0", "−0.2", "0.2", "1.4"]
    assert first.options[0].says.startswith("0.5 − 0.8 + 0.1 = −0.2, and ReLU")
    assert np.allclose(W1 @ W2, [-0.75, 0.07]) and np.isclose(B1 @ W2 + B2, 0.96)
    assert "(−0.75, 0.07) and 0.96: 13 numbers act as 3" in second.options[0].says
    assert "that gives −0.52; the net says 0.14" in second.options[1].says
    assert np.isclose(X[0] @ W1 @ W2 + B2, -0.52)
    out = 1 / (1 + np.exp(-np.tanh(X @ W1) @ W2))
    assert [f"{v:.3g}" for v in out] == ["0.288", "0.712", "0.405", "0.595"]
    assert "0.288 and 0.712, 0.405 and 0.595" in third.text
    big = 1 / (1 + np.exp(-np.tanh(X @ (10 * W1)) @ W2))
    assert f"{big[0]:.3f} and {big[1]:.3f}" in third.options[1].says


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_four_different_answers_and_none_of_them_given_away(question):
    holds_back(question)


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_the_words_are_plain_and_the_sentences_short(question):
    is_plainly_said(question)


def test_the_right_answer_has_no_fixed_place():
    assert len(places(ALL)) > 1


def test_the_quiz_makes_one_panel():
    said = panel("01.quiz")
    assert len(said) == 6 and "W₁W₂" in "".join(said)


# --- E1 -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("layer", [
    lambda x, W, b: np.tanh(x @ W + b), lambda x, W, b: np.tanh(W.T @ x + b),
    lambda x, W, b: [np.tanh(sum(x * W[:, j]) + b[j]) for j in range(3)],
    lambda x, W, b: (Tensor(x.reshape(1, 2)) @ W + b).tanh(),
    lambda x, W, b: [[0.97, 0.38, -0.716]],
])  # fmt: skip
def test_e1_right_however_written(capsys, layer):
    assert lines(capsys, "01.e1", layer)[0] == "Right: (0.970, 0.380, −0.716)."


@pytest.mark.parametrize(("layer", "first", "second"), [
    (lambda x, W, b: np.tanh(x) @ W + b, "the inputs are bent; it gives (1.72, 0.257, −0.662).",
     "You bent the inputs. What does a neuron bend?"),
    (lambda x, W, b: np.tanh(x @ W), "the biases are missing; it gives (0.922, 0.537, −0.762).",
     "Each neuron also has an offset of its own."),
    (lambda x, W, b: x @ W + b, "the bend is missing; it gives (2.10, 0.400, −0.900).",
     "These are the sums; can tanh be 2.1?"),
    (lambda x, W, b: 1 / (1 + np.exp(-(x @ W + b))),
     "this is the sigmoid; it gives (0.891, 0.599, 0.289).",
     "A bend, but one that is never negative."),
    (lambda x, W, b: W @ x, "these do not fit.",
     "The edges that touch are 3 and 2; x is a row, so it comes first."),
])  # fmt: skip
def test_e1_slips_have_names(capsys, layer, first, second):
    assert lines(capsys, "01.e1", layer) == [f"Not yet: {first}", second]


@pytest.mark.parametrize(("answer", "said"), [
    (..., "Not yet: replace the dots."), (lambda x, W, b: ..., "Not yet: replace the dots."),
    (3, "Unclear: this is not a function."), (lambda x, W, b: 1, "Unclear: a layer of 3 neurons"),
    (lambda x: x, "Not yet: it stops before it is done."),
    (lambda x, W, b: int("a"), "Not yet: it stops before it is done."),
    (lambda x, W, b: x @ W * 2, "Not yet, and it matches no slip I know"),
    (lambda x, W, b: None, "Unclear: a layer of 3 neurons"),
    (lambda x, W, b: [np.nan] * 3, "Unclear: a layer of 3 neurons"),
])  # fmt: skip
def test_e1_whatever_it_is_given_it_answers(capsys, answer, said):
    assert lines(capsys, "01.e1", answer)[0].startswith(said)


# --- E2 -------------------------------------------------------------------------------------------
def net(*parts):
    first, last = Linear(2, 2), Linear(2, 1)
    first.W.data, last.W.data, last.b.data = V, [[1], [1]], [-1]
    named = {"first": first, "last": last, "relu": ReLU(), "tanh": Tanh(), "sigmoid": Sigmoid()}
    return Sequential(*(named[p] for p in parts))


@pytest.mark.parametrize("answer", [
    lambda: net("first", "relu", "last"), net("first", "relu", "last"),
])  # fmt: skip
def test_e2_right(capsys, answer):
    first, _ = lines(capsys, "01.e2", answer)
    assert first == "Right: (0.800, 0.800, −0.600, −1.00), above 0 just where the lamp is on."


@pytest.mark.parametrize(("parts", "first", "second"), [
    ("first last relu", "all four outputs are 0; it gives (0, 0, 0, 0).", "The bend comes last"),
    ("first relu last relu", "the off side is gone; it gives (0.800, 0.800, 0, 0).",
     "The last bend cuts the off side to 0."),
    ("relu first last", "the bend comes too early; it gives (−0.800, −0.800, −0.600, −1.00).",
     "You bent the switches; what follows is straight."),
    ("first tanh last", "this bend is the same from both ends; it gives "
     "(−1.00, −1.00, −0.605, −1.39).", "In the first two, tanh(1.8) and tanh(−1.8) cancel."),
    ("first last", "there is no bend; it gives (−1.00, −1.00, −0.600, −1.40).", "Two layers"),
])  # fmt: skip
def test_e2_slips_have_names(capsys, parts, first, second):
    found = lines(capsys, "01.e2", lambda: net(*parts.split()))
    assert found[0] == f"Not yet: {first}" and found[1].startswith(second)


@pytest.mark.parametrize(("answer", "said"), [
    (..., "Not yet: replace the dots."), (lambda: ..., "Not yet: replace the dots."),
    (3, "Unclear: this is not a net."), (lambda: 3, "Unclear: the function returns int"),
    (lambda: 1 / 0, "Not yet: it stops before it is done."),
    (lambda: Sequential(Linear(3, 1)), "Not yet: it stops before it is done."),
    (lambda: Sequential(Linear(2, 3)), "Unclear: the lamp needs one number"),
    (lambda: net("first", "sigmoid", "last"), "Not yet, and it matches no slip I know"),
])  # fmt: skip
def test_e2_whatever_it_is_given_it_answers(capsys, answer, said):
    assert lines(capsys, "01.e2", answer)[0].startswith(said)


# --- E3 and E4 ------------------------------------------------------------------------------------
def nine(W, b, w, c):
    model = Sequential(Linear(2, 2), ReLU(), Linear(2, 1))
    model[0].W.data, model[0].b.data, model[2].W.data, model[2].b.data = W, b, w, c
    return model


def test_e3_the_lamp_of_equal_switches(capsys):
    close = nine(V, [0, 0], [[-1], [-1]], [1.5])
    assert lines(capsys, "01.e3", close)[0].startswith("Not yet: the signs are there, the margin")
    right = nine(2 * V, [0, 0], [[-1], [-1]], [2.2])
    assert lines(capsys, "01.e3", right)[0].startswith("Right: (−1.40, −1.40, 1.40, 2.20)")
    other = nine(V, [0, 0], [[1], [1]], [-1])
    assert lines(capsys, "01.e3", other)[1] == "One layer can turn that."
    alike = nine(V, [0, 0], [[1], [1]], [5])
    assert lines(capsys, "01.e3", alike)[1] == "The cut misses the square; which number shifts it?"
    some = nine(V, [0, 0], [[1], [0]], [-1])
    assert lines(capsys, "01.e3", some)[0] == "Not yet: 1 of 4 have their sign."


def test_e4_three_switches(capsys):
    model = Sequential(Linear(3, 3), ReLU(), Linear(3, 1))
    model[0].W.data, model[0].b.data = np.ones((3, 3)), [3, 1, -1]
    model[2].W.data, model[2].b.data = [[1], [-2], [2]], [-1]
    first, _ = lines(capsys, "01.e4", lambda: model)
    assert first.startswith("Right: ") and first.endswith("above 0 just when an odd number is up.")
    assert lines(capsys, "01.e4", lambda: ...) == ["Not yet: replace the dots."]
    assert lines(capsys, "01.e4", Sequential(Linear(2, 1)))[0].startswith("Not yet: it stops")


# --- the page -------------------------------------------------------------------------------------
def test_the_questions_speak_of_the_nets_on_the_page():
    lamp, *_ = asked.board("stairs")
    made = []
    for source in sources(LESSON, "code"):
        if source.startswith("model = Sequential"):
            names = {"Sequential": Sequential, "Linear": Linear, "ReLU": ReLU, "lamp": lamp}
            exec(compile(ast.parse(source), "cell", "exec"), names)
            made.append(names["model"](X).data.tolist())
    assert made == [asked.straight()(X).data.tolist(), asked.bent()(X).data.tolist()]


def test_what_is_worked_by_hand_is_right():
    """Each equation of "By hand" is computed again, as it stands there."""
    seen = 0
    for chunk, values in equations(LESSON, r"(?: · |;|: |\n)(?![^(]*\))", _formula):
        assert np.allclose(values, values[-1], rtol=0, atol=6e-3), chunk
        seen += 1
    assert seen == 10
    assert "0.92, 0.54, −0.76" in worked_cell(LESSON)
    assert [f"{v:.2f}" for v in np.tanh(X[0] @ W1)] == ["0.92", "0.54", "-0.76"]
    assert f"{1 / (1 + np.exp(0.91)):.2f}" == "0.29"


def _formula(side):
    text = side.split(", and")[0].strip(" .").replace("−", "-").replace("·", "*")
    return text if re.fullmatch(r"[\d.+*() -]+", text) else None


def test_what_the_outputs_say_is_so():
    said = printed(LESSON)
    assert f"{np.tanh(4) - np.tanh(3):.2g}" == "0.0043" and "moves by 0.0043" in said
    assert "(4, 2) times (2, 3) gives (4, 3)" in said
    assert "weights [-0.75 0.07] bias [0.96]" in said
    assert "on -0.565, off -0.565 91301 numbers" in said
    assert "with the bend [ 0.8 0.8 -0.6 -1. ]" in said
    assert "without the bend [-1. -1. -0.6 -1.4]" in said


def test_outputs_that_answer_are_tagged_and_no_panel_gives_one_away():
    found = r"slopes at|gives \(4|weights \[|on -0|with the bend"
    assert answers_are_tagged(LESSON, ALL, found) == 5
