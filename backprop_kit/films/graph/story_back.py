"""The way back through a graph, part by part."""

from __future__ import annotations

from backprop_kit.films.captions import joined, listing
from backprop_kit.films.film import Frame
from backprop_kit.films.graph import panel_back, panel_scopes, panel_wrong
from backprop_kit.films.graph.scene import Scope, Use
from backprop_kit.films.graph.story import Story, say
from backprop_kit.films.graph.story_wrong import is_lit, wrong_said
from backprop_kit.films.graph.threads import thread_tags
from backprop_kit.films.numbers import number, product_sign


def backward(story: Story) -> list[Frame]:
    """A frame for each part that can be seen, and one for each folded scope."""
    frames: list[Frame] = []
    for i, v in enumerate(story.graph.visits):
        if story.picture.card_of(v.node if v.node is not None else v.target) is None:
            frames.append(seed(story, i) if v.node is None else part(story, i))
    folded = [back_through(story, scope) for scope in story.picture.folded]
    return frames + [f for f in folded if f is not None]


def seed(story: Story, i: int) -> Frame:
    loss = story.graph.trace.loss
    frame = Frame(story.graph.at(i), "backward", say("seed", loss=story.loss),
                  to=(story.tag("g", loss),), source=(story.tag("v", loss),),
                  panel=panel_back.seed(story.graph))  # fmt: skip
    return story.pan(frame, loss)


def part(story: Story, i: int) -> Frame:
    graph, picture = story.graph, story.picture
    v = graph.visits[i]
    assert v.node is not None
    n, user, k = v.target, v.node, graph.at(i)
    found = _use(story, i)
    # Into a folded card the part of its result arrives at the card's own slot.
    several = picture.sums(n) and picture.card_of(n) is None
    to: list[str] = []
    if found is not None:
        j, use = found
        to.append(story.tag("e", n, j))
        if several and use in picture.rows(n):
            to.append(story.tag("p", n, j))
    whole = graph.done.get(n) == k
    if picture.shown(n) and (whole or not several):
        to.append(story.tag("g", n))
    if len(picture.uses[n]) > 1 and n in picture.steep:
        to += [story.tag("f", n)] if whole else []
    on = [story.tag("v", n), story.tag("o", user), story.tag("v", user), story.tag("f", n)]
    if several:
        rows = picture.rows(n)
        on += [story.tag("p", n, j) for j, u in enumerate(picture.parts(n)) if u in rows]
        on.append(story.tag("g", n))
    on += thread_tags(picture, i)
    lit = is_lit(story, [i])
    if lit is not None:
        said, shown = wrong_said(story), panel_wrong.wrong(graph, lit)
        on.append(f"{story.tag('g', lit.where)}.true")
    else:
        said = part_said(story, i, several)
        shown = panel_back.part(graph, picture, i, _following(story, i))
    frame = Frame(k, "backward", said, on=story.there(on), to=story.there(to),
                  source=story.there([story.tag("g", user)]), panel=shown,
                  mark="failed" if lit is not None else "")  # fmt: skip
    return story.pan(frame, n)


def _use(story: Story, i: int) -> tuple[int, Use] | None:
    v = story.graph.visits[i]
    for j, use in enumerate(story.picture.uses[v.target]):
        if use.scope is None and use.user is v.node and use.slot == v.slot:
            return j, use
    return None


def _following(story: Story, i: int) -> str:
    graph = story.graph
    if i + 1 >= len(graph.visits):
        return ""
    v = graph.visits[i + 1]
    if v.node is None or story.picture.card_of(v.node) is not None:
        return ""
    return f"from ${graph.names[v.node]}$ to ${graph.names[v.target]}$"


def part_said(story: Story, i: int, several: bool) -> str:
    graph = story.graph
    v = graph.visits[i]
    assert v.node is not None
    target, user = story.name(v.target), story.name(v.node)
    if v.part is None:
        return say("idle", user=user, target=target)
    slope = graph.s(v.node, v.slot)
    at = graph.arrivals[v.target]
    left = len(at) - 1 - at.index(i)
    assert v.g is not None
    if not graph.has(slope):
        if several:
            key = "last.array" if not left else "first.array"
            return say(key, target=target, user=user, left=left)
        values = listing([float(p) for p in v.part.reshape(-1).real])
        recipe = story.recipe(v.node)
        return say("part.array", user=user, target=target, recipe=recipe, values=values)
    g, s, p = (float(a.reshape(-1)[0].real) for a in (v.g, graph.values(slope), v.part))
    shown = {"g": g, "slope": s, "part": p, "user": user, "target": target,
             "sign": product_sign(g, s, p)}  # fmt: skip
    if not several:
        return say("part", **shown)
    if left:
        return say("first" if at.index(i) == 0 else "next", left=left, **shown)
    before = [graph.visits[j].part for j in at[:-1]]
    others = (
        joined([number(float(b.reshape(-1)[0].real)) for b in before if b is not None])
        if len(before) <= 3
        else f"the {len(before)} others"
    )
    total = float(v.held.reshape(-1)[0].real) if v.held is not None else float("nan")
    return say("last", others=others, total=total, **shown)


def back_through(story: Story, scope: Scope) -> Frame | None:
    """A folded scope, in one step; None where no slope passes it."""
    graph, picture = story.graph, story.picture
    mine = story.graph.back_through(scope)
    if not mine:
        return None
    result, k = scope.made[-1], graph.at(max(mine))
    to = []
    for m, _ in picture.unit_of[result].sources:
        for j, use in enumerate(picture.uses[m]):
            if use.scope is scope and use.k is not None:
                to += [story.tag("e", m, j), story.tag("p", m, j)]
                if graph.done.get(m) == k:
                    to += [story.tag("g", m)]
    lit = is_lit(story, mine)
    frame = Frame(
        k, "backward", wrong_said(story) if lit else say("back.scope", name=scope.name),
        on=story.there((f"card{scope.number}", story.tag("v", result))), to=story.there(to),
        source=story.there([story.tag("g", result)]),
        panel=panel_wrong.wrong(graph, lit) if lit else panel_scopes.backward(graph, scope),
        mark="failed" if lit else "",
    )  # fmt: skip
    return story.pan(frame, result)
