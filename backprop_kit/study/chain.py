"""Take a recorded net apart into a chain of layers, whatever it was written as.

Between the input and the loss some values are passed by every path: there the recording can be cut.
What lies between two cuts is a `Link`: an affine map, an activation, or a block that stays closed.
So a skip connection, a plain function or a module nobody knows is one named block, not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.scope import Call
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace

Kind = Literal["linear", "activation", "block"]

ACTIVATIONS = {
    "tanh", "sigmoid", "relu", "leaky_relu", "elu", "softplus", "gelu", "softmax", "log_softmax",
    "exp", "sin", "cos", "abs", "identity",
}  # fmt: skip
_OUTPUT = {"sigmoid", "softmax"}


@dataclass(frozen=True, eq=False)
class Link:
    """One piece of the chain, from `source` to `result`.

    name     tanh, Linear, or the name of the module inside
    product  x W before the bias is added; weight, bias  the leaves (linear only)
    inside   paths of the parameters within (all kinds)
    """

    kind: Kind
    name: str
    source: Node
    result: Node
    product: Node | None = None
    weight: Node | None = None
    bias: Node | None = None
    inside: tuple[str, ...] = ()


def links_between(x: Node, output: Node, trace: Trace) -> tuple[Link, ...]:
    """The chain from x to the output, and on to the probabilities if the loss computes them."""
    inner = _chain(x, output, trace)
    for link in _chain(output, trace.loss, trace)[:1]:
        if link.kind == "activation" and link.name in _OUTPUT:
            inner.append(link)
    if not inner:
        # The output does not depend on x, or is x itself: one block stands for everything.
        inside = tuple(trace.names[n] for n in trace.nodes if n in trace.names)
        inner = [Link("block", "model", x, output, inside=inside)]
    return tuple(inner)


def links_up_to(x: Node, end: Node, trace: Trace) -> tuple[Link, ...]:
    """The chain from x to a value inside, () if that does not depend on x."""
    return tuple(_chain(x, end, trace))


def _chain(x: Node, end: Node, trace: Trace) -> list[Link]:
    links: list[Link] = []
    cuts = _cuts(x, end)
    for source, result in pairwise(cuts):
        links.append(_link(source, result, trace))
    return _joined(links, trace)


def _cuts(x: Node, end: Node) -> list[Node]:
    """The values that every path from x to the end passes, in order; [] if there is no path."""
    reached = {x}
    for n in ancestors(end):
        if any(m in reached for m in n.inputs):
            reached.add(n)
    if end not in reached or end is x:
        return []
    inside = [n for n in ancestors(end) if n in reached]
    place = {n: i for i, n in enumerate(inside)}
    last_user = [0] * len(inside)
    for i, n in enumerate(inside):
        for m in n.inputs:
            if m in place:
                last_user[place[m]] = i
    cuts, open_until = [], 0
    for i, n in enumerate(inside):
        if open_until <= i:
            cuts.append(n)
        open_until = max(open_until, last_user[i])
    return cuts


def _link(source: Node, result: Node, trace: Trace) -> Link:
    assert result.op is not None
    name = result.op.name
    if name == "matmul" and result.inputs[0] is source and _variable(result.inputs[1]):
        weight = result.inputs[1]
        leaf = (trace.names[weight],)
        return Link("linear", "Linear", source, result, result, weight, None, leaf)
    if result.inputs == (source,) and name in ACTIVATIONS:
        return Link("activation", name, source, result)
    inside = tuple(trace.names[n] for n in _between(source, result) if n in trace.names)
    return Link("block", _name(source, result), source, result, inside=inside)


def _joined(links: list[Link], trace: Trace) -> list[Link]:
    """Put a bias to its product, and the pieces of one closed module together."""
    out: list[Link] = []
    for link in links:
        last = out[-1] if out else None
        if last is not None and last.kind == "linear" and last.bias is None:
            op, inputs = link.result.op, link.result.inputs
            if op is not None and op.name == "add" and inputs[0] is last.result:
                if _variable(inputs[1]) and inputs[1].value.ndim == 1:
                    inside = (*last.inside, trace.names[inputs[1]])
                    out[-1] = Link("linear", "Linear", last.source, link.result, last.product,
                                   last.weight, inputs[1], inside)  # fmt: skip
                    continue
        if last is not None and "block" in (last.kind, link.kind):
            shared = _closed(last.result) & _closed(link.result)
            if shared:
                name = title_of(max(shared, key=lambda c: c.start))
                out[-1] = Link("block", name, last.source, link.result,
                               inside=last.inside + link.inside)  # fmt: skip
                continue
        out.append(link)
    return out


def _closed(node: Node) -> set[Call]:
    """The calls of modules without children that this value was made in."""
    chain = node.scope.chain if node.scope is not None else ()
    return {c for c in chain if not any(True for _ in c.module.named_children())}


def _variable(node: Node) -> bool:
    return node.op is None and node.kind == "variable"


def _between(source: Node, result: Node) -> list[Node]:
    before = set(ancestors(source))
    return [n for n in ancestors(result) if n not in before]


def _name(source: Node, result: Node) -> str:
    """The outermost module that made the result and nothing before the source."""
    calls = [c for c in (result.scope.chain if result.scope else ()) if c.start > source.index]
    return title_of(calls[-1]) if calls else result.op.name if result.op is not None else "block"


def title_of(call: Call) -> str:
    """What the module of a call is called in a picture."""
    name = type(call.module).__name__
    if name == "Function":
        name = call.module.extra_repr()
    return "function" if name.startswith("<") else name
