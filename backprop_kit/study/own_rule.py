"""A learner's own way back, beside the right one: `combine(old, new)` and the order of the visits.

`run_rule` walks a recording by the learner's rule · `OwnRun` every number it leaves, the first that
is wrong, and which known mistakes give it. The recording stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from backprop_kit.engine.backward import Step, part_for
from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Trace
from backprop_kit.study.mistakes import apart, largest
from backprop_kit.study.samples import array_of

Combine = Callable[[Any, Any], Any]
Name = Callable[[Node], str]


@dataclass(frozen=True, eq=False)
class Visit:
    """One part on its way by the learner's rule, in place of a `Step`.

    g      what the node held when it was visited, None if nothing had come
    came   how many of its parts had come by then
    part   what it handed on (None: nothing)
    held   what the target holds afterwards
    """

    node: Node | None
    slot: int
    target: Node
    g: Array | None
    came: int
    part: Array | None
    held: Array | None


@dataclass(frozen=True)
class Mistake:
    """A known mistake: its name, what it does, the number it leaves here, and whether it fits."""

    name: str
    does: str
    number: Array
    fits: bool


@dataclass(frozen=True, eq=False)
class Wrong:
    """The first wrong number, in the order of the learner's steps.

    at      which visit left it; where  the value whose slope it is
    part    whether it is a part that arrived (else a total whose parts are all in)
    """

    at: int
    where: Node
    part: bool
    yours: Array | None
    true: Array
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, eq=False)
class OwnRun:
    """A way back by the learner's rule: `visits` in order, `held` what each value is left with."""

    trace: Trace
    visits: tuple[Visit, ...]
    held: dict[Node, Array] = field(default_factory=dict)

    def slope(self, place: Tensor | Node) -> Array | None:
        """The slope the learner's rule leaves at a value, None if nothing came."""
        return self.held.get(self.trace.node(place))

    @cached_property
    def arrivals(self) -> dict[Node, tuple[int, ...]]:
        """For each value the visits that brought it something, in order."""
        found: dict[Node, list[int]] = {}
        for i, v in enumerate(self.visits):
            if v.part is not None:
                found.setdefault(v.target, []).append(i)
        return {n: tuple(places) for n, places in found.items()}

    @cached_property
    def complete(self) -> dict[Node, int]:
        """The visit with which the last part of each value is in, if it ever is."""
        wanted = {n: len(parts) for n, parts in self.trace.parts.items()}
        return {n: at[-1] for n, at in self.arrivals.items() if len(at) == wanted[n]}

    @cached_property
    def wrong(self) -> dict[Node, int]:
        """How many numbers of each slope are wrong at the end; the loss's own is left out."""
        found = {}
        for n, true in self.trace.grads.items():
            mine = self.held.get(n)
            count = true.size if mine is None else int(apart(mine, true, self._size).sum())
            if count and n is not self.trace.loss:
                found[n] = count
        return found

    @cached_property
    def first(self) -> Wrong | None:
        """The first part that arrives, or total whose parts are all in, that differs."""
        true_parts = {(s.node, s.slot): s.part for s in self.trace.steps}
        for i, v in enumerate(self.visits):
            part = true_parts[v.node, v.slot]
            if v.part is None or apart(v.part, part, self._size).any():
                return Wrong(i, v.target, True, v.part, part, self._mistakes_of_part(v))
            if self.complete.get(v.target) == i:
                true = self.trace.grads[v.target]
                assert v.held is not None
                if apart(v.held, true, self._size).any():
                    known = self._mistakes_of_total(v.target)
                    return Wrong(i, v.target, False, v.held, true, known)
        return None

    @cached_property
    def _size(self) -> float:
        return largest(self.trace)

    def _mistakes_of_total(self, n: Node) -> tuple[Mistake, ...]:
        """What each known mistake leaves at a value where several parts meet."""
        came = [self.visits[i] for i in self.arrivals[n]]
        parts = [v.part for v in came if v.part is not None]
        holds = [v.g for v in came if v.g is not None]
        mine = self.visits[self.complete[n]].held
        turned = parts[0]
        for part in parts[1:]:
            turned = turned - part
        known = [
            ("overwrites", "keeps the last part", parts[-1]),
            ("too early", "leaves after the first part", parts[0]),
            ("sign turned", "subtracts instead of adding", turned),
        ]
        if all(g.shape == n.value.shape for g in holds) and len(holds) == len(parts):
            known.insert(2, ("no slope", "adds what the users hold", sum(holds[1:], holds[0])))
        return self._tested(known, mine)

    def _mistakes_of_part(self, v: Visit) -> tuple[Mistake, ...]:
        """What each known mistake hands to a value that got a wrong part."""
        if v.node is None or v.node not in self.arrivals:
            return ()
        came = [self.visits[i].part for i in self.arrivals[v.node]]
        parts = [p for p in came if p is not None]
        true = self.trace.grads[v.node]
        early = sum(parts[1 : v.came], parts[0]) if 0 < v.came < len(parts) else parts[0]
        known = [
            ("too early", "hands on before all parts are in", _rule(v, early)),
            ("overwrites", "hands on the last part only", _rule(v, parts[-1])),
        ]
        if true.shape == v.target.value.shape:
            known.append(("no slope", "hands on what it holds", true))
        known.append(("sign turned", "hands on the opposite", -_rule(v, true)))
        return self._tested(known, v.part)

    def _tested(
        self, known: list[tuple[str, str, Array]], mine: Array | None
    ) -> tuple[Mistake, ...]:
        return tuple(
            Mistake(
                name, does, number, mine is not None and not apart(mine, number, self._size).any()
            )
            for name, does, number in known
        )


