"""What is said where a learner's own rule leaves its first wrong number."""

from __future__ import annotations

from collections.abc import Collection

from backprop_kit.films.graph.story import Story, say
from backprop_kit.study.own_rule import Wrong


def is_lit(story: Story, visits: Collection[int]) -> Wrong | None:
    """The first wrong number, if one of these visits leaves it."""
    first = story.graph.first_wrong
    return first if first is not None and first.at in visits else None


def wrong_said(story: Story) -> str:
    """The first wrong number, the true one, and the mistake that leaves it."""
    first = story.graph.first_wrong
    assert first is not None
    because, where = _because(story, first), story.name(first.where)
    if first.where.value.size > 1:
        return say("wrong.array", target=where, because=because)
    true = float(first.true.reshape(-1)[0])
    if first.yours is None:
        return say("wrong.nothing", target=where, true=true, because=because)
    yours = float(first.yours.reshape(-1)[0])
    key = "wrong.part" if first.part else "wrong.total"
    return say(key, target=where, yours=yours, true=true, because=because)


def _because(story: Story, first: Wrong) -> str:
    graph = story.graph
    v = graph.visits[first.at]
    fits = [m.name for m in first.mistakes if m.fits]
    if not (first.part and "too early" in fits and v.node is not None):
        return say(f"because.{fits[0]}") if fits else ""
    told = {"user": story.name(v.node), "came": v.came, "all": len(graph.arrivals[v.node])}
    assert graph.own is not None
    final = graph.own.held.get(v.node)
    if v.g is None or v.g.size > 1 or final is None:
        return say("because.early", **told)
    sent = float(v.g.reshape(-1)[0])
    return say("because.early.sent", **told, sent=sent, final=float(final.reshape(-1)[0]))
