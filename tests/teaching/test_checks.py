"""Exercises: the right answer in every form, each slip by its name, and nothing that raises."""

import subprocess
import sys

import numpy as np
import pytest
from lessonbook import lines

from backprop_kit.engine import Tensor
from backprop_kit.nn import SGD
from backprop_kit.teaching import check
from backprop_kit.teaching.checks import typed


@pytest.mark.parametrize(("text", "value"), [
    ("0,25", 0.25), ("−0.25", -0.25), ("–0,25", -0.25), (" 1.0 ", 1.0), ("− 3", -3.0), (2, 2.0),
    (np.float32(0.5), 0.5), (np.array([[1.5]]), 1.5), (Tensor(0.5), 0.5), ("1e-3", 0.001),
])  # fmt: skip
def test_typed_numbers(text, value):
    assert typed(text) == value


@pytest.mark.parametrize(
    "answer",
    ["", "x", "1 2 3 x", None, True, [1, 2], [], {}, object(), float("nan"), "inf", [[1], [2, 3]]],
)
def test_what_is_no_number(answer):
    assert typed(answer) is None


@pytest.mark.parametrize("id", ["00.e1", "00.e2"])
def test_dots_are_no_answer_yet(capsys, id):
    assert lines(capsys, id, ...) == ["Not yet: replace the dots."]


@pytest.mark.parametrize("answer", [1.0 - 0.25 * 0.543, 0.864, "0,864", 0.8635, Tensor(0.864)])
def test_e1_right(capsys, answer):
    first, second = lines(capsys, "00.e1", answer)
    assert first == "Right: 1.00 − 0.25 × 0.543 = 0.864."
    assert second.endswith("So the weight comes down.")


@pytest.mark.parametrize(("answer", "name"), [
    (1.0 + 0.25 * 0.543, "this is the way up"), (1.0 - 0.543, "the step is missing"),
    (0.75, "the slope is missing"), (0.136, "the weight is missing"),
    ("−0,136", "the weight is missing"),
])  # fmt: skip
def test_e1_slips_have_names(capsys, answer, name):
    assert lines(capsys, "00.e1", answer)[0] == f"Not yet: {name}."


def test_e1_never_guesses(capsys):
    assert lines(capsys, "00.e1", 3.0) == [
        "Not yet, and it matches no slip I know.",
        "What did you get for 0.25 × 0.543?",
    ]
    assert lines(capsys, "00.e1", "abc")[0] == "Unclear: this is not one number."


def each(change):
    def update(model):
        for w in model.parameters():
            w.data = change(w)

    return update


def in_place(model):
    for w in model.parameters():
        w.data -= 0.25 * w.grad


def by_another_name(model):
    for w in model.parameters():
        w = w - 0.25 * w.grad


def twice(model):
    for _ in range(2):
        each(lambda w: w.data - 0.25 * w.grad)(model)


@pytest.mark.parametrize("update", [
    each(lambda w: w.data - 0.25 * w.grad), each(lambda w: w.data + -w.grad / 4), SGD(0.25).step,
    lambda model: SGD(0.25).step(model),
])  # fmt: skip
def test_e2_right_in_any_form(capsys, update):
    assert lines(capsys, "00.e2", update)[0] == "Right: the loss falls from 1.25 to 0.599."


ROSE, SHRANK, ALIKE, TWICE = (
    f"the loss goes from 1.25 to {v}." for v in ("2.00", "0.982", "0.298", "0.248")
)
STOPS = "the function stops before it is done."


@pytest.mark.parametrize(("update", "first", "second"), [
    (each(lambda w: w.data + 0.25 * w.grad), f"this is the way up; {ROSE}", "Which way is down?"),
    (each(lambda w: w.data - 0.25 * w.data), f"the slopes are missing; {SHRANK}", "are in .grad."),
    (each(lambda w: w.data - 0.25 * np.sign(w.grad)), f"the sizes are missing; {ALIKE}", "differ."),
    (twice, f"one move too many; {TWICE}", "take them again after a move."),
    (in_place, "a recorded value never changes; bind a new one.", "Write w.data = …"),
    (by_another_name, "no number has moved.", "Bind the new value: w.data = …"),
    (lambda model: ..., "no number has moved.", "Bind the new value: w.data = …"),
    (each(lambda w: w.data * np.nan), "the loss is no longer a number.", "too large."),
    (each(lambda w: 3.0), STOPS, "the new numbers have ()."),
    (lambda model: 1 / 0, STOPS, "ZeroDivisionError: division by zero"),
    (lambda: None, STOPS, "was given"),
])  # fmt: skip
def test_e2_slips_have_names(capsys, update, first, second):
    found = lines(capsys, "00.e2", update)
    assert found[0] == f"Not yet: {first}" and found[1].endswith(second)


def test_e2_never_guesses_and_names_the_weight(capsys):
    first, second = lines(capsys, "00.e2", each(lambda w: w.data - 0.1 * w.grad))
    assert first == "Not yet, and it matches no slip I know. The loss goes from 1.25 to 0.960."
    assert second.startswith("It takes the weight 1.00 to 0.946.")


def test_e2_wants_the_function_itself(capsys):
    assert lines(capsys, "00.e2", None)[0] == "Unclear: this is not a function."


def test_a_check_changes_nothing_for_the_next(capsys):
    right = each(lambda w: w.data - 0.25 * w.grad)
    assert lines(capsys, "00.e2", right) == lines(capsys, "00.e2", right)


def test_an_interrupt_stops_the_check():
    def stop(model):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("00.e2", stop)


def test_an_exercise_that_does_not_exist():
    with pytest.raises(ValueError, match=r"There is no exercise '00.e3'.\nDid you mean '00.e"):
        check("00.e3", 1)


def test_a_check_needs_no_screen():
    code = (
        "import sys; from backprop_kit import check; check('00.e1', 1)\n"
        "print(*{'ipywidgets', 'anywidget', 'plotly', 'IPython'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split("\n")[2] == ""
