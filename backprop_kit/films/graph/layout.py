"""A layered layout: where each block of a graph stands, and which way each edge takes.

Pure: the same blocks give the same places. Edges are level inside a column and bend only in the
gutter between two columns, one S each, so that none can touch a block that is not its own.
(Sugiyama, Tagawa and Toda 1981; heights by pool adjacent violators, Barlow and others 1972.)
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

LANE = 14.0  # the height an edge holds in a column it only passes
APART = 22.0  # between two blocks of a column
SWEEPS, SETTLE = 8, 24
GUTTER, LEAST = 10.0, 5.0  # between two columns, and what is left where the picture is narrow
SPREAD = 1.25  # small graphs grow so far


@dataclass(frozen=True)
class Block:
    """What stands in the graph: how far it reaches from its middle, and what it is made of.

    inputs  the blocks an edge comes from, one for each use
    leaf    a free leaf stands one column before its first use
    gutter  the room it wants behind itself, for what stands on its edges
    wall    it and all after it stand right of all before it: there a scope begins, or has ended
    """

    left: float
    right: float
    up: float
    down: float
    inputs: tuple[int, ...] = ()
    leaf: bool = False
    gutter: float = 20.0
    wall: bool = False


@dataclass(frozen=True)
class Layout:
    """Places of the blocks, the columns, and the bends of each edge.

    tight    the least scale of the columns' middles at which nothing meets (sizes stay)
    columns  (middle, reach to the left, reach to the right) of each column
    column   the column of each block; x, y its middle
    lanes    for each edge (block, slot) the heights at which it passes the columns between
    """

    width: float
    height: float
    columns: tuple[tuple[float, float, float], ...]
    column: tuple[int, ...]
    y: tuple[float, ...]
    lanes: dict[tuple[int, int], tuple[float, ...]] = field(default_factory=dict)
    tight: float = 1.0

    def x(self, block: int) -> float:
        """The middle of a block's column."""
        return self.columns[self.column[block]][0]


def columns_of(blocks: Sequence[Block]) -> list[int]:
    """The column of each block: its depth, a free leaf just before its first use.

    No block stands left of the last wall before it, or right of the next one.
    """
    depth = [0] * len(blocks)
    bases, base, deepest = [0] * len(blocks), 0, -1
    for i, block in enumerate(blocks):
        base = deepest + 1 if block.wall else base
        depth[i] = max([depth[j] + 1 for j in block.inputs], default=0)
        bases[i] = base
        depth[i] = max(depth[i], base)
        deepest = max(deepest, depth[i])
    first = [len(blocks)] * len(blocks)
    for i, block in enumerate(blocks):
        for j in block.inputs:
            first[j] = min(first[j], depth[i])
    following = len(blocks)
    for i in range(len(blocks) - 1, -1, -1):
        if blocks[i].leaf and first[i] < len(blocks):
            depth[i] = max(bases[i], min(first[i], following) - 1)
        if blocks[i].wall:
            following = bases[i]
    return depth


def place(blocks: Sequence[Block], width: float, height: float, reach: int | None = None) -> Layout:
    """Lay out a graph. Blocks come in order of creation: inputs stand before their users.

    The result is at least `height` high; it is wider than `width` only if it must be.
    reach  edges over more columns take no room (None: all do)
    """
    column = columns_of(blocks)
    items, links, lanes = _with_lanes(blocks, column, reach)
    order = _ordered(items, links, max(column) + 1)
    y, high = _heights(items, links, order, height)
    columns, wide = _across(blocks, column, width)
    tight = max(((a[2] + LEAST + b[1]) / (b[0] - a[0]) for a, b in pairwise(columns)), default=0.0)
    ys = {edge: tuple(y[i] for i in path) for edge, path in lanes.items()}
    return Layout(wide, high, columns, tuple(column), tuple(y[: len(blocks)]), ys,
                  round(min(1.0, tight), 3))  # fmt: skip


def width_of(blocks: Sequence[Block], width: float) -> float:
    """How wide a layout will be."""
    return _across(blocks, columns_of(blocks), width)[1]


@dataclass(frozen=True)
class _Item:
    """A block, or the lane of an edge in a column it passes."""

    column: int
    up: float
    down: float
    lane: bool = False


def _with_lanes(
    blocks: Sequence[Block], column: list[int], reach: int | None
) -> tuple[list[_Item], list[tuple[int, int]], dict[tuple[int, int], list[int]]]:
    """The items of all columns, the links between neighbouring columns, and each edge's lanes."""
    items = [_Item(c, b.up, b.down) for b, c in zip(blocks, column, strict=True)]
    links: list[tuple[int, int]] = []
    lanes: dict[tuple[int, int], list[int]] = {}
    for i, block in enumerate(blocks):
        for slot, j in enumerate(block.inputs):
            if reach is not None and column[i] - column[j] > reach:
                continue
            path = []
            last = j
            for c in range(column[j] + 1, column[i]):
                items.append(_Item(c, LANE / 2, LANE / 2, lane=True))
                path.append(len(items) - 1)
                links.append((last, path[-1]))
                last = path[-1]
            links.append((last, i))
            lanes[i, slot] = path
    return items, links, lanes


