"""Two states of a layer compared bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from backprop_kit.nn import SGD, Adam, Linear, MSELoss, Sequential, Tanh
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.flow.unchanged import unchanged
from backprop_kit.study.run import Run


def trained(model, batch, rule, steps):
    pupil = model.copy()
    for _ in range(steps):
        pupil.zero_grad()
        MSELoss()(pupil(batch[0]), batch[1]).backward()
        rule.step(pupil)
    return pupil


def test_the_first_layer_of_twenty_keeps_every_bit():
    model, batch = deep("sigmoid", "xavier", "float32")
    after = trained(model, batch, SGD(0.1), 40)
    first, last = unchanged(model, after, layer=1), unchanged(model, after, layer=20)
    assert (first.same, first.of, first.moved) == (4096, 4096, 0.0) and first.all
    a, b = model[38].W.data, after[38].W.data
    assert last.same == (a == b).sum() and not last.all
    assert last.moved == pytest.approx(np.linalg.norm(b - a) / np.linalg.norm(a), rel=1e-6)
    assert repr(first) == "layer 1: 4,096 of 4,096 numbers unchanged; moved by 0 %"
    assert unchanged(model, after, layer=-1).layer == 21


def test_a_run_is_compared_with_its_start():
    model, batch = deep("tanh", 1, "float32", layers=3, width=8, rows=6)
    run = Run(model, batch, optimizer=SGD(0.1))
    assert unchanged(run, layer=1).all
    run.seek(3)
    found = unchanged(run, layer=2)
    assert found == unchanged(model, run.model, 2) and not found.all
    assert unchanged(model, run, layer=2) == found


def test_bits_are_compared_and_not_values():
    before = {"W": np.array([[0.0, np.nan, 1.0]])}
    after = {"W": np.array([[-0.0, np.nan, 1.0 + 2.3e-16]])}
    found = unchanged(before, after)
    assert (found.same, found.of) == (1, 3)  # −0 is another number of bits, the same NaN is not


def test_biases_are_no_layers():
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))
    x, y = np.ones((4, 2)), np.ones((4, 1))
    after = trained(model, (x, y), Adam(0.1), 1)
    assert unchanged(model, after.state_dict(), 2).of == 3
    assert unchanged(model, model.copy(), 1).all


@pytest.mark.parametrize(
    ("kind", "call", "said"),
    [
        (ValueError, lambda: unchanged(Linear(2, 1), Linear(3, 1)), "not of one net"),
        (ValueError, lambda: unchanged(Linear(2, 1), Linear(2, 1), 0), "Layer 0"),
        (ValueError, lambda: unchanged(Linear(2, 1), Linear(2, 1), 2), "1 matrices"),
        (TypeError, lambda: unchanged(3, Linear(2, 1)), "int"),
    ],
)
def test_what_cannot_be_compared_is_refused(kind, call, said):
    with refused(kind, said):
        call()
