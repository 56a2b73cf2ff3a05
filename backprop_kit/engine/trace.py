"""A recording you can walk through: forward, back, update, again.

`Trace.of(loss)` keeps every step and writes nothing · `trace.at(k)` the `Snapshot` after k steps.
A number is *not computed yet*, *a value*, or *stale*; a sum is not yet until its last part is in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from backprop_kit.engine.backward import Step, ancestors, backward_steps
from backprop_kit.engine.op import Array, sealed
from backprop_kit.engine.replay import Place, leaves_by_tensor, node_of, replay_values
from backprop_kit.engine.scope import Call
from backprop_kit.engine.tensor import Node, Tensor

Phase = Literal["start", "forward", "backward", "update", "again"]


class Update(NamedTuple):
    """What an optimizer proposes for one parameter: old and new numbers, and the rule it used."""

    name: str
    old: Array
    new: Array
    formula: str


class Optimizer(Protocol):
    """What a trace asks of an optimizer."""

    def propose(
        self, parameters: Mapping[str, Array], grads: Mapping[str, Array], state: Any = None
    ) -> tuple[list[Update], Any]: ...


@dataclass(frozen=True, eq=False)
class Trace:
    """One pass, recorded: `len(trace)` steps, each of them a place you can go back to.

    k counts the forward operations in order of creation, then the parts of the backward pass,
    then (with an optimizer) one update a parameter and one step *again*, the new forward pass.

    nodes    every value behind the loss, oldest first
    made     those made by an operation, in the order they were computed
    steps    the parts of the backward pass (hooks are not called)
    updates  (leaf node, Update) for each leaf variable, in the order of the names
    """

    loss: Node
    nodes: tuple[Node, ...]
    made: tuple[Node, ...]
    steps: tuple[Step, ...]
    updates: tuple[tuple[Node, Update], ...]
    names: Mapping[Node, str]

    @classmethod
    def of(cls, loss: Tensor, optimizer: Optimizer | None = None) -> Trace:
        """Record the whole way back from a loss, and what the optimizer would do; changes nothing.

        Raises ValueError if the loss is not one number or needs no slope.
        """
        nodes = tuple(ancestors(node_of(loss)))
        if optimizer is not None and not hasattr(optimizer, "propose"):
            raise TypeError(
                f"An optimizer proposes new numbers; {type(optimizer).__name__} cannot.\n"
                "Pass a rule such as SGD(0.1), or leave it out."
            )
        grads: dict[Node, Array] = {}
        steps = tuple(backward_steps(loss, hooks=False, into=grads))
        names = leaf_names(nodes)
        updates: tuple[tuple[Node, Update], ...] = ()
        if optimizer is not None:
            leaves = {name: n for n, name in names.items() if n in grads}
            proposed, _ = optimizer.propose(
                {name: n.value for name, n in leaves.items()},
                {name: grads[n] for name, n in leaves.items()},
            )
            updates = tuple((leaves[u.name], u._replace(new=sealed(u.new))) for u in proposed)
        made = tuple(n for n in nodes if n.op is not None)
        return cls(loss.node, nodes, made, steps, updates, names)

    def __len__(self) -> int:
        return len(self.made) + len(self.steps) + (len(self.updates) + 1 if self.updates else 0)

    def at(self, k: int) -> Snapshot:
        """What is known after k steps, 0 ≤ k ≤ len(trace)."""
        if not isinstance(k, (int, np.integer)) or not 0 <= k <= len(self):
            raise ValueError(
                f"Step {k} does not exist in a recording of {len(self)} steps.\n"
                f"Choose k between 0 and {len(self)}."
            )
        return Snapshot(self, int(k))

    def phase(self, k: int) -> Phase:
        """The part of the pass that step k belongs to."""
        forward, back = len(self.made), len(self.made) + len(self.steps)
        if k == 0:
            return "start"
        if k <= forward:
            return "forward"
        if k <= back:
            return "backward"
        return "update" if k <= back + len(self.updates) else "again"

    @cached_property
    def computed_at(self) -> dict[Node, int]:
        """The step after which each value is known; leaves are known from 0 on."""
        known = {n: 0 for n in self.nodes if n.op is None}
        known.update({n: k for k, n in enumerate(self.made, 1)})
        return known

    @cached_property
    def parts(self) -> dict[Node, tuple[tuple[int, Array], ...]]:
        """For each node the parts of its slope: (step after which it is in, part)."""
        found: dict[Node, list[tuple[int, Array]]] = {}
        for k, step in enumerate(self.steps, len(self.made) + 1):
            found.setdefault(step.target, []).append((k, step.part))
        return {n: tuple(p) for n, p in found.items()}

    @cached_property
    def grads(self) -> dict[Node, Array]:
        """The whole slope at each node, parts added in the order they came."""
        out = {}
        for n, ((_, total), *later) in self.parts.items():
            for _, part in later:
                total = total + part
            out[n] = sealed(total)
        return out

    @cached_property
    def complete_at(self) -> dict[Node, int]:
        """The step after which the whole slope at each node is known."""
        return {n: parts[-1][0] for n, parts in self.parts.items()}

    @cached_property
    def updated_at(self) -> dict[Node, int]:
        """The step after which each leaf has its new numbers."""
        back = len(self.made) + len(self.steps)
        return {n: k for k, (n, _) in enumerate(self.updates, back + 1)}

    @cached_property
    def stale_at(self) -> dict[Node, int]:
        """The step from which each value no longer fits the numbers it was made of: the first
        update of a leaf behind it. Left out: what depends on no such leaf."""
        first = dict(self.updated_at)
        for n in self.made:
            known = [first[m] for m in n.inputs if m in first]
            if known:
                first[n] = min(known)
        return {n: k for n, k in first.items() if n.op is not None}

    @cached_property
    def again(self) -> dict[Node, Array]:
        """Every value computed again with the updated parameters."""
        if not self.updates:
            return {}
        values = replay_values(self.made, self._new)
        return dict(zip(self.made, values, strict=True))

    @cached_property
    def _new(self) -> dict[Node, Array]:
        return {n: u.new for n, u in self.updates}

    @cached_property
    def _leaf_of(self) -> dict[Any, Node]:
        return leaves_by_tensor(self.nodes)

    def node(self, place: Place) -> Node:
        """The recorded value of a tensor, which may have been given other numbers since.

        Raises ValueError if it is no part of this recording.
        """
        n = self._leaf_of.get(place) or node_of(place)
        if n not in self.computed_at:
            raise ValueError(
                f"{n.name or 'This value'} is no part of this recording.\n"
                "Ask about a tensor that the loss was made of."
            )
        return n


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What is known after k steps of a trace. Reading it computes nothing twice.

    A place is a Tensor or a Node of the recording; any other raises ValueError.
    """

    trace: Trace
    k: int

    @property
    def phase(self) -> Phase:
        return self.trace.phase(self.k)

    def value(self, place: Place) -> Array | None:
        """The value there, None if it is not computed yet. After an update a leaf has its new one,
        after *again* everything has."""
        trace = self.trace
        n = trace.node(place)
        if n in trace.updated_at and trace.updated_at[n] <= self.k:
            return trace._new[n]
        if self.phase == "again" and n.op is not None:
            return trace.again[n]
        return n.value if trace.computed_at[n] <= self.k else None

    def grad(self, place: Place) -> Array | None:
        """The whole slope there, None until its last part is in."""
        n = self.trace.node(place)
        done = self.trace.complete_at.get(n)
        return self.trace.grads[n] if done is not None and done <= self.k else None

    def parts(self, place: Place) -> tuple[Array, ...]:
        """The parts of the slope there that have arrived so far."""
        parts = self.trace.parts.get(self.trace.node(place), ())
        return tuple([part for _, part in parts[: bisect_right(parts, self.k, key=itemgetter(0))]])

    def stale(self, place: Place) -> bool:
        """Whether the value was computed with numbers that were updated since; *again* ends it."""
        stale_at = self.trace.stale_at.get(self.trace.node(place))
        return stale_at is not None and stale_at <= self.k and self.phase != "again"


def leaf_names(nodes: tuple[Node, ...]) -> dict[Node, str]:
    """A name for every leaf variable: its path in the model that was called, else its own name,
    else v1, v2 …"""
    models: dict[Any, None] = {}
    last: Call | None = None
    for node in nodes:
        if node.scope is not None and node.scope is not last:
            last = node.scope
            *_, outermost = last.chain
            models[outermost.module] = None
    paths: dict[Tensor, str] = {}
    for model in models:
        for path, p in model.named_parameters():
            paths.setdefault(p, path)
    order = {p: place for place, p in enumerate(paths)}
    leaves = [(n, n.owner) for n in nodes if n.kind == "variable" and n.owner is not None]
    names: dict[Node, str] = {}
    taken: set[str] = set()
    for n, owner in sorted(leaves, key=lambda leaf: order.get(leaf[1], len(order))):
        name = paths.get(owner) or owner.name or f"v{len(names) + 1}"
        while name in taken:
            name += "'"
        taken.add(name)
        names[n] = name
    return names