def _neighbours(
    count: int, links: list[tuple[int, int]]
) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b in links:
        after[a].append(b)
        before[b].append(a)
    return before, after


def _ordered(items: list[_Item], links: list[tuple[int, int]], count: int) -> list[list[int]]:
    """The order in each column with the fewest crossings that the sweeps find."""
    order: list[list[int]] = [[] for _ in range(count)]
    for i, item in enumerate(items):
        order[item.column].append(i)
    before, after = _neighbours(len(items), links)
    best, fewest = [list(c) for c in order], _crossings(order, after)
    spot = [0] * len(items)  # where each item stands in its column
    for column in order:
        for p, i in enumerate(column):
            spot[i] = p
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        near = before if down else after
        for c in range(count) if down else reversed(range(count)):
            wish = {
                i: sum(spot[j] for j in near[i]) / len(near[i]) if near[i] else float(spot[i])
                for i in order[c]
            }
            order[c].sort(key=lambda i: (wish[i], spot[i]))
            for p, i in enumerate(order[c]):
                spot[i] = p
        crossings = _crossings(order, after)
        if crossings < fewest:
            best, fewest = [list(c) for c in order], crossings
    return best


def _crossings(order: list[list[int]], after: list[list[int]]) -> int:
    """How many pairs of links cross, over all gutters."""
    place = {i: p for column in order for p, i in enumerate(column)}
    total = 0
    for column in order:
        ends = [place[j] for i in column for j in sorted(after[i], key=place.__getitem__)]
        seen: list[int] = []
        for p in ends:
            total += len(seen) - bisect_right(seen, p)
            insort(seen, p)
    return total


def _heights(
    items: list[_Item], links: list[tuple[int, int]], order: list[list[int]], height: float
) -> tuple[list[float], float]:
    """The middle of each item, near its neighbours, in the order given, and the height taken."""
    before, after = _neighbours(len(items), links)
    y = [0.0] * len(items)
    steps = [_steps(items, column) for column in order]
    for column, step in zip(order, steps, strict=True):
        _set(y, column, _pooled([0.0] * len(column), step))
    for sweep in range(SETTLE):
        forth = sweep % 2 == 0
        for c in range(len(order)) if forth else reversed(range(len(order))):
            wish = []
            for i in order[c]:
                near = before[i] + after[i]
                wish.append(sum(y[j] for j in near) / len(near) if near else y[i])
            _set(y, order[c], _pooled(wish, steps[c]))
    top = min(y[i] - item.up for i, item in enumerate(items))
    bottom = max(y[i] + item.down for i, item in enumerate(items))
    room = max(height, bottom - top)
    shift = (room - (bottom - top)) / 2 - top
    return [round(v + shift, 1) for v in y], room


def _steps(items: list[_Item], column: list[int]) -> list[float]:
    """The least distance of each item from the one above it."""
    steps = [0.0]
    for a, b in pairwise(column):
        p, q = items[a], items[b]
        apart = APART / 4 if p.lane and q.lane else APART / 2 if p.lane or q.lane else APART
        steps.append(p.down + apart + q.up)
    return steps


def _set(y: list[float], column: list[int], heights: list[float]) -> None:
    for i, v in zip(column, heights, strict=True):
        y[i] = v


def _pooled(wish: list[float], steps: list[float]) -> list[float]:
    """The heights nearest to the wishes (least squares) that keep order and distances."""
    offsets, total = [], 0.0
    for step in steps:
        total += step
        offsets.append(total)
    pools: list[list[float]] = []  # sum, count
    for w, o in zip(wish, offsets, strict=True):
        pools.append([w - o, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            s, n = pools.pop()
            pools[-1][0] += s
            pools[-1][1] += n
    level = [s / n for s, n in pools for _ in range(int(n))]
    return [v + o for v, o in zip(level, offsets, strict=True)]


def _across(
    blocks: Sequence[Block], column: list[int], width: float
) -> tuple[tuple[tuple[float, float, float], ...], float]:
    """Middles and reaches of the columns, and the width they take together."""
    count = max(column) + 1
    inside = [[b for b, c in zip(blocks, column, strict=True) if c == k] for k in range(count)]
    left = [max(b.left for b in column) for column in inside]
    right = [max(b.right for b in column) for column in inside]
    wants = [max(b.gutter for b in column) for column in inside[:-1]]

    pairs = list(zip(right, left[1:], wants, strict=False))
    hard = [a + GUTTER + b for a, b, _ in pairs]
    soft = [a + max(GUTTER, want) + b for a, b, want in pairs]
    spare = width - left[0] - right[-1] - sum(hard)
    wish = sum(soft) - sum(hard)
    if 0 <= spare < wish:
        pitch = [h + spare * (s - h) / wish for h, s in zip(hard, soft, strict=True)]
    else:  # all wishes fit and small graphs grow, or the picture is wider than its frame
        grow = min(SPREAD, 1 + (spare - wish) / sum(soft)) if soft and spare > wish else 1.0
        pitch = [p * grow for p in soft]
    total = left[0] + sum(pitch) + right[-1]
    x = left[0] + max(0.0, width - total) / 2
    places = [x]
    for step in pitch:
        x += step
        places.append(x)
    columns = tuple((round(m, 1), a, b) for m, a, b in zip(places, left, right, strict=True))
    return columns, max(width, total)
