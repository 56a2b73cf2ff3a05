"""The film of a pass: always the same bytes, and at every step what the recording knows by then."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from passcases import COUNT, case

from backprop_kit import nn
from backprop_kit.engine import Tensor, ops
from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.replay import replay
from backprop_kit.films.film import Film, unpack
from backprop_kit.films.forward_pass import film_pass
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.nn import SGD, Linear, Sequential, Softmax, Tanh
from backprop_kit.study import Pass, board, record_pass

SEEDS = range(COUNT)


@cache
def filmed(seed: int) -> tuple[Pass, Film]:
    """A recorded case and its film (which checks itself when it is made)."""
    recorded = case(seed).recorded
    return recorded, film_pass(recorded, plain=case(seed).plain)


def name_of(seed: int) -> str:
    return case(seed).name


def places(recorded: Pass) -> dict[str, tuple[str, object]]:
    """What each array of a film is about: ("value" or "slope", the recorded node)."""
    out: dict[str, tuple[str, object]] = {
        "v0": ("value", recorded.x), "L": ("value", recorded.trace.loss),
    }  # fmt: skip
    for layer in Scene.of(recorded).layers:
        m, first, last = layer.number, layer.links[0], layer.links[-1]
        out[f"v{m}"], out[f"dv{m}"] = ("value", last.result), ("slope", last.result)
        sums = last.source if last.kind == "activation" else last.result
        out[f"z{m}"], out[f"dz{m}"] = ("value", sums), ("slope", sums)
        if first.kind == "linear":
            out[f"s{m}"] = ("value", first.product)
            for letter, leaf in (("W", first.weight), ("b", first.bias)):
                out[f"{letter}{m}"], out[f"g{letter}{m}"] = ("value", leaf), ("slope", leaf)
    return out


def state(film: Film, v, k):
    """What the page shows for a binding: the latest array that is known; the later one of a tie."""
    arrays = {a.name: a for a in film.arrays}
    known = [(arrays[n].known, i) for i, (n, _) in enumerate(v) if arrays[n].known <= k]
    if not known:
        return None
    name, index = v[max(known)[1]]
    a = arrays[name]
    return a.values.reshape(-1)[index], a.stale is not None and a.stale <= k


# --- the same film again --------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(0, COUNT, 3), ids=name_of)
def test_the_same_pass_gives_the_same_bytes_also_after_the_model_moved_on(seed):
    made = case(seed)
    recorded = made.recorded
    first = film_pass(recorded, plain=made.plain).pack()
    assert film_pass(recorded, plain=made.plain).pack() == first
    assert film_pass(made.recorded, plain=made.plain).pack() == first
    if not isinstance(made.model, nn.Module):
        return
    before = made.model.state_dict()
    try:
        for p in made.model.parameters():
            p.data = p.data * 3 + 1
        assert film_pass(recorded, plain=made.plain).pack() == first
        assert film_pass(made.recorded, plain=made.plain).pack() != first
    finally:
        made.model.load_state_dict(before)


def test_films_of_different_passes_have_different_traces():
    model, x, y = board("stairs")
    one = film_pass(record_pass(model, x, y, optimizer=SGD(0.25)))
    assert film_pass(record_pass(model, x, y, optimizer=SGD(0.25)), plain=True).trace == one.trace
    others = [
        film_pass(record_pass(model, -x, y, optimizer=SGD(0.25))),
        film_pass(record_pass(model, x, 1 - y, optimizer=SGD(0.25))),
        film_pass(record_pass(model, x, y, optimizer=SGD(0.26))),
        film_pass(record_pass(model, x, y)),
    ]
    assert len({one.trace, *(f.trace for f in others)}) == 5


# --- frames ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS, ids=name_of)
def test_both_cuts_go_from_the_first_to_the_last_step_through_every_phase(seed):
    recorded, film = filmed(seed)
    trace = recorded.trace
    phases = [p for p, _ in film.phases]
    assert phases == ["forward", "loss", "backward", *(["update", "again"] * bool(trace.updates))]
    for frames in film.cuts.values():
        ks = [f.k for f in frames]
        assert ks == sorted(set(ks)) and ks[0] == 0 and ks[-1] <= len(trace)
        told = list(dict.fromkeys(f.phase for f in frames))
        assert told == phases, told
        if trace.updates:
            assert ks[-1] == len(trace)
        for f in frames:
            assert f.say and "{" not in f.say and "None" not in f.say and f.panel[0]["t"] == "title"
            real = trace.phase(f.k)
            expected = {"start": "forward", "forward": ("forward", "loss")}.get(real, real)
            assert f.phase in expected
    loss = next(f for f in film.cuts["layer"] if f.phase == "loss")
    assert loss.k == len(trace.made)


@pytest.mark.parametrize("seed", SEEDS, ids=name_of)
def test_every_number_of_the_film_is_the_recordings_own(seed):
    recorded, film = filmed(seed)
    trace, about = recorded.trace, places(recorded)
    leaves = {n: u.new for n, u in trace.updates}
    for a in film.arrays:
        if a.name == "tiles":
            first = Scene.of(recorded).layers[0].linear.weight
            k = a.values.shape[-1]
            assert np.allclose(a.values, trace.grads[first].T.reshape(-1, k, k), rtol=1e-6)
            assert a.known == trace.complete_at[first]
            continue
        kind, node = about[a.name.removesuffix("+")]
        if a.name.endswith("+"):
            behind = {n: new for n, new in leaves.items() if n in set(ancestors(node))}
            true = leaves[node] if node in leaves else replay(node, behind)
            known = trace.updated_at[node] if node in leaves else len(trace)
        else:
            true = node.value if kind == "value" else trace.grads[node]
            known = trace.computed_at[node] if kind == "value" else trace.complete_at[node]
        assert a.known == known, a.name
        if np.size(true) > 4096 and np.ndim(true) >= 2:
            assert a.values.size <= 4096 and a.values.mean() == pytest.approx(true.mean(), abs=0.2)
            continue
        tight = 1e-6 if a.values.dtype == np.float32 else 0
        assert a.values.shape == np.shape(true), a.name
        assert np.allclose(a.values, true, rtol=tight, atol=0), a.name


@pytest.mark.parametrize("seed", SEEDS, ids=name_of)
def test_at_every_step_each_mark_is_in_the_state_the_recording_is_in(seed):
    """Not computed yet, a value, or stale: the three states of `trace.at(k)`, mark by mark."""
    recorded, film = filmed(seed)
    trace, about = recorded.trace, places(recorded)
    bound = [m["v"] for m in film.marks if m.get("v") and m["t"] != "tiles"]
    bound = [v for v in bound if about[v[0][0]][1].value.size <= 4096]
    few = {v[0][0]: v for v in bound}  # one entry of every array at every step …
    for k in range(len(trace) + 1):
        now = trace.at(k)
        # … and all entries where something has just come in.
        every = any(a.known == k or a.stale == k for a in film.arrays) and len(bound) < 200
        for v in bound if every else few.values():
            kind, node = about[v[0][0]]
            true = now.value(node) if kind == "value" else now.grad(node)
            shown = state(film, v, k)
            if true is None:
                assert shown is None, (v, k)
                continue
            assert shown is not None, (v, k)
            assert np.float32(shown[0]) == np.float32(true.reshape(-1)[v[0][1]]), (v, k)
            again = kind == "slope" and now.phase == "again"  # slopes of the weights before
            assert shown[1] == (again or (kind == "value" and now.stale(node))), (v, k)


@pytest.mark.parametrize("seed", SEEDS, ids=name_of)
def test_nothing_is_sent_that_nothing_shows(seed):
    _, film = filmed(seed)
    told = repr((film.marks, [f.panel for frames in film.cuts.values() for f in frames]))
    assert [a.name for a in film.arrays if f"'{a.name}'" not in told] == []


def test_a_value_is_stale_only_once_something_behind_it_has_moved():
    """The second layer's weights move first here; the hidden values still fit."""

    class Backwards(nn.Module):
        def __init__(self):
            self.out, self.hidden = Linear(3, 1), Linear(2, 3)

        def forward(self, x):
            return self.out(ops.tanh(self.hidden(x)))

    model = Backwards().reset(1)
    recorded = record_pass(model, [[1.0, 2.0]], [[0.5]], optimizer=SGD(0.1))
    film = film_pass(recorded)
    stale = {a.name: a.stale for a in film.arrays}
    at = {name: recorded.trace.updated_at[n] for name, n in recorded.parameters.items()}
    assert stale["v1"] == stale["z1"] == at["hidden.W"]
    assert stale["v2"] == stale["L"] == at["out.W"] < at["hidden.W"]


