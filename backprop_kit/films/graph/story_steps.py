"""Larger steps through a graph: scope by scope, or the two passes."""

from __future__ import annotations

from backprop_kit.films.captions import joined
from backprop_kit.films.film import Frame, growing
from backprop_kit.films.graph import panel_scopes, panel_wrong
from backprop_kit.films.graph.scene import Scope
from backprop_kit.films.graph.story import Story, say
from backprop_kit.films.graph.story_back import backward
from backprop_kit.films.graph.story_forward import forward, start, through_said
from backprop_kit.films.graph.story_wrong import is_lit, wrong_said
from backprop_kit.films.numbers import number

Frames = tuple[Frame, ...]


def cuts(story: Story) -> dict[str, Frames]:
    """The cut "operation", and the next larger one that exists: "layer", or "pass"."""
    steps = [*forward(story), *backward(story)]
    name, larger = ("layer", layers) if story.graph.scopes else ("pass", passes)
    return {
        "operation": growing([start(story), *steps]),
        name: growing([start(story), *larger(story, steps)]),
    }


def layers(story: Story, steps: list[Frame]) -> list[Frame]:
    """One step for each scope in each direction, and one for each operation outside of them."""
    graph = story.graph
    frames = steps
    whole: list[Frame] = []
    for scope in story.picture.layers:
        inside = [graph.trace.computed_at[n] for n in scope.made]
        inside += [graph.at(i) for i in story.graph.back_through(scope)]
        frames = [f for f in frames if f.k not in inside]
        whole += _scope(story, scope)
    return [*frames, *whole]


def _scope(story: Story, scope: Scope) -> list[Frame]:
    graph, picture = story.graph, story.picture
    nodes = (*scope.made, *sorted(scope.leaves, key=lambda n: n.index))
    card = (f"card{scope.number}",) if scope in picture.folded else ()
    shown = story.there(story.tag(letter, n) for n in nodes for letter in "vo") + card
    slopes = story.there(story.tag("g", n) for n in nodes)
    seen = [n for n in scope.made if picture.shown(n)]
    edges = tuple(dict.fromkeys(e for n in seen for e in story.edges_in(n)))
    result = scope.made[-1]
    there = Frame(
        graph.trace.computed_at[result], story.phase(result),
        through_said(story, scope), on=shown, to=edges, panel=panel_scopes.forward(graph, scope),
    )  # fmt: skip
    back = story.graph.back_through(scope)
    if not back:
        return [story.pan(there, result)]
    lit = is_lit(story, back)
    again = Frame(
        graph.at(max(back)), "backward",
        wrong_said(story) if lit else say("back.scope", name=scope.name),
        on=(*shown, *slopes), to=edges,
        panel=panel_wrong.wrong(graph, lit) if lit else panel_scopes.backward(graph, scope),
        mark="failed" if lit else "",
    )  # fmt: skip
    return [story.pan(there, result), story.pan(again, result)]


def passes(story: Story, _: list[Frame]) -> list[Frame]:
    """The way forward in one step, the way back in another."""
    graph = story.graph
    loss, count = graph.trace.loss, len(graph.trace.made)
    said = say("made.all", count=count, loss=story.loss, value=story.value(loss))
    there = Frame(graph.forward, "forward", said, panel=panel_scopes.everything(graph, False))
    leaves = [n for n in graph.nodes if n.op is None and n in graph.done]
    lit = is_lit(story, range(len(graph.visits)))
    rows = panel_wrong.wrong(graph, lit) if lit else panel_scopes.everything(graph, True)
    if lit:
        said = wrong_said(story)
    elif len(leaves) <= 5 and all(n.value.size == 1 for n in leaves):
        slopes = [f"∂{story.name(n)} = {number(graph.number(graph.g(n)))}" for n in leaves]
        said = say("back.all", slopes=joined(slopes))
    else:
        said = say("back.all.many", count=len(graph.trace.grads), steps=len(graph.visits))
    again = Frame(graph.end, "backward", said, panel=rows, mark="failed" if lit else "")
    return [story.pan(there, loss), story.pan(again, leaves[0] if leaves else loss)]
