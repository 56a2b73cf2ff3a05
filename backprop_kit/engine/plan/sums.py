"""Sums and means, and the loss as a weighted sum of inner products.

The end of most losses is a mean of products or squares, times a number. u · v is one call; the
factors are multiplied in Python. The numbers in between are computed when somebody asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.plan import scores
from backprop_kit.engine.plan.arithmetic import is_square
from backprop_kit.engine.plan.draft import Draft, Same, Slope, flat
from backprop_kit.engine.tensor import Node


def forward(draft: Draft, node: Node) -> bool:
    """Emit a sum or a mean."""
    (x,) = draft.args(node)
    out, axis, keep = draft.home(node), node.options["axis"], node.options["keepdims"]
    draft.emit(np.add.reduce, x, axis, None, out, keep)
    if _divisor(node) != 1:
        draft.emit(np.true_divide, out, draft.number(_divisor(node)), out)
    return True


def backward(draft: Draft, node: Node, g: Slope) -> bool:
    """Give the slope of a sum to each number that was added; a view of it, for a plain sum."""
    (target,) = node.inputs
    n = _divisor(node)
    if isinstance(g, Same):
        draft.arrived(target, Same(g.value / n))
        return True
    wide = g if node.options["keepdims"] else np.expand_dims(g, node.options["axis"])
    wide = np.broadcast_to(wide, target.value.shape)
    if n == 1:
        draft.pass_on(target, wide)
    else:
        part = draft.part(target)
        draft.emit(np.true_divide, wide, draft.number(n), part)
        draft.arrived(target, part)
    return True


def _divisor(node: Node) -> int:
    if node.op is None or node.op.name == "sum":
        return 1
    return node.inputs[0].value.size // max(node.value.size, 1)


# --- the end of a loss ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Term:
    """factor · Σ u v, or factor · Σ u where v is None."""

    factor: float
    u: Node
    v: Node | None = None


def find_terms(draft: Draft) -> list[Term]:
    """Take the loss apart into terms and an offset; what lies between is computed inside them."""
    terms: list[Term] = []
    open_ = [(1.0, draft.roots[0])]
    while open_:
        factor, node = open_.pop()
        if node not in draft.live:
            draft.offset += factor * node.value.item()
            continue
        more = _apart(draft, factor, node)
        if more is None:
            terms.append(Term(factor, node))
            continue
        draft.inside.add(node)
        if isinstance(more, Term):
            terms.append(more)
        else:
            open_ += more
    return terms


def _apart(draft: Draft, factor: float, node: Node) -> Term | list[tuple[float, Node]] | None:
    """What a number of the loss is made of; None where it has to be computed as it stands."""
    last = node is draft.roots[0] and not draft.users.get(node) and node not in draft.roots[1:]
    if node.op is None or not draft.plain(node) or not (last or draft.alone(node)):
        return None
    name, first, other = node.op.name, node.inputs[0], node.inputs[-1]
    if name in ("sum", "mean") and node.value.size == 1:
        return _term(draft, factor / _divisor(node), first)
    if any(i.value.size != 1 for i in node.inputs):
        return None
    if name == "neg":
        return [(-factor, first)]
    if name in ("add", "sub"):
        return [(-factor if name == "sub" else factor, other), (factor, first)]
    for a, b in ((first, other), (other, first)):
        if name == "mul" and b not in draft.live:
            return [(factor * b.value.item(), a)]
    return None


def _term(draft: Draft, factor: float, u: Node) -> Term:
    if u.op is None or not draft.alone(u):
        return Term(factor, u)
    if u.op.name == "cross_entropy" and scores.fits(draft, u):
        draft.scored.add(u)
        return Term(factor, u)
    a, b = u.inputs[0], u.inputs[-1]
    if not draft.plain(u):
        return Term(factor, u)
    if is_square(u):
        draft.inside.add(u)
        return Term(factor, a, a)
    if u.op.name == "mul" and a.value.shape == b.value.shape:
        draft.inside.add(u)
        return Term(factor, a, b)
    return Term(factor, u)


def write_terms(draft: Draft, terms: list[Term]) -> None:
    """Fix the inner products, once all buffers stand."""
    for t in terms:
        if t.u in draft.scored:
            draft.terms += scores.terms(draft, t.u, t.factor)
            continue
        a = draft.at(t.u)
        if t.v is None:
            b = np.ones_like(a)
        elif t.v in draft.live:
            b = draft.at(t.v, like=a)
        else:
            b = np.empty_like(a)
            b[...] = t.v.value
        draft.terms.append((t.factor, *_lines(draft, a, b)))


def _lines(draft: Draft, a: Array, b: Array) -> tuple[Array, Array]:
    """Both as one line of numbers in the same order; a copy where memory has another order."""
    one, two = flat(a), flat(b)
    same = min(a.ndim, b.ndim) < 2 or a.flags.c_contiguous == b.flags.c_contiguous
    if same and one is not None and two is not None:
        return one, two
    lines = [np.empty(x.size, x.dtype) for x in (a, b)]
    for line, x in zip(lines, (a, b), strict=True):
        draft.emit(np.copyto, line.reshape(x.shape), x)
    return lines[0], lines[1]
