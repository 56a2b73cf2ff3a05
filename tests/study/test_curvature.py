"""How a loss bends, beside closed forms, PyTorch's second slopes and central differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from refusal import refused

from backprop_kit.data import Data, digits
from backprop_kit.engine import ops
from backprop_kit.nn import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Linear,
    Module,
    MSELoss,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    SquaredError,
    Tanh,
    uniform,
)
from backprop_kit.study import board, curvature, digits_net, hessian, limit, sharpness

BENDS = {"Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "ReLU": torch.relu}


def of_torch(model, loss):
    """All second slopes of loss(output) of a Sequential by PyTorch's own differentiation."""
    layers, shapes = list(model), [p.shape for p in model.parameters()]
    flat = np.concatenate([p.data.ravel() for p in model.parameters()])

    def of(theta):
        parts = torch.split(theta, [int(np.prod(s)) for s in shapes])
        numbers = iter([p.reshape(s) for p, s in zip(parts, shapes, strict=True)])
        return loss(lambda h: run(h, layers, numbers))

    return torch.autograd.functional.hessian(of, torch.tensor(flat)).numpy()


def run(h, layers, numbers):
    for layer in layers:
        h = h @ next(numbers) + next(numbers) if isinstance(layer, Linear) else BENDS[
            type(layer).__name__](h)  # fmt: skip
    return h


def close(mine, true, tolerance=1e-12):
    return np.abs(mine - true).max() <= tolerance * np.abs(true).max()


# --- closed forms ---------------------------------------------------------------------------------
def test_the_bowl_bends_by_1_and_25():
    model, x, y = board("bowl")
    assert np.array_equal(hessian(model, (x, y)), [[1, 0], [0, 25]])
    assert sharpness(model, (x, y)) == 25 and limit(model, (x, y)) == 0.08


def test_squared_errors_of_a_line_bend_by_the_inputs_alone():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 1))
    wide = np.hstack([x, np.ones((7, 1))])
    line = Sequential(Linear(3, 1))
    assert close(hessian(line, (x, y), SquaredError()), wide.T @ wide)
    assert close(hessian(line, (x, y)), 2 / 7 * wide.T @ wide)
    largest = np.linalg.svd(wide)[1][0] ** 2
    assert limit(line, (x, y), SquaredError()) == pytest.approx(2 / largest, rel=1e-12)


def test_a_logistic_unit_bends_by_p_times_1_minus_p():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(9, 2)), rng.integers(0, 2, (9, 1)).astype(float)
    unit = Sequential(Linear(2, 1))
    wide = np.hstack([x, np.ones((9, 1))])
    p = 1 / (1 + np.exp(-x @ unit[0].W.data - unit[0].b.data))
    true = (wide * p * (1 - p)).T @ wide / 9
    assert close(hessian(unit, (x, y), BCEWithLogitsLoss()), true)
    whole = Sequential(Linear(2, 1), Sigmoid())
    assert close(hessian(whole, (x, y), BCELoss()), true)


# --- beside PyTorch -------------------------------------------------------------------------------
@pytest.mark.parametrize("bend", [Tanh, Sigmoid, ReLU])
def test_a_net_with_squared_errors(bend):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    net = Sequential(Linear(3, 5), bend(), Linear(5, 4), bend(), Linear(4, 2))
    net.reset(3, init=uniform(1))
    X, Y = torch.tensor(x), torch.tensor(y)
    true = of_torch(net, lambda f: 0.5 * ((f(X) - Y) ** 2).sum())
    mine = hessian(net, (x, y), SquaredError())
    assert close(mine, true) and np.array_equal(mine, mine.T)
    assert sharpness(net, (x, y), SquaredError()) == pytest.approx(
        np.linalg.eigvalsh(true)[-1], rel=1e-12
    )


def test_cross_entropy_and_its_digits():
    x, y = digits().train
    x, y = x[:20], y[:20]
    net = Sequential(Linear(64, 4), Tanh(), Linear(4, 10))
    X, Y = torch.tensor(x), torch.tensor(y)
    true = of_torch(net, lambda f: torch.nn.functional.cross_entropy(f(X), Y))
    assert close(hessian(net, (x, y)), true)
    largest = np.linalg.eigvalsh(true)[-1]
    assert net[0].W.size + net[2].W.size + 14 > curvature.DENSE
    assert sharpness(net, (x, y)) == pytest.approx(largest, rel=1e-12)


def test_scores_far_apart_stay_finite():
    x, y = digits().train
    net = digits_net()
    net[2].W.data = net[2].W.data * 1e4
    assert np.isfinite(sharpness(net, (x[:50], y[:50])))


