"""MatrixStepper in JupyterLab: every number to be seen is NumPy's, with a kernel and without."""

from __future__ import annotations

import random
import re
from itertools import product

import numpy as np
import pytest
from lab import DRAWN
from matrixnets import worked
from reading import AT, ERRORS, badge_of, fits, ks_of, parse

from backprop_kit.data import digits
from backprop_kit.films.matrix import film_matrix
from backprop_kit.nn import SGD, CrossEntropyLoss
from backprop_kit.study import board, digits_net, record_pass

SETUP = (
    "from backprop_kit import MatrixStepper, ForwardStepper, Player, SGD, board\n"
    "from backprop_kit import digits, digits_net\nfrom steppercases import skip_net"
)
CELLS = (
    'MatrixStepper(*board("four samples"))',
    'MatrixStepper(*board("three by three"), lens=True)',
    'MatrixStepper(*board("2-2-1"), step="entry")',
    "x, y = digits().train\nMatrixStepper(digits_net(), x[:32], y[:32])",
    "model, x, y = skip_net()\nMatrixStepper(model, x, y)",
    'player = Player()\nmodel, x, y = board("2-2-1")\n'
    "display(MatrixStepper(model, x, y, player=player),"
    " ForwardStepper(model, x, y, optimizer=SGD(0.1), player=player))",
)
ACTIONS = 50
# Every number that can be seen: what it says it is, and its text.
SEEN = """n => [...n.querySelectorAll('.bk-scene [data-tag], .bk-panel [data-tag]')].map(t => {
  const box = t.getBoundingClientRect(), block = t.closest('g[data-pick]');
  const old = !!block && !!block.querySelector('.bk-stale');
  const drawn = !!t.closest('.bk-scene');
  return [t.dataset.tag, t.textContent.trim(), old, drawn, box.width && box.height];
}).filter(t => t[4])"""
STATE = """n => ({
  i: +n.querySelector('.bk-time').ariaValueNow,
  cut: n.querySelector('.bk-transport .bk-cut[aria-pressed=true]').textContent,
  code: n.querySelector('.bk-code pre')?.textContent || '',
  result: n.querySelector('.bk-panel .bk-result[data-tag]')?.dataset.tag || '',
  far: n.querySelector('[data-n=far]')?.textContent || '',
  of: n.querySelector('.bk-shares')?.dataset.of || '',
  said: n.querySelector('.bk-said')?.textContent || '',
  verdict: n.querySelector('.bk-verdict')?.textContent || '',
  goal: n.querySelector('.bk-desk-title')?.textContent || '',
  picks: [0, 1].map(s => n.querySelector(`[data-key^="pick:${s}:"][aria-pressed=true]`)?.dataset.key
    .split(':')[2]),
})"""
SMALL = """n => [...n.querySelectorAll('.bk-scene text, .bk-panel *')].filter(t => {
  const own = [...t.childNodes].some(c => c.nodeType === 3 && c.textContent.trim());
  return own && t.getBoundingClientRect().width && parseFloat(getComputedStyle(t).fontSize) < 11.9
    && !/sub|sup/i.test(t.tagName) && !(t.tagName === 'tspan');
}).map(t => t.textContent)"""
FITTED = """n => Math.abs(+n.querySelector('.bk-scene svg').getAttribute('width')
  - n.querySelector('.bk-scene').clientWidth) < 2"""
SIZES = """n => [...n.querySelectorAll('.bk-scene image')]
  .map(i => Math.max(i.width.baseVal.value, i.height.baseVal.value))"""
OUTSIDE = """n => {
  const edge = n.querySelector('.bk-scene').getBoundingClientRect();
  const bad = [...n.querySelectorAll('.bk-scene > svg text')].filter(t => {
    const b = t.getBoundingClientRect();
    return b.right > edge.right + 2 || b.left < edge.left - 2 || b.bottom > edge.bottom + 4;
  }).map(t => t.textContent);
  const panel = n.querySelector('.bk-panel');
  if (panel.scrollHeight > panel.clientHeight + 2) bad.push('panel ' + panel.scrollHeight);
  return bad;
}"""


def four_samples():
    dY = np.array([[0.2, -1.15, 0.25], [0.2, 0.75, -1.45], [-0.9, -2.1, 1], [1.1, -0.3, -0.4]])
    X = np.array([[1, 0.5], [-1, 1.5], [2, -1], [0.5, 1]])
    W, b = np.array([[0.8, -1.2, 0.4], [0.6, 0.5, -0.9]]), np.array([0.1, -0.2, 0.3])
    return worked([(W, b)], ["none"], "squared", X, (X @ W + b - dY).round(10), 0.1)


