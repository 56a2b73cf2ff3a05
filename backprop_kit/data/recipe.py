"""How kit-made data came about: a name and its settings, and the way back.

`made` lets a function's Data carry its `recipe` · `from_recipe` draws the same samples again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Signature, signature
from typing import Any, ParamSpec

from .data import Data

P = ParamSpec("P")
_MADE: dict[str, tuple[Callable[..., Data], Signature]] = {}


def made(make: Callable[P, Data]) -> Callable[P, Data]:
    """Let what this function returns say by which name and settings it can be made again."""
    settings = signature(make)

    @wraps(make)
    def with_recipe(*args: P.args, **options: P.kwargs) -> Data:
        data = make(*args, **options)
        bound = settings.bind(*args, **options)
        bound.apply_defaults()
        return data.made_by({"name": make.__name__, **bound.arguments})

    _MADE[make.__name__] = with_recipe, settings
    return with_recipe


def from_recipe(recipe: Mapping[str, Any]) -> Data:
    """The Data of a recipe, the same to the last bit.

    recipe  what `data.recipe` holds, such as {"name": "spirals", "n": 200, "seed": 3}; a setting
            that is left out is the usual one

    Raises TypeError for what is no such dictionary, ValueError for a name or a setting that does
    not exist or makes no sense; two lines each.
    """
    if not isinstance(recipe, Mapping) or not isinstance(recipe.get("name"), str):
        raise TypeError(
            "A recipe is a dictionary with a name and settings.\n"
            'For example {"name": "spirals", "n": 200, "seed": 3}.'
        )
    name = recipe["name"]
    if name not in _MADE:
        raise ValueError(
            f"No data are called {name[:40]!r}.\nThere are {', '.join(sorted(_MADE))}."
        )
    make, known = _MADE[name]
    settings = {k: v for k, v in recipe.items() if k != "name"}
    for key in settings:
        if key not in known.parameters:
            raise ValueError(
                f"{name} has no setting {str(key)[:40]!r}.\nIt has {', '.join(known.parameters)}."
            )
    return make(**settings)
