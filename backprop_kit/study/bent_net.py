"""A whole small net, without its bends and with them, on the same samples.

`NetGraph` records both · `.at(numbers, act)` replays both at once · `Net` what is then known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backprop_kit.engine.gradcheck import Report, gradcheck
from backprop_kit.engine.replay import replay_values
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Trace
from backprop_kit.nn import Module
from backprop_kit.study import plane
from backprop_kit.study.activations import KNOWN, Activation
from backprop_kit.study.chain import links_between
from backprop_kit.study.graft import bends_of, graft, handle
from backprop_kit.study.passes import output_of

DEFAULT = "tanh"  # what is put between the layers of a net that has no bend of its own


@dataclass(frozen=True, eq=False)
class Net:
    """A net on its samples, twice: without a bend (index 0) and with it (1).

    act      the activation between the layers
    numbers  {path: array}, as they are now
    outputs  (rows,) twice · hidden: every hidden unit's name, and its values over the plane,
             (units, PIXELS²) twice · maps: the output over the plane, (PIXELS²,) twice
    groups   {name: rows of X}
    """

    act: Activation
    reach: float
    X: np.ndarray
    numbers: Mapping[str, np.ndarray]
    names: tuple[str, ...]
    outputs: tuple[np.ndarray, np.ndarray]
    hidden: tuple[np.ndarray, np.ndarray]
    maps: tuple[np.ndarray, np.ndarray]
    groups: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """How many numbers the net has."""
        return sum(v.size for v in self.numbers.values())

    def sums(self, bent: int) -> dict[str, float]:
        """The sum of the outputs of each group, without (0) or with (1) the bend."""
        return {name: float(self.outputs[bent][list(rows)].sum())
                for name, rows in self.groups.items()}  # fmt: skip


class NetGraph:
    """A model recorded on samples and, with two inputs, on a plane; it is never changed.

    model   a module or a function of a Tensor, with one output
    X       (rows, inputs) · groups: {name: rows of X}

    Raises ValueError, in two lines, for a model with more than one output.
    """

    def __init__(self, model: Any, X: np.ndarray, groups: Mapping[str, Sequence[int]]) -> None:
        self.X = X
        self.groups = {name: tuple(rows) for name, rows in groups.items()}
        self.reach = plane.reach_of(X)
        self._pixels = plane.mapped(self.reach) if X.shape[1] == 2 else np.empty((0, X.shape[1]))
        model = model.copy() if isinstance(model, Module) else model
        self._x = Tensor(np.concatenate([self._pixels, X]), requires_grad=False)
        out = output_of(model, self._x)
        shape = out.shape
        if shape not in ((len(self._x.data), 1), (len(self._x.data),)):
            raise ValueError(
                f"The model makes {shape} of {len(self._x.data)} samples.\n"
                "This view adds up one output a sample: end in Linear(n, 1)."
            )
        if not out.requires_grad:
            raise ValueError(
                "The model has no number to turn.\n"
                "Give it a layer, such as Linear, or wrap a number: Tensor(2.0)."
            )
        trace = Trace.of(out.sum())
        self._links = links_between(self._x.node, out.node, trace)
        self._out = out.node
        self.bends = bends_of(self._links)
        self.own = self.bends[0].own if self.bends else None
        self._leaves = {name: n for n, name in trace.names.items()}
        self.numbers = {name: n.value for name, n in self._leaves.items()}
        # Where a closed block hides its bends, nothing can be exchanged: both are the same.
        self._straight = self._bent(None)
        self._recorded: dict[str, list[Node]] = {}

    def _bent(self, act: Activation | None) -> list[Node]:
        """The output, then the values of each hidden layer, with this activation."""
        new = graft([self._out], dict(b.exchange(act) for b in self.bends))
        return [new[self._out], *(new[b.h] for b in self.bends)]

    def _with(self, act: Activation) -> list[Node]:
        """The same, recorded once for each activation."""
        if act.name not in self._recorded:
            self._recorded[act.name] = self._bent(act)
        return self._recorded[act.name]

    def at(self, numbers: Mapping[str, np.ndarray], act: Activation | None = None) -> Net:
        """The net with other numbers, or another activation, by one replay.

        numbers  {path: array} · act: None for the model's own, tanh if it has none
        """
        act = act or self.own or KNOWN[DEFAULT]
        bent = self._with(act)
        places = [*self._straight, *bent]
        found = replay_values(places, {self._leaves[k]: v for k, v in numbers.items()})
        half = len(bent)
        pair = [self._read(found[:half]), self._read(found[half:])]
        names = tuple(
            f"h_{{{layer}{j}}}" if len(self.bends) > 1 else f"h_{j}"
            for layer, b in enumerate(self.bends, 1)
            for j in range(1, b.h.value.shape[-1] + 1)
        )
        outputs, hidden, maps = zip(*pair, strict=True)
        return Net(
            act, self.reach, self.X, dict(numbers), names, outputs, hidden, maps, self.groups
        )

    def _read(self, found: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = len(self._pixels)
        out = found[0].reshape(-1)
        hidden = [v[:n].T for v in found[1:]]
        return out[n:], np.concatenate(hidden) if hidden else np.empty((0, n)), out[:n]

    def check(self, net: Net) -> Report:
        """Compare the slopes of the gap between the groups with the complex step.

        The gap is the sum of the first group less that of the others; without groups the sum of
        all outputs stands for it.
        """
        weights = np.ones(self._out.value.shape)
        weights[: len(self._pixels)] = 0
        for i, rows in enumerate(self.groups.values()):
            weights[[len(self._pixels) + r for r in rows]] = -1 if i else 1
        out = self._with(net.act)[0]
        leaves = {path: Tensor(v, name=path) for path, v in net.numbers.items()}
        put = {self._leaves[path]: partial(_instead, t) for path, t in leaves.items()}
        gap = (handle(graft([out], put)[out]) * weights).sum()
        return gradcheck(gap, leaves)


def _instead(tensor: Tensor, _: Mapping[Node, Node]) -> Node:
    return tensor.node
