"""A forward pass that stopped half way, taken apart as far as it had come.

`stopped_pass(error)` the chain of layers so far, and what could not be done.
"""

from __future__ import annotations

from dataclasses import dataclass

from backprop_kit.engine.stopped import Stopped
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace, leaf_names
from backprop_kit.study.chain import Link, links_up_to


@dataclass(frozen=True, eq=False)
class StoppedPass:
    """How far a pass had come.

    x       the input; links  what was computed from it, one after the other
    name    what could not be done: an operation, or a module such as "Linear(4, 2)"
    shapes  what it was given
    said    the error in two lines
    """

    x: Node
    links: tuple[Link, ...]
    name: str
    shapes: tuple[tuple[int, ...], ...]
    said: tuple[str, str]

    @property
    def values(self) -> tuple[Node, ...]:
        """The input, and what each link made of it."""
        return (self.x, *(link.result for link in self.links))


def stopped_pass(problem: Exception) -> StoppedPass | None:
    """What an error keeps of the pass it ended, None if it ended none."""
    stopped = getattr(problem, "trace", None)
    if not isinstance(stopped, Stopped) or not stopped.inputs:
        return None
    nodes = stopped.nodes
    x = next((n for n in nodes if n.op is None and n.kind == "input"), None)
    if x is None:
        return None
    made = tuple(n for n in nodes if n.op is not None)
    end = max((n for n in stopped.inputs if n in made), key=lambda n: n.index, default=x)
    trace = Trace(end, nodes, made, (), (), leaf_names(nodes))
    links = links_up_to(x, end, trace) if end is not x else ()
    name = "the loss" if stopped.name == "Unfused()" else stopped.name  # as steppers record it
    return StoppedPass(x, links, name, stopped.shapes, _two_lines(problem))


def _two_lines(problem: Exception) -> tuple[str, str]:
    first, _, second = str(problem).partition("\n")
    if not second:
        first = f"{type(problem).__name__}: {first.rstrip('.')}."
        second = "The picture shows what was computed before."
    return first, " ".join(second.split())
