"""Logarithms that stop at a floor: plain ones, as long as no number is so small."""

from __future__ import annotations

from math import exp

import numpy as np

from backprop_kit.engine.plan.draft import Draft, Slope
from backprop_kit.engine.tensor import Node


def forward(draft: Draft, node: Node) -> bool:
    """Emit ln x, or the straight line in its place where x is below e^floor."""
    assert node.op is not None
    (x,) = draft.args(node)
    out, rule, floor = draft.home(node, like=x), node.op.forward, node.options["floor"]
    lowest = exp(floor)
    plain = draft.switch[node] = [True]

    def curve() -> None:
        plain[0] = bool(np.minimum.reduce(x, None) >= lowest)
        if plain[0]:
            np.log(x, out)
        else:
            np.copyto(out, rule(x, floor=floor))

    draft.emit(curve, calls=2)
    return True


def backward(draft: Draft, node: Node, g: Slope) -> bool:
    """Emit g / x, or the steep slope of the line."""
    assert node.op is not None
    (target,) = node.inputs
    rule, floor, plain = node.op.vjp(0), node.options["floor"], draft.switch[node]
    x, y, part, g = draft.at(target), draft.at(node), draft.part(target), draft.filled(node, g)
    assert rule is not None

    def slope() -> None:
        if plain[0]:
            np.true_divide(g, x, part)
        else:
            np.copyto(part, rule(g, y, x, floor=floor))

    draft.emit(slope)
    draft.arrived(target, part)
    return True
