"""Parameters as views into one vector, and what cannot stand in one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Node


def one_type(leaves: Mapping[str, Node], root: Node) -> np.dtype:
    """The type of all parameters. Raises ValueError for several, or for one under two names."""
    names: dict[Node, str] = {}
    for name, n in leaves.items():
        if n in names:
            raise ValueError(
                f"{names[n]} and {name} are one parameter.\nGive it under one name only."
            )
        names[n] = name
    kinds = {n.value.dtype for n in leaves.values()} or {root.value.dtype}
    if len(kinds) > 1:
        raise ValueError(
            f"Parameters of {' and '.join(sorted(k.name for k in kinds))} cannot stand in one "
            "vector.\nGive all of them the same type."
        )
    return kinds.pop()


def vector(shared: Array | None, leaves: Mapping[str, Node], dtype: np.dtype) -> Array:
    """A vector with room for all leaves, or the shared one, if it fits."""
    size = sum(n.value.size for n in leaves.values())
    if shared is None:
        return np.zeros(size, dtype)
    if shared.shape != (size,) or shared.dtype != dtype or not shared.flags.c_contiguous:
        raise ValueError(
            f"The shared vector has shape {shared.shape} ({shared.dtype}); these parameters need "
            f"({size},) ({dtype}).\nShare the vector of a plan with the same parameters."
        )
    return shared


def views(whole: Array, leaves: Mapping[str, Node]) -> dict[str, Array]:
    """{name: its part of the vector, in its shape}, one after the other."""
    found: dict[str, Array] = {}
    start = 0
    for name, n in leaves.items():
        found[name] = whole[start : start + n.value.size].reshape(n.value.shape)
        start += n.value.size
    return found
