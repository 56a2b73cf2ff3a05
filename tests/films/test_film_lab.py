"""What a lab adds to a film: arrays that grow, bytes on a scale, what stands beside a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from labfilm import START, film

from backprop_kit.films.film import Array, unpack
from backprop_kit.films.packing import coarse


def with_array(name: str, **change: object):
    one = film()
    arrays = tuple(replace(a, **change) if a.name == name else a for a in one.arrays)
    return replace(one, arrays=arrays)


def test_bytes_are_read_on_their_scale():
    values = np.array([-3.0, -1.0, 0.25, 1.0, 9.0, np.nan])
    steps = coarse(values, (-1, 1))
    assert steps.dtype == np.uint8 and list(steps[[0, 1, 3, 4]]) == [0, 0, 255, 255]
    one = replace(film(), arrays=(*film().arrays, Array("b", steps, scale=(-1.0, 1.0))))
    header, arrays = unpack(one.pack())
    np.testing.assert_allclose(arrays["b"][2], 0.25, atol=1 / 255)
    np.testing.assert_allclose(arrays["b"][5], 0, atol=1 / 255)  # no number: the middle
    (row,) = (row for row in header["arrays"] if row[0] == "b")
    assert row[1] == "u1" and row[6] == 1 and row[8] == [-1.0, 1.0]


def test_bytes_without_a_scale_and_a_scale_without_bytes_are_refused():
    with pytest.raises(ValueError, match=r"scale None\.\nBytes"):
        Array("b", np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match="float64"):
        Array("b", np.zeros(3), scale=(0, 1))


def test_another_scale_is_another_array():
    steps = coarse(np.zeros(4), (-1, 1))
    one = replace(film(), arrays=(*film().arrays, Array("b", steps, scale=(-1, 1))))
    two = replace(one, arrays=(*film().arrays, Array("b", steps, scale=(-2, 2))))
    assert set(unpack(two.pack_over(one))[1]) == {"b"}


def test_of_what_grows_only_the_end_travels():
    one, two = film(), film(START | {"k": 70, "last": 70})
    header, arrays = unpack(two.pack_over(one))
    assert arrays["train"].shape == (10,)
    np.testing.assert_array_equal(arrays["train"], two.arrays[4].values[61:])
    rows = {row[0]: row for row in header["arrays"]}
    assert rows["train"][9] == 62 and len(rows["now"]) == 7


def test_what_is_no_longer_the_beginning_travels_whole():
    two = film(START | {"k": 70, "last": 70})
    other = with_array("train", values=film().arrays[4].values + 1)
    assert unpack(two.pack_over(other))[1]["train"].shape == (71,)
    shorter = film(START | {"k": 40, "last": 50})
    assert unpack(shorter.pack_over(film()))[1]["train"].shape == (51,)
    fixed = with_array("train", grows=False)
    grown = replace(two, arrays=tuple(replace(a, grows=False) for a in two.arrays))
    assert unpack(grown.pack_over(fixed))[1]["train"].shape == (71,)


def test_only_what_changed_beside_the_picture_travels():
    header, _ = unpack(film(START | {"k": 41}).pack_over(film()))
    assert "controls" not in header and header["at"] == 41
    assert header["transport"]["counter"] == "epoch 41 / 100" and "chip" in header
    header, _ = unpack(film(START | {"values": START["values"] | {"batch": 8}}).pack_over(film()))
    assert "transport" not in header and header["controls"][2]["items"][2]["value"] == 8


def test_a_film_without_a_lab_carries_nothing_of_it():
    bare = replace(film(), controls=(), transport={}, chip={}, at=None)
    header, _ = unpack(bare.pack())
    assert not {"controls", "transport", "chip", "texts", "at"} & set(header)
    assert unpack(film(START | {"k": 0}).pack())[0]["at"] == 0


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        ({"kind": "dial"}, "no control 'dial'"),
        ({"kind": "select", "options": ["a"], "value": 1}, "stands at 1 of 1"),
        ({"kind": "chips", "options": ["a", "b"], "value": [0, 2]}, "stands at"),
        ({"kind": "slider", "lo": 1, "hi": 1, "value": 1}, "from where to where"),
        ({"kind": "stepper", "value": 1}, "from where to where"),
    ],
)
def test_a_control_that_cannot_be_is_refused_in_two_lines(item, wrong):
    groups = ({"title": "A", "note": "", "items": [{"name": "x", "label": "x", **item}]},)
    with pytest.raises(ValueError, match=wrong) as refused:
        replace(film(), controls=groups)
    assert len(str(refused.value).splitlines()) == 2


def test_two_controls_of_one_name_and_an_unknown_size_are_refused():
    item = {"name": "x", "label": "x", "kind": "button"}
    groups = ({"title": "A", "note": "", "items": [item, item]},)
    with pytest.raises(ValueError, match="Two controls are named 'x'"):
        replace(film(), controls=groups)
    with pytest.raises(ValueError, match="no step size 'year'"):
        replace(film(), transport=film().transport | {"size": "year"})


@pytest.mark.parametrize(
    "mark",
    [
        {"t": "dots", "in": "plane", "xs": [["nowhere", 0]], "ys": [["y0", 0]]},
        {"t": "dots", "in": "plane", "xs": [["x0", 0]], "ys": [["y0", 0]], "ids": [["nowhere", 0]]},
        {"t": "time", "in": "loss", "v": [["now", 0]], "last": ["nowhere", 0], "hi": 9},
        {"t": "time", "in": "loss", "v": [["now", 0]], "last": 9, "forks": [3, ["nowhere", 0]]},
        {"t": "curve", "in": "loss", "y": [["train", 0]], "past": [["nowhere", 0]]},
        {"t": "tile", "x": 0, "y": 0, "side": 9, "rows": 2, "cols": 2, "v": [["nowhere", 0]]},
    ],
)
def test_marks_of_a_lab_name_what_there_is(mark):
    with pytest.raises(ValueError, match="nowhere"):
        replace(film(), marks=(*film().marks, mark))
