"""Dropout: one mask a step, drawn for the way there and read again on the way back."""

from __future__ import annotations

import numpy as np

from backprop_kit.engine.chance import kept
from backprop_kit.engine.plan.draft import Draft, Slope
from backprop_kit.engine.tensor import Node


def forward(draft: Draft, node: Node) -> bool:
    """Emit the mask of this step, divided by the share that stays, and x times it."""
    (x,) = draft.args(node)
    mask, moment, chance = np.empty_like(x), draft.moment, node.options
    rate, seed, call = chance["rate"], chance["seed"], chance["call"]

    def draw() -> None:
        mask[...] = kept(mask.shape, rate, seed, moment[0], call)

    draft.notes[node] = (mask,)
    draft.emit(draw, calls=3)  # two of them for the generator
    draft.emit(np.true_divide, mask, draft.number(1 - rate), mask)
    draft.emit(np.multiply, x, mask, draft.home(node, like=x))
    return True


def backward(draft: Draft, node: Node, g: Slope) -> bool:
    """Emit the slope times the mask."""
    (mask,) = draft.notes[node]
    part = draft.part(node.inputs[0])
    draft.emit(np.multiply, draft.factor(g), mask, part)
    draft.arrived(node.inputs[0], part)
    return True
