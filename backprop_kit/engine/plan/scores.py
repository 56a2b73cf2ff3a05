"""Losses of scores at the end of a recording: one pass for the value and the way back.

Cross-entropy. With z = x − max x, e = exp z and s = Σ e the loss of a row is ln s − z at its label,
and its slope e / s − 1 at the label. The labels become a table of zeros and ones.

Binary cross-entropy of a sum z. The loss is ln(1 + e^z) − t z, and its slope σ(z) − t, where
σ(z) = exp(z − ln(1 + e^z)) is had from what is there.
"""

from __future__ import annotations

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.plan.draft import Draft, Slope
from backprop_kit.engine.tensor import Node


# --- cross-entropy --------------------------------------------------------------------------------
def fits(draft: Draft, node: Node) -> bool:
    """Whether a cross-entropy is one of a table of scores and given labels."""
    x, labels = node.inputs
    return x.value.ndim == 2 and x.value.dtype == draft.dtype and labels.op is None


def forward(draft: Draft, node: Node) -> None:
    """Emit ln s for each row, the scores z and the table; `terms` puts them together."""
    scores, labels = node.inputs
    x = draft.at(scores)
    rows, s = np.empty((2, len(x)), x.dtype)
    z, e, table = (np.empty_like(x) for _ in range(3))
    draft.emit(np.maximum.reduce, x, 1, None, rows)
    draft.emit(np.subtract, x, rows[:, None], z)
    draft.emit(np.exp, z, e)
    draft.emit(e.dot, np.ones(x.shape[1], x.dtype), s)
    draft.emit(np.log, s, rows)
    marks = np.equal, draft.at(labels)[:, None], np.arange(x.shape[1]), table
    if labels in draft.live:
        draft.emit(*marks)
    else:
        marks[0](*marks[1:])
    draft.notes[node] = rows, s, z, e, table


def terms(draft: Draft, node: Node, factor: float) -> list[tuple[float, Array, Array]]:
    """The summed loss as inner products: the ln s of all rows less the z at all labels."""
    rows, _, z, _, table = draft.notes[node]
    line = z.T.reshape(-1) if z.T.flags.c_contiguous else z.reshape(-1)
    marks = table.T.reshape(-1) if table.T.flags.c_contiguous else table.reshape(-1)
    return [(factor, rows, np.ones_like(rows)), (-factor, line, marks)]


def backward(draft: Draft, node: Node, g: Slope) -> None:
    """Emit g (e / s − table)."""
    _, s, _, e, table = draft.notes[node]
    target = node.inputs[0]
    part = draft.part(target)
    draft.emit(np.true_divide, e, s[:, None], part)
    draft.emit(np.subtract, part, table, part)
    draft.emit(np.multiply, part, _column(draft.factor(g)), part)
    draft.arrived(target, part)


def _column(g: Array) -> Array:
    return g[:, None] if g.ndim else g


# --- binary cross-entropy of sums -----------------------------------------------------------------
def is_logit_loss(draft: Draft, node: Node) -> bool:
    """Whether this is ln(1 + e^z) − t z, or with z t, whose slope at z is wanted alone."""
    if node.op is None or node.op.name != "sub" or not draft.plain(node):
        return False
    soft, times = node.inputs
    if not (soft.op and times.op and soft.op.name == "softplus" and times.op.name == "mul"):
        return False
    (z,) = soft.inputs
    others = [i for i in times.inputs if i is not z]
    return (
        len(others) == 1 and others[0] not in draft.moved and draft.alone(soft)
        and draft.alone(times) and z in draft.moved and others[0].value.shape == z.value.shape
    )  # fmt: skip


def logit_backward(draft: Draft, node: Node, g: Slope) -> None:
    """Emit g (σ(z) − t), both parts of z in one."""
    soft, times = node.inputs
    (z,) = soft.inputs
    (t,) = (i for i in times.inputs if i is not z)
    part = draft.part(z)
    draft.emit(np.subtract, draft.at(z), draft.at(soft), part)
    draft.emit(np.exp, part, part)
    draft.emit(np.subtract, part, draft.at(t), part)
    draft.emit(np.multiply, part, draft.factor(g), part)
    draft.arrived(z, part)
