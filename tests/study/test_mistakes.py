"""Ways back with a mistake in them, beside passes written out by hand."""

import numpy as np
import pytest
from refusal import refused

from backprop_kit.engine import Tensor, Trace
from backprop_kit.nn import Linear, Sequential, SquaredError, Tanh
from backprop_kit.study.boards import board
from backprop_kit.study.mistakes import MISTAKES, STEP, spoil
from backprop_kit.study.passes import record_pass


@pytest.fixture(scope="module")
def two():
    return record_pass(*board("2-2-1"))


def by_hand(step=0.0, slope=True):
    """The 2–2–1 net of the lesson, its way back written out."""
    X, t = np.array([[1.0, 2], [1, -1]]), np.array([[1.0], [-0.75]])
    W1, W2 = np.array([[1.0, -1], [0.5, 1]]), np.array([[0.5], [-1.0]])
    Z = X @ W1
    H = np.maximum(Z, 0)
    dY = H @ W2 - t
    dW2 = H.T @ dY
    back = dY @ (W2 - step * dW2).T
    d1 = back * (Z > 0) if slope else back
    return {"0.W": X.T @ d1, "0.b": d1.sum(axis=0), "2.W": dW2, "2.b": dY.sum(axis=0)}


def held(spoiled, recorded):
    return {name: spoiled.held[n] for name, n in recorded.parameters.items()}


@pytest.mark.parametrize(("mistake", "how"), [
    ("update on the way", {"step": STEP}), ("no slope", {"slope": False}),
])  # fmt: skip
def test_each_mistake_leaves_the_numbers_of_the_same_mistake_by_hand(two, mistake, how):
    spoiled = spoil(two.trace, mistake)
    for name, mine in held(spoiled, two).items():
        assert np.allclose(mine, by_hand(**how)[name], atol=1e-14), name


def test_the_numbers_of_the_lesson(two):
    spoiled = spoil(two.trace, "update on the way")
    mine = held(spoiled, two)
    assert np.allclose(mine["0.W"], [[0, 0.9], [-1.95, 1.8]])
    assert np.allclose(two.trace.grads[two.parameters["0.W"]], [[0, 1], [-1.5, 2]])
    assert np.allclose(mine["2.W"], [[-1.5], [-1]])
    wrong = {two.trace.names.get(n) for n in spoiled.wrong}
    assert {"0.W", "0.b"} <= wrong and not {"2.W", "2.b"} & wrong
    k, moved = spoiled.moved[two.parameters["2.W"]]
    assert k == two.trace.complete_at[two.parameters["2.W"]]
    assert np.allclose(moved, [[0.65], [-0.9]])
    assert spoiled.first is two.links[1].result  # the blame behind W₂


def test_the_recording_stays_as_it_is(two):
    before = {n: g.copy() for n, g in two.trace.grads.items()}
    for mistake in ("update on the way", "no slope"):
        spoil(two.trace, mistake)
    assert all(np.array_equal(g, two.trace.grads[n]) for n, g in before.items())
    assert np.array_equal(two.parameters["2.W"].value, [[0.5], [-1]])


def test_without_a_transpose_a_square_net_goes_on_and_is_wrong():
    model, x, y = board("three by three")
    recorded = record_pass(model, x, y)
    spoiled = spoil(recorded.trace, "no transpose")
    dY = recorded.trace.grads[recorded.output]
    leaf = recorded.parameters["0.W"]
    assert np.allclose(spoiled.held[leaf], np.array(x) @ dY)
    assert spoiled.first is leaf


def test_without_a_transpose_another_net_stops_at_once(two):
    with refused(ValueError, "(2, 1) and (2, 1)", "do not fit", "square"):
        spoil(two.trace, "no transpose")
    one = record_pass(Sequential(Linear(2, 3)).reset(0), np.ones((2, 2)), np.ones((2, 3)))
    assert "no transpose" in MISTAKES
    spoil(one.trace, "no transpose")  # X is 2×2 and meets dY: wrong, and of the right shape
    wide = record_pass(Sequential(Linear(3, 2)).reset(0), np.ones((2, 3)), np.ones((2, 2)))
    with refused(ValueError, "which do not fit", "stops at once"):
        spoil(wide.trace, "no transpose")


def test_a_net_in_which_a_mistake_hides():
    model = Sequential(Linear(2, 1)).reset(0)
    recorded = record_pass(model, np.ones((3, 2)), np.ones((3, 1)))
    for mistake in ("update on the way", "no slope"):
        spoiled = spoil(recorded.trace, mistake)
        assert spoiled.first is None and spoiled.wrong == {}


def test_a_shared_weight_moves_when_its_last_part_is_in():
    w = Tensor(0.5, name="w")
    loss = (w * 3 - 1) ** 2 * w
    trace = Trace.of(loss)
    spoiled = spoil(trace, "update on the way")
    assert np.isclose(spoiled.held[w.node], trace.grads[w.node])
    assert spoiled.moved[w.node][0] == trace.complete_at[w.node]


def test_it_works_on_any_module():
    class Skip(Sequential):
        def forward(self, x):
            return super().forward(x) + x

    model = Skip(Linear(3, 3), Tanh(), Linear(3, 3)).reset(0)
    recorded = record_pass(model, np.eye(3), np.ones((3, 3)), SquaredError())
    for mistake in MISTAKES:
        assert spoil(recorded.trace, mistake).first is not None


def test_an_unknown_mistake_lists_what_there_is(two):
    for bad in ("update", None, 3):
        with refused(ValueError, "There is no mistake", '"update on the way"', '"no slope"'):
            spoil(two.trace, bad)
