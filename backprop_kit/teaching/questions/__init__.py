"""What the lessons ask: `Question`, its `Option`s, and `questions(id)` to find them.

The texts stand in one file a lesson; every number in them is computed when the question is asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogue import find


@dataclass(frozen=True)
class Option:
    """One answer to choose, and what is said to whoever chooses it.

    text     the answer
    says     the diagnosis, with a number in it
    verdict  the line above it in a quiz; it begins with Right or Not yet
    """

    text: str
    says: str
    verdict: str = ""


@dataclass(frozen=True)
class Question:
    """One question with its answers. The first option is the right one; they are shown shuffled.

    place   what the net's half is called, such as "the net, at the update" (a prediction only)
    reveal  the phase of the stepper at which the net answers
    walk    what leads there, as an imperative
    shows   what the net says then
    """

    id: str
    text: str
    options: tuple[Option, ...]
    place: str = "the net"
    reveal: str = ""
    walk: str = ""
    shows: str = ""

    @property
    def order(self) -> tuple[Option, ...]:
        """The options as they are shown: shuffled, the same way each time."""
        turn = np.random.default_rng(list(self.id.encode())).permutation(len(self.options))
        return tuple(self.options[i] for i in turn)

    def is_right(self, chosen: int) -> bool:
        """Whether the option at this place, as shown, is the right one."""
        return self.order[chosen] is self.options[0]

    def asked(self) -> dict[str, Any]:
        """What the page is given: the question and its answers, and not which one is right."""
        return {
            "id": self.id,
            "question": self.text,
            "options": [option.text for option in self.order],
            "net": self.place,
        }

    def lines(self) -> tuple[str, str]:
        """The question and its answers as plain text."""
        return plain(self.text), plain(" · ".join(option.text for option in self.order))


def questions(id: str) -> tuple[Question, ...]:
    """The question, or the questions of the quiz, with this id.

    Raises ValueError for an id that does not exist.
    """
    found = find("question", __name__, "QUESTIONS", id)()
    return found if isinstance(found, tuple) else (found,)


def plain(text: str) -> str:
    """Text with h_3 and h_{12} written as h₃ and h₁₂."""
    low: Mapping[int, int] = {ord(str(d)): 0x2080 + d for d in range(10)}
    return re.sub(r"_(?:\{(\d+)\}|(\d))", lambda m: (m[1] or m[2]).translate(low), text)
