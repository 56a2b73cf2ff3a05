"""Lesson 03: what it asks and checks, beside the slopes written out by hand."""

import ast
import itertools
import math
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
)

from backprop_kit.engine import Tensor, Trace
from backprop_kit.teaching import check
from backprop_kit.teaching.questions import lesson_03 as asked
from backprop_kit.teaching.questions import questions
from backprop_kit.teaching.questions.lesson_03 import QUESTIONS

ALL = [q for id in QUESTIONS for q in questions(id)]
LESSON = "03_chain_rule"


# --- what is asked --------------------------------------------------------------------------------
def test_the_slope_along_one_route():
    """a = 1.5, b = −2, c = 4.5, L = (a b + c)²: 2 (−3 + 4.5) · 1 · b = −6."""
    (p1,) = questions("03.p1")
    assert texts(p1) == ["−0.6", "+0.2", "+0.3", "−0.2"]
    assert p1.shows == "slope −6 × 0.1 = −0.6; measured −0.56"
    assert round((1.6 * -2 + 4.5) ** 2 - (1.5 * -2 + 4.5) ** 2, 9) == -0.56
    assert p1.options[1].says.startswith("3 + 1 − 2 = 2 adds the local slopes.")
    assert p1.options[2].says.startswith("3 is only the last")
    assert p1.options[3].says.startswith("−2 is only the first")
    assert p1.reveal == "backward"


def test_the_slope_across_two_routes():
    """u = 10, c = −0.4, L = u + u c: 1 directly, −0.4 through v."""
    (p2,) = questions("03.p2")
    assert texts(p2) == ["0.06", "0.1", "−0.04", "0.14"]
    assert p2.shows == "slope 1 − 0.4 = 0.6, × 0.1 = 0.06; measured 0.06"
    assert round((10.1 + 10.1 * -0.4) - (10 + 10 * -0.4), 9) == 0.06


def test_the_quiz():
    first, second, third = questions("03.quiz")
    assert texts(first) == ["0.6", "−0.4", "−2.3", "1"]
    assert first.text == (
        "Two routes lead from x to L, one with local slopes 0.5, −4, 0.2, one with slope 1. "
        "∂L/∂x = …"
    )
    assert first.options[0].says.startswith("0.5 × (−4) × 0.2 = −0.4 along the long one")
    assert first.options[2].says.startswith("0.5 − 4 + 0.2 + 1 = −2.3 adds them all.")
    assert texts(second) == ["3", "6", "9", "0"]
    assert second.options[1].says.startswith("3 + 3 = 6 needs the plus")
    assert "u passed on 1 of 0.6: a showed 5 for 3." in third.options[0].says
    assert "Even too early, all 6 parts arrive." in third.options[1].says
    assert "stays 10" in third.options[2].says
    assert "a shows 5. Measured: a up by 0.1, L up by 0.3." in third.options[3].says


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_four_different_answers_and_none_of_them_given_away(question):
    holds_back(question)


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_the_words_are_plain_and_the_sentences_short(question):
    is_plainly_said(question)


def test_the_right_answer_has_no_fixed_place():
    assert len(places(ALL)) > 1


def test_the_quiz_makes_one_panel():
    assert len(panel("03.quiz")) == 6


@pytest.mark.parametrize(("value", "text"), [
    (-0.6, "−0.6"), (3.0, "3"), (10.0, "10"), (0.0, "0"), (-0.0, "0"), (0.515, "0.515"),
    (1e-7, "1.00·10⁻⁷"), (1.5e9, "1.50·10⁹"), (100.0, "100"), (-2.0, "−2"),
])  # fmt: skip
def test_numbers_without_zeros_at_their_end(value, text):
    assert asked.short(value) == text


# --- E1 -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("combine", [
    lambda old, new: old + new, lambda old, new: new + old, lambda a, b: sum((a, b)), np.add,
    lambda old, new: old - (-new), lambda *both: math.fsum(both),
    lambda old, new: Tensor(old) + Tensor(new), lambda old, new: np.array([old + new]),
])  # fmt: skip
def test_e1_the_sum_however_written(capsys, combine):
    assert lines(capsys, "03.e1", combine) == [
        "Right: 1 and −0.4 make 0.6.",
        "Measured: u up by 0.1, L up by 0.06. Every route brings its part.",
    ]


OPPOSED = "Two routes that oppose each other must weaken each other."


@pytest.mark.parametrize(("combine", "made", "says"), [
    (lambda old, new: new, "−0.4", "What arrived first is gone."),
    (lambda old, new: old, "1", "What arrives later is lost."),
    (lambda old, new: old * new, "−0.4", "Along a route slopes multiply; here two routes meet."),
    (lambda old, new: (old + new) / 2, "0.3", "Measure it: u up by 0.1. Is it half?"),
    (max, "1", OPPOSED), (lambda *both: max(both, key=abs), "1", OPPOSED),
    (lambda old, new: abs(old) + abs(new), "1.4", OPPOSED),
])  # fmt: skip
def test_e1_slips_have_names(capsys, combine, made, says):
    first, second = lines(capsys, "03.e1", combine)
    assert first.startswith("Not yet: ") and first.endswith(f"; 1 and −0.4 make {made}.")
    assert second == says


