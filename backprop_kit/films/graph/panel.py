"""The panel beside a graph on the way forward: the recipe, and the present numbers in it."""

from __future__ import annotations

from typing import Any

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.scene import Graph, as_rows
from backprop_kit.films.graph.symbols import disc, expression, inputs, recipe
from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Panel, Row, box, eq, remark, rule, title


def block(graph: Graph, array: str, sym: str, n: Node, **extra: Any) -> Row:
    """One symbol above its block, sized as the film holds it."""
    rows, cols = (1, 1) if n.value.size == 1 else graph.values(array).shape
    full = (1, 1) if n.value.size == 1 else as_rows(n.value).shape
    if extra.get("transpose"):
        rows, cols, full = cols, rows, full[::-1]
    shape = {} if n.value.size == 1 else {"shape": "×".join(map(str, full))}
    return {"sym": sym, "array": array, "rows": rows, "cols": cols, **shape, **extra}


def start(graph: Graph) -> Panel:
    """The recipes, as they will be followed."""
    made = list(graph.trace.made)
    shown = made if len(made) <= 9 else [*made[:5], *made[-3:]]
    rows: list[Row] = [title("What will be computed", "START")]
    for n in shown:
        if len(made) > 9 and n is shown[5]:
            rows.append(remark(f"and {len(made) - 8} more") | {"small": True})
        rows.append({"t": "p", "s": f"${recipe(n, graph.names)}$"})
    return tuple(rows)


def made(graph: Graph, n: Node) -> Panel:
    """A value on the way forward."""
    single = n.value.size == 1 and all(m.value.size == 1 for m in n.inputs)
    rows = _numbers(graph, n) if single else _arrays(graph, n)
    return (title(f"Compute ${graph.names[n]}$"), *rows)


def _numbers(graph: Graph, n: Node) -> list[Row]:
    assert n.op is not None
    values = {m: number(float(m.value.reshape(-1)[0].real)) for _, m in inputs(n)}
    bare = {m: f"({v})" if v[0] == "−" else v for m, v in values.items()}
    if n.op.name == "mul":
        shown = " × ".join(bare[m] if m in bare else number(float(m.value.reshape(-1)[0]))
                           for m in n.inputs)  # fmt: skip
    elif n.op.name in ("add", "sub", "div", "power", "neg"):
        shown = expression(n, bare)
    else:
        shown = f"{disc(n).strip('$')} {', '.join(values.values())}"
    result = box(float(n.value.reshape(-1)[0].real), graph.arrays[graph.v(n)].peak)
    return [
        {"t": "p", "s": f"${recipe(n, graph.names)}$"},
        {"t": "gap"},
        eq([[{"sym": graph.names[n]}, "=", {"sym": shown}, "=", result]],
           "With the present numbers"),
    ]  # fmt: skip


def _arrays(graph: Graph, n: Node) -> list[Row]:
    assert n.op is not None
    signs = {"matmul": "·", "add": "+", "sub": "−", "mul": "⊙", "div": "/"}
    between, parts = signs.get(n.op.name, ""), [m for _, m in inputs(n)]
    result = block(graph, graph.v(n), graph.names[n], n, lit="all")
    if between and len(parts) == 2:
        bold = n.op.name == "matmul"
        a, b = (
            block(graph, graph.v(m), graph.names[m], m, **({"bold": 1 - slot} if bold else {}))
            for slot, m in enumerate(parts)
        )
        shown = rule(result, "=", a, between, b, note="inner edges match" if bold else "")
    else:
        how = f"{disc(n)} of" if len(parts) == 1 else f"{disc(n)}:"
        going = [block(graph, graph.v(m), graph.names[m], m) for m in parts[:2]]
        shown = rule(result, "=", how, *going)
    return [shown, remark(f"${recipe(n, graph.names)}$")]
