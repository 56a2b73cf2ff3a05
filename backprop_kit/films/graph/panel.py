"""The panel beside a graph: the rule, the present numbers in it, and what has come so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.scene import Graph, Scope, Use, as_rows
from backprop_kit.films.graph.symbols import absorbed, disc, expression, inputs, local, recipe
from backprop_kit.films.graph.units import Picture
from backprop_kit.films.numbers import number, product_sign
from backprop_kit.films.rows import Panel, Row, box, num, title
from backprop_kit.study.own_rule import Visit, Wrong


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
            rows.append({"t": "p", "s": f"and {len(made) - 8} more", "c": "muted", "small": True})
        rows.append({"t": "p", "s": f"${recipe(n, graph.names)}$"})
    return tuple(rows)


def made(graph: Graph, n: Node) -> Panel:
    """A value on the way forward."""
    name = graph.names[n]
    rows: list[Row] = [title(f"Compute ${name}$")]
    if n.value.size == 1 and all(m.value.size == 1 for m in n.inputs):
        rows.append({"t": "p", "s": f"${recipe(n, graph.names)}$"})
        rows.append({"t": "gap"})
        values = {m: number(float(m.value.reshape(-1)[0].real)) for _, m in inputs(n)}
        bare = {m: f"({v})" if v[0] == "−" else v for m, v in values.items()}
        shown = (
            expression(n, bare) if _infix(n) else f"{disc(n).strip('$')} {joined(values.values())}"
        )
        if n.op is not None and n.op.name == "mul":
            shown = " × ".join(bare[m] if m in bare else number(float(m.value.reshape(-1)[0]))
                               for m in n.inputs)  # fmt: skip
        rows.append({"t": "eq", "head": "With the present numbers", "rows": [
            [{"sym": name}, "=", {"sym": shown}, "=", box(float(n.value.reshape(-1)[0].real),
                                                         graph.arrays[graph.v(n)].peak)],
        ]})  # fmt: skip
        return tuple(rows)
    items: list[Row] = [block(graph, graph.v(n), name, n, lit="all"), {"op": "="}]
    between = (
        {"matmul": "·", "add": "+", "sub": "−", "mul": "⊙", "div": "/"}.get(n.op.name, "")
        if n.op
        else ""
    )
    parts = inputs(n)
    if between and len(parts) == 2:
        (_, a), (_, b) = parts
        bold = n.op is not None and n.op.name == "matmul"
        items += [block(graph, graph.v(a), graph.names[a], a, **({"bold": 1} if bold else {})),
                  {"op": between}, block(graph, graph.v(b), graph.names[b], b,
                                         **({"bold": 0} if bold else {}))]  # fmt: skip
    else:
        items.append({"op": f"{disc(n)} of" if len(parts) == 1 else f"{disc(n)}:"})
        for _, m in parts[:2]:
            items.append(block(graph, graph.v(m), graph.names[m], m))
    note = {"note": "inner edges match"} if between == "·" else {}
    rows.append({"t": "rule", "items": items, **note})
    rows.append({"t": "p", "s": f"${recipe(n, graph.names)}$", "c": "muted"})
    return tuple(rows)


def _infix(n: Node) -> bool:
    return n.op is not None and n.op.name in ("add", "sub", "mul", "div", "power", "neg")


def joined(words: Any) -> str:
    return ", ".join(words)


def seed(graph: Graph) -> Panel:
    name = graph.names[graph.trace.loss]
    return (
        title("Start the way back"),
        {"t": "eq", "rows": [[{"sym": f"∂L/∂{name}" if name != "L" else "∂L/∂L"}, "=", box(1.0)]]},
        {
            "t": "p",
            "s": f"If ${name}$ grows by a little, ${name}$ grows by just that: its slope is 1.",
        },
    )


def part(graph: Graph, picture: Picture, i: int, following: str = "") -> Panel:
    """A part on its way back: the rule with its numbers, then the sum so far."""
    v = graph.visits[i]
    assert v.node is not None
    n, user = v.target, v.node
    name, by = graph.names[n], graph.names[user]
    several = picture.sums(n)
    rows: list[Row] = [
        title(f"Add the part that comes through ${by}$" if several else f"Give ${name}$ its slope")
    ]
    if v.part is None:
        rows.append({"t": "p", "s": f"Nothing has come to ${by}$ yet, so it hands on nothing."})
        return tuple(rows)
    slope = graph.s(user, v.slot)
    if graph.has(slope):
        rows += _scalar_rule(graph, v, slope, several)
    else:
        rows += _array_rule(graph, v, several)
    if several:
        rows += _sum_so_far(graph, picture, n, i)
    if following:
        rows.append({"t": "next", "s": following})
    return tuple(rows)


def _scalar_rule(graph: Graph, v: Visit, slope: str, several: bool) -> list[Row]:
    assert v.node is not None and v.g is not None and v.part is not None
    name, by = graph.names[v.target], graph.names[v.node]
    g, s, p = (float(a.reshape(-1)[0].real) for a in (v.g, graph.values(slope), v.part))
    letters = local(v.node, v.slot, graph.names)
    user, j = v.node, graph.arrivals[v.target].index(graph.visits.index(v))
    if graph.has(graph.g(user)) and graph.number(graph.g(user)) == g:
        part_ = block(graph, f"p{graph.place[v.target]}.{j}", f"∂L/∂{name}", v.target, lit="all")
        if several:
            part_["sym"] = "part"
        rows: list[Row] = [{"t": "rule", "items": [
            part_, {"op": product_sign(g, s, p)}, block(graph, graph.g(user), f"∂L/∂{by}", user),
            {"op": "×"}, block(graph, slope, f"∂{by}/∂{name}", v.target)]}]  # fmt: skip
    else:  # handed on before all was in
        rows = [{"t": "eq", "head": f"What ${by}$ holds now, along the edge", "rows": [
            [num(g), "×", num(s), product_sign(g, s, p), box(p)]]}]  # fmt: skip
    if letters and letters not in ("1", "−1"):
        rows.append({"t": "p", "s": f"Along the edge: $∂{by}/∂{name} = {letters}$", "c": "muted"})
    elif v.node.op is not None and v.node.op.name == "add":
        rows.append({"t": "p", "s": "A sum hands on what it got: along the edge the slope is 1.",
                     "c": "muted"})  # fmt: skip
    return rows


def _array_rule(graph: Graph, v: Visit, several: bool) -> list[Row]:
    """The rule of an operation on arrays, each symbol above its block, and some of its entries."""
    assert v.node is not None and v.node.op is not None and v.part is not None
    n, user, names = v.target, v.node, graph.names
    j = list(graph.arrivals[n]).index(next(i for i in graph.arrivals[n] if graph.visits[i] is v))
    sym = f"∂L/∂{names[n]}" if not several else f"part through {names[user]}"
    left = block(graph, f"p{graph.place[n]}.{j}", sym if not several else "part", n, lit="all")
    back = (
        block(graph, graph.g(user), f"∂L/∂{names[user]}", user)
        if graph.has(graph.g(user))
        else {"op": f"$∂L/∂{names[user]}$"}
    )
    op = v.node.op.name
    if op == "matmul" and not any(absorbed(m) for m in user.inputs):
        other = user.inputs[1 - v.slot]
        turned = block(graph, graph.v(other), f"{names[other]}^T", other, transpose=True)
        if v.slot == 1:
            items = [left, {"op": "="}, turned | {"bold": 1}, {"op": "·"}, back | {"bold": 0}]
        else:
            items = [left, {"op": "="}, back | {"bold": 1}, {"op": "·"}, turned | {"bold": 0}]
        return [{"t": "rule", "items": items, "note": "inner edges match"}, *_entries(graph, v)]
    letters = local(user, v.slot, names)
    if op in ("add", "sub"):
        how = "=" if op == "add" or v.slot == 0 else "= −"
        rows = [{"t": "rule", "items": [left, {"op": how}, back]}]
        if n.value.shape != user.value.shape:
            rows.append(
                {"t": "p", "s": "It was used for every row, so its parts are added.", "c": "muted"}
            )
        return [*rows, *_entries(graph, v)]
    if letters:
        return [{"t": "rule", "items": [left, {"op": "="}, back, {"op": f"⊙ ({_prose(letters)})"}]},
                *_entries(graph, v)]  # fmt: skip
    return [
        {"t": "rule", "items": [left, {"op": "←"}, back]},
        {"t": "p", "s": f"The slope goes back through {disc(user)}.", "c": "muted"},
    ]


def _prose(letters: str) -> str:
    return f"${letters}$"


def _entries(graph: Graph, v: Visit) -> list[Row]:
    """The same rule for the largest entries, with the present numbers in it."""
    assert v.node is not None and v.node.op is not None and v.g is not None and v.part is not None
    user, op = v.node, v.node.op.name
    part, g = as_rows(v.part), as_rows(v.g)
    top = float(np.abs(part).max()) or 1.0
    lines: list[list[Any]] = []
    where = (
        sorted(np.ndindex(part.shape), key=lambda ij: (-abs(part[ij]), ij))
        if part.size > 5
        else list(np.ndindex(part.shape))
    )
    if op == "matmul" and v.slot == 1 and len(g) == 1:
        a = as_rows(user.inputs[0].value)
        lines = [
            [num(a[0, i]), "×", num(g[0, j]), "=?", box(part[i, j], top)] for i, j in where[:5]
        ]
    elif op == "matmul" and v.slot == 0 and g.shape == (1, 1):
        w = as_rows(user.inputs[1].value)
        lines = [
            [num(g[0, 0]), "×", num(w[j, 0]), "=?", box(part[i, j], top)] for i, j in where[:5]
        ]
    elif part.shape == g.shape and op not in ("add", "sub", "matmul"):
        from backprop_kit.engine.backward import part_for

        steep = as_rows(part_for(user, v.slot, np.ones(user.value.shape), user.value, user.args, 0))
        if steep.shape == g.shape:
            lines = [
                [num(g[ij]), "×", num(steep[ij]), "=?", box(part[ij], top)] for ij in where[:5]
            ]
    if not lines:
        return []
    return [{"t": "eq", "head": "With the present numbers", "rows": lines}]


def _sum_so_far(graph: Graph, picture: Picture, n: Node, i: int) -> list[Row]:
    uses = picture.parts(n)
    here = [u for u in uses if u.k is not None and u.k <= graph.at(i) and u.array]
    if n.value.size > 1:
        left = len(uses) - len(here)
        return [{"t": "p", "s": f"{len(here)} of {len(uses)} parts are in."
                 + (" They add up." if not left else "")}]  # fmt: skip
    name = graph.names[n]
    items = [[f"through ${_from(graph, u)}$", graph.number(u.array)] for u in here]
    rows: list[Row] = [
        {"t": "line"},
        {"t": "p", "s": f"{_count(len(uses))} parts reach ${name}$ and add up", "c": "muted"},
    ]
    many = len(uses) > 4
    bars: Row = {"t": "bars", "items": items[-5:]} if many else {
        "t": "fall", "items": items, "count": len(uses) + 1}  # fmt: skip
    if len(here) == len(uses) and graph.has(graph.g(n)):
        bars["total"] = [f"$∂L/∂{name}$", graph.number(graph.g(n))]
    rows.append(bars)
    return rows


def _from(graph: Graph, use: Use) -> str:
    return use.scope.name if use.scope is not None else graph.names[use.user]


def _count(n: int) -> str:
    words = {2: "Two", 3: "Three", 4: "Four"}
    return words.get(n, str(n))


def scope_forward(graph: Graph, scope: Scope) -> Panel:
    rows: list[Row] = [title(f"Through {scope.name}", f"{len(scope.made)} OPERATIONS")]
    rows += [{"t": "p", "s": f"${recipe(n, graph.names)}$", "small": len(scope.made) > 6}
             for n in scope.made[:9]]  # fmt: skip
    return tuple(rows)


def scope_backward(graph: Graph, scope: Scope) -> Panel:
    """What the slopes of a scope came to: its parameters and what goes on."""
    rows: list[Row] = [title(f"Back through {scope.name}", f"{len(scope.made)} OPERATIONS")]
    leaves = [n for n in graph.nodes if n in scope.leaves and graph.has(graph.g(n))]
    for n in leaves[:3]:
        rows.append({"t": "rule", "items": [block(graph, graph.g(n), f"∂L/∂{graph.names[n]}", n)]})
    outside = {m for n in scope.made for m in n.inputs if m not in scope.inside}
    for n in sorted(outside, key=lambda n: n.index):
        array = f"c{graph.place[n]}.{scope.number}"
        if graph.has(array):
            rows.append({"t": "rule", "items": [
                block(graph, array, f"∂L/∂{graph.names[n]}", n, lit="all")]})  # fmt: skip
    return tuple(rows)


def everything(graph: Graph, back: bool) -> Panel:
    """A whole pass."""
    if not back:
        rows: list[Row] = [title("Forward: every value", "ONE PASS")]
        lines = [[{"sym": graph.names[n]}, "=", {"sym": expression(n, graph.names)}, "=",
                  box(graph.number(graph.v(n)), graph.arrays[graph.v(n)].peak)]
                 for n in graph.trace.made if n.value.size == 1]  # fmt: skip
    else:
        rows = [title("Back: every slope", "ONE PASS")]
        lines = [[{"sym": f"∂L/∂{graph.names[n]}"}, "=",
                  box(graph.number(graph.g(n)), graph.arrays[graph.g(n)].peak)]
                 for n in graph.nodes if n.value.size == 1 and graph.has(graph.g(n))
                 and n is not graph.trace.loss]  # fmt: skip
    if lines:
        rows.append({"t": "eq", "rows": lines})
    return tuple(rows)


def wrong(graph: Graph, first: Wrong) -> Panel:
    """The first wrong number beside the true one, and which mistake gives it."""
    name = graph.names[first.where]
    rows: list[Row] = [title(f"Compare the two at ${name}$")]
    if first.where.value.size > 1:
        rows.append({"t": "rule", "items": [
            *([block(graph, "yours", "yours", first.where)] if graph.has("yours") else []),
            {"op": "≠"}, block(graph, "true", "true", first.where)]})  # fmt: skip
    else:
        rows += _two_sums(graph, first)
    rows.append({"t": "line"})
    if first.mistakes:
        rows.append({"t": "p", "s": "Which mistake gives this?", "c": "muted"})
        single = first.where.value.size == 1
        rows.append(
            {
                "t": "eq",
                "rows": [
                    [
                        {"c": "bold", "s": m.name} if m.fits else {"c": "c-muted", "s": m.name},
                        {"note": m.does},
                        (
                            {"c": "result", "s": float(m.number.reshape(-1)[0])}
                            if m.fits
                            else num(float(m.number.reshape(-1)[0]))
                        )
                        if single
                        else {"note": "✓" if m.fits else "no"},
                    ]
                    for m in first.mistakes
                ],
            }
        )
        if not any(m.fits for m in first.mistakes):
            rows.append({"t": "p", "s": "No known mistake gives this."})
    return tuple(rows)


def _two_sums(graph: Graph, first: Wrong) -> list[Row]:
    """yours | true, part by part."""
    n = first.where
    yours = (
        {"c": "plate", "s": "–"}
        if first.yours is None
        else {"c": "plate", "s": float(first.yours.reshape(-1)[0])}
    )
    true = {"c": "truth", "s": float(first.true.reshape(-1)[0])}
    if first.part:
        sender = graph.visits[first.at].node
        assert sender is not None
        by = graph.names[sender]
        return [{"t": "eq", "rows": [
            ["", {"c": "bold", "s": "yours"}, {"c": "bold", "s": "true"}],
            [{"c": "c-muted", "s": f"from ${by}$"}, yours, true],
        ]}]  # fmt: skip
    at = graph.arrivals[n]
    lost = any(m.fits and m.name == "overwrites" for m in first.mistakes)
    lines: list[list[Any]] = [["", {"c": "bold", "s": "yours"}, {"c": "bold", "s": "true"}]]
    for i in at:
        v = graph.visits[i]
        assert v.part is not None
        p = float(v.part.reshape(-1)[0])
        by = graph.names[v.node] if v.node is not None else ""
        mine = {"c": "num lost", "s": p} if lost and i != at[-1] else num(p)
        lines.append([{"c": "c-muted", "s": f"from ${by}$"}, mine, num(p)])
    lines.append([{"sym": f"∂L/∂{graph.names[n]}"}, yours, true])
    return [{"t": "eq", "rows": lines}]
