"""The flowers: the table of Fisher's article, by species, in any of its columns."""

from importlib.resources import files

import numpy as np
import pytest
from refusal import refused

from backprop_kit.data import iris


def test_the_table_is_fishers():
    x, y = iris()
    assert x.shape == (150, 4) and x.dtype == np.float64
    assert y.tolist() == [0] * 50 + [1] * 50 + [2] * 50 and y.dtype.kind == "i"
    # Means of the article's table, by species.
    means = [
        [5.006, 3.428, 1.462, 0.246],
        [5.936, 2.770, 4.260, 1.326],
        [6.588, 2.974, 5.552, 2.026],
    ]
    for label, mean in enumerate(means):
        np.testing.assert_allclose(x[y == label].mean(0), mean, atol=1e-12)
    # The two rows that wide-spread copies have wrong.
    assert x[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert x[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    assert (x.min(), x.max()) == (0.1, 7.9)


def test_columns_and_species_have_names():
    data = iris()
    assert data.names == ("sepal length", "sepal width", "petal length", "petal width")
    assert data.classes == data.train.classes == ("setosa", "versicolor", "virginica")
    petals = iris((2, 3))
    np.testing.assert_array_equal(petals.x, data.x[:, 2:])
    assert petals.names == ("petal length", "petal width")
    np.testing.assert_array_equal(iris([3, 0]).x, data.x[:, [3, 0]])
    assert iris([1]).x.shape == (150, 1)
    setosa = petals.x[petals.y == 0]
    assert setosa[:, 0].max() < petals.x[petals.y > 0, 0].min()  # it stands apart


def test_a_seed_draws_the_rows_set_aside():
    one, same, other = iris(seed=3), iris(seed=3), iris(seed=4)
    np.testing.assert_array_equal(one.split[1], same.split[1])
    assert set(one.split[1]) != set(other.split[1])
    assert (len(one.train), len(one.test)) == (120, 30)
    assert sorted([*one.split[0], *one.split[1]]) == list(range(150))
    assert len(iris(test=0).split[1]) == 0


@pytest.mark.parametrize("columns", [(), (4,), (-1,), (1, 1), "23", 2, (0.5,), None, (True,)])
def test_columns_that_are_none_are_refused(columns):
    with refused(ValueError, f"columns is {columns!r}; it lists some of the four measures"):
        iris(columns)


def test_seed_and_share_are_checked():
    with refused(ValueError, "seed is -1"):
        iris(seed=-1)
    with refused(ValueError, "test is 1"):
        iris(test=1)


def test_the_file_is_small_unpickled_and_attributed():
    folder = files("backprop_kit.data")
    assert len((folder / "iris.npz").read_bytes()) < 2_000
    with (folder / "iris.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        assert {name: stored[name].dtype.name for name in stored} == {"x": "uint8", "y": "uint8"}
    words = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for word in ("Fisher", "Anderson", "10.24432/C56C76", "| 35 |", "| 38 |", "1.9.1"):
        assert word in words
