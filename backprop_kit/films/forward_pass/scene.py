"""The numbers of a pass that its picture shows, each array once.

v0 is the input, v1 … the columns; z the sums, s the products before the offset, dv and dz their
slopes; W, b and gW, gb per layer; a + marks what is new after the update.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from backprop_kit.engine.op import Array as Values
from backprop_kit.engine.tensor import Node
from backprop_kit.films.bins import binned
from backprop_kit.films.film import Array
from backprop_kit.films.forward_pass.layers import Column, Layer, columns_of, layers_of, scored
from backprop_kit.films.numbers import number
from backprop_kit.study.passes import Pass

MOST, BINS = 4096, (64, 64)  # a block of more numbers is shown in bins
FILLS_ONLY = 512  # slopes and new values of a larger block are colours, not printed numbers


@dataclass(eq=False)
class Scene:
    """A pass, ready to be drawn."""

    recorded: Pass
    plain: bool
    large: bool = False  # for a lecture hall
    layers: tuple[Layer, ...] = ()
    columns: tuple[Column, ...] = ()
    arrays: dict[str, Array] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)  # "W1" → "0.W"
    whole: dict[str, tuple[int, int]] = field(default_factory=dict)  # the size of what is binned

    @classmethod
    def of(cls, recorded: Pass, plain: bool = False, large: bool = False) -> Scene:
        scene = cls(recorded, plain, large)
        scene.layers = layers_of(recorded, large)
        scene.columns = columns_of(recorded, scene.layers, plain, large)
        scene._collect()
        return scene

    @property
    def batch(self) -> int:
        return int(self.recorded.x.value.shape[0])

    @property
    def softmax(self) -> bool:
        """Whether the last column holds probabilities that the loss makes of scores."""
        return scored(self.recorded, self.layers)

    @property
    def aim(self) -> str:
        """The target as a person writes it, 1 or three digits; "" where it is not one number."""
        target = self.recorded.y.value
        if target.size != 1:
            return ""
        v = float(target.reshape(()))
        return f"{v:g}" if v == round(v) else number(v)

    @property
    def first_update(self) -> int | None:
        return min(self.recorded.trace.updated_at.values(), default=None)

    @property
    def end(self) -> int:
        return len(self.recorded.trace)

    def values(self, name: str) -> Values:
        return self.arrays[name].values

    def has(self, name: str) -> bool:
        return name in self.arrays

    def _add(self, name: str, values: Values, known: int, stale: int | None = None) -> None:
        values = np.asarray(values, dtype=float)
        large = values.size > MOST and values.ndim > 1
        shown = binned(values, BINS) if large else values
        if shown is not values:
            self.whole[name] = (values.shape[-2], values.shape[-1])
        unprinted = self.batch > 1 or name.startswith("gW") or name.endswith("+")
        if shown.size > FILLS_ONLY and unprinted:
            shown = shown.astype(np.float32)
        self.arrays[name] = Array(name, shown, known, stale)

    def _collect(self) -> None:
        recorded, trace, change = self.recorded, self.recorded.trace, self.first_update
        self._add("v0", recorded.x.value, 0)
        for layer in self.layers:
            m = layer.number
            places = {"v": layer.result}
            if layer.activation is not None and len(layer.links) > 1:
                places["z"] = layer.sums
            if layer.linear is not None and layer.linear.bias is not None:
                assert layer.linear.product is not None
                places["s"] = layer.linear.product
            for letter, node in places.items():
                self._value(f"{letter}{m}", node, change)
            self._slope(f"dv{m}", layer.result)
            self._slope(f"dz{m}", layer.sums)
            for letter, leaf in self._leaves(layer):
                name = f"{letter}{m}"
                self.paths[name] = trace.names[leaf]
                self._add(name, leaf.value, 0)
                self._slope("g" + name, leaf)
                if leaf in trace.updated_at:
                    new = dict(trace.updates)[leaf].new
                    self._add(name + "+", new, trace.updated_at[leaf])
        self._value("L", trace.loss, change)

    def _leaves(self, layer: Layer) -> list[tuple[str, Node]]:
        link = layer.linear
        pairs = (("W", link.weight), ("b", link.bias)) if link is not None else ()
        return [(letter, leaf) for letter, leaf in pairs if leaf is not None]

    def _value(self, name: str, node: Node, change: int | None) -> None:
        trace = self.recorded.trace
        self._add(name, node.value, trace.computed_at[node], trace.stale_at.get(node))
        if change is not None:
            self._add(name + "+", trace.again[node], self.end)

    def _slope(self, name: str, node: Node) -> None:
        trace = self.recorded.trace
        if node in trace.grads:
            again = self.end if trace.updates else None
            self._add(name, trace.grads[node], trace.complete_at[node], again)
