"""LossExplorer in JupyterLab: after fifty actions every number in the page is the textbook's."""

from __future__ import annotations

import random

import numpy as np
import pytest
from explorers import SMALL
from lossoracle import classes, line, logit, race, samples
from lossviews import OUTSIDE, OVER, View, agree
from messages import comms
from photographs import both_widths, shoot, themes, worn
from reading import ERRORS, fits

P, T = [0.8, 0.35, 0.6, 0.15, 0.99], [1, 0, 1, 0, 0]
SHARES, RIGHT = [0.02, 0.06, 0.92], [1, 0, 0]
X, Y = [-1, 0, 1, 2], [-2, -0.5, 1, 2.5]
CELLS = (
    "from backprop_kit import LossExplorer\nLossExplorer()",
    f"LossExplorer({X}, {Y}, w=-0.5, b=1.0)",
    'LossExplorer("sigmoid", target=0)',
    f'LossExplorer({SHARES}, {RIGHT}, output="softmax")',
    f"LossExplorer({X}, {Y}, w=-0.5, b=1.0, steps=0)",
)
NAMES = ("predictions", "line", "unit", "classes", "by_hand")


@pytest.fixture(scope="module")
def book(page, lab):
    page.start("loss.ipynb", *CELLS)
    page.page.locator(".bk-stage").nth(len(CELLS) - 1).wait_for()
    assert page.page.evaluate(ERRORS) == []
    yield page
    page.clean()


# --- several predictions --------------------------------------------------------------------------
class Rows:
    """What a person has done so far, and what follows from it by the formulas."""

    def __init__(self, p, t, kind):
        self.t, self.kind, self.row, self.k = np.array(t, float), kind, 0, 0
        self.z, self.p = race(p, t, 120, kind=kind)
        self.row = int(np.abs(np.subtract(p, t)).argmax())

    def sums(self, which, k, row, p):
        rest = np.delete(self.z[which, k], row)
        return logit(p) + (0 if self.kind == "sigmoid" else np.log(np.exp(rest).sum()))

    def moved(self, row, p, which):
        """A handle was set at step k; what lies behind follows anew."""
        for copy in (0, 1) if which is None else (which,):
            self.z[copy, self.k, row] = self.sums(copy, self.k, row, p)
        self.row = row
        self.follow()

    def follow(self):
        rule = samples if self.kind == "sigmoid" else classes
        for which in (0, 1):
            for k in range(self.k, 121):
                self.p[which, k] = self.out(self.z[which, k])
                if k < 120:
                    delta = rule(self.p[which, k], self.t)[3][which]
                    self.z[which, k + 1] = self.z[which, k] - delta

    def out(self, z):
        if self.kind == "sigmoid":
            return 1 / (1 + np.exp(-z))
        e = np.exp(z - z.max())
        return e / e.sum()

    def turned(self, row):
        self.t[row] = 1 - self.t[row]
        if self.kind == "softmax":
            self.t = np.eye(len(self.t))[row]
        at, self.k, self.row = self.k, 0, row
        self.follow()
        self.k = at

    def numbers(self):
        """Every number of the picture, by tag."""
        rule = samples if self.kind == "sigmoid" else classes
        both = [rule(self.p[which, self.k], self.t) for which in (0, 1)]
        part = np.array([both[w][0][w] for w in (0, 1)])
        delta = np.array([both[w][3][w] for w in (0, 1)])
        error = self.p[:, self.k] - self.t
        copies = (0,) if self.k == 0 else (0, 1)
        true = {f"e{i}": [error[w, i] for w in copies] for i in range(len(self.t))}
        for i in range(len(self.t)):
            true[f"s{i}"], true[f"c{i}"] = [delta[0, i]], [delta[1, i]]
        for name, v in (("loss", part), ("push", np.abs(delta))):
            for w in (0, 1):
                true[f"share {name}{w}"] = [100 * v[w, self.row] / v[w].sum()]
                true[f"total {name}{w}"] = [v[w].sum()]
        for w, name in enumerate(("squared", "cross")):
            true[f"slope {name}"] = [delta[w, self.row]]
        front = np.array([both[w][1][w] for w in (0, 1)])
        return true, front, both, delta


def panel_of_samples(now, front, both, delta, row):
    _, *lines = now["panel"][0]
    for which, cells in enumerate(lines):
        slope = both[which][2][row]
        texts = [cells[1], cells[3], cells[5]]
        for text, value in zip(texts, (front[which, row], slope, delta[which, row]), strict=True):
            assert fits(text, value), (cells, value)


