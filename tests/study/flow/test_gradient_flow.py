"""A pass taken apart: every number is NumPy's or PyTorch's, for any model, at a small cost."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest
from counting import numpy_calls
from deepnumpy import ACTS, walk
from nets import draw
from refusal import refused

from backprop_kit.data import digits
from backprop_kit.engine import Tensor
from backprop_kit.nn import (
    SGD,
    Adam,
    Dropout,
    Linear,
    MSELoss,
    Sequential,
    Tanh,
)
from backprop_kit.study import digits_net
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.flow.gradient_flow import gradient_flow

RNG = np.random.default_rng(8)
norm = np.linalg.norm


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("skip", "normal"), [(False, False), (True, False), (True, True)])
def test_every_layer_is_numpys(act, skip, normal):
    rule = SGD(0.1)
    flow = gradient_flow(
        *deep(act, 1.3, layers=6, width=12, rows=9, skip=skip, norm=normal), optimizer=rule
    )
    true = walk(act, 1.3, 0, 6, 12, 9, skip, normal)
    assert flow.value == pytest.approx(true.loss, rel=1e-13) and not flow.events
    assert len(flow.layers) == 7 and flow.layers[-1].output and flow.chain == tuple(range(6))
    for i in range(6):
        layer = flow.layers[i]
        assert np.allclose(layer.z, true.z[i], rtol=1e-11, atol=1e-14)
        assert np.allclose(layer.h, true.h[i], rtol=1e-11, atol=1e-14)
        assert np.abs(layer.delta - true.delta[i]).max() <= 1e-12 * np.abs(true.delta[i]).max()
        assert layer.rms == pytest.approx(np.sqrt((true.h[i] ** 2).mean()), rel=1e-11)
        assert layer.spread == pytest.approx(np.sqrt(true.h[i].var(axis=0).mean()), rel=1e-11)
        assert layer.delta_size == pytest.approx(norm(true.delta[i]), rel=1e-11)
        assert layer.gradient_size == pytest.approx(norm(true.grad[i]), rel=1e-11)
        (w, *_) = layer.weights
        assert w.slope_size == pytest.approx(norm(true.grad[i]), rel=1e-11)
        assert w.moved == pytest.approx(0.1 * norm(true.grad[i]) / norm(true.W[i]), rel=1e-11)
    assert flow.spread == pytest.approx(np.sqrt(true.out.var(axis=0).mean()), rel=1e-11)
    assert flow.delta_ratio == pytest.approx(norm(true.delta[0]) / norm(true.delta[-1]), rel=1e-11)
    assert flow.gradient_ratio == pytest.approx(norm(true.grad[0]) / norm(true.grad[-1]), rel=1e-11)


@pytest.mark.pytorch
@pytest.mark.parametrize("act", ["sigmoid", "tanh", "relu"])
def test_skip_and_layer_norm_are_pytorchs(act):
    torch = pytest.importorskip("torch")
    model, (x, y) = deep(act, "he", seed=5, layers=8, width=16, rows=10, skip=True, norm=True)
    flow = gradient_flow(model, (x, y))
    h, sums = torch.tensor(x), []
    for block in list(model)[:-1]:
        z = h @ torch.tensor(block[0].W.data)
        z = z.requires_grad_() if z.is_leaf else z
        z.retain_grad()
        sums.append(z)
        h = h + getattr(torch, act)(torch.nn.functional.layer_norm(z, (16,)))
    out = h @ torch.tensor(model[-1].W.data)
    ((out - torch.tensor(y)) ** 2).mean().backward()
    for layer, z in zip(flow.layers, sums, strict=False):
        true = z.grad.numpy()
        assert np.abs(layer.delta - true).max() <= 1e-11 * np.abs(true).max()


def test_dropout_and_a_data_set_and_labels():
    model = Sequential(Linear(64, 16), Tanh(), Dropout(0.5), Linear(16, 10))
    model.draw()
    flow = gradient_flow(model, digits(), optimizer=Adam(0.001))
    assert flow.x.value.shape == (1437, 64) and len(flow.layers) == 2
    (c,) = flow.crossings
    assert [p.name for p in c.parts if p.kind == "other"] == ["dropout"]
    assert abs(c.sum - c.measured) < 1e-12
    assert flow.layers[0].weights[0].moved > 0
    again = gradient_flow(model, digits(), optimizer=Adam(0.001))
    assert again.value == flow.value  # a look draws no chance


def test_one_hidden_layer_has_an_empty_budget():
    flow = gradient_flow(digits_net(), digits())
    assert flow.chain == (0,) and flow.crossings_on_chain == ()
    assert flow.budget.sum == 0 and flow.budget.measured == 0 and flow.delta_ratio == 1
    alone = gradient_flow(Linear(2, 1), ([[1.0, 2.0]], [[0.5]]))
    assert alone.chain == (0,) and alone.first.output and not alone.crossings


def test_the_model_and_its_hooks_are_left_alone():
    model, batch = deep("tanh", 1, layers=3, width=4)
    heard = []
    with model[1].register_full_backward_hook(lambda m, i, o: heard.append(1) or (i[0] * 0,)):
        flow = gradient_flow(model, batch)
    assert not heard and flow.layers[0].delta_size > 0
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("seed", range(40))
def test_wild_numbers_neither_warn_nor_raise(seed):
    """Nested nets with weights of any size, in both types: every number can be asked for."""
    rng = np.random.default_rng([77, seed])
    case = draw(seed)
    model, narrow = case.model(), seed % 2 == 0
    shape = model(case.x).shape
    for p in model.parameters():
        far = 10.0 ** rng.uniform(-30, 30) if narrow else 10.0 ** rng.uniform(-250, 250)
        p.data = (p.data * far).astype(np.float32 if narrow else np.float64)
    x = case.x.astype(np.float32) if narrow else case.x
    y = np.zeros(shape, x.dtype)
    flow = gradient_flow(model, (x, y), optimizer=SGD(0.1, clip_norm=1))
    looked(flow)
    for c in flow.crossings:
        if not c.state:
            assert abs(c.sum - c.measured) < 1e-10
    finite = all(np.isfinite(n.value).all() for n in flow.trace.nodes)
    finite &= all(np.isfinite(g).all() for g in flow.trace.grads.values())
    assert bool(flow.events) is not finite


# --- cost -----------------------------------------------------------------------------------------
def step(model, x, y, rule):
    model.zero_grad()
    MSELoss()(model(x), y).backward()
    rule.step(model)


def looked(flow):
    """Ask for everything."""
    for m in flow.layers:
        _ = (m.rms, m.spread, m.zero, m.dead, m.saturated, m.mean_slope, m.delta_size, m.delta_zero)
        _ = (m.gradient_size, [w.moved for w in m.weights])
    _ = (flow.budget, flow.delta_ratio, flow.gradient_ratio, flow.spread, flow.value)


def analysis(model, x, y, rule):
    looked(gradient_flow(model, (x, y), optimizer=rule))


@pytest.mark.parametrize("change", [{}, {"skip": True, "norm": True}])
def test_an_analysis_costs_less_than_three_steps(change):
    """Fifty layers: one forward and one backward pass, and then sizes of what they left."""
    model, (x, y) = deep("tanh", 1, layers=50, **change)
    rule = SGD(0.01)
    calls = numpy_calls(lambda: step(model, x, y, rule))
    looked = numpy_calls(lambda: analysis(model, x, y, rule))
    assert looked["matmul"] == calls["matmul"]
    assert sum(looked.values()) <= 3 * sum(calls.values())


def test_sizes_cost_a_small_part_of_the_products():
    model, (x, y) = deep("tanh", 1, layers=50)
    products = 51 * 3 * 64**3  # there, back to x, back to W; the read-out is smaller
    flow = gradient_flow(model, (x, y))
    metered = sum(m.z.size + m.h.size + m.delta.size + m.through.size for m in flow.layers)
    assert 12 * metered < products  # a dozen passes over every array would still be less


# --- what is refused ------------------------------------------------------------------------------
def _scaled(v):
    return v * Tensor(2.0)


@pytest.mark.parametrize(
    ("kind", "call", "said"),
    [
        (
            ValueError,
            lambda: gradient_flow(lambda v: v * Tensor(2.0), ([[1.0]], [[2.0]])),
            "matrix",
        ),
        (ValueError, lambda: gradient_flow(Tanh(), ([[1.0]], [[2.0]])), "no matrix"),
        (TypeError, lambda: gradient_flow(Linear(1, 1), 3), "pair"),
        (ValueError, lambda: gradient_flow(Linear(1, 1), ([[nan]], [[1.0]])), "nan"),
        (ValueError, lambda: gradient_flow(Linear(2, 1), ([[1.0]], [[1.0]])), "features"),
        (TypeError, lambda: gradient_flow(Linear(1, 1), ([[1.0]], [[1.0]]), MSELoss), "loss"),
        (TypeError, lambda: gradient_flow(3, ([[1.0]], [[1.0]]), MSELoss()), "model"),
        (TypeError, lambda: gradient_flow(Linear(1, 1), ([[1.0]], [[1.0]]), None, 3), "optimizer"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(kind, call, said):
    with refused(kind, said):
        call()


# --- the numbers of the lesson --------------------------------------------------------------------
BUDGETS = {
    ("sigmoid", "xavier"): (-0.04, -11.95, -11.99),
    ("sigmoid", "he"): (2.75, -12.35, -9.59),
    ("sigmoid", "orthogonal"): (0.0, -11.97, -11.97),
    ("sigmoid", 4): (11.30, -15.32, -4.03),
    ("σ − ½", 1): (0.01, -11.52, -11.51),
    ("4σ − 2", 1): (-0.03, -0.43, -0.46),
    ("relu", "xavier"): (0.09, -2.99, -2.90),
    ("relu", "he"): (2.94, -3.00, -0.06),
    ("linear", "orthogonal"): (0.0, 0.0, 0.0),
    ("tanh", 0.5): (-5.71, -0.10, -5.81),
    ("tanh", 3): (9.08, -6.61, 2.47),
}


@pytest.mark.parametrize("setting", BUDGETS)
def test_budgets_of_the_lesson(setting):
    total = gradient_flow(*deep(*setting)).budget
    found = (total.kinds["weights"], total.kinds["slope"], total.sum)
    assert found == pytest.approx(BUDGETS[setting], abs=0.006)


def test_the_layer_that_hears_nothing_and_the_trap():
    flow = gradient_flow(*deep("sigmoid", "xavier"))
    assert flow.last.delta_size == pytest.approx(0.0561, abs=1e-4)
    assert flow.first.delta_size == pytest.approx(5.78e-14, rel=0.002)
    assert all(m.saturated == 0 for m in flow.layers)
    assert gradient_flow(*deep("sigmoid", layers=40)).budget.sum == pytest.approx(-24.9, abs=0.05)
    trap = gradient_flow(*deep("tanh", 0.5))
    assert trap.gradient_ratio == pytest.approx(0.746, abs=1e-3)
    assert trap.delta_ratio == pytest.approx(1.55e-6, rel=0.005)
    sizes = [m.gradient_size for m in trap.layers[:20]]
    assert 2.5e-6 < min(sizes) and max(sizes) < 5e-6
    assert [trap.layers[i].rms for i in (0, 1, 19)] == pytest.approx(
        [0.415, 0.195, 7.24e-7], rel=0.002
    )
    assert trap.spread == pytest.approx(7.81e-7, rel=0.002)
    hidden = gradient_flow(*deep("relu", 1.4 * np.sqrt(2)))
    assert hidden.delta_ratio == pytest.approx(645, abs=1)
    assert hidden.gradient_ratio == pytest.approx(0.665, abs=0.001)


def test_linear_orthogonal_is_exactly_one():
    for layers in (20, 50):
        flow = gradient_flow(*deep("linear", "orthogonal", layers=layers))
        assert abs(flow.delta_ratio - 1) < 1e-12


def test_clipping_moves_no_bar_but_shortens_the_step():
    net = deep("tanh", 3)
    plain = gradient_flow(*net, optimizer=SGD(0.1))
    clipped = gradient_flow(*net, optimizer=SGD(0.1, clip_norm=1))
    assert clipped.budget == plain.budget and clipped.layers[0].gradient_size > 1
    share = 1 / np.sqrt(sum(w.slope_size**2 for w in plain.weights.values()))
    for path, w in clipped.weights.items():
        assert w.moved == pytest.approx(share * plain.weights[path].moved, rel=1e-5)
