"""From what a model and its samples can be made again.

`recipe_of_data`, `make_data` · `recipe_of_model`, `make_model`: a recipe is a small dictionary of
plain values, or None for what is a person's own. A model's recipe is found by making it again and
comparing every bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from typing import Any

import numpy as np

from backprop_kit import data as kit_data
from backprop_kit.data import Data, from_recipe
from backprop_kit.nn import Linear, Module, Sequential, normal
from backprop_kit.study.boards import _BOARDS, board, digits_net
from backprop_kit.study.nets import ACTIVATIONS, INITS, OUTPUTS, Features, net

Recipe = dict[str, Any]

SEEDS = 256  # how many seeds are tried for a net that does not say which it was drawn from
NET = {"activation": "tanh", "init": "Xavier", "seed": 0, "output": None, "features": None}


def recipe_of_data(data: Data) -> Recipe | None:
    """The recipe that makes these samples, {"name": …, "n": …, …}, or None."""
    return data.recipe


def make_data(recipe: Mapping[str, Any]) -> Data:
    """The samples of a recipe, {"name": "spirals", "n": 200, "seed": 6, …}, as `from_recipe`."""
    return from_recipe(recipe)


def usual_of_data(name: str) -> dict[str, Any]:
    """What the samples of this name are made with unless a recipe says otherwise."""
    words = signature(getattr(kit_data, name)).parameters
    return {word: p.default for word, p in words.items()}


def make_model(recipe: Mapping[str, Any]) -> Module:
    """The model of a recipe: {"sizes": [2, 8, 1], …} as `net` takes it, {"board": name}, or
    {"digits_net": seed}.

    Raises ValueError or TypeError, in two lines, for what is no recipe.
    """
    if isinstance(recipe, Mapping):
        if "sizes" in recipe and not set(recipe) - {"sizes", *NET}:
            rest = {word: value for word, value in recipe.items() if word != "sizes"}
            return net(recipe["sizes"], **rest)
        if set(recipe) == {"board"}:
            return board(recipe["board"])[0]
        if set(recipe) == {"digits_net"}:
            return digits_net(recipe["digits_net"])
    raise ValueError(
        f"{str(recipe)[:60]!r} is no recipe of a model.\n"
        'Give one such as {"sizes": [2, 8, 1], "seed": 3}.'
    )


def recipe_of_model(model: Module) -> Recipe | None:
    """The recipe that makes this model bit by bit, or None."""
    for recipe in _candidates(model):
        if _equal(make_model(recipe), model):
            return recipe
    return None


def _candidates(model: Module) -> Iterator[Recipe]:
    if not isinstance(model, Sequential):
        return
    told = getattr(model, "recipe", None)  # what `net` made it from
    if told is not None:
        yield dict(told)
    for name in _BOARDS:
        yield {"board": name}
    yield from _nets(model)
    if [type(m).__name__ for m in model] == ["Linear", "Tanh", "Linear"]:
        for seed in _seeds(model[0].W.data, normal(1 / 8), SEEDS):
            yield {"digits_net": seed}


def _nets(model: Sequential) -> Iterator[Recipe]:
    """Recipes of `net` with the shape of this model and its first weights."""
    layers = list(model)
    linears = [m for m in layers if isinstance(m, Linear)]
    if not linears:
        return
    recipe: Recipe = {"sizes": [linears[0].n_in, *(m.n_out for m in linears)]}
    if isinstance(layers[0], Features):
        recipe["sizes"][0], recipe["features"] = 2, list(layers[0].names)
        layers = layers[1:]
    kinds = {kind: name for name, kind in ACTIVATIONS.items()}
    hidden = {type(m) for m in layers[1:-1:2]}
    if len(hidden) > 1 or not hidden <= set(kinds):
        return
    if hidden:
        recipe["activation"] = kinds[hidden.pop()]
    if not isinstance(layers[-1], Linear):
        last = next((n for n, kind in OUTPUTS.items() if kind is type(layers[-1])), None)
        recipe["output"] = last
    first = linears[0].W
    for name in (name for name, init in INITS.items() if init is first.init):
        for seed in _seeds(first.data, INITS[name], SEEDS):
            yield {**recipe, "init": name, "seed": seed}


def _seeds(W: np.ndarray, init: Any, most: int) -> Iterator[int]:
    """The seeds from which these first weights are drawn."""
    for seed in range(most):
        if np.array_equal(init(np.random.default_rng(seed), W.shape), W):
            yield seed


def _equal(made: Module, model: Module) -> bool:
    """Whether two models compute the same, in the same way, with the same bits."""
    if repr(made) != repr(model):
        return False
    ours, theirs = made.state_dict(), model.state_dict()
    return ours.keys() == theirs.keys() and all(
        a.dtype == theirs[path].dtype and np.array_equal(a, theirs[path])
        for path, a in ours.items()
    )
