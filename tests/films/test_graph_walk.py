"""What a graph says where it is walked with the keys, how its parts add up, and its threads."""

from __future__ import annotations

import json

import numpy as np
import pytest
from graphs import lesson, picture
from nets import draw

from backprop_kit.engine import Tensor, Trace, ops
from backprop_kit.films.film import Film, unpack
from backprop_kit.films.graph import film_graph
from backprop_kit.films.graph.symbols import spelled
from backprop_kit.films.numbers import number
from backprop_kit.nn import BCELoss
from backprop_kit.study import board, record_pass
from backprop_kit.study.naming import names_of
from backprop_kit.study.own_rule import run_rule

WAIT = "not computed yet"


def filmed(given, **rule):
    trace = Trace.of(given["L"])
    return film_graph(trace, names_of(trace, given), run_rule(trace, **rule) if rule else None)


def stops(scene):
    """{tag: stop} in the order of the walk."""
    found = [(m["walk"]["i"], m["tag"], m["walk"]) for m in scene.marks if "walk" in m]
    return {tag: stop for _, tag, stop in sorted(found)}


def told(film: Film, stop, k):
    """What a reader hears at step k, put together from the packed film."""
    header, arrays = unpack(film.pack())
    known = {name: at for name, _, _, _, at, *_ in header["arrays"]}
    out = ""
    for words, v, *more in stop["say"]:
        only, many = any(more[:1]), (more[1:] or [()])[0]
        name = v[0][0] if v else ""
        if not isinstance(v, list):
            out += words
        elif name and known[name] <= k:
            numbers = arrays[name].reshape(-1)
            ends = (numbers.min(), numbers.max()) if many else ()
            ranged = "".join(a + number(b) for a, b in zip(many, ends, strict=True))
            out += words + (ranged or ", ".join(map(number, numbers)))
        elif not only:
            out += words + stop["wait"]
    return out


def test_each_value_is_told_in_the_order_of_creation_and_follows_the_step():
    film = filmed(picture())
    walk = stops(film)
    assert list(walk) == ["v0", "v1", "v2", "v3", "v5", "v6", "v7"]  # 4 is the exponent
    end = film.cuts["operation"][-1].k
    # By hand: L = q p, q = u², p = u + c, u = a b.
    a, b, c = -0.8, 2.5, 5.0
    u = a * b
    q, p = u**2, u + c
    du = 2 * u * p + q
    n = number
    assert [told(film, stop, end) for stop in walk.values()] == [
        f"a, value {n(a)}, slope {n(du * b)}",
        f"b, value {n(b)}, slope {n(du * a)}",
        f"c, value {n(c)}, slope {n(q)}",
        f"u = a times b, value {n(u)}, slope {n(du)}, sum of 2 parts",
        f"q = u squared, value {n(q)}, slope {n(p)}",
        f"p = u plus c, value {n(p)}, slope {n(q)}",
        f"L = q times p, value {n(q * p)}, slope {n(1.0)}",
    ]
    at_u = walk["v3"]
    assert told(film, at_u, 0) == f"u = a times b, value {WAIT}, slope {WAIT}, sum of 2 parts"
    first_part = next(f.k for f in film.cuts["operation"] if "first part arrives at u" in f.say)
    assert told(film, at_u, first_part) == (
        f"u = a times b, value {n(u)}, slope {WAIT}, sum of 2 parts"
    )
    # Enter leads to the step that completes the slope.
    last_part = next(f.k for f in film.cuts["operation"] if "last part arrives at u" in f.say)
    assert at_u["k"] == last_part and told(film, at_u, last_part).count(WAIT) == 0


@pytest.mark.parametrize("seed", range(6))
def test_each_scene_is_walked_whole_and_every_number_of_it_is_in_the_film(seed):
    case = draw(seed)
    trace = record_pass(case.model(), case.x, case.y, optimizer=None).trace
    film = film_graph(trace)
    arrays = {a.name for a in film.arrays}
    for scene in (film, *film.scenes.values()):
        walk = stops(scene)
        assert [w["i"] for w in walk.values()] == list(range(len(walk)))
        inside = {m["tag"] for m in scene.marks if m.get("face") == "sheet" and "tag" in m} - {
            "all"
        }  # cards and heads; a card shows its result, which is no stop of its own
        cards = {t for t in inside if t.startswith("card")}
        values = {m["tag"] for m in scene.marks if m.get("tag", "").startswith("v")}
        assert inside <= set(walk)
        assert len(walk) == len(values) - len(cards) + len(inside)
        named = [v[0][0] for w in walk.values() for _, v, *_ in w["say"] if v]
        assert set(named) <= arrays


def test_arrays_scopes_and_data_are_told():
    model, x, y = board("stairs")
    trace = Trace.of(BCELoss()(model(x), y))
    film = film_graph(trace)
    end = film.cuts["operation"][-1].k
    said = [told(film, stop, end) for stop in stops(film).values()]
    h = np.tanh(
        np.asarray(x.data if isinstance(x, Tensor) else x) @ model[0].W.data + model[0].b.data
    )
    by_hand = ", ".join(map(number, h.reshape(-1)))
    assert any(s.startswith(f"h = tanh of z₁, value {by_hand}, slope ") for s in said)
    values = ", ".join(map(number, np.reshape(x, -1)))
    assert f"x, data, value {values}" in said
    low, high = (number(f(model[0].W.data)) for f in (np.min, np.max))
    assert any(
        s.startswith(f"W₁, value 6 numbers from {low} to {high}, slope 6 numbers") for s in said
    )
    assert "layer 1, 3 operations, open" in said
    folded = [told(film, stop, 0) for stop in stops(film.scenes["folded"]).values()]
    assert f"layer 1, 3 operations, folded; h, value {WAIT}, slope {WAIT}" in folded


