"""The two truth tables, in the order the lessons count on."""

import numpy as np

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
