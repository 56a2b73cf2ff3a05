"""What is laid over a film: only what differs, and nothing where the picture is another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from livefilm import film

from backprop_kit.films.film import Array, unpack


def test_only_arrays_that_differ_and_the_frames_travel():
    one, other = film(), film(x=(1.0, -0.4))
    header, arrays = unpack(other.pack_over(one))
    assert set(arrays) == {"x", "y", "slope"} and header["gone"] == []
    assert "marks" not in header
    np.testing.assert_array_equal(arrays["x"], [1.0, -0.4])
    assert header["cuts"]["move"]["frames"][0]["say"] == other.cuts["move"][0].say
    assert len(other.pack_over(one)) < len(other.pack())


def test_the_same_film_sends_no_array():
    header, arrays = unpack(film().pack_over(film()))
    assert not arrays and header["arrays"] == []


def test_an_array_that_is_no_longer_there_is_named():
    one = film()
    more = replace(one, arrays=(*one.arrays, Array("extra", np.ones(2))))
    assert unpack(one.pack_over(more))[0]["gone"] == ["extra"]
    assert set(unpack(more.pack_over(one))[1]) == {"extra"}


def test_a_change_of_what_is_known_or_stale_counts_as_a_difference():
    one = film()
    for change in ({"stale": 1}, {"known": 1}, {"peak": 9.0}):
        arrays = tuple(replace(a, **change) if a.name == "h" else a for a in one.arrays)
        assert set(unpack(replace(one, arrays=arrays).pack_over(one))[1]) == {"h"}


@pytest.mark.parametrize(
    "change", [{"size": (700, 382)}, {"head": "Other"}, {"legend": ({"t": "text", "s": "a"},)}]
)
def test_another_picture_is_sent_whole(change):
    assert replace(film(), **change).pack_over(film()) is None


def test_another_mark_is_another_picture():
    one = film()
    assert replace(one, marks=one.marks[:-1]).pack_over(one) is None


def test_a_choice_is_no_other_picture():
    header, _ = unpack(film(bend="linear").pack_over(film()))
    assert header["choices"][0]["chosen"] == 0


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ({"t": "dot", "in": "left", "x": ["nowhere", 0], "y": 0}, "nowhere"),
        ({"t": "curve", "in": "left", "y": [["h", 99]], "n": 3}, "h"),
        ({"t": "bar", "in": "left", "from": 0, "to": [["none", 0]], "at": 1}, "none"),
    ],
)
def test_a_place_that_reads_what_is_not_there_is_refused(mark, name):
    one = film()
    with pytest.raises(ValueError, match=name):
        replace(one, marks=(*one.marks, mark))


def test_a_row_in_the_panel_is_read_as_well():
    one = film()
    row = {"t": "plane", "marks": [{"t": "curve", "y": [["none", 0]], "n": 3}]}
    first = replace(one.cuts["move"][0], panel=(row,))
    with pytest.raises(ValueError, match="none"):
        replace(one, cuts={"move": (first,)})
