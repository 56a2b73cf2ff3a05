"""How kit-made data came about, and the way back to the same bits."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from backprop_kit import data as kit
from backprop_kit.data import Data, from_recipe, own_points, shapes

PLANE = ["blobs", "moons", "circles", "spirals", "checkerboard"]
EVERY = {
    "xor": {}, "stairs": {}, "digits": {"seed": 5}, "iris": {"columns": (2, 3), "test": 0.4},
    "blobs": {"classes": 3}, "moons": {"noise": 0.3}, "circles": {"seed": 7},
    "spirals": {"turns": 1.5}, "checkerboard": {"squares": 4}, "line": {"slope": -2},
    "sine": {"n": 30},
}  # fmt: skip


def same(a: Data, b: Data) -> bool:
    arrays = ((a.x, b.x), (a.y, b.y), *zip(a.split, b.split, strict=True))
    return all(u.dtype == v.dtype and np.array_equal(u, v) for u, v in arrays)


def round_trip(data: Data) -> Data:
    assert data.recipe is not None
    return from_recipe(json.loads(json.dumps(data.recipe)))


def test_all_that_the_kit_makes_can_be_made_again():
    makers = {n for n in kit.__all__ if n[0].islower()} - {"own_points", "read_csv", "from_recipe"}
    assert set(EVERY) == makers
    for name, options in EVERY.items():
        one = getattr(kit, name)(**options)
        assert one.recipe["name"] == name
        again = round_trip(one)
        assert same(one, again) and again.recipe == one.recipe
        assert (again.names, again.classes) == (one.names, one.classes)


@given(
    name=st.sampled_from([*PLANE, "line", "sine", "xor"]), n=st.integers(4, 60),
    noise=st.floats(0, 1), seed=st.integers(0, 2**40), test=st.floats(0, 0.9),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_settings_come_back(name, n, noise, seed, test):
    one = getattr(kit, name)(n, noise, seed, test=test)
    expected = {"name": name, "n": n, "noise": noise, "seed": seed, "test": test}
    assert expected.items() <= one.recipe.items()
    assert same(one, round_trip(one))
    assert len(one.train) >= 1


def test_what_is_left_out_is_the_usual():
    assert from_recipe({"name": "moons"}).recipe == shapes.moons().recipe
    assert shapes.spirals(100, seed=3).recipe == {
        "name": "spirals", "n": 100, "noise": 0.05, "seed": 3, "classes": 2, "turns": 1.0,
        "test": 0.2,
    }  # fmt: skip
    assert same(from_recipe({"name": "spirals", "n": 100, "seed": 3}), shapes.spirals(100, seed=3))


def test_a_recipe_is_of_the_whole_and_a_copy():
    data = shapes.moons()
    data.recipe["n"] = 5
    assert data.recipe["n"] == 200
    assert data.train.recipe is None and Data(*data).recipe is None
    assert own_points([[0, 1]], [0]).recipe is None
    twin = pickle.loads(pickle.dumps(data))
    assert twin.recipe == data.recipe and same(twin, data)
    assert kit.digits() is kit.digits() and kit.digits().recipe == {"name": "digits", "seed": 0}


@pytest.mark.parametrize(
    ("recipe", "kind", "words"),
    [
        (None, TypeError, "A recipe is a dictionary"), ("moons", TypeError, "A recipe is"),
        ({"n": 3}, TypeError, "A recipe is"), ({"name": 3}, TypeError, "A recipe is"),
        ({"name": "mons"}, ValueError, "No data are called 'mons'"),
        ({"name": "from_recipe"}, ValueError, "No data are called"),
        ({"name": "moons", "nois": 1}, ValueError, "moons has no setting 'nois'"),
        ({"name": "moons", 3: 1}, ValueError, "moons has no setting '3'"),
        ({"name": "moons", "n": "many"}, ValueError, "moons cannot draw 'many' samples"),
        ({"name": "moons", "n": [1]}, ValueError, "moons cannot draw [1] samples"),
        ({"name": "moons", "noise": None}, ValueError, "noise is None"),
        ({"name": "iris", "columns": {}}, ValueError, "columns is {}"),
        ({"name": "digits", "seed": -1}, ValueError, "seed is -1"),
        ({"name": "digits", "seed": [1]}, ValueError, "seed is [1]"),
        ({"name": "xor", "noise": 0.1}, ValueError, "the four rows of the truth table are exact"),
    ],
)  # fmt: skip
def test_a_recipe_of_nothing_is_refused(recipe, kind, words):
    with refused(kind, words):
        from_recipe(recipe)
