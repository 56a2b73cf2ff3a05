"""The panel beside larger steps: a folded scope, or a whole pass."""

from __future__ import annotations

from typing import Any

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.panel import block
from backprop_kit.films.graph.scene import Graph, Scope
from backprop_kit.films.graph.symbols import expression, recipe, steepness
from backprop_kit.films.rows import Panel, Row, box, eq, remark, rule, title

MOST = 2  # values outside of a scope whose parts are shown
FEW = 100  # lines of a whole pass that are sent; the panel shows the first of them


def forward(graph: Graph, scope: Scope) -> Panel:
    """The recipes of a scope."""
    rows: list[Row] = [title(f"Through {scope.name}", f"{len(scope.made):,} OPERATIONS")]
    rows += [{"t": "p", "s": f"${recipe(n, graph.names)}$", "small": len(scope.made) > 6}
             for n in scope.made[:9]]  # fmt: skip
    return tuple(rows)


def backward(graph: Graph, scope: Scope) -> Panel:
    """What the slopes of a scope came to: its parameters and what goes on."""
    rows: list[Row] = [title(f"Back through {scope.name}", f"{len(scope.made):,} OPERATIONS")]
    leaves = sorted((n for n in scope.leaves if n in graph.done), key=lambda n: n.index)
    taken = {m for n in scope.made for m in n.inputs if m not in scope.inside}
    outside = sorted((n for n in taken if n in graph.done), key=lambda n: n.index)
    inner: list[tuple[Node, str, Row]] = [(n, graph.g(n), {}) for n in leaves[:3]]
    outer: list[tuple[Node, str, Row]] = [
        (n, f"c{graph.place[n]}.{scope.number}", {"lit": "all"}) for n in outside[:MOST]
    ]
    found = [f for f in (*inner, *outer) if graph.has(f[1])]
    lines = [[{"sym": steepness(n, graph)}, "=", box(graph.number(name), graph.arrays[name].peak)]
             for n, name, _ in found if n.value.size == 1]  # fmt: skip
    rows += [eq(lines)] if lines else []
    rows += [rule(block(graph, name, steepness(n, graph), n, **lit))
             for n, name, lit in found if n.value.size > 1]  # fmt: skip
    left = len(leaves) + len(outside) - len(found)
    rows += [remark(f"and {left:,} more")] if left else []
    return tuple(rows)


def everything(graph: Graph, back: bool) -> Panel:
    """A whole pass; of very many values the first, and how many more there are."""
    if back:
        head = title("Back: every slope", "ONE PASS")
        nodes = [n for n in graph.nodes if n in graph.done and n is not graph.trace.loss]
    else:
        head = title("Forward: every value", "ONE PASS")
        nodes = list(graph.trace.made)
    nodes = [n for n in nodes if n.value.size == 1]
    shown = nodes if len(nodes) <= FEW else nodes[:3]
    lines: list[list[Any]] = []
    for n in shown:
        name = graph.g(n) if back else graph.v(n)
        what = [{"sym": steepness(n, graph)}] if back else [
            {"sym": graph.names[n]}, "=", {"sym": expression(n, graph.names)}]  # fmt: skip
        lines.append([*what, "=", box(graph.number(name), graph.arrays[name].peak)])
    more = [remark(f"and {len(nodes) - 3:,} more")] if len(nodes) > FEW else []
    return (head, eq(lines), *more) if lines else (head,)
