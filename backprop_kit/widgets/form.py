"""The panel that asks: `Form`, one view for Predict and for Quiz.

The page is given what is asked and what has been said so far, never what is right: the kernel
judges, and sends a diagnosis only after the learner's act.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..films import theme
from .stage import baking, script

_STYLE = Path(__file__).with_name("static") / "form.css"

SURE = ("guess", "fairly sure", "certain")


class Form(anywidget.AnyWidget):
    """A panel with questions to answer by choice.

    `panel`: what is asked, fixed: {"kind": "predict" or "quiz", "kicker", "note", "button",
    "pages": [[question, ...], ...]}, a question being {"id", "question", "options": [text, ...],
    "net": what the net's place is called (predict only)}. One page is seen at a time, two at most.
    `states`: by question id, {"phase", "chosen", "sure", "net", "verdict", "say"}. The phase of a
    question is "ask" (as of one without a state), "ahead" (its page cannot be reached yet); then
    "committed" and "revealed" for a prediction, "wrong" (stays open) and "right" for a quiz.
    `problem`: one line about what went wrong, "" if all is well. `gone`: what is said in its
    place while no kernel can hear an answer.
    """

    _esm = script(("dom", "markup", "theme", "link", "form"))
    _css = theme.css() + _STYLE.read_text(encoding="utf-8")

    panel = traitlets.Dict().tag(sync=True)
    states = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)
    gone = traitlets.Unicode().tag(sync=True)

    @traitlets.default("gone")
    def _gone(self) -> str:
        if baking():
            return "No kernel yet: run the cells from the top to answer."
        return "Kernel gone: run this cell again to answer."

    def on_answers(self, hear: Callable[[dict[str, dict[str, Any]]], None]) -> None:
        """Call `hear(answers)` when the learner answers.

        `answers`: by question id, {"chosen": place of the option in the panel, counted from 0,
        "sure": one of SURE, or "" in a quiz}. What does not fit the panel is left out: a message
        may come from a page that shows an older one.
        """

        def heard(_form: Form, content: Any, _buffers: Any) -> None:
            answers = self._fitting(content)
            if answers:
                hear(answers)

        self.on_msg(heard)

    def tell(self, question: str, **state: Any) -> None:
        """Show a new state of one question; the others stay."""
        self.states = {**self.states, question: state}

    def _fitting(self, content: Any) -> dict[str, dict[str, Any]]:
        items = {item["id"]: item for page in self.panel["pages"] for item in page}
        sure = SURE if self.panel["kind"] == "predict" else ("",)
        given = content.get("answers") if isinstance(content, dict) else None
        return {
            question: {"chosen": answer["chosen"], "sure": answer["sure"]}
            for question, answer in (given.items() if isinstance(given, dict) else ())
            if question in items
            and isinstance(answer, dict)
            and answer.get("chosen") in range(len(items[question]["options"]))
            and answer.get("sure") in sure
        }
