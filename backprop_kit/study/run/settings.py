"""The settings that may change during a run, and what a change does to them.

`Settings` an optimizer and a batch size · `checked_change` reads what a person asks for ·
`changed` the settings after it · `carried` what an optimizer remembers across it · `named` what a
picture calls it
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np

from backprop_kit.engine.numbers import is_number
from backprop_kit.engine.op import Array, sealed
from backprop_kit.nn import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp

LARGEST_RATE = 1e6

# The settings of each rule, in the order they are written.
COMMON = ("weight_decay", "l1", "clip_value", "clip_norm", "schedule")
RULES: dict[type[Optimizer], tuple[str, ...]] = {
    SGD: ("lr", "momentum", "nesterov"),
    AdaGrad: ("lr", "eps"),
    RMSProp: ("lr", "rho", "momentum", "eps"),
    Adam: ("lr", "beta1", "beta2", "eps"),
    AdamW: ("lr", "beta1", "beta2", "eps"),
}
KNOBS = ("lr", *COMMON, "momentum", "nesterov", "rho", "beta1", "beta2", "eps")
CHANGES = ("optimizer", *KNOBS, "batch", "weights")
WORDS = {
    "lr": "rate", "weight_decay": "L2", "l1": "L1", "clip_value": "clip each at",
    "clip_norm": "clip norm at", "beta1": "β₁", "beta2": "β₂", "rho": "ρ", "eps": "ε",
}  # fmt: skip


class Settings(NamedTuple):
    """What holds on a branch: the rule of the updates, and the batch size (None: all samples)."""

    optimizer: Optimizer
    batch: int | None = None

    def __repr__(self) -> str:
        return f"{self.optimizer!r}, batch {'all' if self.batch is None else self.batch}"


def checked_optimizer(optimizer: Any) -> Optimizer:
    """The rule itself; TypeError for what is none, ValueError for a step size of no use."""
    if not isinstance(optimizer, Optimizer):
        what = (
            f"the class {optimizer.__name__}"
            if isinstance(optimizer, type) else type(optimizer).__name__
        )  # fmt: skip
        raise TypeError(
            f"The optimizer is {what}; it must be a rule with a step size.\nPass SGD(0.1)."
        )
    if optimizer.lr > LARGEST_RATE:
        raise ValueError(
            f"The step size is {optimizer.lr:g}; no loss falls by steps like that.\n"
            f"Give one above 0 and at most {LARGEST_RATE:,.0f}, such as 0.1."
        )
    return optimizer


def checked_batch(batch: Any) -> int | None:
    if batch is None:
        return None
    whole = isinstance(batch, (int, np.integer)) and not isinstance(batch, bool)
    if not whole or batch < 1:
        raise ValueError(
            f"batch is {batch!r}; it is how many samples make one step.\n"
            "Give a whole number from 1, or None for all."
        )
    return int(batch)


def checked_change(
    asked: Mapping[str, Any], now: Settings, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Any]:
    """A change as it is kept: every value of a plain type, weights by (path, flat index).

    Raises TypeError for a word that is no setting, ValueError for a value that fits none.
    """
    if not asked:
        raise ValueError("A fork changes something.\nSay what, such as run.fork(lr=0.03).")
    for word in asked:
        if word not in CHANGES:
            near = get_close_matches(word, CHANGES, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise TypeError(
                f"A run has no {word!r} to change.\n{hint}It has: {', '.join(CHANGES)}."
            )
    change = dict(asked)
    if "batch" in change:
        change["batch"] = checked_batch(change["batch"])
    if "weights" in change:
        change["weights"] = _checked_weights(change["weights"], shapes)
    if "optimizer" in change:  # a copy: the history keeps it, whatever becomes of the original
        change["optimizer"] = copy(checked_optimizer(change["optimizer"]))
    change = {w: v.item() if isinstance(v, np.generic) else v for w, v in change.items()}
    changed(now, change)  # refuses what no optimizer takes
    return change


def _checked_weights(
    weights: Any, shapes: Mapping[str, tuple[int, ...]]
) -> dict[tuple[str, int], float]:
    if not isinstance(weights, Mapping) or not weights:
        raise TypeError(
            f"weights is {type(weights).__name__}; it says which number becomes what.\n"
            'Write weights={("0.W", (0, 2)): 1.5}.'
        )
    found = {}
    for place, value in weights.items():
        path, index = place if isinstance(place, tuple) and len(place) == 2 else (place, None)
        if path not in shapes:
            raise ValueError(
                f"The model has no parameter {path!r}.\nIt has {', '.join(shapes)}; "
                'write ("0.W", (0, 2)) or ("0.W", 2).'
            )
        found[path, _flat(path, index, shapes[path])] = _number(path, value)
    return found


def _number(path: str, value: Any) -> float:
    if not is_number(value) or not np.isfinite(value):
        raise ValueError(f"{path} cannot become {value!r}.\nGive one finite number.")
    return float(value)


def _flat(path: str, index: Any, shape: tuple[int, ...]) -> int:
    """The place counted flat from 0, of a whole number or a tuple."""
    size = int(np.prod(shape))
    try:
        if isinstance(index, tuple):
            return int(np.ravel_multi_index(index, shape))
        if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
            if 0 <= index < size:
                return int(index)
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"{path} has shape {shape}; there is no place {index!r}.\n"
        f"Count flat from 0 to {size - 1}, or give row and column."
    )


def written(optimizer: Optimizer) -> dict[str, Any]:
    """The settings of a rule of the kit by name; TypeError for a rule of one's own."""
    own = RULES.get(type(optimizer))
    if own is None:
        raise TypeError(
            f"{type(optimizer).__name__} is a rule of your own; its settings are not known here.\n"
            "Change it as a whole: run.fork(optimizer=…)."
        )
    return {name: getattr(optimizer, name) for name in (*own, *COMMON)}


