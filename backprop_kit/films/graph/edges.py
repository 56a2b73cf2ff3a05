"""The edges of a graph, with the local slope on each, and the ⊕ where parts are added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from backprop_kit.films.graph.scene import Use
from backprop_kit.films.graph.stubs import path, stubs
from backprop_kit.films.graph.tags import Mark, Point, tag
from backprop_kit.films.graph.units import (
    PILL,
    ROW,
    SMALL_PILL,
    Picture,
    R,
    Unit,
)

CLOSE = 0.6  # how much of a pill the gutter must hold, where the rest of it covers nothing
NARROW = 0.72  # how far the anchors move together in a narrow picture
AT_ONCE = (0.5, 0.38, 0.62, 0.28, 0.72, 0.2, 0.8)  # where along its S a pill may stand

Box = tuple[float, float, float, float, float]  # anchor, offset, height of the middle; w, h


def edges(picture: Picture, marks: Iterable[Mark]) -> Iterator[Mark]:
    """The edges; their pills keep clear of each other and of the marks that stand already."""
    placed: list[Box] = []
    for m in marks:
        w, h = (2 * m["r"], 2 * m["r"]) if "r" in m else (m.get("w", 0.0), m.get("h", 0.0))
        if w and not m.get("still"):
            placed.append((m["x"], m.get("dx", 0.0), m["y"] + m.get("dy", 0.0), w, h))
    for unit in picture.units:
        n = unit.node
        uses = picture.leaving(unit)
        if not uses:
            yield from stubs(picture, unit, 0.0)
            continue
        if picture.unit_of[uses[0].user].hanging and n in picture.unit_of[uses[0].user].hanging:
            yield from _riser(picture, unit, uses[0])
            continue
        # Several values that leave a card together are not added: their edges only begin together.
        fan = len(uses) > 1 and all(u.target is n for u in uses)
        out = right_of(picture, unit)
        if fan:
            yield from _plus(picture, unit, out)
        start = plus_at(picture, unit) + (12 if picture.big else 9) if fan else out
        for use in uses:
            if use not in picture.far:
                yield from _edge(picture, unit, use, start, placed)
        yield from stubs(picture, unit, start)


def right_of(picture: Picture, unit: Unit) -> float:
    """How far from its middle a unit ends."""
    if unit.scope is not None:
        return picture.card[0] / 2 + 9
    return R + 2 if picture.big else picture.tile(unit.node)[0] / 2 + 2


def plus_at(picture: Picture, unit: Unit) -> float:
    """How far from the middle of a unit its ⊕ stands."""
    assert picture.layout is not None
    right = picture.layout.columns[picture.layout.column[picture.kept.index(unit)]][2]
    n = unit.node
    w = right_of(picture, unit)
    if picture.big and picture.sums(n):
        w = max(w, ROW[0] / 2)
    return min(right - 12, w + 16) if picture.big else min(right - 9, w + 13)


def _plus(picture: Picture, unit: Unit, out: float) -> Iterator[Mark]:
    graph, n = picture.graph, unit.node
    dx = plus_at(picture, unit)
    r = 12 if picture.big else 9
    name, start = tag(picture, "f", n), graph.forward
    at = {"x": unit.x, "dx": dx, "y": unit.y}
    stem = {"t": "path", "tag": name, "pts": [[unit.x, out, unit.y], [unit.x, dx - r, unit.y]],
            "since": graph.trace.computed_at[n], "many": True}  # fmt: skip
    if n in picture.steep:
        if graph.has(graph.g(n)):
            stem["v"] = [[graph.g(n), 0]]
        yield stem
        yield {"t": "circle", **at, "r": 4, "face": "dot", "frames": [0, start]}
        yield {"t": "circle", "tag": name, **at, "r": r, "label": "+", "face": "plus", "z": 4,
               "frames": [start + 1, graph.end]}  # fmt: skip
    else:
        yield stem
        yield {"t": "circle", **at, "r": 4, "face": "dot"}


def _edge(
    picture: Picture, unit: Unit, use: Use, start: float, placed: list[Box]
) -> Iterator[Mark]:
    graph, layout = picture.graph, picture.layout
    assert layout is not None
    user = picture.unit_of[use.user]
    a, b = picture.kept.index(unit), picture.kept.index(user)
    ca, cb = layout.column[a], layout.column[b]
    _, _, right = layout.columns[ca]
    xb, left, _ = layout.columns[cb]
    slot = _lane(picture, user, use)
    lanes = [y + picture.top for y in layout.lanes.get((b, slot), ())]
    y2 = user.y + _angle(picture, user, slot)
    pts: list[Point] = [(unit.x, start, unit.y), (unit.x, right, unit.y)]
    for c, y in zip(range(ca + 1, cb), lanes, strict=True):
        x, l, r = layout.columns[c]
        pts += [(x, -l, y), (x, r, y)]
    reach = picture.rim(user) + picture.word(user) * 0.9
    if user.scope is not None:
        reach = picture.card[0] / 2 + 2
    pts += [(xb, -left, y2), (xb, -reach, y2)]
    pts = [p for i, p in enumerate(pts) if i == 0 or p != pts[i - 1]]
    edge = path(picture, use, pts)
    yield edge
    array = graph.s(use.user, use.slot)
    gap = (xb - left) - (layout.columns[cb - 1][0] + layout.columns[cb - 1][2])
    h = PILL if picture.big else SMALL_PILL
    w = picture.pill(use)
    if w and gap >= w * CLOSE and (spot := _free(pts[-3], pts[-2], w, h, placed)):
        x, dx, y = spot
        yield {"t": "box", "tag": edge["tag"], "x": x, "dx": dx, "y": y, "w": w, "h": h,
               "label": "×", "v": [[array, 0]], "plain": True,
               "size": 13 if picture.big else 12, "room": 600,
               "frames": [graph.arrays[array].known, graph.end]}  # fmt: skip


def _lane(picture: Picture, user: Unit, use: Use) -> int:
    """Which of its incoming edges a use is, as the layout counts them."""
    kept = [(m, s) for m, s in user.sources if m not in user.hanging]
    for i, (m, s) in enumerate(kept):
        if m is use.target and (user.scope is not None or s == use.slot):
            return i
    raise LookupError("an edge without an end")


def _angle(picture: Picture, user: Unit, lane: int) -> float:
    """Several edges meet an operation at their own heights, in the order of their sources."""
    kept = [m for m, _ in user.sources if m not in user.hanging]
    if len(kept) < 2:
        return 0.0
    ys = [(picture.unit_of[m].y, i) for i, m in enumerate(kept)]
    rank = sorted(range(len(kept)), key=lambda i: ys[i]).index(lane)
    reach = 8.0 if picture.big else 6.0
    if user.scope is not None:
        reach = 20.0 if picture.far_in(user) else 26.0
    return round(reach * (2 * rank / (len(kept) - 1) - 1), 1)


def _free(p: Point, q: Point, w: float, h: float, placed: list[Box]) -> Point | None:
    """A place on the S from p to q where a pill covers nothing, in a wide picture and a narrow;
    None where the gutter is too narrow and it would cover something.
    """
    best, least, fits = None, 0.0, q[0] + q[1] - p[0] - p[1] > w
    near = [box for box in placed if p[0] <= box[0] <= q[0]]
    for t, aside in product(AT_ONCE, (0.0, -0.5, 0.5)):
        across = 1.5 * t * (1 - t) + t**3
        share = 3 * (1 - t) * t * t + t**3
        x, dx, y = (a + (b - a) * s for a, b, s in zip(p, q, (across, across, share), strict=True))
        y += aside * (h + 2)
        low, high = p[0] + p[1] + w / 2, q[0] + q[1] - w / 2
        over = 40 * max(0.0, low - x - dx, x + dx - high) + 30 * abs(aside)
        clear = True
        for a, da, b, u, v in near:
            level = (h + v) / 2 + 3 - abs(y - b)
            if level > 0:
                for scale in (1.0, NARROW):
                    apart = abs((x - a) * scale + dx - da)
                    covered = max(0.0, (w + u) / 2 + 3 - apart)
                    over += level * covered
                    clear &= scale < 1 or covered < 3
        if (clear or fits) and (best is None or over < least - 1e-9):
            best, least = (x, dx, y), over
    if best is None:
        return None
    placed.append((*best, w, h))
    return round(best[0], 1), round(best[1], 1), round(best[2], 1)


def _riser(picture: Picture, unit: Unit, use: Use) -> Iterator[Mark]:
    """From a parameter up to the operation it hangs under."""
    host = picture.unit_of[use.user]
    dx = -picture.rim(host)
    left = picture.hang_x(host, unit.node) - picture.tile(unit.node)[0] / 2 - 2
    order = host.hanging.index(unit.node)
    bend = dx - 3.0 * order
    pts = [(unit.x, left, unit.y), (unit.x, bend, unit.y), (unit.x, bend, host.y + 9)]
    yield path(picture, use, pts) | {"many": True}
