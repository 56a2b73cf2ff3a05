"""The film of a gradient check: every number in it beside the comparison, every sentence used."""

import re

import numpy as np
import pytest
from sentencecheck import is_whole, keeps_the_words, listened

from backprop_kit.data import digits
from backprop_kit.films.captions import sentences
from backprop_kit.films.gradient_check import curve, film_check, names, own
from backprop_kit.films.numbers import number
from backprop_kit.nn import Linear, Module, Sequential, Sigmoid, Tanh
from backprop_kit.study.boards import board, digits_net
from backprop_kit.study.gradient_check import EXPONENTS, compare_gradients
from backprop_kit.widgets import gradient_check
from backprop_kit.widgets.gradient_check import GradientCheck

SENTENCES = sentences("gradient_check")


def compared(name=None, wrong=None, rows=8):
    if name:
        return compare_gradients(*board(name), wrong=wrong)
    x, y = digits().train
    return compare_gradients(digits_net(), x[:rows], y[:rows], wrong=wrong)


@pytest.fixture(scope="module")
def digit():
    return compared()


@pytest.fixture(scope="module")
def two():
    return compared("2-2-1", "update on the way")


def frames(film):
    return film.cuts["operation"]


def text_of(frame):
    return f"{frame.say} {frame.panel}"


# --- the size of a step ---------------------------------------------------------------------------
def test_one_frame_a_step_size_and_the_same_bytes_twice(digit):
    film = film_check(digit)
    assert [f.k for f in frames(film)] == list(range(len(EXPONENTS)))
    assert film.pack() == film_check(digit).pack()
    assert len(film.pack()) < 20_000


def test_what_is_not_asked_yet_is_not_drawn(digit):
    """Points and lines of later step sizes are not even sent."""
    film = film_check(digit)
    drawn = [m for m in film.marks if m["t"] in ("seg", "dot") and "frames" in m]
    errors = digit.errors("central")
    for m in drawn:
        at = m.get("x2", m.get("x"))
        if m.get("tag", "").startswith("central"):
            i = EXPONENTS.index(int(at))
            assert np.isclose(m["y"], np.log10(errors[i]))
            assert m["frames"][0] == i + 1
        assert m["frames"][0] >= EXPONENTS.index(int(at))
    assert len(drawn) > 4 * len(EXPONENTS)


def test_the_panel_holds_the_errors_of_each_parameter(digit):
    for i, frame in enumerate(frames(film_check(digit))):
        table, worst = (r for r in frame.panel if r["t"] == "eq")
        assert [r[0]["sym"] for r in table["rows"][1:]] == ["W_1", "b_1", "W_2", "b_2"]
        for row, line in zip(digit.rows, table["rows"][1:], strict=True):
            off = np.abs(row.central[i] - row.ours).max() / digit.length
            assert line[1]["s"] == number(off)
            assert line[3]["s"] == number(np.abs(row.exact - row.ours).max() / digit.length)
        ours, central, exact = (line[1] for line in worst["rows"])
        w = digit.worst("central", i)
        assert (ours["n"], central["box"]) == (w.ours, w.found)
        assert np.isclose(exact["n"], w.ours, atol=1e-12)


def test_the_captions_tell_the_turn(digit):
    said = [f.say for f in frames(film_check(digit))]
    assert said[0].startswith("2,410 slopes") and not re.search(r"10⁻", said[0])
    turn = digit.best + 1
    assert "falls 100 times" in said[1] and said[turn].startswith("Now it rises, to ")
    assert number(digit.errors("central")[turn]) in said[turn]
    assert all(s.startswith("Smaller still, and worse") for s in said[turn + 1 : -1])
    assert said[-1].endswith("stays exact: it subtracts nothing.")
    digits_left = [int(m[1]) for s in said if (m := re.search(r"only (\d+) of 16", s))]
    assert digits_left == sorted(digits_left, reverse=True) and digits_left[-1] == 1


def test_many_parameters_show_those_furthest_off():
    layers = [m for _ in range(6) for m in (Linear(3, 3), Tanh())]
    found = compare_gradients(Sequential(*layers).reset(0), np.eye(3), np.eye(3))
    frame = frames(film_check(found))[3]
    table = next(r for r in frame.panel if r["t"] == "eq")
    assert len(table["rows"]) == 1 + curve.ROWS
    assert any("7 more parameters" in r.get("s", "") for r in frame.panel)


# --- a pass with a mistake ------------------------------------------------------------------------
def test_both_passes_place_by_place(two):
    film = film_check(two)
    arrays = {a.name: a.values for a in film.arrays}
    said = [f.say for f in frames(film)]
    assert said[1:] == [
        "dY comes out the same in both: −1.00, 1.00.",
        "dW₂ comes out the same in both: −1.50, −1.00.",
        "This pass moves W₂ now, by 0.1 × its slopes, before the blame goes on.",
        "Here they part: δ₁ is the first to be wrong, −0.650 for −0.500.",
        "dW₁ is made of that, and wrong too: 0.900 for 1.00.",
        "The complex step knows no way back, and judges: dW₁ and db₁ wrong, dW₂ and db₂ right.",
    ]
    assert np.allclose(arrays["m5"], [[0, 0.9], [-1.95, 1.8]])
    assert np.allclose(arrays["r5"], [[0, 1], [-1.5, 2]])
    assert [f.mark for f in frames(film)] == ["", "", "", "", "failed", "", ""]
    for a in film.arrays:
        if a.name[0] in "rm":
            assert a.known == (0 if a.name == "r3" else int(a.name[1:]))


