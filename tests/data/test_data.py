"""``Data``: what goes in comes out, nothing changes, and bad input is named."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_kit.data import Data

X = [[1, 2], [3, 4], [5, 6]]
Y = [0, 1, 0]


def test_unpacks_to_a_pair_and_counts_samples():
    data = Data(X, Y)
    x, y = data
    assert x is data.x and y is data.y
    assert len(data) == 3
    assert x.dtype == np.float64 and y.dtype.kind == "i"
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_prints_what_it_holds():
    assert repr(Data(X, Y)) == "Data: 3 samples, x (3, 2), y labels 0 to 1; 2 train, 1 test"
    assert repr(Data([[1.5]], [[2.0]])) == "Data: 1 sample, x (1, 1), y (1, 1); 1 train, 0 test"


def test_nothing_in_it_can_be_changed():
    mine = np.array(X, dtype=float)
    data = Data(mine, Y)
    mine[0, 0] = 99
    assert data.x[0, 0] == 1
    for array in (*data, *data.split, *data.train, *data.test):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError):
        data.x = mine
    with pytest.raises(AttributeError):
        del data.y


def test_stays_read_only_in_another_process():
    data = pickle.loads(pickle.dumps(Data(X, Y, ["a", "b"], split=([0, 1], [2]))))
    assert data.names == ("a", "b")
    assert not any(array.flags.writeable for array in (*data, *data.split))
    np.testing.assert_array_equal(data.test.x, [[5, 6]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_keeps_the_precision_it_was_given(dtype):
    assert Data(np.ones((2, 2), dtype), np.ones(2, dtype)).x.dtype == dtype


def test_yes_and_no_are_labels():
    assert Data(X, [True, False, True]).y.tolist() == [1, 0, 1]


def test_classes_name_the_labels_and_stay_with_the_parts():
    for y in (Y, [[0.0], [1.0], [0.0]]):
        data = Data(X, y, classes=["cat", "dog"])
        assert data.classes == data.train.classes == data.test.classes == ("cat", "dog")
        assert pickle.loads(pickle.dumps(data)).classes == ("cat", "dog")
    assert Data(X, Y).classes is None and Data(X, Y).recipe is None


@given(st.integers(2, 60))
def test_a_drawn_split_uses_every_row_once_and_is_always_the_same(n):
    rows = np.arange(n)
    data, again = Data(rows[:, None], rows), Data(rows[:, None], rows)
    assert len(data.train) == max(1, int(0.8 * n))
    np.testing.assert_array_equal(np.sort([*data.train.y, *data.test.y]), rows)
    np.testing.assert_array_equal(data.train.y, again.train.y)
    np.testing.assert_array_equal(data.train.x[:, 0], data.train.y)


def test_a_given_split_is_kept():
    data = Data(X, Y, ["a", "b"], split=([2, 0], [1]))
    np.testing.assert_array_equal(data.train.x, [[5, 6], [1, 2]])
    np.testing.assert_array_equal(data.test.y, [1])
    assert data.train.names == ("a", "b")


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Data(X, [0, 1]), ValueError, "x has 3 samples and y has 2"),
        (lambda: Data([], []), ValueError, r"x holds no samples \(got shape \(0,\)\)"),
        (lambda: Data(np.ones((0, 3)), []), ValueError, r"x holds no samples"),
        (lambda: Data(3.0, 1.0), ValueError, "x holds no samples"),
        (lambda: Data([[1, np.nan]], [0]), ValueError, r"x\[0, 1\] is NaN"),
        (lambda: Data(X, [0, 1, -np.inf]), ValueError, r"y\[2\] is infinite"),
        (lambda: Data(["up", "down"], [1, 0]), TypeError, r"x must hold numbers \(got text\)"),
        (lambda: Data([None], [1]), TypeError, r"x must hold numbers \(got dtype object\)"),
        (lambda: Data([[1, 2], [3]], [1, 0]), ValueError, "rows of x have different lengths"),
        (lambda: Data(X, Y, ["a"]), ValueError, "x has 2 columns and names has 1 entries"),
        (lambda: Data(X, Y, "ab"), TypeError, "names must be a list of texts"),
        (lambda: Data(X, Y, classes="ab"), TypeError, "classes must be a list of texts"),
        (lambda: Data(X, Y, classes=[0, 1]), TypeError, "classes must be a list of texts"),
        (lambda: Data(X, Y, classes=["a"]), ValueError, "y does not count the 1 classes from 0"),
        (lambda: Data(X, [0, 1, 0.5], classes=["a", "b"]), ValueError, "y does not count the 2"),
        (lambda: Data(X, X, classes=["a"] * 9), ValueError, "y does not count the 9 classes"),
        (lambda: Data(X, Y, split=([0, 3], [1])), ValueError, "split names rows 0 to 3"),
        (lambda: Data(X, Y, split=([-1], [1])), ValueError, "split names rows -1 to -1"),
        (lambda: Data(X, Y, split=[0, 1]), TypeError, "split must be two lists"),
        (lambda: Data(X, Y, split=([0.5], [1])), TypeError, "split must be two lists"),
        (lambda: Data(X, Y, split=0.8), TypeError, "split must be two lists"),
        (lambda: Data([[1.0]], [1.0]).test, ValueError, r"none is set aside for \.test"),
    ],
)
def test_bad_input_gets_two_lines(make, kind, message):
    with pytest.raises(kind, match=message) as caught:
        make()
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert all(len(line) < 100 for line in lines)
