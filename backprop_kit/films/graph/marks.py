"""The marks of a graph: values with their slots and sums, edges with their slopes, cards, bands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.scene import Scope, Use, as_rows, binned
from backprop_kit.films.graph.symbols import disc, recipe
from backprop_kit.films.graph.units import (
    CARD,
    PILL,
    ROW,
    SLOT,
    SMALL_PILL,
    SMALL_ROW,
    WIDTH,
    Picture,
    R,
    Unit,
)
from backprop_kit.films.numbers import number

Mark = dict[str, Any]
Point = tuple[float, float, float]  # anchor, offset, height
AT_ONCE = (0.5, 0.38, 0.62, 0.28, 0.72, 0.2, 0.8)  # where along its S a pill may stand


def marks(picture: Picture) -> tuple[Mark, ...]:
    """All marks of one state of folding."""
    out: list[Mark] = []
    out += _bands(picture)
    if picture.panned:
        out += _strip(picture)
    for unit in picture.units:
        out += _card(picture, unit) if unit.scope is not None else _value(picture, unit)
    out += _edges(picture)
    return tuple(out)


def tag(picture: Picture, letter: str, n: Node, j: int | None = None) -> str:
    """The tag of what belongs to a value: v the value, g its slope, e and p its parts, f its ⊕,
    o its operation."""
    place = picture.graph.place[n]
    return f"{letter}{place}" if j is None else f"{letter}{place}.{j}"


def _center(picture: Picture, unit: Unit) -> tuple[float, float]:
    """How far the value of a unit stands from the middle of its column, and its height."""
    for host in picture.units:
        if unit.node in host.hanging:
            return picture.hang_x(host, unit.node), unit.y
    return 0.0, unit.y


# --- values ---------------------------------------------------------------------------------------
def _value(picture: Picture, unit: Unit) -> Iterator[Mark]:
    graph, n = picture.graph, unit.node
    dx, y = _center(picture, unit)
    at = {"x": unit.x, "y": y}
    name, symbol = tag(picture, "v", n), graph.names[n]
    v = [[graph.v(n), 0]]
    if picture.big:
        if n is graph.trace.loss:
            yield {
                "t": "box",
                "tag": name,
                **at,
                "w": 2 * R,
                "h": 2 * R,
                "label": symbol,
                "stack": True,
                "v": v,
                "root": True,
                "face": "forward",
            }
        else:
            yield {"t": "circle", "tag": name, **at, "r": R, "label": symbol, "v": v, "root": True,
                   "face": "forward"}  # fmt: skip
        if n.op is not None:
            yield {
                "t": "text",
                **at,
                "dy": -R - 14,
                "s": f"${recipe(n, graph.names)}$",
                "c": "muted",
            }
    else:
        h = picture.tile(n)[1]
        yield from _block(picture, name, n, graph.v(n), {**at, "dx": dx}, "forward")
        shape = "" if n.value.size == 1 else " " + "×".join(map(str, as_rows(n.value).shape))
        yield {
            "t": "text",
            **at,
            "dx": dx,
            "dy": -h / 2 - 11,
            "s": f"${symbol}${shape}",
            "size": 13,
        }
    yield from _disc(picture, unit)
    yield from _slope(picture, unit, dx, y)


def _block(
    picture: Picture, name: str, n: Node, array: str, at: Mark, rim: str, **extra: Any
) -> Iterator[Mark]:
    """A number or a tile of the small anatomy."""
    w, h = picture.tile(n)
    common = {"tag": name, **at, "w": w, "h": h, "v": [[array, 0]], "face": rim, **extra}
    if n.value.size == 1:
        yield {"t": "box", **common, "size": 12, "root": True}
    else:
        rows, cols = binned(as_rows(n.value)).shape
        yield {"t": "cells", **common, "rows": rows, "cols": cols}


def _disc(picture: Picture, unit: Unit) -> Iterator[Mark]:
    n = unit.node
    if n.op is None:
        return
    text, half = disc(n), picture.word(unit)
    at = {
        "tag": tag(picture, "o", n),
        "x": unit.x,
        "dx": -picture.rim(unit),
        "y": unit.y,
        "face": "disc",
    }
    r = 12 if picture.big else 9
    if half == r:
        yield {"t": "circle", **at, "r": r, "label": text.strip("$")}
    else:
        yield {"t": "box", **at, "w": 2 * half, "h": 20, "label": text.strip("$"), "size": 12}


# --- slopes ---------------------------------------------------------------------------------------
def _slope(picture: Picture, unit: Unit, dx: float, y: float) -> Iterator[Mark]:
    """What stands under a value: its slot, or the sum of its parts."""
    graph, n = picture.graph, unit.node
    half = R if picture.big else picture.tile(n)[1] / 2
    at = {"x": unit.x, "dx": dx, "y": y}
    if n not in picture.steep:
        if n.op is None:
            yield {"t": "text", **at, "dy": half + 13, "s": "data", "c": "muted", "size": 13}
        return
    name, label = tag(picture, "g", n), f"∂{graph.names[n]}"
    array = [[graph.g(n), 0]] if graph.has(graph.g(n)) else []
    common = {"face": "backward"}
    if picture.sums(n):
        yield from _ledger(picture, unit, half, dx, y, common)
    elif picture.big:
        w, h = SLOT
        box = {
            "t": "box",
            "tag": name,
            **at,
            "dy": half + 4 + h / 2,
            "w": w,
            "h": h,
            "label": label,
            "v": array,
            "root": True,
            **common,
        }
        yield from _or_plates(picture, n, box)
    else:
        w, h = picture.tile(n)
        down = half + 6 + h / 2
        rows, cols = binned(as_rows(n.value)).shape
        kind: Mark = {"t": "box", "size": 12, "root": True} if n.value.size == 1 else {
            "t": "cells", "rows": rows, "cols": cols}  # fmt: skip
        box = {**kind, "tag": name, **at, "dy": down, "w": w, "h": h, "v": array, **common}
        yield from _or_plates(picture, n, box)
        yield {
            "t": "text",
            **at,
            "dy": down + h / 2 + 10,
            "s": f"${label}$",
            "size": 13,
            "c": "muted",
            **_until_lit(picture, n),
        }


def _until_lit(picture: Picture, n: Node) -> Mark:
    own = picture.graph.own
    if own is None or own.first is None or own.first.where is not n:
        return {}
    return {"frames": [0, picture.graph.at(own.first.at) - 1]}


def _or_plates(picture: Picture, n: Node, box: Mark) -> Iterator[Mark]:
    """A slot; from the step on that leaves it the first wrong number, `yours` above `true`."""
    graph = picture.graph
    first = graph.own.first if graph.own is not None else None
    if first is None or first.where is not n:
        yield box
        if _right(picture, n) and n.value.size == 1:
            at = {key: box[key] for key in ("x", "y", "dy")}
            yield {
                "t": "glyph",
                "icon": "ok",
                **at,
                "dx": box.get("dx", 0) + _tick(picture, box),
                "size": 0.55,
                "v": box["v"],
            }
        return
    k = graph.at(first.at)
    yield {**box, "frames": [0, k - 1]}
    late = {"frames": [k, graph.end]}
    octagon = {
        "t": "glyph",
        "icon": "failed",
        "x": box["x"],
        "y": box["y"],
        "dy": box["dy"],
        "size": 1,
        **late,
    }
    if n.value.size > 1:
        yield {**box, **late}
        yield {**octagon, "dx": box.get("dx", 0) - box["w"] / 2 - 4}
        return
    wide = {**box, **late, "w": max(box["w"], 112.0), "h": 27.0, "size": 14}
    array = "yours"
    yield {
        **wide,
        "label": "  yours",
        "v": [[array, 0]] if graph.has(array) else [],
        "face": "plate",
    }
    yield {**octagon, "dx": box.get("dx", 0) - wide["w"] / 2 - 2}
    yield {**wide, "tag": f"{box['tag']}.true", "label": "true", "h": 23.0, "dy": box["dy"] + 30,
           "v": [["true", 0]], "face": "truth", "size": 13}  # fmt: skip


def _tick(picture: Picture, box: Mark) -> float:
    """Where a tick stands in a slot: before the number, or beside a narrow slot."""
    if box["w"] < 70:
        return box["w"] / 2 + 8
    name = box["v"][0][0] if box["v"] else ""
    text = number(picture.graph.number(name)) if name else "–"
    return box["w"] / 2 - 20 - 7.6 * len(text)


def _right(picture: Picture, n: Node) -> bool:
    own = picture.graph.own
    return own is not None and n in own.held and n not in own.wrong


def _ledger(
    picture: Picture, unit: Unit, half: float, dx: float, y: float, common: Mark
) -> Iterator[Mark]:
    """A sum as on paper: a row for each part in order of arrival, a line, the total."""
    graph, n = picture.graph, unit.node
    single = n.value.size == 1
    w, h = (ROW if picture.big else SMALL_ROW) if single else picture.tile(n)
    step = h + (2 if single else 4)
    at = {"x": unit.x, "dx": dx, "y": y}
    down = half + 8 + h / 2
    parts, shown = picture.parts(n), picture.rows(n)
    lost = _lost(picture, n)
    size = 13 if picture.big else 12
    from_ = "from " if picture.big else ""
    for j, use in enumerate(parts):
        if use not in shown:
            continue
        row: Mark = {"tag": tag(picture, "p", n, j), **at, "dy": down, "w": w, "h": h,
                     "v": [[use.array, 0]] if use.array else [], "face": "backward"}  # fmt: skip
        label = f"{from_}${_sender(picture, use)}$"
        if single:
            row |= {"t": "box", "label": label, "root": True, "size": size}
            if use in lost:
                k = graph.at(graph.own.first.at)  # type: ignore[union-attr]
                yield {**row, "frames": [0, k - 1]}
                row |= {"face": "lost", "frames": [k, graph.end]}
            yield row
        else:
            rows, cols = binned(as_rows(n.value)).shape
            yield {"t": "cells", **row, "rows": rows, "cols": cols}
            yield {
                "t": "text",
                **at,
                "dx": dx + w / 2 + 5,
                "dy": down,
                "s": label,
                "anchor": "start",
                "size": 12,
                "c": "muted",
            }
        down += step
    if len(shown) < len(parts):
        yield {"t": "text", **at, "dy": down, "s": f"{len(parts) - len(shown)} more", "size": 12,
               "c": "muted"}  # fmt: skip
        down += step
    plus = {
        "t": "text",
        **at,
        "dx": dx - w / 2 - 10,
        "dy": down - step,
        "s": "+",
        "size": 18,
        "bold": True,
    }
    yield {**plus, "c": "backward"}
    line = {
        "t": "line",
        "x1": unit.x,
        "dx1": dx - w / 2,
        "x2": unit.x,
        "dx2": dx + w / 2,
        "y1": y + down - step / 2 + 3,
        "y2": y + down - step / 2 + 3,
        "face": "sum",
    }
    yield line
    down += 8
    total: Mark = {"tag": tag(picture, "g", n), **at, "dy": down, "w": w, "h": h + 2 * single,
                   "v": [[graph.g(n), 0]] if graph.has(graph.g(n)) else [], **common}  # fmt: skip
    label = f"∂{graph.names[n]}"
    if single:
        total |= {"t": "box", "label": label, "root": True, "size": size}
        yield from _or_plates(picture, n, total)
    else:
        rows, cols = binned(as_rows(n.value)).shape
        yield {"t": "cells", **total, "rows": rows, "cols": cols}
        yield {
            "t": "text",
            **at,
            "dy": down + h / 2 + 12,
            "s": f"${label}$",
            "size": 13,
            "c": "muted",
        }


def _lost(picture: Picture, n: Node) -> list[Use]:
    """The parts that the learner's rule has lost, where it overwrites."""
    own = picture.graph.own
    first = own.first if own is not None else None
    if first is None or first.where is not n or first.part:
        return []
    if not any(m.fits and m.name == "overwrites" for m in first.mistakes):
        return []
    return picture.parts(n)[:-1]