def changed(now: Settings, change: Mapping[str, Any]) -> Settings:
    """The settings after a change. Raises as the optimizer does; `now` stays."""
    optimizer = checked_optimizer(change.get("optimizer", now.optimizer))
    knobs = {w: v for w, v in change.items() if w in KNOBS}
    if knobs:
        values = written(optimizer)
        for word in knobs:
            if word not in values:
                raise ValueError(
                    f"{type(optimizer).__name__} has no {word}.\n"
                    f"It has {', '.join(values)}; or change the rule: optimizer=SGD(0.1)."
                )
        values.update(knobs)
        if not values.get("momentum", True):
            values.pop("nesterov", None)  # without a velocity there is nothing to look ahead along
        optimizer = checked_optimizer(type(optimizer)(**values))
    return Settings(optimizer, change.get("batch", now.batch))


def merged(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """Two changes at one moment as one."""
    kept = {w: v for w, v in first.items() if not ("optimizer" in then and w in KNOBS)}
    out = {**kept, **then}
    if "weights" in first and "weights" in then:
        out["weights"] = {**first["weights"], **then["weights"]}
    return out


def carried(
    before: Optimizer, after: Optimizer, state: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What the new optimizer remembers: all, when it is the same rule; nothing, when it is another.

    A schedule counts its steps from where it was set.
    """
    if before is after:
        return dict(state)
    kept = dict(state) if type(before) is type(after) else {}
    if not getattr(after, "momentum", 1):
        kept = {n: {s: v for s, v in slots.items() if s != "v"} for n, slots in kept.items()}
        kept = {n: slots for n, slots in kept.items() if slots}
    if "" in state and before.schedule == after.schedule:
        kept[""] = state[""]
    elif "" in kept:
        del kept[""]
    return kept


def edited(theta: Array, weights: Mapping[tuple[str, int], float], places: Any) -> Array:
    """A new flat vector with some numbers set by hand."""
    out = theta.copy()
    for (path, index), value in weights.items():
        out[places[path].start + index] = value
    return sealed(out)


def named(change: Mapping[str, Any]) -> str:
    """What was changed, as a line's end in a picture says it: "rate 0.03"."""
    said = []
    for word, value in change.items():
        if word == "optimizer":
            said.append(f"{type(value).__name__} {value.lr:g}")
        elif word == "weights":
            (path, index), first = next(iter(value.items()))
            more = f" and {len(value) - 1} more" if len(value) > 1 else ""
            said.append(f"{path}[{index}] = {first:.3g}{more}")
        elif word == "batch":
            said.append("batch all" if value is None else f"batch {value}")
        elif word.startswith("clip") and value is None:
            said.append("no clipping")
        elif word == "nesterov":
            said.append("Nesterov" if value else "no Nesterov")
        else:
            shown = f"{value:g}" if is_number(value) else repr(value)
            said.append(f"{WORDS.get(word, word)} {shown}")
    return ", ".join(said).replace("-", "−")
