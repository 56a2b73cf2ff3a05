"""A film: deterministic bytes, honest covers, and errors that say what to do."""

import dataclasses
import gzip

import numpy as np
import pytest
from examplefilm import SECRET, film, numbers

from backprop_kit.films import theme
from backprop_kit.films.film import Array, Film, Frame, unpack
from backprop_kit.films.film_check import MARKS, ROWS


def tiny(**changes):
    parts = {
        "title": ("a", "b"),
        "size": (656, 382),
        "arrays": (Array("x", np.array([1.0, 2.0])),),
        "marks": ({"t": "circle", "tag": "x", "x": 1, "y": 1, "v": [["x", 0]]},),
        "phases": (("forward", "Forward"),),
        "cuts": {
            "layer": (Frame(0, "forward", "One."), Frame(1, "forward", "Two.", on=("x",))),
        },
    }
    return Film(**{**parts, **changes})


def test_the_same_film_gives_the_same_bytes_and_python_reads_them_back():
    assert film().pack() == film().pack()
    header, arrays = unpack(film().pack())
    for name, values in numbers().items():
        assert arrays[name].dtype == np.float64 and np.array_equal(arrays[name], values)
    assert arrays["tiles"].dtype == np.float32 and arrays["tiles"].shape == (2, 2, 2)
    assert header["title"] == ["A small net", "2–8–2, for tests"] and set(header["cuts"]) == {
        "operation",
        "layer",
    }
    assert (
        len(header["cuts"]["operation"]["frames"]) == 8
        and not header["cuts"]["operation"]["covered"]
    )


