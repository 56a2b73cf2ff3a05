"""The numbers of a pass as matrices, each array once.

v0 is the input, v1 … what each page gives; z the sums before an activation, s how steep it is
there; dv and dz their slopes; W, b and gW, gb of a page; t the target, e the error; a + marks what
is new after the update. A product that was tried is called after its factors: 1:Xᵀ·dY.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from backprop_kit.engine.op import Array as Values
from backprop_kit.engine.tensor import Node
from backprop_kit.films.bins import binned
from backprop_kit.films.film import Array
from backprop_kit.films.matrix.pages import Page, pages_of
from backprop_kit.study.passes import Pass
from backprop_kit.study.products import Try, matrix, steepness

MOST, BINS = 4096, (64, 64)  # a block of more numbers is shown in bins
EXACT = 6000  # numbers that travel in full precision; beyond, large blocks have seven digits
LARGE = 256
PRINTED = 64  # a tried product of more numbers is told by its shape
_SINGLE = (1e-30, 1e30)


@dataclass(eq=False)
class Scene:
    """A pass, ready to be drawn as products of matrices."""

    recorded: Pass
    pages: tuple[Page, ...] = ()
    arrays: dict[str, Array] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)  # "W1" → "0.W"
    whole: dict[str, tuple[int, int]] = field(default_factory=dict)  # the size of what is binned

    @classmethod
    def of(cls, recorded: Pass) -> Scene:
        scene = cls(recorded, pages_of(recorded))
        scene._collect()
        return scene

    @property
    def batch(self) -> int:
        return len(matrix(self.recorded.x.value))

    @property
    def end(self) -> int:
        return len(self.recorded.trace)

    @property
    def last(self) -> Page:
        return self.pages[-1]

    @property
    def scored(self) -> bool:
        """Whether the loss turns scores into probabilities and picks the label's."""
        last = self.last
        made = last.affine is None and last.bend is not None and last.bend.name == "softmax"
        return made and self.recorded.loss.labels and last.result is not self.recorded.output

    def layer(self, page: Page) -> tuple[int, int]:
        """The number of a page among the layers, and how many there are; an activation that stands
        alone belongs to the layer before it."""
        layers = [p.number for p in self.pages if p.affine is not None or p.block is not None]
        return max(1, sum(n <= page.number for n in layers)), max(1, len(layers))

    def has(self, name: str) -> bool:
        return name in self.arrays

    def values(self, name: str) -> Values:
        return self.arrays[name].values

    def known(self, name: str) -> int:
        return self.arrays[name].known

    def size(self, name: str) -> tuple[int, int]:
        """Rows and columns as they are, also of what is shown in bins."""
        rows, cols = self.values(name).shape
        return self.whole.get(name, (rows, cols))

    def summed(self, page: Page) -> str:
        """The array of the sums of a page."""
        return f"z{page.number}" if page.affine is not None and page.bend else f"v{page.number}"

    def blame(self, page: Page) -> str:
        return f"d{self.summed(page)}"

    def form(self, node: Node) -> Values:
        """The value of a node as rows and columns: as an affine layer sees it, else one row a
        sample."""
        return self.formed(node, node.value)

    def formed(self, node: Node, values: Values) -> Values:
        """Values of the shape of a node, such as its slope, as rows and columns."""
        seen = {n for p in self.pages if p.affine is not None for n in (p.source, p.result)}
        if values.ndim > 2 and node not in seen:
            return values.reshape(len(values), -1)
        return matrix(values)

    def _add(self, name: str, values: Values, known: int, stale: int | None = None) -> None:
        values = matrix(np.asarray(values, dtype=float))
        if values.size > MOST:
            self.whole[name] = (values.shape[0], values.shape[1])
            values = binned(values, BINS)
        self.arrays[name] = Array(name, values, known, stale)

    def _collect(self) -> None:
        recorded, trace = self.recorded, self.recorded.trace
        self._add("v0", self.form(recorded.x), 0)
        for page in self.pages:
            m = page.number
            self._value(f"v{m}", page.result)
            self._slope(f"dv{m}", page.result)
            if page.affine is not None:
                if page.bend is not None:
                    self._value(f"z{m}", page.affine.link.result)
                    self._slope(f"dz{m}", page.affine.link.result)
                self._layer(page)
            if page.bend is not None and (steep := steepness(page.bend)) is not None:
                steep = self.formed(page.bend.result, steep)
                self._add(f"s{m}", steep, trace.computed_at[page.bend.result])
            if page.block is not None and page.source in trace.grads:
                self._slope(f"dv{m - 1}", page.source)
        at = trace.computed_at[trace.loss]
        self._value("L", trace.loss)
        self._target(at)
        if sum(a.values.size for a in self.arrays.values()) > EXACT:
            self.arrays = {name: _lighter(a) for name, a in self.arrays.items()}

    def _layer(self, page: Page) -> None:
        layer, m, trace = page.affine, page.number, self.recorded.trace
        assert layer is not None
        link = layer.link
        for letter, leaf, grad in (("W", link.weight, layer.dW), ("b", link.bias, layer.db)):
            if leaf is None:
                continue
            name = f"{letter}{m}"
            self.paths[name] = trace.names[leaf]
            self._add(name, _row(leaf.value), 0)
            if grad is not None:
                self._add("g" + name, _row(grad), layer.ks["d" + letter])
            if leaf in trace.updated_at:
                new = dict(trace.updates)[leaf].new
                self._add(name + "+", _row(new), trace.updated_at[leaf])
        if layer.dX is not None:
            self._add(f"dv{m - 1}", layer.dX, layer.ks["dX"])

    def _target(self, at: int) -> None:
        """The target, known from the start, and what the loss makes of it."""
        target, last = self.recorded.y.value, self.last.result
        if self.scored:
            self._add("t", target, 0)
            labels = target.astype(int).reshape(-1)
            self._add("o", np.eye(last.value.shape[-1])[labels], 0)
        elif target.shape == last.value.shape:
            self._add("t", self.formed(last, target), 0)
            self._add("e", self.formed(last, last.value - target), at)
        else:
            self._add("t", target, 0)

    def _value(self, name: str, node: Node) -> None:
        trace = self.recorded.trace
        known, stale = trace.computed_at[node], trace.stale_at.get(node)
        self._add(name, self.form(node), known, stale)

    def _slope(self, name: str, node: Node) -> None:
        trace = self.recorded.trace
        if node in trace.grads:
            self._add(name, self.formed(node, trace.grads[node]), trace.complete_at[node])

    def tried(self, page: Page, one: Try, known: int) -> str:
        """The array of a product that was tried, if there is one and it is small; else ""."""
        if not one.fits or one.shape[0] * one.shape[1] > PRINTED:
            return ""
        assert one.value is not None
        name = f"{page.number}:{named(one)}"
        if name not in self.arrays or self.arrays[name].known > known:
            self.arrays[name] = Array(name, np.asarray(one.value, dtype=float), known)
        return name


def named(one: Try) -> str:
    """A product by its factors: Xᵀ·dY."""
    return "·".join(f.name + ("ᵀ" if f.turned else "") for f in (one.left, one.right))


def _row(values: Values) -> Values:
    return values.reshape(1, -1) if values.ndim < 2 else values


def _lighter(a: Array) -> Array:
    """Seven digits of a large block, where single precision reaches its numbers."""
    sizes = np.abs(a.values[a.values != 0])
    reach = not sizes.size or (_SINGLE[0] < sizes.min() and sizes.max() < _SINGLE[1])
    if a.values.size <= LARGE or not reach:
        return a
    return Array(a.name, a.values.astype(np.float32), a.known, a.stale)
