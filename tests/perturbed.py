"""Is a trained number fit to be printed? Law of the house: only if rounding does not reach it.

`survives(model, shown)` turns every start weight by a relative 1e-12, five times, and asks whether
what is shown stays the same. (A net was measured that, changed by 1e-15, ended at .056 against
.128: such a number says more about the machine than about learning.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backprop_kit.nn import Module

TRIES, SIZE = 5, 1e-12


def survives(model: Module, shown: Callable[[Module], object]) -> bool:
    """Whether `shown(model)`, written out, is the same from five slightly other start weights.

    shown  trains what it is given, or asks it, and returns what a lesson would print
    """
    as_displayed = repr(shown(model))
    return all(repr(shown(twin(model, seed))) == as_displayed for seed in range(TRIES))


def twin(model: Module, seed: int) -> Module:
    """A copy whose every number is larger or smaller by a relative 1e-12; the model stays."""
    rng, other = np.random.default_rng(seed), model.copy()
    for p in other.parameters():
        p.data = p.data * (1 + SIZE * rng.choice([-1.0, 1.0], p.shape))
    return other
