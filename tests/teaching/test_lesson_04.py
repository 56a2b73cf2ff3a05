"""Lesson 04: what it asks and checks, beside matrices written out by hand."""

import itertools
import json
import re

import numpy as np
import pytest
from lessonbook import (
    cells,
    equations,
    holds_back,
    is_plainly_said,
    lines,
    panel,
    places,
    texts,
    worked_cell,
)

from backprop_kit.engine import Tensor
from backprop_kit.teaching.exercises import lesson_04 as checked
from backprop_kit.teaching.exercises import three_layers
from backprop_kit.teaching.questions import lesson_04 as asked
from backprop_kit.teaching.questions import questions
from backprop_kit.teaching.questions.lesson_04 import QUESTIONS

ALL = [q for id in QUESTIONS for q in questions(id)]
LESSON = "04_backward_pass"
DOTS = ["Not yet: replace the dots."]


# --- what is asked --------------------------------------------------------------------------------
def test_eight_products_in_the_square():
    """X and dY of the board, multiplied here in all eight ways."""
    X = np.array([[1, 0, 2], [-1, 1, 0], [0, 2, 1]])
    dY = np.array([[1, -1, 0], [0, 2, 1], [1, 0, -1]])
    made = []
    for a, d in itertools.product((X, X.T), (dY, dY.T)):
        made += [a @ d, d @ a]
    true = [[1, -3, -1], [2, 2, -1], [3, -2, -1]]
    assert np.array_equal(X.T @ dY, true)
    assert len({m.tobytes() for m in made}) == 8
    assert sum(np.array_equal(m, true) for m in made) == 1
    assert asked.products("three by three") == (8, 8, 8, 1)
    assert asked.products("four samples") == (2, 1, 1, 1)
    (p1,) = questions("04.p1")
    assert texts(p1) == ["8", "1", "2", "4"]
    assert p1.shows == "8 have the shape; 1 passes the check: Xᵀ·dY"
    assert p1.options[2].says.startswith("2 fitted with 4 samples")
    assert p1.reveal == "backward"


def by_hand(W1, W2):
    """The 2–2–1 net of beat 5: the slope of W₁₁ as its two shares, and all slopes."""
    X, t = np.array([[1.0, 2], [1, -1]]), np.array([[1.0], [-0.75]])
    Z = X @ W1
    H = np.maximum(Z, 0)
    dY = H @ W2 - t
    d1 = (dY @ W2.T) * (Z > 0)
    return X[:, 0] * d1[:, 0], X.T @ d1, H.T @ dY, dY


def test_two_samples_cancel():
    W1, W2 = np.array([[1.0, -1], [0.5, 1]]), np.array([[0.5], [-1.0]])
    parts, dW1, dW2, dY = by_hand(W1, W2)
    assert list(parts) == [-0.5, 0.5] and asked.shares() == [-0.5, 0.5]
    assert np.array_equal(np.abs(dY), [[1], [1]])
    (p2,) = questions("04.p2")
    assert texts(p2) == ["0", "2", "1", "another number, but not 0"]
    assert p2.shows == "dW₁₁ = −0.5 + 0.5 = 0"
    later = by_hand(W1 - 0.1 * dW1, W2 - 0.1 * dW2)[0].sum()
    # The offsets move too: b₁ by −0.1·(0, 1), b₂ by 0.
    model = asked._moved(asked.passed("2-2-1"))
    W, b = model[0].W.data, model[0].b.data
    Z = np.array([[1.0, 2], [1, -1]]) @ W + b
    H = np.maximum(Z, 0)
    dY = H @ model[2].W.data + model[2].b.data - [[1.0], [-0.75]]
    true = (np.ones(2) * ((dY @ model[2].W.data.T) * (Z > 0))[:, 0]).sum()
    assert round(true, 2) == 0.72 and later != 0
    assert "its slope is 0.72" in questions("04.quiz")[2].options[2].says


