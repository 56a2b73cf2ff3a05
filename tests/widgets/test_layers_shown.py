"""Steppers of nets with Dropout and norms: they open, play, and leave the net as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refusal import refused

from backprop_kit.engine import Trace, moment
from backprop_kit.nn import BatchNorm, Dropout, LayerNorm, Linear, MSELoss, Sequential, Tanh
from backprop_kit.study.naming import names_of
from backprop_kit.study.training import accuracy
from backprop_kit.widgets import ForwardStepper, GraphStepper, MatrixStepper

RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(4, 2)), RNG.normal(size=(4, 1))

NETS: dict[str, Any] = {
    "BatchNorm": lambda: Sequential(Linear(2, 3), BatchNorm(3), Tanh(), Linear(3, 1)),
    "LayerNorm": lambda: Sequential(Linear(2, 3), LayerNorm(3), Tanh(), Linear(3, 1)),
    "Dropout": lambda: Sequential(Linear(2, 3), Tanh(), Dropout(0.5), Linear(3, 1)),
    "all": lambda: Sequential(
        Dropout(0.2), Linear(2, 3), BatchNorm(3), Tanh(), Dropout(), LayerNorm(3), Linear(3, 1)
    ),
}
each_net = pytest.mark.parametrize("name", NETS)
each_mode = pytest.mark.parametrize("training", [True, False])


@each_net
@each_mode
@pytest.mark.parametrize("kind", [ForwardStepper, MatrixStepper])
def test_steppers_of_a_pass_show_them_and_change_nothing(kind, name, training):
    model = NETS[name]().reset(1).train(training)
    before = model.state_dict()
    shown = kind(model, X, Y)
    assert all(model.state_dict()[k] is v for k, v in before.items())
    for frames in shown._film.cuts.values():
        assert len(frames) > 8 and all(frame.say for frame in frames)
    links = [link.name for link in shown.recorded.links]
    inside = {layer for layer in ("BatchNorm", "LayerNorm") if layer in name or name == "all"}
    assert inside <= set(links)
    assert repr(shown) == repr(kind(model, X, Y))
    report = shown.checked()
    assert report and report.count > 0


@each_net
@each_mode
def test_a_graph_shows_them_operation_by_operation(name, training):
    model = NETS[name]().reset(1).train(training)
    shown = GraphStepper(MSELoss()(model(X), Y))
    assert "steps" in repr(shown)


def test_the_mask_shown_is_that_of_the_step():
    model = NETS["Dropout"]().reset(1)
    with moment(5, 12):
        trained = model(X).data
    with moment(5, 12):
        recorded = ForwardStepper(model, X, Y).recorded
    np.testing.assert_array_equal(recorded.output.value, trained)
    other = ForwardStepper(model, X, Y).recorded
    assert not np.array_equal(other.output.value, trained)


def test_one_sample_is_refused_by_the_layer_that_needs_more():
    with refused(ValueError, "BatchNorm(3) got one sample in training"):
        ForwardStepper(NETS["BatchNorm"](), X[0], Y[0])
    assert "steps" in repr(ForwardStepper(NETS["BatchNorm"]().eval(), X[0], Y[0]))


def test_inside_a_norm_only_its_two_parameters_have_letters():
    model = NETS["BatchNorm"]()
    trace = Trace.of(MSELoss()(model(X), Y))
    names = names_of(trace)
    letters = {path: names[node] for node, path in trace.names.items()}
    assert (letters["1.gamma"], letters["1.beta"]) == ("γ_1", "β_1")
    made = [names[n] for n in trace.made if n.scope.module is model[1]]
    assert len(made) == 9 and all(name.startswith("v_") for name in made)
    (h,) = [names[n] for n in trace.made if n.op.name == "tanh"]
    assert h == "h"


def test_accuracy_asks_the_net_as_it_is_used():
    model = Sequential(Dropout(0.9), Linear(2, 1)).reset(2)
    model[0].training = True
    data = (X, (X @ model[1].W.data > 0.5) * 1.0)
    assert accuracy(model, data) == 1.0
    assert model.training and model[0].training and model[1].training
    model[0].training = False
    assert accuracy(model, data) == 1.0
    assert model.training and not model[0].training
