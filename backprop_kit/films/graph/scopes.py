"""What folds into one card: the layers of a net, its losses, and groups of a large recording.

A scope is a range of the recording: what is made in it is made without a break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from backprop_kit.engine.scope import Call
from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.symbols import absorbed


@dataclass(frozen=True, eq=False)
class Scope:
    """Operations that fold into one card: a layer, a block, the loss, or a group of a large graph.

    inside  the values made there and the leaves that stand with them
    kind    "call" what a module made, else how a group was found: "equal", "chain" or "run"
    """

    number: int
    name: str
    made: tuple[Node, ...]
    leaves: frozenset[Node]
    loss: bool = False
    kind: str = "call"

    @cached_property
    def inside(self) -> frozenset[Node]:
        return frozenset(self.made) | self.leaves

    @property
    def result(self) -> Node:
        """The value made last."""
        return self.made[-1]


def scopes_of(computed: Sequence[Node], depth: int = 0) -> tuple[Scope, ...]:
    """The scopes that fold: each call inside the outermost one, its activation with it, and losses.

    depth  0: the second call from outside; 1: the third, and so on
    """
    runs: list[tuple[Call | None, list[Node]]] = []
    for n in computed:
        call = _fold(n, depth)
        if call is None:
            runs.append((None, [n]))
        elif runs and runs[-1][0] is call:
            runs[-1][1].append(n)
        else:
            runs.append((call, [n]))
    joined: list[tuple[Call | None, list[Node]]] = []
    for call, made in runs:
        before = joined[-1] if joined else None
        small = call is not None and len(made) == 1 and not is_loss(call)
        if (
            call is not None
            and small
            and before
            and before[0] is not None
            and before[0].parent is call.parent
            and not is_loss(before[0])
            and made[0].inputs[0] is before[1][-1]
        ):
            before[1].extend(made)
        else:
            joined.append((call, list(made)))
    return _named([(call, made) for call, made in joined if call is not None and len(made) > 1],
                  _uses_of_leaves(computed))  # fmt: skip


def _named(found: list[tuple[Call, list[Node]]], uses: dict[Node, set[Node]]) -> tuple[Scope, ...]:
    """Layers are counted, other modules are called as their class is."""
    scopes: list[Scope] = []
    layers = 0
    for call, made in found:
        inside = set(made)
        near = {m for n in made for m in n.inputs if m in uses}
        leaves = frozenset(m for m in near if uses[m] <= inside)
        loss, layered = is_loss(call), hasattr(call.module, "n_out")
        layers += layered
        name = "loss" if loss else f"layer {layers}" if layered else type(call.module).__name__
        scopes.append(Scope(len(scopes), name, tuple(made), leaves, loss))
    return tuple(scopes)


def _uses_of_leaves(computed: Sequence[Node]) -> dict[Node, set[Node]]:
    uses: dict[Node, set[Node]] = {}
    for n in computed:
        for m in n.inputs:
            if m.op is None and not absorbed(m):
                uses.setdefault(m, set()).add(n)
    return uses


def _fold(n: Node, depth: int) -> Call | None:
    """The call a value folds into: the second one from outside, or the outermost if it is alone."""
    if n.scope is None:
        return None
    chain = list(n.scope.chain)
    if is_loss(chain[-1]) or len(chain) == 1:
        return chain[-1]
    return chain[max(-2 - depth, -len(chain))]


def is_loss(call: Call) -> bool:
    return hasattr(call.module, "unfused") or hasattr(call.module, "loss")
