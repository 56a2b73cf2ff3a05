"""The way forward through a graph: its start, each value, each folded scope."""

from __future__ import annotations

from backprop_kit.engine.tensor import Node
from backprop_kit.films.captions import joined
from backprop_kit.films.film import Frame
from backprop_kit.films.graph import panel, panel_scopes
from backprop_kit.films.graph.scene import Scope
from backprop_kit.films.graph.story import Story, say
from backprop_kit.films.numbers import number


def start(story: Story) -> Frame:
    """Only what goes in is known."""
    graph = story.graph
    leaves = [n for n in graph.nodes if n.op is None]
    following = story.name(graph.trace.made[0]) if graph.trace.made else story.loss
    if all(n.value.size == 1 for n in leaves) and len(leaves) <= 6:
        values = joined([f"{story.name(n)} is {number(story.value(n))}" for n in leaves])
        said = say("start", values=values, next=following)
        said = values[:1] + said[1:]
    else:
        said = say("start.many", count=len(leaves), next=following)
    frame = Frame(0, "forward", said, panel=panel.start(graph))
    return story.pan(frame, leaves[0] if leaves else graph.trace.loss)


def forward(story: Story) -> list[Frame]:
    """A frame for each value that is computed, and one for each folded scope."""
    picture = story.picture
    frames = [made(story, n) for n in story.graph.trace.made if picture.card_of(n) is None]
    return frames + [through(story, scope) for scope in picture.folded]


def made(story: Story, n: Node) -> Frame:
    graph, picture = story.graph, story.picture
    if n.value.size == 1:
        said = say("made", recipe=story.recipe(n), value=story.value(n))
    else:
        low, high = float(n.value.min()), float(n.value.max())
        count = n.value.size
        said = say("made.array", recipe=story.recipe(n), count=count, low=low, high=high)
    frame = Frame(
        graph.trace.computed_at[n], story.phase(n), said, on=(story.tag("o", n),),
        to=(story.tag("v", n), *story.edges_in(n)),
        source=tuple(story.tag("v", m) for m, _ in picture.unit_of[n].sources if picture.shown(m)),
        panel=panel.made(graph, n),
    )  # fmt: skip
    return story.pan(frame, n)


def through(story: Story, scope: Scope) -> Frame:
    """A folded scope, in one step."""
    graph, picture = story.graph, story.picture
    result = scope.made[-1]
    frame = Frame(
        graph.trace.computed_at[result], story.phase(result),
        through_said(story, scope), on=(f"card{scope.number}",),
        to=(story.tag("v", result), *story.edges_in(result)),
        source=tuple(story.tag("v", m) for m, _ in picture.unit_of[result].sources
                     if picture.shown(m)),
        panel=panel_scopes.forward(graph, scope),
    )  # fmt: skip
    return story.pan(frame, result)


def through_said(story: Story, scope: Scope) -> str:
    result = scope.made[-1]
    what = {"name": scope.name, "count": len(scope.made), "result": story.name(result)}
    if result.value.size == 1:
        return say("made.scope", **what, value=story.value(result))
    return say("made.scope.array", **what, size=result.value.size)
