"""ActivationExplorer in JupyterLab: what is read from the page after a hand has been at it, beside
plain NumPy; one message in and one out for each redraw."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from explorers import SMALL, Explorer
from messages import comms
from photographs import both_widths, shoot, themes, worn
from reading import ERRORS, fits, numbers_in, parse

SETUP = """from backprop_kit import *
X, y = stairs()
groups = ["on", "on", "off", "off"]
layer = Sequential(Linear(2, 2), Tanh(), Linear(2, 1)).reset(3)
layer[0].b.data = [0.2, -0.4]
net = Sequential(Linear(2, 3), Linear(3, 1)).reset(5)
"""
CELLS = (
    SETUP + 'neuron = ActivationExplorer("tanh", w=[1.4, -0.2], x=[1, -1])\nneuron',
    "plane = ActivationExplorer(layer, X, groups=groups, open=True)\nplane",
    'whole = ActivationExplorer(net, X, groups=groups, show="net", open=True)\nwhole',
    "ActivationExplorer(Sequential(Linear(2, 40), Tanh(), Linear(40, 1)).reset(1), X)",
)
NAMES = ("linear", "ReLU", "leaky ReLU", "sigmoid", "tanh")
BENDS = {
    "linear": (lambda z: z, np.ones_like),
    "ReLU": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky ReLU": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: 1 / (2 + np.exp(z) + np.exp(-z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
}
# Every number in the picture by its tag, and in the panel by its name.
SEEN = """n => Object.fromEntries([
  ...[...n.querySelectorAll('svg.bk-picture text[data-tag]')].map(t => [t.dataset.tag,
    t.textContent.trim().split(' ').pop()]),
  ...[...n.querySelectorAll('.bk-panel [data-n]')].map(t => ['panel ' + t.dataset.n,
    t.textContent])])"""
STATE = f"""n => ({{
  seen: ({SEEN})(n), i: +n.querySelector('.bk-time').ariaValueNow,
  panel: n.querySelector('.bk-panel').innerText, say: n.querySelector('.bk-say').innerText,
  chosen: n.querySelector('.bk-option[aria-pressed="true"]')?.textContent || '',
  grips: Object.fromEntries([...n.querySelectorAll('.bk-grip')].map(g =>
    [g.dataset.grip, [+g.ariaValueNow, g.ariaValueText]])) }})"""
OUTSIDE = """n => { const b = n.querySelector('.bk-scene').getBoundingClientRect();
  return [...n.querySelectorAll('.bk-scene text')].map(t => [t.textContent,
    t.getBoundingClientRect()]).filter(([, r]) => r.width && (r.left < b.left - 30
    || r.right > b.right + 14)).map(([s]) => s); }"""


class View(Explorer):
    """One explorer in the page."""

    state = STATE

    def read(self):
        return Moment(super().read())


class Moment:
    """What stood in the page at one moment."""

    def __init__(self, state):
        self.seen, self.i, self.panel, self.say, self.chosen, self.grips = (
            state[name] for name in ("seen", "i", "panel", "say", "chosen", "grips")
        )

    def value(self, tag):
        """The number of a handle, as exactly as it is kept."""
        return self.grips[tag][0]

    def values(self, tag):
        """The numbers of a handle that moves both ways, as a screen reader hears them."""
        return [parse(v) for v in self.grips[tag][1].split(", ")]


@pytest.fixture(scope="module")
def book(page, lab):
    page.start("explorer.ipynb", *CELLS)
    page.page.locator(".bk-stage").nth(3).wait_for()
    assert page.page.evaluate(ERRORS) == []
    yield page
    page.clean()


def agree(seen, true):
    """Every tag that is expected is there and reads so."""
    for tag, value in true.items():
        assert fits(seen[tag], value), (tag, seen[tag], value)


# --- one neuron -----------------------------------------------------------------------------------
def test_a_neuron_after_many_moves(book):
    view, rng = View(book, 0).show(), random.Random(0)
    for _ in range(16):
        how = rng.choice(["drag", "key", "choose"])
        if how == "drag":
            view.drag(rng.choice(["z", "z slope"]), rng.randint(-80, 80), rng.randint(-20, 20))
        elif how == "key":
            view.key("z", rng.choice(["ArrowLeft", "ArrowRight", "Shift+ArrowRight"]))
        else:
            view.choose(rng.choice(NAMES))
        now = view.read()
        z, seen, name = now.value("z"), now.seen, now.chosen
        f, slope = BENDS[name]
        agree(seen, {"h": f(z), "slope": slope(z)})
        for other, (g, s) in BENDS.items():
            agree(seen, {f"value of {other}": g(z), f"slope of {other}": s(z)})
        agree(seen, {f"panel {seen['h']}": f(z), f"panel {seen['slope']}": slope(z)})
        assert any(fits(n, float(f(z))) for n in numbers_in(now.say))
    book.clean()


# --- a layer --------------------------------------------------------------------------------------
def layer_numbers(now):
    W = np.array([[now.value(f"W:{i}:{j}") for j in (0, 1)] for i in (0, 1)])
    return W, np.array([now.value(f"b:{j}") for j in (0, 1)])


def test_a_layer_after_many_moves(book):
    view, rng = View(book, 1).show(), random.Random(1)
    sliders = [f"W:{i}:{j}" for i in (0, 1) for j in (0, 1)] + ["b:0", "b:1"]
    steps = set()
    for _ in range(18):
        how = rng.choice(["point", "slider", "key", "choose", "step", "step"])
        if how == "point":
            view.drag("x", rng.randint(-60, 60), rng.randint(-60, 60))
        elif how == "slider":
            view.drag(rng.choice(sliders), rng.randint(-25, 25), 0)
        elif how == "key":
            view.key(rng.choice([*sliders, "x"]), rng.choice(["ArrowUp", "ArrowLeft"]))
        elif how == "choose":
            view.choose(rng.choice(NAMES))
        else:
            view.step(rng.choice(["ArrowRight", "ArrowRight", "ArrowLeft"]))
        now = view.read()
        k, seen = now.i, now.seen
        steps.add(k)
        W, b = layer_numbers(now)
        x = np.array(now.values("x"))
        z = x @ W + b
        f, slope = BENDS[now.chosen]
        true = {f"w_{{{i + 1}{j + 1}}} number": W[i, j] for i in (0, 1) for j in (0, 1)}
        true |= {f"b_{j + 1} number": b[j] for j in (0, 1)}
        if k:
            true |= {f"z_{j + 1} sum": z[j] for j in (0, 1)}
        else:
            assert "z_1 sum" not in seen
        if k == 1:
            true |= {f"z{j}": z[j] for j in (0, 1)}
            true |= {f"panel {seen_name(seen, abs(np.linalg.det(W)))}": abs(np.linalg.det(W))}
        if k >= 2:
            true |= {f"h{j}": f(z)[j] for j in (0, 1)}
        if k == 2:
            slopes = slope(z)
            area = abs(np.linalg.det(W)) * slopes.prod()
            true |= {"panel det": abs(np.linalg.det(W)), "panel area": area}
            true |= {f"panel slope {j + 1}": slopes[j] for j in (0, 1)}
        agree(seen, true)
        compare_groups(now, k, W, b, f)
    assert steps >= {0, 1, 2}
    book.clean()


def seen_name(seen, value):
    """The name of a result in the panel: its own text."""
    return next(n[6:] for n, t in seen.items() if n.startswith("panel ") and fits(t, value))


def compare_groups(now, k, W, b, f):
    """Midpoints before, as sums, and bent; and the next layer's sums."""
    X = np.array([[1.0, -1], [-1, 1], [1, 1], [-1, -1]])
    stage = [X, X @ W + b, f(X @ W + b)][min(k, 2)]
    if k < 3:
        text = now.panel.split("Midpoints")[1].split("How much")[0]
        said = [parse(v) for v in re.findall(r"−?\d[\d.]*(?:·10[⁻⁰-⁹]+)?", text)[:4]]
        true = np.concatenate([stage[:2].mean(0), stage[2:].mean(0)])
        for shown, value in zip(said, true, strict=True):
            if abs(value) > 1e-9:
                assert abs(shown - value) <= 0.006 * abs(value), (k, said, true)
            else:
                assert abs(shown) < 1e-9