def run_rule(
    trace: Trace,
    combine: Combine | None = None,
    order: Sequence[Tensor | Node] | None = None,
    *,
    name: Name = lambda n: n.name or "a value",
) -> OwnRun:
    """Go back by the learner's rule.

    combine  called as `combine(old, new)` from the second part on that arrives at a value
    order    the values in the order in which they hand on; leaves may be left out
    name     what a value is called in an error

    Raises ValueError or TypeError, in two lines, for an order that misses a value, repeats one or
    does not start at the loss, and for a rule that raises or returns no number of the same shape.
    """
    if combine is not None and not callable(combine):
        raise TypeError(
            f"combine is {type(combine).__name__}; it must be a function.\n"
            "Write combine=lambda old, new: old + new."
        )
    senders: dict[Node, list[Step]] = {}
    for step in trace.steps[1:]:
        assert step.node is not None
        senders.setdefault(step.node, []).append(step)
    visited = list(senders) if order is None else _checked(trace, order, list(senders), name)
    seed = trace.steps[0].part
    held: dict[Node, Array] = {trace.loss: seed}
    came: dict[Node, int] = {trace.loss: 1}
    visits = [Visit(None, 0, trace.loss, None, 0, seed, seed)]
    for node in visited:
        g = held.get(node)
        for step in senders[node]:
            target, part = step.target, None
            if g is not None:
                part = part_for(node, step.slot, g, node.value, node.args, 0)
                old = held.get(target)
                held[target] = part if old is None else _combined(combine, old, part, name(target))
                came[target] = came.get(target, 0) + 1
            visits.append(
                Visit(node, step.slot, target, g, came.get(node, 0), part, held.get(target))
            )
    return OwnRun(trace, tuple(visits), held)


def _rule(v: Visit, g: Array) -> Array:
    assert v.node is not None
    return part_for(v.node, v.slot, g, v.node.value, v.node.args, 0)


def _checked(trace: Trace, order: Any, senders: list[Node], name: Name) -> list[Node]:
    """The order as nodes; each value that hands something on stands in it once."""
    if isinstance(order, (Tensor, str, bytes)) or not hasattr(order, "__iter__"):
        raise TypeError(
            f"order is {type(order).__name__}; it must be a list of Tensors.\n"
            "Write order=[loss, v, u]: the values in the order in which they hand on."
        )
    places = list(order)
    for place in places:
        if not isinstance(place, (Tensor, Node)):
            raise TypeError(
                f"order holds {type(place).__name__}; it must be a list of Tensors.\n"
                "Write order=[loss, v, u]: the values in the order in which they hand on."
            )
    nodes = [trace.node(place) for place in places]
    seen: set[Node] = set()
    for n in nodes:
        if n in seen:
            raise ValueError(f"{name(n)} stands twice in the order.\nEach value hands on once.")
        seen.add(n)
    if not nodes or nodes[0] is not trace.loss:
        first = f"starts at {name(nodes[0])}" if nodes else "is empty"
        raise ValueError(
            f"The order {first}; the way back starts at the loss.\n"
            "Write the loss first: order=[loss, …]."
        )
    for n in senders:
        if n not in seen:
            raise ValueError(
                f"The order misses {name(n)}, which has something to hand on.\n"
                "Only leaves may be left out."
            )
    hands_on = set(senders)
    return [n for n in nodes if n in hands_on]


def _combined(combine: Combine | None, old: Array, new: Array, where: str) -> Array:
    if combine is None:
        return old + new
    try:
        told = combine(_handed(old), _handed(new))
    except Exception as problem:
        said = " ".join(str(problem).split()) or "without a word"
        raise ValueError(
            f"Your rule stopped at {where}: {type(problem).__name__}, {said}.\n"
            "It gets two numbers, combine(old, new), and returns one."
        ) from None
    told = told.data if isinstance(told, Tensor) else told
    result = array_of(told)
    if result.dtype.kind not in "fiu":
        raise TypeError(
            f"Your rule returned {type(told).__name__} at {where}.\n"
            "It must return a number: what the value holds from then on."
        )
    if result.shape != new.shape:
        raise ValueError(
            f"Your rule returned shape {result.shape} at {where}; it got {new.shape}.\n"
            "What it returns must have the shape of what it got."
        )
    if not np.isfinite(result).all() and np.isfinite(old).all() and np.isfinite(new).all():
        raise ValueError(
            f"Your rule returned {float(result[~np.isfinite(result)][0])} at {where}.\n"
            "It must return a number that one can go on computing with."
        )
    return result.astype(new.dtype, copy=True)


def _handed(x: Array) -> Any:
    """A number as a plain number, an array read-only: what a rule does cannot change the film."""
    if x.ndim == 0:
        return float(x)
    x = x.view()
    x.flags.writeable = False
    return x
