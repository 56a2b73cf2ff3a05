"""A forward pass that stops half way keeps what it has computed: the error carries it.

`Stopped` how far it had come · `keeping` hands it to the error, as `error.trace`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backprop_kit.engine.tensor import Node


@dataclass(frozen=True, eq=False)
class Stopped:
    """How far a recording had come when something in it could not be done.

    name    the operation that could not be done, such as "matmul", or the module, "Linear(4, 2)"
    inputs  the values it was given, as they stand on the tape
    shapes  their shapes; for a module, also that of its first parameter
    """

    name: str
    inputs: tuple[Node, ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Everything that was computed for it, oldest first; leaves included."""
        from backprop_kit.engine.backward import ancestors  # which builds on what records

        return tuple(ancestors(*self.inputs))


def keeping(
    problem: Exception,
    name: str,
    inputs: Sequence[Node],
    more: Sequence[tuple[int, ...]] = (),
) -> Exception:
    """The same error, with `error.trace` a `Stopped`; the innermost place that stopped keeps it."""
    if not isinstance(getattr(problem, "trace", None), Stopped):
        shapes = (*(n.value.shape for n in inputs), *more)
        vars(problem)["trace"] = Stopped(name, tuple(inputs), shapes)
    return problem
