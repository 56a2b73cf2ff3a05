"""What becomes of a slope on its way back through a net, layer by layer.

`gradient_flow` one forward and one backward pass, taken apart · `Flow` the record: layers, the
budget from the last to the first of them, and the first number that was none.

Whether δ = ∂L/∂z is large enough to reach the first layer is one question, whether one step size
can serve all layers (∂L/∂W) another: both are here, with sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Optimizer, Trace
from backprop_kit.nn import Loss
from backprop_kit.study.flow.budget import Crossing, Total, crossings_of, total_of
from backprop_kit.study.flow.events import Event, events_of
from backprop_kit.study.flow.layers import Layer, Weights, layers_of, weights_of
from backprop_kit.study.flow.pass_sizes import Sizes
from backprop_kit.study.flow.places import Tape
from backprop_kit.study.flow.sizes import apart, decades, ratio
from backprop_kit.study.passes import output_of
from backprop_kit.study.run.samples import Samples, checked_loss


@dataclass(frozen=True, eq=False)
class Flow:
    """A pass through a net, layer by layer.

    layers     in the order of the way there; the last are outputs
    crossings  one for each layer with another above it, lowest first
    chain      the layers from the first to the last hidden one, each the next of the one before;
               budget and ratios are taken over these
    weights    every parameter by path
    events     what was no number, first in time; empty if all went well
    """

    model: Any
    trace: Trace
    x: Node
    y: Node
    output: Node
    loss: Loss
    optimizer: Optimizer | None
    layers: tuple[Layer, ...]
    crossings: tuple[Crossing, ...]
    chain: tuple[int, ...]
    weights: Mapping[str, Weights]
    events: tuple[Event, ...]

    @property
    def value(self) -> float:
        """The loss."""
        return float(self.trace.loss.value.reshape(()))

    @property
    def first(self) -> Layer:
        return self.layers[self.chain[0]]

    @property
    def last(self) -> Layer:
        """The last hidden layer: ratios leave out the read-out."""
        return self.layers[self.chain[-1]]

    @cached_property
    def budget(self) -> Total:
        """The decades that δ gains or loses between the last and the first layer of the chain."""
        measured = decades(self.first.delta_size, self.last.delta_size)
        return total_of(self.crossings_on_chain, measured)

    @property
    def crossings_on_chain(self) -> tuple[Crossing, ...]:
        on = set(self.chain)
        return tuple(c for c in self.crossings if c.below in on and c.above in on)

    @property
    def delta_ratio(self) -> float:
        """‖δ first‖ / ‖δ last‖; NaN where that is no number."""
        return ratio(self.first.delta_size, self.last.delta_size)

    @property
    def gradient_ratio(self) -> float:
        """‖∂L/∂W first‖ / ‖∂L/∂W last‖; NaN where that is no number."""
        return ratio(self.first.gradient_size, self.last.gradient_size)

    @cached_property
    def spread(self) -> float:
        """How far the model's outputs for different inputs are apart, as `Layer.spread`."""
        return apart(self.output.value)


def gradient_flow(
    model: Any, data: Any, loss: Any = None, optimizer: Optimizer | None = None
) -> Flow:
    """Record one pass of a model and take it apart into layers. The model is not changed.

    model      a Module, or a plain function of a Tensor
    data       a pair (x, y), or a Data, of which the rows to learn from count
    loss       a Loss, or a function of output and target; None: the one that a `Run` takes
    optimizer  a rule whose proposal the update-to-weight ratios are taken from, or None

    Numbers that overflow are no error and no warning: they stand in `events`.

    Raises ValueError or TypeError, in two lines, for input that does not fit or is not finite, and
    for a model without a matrix of weights.
    """
    samples = Samples.of(data)
    rule = checked_loss(loss, model, samples.y)
    given = Tensor(samples.x, requires_grad=False)
    with np.errstate(all="ignore"):
        output = output_of(model, given)
        target = Tensor(samples.fitting(output).y, requires_grad=False)
        value = rule(output, target)
        if not value.requires_grad:
            raise ValueError(_NO_LAYER)
        trace = Trace.of(value, optimizer)
        tape = Tape(trace)
        found = tape.places()
        if not found:
            raise ValueError(_NO_LAYER)
        nexts = tape.nexts(found)
        sizes = Sizes(trace)
        crossings = crossings_of(tape, found, nexts, sizes)
        weights = weights_of(trace, sizes)
        layers = layers_of(tape, found, nexts, weights, sizes)
        events = events_of(tape, found, output.node, sizes)
    return Flow(
        model, trace, given.node, target.node, output.node, rule, optimizer,
        layers, tuple(crossings), _chain(nexts), weights, events,
    )  # fmt: skip


_NO_LAYER = (
    "The model has no matrix of weights, so there is no layer to look at.\n"
    "Give it a layer, such as Linear, or a product x @ W with a Tensor W."
)


def _chain(nexts: list[int | None]) -> tuple[int, ...]:
    """From the first layer up to the last that is no output."""
    chain = [0]
    while (after := nexts[chain[-1]]) is not None and nexts[after] is not None:
        chain.append(after)
    return tuple(chain)
