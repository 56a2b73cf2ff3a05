"""How operations are written: on their disc, as a recipe, and as a slope along an edge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.films.captions import sentences, speaker
from backprop_kit.films.numbers import number
from backprop_kit.study.naming import plain

say, SENTENCES = speaker("graph"), sentences("graph")
Names = Mapping[Node, str]


class Named(Protocol):
    """A recording whose values have names."""

    @property
    def trace(self) -> Trace: ...
    @property
    def names(self) -> Names: ...


DISCS = {
    "add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "•", "sigmoid": "σ", "neg": "−",
    "total": "Σ", "sum": "Σ", "exp": "$e^x$", "log": "ln", "sqrt": "√", "transpose": "$x^T$",
}  # fmt: skip
# What stands between the inputs of a recipe.
_BETWEEN = {
    "add": " + ", "sub": " − ", "mul": " ", "div": " / ", "matmul": " ", "greater": " > ",
    "less": " < ", "greater_equal": " ≥ ", "less_equal": " ≤ ", "equal": " = ", "not_equal": " ≠ ",
}  # fmt: skip
# The slope along an edge, in letters: y the result, a and b the inputs (x a single one).
_LOCAL: dict[str, tuple[str, ...]] = {
    "mul": ("{b}", "{a}"), "div": ("1/{b}", "−{y}/{b}"), "exp": ("{y}",), "log": ("1/{x}",),
    "sqrt": ("1/(2{y})",), "sin": ("cos {x}",), "cos": ("−sin {x}",), "tanh": ("1 − {y}^2",),
    "sigmoid": ("{y}(1 − {y})",),
}  # fmt: skip


def steepness(node: Node, graph: Named) -> str:
    """The slope of the loss at a value, in letters: ∂L/∂u."""
    return f"∂{graph.names[graph.trace.loss]}/∂{graph.names[node]}"


def absorbed(node: Node) -> bool:
    """Whether a leaf is a plain number in an expression, written into the operation itself."""
    return node.kind == "constant" and node.value.size == 1


def inputs(node: Node) -> list[tuple[int, Node]]:
    """The inputs that stand in the graph, with their place in the operation."""
    return [(slot, n) for slot, n in enumerate(node.inputs) if not absorbed(n)]


def disc(node: Node) -> str:
    """What the disc of an operation says: a sign, or a word."""
    assert node.op is not None
    name = node.op.name
    if name == "power" and absorbed(node.inputs[1]):
        return f"$x^{_exponent(node)}$"
    numbers = [_value(n) for n in node.inputs if absorbed(n)]
    if numbers and name in ("add", "sub", "mul", "div"):
        first = absorbed(node.inputs[0])
        sign = DISCS[name]
        return f"{numbers[0]}{sign}" if first and name in ("sub", "div") else f"{sign}{numbers[0]}"
    return DISCS.get(name, name)


def _exponent(node: Node) -> str:
    text = _value(node.inputs[1])
    return text if len(text) == 1 else f"{{{text}}}"


def _value(n: Node) -> str:
    v = float(n.value.reshape(-1)[0].real)
    return f"{v:g}".replace("-", "−") if f"{v:g}" == f"{v:.3g}" else number(v)


def recipe(node: Node, names: Names) -> str:
    """How a value is made, such as u = a b, as a formula."""
    return f"{names[node]} = {expression(node, names)}"


def expression(node: Node, names: Names) -> str:
    """The right side of a recipe."""
    assert node.op is not None
    name = node.op.name
    words = [_value(n) if absorbed(n) else names[n] for n in node.inputs]
    if name == "power" and absorbed(node.inputs[1]):
        base = f"({words[0]})" if "_" in words[0] or len(words[0]) > 1 else words[0]
        return f"{base}^{_exponent(node)}"
    if name == "neg":
        return f"−{words[0]}"
    if name == "matmul":
        return f"{words[0]} {words[1]}"
    if name == "mul":
        # A number stands in front: 0.5 u.
        return " ".join(sorted(words, key=lambda w: not w[-1].isdigit() or "_" in w))
    if name in _BETWEEN and len(words) == 2:
        return _BETWEEN[name].join(words)
    if name == "log":
        return f"ln {words[0]}"
    if name == "exp":
        return f"exp {words[0]}"
    if name in ("total", "sum"):
        return f"Σ {words[0]}"
    if len(words) > 6:
        words[4:-1] = ["…"]
    return f"{name} {words[0]}" if len(words) == 1 else f"{name}({', '.join(words)})"


def spelled(node: Node, names: Names) -> str:
    """How a value is made, in words: u = a times b; of a leaf its name."""
    if node.op is None:
        return names[node]
    name = node.op.name
    words = [_value(n) if absorbed(n) else names[n] for n in node.inputs]
    if name == "power" and absorbed(node.inputs[1]) and words[1] in ("2", "3"):
        name = {"2": "square", "3": "cube"}[words[1]]
    key = "spoken.total" if name == "sum" else f"spoken.{name}"
    if key not in SENTENCES:
        key = "spoken.of"
    if len(words) > 6:
        words[4:-1] = [f"{len(words) - 5} more"]
    what = say(key, a=words[0], b=words[-1], op=name.replace("_", " "), all=", ".join(words))
    return f"{names[node]} = {what}"


_RAISED = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def flat(formula: str) -> str:
    """A formula as plain text: u_1^2 → u₁²."""
    return plain(re.sub(r"\^\{?(−?\d+)\}?", lambda m: m[1].translate(_RAISED), formula))


def local(node: Node, slot: int, names: Names) -> str:
    """The slope along one edge in letters, such as 2u or 1 − h^2; "" if there is no short way."""
    assert node.op is not None
    name = node.op.name
    letters = {"y": names.get(node, "y")}
    for letter, n in zip(("a", "b"), node.inputs, strict=False):
        letters[letter] = _value(n) if absorbed(n) else names[n]
    letters["x"] = letters["a"]
    if name == "power" and slot == 0 and absorbed(node.inputs[1]):
        e = float(node.inputs[1].value)
        low = f"{e - 1:g}".replace("-", "−")
        raised = "" if e == 2 else f"^{low}" if len(low) == 1 else f"^{{{low}}}"
        return f"{_value(node.inputs[1])}{letters['a']}{raised}"
    rules = _LOCAL.get(name, ())
    return rules[slot].format(**letters) if slot < len(rules) else ""
