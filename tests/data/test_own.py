"""Points set by hand, and edits that leave the old data as they are."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refused

from backprop_kit.data import Data, own_points

XY, LABELS = [[0.0, 1.0], [1.0, 0.0], [-1.0, 2.0]], [0, 1, 0]


def three() -> Any:
    return own_points(XY, LABELS)


def test_points_are_data_and_all_are_learned_from():
    data = three()
    assert isinstance(data, Data)
    assert data.x.tolist() == XY and data.y.tolist() == [[0.0], [1.0], [0.0]]
    assert data.labels.tolist() == LABELS
    np.testing.assert_array_equal(data.train.x, data.x)
    assert len(data.split[1]) == 0
    assert own_points(XY, [0, 2, 1]).y.tolist() == [0, 2, 1]
    assert own_points(XY, [True, False, True]).labels.tolist() == [1, 0, 1]


@given(st.lists(st.tuples(st.sampled_from("amrl"), st.integers(0, 9), st.integers(0, 4),
                          st.floats(-9, 9)), max_size=12))  # fmt: skip
def test_edits_are_those_of_a_list_and_touch_nothing_old(edits):
    data, points = three(), [(*p, c) for p, c in zip(XY, LABELS, strict=True)]
    past = []
    for what, i, label, v in edits:
        past.append((data, list(points)))
        i %= len(points)
        if what == "a":
            data, points = data.add(v, -v, label), [*points, (v, -v, label)]
        elif what == "m":
            data = data.move(i, v, 2.0)
            points[i] = (v, 2.0, points[i][2])
        elif what == "l":
            data = data.relabel(i, label)
            points[i] = (*points[i][:2], label)
        elif len(points) > 1:
            data = data.remove(i)
            del points[i]
    for old, expected in [*past, (data, points)]:
        assert old.x.tolist() == [list(p[:2]) for p in expected]
        assert old.labels.tolist() == [p[2] for p in expected]
        two = max(p[2] for p in expected) < 2
        assert old.y.shape == ((len(expected), 1) if two else (len(expected),))
        assert not old.x.flags.writeable


def test_a_share_is_set_aside_by_seed_and_stays_through_edits():
    xy = np.random.default_rng(0).normal(size=(20, 2))
    data = own_points(xy, [0, 1] * 10, test=0.25, seed=3)
    assert len(data.split[1]) == 5
    moved = data.move(0, 5, 5)
    assert [list(rows) for rows in moved.split] == [list(rows) for rows in data.split]
    assert len(data.add(0, 0, 1).add(1, 1, 0).split[1]) == round(22 * 0.25)
    assert len(own_points(XY, LABELS, test=0.9).train) == 1
    twin = pickle.loads(pickle.dumps(data)).remove(0)
    np.testing.assert_array_equal(twin.split[1], data.remove(0).split[1])


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d.move(3, 0, 0), "There is no point 3"),
        (lambda d: d.move(-1, 0, 0), "There is no point -1"),
        (lambda d: d.remove("a"), "There is no point 'a'"),
        (lambda d: d.remove(True), "There is no point True"),
        (lambda d: d.relabel(0.0, 1), "There is no point 0.0"),
        (lambda d: d.relabel(0, 10), "A label is a whole number from 0 to 9"),
        (lambda d: d.relabel(0, None), "A label is a whole number"),
        (lambda d: d.add(0, 0, [1]), "A label is a whole number"),
        (lambda d: own_points([[10**400, 0]], [0]), "A point is two finite numbers"),
        (lambda d: d.add(0, 0, -1), "A label is a whole number"),
        (lambda d: d.add(0, 0, 0.5), "A label is a whole number"),
        (lambda d: d.add(0, np.nan, 0), "A point is two finite numbers"),
        (lambda d: d.add("a", 0, 0), "A point is two finite numbers"),
        (lambda d: d.move(0, np.inf, 0), "A point is two finite numbers"),
        (lambda d: d.remove(0).remove(0).remove(0), "This is the last point"),
        (lambda d: own_points([], []), "A point is two finite numbers"),
        (lambda d: own_points([[1, 2, 3]], [0]), "A point is two finite numbers"),
        (lambda d: own_points([[1, 2], [3]], [0, 1]), "A point is two finite numbers"),
        (lambda d: own_points(XY, [0, 1]), "There are 3 points and 2 labels"),
        (lambda d: own_points(XY, ["a", "b", "a"]), "A label is a whole number"),
        (lambda d: own_points(XY, LABELS, test=1), "test is 1"),
        (lambda d: own_points(XY, LABELS, seed=-1), "seed is -1"),
        (lambda d: own_points(np.zeros((10_001, 2)), [0]), "10,000 can be edited"),
    ],
)
def test_what_are_no_points_is_refused(edit, words):
    data = three()
    with refused(ValueError, words):
        edit(data)
    assert data.x.tolist() == XY and data.labels.tolist() == LABELS
