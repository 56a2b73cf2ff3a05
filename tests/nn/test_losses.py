"""Losses: their values beside PyTorch's, what they refuse, which one follows from y."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor, gradcheck

rng = np.random.default_rng(0)
Z, T = rng.normal(size=(5, 3)), rng.uniform(size=(5, 3))
P, LABELS = 1 / (1 + np.exp(-Z)), rng.integers(0, 3, 5)

PAIRS = [
    (nn.SquaredError, Z, T, lambda F, o, t: 0.5 * F.mse_loss(o, t, reduction="sum")),
    (nn.MSELoss, Z, T, lambda F, o, t: F.mse_loss(o, t)),
    (nn.BCELoss, P, T, lambda F, o, t: F.binary_cross_entropy(o, t)),
    (nn.BCEWithLogitsLoss, Z, T, lambda F, o, t: F.binary_cross_entropy_with_logits(o, t)),
    (nn.CrossEntropyLoss, Z, LABELS, lambda F, o, t: F.cross_entropy(o, t)),
]


@pytest.mark.pytorch
@pytest.mark.parametrize(
    ("kind", "output", "target", "theirs"), PAIRS, ids=[kind.__name__ for kind, *_ in PAIRS]
)
@pytest.mark.parametrize("unfused", [False, True])
def test_value_and_slope_are_pytorchs(kind, output, target, theirs, unfused):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ours, data = Tensor(output), Tensor(target, requires_grad=False)
    loss = kind().unfused(ours, data) if unfused else kind()(ours, target)
    loss.backward()
    other = torch.tensor(output, requires_grad=True)
    their_loss = theirs(torch.nn.functional, other, torch.tensor(target))
    their_loss.backward()
    assert float(loss) == pytest.approx(their_loss.item(), rel=1e-12)
    np.testing.assert_allclose(ours.grad, other.grad.numpy(), rtol=1e-10, atol=1e-14)


def test_values_by_hand():
    assert float(nn.SquaredError()(Tensor([[1.0, 3.0]]), [[0.0, 1.0]])) == 2.5
    assert float(nn.MSELoss()(Tensor([[1.0, 3.0]]), [[0.0, 1.0]])) == 2.5
    assert float(nn.BCELoss()(Tensor([[0.25]]), [[1.0]])) == pytest.approx(np.log(4))
    assert float(nn.BCEWithLogitsLoss()(Tensor([[0.0]]), [[1.0]])) == pytest.approx(np.log(2))
    assert float(nn.CrossEntropyLoss()(Tensor([[0.0] * 4]), [2])) == pytest.approx(np.log(4))


ENDS = [(0, 1), (1, 0), (1e-50, 1), (0, 0), (1, 1), (1e-13, 1), (1 - 1e-13, 1), (0.3, 0.4)]


@pytest.mark.pytorch
@pytest.mark.parametrize(("p", "t"), ENDS)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_bce_at_the_ends_has_pytorchs_value(p, t, kind):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ours, other = Tensor(np.array([[p]], kind)), torch.tensor(np.array([[p]], kind))
    other.requires_grad_()
    loss = nn.BCELoss()(ours, np.array([[t]], kind))
    theirs = torch.nn.functional.binary_cross_entropy(other, torch.tensor(np.array([[t]], kind)))
    loss.backward()
    theirs.backward()
    assert loss.data.dtype == kind
    assert float(loss) == pytest.approx(theirs.item(), rel=1e-6, abs=1e-12)
    # PyTorch divides the error by p (1 − p), but not by less than 1e-12.
    if p * (1 - p) > 1e-12 or (p, t) in ((0, 1), (1, 0), (1e-50, 1)):
        assert ours.grad.item() == pytest.approx(other.grad.item(), rel=1e-6)


@pytest.mark.parametrize(("p", "t"), ENDS)
def test_bce_at_the_ends_has_the_slope_of_its_curve(p, t):
    loss = nn.BCELoss()(Tensor([[p]], "p"), [[t]])
    assert np.isfinite(loss.data) and gradcheck(loss)
    true = {(0, 1): -1e12, (1, 0): 1e12, (1e-50, 1): -1e12}.get((p, t))
    if true is None:
        true = (1 - t) / (1 - p) if p < 1 else 0.0
        true -= t / p if p > 0 else 0.0
    loss.backward()
    (leaf,) = [n for n in loss.node.scope.inputs if n.kind == "variable"]
    assert leaf.owner.grad.item() == pytest.approx(true, rel=1e-12)


def test_logits_may_be_large():
    z = Tensor([[800.0, -800.0, 800.0]])
    assert float(nn.BCEWithLogitsLoss()(z, [[1.0, 0.0, 0.0]])) == pytest.approx(800 / 3)
    assert float(nn.CrossEntropyLoss()(z, [1])) == pytest.approx(1600 + np.log(2))


@pytest.mark.parametrize(
    "target", [[[0, 1, 1]], np.array([[0.0, 1.0, 1.0]]), [[True, False, True]]]
)
@pytest.mark.parametrize("kind", [nn.SquaredError, nn.MSELoss, nn.BCELoss, nn.BCEWithLogitsLoss])
def test_a_target_does_not_widen_float32(kind, target):
    out = Tensor(np.float32([[0.2, 0.3, 0.4]]))
    loss = kind()(out, target)
    loss.backward()
    assert loss.data.dtype == out.grad.dtype == np.float32


def test_the_target_is_an_input():
    loss = nn.MSELoss()(Tensor([[1.0]]), [[2.0]])
    assert [n.kind for n in loss.node.scope.inputs] == ["variable", "input"]


def test_what_does_not_fit_is_refused():
    out = Tensor(np.full((4, 3), 0.5))
    for kind in (nn.SquaredError, nn.MSELoss, nn.BCELoss, nn.BCEWithLogitsLoss):
        with refused(ValueError, "Output of shape (4, 3) does not fit targets of shape (4,)"):
            kind()(out, np.ones(4))
    cross = nn.CrossEntropyLoss()
    with refused(ValueError, "Labels of shape (3,) do not fit scores of shape (4, 3)"):
        cross(out, [0, 1, 2])
    with refused(ValueError, "A label lies outside 0 … 2 (found 0 to 3)"):
        cross(out, [0, 1, 2, 3])
    for labels in ([0.5, 1, 2, 0], [np.nan, 1, 2, 0]):
        with refused(TypeError, "Labels are whole numbers"):
            cross(out, labels)
    with refused(TypeError, "A Tensor holds numbers, not text"):
        cross(out, ["a", "b", "c", "d"])
    for p, shown in ((1.5, "1.5"), (-0.25, "-0.25")):
        with refused(ValueError, f"BCELoss got {shown}", "Sigmoid()"):
            nn.BCELoss()(Tensor([[p]]), [[1.0]])
    with refused(TypeError, "Loss has no measure()"):
        nn.Loss()(out, out)
    for args in ((out,), (out, None), ()):
        with refused(TypeError, "MSELoss compares two arrays"):
            nn.MSELoss()(*args)
    assert out.grad is None


def test_whole_labels_may_be_written_as_floats():
    out = Tensor(np.eye(3))
    a, b = nn.CrossEntropyLoss()(out, [0, 1, 2]), nn.CrossEntropyLoss()(out, [0.0, 1.0, 2.0])
    assert a.data == b.data


@pytest.mark.parametrize(
    ("layers", "y", "expected"),
    [
        ([nn.Linear(2, 3)], [0, 2, 1], nn.CrossEntropyLoss),
        ([nn.Linear(2, 3), nn.LogSoftmax()], [0, 2, 1], nn.CrossEntropyLoss),
        ([nn.Linear(2, 3), nn.Tanh()], [0, 2, 1], nn.CrossEntropyLoss),
        ([nn.Linear(2, 3)], [0.0, 2.0, 1.0], nn.SquaredError),
        ([nn.Linear(2, 1)], [0, 1, 1], nn.SquaredError),
        ([nn.Linear(2, 1), nn.Tanh()], [[1], [-1], [1]], nn.SquaredError),
        ([nn.Linear(2, 1), nn.Sigmoid()], [[0], [1], [1]], nn.BCELoss),
        ([nn.Linear(2, 3), nn.Sigmoid()], [[0, 1, 1]], nn.BCELoss),
        ([nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())], [[0.0]], nn.BCELoss),
        ([nn.Linear(2, 1), nn.Tanh()], [[0.5]], nn.SquaredError),
        ([nn.Function(abs)], [[0.5]], nn.SquaredError),
        ([], [[0.5]], nn.SquaredError),
    ],
)
def test_the_loss_that_follows_from_y_and_the_last_module(layers, y, expected):
    model = nn.Sequential(*layers)
    for target in (y, np.array(y), Tensor(y, requires_grad=False)):
        assert type(nn.default_loss(model, target)) is expected


def test_each_loss_has_a_title():
    titles = [kind.title for kind in (nn.SquaredError, *[p[0] for p in PAIRS[1:]])]
    assert len(set(titles)) == 5 and nn.SquaredError.title == "squared error ½ Σ"
