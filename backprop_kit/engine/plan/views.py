"""Operations that only rearrange: the result is another look at the same numbers, no copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.plan.draft import Draft, Slope
from backprop_kit.engine.tensor import Node


def forward(draft: Draft, node: Node) -> bool:
    """Let the node stand where its input stands; False where a copy is needed each time."""
    assert node.op is not None
    (x,) = draft.args(node)
    if node.op.name == "getitem":
        if not _is_block(node.options["index"]):
            return False
        look = x[_block(node.options["index"])]
    else:
        look = node.op.forward(x, **node.options)
    if not np.may_share_memory(look, x):
        return False  # the numbers would have to be brought into another order
    if node in draft.with_one:
        draft.emit(np.copyto, draft.home(node), look)
    else:
        draft.array[node] = look
    return True


def backward(draft: Draft, node: Node, g: Slope) -> bool:
    """Hand the slope on as another look at it; False where it has to be copied."""
    assert node.op is not None
    (target,) = node.inputs
    g = draft.filled(node, g)
    x = draft.at(target)
    if node.op.name == "getitem":
        return _scatter(draft, node, target, g)
    rule = node.op.vjp(0)
    assert rule is not None
    look = rule(g, node.value, x, **node.options)
    if not np.may_share_memory(look, g):
        return False
    draft.pass_on(target, look)
    return True


def _scatter(draft: Draft, node: Node, target: Node, g: Array) -> bool:
    if not _is_block(node.options["index"]):
        return False
    index = _block(node.options["index"])
    before = draft.slope.get(target)
    if before is None or before is not draft.own.get(target):
        part = draft.part(target)
        draft.emit(part.fill, 0)
        draft.emit(np.copyto, part[index], g)
        draft.arrived(target, part)
    else:
        there = draft.own[target][index]
        draft.emit(np.add, there, g, there)
    return True


def _is_block(index: tuple[Any, ...]) -> bool:
    """Whether an index picks a block: whole numbers, slices, … and new axes, no lists."""
    return all(
        i is None or i is Ellipsis or isinstance(i, slice)
        or (isinstance(i, (int, np.integer)) and not isinstance(i, bool)) for i in index
    )  # fmt: skip


def _block(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index so written that a single number, too, is a look at the array."""
    return index if any(i is Ellipsis for i in index) else (*index, ...)


def joined(draft: Draft, node: Node) -> bool:
    """Concatenate and stack."""
    assert node.op is not None
    join = np.concatenate if node.op.name == "concatenate" else np.stack
    draft.emit(join, draft.args(node), node.options["axis"], draft.home(node))
    return True


def split(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    """Hand each input its own piece of the slope."""
    assert node.op is not None
    rule = node.op.vjp(slot)
    assert rule is not None
    if node.op.name == "stack":
        look = np.moveaxis(draft.filled(node, g), node.options["axis"], 0)[slot, ...]
    else:
        args = [i.value for i in node.inputs]
        look = rule(draft.filled(node, g), node.value, *args, **node.options)
    draft.pass_on(node.inputs[slot], look)
    return True
