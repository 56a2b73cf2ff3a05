"""Widgets made in a test, and ended with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def disposing(kind: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Give a maker of such widgets (``kind=`` makes another), and dispose of all that it made."""
    made = []

    def make(*args: Any, kind: Callable[..., Any] = kind, **how: Any) -> Any:
        made.append(kind(*args, **how))
        return made[-1]

    yield make
    for one in made:
        one.dispose()
