"""``net``: the usual net of a playground, by its sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from math import pi
from typing import Any

import numpy as np

from backprop_kit.engine import ops
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import (
    ELU,
    GELU,
    Identity,
    LeakyReLU,
    Linear,
    Module,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
    he_normal,
    he_uniform,
    normal,
    orthogonal,
    uniform,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from backprop_kit.nn.init import Init

WIDEST, DEEPEST = 32, 6  # hidden layers as a picture can show them
LARGEST = 1024  # inputs and outputs

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "tanh": Tanh, "sigmoid": Sigmoid, "ReLU": ReLU, "leaky ReLU": LeakyReLU, "ELU": ELU,
    "GELU": GELU, "softplus": Softplus, "linear": Identity,
}  # fmt: skip
OUTPUTS: dict[str, Callable[[], Module]] = {"sigmoid": Sigmoid, "softmax": Softmax, "tanh": Tanh}
INITS: dict[str, Init] = {
    "Xavier": xavier_uniform, "Xavier normal": xavier_normal, "He": he_uniform,
    "He normal": he_normal, "orthogonal": orthogonal, "uniform": uniform(1.0),
    "normal": normal(1.0), "zeros": zeros,
}  # fmt: skip


Feature = Callable[[Tensor], Tensor]
FEATURES: dict[str, Feature] = {
    "x₁": lambda x: x[..., 0], "x₂": lambda x: x[..., 1],
    "x₁²": lambda x: x[..., 0] * x[..., 0], "x₂²": lambda x: x[..., 1] * x[..., 1],
    "x₁x₂": lambda x: x[..., 0] * x[..., 1],
    "sin x₁": lambda x: ops.sin(x[..., 0] * pi), "sin x₂": lambda x: ops.sin(x[..., 1] * pi),
}  # fmt: skip
PLAIN = ("x₁", "x₂")
_DIGITS = str.maketrans("₁₂²", "122")


class Features(Module):
    """What is made of two inputs before the first layer: x (..., 2) becomes (..., names).

    names  some of x₁, x₂, x₁², x₂², x₁x₂, sin x₁, sin x₂ (that is sin πxᵢ, one wave over −1 … 1);
           x1, x12 … are understood, too
    """

    def __init__(self, names: Sequence[str] = PLAIN) -> None:
        self.names = checked_features(names)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 0 or x.shape[-1] != 2:
            raise ValueError(
                f"Features are made of two inputs; got shape {x.shape}.\n"
                "Give rows of two numbers, or leave features out."
            )
        return ops.stack([FEATURES[name](x) for name in self.names], axis=-1)

    def extra_repr(self) -> str:
        return ", ".join(self.names)


def checked_features(names: Any) -> tuple[str, ...]:
    """The names as they are shown, each once; ValueError for a feature that is not known."""
    if isinstance(names, str) or not isinstance(names, Sequence) or not names:
        raise ValueError(
            f"features is {names!r}; it must be a list of at least one feature.\n"
            f"Choose among {', '.join(FEATURES)}."
        )
    plain = {name.translate(_DIGITS): name for name in FEATURES}
    found = []
    for name in names:
        known = plain.get(name.translate(_DIGITS)) if isinstance(name, str) else None
        if known is None:
            raise ValueError(f"There is no feature {name!r}.\nChoose among {', '.join(FEATURES)}.")
        found.append(known)
    return tuple(name for name in FEATURES if name in found)


def net(
    sizes: Sequence[int], activation: str = "tanh", init: str = "Xavier", seed: int = 0,
    output: str | None = None, *, features: Sequence[str] | None = None,
) -> Sequential:  # fmt: skip
    """The usual net: Linear layers with an activation after each but the last, drawn from a seed.

    sizes       inputs, hidden layers, outputs, such as (2, 8, 8, 1); up to 6 hidden layers of 1 to
                32 neurons
    activation  "tanh", "sigmoid", "ReLU", "leaky ReLU", "ELU", "GELU", "softplus", "linear"
    init        how weights start: "Xavier", "Xavier normal", "He", "He normal", "orthogonal",
                "uniform" (−1 … 1), "normal" (0, 1), "zeros"; biases start at zero
    output      an activation at the end: "sigmoid", "softmax", "tanh"; None: none, so that two
                classes are learnt by `BCEWithLogitsLoss` on one output
    features    what the first layer sees of two inputs (`Features`); None: the inputs

    Raises ValueError or TypeError, in two lines, for sizes or names that make no net.

    >>> net((2, 3, 1))
    Sequential(
      (0) Linear(2, 3)
      (1) Tanh()
      (2) Linear(3, 1)
    )
    """
    widths = _checked_sizes(sizes)
    activation = _chosen("activation", activation, ACTIVATIONS)
    init = _chosen("init", init, INITS)
    output = None if output is None else _chosen("output", output, OUTPUTS)
    layers: list[Module] = []
    if features is not None and checked_features(features) != PLAIN:
        if widths[0] != 2:
            raise ValueError(
                f"Features are made of two inputs; this net has {widths[0]}.\n"
                "Leave features out, or begin the sizes with 2."
            )
        layers.append(Features(features))
        widths = (len(checked_features(features)), *widths[1:])
    for n_in, n_out in pairwise(widths):
        layers += [Linear(n_in, n_out, init=INITS[init]), ACTIVATIONS[activation]()]
    layers.pop()
    made = Sequential(*layers, *([] if output is None else [OUTPUTS[output]()]))
    made.reset(seed)
    made.recipe = {
        "sizes": [int(n) for n in sizes], "activation": activation, "init": init,
        "seed": int(seed), "output": output,
        "features": None if features is None else list(checked_features(features)),
    }  # fmt: skip
    return made


def _checked_sizes(sizes: Any) -> tuple[int, ...]:
    if isinstance(sizes, (str, int)) or not isinstance(sizes, Sequence) or len(sizes) < 2:
        raise TypeError(
            f"sizes is {sizes!r}; it lists the widths from input to output.\n"
            "Write net((2, 8, 8, 1))."
        )
    for i, n in enumerate(sizes):
        most = WIDEST if 0 < i < len(sizes) - 1 else LARGEST
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= most:
            what = "A hidden layer" if most == WIDEST else "An input or output layer"
            raise ValueError(
                f"{what} cannot have the width {n!r}.\nGive a whole number from 1 to {most}"
                + ("; build wider ones with Sequential(Linear(…), …)." if most == WIDEST else ".")
            )
    if len(sizes) - 2 > DEEPEST:
        raise ValueError(
            f"This net would have {len(sizes) - 2} hidden layers.\n"
            f"Give 0 to {DEEPEST}; build deeper ones with Sequential(Linear(…), …)."
        )
    return tuple(int(n) for n in sizes)


def _chosen(word: str, name: Any, among: dict[str, Any]) -> str:
    """The name as the table writes it: "relu" is ReLU."""
    found = {known.lower(): known for known in among}.get(str(name).lower())
    if found is None:
        near = get_close_matches(str(name), among, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"There is no {word} {name!r}.\n{hint}Choose among {', '.join(among)}.")
    return found
