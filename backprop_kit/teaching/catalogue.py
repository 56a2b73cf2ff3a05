"""Finds what belongs to an id such as "00.p1": the lesson's file, and the name in it."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from typing import Any


def find(kind: str, package: str, table: str, id: object) -> Callable[..., Any]:
    """What a lesson's file holds under an id; the file is loaded when first needed.

    kind     what it is called if there is none, such as "question"
    package  where the lessons' files are; table: the name of the dict in each, {id: function}

    Raises TypeError for an id that is no text, ValueError for one that does not exist.
    """
    if not isinstance(id, str):
        raise TypeError(
            f"The id of a {kind} is a text, not {type(id).__name__}.\nWrite it in quotes."
        )
    known = _table(package, table, id.partition(".")[0])
    if known and id in known:
        return known[id]
    near = difflib.get_close_matches(id, known or {}, n=1, cutoff=0.5)
    if near:
        hint = f"Did you mean {near[0]!r}? This lesson has {', '.join(known)}."
    else:
        hint = "An id is a lesson's number, a dot and a name, as written in the lesson."
    raise ValueError(f"There is no {kind} {id!r}.\n{hint}")


def _table(package: str, table: str, lesson: str) -> Mapping[str, Callable[..., Any]]:
    if not (lesson.isascii() and lesson.isdigit()):
        return {}
    name = f"{package}.lesson_{lesson}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        return {}
    found: Mapping[str, Callable[..., Any]] = getattr(module, table)
    return found
