"""How numbers and names of a training are written."""

from __future__ import annotations

import math

from backprop_kit.films.numbers import number

NARROW = "\N{NO-BREAK SPACE}"


def percent(share: float) -> str:
    """A share of 1, in whole percent; nothing is called 0 % or 100 % that is not."""
    if math.isnan(share):
        return "–"
    whole = 100 * share
    near = round(whole) in (0, 100) and whole not in (0.0, 100.0)
    return f"{number(whole) if near else format(whole, '.0f')}{NARROW}%"


def plain(v: float) -> str:
    """A setting as it was written: 0.01, 1e−05."""
    return f"{v:g}".replace("-", "−")


def count(n: int, one: str, many: str = "") -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def sizes(view_sizes: tuple[int, ...]) -> str:
    """2–8–8–1, with equal layers counted where there are many."""
    inner = view_sizes[1:-1]
    if len(inner) > 3 and len(set(inner)) == 1:
        return f"{view_sizes[0]}–{inner[0]}×{len(inner)}–{view_sizes[-1]}"
    return "–".join(map(str, view_sizes))
