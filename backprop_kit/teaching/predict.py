"""Say first, look afterwards: `Predict`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets

from ..widgets.base import Widget, refuse_unknown
from ..widgets.form import Form
from ..widgets.stage import baking
from .questions import Question, questions


class Predict(Widget):
    """A question that is answered before the stepper below it shows the answer.

    id       a question such as "00.p1", or a list of two
    stepper  the stepper that will show it; None: the answer appears at once
    after    the phase, or the step, up to which it may be walked before; a list for a list

    What lies behind `after` is handed to the page only after Commit. When the stepper has reached
    the answer, the panel shows it beside what was said. A second question opens when the first is
    committed and its own `after` is reached. Nothing is scored, and no answer is reopened.
    """

    def __init__(
        self,
        id: str | Sequence[str],
        stepper: Any = None,
        after: str | int | Sequence[str | int] = "forward",
        **unknown: Any,
    ) -> None:
        refuse_unknown(unknown, ("id", "stepper", "after"), "Predict")
        self._questions = _asked(id)
        self._covers = _places(after, len(self._questions))
        self._stepper = stepper
        self._said: dict[str, dict[str, Any]] = {}
        # What was opened or seen once stays so, also while the learner walks back.
        self._opened = {self._questions[0].id}
        self._reached: set[str] = set()
        if stepper is not None:
            # A baked page asks all its questions without a kernel that could open the second.
            for place in self._covers if baking() else self._covers[:1]:
                stepper.cover(place)
        self.form = Form(
            panel={
                "kind": "predict",
                "kicker": "Predict",
                "note": "",
                "button": "Commit",
                "pages": [[question.asked()] for question in self._questions],
            },
            states=self._states(),
        )
        parts = [self.form] if stepper is None else [self.form, stepper.root]
        # A box clips what stands out of it, and the focus ring does.
        root = ipywidgets.VBox(parts, layout=ipywidgets.Layout(overflow="visible"))
        lent = () if stepper is None else (stepper.root, stepper.stage)
        super().__init__(root, self.form if stepper is None else stepper.stage, borrowed=lent)
        self.form.on_answers(self.guard(self._hear, restore=self._show))
        if stepper is not None:
            self.listen(stepper.stage, self._walk, "k")

    def text(self) -> tuple[str, ...]:
        """The questions with their answers, none marked, and the stepper's lines."""
        asked = tuple(line for question in self._questions for line in question.lines())
        return asked if self._stepper is None else asked + tuple(self._stepper.text())

    def voice(self) -> Form:
        """Problems are shown where the learner has acted: in the panel."""
        return self.form

    def _hear(self, answers: dict[str, dict[str, Any]]) -> None:
        """Commit: hand over the frames up to the next question, and note what was said, once."""
        for place, question in enumerate(self._questions):
            if question.id in answers and question.id in self._opened - self._said.keys():
                self._uncover(place + 1)
                self._said[question.id] = answers[question.id]
                break  # a page asks one thing, so that it is taken whole or not at all
        self._walk()

    def _uncover(self, place: int) -> None:
        if self._stepper is None:
            return
        if place < len(self._covers):
            self._stepper.cover(self._covers[place])
        else:
            self._stepper.uncover()

    def _walk(self) -> None:
        """See what the stepper has reached by now."""
        before = None
        for question, after in zip(self._questions, self._covers, strict=True):
            if before in self._said and self._at(after):
                self._opened.add(question.id)
            if question.id in self._said and self._at(question.reveal):
                self._reached.add(question.id)
            before = question.id
        self._show()

    def _at(self, after: str | int) -> bool:
        """Whether the stepper stands at this phase or step, or beyond."""
        if self._stepper is None:
            return True
        k = after if isinstance(after, int) else self._stepper.k_of(after)
        return bool(self._stepper.stage.k >= k)

    def _show(self) -> None:
        self.form.states = self._states()

    def _states(self) -> dict[str, dict[str, Any]]:
        return {question.id: self._state(question) for question in self._questions}

    def _state(self, question: Question) -> dict[str, Any]:
        said = self._said.get(question.id)
        if said is None:
            return {"phase": "ask" if question.id in self._opened else "ahead"}
        if question.id not in self._reached:
            walk = f"{question.walk}: there the other half appears."
            return {"phase": "committed", "say": walk, **said}
        says = question.order[said["chosen"]].says
        return {"phase": "revealed", "net": question.shows, "say": says, **said}


def _asked(id: str | Sequence[str]) -> tuple[Question, ...]:
    ids = [id] if isinstance(id, str) else list(id)
    if not 1 <= len(ids) <= 2 or len(set(ids)) < len(ids):
        raise ValueError(
            f"Predict got {len(ids)} questions: {ids}.\nGive one id, or a list of two."
        )
    asked = []
    for one in ids:
        found = questions(one)
        if len(found) != 1 or not found[0].reveal:
            raise ValueError(f"{one!r} is a quiz, not a prediction.\nShow it with Quiz({one!r}).")
        asked.append(found[0])
    return tuple(asked)


def _places(after: str | int | Sequence[str | int], count: int) -> tuple[str | int, ...]:
    places = (after,) if isinstance(after, (str, int)) else tuple(after)
    if len(places) != count:
        raise ValueError(
            f"Predict got {count} questions and {len(places)} places in after.\n"
            "Give one place for each question, in the same order."
        )
    return places