def test_the_quiz():
    first, second, third = questions("04.quiz")
    assert texts(first) == ["Xᵀ·dY", "dYᵀ·X", "X·dYᵀ", "Xᵀ·dY / 32"]
    assert "64×32 times 32×10" in first.options[0].says
    assert second.options[0].says == "From 2,410 to 101,770 numbers: 1.14, then 1.01 forwards."
    assert "2,688 multiplications an image, after 2,368" in second.options[3].says
    assert texts(third)[0] == "two shares cancel"
    assert third.text.startswith("In the net of two samples ∂L/∂W₁₁ = 0")
    assert "Its sums are 2 and 0.5" in third.options[3].says


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_four_different_answers_and_none_of_them_given_away(question):
    holds_back(question)


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_the_words_are_plain_and_the_sentences_short(question):
    is_plainly_said(question)


def test_the_right_answer_has_no_fixed_place():
    assert len(places(ALL)) > 1


def test_the_quiz_makes_one_panel():
    assert len(panel("04.quiz")) == 6


# --- E1 -------------------------------------------------------------------------------------------
def loop(X, dY):
    made = np.zeros((X.shape[1], dY.shape[1]))
    for x, d in zip(X, dY, strict=True):
        made += np.outer(x, d)
    return made


@pytest.mark.parametrize("dW", [
    lambda X, dY: X.T @ dY, loop, lambda X, dY: np.einsum("ni,no->io", X, dY),
    lambda X, dY: (dY.T @ X).T, lambda X, dY: (X.T @ dY).tolist(),
    lambda X, dY: Tensor(X.T) @ Tensor(dY), lambda X, dY: X.T @ dY + 1e-9,
])  # fmt: skip
def test_e1_the_sum_of_shares_however_written(capsys, dW):
    found = lines(capsys, "04.e1", dW)
    assert found[0] == "Right: input times blame, added over the samples."
    rng = np.random.default_rng(4)
    X, dY = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    fall = 0.5 * np.sum(dY**2) - 0.5 * np.sum((dY - 0.01 * X @ (X.T @ dY)) ** 2)
    assert found[1] == f"Measured: a step of 0.01 against it lowers L by {fall:.3g}."


@pytest.mark.parametrize(("dW", "says"), [
    (lambda X, dY: dY.T @ X, "Right numbers, but your rows are outputs; W's are inputs."),
    (lambda X, dY: X.T @ dY / 5,
     "Every entry is five times too small. Does this loss add or average?"),
    (lambda X, dY: np.outer(X[-1], dY[-1]), "One share; four are missing."),
    (lambda X, dY: X[:1].T @ dY[:1], "One share; four are missing."),
    (lambda X, dY: -X.T @ dY, "Would a step lower L?"),
    (lambda X, dY: np.outer(X.sum(0), dY.sum(0)),
     "Each input meets the blame of its own sample. Multiply first, then add."),
    (lambda X, dY: X, "W is 4×3, and each of its numbers has one slope."),
    (lambda X, dY: X @ dY, "They are 4 and 5 long. What does each of them count?"),
    (lambda X, dY: 2 * X.T @ dY,
     "Take one weight: which input does it see, and whose blame does it share?"),
])  # fmt: skip
def test_e1_slips_have_names(capsys, dW, says):
    found = lines(capsys, "04.e1", dW)
    assert found[0].startswith("Not yet") and found[1] == says


def test_e1_what_is_no_answer_yet(capsys):
    assert lines(capsys, "04.e1", ...) == DOTS
    assert lines(capsys, "04.e1", lambda X, dY: ...) == DOTS
    assert lines(capsys, "04.e1", 3)[0] == "Unclear: this is not a function."
    assert lines(capsys, "04.e1", lambda X, dY: "X")[0] == "Unclear: the rule gives no numbers."
    assert lines(capsys, "04.e1", lambda X, dY: X * np.nan)[0].startswith("Unclear")
    found = lines(capsys, "04.e1", lambda X, dY: 1 / 0)
    assert found == ["Not yet: the lines stop before they are done.",
                     "ZeroDivisionError: division by zero"]  # fmt: skip


def test_an_answer_cannot_change_what_is_checked(capsys):
    def spoils(X, dY):
        made = X.T @ dY
        X *= 0
        dY *= 0
        return made

    for _ in range(2):
        assert lines(capsys, "04.e1", spoils)[0].startswith("Right")


# --- E2 -------------------------------------------------------------------------------------------
SIX = {
    "dY": "dY = Y - T", "dW2": "dW2 = H.T @ dY", "db2": "db2 = dY.sum(axis=0)",
    "d1": "d1 = dY @ W2.T * (Z > 0)", "dW1": "dW1 = X.T @ d1", "db1": "db1 = d1.sum(axis=0)",
}  # fmt: skip
NEEDS = {"dW2": {"dY"}, "db2": {"dY"}, "d1": {"dY"}, "dW1": {"d1"}, "db1": {"d1"}, "dY": set()}