@pytest.mark.parametrize("seed", range(0, COUNT, 3), ids=name_of)
def test_a_covered_film_holds_nothing_computed_later(seed):
    recorded, film = filmed(seed)
    for k in sorted({f.k for frames in film.cuts.values() for f in frames}):
        header, arrays = unpack(film.pack(until=k))
        assert set(arrays) == {a.name for a in film.arrays if a.known <= k}
        assert all(f["k"] <= k for cut in header["cuts"].values() for f in cut["frames"])
    assert len(recorded.trace) >= k


# --- what once went wrong -------------------------------------------------------------------------
def film_of(model, x, y, loss=None, **how):
    if isinstance(model, nn.Module):
        model.reset(2)
    return film_pass(record_pass(model, x, y, loss, SGD(0.1)), **how)


def words(film):
    return " ".join(f.say for frames in film.cuts.values() for f in frames)


RNG = np.random.default_rng(3)
RULES = [
    SGD(0.1, weight_decay=0.5), SGD(0.1, l1=0.1), SGD(0.1, clip_norm=0.1), SGD(0.1, momentum=0.9),
    SGD(0.1, schedule=nn.StepDecay(2, 0.1)), nn.Adam(0.1),
]  # fmt: skip


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("batch", [1, 5])
def test_a_softmax_of_the_model_is_no_probability_minus_target(batch, plain):
    x, y = RNG.normal(size=(batch, 3)), RNG.uniform(size=(batch, 4))
    net = Sequential(Linear(3, 4), Softmax())
    film = film_of(net, x, y, nn.MSELoss(), plain=plain)
    assert "minus target" not in words(film)
    hidden = Sequential(Linear(3, 4), Softmax(), Linear(4, 2))
    film = film_of(hidden, x, np.arange(batch) % 2, plain=plain)
    spoken = words(film).split("Through softmax")[1:]
    assert len(spoken) == 1 and ("divided by 5" in spoken[0]) == (batch == 5)
    assert not any(m.get("s") == "◂ target" for m in film_of(net, x, y, nn.MSELoss()).marks)


