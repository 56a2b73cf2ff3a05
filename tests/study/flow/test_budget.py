"""The gradient budget: bars add up to the ratio of two δ found without the kit."""

from __future__ import annotations

from math import inf, isnan, log10

import numpy as np
import pytest
from deepnumpy import ACTS, walk
from nets import Join, Skip, draw

from backprop_kit import nn
from backprop_kit.engine import ops
from backprop_kit.nn import (
    BatchNorm,
    Identity,
    LayerNorm,
    Linear,
    Module,
    ReLU,
    Sequential,
    SquaredError,
    Tanh,
)
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.flow.gradient_flow import gradient_flow

TINY = 1e-30
STARTS = {"xavier": 1.0, "he": np.sqrt(2), 0.5: 0.5, 3: 3.0, 4: 4.0, "orthogonal": "orthogonal"}


# --- an evaluator in NumPy, with a place to push at every sum -------------------------------------
def _where(z, a, b):
    return np.where(z.real > 0, a, b)


_CURVES = {
    "Tanh": np.tanh,
    "Sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "Softplus": lambda z: np.log1p(np.exp(z)),
    "GELU": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "ReLU": lambda z: _where(z, z, 0),
    "LeakyReLU": lambda z: _where(z, z, 0.01 * z),
    "ELU": lambda z: _where(z, z, np.exp(_where(z, 0, z)) - 1),
}


def run(model, x, push):
    """The output of a model in NumPy; push[k] is added to the k-th sum; sums as they are made."""
    sums = []

    def there(m, v):
        if isinstance(m, Sequential):
            for inner in m:
                v = there(inner, v)
            return v
        if isinstance(m, Skip):
            return v + there(m.body, v)
        if isinstance(m, Join):
            return np.concatenate([v, there(m.body, v)], axis=-1)
        if isinstance(m, Linear):
            z = v @ m.W.data + (0 if m.b is None else m.b.data)
            sums.append(z)
            return z + push.get(len(sums) - 1, 0)
        return _CURVES[type(m).__name__](v)

    return there(model, x), sums


def true_deltas(model, x, y):
    """δ at every sum by a complex step at each of its numbers."""
    out, sums = run(model, x, {})
    found = []
    for k, z in enumerate(sums):
        delta = np.empty(z.size)
        for i in range(z.size):
            by = np.zeros(z.size, complex)
            by[i] = 1j * TINY
            out, _ = run(model, x, {k: by.reshape(z.shape)})
            delta[i] = (0.5 * ((out - y) ** 2).sum()).imag / TINY
        found.append(delta.reshape(z.shape))
    return found


@pytest.mark.parametrize("block", range(10))
def test_bars_add_up_to_the_measured_ratio_on_two_hundred_random_nets(block):
    crossings = skips = 0
    for seed in range(20 * block, 20 * block + 20):
        case = draw(seed)
        model = case.model()
        y = np.random.default_rng(seed).normal(size=model(case.x).shape)
        flow = gradient_flow(model, (case.x, y), SquaredError())
        true = true_deltas(model, case.x, y)
        assert len(flow.layers) == len(true)
        for layer, delta in zip(flow.layers, true, strict=True):
            scale = max(1e-300, float(np.abs(delta).max()))
            assert np.abs(layer.delta - delta).max() <= 1e-9 * scale
        for c in flow.crossings:
            below, above = (np.linalg.norm(true[i]) for i in (c.below, c.above))
            if below == 0 or above == 0:
                assert c.state in ("zero", "nothing")
                continue
            assert c.state == ""
            assert c.sum == pytest.approx(log10(below / above), abs=1e-8)  # of two engines
            assert abs(c.sum - c.measured) < 1e-10  # of the bars
            crossings += 1
            skips += any(p.kind == "skip" for p in c.parts)
        total = flow.budget
        if not total.state:
            assert abs(total.sum - total.measured) < 1e-10
            assert abs(sum(total.kinds.values()) - total.sum) < 1e-10
    assert crossings > 20 and skips > 3


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("start", STARTS)
def test_each_bar_is_numpys(act, start):
    flow = gradient_flow(*deep(act, start, seed=1, layers=8, width=16, rows=12))
    true = walk(act, STARTS[start], 1, 8, 16, 12)
    for kind, v in true.bars.items():
        assert flow.budget.kinds[kind] == pytest.approx(v, abs=1e-10)
    assert {c.below: c.above for c in flow.crossings} == {i: i + 1 for i in range(8)}
    assert set(flow.budget.kinds) == {"weights", "slope"}
    for i in range(7):
        through = true.delta[i + 1] @ true.W[i + 1].T
        c = flow.crossings[i]
        part = np.log10(np.linalg.norm(through) / np.linalg.norm(true.delta[i + 1]))
        assert c.of("weights") == pytest.approx(part, abs=1e-11)