@pytest.mark.parametrize(("index", "kind", "p", "t", "count"), [
    (0, "sigmoid", P, T, 50), (3, "softmax", SHARES, RIGHT, 16),
])  # fmt: skip
def test_predictions_after_many_actions(book, index, kind, p, t, count):
    view, rows, rng = View(book, index).show(), Rows(p, t, kind), random.Random(index + 4)
    n, seen, done = len(t), 0, set()
    for _ in range(count):
        how = rng.choice(["drag", "key", "key", "step", "step", "step", "row", "turn"])
        done.add(how)
        row = rng.randrange(n)
        if how in ("drag", "key"):
            which = None if rows.k == 0 else rng.choice([0, 1])
            tag = f"{'p' if which is None else 'ab'[which]}{row}"
            if how == "drag":
                view.drag(tag, rng.randint(-50, 50))
            else:
                view.key(tag, rng.choice(["ArrowLeft", "ArrowRight", "Shift+ArrowRight"]))
            rows.moved(row, view.read()["grips"][tag], which)
        elif how == "step":
            view.step(rng.choice(["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "Home"]))
            rows.k = view.at()
        elif how == "row":
            view.press(f"n{row}", changes=row != rows.row)
            rows.row = row
        else:
            view.press(f"t{row}", changes=kind == "sigmoid" or not rows.t[row])
            rows.turned(row)
        now = view.read()
        true, front, both, delta = rows.numbers()
        seen += agree(now, true)
        if kind == "sigmoid":
            panel_of_samples(now, front, both, delta, rows.row)
        else:
            (_, *terms), results = now["panel"]
            parts = front[0] * both[0][2][:, rows.row]
            for cells, value in zip(terms, parts, strict=True):
                assert fits(cells[-1], value), (cells, value)
            assert fits(results[0][-1], delta[0, rows.row])
            assert fits(results[1][-1], delta[1, rows.row])
    assert seen > 15 * count and len(done) >= 4
    book.clean()


def test_one_message_in_and_one_out_for_a_redraw(book):
    view = View(book, 0).show()
    view.step("Home")
    view.page.wait_for_timeout(200)
    sent, received = len(book.sent), len(book.received)
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight"):
        view.key("p1", key)
    asked = comms(book.sent[sent:])
    answered = comms(book.received[received:])
    assert len(asked) == len(answered) == 3
    assert all(len(m) < 400_000 for m in answered)
    sent, received = len(book.sent), len(book.received)
    view.drag("p1", 30)
    view.page.wait_for_timeout(200)
    assert len(comms(book.sent[sent:])) == len(comms(book.received[received:])) > 0
    book.clean()


def test_keys_choose_a_row_and_turn_its_target(book):
    view = View(book, 0).show()
    view.press("n2", changes=False)
    kicker = view.root.locator(".bk-kicker")
    kicker.filter(has_text="SAMPLE 3").wait_for()
    view.root.focus()
    view.page.keyboard.press("ArrowDown")
    kicker.filter(has_text="SAMPLE 4").wait_for()
    view.page.keyboard.press("ArrowUp")
    kicker.filter(has_text="SAMPLE 3").wait_for()
    cells = book.cells()
    target = view.root.locator("text", has_text="target").nth(2)
    before = target.text_content()
    view.page.keyboard.press("t")
    target.filter(has_not_text=before).wait_for()
    assert book.cells() == cells
    book.clean()


def test_the_other_kind_is_one_choice_away(book):
    view = View(book, 0).show()
    view.choose("several classes, softmax")
    view.root.locator(".bk-kicker", has_text="CLASS").wait_for()
    view.choose("one output, σ")
    view.root.locator(".bk-kicker", has_text="SAMPLE").wait_for()
    book.clean()


# --- a line ---------------------------------------------------------------------------------------
def test_a_line_after_many_actions(book):
    view, rng = View(book, 1).show(), random.Random(3)
    w, b, k, mean, start = -0.5, 1.0, 0, False, None
    path = None

    def follow(k, w, b):
        path[k:] = []
        while len(path) <= 20:
            path.append((w, b))
            _, _, on_w, on_b = line(X, Y, w, b, mean)
            w, b = w - 0.1 * on_w.sum(), b - 0.1 * on_b.sum()

    path, start = [], (w, b)
    follow(0, *start)
    hand, seen = set(), 0
    for _ in range(24):
        how = rng.choice(["drag", "key", "step", "step", "count"])
        if how in ("drag", "key"):
            name = rng.choice("wb")
            if how == "drag":
                view.drag(f"slide {name}", rng.randint(-30, 30))
            else:
                view.key(f"slide {name}", rng.choice(["ArrowLeft", "Shift+ArrowRight"]))
            value = view.read()["grips"][f"slide {name}"]
            w, b = path[k]
            hand = {h for h in hand if h < k} | ({k} if k else set())
            follow(k, *((value, b) if name == "w" else (w, value)))
        elif how == "step":
            view.step(rng.choice(["ArrowRight", "ArrowRight", "ArrowLeft"]))
            k = view.at()
        else:
            mean = not mean
            view.choose("mean of error²" if mean else "½ Σ error², summed")
            hand, now = set(), path[0]
            follow(0, *now)
        w, b = path[k]
        error, part, on_w, on_b = line(X, Y, w, b, mean)
        true = {"w": [w], "b": [b], "loss": [part.sum()], "slope w": [on_w.sum()],
                "slope b": [on_b.sum()]}  # fmt: skip
        for i in range(4):
            true[f"pullw{i}"], true[f"pullb{i}"] = [on_w[i]], [on_b[i]]
            true[f"share{i}"] = [100 * part[i] / part.sum()]
        now = view.read()
        seen += agree(now, true)
        if k == 0:
            for cells, e, x, pull in zip(now["panel"][0], error, X, on_w, strict=True):
                assert fits(cells[1], e) and fits(cells[3], x) and fits(cells[-1], pull)
        elif k not in hand:
            v, c = path[k - 1]
            _, was, dw, db = line(X, Y, v, c, mean)
            assert fits(now["panel"][0][0][-1], w) and fits(now["panel"][0][1][-1], b)
            forecast, fall = now["bars"]
            assert fits(forecast, 0.1 * (dw.sum() ** 2 + db.sum() ** 2))
            assert fits(fall, was.sum() - part.sum())
    assert seen > 300
    book.clean()


def test_by_hand_to_the_bottom(book):
    view = View(book, 4).show()
    assert not view.root.locator(".bk-buttons").is_visible()
    for tag, key in (("slide w", "Shift+ArrowRight"),) * 8 + (("slide b", "Shift+ArrowLeft"),) * 6:
        view.key(tag, key)
    now = view.read()
    assert now["grips"] == {"slide w": 1.5, "slide b": -0.5}
    agree(now, {"w": [1.5], "b": [-0.5], "loss": [0], **{f"error{i}": [0] for i in range(4)}})
    view.root.locator(".bk-panel", has_text="the line is found").wait_for()
    book.clean()


# --- one unit -------------------------------------------------------------------------------------
def test_a_unit_after_many_moves(book):
    view, rng = View(book, 2).show(), random.Random(5)
    for _ in range(14):
        if rng.random() < 0.6:
            view.drag("p", rng.randint(-200, 200))
        else:
            view.key("p", rng.choice(["ArrowLeft", "Shift+ArrowRight"]))
        now = view.read()
        p = now["grips"]["p"]
        part, front, slope, delta = samples([p], [0])
        true = {"value": [p], "top p": [0.667]}
        for w in (0, 1):
            true |= {f"error{w}": [p], f"loss{w}": [part[w, 0]], f"push{w}": [delta[w, 0]]}
        agree(now, true)
        panel_of_samples(now, front, [(0, 0, slope)] * 2, delta, 0)
    book.clean()


# --- looks ----------------------------------------------------------------------------------------
@both_widths
def test_it_is_photographed_in_both_widths_and_both_themes(book, window, output):
    for mode in themes(book, window):
        for index, name in enumerate(NAMES):
            view = View(book, index).show()
            for step in (0, 1) if index in (0, 1, 3) else (0,):
                if index in (0, 1, 3):
                    view.step("ArrowRight" if step else "Home")
                worn(book, view.root, mode, output)
                where = f"{name} at step {step}, {output}"
                assert view.root.evaluate(OUTSIDE) == [], where
                assert view.root.evaluate(SMALL) == [], where
                assert not view.root.evaluate(OVER), where
                shoot(view.root, f"loss_{name}{step}_{output}_{mode}")


def test_presenter_type_stays_inside(book):
    for index, name in enumerate(NAMES):
        view = View(book, index).show()
        view.root.focus()
        book.page.keyboard.press("p")
        view.root.locator("xpath=self::*[contains(@class, 'bk-presenter')]").wait_for()
        shoot(view.root, f"loss_{name}_presenter")
        assert view.root.evaluate(OUTSIDE) == [], name
        book.page.keyboard.press("p")
        view.root.locator("xpath=self::*[not(contains(@class, 'bk-presenter'))]").wait_for()
    book.clean()
