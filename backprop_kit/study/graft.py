"""A recorded net with another bend in it: the same leaves, some operations exchanged.

`graft` records the rest of a net again, from the places that are exchanged on · `Bend` a place
where a chain of layers can be bent, and what `graft` needs for it · `bends_of` all of a chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.op import sealed
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.study.activations import Activation, of_operation
from backprop_kit.study.chain import Link

_MIXED = {"softmax", "log_softmax"}  # they see a whole row at once, so they are no bend of a neuron


def handle(node: Node) -> Tensor:
    """A Tensor to compute with that stands for a recorded value."""
    return Tensor._made(node)


def graft(
    ends: Sequence[Node], exchanged: Mapping[Node, Callable[[Mapping[Node, Node]], Node]]
) -> dict[Node, Node]:
    """Record the way to the `ends` again where it leads through an exchanged value.

    exchanged  {recorded value: what stands in its place, made from {old: new}}

    Returns {old: new} for every value behind the ends; what is not behind an exchanged one stays
    the same node, so that one replay serves both recordings.
    """
    new: dict[Node, Node] = {}
    for node in ancestors(*ends):
        new[node] = exchanged[node](new) if node in exchanged else _again(node, new)
    return new


def _again(node: Node, new: Mapping[Node, Node]) -> Node:
    """This one operation on what stands in the place of its inputs."""
    inputs = tuple([new[n] for n in node.inputs])
    if node.op is None or all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    value = sealed(node.op.forward(*[n.value for n in inputs], **node.options))
    needs = any(n.needs_grad and node.op.vjp(i) is not None for i, n in enumerate(inputs))
    return Node(value, op=node.op, inputs=inputs, options=node.options, needs_grad=needs)


def own_activation(link: Link) -> Activation | None:
    """The activation that a link of a chain is; None for one that is none."""
    op = link.result.op
    if link.kind != "activation" or op is None or link.name in _MIXED:
        return None
    options = link.result.options
    return of_operation(op.name, options, lambda z: op(z, **options))


@dataclass(frozen=True)
class Bend:
    """A place where a chain can be bent: after the sums z, where the net has `own` or nothing.

    z, h  the nodes before and behind it; the same node where the net has nothing
    """

    z: Node
    h: Node
    own: Activation | None

    def exchange(
        self, act: Activation | None
    ) -> tuple[Node, Callable[[Mapping[Node, Node]], Node]]:
        """What `graft` needs to put another activation here; None: the sums as they are."""
        if self.own is not None:
            z = self.z
            return self.h, lambda new: new[z] if act is None else act.apply(handle(new[z])).node

        def after(new: Mapping[Node, Node]) -> Node:
            made = _again(self.z, new)
            return made if act is None else act.apply(handle(made)).node

        return self.z, after


def bends_of(links: Sequence[Link]) -> list[Bend]:
    """Where a chain can be bent: after each affine map that another one follows.

    An activation that stands last bends nothing that is cut afterwards, and is left alone.
    """
    found = []
    for i, link in enumerate(links[:-1]):
        if link.kind != "linear":
            continue
        own = own_activation(links[i + 1])
        if own is not None and i + 2 < len(links):
            found.append(Bend(link.result, links[i + 1].result, own))
        elif links[i + 1].kind == "linear":
            found.append(Bend(link.result, link.result, None))
    return found
