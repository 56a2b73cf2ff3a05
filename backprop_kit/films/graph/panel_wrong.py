"""The panel beside the first wrong number of a learner's rule: yours, true, and which mistake."""

from __future__ import annotations

from typing import Any

from backprop_kit.films.captions import speaker
from backprop_kit.films.graph.panel import block
from backprop_kit.films.graph.scene import Graph
from backprop_kit.films.graph.symbols import steepness
from backprop_kit.films.rows import Panel, Row, eq, num, remark, rule, title
from backprop_kit.study.own_rule import Mistake, Wrong

say = speaker("graph")
HEAD: list[Any] = ["", {"c": "bold", "s": "yours"}, {"c": "bold", "s": "true"}]


def wrong(graph: Graph, first: Wrong) -> Panel:
    """The first wrong number beside the true one, and which mistake gives it."""
    n = first.where
    rows: list[Row] = [title(f"Compare the two at ${graph.names[n]}$")]
    if n.value.size > 1:
        yours = [block(graph, "yours", "yours", n)] if graph.has("yours") else []
        rows.append(rule(*yours, "≠", block(graph, "true", "true", n)))
    elif first.part:
        rows.append(_one_part(graph, first))
    else:
        rows.append(_two_sums(graph, first))
    rows.append({"t": "line"})
    if first.mistakes:
        rows.append(remark("Which mistake gives this?"))
        rows.append(eq([_mistake(m, n.value.size == 1) for m in first.mistakes]))
        if not any(m.fits for m in first.mistakes):
            rows.append({"t": "p", "s": say("no mistake")})
    return tuple(rows)


def _mistake(m: Mistake, single: bool) -> list[Any]:
    """What a known mistake leaves here; the one that fits is framed."""
    name = {"c": "bold" if m.fits else "c-muted", "s": m.name}
    if not single:
        return [name, {"note": m.does}, {"note": "✓" if m.fits else "no"}]
    v = float(m.number.reshape(-1)[0])
    return [name, {"note": m.does}, {"c": "result", "s": num(v)["n"]} if m.fits else num(v)]


def _plates(first: Wrong) -> tuple[Row, Row]:
    yours = "–" if first.yours is None else num(first.yours.reshape(-1)[0])["n"]
    return {"c": "plate", "s": yours}, {"c": "truth", "s": num(first.true.reshape(-1)[0])["n"]}


def _one_part(graph: Graph, first: Wrong) -> Row:
    sender = graph.visits[first.at].node
    assert sender is not None
    return eq([HEAD, [{"c": "c-muted", "s": f"from ${graph.names[sender]}$"}, *_plates(first)]])


def _two_sums(graph: Graph, first: Wrong) -> Row:
    """yours | true, part by part."""
    at = graph.arrivals[first.where]
    lost = any(m.fits and m.name == "overwrites" for m in first.mistakes)
    lines = [HEAD]
    for i in at:
        v = graph.visits[i]
        assert v.part is not None
        p = float(v.part.reshape(-1)[0])
        by = graph.names[v.node] if v.node is not None else ""
        mine = {"c": "num lost", "s": num(p)["n"]} if lost and i != at[-1] else num(p)
        lines.append([{"c": "c-muted", "s": f"from ${by}$"}, mine, num(p)])
    return eq([*lines, [{"sym": steepness(first.where, graph)}, *_plates(first)]])