def test_the_first_wrong_number_is_told_with_the_true_one():
    film = filmed(lesson(), combine=lambda old, new: new)
    at_u = stops(film)["v3"]
    lit = next(f.k for f in film.cuts["operation"] if f.mark)
    assert "wrong" not in told(film, at_u, lit - 1)
    assert told(film, at_u, lit).endswith(
        "slope −0.400, sum of 2 parts, first wrong number: yours −0.400, true 0.600"
    )


def test_operations_are_spelled_out():
    x, y = Tensor(2.0), Tensor(3.0)
    for t, said in [
        (x * y, "x times y"), (x**2, "x squared"), (x**3, "x cubed"), (x + y, "x plus y"),
        (x - 1.5, "x minus 1.5"), (x / y, "x divided by y"), (-x, "minus x"),
        (x**1.5, "x to the power 1.5"), (ops.tanh(x), "tanh of x"),
        (ops.sqrt(x), "the square root of x"),
        (x.sum(), "the sum of x"), (ops.log(x), "the logarithm of x"),
        (ops.maximum(x, y), "maximum of x, y"),
    ]:  # fmt: skip
        assert spelled(t.node, {x.node: "x", y.node: "y", t.node: "t"}) == f"t = {said}"


# --- parts that add up ----------------------------------------------------------------------------
def test_the_parts_of_an_array_are_shown_by_number_and_add_up():
    rng = np.random.default_rng(3)
    x, t = Tensor(rng.normal(size=(2, 3))), Tensor(rng.normal(size=(2, 3)))
    h = x * t
    loss = ((ops.tanh(h) + h * t + h) ** 2).sum()
    film = film_graph(Trace.of(loss), {h.node: "h"} | names_of(Trace.of(loss)))
    arrays = {a.name: a.values for a in film.arrays}
    falls = [r for f in film.cuts["operation"] for r in f.panel if r["t"] == "fall"]
    of_h = [r for r in falls if len(r["items"]) == 4]
    assert len(of_h) == 3  # one for each part that arrives
    *parts, whole = of_h[0]["items"]
    assert whole["whole"] and np.allclose(
        sum(arrays[p["v"][0][0]] for p in parts), arrays[whole["v"][0][0]]
    )
    total = arrays[whole["v"][0][0]]
    assert total.shape == (2, 3) and of_h[0]["at"] == int(np.abs(total).argmax())
    assert of_h[0]["cols"] == 3 and "{r}" in of_h[0]["where"]
    known = {a.name: a.known for a in film.arrays}
    assert known[whole["v"][0][0]] == max(known[p["v"][0][0]] for p in parts)


def test_many_parts_are_four_bars_and_none_is_left_out():
    x = Tensor(1.5)
    loss = (x * 2 + x * 3 + x * 4 + x * 5 + x * 6 + x * 7) * 1.0
    film = film_graph(Trace.of(loss))
    arrays = {a.name: float(a.values) for a in film.arrays if a.values.size == 1}
    fall = next(r for f in film.cuts["operation"][::-1] for r in f.panel if r["t"] == "fall")
    *parts, whole = fall["items"]
    assert len(parts) == 4 and parts[0]["s"] == "first 3"
    assert sum(arrays[a] for p in parts for a, _ in p["v"]) == arrays[whole["v"][0][0]] == 27


def test_the_slope_is_named_after_the_loss():
    x = y = Tensor(0.003)
    for _ in range(3):
        y = y + y
    trace = Trace.of(y)
    film = film_graph(trace, names_of(trace, {"x": x}, {"y": y}))
    text = json.dumps(unpack(film.pack())[0], ensure_ascii=False)
    assert "∂y/∂x" in text and "∂y/∂y" in text and "∂L" not in text


# --- threads --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "order", "misled", "sent"),
    [
        (lesson, ["L", "u", "v"], ["v1", "v0"], "sent 1.00, final 0.600"),
        (picture, ["L", "p", "u", "q"], ["v1", "v0"], "sent 4.00, final −8.00"),
    ],
)
def test_a_thread_leads_from_each_place_misled_to_what_was_held(make, order, misled, sent):
    given = make()
    film = filmed(given, order=[given[k] for k in order])
    lit = next(f for f in film.cuts["operation"] if f.mark)
    threads = [m for m in film.marks if m.get("tag") == "thread"]
    assert [m["frames"][0] for m in threads] == [lit.k, lit.k + 1] and "thread" in lit.on
    last = {m["tag"]: m for m in film.marks if "tag" in m and m["t"] == "box"}
    kept = last["p3.0"]  # the row of u that had come
    for thread, place in zip(threads, misled, strict=True):
        slot = last["g" + place[1:]]
        assert thread["y1"] == slot["y"] + slot["dy"] and thread["y2"] == kept["y"] + kept["dy"]
        assert thread["x1"] + thread["dx1"] == slot["x"] + slot.get("dx", 0) + slot["w"] / 2 + 3
        assert thread["x2"] + thread["dx2"] == kept["x"] + kept.get("dx", 0) - kept["w"] / 2 - 3
    (label,) = [m for m in film.marks if m.get("s", "").startswith("sent")]
    total = last["g3"]
    assert label["s"] == sent and label["x"] == total["x"] and label["frames"][0] == lit.k
    assert label["y"] + label["dy"] > total["y"] + total["dy"] + total["h"] / 2


def test_without_haste_there_is_no_thread():
    for film in (filmed(lesson()), filmed(lesson(), combine=lambda old, new: new)):
        assert not any(m.get("tag") == "thread" for m in film.marks)
