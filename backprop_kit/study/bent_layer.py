"""One layer as a bent plane: where it takes the points of a square, and how much area it leaves.

`LayerGraph` records a model on all points of a picture at once · `.at(x, numbers)` replays it: what
is then known is a `Layer`, of `layer_record`.

Everything a picture shows is read in one replay with its way back. The recording ends in a sum of
probes, Σ z·A + Σ h·B + Σ out·C with A = C = 0 and B = 1, so that the slopes at A, B, C *are* z, h
and out, and the slope at z is the slope of the activation. The point x stands in n more rows, in
which B is 1 for one neuron only: the slopes at these rows of x are the rows of the Jacobian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.gradcheck import TINY
from backprop_kit.engine.replay import Place, replay, replay_slopes
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Trace
from backprop_kit.nn import Module
from backprop_kit.study import plane
from backprop_kit.study.activations import KNOWN, Activation, Curve, curve
from backprop_kit.study.chain import Link, links_between
from backprop_kit.study.graft import Bend, graft, handle, own_activation
from backprop_kit.study.layer_record import Cut, Layer
from backprop_kit.study.passes import output_of

LINEAR = KNOWN["linear"]
SQUARE = 1 / 8  # half a side of the small square, as a share of the reach


class LayerGraph:
    """The first layer of a model, recorded on all points of a picture.

    model   a module or a function of a Tensor with two inputs; it is never changed
    X       samples, (rows, 2), or None; groups: {name: rows of X}

    Raises ValueError, in two lines, for a model that has no layer to look at.
    """

    def __init__(
        self, model: Any, X: np.ndarray | None, groups: Mapping[str, Sequence[int]]
    ) -> None:
        self.X = np.empty((0, 2)) if X is None else X
        self.groups = {name: tuple(rows) for name, rows in groups.items()}
        self.reach = plane.reach_of(X)
        self._fixed = (plane.grid(self.reach), plane.mapped(self.reach))
        model = model.copy() if isinstance(model, Module) else model
        self.units = _width(_chain(model, Tensor(np.zeros((2, 2))))[0])
        self._x = Tensor(self._rows(np.zeros(2)))
        links = _chain(model, self._x)
        first, rest = links[0], links[1:]
        self.name = _block_name(first)
        self.sums: Node | None = None
        self._leaves: dict[str, Node] = {}
        self.own: Activation | None = None
        self._end = first.result
        if first.kind == "linear":
            assert first.weight is not None
            self.sums = first.result
            self._leaves["W"] = first.weight
            if first.bias is not None:
                self._leaves["b"] = first.bias
            self.own = own_activation(rest[0]) if rest else None
            if self.own is not None:
                self._end, rest = rest[0].result, rest[1:]
        self.numbers = {name: n.value for name, n in self._leaves.items()}
        follows = rest[0] if rest and rest[0].kind == "linear" else None
        one = follows is not None and _width(follows) == 1 and len(self.X) > 0
        self._next = follows if one else None
        self._recorded: dict[str, _Recorded] = {}
        self._straight = self._bent(None)[1]

    def _rows(self, x: np.ndarray) -> np.ndarray:
        border = plane.outline(x, SQUARE * self.reach)
        lines, pixels = self._fixed
        return np.concatenate(
            [lines.reshape(-1, 2), pixels, border, self.X, np.tile(x, (self.units, 1))]
        )

    def _bent(self, act: Activation | None) -> tuple[Node, Node | None]:
        """The output of the layer and the next sum, recorded with this activation."""
        ends = [self._end] + ([self._next.result] if self._next is not None else [])
        if self.sums is None:
            return ends[0], ends[1] if len(ends) > 1 else None
        key, make = Bend(self.sums, self._end, self.own).exchange(act)
        new = graft(ends, {key: make})
        return new[ends[0]], new[ends[1]] if len(ends) > 1 else None

    def _record(self, act: Activation | None) -> _Recorded:
        h, head = self._bent(act)
        rows = len(self._x.data)
        seed = np.ones(h.value.shape)
        seed[rows - self.units :] = np.eye(self.units)
        probes = {"z": Tensor(np.zeros(h.value.shape)), "h": Tensor(seed)}
        probes |= {name: Tensor(np.zeros((rows, 1))) for name in ("cut", "straight")}
        seen = {"h": h, "z": self.sums, "cut": head, "straight": self._straight}
        terms = [handle(n) * probes[name] for name, n in seen.items() if n is not None]
        total = terms[0].sum()
        for term in terms[1:]:
            total = total + term.sum()
        return _Recorded(h, total, {k: probes[k] for k, n in seen.items() if n is not None},
                         curve(act) if act is not None else None)  # fmt: skip

    def _with(self, act: Activation | None) -> _Recorded:
        """The layer with this activation, recorded once."""
        key = act.name if act is not None else ""
        if key not in self._recorded:
            self._recorded[key] = self._record(act)
        return self._recorded[key]

    def at(
        self, x: np.ndarray, numbers: Mapping[str, np.ndarray], act: Activation | None = None
    ) -> Layer:
        """The layer with other weights, another point, another activation, by one replay.

        numbers  {"W": (2, n), "b": (n,)}; act: None for the model's own (linear if it has none)
        """
        if self.sums is None:
            act = None
        elif act is None:
            act = self.own or LINEAR
        rec = self._with(act)
        leaves: dict[Any, Any] = {self._x: self._rows(x)}
        leaves |= {self._leaves[name]: values for name, values in numbers.items()}
        wanted: list[Place] = [
            *rec.probes.values(),
            self._x,
            *([self.sums] if self.sums is not None else []),
        ]
        _, found = replay_slopes(rec.total, leaves, wanted)
        seen = dict(zip(rec.probes, found, strict=False))
        return self._layer(act, rec.curve, x, numbers, seen, found[len(rec.probes) :])

    def _layer(
        self,
        act: Activation | None,
        shape: Curve | None,
        x: np.ndarray,
        numbers: Mapping[str, np.ndarray],
        seen: Mapping[str, np.ndarray],
        slopes: Sequence[np.ndarray],
    ) -> Layer:
        lines, pixels = self._fixed
        count = lines.shape[0] * lines.shape[1]
        ends = np.cumsum([count, len(pixels), 4 * plane.BORDER, len(self.X)])

        def parts(values: np.ndarray) -> list[np.ndarray]:
            return np.split(values, ends)

        stages = [parts(self._rows(x)), *(parts(seen[k]) for k in ("z", "h") if k in seen)]
        grids = tuple(s[0].reshape(*lines.shape[:2], -1) for s in stages)
        z, at_z = None, None
        if self.sums is not None:
            z = parts(seen["z"])[4][0]
            at_z = slopes[1][-self.units :].diagonal()
        cut = None
        if self._next is not None:
            w, b = self._next.weight, self._next.bias
            assert w is not None
            sums = parts(seen["cut"])
            cut = Cut(w.value[:, 0], float(b.value[0]) if b is not None else 0.0,
                      sums[3][:, 0], parts(seen["straight"])[3][:, 0], sums[1][:, 0])  # fmt: skip
        return Layer(
            self.name, act, shape, self.reach, numbers.get("W"), numbers.get("b"), x, z,
            stages[-1][4][0], at_z, slopes[0][-self.units :], grids, tuple(s[2] for s in stages),
            tuple(s[1].T for s in stages[1:]), tuple(s[3] for s in stages), self.groups, cut,
        )  # fmt: skip

    def check(self, layer: Layer) -> tuple[int, float]:
        """How many slopes the layer shows, and how far the worst is from the complex step.

        The Jacobian and the slopes of the activation, relative to the largest of each.
        """
        h = self._with(layer.act).h
        rows = len(self._x.data)
        leaves: dict[Any, Any] = {self._leaves["W"]: layer.W} if layer.W is not None else {}
        if layer.b is not None:
            leaves[self._leaves["b"]] = layer.b
        true = np.empty_like(layer.jacobian)
        for i in range(2):
            moved = self._rows(layer.x).astype(complex)
            moved[:, i] += 1j * TINY
            value = replay(h, {self._x: moved, **leaves})
            true[:, i] = value[rows - 1].imag / TINY
        worst, count = _apart(layer.jacobian, true), true.size
        if layer.slopes is not None and layer.act is not None:
            assert layer.z is not None
            at = Tensor(layer.z)
            value = replay(layer.act.apply(at), {at: layer.z + 1j * TINY})
            worst = max(worst, _apart(layer.slopes, value.imag / TINY))
            count += layer.slopes.size
        return count, worst


@dataclass(frozen=True, eq=False)
class _Recorded:
    h: Node
    total: Tensor
    probes: Mapping[str, Tensor]
    curve: Curve | None


def _apart(ours: np.ndarray, true: np.ndarray) -> float:
    scale = float(np.abs(true).max()) or 1.0
    return float(np.nan_to_num(np.abs(ours - true) / scale, nan=np.inf).max())


def _chain(model: Any, x: Tensor) -> tuple[Link, ...]:
    """The chain of a model on these samples.

    Raises ValueError if it does not make one row of numbers a sample.
    """
    out = output_of(model, x)
    if x.node not in ancestors(out.node):
        raise ValueError(
            "What the model returns does not depend on its input.\n"
            "Give it a layer that reads x, such as Linear(2, 3)."
        )
    links = links_between(x.node, out.node, Trace.of(out.sum()))
    shape = links[0].result.value.shape
    if len(shape) != 2 or shape[0] != len(x.data):
        raise ValueError(
            f"The first step of the model makes an array {shape} of {len(x.data)} samples.\n"
            "A layer makes one row of numbers for each sample."
        )
    return links


def _width(link: Link) -> int:
    return int(link.result.value.shape[-1])


def _block_name(link: Link) -> str:
    """What a closed block is called: the outermost module that ends where it ends."""
    node = link.result
    calls = [c for c in (node.scope.chain if node.scope else ()) if node in c.outputs]
    known = link.kind != "block" or not calls or type(calls[-1].module).__name__ == "Function"
    return link.name if known else type(calls[-1].module).__name__
