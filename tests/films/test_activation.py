"""The films of activations: true numbers, whole pictures, and one sentence a frame."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from bentnets import Skip
from replays import counted_replays
from sentencecheck import is_whole, listened

from backprop_kit import data
from backprop_kit.films.activation import common, film_layer, film_net, film_neuron
from backprop_kit.films.activation import layer_panel as layer_words
from backprop_kit.films.activation import net as net_words
from backprop_kit.films.activation import neuron as neuron_words
from backprop_kit.films.captions import sentences
from backprop_kit.films.film import unpack
from backprop_kit.nn import Linear, ReLU, Sequential, Tanh
from backprop_kit.study.activations import KNOWN, NeuronGraph, activation
from backprop_kit.study.bent_layer import LayerGraph
from backprop_kit.study.bent_net import NetGraph
from backprop_kit.widgets import activation_explorer, activation_forms
from backprop_kit.widgets.activation_explorer import ActivationExplorer

X = data.stairs().x
GROUPS = {"on": (0, 1), "off": (2, 3)}
OPTIONS = tuple(KNOWN)
ACTS = (*KNOWN.values(), activation("gelu"), activation(lambda z: z * z))


def layers():
    """Layers of every shape, with and without samples and groups."""
    rng = np.random.default_rng(0)
    for units in (1, 2, 3, 6, 9):
        model = Sequential(Linear(2, units), Tanh(), Linear(units, 1)).reset(units)
        for x, groups in ((None, {}), (X, {}), (X, GROUPS), (rng.normal(size=(50, 2)), {})):
            graph = LayerGraph(model, x, groups)
            for act in ACTS if units == 2 else ACTS[1:2]:
                yield graph.at(np.array([0.6, 0.5]), graph.numbers, act)
    graph = LayerGraph(Sequential(Skip(), Linear(2, 1)).reset(2), X, GROUPS)
    yield graph.at(X[0], graph.numbers)
    graph = LayerGraph(Sequential(Linear(2, 2, bias=False), ReLU()).reset(2), None, {})
    yield graph.at(np.array([-1.5, -1.5]), graph.numbers)


def nets():
    for sizes in ((2, 3, 1), (2, 9, 1), (2, 2, 2, 1), (3, 2, 1)):
        parts = [Linear(a, b) for a, b in pairwise(sizes)]
        x = X if sizes[0] == 2 else np.random.default_rng(0).normal(size=(9, 3))
        for groups in ({}, GROUPS):
            graph = NetGraph(Sequential(*parts).reset(1), x, groups)
            yield graph.at(graph.numbers)
    graph = NetGraph(Sequential(Skip(), Linear(2, 1)).reset(1), X, GROUPS)
    yield graph.at(graph.numbers)


def neurons():
    for act in ACTS:
        graph = NeuronGraph(tuple(dict.fromkeys((*KNOWN.values(), act))), [1.4, -0.2], [1, -1])
        for z in (-6.5, -1.0, 0.0, 1.6, 6.9, 40.0):
            yield graph.moved_to(act.name, z)
            yield graph.moved_to(act.name, z, (1.0, 0.5, 0.1))
    yield NeuronGraph((KNOWN["tanh"],), np.ones(6), np.arange(6.0)).at("tanh", 0.0)


def films(presenter=False):
    for record in layers():
        for open in (False, True):
            yield film_layer(record, OPTIONS, open=open, presenter=presenter)
    for record in nets():
        for open in (False, True):
            yield film_net(record, OPTIONS, open=open, presenter=presenter)
    for record in neurons():
        yield film_neuron(record, presenter=presenter)


@pytest.mark.parametrize("presenter", [False, True])
def test_every_film_is_whole_and_every_sentence_stands_alone(presenter):
    count = 0
    for film in films(presenter):
        assert film.pack() == film.pack()
        assert unpack(film.pack())[0]["head"] == "ActivationExplorer"
        for frames in film.cuts.values():
            for f in frames:
                is_whole(f.say)
        count += 1
    assert count > 100


def test_every_sentence_is_used_and_none_is_left_open(monkeypatch):
    used = listened(
        monkeypatch, "activation", layer_words, net_words, neuron_words, activation_forms,
        activation_explorer,
    )  # fmt: skip
    for _ in films():
        pass
    model = Sequential(Linear(2, 2), Tanh(), Linear(2, 1)).reset(1)
    for explorer in (
        ActivationExplorer("tanh"), ActivationExplorer(model, X),
        ActivationExplorer(model, X, show="net"),
    ):  # fmt: skip
        explorer.text()
        explorer.cover(0)
        explorer.text()
        explorer.dispose()
    graph = LayerGraph(Sequential(Linear(2, 2), Tanh()).reset(1), None, {})
    far = {"W": np.array([[3.0, 0], [0, 3.0]]), "b": np.array([0.0, 0.0])}
    for act in ("tanh", "ReLU"):
        film_layer(graph.at(np.array([-1.9, -1.9]), far, KNOWN[act]), OPTIONS)
    assert set(sentences("activation")) - used == set()


def arrays(film):
    return {a.name: a.values for a in film.arrays}


def test_points_of_all_stages_share_one_plane():
    """A point of an earlier stage stands where its own axis says."""
    graph = LayerGraph(Sequential(Linear(2, 2), Tanh()).reset(1), X, GROUPS)
    record = graph.at(np.array([0.6, 0.5]), graph.numbers)
    film = film_layer(record, OPTIONS)
    planes = {m["tag"]: m for m in film.marks if m["t"] == "plane"}
    last = planes["after"]["xr"]
    for k in range(3):
        own = planes[f"after {k}"]["xr"]
        placed = arrays(film)[f"points {k}"]
        back = own[0] + (placed - last[0]) * (own[1] - own[0]) / (last[1] - last[0])
        np.testing.assert_allclose(back, record.points[k], atol=1e-12)
    assert -1.2 < last[0] < -1 and 1 < last[1] < 1.2


def test_the_picture_stays_while_a_hand_moves():
    """Dragging changes arrays and frames only, so that little is sent."""
    model = Sequential(Linear(2, 2), ReLU(), Linear(2, 1)).reset(1)
    graph = LayerGraph(model, X, GROUPS)
    one = film_layer(graph.at(np.array([0.6, 0.5]), graph.numbers), OPTIONS, open=True)
    two = film_layer(graph.at(np.array([0.65, 0.5]), graph.numbers), OPTIONS, open=True)
    over = two.pack_over(one)
    assert over is not None and len(over) < len(two.pack()) / 2
    graph = NetGraph(model, X, GROUPS)
    turned = {**graph.numbers, "0.b": np.array([0.3, 0.0])}
    one, two = (film_net(graph.at(n), OPTIONS, open=True) for n in (graph.numbers, turned))
    assert two.pack_over(one) is not None
    graph = NeuronGraph(tuple(KNOWN.values()), [1.4, -0.2], [1, -1])
    one, two = (film_neuron(graph.at("tanh", b)) for b in (0.0, 1.0))
    assert len(two.pack_over(one)) < 2000


def test_a_film_reads_its_record_and_computes_nothing(monkeypatch):
    records = [*layers(), *nets(), *neurons()]
    calls = counted_replays(monkeypatch)
    makers = {"Layer": film_layer, "Net": film_net}
    for record in records:
        kind = type(record).__name__
        made = film_neuron(record) if kind == "Neuron" else makers[kind](record, OPTIONS, open=True)
        assert made.pack() and not calls


def test_what_is_covered_does_not_name_the_answer():
    graph = NetGraph(Sequential(Linear(2, 3), Linear(3, 1)).reset(1), X, GROUPS)
    header, found = unpack(film_net(graph.at(graph.numbers), (), covered=True).pack(0))
    assert "tanh" not in str(header) and not [name for name in found if name.endswith(" 1")]
    assert header["phases"] == [["bend", "?"]]


def test_the_sum_is_written_with_equal_only_if_the_shown_numbers_give_it():
    assert common.equals(1.92, [0.14, 1.78]) == "="
    assert common.equals(1.155487, [-0.327960, 1.483447]) == "≈"
    assert common.times(0.00547162, (1.35, 0.948911, 0.00427127)) == "="


@pytest.mark.parametrize(("low", "high"), [
    (-1.12, 1.12), (-0.06, 1.06), (-4.5, 4.5), (-0.5, 2.5), (-7, 7), (0, 0.3), (-1e-3, 2e-3),
    (-1000, 50),
])  # fmt: skip
def test_ticks_are_round_and_inside(low, high):
    for most in (3, 4, 5):
        found = common.ticks(low, high, most)
        assert 2 <= len(found) <= 9 and all(low - 1e-9 <= v <= high + 1e-9 for v in found)


def test_words():
    assert common.place([1.0, -1.0]) == "(1, −1)" and common.place([0.25, 2]) == "(0.250, 2)"
    assert common.percent(0.00547) == "0.547 %" and common.percent(0) == "nothing"
    assert common.glyph(0, 0) == "●" and common.glyph(3, 1) == "◇"
    assert common.slope_sym(KNOWN["tanh"], 2) == "1 − h_{2}^2"
    assert common.slope_sym(KNOWN["ReLU"], 1) == "h_{1}′"