def test_a_softmax_before_cross_entropy_is_named_as_what_it_is():
    film = film_of(Sequential(Linear(3, 4), Softmax()), RNG.normal(size=(1, 3)), [2])
    columns = [m["tag"].split(":")[0] for m in film.marks if str(m.get("tag")).startswith("v")]
    assert {"v0", "v1", "v2", "v3"} <= set(columns)


@pytest.mark.parametrize("batch", [1, 2, 65, 100, 300])
def test_batches_of_any_size_are_drawn_row_by_row(batch):
    x = RNG.normal(size=(batch, 2))
    film = film_of(Sequential(Linear(2, 3), Tanh(), Linear(3, 1)), x, x[:, :1])
    if batch > 1:
        cells = {m["tag"]: m for m in film.marks if m["t"] == "cells"}
        assert (cells["v0"]["rows"], cells["v0"]["cols"]) == (batch, 2)
        assert (cells["v1"]["rows"], cells["v1"]["cols"]) == (batch, 3)


def test_a_block_of_more_than_4096_numbers_shows_no_single_one():
    film = film_of(Sequential(Linear(70, 70), Tanh(), Linear(70, 70)), RNG.normal(size=(1, 70)),
                   RNG.normal(size=(1, 70)), plain=True)  # fmt: skip
    arrays = {a.name: a for a in film.arrays}
    assert arrays["W1"].values.size == 4096
    assert not any(m["t"] == "bundle" for m in film.marks)
    for f in (f for frames in film.cuts.values() for f in frames):
        assert not any(row["t"] == "terms" for row in f.panel)


@pytest.mark.parametrize("units", [1, 4, 16, 32, 33, 64, 128, 129, 400])
def test_images_into_layers_of_any_width(units):
    film = film_of(Sequential(Linear(16, units), Tanh(), Linear(units, 2)),
                   RNG.uniform(size=(1, 16)), [1])  # fmt: skip
    for m in film.marks:
        if m["t"] == "tiles":
            below = 20 if m.get("factors") else 6
            assert m["h"] / m["rows"] - below >= 10 and m["w"] / m["cols"] - 6 >= 10
            assert m["rows"] * m["cols"] >= m["n"] == units


