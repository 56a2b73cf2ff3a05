"""From a recording to its film: the scenes that fold and unfold, and what stands around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace
from backprop_kit.films.film import Film, Scene
from backprop_kit.films.fingerprint import fingerprint
from backprop_kit.films.graph.marks import marks
from backprop_kit.films.graph.scene import Graph, Scope, scopes_of
from backprop_kit.films.graph.story import Story
from backprop_kit.films.graph.symbols import absorbed, expression, flat
from backprop_kit.films.graph.units import COLUMNS, WIDTH, Picture
from backprop_kit.study.naming import names_of, plain
from backprop_kit.study.own_rule import OwnRun

BOXES = 40  # more boxes are too many to look at
ASKED = 200  # so many are laid out when a reader opens them

PHASES = (("forward", "Forward"), ("loss", "Loss"), ("backward", "Backward"))


def film_graph(
    trace: Trace, names: Mapping[Node, str] | None = None, own: OwnRun | None = None
) -> Film:
    """The film of a recorded graph, with the cuts "operation" and "layer" (without scopes "pass").

    names  what each value is called; None: `names_of(trace)`
    own    a learner's way back, shown beside the right one

    Raises ValueError, in two lines, for a graph of more than 40 boxes with everything folded.
    """
    check_size(trace.nodes)
    graph = Graph.of(trace, dict(names or names_of(trace)), own)
    every = frozenset(graph.scopes)
    first = _first(graph)
    choices: dict[str, frozenset[Scope]] = {"folded": every, "open": frozenset()}
    choices |= {f"scope:{s.number}": every - {s} for s in graph.scopes}
    home = next((name for name, folded in choices.items() if folded == first), "home")
    choices.setdefault(home, first)
    if not graph.scopes:
        choices = {home: first}
    scenes = {}
    for name, folded in choices.items():
        if name == home or _count(graph, folded) <= ASKED:
            picture = Picture.of(graph, folded, name)
            scenes[name] = (picture, _scene(picture))
    picture, shown = scenes.pop(home)
    others = {name: scene for name, (_, scene) in scenes.items()}
    phases = tuple(p for p in PHASES if p[0] != "loss" or any(s.loss for s in graph.scopes))
    return Film(
        title=_title(graph),
        size=shown.size,
        arrays=tuple(graph.arrays.values()),
        marks=shown.marks,
        phases=phases,
        cuts=shown.cuts,
        legend=_legend(picture),
        trace=fingerprint(trace),
        scene=home if others else "",
        scenes=others,
        span=shown.span,
        tight=shown.tight,
    )


def _scene(picture: Picture) -> Scene:
    layout = picture.layout
    assert layout is not None
    size = (WIDTH, max(382, round(picture.height + 32)))
    tight = 1.0 if picture.panned else layout.tight  # what moves anyway keeps its distances
    return Scene(marks(picture), Story(picture).cuts(), size, round(layout.width, 1), tight)


def check_size(nodes: Sequence[Node]) -> None:
    """Refuse a graph that would be too large to look at with all its scopes folded.

    nodes  every value of the graph, oldest first; nothing is recorded or laid out for this
    """
    count = sum(1 for n in nodes if not absorbed(n))
    if count <= BOXES:
        return
    scopes = scopes_of([n for n in nodes if n.op is not None])
    count -= sum(len(s.inside) - 1 for s in scopes)
    if count > BOXES:
        raise ValueError(
            f"This graph has {count:,} boxes{' with all its layers folded' if scopes else ''}; "
            f"more than {BOXES} cannot be read.\n"
            "Show a net layer by layer with ForwardStepper(model, x, y), or a smaller expression."
        )


def _count(graph: Graph, folded: frozenset[Scope]) -> int:
    return len(graph.nodes) - sum(len(s.inside) - 1 for s in folded)


def _first(graph: Graph) -> frozenset[Scope]:
    """What is folded at first: nothing if all of it fits, else the loss, else everything."""
    every = frozenset(graph.scopes)
    for folded in (frozenset[Scope](), frozenset(s for s in every if s.loss)):
        if _count(graph, folded) <= BOXES:
            picture = Picture.of(graph, folded)
            if picture.columns <= COLUMNS + 1 and not picture.panned and picture.height <= 400:
                return folded
    if not every:
        return every
    return every


def _title(graph: Graph) -> tuple[str, str]:
    trace = graph.trace
    fans = [n for n in graph.nodes if len(graph.users[n]) > 1]
    second = f"{len(graph.nodes)} nodes"
    if len(fans) == 1:
        count = len(graph.users[fans[0]])
        times = "twice" if count == 2 else f"{count} times"
        second += f", one fan-out: {plain(graph.names[fans[0]])} is used {times}"
    elif fans:
        second += f", {len(fans)} fan-outs"
    if graph.own is not None:
        second = "your rule beside the right one"
    if graph.scopes:
        return "The graph of a net", second
    made = trace.made[::-1]
    name = plain(graph.names[trace.loss])
    if len(made) > 4 or not made:
        return f"{name}, made by {len(made)} operations", second
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
