"""Every sentence the kit says, by name, in one place: one file a picture, so that a translation is
one more set of files.

`speaker(picture)` gives the `say` of a picture; `listing` a list of numbers as a person would read
it out; `joined` a list of words.

A sentence begins with a capital letter, whatever fills its first gap. One that begins with `·`
begins with a symbol, and a symbol keeps its letter: u is not U.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from backprop_kit.films.numbers import number


def sentences(picture: str) -> dict[str, str]:
    """The sentences of a picture, by name, with their gaps in braces."""
    found: dict[str, str] = import_module(f"{__name__}.{picture}").SENTENCES
    return found


def speaker(picture: str) -> Callable[..., str]:
    """Return `say(name, …)` for the sentences of a picture."""
    known = sentences(picture)

    def say(key: str, /, **values: object) -> str:
        """The sentence of this name, its gaps filled; floats are written with three digits."""
        shown = {k: number(v) if isinstance(v, float) else v for k, v in values.items()}
        sentence = known[key].format(**shown)
        return sentence[1:] if sentence[:1] == "·" else sentence[:1].upper() + sentence[1:]

    return say


def listing(values: Sequence[float], most: int = 4) -> str:
    """A few numbers one by one; many as a count and a range."""
    values = [float(v) for v in values]
    if len(values) <= most:
        return ", ".join(number(v) for v in values)
    return f"{len(values)} numbers from {number(min(values))} to {number(max(values))}"


def joined(words: Sequence[str]) -> str:
    """One, two and three."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
