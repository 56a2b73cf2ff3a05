"""What one gradient costs: by one way back, and by asking number after number.

`bill(sizes)` a net with a batch, its passes counted; `cost_runs` runs them.

Multiplications are counted where they happen: the recorded operations and their rules are run on
arrays that tell of every matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from backprop_kit.data import digits
from backprop_kit.engine.op import Array
from backprop_kit.engine.trace import Trace
from backprop_kit.nn import Linear, Module, Sequential, Sigmoid, Tanh
from backprop_kit.study.passes import Pass, record_pass

BATCH = 64
MOST = 5_000_000  # numbers in a net: more would not fit into memory a second time


@dataclass(frozen=True)
class Product:
    """Multiplications of one batch: on the way there and on the way back."""

    there: int
    back: int


@dataclass(frozen=True, eq=False)
class Bill:
    """A net, one batch for it, and what its gradient costs in passes and multiplications.

    sizes  the widths, inputs first; samples what the batch is made of, such as "64 digits"
    """

    sizes: tuple[int, ...]
    samples: str
    recorded: Pass
    products: Product

    @property
    def name(self) -> str:
        return "–".join(map(str, self.sizes))

    @property
    def count(self) -> int:
        """How many numbers the net has, so how many slopes there are to find."""
        return sum(n.value.size for n in self.recorded.parameters.values())

    @property
    def forwards(self) -> int:
        """Forward passes that one-sided differences need: one a number, and one unmoved."""
        return self.count + 1

    @property
    def each(self) -> Product:
        """Multiplications for one sample of the batch."""
        return Product(self.products.there // BATCH, self.products.back // BATCH)

    @property
    def pair(self) -> float:
        """One forward and one backward pass, in forwards, by multiplications."""
        return 1 + self.products.back / self.products.there

    @property
    def times(self) -> float:
        """How many times the multiplications of the pair the differences take."""
        return self.forwards / self.pair


def bill(sizes: Sequence[int]) -> Bill:
    """A tanh net of these widths with a batch of 64, recorded and counted.

    64 inputs and 10 outputs get digits, others seeded random numbers; one output ends in a sigmoid.
    Raises ValueError or TypeError, in two lines, for widths that make no net, or too large a one.
    """
    widths = _checked(sizes)
    model = _net(widths)
    x, y, samples = _batch(widths)
    recorded = record_pass(model, x, y)
    return Bill(widths, samples, recorded, multiplications(recorded.trace))


def multiplications(trace: Trace) -> Product:
    """Count the multiplications of every matrix product a recording makes, there and back.

    Each recorded operation and each rule of the way back is run once more on arrays that count.
    """
    done = [0]

    class Counting(np.ndarray):
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **how: Any) -> Any:
            bare = [x.view(np.ndarray) if isinstance(x, Counting) else x for x in inputs]
            if "out" in how:
                how["out"] = tuple(x.view(np.ndarray) for x in how["out"])
            made = getattr(ufunc, method)(*bare, **how)
            if ufunc is np.matmul:
                done[0] += made.size * bare[0].shape[-1]
            return made.view(Counting) if isinstance(made, np.ndarray) else made

    def counted(values: Sequence[Array]) -> list[Any]:
        return [v.view(Counting) for v in values]

    for node in trace.made:
        assert node.op is not None
        node.op.forward(*counted(node.args), **node.options)
    there = done[0]
    for step in trace.steps[1:]:
        assert step.node is not None and step.node.op is not None and step.g is not None
        rule = step.node.op.vjp(step.slot)
        assert rule is not None
        rule(*counted([step.g, step.node.value, *step.node.args]), **step.node.options)
    return Product(there, done[0] - there)


def _net(widths: Sequence[int]) -> Module:
    layers: list[Module] = []
    for n_in, n_out in pairwise(widths):
        layers += [Linear(n_in, n_out), Tanh()]
    layers[-1:] = [Sigmoid()] if widths[-1] == 1 else []
    return Sequential(*layers)


def _batch(widths: Sequence[int]) -> tuple[Array, Array, str]:
    if (widths[0], widths[-1]) == (64, 10):
        x, y = digits().train
        return x[:BATCH], y[:BATCH], f"{BATCH} digits"
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, widths[0]))
    labels = rng.integers(0, max(2, widths[-1]), BATCH)
    y = labels[:, None].astype(float) if widths[-1] == 1 else labels
    return x, y, f"{BATCH} random samples"


def _checked(sizes: Any) -> tuple[int, ...]:
    try:
        widths = tuple(sizes)
    except TypeError:
        widths = ()
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in widths)
    if len(widths) < 2 or not whole or min(widths) < 1:
        raise ValueError(
            f"{sizes!r} is no net: it needs the width of every layer.\n"
            "Write (64, 32, 10): inputs, hidden units, outputs, each 1 or more."
        )
    count = sum((a + 1) * b for a, b in pairwise(widths))
    if count > MOST:
        raise ValueError(
            f"{'–'.join(map(str, widths))} has {count:,} numbers; CostMeter runs up to {MOST:,}.\n"
            "Give smaller widths."
        )
    return tuple(int(n) for n in widths)
