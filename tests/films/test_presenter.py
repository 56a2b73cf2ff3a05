"""Large type: every frame of four nets has room, nothing small, and the same steps as before."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from passcases import COUNT, case

from backprop_kit.films.film import unpack
from backprop_kit.films.forward_pass import film_pass
from backprop_kit.films.presenter import one_line, owned, presented, usual
from backprop_kit.nn import SGD, Linear, Sequential, Sigmoid, Tanh
from backprop_kit.study import board, record_pass


def _xor():
    net = Sequential(Linear(2, 2), Tanh(), Linear(2, 1), Sigmoid()).reset(3)
    return net, np.array([[1.0, 0.0]]), np.array([[1.0]])


def _batch():
    net = Sequential(Linear(3, 4), Tanh(), Linear(4, 2)).reset(3)
    return net, np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 1, 0])


NETS = {
    "lamp": lambda: board("stairs"), "xor": _xor, "batch": _batch, "digit": lambda: board("digit"),
}  # fmt: skip
NARROW = 416  # the picture's width at 848 px; at 1100 it is the film's own


@pytest.fixture(scope="module", params=[(n, p) for n in NETS for p in (False, True)], ids=str)
def films(request):
    name, plain = request.param
    recorded = record_pass(*NETS[name](), optimizer=SGD(0.1))
    return [film_pass(recorded, plain=plain, presenter=p) for p in (False, True)]


def place(mark, wide, whole):
    """Left, top, right, bottom of a mark in a picture this wide."""
    x = mark["x"] * wide / whole + mark.get("dx", 0)
    y = mark["y"] + mark.get("dy", 0)
    w, h = (2 * mark["r"],) * 2 if mark["t"] == "circle" else (mark["w"], mark["h"])
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def shown(film, frame, wide):
    """The marks that take room at a step."""
    for mark in film.marks:
        first, last = mark.get("frames", (0, frame.k))
        solid = mark["t"] in ("circle", "box", "cells", "tiles")
        if solid and first <= frame.k <= last and mark.get("room", 0) <= wide:
            yield mark


def test_nothing_overlaps_and_all_is_inside_in_both_widths(films):
    film = films[1]
    count = 0
    for wide in (film.size[0], NARROW):
        for frame in (f for frames in film.cuts.values() for f in frames):
            boxes = [(m.get("tag"), place(m, wide, film.size[0])) for m in shown(film, frame, wide)]
            for tag, (left, top, right, bottom) in boxes:
                inside = left >= -0.6 and top >= 0 and right <= wide + 0.6
                assert inside and bottom <= film.size[1], (frame.k, tag)
            for (tag, a), (other, b) in combinations(boxes, 2):
                apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                assert apart, (wide, frame.k, tag, other)
                count += 1
    assert count > 500


def test_nothing_is_small(films):
    film = films[1]
    assert film.presenter and film.legend == ()
    assert min((m["size"] for m in film.marks if "size" in m), default=24) >= 20
    assert all(m["r"] >= 40 for m in film.marks if m["t"] == "circle")
    header, _ = unpack(film.pack())
    assert header["presenter"] is True
    assert "presenter" not in unpack(films[0].pack())[0]


def test_the_steps_are_those_of_the_small_film(films):
    small, large = films
    assert small.trace == large.trace and small.phases == large.phases
    for cut in small.cuts:
        assert [(f.k, f.phase) for f in large.cuts[cut]] == [
            (f.k, f.phase) for f in small.cuts[cut]
        ]


def test_a_number_is_the_same_in_both_sizes(films):
    small, large = ({a.name: a for a in f.arrays} for f in films)
    assert set(large) <= set(small)
    for name, a in large.items():
        assert np.array_equal(a.values, small[name].values, equal_nan=True)
        assert (a.known, a.stale) == (small[name].known, small[name].stale)


def test_one_line_is_bright_and_its_marks_receive(films):
    leads = 0
    for frame in (f for frames in films[1].cuts.values() for f in frames):
        rows = [r for r in frame.panel if "of" in r]
        assert len(rows) <= 1 and not any("head" in r or "note" in r for r in frame.panel)
        for row in rows:
            sizes = [max(abs(c["v"]) for c in line if isinstance(c, dict) and "v" in c)
                     for line in row["rows"]]  # fmt: skip
            assert sizes[row["bright"]] == max(sizes)
            assert frame.to == tuple(row["of"][row["bright"]]) and frame.on == ()
            assert len(row["of"]) == len(row["rows"])
            leads += 1
    assert leads >= 4


def test_captions_are_short(films):
    for frame in (f for frames in films[1].cuts.values() for f in frames):
        assert len(frame.say) <= 74, frame.say
        assert frame.say[0] == frame.say[0].upper() and frame.say.endswith(".")
        assert not re.search(r"[:;,]\.$", frame.say)


@pytest.mark.parametrize("seed", range(COUNT))
def test_every_net_can_be_presented(seed):
    recorded = case(seed).recorded
    film = film_pass(recorded, plain=case(seed).plain, presenter=True)
    small = film_pass(recorded, plain=case(seed).plain)
    assert film.pack() == film_pass(recorded, plain=case(seed).plain, presenter=True).pack()
    ks = {f.k for f in small.cuts["operation"]}
    assert film.cuts["operation"][-1].k == max(ks)


# --- the rules on their own -----------------------------------------------------------------------
def test_a_caption_gives_up_what_stands_elsewhere():
    assert one_line("Short as it is: 1.00.") == "Short as it is: 1.00."
    long = "Switch 1 is up (+1), switch 2 down (−1); the hidden units give 0.922, 0.537, −0.762."
    assert one_line(long) == "The hidden units give 0.922, 0.537, −0.762."
    listed = "Each sum adds 64 inputs, each times its own weight: 32 numbers from −1 to 2.50."
    assert one_line(listed) == "Each sum adds 64 inputs, each times its own weight."
    kept = "Turn p up a little: the loss changes by −0.741 times as much."
    assert one_line(kept) == kept


def test_a_panel_keeps_its_lines_and_loses_its_asides():
    line = lambda v: [{"sym": "h"}, "=", {"n": v}, "×", {"n": 1.0}, "=?", {"box": v, "v": v}]
    rows = (
        {"t": "title", "s": "Title"}, {"t": "p", "s": "aside", "c": "muted"}, {"t": "gap"},
        {"t": "rule", "note": "n", "items": [
            {"sym": "h", "array": "h"}, {"op": "="}, {"sym": "x", "array": "x"}, {"op": "·"},
            {"sym": "W", "array": "W"}]},
        owned({"t": "eq", "head": "numbers", "rows": [line(1.0), line(-3.0)]}, [["h:0"], ["h:1"]]),
        {"t": "next", "s": "more"},
    )  # fmt: skip
    title, eq = presented(rows, ("h:0", "h"), ("x",))
    assert title["s"] == "Title" and "head" not in eq
    assert [p if isinstance(p, str) else p["sym"] for p in eq["top"]] == ["h", "=", "x", "·", "W"]
    assert eq["bright"] == 1 and eq["of"] == [["h:0"], ["h"]]  # an entry of a block lights it
    assert presented(rows, (), ("x",))[1]["of"] == [["x"], ["x"]]
    assert all("of" not in row for row in usual(rows))


def test_many_bars_become_a_few():
    items = [[f"w{i}", 1.0 / (i + 1)] for i in range(12)] + [["30 more", 0.5]]
    (row,) = presented(({"t": "bars", "items": items, "total": ["sum", 4.0]},))
    assert [label for label, _ in row["items"]] == ["w0", "w1", "w2", "w3", "38 more"]
    assert sum(v for _, v in row["items"]) == pytest.approx(sum(v for _, v in items), abs=1e-12)
