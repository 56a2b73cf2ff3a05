"""Where the layers of a recorded pass are, and what lies on the way from one to the next.

`places` every sum z = x W + b that a matrix of weights makes, whatever it was written as ·
`Place` one of them, with the bend behind it · `Region` one piece of the way to the next sum ·
`Tape` what is asked of a recording again and again.

Nothing here depends on modules: a plain function, a recurrent net or a skip connection is found by
the operations it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from backprop_kit.engine import elementwise
from backprop_kit.engine.backward import Step
from backprop_kit.engine.op import Op
from backprop_kit.engine.scope import Call
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.nn import BatchNorm, LayerNorm, Loss

Kind = Literal["weights", "slope", "skip", "norm", "other"]

ALONE = {o for o in vars(elementwise).values() if isinstance(o, Op)} - {elementwise.matmul}
_SUMS = ("add", "sub")


@dataclass(frozen=True, eq=False)
class Region:
    """A piece of the way from one sum to the next: from `source` to `result`, where every path
    passes.

    nodes  what was computed within, the result last
    """

    kind: Kind
    source: Node
    result: Node
    nodes: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Place:
    """A sum z that weights make, and what follows it until other numbers come in.

    products  (the product, which of its inputs the weights are); several where a sum has several,
              as in a recurrent layer
    norms, bends  the regions from z to h, normalisation first; h is z where there is none
    """

    z: Node
    products: tuple[tuple[Node, int], ...]
    norms: tuple[Region, ...]
    bends: tuple[Region, ...]

    @property
    def h(self) -> Node:
        return (*self.norms, *self.bends)[-1].result if self.norms or self.bends else self.z

    @property
    def bent_from(self) -> Node:
        """What the activation works on: z, or what a normalisation made of it."""
        return self.norms[-1].result if self.norms else self.z


class Tape:
    """A recording with its users looked up once."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.users: dict[Node, list[Node]] = {}
        bare: set[Node] = set()  # made of weights alone
        for n in trace.nodes:
            for m in dict.fromkeys(n.inputs):
                self.users.setdefault(m, []).append(n)
            if n.op is None:
                if n.kind == "variable":
                    bare.add(n)
            elif all(m in bare for m in n.inputs):
                bare.add(n)
            elif n.op.name != "matmul" and any(m in bare for m in n.inputs):
                # A first state of zeros times a matrix is a use of that matrix; a mask is not.
                if all(m in bare or m.kind == "constant" for m in n.inputs):
                    bare.add(n)
        self.bare = bare
        self.position = {n: i for i, n in enumerate(trace.made)}

    @cached_property
    def steps_to(self) -> dict[Node, list[Step]]:
        """The parts that arrive at each value."""
        found: dict[Node, list[Step]] = {}
        for step in self.trace.steps:
            found.setdefault(step.target, []).append(step)
        return found

    @cached_property
    def sums(self) -> dict[Node, tuple[tuple[Node, int], ...]]:
        """{a value that is a product with weights, or a sum of such: those products}."""
        found: dict[Node, tuple[tuple[Node, int], ...]] = {}
        for n in self.trace.made:
            assert n.op is not None
            if n.op.name == "matmul":
                slots = [i for i, m in enumerate(n.inputs) if m in self.bare]
                if len(slots) == 1:
                    found[n] = ((n, slots[0]),)
            elif n.op.name in _SUMS and n.inputs[0] is not n.inputs[1]:
                mine = [m for m in n.inputs if m in found and len(self.users[m]) == 1]
                if mine and all(m in mine or self.still(m) for m in n.inputs):
                    found[n] = tuple(p for m in mine for p in found[m])
        return found

    def still(self, node: Node) -> bool:
        """Whether a value does not depend on the data."""
        return node in self.bare or node.kind == "constant"

    def alone(self, node: Node, source: Iterable[Node]) -> bool:
        """Whether an operation works on each number of `source` alone; nothing else comes in but
        weights and constants."""
        return node.op in ALONE and all(m in source or self.still(m) for m in node.inputs)

    def places(self) -> list[Place]:
        """The layers of a recording, in the order in which they were computed."""
        ends = [n for n in self.sums if not self._absorbed(n)]
        return [Place(z, self.sums[z], *self._bends(z)) for z in ends]

    def _absorbed(self, node: Node) -> bool:
        """Whether this product is only a summand of a larger sum of the same layer."""
        users = self.users.get(node, [])
        return (
            len(users) == 1
            and users[0] in self.sums
            and any(p in self.sums[users[0]] for p in self.sums[node])
        )

    # --- from a sum to what the layer hands on ----------------------------------------------------
    def _bends(self, z: Node) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
        norms: list[Region] = []
        bends: list[Region] = []
        at = z
        while (region := self._onward(at)) is not None:
            if region.kind == "norm" and bends:
                break
            (norms if region.kind == "norm" else bends).append(region)
            at = region.result
        return tuple(norms), tuple(bends)

    def _onward(self, node: Node) -> Region | None:
        """The next region, if all that uses a value ends in one value of the same shape."""
        users = self.users.get(node, [])
        if not users:
            return None
        call = _common_call(users, node)
        if call is not None and isinstance(call.module, Loss):
            return None
        if call is not None and len(call.outputs) == 1:
            end = call.outputs[0]
            if end is not None and end is not node and end in self.position:
                region = self._region(node, end)
                if region.kind in ("norm", "slope") and end.value.shape == node.value.shape:
                    return region
        if len(users) == 1 and self.alone(users[0], (node,)):
            if users[0].value.shape == node.value.shape:
                return self._region(node, users[0])
        return None

    # --- from one sum to the next -----------------------------------------------------------------
    def nexts(self, found: list[Place]) -> list[int | None]:
        """For each layer the first later one that its numbers reach with no other between."""
        number = {p.z: i for i, p in enumerate(found)}
        after: list[int | None] = [None] * len(found)
        for i, p in enumerate(found):
            seen: set[Node] = set()
            stack = [p.z]
            while stack:
                for m in stack.pop().inputs:
                    if m in seen or m.op is None:
                        continue
                    seen.add(m)
                    if m in number:
                        if after[number[m]] is None:
                            after[number[m]] = i
                    else:
                        stack.append(m)
        return after

    def route(self, below: Node, above: Node) -> list[Region]:
        """The regions from one value to a later one, in the order of the way there."""
        between = self.trace.made[self.position[below] : self.position[above] + 1]
        reached = {below}
        for n in between:
            if any(m in reached for m in n.inputs):
                reached.add(n)
        needed = {above}
        for n in reversed(between):
            if n in needed:
                needed.update(m for m in n.inputs if m in reached)
        inside = [n for n in between if n in needed]
        place = {n: i for i, n in enumerate(inside)}
        last = [0] * len(inside)
        for i, n in enumerate(inside):
            for m in n.inputs:
                if m in place:
                    last[place[m]] = i
        out: list[Region] = []
        start, open_until = 0, 0
        for i in range(len(inside)):
            if open_until <= i and i:
                out.append(self._made(inside[start], inside[start + 1 : i + 1]))
                start = i
            open_until = max(open_until, last[i])
        return out

    def _region(self, source: Node, result: Node) -> Region:
        between = self.trace.made[self.position[source] + 1 : self.position[result] + 1]
        reached = {source}
        nodes = []
        for n in between:
            if any(m in reached for m in n.inputs):
                reached.add(n)
                nodes.append(n)
        return self._made(source, nodes)

    def _made(self, source: Node, nodes: list[Node]) -> Region:
        return Region(self._kind(source, nodes), source, nodes[-1], tuple(nodes))

    def _kind(self, source: Node, nodes: list[Node]) -> Kind:
        known = {source, *nodes}
        if all(n in self.sums for n in nodes):
            return "weights"
        if any(_normal(n) for n in nodes):
            return "norm"
        if all(self.alone(n, known) for n in nodes):
            return "slope"
        if len(nodes) == 1 and nodes[0].op is not None and nodes[0].op.name in _SUMS:
            return "skip"
        return "other"


def _normal(node: Node) -> bool:
    chain = node.scope.chain if node.scope is not None else ()
    return any(isinstance(c.module, (BatchNorm, LayerNorm)) for c in chain)


def _common_call(users: list[Node], node: Node) -> Call | None:
    """The innermost call of a module that all users were made in, and the value was not."""
    first, *others = users
    for call in first.scope.chain if first.scope is not None else ():
        if call.start < node.index:
            return None
        if any(True for _ in call.module.named_children()):
            return None
        if all(n.scope is not None and call in n.scope.chain for n in others):
            return call
    return None
