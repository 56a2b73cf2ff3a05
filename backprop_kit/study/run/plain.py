"""Rules, schedules, losses and changes in plain values, to be written down and read again.

`…_out` writes what differs from the usual, `…_in` reads it and refuses, in two lines, whatever is
not of the kit. Nothing is evaluated: names are looked up in short lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from inspect import signature
from math import isfinite
from typing import Any

from backprop_kit import nn
from backprop_kit.nn import Loss, Optimizer
from backprop_kit.nn.optim.schedules import Schedule
from backprop_kit.study.run.settings import CHANGES, COMMON, RULES, written

RULE_NAMES = {kind.__name__: kind for kind in RULES}
SCHEDULES: dict[str, Any] = {
    kind.__name__: kind for kind in (nn.StepDecay, nn.ExponentialDecay, nn.CosineDecay, nn.Warmup)
}
LOSSES: dict[str, type[Loss]] = {
    kind.__name__: kind
    for kind in (nn.SquaredError, nn.MSELoss, nn.BCELoss, nn.BCEWithLogitsLoss,
                 nn.CrossEntropyLoss)
}  # fmt: skip


DIGITS = 40  # of a whole number; a seed may be long


class NotOurs(ValueError):
    """Something is a person's own, so it cannot be written down in plain values."""


def optimizer_out(optimizer: Optimizer) -> dict[str, Any]:
    """{"rule": name, setting: value, …} without what is usual."""
    if type(optimizer) not in RULES:
        raise NotOurs(f"the optimizer {type(optimizer).__name__} is your own")
    usual = {word: p.default for word, p in signature(type(optimizer)).parameters.items()}
    told = {
        word: schedule_out(value) if word == "schedule" else value
        for word, value in written(optimizer).items()
        if value != usual.get(word, _NONE.get(word))
    }
    return {"rule": type(optimizer).__name__, **told}


# What the settings are that every rule takes, where it is told nothing.
_NONE = {"weight_decay": 0.0, "l1": 0.0}


def optimizer_in(told: Any) -> Optimizer:
    """The rule again. Raises ValueError or TypeError, in two lines."""
    kind = RULE_NAMES.get(_text(told, "rule"))
    rest = {w: v for w, v in told.items() if w != "rule"} if isinstance(told, Mapping) else {}
    if kind is None or set(rest) - {*RULES[kind], *COMMON}:
        raise ValueError(_no("rule", told))
    if "schedule" in rest:
        rest["schedule"] = schedule_in(rest["schedule"])
    return _built(kind, "rule", told, **rest)


def schedule_out(schedule: Schedule | None) -> Any:
    """[name, setting, …], or None."""
    if schedule is None:
        return None
    kind: Any = SCHEDULES.get(type(schedule).__name__)
    if kind is None or type(schedule) is not kind:
        raise NotOurs("its schedule is a function of your own")
    values = [getattr(schedule, f.name) for f in fields(SCHEDULES[kind.__name__])]
    if isinstance(schedule, nn.Warmup):
        values[-1] = schedule_out(schedule.then)
    return [type(schedule).__name__, *values]


def schedule_in(told: Any, deep: int = 0) -> Schedule | None:
    if told is None:
        return None
    named = isinstance(told, list) and told and isinstance(told[0], str)
    if not named or told[0] not in SCHEDULES or deep > 3:
        raise ValueError(_no("schedule", told))
    values = list(told[1:])
    if told[0] == "Warmup" and len(values) == 3:
        values[-1] = schedule_in(values[-1], deep + 1)
    made: Schedule = _built(SCHEDULES[told[0]], "schedule", told, *values)
    return made


def _built(kind: Any, what: str, told: Any, *args: Any, **words: Any) -> Any:
    """What this makes, where the settings are those it takes and none is missing."""
    try:
        signature(kind).bind(*args, **words)
    except TypeError:
        raise ValueError(_no(what, told)) from None
    return kind(*args, **words)


def loss_out(loss: Loss) -> str:
    if type(loss) not in LOSSES.values():
        raise NotOurs("the loss is your own")
    return type(loss).__name__


def loss_in(told: Any) -> Loss:
    if not isinstance(told, str) or told not in LOSSES:
        raise ValueError(_no("loss", told))
    return LOSSES[told]()


def value_out(word: str, value: Any) -> Any:
    """One changed setting as plain values; weights as [path, index, value, …]."""
    if word == "optimizer":
        return optimizer_out(value)
    if word == "schedule":
        return schedule_out(value)
    if word == "weights":
        return [part for (path, i), v in value.items() for part in (path, i, v)]
    return value


def value_in(word: Any, told: Any) -> Any:
    if word not in CHANGES:
        raise ValueError(_no("setting", word))
    if word == "optimizer":
        return optimizer_in(told)
    if word == "schedule":
        return schedule_in(told)
    if word == "weights":
        if not isinstance(told, list) or len(told) % 3 or not told:
            raise ValueError(_no("change of weights", told))
        if not all(isinstance(path, str) for path in told[::3]):
            raise ValueError(_no("change of weights", told))
        if not all(type(i) is int for i in told[1::3]):
            raise ValueError(_no("change of weights", told))
        return dict(zip(zip(told[::3], told[1::3], strict=True), told[2::3], strict=True))
    return told


def parsed(raw: bytes) -> Any:
    """What a JSON text says; None for what is no JSON, or holds NaN or a number beyond a float."""
    try:
        return json.loads(raw.decode(), parse_int=_whole, parse_float=_real, parse_constant=_real)
    except (ValueError, RecursionError):
        return None


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError
    return int(text)


def _real(text: str) -> float:
    if not isfinite(float(text)):
        raise ValueError
    return float(text)


def _text(told: Any, word: str) -> str:
    found = told.get(word) if isinstance(told, Mapping) else None
    return found if isinstance(found, str) else ""


def _no(what: str, told: Any) -> str:
    return (
        f"{str(told)[:60]!r} is no {what} that is known here.\n"
        "It was written by hand or by another version."
    )
