"""Deep plain nets, one recipe each, for asking what becomes of a slope on its way back.

`deep` builds one with its batch · `DeepNet` the recipe · `bend_of` an activation as a module ·
`Skip`, `stretched` what no other net needs.

Batch and weights come from one generator, so that two recipes with one seed differ in nothing but
in what they name: a start rescales the very numbers that another start draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np

from backprop_kit.engine import ops
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import (
    ELU,
    GELU,
    Function,
    Identity,
    LayerNorm,
    LeakyReLU,
    Linear,
    Module,
    ReLU,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
    normal,
    orthogonal,
)
from backprop_kit.nn.init import Init, fans
from backprop_kit.study.activations import activation as activation_of

Batch = tuple[np.ndarray, np.ndarray]
MOST = 500  # layers, units, rows: beyond it a net is no longer one to look at


class Skip(Sequential):
    """y = x + f(x): what goes in is added to what its layers make of it (He et al. 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


def stretched(a: float, b: float) -> Function:
    """The sigmoid, stretched and moved, as a module: a σ(z) − b. With a = 4 its slope at 0 is 1."""

    def bend(z: Tensor) -> Tensor:
        s = ops.sigmoid(z)
        return (s if a == 1 else s * a) - b

    bend.__name__ = f"{'' if a == 1 else f'{a:g}'}σ − {'½' if b == 0.5 else f'{b:g}'}"
    return Function(bend)


class Deep(Sequential):
    """A net that `deep` built; `recipe` says how."""

    recipe: DeepNet


@dataclass(frozen=True)
class DeepNet:
    """The recipe of a deep plain net: `layers` hidden layers of `width`, no bias, linear read-out.

    activation  a name ("sigmoid", "tanh", "relu", "linear", "σ − ½", "4σ − 2" …), a module, or a
                function of a Tensor
    weights     "xavier" (spread 1/√n), "he" (√2/√n), "orthogonal", a number σ (spread σ/√n), or a
                function (rng, shape); n counts what goes into a unit
    scale       multiplies the hidden weights
    skip, norm  each hidden layer is x + f(x); a LayerNorm stands before each activation
    """

    activation: Any = "sigmoid"
    weights: Any = "xavier"
    dtype: str = "float64"
    seed: int = 0
    layers: int = 20
    width: int = 64
    rows: int = 64
    scale: float = 1.0
    skip: bool = False
    norm: bool = False

    def __post_init__(self) -> None:
        _start_of(self.weights)
        bend_of(self.activation)
        if _name_of(self.dtype) not in ("float32", "float64"):
            raise ValueError(
                f"dtype is {self.dtype!r}; the net computes in float64 or float32.\n"
                'Write dtype="float32".'
            )
        for word, least in (("seed", 0), ("layers", 1), ("width", 1), ("rows", 1)):
            _whole(word, getattr(self, word), least)
        if not _number(self.scale) or not 0 < self.scale < float("inf"):
            raise ValueError(
                f"scale is {self.scale!r}; it multiplies the weights and must be above 0.\n"
                "Write scale=2, or leave it out."
            )

    @property
    def sigma(self) -> float | None:
        """The spread of the hidden weights times √n, before `scale`; None for another start."""
        if isinstance(self.weights, str):
            return _SPREADS.get(self.weights.lower())
        return float(self.weights) if _number(self.weights) else None

    def build(self) -> tuple[Deep, Batch]:
        """The model and its batch (x, y): (rows, width) and (rows, 1), standard normal."""
        rng = np.random.default_rng(self.seed)
        x, y = rng.standard_normal((self.rows, self.width)), rng.standard_normal((self.rows, 1))
        start = _start_of(self.weights)
        hidden = [start(rng, (self.width, self.width)) * self.scale for _ in range(self.layers)]
        out = rng.standard_normal((self.width, 1)) / sqrt(self.width)
        pieces: list[Module] = []
        for numbers in hidden:
            layer: list[Module] = [self._linear(numbers)]
            layer += [LayerNorm(self.width)] if self.norm else []
            layer += [bend_of(self.activation)]
            pieces += [Skip(*layer)] if self.skip else layer
        model = Deep(*pieces, self._linear(out))
        model.recipe = self
        if self.norm and _name_of(self.dtype) == "float32":
            for p in model.parameters():
                p.data = p.data.astype(self.dtype)
        return model, (x.astype(self.dtype), y.astype(self.dtype))

    def _linear(self, numbers: np.ndarray) -> Linear:
        layer = Linear(numbers.shape[0], numbers.shape[1], bias=False)
        layer.W.data = numbers.astype(self.dtype)
        return layer


def deep(
    activation: Any = "sigmoid",
    weights: Any = "xavier",
    dtype: str = "float64",
    seed: int = 0,
    *,
    layers: int = 20,
    width: int = 64,
    rows: int = 64,
    scale: float = 1.0,
    skip: bool = False,
    norm: bool = False,
) -> tuple[Deep, Batch]:
    """A deep plain net and a batch for it: (model, (x, y)). The words are those of `DeepNet`.

    One `default_rng(seed)` draws x, y, the hidden weights first layer first, and the read-out
    (spread 1/√width), all standard normal and then scaled; float32 rounds what was drawn.

    Raises ValueError or TypeError, in two lines, for a setting that makes no net.
    """
    return DeepNet(
        activation, weights, dtype, seed, layers, width, rows, scale, skip, norm
    ).build()  # fmt: skip


# --- words ----------------------------------------------------------------------------------------
_STRETCHED = {"sigmoid-1/2": (1.0, 0.5), "sigmoid-0.5": (1.0, 0.5), "4sigmoid-2": (4.0, 2.0)}
_MODULES: dict[str, Callable[[], Module]] = {
    "linear": Identity, "ReLU": ReLU, "leaky ReLU": LeakyReLU, "sigmoid": Sigmoid, "tanh": Tanh,
    "elu": ELU, "softplus": Softplus, "gelu": GELU,
}  # fmt: skip
_SPREADS = {"xavier": 1.0, "he": sqrt(2)}


def bend_of(thing: Any) -> Module:
    """A new module for an activation: each layer has its own."""
    if isinstance(thing, str):
        plain = thing.lower().replace(" ", "").replace("−", "-").replace("½", "1/2")
        plain = plain.replace("σ(z)", "sigmoid").replace("σ", "sigmoid").replace("*", "")
        if plain in _STRETCHED:
            return stretched(*_STRETCHED[plain])
        thing = plain
    if isinstance(thing, Module):
        activation_of(thing)
        return thing.copy()
    found = activation_of(thing)
    if found.name in _MODULES:
        return _MODULES[found.name]()
    return Function(found.apply)


def _start_of(weights: Any) -> Init:
    if callable(weights) and not isinstance(weights, type):
        return weights
    name = weights.lower() if isinstance(weights, str) else ""
    if name == "orthogonal":
        return orthogonal
    if name in _SPREADS:
        return _spread(_SPREADS[name])
    if _number(weights) and 0 < weights < float("inf"):
        return _spread(float(weights))
    raise ValueError(
        f"weights is {weights!r}; no start is called so.\n"
        'Write "xavier", "he", "orthogonal", or a number σ above 0 for a spread of σ/√n.'
    )


def _spread(sigma: float) -> Init:
    return lambda rng, shape: normal(sigma / sqrt(fans(shape)[0]))(rng, shape)


def _name_of(dtype: Any) -> str:
    try:
        return np.dtype(dtype).name
    except TypeError:
        return ""


def _number(v: Any) -> bool:
    number = isinstance(v, (int, float, np.number)) and not isinstance(v, bool)
    return number and isfinite(v)


def _whole(word: str, value: Any, least: int) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    most = MOST if least else float("inf")
    if not whole or not least <= value <= most:
        upto = f" to {MOST}" if least else ""
        raise ValueError(
            f"{word} is {value!r}; it must be a whole number from {least}{upto}.\n"
            f"Write {word}={20 if least else 0}, or leave it out."
        )
