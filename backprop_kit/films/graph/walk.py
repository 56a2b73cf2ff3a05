"""The walk through a picture with the keys: each value and scope in the order of creation, and what
is said of it.

A stop says its words piece by piece; a piece may end in a number, which follows the step.
"""

from __future__ import annotations

import re
from typing import Any

from backprop_kit.engine.tensor import Node
from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Row
from backprop_kit.films.graph.scene import Graph, as_rows
from backprop_kit.films.graph.symbols import spelled
from backprop_kit.films.graph.tags import tag
from backprop_kit.films.graph.units import Picture, Unit
from backprop_kit.study.naming import plain

say = speaker("graph")
FEW = 4  # numbers that are read out one by one
_GAP = re.compile(r"\[(\w+)\]")


def walk(picture: Picture) -> dict[str, Row]:
    """For each stop its tag, and {i: its place in the walk, say: pieces, wait: what stands where a
    number is not computed yet, k: the step that Enter leads to, fold: what Esc folds}.

    A piece is [words, [[array, 0]] or 0, whether it is left out without its number, and for many
    numbers the words before the lowest and before the highest].
    """
    stops: list[tuple[float, str, Row]] = []
    for unit in picture.units:
        n = unit.node
        found = _card(picture, unit) if unit.scope is not None else _value(picture, n)
        name = f"card{unit.scope.number}" if unit.scope is not None else tag(picture, "v", n)
        stops.append((_created(unit), name, found))
    for scope in picture.open:
        made = {"name": scope.name, "count": len(scope.made)}
        head: Row = {"say": [[say("spoken.open", **made), 0]], "fold": f"fold{scope.number}"}
        stops.append((scope.made[0].index - 0.5, f"fold{scope.number}", head))
    stops.sort(key=lambda stop: stop[0])
    common = {"wait": say("spoken.wait")}
    if picture.open:  # a stop that is in none of the open scopes folds the last of them
        common["fold"] = f"fold{picture.open[-1].number}"
    return {name: {"i": i, **common, **row} for i, (_, name, row) in enumerate(stops)}


def _created(unit: Unit) -> float:
    return max(n.index for n in unit.scope.made) if unit.scope is not None else unit.node.index


def _value(picture: Picture, n: Node) -> Row:
    graph = picture.graph
    parts = len(picture.parts(n))
    steep = n in picture.steep
    key = "spoken.data" if not steep else "spoken.sum" if parts > 1 else "spoken.value"
    row: Row = {"say": _pieces(graph, n, say(key, what=spelled(n, _names(graph, n)), count=parts,
                                             value="[v]", slope="[g]")),
                "k": _complete(graph, n)}  # fmt: skip
    first = graph.first_wrong
    if first is not None and first.where is n:
        told = say("spoken.wrong", yours="[yours]", true="[true]")
        row["say"] += [[*piece[:2], 1, *piece[3:]] for piece in _pieces(graph, n, told)]
    around = picture.unit_of[n].around
    return row | ({"fold": f"fold{around[-1].number}"} if around else {})


def _card(picture: Picture, unit: Unit) -> Row:
    graph, scope, n = picture.graph, unit.scope, unit.node
    assert scope is not None
    key = "spoken.card" if n in picture.steep else "spoken.card.data"
    told = say(key, name=scope.name, count=len(scope.made), what=plain(graph.names[n]),
               value="[v]", slope="[g]")  # fmt: skip
    return {"say": _pieces(graph, n, told)}


def _names(graph: Graph, n: Node) -> dict[Node, str]:
    return {m: plain(graph.names[m]) for m in (n, *n.inputs) if m in graph.names}


def _complete(graph: Graph, n: Node) -> int:
    """The step that completes the slope at a value; without one, that computes the value."""
    at = graph.arrivals.get(n)
    return graph.at(max(at)) if at else graph.trace.computed_at[n]


def _pieces(graph: Graph, n: Node, told: str) -> list[list[Any]]:
    """A sentence cut where its numbers stand."""
    arrays = {"v": graph.v(n), "g": graph.g(n), "yours": "yours", "true": "true"}
    cut = _GAP.split(told)
    pieces: list[list[Any]] = []
    for words, gap in zip(cut[::2], [*cut[1::2], ""], strict=True):
        if gap:
            array = arrays[gap]
            binding = [[array, 0]] if graph.has(array) else []
            pieces.append([words, binding, 0, *_many(graph, n)])
        elif words:
            pieces.append([words, 0])
    return pieces


def _many(graph: Graph, n: Node) -> list[list[str]]:
    """How the range of many numbers is said, cut before its two ends."""
    if n.value.size <= FEW:
        return []
    whole = graph.values(graph.v(n)).shape == as_rows(n.value).shape
    told = say("spoken.many" if whole else "spoken.means", count=n.value.size,
               low="[low]", high="[high]")  # fmt: skip
    return [_GAP.split(told)[:3:2]]
