"""`with refused(ValueError, "words", "more")`: a refusal in two lines, in the lesson's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def refused(kind: type[Exception], *words: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    text = str(caught.value)
    assert type(caught.value) is kind
    first, second = text.split("\n")
    assert first and second and second.endswith("."), text
    assert "!" not in text and "oops" not in text.lower()
    for said in words:
        assert said in text, text
