"""Sizes: lengths survive squares that are no numbers; histograms count everything once."""

from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
import pytest

from backprop_kit.study.flow.sizes import apart, decades, ratio, rms, size, spread_of

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e-140, 1.0, 1e140, 1e200, 1e307])
def test_a_length_is_right_at_any_scale(scale):
    x = RNG.uniform(0.5, 1, (3, 4))
    tolerance = 1e-3 if scale < 1e-307 else 1e-14  # numbers this small have few digits
    assert size(x * scale) == pytest.approx(np.linalg.norm(x) * scale, rel=tolerance)


def test_a_length_in_float32_is_taken_in_float64():
    x = np.full((10, 10), 1e-30, np.float32)
    assert size(x) == pytest.approx(1e-29, rel=1e-6)
    assert rms(x) == pytest.approx(1e-30, rel=1e-6)


def test_lengths_of_nothing_and_of_no_numbers():
    assert size(np.zeros(3)) == 0 and size(np.empty(0)) == 0 and rms(np.empty(0)) == 0
    assert size(np.array([1.0, -inf])) == inf and isnan(size(np.array([nan, 1.0])))


def test_decades_and_ratios():
    assert decades(1e-200, 1e200) == pytest.approx(-400, abs=1e-12)
    assert decades(0.0, 1.0) == -inf
    assert isnan(decades(1.0, 0.0)) and isnan(decades(0.0, 0.0)) and isnan(decades(inf, 1.0))
    assert ratio(1, 0) == inf and isnan(ratio(0, 0)) and ratio(3, 2) == 1.5


def test_how_far_rows_are_apart():
    x = RNG.normal(size=(7, 3))
    assert apart(x) == pytest.approx(np.sqrt(x.var(axis=0).mean()), rel=1e-12)
    assert apart(x.reshape(7, 1, 3)) == pytest.approx(apart(x), rel=1e-15)
    assert apart(np.array([1.0, 3.0])) == 1.0


def test_a_histogram_counts_everything_once():
    x = np.array([0.0, -0.01, 1e-9, 5.0, 1e30, nan, -inf, 0.0])
    found = spread_of(x, np.array([-4.0, -2, 0, 2]), log=True)
    assert found.counts.tolist() == [1, 1, 2] and found.zeros == 2 and found.left_out == 2
    plain = spread_of(x, np.array([-1.0, 0, 1, 2]))
    assert plain.counts.tolist() == [1, 3, 2] and plain.zeros == 2
    y = RNG.normal(size=500)
    edges = np.linspace(-5, 5, 21)
    assert spread_of(y, edges).counts.tolist() == np.histogram(y, edges)[0].tolist()
