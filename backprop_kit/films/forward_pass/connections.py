"""What leads from column to column: edges with their weights, ribbons, arrows, named blocks."""

from __future__ import annotations

from typing import Any

from backprop_kit.films.forward_pass.layers import Column, Layer
from backprop_kit.films.forward_pass.layout import (
    BOTTOM,
    HEAD,
    PILL,
    STRIP,
    TOP,
    Mark,
    Spot,
    binding,
    has_offsets,
    middles,
)
from backprop_kit.films.forward_pass.scene import Scene

MOST_PILLS, MOST_EDGES = 12, 128


def connection(scene: Scene, layer: Layer, spots: list[Spot]) -> list[Mark]:
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    start, end = spots[m - 1], spots[m]
    if layer.block is not None or b.kind == "batch":
        return _block(scene, layer, start, end)
    if layer.linear is None:
        return _arrows(layer, a, b, start, end)
    if a.n * b.n <= MOST_EDGES and a.kind != "image":
        return _edges(scene, layer, a, b, start, end)
    return _ribbons(scene, layer, a, b, start, end)


def _edge(c: Column, spot: Spot, side: int) -> float:
    """How far from a column's middle an edge leaves it (side 1) or meets it (−1); neurons are cut
    off at their rim."""
    if c.kind == "neurons":
        return spot.dx
    return spot.dx + (spot.right + 2 if side > 0 else -spot.w / 2 - 2)


def _edges(scene: Scene, layer: Layer, a: Column, b: Column, start: Spot, end: Spot) -> list[Mark]:
    m, out, wanted = layer.number, [], []
    ends = {"x1": start.x, "dx1": _edge(a, start, 1), "x2": end.x, "dx2": _edge(b, end, -1)}
    share = 0.40 if b.n > 1 else 0.46
    for i, y1 in enumerate(middles(a, start)):
        for j, y2 in enumerate(middles(b, end)):
            flat = i * b.n + j
            out.append({
                "t": "line", "tag": f"W{m}:{flat}", **ends, "y1": y1, "y2": y2,
                "v": binding(scene, f"W{m}", flat),
            })  # fmt: skip
            wanted.append((y1 + share * (y2 - y1), flat))
    # A pill stands free of what it leads from and to, in the narrow picture too.
    half, free = PILL[0] + 3, start.clear(end) - _half(scene, a, start) - start.beside
    free -= _half(scene, b, end)
    if a.n * b.n <= MOST_PILLS and free >= 2 * half:
        place = start.to(
            end, 0.4, _half(scene, a, start) + start.beside + half, -_half(scene, b, end) - half
        )
        for y, flat in _spread(wanted, PILL[1] + 4):
            out += _pill(scene, f"W{m}", flat, place, y)
        out += _offsets(scene, layer, b, end)
    return out


def _half(scene: Scene, c: Column, spot: Spot) -> float:
    """From the middle of a column to the edge of all that stands at its units."""
    return max(spot.w / 2, PILL[0] if has_offsets(scene, c) else 0)


def _pill(scene: Scene, name: str, i: int, place: Mark, y: float) -> list[Mark]:
    """A number and its slope, side by side."""
    w, h = PILL
    common = {"t": "box", "x": place["x"], "y": y, "w": w, "h": h, "size": 12}
    value = {**common, "tag": f"{name}:{i}", "dx": place["dx"] - w / 2, "plain": True,
             "v": binding(scene, name, i)}  # fmt: skip
    slope = {**common, "tag": f"g{name}:{i}", "dx": place["dx"] + w / 2,
             "v": binding(scene, f"g{name}", i)}  # fmt: skip
    return [value, slope]


def _spread(wanted: list[tuple[float, int]], least: float) -> list[tuple[float, int]]:
    """Move labels apart, in their order, so that none comes closer than `least`."""
    rows = sorted(wanted)
    ys = [y for y, _ in rows]
    for _ in range(60):
        for i in range(len(ys) - 1):
            overlap = least - (ys[i + 1] - ys[i])
            if overlap > 0:
                ys[i] -= overlap / 2
                ys[i + 1] += overlap / 2
    low, high = TOP + least / 2, BOTTOM - least / 2
    shift = max(0.0, low - ys[0]) - max(0.0, ys[-1] - high)
    return [(y + shift, flat) for y, (_, flat) in zip(ys, rows, strict=True)]


def _offsets(scene: Scene, layer: Layer, b: Column, end: Spot) -> list[Mark]:
    """The offsets: shown once they are not zero, or while their own step is active."""
    name = f"b{layer.number}"
    if not has_offsets(scene, b):
        return []
    zero = not scene.values(name).any()
    moved = scene.arrays[name + "+"].known if scene.has(name + "+") else scene.end + 1
    out = []
    for i, y in enumerate(end.ys):
        pill = _pill(scene, name, i, end.at(), y - end.r - 2 - PILL[1] / 2)
        if zero and moved > 0:
            out += [{**p, "when": "on", "frames": [0, moved - 1]} for p in pill]
            pill = [{**p, "frames": [moved, scene.end]} for p in pill]
        out += pill
    return out


