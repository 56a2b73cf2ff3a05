"""What a person calls each value of a recording.

A value is named by its tensor, else by the variable that holds it, else v₁, v₂ …; inside a net by
its place: W₁ b₁ m₁ z₁ h₁. A name is written as a formula: `u_1`, `W_{12}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backprop_kit.engine.scope import Call
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Trace
from backprop_kit.nn import BatchNorm, LayerNorm

_NORM = ("gamma", "beta")
_NUMBERED = re.compile(r"(.*?[^\d_])_?(\d+)$")
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda_": "λ", "lam": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "psi": "ψ", "omega": "ω",
}  # fmt: skip


def names_of(
    trace: Trace, variables: Mapping[str, Any] | None = None, given: Any = None
) -> dict[Node, str]:
    """A name for every value of a recording, each name once.

    variables  what the calling cell holds: {name: anything}
    given      {tensor: "u"} or {"u": tensor}; goes before everything else

    Raises TypeError or ValueError for a name that is no text, or is given to something else.
    """
    wanted = _given(trace, given)
    held = _held(variables or {})
    net = _in_nets(trace)
    names: dict[Node, str] = {}
    taken = set(wanted.values())
    unnamed = []
    for n in trace.nodes:
        own = n.owner.name if n.owner is not None else None
        name = wanted.get(n) or (symbol(own) if own else None)
        if name is None and n is trace.loss:
            name = "L"
        if name is None:
            found = held.get(n) or (held.get(n.owner) if n.owner is not None else None)
            name = net.get(n) or (symbol(found) if found else None)
        if name is None:
            unnamed.append(n)
            continue
        names[n] = name if n in wanted else _free(name, taken)
        taken.add(names[n])
    count = 0
    for n in unnamed:
        count += 1
        while numbered("v", count) in taken:
            count += 1
        names[n] = numbered("v", count)
    return names


def symbol(name: str) -> str:
    """A variable's name as a formula: u1 → u_1, alpha → α; other underscores become blanks."""
    found = _NUMBERED.match(name)
    stem, number = (found[1], found[2]) if found else (name, "")
    stem = _GREEK.get(stem, stem).replace("_", " ").replace("^", " ").replace("$", " ").strip()
    return numbered(stem, number) if number else stem or name


def numbered(stem: str, number: object) -> str:
    """A letter with a subscript: v_1, v_{12}."""
    return f"{stem}_{number}" if len(str(number)) == 1 else f"{stem}_{{{number}}}"


def plain(name: str) -> str:
    """A formula as plain text: W_1 → W₁."""

    def low(found: re.Match[str]) -> str:
        return (found[1] or found[2]).translate(_LOW)

    return re.sub(r"_(?:\{([^}]*)\}|(\w))", low, name)


_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "′"
    return name


def _given(trace: Trace, given: Any) -> dict[Node, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(
            f"names is {type(given).__name__}; it must say which value has which name.\n"
            'Write names={"u": u}.'
        )
    found: dict[Node, str] = {}
    for key, value in given.items():
        place, name = (value, key) if isinstance(key, str) else (key, value)
        if not isinstance(name, str) or not name.strip() or not isinstance(place, (Tensor, Node)):
            raise TypeError(
                f"names pairs {type(key).__name__} with {type(value).__name__}.\n"
                'Pair a name with the Tensor that has it: names={"u": u}.'
            )
        if symbol(name) in found.values():
            raise ValueError(f"names gives {name!r} to two values.\nGive each its own name.")
        found[trace.node(place)] = symbol(name)
    return found


def _held(variables: Mapping[str, Any]) -> dict[Any, str]:
    """{node, or tensor of a leaf: variable}; names that IPython or Python made are left out."""
    found: dict[Any, str] = {}
    for name, value in variables.items():
        if isinstance(value, Tensor) and not name.startswith("_"):
            own = value.name or name
            found.setdefault(value.node, own)
            found.setdefault(value, own)
    return found


def _in_nets(trace: Trace) -> dict[Node, str]:
    """The textbook letters of what was made inside layers, and of the data that go in."""
    order: dict[Call, int] = {}
    names: dict[Node, str] = {}
    made = [n for n in trace.made if n.scope is not None]
    for n in made:
        assert n.scope is not None
        if n.op is not None and n.op.name == "matmul" and n.scope not in order:
            order[n.scope] = len(order) + 1
    last = max(order.values(), default=0)
    at = 0
    for n in made:
        assert n.scope is not None and n.op is not None
        at = order.get(n.scope, at)
        if isinstance(n.scope.module, (BatchNorm, LayerNorm)):
            # Its steps are no sums z and no outputs h; they are called v₁, v₂ …
            for leaf in n.inputs:
                own = trace.names.get(leaf, "").rpartition(".")[2]
                if own in _NORM:
                    names.setdefault(leaf, numbered(_GREEK[own], at) if at else _GREEK[own])
        elif n.scope in order:
            for leaf in n.inputs:
                path = trace.names.get(leaf, "")
                if "." in path or path in ("W", "b"):
                    names.setdefault(leaf, numbered(path.rpartition(".")[2], at))
            letter = {"matmul": "m", "add": "z"}.get(n.op.name)
            if letter:
                names.setdefault(n, numbered(letter, at))
        elif len(n.inputs) == 1 and n.scope.parent is not None and not _measures(n):
            head = at == last and n.op.name in ("sigmoid", "softmax")
            names.setdefault(n, "p" if head else "h" if last == 2 else numbered("h", at))
        *_, outermost = n.scope.chain
        for place in outermost.inputs:
            if place is not None and place.kind == "input":
                names.setdefault(place, "y" if _measures(n) else "x")
    return names if order else {}


def _measures(n: Node) -> bool:
    """Whether a value was made inside a loss."""
    assert n.scope is not None
    return any(hasattr(call.module, "unfused") or hasattr(call.module, "loss")
               for call in n.scope.chain)  # fmt: skip
