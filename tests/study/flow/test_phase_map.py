"""Depth × spread: every cell is the net of its own recipe, and theory lies beside it."""

from __future__ import annotations

from math import inf, isnan, log10

import numpy as np
import pytest
from deepnumpy import walk
from refusal import refused

from backprop_kit.study.flow.deep_nets import DeepNet, deep
from backprop_kit.study.flow.gradient_flow import gradient_flow
from backprop_kit.study.flow.phase_map import phase_map, phase_rows

DEPTHS, SCALES = [2, 4, 9], [0.3, 1.0, 2.5]


@pytest.mark.parametrize("act", ["tanh", "relu", "sigmoid", "linear"])
def test_every_cell_is_numpys(act):
    found = phase_map(DEPTHS, SCALES, act, seeds=[0, 3, 5], width=12, rows=7)
    assert found.delta.shape == (3, 3) and len(found.rows) == 3
    for i, depth in enumerate(DEPTHS):
        for j, scale in enumerate(SCALES):
            nets = [walk(act, scale, seed, depth, 12, 7) for seed in (0, 3, 5)]
            norm = np.linalg.norm
            deltas = [log10(norm(n.delta[0]) / norm(n.delta[-1])) for n in nets]
            grads = [log10(norm(n.grad[0]) / norm(n.grad[-1])) for n in nets]
            assert found.rows[i].delta[:, j] == pytest.approx(deltas, abs=1e-9)
            assert found.delta[i, j] == pytest.approx(np.median(deltas), abs=1e-9)
            assert found.gradient[i, j] == pytest.approx(np.median(grads), abs=1e-9)
            first = np.median([norm(n.delta[0]) for n in nets])
            assert found.first[i, j] == pytest.approx(first, rel=1e-9)


def test_a_cell_opens_as_the_net_it_is():
    found = phase_map([5], [0.7], "tanh", seeds=[2], width=9, rows=6, skip=True, norm=True)
    flow = gradient_flow(*found.recipe(5, 0.7, 2).build())
    assert flow.budget.sum == pytest.approx(found.delta[0, 0], abs=1e-10)
    assert found.critical is None and np.isnan(found.theory).all()


def test_theory_and_its_line_lie_beside_the_measurement():
    found = phase_map([5, 10, 20], [0.5, 1.0, 2.0, 3.0], "tanh", seeds=[0, 1, 2])
    assert found.critical == pytest.approx(1.0, abs=1e-6)
    assert np.abs(found.delta - found.theory).max() < 0.35
    he = phase_map([5, 20], [0.5, 1.0], "relu", weights="he", seeds=[0, 1, 2])
    assert he.critical == pytest.approx(1.0, abs=1e-6)  # √2, in units of He's own spread
    assert he.theory[:, 1] == pytest.approx([0, 0], abs=1e-9)
    assert np.abs(he.delta - he.theory).max() < 0.5


def test_on_the_line_depth_does_not_matter_and_beside_it_it_does():
    found = phase_map([5, 20], [0.7, 1.0, 1.4], "linear", weights="orthogonal", seeds=[0])
    assert found.delta[:, 1] == pytest.approx([0, 0], abs=1e-9)
    assert found.delta[:, 0] == pytest.approx([4 * log10(0.7), 19 * log10(0.7)], abs=1e-9)
    assert found.critical is None  # no spread, no theory of it


def test_a_member_of_the_ensemble_is_no_sample():
    """As many scales as rows: a member is never taken for a sample."""
    alone = [phase_map([3], [s], "tanh", seeds=[0], width=5, rows=4).delta[0, 0]
             for s in (0.5, 1, 2, 3)]  # fmt: skip
    together = phase_map([3], [0.5, 1, 2, 3], "tanh", seeds=[0], width=5, rows=4)
    assert together.delta[0] == pytest.approx(alone, abs=1e-12)


def test_rows_come_one_by_one_and_what_overflows_is_no_number():
    rows = phase_rows(DeepNet("relu", 1.0, width=8, rows=5), [10, 30], [1e-30, 1e30], [0])
    first = next(rows)
    assert first.depth == 10 and first.delta.shape == (1, 2)
    small, large = next(rows).delta[0]
    assert isnan(large) and (small == -inf or isnan(small))
    assert next(rows, None) is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: phase_map([1], [1.0]), "depths"),
        (lambda: phase_map([], [1.0]), "depths"),
        (lambda: phase_map(3, [1.0]), "depths"),
        (lambda: phase_map([2], [0.0]), "scales"),
        (lambda: phase_map([2], ["a"]), "scales"),
        (lambda: phase_map([2], [1.0], seeds=[-1]), "seeds"),
        (lambda: phase_map([2], [1.0], "tanhh"), "tanh"),
        (lambda: phase_map([1000], [1.0]), "layers"),
    ],
)
def test_what_makes_no_map_is_refused(call, said):
    with refused(ValueError, said):
        call()


def test_the_depth_of_the_lesson():
    found = phase_map([20], [1.0], "sigmoid", seeds=[0])
    assert found.delta[0, 0] == pytest.approx(-11.99, abs=0.005)
    assert gradient_flow(*deep("sigmoid", 1)).budget.sum == pytest.approx(found.delta[0, 0])
