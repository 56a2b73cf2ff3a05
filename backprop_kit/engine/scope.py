"""Which module call is being recorded: a stack of ranges of creation indices.

`Call` one call of a module · `current_call` the innermost that is open · `opened` opens one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from backprop_kit.engine.tensor import Node


@dataclass(eq=False)
class Call:
    """One call of a module: everything recorded from `start` on until it returned.

    inputs   the node of each positional argument (None for what is not a Tensor)
    outputs  the node of each value returned (None for what is not a Tensor, or is used no more)
    hooks    the full backward hooks registered when the call was made
    """

    module: Any
    parent: Call | None
    start: int
    inputs: tuple[Node | None, ...]
    hooks: tuple[Callable[..., Any], ...] = ()
    # A node knows the call it was made in; a reference back would be a circle, and every recording
    # would stay in memory until Python looks for circles.
    _outputs: tuple[ref[Node] | None, ...] = ()

    @property
    def outputs(self) -> tuple[Node | None, ...]:
        return tuple([r() if r is not None else None for r in self._outputs])

    @outputs.setter
    def outputs(self, nodes: tuple[Node | None, ...]) -> None:
        self._outputs = tuple([ref(n) if n is not None else None for n in nodes])

    @property
    def chain(self) -> Iterator[Call]:
        """This call and those around it, innermost first."""
        call: Call | None = self
        while call is not None:
            yield call
            call = call.parent


_open: ContextVar[Call | None] = ContextVar("open_call", default=None)


def current_call() -> Call | None:
    return _open.get()


class opened:
    """`with opened(call):` what happens inside is recorded as part of this call."""

    __slots__ = ("_call", "_token")

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        self._token = _open.set(self._call)

    def __exit__(self, *error: object) -> None:
        _open.reset(self._token)
