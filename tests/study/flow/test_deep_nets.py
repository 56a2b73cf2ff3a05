"""Deep nets: one generator draws batch and weights, and a cure changes nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from deepnumpy import ACTS, draws, orthogonal, walk
from refusal import refused

from backprop_kit.nn import ELU, Linear, MSELoss, Sigmoid, Tanh, uniform
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.run.samples import fitting_loss

STARTS = {"xavier": 1.0, "he": np.sqrt(2), 0.5: 0.5, 3: 3.0, "orthogonal": "orthogonal"}


@pytest.mark.parametrize("start", STARTS)
def test_batch_and_weights_come_from_one_generator_in_this_order(start):
    model, (x, y) = deep("tanh", start, seed=4, layers=3, width=8, rows=5)
    X, T, drawn, out = draws(4, 3, 8, 5)
    assert np.array_equal(x, X) and np.array_equal(y, T)
    for layer, D in zip(list(model)[::2], drawn, strict=False):
        s = STARTS[start]
        true = orthogonal(D) if s == "orthogonal" else D * s / np.sqrt(8)
        assert np.allclose(layer.W.data, true, rtol=1e-14, atol=0)
    assert np.array_equal(model[-1].W.data, out)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("norm", [False, True])
def test_outputs_and_loss_are_numpys(act, skip, norm):
    model, (x, y) = deep(act, 1.2, seed=2, layers=6, width=12, rows=9, skip=skip, norm=norm)
    true = walk(act, 1.2, 2, 6, 12, 9, skip, norm)
    out = model(x)
    assert np.allclose(out.data, true.out, rtol=1e-12)
    assert fitting_loss(model, y)(out, y).item() == pytest.approx(true.loss, rel=1e-12)


def test_the_plain_net_is_a_list_of_forty_one_modules():
    model, (x, y) = deep()
    assert [type(m) for m in model] == [Linear, Sigmoid] * 20 + [Linear]
    assert model[40].n_out == 1 and not any(p.endswith("b") for p, _ in model.named_parameters())
    assert x.shape == (64, 64) and y.shape == (64, 1)
    assert isinstance(fitting_loss(model, y), MSELoss)
    assert len(list(model.named_children())) == 41


def test_float32_rounds_what_was_drawn():
    wide, (x, y) = deep("tanh", "he", layers=3, width=8, norm=True)
    narrow, (u, v) = deep("tanh", "he", "float32", layers=3, width=8, norm=True)
    assert {p.data.dtype.name for p in narrow.parameters()} == {"float32"}
    assert np.array_equal(u, x.astype(np.float32)) and np.array_equal(v, y.astype(np.float32))
    for a, b in zip(wide.parameters(), narrow.parameters(), strict=True):
        assert np.array_equal(a.data.astype(np.float32), b.data)
    assert narrow(u).data.dtype == np.float32
    assert deep(dtype=np.float32, layers=1, width=2)[1][0].dtype == np.float32


def test_a_start_of_ones_own_and_an_activation_of_ones_own():
    model, (x, _) = deep(lambda z: z.sin(), uniform(1 / 8), layers=2)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((64, 64))
    rng.standard_normal((64, 1))
    A, B = rng.uniform(-1 / 8, 1 / 8, (64, 64)), rng.uniform(-1 / 8, 1 / 8, (64, 64))
    out = rng.standard_normal((64, 1)) / 8
    assert np.allclose(model(x).data, np.sin(np.sin(X @ A) @ B) @ out, rtol=1e-12)
    mine = Tanh()
    first, second = deep(mine, 1, layers=2, width=2)[0][1::2]
    assert first is not mine and first is not second and isinstance(second, Tanh)
    assert isinstance(deep("elu", 1, layers=1, width=2)[0][1], ELU)


@pytest.mark.parametrize("name", ["σ − ½", "sigmoid - 1/2", "σ(z) − ½", "sigmoid-0.5"])
def test_the_moved_sigmoid_has_several_spellings(name):
    model, _ = deep(name, 1, layers=1, width=2)
    assert repr(model[1]) == "Function(σ − ½)"


@pytest.mark.parametrize(
    ("kind", "call", "said"),
    [
        (ValueError, lambda: deep("tanhh"), "tanh"),
        (ValueError, lambda: deep("tanh", "heh"), '"he"'),
        (ValueError, lambda: deep("tanh", 0), "above 0"),
        (ValueError, lambda: deep("tanh", float("nan")), "above 0"),
        (ValueError, lambda: deep("tanh", True), "no start"),
        (ValueError, lambda: deep("tanh", 1, "float16"), "float64 or float32"),
        (ValueError, lambda: deep("tanh", 1, "nonsense"), "float64 or float32"),
        (ValueError, lambda: deep("tanh", 1, seed=-1), "seed"),
        (ValueError, lambda: deep("tanh", 1, layers=0), "layers"),
        (ValueError, lambda: deep("tanh", 1, width=10_000), "500"),
        (ValueError, lambda: deep("tanh", 1, scale=0), "scale"),
        (ValueError, lambda: deep(lambda z: z.sum(), 1), "alone"),
        (TypeError, lambda: deep(3, 1), "activation"),
    ],
)
def test_what_makes_no_net_is_refused(kind, call, said):
    with refused(kind, said):
        call()
