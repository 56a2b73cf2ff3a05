"""The panel that asks, from the kernel's side: what the page is given, and what it may send."""

import re
from pathlib import Path

import pytest

from backprop_kit.widgets import form as module
from backprop_kit.widgets.form import Form

STATIC = Path(module.__file__).parent / "static"


def ask(kind="predict"):
    item = {"id": "a", "question": "Up or down?", "options": ["up", "down"], "net": "the net"}
    return Form(panel={
        "kind": kind, "kicker": "Predict", "note": "", "button": "Commit",
        "pages": [[item], [{**item, "id": "b"}]],
    })  # fmt: skip


@pytest.fixture
def panel():
    made = ask()
    yield made
    made.close()


def sent(panel, content):
    """What arrives when the page sends this."""
    heard = []
    panel.on_answers(heard.append)
    panel._handle_custom_msg(content, [])
    return heard


def test_an_answer_arrives_with_its_confidence(panel):
    answers = {"a": {"chosen": 1, "sure": "guess"}}
    assert sent(panel, {"answers": answers}) == [answers]


def one(**answer):
    return {"answers": {"a": answer}}


@pytest.mark.parametrize("content", [
    {}, [], None, "a", {"answers": None}, {"answers": []}, {"answers": {"a": 0}},
    {"answers": {"c": {"chosen": 0, "sure": "guess"}}},
    one(chosen=2, sure="guess"), one(chosen=-1, sure="guess"), one(chosen="0", sure="guess"),
    one(chosen=[], sure="guess"), one(chosen=0), one(chosen=0, sure="very"), one(sure="guess"),
])  # fmt: skip
def test_what_does_not_fit_the_panel_is_left_out(panel, content):
    assert sent(panel, content) == []


def test_one_good_answer_among_bad_ones_counts(panel):
    good = {"chosen": 0, "sure": "certain"}
    assert sent(panel, {"answers": {"a": good, "z": good}}) == [{"a": good}]


def test_a_quiz_asks_for_no_confidence():
    quiz = ask("quiz")
    assert sent(quiz, {"answers": {"a": {"chosen": 0, "sure": ""}}})
    assert not sent(quiz, {"answers": {"a": {"chosen": 0, "sure": "guess"}}})
    quiz.close()


def test_telling_one_question_leaves_the_others(panel):
    panel.tell("a", phase="ask")
    panel.tell("b", phase="ahead")
    panel.tell("a", phase="committed", chosen=0, sure="guess", say="Walk on.")
    assert panel.states["a"]["phase"] == "committed" and panel.states["b"] == {"phase": "ahead"}


def test_the_script_is_small_whole_and_fetches_nothing():
    own = re.sub(r"(?m)^\s*//.*\n", "", (STATIC / "form.js").read_text(encoding="utf-8"))
    assert len(own.encode()) <= 10_000
    assert "import " not in Form._esm
    assert re.search(r"export default ?\{ ?render: ?form ?\};$", Form._esm.strip())
    both = Form._esm + (STATIC / "form.css").read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org)|url\(|@import|innerHTML|eval\(", both)


def test_every_colour_comes_from_the_palette():
    style = (STATIC / "form.css").read_text(encoding="utf-8")
    fallback = style.replace("var(--jp-brand-color1, #1976d2)", "")
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(", fallback)
    for role in set(re.findall(r"--bk-([a-z-]+)", style)):
        assert f"--bk-{role}:" in Form._css
