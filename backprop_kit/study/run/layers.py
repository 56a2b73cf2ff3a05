"""A model of kit layers in plain values: which layers with which sizes, and its numbers.

`model_out` writes a Sequential down · `model_in` builds it again, after everything was looked at
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backprop_kit import nn
from backprop_kit.engine.numbers import is_number
from backprop_kit.nn import Module, Sequential
from backprop_kit.study.nets import Features
from backprop_kit.study.run.plain import NotOurs

# Each layer with the settings it is built from, as attributes of the same name.
LAYERS: dict[str, tuple[Callable[..., Module], tuple[str, ...]]] = {
    "Linear": (nn.Linear, ("n_in", "n_out", "bias")),
    **{kind.__name__: (kind, ()) for kind in (
        nn.Identity, nn.Tanh, nn.Sigmoid, nn.ReLU, nn.Softplus, nn.GELU, nn.Softmax,
        nn.LogSoftmax)},
    "LeakyReLU": (nn.LeakyReLU, ("slope",)),
    "ELU": (nn.ELU, ("alpha",)),
    "Dropout": (nn.Dropout, ("rate",)),
    "BatchNorm": (nn.BatchNorm, ("n", "momentum", "eps")),
    "LayerNorm": (nn.LayerNorm, ("n", "eps")),
    "Features": (Features, ("names",)),
}  # fmt: skip
MOST_LAYERS, MOST_NUMBERS = 200, 5_000_000


def model_out(model: Module) -> dict[str, Any]:
    """{"layers": [[name, setting, …], …], "numbers": {path: rows}, "kinds": {path: "float64"}}."""
    if type(model) is not Sequential:
        raise NotOurs("the model is no Sequential of layers of the kit")
    seen: set[int] = set()
    layers = []
    for m in model:
        name = type(m).__name__
        if name not in LAYERS or LAYERS[name][0] is not type(m):
            raise NotOurs(f"its layer {name} is your own")
        if id(m) in seen:
            raise NotOurs(f"its layer {name} stands in it twice")
        seen.add(id(m))
        layers.append([name, *(_setting(m, word) for word in LAYERS[name][1])])
    state = model.state_dict()
    return {
        "layers": layers,
        "numbers": {path: a.tolist() for path, a in state.items()},
        "kinds": {path: a.dtype.name for path, a in state.items() if a.dtype != np.float64},
    }


def _setting(m: Any, word: str) -> Any:
    if word == "bias":
        return m.b is not None
    value = getattr(m, word)
    return list(value) if isinstance(value, tuple) else value


def model_in(told: Any) -> Sequential:
    """The model again. Raises ValueError or TypeError, in two lines; nothing is evaluated."""
    known = {"layers", "numbers", "kinds"}
    if not isinstance(told, Mapping) or set(told) != known or not isinstance(told["layers"], list):
        raise ValueError(_no("the model cannot be read"))
    if not 0 < len(told["layers"]) <= MOST_LAYERS:
        raise ValueError(_no(f"a model has 1 to {MOST_LAYERS} layers"))
    made = Sequential(*(_layer(layer) for layer in told["layers"]))
    numbers, kinds = told["numbers"], told["kinds"]
    if not isinstance(numbers, Mapping) or not isinstance(kinds, Mapping):
        raise ValueError(_no("the model's numbers cannot be read"))
    if any(kind != "float32" for kind in kinds.values()):
        raise ValueError(_no("the model's numbers are of an unknown type"))
    state = {}
    for path, rows in numbers.items():
        kind = np.float32 if path in kinds else np.float64
        try:
            state[path] = np.array(rows, kind)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(_no(f"{path} holds no rectangle of numbers")) from None
        if not np.isfinite(state[path]).all():
            raise ValueError(_no(f"{path} holds a number that is not finite"))
    made.load_state_dict(state)
    return made


def _layer(told: Any) -> Module:
    named = isinstance(told, list) and told and isinstance(told[0], str)
    if not named or told[0] not in LAYERS or len(told) - 1 != len(LAYERS[told[0]][1]):
        raise ValueError(_no(f"{str(told)[:40]!r} is no layer of the kit"))
    kind, words = LAYERS[told[0]]
    sizes = [v for word, v in zip(words, told[1:], strict=True) if word in ("n", "n_in", "n_out")]
    for n in sizes:
        if type(n) is not int or not 1 <= n <= MOST_NUMBERS:
            raise ValueError(_no(f"a layer cannot have the size {n!r}"))
    if np.prod(sizes, dtype=float) > MOST_NUMBERS:
        raise ValueError(_no(f"a layer has at most {MOST_NUMBERS:,} numbers"))
    for word, v in zip(words, told[1:], strict=True):
        if word in ("slope", "alpha") and not is_number(v):
            raise ValueError(_no(f"{word} is {v!r}"))
        if word == "bias" and not isinstance(v, bool):
            raise ValueError(_no(f"bias is {v!r}"))
    return kind(*told[1:3], **dict(zip(words[2:], told[3:], strict=True))) if told[0] == "Linear" \
        else kind(**dict(zip(words, told[1:], strict=True)))  # fmt: skip


def _no(why: str) -> str:
    return f"This file tells of no run: {why}.\nIt was changed by hand or by another program."
