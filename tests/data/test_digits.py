"""The shipped digits are complete, in their order, and always split alike."""

import hashlib
from importlib.resources import files

import numpy as np
from refusal import refused

from backprop_kit.data import digits


def test_shapes_and_ranges():
    x, y = digits()
    assert x.shape == (1797, 64) and x.dtype == np.float64
    assert y.shape == (1797,) and y.dtype.kind == "i"
    assert x.min() == 0 and x.max() == 1
    np.testing.assert_array_equal(x * 16, np.round(x * 16))


def test_how_many_of_each():
    counts = np.bincount(digits().y)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_every_pixel_and_label_is_as_published():
    x, y = digits()
    stored = (x * 16).astype(np.uint8).tobytes() + y.astype(np.uint8).tobytes()
    assert hashlib.sha256(stored).hexdigest() == (
        "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )


def test_the_digit_of_lesson_00_is_a_three_with_31_blank_pixels():
    x, y = digits()
    assert y[339] == 3
    assert (x[339] == 0).sum() == 31


def test_the_split_is_the_seeded_one():
    data = digits()
    order = np.random.default_rng(0).permutation(1797)
    np.testing.assert_array_equal(data.split[0], order[:1437])
    np.testing.assert_array_equal(data.split[1], order[1437:])
    assert (len(data.train), len(data.test)) == (1437, 360)
    assert set(data.test.y) == set(range(10))


def test_another_seed_draws_another_split_of_the_same_images():
    one, other = digits(), digits(seed=3)
    assert np.array_equal(one.x, other.x) and len(other.test) == 360
    assert set(one.split[1]) != set(other.split[1])
    order = np.random.default_rng(3).permutation(1797)
    np.testing.assert_array_equal(other.split[0], order[:1437])
    with refused(ValueError, "seed is 0.5"):
        digits(seed=0.5)


def test_one_copy_for_all_who_ask():
    assert digits() is digits()


def test_the_file_is_small_unpickled_and_attributed():
    folder = files("backprop_kit.data")
    assert len((folder / "digits.npz").read_bytes()) < 50_000
    with (folder / "digits.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        assert {name: stored[name].dtype.name for name in stored} == {"x": "uint8", "y": "uint8"}
    words = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for word in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "changed", "scikit-learn"):
        assert word in words