def test_nothing_tells_the_answer_before_it_is_walked_to(two):
    film = film_check(two)
    before = " ".join(text_of(f) for f in frames(film)[:4])
    assert "wrong" not in before and "−1.95" not in before and "≠" not in before
    lit = [m for m in film.marks if m.get("ring") is not None or m.get("s") == "≠"]
    assert lit and all(m["frames"][0] >= 4 for m in lit)


def test_the_formulas_give_what_stands_beside_them(two):
    """Each product in the panel, multiplied here, is the block after its equals sign."""
    film = film_check(two)
    arrays = {a.name: a.values for a in film.arrays}
    checked = 0
    for row in (r for f in frames(film) for r in f.panel if r["t"] == "rule"):
        ops = [i["op"] for i in row["items"] if "op" in i and i["op"] != "="]
        blocks = [np.array(arrays[i["v"][0][0]]) for i in row["items"] if "v" in i]
        turned = [i.get("transpose") for i in row["items"] if "v" in i]
        blocks = [b.T if t else b for b, t in zip(blocks, turned, strict=True)]
        made = blocks[0]
        for op, other in zip(ops, blocks[1:-1], strict=False):
            act = {"·": np.matmul, "⊙": np.multiply}.get(op, lambda a, b: a - 0.1 * b)
            made = act(made, other) if "×" not in op else made - 0.1 * other
        assert np.allclose(made, blocks[-1]), row
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("wrong", ["no slope", "update on the way"])
def test_large_blocks_and_deep_nets_find_room(wrong):
    film = film_check(compared(None, wrong))
    assert len(film.pack()) < 60_000
    layers = [m for _ in range(7) for m in (Linear(3, 3), Tanh())]
    found = compare_gradients(Sequential(*layers).reset(0), np.eye(3), np.eye(3), wrong=wrong)
    film = film_check(found)
    assert len(frames(film)) == own.COLUMNS + 2
    assert any(f.mark for f in frames(film))


def test_a_module_nobody_knows_keeps_its_paths():
    class Odd(Module):
        def __init__(self):
            self.inner = Linear(2, 2)

        def forward(self, x):
            return self.inner(x) * self.inner(x)

    found = compare_gradients(Odd(), np.eye(2), np.eye(2))
    assert names.symbols(found.recorded) == {"inner.W": "inner.W", "inner.b": "inner.b"}
    film_check(found)
    film_check(compare_gradients(Odd(), np.eye(2), np.eye(2), wrong="update on the way"))


# --- both -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("presenter", [False, True])
def test_large_type_leaves_parts_out(digit, two, presenter):
    for found in (digit, two):
        film = film_check(found, presenter=presenter)
        assert film.presenter is presenter
    if presenter:
        sizes = [m["size"] for m in film_check(digit, presenter=True).marks if "size" in m]
        assert min(sizes) >= 20


def cases():
    yield compared()
    yield compared("2-2-1")
    yield compared("2-2-1", "update on the way")
    one = Sequential(Linear(2, 1)).reset(0)
    yield compare_gradients(one, np.ones((3, 2)), np.ones((3, 1)), wrong="no slope")
    deep = Sequential(Linear(2, 2), Sigmoid(), Linear(2, 2), Sigmoid(), Linear(2, 2)).reset(1)
    yield compare_gradients(deep, np.eye(2), np.eye(2), wrong="no slope")
    yield compare_gradients(deep, np.eye(2), np.eye(2), wrong="update on the way")

    class Fork(Module):
        """Two ways to the loss; the plain one is recorded first, and comes last on the way back."""

        def __init__(self):
            self.plain, self.one, self.two = Linear(2, 2), Linear(2, 2), Linear(2, 2)

        def forward(self, x):
            straight = self.plain(x)
            return self.two(self.one(x).tanh()) + straight

    yield compare_gradients(Fork(), np.eye(2), np.eye(2), wrong="update on the way")

    class Root(Module):
        def __init__(self):
            self.inner = Linear(1, 1)

        def forward(self, x):
            return self.inner(x) ** 1.5

    model = Root()
    model.inner.W.data, model.inner.b.data = [[1e-4]], [0.0]
    yield compare_gradients(model, [[1.0]], [[0.5]])


def test_every_sentence_is_used_and_none_is_left_open(monkeypatch):
    used = listened(monkeypatch, "gradient_check", curve, own, gradient_check)
    for found in cases():
        for f in frames(film_check(found)):
            is_whole(f.say, capital=False)
    for wrong in (None, "no slope"):
        widget = GradientCheck(*board("2-2-1"), wrong=wrong)
        widget.text()
        widget.dispose()
    assert set(SENTENCES) - used == set()


def test_the_catalogue_keeps_the_words_of_the_lessons():
    keeps_the_words(SENTENCES, r"!|oops|mistake\b.*\bmistake")