# --- a net ----------------------------------------------------------------------------------------
def test_a_net_after_many_moves(book):
    view, rng = View(book, 2).show(), random.Random(2)
    paths = {"0.W": (2, 3), "0.b": (3,), "1.W": (3, 1), "1.b": (1,)}
    sliders = [f"{p}:{i}" for p, s in paths.items() for i in range(int(np.prod(s)))]
    X = np.array([[1.0, -1], [-1, 1], [1, 1], [-1, -1]])
    for _ in range(16):
        how = rng.choice(["slider", "slider", "key", "choose", "step"])
        if how == "slider":
            view.drag(rng.choice(sliders), rng.randint(-30, 30), 0)
        elif how == "key":
            view.key(rng.choice(sliders), rng.choice(["ArrowRight", "Shift+ArrowLeft"]))
        elif how == "choose":
            view.choose(rng.choice(NAMES))
        else:
            view.step(rng.choice(["ArrowRight", "ArrowLeft"]))
        now = view.read()
        n = {p: np.array([now.value(f"{p}:{i}") for i in range(int(np.prod(s)))]).reshape(s)
             for p, s in paths.items()}  # fmt: skip
        seen, k = now.seen, now.i
        f = BENDS[now.chosen][0] if k else lambda z: z
        out = (f(X @ n["0.W"] + n["0.b"]) @ n["1.W"] + n["1.b"])[:, 0]
        agree(seen, {f"output {i}": out[i] for i in range(4)})
        agree(seen, {f"{p}:{i} number": n[p].flat[i] for p in n for i in range(n[p].size)})
        sums = [t for name, t in seen.items() if name.startswith("panel ")]
        for value in (out[:2].sum(), out[2:].sum()):
            assert any(fits(t, value) for t in sums), (value, sums)
    book.clean()


