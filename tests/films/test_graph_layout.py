"""The layout on random graphs: nothing overlaps, no edge touches a box that is not its own."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from counting import python_calls
from graphs import loop, random_graph

from backprop_kit.engine import Tensor, Trace, ops
from backprop_kit.films.graph import film_graph
from backprop_kit.films.graph.layout import Block, columns_of, place
from backprop_kit.films.graph.marks import marks
from backprop_kit.films.graph.scene import Graph
from backprop_kit.films.graph.units import Picture
from backprop_kit.study.naming import names_of


def blocks(seed, count=None):
    """A random graph as blocks: leaves first, then operations of one or two inputs."""
    rng = np.random.default_rng(seed)
    count = count or int(rng.integers(7, 41))
    out = []
    for i in range(count):
        leaf = i < 2 or (i < count - 1 and rng.random() < 0.25)
        inputs = (
            ()
            if leaf
            else tuple(int(j) for j in rng.integers(max(0, i - 9), i, rng.integers(1, 3)))
        )
        left, right, up, down = rng.uniform(20, 55, 4)
        out.append(Block(left, right, up, down, inputs, leaf, float(rng.choice([10, 24, 66]))))
    return out


def expression(seed):
    """A random expression of 7 to 40 nodes that all lead to the loss."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(7, 41))
    leaves = [Tensor(float(v)) for v in rng.uniform(0.2, 1.4, max(2, count // 4))]
    live, everything = list(leaves), list(leaves)
    makers = [
        lambda a, b: a * b,
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a / (b * b + 1),
    ]
    while len(everything) < count - 1 or len(live) > 1:
        a = live.pop(int(rng.integers(len(live))))
        b = (
            everything[int(rng.integers(len(everything)))]
            if rng.random() < 0.4 or not live
            else live.pop(int(rng.integers(len(live))))
        )
        t = ops.tanh(a) if rng.random() < 0.2 else makers[int(rng.integers(3))](a, b)
        live = [n for n in live if n is not b]
        live.append(t)
        everything.append(t)
    return live[0]


def graph_of(loss):
    trace = Trace.of(loss)
    return Graph.of(trace, names_of(trace))


@pytest.mark.parametrize("part", range(10))
def test_no_block_overlaps_and_no_edge_crosses_a_foreign_block(part):
    """300 random graphs; edges are level inside a column and bend only between two."""
    edges = 0
    for seed in range(30 * part, 30 * part + 30):
        given = blocks(seed)
        found = place(given, 656, 350)
        boxes = [
            (found.x(i) - b.left, found.x(i) + b.right, found.y[i] - b.up, found.y[i] + b.down)
            for i, b in enumerate(given)
        ]
        for p, q in combinations(boxes, 2):
            assert p[1] <= q[0] or q[1] <= p[0] or p[3] <= q[2] or q[3] <= p[2], seed
        assert min(b[2] for b in boxes) >= -0.1 and max(b[3] for b in boxes) <= found.height + 0.1
        for (i, slot), lanes in found.lanes.items():
            edges += 1
            j = given[i].inputs[slot]
            columns = range(found.column[j] + 1, found.column[i])
            assert len(lanes) == len(columns)
            for c, y in zip(columns, lanes, strict=True):
                inside = [k for k in range(len(given)) if found.column[k] == c]
                assert all(not boxes[k][2] < y < boxes[k][3] for k in inside), seed
        for (x, left, right), (u, near, _) in pairwise(found.columns):
            assert x + right < u - near  # there is a gutter to bend in
            assert left > 0
    assert edges > 500


def test_the_same_blocks_stand_in_the_same_places():
    for seed in range(20):
        assert place(blocks(seed), 656, 350) == place(blocks(seed), 656, 350)


def test_a_leaf_stands_one_column_before_its_first_use_and_inputs_left_of_users():
    for seed in range(40):
        given = blocks(seed)
        column = columns_of(given)
        for i, b in enumerate(given):
            assert all(column[j] < column[i] for j in b.inputs)
        for j, b in enumerate(given):
            users = [column[i] for i, c in enumerate(given) if j in c.inputs]
            if b.leaf and users:
                assert column[j] == min(users) - 1


def curve(points):
    """Points along a drawn edge, as the page draws it."""
    out = []
    flat = [(x + dx, y) for x, dx, y in points]
    for (x, y), (u, v) in pairwise(flat):
        for t in np.linspace(0, 1, 15):
            if abs(x - u) < 1 or abs(y - v) < 0.6:
                out.append((x + (u - x) * t, y + (v - y) * t))
            else:
                across = 1.5 * t * (1 - t) + t**3
                out.append((x + (u - x) * across, y + (v - y) * (3 * (1 - t) * t * t + t**3)))
    return out


@pytest.mark.parametrize("part", range(6))
def test_drawn_edges_touch_no_foreign_value_slot_or_row(part):
    """The marks themselves, on 60 random expressions of 7 to 40 nodes."""
    for seed in range(10 * part, 10 * part + 10):
        graph = graph_of(expression(seed))
        picture = Picture.of(graph)
        solid = []
        for m in marks(picture):
            name = m.get("tag", "")
            if m["t"] in ("circle", "box") and name[:1] in "vgp" and name and not m.get("still"):
                w, h = (2 * m["r"],) * 2 if m["t"] == "circle" else (m["w"], m["h"])
                x, y = m["x"] + m.get("dx", 0), m["y"] + m.get("dy", 0)
                owner = int(name[1:].partition(".")[0])
                solid.append((x - w / 2, x + w / 2, y - h / 2, y + h / 2, owner))
        for p, q in combinations(solid, 2):
            apart = (
                p[1] <= q[0] + 0.2 or q[1] <= p[0] + 0.2 or p[3] <= q[2] + 0.2 or q[3] <= p[2] + 0.2
            )
            assert apart, (seed, p, q)
        ends = {}
        for n in graph.nodes:
            for j, use in enumerate(picture.uses[n]):
                ends[f"e{graph.place[n]}.{j}"] = {graph.place[n], graph.place[use.user]}
        for m in marks(picture):
            if m["t"] != "path" or m["tag"][0] != "e":
                continue
            for x, y in curve(m["pts"]):
                for a, b, c, d, owner in solid:
                    if owner not in ends[m["tag"]]:
                        assert not (a < x < b and c < y < d), (seed, m["tag"], owner)


def standing(picture, placed):
    """Every solid box of a picture, as x from and to, y from and to, and the unit it belongs to."""
    by_card = {u.scope.number: u for u in picture.units if u.scope is not None}
    solid = []
    for m in placed:
        name = m.get("tag", "")
        value, card = name[:1] in ("v", "g", "p"), name[:4] == "card"
        if m["t"] not in ("circle", "box") or not (value or card) or m.get("still"):
            continue
        number = int(name[4:] if card else name[1:].partition(".")[0])
        unit = by_card[number] if card else picture.unit_of[picture.graph.trace.nodes[number]]
        w, h = (2 * m["r"],) * 2 if m["t"] == "circle" else (m["w"], m["h"])
        x, y = m["x"] + m.get("dx", 0), m["y"] + m.get("dy", 0)
        solid.append((x - w / 2, x + w / 2, y - h / 2, y + h / 2, unit.number))
    return np.array(solid)


def cover(picture, placed):
    """Pairs of boxes of different units that overlap, and edges that touch a foreign box."""
    solid = standing(picture, placed)
    low, high, top, bottom, owner = solid.T
    over = (low[:, None] < high - 0.2) & (low < high[:, None] - 0.2)
    over &= (top[:, None] < bottom - 0.2) & (top < bottom[:, None] - 0.2)
    over &= owner[:, None] != owner
    crossed = []
    for m in placed:
        if m["t"] != "path" or m["tag"][0] != "e":
            continue
        place_, j = map(int, m["tag"][1:].split("."))
        use = picture.uses[picture.graph.trace.nodes[place_]][j]
        ends = [picture.unit_of[n].number for n in (use.target, use.user)]
        x, y = np.array(curve(m["pts"])).T[:, :, None]
        inside = (low < x) & (x < high) & (top < y) & (y < bottom) & ~np.isin(owner, ends)
        crossed += [m["tag"]] if inside.any() else []
    return over.sum() // 2, crossed


@pytest.mark.parametrize("part", range(10))
def test_nothing_is_covered_in_folded_and_opened_views_of_large_graphs(part):
    """300 random graphs of 41 to 2,000 nodes: the first view, and every sixth a level within."""
    stubs = 0
    for seed in range(30 * part, 30 * part + 30):
        count = int(np.exp(np.random.default_rng(seed).uniform(np.log(41), np.log(2000))))
        graph = graph_of(random_graph(count, seed))
        opened = [(), graph.tree.path(graph.tree.all[seed % len(graph.tree.all)])]
        for path in opened[: 1 + (seed % 6 == 0)]:
            picture = Picture.of(graph, graph.tree.cards(path))
            placed = marks(picture)
            assert cover(picture, placed) == (0, []), seed
            column = {u.number: picture.layout.column[i] for i, u in enumerate(picture.kept)}
            for use in picture.far:
                a, b = (picture.unit_of[n].number for n in (use.target, use.user))
                assert column[b] - column[a] > 3
            stubs += len(picture.far)
            for unit in (u for u in picture.units if u.wall):
                # Nothing before a scope stands in it or behind it.
                before = [column[u.number] for u in picture.units[: unit.number]]
                assert max(before, default=-1) < column[unit.number], seed
    assert stubs > 100


def test_a_far_use_is_a_named_stub_at_both_ends():
    loss, leaves = loop(300)
    graph = graph_of(loss)
    graph.names[leaves["w"].node] = "w"
    inner = graph.tree.cards((graph.tree.all[0],))
    picture = Picture.of(graph, inner)
    placed = marks(picture)
    w = graph.place[leaves["w"].node]
    ends = [m for m in placed if m["t"] == "path" and m["tag"].startswith(f"e{w}.")]
    uses = picture.uses[leaves["w"].node]
    far = [j for j, u in enumerate(uses) if u in picture.far]
    assert len(far) > 10 and len(ends) == len(uses) + len(far)  # each far use has two ends
    said = [m["s"] for m in placed if m["t"] == "text" and m.get("size") == 12]
    assert said.count("$w$, $u$") == len(far) and said.count("$w$") == 1
    assert graph.number(graph.g(leaves["w"].node)) == pytest.approx(
        sum(graph.number(u.array) for u in uses)
    )


def test_the_film_of_a_graph_has_the_same_bytes_twice():
    for seed in range(5):
        trace = Trace.of(expression(seed))
        assert film_graph(trace).pack() == film_graph(trace).pack()


def test_a_layout_of_forty_nodes_is_little_work():
    for seed in range(5):
        given = blocks(seed, 40)
        assert python_calls(lambda given=given: place(given, 656, 350)) < 20_000
