"""The layers of a pass: what each hands on, what arrives at its sums, what its weights get.

`layers_of` takes a recording apart · `Layer` one of them · `Weights` one parameter and its update.

δ = ∂L/∂z is taken at the sum z of a layer, before its activation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.study.flow.bends import Bend, Slopes
from backprop_kit.study.flow.pass_sizes import Sizes
from backprop_kit.study.flow.places import Place, Tape
from backprop_kit.study.flow.sizes import apart, ratio, size


@dataclass(frozen=True, eq=False)
class Weights:
    """One parameter: its numbers, their slopes, and what the optimizer would make of them.

    size, slope_size  ‖W‖ and ‖∂L/∂W‖
    new    what a step would make of it; None, as is `moved`, where no optimizer was given
    """

    path: str
    numbers: Array
    slope: Array
    size: float
    slope_size: float
    new: Array | None = None

    @cached_property
    def moved(self) -> float | None:
        """‖update‖ / ‖W‖: by what share of itself a step would move it."""
        if self.new is None:
            return None
        with np.errstate(all="ignore"):
            return ratio(size(self.new - self.numbers), self.size)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer, or one use of it.

    index    its place, counted from 0 in the order of the way there; number counts from 1
    path     that of its weights' module, such as "2"; several are joined by " + "
    use      which use of the weights this is, from 1; 0 where they are used once
    z, h     its sums and its outputs, (…, units); h is z where no activation follows
    delta    ∂L/∂z, zeros where no slope arrives
    weights  its parameters, the matrix first; their slopes are those of all uses together
    through  ∂L/∂W by this use alone
    rms      the usual size of an output h
    delta_size, gradient_size  ‖δ‖, and ‖∂L/∂W‖ of the matrix by this use
    output   whether no layer comes after it
    """

    index: int
    path: str
    use: int
    z: Array
    h: Array
    delta: Array
    weights: tuple[Weights, ...]
    through: Array
    rms: float
    delta_size: float
    gradient_size: float
    output: bool
    bend: Bend

    @property
    def number(self) -> int:
        return self.index + 1

    @property
    def units(self) -> int:
        return int(self.z.shape[-1])

    @cached_property
    def spread(self) -> float:
        """How far the outputs for different inputs are apart: the root of their mean variance over
        the batch."""
        return apart(self.h)

    @cached_property
    def zero(self) -> float:
        """The share of outputs that are exactly 0."""
        return _zeros(self.h)

    @property
    def dead(self) -> float:
        """The share of units that are off for the whole batch: every slope exactly 0."""
        return self.bend.dead

    @property
    def saturated(self) -> float:
        """The share of numbers at which the slope is under 1 % of its maximum, and not off."""
        return self.bend.saturated

    @property
    def mean_slope(self) -> float:
        """The mean of |φ′| over the batch."""
        return self.bend.mean

    @cached_property
    def delta_zero(self) -> float:
        """The share of δ that is exactly 0."""
        return _zeros(self.delta)


def weights_of(trace: Trace, sizes: Sizes) -> dict[str, Weights]:
    """Every parameter of a recording, by path."""
    new = {n: u.new for n, u in trace.updates}
    return {
        name: Weights(name, n.value, _slope(trace, n), sizes.value[n], sizes.slope[n], new.get(n))
        for n, name in trace.names.items()
    }


def _slope(trace: Trace, node: Node) -> Array:
    g = trace.grads.get(node)
    return np.zeros_like(node.value) if g is None else g


def layers_of(
    tape: Tape,
    found: Sequence[Place],
    nexts: Sequence[int | None],
    weights: Mapping[str, Weights],
    sizes: Sizes,
) -> tuple[Layer, ...]:
    """The layers at these places, in their order."""
    own = [[_leaves(tape, p.inputs[slot]) for p, slot in place.products] for place in found]
    uses: dict[tuple[Node, ...], list[int]] = {}
    for i, matrices in enumerate(own):
        uses.setdefault(tuple(n for m in matrices for n in m), []).append(i)
    measured = Slopes(tape)
    layers = []
    for i, place in enumerate(found):
        leaves = tuple(n for m in own[i] for n in m)
        same = uses[leaves]
        names = [tape.trace.names[n] for n in (*leaves, *_added_to(tape, place))]
        product, slot = place.products[-1]
        matrix, h = product.inputs[slot], place.h
        arrived = tape.steps_to.get(matrix, [])
        mine = [s.part for s in arrived if s.node is product and s.slot == slot]
        through = mine[0] if mine else np.zeros_like(matrix.value)
        layers.append(
            Layer(
                index=i,
                path=_path(names[: len(leaves)]),
                use=same.index(i) + 1 if len(same) > 1 else 0,
                z=place.z.value,
                h=h.value,
                delta=_slope(tape.trace, place.z),
                weights=tuple(weights[n] for n in names),
                through=through,
                rms=sizes.value[h] / sqrt(h.value.size),
                delta_size=sizes.slope[place.z],
                gradient_size=sizes.slope[matrix] if len(arrived) < 2 else size(through),
                output=nexts[i] is None,
                bend=measured.of(place),
            )
        )
    return tuple(layers)


def _leaves(tape: Tape, node: Node) -> list[Node]:
    """The parameters that a matrix of weights is made of."""
    out, stack = [], [node]
    while stack:
        n = stack.pop()
        if n.op is None and n.kind == "variable" and n not in out:
            out.append(n)
        stack += n.inputs
    return out


def _added_to(tape: Tape, place: Place) -> list[Node]:
    """The biases: what is added between the products and z."""
    out: list[Node] = []
    stack, products = [place.z], {p for p, _ in place.products}
    while stack:
        n = stack.pop()
        if n in products:
            continue
        for m in n.inputs:
            if m in tape.bare:
                out += [leaf for leaf in _leaves(tape, m) if leaf not in out]
            elif m in tape.sums:
                stack.append(m)
    return out


def _path(names: list[str]) -> str:
    paths = [n.rpartition(".")[0] or n for n in names]
    return " + ".join(dict.fromkeys(paths))


def _zeros(x: Array) -> float:
    """The share that is exactly 0."""
    return (x.size - np.count_nonzero(x)) / x.size