@pytest.mark.parametrize("act", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize(("skip", "norm"), [(True, False), (False, True), (True, True)])
def test_skip_and_normalisation_have_bars_of_their_own(act, skip, norm):
    flow = gradient_flow(*deep(act, "he", layers=7, width=16, rows=12, skip=skip, norm=norm))
    true = walk(act, np.sqrt(2), 0, 7, 16, 12, skip, norm)
    assert set(flow.budget.kinds) == set(true.bars)
    for kind, v in true.bars.items():
        assert flow.budget.kinds[kind] == pytest.approx(v, abs=1e-10)


def test_batch_normalisation_and_unknown_operations_are_parts_too():
    rng = np.random.default_rng(3)
    model = Sequential(Linear(4, 5), BatchNorm(5), Tanh(), Linear(5, 5), nn.Softmax(), Linear(5, 2))
    x, y = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    before = model.state_dict()
    flow = gradient_flow(model, (x, y))
    first, second = flow.crossings
    assert first.of("norm") != 0 and first.of("slope") < 0
    assert [p.kind for p in second.parts] == ["weights", "weights", "other"]
    assert second.parts[-1].name == "softmax"
    for c in flow.crossings:
        assert abs(c.sum - c.measured) < 1e-12
    after = model.state_dict()
    assert all(np.array_equal(before[k], after[k]) for k in before)  # no running mean has moved


def test_a_slope_that_ends_is_said_and_where():
    model = Sequential(*[m for _ in range(4) for m in (Linear(3, 3), ReLU())], Linear(3, 1))
    for layer in list(model)[::2]:  # all is positive, so every unit is on …
        layer.W.data, layer.b.data = np.full(layer.W.shape, 0.4), np.full(layer.b.shape, 0.5)
    model[2].b.data = np.full(3, -1e3)  # … but in layer 2, off for every input
    x, y = np.ones((2, 3)), np.ones((2, 1))
    flow = gradient_flow(model, (x, y))
    assert [c.state for c in flow.crossings[:3]] == ["nothing", "zero", ""]
    assert isnan(flow.crossings[0].measured) and flow.crossings[1].measured == -inf
    assert flow.crossings[1].sum == -inf and flow.crossings[1].parts[-1].name == "relu"
    total = flow.budget
    assert (total.state, total.where) == ("zero", 1) and total.kinds["slope"] == -inf
    assert flow.layers[0].delta_size == 0 and flow.layers[0].delta_zero == 1


def test_a_way_round_a_dead_layer_is_a_skip():
    """The inner layer is dead, but the slope comes back beside it, and the bars add up."""
    inner = Sequential(Linear(3, 3), ReLU(), Linear(3, 3))
    inner[0].b.data = np.full(3, -1e3)
    model = Sequential(Linear(3, 3), Tanh(), Skip(inner), Linear(3, 1))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 1))
    flow = gradient_flow(model, (x, y), SquaredError())
    true = true_deltas(model, x, y)
    assert np.linalg.norm(true[1]) == 0 and np.linalg.norm(true[0]) > 0
    by_pair = {(c.below, c.above): c for c in flow.crossings}
    assert by_pair[0, 1].state == "nothing" and by_pair[1, 2].state == "zero"


def test_what_a_dead_way_lacks_another_brings():
    """h → W = 0 and h → beside it: the weights' part would be −∞; the skip takes all of it."""

    class Beside(Module):
        def __init__(self) -> None:
            self.one, self.two = Linear(2, 2, bias=False), Linear(2, 2, bias=False)

        def forward(self, x):
            h = ops.tanh(self.one(x))
            return self.two(h) + h

    model = Beside()
    model.draw()
    model.two.W.data = np.zeros((2, 2))
    flow = gradient_flow(model, (np.array([[0.3, -0.2]]), np.array([[1.0, -1.0]])), SquaredError())
    (c,) = flow.crossings
    assert c.state == "" and abs(c.sum - c.measured) < 1e-12
    assert [p.kind for p in c.parts] == ["skip", "slope"]


@pytest.mark.parametrize("seed", range(3))
def test_a_crossing_over_nothing_but_weights(seed):
    model = Sequential(Linear(3, 4), Identity(), Linear(4, 2, bias=False), Linear(2, 1))
    model.reset(seed)
    rng = np.random.default_rng(seed)
    flow = gradient_flow(model, (rng.normal(size=(5, 3)), rng.normal(size=(5, 1))))
    for c in flow.crossings:
        assert c.of("slope") == 0 and c.of("weights") == pytest.approx(c.measured, abs=1e-12)


def test_a_norm_is_found_without_a_bend_too():
    model = Sequential(Linear(3, 4), LayerNorm(4), Linear(4, 1))
    rng = np.random.default_rng(1)
    flow = gradient_flow(model, (rng.normal(size=(5, 3)), rng.normal(size=(5, 1))))
    (c,) = flow.crossings
    assert {p.kind for p in c.parts} == {"weights", "norm"}
    assert abs(c.sum - c.measured) < 1e-12
