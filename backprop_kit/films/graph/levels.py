"""Which states of folding a film holds, and which of them a press leads to.

A film holds as many levels as a first view may weigh, the outermost first; a graph of more than 200
nodes comes level by level, with those around the one that is shown. A press on any other card asks
the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from backprop_kit.films.graph.grouping import BOXES
from backprop_kit.films.graph.scene import Graph, Scope
from backprop_kit.films.graph.sizes import ASKED
from backprop_kit.films.graph.tags import Mark
from backprop_kit.films.graph.units import COLUMNS, Picture

ROOM = 110  # boxes in all the pictures of a film beside the first: what a first view may weigh
MANY = 20_000  # nodes looked at for all the pictures of a film

Levels = dict[str, frozenset[Scope]]


def levels(graph: Graph, opened: Scope | None = None) -> Levels:
    """The names of the pictures of a film, the one shown first in front, and what each has folded.

    opened  a scope that is open, with those around it (None: the first view)

    Raises ValueError, in two lines, where more than 200 boxes would stand in one picture.
    """
    tree, path = graph.tree, graph.tree.path(opened)
    small = len(graph.nodes) <= ASKED
    first = tree.cards(path) if opened is not None or not small else _first(graph)
    # Each picture looks at every node once: of a very large graph there is only the one asked for.
    light = len(graph.nodes) * (len(path) + 1) <= MANY
    around = [path[:i] for i in range(0 if light else len(path), len(path) + 1)]
    found = {name_of(p[-1]) if p else "folded": tree.cards(p) for p in around}
    if small:
        found["open"] = frozenset()
        depth = {s: len(tree.path(s)) for s in tree.all}
        for s in sorted(tree.all, key=depth.__getitem__):
            found.setdefault(name_of(s), tree.cards(tree.path(s)))
    home = next((name for name, folded in found.items() if folded == first), "home")
    _check(graph, opened, first)
    kept, room = {home: first}, ROOM
    for name, folded in found.items() if tree.all else ():
        count = tree.count(folded)
        if (
            folded not in kept.values()
            and (count <= room or len(kept) <= len(path))
            and count <= ASKED
        ):
            kept[name] = folded
            room -= count
    return kept


def name_of(scope: Scope) -> str:
    return f"scope:{scope.number}"


def _check(graph: Graph, opened: Scope | None, folded: frozenset[Scope]) -> None:
    count = graph.tree.count(folded)
    if count > ASKED and opened is not None:
        raise ValueError(
            f"With {opened.name} open there would be {count:,} boxes; more than {ASKED} cannot be "
            "read.\nShow a net layer by layer with ForwardStepper(model, x, y), or a smaller "
            "expression."
        )


def _first(graph: Graph) -> frozenset[Scope]:
    """What is folded at first: nothing if all of it fits, else the loss, else everything."""
    every = graph.tree.cards()
    for folded in (frozenset[Scope](), frozenset(s for s in every if s.loss)):
        if graph.tree.count(folded) <= BOXES:
            picture = Picture.of(graph, folded)
            if picture.columns <= COLUMNS + 1 and not picture.panned and picture.height <= 400:
                return folded
    return every


# --- where a press leads --------------------------------------------------------------------------
def opens(picture: Picture, scope: Scope) -> Mark:
    """Where a press on a card leads: the card alone opened, if the film has that, else its path."""
    tree = picture.graph.tree
    inner = frozenset(i for i in tree.within[scope] if isinstance(i, Scope))
    return _leads(picture, (picture.folded - {scope}) | inner, tree.cards(tree.path(scope)))


def folds(picture: Picture, scope: Scope) -> Mark:
    """Where a press on the head of an open scope leads."""
    tree = picture.graph.tree
    kept = frozenset(s for s in picture.folded if scope not in tree.path(s))
    return _leads(picture, kept | {scope}, tree.cards(tree.path(scope)[:-1]))


def _leads(picture: Picture, *wanted: frozenset[Scope]) -> Mark:
    for folded in wanted:
        if folded in picture.doors:
            return {"scene": picture.doors[folded]}
    return {"asks": True}


def open_all(picture: Picture) -> Iterator[Mark]:
    """The way back to a picture with everything open, where that can be read."""
    everything: frozenset[Scope] = frozenset()
    if not picture.offers:
        return
    inside = set(picture.open)
    free = [u for u in picture.kept if not inside & set(u.around)] or picture.kept
    unit = min(free, key=lambda u: u.x)
    y = picture.top - 18
    yield {"t": "box", "tag": "all", "x": unit.x, "y": y, "w": 76, "h": 19, "label": "+ open all",
           "size": 12, "face": "sheet", "scene": picture.doors[everything]}  # fmt: skip
