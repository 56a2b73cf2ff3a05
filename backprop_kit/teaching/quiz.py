"""The exit quiz: `Quiz`."""

from __future__ import annotations

from typing import Any

from ..widgets.base import Widget
from ..widgets.form import Form
from .questions import questions


class Quiz(Widget):
    """A panel of questions to answer by choice, each wrong answer with its own diagnosis.

    id  such as "00.quiz"

    Choosing is not answering; Check is. A wrong answer stays open, as often as you like.
    """

    def __init__(self, id: str) -> None:
        self._questions = questions(id)
        if any(question.reveal for question in self._questions):
            raise ValueError(f"{id!r} is a prediction, not a quiz.\nShow it with Predict({id!r}).")
        form = Form(
            panel={
                "kind": "quiz",
                "kicker": "Quiz",
                "note": "one answer each is right",
                "button": "Check",
                "pages": [[question.asked() for question in self._questions]],
            }
        )
        super().__init__(form, form)
        self.form = form
        form.on_answers(self.guard(self._hear))

    def text(self) -> tuple[str, ...]:
        """The questions with their answers, none marked."""
        return tuple(line for question in self._questions for line in question.lines())

    def _hear(self, answers: dict[str, dict[str, Any]]) -> None:
        states = dict(self.form.states)
        for question in self._questions:
            done = states.get(question.id, {}).get("phase") == "right"
            if question.id not in answers or done:
                continue
            chosen = answers[question.id]["chosen"]
            option = question.order[chosen]
            states[question.id] = {
                "phase": "right" if question.is_right(chosen) else "wrong",
                "chosen": chosen,
                "verdict": option.verdict,
                "say": option.says,
            }
        self.form.states = states