def test_e1_never_guesses(capsys):
    assert lines(capsys, "03.e1", lambda old, new: old - new) == [
        "Not yet, and it matches no slip I know: 1 and −0.4 make 1.4.",
        "Measure it: u up by 0.1. How far does L go?",
    ]


@pytest.mark.parametrize("answer", [..., lambda old, new: ...])
def test_e1_dots_are_no_answer_yet(capsys, answer):
    assert lines(capsys, "03.e1", answer) == ["Not yet: replace the dots."]


NO_NUMBER = "Unclear: for 1 and −0.4 the rule gives no number."


@pytest.mark.parametrize(("answer", "first", "second"), [
    (3, "Unclear: this is not a function.", 'check("03.e1", combine).'),
    (lambda old, new: None, NO_NUMBER, "It gives NoneType"),
    (lambda old, new: math.nan, NO_NUMBER, "It gives float"),
    (lambda old, new: [old, new], NO_NUMBER, "It gives list"),
    (lambda old: old, "Not yet: the rule stops before it is done.", "TypeError: "),
    (lambda old, new: 1 / 0, "Not yet: the rule stops before it is done.", "ZeroDivisionError: "),
])  # fmt: skip
def test_e1_whatever_it_is_given_it_answers(capsys, answer, first, second):
    found = lines(capsys, "03.e1", answer)
    assert found[0] == first and second in found[1]


def test_e1_an_interrupt_stops_the_check():
    def stop(old, new):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("03.e1", stop)


# --- E2 -------------------------------------------------------------------------------------------
A, B, C = 0.5, -0.6, -0.4
U = A * B
FROM_V, FROM_W = C, 1 - math.tanh(U) ** 2


@pytest.fixture
def graph():
    """What the learner's cell makes."""
    a, b, c = Tensor(A), Tensor(B), Tensor(C)
    u = a * b
    v = u * c
    w = u.tanh()
    return {"loss": v + w, "u": u, "v": v, "w": w, "a": a, "b": b, "c": c}


def listed(graph, names):
    return [graph[name] for name in names.split()]


RIGHT = "Right: u 0.515, a −0.309, b 0.258, c −0.3."


def test_the_numbers_of_e2_by_hand():
    u = FROM_V + FROM_W
    assert [round(x, 3) for x in (u, B * u, A * u, U)] == [0.515, -0.309, 0.258, -0.3]
    assert [round(x, 3) for x in (B * FROM_V, B * FROM_W)] == [0.24, -0.549]


@pytest.mark.parametrize("names", [
    "loss v w u", "loss w v u", "loss v w u a b c", "loss v c w u b a", "loss w v c u a",
])  # fmt: skip
def test_e2_right_in_any_order_that_waits(capsys, graph, names):
    assert lines(capsys, "03.e2", listed(graph, names))[0] == RIGHT
    assert lines(capsys, "03.e2", tuple(listed(graph, names)))[0] == RIGHT


ARRIVED = "Something arrived at u after u had passed on."
FIRST = "On the way back the loss comes first."
FORWARD = "That is the way forward; on the way back the loss comes first."


@pytest.mark.parametrize(("names", "first", "second"), [
    ("loss u v w", "u comes too early.", "u had nothing to pass on yet: a shows –."),
    ("loss u w v", "u comes too early.", "u had nothing to pass on yet: a shows –."),
    ("loss v u w", "too early; a shows 0.24.", ARRIVED),
    ("loss w u v", "too early; a shows −0.549.", ARRIVED),
    ("u v w loss", "the loss is last.", FORWARD),
    ("a b c u v w loss", "the loss is last.", FORWARD),
    ("v loss w u", "v comes before the loss.", FIRST),
    ("v w u", "the loss was never visited.", FIRST),
    ("", "the loss was never visited.", FIRST),
    ("loss w u", "v is left out.", "One user of u was never visited."),
    ("loss v u", "w is left out.", "One user of u was never visited."),
    ("loss u", "v and w are left out.", "Neither user of u was visited."),
    ("loss", "v and w are left out.", "Neither user of u was visited."),
    ("loss v w", "u is left out.", "u was never visited: a and b show –."),
    ("loss v w u u", "u stands twice.", "Every node passes on once."),
    ("loss loss v w u", "the loss stands twice.", "Every node passes on once."),
    ("loss v w a u", "a comes before u, its user.",
     "A leaf passes nothing on, so a still shows −0.309."),
    ("loss c v w u", "c comes before v, its user.",
     "A leaf passes nothing on, so c still shows −0.3."),
])  # fmt: skip
def test_e2_slips_have_names(capsys, graph, names, first, second):
    assert lines(capsys, "03.e2", listed(graph, names)) == [f"Not yet: {first}", second]