def test_the_digits_net_beside_steps_along_pytorchs_slopes():
    """λmax of 2,410 parameters by power steps on central differences of PyTorch's slopes."""
    x, y = digits().train
    net = digits_net()
    numbers = [torch.tensor(p.data, requires_grad=True) for p in net.parameters()]
    X, Y = torch.tensor(x[:100]), torch.tensor(y[:100])

    def slopes(by, v):
        moved = [p + by * u for p, u in zip(numbers, v, strict=True)]
        loss = torch.nn.functional.cross_entropy(run(X, list(net), iter(moved)), Y)
        return torch.autograd.grad(loss, numbers)

    v = [torch.randn(p.shape, generator=torch.Generator().manual_seed(0), dtype=p.dtype)
         for p in numbers]  # fmt: skip
    for _ in range(60):
        size = torch.sqrt(sum((u**2).sum() for u in v))
        v = [u / size for u in v]
        ahead, back = slopes(1e-5, v), slopes(-1e-5, v)
        v = [(a - b) / 2e-5 for a, b in zip(ahead, back, strict=True)]
    largest = float(torch.sqrt(sum((u**2).sum() for u in v)))
    assert sharpness(net, (x[:100], y[:100])) == pytest.approx(largest, rel=1e-6)


# --- what is asked is not changed -----------------------------------------------------------------
def test_products_agree_before_they_are_made_symmetric():
    net, x, y = board("sine")
    rows = curvature._Bent(net, (x, y), MSELoss()).every()
    assert np.abs(rows - rows.T).max() <= 1e-12 * np.abs(rows).max()


def test_portions_of_any_size_give_the_same(monkeypatch):
    net, x, y = board("sine")
    whole = hessian(net, (x, y))
    monkeypatch.setattr(curvature, "MEMORY", 1.0)
    assert close(hessian(net, (x, y)), whole, 1e-14)


def test_of_data_the_rows_to_learn_from_count():
    net, x, y = board("sine")
    data = Data(x, y)
    assert limit(net, data) == limit(net, tuple(data.train)) != limit(net, (x, y))


def test_the_model_stays_as_it_was():
    net, x, y = board("sine")
    net(x).sum().backward()
    before = {name: (p.data, p.grad) for name, p in net.named_parameters()}
    limit(net, (x, y))
    for name, p in net.named_parameters():
        assert p.data is before[name][0] and p.grad is before[name][1]


def test_numbers_in_float32_are_bent_in_float64():
    net, x, y = board("sine")
    wide = sharpness(net, (x, y))
    for p in net.parameters():
        p.data = p.data.astype(np.float32)
    assert sharpness(net, (x, y)) == pytest.approx(wide, rel=1e-6)
    assert net[0].W.data.dtype == np.float32


def test_a_parameter_the_loss_does_not_see_bends_nothing():
    class Spare(Module):
        def __init__(self):
            self.used, self.spare = Parameter((1,), uniform(1)), Parameter((2,), uniform(1))

        def forward(self, x):
            return x * self.used

    found = hessian(Spare(), (np.ones((3, 1)), np.zeros((3, 1))))
    assert np.array_equal(found, np.diag([2.0, 0, 0]))


def test_a_kink_bends_nowhere():
    class Folded(Module):
        def __init__(self):
            self.w = Parameter((1,), uniform(1))

        def forward(self, x):
            return ops.relu(x * self.w)

    def plain(output, target):
        return (output - target).sum()

    data = (np.array([[1.0], [-1.0]]), np.zeros((2, 1)))
    assert sharpness(Folded(), data, plain) == 0 and limit(Folded(), data, plain) == np.inf


def test_a_run_out_of_bounds_has_no_curvature():
    net, x, y = board("sine")
    net[0].W.data = net[0].W.data * 1e200
    net[2].W.data = net[2].W.data * 1e200
    assert np.isnan(sharpness(net, (x, y))) and np.isnan(limit(net, (x, y)))
    net = digits_net()
    net[2].W.data = np.full((32, 10), 1e308) * (-1.0) ** np.arange(10)
    x, y = digits().train
    assert np.isnan(sharpness(net, (x[:20], y[:20])))


# --- what is refused ------------------------------------------------------------------------------
def test_too_many_second_slopes_are_refused_with_what_they_weigh():
    with refused(ValueError, "101,770 parameters", "82,857 MB", "3,000", "sharpness"):
        hessian(Sequential(Linear(784, 128), Tanh(), Linear(128, 10)),
                (np.zeros((2, 784)), np.array([0, 1])))  # fmt: skip


@pytest.mark.parametrize(("model", "data", "loss", "kind"), [
    (lambda x: x, ([[1.0]], [[1.0]]), None, TypeError),
    (Sequential(Linear(1, 1)), 3, None, TypeError),
    (Sequential(Linear(1, 1)), ([[1.0]], [[1.0]]), "mse", TypeError),
    (Sequential(Linear(1, 1)), ([[np.nan]], [[1.0]]), None, ValueError),
    (Sequential(Linear(1, 1)), ([[1.0]], [[1.0], [2.0]]), None, ValueError),
    (Sequential(Tanh()), ([[1.0]], [[1.0]]), None, ValueError),
    (Sequential(Linear(1, 3)), ([[1.0]], [[1.0]]), CrossEntropyLoss(), Exception),
])  # fmt: skip
def test_what_does_not_fit_is_refused(model, data, loss, kind):
    for ask in (hessian, sharpness, limit):
        with pytest.raises(kind) as said:
            ask(model, data, loss)
        assert len(str(said.value).split("\n")) == 2