# --- messages -------------------------------------------------------------------------------------
def test_one_message_in_and_one_out_for_each_redraw(book):
    view = View(book, 1).show()
    view.page.wait_for_timeout(300)
    for act in (lambda: view.key("W:0:0", "ArrowUp"), lambda: view.key("x", "ArrowLeft")):
        book.sent.clear()
        book.received.clear()
        act()
        view.page.wait_for_timeout(200)
        assert (len(comms(book.sent)), len(comms(book.received))) == (1, 1)
    book.clean()


# --- how it looks ---------------------------------------------------------------------------------
def test_more_than_six_neurons_are_small_maps(book):
    view = View(book, 3).show()
    view.step("End")
    view.page.wait_for_timeout(300)
    assert view.root.locator('g[data-pick="tile"] image').count() == 40
    view.root.locator('g[data-pick="tile"] [data-cell="7"]').click()
    view.root.locator('text[data-tag="w_{18} number"]').wait_for()


@both_widths
def test_it_is_photographed_in_both_widths_and_both_themes(book, window, output):
    for mode in themes(book, window):
        for name, index, keys in (("neuron", 0, ""), ("layer", 1, "Home ArrowRight ArrowRight"),
                                  ("net", 2, "End"), ("many", 3, "End")):  # fmt: skip
            view = View(book, index).show()
            for key in keys.split():
                view.step(key)
            worn(book, view.root, mode, output)
            assert view.root.evaluate(OUTSIDE) == [], name
            assert view.root.evaluate(SMALL) == [], name
            shoot(view.root, f"activation_{name}_{output}_{mode}")


def test_large_type_fits_its_box(book):
    for index, name in ((0, "neuron"), (1, "layer"), (2, "net")):
        view = View(book, index).show()
        high = view.root.bounding_box()["height"]
        view.root.focus()
        book.page.keyboard.press("p")
        view.book.page.locator(".bk-stage.bk-presenter").wait_for(timeout=5000)
        book.page.wait_for_timeout(400)
        assert abs(view.root.bounding_box()["height"] - high) < 3, name
        shoot(view.root, f"activation_{name}_presenter")
        view.root.focus()
        book.page.keyboard.press("p")
        book.page.locator(".bk-stage.bk-presenter").wait_for(state="detached", timeout=5000)
    book.clean()


def test_without_a_kernel_the_handles_say_why(book):
    book.end_kernel()
    view = View(book, 1)
    view.root.scroll_into_view_if_needed()
    view.step("Home")
    view.step("ArrowRight")
    view.root.get_by_text("kernel gone").wait_for(timeout=10_000)
    assert "run this cell again" in view.grip("x").get_attribute("title")