def three_by_three():
    X = np.array([[1, 0, 2], [-1, 1, 0], [0, 2, 1]])
    W, dY = np.array([[1, -1, 0], [0.5, 1, 0], [0, -0.5, 1]]), [[1, -1, 0], [0, 2, 1], [1, 0, -1]]
    return worked([(W, np.zeros(3))], ["none"], "squared", X, X @ W - np.array(dY), 0.1)


def two_two_one():
    weights = [([[1, -1], [0.5, 1]], [0, 0]), ([[0.5], [-1]], [0])]
    return worked(weights, ["relu", "none"], "squared", [[1, 2], [1, -1]],
                  np.array([[1], [-0.75]]), 0.1)  # fmt: skip


def batch_of_digits():
    (x, y), net = digits().train, digits_net()
    weights = [(m.W.data, m.b.data) for m in (net[0], net[2])]
    return worked(weights, ["tanh", "none"], "cross", x[:32], y[:32], 0.1)


def recorded_here(name):
    if name == "digits":
        x, y = digits().train
        return record_pass(digits_net(), x[:32], y[:32], CrossEntropyLoss(), SGD(0.1))
    return record_pass(*board(name), optimizer=SGD(0.1))


CASES = {
    "four samples": (0, four_samples), "three by three": (1, three_by_three),
    "2-2-1": (2, two_two_one), "digits": (3, batch_of_digits),
}  # fmt: skip
# The factors in the order of the buttons: X, dY, W, each as it is and turned.
FACTORS = ((0, False), (0, True), (1, False), (1, True), (2, False), (2, True))


def same(text, true):
    """Whether the text is this number; a sum that is 0 may be written as what rounding left."""
    return abs(parse(text) - true) < 1e-12 or fits(text, float(true))