def _sender(picture: Picture, use: Use) -> str:
    """Where a part comes from, as a symbol or the name of a scope."""
    return use.scope.name if use.scope is not None else picture.graph.names[use.user]


# --- edges ----------------------------------------------------------------------------------------
def _edges(picture: Picture) -> Iterator[Mark]:
    placed: list[tuple[float, float, float, float]] = []
    for unit in picture.units:
        n = unit.node
        uses = picture.uses[n] if unit.scope is None else [
            u for m in unit.scope.made for u in picture.uses[m] if u.user not in unit.scope.inside
        ]  # fmt: skip
        if not uses:
            continue
        if picture.unit_of[uses[0].user].hanging and n in picture.unit_of[uses[0].user].hanging:
            yield from _riser(picture, unit, uses[0])
            continue
        fan = len(uses) > 1
        out = _right_of(picture, unit)
        if fan:
            yield from _plus(picture, unit, out)
        for use in uses:
            yield from _edge(picture, unit, use, fan, out, placed)


def _right_of(picture: Picture, unit: Unit) -> float:
    """How far from its middle a unit ends."""
    if unit.scope is not None:
        return CARD[0] / 2 + 9
    return R + 2 if picture.big else picture.tile(unit.node)[0] / 2 + 2


def plus_at(picture: Picture, unit: Unit) -> float:
    """How far from the middle of a unit its ⊕ stands."""
    assert picture.layout is not None
    right = picture.layout.columns[picture.layout.column[picture.kept.index(unit)]][2]
    n = unit.node
    w = _right_of(picture, unit)
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
            "since": _known(picture, n), "many": True}  # fmt: skip
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


