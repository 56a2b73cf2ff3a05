"""One layer's numbers: sizes, shares, updates, each compared with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_kit.nn import SGD, Adam, Linear, MSELoss, Sequential, Tanh
from backprop_kit.study.flow.gradient_flow import gradient_flow

RNG = np.random.default_rng(17)


@pytest.mark.parametrize("rule", [SGD(0.3), SGD(0.3, clip_norm=0.01), Adam(0.01)])
def test_the_update_to_weight_ratio_is_that_of_a_step(rule):
    model = Sequential(Linear(3, 4), Tanh(), Linear(4, 2))
    model.reset(1)
    x, y = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))
    flow = gradient_flow(model, (x, y), MSELoss(), rule)
    pupil = model.copy()
    MSELoss()(pupil(x), y).backward()
    rule.step(pupil)
    for path, p in pupil.named_parameters():
        w = flow.weights[path]
        old = model.state_dict()[path]
        assert np.array_equal(w.new, p.data) and np.array_equal(w.numbers, old)
        if path.endswith("W"):
            moved = np.linalg.norm(p.data - old) / np.linalg.norm(old)
            assert w.moved == pytest.approx(moved, rel=1e-9)
        else:
            assert w.moved == float("inf")  # from zero on, every step is endlessly large
    assert gradient_flow(model, (x, y)).weights["0.W"].moved is None


def test_a_layer_names_its_weights_and_units():
    model = Sequential(Linear(3, 4), Tanh(), Sequential(Linear(4, 5), Tanh()), Linear(5, 1))
    flow = gradient_flow(model, (RNG.normal(size=(6, 3)), RNG.normal(size=(6, 1))))
    assert [m.path for m in flow.layers] == ["0", "2.0", "3"]
    assert [m.units for m in flow.layers] == [4, 5, 1]
    assert [m.number for m in flow.layers] == [1, 2, 3]
    assert [w.path for w in flow.layers[1].weights] == ["2.0.W", "2.0.b"]
    assert [m.output for m in flow.layers] == [False, False, True]
