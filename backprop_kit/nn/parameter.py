"""`Parameter`, a tensor that belongs to a module."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from backprop_kit.engine.scope import current_call
from backprop_kit.engine.tensor import Node, Tensor, frozen
from backprop_kit.nn.init import Init

if TYPE_CHECKING:
    from backprop_kit.nn.module import Module


class Parameter(Tensor):
    """A tensor that belongs to a module. It has a shape and a way to start; numbers come later."""

    __slots__ = ("_owner", "_shape", "init")

    def __init__(self, shape: tuple[int, ...], init: Init) -> None:
        if any(not isinstance(n, (int, np.integer)) or n < 1 for n in shape):
            raise ValueError(
                f"A parameter cannot have the shape {shape}.\nEvery size is a whole number from 1."
            )
        self.name, self.grad = None, None
        self._shape, self.init = tuple(int(n) for n in shape), init
        self._owner: ref[Module] | None = None

    @property
    def drawn(self) -> bool:
        """Whether it has numbers yet."""
        return hasattr(self, "_node")

    @property
    def node(self) -> Node:
        try:
            return self._node
        except AttributeError:
            self._ask()
            return self._node

    def _ask(self) -> None:
        """Have the first numbers drawn, by the outermost module being called, else the owner."""
        call, owner = current_call(), self._owner() if self._owner is not None else None
        asked = [c.module for c in call.chain][::-1] if call is not None else []
        for module in [*asked, owner]:
            if module is not None and not self.drawn:
                module.draw()
        if not self.drawn:
            self.data = self.start(np.random.default_rng(0))

    @property
    def data(self) -> np.ndarray:
        return self.node.value

    @data.setter
    def data(self, new: Any) -> None:
        fresh = self._leaf(new, "variable")
        self._check(fresh.value.shape, "the new numbers have")
        fresh.hooks = self._node.hooks if self.drawn else None
        self._node = fresh

    def _check(self, shape: tuple[int, ...], brings: str) -> None:
        if shape != self._shape:
            raise ValueError(
                f"{self.name or 'This parameter'} has shape {self._shape}; {brings} {shape}.\n"
                "Give an array of the same shape (weights are (inputs, outputs))."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def count(self) -> int:
        """How many numbers it holds, drawn or not."""
        return prod(self._shape)

    def start(self, rng: np.random.Generator, init: Init | None = None) -> np.ndarray:
        """First numbers from this generator; they are not taken over yet."""
        numbers = frozen((init or self.init)(rng, self._shape))
        self._check(numbers.shape, "its initialiser gives")
        return numbers

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        memo[id(self)] = twin = Parameter(self._shape, self.init)
        twin.name = self.name
        if self.drawn:
            twin.data = self.data
        return twin
