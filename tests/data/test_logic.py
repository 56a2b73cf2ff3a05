"""The two truth tables, in the order the lessons count on."""

import numpy as np
import pytest
from refusal import refused

from backprop_kit.data import stairs, xor


def test_xor_is_one_when_exactly_one_input_is():
    x, y = xor()
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.tolist() == [[0], [1], [1], [0]]
    assert x.dtype == y.dtype == np.float64


def test_the_lamp_is_on_when_the_switches_differ():
    x, y = stairs()
    assert x.tolist() == [[1, -1], [-1, 1], [1, 1], [-1, -1]]
    assert y.tolist() == [[1], [1], [0], [0]]
    np.testing.assert_array_equal(y[:, 0], x[:, 0] != x[:, 1])
    assert x.dtype == y.dtype == np.float64
    assert stairs().names == ("switch 1", "switch 2")


def test_all_four_are_learned_from_and_judged_by():
    for data in (xor(), stairs()):
        np.testing.assert_array_equal(data.train.x, data.x)
        np.testing.assert_array_equal(data.test.y, data.y)


def test_with_n_xor_is_a_cloud_told_by_signs():
    data = xor(401, seed=3)
    assert data.x.shape == (401, 2) and data.y.shape == (401, 1)
    np.testing.assert_array_equal(data.y[:, 0] == 1, data.x.prod(1) < 0)
    assert 0.06 <= np.abs(data.x).min() and np.abs(data.x).max() <= 1
    assert abs(data.y.sum() - 200) <= 1 and len(data.test) == 80
    quarters = np.unique(np.sign(data.x), axis=0, return_counts=True)[1]
    assert len(quarters) == 4 and quarters.min() > 70
    clean, noisy = xor(5000, 0.0, 1), xor(5000, 0.3, 1)
    assert np.std(noisy.x - clean.x) == pytest.approx(0.3, rel=0.05)
    np.testing.assert_array_equal(noisy.y, clean.y)


def test_xor_says_what_it_takes():
    with refused(ValueError, "xor cannot draw 3 samples"):
        xor(3)
    with refused(ValueError, "noise is -1"):
        xor(200, -1)
    with refused(ValueError, "noise is 0.1, but the four rows of the truth table are exact"):
        xor(noise=0.1)