def test_the_bytes_are_plain_gzip_with_aligned_arrays():
    packed = film().pack()
    assert packed[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    raw = gzip.decompress(packed)
    assert (4 + int.from_bytes(raw[:4], "little")) % 8 == 0 and len(raw) % 8 == 0
    assert len(packed) < 5_000


def test_later_changes_of_an_array_do_not_reach_a_packed_film():
    values = np.array([1.0, 2.0])
    made = tiny(arrays=(Array("x", values),))
    before = made.pack()
    values[0] = 9
    assert made.pack() == before


def test_a_cover_leaves_out_what_comes_later():
    packed = film().pack(until=4)
    header, arrays = unpack(packed)
    assert [f["k"] for f in header["cuts"]["operation"]["frames"]] == [0, 1, 2, 3, 4]
    assert header["cuts"]["operation"]["covered"] == {"backward": 2, "update": 1}
    assert header["cuts"]["layer"]["covered"] == {"backward": 1, "update": 1}
    assert set(arrays) == {"x", "W", "V", "h", "s", "L", "d"}
    assert SECRET not in gzip.decompress(packed).decode("utf-8", "replace")
    # A step that is still to come may not be guessed from what is out of date after it.
    assert all(row[5] is None for row in header["arrays"])


def test_a_cover_leaves_out_marks_that_come_later():
    late = {"t": "text", "tag": "verdict", "x": 1, "y": 1, "s": "it was an 8", "frames": [1, 9]}
    made = tiny(marks=(tiny().marks[0], late))
    assert len(unpack(made.pack())[0]["marks"]) == 2
    assert "it was an 8" not in str(unpack(made.pack(until=0))[0])


def test_frame_at_is_the_last_frame_not_beyond():
    made = film()
    assert [made.frame_at("layer", k) for k in range(9)] == [0, 0, 1, 2, 2, 3, 3, 4, 4]
    assert made.frame_at("operation", 99) == 7
    with pytest.raises(ValueError, match=r"no cut 'pass'\.\nIt has operation, layer\."):
        made.frame_at("pass", 0)


def test_a_scale_ignores_what_is_not_finite():
    header, _ = unpack(tiny(arrays=(Array("x", np.array([np.nan, -3.0, np.inf])),)).pack())
    assert header["arrays"][0][6] == 3.0


def layer(*args, **more):
    return {"cuts": {"layer": (Frame(*args, **more),)}}


BY = "asked for by step 0 of the cut 'layer'."
RULE = {"t": "rule", "items": [{"array": "W", "rows": 1, "cols": 1}]}
WRONG = [
    (layer(0, "forward", "One.", to=("y",)), f"No mark wears the tag 'y', {BY}", "Tags are x."),
    (layer(0, "back", "One."), f"No phase 'back', {BY}", "The phases are forward."),
    (
        layer(1, "forward", "One."),
        "The steps of the cut 'layer' do not grow.",
        "Frame 0 has k = 0, and each later one more.",
    ),
    (
        {"cuts": {}},
        "A film needs at least one cut with one frame.",
        "Give cuts={'layer': (Frame(0, …), …)}.",
    ),
    (
        {"marks": ({"t": "circle", "tag": "x", "v": [["y", 0]]},)},
        "No array is named 'y', asked for by the mark 'x'.",
        "Arrays are x.",
    ),
    (
        {"marks": ({"t": "circle", "tag": "x", "v": [["x", 2]]},)},
        "The array 'x' has no entry 2, asked for by the mark 'x'.",
        "It has 2 entries.",
    ),
    (
        {"marks": ({"t": "blob", "tag": "x"},)},
        "There is no mark 'blob'.",
        f"The marks are {', '.join(MARKS)}.",
    ),
    (
        layer(0, "forward", "One.", panel=(RULE,)),
        f"No array is named 'W', {BY}",
        "Arrays are x.",
    ),
    (
        layer(0, "forward", "One.", panel=({"t": "table"},)),
        f"There is no row 'table', {BY}",
        f"The rows are {', '.join(ROWS)}.",
    ),
    (
        {"arrays": (Array("x", np.zeros(2)), Array("x", np.zeros(2)))},
        "Two arrays are named 'x'.",
        "Give each its own name.",
    ),
]


@pytest.mark.parametrize(("changes", "first", "second"), WRONG)
def test_errors_say_what_is_wrong_and_what_to_do(changes, first, second):
    with pytest.raises(ValueError, match=r".") as caught:
        tiny(**changes)
    assert str(caught.value).split("\n") == [first, second]


def test_frames_are_records():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Frame(0, "forward", "One.").k = 3


# --- the palette ----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", theme.THEMES)
def test_words_stand_out_from_their_ground(name):
    ground = [theme.colour(role, name) for role in ("surface", "panel")]
    for role in ("ink", "muted", "positive-text", "negative-text", "forward", "backward"):
        assert min(theme.contrast(g, theme.colour(role, name)) for g in ground) >= 4.5, role
    assert (
        theme.contrast(theme.colour("checked-ground", name), theme.colour("checked", name)) >= 4.5
    )
    assert theme.contrast(theme.colour("covered", name), theme.colour("covered-text", name)) >= 4.5


@pytest.mark.parametrize("name", theme.THEMES)
def test_a_number_can_be_read_on_every_fill(name):
    for i in range(-100, 101):
        ground = theme.fill(i / 100, 1.0, name)
        assert theme.contrast(ground, theme.text_on(ground)) >= 4.5


def test_a_fill_is_zero_at_zero_symmetric_and_capped():
    assert (
        theme.fill(0.0, 1.0)
        == theme.fill(-0.0, 0.0)
        == theme.fill(float("nan"), 1.0)
        == theme.colour("zero")
    )
    assert (
        theme.fill(2.0, 1.0)
        == theme.fill(1.0, 1.0)
        == theme.mix(theme.colour("zero"), theme.colour("positive"), 0.9)
    )
    assert theme.fill(-1.0, 1.0, cap=1.0) == theme.colour("negative")


def test_the_page_gets_every_colour_of_both_themes():
    sheet = theme.css(training=True)
    for role, (light, dark) in theme.PALETTE.items():
        assert f"--bk-{role}:{light};" in sheet and f"--bk-{role}:{dark};" in sheet
    # Those of runs and classes only where a training is drawn.
    assert "--bk-run-1" not in theme.css() and "--bk-class-0" not in theme.css()
    with pytest.raises(ValueError, match=r"no colour for 'rouge'\.\nThe roles are "):
        theme.colour("rouge")
