"""Draw up a graph: each operation in its fast form where it has one, else in the generic form."""

from __future__ import annotations

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.plan import (
    arithmetic,
    bends,
    generic,
    logs,
    masks,
    products,
    scores,
    sums,
    views,
)
from backprop_kit.engine.plan.draft import Draft, Same, Slope
from backprop_kit.engine.tensor import Node

VIEWS = ("reshape", "transpose", "identity", "getitem")
JOINS = ("concatenate", "stack")


def draw(draft: Draft) -> None:
    """Fill in the calls of a draft, forward and back."""
    products.find_stacks(draft)
    terms = sums.find_terms(draft)
    logits = {n for n in draft.made if scores.is_logit_loss(draft, n)}
    groups = bends.gather(draft, but={n.inputs[0] for n in logits})
    for node in draft.made:
        if node not in draft.inside:
            _forward(draft, node)
    sums.write_terms(draft, terms)
    draft.calls = draft.backward
    if draft.roots[0] not in draft.moved:
        return
    local = bends.slopes(draft, groups)
    draft.arrived(draft.roots[0], Same(1.0))
    for node in reversed(draft.tape):
        if node.op is not None and node in draft.slope and node in draft.moved:
            if node in logits:
                scores.logit_backward(draft, node, draft.slope[node])
            else:
                _backward(draft, node, draft.slope[node], local)
    products.write_late(draft)
    for leaf, place in draft.own.items():
        g = draft.slope.get(leaf)
        if leaf.op is None and isinstance(g, Same):
            draft.emit(np.copyto, place, draft.number(g.value))


def _forward(draft: Draft, node: Node) -> None:
    assert node.op is not None
    name = node.op.name
    if node in draft.stacks:
        products.stack_forward(draft, node)
    elif node in draft.scored:
        scores.forward(draft, node)
    elif not (
        (name in VIEWS and views.forward(draft, node))
        or (name in JOINS and views.joined(draft, node))
        or (draft.plain(node) and (
            (name == "matmul" and products.matmul(draft, node))
            or (name in ("sum", "mean") and sums.forward(draft, node))
            or (name == "dropout" and masks.forward(draft, node))
            or (_floored(node) and logs.forward(draft, node))
            or bends.forward(draft, node)
            or arithmetic.forward(draft, node)))
    ):  # fmt: skip
        generic.forward(draft, node)


def _backward(draft: Draft, node: Node, g: Slope, local: dict[Node, Array]) -> None:
    if node in draft.stacks:
        products.stack_backward(draft, node, draft.filled(node, g))
        return
    if node in draft.scored:
        scores.backward(draft, node, g)
        return
    if arithmetic.is_square(node) and draft.plain(node):
        arithmetic.backward_of_square(draft, node, g)
        return
    for slot in range(len(node.inputs) - 1, -1, -1):
        if draft.passes(node, slot) and not _fast(draft, node, slot, g, local):
            generic.backward(draft, node, slot, draft.filled(node, g))


def _fast(draft: Draft, node: Node, slot: int, g: Slope, local: dict[Node, Array]) -> bool:
    assert node.op is not None
    name = node.op.name
    if name in VIEWS:
        return views.backward(draft, node, g)
    if name in JOINS:
        return views.split(draft, node, slot, g)
    if not draft.plain(node):
        return False
    if name == "matmul":
        return products.matmul_back(draft, node, slot, g)
    if name in ("sum", "mean"):
        return sums.backward(draft, node, g)
    if name == "dropout":
        return masks.backward(draft, node, g)
    if _floored(node):
        return logs.backward(draft, node, g)
    if node in local:
        bends.backward(draft, node, g, local[node])
        return True
    return arithmetic.backward(draft, node, slot, g)


def _floored(node: Node) -> bool:
    return node.op is not None and node.op.name == "log" and "floor" in node.options
