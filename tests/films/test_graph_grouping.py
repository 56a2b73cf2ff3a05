"""Groups of a large graph: what folds into what, and that nothing is lost or shown twice."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from counting import python_calls
from graphs import deep_net, doubling, loop, random_graph
from refusal import refused

from backprop_kit.engine import Tensor, Trace, ops
from backprop_kit.films.film import unpack
from backprop_kit.films.graph import Graph, film_of
from backprop_kit.films.graph.scopes import Scope
from backprop_kit.films.graph.units import Picture
from backprop_kit.study.naming import names_of
from backprop_kit.study.own_rule import run_rule


def graph_of(loss, own=None):
    trace = Trace.of(loss)
    return Graph.of(trace, names_of(trace), own)


def everything(graph, item):
    """All values of an item, by going down to the last level."""
    if not isinstance(item, Scope):
        return [item]
    return [n for i in graph.tree.within[item] for n in everything(graph, i)]


def sizes(seed):
    rng = np.random.default_rng(seed)
    return int(np.exp(rng.uniform(np.log(41), np.log(2000))))


# --- the laws -------------------------------------------------------------------------------------
@pytest.mark.parametrize("part", range(10))
def test_forty_boxes_on_every_level_and_each_value_in_one_of_them(part):
    """300 random graphs of 41 to 2,000 nodes."""
    for seed in range(30 * part, 30 * part + 30):
        graph = graph_of(random_graph(sizes(seed), seed))
        tree = graph.tree
        assert len(tree.seen) <= 40
        assert all(len(level) <= 40 for level in tree.within.values())
        found = Counter(n for item in tree.seen for n in everything(graph, item))
        assert set(found) == set(graph.nodes) and set(found.values()) == {1}
        for scope in tree.all:
            assert Counter(everything(graph, scope)) == Counter(scope.inside)
        first = {n: i for i, item in enumerate(tree.seen) for n in everything(graph, item)}
        for n in graph.trace.made:  # no group stands both before and behind another
            assert all(first[m] <= first[n] for m in n.inputs if m in first)


def test_the_same_graph_gives_the_same_bytes_whatever_was_opened_before():
    for seed in (0, 1, 2):
        loss = random_graph(400, seed)
        graph, again = graph_of(loss), graph_of(loss)
        first = film_of(graph).pack()
        inner = graph.tree.all[0]
        film_of(graph, inner)
        assert film_of(graph).pack() == first == film_of(again).pack()
        assert film_of(graph, inner).pack() == film_of(again, again.tree.all[0]).pack()


# --- what folds -----------------------------------------------------------------------------------
def names(items):
    return [i.name if isinstance(i, Scope) else "" for i in items]


def test_equal_neighbours_fold_to_a_count():
    graph = graph_of(doubling(1000))
    assert names(graph.tree.seen) == ["", "+ ×1,000"]
    inner = graph.tree.within[graph.tree.seen[1]]
    assert inner[0].name == "+ 1–31" and inner[-1].name == "+ 970–1,000"
    assert sum(len(s.made) for s in inner) == 1000


def test_rounds_of_a_loop_fold_and_what_they_share_stays_outside():
    loss, leaves = loop(300)
    graph = graph_of(loss)
    assert names(graph.tree.seen) == ["", "", "round ×300", "", ""]
    assert set(graph.tree.seen[:2]) == {leaves["w"].node, leaves["u"].node}
    rounds = graph.tree.within[graph.tree.seen[2]]
    assert rounds[0].name == "round 1–17"
    one = graph.tree.within[rounds[0]][1]
    assert [n.op.name for n in one.made] == ["mul", "mul", "add", "tanh"] and len(one.leaves) == 1


def test_layers_fold_before_everything_else_and_stay_layers():
    graph = graph_of(deep_net(50))
    assert names(graph.tree.seen) == ["layer ×49", "layer 50", "loss"]
    layers = graph.tree.within[graph.tree.within[graph.tree.seen[0]][0]]
    assert [s.name for s in layers] == [f"layer {i}" for i in range(1, 8)]
    assert all(s in graph.scopes for s in layers)
    assert graph_of(deep_net(12)).tree.groups is False


def test_a_chain_folds_where_each_value_has_one_use():
    y = Tensor(0.5)
    for i in range(20):
        y = ops.exp(ops.tanh(ops.sin(y))) * 0.1 if i % 3 else ops.sqrt(ops.cos(y) + 2.0)
    graph = graph_of(y * y + Tensor(1.0))
    assert "chain" in {s.kind for s in graph.tree.all}
    assert len(graph.tree.seen) <= 40


def test_the_calls_of_one_module_fold_where_there_are_very_many():
    from backprop_kit import nn

    class Cell(nn.Module):
        def __init__(self):
            self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, h):
            return ops.tanh(self.a(h) + self.b(h) * h)

    cell, h = Cell(), Tensor(np.ones((1, 2)))
    for _ in range(60):
        h = cell(h)
    assert "Cell ×60" in names(graph_of(h.sum()).tree.seen)


def test_a_level_of_more_than_two_hundred_boxes_is_refused_with_the_layer_view():
    graph = graph_of(ops.stack([Tensor(float(i)) for i in range(300)]).sum())
    assert len(graph.tree.seen) == 2 and len(film_of(graph).pack()) < 20_000
    with refused(ValueError, "302 boxes", "200", "ForwardStepper"):
        film_of(graph, graph.tree.all[0])
    few = graph_of(ops.stack([Tensor(float(i)) for i in range(90)]).sum())
    assert film_of(few, few.tree.all[0]).marks


# --- what is shown --------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(12))
def test_cards_show_the_values_and_slopes_of_the_recording(seed):
    graph = graph_of(random_graph(sizes(seed), seed))
    trace = graph.trace
    deepest = max(graph.tree.all, key=lambda s: len(graph.tree.path(s)))
    for opened in (None, graph.tree.all[0], deepest):
        film = film_of(graph, opened)
        arrays = {a.name: a for a in film.arrays}
        for scope in graph.tree.cards(graph.tree.path(opened)):
            n = scope.made[-1]
            i = trace.nodes.index(n)
            assert arrays[f"v{i}"].values.item() == pytest.approx(float(n.value))
            assert arrays[f"g{i}"].values.item() == pytest.approx(float(trace.grads[n]))
            # one step in each direction, after the last operation and the last part inside
            ks = [k for k, s in enumerate(trace.steps, len(trace.made) + 1)
                  if (s.node or s.target) in set(scope.made)]  # fmt: skip
            frames = {f.k: f for f in film.cuts["operation"]}
            card = f"card{scope.number}"
            assert card in frames[trace.computed_at[n]].on and card in frames[max(ks)].on
            assert sum(card in f.on for f in frames.values()) == 2
        last = film.cuts["operation"][-1].k
        assert last == len(trace) and film.cuts["pass"][-1].k == last


@pytest.mark.parametrize("seed", range(12))
def test_parts_that_reach_a_value_add_up_at_the_one_real_node(seed):
    graph = graph_of(random_graph(sizes(seed), seed))
    deepest = max(graph.tree.all, key=lambda s: len(graph.tree.path(s)))
    for opened in ((), graph.tree.path(graph.tree.all[0]), graph.tree.path(deepest)):
        picture = Picture.of(graph, graph.tree.cards(opened))
        for unit in picture.units:
            n = unit.node
            if unit.scope is not None or n is graph.trace.loss or n not in graph.trace.grads:
                continue
            parts = [graph.number(u.array) for u in picture.parts(n)]
            assert np.isclose(sum(parts), float(graph.trace.grads[n]), rtol=1e-9, atol=1e-9)
            assert max(u.k for u in picture.parts(n)) == graph.done[n]


def test_a_rule_of_ones_own_is_lit_in_the_group_that_holds_the_first_wrong_number():
    loss, leaves = loop(60)
    trace = Trace.of(loss)
    own = run_rule(trace, combine=lambda old, new: new)
    assert own.first.where in (leaves["w"].node, leaves["u"].node)
    graph = Graph.of(trace, names_of(trace), own)
    for opened in (None, graph.tree.all[0], graph.tree.all[1]):
        lit = [f for f in film_of(graph, opened).cuts["operation"] if f.mark]
        assert [f.mark for f in lit] == ["failed"] and "First wrong number" in lit[0].say
        assert lit[0].k >= graph.at(own.first.at)


# --- a hundred thousand nodes ---------------------------------------------------------------------
@pytest.mark.parametrize("make", [lambda: doubling(100_000), lambda: random_graph(100_000, 1, 50)])
def test_a_hundred_thousand_nodes_open_folded(make):
    with np.errstate(over="ignore", invalid="ignore"):
        loss = make()
        found = {}

        def work():
            trace = Trace.of(loss)
            graph = Graph.of(trace, names_of(trace))
            found.update(graph=graph, film=film_of(graph))

        calls = python_calls(work)
    graph, film = found["graph"], found["film"]
    assert calls < 75 * len(graph.nodes)
    assert len(graph.tree.seen) <= 40 and not film.scenes
    data = film.pack()
    header, arrays = unpack(data)
    assert len(data) < 50_000 and len(arrays) < 1000
    cards = [m for m in header["marks"] if str(m.get("tag", "")).startswith("card")]
    assert cards and all(m["asks"] is True and "scene" not in m for m in cards)

    def deeper():
        found["inner"] = film_of(graph, graph.tree.all[-1])

    assert python_calls(deeper) < 20 * len(graph.nodes)
    assert found["inner"].trace == film.trace and len(found["inner"].pack()) < 150_000
