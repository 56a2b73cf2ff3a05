"""A cure changes what it names, and nothing else: same batch, same draws."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from backprop_kit.nn import (
    SGD,
    BatchNorm,
    Dropout,
    LayerNorm,
    Linear,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    uniform,
)
from backprop_kit.study.flow.cures import cured
from backprop_kit.study.flow.deep_nets import DeepNet, Skip, deep
from backprop_kit.study.flow.gradient_flow import gradient_flow

RNG = np.random.default_rng(12)


def test_a_cure_keeps_batch_draws_and_read_out():
    model, (x, y) = deep("sigmoid", "xavier", seed=3, layers=4, width=8)
    other, (u, v) = cured(model, weights="he", activation="relu", skip=True, norm=True)
    assert np.array_equal(x, u) and np.array_equal(y, v)
    assert np.array_equal(model[-1].W.data, other[-1].W.data)
    assert all(isinstance(m, Skip) for m in list(other)[:-1])
    for plain, block in zip(list(model)[:-1:2], other, strict=False):
        assert np.allclose(block[0].W.data, plain.W.data * np.sqrt(2), rtol=1e-15)
    third, _ = cured(other.recipe, scale=0.5)
    assert np.array_equal(third[0][0].W.data * 2, other[0][0].W.data)
    assert model.recipe == DeepNet("sigmoid", "xavier", "float64", 3, 4, 8)
    assert np.array_equal(cured(model)[0].state_dict()["0.W"], model[0].W.data)


def chain(*hidden):
    model = Sequential(Linear(3, 5), Tanh(), Linear(5, 5), *hidden, Linear(5, 2), Sigmoid())
    model.reset(7)
    return model


def test_another_net_keeps_its_numbers_and_its_last_layer():
    model = chain(Tanh())
    before = model.state_dict()
    batch = (RNG.normal(size=(4, 3)), RNG.uniform(size=(4, 2)))
    twin, same = cured(model, batch, activation="relu", scale=2.0)
    assert same is batch and all(
        np.array_equal(before[k], v) for k, v in model.state_dict().items()
    )
    assert [type(m).__name__ for m in twin] == [
        "Linear",
        "ReLU",
        "Linear",
        "ReLU",
        "Linear",
        "Sigmoid",
    ]
    for k in ("0.W", "2.W"):
        assert np.array_equal(twin.state_dict()[k], 2 * before[k])
    assert np.array_equal(twin.state_dict()["4.W"], before["4.W"])


@pytest.mark.parametrize(("start", "spread"), [("xavier", 1.0), ("he", np.sqrt(2)), (0.3, 0.3)])
def test_another_start_stretches_what_is_there(start, spread):
    model = chain(Tanh())
    twin, _ = cured(model, None, weights=start)
    for i, n in ((0, 3), (2, 5)):
        W, V = model[i].W.data, twin[i].W.data
        assert np.sqrt((V**2).mean()) == pytest.approx(spread / np.sqrt(n), rel=1e-12)
        assert np.allclose(V / V[0, 0], W / W[0, 0], rtol=1e-12)
    upright, _ = cured(model, None, weights="orthogonal")
    assert np.allclose(upright[2].W.data.T @ upright[2].W.data, np.eye(5), atol=1e-12)
    assert np.allclose(upright[0].W.data @ upright[0].W.data.T, np.eye(3), atol=1e-12)
    drawn, _ = cured(model, None, weights=uniform(0.5))
    rng = np.random.default_rng(0)
    assert np.array_equal(drawn[0].W.data, rng.uniform(-0.5, 0.5, (3, 5)))
    assert np.array_equal(drawn[2].W.data, rng.uniform(-0.5, 0.5, (5, 5)))


def test_skips_bridge_square_layers_and_norms_stand_before_the_bend():
    model = chain(Tanh())
    twin, _ = cured(model, None, skip=True, norm=True)
    assert [type(m) for m in twin] == [Linear, LayerNorm, Tanh, Skip, Linear, Sigmoid]
    assert [type(m) for m in twin[3]] == [Linear, LayerNorm, Tanh]
    x, y = RNG.normal(size=(4, 3)), RNG.uniform(size=(4, 2))
    parts = {p.kind for c in gradient_flow(twin, (x, y)).crossings for p in c.parts}
    assert {"weights", "slope", "norm", "skip"} <= parts
    other, _ = cured(chain(BatchNorm(5), ReLU(), Dropout(0.1)), None, activation="tanh")
    assert [type(m) for m in other][2:6] == [Linear, BatchNorm, Tanh, Dropout]


def test_a_trained_net_is_not_built_anew():
    model, (x, y) = deep("tanh", 1, layers=3, width=8, rows=4)
    MSELoss()(model(x), y).backward()
    SGD(0.1).step(model)
    twin, batch = cured(model, (x, y), activation="relu")
    assert np.array_equal(twin[0].W.data, model[0].W.data) and batch[0] is x


def test_he_moves_the_other_bar_too():
    net = deep("sigmoid", "xavier")
    before = gradient_flow(*net).budget.kinds
    after = gradient_flow(*cured(*net, weights="he")).budget.kinds
    assert round(before["slope"], 2) == -11.95 and round(after["slope"], 2) == -12.35


@pytest.mark.parametrize(
    ("kind", "call", "said"),
    [
        (TypeError, lambda: cured(Linear(2, 1), None, skip=True), "chain"),
        (TypeError, lambda: cured(lambda v: v, None, skip=True), "chain"),
        (TypeError, lambda: cured(deep(layers=1)[0], seed=3), "no cure"),
        (ValueError, lambda: cured(chain(Tanh()), None, scale=0), "scale"),
        (ValueError, lambda: cured(chain(Tanh()), None, weights="heh"), "start"),
        (ValueError, lambda: cured(chain(Tanh()), None, activation="tanhh"), "tanh"),
    ],
)
def test_what_is_no_cure_is_refused(kind, call, said):
    with refused(kind, said):
        call()
