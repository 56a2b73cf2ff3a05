"""The picture of a pass: everything has its place inside it, and nothing lies on anything else."""

from __future__ import annotations

from itertools import combinations
from math import hypot

import pytest
from passcases import COUNT, case

from backprop_kit.films.forward_pass import film_pass
from backprop_kit.nn import SGD
from backprop_kit.study import board, record_pass

FULL, HEIGHT = 656, 382
WIDTHS = (656, 536)  # of the picture beside an output of 1100 and of 848 pixels
ALLOWED = 2.0


def boards():
    lamp = film_pass(record_pass(*board("stairs"), optimizer=SGD(0.25)), plain=True)
    symbols = film_pass(record_pass(*board("stairs"), optimizer=SGD(0.25)))
    digit = film_pass(record_pass(*board("digit"), optimizer=SGD(0.05)))
    return {"lamp": lamp, "lamp in symbols": symbols, "digit": digit}


BOARDS = boards()
NAMES = [*BOARDS, *range(COUNT)]


def film_named(name):
    if name in BOARDS:
        return BOARDS[name]
    made = case(name)
    return film_pass(made.recorded, plain=made.plain)


def body(mark, width):
    """(kind, x, y, half width, half height) of a mark as the Stage places it: only x is scaled."""
    x = mark["x"] * width / FULL + mark.get("dx", 0)
    y = mark["y"] + mark.get("dy", 0)
    if mark["t"] == "circle":
        return "circle", x, y, mark.get("r", 30), mark.get("r", 30)
    return "box", x, y, mark["w"] / 2, mark["h"] / 2


def depth(a, b):
    """How far two bodies reach into each other, 0 or less when they are apart."""
    (s, x1, y1, w1, h1), (t, x2, y2, w2, h2) = a, b
    across, down = w1 + w2 - abs(x1 - x2), h1 + h2 - abs(y1 - y2)
    if s == t == "circle":
        return w1 + w2 - hypot(x1 - x2, y1 - y2)
    if s == t:
        return min(across, down)
    (_, cx, cy, r, _), (_, bx, by, w, h) = (a, b) if s == "circle" else (b, a)
    return r - hypot(max(abs(cx - bx) - w, 0), max(abs(cy - by) - h, 0))


def moments(film):
    """The marks that can be seen together, once each: by their `frames` and, if they wait for it,
    by being lit."""
    seen = set()
    for frames in film.cuts.values():
        for f in frames:
            lit = {*f.on, *f.to, *f.source}
            there = tuple(
                i for i, m in enumerate(film.marks)
                if m["t"] in ("circle", "box", "cells", "tiles")
                and ("frames" not in m or m["frames"][0] <= f.k <= m["frames"][1])
                and (m.get("when") != "on" or m.get("tag") in lit)
            )  # fmt: skip
            if there not in seen:
                seen.add(there)
                yield f.k, [film.marks[i] for i in there]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES, ids=lambda n: n if isinstance(n, str) else case(n).name)
def test_nothing_lies_on_anything_else_and_all_is_inside(name, width):
    film = film_named(name)
    assert film.size == (FULL, HEIGHT)
    wrong = set()
    for k, marks in moments(film):
        bodies = [(m.get("tag"), body(m, width)) for m in marks]
        for tag, (_, x, y, w, h) in bodies:
            if not (-2 <= x - w and x + w <= width + 2 and -2 <= y - h and y + h <= HEIGHT + 2):
                wrong.add(f"{tag} is outside: {x - w:.0f}–{x + w:.0f}, {y - h:.0f}–{y + h:.0f}")
        for (one, a), (two, b) in combinations(bodies, 2):
            if depth(a, b) > ALLOWED:
                wrong.add(f"{one} lies on {two} by {depth(a, b):.0f} px (k {k})")
    assert not wrong, "\n".join(sorted(wrong))


def test_the_measure_of_overlap_is_right():
    def box(x, y, w, h):
        return "box", x, y, w / 2, h / 2

    def circle(x, y, r):
        return "circle", x, y, r, r

    assert depth(box(0, 0, 10, 10), box(8, 0, 10, 10)) == 2
    assert depth(box(0, 0, 10, 10), box(20, 0, 10, 10)) < 0
    assert depth(circle(0, 0, 5), circle(8, 0, 5)) == 2
    assert (
        depth(circle(0, 0, 5), box(8, 0, 10, 10)) == depth(box(8, 0, 10, 10), circle(0, 0, 5)) == 2
    )
    assert depth(circle(0, 0, 5), box(9, 9, 10, 10)) < 0 < depth(circle(0, 0, 7), box(9, 9, 10, 10))


def test_every_small_net_shows_each_weight_and_its_slope_as_a_pill():
    film = BOARDS["lamp"]
    boxes = {m["tag"] for m in film.marks if m["t"] == "box"}
    assert {f"{p}W1:{i}" for p in ("", "g") for i in range(6)} <= boxes
    assert {f"{p}W2:{i}" for p in ("", "g") for i in range(3)} <= boxes
    lines = {m["tag"]: m for m in film.marks if m["t"] == "line" and "v" in m}
    circles = {m["tag"]: m for m in film.marks if m["t"] == "circle"}
    for i in range(2):
        for j in range(3):  # the edge W1:(i·3 + j) goes from input i to hidden unit j
            edge = lines[f"W1:{3 * i + j}"]
            assert edge["v"][0] == ["W1", 3 * i + j]
            a, b = circles[f"v0:{i}"], circles[f"v1:{j}"]
            assert (edge["x1"], edge["y1"]) == pytest.approx((a["x"], a["y"]))
            assert (edge["x2"], edge["y2"]) == pytest.approx((b["x"], b["y"]))