def test_a_net_that_overflows_is_filmed_with_its_infinities():
    big = Tensor(np.array([[1e300]]), "w")
    with np.errstate(all="ignore"):
        film = film_of(lambda x: x @ big, [[1e10]], [[0.0]])
        packed = film.pack()
    header, arrays = unpack(packed)
    assert np.isinf(arrays["v1"]).all() and "∞" in words(film)
    assert header["cuts"]["layer"]["frames"][-1]["phase"] == "again"


def test_a_number_only_a_comparison_looks_at_is_drawn_too():
    a, edge = Tensor(2.0, "a"), Tensor(0.5, "edge")
    film = film_of(lambda x: ops.where(x > edge, x * a, x), [[1.0, 0.2]], [[0.0, 0.0]])
    assert film.pack()


def test_a_weight_that_is_used_twice_counts_once_in_the_forecast():
    W = Tensor(np.array([[0.5, -0.2], [0.1, 0.7]]), "W")
    recorded = record_pass(lambda x: ops.tanh(x @ W) @ W, [[1.0, 2.0]], [[0.0, 1.0]],
                           optimizer=SGD(0.1))  # fmt: skip
    true = 0.1 * float((recorded.trace.grads[recorded.parameters["W"]] ** 2).sum())
    panel = next(f for f in film_pass(recorded).cuts["layer"] if f.phase == "update").panel
    (bars,) = [row for row in panel if row["t"] == "bars"]
    assert bars["total"][1] == pytest.approx(true)
    assert sum(v for _, v in bars["items"]) == pytest.approx(true)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_only_plain_descent_is_told_as_step_times_slope(rule):
    """A penalty, clipping, a schedule or a memory: then w − η g is not what happens."""
    recorded = record_pass(*board("stairs"), optimizer=rule)
    for film in (film_pass(recorded), film_pass(recorded, presenter=True)):
        told = words(film) + repr([f.panel for frames in film.cuts.values() for f in frames])
        assert "0.1 ×" not in told and "0.1 ·" not in told and "'×', '0.1'" not in told
        assert "each by 0.1" not in told and "slope²" not in told
        assert repr(rule) in film.title[1] and "step 0.1" not in film.title[1]
    plain = film_pass(record_pass(*board("stairs"), optimizer=SGD(0.1)))
    told = words(plain) + repr([f.panel for frames in plain.cuts.values() for f in frames])
    assert "each by 0.1 times its own" in told and "step × slope²" in told and "− 0.1 ·" in told
    assert plain.title[1].endswith("step 0.1")


def test_what_weight_decay_makes_of_a_weight_is_shown_with_its_rule():
    model, x, y = board("stairs")
    rule = SGD(0.1, weight_decay=0.5)
    recorded = record_pass(model, x, y, optimizer=rule)
    film = film_pass(recorded)
    W = recorded.parameters["0.W"]
    true = W.value - 0.1 * (recorded.trace.grads[W] + 0.5 * W.value)
    assert np.allclose({a.name: a.values for a in film.arrays}["W1+"], true, rtol=1e-12)
    (frame,) = [f for f in film.cuts["operation"] if f.say.startswith("Now W₁ moves")]
    assert frame.say == "Now W₁ moves, each number by the optimizer's rule: 3 up, 3 down."
    up = int((true > W.value).sum())
    assert (up, int((true < W.value).sum())) == (3, 3)
    (numbers,) = [row["rows"] for row in frame.panel if row["t"] == "eq"]
    shown = [(line[0]["n"], line[-1]["box"]) for line in numbers]
    moves = sorted(zip(W.value.ravel(), true.ravel(), strict=True), key=lambda p: -abs(p[1] - p[0]))
    assert shown == [pytest.approx(p) for p in moves[:5]]
    assert frame.panel[-1]["s"] == f"The rule: w − η g, with g and η from {rule!r}."


def test_a_model_that_ignores_its_input_and_one_that_is_a_single_number():
    w = Tensor(np.ones((1, 2)), "w")
    assert film_of(lambda x: w * 2, [[1.0, 2.0]], [[0.0, 0.0]]).pack()
    one = Tensor(3.0, "w")
    film = film_of(lambda x: x * one, [[2.0]], [[0.0]])
    assert [f.phase for f in film.cuts["layer"]][-1] == "again"