def backward(order, **instead):
    body = "\n    ".join(instead.get(name, SIX[name]) for name in order)
    made = {"np": np}
    exec(f"def f(X, Z, H, Y, T, W2):\n    {body}\n    return dW1, db1, dW2, db2", made)
    return made["f"]


def test_e2_every_order_that_computes_before_it_uses(capsys):
    right = 0
    for order in itertools.permutations(SIX):
        legal = all(NEEDS[name] <= set(order[:i]) for i, name in enumerate(order))
        said = checked.ordering(backward(order))
        assert said[0].startswith("Right") is legal, order
        right += legal
        if not legal:
            assert re.search(r"is used before it exists", said[1])
    assert right > 10
    assert lines(capsys, "04.e2", backward(SIX))[0] == (
        "Right: every line uses only what is there."
    )


@pytest.mark.parametrize(("instead", "says"), [
    ({"d1": "d1 = dY @ W2.T"}, "Right through W2. What did the ReLU do to sample 2?"),
    ({"d1": "d1 = dY @ W2.T * (1 - Z**2)"},
     "tanh's slope is written with its output, 1 − h²; and here a ReLU bends."),
    ({"d1": "d1 = dY @ W2.T * (1 - H**2)"},
     "Here a ReLU bends. Where does it let a slope through?"),
    ({"d1": "d1 = dY @ W2.T * H"}, "A ReLU's slope is 1 or 0. How steep is it at z = 2?"),
    ({"db1": "db1 = d1"}, "b has one row; you give one per sample."),
    ({"db2": "db2 = dY"}, "b has one row; you give one per sample."),
    ({"db1": "db1 = d1.mean(axis=0)"},
     "b was added to every sample, so it collects from every one."),
    ({"dW1": "dW1 = d1.T @ X"}, "Your rows are outputs; W's are inputs."),
    ({"d1": "d1 = dY @ W2 * (Z > 0)"}, "They are 1 and 2 long. What does each of them count?"),
    ({"dY": "dY = T - Y"}, "Walk the picture of beat 5 to that number. What is it made of?"),
])  # fmt: skip
def test_e2_slips_have_names(capsys, instead, says):
    found = lines(capsys, "04.e2", backward(SIX, **instead))
    assert found[0].startswith("Not yet") and found[1] == says


@pytest.mark.parametrize("slope", ["(Z > 0)", "np.where(Z > 0, 1, 0)", "(H > 0)", "np.sign(H)"])
def test_e2_the_slope_however_written(capsys, slope):
    six = backward(SIX, d1=f"d1 = (dY @ W2.T) * {slope}", db1="db1 = d1.sum(axis=0, keepdims=True)")
    assert lines(capsys, "04.e2", six)[0].startswith("Right")


def test_e2_what_is_no_answer_yet(capsys):
    assert lines(capsys, "04.e2", lambda *six: ...) == DOTS
    assert lines(capsys, "04.e2", lambda *six: (1, ..., 2, 3)) == DOTS
    assert lines(capsys, "04.e2", 3)[0] == "Unclear: this is not a function."
    assert lines(capsys, "04.e2", lambda *six: (1, 2))[0] == "Unclear: four results are asked for."
    assert lines(capsys, "04.e2", lambda *six: (1, 2, "x", 4))[0].startswith("Unclear: dW2")


# --- E3 -------------------------------------------------------------------------------------------
def own(x, t, params):
    W1, b1, W2, b2, W3, b3 = params
    h1 = np.tanh(x @ W1 + b1)
    bent = np.tanh(h1 @ W2 + b2)
    h2 = bent + h1
    d3 = h2 @ W3 + b3 - t
    back = d3 @ W3.T
    d2 = back * (1 - bent**2)
    d1 = (d2 @ W2.T + back) * (1 - h1**2)
    return x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)


def loss_of(x, t, params):
    W1, b1, W2, b2, W3, b3 = params
    h1 = np.tanh(x @ W1 + b1)
    y = (np.tanh(h1 @ W2 + b2) + h1) @ W3 + b3
    return 0.5 * np.sum((y - t) ** 2)


