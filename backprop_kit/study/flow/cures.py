"""The same net, the same batch, the same draws, with a cure switched on.

`cured` builds it: another activation or start, larger weights, skip connections, normalisation.
What a cure does to the budget is then told by `gradient_flow` of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np

from backprop_kit.nn import BatchNorm, Dropout, Function, LayerNorm, Linear, Module, Sequential
from backprop_kit.study.activations import activation
from backprop_kit.study.flow.deep_nets import DeepNet, Skip, bend_of
from backprop_kit.study.flow.sizes import rms

CURES = ("activation", "weights", "scale", "skip", "norm")


def cured(model: Any, batch: Any = None, **change: Any) -> tuple[Module, Any]:
    """A net with a cure switched on, and its batch: (model, batch). The model given stays.

    model   what `deep` built, its recipe, or a Sequential of Linear layers and activations
    batch   handed back as it is; None for a net of `deep`, whose recipe knows it
    change  activation=, weights=, scale=, skip=, norm=, as in `DeepNet`, for the hidden layers

    A net with a recipe is built again from the same draws. In another one weights= stretches the
    numbers that are there to that spread, or sets them upright ("orthogonal"); skip= bridges layers
    that have as many inputs as outputs.

    Raises TypeError for another model and for a change that is none; ValueError for a setting that
    makes no net.
    """
    for name in change:
        if name not in CURES:
            raise TypeError(
                f"{name} is no cure; it would change more than the net.\n"
                f"There are {', '.join(CURES)}."
            )
    recipe = model if isinstance(model, DeepNet) else getattr(model, "recipe", None)
    if isinstance(recipe, DeepNet) and (model is recipe or _as_built(model, recipe)):
        twin, own = replace(recipe, **change).build()
        return twin, own if batch is None else batch
    if not isinstance(model, Sequential) or not any(isinstance(m, Linear) for m in model):
        raise TypeError(
            f"Only a chain of layers can be cured; this is {type(model).__name__}.\n"
            'Pass a Sequential of Linear layers and activations, or deep("sigmoid", "xavier").'
        )
    return _changed(model, **change), batch


def _as_built(model: Module, recipe: DeepNet) -> bool:
    """Whether the numbers are still those of the recipe."""
    fresh = recipe.build()[0].state_dict()
    now = model.state_dict()
    return fresh.keys() == now.keys() and all(np.array_equal(fresh[k], now[k]) for k in fresh)


def _changed(
    model: Sequential,
    activation: Any = None,
    weights: Any = None,
    scale: float = 1.0,
    skip: bool = False,
    norm: bool = False,
) -> Sequential:
    # Checked as a recipe first, so that words and limits are the same for every net.
    start = DeepNet("tanh" if activation is None else activation,
                    1.0 if weights is None else weights, scale=scale)  # fmt: skip
    rng = np.random.default_rng(0)
    pieces = [m.copy() for m in model]
    last = max(i for i, m in enumerate(pieces) if isinstance(m, Linear))
    done: list[Module] = []
    for layer in _layers(pieces[:last]):
        first, rest = layer[0], layer[1:]
        if not isinstance(first, Linear):
            done += layer
            continue
        W = first.W.data if weights is None else _restarted(first.W.data, start, rng)
        first.W.data = (W * scale).astype(first.W.data.dtype)
        if activation is not None:
            rest = [bend_of(activation) if _bends(m) else m for m in rest]
        if norm and not any(isinstance(m, LayerNorm) for m in rest):
            rest = [LayerNorm(first.n_out), *rest]
        whole = [first, *rest]
        done += [Skip(*whole)] if skip and first.n_in == first.n_out else whole
    return Sequential(*done, *pieces[last:])


def _layers(pieces: list[Module]) -> Iterator[list[Module]]:
    """A Linear and what follows it, up to the next."""
    layer: list[Module] = []
    for m in pieces:
        if isinstance(m, Linear) and layer:
            yield layer
            layer = []
        layer.append(m)
    if layer:
        yield layer


def _bends(module: Module) -> bool:
    if isinstance(module, (BatchNorm, Dropout, LayerNorm)):
        return False
    try:
        activation(module)
    except (TypeError, ValueError):
        return False
    return isinstance(module, Function) or not any(True for _ in module.parameters())


def _restarted(W: np.ndarray, start: DeepNet, rng: np.random.Generator) -> np.ndarray:
    """The numbers that are there, brought to another start; a function draws new ones."""
    if callable(start.weights):
        return np.asarray(start.weights(rng, W.shape))
    if start.sigma is not None:
        spread = rms(W)
        return W * (start.sigma / sqrt(W.shape[0]) / spread) if spread > 0 else W
    q, r = np.linalg.qr(W if W.shape[0] >= W.shape[1] else W.T)
    q = q * np.sign(np.diag(r))
    return q if W.shape[0] >= W.shape[1] else q.T
