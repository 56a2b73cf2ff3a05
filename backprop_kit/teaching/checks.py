"""Exercises are answered in a cell and checked by a plain function: `check`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .catalogue import find

PLACE = f"{__package__}.exercises"


def check(id: str, answer: Any) -> None:
    """Print what an answer is: Right, Not yet with the slip it shows, or Unclear.

    id      an exercise such as "00.e1"
    answer  what the exercise asks for: a number, or a function; `...` is no answer yet

    Raises ValueError for an id that does not exist; whatever the answer is raises nothing.
    """
    judge = find("exercise", PLACE, "EXERCISES", id)
    lines = ["Not yet: replace the dots."] if answer is ... else judge(answer)
    print("\n".join(lines))


def typed(answer: Any) -> float | None:
    """An answer as a finite number, None if it is none.

    Text may have a decimal comma and any kind of minus: "0,25" and "−0.25".
    """
    if isinstance(answer, str):
        answer = re.sub(r"[−–]", "-", answer.strip().replace(" ", "")).replace(",", ".")
    elif hasattr(answer, "node"):  # a Tensor
        answer = answer.data
    try:
        array = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return None
    one = array.size == 1 and not isinstance(answer, bool) and np.isfinite(array).all()
    return float(array.item()) if one else None
