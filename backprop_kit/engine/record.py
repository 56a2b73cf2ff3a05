"""Writing it down: apply an operation to Tensors and keep its recipe.

`record` does both · `literal` makes an array of what stands in an expression without a Tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array, Op, sealed
from backprop_kit.engine.stopped import keeping
from backprop_kit.engine.tensor import Node, Tensor, frozen


def literal(x: Any, partner: np.dtype | None) -> Array:
    """A read-only array; Python's own numbers take the float type of their partner (NEP 50)."""
    if partner is not None and type(x) in (int, float):
        return sealed(np.array(x, partner))
    array = frozen(x)
    if partner is None or isinstance(x, np.ndarray) or array.dtype.kind not in "fc":
        return array
    weak = 1j if array.dtype.kind == "c" else 1.0
    return sealed(array.astype(np.result_type(partner, weak), copy=False))


def _constant(x: Any, partners: Sequence[Any]) -> Node:
    kinds = [t.data.dtype for t in partners if isinstance(t, Tensor) and t.data.dtype.kind in "fc"]
    return Node(literal(x, kinds[0] if kinds else None), kind="constant")


def record(op: Op, inputs: Sequence[Any], options: dict[str, Any]) -> Tensor:
    """Apply an operation to Tensors, write it down, and return the result.

    Raises ValueError or TypeError, in two lines, when the arrays or the options do not fit; the
    error keeps what was recorded so far in its `trace`.
    """
    if op.variadic and len(inputs) == 1 and isinstance(inputs[0], (list, tuple)):
        inputs = inputs[0]
    if len(inputs) != len(op.letters) and not (op.variadic and inputs):
        raise TypeError(
            f"{op.name} got {len(inputs)} inputs.\n"
            f"It takes {'one or more' if op.variadic else len(op.letters)}."
        )
    for option in options:
        if option not in op.options:
            raise TypeError(
                f"{op.name} got the option {option}.\n"
                f"It knows {', '.join(op.options) or 'no options'}."
            )
    nodes = tuple([x.node if isinstance(x, Tensor) else _constant(x, inputs) for x in inputs])
    args = [n.value for n in nodes]
    try:
        if op.prepare is not None:
            options = op.prepare(*args, **options)
        value = sealed(op.forward(*args, **options))
    except (IndexError, TypeError, ValueError) as problem:
        raise keeping(op.refusal(args, problem), op.name, nodes) from None
    needs = False
    for slot, n in enumerate(nodes):
        if n.needs_grad and op.vjp(slot) is not None:
            needs = True
    return Tensor._made(Node(value, op=op, inputs=nodes, options=options, needs_grad=needs))