def test_e2_of_all_orders_just_those_are_right_in_which_u_waits(capsys, graph):
    right = [
        names for names in itertools.permutations(("loss", "u", "v", "w"))
        if lines(capsys, "03.e2", [graph[n] for n in names])[0] == RIGHT
    ]  # fmt: skip
    assert right == [("loss", "v", "w", "u"), ("loss", "w", "v", "u")]


@pytest.mark.parametrize("answer", [..., [...]])
def test_e2_dots_are_no_answer_yet(capsys, answer):
    assert lines(capsys, "03.e2", answer) == ["Not yet: replace the dots."]


@pytest.mark.parametrize("answer", [None, "loss", 3, {}, Tensor(1.0), lambda: 1])
def test_e2_wants_a_list(capsys, answer):
    assert lines(capsys, "03.e2", answer)[0] == "Unclear: this is not a list."


@pytest.mark.parametrize("answer", [["loss", "u"], [1], [None], [Tensor(9.0)], [Tensor([1, 2])]])
def test_e2_wants_the_values_of_the_cell(capsys, answer):
    first, second = lines(capsys, "03.e2", answer)
    assert first == "Unclear: this list holds something else than the values above."
    assert second == "It takes loss, u, v and w, without quotes."


def test_e2_another_graph_is_not_taken_for_this_one(capsys):
    a, b, c = Tensor(2.0), Tensor(5.0), Tensor(-0.4)
    u = a * b
    v = u * c
    assert lines(capsys, "03.e2", [u + v, v, u])[0].startswith("Unclear: ")


def test_e2_changes_nothing_for_the_learner(capsys, graph):
    lines(capsys, "03.e2", listed(graph, "loss v w u"))
    assert graph["a"].grad is None
    graph["loss"].backward()
    assert round(float(graph["a"].grad), 3) == -0.309


# --- the page -------------------------------------------------------------------------------------
def test_the_questions_speak_of_the_graphs_on_the_page():
    """The numbers in the cells are those the answers are computed from."""
    found = {}
    for source in sources(LESSON, "code"):
        if source.startswith(("a, b, c =", "s =", "loss = u + v")):
            lines = [n for n in ast.parse(source).body if isinstance(n, ast.Assign)]
            names: dict = {"Tensor": Tensor} | found.get("names", {})
            exec(compile(ast.Module(lines, []), "cell", "exec"), names)
            found["names"] = names
            if "Predict" in source:
                id = re.search(r'Predict\("(03\.p\d)"', source)[1]
                found[id] = names["loss"].data, dict(names)
    for id, (trace, *_) in (("03.p1", asked.one_route()), ("03.p2", asked.two_routes())):
        value, names = found[id]
        assert value == trace.loss.value
        own = Trace.of(names["loss"])
        assert [float(own.grads[n]) for n in own.nodes if n in own.grads] == [
            float(trace.grads[n]) for n in trace.nodes if n in trace.grads
        ]


def test_what_is_worked_by_hand_is_right():
    """Each equation of "By hand" is computed again, as it stands there."""
    names = {"a": 1.5, "b": -0.4, "u": -0.6, "v": 0.9}
    between, seen = r" · |\n|: | by |a = 1.51 gives | gives |, (?:and )?", 0
    for chunk, values in equations(LESSON, between, _formula, **names):
        assert np.allclose(values, values[0], rtol=0, atol=5e-5), chunk
        seen += 1
    assert seen == 12


def _formula(side):
    """A side of an equation as Python, None if it is a word or a name without a value."""
    text = side.strip(" .,").split(" to ")[0].split(" directly")[0]
    text = text.replace("−", "-").replace("×", "*").replace("²", "**2").replace("a·b", "a*b")
    if not re.fullmatch(r"[\d.+*() abuv-]+", text) or not text:
        return None
    return text


def test_what_the_outputs_say_is_so():
    """The printed answers, beside the same numbers written out here."""
    said = printed(LESSON)
    a, b, c = 2.0, 5.0, -0.4
    loss = lambda a: a * b + a * b * c
    right, forgets, early = b * (1 + c), b * c, b * 1.0
    moved = [round(loss(a - 0.1 * g), 3) for g in (right, forgets, early)]
    assert moved == [5.1, 6.6, 4.5]
    assert f"slope of a: {right:g} · L from {loss(a):g} to {loss(a + 0.1):g}" in said
    assert f"forecast: L falls by {0.1 * right**2:g}, from {loss(a):g}" in said
    assert f"right rule {moved[0]}, this {moved[1]}" in said
    assert f"L from {loss(a):g}: right rule {moved[0]}, this {moved[2]}" in said
    assert f"{2**20:,} routes, 20 visits, 40 parts" in said


def test_outputs_that_answer_are_tagged_and_no_panel_gives_one_away():
    found = r"measured|this|routes, 20|slope of a"
    assert answers_are_tagged(LESSON, ALL, found) == 4