def _ribbons(
    scene: Scene, layer: Layer, a: Column, b: Column, start: Spot, end: Spot
) -> list[Mark]:
    """Two fans for what stays in the background, ribbons into one unit for what is looked at."""
    m = layer.number
    middle = start.ys[0] if a.kind == "image" else (STRIP[0] + STRIP[1]) / 2
    half = start.w / 2 if a.kind == "image" else (STRIP[1] - STRIP[0]) / 2
    bottom = STRIP[1] if b.kind == "strip" else BOTTOM - 4
    dx1, dx2 = start.dx + start.right + 2, end.dx - end.w / 2 - 2
    fan: Mark = {"t": "shade", "points": [
        [start.x, middle - half, dx1, 0], [end.x, STRIP[0], dx2, 0],
        [end.x, bottom, dx2, 0], [start.x, middle + half, dx1, 0],
    ]}  # fmt: skip
    if a.kind == "image":
        # While the tiles stand where the image was, the fan would point at nothing.
        fan["frames"] = [0, scene.arrays["gW1"].known - 1] if scene.has("gW1") else [0, scene.end]
    whole = scene.values(f"W{m}").size == a.n * b.n  # else it is binned, and shows no single term
    if a.kind != "strip" or scene.values(a.value).size != a.n or not whole:
        return [fan]
    to: Any = b.value if b.kind == "strip" else [f"{b.value}:{j}" for j in range(b.n)]
    best = int(scene.values(b.value).reshape(-1).argmax())
    start_k = min(scene.arrays[n].known for n in (f"s{m}", f"z{m}", b.value) if scene.has(n))
    until = scene.arrays[f"dz{m}"].known - 1 if scene.has(f"dz{m}") else scene.end
    ribbon: Mark = {
        "t": "bundle", "tag": f"W{m}", "from": a.value, "to": to, "a": a.value, "w": f"W{m}",
        "unit": best, "sym": [a.letter], "frames": [start_k, until],
    }  # fmt: skip
    return [fan, ribbon]


def _arrows(layer: Layer, a: Column, b: Column, start: Spot, end: Spot) -> list[Mark]:
    tag = f"a{layer.number}"
    pairs = list(zip(middles(a, start), middles(b, end), strict=False))
    if a.kind == b.kind == "boxes" and start.clear(end) < start.w + 40:
        return []  # side by side: the row is the connection
    if len(pairs) > 12:
        pairs = [((TOP + BOTTOM) / 2, (TOP + BOTTOM) / 2)]
    ends = {"x1": start.x, "dx1": _edge(a, start, 1), "x2": end.x, "dx2": _edge(b, end, -1)}
    return [
        {"t": "line", "tag": tag, **ends, "y1": y1, "y2": y2, "arrow": True} for y1, y2 in pairs
    ]


def _block(scene: Scene, layer: Layer, start: Spot, end: Spot) -> list[Mark]:
    """A named box on the way from column to column."""
    m, batch = layer.number, scene.batch > 1
    y = 104.0 if batch else (TOP + BOTTOM) / 2
    dx1, dx2 = start.dx + start.right + 4, end.dx - end.w / 2 - 4
    middle = start.to(end, 0.5, start.right, -end.w / 2)
    line = {"t": "line", "tag": f"a{m}", "x1": start.x, "dx1": dx1, "x2": end.x, "dx2": dx2,
            "y1": y, "y2": y, "arrow": True}  # fmt: skip
    if layer.block is None:
        words = [link.name for link in layer.links if link.kind == "activation"]
        name = f"$W{layer.sub}$" if layer.linear is not None else ""
        said = ", ".join([*([name] if name else []), *words])
        return [line, {"t": "text", **middle, "y": y - 14, "s": said, "c": "muted", "size": 12}]
    name = layer.block.name
    w = min(7.2 * len(name) + 14, start.clear(end) - start.right - end.w / 2 - 8)
    most = max(int((w - 12) / 7), 1)
    name = name if len(name) <= most else name[: most - 1] + "…"
    box = {"t": "box", "tag": f"block{m}", **middle, "y": y, "w": w, "h": 30, "fixed": name,
           "size": 12}  # fmt: skip
    return [line, box]


def loss(scene: Scene, spots: list[Spot]) -> list[Mark]:
    last, spot = scene.columns[-1], spots[-1]
    before = spots[-2]
    dx1 = before.dx if last.kind == "neurons" else before.dx + before.right + 2
    y = 104.0 if last.kind == "batch" else before.ys[0] if last.n == 1 else (TOP + BOTTOM) / 2
    count = scene.batch if scene.batch > 1 else scene.recorded.y.value.size
    said = f"target {scene.aim}" if scene.aim else f"{count} targets"
    return [
        {"t": "text", **spot.at(), "y": HEAD, "s": "loss" if scene.plain else "loss  $L$",
         "c": "muted"},
        {"t": "line", "tag": "out", "x1": before.x, "dx1": dx1, "y1": y,
         "x2": spot.x, "dx2": spot.dx - 28, "y2": y, "arrow": True},
        {"t": "box", "tag": "L", **spot.at(), "y": y, "w": 52, "h": 52, "label": "L", "stack": True,
         "v": binding(scene, "L")},
        {"t": "text", **spot.at(26), "y": y + 40, "s": said, "c": "muted", "size": 13,
         "anchor": "end"},
    ]  # fmt: skip
