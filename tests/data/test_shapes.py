"""Points to try nets on: seeded, balanced, of the shape their name says."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from backprop_kit.data import shapes

PLANE = ["blobs", "moons", "circles", "spirals", "checkerboard"]
CURVES = ["line", "sine"]


@pytest.mark.parametrize("name", PLANE + CURVES)
def test_a_seed_names_a_draw(name):
    make = getattr(shapes, name)
    one, same, other = make(40, 0.1, 3), make(40, 0.1, 3), make(40, 0.1, 4)
    assert np.array_equal(one.x, same.x) and np.array_equal(one.y, same.y)
    assert not np.array_equal(
        one.y if name in CURVES else one.x, other.y if name in CURVES else other.x
    )
    assert all(np.array_equal(a, b) for a, b in zip(one.split, same.split, strict=True))


@pytest.mark.parametrize("name", PLANE)
@pytest.mark.parametrize("n", [4, 41, 200])
def test_classes_are_as_equal_as_can_be(name, n):
    data = getattr(shapes, name)(n)
    assert data.x.shape == (n, 2) and data.y.shape == (n, 1)
    assert abs(int(data.y.sum()) - n / 2) <= 0.5
    assert np.isfinite(data.x).all() and np.abs(data.x).max() < 2.5


@pytest.mark.parametrize("name", ["blobs", "spirals"])
def test_more_classes_are_labels(name):
    data = getattr(shapes, name)(91, 0.0, classes=3)
    assert data.y.shape == (91,) and data.y.dtype.kind == "i"
    assert sorted(np.bincount(data.y)) == [30, 30, 31]


@pytest.mark.parametrize("share", [0, 0.2, 0.5])
def test_a_share_is_set_aside(share):
    data = shapes.moons(50, test=share)
    train, test = data.split
    assert len(test) == round(50 * share)
    assert sorted([*train, *test]) == list(range(50))


def test_without_noise_each_is_what_its_name_says():
    x, y = shapes.circles(500, 0.0)
    radius, inside = np.hypot(*x.T), y[:, 0] == 1
    assert radius[inside].max() <= 0.4 and 0.7 <= radius[~inside].min() and radius.max() <= 1
    x, y = shapes.checkerboard(2000, squares=5)
    assert np.array_equal(np.floor((x + 1) * 2.5).sum(1) % 2, y[:, 0])
    assert np.abs(x).max() <= 1
    fields, counts = np.unique(np.floor((x + 1) * 2.5), axis=0, return_counts=True)
    dark = fields.sum(1) % 2 == 1  # 12 fields for one class, 13 for the other
    assert len(fields) == 25 and 50 < counts.min() and counts.max() < 110
    assert counts[dark].sum() == counts[~dark].sum() == 1000
    x, y = shapes.blobs(10, 0.0)
    np.testing.assert_allclose(x[y[:, 0] == 0], np.full((5, 2), 0.7 / np.sqrt(2)))
    x, y = shapes.spirals(300, 0.0, turns=1.5)
    angle, radius = np.arctan2(x[:, 1], x[:, 0]), np.hypot(*x.T)
    apart = (angle / (2 * np.pi) - 1.5 * radius - y[:, 0] / 2) % 1
    np.testing.assert_allclose(np.minimum(apart, 1 - apart), 0, atol=1e-12)
    x, y = shapes.moons(300, 0.0)
    for label, centre in ((0, [-0.3, -0.15]), (1, [0.3, 0.15])):
        np.testing.assert_allclose(np.hypot(*(x[y[:, 0] == label] - centre).T), 0.6)
    x, y = shapes.line(20, 0.0, slope=2, offset=-1)
    np.testing.assert_allclose(y, 2 * x - 1)
    x, y = shapes.sine(24, 0.0)
    np.testing.assert_allclose(y, np.sin(np.linspace(-3, 3, 24))[:, None])


def test_noise_is_a_standard_deviation():
    clean, noisy = shapes.sine(5000, 0.0, 1), shapes.sine(5000, 0.3, 1)
    assert np.std(noisy.y - clean.y) == pytest.approx(0.3, rel=0.05)
    clean, noisy = shapes.moons(5000, 0.0, 1), shapes.moons(5000, 0.3, 1)
    assert np.std(noisy.x - clean.x) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("name", PLANE + CURVES)
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n": 3}, "cannot draw 3 samples"), ({"n": 10**6}, "cannot draw 1000000 samples"),
        ({"n": 10.0}, "cannot draw 10.0 samples"), ({"noise": -1}, "noise is -1"),
        ({"noise": np.nan}, "noise is nan"), ({"noise": "a"}, "noise is 'a'"),
        ({"test": 1}, "test is 1"), ({"test": True}, "test is True"), ({"seed": -1}, "seed is -1"),
        ({"seed": 0.5}, "seed is 0.5"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(name, settings, words):
    with refused(ValueError, words):
        getattr(shapes, name)(**settings)


def test_settings_of_one_shape_are_checked_too():
    for make, words in (
        (lambda: shapes.blobs(classes=1), "blobs has no 1 classes"),
        (lambda: shapes.blobs(5, classes=3), "blobs cannot draw 5 samples"),
        (lambda: shapes.spirals(turns=0), "An arm cannot wind 0 times"),
        (lambda: shapes.spirals(turns="a"), "An arm cannot wind 'a' times"),
        (lambda: shapes.checkerboard(squares=1), "A board has no 1 squares"),
        (lambda: shapes.line(slope="a"), "slope is 'a'"),
        (lambda: shapes.line(offset=np.inf), "offset is inf"),
    ):
        with refused(ValueError, words):
            make()


def test_noise_and_slope_stay_within_what_can_be_drawn():
    for make, noise in ((shapes.moons, 1e308), (shapes.moons, 10**400), (shapes.sine, 2e6)):
        with refused(ValueError, "it is a standard deviation."):
            make(noise=noise)
    with refused(ValueError, "slope is 1e+300"):
        shapes.line(slope=1e300)
    assert type(shapes.moons(noise=np.float32(0.5)).recipe["noise"]) is float
