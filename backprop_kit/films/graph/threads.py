"""Where a value handed on too early: a thread from each place it misled back to what it held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop_kit.films.captions import speaker
from backprop_kit.films.graph.tags import Mark, tag
from backprop_kit.films.graph.units import Picture

say = speaker("graph")
TAG = "thread"


def misled(picture: Picture) -> list[int]:
    """The visits by which the value that handed on too early did so; empty if none did."""
    hasty = picture.hasty
    if hasty is None:
        return []
    visits = enumerate(picture.graph.visits)
    return [i for i, v in visits if v.node is hasty and v.part is not None]


def thread_tags(picture: Picture, visit: int) -> tuple[str, ...]:
    """What lights up at a visit that hands on too early."""
    return (TAG,) if visit in misled(picture) else ()


def threads(picture: Picture, marks: Sequence[Mark]) -> Iterator[Mark]:
    """From each slot that was misled to the first row of the sum, and below that what was sent."""
    graph, u = picture.graph, picture.hasty
    visits = misled(picture)
    if u is None or not visits or not picture.sums(u):
        return
    placed = {m["tag"]: m for m in marks if "tag" in m and m["t"] in ("box", "cells")}
    kept = placed.get(tag(picture, "p", u, 0))
    total = placed.get(tag(picture, "g", u))
    if kept is None or total is None:
        return
    for i in visits:
        n = graph.visits[i].target
        row = tag(picture, "p", n, graph.arrivals[n].index(i))
        slot = placed.get(row) or placed.get(tag(picture, "g", n))
        if slot is not None:
            yield {"t": "line", "tag": TAG, "face": TAG, "frames": [graph.at(i), graph.end],
                   **_end(slot, 1, 1), **_end(kept, 2, -1)}  # fmt: skip
    assert graph.own is not None
    sent, final = graph.visits[visits[0]].g, graph.own.held.get(u)
    if sent is not None and final is not None and sent.size == 1:
        said = say("sent", sent=float(sent.reshape(-1)[0]), final=float(final.reshape(-1)[0]))
    else:
        v = graph.visits[visits[0]]
        said = say("sent.array", came=v.came, all=len(graph.arrivals[u]))
    name = 22 if u.value.size > 1 else 0  # the name of a tile stands between
    yield {"t": "text", "x": total["x"], "dx": total.get("dx", 0), "y": total["y"],
           "dy": total["dy"] + total["h"] / 2 + 12 + name, "s": said, "size": 13,
           "frames": [graph.at(visits[0]), graph.end]}  # fmt: skip


def _end(box: Mark, number: int, side: int) -> Mark:
    """One end of a thread: the middle of the left (−1) or right (1) edge of a box."""
    return {
        f"x{number}": box["x"],
        f"dx{number}": box.get("dx", 0) + side * (box["w"] / 2 + 3),
        f"y{number}": box["y"] + box.get("dy", 0),
    }
