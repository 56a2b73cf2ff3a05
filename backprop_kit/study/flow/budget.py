"""The gradient budget: what a slope gains and loses on its way from one layer to the one below.

`crossings_of` one `Crossing` for each pair of neighbours · `Part` what one cause does to it ·
`total_of` the sum over a chain of crossings.

The size of δ is followed from sum to sum. Each operation on the way multiplies it by a factor, and
where a value has other users, what they send back changes it once more. Logarithms of factors add
up, so the parts add up to the measured ratio, whatever the net is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, isfinite
from typing import Literal

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.study.flow.pass_sizes import Sizes
from backprop_kit.study.flow.places import Kind, Place, Region, Tape
from backprop_kit.study.flow.sizes import decades, size

# "" all sizes are numbers · "zero" it ends here · "nothing" it was zero above · "not finite"
State = Literal["", "zero", "nothing", "not finite"]
OTHERS = "other users"
KINDS: tuple[Kind, ...] = ("weights", "slope", "skip", "norm", "other")


@dataclass(frozen=True)
class Part:
    """What one cause does to the size of a slope: `decades`, the logarithm of its factor.

    kind  weights (Wᵀ), slope (φ′), skip (what comes back by another way), norm, other
    name  the operation, as it is called on the tape
    """

    kind: Kind
    name: str
    decades: float


@dataclass(frozen=True, eq=False)
class Crossing:
    """From δ of one layer to δ of the layer below it; layers are counted from 0.

    parts     in the order of the way back; −∞ where δ became 0
    measured  log₁₀(‖δ below‖ / ‖δ above‖), taken from these two alone
    state     "" or why there is no such number
    """

    below: int
    above: int
    parts: tuple[Part, ...]
    measured: float
    state: State

    def of(self, kind: Kind) -> float:
        """The decades of all parts of one kind; 0 where there is none."""
        return _added(p.decades for p in self.parts if p.kind == kind)

    @property
    def sum(self) -> float:
        """All parts together."""
        return _added(p.decades for p in self.parts)


@dataclass(frozen=True)
class Total:
    """A budget: decades by kind, their sum, and the ratio that was measured at the two ends.

    state, where  "" or what keeps the numbers from being finite, and the layer (from 0) where it
                  begins on the way back
    """

    kinds: Mapping[Kind, float]
    sum: float
    measured: float
    state: State = ""
    where: int | None = None


def crossings_of(
    tape: Tape, found: Sequence[Place], nexts: Sequence[int | None], sizes: Sizes
) -> list[Crossing]:
    """One crossing for each layer that has another above it."""
    return [
        _crossing(tape, found, below, above, sizes)
        for below, above in enumerate(nexts)
        if above is not None
    ]


def total_of(crossings: Sequence[Crossing], measured: float) -> Total:
    """The sum over a chain of crossings, lowest first."""
    kinds = {k: _added(c.of(k) for c in crossings) for k in KINDS}
    bad = next((c for c in reversed(crossings) if c.state), None)
    return Total(
        {k: v for k, v in kinds.items() if v or k in ("weights", "slope")},
        _added(c.sum for c in crossings),
        measured,
        bad.state if bad else "",
        bad.below if bad else None,
    )


def _crossing(tape: Tape, found: Sequence[Place], below: int, above: int, sizes: Sizes) -> Crossing:
    here, there = sizes.slope[found[below].z], sizes.slope[found[above].z]
    parts: list[Part] = []
    gone: tuple[Kind, str] | None = None  # what made it zero, until another way brings something
    last = there
    for region in reversed(tape.route(found[below].z, found[above].z)):
        for kind, name, length in _sizes_through(tape, region, sizes):
            if length == 0:
                gone = gone or (kind, name)
                continue
            kind, name = ("skip", OTHERS) if gone else (kind, name)
            parts.append(Part(kind, name, decades(length, last)))
            gone, last = None, length
    if gone is not None:
        parts.append(Part(*gone, decades(0.0, last)))
    return Crossing(below, above, tuple(parts), decades(here, there), _state(here, there))


def _sizes_through(tape: Tape, region: Region, sizes: Sizes) -> Iterator[tuple[Kind, str, float]]:
    """How long the slope is below a region, by its own way, and with what other users add."""
    inside, steps = set(region.nodes), tape.steps_to.get(region.source, [])
    mine = [s.part for s in steps if s.node in inside]
    alone = len(mine) == len(steps)
    op = region.result.op
    name = op.name if op is not None else ""
    yield (
        region.kind,
        name,
        sizes.slope[region.source] if alone else size(_sum(mine)) if mine else 0.0,
    )
    if not alone:
        yield "skip", OTHERS, sizes.slope[region.source]


def _sum(parts: Sequence[Array]) -> Array:
    total = parts[0]
    with np.errstate(all="ignore"):
        for p in parts[1:]:
            total = total + p
    return total


def _state(here: float, there: float) -> State:
    if not isfinite(here) or not isfinite(there):
        return "not finite"
    return "nothing" if there == 0 else "zero" if here == 0 else ""


def _added(values: Iterable[float]) -> float:
    """The sum, exact where all are finite."""
    listed = list(values)
    return fsum(listed) if all(map(isfinite, listed)) else sum(listed)
