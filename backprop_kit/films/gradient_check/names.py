"""What parameters and slopes are called: W₁ and dW₁ along a chain of layers, else the path."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_kit.engine.tensor import Node
from backprop_kit.study.passes import Pass

_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_HIGH = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def symbols(recorded: Pass) -> dict[str, str]:
    """{path: formula} of the parameters: W_1, b_1, W_2 … where the net is a chain of layers."""
    found = {path: path for path in recorded.parameters}
    names = recorded.trace.names
    for i, link in enumerate((m for m in recorded.links if m.kind == "linear"), 1):
        for letter, leaf in (("W", link.weight), ("b", link.bias)):
            if leaf is not None:
                found[names[leaf]] = f"{letter}_{i}"
    return found


def slopes(recorded: Pass) -> dict[Node, str]:
    """{value: formula of its slope}: dW_1 for a parameter, δ_1 at a layer's sums, dY at the end."""
    names, chain = symbols(recorded), recorded.links
    found = {}
    for name, node in recorded.places().items():
        if name in names:
            symbol = names[name]
            found[node] = f"d{symbol}" if "_" in symbol else f"d {symbol}"
        else:
            found[node] = f"δ_{name[1:]}"
    if chain[-1].kind == "linear" and chain[-1].result in found:
        found[chain[-1].result] = "dY"
    return found


def plain(symbol: str) -> str:
    """A formula as plain text: W₁ for W_1."""
    head, _, index = symbol.partition("_")
    return head + index.strip("{}").translate(_LOW)


def power(exponent: int) -> str:
    """A power of ten: 10⁻⁵."""
    return "10" + str(exponent).translate(_HIGH) if exponent else "1"


def place(symbol: str, index: Sequence[int]) -> str:
    """One number of a parameter, counted from 1: $W_1$ (3, 1) is row 3, column 1."""
    return f"${symbol}$" + (f" ({', '.join(str(i + 1) for i in index)})" if index else "")


def net(recorded: Pass) -> str:
    """The widths of a chain of layers, else the model's own name."""
    weights = [m.weight for m in recorded.links if m.kind == "linear"]
    if not weights or any(w is None for w in weights):
        return type(recorded.model).__name__
    widths = [recorded.x.value.shape[-1], *(w.value.shape[-1] for w in weights if w is not None)]
    return "–".join(map(str, widths)) + " net"
