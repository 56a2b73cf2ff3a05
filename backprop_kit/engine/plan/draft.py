"""What a plan is drawn up in: where every number will stand, and the calls that put it there.

`Draft` collects buffers and calls for one recorded graph · `Same` a slope known beforehand, one
number everywhere · `Call` a bound call · `Slope` either.

Buffers of two axes lie with the batch last in memory where a product made them: x W + b is then one
product with W and b stacked (they are neighbours in the flat vector) and a row of ones under x, and
every array that is worked on number by number is one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Node

Call = tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Same:
    """A slope that is the same number at every entry, known when the plan is drawn up."""

    value: float


Slope = Array | Same


class Draft:
    """Buffers and calls of one recorded graph.

    roots    what is to be computed; the first is the loss
    leaves   {leaf: its array}: parameters and kept numbers; they change between runs
    inputs   leaves that get a buffer, filled before each run
    wanted   {parameter leaf: the array its slope is to stand in}
    """

    def __init__(
        self,
        roots: Sequence[Node],
        leaves: Mapping[Node, Array],
        inputs: Sequence[Node],
        wanted: Mapping[Node, Array],
    ) -> None:
        self.roots, self.inputs = tuple(roots), tuple(inputs)
        self.tape = ancestors(*roots)
        self.dtype = roots[0].value.dtype
        self.moment = [0]  # the step whose masks are drawn
        self.array: dict[Node, Array] = dict(leaves)
        self.slope: dict[Node, Slope] = {}
        self.own: dict[Node, Array] = dict(wanted)
        self.forward: list[Call] = []
        self.backward: list[Call] = []
        self.calls = self.forward
        self.counts = [0, 0]  # of NumPy calls, forward and back
        self.generic: list[str] = []  # operations played in the generic form
        # The loss is offset + Σ factor · (u · v).
        self.offset = 0.0
        self.terms: list[tuple[float, Array, Array]] = []
        # What forms have found out about the graph before a call is written down.
        self.inside: set[Node] = set()  # computed as part of another operation
        self.stacks: set[Node] = set()  # x W + b in one product
        self.scored: set[Node] = set()  # cross-entropies at the end of the loss
        self.with_one: set[Node] = set()  # a row of ones under them
        self.extended: dict[Node, Array] = {}  # these, with the ones
        self.block: dict[Node, Array] = {}  # where the numbers will stand in a longer line
        self.laid: dict[Node, tuple[tuple[int, ...], bool]] = {}  # shape in memory, batch last
        self.notes: dict[Node, tuple[Array, ...]] = {}  # what the way back reads again
        self.late: dict[tuple[Node, ...], list[tuple[Array, Array]]] = {}  # weights used often
        self.switch: dict[Node, list[bool]] = {}  # which way it took, for the way back
        self._numbers: dict[float, Array] = {}

        self.live = {*leaves, *inputs}
        self.moved = set(wanted)
        self.users: dict[Node, list[Node]] = {}
        self.expected: dict[Node, int] = {}  # parts of the slope that will come
        for n in self.tape:
            if n.op is None or n in self.live:
                continue
            if "step" in n.options or any(i in self.live for i in n.inputs):
                self.live.add(n)
            for slot, i in enumerate(n.inputs):
                self.users.setdefault(i, []).append(n)
                if self.passes(n, slot):
                    self.moved.add(n)
                    self.expected[i] = self.expected.get(i, 0) + 1
        given = {*leaves, *inputs}
        self.made = [n for n in self.tape if n in self.live and n not in given]

    def passes(self, node: Node, slot: int) -> bool:
        """Whether a slope goes back from this node through this input, to a parameter."""
        assert node.op is not None
        return node.inputs[slot] in self.moved and node.op.vjp(slot) is not None

    def plain(self, node: Node) -> bool:
        """Whether all numbers of an operation are of the type of the loss: fast forms need it."""
        return all(n.value.dtype == self.dtype for n in (node, *node.inputs))

    def alone(self, node: Node) -> bool:
        """Whether one operation uses the node, and nobody else: it may be computed inside it."""
        return node in self.live and len(self.users.get(node, ())) == 1 and node not in self.roots

    # --- values -----------------------------------------------------------------------------------
    def at(self, node: Node, like: Array | None = None) -> Array:
        """Where the numbers of a node stand; what never changes stands in the recording."""
        if node in self.live:
            return self.home(node, like)
        return node.value

    def args(self, node: Node) -> list[Array]:
        """Where the inputs of a node stand. One not placed yet lies in memory like the others."""
        placed = [self.array[i] for i in node.inputs if i in self.array]
        like = next((a for a in placed if a.shape == node.value.shape), None)
        return [self.at(i, like) for i in node.inputs]

    def home(self, node: Node, like: Array | None = None, last: bool = False) -> Array:
        """The buffer of a node, made at the first call; it lies in memory as `like` does, or with
        the batch last."""
        if node not in self.array:
            fed, one = node in self.inputs, node in self.with_one
            last = last or (one and not fed) or (like is not None and batch_last(like))
            shape = node.value.shape[::-1] if last else node.value.shape
            if one and last:
                shape = (shape[0] + 1, *shape[1:])
            elif one:  # a batch comes in row by row, so the ones stand after each row
                shape = (shape[0], shape[1] + 1)
            self.laid[node] = shape, last
            line = self.block.get(node)
            line = np.ones(prod(shape), node.value.dtype) if line is None else line
            self.array[node] = self.seen(node, line)
            if one:
                block = line.reshape(shape)
                self.extended[node] = block.T if last else block
            if fed:
                self.array[node][...] = node.value
        return self.array[node]

    def seen(self, node: Node, line: Array) -> Array:
        """A line of memory as the numbers of a node, laid out as its buffer is."""
        shape, last = self.laid[node]
        block = line.reshape(shape)
        if node in self.with_one:
            block = block[:-1] if last else block[:, :-1]
        return block.T if last else block

    def inside_of(self, wanted: Node) -> list[Node]:
        """What has to be computed to know a node that has no buffer, oldest first."""
        found, open_ = set[Node](), [wanted]
        while open_:
            n = open_.pop()
            if n in self.live and n not in self.array and n not in found:
                found.add(n)
                open_ += n.inputs
        return sorted(found, key=lambda n: n.index)

    def one_below(self, node: Node) -> Array:
        """The numbers of a node with a column of ones after them."""
        if node not in self.live and node not in self.extended:
            ones = np.ones((len(node.value), 1), node.value.dtype)
            self.extended[node] = np.concatenate([node.value, ones], axis=1)
        self.at(node)
        return self.extended[node]

    def number(self, value: float) -> Array:
        """A constant as an array, which NumPy takes in faster than Python's own number."""
        if value not in self._numbers:
            self._numbers[value] = np.array(value, self.dtype)
        return self._numbers[value]

    def emit(self, function: Callable[..., Any], *args: Any, calls: int = 1) -> None:
        """Add a call to the list; `calls` says how many of NumPy's it makes."""
        self.calls.append((function, args))
        self.counts[self.calls is self.backward] += calls

    # --- slopes -----------------------------------------------------------------------------------
    def part(self, target: Node) -> Array:
        """Where a part of the slope of a target is to be written, before `arrived`: the slope
        itself when it is the first part, else a place of its own."""
        return np.empty_like(self._model(target)) if target in self.slope else self._total(target)

    def _total(self, target: Node) -> Array:
        if target not in self.own:
            self.own[target] = np.empty_like(self._model(target))
        return self.own[target]

    def _model(self, target: Node) -> Array:
        """An array that lies in memory as the slope of a node should."""
        return self.array.get(target, target.value)

    def arrived(self, target: Node, part: Slope) -> None:
        """Take over a part; the first is stored, later ones are added."""
        before = self.slope.get(target)
        if before is None:
            self.slope[target] = part
        elif isinstance(before, Same) and isinstance(part, Same):
            self.slope[target] = Same(before.value + part.value)
        else:
            total = self._total(target)
            self.emit(np.add, self.filled(target, before), self.filled(target, part), total)
            self.slope[target] = total

    def pass_on(self, target: Node, g: Slope) -> None:
        """Hand a slope on as it is: without a copy, where no other part will come."""
        one = self.expected.get(target) == 1 and target.op is not None
        if isinstance(g, Same) or one or target in self.slope:
            self.arrived(target, g)
        else:
            part = self.part(target)
            self.emit(np.copyto, part, g)
            self.arrived(target, part)

    def filled(self, target: Node, g: Slope) -> Array:
        """The slope as an array."""
        if isinstance(g, Same):
            return np.full_like(self._model(target), g.value)
        return g

    def factor(self, g: Slope) -> Array:
        """The slope as something to multiply with: one number where it is the same everywhere."""
        return self.number(g.value) if isinstance(g, Same) else g


def batch_last(a: Array) -> bool:
    """Whether the first axis is the one that lies closest in memory."""
    return a.ndim > 1 and a.T.flags.c_contiguous and not a.flags.c_contiguous


def flat(a: Array) -> Array | None:
    """The numbers in the order of memory, as a view; None where they are not one piece."""
    whole = a if a.flags.c_contiguous else a.T
    return whole.reshape(-1) if whole.flags.c_contiguous else None