def test_e3_three_layers_and_a_way_round(capsys):
    assert lines(capsys, "04.e3", own, "Right, ")[0] == "Right, in 3 random nets of unequal sizes."
    for x, t, params in three_layers._nets():  # and what it is held against is the complex step
        true = three_layers._engine((x, t, params))
        for k, p in enumerate(params):
            for i in range(0, p.size, 3):
                moved = [q.astype(complex) for q in params]
                moved[k].reshape(-1)[i] += 1e-30j
                assert np.isclose(true[k].reshape(-1)[i], loss_of(x, t, moved).imag / 1e-30)


@pytest.mark.parametrize(("how", "says"), [
    ({"skip": False}, "dX lacks what went round the layer."),
    ({"slope": False}, "Right in layer 3; from layer 2 on a factor is missing."),
    ({"step": 0.1}, "This is the gradient of other weights; see beat 6."),
    ({"mean": True}, "The loss here adds over the samples: ½ Σ (y − t)²."),
])  # fmt: skip
def test_e3_slips_have_names(capsys, how, says):
    found = lines(capsys, "04.e3", lambda x, t, p: three_layers._by_hand((x, t, p), **how))
    assert found[0].startswith("Not yet") and found[1] == says


def test_e3_what_fits_no_slip_is_told_where_it_parts(capsys):
    def twice(x, t, params):
        dW1, db1, dW2, db2, dW3, db3 = own(x, t, params)
        return dW1, db1, 2 * dW2, db2, dW3, db3

    found = lines(capsys, "04.e3", twice)
    assert found == ["Not yet, and it matches no slip I know: dW2.",
                     "The way back parts from layer 2 on; layer 3 is right."]  # fmt: skip


def test_e3_what_is_no_answer_yet(capsys):
    assert lines(capsys, "04.e3", lambda x, t, p: ...) == DOTS
    assert lines(capsys, "04.e3", lambda x, t, p: None) == DOTS
    assert lines(capsys, "04.e3", lambda x, t, p: (1, 2))[0].startswith("Unclear: six")
    assert lines(capsys, "04.e3", "x")[0] == "Unclear: this is not a function."


# --- the lesson -----------------------------------------------------------------------------------
def test_the_worked_numbers_of_the_lesson():
    """By hand: each equation of that cell is computed again, as it stands there."""
    seen = 0
    for chunk, values in equations(LESSON, r" · |\n|: |, so | by ", _formula):
        assert all(np.allclose(np.array(v), np.array(values[0])) for v in values), chunk
        seen += 1
    assert seen == 13


def _formula(side):
    """A side of an equation as Python, None if it is a word or a name without a value."""
    text = side.strip(" .,-").replace("−", "-").replace("½ ", "0.5*").replace("·", "*")
    return text if text and re.fullmatch(r"[\d.+*(), -]+", text) else None


def test_the_forecast_of_the_lesson():
    W1, W2 = np.array([[1.0, -1], [0.5, 1]]), np.array([[0.5], [-1.0]])
    _, dW1, dW2, dY = by_hand(W1, W2)
    X, t = np.array([[1.0, 2], [1, -1]]), np.array([[1.0], [-0.75]])
    d1 = (dY @ W2.T) * (X @ W1 > 0)
    squares = sum((g**2).sum() for g in (dW1, dW2, d1.sum(0), dY.sum(0)))
    assert squares == 11.5
    H = np.maximum(X @ (W1 - 0.01 * dW1) - 0.01 * d1.sum(0), 0)
    after = 0.5 * np.sum((H @ (W2 - 0.01 * dW2) - 0.01 * dY.sum(0) - t) ** 2)
    assert round(1 - after, 3) == 0.108
    text = worked_cell(LESSON)
    assert "11.5" in text and "0.115" in text and "0.108" in text


def test_what_is_asked_is_not_told_before():
    """The numbers that beats 1 and 7 ask for stand in no cell before the one that answers."""
    for cell in cells(LESSON):
        if cell["cell_type"] == "code" and "answer" not in cell["metadata"].get("tags", []):
            said = json.dumps(cell["outputs"], ensure_ascii=False)
            assert not re.search(r"2\.14|1\.14|3\.5\b|1,129|0\.9\b|−1\.95", said)
