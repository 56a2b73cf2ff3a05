"""Are the slopes right? Compare them with an oracle that shares no rule with them.

The complex step f(x + ih) / h has no subtraction, so it is exact to rounding (Squire & Trapp 1998);
it uses the forward values only. `gradcheck` the whole loss · `slope_by_complex_step` one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.op import Array
from backprop_kit.engine.replay import Place, leaves_by_tensor, node_of, replay
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Trace

TINY = 1e-30
CHUNK = 128  # members of one ensemble replay: bounds the memory of a large net


@dataclass(frozen=True)
class Checked:
    """One array of slopes beside the oracle's: its name, how many numbers, the largest difference
    relative to the largest entry, and which entry that was."""

    name: str
    count: int
    error: float
    index: tuple[int, ...]
    ours: float
    true: float


@dataclass(frozen=True)
class Report:
    """What a gradient check found. True when every array agrees within `tolerance`."""

    rows: tuple[Checked, ...]
    tolerance: float

    @property
    def count(self) -> int:
        return sum(r.count for r in self.rows)

    @property
    def worst(self) -> Checked:
        return max(self.rows, key=lambda r: r.error)

    @property
    def failed(self) -> tuple[Checked, ...]:
        return tuple(r for r in self.rows if not r.error <= self.tolerance)

    def __bool__(self) -> bool:
        return not self.failed

    def __repr__(self) -> str:
        w = self.worst
        verdict = f"{self.count} slopes checked" if self else f"{w.name}{list(w.index)} is wrong"
        return f"{verdict}; worst {w.name}: {w.error:.1e} (ours {w.ours:.6g}, true {w.true:.6g})"


def slope_by_complex_step(
    loss: Place, place: Place, entries: Sequence[int] | Array | None = None
) -> Array:
    """The slope of a recorded loss at one place, by the complex step; shape of the place.

    entries  only these, counted flat from 0; the others are NaN

    Raises ValueError at a complex place: there the imaginary part is in use already.
    """
    node = leaves_by_tensor(ancestors(node_of(loss))).get(place) or node_of(place)
    if np.iscomplexobj(node.value):
        raise ValueError(
            "The complex step needs real numbers; this place holds complex ones.\n"
            "Check the loss with real numbers in it."
        )
    flat = node.value.reshape(-1)
    found = np.full(flat.size, np.nan)
    wanted = np.arange(flat.size) if entries is None else np.asarray(entries, dtype=int)
    for start in range(0, wanted.size, CHUNK):
        rows = wanted[start : start + CHUNK]
        moved = np.repeat(flat[None].astype(complex), rows.size, axis=0)
        moved[np.arange(rows.size), rows] += 1j * TINY
        values = replay(loss, {node: moved.reshape((rows.size, *node.value.shape))})
        found[rows] = np.imag(values).reshape(rows.size) / TINY
    return found.reshape(node.value.shape)


def gradcheck(
    loss: Tensor | Trace,
    places: Mapping[str, Place] | None = None,
    *,
    grads: Mapping[Node, Array] | None = None,
    tolerance: float | None = None,
    most: int | None = None,
) -> Report:
    """Check the slopes of a loss, or those that a trace of it has recorded, by the complex step.

    places  {name: tensor or node}; default: every leaf variable, by its name
    grads   slopes to check instead of the engine's own
    tolerance  largest difference allowed, relative to the largest entry of the array; default
            1e-10, for float32 1e-3
    most    check at most about so many numbers: a seeded sample, the same share of every array

    Raises ValueError if a place is no part of the loss, is complex, or there is none.
    """
    trace = loss if isinstance(loss, Trace) else Trace.of(loss)
    nodes = {name: trace.node(place) for name, place in (places or {}).items()}
    if places is None:
        nodes = {name: n for n, name in trace.names.items()}
    if tolerance is None:
        single = any(n.value.dtype in (np.float32, np.complex64) for n in trace.nodes)
        tolerance = 1e-3 if single else 1e-10
    ours = trace.grads if grads is None else grads
    top = max((float(np.abs(g).max()) for g in trace.grads.values() if g.size), default=0.0)
    count = sum(n.value.size for n in nodes.values())
    share = 1.0 if most is None else min(1.0, most / max(count, 1))
    rng = np.random.default_rng(0)
    rows = []
    for name, n in nodes.items():
        if n.value.size:
            picked = ceil(share * n.value.size)
            entries = None if share == 1 else rng.permutation(n.value.size)[:picked]
            true = slope_by_complex_step(trace.loss, n, entries)
            rows.append(_compare(name, ours.get(n), true, top, entries))
    if not rows:
        raise ValueError("There is nothing to check.\nName at least one place with a slope.")
    return Report(tuple(rows), tolerance)


def _compare(
    name: str, ours: Array | None, true: Array, top: float, entries: Array | None
) -> Checked:
    shape, at = true.shape, slice(None) if entries is None else entries
    ours = np.zeros(true.size) if ours is None else ours.reshape(-1)
    ours, true = ours[at], true.reshape(-1)[at]
    # Slopes that cancel to nothing are rounding of the larger ones they were made of.
    scale = max(float(np.abs(true).max()), float(np.abs(ours).max()), 1e-3 * top) or 1.0
    difference = np.nan_to_num(np.abs(ours - true) / scale, nan=np.inf)
    worst = int(difference.argmax())
    flat = worst if entries is None else int(entries[worst])
    index = tuple(int(i) for i in np.unravel_index(flat, shape))
    return Checked(name, true.size, float(difference[worst]), index,
                   float(np.real(ours[worst])), float(true[worst]))  # fmt: skip
