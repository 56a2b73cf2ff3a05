"""Points set by hand: one more, one elsewhere, one fewer; the old data stay as they are."""

import numpy as np
import pytest
from refusal import refused

from backprop_kit import Data, digits, iris, moons, sine, spirals
from backprop_kit.data.edits import added, deleted, moved, target_of


def test_one_more_is_there_to_learn_from():
    old = moons(20)
    new = added(old, (0.5, -0.25), 1)
    assert len(new) == 21 and len(old) == 20
    assert new.x[20].tolist() == [0.5, -0.25] and new.y[20] == 1
    assert 20 in new.split[0] and np.array_equal(new.split[1], old.split[1])
    assert new.recipe is None
    assert added(sine(10), [0.5], 2.0).y[10] == 2.0
    assert added(spirals(30, classes=3), [0, 0], 2).y[-1] == 2


def test_one_elsewhere():
    old = moons(20)
    new = moved(old, 3, (1, 2))
    assert new.x[3].tolist() == [1, 2] and new.y[3] == old.y[3]
    assert np.array_equal(np.delete(new.x, 3, 0), np.delete(old.x, 3, 0))
    assert moved(old, 3, (1, 2), 1 - old.y[3, 0]).y[3] == 1 - old.y[3]
    assert [list(a) for a in new.split] == [list(a) for a in old.split]


def test_one_fewer():
    old = moons(20)
    for row in range(20):
        new = deleted(old, row)
        assert np.array_equal(new.x, np.delete(old.x, row, 0))
        for part, rows in zip(new.split, old.split, strict=True):
            assert np.array_equal(new.x[part], old.x[rows[rows != row]])


def test_the_target_of_a_class():
    assert [target_of(moons(9), c) for c in (0, 1)] == [0, 1]
    both = Data([[0, 1], [1, 0]], [[-1.0], [1.0]])
    assert [target_of(both, c) for c in (0, 1)] == [-1, 1]


@pytest.mark.parametrize(("make", "words"), [
    (lambda d: added(d, (np.nan, 0), 1), "A point cannot lie at"),
    (lambda d: added(d, (1, 2, 3), 1), "A point cannot lie at"),
    (lambda d: added(d, "here", 1), "A point cannot lie at"),
    (lambda d: added(d, (1, 2), np.inf), "A target cannot be inf."),
    (lambda d: added(d, (1, 2), True), "A target cannot be True."),
    (lambda d: moved(d, 20, (1, 2)), "There is no point 20."),
    (lambda d: moved(d, 1.5, (1, 2)), "There is no point 1.5."),
    (lambda d: deleted(d, -1), "There is no point -1."),
])  # fmt: skip
def test_what_does_not_fit_is_refused(make, words):
    with refused(ValueError, words):
        make(moons(20))


def test_labels_are_whole_and_one_point_stays():
    with refused(ValueError, "A target cannot be 1.5."):
        added(digits(), np.zeros(64), 1.5)
    two = Data([[0, 1], [1, 0]], [[0.0], [1.0]], split=([1], [0]))
    with refused(ValueError, "This is the last point to learn from."):
        deleted(two, 1)
    assert len(deleted(two, 0)) == 1


def test_names_of_classes_stay():
    flowers = iris()
    for new in (added(flowers, flowers.x[0], 2), moved(flowers, 3, flowers.x[0]),
                deleted(flowers, 0)):  # fmt: skip
        assert new.classes == flowers.classes and new.names == flowers.names
    with refused(ValueError, "y does not count the 3 classes"):
        added(flowers, flowers.x[0], 3)


@pytest.mark.parametrize("target", [10**400, 1e30])
def test_a_label_fits_its_type(target):
    with refused(ValueError, "A target cannot be 1"):
        added(digits(), np.zeros(64), target)
