"""A whole descent in one line, beside the same in plain NumPy."""

import numpy as np
import pytest
from refusal import refused

from backprop_kit.data import Data
from backprop_kit.nn import SGD, Adam
from backprop_kit.study import board, losses


@pytest.mark.parametrize(("eta", "alpha"), [(0.04, 0.0), (0.072, 0.0), (0.088, 0.0), (0.088, 0.5)])
def test_down_the_bowl(eta, alpha):
    bends, w, v, true = np.array([1.0, 25.0]), np.array([5.0, 1.0]), np.zeros(2), [25.0]
    for _ in range(60):
        v = alpha * v - eta * bends * w
        w = w + v
        true.append(0.5 * float(bends @ w**2))
    model, x, y = board("bowl")
    found = losses(model, (x, y), SGD(eta, momentum=alpha), 60)
    assert np.allclose(found, true, rtol=1e-9, atol=0)
    assert model[0].W.data.ravel().tolist() == [5, 1]


def test_what_grows_without_end_is_infinite_from_then_on():
    model, x, y = board("bowl")
    found = losses(model, (x, y), SGD(1000), 200)
    assert len(found) == 201 and found[0] == 25 and np.isinf(found[-1])
    first = int(np.isinf(found).argmax())
    assert np.isfinite(found[:first]).all() and np.isinf(found[first:]).all()


def test_of_data_the_rows_to_learn_from_count():
    net, x, y = board("sine")
    data = Data(x, y)
    assert np.array_equal(losses(net, data, Adam(0.1), 5),
                          losses(net, tuple(data.train), Adam(0.1), 5))  # fmt: skip
    assert losses(net, data, Adam(0.1), 0).shape == (1,)


@pytest.mark.parametrize("steps", [-1, 2.5, None, True, 10**6])
def test_steps_are_counted(steps):
    model, x, y = board("bowl")
    with refused(ValueError, "steps", "4,000"):
        losses(model, (x, y), SGD(0.1), steps)
