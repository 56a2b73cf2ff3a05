"""`net` and its features beside the layers they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from backprop_kit.nn import Linear, ReLU, Sequential, Sigmoid, Tanh, he_uniform
from backprop_kit.study import net
from backprop_kit.study.nets import ACTIVATIONS, FEATURES, INITS, OUTPUTS, Features


def test_a_net_is_the_sequential_one_would_write():
    made = net((2, 8, 3, 1), activation="relu", init="He", seed=4)
    byhand = Sequential(
        Linear(2, 8, init=he_uniform), ReLU(), Linear(8, 3, init=he_uniform), ReLU(),
        Linear(3, 1, init=he_uniform),
    ).reset(4)  # fmt: skip
    assert repr(made) == repr(byhand)
    for path, a in byhand.state_dict().items():
        assert np.array_equal(made.state_dict()[path], a)
    assert isinstance(net((2, 1), output="sigmoid")[1], Sigmoid) and len(net((2, 1))) == 1
    assert isinstance(net([2, 3, 1])[1], Tanh) and len(net((2, *[4] * 6, 1))) == 13


def test_the_same_seed_is_the_same_net_and_draws_as_told():
    rng = np.random.default_rng(9)
    W1 = rng.uniform(-np.sqrt(6 / 6), np.sqrt(6 / 6), (2, 4))
    W2 = rng.uniform(-np.sqrt(6 / 5), np.sqrt(6 / 5), (4, 1))
    made = net((2, 4, 1), seed=9)
    assert np.allclose(made[0].W.data, W1) and np.allclose(made[2].W.data, W2)
    assert not made[0].b.data.any()
    for name in INITS:
        assert np.array_equal(
            net((2, 4, 1), init=name)[0].W.data, net((2, 4, 1), init=name)[0].W.data
        )
    for name in ACTIVATIONS:
        assert np.isfinite(net((2, 4, 1), activation=name)(np.ones((3, 2))).data).all()
    for name in OUTPUTS:
        assert np.isfinite(net((2, 4, 2), output=name)(np.ones((3, 2))).data).all()


def test_features():
    x = np.random.default_rng(1).uniform(-1, 1, (5, 2))
    a, b = x.T
    true = [a, b, a * a, b * b, a * b, np.sin(np.pi * a), np.sin(np.pi * b)]
    assert np.allclose(Features(list(FEATURES))(x).data, np.stack(true, -1), atol=1e-15)
    made = net((2, 3, 1), features=["sin x2", "x1"])
    assert made[0].names == ("x₁", "sin x₂") and made[1].W.shape == (2, 3)
    assert np.allclose(made[0](x).data, np.stack([a, np.sin(np.pi * b)], -1))
    assert isinstance(net((2, 3, 1), features=["x1", "x2"])[0], Linear)
    assert repr(made[0]) == "Features(x₁, sin x₂)"
    for bad in ([], "x1", ["x3"], [1], None):
        with refused(ValueError, "Choose among"):
            Features(bad)
    with refused(ValueError, "two inputs"):
        net((3, 2, 1), features=["x1"])
    with refused(ValueError, "two inputs"):
        Features(["x1"])(np.ones((4, 3)))


@pytest.mark.parametrize(("sizes", "kind", "word"), [
    ((2, 0, 1), ValueError, "width 0"), ((2, 10_000, 1), ValueError, "width 10000"),
    ((2, 33, 1), ValueError, "1 to 32"), ((2, 2.5, 1), ValueError, "2.5"),
    ((2, -1, 1), ValueError, "-1"), ((2, True, 1), ValueError, "True"), ((0, 1), ValueError, "0"),
    ((2, *[3] * 7, 1), ValueError, "7 hidden layers"), ((2,), TypeError, "sizes"),
    (5, TypeError, "sizes"), ("2-8-1", TypeError, "sizes"), (None, TypeError, "sizes"),
    ((2000, 1), ValueError, "1024"),
])  # fmt: skip
def test_sizes_that_make_no_net(sizes, kind, word):
    with refused(kind, word):
        net(sizes)


def test_names_that_are_none():
    with refused(ValueError, "'tanh'"):
        net((2, 1), activation="tahn")
    with refused(ValueError, "Choose among"):
        net((2, 1), init=3)
    with refused(ValueError, "output"):
        net((2, 1), output="relu")
    with refused(ValueError, "seed"):
        net((2, 1), seed=-1)
