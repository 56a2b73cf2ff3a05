"""Captions: which sentences of a picture are used, whether each is whole, and in whose words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from types import ModuleType
from typing import Any

import pytest

from backprop_kit.films.captions import sentences, speaker

_BROKEN = re.compile(r"[{}$]|\bNone\b|\bnan\b|-\d|\u2060")


def listened(monkeypatch: pytest.MonkeyPatch, picture: str, *modules: ModuleType) -> set[str]:
    """The keys that these modules say from now on; each must be given all that its gaps need."""
    used: set[str] = set()
    known, say = sentences(picture), speaker(picture)

    def listen(key: str, /, **values: Any) -> str:
        used.add(key)
        gaps = {name for _, name, _, _ in Formatter().parse(known[key]) if name}
        assert gaps <= set(values), key
        return say(key, **values)

    for module in modules:
        monkeypatch.setattr(module, "say", listen)
    return used


def is_whole(sentence: str, capital: bool = True) -> None:
    """No gap left open, a full stop, and a capital where it may not begin with a symbol."""
    assert not _BROKEN.search(sentence), sentence
    assert sentence.endswith("."), sentence
    assert not capital or sentence[0] == sentence[0].upper(), sentence


def keeps_the_words(known: Mapping[str, str], never: str) -> None:
    """No sentence has what this pattern finds, nor a hyphen, which would read as a minus."""
    for key, sentence in known.items():
        assert not re.search(never, sentence), key
        assert "-" not in re.sub(r"\{[^}]*\}", "", sentence), key
