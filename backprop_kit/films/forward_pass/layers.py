"""The chain of a pass as layers and columns: what is drawn beside what, and what it is called.

An affine map and the activation behind it are one layer; where the picture has no room for all of
them, those in the middle become one block.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from backprop_kit.engine.op import Array as Values
from backprop_kit.engine.tensor import Node
from backprop_kit.films.pass_words import words_of
from backprop_kit.study.chain import Link
from backprop_kit.study.passes import Pass
from backprop_kit.study.products import MIXING

WIDTHS = {"image": 164, "neurons": 84, "boxes": 78, "strip": 36, "batch": 64, "loss": 52}
ROOM, NARROW = 656, 536  # the picture's width in its two sizes
GAP, CLOSE = 30, 10  # between two columns; between scores and their probabilities
# The same in a lecture hall; the loss has no column of its own there.
LARGE = {"image": 124, "neurons": 84, "boxes": 118, "strip": 44, "batch": 112, "loss": 0}
NARROW_LARGE, GAP_LARGE = 416, 22


@dataclass(frozen=True, eq=False)
class Layer:
    """An affine map with the activation behind it, or an activation or a block alone.

    number  counts from 1, as the arrays' names do; `sub` is the subscript of W, b, z and δ
    """

    number: int
    links: tuple[Link, ...]
    sub: str = ""

    @property
    def linear(self) -> Link | None:
        return self.links[0] if self.links[0].kind == "linear" else None

    @property
    def activation(self) -> Link | None:
        return self.links[-1] if self.links[-1].kind == "activation" else None

    @property
    def block(self) -> Link | None:
        return self.links[0] if self.links[0].kind == "block" else None

    @property
    def source(self) -> Node:
        return self.links[0].source

    @property
    def result(self) -> Node:
        return self.links[-1].result

    @property
    def sums(self) -> Node:
        """Where the slope at the sum, δ, is read: before the activation if there is one."""
        return self.activation.source if self.activation is not None else self.result


@dataclass(frozen=True, eq=False)
class Column:
    """One column of numbers: what is in it and how it is called.

    kind  image | neurons (≤ 4) | boxes (≤ 12) | strip | batch
    """

    number: int
    kind: str
    n: int
    letter: str
    head: str
    rows: int = 1
    first: int = 1  # classes count from 0, units from 1

    @property
    def value(self) -> str:
        return f"v{self.number}"

    def label(self, i: int) -> str:
        """The symbol of one unit: h_2, or h_{1,2} where the letter has a subscript already."""
        if self.n == 1:
            return self.letter
        return indexed(self.letter, i + self.first)


def indexed(letter: str, i: int) -> str:
    """A letter with one more subscript: h → h_3, δ_1 → δ_{1,3}."""
    stem, _, sub = letter.replace("{", "").replace("}", "").partition("_")
    inner = f"{sub},{i}" if sub else f"{i}"
    return f"{stem}_{inner}" if len(inner) == 1 else f"{stem}_{{{inner}}}"


def layers_of(recorded: Pass, large: bool = False) -> tuple[Layer, ...]:
    groups: list[list[Link]] = []
    for link in recorded.links:
        last = groups[-1] if groups else None
        joins = link.kind == "activation" and link.name not in MIXING
        if last is not None and joins and len(last) == 1 and last[0].kind == "linear":
            last.append(link)
        else:
            groups.append([link])
    linear = [g[0] for g in groups if g[0].kind == "linear"]
    subs = {link: _sub(i) if len(linear) > 1 else "" for i, link in enumerate(linear, 1)}
    return tuple(
        Layer(number, tuple(g), subs.get(g[0], ""))
        for number, g in enumerate(_folded(groups, recorded, large), 1)
    )


def _sub(i: int) -> str:
    return f"_{i}" if i < 10 else f"_{{{i}}}"


def _folded(groups: list[list[Link]], recorded: Pass, large: bool) -> list[list[Link]]:
    """As many layers as the picture has room for; what is in the middle becomes one block."""
    rows = int(recorded.x.value.shape[0])
    widths, gap, narrow = (LARGE, GAP_LARGE, NARROW_LARGE) if large else (WIDTHS, GAP, NARROW)

    def wide(nodes: list[Node]) -> int:
        kinds = [kind_of(n, rows) for n in nodes]
        pair = groups[-1][-1].name == "softmax" and len(groups[-1]) == 1
        if large:
            kinds = [k if i == len(kinds) - 1 else seen(k) for i, k in enumerate(kinds)]
            return sum(widths[k] + gap for k in kinds) - gap
        return widths["loss"] + sum(widths[k] + gap for k in kinds) - (gap - CLOSE) * pair

    results = [recorded.x, *(g[-1].result for g in groups)]
    keep = len(groups)
    while (
        keep > 2
        and wide([*results[: keep // 2 + 1], *results[len(results) - (keep - keep // 2) :]])
        > narrow
    ):
        keep -= 1
    if keep >= len(groups) - 1:
        return (
            groups
            if wide(results) <= narrow or len(groups) <= 3
            else _fold(groups, 1, len(groups) - 1)
        )
    # One column of those kept stands for the block.
    before = max(keep // 2 - 1, 1)
    return _fold(groups, before, len(groups) - (keep - before - 1))


def _fold(groups: list[list[Link]], start: int, end: int) -> list[list[Link]]:
    inner = [link for g in groups[start:end] for link in g]
    inside = tuple(p for link in inner for p in link.inside)
    name = f"{end - start} layers"
    block = Link("block", name, inner[0].source, inner[-1].result, inside=inside)
    return [*groups[:start], [block], *groups[end:]]


def scored(recorded: Pass, layers: tuple[Layer, ...]) -> bool:
    last = layers[-1]
    made = last.activation is not None and last.activation.name == "softmax"
    return made and recorded.loss.labels and last.result is not recorded.output


def columns_of(
    recorded: Pass, layers: tuple[Layer, ...], plain: bool, large: bool = False
) -> tuple[Column, ...]:
    rows = int(recorded.x.value.shape[0])
    hidden = [m for m in layers[:-1] if m.activation is not None and m.linear is not None]
    n = width_of(recorded.x.value)
    kind = "image" if rows == 1 and n >= 16 and isqrt(n) ** 2 == n else kind_of(recorded.x, rows)
    head = "input" if plain else "input  $x$"
    columns = [Column(0, seen(kind) if large else kind, n, "x", head, rows)]
    for layer in layers:
        letter, head = _called(recorded, layer, layers, hidden, plain)
        kind = kind_of(layer.result, rows)
        if large:
            kind = seen(kind, layer is layers[-1])
        n = width_of(layer.result.value)
        classes = scored(recorded, layers)
        first = (
            0 if classes and n == width_of(layers[-1].result.value) and layer in layers[-2:] else 1
        )
        columns.append(Column(layer.number, kind, n, letter, head, rows, first))
    return tuple(columns)


def _called(
    recorded: Pass, layer: Layer, layers: tuple[Layer, ...], hidden: list[Layer], plain: bool
) -> tuple[str, str]:  # fmt: skip
    """The letter and the head of a layer's column."""
    last = layer is layers[-1]
    name = layer.activation.name if layer.activation is not None else ""
    if layer.block is not None:
        return ("y" if last else f"v_{layer.number}"), layer.block.name
    if last and scored(recorded, layers):
        return "p", "$p$" if not plain else "says"
    if last or layer.result is recorded.output:
        letter = {"sigmoid": "p", "softmax": "p"}.get(name, "s" if layers[-1] is not layer else "y")
        word = "scores" if letter == "s" else "output"
        spoken = words_of(recorded).output.removeprefix("the ")
        if plain:
            return letter, spoken if spoken not in ("it",) else word
        return letter, f"{word}  ${_formula(letter, name, layer)}$"
    if layer in hidden:
        letter = "h" if len(hidden) == 1 else f"h{_sub(hidden.index(layer) + 1)}"
    elif name:
        return f"v{_sub(layer.number)}", "hidden"
    else:
        letter = f"z{layer.sub}"
    if plain:
        return letter, "hidden"
    narrow = width_of(layer.result.value) > 12 and recorded.x.value.shape[0] == 1  # a strip
    return letter, f"hidden  ${letter if narrow else _formula(letter, name, layer)}$"


def _formula(letter: str, name: str, layer: Layer) -> str:
    z = f"z{layer.sub}"
    if not name:
        return letter
    if name == "sigmoid":
        return f"{letter} = σ({z})"
    return f"{letter} = {name} {z}" if name == "tanh" else f"{letter} = {name}({z})"


def width_of(value: Values) -> int:
    return int(value[0].size) if value.ndim else 1


def kind_of(node: Node, rows: int) -> str:
    if rows > 1:
        return "batch"
    n = width_of(node.value)
    return "neurons" if n <= 4 else "boxes" if n <= 12 else "strip"


def seen(kind: str, last: bool = False) -> str:
    """How a column is drawn in a lecture hall: boxes have room at the end only."""
    return "strip" if kind == "boxes" and not last else kind
