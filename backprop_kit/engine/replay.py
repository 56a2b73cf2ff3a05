"""Evaluate a recorded graph again with other numbers in it; nothing recorded changes.

`replay` the loss (or any values) with other leaves · `replay_slopes` its slopes as well.
A replacement with one axis more than was recorded is an ensemble: R values at once, R losses back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from backprop_kit.engine.backward import ancestors, part_for
from backprop_kit.engine.op import Array, align, sealed
from backprop_kit.engine.record import literal
from backprop_kit.engine.tensor import Node, Tensor, frozen

Place = Tensor | Node


def node_of(place: Place) -> Node:
    """The present node of a tensor, or the node itself."""
    if isinstance(place, (Tensor, Node)):
        return place.node if isinstance(place, Tensor) else place
    raise TypeError(
        f"Only a Tensor has a recording; got {type(place).__name__}.\n"
        "Pass what was computed from tensors, such as loss = loss_of(model(x), y)."
    )


def leaves_by_tensor(tape: Iterable[Node]) -> dict[Any, Node]:
    """The leaf of each tensor on a tape. A tensor that was given new data since is still known
    there by the (latest) leaf it was then."""
    return {n.owner: n for n in tape if n.owner is not None}


def replay(loss: Place, leaves: Mapping[Any, Any] | None = None) -> Array:
    """The value of a recorded `loss` with other numbers at some places.

    leaves  {tensor or node: array}. A leaf, or any value inside, which is then cut off from what
            it was made of. Same number of axes as recorded (an input may bring another batch), or
            one more in front: an ensemble of R, for which the result has a leading axis R.

    Raises ValueError for a place that is not part of this recording or a shape that does not fit.

    >>> a = Tensor(2.0); loss = a * a
    >>> replay(loss, {a: [1.0, 2.0, 3.0]})
    array([1., 4., 9.])
    """
    return replay_values([loss], leaves)[0]


def replay_values(places: Iterable[Place], leaves: Mapping[Any, Any] | None = None) -> list[Array]:
    """The values of several recorded places in one replay."""
    roots = [node_of(p) for p in places]
    given, members = _replacements(roots, leaves or {})
    values = _forward(ancestors(*roots), given)
    return [_for_all(values.get(n, n.value), n, members) for n in roots]


def replay_slopes(
    loss: Place, leaves: Mapping[Any, Any] | None, wanted: Iterable[Place]
) -> tuple[Array, list[Array]]:
    """The loss and its slopes at the `wanted` places, on the ensemble axis if there is one.

    With complex numbers in `leaves` the imaginary parts of the slopes are the exact second
    derivatives along that direction (complex step; Squire & Trapp 1998).
    """
    root, places = node_of(loss), [node_of(p) for p in wanted]
    given, members = _replacements([root], leaves or {})
    tape = ancestors(root)
    values = _forward(tape, given)
    value = _for_all(values.get(root, root.value), root, members)
    lead = len(members)
    totals: dict[Node, Array] = {root: np.ones(value.shape, value.dtype)}
    for node in reversed(tape):
        if node not in totals or node.op is None or node in given or not node.needs_grad:
            continue
        g, args = totals[node], _args(node, values)
        y = values.get(node, node.value)
        for slot in range(len(args) - 1, -1, -1):
            target = node.inputs[slot]
            if target.needs_grad and node.op.vjp(slot) is not None:
                part = part_for(node, slot, g, y, args, lead)
                totals[target] = totals[target] + part if target in totals else part
    zero = np.zeros((), value.dtype)
    return value, [_for_all(totals.get(n, np.broadcast_to(zero, n.value.shape)), n, members)
                   for n in places]  # fmt: skip


def _for_all(value: Array, node: Node, members: tuple[int, ...]) -> Array:
    """Repeat what is the same for every member of an ensemble."""
    if not members or value.ndim > node.value.ndim:
        return np.asarray(value)
    return np.broadcast_to(value, members + value.shape)


def _args(node: Node, values: Mapping[Node, Array]) -> Sequence[Array]:
    """What the operation works on in this run, an ensemble axis lined up."""
    args = [values.get(n, n.value) for n in node.inputs]
    if len(args) < 2 or node.op is None or not node.op.aligned:
        return args
    return align(args, [n.value.ndim for n in node.inputs])


def _replacements(
    roots: list[Node], leaves: Mapping[Any, Any]
) -> tuple[dict[Node, Array], tuple[int, ...]]:
    """{node: new numbers}, and the size of the ensemble axis: () or (R,)."""
    given: dict[Node, Array] = {}
    members: tuple[int, ...] = ()
    if not leaves:
        return given, members
    tape = ancestors(*roots)
    live, known = set(tape), leaves_by_tensor(tape)
    for place, new in leaves.items():
        node = known.get(place) or node_of(place)
        if node not in live:
            raise ValueError(
                f"{getattr(place, 'name', None) or 'A value'} to be replaced is no part of this "
                "recording.\nReplace a tensor that the loss was made of."
            )
        whole = node.value.dtype.kind in "iu"
        array = frozen(new, keep_integers=True) if whole else literal(new, node.value.dtype)
        extra = array.ndim - node.value.ndim
        fits = array.shape[extra:] == node.value.shape or node.kind == "input"
        if extra not in (0, 1) or not fits:
            raise ValueError(
                f"The replacement has shape {array.shape}; recorded was {node.value.shape}.\n"
                "Give the same shape, or one axis more in front for an ensemble."
            )
        if extra and members not in ((), array.shape[:1]):
            raise ValueError(
                f"Ensembles of {members[0]} and {array.shape[0]} members meet in one replay.\n"
                "Give every replacement the same leading axis."
            )
        members = array.shape[:1] if extra else members
        given[node] = array
    return given, members


def _forward(tape: Sequence[Node], given: Mapping[Node, Array]) -> dict[Node, Array]:
    """Values that differ from the recording, computed again; the rest is read from it."""
    values = dict(given)
    if not given:
        return values
    for node in tape:
        if node.op is None or node in values or not any(n in values for n in node.inputs):
            continue
        args = _args(node, values)
        try:
            values[node] = sealed(node.op.forward(*args, **node.options))
        except (IndexError, TypeError, ValueError) as problem:
            raise node.op.refusal(args, problem) from None
    return values
