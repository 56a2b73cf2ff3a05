"""Slopes below the values: a slot, or a sum on paper with a row for each use, and the plates of
a rule of your own.
"""

from __future__ import annotations

from collections.abc import Iterator

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.panel_sum import sender
from backprop_kit.films.graph.scene import Use
from backprop_kit.films.graph.tags import Mark, beside, grid, right, tag, until_lit
from backprop_kit.films.graph.units import SLOT, Picture, R, Unit
from backprop_kit.films.numbers import number


def slope(picture: Picture, unit: Unit, dx: float, y: float) -> Iterator[Mark]:
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
    if picture.sums(n):
        yield from _ledger(picture, unit, half, at)
    elif picture.big:
        w, h = SLOT
        box = {"t": "box", "tag": name, **at, "dy": half + 4 + h / 2, "w": w, "h": h,
               "label": label, "v": array, "root": True, "face": "backward"}  # fmt: skip
        yield from _or_plates(picture, n, box)
    else:
        w, h = picture.tile(n)
        down = half + 6 + h / 2
        kind = {"t": "box", "size": 12, "root": True} if n.value.size == 1 else {
            "t": "cells", **grid(n)}  # fmt: skip
        box = {**kind, "tag": name, **at, "dy": down, "w": w, "h": h, "v": array,
               "face": "backward"}  # fmt: skip
        yield from _or_plates(picture, n, box)
        yield {"t": "text", **at, **beside(picture, unit, dx), "dy": down + h / 2 + 10,
               "s": f"${label}$", "size": 13, "c": "muted", **until_lit(picture, n)}  # fmt: skip


def _or_plates(picture: Picture, n: Node, box: Mark) -> Iterator[Mark]:
    """A slot; from the step on that leaves it the first wrong number, `yours` above `true`."""
    graph = picture.graph
    first = graph.first_wrong
    if first is None or first.where is not n:
        yield box
        if right(picture, n) and n.value.size == 1:
            at = {key: box[key] for key in ("x", "y", "dy")}
            yield {"t": "glyph", "icon": "ok", **at, "dx": box.get("dx", 0) + _tick(picture, box),
                   "size": 0.55, "v": box["v"]}  # fmt: skip
        return
    k = graph.at(first.at)
    yield {**box, "frames": [0, k - 1]}
    late = {"frames": [k, graph.end]}
    octagon = {"t": "glyph", "icon": "failed", "x": box["x"], "y": box["y"], "dy": box["dy"],
               "size": 0.85, **late}  # fmt: skip
    if n.value.size > 1:
        yield {**box, **late}
        yield {**octagon, "dx": box.get("dx", 0) - box["w"] / 2 - 4}
        return
    wide = {**box, **late, "w": max(box["w"], 112.0), "h": 27.0, "size": 14}
    yours = [["yours", 0]] if graph.has("yours") else []
    yield {**wide, "label": "  yours", "v": yours, "face": "plate"}
    yield {**octagon, "dx": box.get("dx", 0) - wide["w"] / 2 - 1}
    yield {**wide, "tag": f"{box['tag']}.true", "label": "true", "h": 23.0, "dy": box["dy"] + 30,
           "v": [["true", 0]], "face": "truth", "size": 13}  # fmt: skip


def _tick(picture: Picture, box: Mark) -> float:
    """Where a tick stands in a slot: before the number, or beside a narrow slot."""
    if box["w"] < 70:
        return box["w"] / 2 + 8
    name = box["v"][0][0] if box["v"] else ""
    text = number(picture.graph.number(name)) if name else "–"
    return box["w"] / 2 - 20 - 7.6 * len(text)


def _ledger(picture: Picture, unit: Unit, half: float, at: Mark) -> Iterator[Mark]:
    """A sum as on paper: a row for each part in order of arrival, a line, the total."""
    graph, n = picture.graph, unit.node
    single = n.value.size == 1
    w, h = picture.row(n) if single else picture.tile(n)
    step = h + (2 if single else 4)
    x, dx, y = at["x"], at["dx"], at["y"]
    down = half + 8 + h / 2
    parts, shown = picture.parts(n), picture.rows(n)
    lost, first = _lost(picture, n), graph.first_wrong
    size = 13 if picture.big else 12
    from_ = "from " if picture.big else ""
    for j, use in enumerate(parts):
        if use not in shown:
            continue
        row: Mark = {"tag": tag(picture, "p", n, j), **at, "dy": down, "w": w, "h": h,
                     "v": [[use.array, 0]] if use.array else [], "face": "backward"}  # fmt: skip
        label = f"{from_}${sender(picture, use)}$"
        if single:
            row |= {"t": "box", "label": label, "root": True, "size": size}
            if use in lost and first is not None:
                k = graph.at(first.at)
                yield {**row, "frames": [0, k - 1]}
                row |= {"face": "lost", "frames": [k, graph.end]}
            yield row
        else:
            yield {"t": "cells", **row, **grid(n)}
            yield {"t": "text", **at, "dx": dx + w / 2 + 5, "dy": down, "s": label,
                   "anchor": "start", "size": 12, "c": "muted"}  # fmt: skip
        down += step
    if len(shown) < len(parts):
        yield {"t": "text", **at, "dy": down, "s": f"{len(parts) - len(shown)} more", "size": 12,
               "c": "muted"}  # fmt: skip
        down += step
    yield {"t": "text", **at, "dx": dx - w / 2 - 10, "dy": down - step, "s": "+", "size": 18,
           "bold": True, "c": "backward"}  # fmt: skip
    level = y + down - step / 2 + 3
    yield {"t": "line", "x1": x, "dx1": dx - w / 2, "x2": x, "dx2": dx + w / 2, "y1": level,
           "y2": level, "face": "sum"}  # fmt: skip
    down += 8
    total: Mark = {"tag": tag(picture, "g", n), **at, "dy": down, "w": w, "h": h + 2 * single,
                   "v": [[graph.g(n), 0]] if graph.has(graph.g(n)) else [],
                   "face": "backward"}  # fmt: skip
    label = f"∂{graph.names[n]}"
    if single:
        total |= {"t": "box", "label": label, "root": True, "size": size}
        yield from _or_plates(picture, n, total)
    else:
        yield {"t": "cells", **total, **grid(n)}
        yield {"t": "text", **at, "dy": down + h / 2 + 12, "s": f"${label}$", "size": 13,
               "c": "muted"}  # fmt: skip


def _lost(picture: Picture, n: Node) -> list[Use]:
    """The parts that the learner's rule has lost, where it overwrites."""
    first = picture.graph.first_wrong
    if first is None or first.where is not n or first.part:
        return []
    if not any(m.fits and m.name == "overwrites" for m in first.mistakes):
        return []
    return picture.parts(n)[:-1]
