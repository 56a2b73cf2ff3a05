"""Operations that act number by number: one NumPy call each way for most of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.plan.draft import Draft, Same, Slope
from backprop_kit.engine.tensor import Node

UFUNCS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide,
    "neg": np.negative, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin,
    "cos": np.cos,
}  # fmt: skip


def forward(draft: Draft, node: Node) -> bool:
    """Emit the value; False where there is no fast form."""
    assert node.op is not None
    if is_square(node):
        (x, *_) = draft.args(node)
        draft.emit(np.square, x, draft.home(node, like=x))
        return True
    if node.op.name not in UFUNCS or node.options:
        return False
    args = draft.args(node)
    like = next((a for a in args if a.shape == node.value.shape), None)
    draft.emit(UFUNCS[node.op.name], *args, draft.home(node, like))
    return True


def is_square(node: Node) -> bool:
    """Whether this is x² with a literal 2, or x · x."""
    if node.op is None or node.op.name not in ("power", "mul"):
        return False
    a, b = node.inputs
    if node.op.name == "mul":
        return a is b
    return b.kind == "constant" and b.value.ndim == 0 and b.value == 2


def backward(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    """Emit the part for one input; False where there is no fast form."""
    assert node.op is not None
    rule = PARTS.get(node.op.name)
    return rule is not None and not node.options and rule(draft, node, slot, g)


def backward_of_square(draft: Draft, node: Node, g: Slope) -> None:
    """Emit 2 x g, both parts of x · x in one."""
    x = draft.at(node.inputs[0])

    def twice(out: Array) -> None:
        if isinstance(g, Same):
            draft.emit(np.multiply, x, draft.number(2 * g.value), out)
        else:
            draft.emit(np.multiply, g, draft.number(2.0), out)
            draft.emit(np.multiply, out, x, out)

    _give(draft, node, 0, twice)


# --- the rules ------------------------------------------------------------------------------------
def _add(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    _hand(draft, node, slot, g)
    return True


def _minus(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    if len(node.inputs) == 2 and slot == 0:
        _hand(draft, node, slot, g)
    elif isinstance(g, Same):
        _hand(draft, node, slot, Same(-g.value))
    else:
        _give(draft, node, slot, lambda out: draft.emit(np.negative, g, out))
    return True


def _mul(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    other = node.inputs[1 - slot]
    if isinstance(g, Same) and other not in draft.live and other.value.ndim == 0:
        _hand(draft, node, slot, Same(g.value * float(other.value)))
    else:
        times = draft.factor(g), draft.at(other)
        _give(draft, node, slot, lambda out: draft.emit(np.multiply, *times, out))
    return True


def _div(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    other = node.inputs[1]
    if slot == 1:
        whole, y, b = draft.filled(node, g), draft.at(node), draft.at(other)

        def divisor(out: Array) -> None:
            draft.emit(np.multiply, whole, y, out)
            draft.emit(np.true_divide, out, b, out)
            draft.emit(np.negative, out, out)

        _give(draft, node, slot, divisor)
    elif isinstance(g, Same) and other not in draft.live and other.value.ndim == 0:
        _hand(draft, node, slot, Same(g.value / float(other.value)))
    else:
        parts = draft.factor(g), draft.at(other)
        _give(draft, node, slot, lambda out: draft.emit(np.true_divide, *parts, out))
    return True


def _exp(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    times = draft.factor(g), draft.at(node)
    _give(draft, node, slot, lambda out: draft.emit(np.multiply, *times, out))
    return True


def _log(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    parts = draft.factor(g), draft.at(node.inputs[0])
    _give(draft, node, slot, lambda out: draft.emit(np.true_divide, *parts, out))
    return True


def _sqrt(draft: Draft, node: Node, slot: int, g: Slope) -> bool:
    y = draft.at(node)

    def half(out: Array) -> None:
        draft.emit(np.add, y, y, out)
        draft.emit(np.true_divide, draft.factor(g), out, out)

    _give(draft, node, slot, half)
    return True


PARTS: dict[str, Callable[[Draft, Node, int, Slope], bool]] = {
    "add": _add, "sub": _minus, "neg": _minus, "mul": _mul, "div": _div, "exp": _exp, "log": _log,
    "sqrt": _sqrt,
}  # fmt: skip


def _give(draft: Draft, node: Node, slot: int, write: Callable[[Array], None]) -> None:
    """Let a part be written in the shape of the node; undo broadcasting; add it to its target."""
    target = node.inputs[slot]
    part = draft.part(target)
    if part.shape == node.value.shape:
        write(part)
    else:
        whole = np.empty_like(draft.array.get(node, node.value))
        write(whole)
        _summed(draft, whole, part)
    draft.arrived(target, part)


def _hand(draft: Draft, node: Node, slot: int, g: Slope) -> None:
    """Hand the slope of the node on, summed where the input was repeated."""
    target = node.inputs[slot]
    if target.value.shape == node.value.shape:
        draft.pass_on(target, g)
    elif isinstance(g, Same):
        draft.arrived(target, Same(g.value * (node.value.size // max(target.value.size, 1))))
    else:
        part = draft.part(target)
        _summed(draft, g, part)
        draft.arrived(target, part)


def _summed(draft: Draft, whole: Array, part: Array) -> None:
    """Emit the sum over the axes along which an array of the shape of `part` was repeated."""
    if part.ndim == 1 and part.shape == whole.shape[-1:] and _is_table(whole):
        rows = whole.reshape(-1, whole.shape[-1])
        draft.emit(rows.T.dot, np.ones(len(rows), whole.dtype), part)
        return
    extra = whole.ndim - part.ndim
    axes = [i for i in range(whole.ndim)
            if i < extra or (part.shape[i - extra] == 1 and whole.shape[i] != 1)]  # fmt: skip
    draft.emit(np.add.reduce, whole, tuple(axes), None, np.expand_dims(part, tuple(range(extra))),
               True)  # fmt: skip


def _is_table(a: Array) -> bool:
    """Whether all but the last axis can be seen as one."""
    return a.ndim == 2 or (a.ndim > 2 and a.flags.c_contiguous)
