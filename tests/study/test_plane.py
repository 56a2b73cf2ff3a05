"""Points and shapes of a plane, beside geometry that can be counted."""

import numpy as np
import pytest

from backprop_kit.study import plane


@pytest.mark.parametrize(("far", "reach"), [
    (1.0, 1.25), (1.75, 2.5), (0.5, 0.8), (3.0, 4.0), (8.0, 10.0), (0.08, 0.1),
])  # fmt: skip
def test_a_plane_goes_a_quarter_further_than_the_samples(far, reach):
    found = plane.reach_of(np.array([[far, 0.0], [0.0, -far]]))
    assert found == reach and found >= 1.25 * far * (1 - 1e-9)
    assert plane.reach_of(None) == 2


def test_the_grid_is_upright_and_level_lines():
    lines = plane.grid(1.25)
    assert lines.shape == (22, plane.POINTS, 2)
    assert (np.ptp(lines[:11, :, 0], axis=1) == 0).all()
    assert (np.ptp(lines[11:, :, 1], axis=1) == 0).all()
    assert np.allclose(np.diff(lines[:11, 0, 0]), 0.25)


def test_the_map_begins_at_the_top_left():
    points = plane.mapped(2.0).reshape(plane.PIXELS, plane.PIXELS, 2)
    assert points[0, 0, 0] < 0 < points[0, 0, 1] and points[-1, -1, 0] > 0 > points[-1, -1, 1]
    assert np.allclose(points.mean((0, 1)), 0)


def area(points):
    x, y = points.T
    return abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def test_the_small_square_and_strips_have_their_areas():
    assert np.isclose(area(plane.outline(np.array([0.3, -0.1]), 0.25)), 0.25)
    w = np.array([1.0, 0.0])
    assert np.isclose(area(plane.strip(w, 0.0, -0.5, 0.5, 2.0)), 4.0)
    assert np.isclose(area(plane.strip(w, 0.0, None, 0.0, 2.0)), 8.0)
    assert area(plane.strip(w, 9.0, None, 0.0, 2.0)) == 0
    rng = np.random.default_rng(0)
    inside = rng.uniform(-2, 2, (200_000, 2))
    for _ in range(5):
        w, b = rng.normal(size=2), rng.normal()
        z = inside @ w + b
        share = ((z > -0.4) & (z < 0.9)).mean()
        assert abs(area(plane.strip(w, b, -0.4, 0.9, 2.0)) / 16 - share) < 0.01


def test_the_zero_line_is_zero_and_ends_at_the_edge():
    rng = np.random.default_rng(1)
    for _ in range(20):
        w, b = rng.normal(size=2), rng.normal()
        line = plane.zero_line(w, b, 2.0)
        if np.ptp(line):
            assert np.allclose(line @ w + b, 0) and np.allclose(np.abs(line).max(1), 2)
    assert np.ptp(plane.zero_line(np.array([0.1, 0.1]), 9.0, 2.0), axis=0).tolist() == [0, 0]


def test_the_contour_lies_where_the_map_is_zero():
    at = plane.mapped(2.0)
    found = plane.contour(at @ np.array([1.0, -0.5]) + 0.2, 2.0)
    assert found.shape == (128, 2, 2)
    real = found[np.ptp(found, axis=1).max(1) > 0]
    assert len(real) > 30 and np.allclose(real @ [1.0, -0.5] + 0.2, 0, atol=1e-9)
    assert not np.ptp(plane.contour(np.ones(plane.PIXELS**2), 2.0))
