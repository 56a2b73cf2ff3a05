"""From a recording to its film: the scenes that fold and unfold, and what stands around them."""

from __future__ import annotations

from collections.abc import Mapping

from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.films.film import Film, Scene
from backprop_kit.films.film_check import references
from backprop_kit.films.graph.levels import levels
from backprop_kit.films.graph.marks import marks
from backprop_kit.films.graph.scene import Graph, Scope
from backprop_kit.films.graph.story import Story
from backprop_kit.films.graph.story_steps import cuts
from backprop_kit.films.graph.symbols import expression, flat
from backprop_kit.films.graph.units import WIDTH, Picture
from backprop_kit.study.naming import names_of, plain
from backprop_kit.study.own_rule import OwnRun

PHASES = (("forward", "Forward"), ("loss", "Loss"), ("backward", "Backward"))


def film_graph(
    trace: Trace, names: Mapping[Node, str] | None = None, own: OwnRun | None = None
) -> Film:
    """The film of a recorded graph, with the cuts "operation" and "layer" (without scopes "pass").

    names  what each value is called; None: `names_of(trace)`
    own    a learner's way back, shown beside the right one
    """
    return film_of(Graph.of(trace, dict(names or names_of(trace)), own))


def film_of(graph: Graph, opened: Scope | None = None) -> Film:
    """The film of a graph that shows first what is around a scope and in it (None: the whole).

    Raises ValueError, in two lines, where more than 200 boxes would stand in the picture.
    """
    graph.arrays.clear()
    choices = levels(graph, opened)
    doors = {folded: name for name, folded in choices.items()}
    home, *_ = choices
    scenes = {}
    for name, folded in choices.items():
        picture = Picture.of(graph, folded, doors)
        scenes[name] = (picture, _scene(picture))
    if not graph.tree.groups:  # a small film holds whatever could be asked for
        graph.arrays.all()
    for _, scene in scenes.values():
        for name in _reads(scene):
            graph.has(name)
    picture, shown = scenes.pop(home)
    others = {name: scene for name, (_, scene) in scenes.items()}
    phases = tuple(p for p in PHASES if p[0] != "loss" or any(s.loss for s in graph.scopes))
    return Film(
        title=_title(graph),
        size=shown.size,
        arrays=tuple(sorted(graph.arrays.values(), key=lambda a: a.name)),
        marks=shown.marks,
        phases=phases,
        cuts=shown.cuts,
        legend=_legend(picture),
        trace=graph.fingerprint,
        scene=home if others else "",
        scenes=others,
        span=shown.span,
        tight=shown.tight,
    )


def _reads(scene: Scene) -> set[str]:
    """The arrays that the marks and the panels of a picture read."""
    panels = (row for frames in scene.cuts.values() for f in frames for row in f.panel)
    return {name for part in (*scene.marks, *panels) for name, _ in references(part)}


def _scene(picture: Picture) -> Scene:
    layout = picture.layout
    assert layout is not None
    size = (WIDTH, max(382, round(picture.height + 32)))
    tight = 1.0 if picture.panned else layout.tight  # what moves anyway keeps its distances
    placed = marks(picture)
    told = cuts(Story(picture, placed))
    return Scene(placed, told, size, round(layout.width, 1), tight)


def _title(graph: Graph) -> tuple[str, str]:
    trace = graph.trace
    fans = [n for n in graph.nodes if len(graph.users[n]) > 1]
    second = f"{len(graph.nodes):,} nodes"
    if len(fans) == 1:
        count = len(graph.users[fans[0]])
        times = "twice" if count == 2 else f"{count:,} times"
        second += f", one fan-out: {plain(graph.names[fans[0]])} is used {times}"
    elif fans:
        second += f", {len(fans):,} fan-outs"
    if graph.own is not None:
        second = "your rule beside the right one"
    if graph.scopes:
        return "The graph of a net", second
    made = trace.made[::-1]
    name = plain(graph.names[trace.loss])
    if len(made) > 4 or not made:
        return f"{name}, made by {len(made):,} operations", second
    lines = [f"{graph.names[n]} = {expression(n, graph.names)}" for n in made]
    return flat(", ".join(lines)), second


def _legend(picture: Picture) -> tuple[dict[str, object], ...]:
    loss = picture.graph.names[picture.graph.trace.loss]
    signs: list[dict[str, object]] = [
        {"t": "sign", "v": 1, "s": "positive"}, {"t": "sign", "v": -1, "s": "negative"},
    ]  # fmt: skip
    if picture.big:
        signs.append({"t": "text", "s": "thick = large part"})
    return (*signs, {"t": "pair", "a": "u", "b": "∂u", "s": f"value, its slope $∂{loss}/∂u$"},
            {"t": "dash", "s": "not computed yet"})  # fmt: skip
