"""Products of matrices, and x W + b as one product with W and b stacked over one another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from backprop_kit.engine.op import Array, T
from backprop_kit.engine.plan.draft import Draft, Slope
from backprop_kit.engine.tensor import Node


def product(draft: Draft, a: Array, b: Array, out: Array) -> None:
    """Emit out = a b for two axes. `dot` takes half the time of `matmul` on small ones."""
    if out.flags.c_contiguous:
        draft.emit(a.dot, b, out)
    elif out.T.flags.c_contiguous:
        draft.emit(b.T.dot, a.T, out.T)
    else:
        draft.emit(np.matmul, a, b, out)


# --- x W + b --------------------------------------------------------------------------------------
def find_stacks(draft: Draft) -> None:
    """Notice every sum of a product and a bias that stand stacked in the flat vector."""
    for node in draft.made:
        if _stackable(draft, node):
            product_, _ = node.inputs
            draft.stacks.add(node)
            draft.inside.add(product_)
            draft.with_one.add(product_.inputs[0])


def _stackable(draft: Draft, node: Node) -> bool:
    if node.op is None or node.op.name != "add" or not draft.plain(node):
        return False
    xw, b = node.inputs
    if xw.op is None or xw.op.name != "matmul" or not draft.alone(xw) or not draft.plain(xw):
        return False
    x, w = xw.inputs
    if x.value.ndim != 2 or w.value.ndim != 2 or b.value.shape != w.value.shape[1:]:
        return False
    if not _neighbours(draft.array, w, b) or (w in draft.own) != (b in draft.own):
        return False
    return x not in draft.array  # a parameter or a kept number stands elsewhere


def _neighbours(array: dict[Node, Array], w: Node, b: Node) -> bool:
    if w not in array or b not in array:
        return False
    return array[w].ctypes.data + array[w].nbytes == array[b].ctypes.data


def _stacked(w: Array, b: Array) -> Array:
    """W with b as one more row: they follow one another in the flat vector."""
    return as_strided(w, (len(w) + 1, len(b)), w.strides)


def stack_forward(draft: Draft, node: Node) -> None:
    """Emit x W + b as [x 1] times W over b."""
    xw, b = node.inputs
    x, w = xw.inputs
    long = draft.one_below(x)
    product(draft, long, _stacked(draft.at(w), draft.at(b)), draft.home(node, last=True))


def stack_backward(draft: Draft, node: Node, g: Array) -> None:
    """Emit the slopes of W and b in one product, then that of x."""
    xw, b = node.inputs
    x, w = xw.inputs
    if w in draft.own:
        _or_later(draft, (w, b), draft.one_below(x), g)
    if draft.passes(xw, 0):
        part = draft.part(x)
        product(draft, g, draft.at(w).T, part)
        draft.arrived(x, part)


# --- a b ------------------------------------------------------------------------------------------
def matmul(draft: Draft, node: Node) -> bool:
    """Emit a product; of more than two axes as one table, where memory allows it."""
    a, b = draft.args(node)
    if node.value.ndim == 2:
        like = _partner(draft, node)
        product(draft, a, b, draft.home(node, like, last=like is None))
    elif b.ndim == 2 and a.flags.c_contiguous:
        product(draft, _rows(a), b, _rows(draft.home(node)))
    else:
        draft.emit(np.matmul, a, b, draft.home(node))
    return True


def _partner(draft: Draft, node: Node) -> Array | None:
    """Where something stands that the product will be added to, or the like; None: nowhere yet."""
    placed = [draft.array[i] for user in draft.users.get(node, ()) for i in user.inputs
              if i in draft.array and i.value.shape == node.value.shape]  # fmt: skip
    return placed[0] if placed and node not in draft.with_one else None


def matmul_back(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    """Emit the part for one factor; False where the factor was repeated for a batch of others."""
    a, b = (draft.at(i) for i in node.inputs)
    target = node.inputs[slot]
    g = draft.filled(node, g)
    left, right = (T(a), g) if slot else (g, T(b))
    if left.ndim == right.ndim == 2 and slot and target in draft.own and target.op is None:
        _or_later(draft, (target,), a, g)
        return True
    if left.ndim == right.ndim == 2:
        part = draft.part(target)
        product(draft, left, right, part)
    elif b.ndim == 2 and a.flags.c_contiguous and g.flags.c_contiguous:
        part = draft.part(target)
        if slot:
            product(draft, _rows(a).T, _rows(g), part)
        else:
            product(draft, _rows(g), b.T, _rows(part))
    elif np.broadcast_shapes(left.shape[:-2], right.shape[:-2]) == target.value.shape[:-2]:
        part = draft.part(target)
        draft.emit(np.matmul, left, right, part)
    else:
        return False
    draft.arrived(target, part)
    return True


# --- weights --------------------------------------------------------------------------------------
OFTEN = 4  # a weight used so often has its slope from one product at the end


def _or_later(draft: Draft, weights: tuple[Node, ...], x: Array, g: Array) -> None:
    """Emit the slope of W (or of W and b, stacked), or note x and g for `write_late`."""
    if draft.expected[weights[0]] < OFTEN:
        _weights(draft, weights, x, g)
    else:
        draft.late.setdefault(weights, []).append((x, g))


def write_late(draft: Draft) -> None:
    """Emit the slopes of weights that are used often: all batches under one another."""
    for weights, pairs in draft.late.items():
        both = []
        for parts in zip(*pairs, strict=True):
            whole = np.empty((sum(map(len, parts)), parts[0].shape[1]), parts[0].dtype)
            draft.emit(np.concatenate, parts, 0, whole)
            both.append(whole)
        _weights(draft, weights, *both)


def _weights(draft: Draft, weights: tuple[Node, ...], x: Array, g: Array) -> None:
    w, b = weights[0], weights[-1]
    if len(weights) == 1:
        part = draft.part(w)
        product(draft, x.T, g, part)
        draft.arrived(w, part)
        return
    total = _stacked(draft.own[w], draft.own[b])
    first = w not in draft.slope and b not in draft.slope
    part = total if first else np.empty_like(total)
    product(draft, x.T, g, part)
    if first:
        draft.arrived(w, draft.own[w])
        draft.arrived(b, draft.own[b])
    else:
        draft.pass_on(b, part[-1])
        draft.pass_on(w, part[:-1])


def _rows(a: Array) -> Any:
    return a.reshape(-1, a.shape[-1])