def _known(picture: Picture, n: Node) -> int:
    return picture.graph.trace.computed_at[n]


def _edge(
    picture: Picture, unit: Unit, use: Use, fan: bool, out: float,
    placed: list[tuple[float, float, float, float]],
) -> Iterator[Mark]:  # fmt: skip
    graph, layout = picture.graph, picture.layout
    assert layout is not None
    user = picture.unit_of[use.user]
    a, b = picture.kept.index(unit), picture.kept.index(user)
    ca, cb = layout.column[a], layout.column[b]
    start = plus_at(picture, unit) + (12 if picture.big else 9) if fan else out
    _, _, right = layout.columns[ca]
    xb, left, _ = layout.columns[cb]
    slot = _lane(picture, user, use)
    lanes = [y + picture.top for y in layout.lanes.get((b, slot), ())]
    y2 = user.y + _angle(picture, user, slot)
    pts: list[Point] = [(unit.x, start, unit.y), (unit.x, right, unit.y)]
    for c, y in zip(range(ca + 1, cb), lanes, strict=True):
        x, l, r = layout.columns[c]
        pts += [(x, -l, y), (x, r, y)]
    reach = (
        CARD[0] / 2 + 2 if user.scope is not None else picture.rim(user) + picture.word(user) * 0.9
    )
    pts += [(xb, -left, y2), (xb, -reach, y2)]
    pts = [p for i, p in enumerate(pts) if i == 0 or p != pts[i - 1]]
    name = tag(picture, "e", use.target, picture.uses[use.target].index(use))
    single = use.target.value.size == 1 and use.user.value.size == 1
    last = max((graph.trace.computed_at[n] for n in use.scope.made), default=0) if use.scope else 0
    yield {"t": "path", "tag": name, "pts": [list(p) for p in pts],
           "v": [[use.array, 0]] if use.array else [], "since": last or _known(picture, use.user),
           "back": use.k is not None, **({} if single else {"many": True})}  # fmt: skip
    array = graph.s(use.user, use.slot)
    gap = (xb - left) - (layout.columns[cb - 1][0] + layout.columns[cb - 1][2])
    h = PILL if picture.big else SMALL_PILL
    w = picture.pill(use)
    if w and gap >= w + 1:
        p, q = pts[-3], pts[-2]
        x, dx, y = _free(p, q, w, h, placed)
        yield {"t": "box", "tag": name, "x": x, "dx": dx, "y": y, "w": w, "h": h, "label": "×",
               "v": [[array, 0]], "plain": True, "size": 13 if picture.big else 12, "room": 600,
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
    reach = 26.0 if user.scope is not None else 8.0 if picture.big else 6.0
    return round(reach * (2 * rank / (len(kept) - 1) - 1), 1)


def _free(
    p: Point, q: Point, w: float, h: float, placed: list[tuple[float, float, float, float]]
) -> Point:
    """A place on the S from p to q where a pill covers no other."""
    best, least = None, 0.0
    for t, aside in product(AT_ONCE, (0.0, -0.5, 0.5)):
        across = 1.5 * t * (1 - t) + t**3
        share = 3 * (1 - t) * t * t + t**3
        at = (
            p[0] + (q[0] - p[0]) * across,
            p[1] + (q[1] - p[1]) * across,
            p[2] + (q[2] - p[2]) * share,
        )
        at = (at[0], at[1], at[2] + aside * (h + 2))
        x, y = at[0] + at[1], at[2]
        low, high = p[0] + p[1] + w / 2, q[0] + q[1] - w / 2
        over = sum(
            max(0.0, (w + u) / 2 + 3 - abs(x - a)) * max(0.0, (h + v) / 2 + 3 - abs(y - b))
            for a, b, u, v in placed
        ) + 40 * max(0.0, low - x, x - high) + 30 * abs(aside)  # fmt: skip
        if best is None or over < least - 1e-9:
            best, least = at, over
    assert best is not None
    placed.append((best[0] + best[1], best[2], w, h))
    return round(best[0], 1), round(best[1], 1), round(best[2], 1)


def _riser(picture: Picture, unit: Unit, use: Use) -> Iterator[Mark]:
    """From a parameter up to the operation it hangs under."""
    host = picture.unit_of[use.user]
    dx = -picture.rim(host)
    left = picture.hang_x(host, unit.node) - picture.tile(unit.node)[0] / 2 - 2
    order = host.hanging.index(unit.node)
    bend = dx - 3.0 * order
    yield {"t": "path", "tag": tag(picture, "e", use.target, 0),
           "pts": [[unit.x, left, unit.y], [unit.x, bend, unit.y], [unit.x, bend, host.y + 9]],
           "v": [[use.array, 0]] if use.array else [], "since": _known(picture, use.user),
           "back": use.k is not None, "many": True}  # fmt: skip


# --- scopes ---------------------------------------------------------------------------------------
def _card(picture: Picture, unit: Unit) -> Iterator[Mark]:
    """A folded scope: two sheets behind it, its name, how much is in it, its result."""
    graph, n, scope = picture.graph, unit.node, unit.scope
    assert scope is not None
    w, h = CARD
    at = {"x": unit.x, "y": unit.y}
    name = tag(picture, "v", n)
    opens = f"scope:{scope.number}"
    for shift in (8, 4):
        yield {"t": "box", **at, "dx": shift, "dy": -shift, "w": w, "h": h, "face": "sheet"}
    yield {
        "t": "box",
        **at,
        "w": w,
        "h": h,
        "face": "sheet",
        "tag": f"card{scope.number}",
        "scene": opens,
    }
    yield {"t": "text", **at, "dy": -h / 2 + 15, "s": scope.name, "bold": True}
    count = len(scope.made)
    yield {
        "t": "text",
        **at,
        "dy": -h / 2 + 33,
        "s": f"{count} operations",
        "size": 12,
        "c": "muted",
    }
    if n.value.size == 1:
        yield {
            "t": "box",
            "tag": name,
            **at,
            "dy": 9,
            "w": w - 10,
            "h": 22,
            "label": graph.names[n],
            "v": [[graph.v(n), 0]],
            "root": True,
            "face": "forward",
        }
    else:
        rows, cols = binned(as_rows(n.value)).shape
        yield {"t": "text", **at, "dx": -w / 2 + 16, "dy": 9, "s": f"${graph.names[n]}$"}
        yield {"t": "cells", "tag": name, **at, "dx": 10, "dy": 9, "w": 46, "h": 22, "rows": rows,
               "cols": cols, "v": [[graph.v(n), 0]], "face": "forward"}  # fmt: skip
    yield {"t": "box", **at, "dy": h / 2 - 13, "w": 62, "h": 19, "label": "+ open", "size": 12,
           "face": "sheet", "tag": f"card{scope.number}", "scene": opens}  # fmt: skip
    if n in picture.steep:
        slot = {
            "tag": tag(picture, "g", n),
            **at,
            "dy": h / 2 + 15,
            "w": w,
            "h": 23,
            "v": [[graph.g(n), 0]] if graph.has(graph.g(n)) else [],
            "face": "backward",
        }
        if n.value.size == 1:
            yield {"t": "box", **slot, "label": f"∂{graph.names[n]}", "root": True}
        else:
            rows, cols = binned(as_rows(n.value)).shape
            yield {"t": "cells", **slot, "dx": 12, "w": 46, "rows": rows, "cols": cols}
            yield {
                "t": "text",
                **at,
                "dx": -w / 2 + 16,
                "dy": h / 2 + 15,
                "s": f"$∂{graph.names[n]}$",
            }


def _bands(picture: Picture) -> Iterator[Mark]:
    """The ground behind each open scope, its head and the button that folds it."""
    assert picture.layout is not None
    y0 = picture.top - 34
    for scope in picture.graph.scopes:
        if scope in picture.folded:
            continue
        columns = sorted({picture.layout.column[picture.kept.index(u)] for u in picture.kept
                          if u.node in scope.inside})  # fmt: skip
        (x1, left, _), (x2, _, right) = (
            picture.layout.columns[c] for c in (columns[0], columns[-1])
        )
        a, b, high = -left - 2, right + 2, picture.height
        yield {"t": "shade", "points": [[x1, y0, a], [x2, y0, b], [x2, high, b], [x1, high, a]]}
        yield {
            "t": "box",
            "tag": f"fold{scope.number}",
            "x": x1,
            "dx": a + 16,
            "y": y0 + 16,
            "w": 17,
            "h": 17,
            "label": "−",
            "face": "sheet",
            "scene": "folded",
        }
        yield {"t": "text", "x": x1, "dx": a + 30, "y": y0 + 16, "s": scope.name, "bold": True,
               "anchor": "start"}  # fmt: skip
        if x2 - x1 > 110:
            yield {
                "t": "text",
                "x": x2,
                "dx": b - 10,
                "y": y0 + 16,
                "s": f"{len(scope.made)} operations",
                "size": 12,
                "c": "muted",
                "anchor": "end",
                "room": 600,
            }


# --- the strip of columns -------------------------------------------------------------------------
def column_tag(c: int) -> str:
    return f"col{c}"


def _strip(picture: Picture) -> Iterator[Mark]:
    """Every column of a wide graph, and how far it is."""
    graph, layout = picture.graph, picture.layout
    assert layout is not None
    count = len(layout.columns)
    wide = (WIDTH - 4) / count
    for c in range(count):
        inside = [u.node for i, u in enumerate(picture.kept) if layout.column[i] == c]
        v = graph.v(max(inside, key=lambda n: graph.arrays[graph.v(n)].known))
        slopes = [graph.g(n) for n in inside if graph.has(graph.g(n))]
        g = [[max(slopes, key=lambda a: graph.arrays[a].known), 0]] if slopes else []
        yield {"t": "box", "tag": column_tag(c), "x": round(2 + wide * (c + 0.5), 1), "y": 9,
               "w": round(max(3.0, wide - 3), 1), "h": 14, "v": [[v, 0], *g], "still": True,
               "face": "quiet still"}  # fmt: skip


def scope_tags(scope: Scope) -> tuple[str, ...]:
    return (f"card{scope.number}",)
