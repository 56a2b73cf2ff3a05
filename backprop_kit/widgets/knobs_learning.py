"""The controls of LEARNING: each may be turned at any step, and that forks the run."""

from __future__ import annotations

from typing import Any

from ..films.captions import speaker
from ..nn import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp
from .knob_items import Fork, Item, Knob, State, checked, option, select, short, slid, slider

say = speaker("training_controls")

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
MOMENTUM = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
STRENGTHS = (0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
CLIPS = (("each", 0.1), ("each", 1.0), ("norm", 0.1), ("norm", 1.0))
LARGEST = 1000.0  # a step size beyond is a slip of the hand, not a question

# What a hand can choose: the class, and the settings that make it this one.
_RULES: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "SGD": (SGD, {"momentum": 0.0}), "momentum": (SGD, {"momentum": 0.9}),
    "Nesterov": (SGD, {"momentum": 0.9, "nesterov": True}), "AdaGrad": (AdaGrad, {}),
    "RMSProp": (RMSProp, {}), "Adam": (Adam, {}), "AdamW": (AdamW, {}),
}  # fmt: skip
_COMMON = ("clip_value", "clip_norm", "schedule", "l1", "weight_decay")


def rule_name(optimizer: Optimizer) -> str:
    """What an optimizer is called among the controls; a learner's own by its class."""
    if type(optimizer) is SGD:
        return "Nesterov" if optimizer.nesterov else "momentum" if optimizer.momentum else "SGD"
    return type(optimizer).__name__


def _optimizer_item(s: State) -> Item:
    return select(list(_RULES), rule_name(s.optimizer))


def _optimizer_turn(s: State, value: Any) -> Fork | None:
    name, old = option("optimizer", value, _optimizer_item(s)), s.optimizer
    if name == rule_name(old) or name not in _RULES:
        return None
    kind, own = _RULES[name]
    shared = {key: getattr(old, key) for key in _COMMON}
    if type(old) is AdamW or (kind is AdamW and not shared["weight_decay"]):
        del shared["weight_decay"]  # its own 0.01 is part of the rule
    momentum = getattr(old, "momentum", 0.0)
    if momentum and own.get("momentum"):
        own = {**own, "momentum": momentum}
    new = kind(old.lr, **shared, **own)
    return Fork({"optimizer": new})


def _rate_item(s: State) -> Item:
    return slider(RATES, s.optimizer.lr, short)


def _rate_turn(s: State, value: Any) -> Fork | None:
    v = checked_rate(value)
    return None if v == s.optimizer.lr else Fork({"lr": v})


def checked_rate(v: Any) -> float:
    """A step size a lab can use. Raises ValueError, in two lines, for any other."""
    if isinstance(v, bool) or not isinstance(v, (int, float)) or not 0 < v <= LARGEST:
        raise ValueError(
            f"The learning rate is {v!r}; it must be above 0 and at most {LARGEST:g}.\n"
            "Try 0.1 for SGD, or 0.01 for Adam."
        )
    return float(v)


def _no_momentum(s: State) -> str:
    has = hasattr(s.optimizer, "momentum")
    return "" if has else say("off.momentum", optimizer=rule_name(s.optimizer))


def _momentum_item(s: State) -> Item:
    return slider(MOMENTUM, getattr(s.optimizer, "momentum", 0.0), short, _no_momentum(s))


def _momentum_turn(s: State, value: Any) -> Fork | None:
    now = getattr(s.optimizer, "momentum", 0.0)
    v = slid("momentum", value, _momentum_item(s))
    return None if v == now else Fork({"momentum": v})


def _batch_now(s: State) -> int:
    return s.rows if s.batch is None else min(s.batch, s.rows)


def _batch_item(s: State) -> Item:
    values = [2**i for i in range(10) if 2**i < s.rows]
    return slider([*values, s.rows], _batch_now(s), lambda v: _batch_text(s, int(v)))


def _batch_text(s: State, v: int) -> str:
    return say("all") if v >= s.rows else str(v)


def _batch_turn(s: State, value: Any) -> Fork | None:
    v = int(checked("the batch", value, 1, s.rows, whole=True))
    return None if v == _batch_now(s) else Fork({"batch": None if v >= s.rows else v})


_PENALTIES = {"L2": "weight_decay", "L1": "l1"}


def _penalty(s: State) -> tuple[str, float]:
    for name, key in _PENALTIES.items():
        if getattr(s.optimizer, key):
            return name, float(getattr(s.optimizer, key))
    return "", 0.0


def _penalty_item(s: State) -> Item:
    return select([say("none"), *_PENALTIES], _penalty(s)[0] or say("none"))


def _penalty_turn(s: State, value: Any) -> Fork | None:
    item = _penalty_item(s)
    name, strength = option("penalty", value, item), _penalty(s)[1] or 0.001
    if name == item["value"]:
        return None
    keys = {n: key for n, key in _PENALTIES.items() if n in (name, item["value"])}
    return Fork({key: strength if n == name else 0.0 for n, key in keys.items()})


def _strength_item(s: State) -> Item:
    name, v = _penalty(s)
    if not name:
        return slider(STRENGTHS, STRENGTHS[0], short, say("off.strength"))
    return slider(STRENGTHS, v, short)


def _strength_turn(s: State, value: Any) -> Fork | None:
    name, now = _penalty(s)
    v = slid("strength", value, _strength_item(s))
    return None if v == now else Fork({_PENALTIES[name]: v})


def _clip(s: State) -> tuple[str, float] | None:
    o = s.optimizer
    if o.clip_norm:
        return "norm", float(o.clip_norm)
    return ("each", float(o.clip_value)) if o.clip_value else None


def _clip_ways(s: State) -> dict[str, tuple[str, float] | None]:
    now = _clip(s)
    ways = [None, *CLIPS, *([now] if now and now not in CLIPS else [])]
    return {say("none") if w is None else say(w[0], most=short(w[1])): w for w in ways}


def _clip_item(s: State) -> Item:
    ways = _clip_ways(s)
    return select(list(ways), next(text for text, w in ways.items() if w == _clip(s)))


def _clip_turn(s: State, value: Any) -> Fork | None:
    text = option("clipping", value, _clip_item(s))
    way = _clip_ways(s)[text]
    if way == _clip(s):
        return None
    now = {"norm": "clip_norm", "each": "clip_value"}
    change: dict[str, Any] = {now[w[0]]: None for w in (_clip(s),) if w}
    return Fork(change | ({now[way[0]]: way[1]} if way else {}))


LEARNING = (
    Knob("optimizer", _optimizer_item, _optimizer_turn),
    Knob("rate", _rate_item, _rate_turn),
    Knob("momentum", _momentum_item, _momentum_turn),
    Knob("batch", _batch_item, _batch_turn),
    Knob("penalty", _penalty_item, _penalty_turn),
    Knob("strength", _strength_item, _strength_turn),
    Knob("clip", _clip_item, _clip_turn),
)
