"""The panel beside a graph on the way back: the rule of one part, with its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.backward import part_for
from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.panel import block
from backprop_kit.films.graph.panel_sum import sum_so_far
from backprop_kit.films.graph.scene import Graph, as_rows
from backprop_kit.films.graph.symbols import absorbed, disc, local, steepness
from backprop_kit.films.graph.units import Picture
from backprop_kit.films.numbers import product_sign
from backprop_kit.films.rows import Panel, Row, box, eq, num, remark, rule, title
from backprop_kit.study.own_rule import Visit


def seed(graph: Graph) -> Panel:
    loss = graph.trace.loss
    name = graph.names[loss]
    said = f"If ${name}$ grows by a little, ${name}$ grows by just that: its slope is 1."
    return (
        title("Start the way back"),
        eq([[{"sym": steepness(loss, graph)}, "=", box(1.0)]]),
        {"t": "p", "s": said},
    )


def part(graph: Graph, picture: Picture, i: int, following: str = "") -> Panel:
    """A part on its way back: the rule with its numbers, then the sum so far."""
    v = graph.visits[i]
    assert v.node is not None
    n, by = v.target, graph.names[v.node]
    several = picture.sums(n)
    what = f"Add the part that comes through ${by}$" if several else (
        f"Give ${graph.names[n]}$ its slope")  # fmt: skip
    if v.part is None:
        nothing = f"Nothing has come to ${by}$ yet, so it hands on nothing."
        return title(what), {"t": "p", "s": nothing}
    single = graph.has(graph.s(v.node, v.slot))
    rows = _of_numbers(graph, v, several) if single else _of_arrays(graph, v, several)
    if several:
        rows += sum_so_far(graph, picture, n)
    if following:
        rows.append({"t": "next", "s": following})
    return (title(what), *rows)


def _arrived(graph: Graph, v: Visit, several: bool) -> Row:
    """The part itself, above its block."""
    j = graph.arrivals[v.target].index(next(
        i for i in graph.arrivals[v.target] if graph.visits[i] is v))  # fmt: skip
    sym = "part" if several else steepness(v.target, graph)
    return block(graph, f"p{graph.place[v.target]}.{j}", sym, v.target, lit="all")


def _of_numbers(graph: Graph, v: Visit, several: bool) -> list[Row]:
    assert v.node is not None and v.node.op is not None and v.g is not None and v.part is not None
    n, user, slope = v.target, v.node, graph.s(v.node, v.slot)
    name, by = graph.names[n], graph.names[user]
    g, s, p = (float(a.reshape(-1)[0].real) for a in (v.g, graph.values(slope), v.part))
    sign = product_sign(g, s, p)
    if graph.has(graph.g(user)) and graph.number(graph.g(user)) == g:
        held = block(graph, graph.g(user), steepness(user, graph), user)
        along = block(graph, slope, f"∂{by}/∂{name}", n)
        rows = [rule(_arrived(graph, v, several), sign, held, "×", along)]
    else:  # handed on before all was in
        rows = [eq([[num(g), "×", num(s), sign, box(p)]],
                   f"What ${by}$ holds now, along the edge")]  # fmt: skip
    letters = local(user, v.slot, graph.names)
    if letters and letters not in ("1", "−1"):
        rows.append(remark(f"Along the edge: $∂{by}/∂{name} = {letters}$"))
    elif user.op is not None and user.op.name == "add":
        rows.append(remark("A sum hands on what it got: along the edge the slope is 1."))
    return rows


def _of_arrays(graph: Graph, v: Visit, several: bool) -> list[Row]:
    """The rule of an operation on arrays, and some of its entries; of a sum, only the rule."""
    assert v.node is not None and v.node.op is not None and v.part is not None
    n, user, names = v.target, v.node, graph.names
    left = _arrived(graph, v, several)
    symbol = steepness(user, graph)
    held = graph.has(graph.g(user))
    back: Any = block(graph, graph.g(user), symbol, user) if held else {"op": f"${symbol}$"}
    numbers = [] if several else _entries(graph, v)
    op = user.op.name if user.op is not None else ""
    if op == "matmul" and not any(absorbed(m) for m in user.inputs):
        other = user.inputs[1 - v.slot]
        turned = block(graph, graph.v(other), f"{names[other]}^T", other, transpose=True)
        a, b = (turned, back) if v.slot == 1 else (back, turned)
        return [rule(left, "=", a | {"bold": 1}, "·", b | {"bold": 0}, note="inner edges match"),
                *numbers]  # fmt: skip
    letters = local(user, v.slot, names)
    if op in ("add", "sub"):
        rows = [rule(left, "=" if op == "add" or v.slot == 0 else "= −", back)]
        if n.value.shape != user.value.shape:
            rows.append(remark("It was used for every row, so its parts are added."))
        return [*rows, *numbers]
    if letters:
        return [rule(left, "=", back, f"⊙ (${letters}$)"), *numbers]
    return [rule(left, "←", back), remark(f"The slope goes back through {disc(user)}.")]


def _entries(graph: Graph, v: Visit) -> list[Row]:
    """The same rule for the largest entries, with the present numbers in it."""
    assert v.node is not None and v.node.op is not None and v.g is not None and v.part is not None
    user, op = v.node, v.node.op.name
    whole, g = as_rows(v.part), as_rows(v.g)
    top = float(np.abs(whole).max()) or 1.0
    where = list(np.ndindex(whole.shape))
    if whole.size > 5:
        where.sort(key=lambda ij: (-abs(whole[ij]), ij))
    factors = None
    if op == "matmul" and v.slot == 1 and len(g) == 1:
        a = as_rows(user.inputs[0].value)
        factors = [(a[0, i], g[0, j]) for i, j in where]
    elif op == "matmul" and v.slot == 0 and g.shape == (1, 1):
        w = as_rows(user.inputs[1].value)
        factors = [(g[0, 0], w[j, 0]) for _, j in where]
    elif whole.shape == g.shape and op not in ("add", "sub", "matmul"):
        steep = as_rows(_along(user, v.slot))
        if steep.shape == g.shape:
            factors = [(g[ij], steep[ij]) for ij in where]
    if factors is None:
        return []
    lines = [[num(p), "×", num(q), "=?", box(whole[ij], top)]
             for ij, (p, q) in zip(where[:5], factors, strict=False)]  # fmt: skip
    return [eq(lines, "With the present numbers")]


def _along(user: Node, slot: int) -> Any:
    """What the rule of an operation makes of a slope of 1 in each of its numbers."""
    return part_for(user, slot, np.ones(user.value.shape), user.value, user.args, 0)