class Desk:
    """A stepper in the page beside the same pass worked out in plain NumPy."""

    def __init__(self, book, name):
        self.book, self.page = book, book.page
        index, oracle = CASES[name]
        self.root = self.page.locator(".bk-stage").nth(index)
        self.arrays = oracle()
        self.recorded = recorded_here(name)
        self.ks = ks_of(film_matrix(self.recorded))["product"]
        self.known, self.stale = self._times()
        self.out: set[int] = set()
        self.root.scroll_into_view_if_needed()

    def _times(self):
        """From which step on each matrix is known, as the recording of the test has it."""
        trace, links = self.recorded.trace, self.recorded.links
        at, done = trace.computed_at, trace.complete_at
        known, stale, m = {"v0": 0, "t": 0, "o": 0}, {}, 0
        for link in links:
            if link.kind == "linear":
                m += 1
                nodes = {f"z{m}": link.result, f"v{m}": link.result}
                for letter, leaf in (("W", link.weight), ("b", link.bias)):
                    known[f"{letter}{m}"], known[f"g{letter}{m}"] = 0, done[leaf]
                    known[f"{letter}{m}+"] = trace.updated_at[leaf]
                known[f"dv{m - 1}"] = done.get(link.source, done[link.product])
            else:
                m += link.name == "softmax"
                nodes = {f"v{m}": link.result, f"s{m}": link.result}
            for name, n in nodes.items():
                known[name] = at[n]
                if name[0] != "s" and n in trace.stale_at:
                    stale[name] = trace.stale_at[n]
                if name[0] != "s" and n in done:
                    known[f"d{name}"] = done[n]
        known["L"] = known["e"] = at[trace.loss]
        stale["L"] = trace.stale_at[trace.loss]
        return known, stale

    # --- doing --------------------------------------------------------------------------------
    def settle(self):
        self.page.evaluate(DRAWN)

    def key(self, name, times=1):
        self.root.focus()
        for _ in range(times):
            self.page.keyboard.press(name)
        self.settle()

    def press(self, key):
        self.root.locator(f'[data-key="{key}"]').first.click()
        self.settle()

    def cell(self, tag):
        """Press a number in the picture."""
        box = self.root.locator(f'.bk-scene [data-tag="{tag}"]').last.bounding_box()
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.settle()

    def to(self, i):
        """Go to a frame by product."""
        if self.state()["cut"] != "product":
            self.root.get_by_role("button", name="product", exact=True).click()
            self.settle()
        self.key("Home")
        self.key("ArrowRight", i)
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(i)], timeout=20_000)
        self.settle()

    def tried_products(self):
        """Try X with dY in all eight ways, each held against NumPy's; yields the two factors."""
        self.to(6)
        self.press("tab:try")
        for left, right in product(range(4), range(4)):
            if left // 2 != right // 2:
                self.press(f"tried:{left},{right}")
                self.compare(f"try {left} {right}")
                yield left, right

    def state(self):
        return self.root.evaluate(STATE)

    def act(self, rng):
        """One thing a person may do."""
        how = rng.choice(["key", "key", "key", "cell", "cell", "cell", "tab", "pick", "pick",
                          "sample", "sample", "walk", "lens", "cut"])  # fmt: skip
        if how == "key":
            self.key(rng.choice(["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "End"]))
            return how
        if how == "lens":
            self.root.get_by_role("switch").click()
        elif how == "cut":
            self.root.get_by_role(
                "button", name=rng.choice(["product", "entry"]), exact=True
            ).click()
        else:
            css = {
                "cell": ".bk-scene .bk-hit",
                "tab": ".bk-tabs .bk-cut",
                "pick": ".bk-factor, .bk-tallied",
                "sample": ".bk-shares [role=button]",
                "walk": ".bk-walk",
            }[how]
            found = self.root.locator(css)
            count = found.count()
            if not count:
                return f"no {how}"
            one = found.nth(rng.randrange(count))
            if how == "cell":
                box = one.bounding_box()
                x, y = (box[n] * rng.uniform(0.02, 0.98) for n in ("width", "height"))
                self.page.mouse.click(box["x"] + x, box["y"] + y)
            elif how == "sample":
                self.out ^= {int(one.get_attribute("data-key").split(":")[1])}
                one.locator(".bk-hit").click()
            else:
                one.click()
        self.settle()
        return how

    # --- reading ------------------------------------------------------------------------------
    def true(self, tag):
        name, _, index = tag.partition(":")
        return float(self.arrays[name].reshape(-1)[int(index)])

    def compare(self, did):
        """Hold every number that can be seen against NumPy's; how many there were."""
        now, open_sums = self.state(), set()
        k, seen = self.ks[now["i"]], self.root.evaluate(SEEN)
        for tag, text, old, drawn, _ in seen:
            where = f"{tag} reads {text!r} at step {now['i']} after {did}"
            name, _, index = tag.partition(":")
            if name == "try":
                assert same(text, self.tried(now).reshape(-1)[int(index)]), where
                continue
            if name in ("share", "more", "blame"):
                self.shared(now, name, index, text, where)
                continue
            # After the update the picture has the new weights, the panel those it speaks of.
            base = name.removesuffix("-")
            if drawn and base == name and self.known.get(f"{base}+", k + 1) <= k:
                base += "+"
            true = float(self.arrays[base].reshape(-1)[int(index)])
            if self.known[base] > k:
                assert text == "–", f"{where}, and is not computed yet"
            elif text == "–":
                assert now["cut"] == "entry", f"{where}; it is {true!r}"
                open_sums.add(tag)
            else:
                assert same(text, true), f"{where}; it is {true!r}"
            if drawn and not base.endswith("+"):
                assert old == (self.stale.get(base, k + 1) <= k), where
        assert len(open_sums) <= 1, open_sums
        self.judged(now)
        self.coded(now, did)
        return len(seen)

    def tried(self, now):
        m = self.layer()
        three = [self.arrays[f"v{m - 1}"], self.arrays[f"dz{m}"], self.arrays[f"W{m}"]]
        a, b = (three[i].T if turned else three[i]
                for i, turned in (FACTORS[int(p)] for p in now["picks"]))  # fmt: skip
        return a @ b

    def layer(self):
        tags = self.root.evaluate(
            "n => [...n.querySelectorAll('.bk-scene g[data-pick]')].map(g => g.dataset.pick)"
        )
        return int(next(t for t in tags if re.fullmatch(r"W\d", t))[1:])

    def parts(self, tag):
        name, _, index = tag.partition(":")
        m, grad = int(name[2:]), self.arrays[name]
        i, j = divmod(int(index), grad.shape[1])
        d = self.arrays[f"dz{m}"][:, j]
        return d if name[1] == "b" else self.arrays[f"v{m - 1}"][:, i] * d

    def shared(self, now, name, index, text, where):
        parts = self.parts(now["of"])
        if name == "share":
            assert fits(text.lstrip("+"), float(parts[int(index)])), where
        elif name == "blame":
            true = sum(p for n, p in enumerate(parts) if n not in self.out)
            assert same(text, true), (where, true)
        if self.out and name == "blame":
            gone = [n for n in self.out if n < len(parts)]
            assert ("left out" in now["said"]) == bool(gone), where

    def judged(self, now):
        """What is said of a try: two sizes, the shape, and whether it is the gradient."""
        if not now["verdict"].strip() or None in now["picks"]:
            return
        m, said = self.layer(), now["verdict"]
        three = [self.arrays[f"v{m - 1}"], self.arrays[f"dz{m}"], self.arrays[f"W{m}"]]
        a, b = (three[i].T if turned else three[i]
                for i, turned in (FACTORS[int(p)] for p in now["picks"]))  # fmt: skip
        goal = self.arrays[f"gW{m}" if "W" in now["goal"] else f"dv{m - 1}"]
        if a.shape[1] != b.shape[0]:
            assert f"{a.shape[1]} ≠ {b.shape[0]}" in said
        elif (a @ b).shape != goal.shape:
            assert f"{a.shape[1]} = {b.shape[0]}" in said and "fits, but is" in said
        else:
            right = np.allclose(a @ b, goal, rtol=1e-9)
            assert ("passes the check" in said) == right and ("fails: " in said) != right

    def coded(self, now, did):
        """The NumPy lines, run: they give the number that stands above them."""
        if not now["code"]:
            return
        space: dict[str, object] = {}
        exec(now["code"], space)
        name = now["code"].split("\n")[-1].split(" = ")[0]
        tag = now["result"]
        true = self.true(tag)
        scale = max(1.0, *(float(np.abs(v).sum()) for v in space.values()
                           if isinstance(v, (float, np.ndarray))))  # fmt: skip
        if len(self.arrays["v0"]) > 8:
            scale *= 1e8  # large blocks travel with seven digits
        assert abs(float(space[name]) - true) <= 1e-15 * scale, (tag, did, now["code"])


@pytest.fixture(scope="module")
def book(page, lab):
    _, *page.first = page.start("matrices.ipynb", SETUP, *CELLS, shown=badge_of(page))
    assert page.page.evaluate(ERRORS) == []
    page.clean()
    return page


def test_a_first_view_is_less_than_100_kb(book):
    assert max(book.first[:3]) <= 100_000, book.first


@pytest.mark.parametrize("name", CASES)
def test_fifty_things_a_person_may_do_and_every_number_is_numpys(book, name):
    desk, rng, count = Desk(book, name), random.Random(name), 0
    count += desk.compare("nothing")
    if name != "2-2-1":
        desk.to(len(desk.ks) // 2)
    for n in range(ACTIONS if name != "digits" else 20):
        did = f"{n}: {desk.act(rng)}"
        count += desk.compare(did)
    assert count > (100 if name != "digits" else 40)
    book.clean()


def test_of_eight_products_the_page_finds_two_legal_and_one_right(book):
    desk = Desk(book, "four samples")
    for _ in desk.tried_products():
        pass
    assert desk.state()["said"] == "tried 8 of 8 · fit: 2 · this shape: 1"
    marks = desk.root.locator(".bk-tallied b").all_text_contents()
    assert marks == ["✗", "✗", "✓", "✗", "✗", "✗", "↔", "✗"]
    square = Desk(book, "three by three")
    for pair in square.tried_products():
        assert square.root.locator('.bk-panel [data-tag^="try:"]').count() == 9
        edges = square.root.locator(".bk-tile .bk-bar-edge").evaluate_all(
            "e => e.map(p => p.className.baseVal)"
        )
        inner = [re.search(r"edge-(\w+)", e)[1] for e in edges[:2]]
        outer = [re.search(r"edge-(\w+)", e)[1] for e in edges[2:]]
        right_one = inner == ["batch", "batch"] and outer == ["in", "out"]
        assert right_one == (pair == (1, 2))
    assert square.state()["said"] == "tried 8 of 8 · fit: 8 · this shape: 8"
    assert square.root.locator(".bk-tallied b").all_text_contents().count("✓") == 1
    book.clean()


def test_a_sum_is_unfolded_term_by_term_and_taken_back(book):
    desk = Desk(book, "2-2-1")
    desk.key("Home")
    desk.root.get_by_role("button", name="entry", exact=True).click()
    desk.key("ArrowRight")
    far = []
    for _ in range(3):
        far.append(desk.state()["far"])
        desk.compare("unfolding")
        desk.key("ArrowRight")
    assert far == ["–", "1.00", "2.00"] and desk.state()["i"] == 1 and not desk.state()["far"]
    assert desk.root.locator('.bk-scene [data-tag="z1:0"]').first.text_content() == "2.00"
    desk.key("ArrowRight")
    assert desk.state()["i"] == 2
    desk.key("ArrowLeft")
    assert desk.state()["i"] == 1 and not desk.state()["far"]  # back sets, and plays nothing
    book.clean()


def test_a_number_leads_to_where_it_was_made_and_back(book):
    desk = Desk(book, "four samples")
    desk.to(6)
    desk.cell("gW1:2")
    desk.press("tab:sum")
    assert desk.state()["result"] == "gW1:2"
    desk.root.locator('.bk-panel .bk-walk[data-key="dv1:5"]').click()
    desk.settle()
    now = desk.state()
    assert now["i"] == 3 and now["result"] == "dv1:5" and "dY = Y - T" in now["code"]
    desk.compare("walk")
    desk.press("back")
    assert desk.state()["i"] == 6 and desk.state()["result"] == "gW1:2"
    book.page.evaluate("() => navigator.clipboard.writeText = async t => { window.copied = t; }")
    desk.press("copy")
    space: dict[str, object] = {}
    exec(book.page.evaluate("() => window.copied"), space)
    assert float(space["dW"]) == pytest.approx(3.5, abs=1e-15)
    assert desk.root.locator(".bk-copy").text_content() == "copied"
    book.clean()


@pytest.mark.parametrize(
    ("name", "width"),
    [("four samples", 1028), ("three by three", 1028), ("digits", 1028), ("digits", 1280)],
)
def test_all_is_inside_and_legible_in_both_widths(book, name, width):
    book.page.set_viewport_size({"width": width, "height": 900})
    desk = Desk(book, name)
    desk.page.wait_for_function(FITTED, arg=desk.root.element_handle(), timeout=20_000)
    desk.to(0)
    for i in range(len(desk.ks)):
        tabs = [f"tab:{t}" for t in ("blame", "sum", "try")]
        for tab in [t for t in tabs if desk.root.locator(f'[data-key="{t}"]').count()] or [""]:
            if tab:
                desk.press(tab)
            assert desk.root.evaluate(OUTSIDE) == [], (i, tab)
        assert desk.root.evaluate(SMALL) == [], i
        # Proportions are kept up to 147 px.
        assert max(desk.root.evaluate(SIZES), default=0) <= 147.5
        desk.key("ArrowRight")
    book.page.set_viewport_size({"width": 1280, "height": 900})
    book.clean()


def test_two_steppers_of_one_pass_go_together(book):
    pair = [book.page.locator(".bk-stage").nth(n) for n in (5, 6)]
    pair[0].scroll_into_view_if_needed()
    pair[0].focus()
    for _ in range(4):
        book.page.keyboard.press("ArrowRight")
    book.page.wait_for_function(
        "n => +n.querySelector('.bk-time').ariaValueNow > 1", arg=pair[1].element_handle()
    )
    book.clean()


def test_without_a_kernel_steps_tries_and_samples_go_on(book):
    book.end_kernel()
    desk = Desk(book, "four samples")
    desk.to(6)
    desk.root.locator(".bk-gone").wait_for(timeout=20_000)
    desk.press("tab:blame")
    blame = lambda: desk.root.locator('[data-tag="blame"]').text_content()
    if desk.root.locator('[data-key="all in"]').count():  # what the tests before left out
        desk.press("all in")
    parts = desk.parts(desk.state()["of"])
    assert same(blame(), parts.sum()) and parts[2]
    desk.root.locator('[data-key="sample:2"] .bk-hit').click()
    desk.settle()
    assert same(blame(), parts.sum() - parts[2])
    desk.press("tab:try")
    desk.press("pick:0:3")
    desk.press("pick:1:0")
    desk.judged(desk.state())
    desk.to(2)
    assert desk.root.locator('[data-tag="L:0"]').first.text_content() == "5.91"
    book.clean()
