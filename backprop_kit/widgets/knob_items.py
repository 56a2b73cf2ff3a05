"""Kinds of controls: how a page is told of one, and how what it sends back is read.

`State` what controls read · `Fork`, `Anew` what turning one asks for · `Knob` a control ·
`select`, `slider`, `stepper`, `switch` items of a column · `option`, `checked`, `slid` read a value
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..nn import Optimizer

Recipe = Mapping[str, Any]
Item = dict[str, Any]


class State(NamedTuple):
    """What the controls read.

    data, model  how the kit makes them again, or None: they are the learner's own
    optimizer, batch  of the present moment; batch None: all
    rows         how many samples there are to learn from
    """

    data: Recipe | None
    model: Recipe | None
    optimizer: Optimizer
    batch: int | None
    rows: int


@dataclass(frozen=True)
class Fork:
    """One change at the present moment."""

    change: dict[str, Any]


@dataclass(frozen=True)
class Anew:
    """A run from step 0, and what it is called; data and model are recipes, None: as they are."""

    name: str
    data: Recipe | None
    model: Recipe | None


@dataclass(frozen=True)
class Knob:
    """A control: how it stands, and what another value asks for (None: nothing changes)."""

    name: str
    item: Callable[[State], Item]
    turn: Callable[[State, Any], Fork | Anew | None]


def short(v: float) -> str:
    """A setting as it would be typed."""
    return f"{v:g}".replace("-", "−")


def select(texts: Sequence[str], now: str, off: str = "") -> Item:
    texts = list(texts) + ([] if now in texts else [now])
    return {"kind": "select", "options": texts, "value": now, "text": "–" if off else now,
            "off": off}  # fmt: skip


def slider(values: Sequence[float], v: float, write: Callable[[float], str], off: str = "") -> Item:
    """A slider over a list, which also has the present value where that is another."""
    values = list(values)
    if v not in values:
        bisect.insort(values, v)
    return {"kind": "slider", "values": values, "options": [write(x) for x in values], "value": v,
            "text": "–" if off else write(v), "off": off}  # fmt: skip


def stepper(v: int, lo: int, hi: int, off: str = "") -> Item:
    return {"kind": "stepper", "value": v, "text": "–" if off else str(v), "lo": min(lo, v),
            "hi": max(hi, v), "step": 1, "off": off}  # fmt: skip


def switch(on: bool) -> Item:
    return {"kind": "switch", "value": on, "text": ""}


def option(name: str, value: Any, item: Item) -> str:
    """An option of a select."""
    if not isinstance(value, str) or value not in item["options"]:
        raise ValueError(
            f"There is no {name} {value!r} here.\nChoose one of {', '.join(item['options'])}."
        )
    return value


def checked(name: str, value: Any, lo: float, hi: float, whole: bool = False) -> float:
    real = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not real or not lo <= value <= hi or (whole and value != int(value)):
        kind = "whole number" if whole else "number"
        raise ValueError(
            f"{name[:1].upper()}{name[1:]} cannot be {value!r}.\n"
            f"Give a {kind} from {short(lo)} to {short(hi)}."
        )
    return int(value) if whole else float(value)


def slid(name: str, value: Any, item: Item, whole: bool = False) -> float:
    return checked(name, value, item["values"][0], item["values"][-1], whole)
