"""The form that every operation has: compute as on the tape, copy the result into the buffer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array, unbroadcast
from backprop_kit.engine.plan.draft import Draft
from backprop_kit.engine.tensor import Node


def options_of(draft: Draft, node: Node) -> Any:
    """A function that gives the options of a node in this run: masks follow the step."""
    fixed, moment = node.options, draft.moment
    if "step" in fixed:
        return lambda: {**fixed, "step": moment[0]}
    return lambda: fixed


def value(draft: Draft, node: Node, args: Sequence[Array]) -> Array:
    """What the operation of a node makes of these arrays."""
    assert node.op is not None
    return node.op.forward(*args, **options_of(draft, node)())


def forward(draft: Draft, node: Node) -> None:
    """Emit the value of a node."""
    assert node.op is not None
    out, rule, options = draft.home(node), node.op.forward, options_of(draft, node)
    args = tuple(draft.at(i) for i in node.inputs)

    def compute() -> None:
        np.copyto(out, rule(*args, **options()))

    draft.generic.append(node.op.name)
    draft.emit(compute, calls=2)


def backward(draft: Draft, node: Node, slot: int, g: Array) -> None:
    """Emit the part that a rule hands to one input."""
    assert node.op is not None
    target = node.inputs[slot]
    rule, options = node.op.vjp(slot), options_of(draft, node)
    assert rule is not None
    y, args = draft.at(node), tuple(draft.at(i) for i in node.inputs)
    out, shape = draft.part(target), target.value.shape

    def compute() -> None:
        np.copyto(out, unbroadcast(rule(g, y, *args, **options()), shape))

    draft.generic.append(node.op.name)
    draft.emit(compute, calls=2)
    draft.arrived(target, out)
