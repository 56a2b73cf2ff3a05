"""Which numbers of a layer have the very bits they had: `unchanged(before, after, layer)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.nn import Module
from backprop_kit.study.flow.sizes import ratio, size
from backprop_kit.study.run import Run


@dataclass(frozen=True)
class Unchanged:
    """How many of a layer's numbers have the very bits they had, of how many.

    moved  ‖after − before‖ / ‖before‖
    """

    layer: int
    same: int
    of: int
    moved: float

    @property
    def all(self) -> bool:
        return self.same == self.of

    def __repr__(self) -> str:
        moved = f"{100 * self.moved:.3g} %".replace("-", "−")
        return (
            f"layer {self.layer}: {self.same:,} of {self.of:,} numbers unchanged; moved by {moved}"
        )


def unchanged(before: Any, after: Any = None, layer: int = 1) -> Unchanged:
    """Compare one layer's matrix of weights before and after, bit by bit.

    before, after  two models of one make, two runs, or their numbers, {path: array}; a Run alone is
                   compared with its own start
    layer          counted from 1, in the order of the parameters; −1 is the last

    Raises ValueError for states that do not fit and a layer that does not exist.
    """
    if after is None and isinstance(before, Run):
        before, after = before.start_model(), before
    old, new = _matrices(before), _matrices(after)
    shapes = [(k, v.shape, v.dtype) for k, v in old.items()]
    if shapes != [(k, v.shape, v.dtype) for k, v in new.items()]:
        raise ValueError(
            "The two states are not of one net: paths or shapes differ.\n"
            "Compare a model with a copy that was trained on."
        )
    place = layer - 1 if isinstance(layer, int) and layer > 0 else layer
    if not isinstance(layer, int) or layer == 0 or not -len(old) <= place < len(old):
        raise ValueError(
            f"Layer {layer!r} does not exist; the net has {len(old)} matrices of weights.\n"
            f"Count from 1 to {len(old)}."
        )
    a, b = list(old.values())[place], list(new.values())[place]
    same = int(np.count_nonzero(_bits(a) == _bits(b)))
    with np.errstate(all="ignore"):
        moved = ratio(size(b.astype(np.float64) - a), size(a))
    return Unchanged(place % len(old) + 1, same, a.size, moved)


def _bits(x: Array) -> Array:
    return x.view(f"V{x.dtype.itemsize}")


def _matrices(state: Any) -> dict[str, Array]:
    if isinstance(state, Run):
        state = state.numbers()
    if isinstance(state, Module):
        state = {path: p.data for path, p in state.named_parameters()}
    if not isinstance(state, Mapping):
        raise TypeError(
            f"A state is a model, a run, or numbers by path; got {type(state).__name__}.\n"
            "Pass two models, or two dictionaries {path: array}."
        )
    found = {k: np.ascontiguousarray(v) for k, v in state.items()}
    return {k: v for k, v in found.items() if v.ndim > 1}
