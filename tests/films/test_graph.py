"""The film of a graph: numbers, three states, folding, and a learner's own rule."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import doubling, lesson, picture
from nets import draw

from backprop_kit.engine import Tensor, Trace, ops
from backprop_kit.films.film import unpack
from backprop_kit.films.fingerprint import fingerprint
from backprop_kit.films.graph import film_graph
from backprop_kit.films.graph.scene import Graph, scopes_of
from backprop_kit.films.graph.symbols import disc, flat, local, recipe
from backprop_kit.films.graph.units import Picture
from backprop_kit.nn import BCELoss, Linear, SquaredError
from backprop_kit.study import board, record_pass
from backprop_kit.study.naming import names_of
from backprop_kit.study.own_rule import run_rule


def filmed(given, **rule):
    trace = Trace.of(given["L"])
    names = names_of(trace, given)
    own = run_rule(trace, **rule) if rule else None
    return trace, film_graph(trace, names, own)


def lamp():
    model, x, y = board("stairs")
    return BCELoss()(model(x), y)


def says(film, cut="operation"):
    return [f.say for f in film.cuts[cut]]


# --- numbers --------------------------------------------------------------------------------------
def test_one_step_for_each_operation_and_each_part():
    trace, film = filmed(picture())
    assert [f.k for f in film.cuts["operation"]] == list(range(len(trace) + 1)) == list(range(13))
    assert [f.k for f in film.cuts["pass"]] == [0, 4, 12]
    said = says(film)
    assert said[2] == "q = u² gives 4.00."
    assert said[9].startswith("The first part arrives at u: 4.00 × 1.00 = 4.00")
    assert said[10] == (
        "The last part arrives at u: −12.0 comes back through q, and with 4.00 the sum is −8.00."
    )
    assert said[12].endswith("−8.00 × 2.50 = −20.0.")


def test_the_sum_of_the_lesson_arrives_part_by_part():
    trace, film = filmed(lesson())
    said = says(film)
    assert "1.00 comes back through L" in said[6] and "the sum is 0.600" in said[8]
    slopes = {n: float(g) for n, g in trace.grads.items()}
    assert sorted(slopes.values()) == pytest.approx(sorted([1, 1, 10, 0.6, 1.2, 3]))


def test_a_number_is_known_only_after_its_step_and_a_sum_after_its_last_part():
    given = picture()
    trace, film = filmed(given)
    known = {a.name: a.known for a in film.arrays}
    graph = Graph.of(trace, names_of(trace, given))
    for n in trace.nodes:
        if n in graph.place and f"v{graph.place[n]}" in known:
            assert known[f"v{graph.place[n]}"] == trace.computed_at[n]
        if n in trace.grads:
            assert known[graph.g(n)] == trace.complete_at[n]
            for j, (k, part) in enumerate(trace.parts[n]):
                assert known[f"p{graph.place[n]}.{j}"] == k
                assert np.allclose(graph.values(f"p{graph.place[n]}.{j}"), part)
    early = unpack(film.pack(until=9))[1]
    assert graph.g(given["u"].node) not in early


@pytest.mark.parametrize("seed", range(15))
def test_parts_shown_add_up_to_the_slope_whatever_is_folded(seed):
    case = draw(seed)
    trace = record_pass(case.model(), case.x, case.y, optimizer=None).trace
    graph = Graph.of(trace, names_of(trace))
    every = frozenset(graph.scopes)
    for folded in (frozenset(), every, *(every - {s} for s in graph.scopes)):
        shown = Picture.of(graph, folded)
        for n in graph.nodes:
            if not shown.shown(n) or n not in trace.grads or n is trace.loss:
                continue
            parts = [graph.values(u.array) for u in shown.parts(n)]
            whole = graph.values(graph.g(n))
            scale = max(float(np.abs(p).max()) for p in parts)
            assert np.allclose(sum(parts), whole, rtol=1e-5, atol=1e-6 * scale)
        layout = shown.layout
        assert layout.tight <= 1 and shown.count == len({id(u) for u in shown.units})


# --- folding --------------------------------------------------------------------------------------
def test_scopes_are_layers_and_the_loss_and_every_scene_plays():
    trace = Trace.of(lamp())
    scopes = scopes_of(trace.made)
    assert [(s.name, len(s.made)) for s in scopes] == [("layer 1", 3), ("layer 2", 3), ("loss", 9)]
    film = film_graph(trace)
    assert set(film.scenes) == {"folded", "open", "scope:0", "scope:1", "scope:2"}
    folded = film.scenes["folded"].cuts
    assert [f.phase for f in folded["operation"]] == ["forward"] * 3 + ["loss"] + ["backward"] * 3
    assert [f.k for f in film.scenes["open"].cuts["operation"]] == list(range(len(trace) + 1))
    for scene in (film, *film.scenes.values()):
        assert scene.cuts["layer"][-1].k == len(trace)
        leads = {m["scene"] for m in scene.marks if "scene" in m}
        assert leads and leads <= {film.scene, *film.scenes}
    header, _ = unpack(film.pack(until=6))
    assert (
        max(
            f["k"]
            for s in header["scenes"].values()
            for c in s["cuts"].values()
            for f in c["frames"]
        )
        <= 6
    )


def test_the_net_stands_in_eight_columns_with_its_weights_under_their_operations():
    trace = Trace.of(lamp())
    graph = Graph.of(trace, names_of(trace))
    shown = Picture.of(graph, frozenset(s for s in graph.scopes if s.loss))
    assert shown.columns == 8 and not shown.panned
    assert sorted(graph.names[m] for u in shown.units for m in u.hanging) == [
        "W_1",
        "W_2",
        "b_1",
        "b_2",
    ]


def test_a_small_expression_has_circles_and_a_long_one_pans():
    _, film = filmed(picture())
    assert {m["t"] for m in film.marks if m.get("tag", "").startswith("v")} == {"circle", "box"}
    long = film_graph(Trace.of(doubling(20)))
    assert long.span > 656 and sum(m.get("still", False) for m in long.marks) == 21
    assert len({f.pan for f in long.cuts["operation"]}) > 15
    assert all(np.isfinite(m["x"]) for m in long.marks if "x" in m)


def test_a_graph_of_more_than_forty_boxes_opens_folded():
    y = Tensor(1.0)
    for _ in range(40):
        y = y + 1.0
    film = film_graph(Trace.of(y))
    assert film.scene == "folded" and set(film.scenes) == {"open"}
    assert [f.k for f in film.cuts["operation"]] == [0, 40, 81]
    assert [f.k for f in film.scenes["open"].cuts["operation"]] == list(range(82))


# --- a rule of one's own --------------------------------------------------------------------------
def test_the_first_wrong_number_is_lit_and_named():
    _, film = filmed(picture(), combine=lambda old, new: new)
    lit = [f for f in film.cuts["operation"] if f.mark]
    assert [f.k for f in lit] == [10] and "at u your rule leaves −12.0, and true is −8.00" in lit[
        0
    ].say
    assert "overwrites" in lit[0].say
    faces = {m["face"] for m in film.marks if m.get("frames", [0])[0] == 10 and "face" in m}
    assert faces == {"plate", "truth", "lost"}
    assert sum(m["t"] == "glyph" and m["icon"] == "ok" for m in film.marks) == 4  # c, p, q, L
    assert film.title[1] == "your rule beside the right one"


def test_handing_on_too_early_is_lit_at_b_and_blames_u():
    given = picture()
    order = [given[k] for k in "Lpuq"]
    _, film = filmed(given, order=order)
    lit = next(f for f in film.cuts["operation"] if f.mark)
    assert (
        "b gets −3.20, and true is 6.40: u handed on 1 of 2 parts, sent 4.00, final −8.00"
        in lit.say
    )
    given = lesson()
    _, film = filmed(given, order=[given[k] for k in "Luv"])
    lit = next(f for f in film.cuts["operation"] if f.mark)
    assert "b gets 2.00, and true is 1.20" in lit.say and "sent 1.00, final 0.600" in lit.say


def test_films_of_one_recording_share_a_fingerprint_whatever_the_rule():
    given = picture()
    trace, film = filmed(given)
    _, own = filmed(given, combine=lambda old, new: new)
    assert film.trace == own.trace == fingerprint(trace)
    assert fingerprint(Trace.of(picture()["L"])) == film.trace
    assert fingerprint(Trace.of(lesson()["L"])) != film.trace


# --- how things are written -----------------------------------------------------------------------
def test_recipes_discs_and_slopes_in_letters():
    x, y = Tensor(2.0), Tensor(3.0)
    for t, sign, said, slope in [
        (x * y, "×", "x y", "y"), (x**2, "$x^2$", "x^2", "2x"), (x**3, "$x^3$", "x^3", "3x^2"),
        (x + y, "+", "x + y", ""), (x * 0.5, "×0.5", "0.5 x", "0.5"), (1 - x, "1−", "1 − x", ""),
        (ops.tanh(x), "tanh", "tanh x", "1 − t^2"), (ops.log(x), "ln", "ln x", "1/x"),
        (x / y, "÷", "x / y", "1/y"), (-x, "−", "−x", ""),
    ]:  # fmt: skip
        names = {x.node: "x", y.node: "y", t.node: "t"}
        slot = next(i for i, n in enumerate(t.node.inputs) if n is x.node)
        assert (disc(t.node), recipe(t.node, names), local(t.node, slot, names)) == (
            sign,
            f"t = {said}",
            slope,
        )
    assert flat("u_1^2 + x^{-1}".replace("-", "−")) == "u₁² + x⁻¹"


@pytest.mark.parametrize("seed", range(25))
def test_any_net_can_be_filmed_twice_with_the_same_bytes(seed):
    case = draw(seed)
    trace = record_pass(case.model(), case.x, case.y, optimizer=None).trace
    film = film_graph(trace)
    assert film.pack() == film_graph(trace).pack() and len(film.pack()) < 49_000


def test_arrays_of_any_shape_are_drawn():
    x = Tensor(np.arange(24.0).reshape(2, 3, 4))
    w = Tensor(np.ones((100, 90)))
    loss = (
        SquaredError()(Linear(4, 2).reset(0)(x.reshape(6, 4)), np.zeros((6, 2)))
        + (w * w).sum() * 1e-3
    )
    film = film_graph(Trace.of(loss))
    assert max(a.values.size for a in film.arrays) <= 36 * 24
