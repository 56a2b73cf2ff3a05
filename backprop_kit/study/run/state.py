"""One moment of a training: the numbers of the model, what it keeps, what the optimizer remembers.

`Layout` named arrays in one flat vector and back · `Memory` an optimizer's state, packed ·
`State` the whole moment, with a `digest` that two equal moments share
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import blake2b
from math import prod
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array, sealed

Slots = Mapping[str, Mapping[str, Any]]
Signature = tuple[tuple[str, str, tuple[int, ...], str], ...]

OBJECTS = 600  # bytes that Python needs for the objects of one state, measured


class Layout:
    """Where each of some named arrays stands in one flat vector."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.shapes = {name: a.shape for name, a in arrays.items()}
        self.kinds = {name: a.dtype for name, a in arrays.items()}
        self.dtype = np.result_type(*self.kinds.values()) if arrays else np.dtype(np.float64)
        self.places: dict[str, slice] = {}
        at = 0
        for name, shape in self.shapes.items():
            self.places[name] = slice(at, at + prod(shape))
            at += prod(shape)
        self.size = at

    def flat(self, arrays: Mapping[str, Array]) -> Array:
        """All arrays one after the other, as a new read-only vector."""
        out = np.empty(self.size, self.dtype)
        for name, place in self.places.items():
            out[place] = arrays[name].reshape(-1)
        return sealed(out)

    def parts(self, vector: Array) -> dict[str, Array]:
        """The arrays again, each in its own type; copies where the type differs, else views."""
        return {
            name: vector[place].reshape(self.shapes[name]).astype(self.kinds[name], copy=False)
            for name, place in self.places.items()
        }


@dataclass(frozen=True, eq=False)
class Memory:
    """What an optimizer remembers, {name: {slot: numbers}}, in one vector and a few counts."""

    signature: Signature = ()
    counts: tuple[int, ...] = ()
    numbers: Array = field(default_factory=lambda: sealed(np.empty(0)))

    @classmethod
    def of(cls, state: Slots | None) -> Memory:
        found = [
            (name, slot, held)
            for name, slots in sorted((state or {}).items())
            for slot, held in sorted(slots.items())
        ]
        arrays = [h for _, _, h in found if isinstance(h, np.ndarray)]
        if not found:
            return cls()
        return cls(
            _shared(tuple((n, s, h.shape, h.dtype.char) if isinstance(h, np.ndarray)
                          else (n, s, (), "") for n, s, h in found)),
            tuple(int(h) for _, _, h in found if not isinstance(h, np.ndarray)),
            sealed(np.concatenate([a.reshape(-1) for a in arrays]) if arrays else np.empty(0)),
        )  # fmt: skip

    def unpacked(self) -> dict[str, dict[str, Any]]:
        """The state in the form `Optimizer.propose` takes and returns."""
        out: dict[str, dict[str, Any]] = {}
        at, counts = 0, iter(self.counts)
        for name, slot, shape, kind in self.signature:
            held: Any
            if kind:
                held = self.numbers[at : at + prod(shape)].reshape(shape).astype(kind, copy=False)
                at += prod(shape)
            else:
                held = next(counts)
            out.setdefault(name, {})[slot] = held
        return out


@lru_cache(maxsize=64)
def _shared(signature: Signature) -> Signature:
    """Thousands of states of one run have one signature between them."""
    return signature


@dataclass(frozen=True, eq=False)
class State:
    """A moment: θ and the buffers as flat vectors, and the optimizer's memory. It never changes."""

    theta: Array
    buffers: Array
    memory: Memory

    @property
    def nbytes(self) -> int:
        return self.theta.nbytes + self.buffers.nbytes + self.memory.numbers.nbytes + OBJECTS

    @cached_property
    def digest(self) -> str:
        """32 hexadecimal digits over every bit of the moment."""
        told = blake2b(digest_size=16)
        for part in (self.theta, self.buffers, self.memory.numbers):
            told.update(part.tobytes())
        told.update(repr((self.memory.signature, self.memory.counts)).encode())
        return told.hexdigest()
