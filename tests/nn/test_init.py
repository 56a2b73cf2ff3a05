"""How weights start: their spread beside the theory."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from backprop_kit import nn
from backprop_kit.nn.init import fans

SHAPE = (300, 500)
CASES = {
    "uniform": (nn.uniform(0.7), 0.7**2 / 3, 0.7),
    "normal": (nn.normal(0.3), 0.3**2, None),
    "xavier_uniform": (nn.xavier_uniform, 2 / 800, sqrt(6 / 800)),
    "xavier_normal": (nn.xavier_normal, 2 / 800, None),
    "he_uniform": (nn.he_uniform, 2 / 300, sqrt(6 / 300)),
    "he_normal": (nn.he_normal, 2 / 300, None),
}


@pytest.mark.parametrize("name", CASES)
def test_mean_and_variance(name):
    init, variance, bound = CASES[name]
    w = init(np.random.default_rng(1), SHAPE)
    assert w.shape == SHAPE
    n = w.size
    assert abs(w.mean()) < 4 * sqrt(variance / n)
    # The variance of a sample variance is below 2 σ⁴ / n for both.
    assert abs(w.var() - variance) < 5 * variance * sqrt(2 / n)
    if bound is not None:
        assert 0.999 * bound < np.abs(w).max() <= bound
    else:
        assert np.abs(w).max() > 4 * sqrt(variance)


def test_zeros_draw_nothing():
    rng = np.random.default_rng(0)
    assert not nn.zeros(rng, (2, 3)).any()
    assert rng.normal() == np.random.default_rng(0).normal()


@pytest.mark.parametrize("shape", [(4, 4), (7, 3), (3, 7), (5,), (2, 3, 4, 6)])
def test_orthogonal_has_rows_or_columns_at_right_angles(shape):
    w = nn.orthogonal(np.random.default_rng(2), shape)
    assert w.shape == shape
    flat = w.reshape(-1, shape[-1])
    gram = flat @ flat.T if len(flat) <= flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-14)


def test_orthogonal_prefers_no_sign():
    ws = [nn.orthogonal(np.random.default_rng(s), (3, 3)) for s in range(300)]
    assert abs(np.mean([w[0, 0] for w in ws])) < 0.1
    assert 0.35 < np.mean([np.linalg.det(w) > 0 for w in ws]) < 0.65


def test_fans():
    assert fans((3, 5)) == (3, 5)
    assert fans((2, 2, 3, 5)) == (12, 20)
    assert fans((4,)) == (4, 4) and fans(()) == (1, 1)
