"""Theory: means over a normal number are those of a fine sum, and wide nets behave so."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from deepnumpy import ACTS, walk

from backprop_kit.study.flow.deep_nets import bend_of
from backprop_kit.study.flow.mean_field import critical, mean_field, settled

U = np.linspace(-12, 12, 24_000)  # an even number: none stands on the kink of ReLU
DENSITY = np.exp(-(U**2) / 2) / np.sqrt(2 * np.pi) * (U[1] - U[0])


def mean(f, q):
    return float((f(np.sqrt(q) * U) ** 2 * DENSITY).sum())


def known(act):
    return act if act in ("sigmoid", "tanh", "relu", "linear") else bend_of(act)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.7, 4.0])
def test_the_course_is_that_of_a_fine_sum(act, sigma):
    f, df = ACTS[act]
    found = mean_field(known(act), sigma, 6)
    q, slopes = sigma**2, []
    for layer in range(6):
        assert found.q[layer] == pytest.approx(q, rel=2e-5)
        slopes.append(0.5 * np.log10(mean(df, q)))
        q = sigma**2 * mean(f, q)
    assert found.slope == pytest.approx(slopes[:5], abs=3e-4)
    assert found.weight == pytest.approx(np.log10(sigma), abs=1e-15)
    assert found.decades == pytest.approx(sum(slopes[:5]) + 5 * np.log10(sigma), abs=3e-4)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("sigma", [0.8, 2.5])
def test_what_settles_is_a_fixed_point_and_reached(act, sigma):
    f, df = ACTS[act]
    end = settled(known(act), sigma)
    q = 1.0
    for _ in range(400):
        q = sigma**2 * mean(f, min(max(q, 1e-12), 1e12))
    if end.q in (0.0, inf):
        assert q < 1e-8 if end.q == 0 else q > 1e8
        q = 1e-12 if end.q == 0 else 1e12
    else:
        assert end.q == pytest.approx(q, rel=1e-5)
    assert end.chi == pytest.approx(sigma**2 * mean(df, q), rel=1e-4)


@pytest.mark.parametrize(
    ("act", "line"),
    [("tanh", 1.0), ("relu", np.sqrt(2)), ("linear", 1.0), ("4σ − 2", 1.0), ("σ − ½", 4.0)],
)
def test_the_critical_line_is_where_the_literature_has_it(act, line):
    assert critical(known(act)) == pytest.approx(line, abs=1e-5)


def test_the_sigmoid_has_none():
    """χ < 1 at every σ up to 10: its mean output keeps the sums in the flat parts."""
    assert critical("sigmoid") is None
    f, df = ACTS["sigmoid"]
    for sigma in (1.0, 4.0, 8.0):
        q = sigma**2
        for _ in range(200):
            q = sigma**2 * mean(f, q)
        assert sigma**2 * mean(df, q) < 1


@pytest.mark.parametrize(("act", "sigma"), [("sigmoid", 1.0), ("tanh", 0.5), ("tanh", 3.0)])
def test_bars_of_a_net_lie_near_those_expected(act, sigma):
    expected = mean_field(act, sigma, 20)
    found = [walk(act, sigma, seed).bars for seed in range(3)]
    assert np.mean([b["slope"] for b in found]) == pytest.approx(expected.slope.sum(), abs=0.3)
    assert np.mean([b["weights"] for b in found]) == pytest.approx(19 * expected.weight, abs=0.4)
