"""A lesson read as it is committed, and what every question and exercise of a lesson keeps to."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from backprop_kit.teaching import Quiz, check
from backprop_kit.teaching.questions import plain

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
_WORDS = re.compile(r"\b(wrong|oops|sorry|great|error|gradient|mistake)\b|!|-\d")


# --- the page -------------------------------------------------------------------------------------
@functools.cache
def cells(name: str) -> list[dict[str, Any]]:
    """The cells of the lesson of this name."""
    return json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


def sources(name: str, kind: str) -> list[str]:
    """The text of every "code" or "markdown" cell."""
    return ["".join(c["source"]) for c in cells(name) if c["cell_type"] == kind]


def worked_cell(name: str) -> str:
    """The cell with the worked numbers."""
    (board,) = [s for s in sources(name, "markdown") if s.startswith("## By hand")]
    return board


def printed(name: str) -> str:
    """All that the cells print, in one line."""
    return " ".join(" ".join("".join(o.get("text", "")).split()) for o in _outputs(name))


def _outputs(name: str) -> list[dict[str, Any]]:
    return [o for c in cells(name) for o in c.get("outputs", ())]


def equations(
    name: str, between: str, formula: Callable[[str], str | None], **names: Any
) -> Iterator[tuple[str, list[Any]]]:
    """Each equation of "By hand" as it stands there, and the values of its sides.

    between  a pattern of what separates equations
    formula  a side as Python; None if it is a word
    """
    for chunk in re.split(between, worked_cell(name).replace("**", "")):
        sides = [formula(side) for side in chunk.split(" = ")]
        values = [eval(f, {"__builtins__": {}, **names}) for f in sides if f]
        if len(values) > 1:
            yield chunk, values


def answers_are_tagged(name: str, asked: list[Any], pattern: str) -> int:
    """Outputs that answer are tagged, and no output says what a panel holds back.

    Returns how many outputs the pattern finds.
    """
    found = 0
    for cell in cells(name):
        out = "".join(
            "".join(o.get("text", "")) + "".join(o.get("data", {}).get("text/plain", ""))
            for o in cell.get("outputs", ())
        )
        if re.search(pattern, out):
            found += 1
            assert cell["metadata"].get("tags") == ["answer"], out
        for question in asked:
            assert not question.shows or plain(question.shows) not in out, question.id
            for option in question.options:
                assert option.says not in out and plain(option.says) not in out, question.id
    return found


# --- questions ------------------------------------------------------------------------------------
def texts(question: Any) -> list[str]:
    return [option.text for option in question.options]


def holds_back(question: Any) -> None:
    """Four different answers, one of them right, and none of them given away."""
    assert len(set(texts(question))) == 4
    shown = str(question.asked()) + str(question.lines())
    assert all(o.says not in shown for o in question.options)
    assert not question.shows or question.shows not in shown
    assert sum(question.is_right(i) for i in range(4)) == 1


def is_plainly_said(question: Any) -> None:
    """Plain words, short sentences, and a number in each diagnosis."""
    said = [question.shows, question.walk]
    said += [text for o in question.options for text in (o.says, o.verdict, o.text)]
    for text in said:
        assert not _WORDS.search(text), text
        for sentence in re.split(r"(?<=[.?…;]) ", text):
            assert len([w for w in sentence.split() if re.search(r"\w", w)]) <= 14, sentence
    if not question.reveal:
        assert question.options[0].verdict.startswith("Right: ")
        for option in question.options[1:]:
            assert option.verdict.startswith("Not yet: ") and re.search(r"\d", option.says)


def places(asked: list[Any]) -> set[int]:
    """Where the right answers stand."""
    return {tuple(q.order).index(q.options[0]) for q in asked}


def panel(id: str) -> list[str]:
    """The lines of a quiz without a screen."""
    quiz = Quiz(id)
    try:
        return repr(quiz).split("\n")
    finally:
        quiz.dispose()


# --- exercises ------------------------------------------------------------------------------------
def lines(capsys: Any, id: str, answer: Any, *also: str) -> list[str]:
    """What the check of an exercise prints: one line or two, with one of the known beginnings."""
    check(id, answer)
    out = capsys.readouterr()
    assert not out.err
    found = out.out.rstrip("\n").split("\n")
    assert found[0].startswith(("Right: ", "Not yet: ", "Not yet, ", "Unclear: ", *also)), found
    assert len(found) <= 2, found
    return found
