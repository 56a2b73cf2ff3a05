"""GraphStepper with the keys alone: the walk through the picture, what is told, what folds."""

from __future__ import annotations

import numpy as np
import pytest
from lab import DRAWN
from reading import fits, numbers_in, parse
from test_graph_stepper import View

from backprop_kit.films.numbers import number

CELLS = (
    """from backprop_kit import *
from backprop_kit.nn import BCELoss
a, b, c = Tensor(2.0), Tensor(5.0), Tensor(-0.4)
u = a * b
v = u * c
loss = u + v
GraphStepper(loss)""",
    "GraphStepper(loss, combine=lambda old, new: new)",
    "GraphStepper(loss, order=[loss, u, v])",
    "x = y = Tensor(0.003)\nfor _ in range(20):\n    y = y + y\nGraphStepper(y, names={'y': y})",
    "model, x, y = board('stairs')\nGraphStepper(BCELoss()(model(x), y))",
    """x = Tensor([[0.5, -2.0], [1.0, 3.0]])
w = Tensor([[2.0, 1.0], [-1.0, 0.5]])
h = x * w
loss = (h * h + h * 3 + h).sum()
GraphStepper(loss)""",
    "a, b, c = Tensor(1.5), Tensor(-2.0), Tensor(4.5)\ns = a * b + c\nGraphStepper(s**2)",
)
WAIT = "not computed yet"
FOCUSED = (
    "n => { const r = n.getRootNode().activeElement; return r && n.contains(r) ? r.localName : '' }"
)
# The ring, the shape it stands around, and its colour beside the host's.
RING = """n => {
  const ring = n.querySelector('.bk-focus'), box = ring.getBoundingClientRect();
  const style = getComputedStyle(ring), host = document.createElement('i');
  host.style.color = getComputedStyle(document.body).getPropertyValue('--jp-brand-color1');
  n.append(host);
  const colour = getComputedStyle(host).color;
  host.remove();
  const all = [...n.querySelectorAll('.bk-picture > g[data-pick]')].filter(g => {
    const b = g.getBBox(), r = ring.getBBox();
    return Math.abs(b.x - 3.5 - r.x) < 0.1 && Math.abs(b.y - 3.5 - r.y) < 0.1
      && Math.abs(b.width + 7 - r.width) < 0.1;
  }).map(g => g.dataset.pick);
  return [all, style.strokeWidth, style.stroke === colour, box.width > 30];
}"""
# Marks that reach beyond the picture, of a picture that does not pan.
OUTSIDE = """n => {
  const svg = n.querySelector('svg.bk-picture'), box = svg.getBoundingClientRect();
  const wide = svg.classList.contains('bk-wide');
  return [...svg.children].filter(g => !g.getAttribute('class')?.includes('bk-copy')).map(g =>
    [g.dataset.pick || g.textContent, g.getBoundingClientRect()])
    .filter(([tag, b]) => b.width > 0 && (b.top < box.top - 0.5 || b.bottom > box.bottom + 0.5
      || !wide && (b.left < box.left - 0.5 || b.right > box.right + 0.5)))
    .map(([tag, b]) => [tag, b.left - box.left, b.right - box.right, b.bottom - box.bottom]);
}"""
MIDDLE = """([n, tag]) => {
  const b = n.querySelector(`[data-pick="${tag}"]`).firstChild.getBoundingClientRect();
  return b.x + b.width / 2; }"""
MOVING = """n => n.querySelector('svg.bk-picture').getAnimations({ subtree: true })
  .map(a => a.effect.getTiming().duration)"""
ALL_TOLD = """async (n, count) => {
  const svg = n.querySelector('svg.bk-picture'), said = [];
  const key = key => svg.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  for (let i = 0; i < count; i++) key('ArrowUp');
  for (let i = 0; i < count; i++) {
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    said.push(n.querySelector('.bk-told').textContent);
    key('ArrowDown');
  }
  return said; }"""
# From the first frame to the last, with the keys: what `look` finds in each.
THROUGH = """async (n, look) => {
  const key = key => n.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  const time = n.querySelector('.bk-time'), found = [];
  key('Home');
  for (let i = 0; ; i++) {
    while (time.ariaValueNow !== `${i}`) await new Promise(requestAnimationFrame);
    found.push(...eval(look)(n).map(one => [i, one]));
    if (time.ariaValueNow === time.ariaValueMax) return [i, found];
    key('ArrowRight');
  }
}"""
BANDS = """n => [...n.querySelectorAll('.bk-picture .bk-shade')].map(p => {
  const b = p.getBoundingClientRect(); return b.x + b.width / 2; })"""


class Walk(View):
    """A view that is walked."""

    def enter(self):
        """Tab from the stage into the picture."""
        self.root.scroll_into_view_if_needed()
        self.root.focus()
        self.page.keyboard.press("Tab")
        assert self.root.evaluate(FOCUSED) == "svg"
        return self

    def told(self):
        self.painted()
        return self.root.locator(".bk-told").text_content()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def all_told(self, count):
        """From the first stop to the last."""
        return self.root.evaluate(ALL_TOLD, count)

    def step(self):
        return int(self.root.locator(".bk-time").get_attribute("aria-valuenow"))

    def painted(self):
        self.page.evaluate(DRAWN)
        return self


@pytest.fixture(scope="module")
def book(page, lab):
    page.start("walk.ipynb", *CELLS)
    Walk(page, len(CELLS) - 1).at(0)
    yield page
    page.clean()


def by_hand(k):
    """What is told at step k of L = u + v, v = u c, u = a b: values at 1–3, slopes at 4–10."""
    a, b, c = 2.0, 5.0, -0.4
    u, v = a * b, a * b * c
    du = 1 + c
    after = {"u": 1, "v": 2, "L": 3}
    slopes = {"L": (4, 1.0), "v": (5, 1.0), "u": (8, du), "c": (7, u), "b": (9, du * a),
              "a": (10, du * b)}  # fmt: skip
    made = {"a": ("a", a), "b": ("b", b), "c": ("c", c), "u": ("u = a times b", u),
            "v": ("v = u times c", v), "L": ("L = u plus v", u + v)}  # fmt: skip
    said = []
    for name, (what, value) in made.items():
        known = number(value) if k >= after.get(name, 0) else WAIT
        at, slope = slopes[name]
        ends = ", sum of 2 parts" if name == "u" else ""
        said.append(f"{what}, value {known}, slope {number(slope) if k >= at else WAIT}{ends}")
    return said


@pytest.mark.parametrize("width", [1280, 1028])
def test_every_mark_stands_inside_the_picture_in_every_frame(book, width):
    book.page.set_viewport_size({"width": width, "height": 900})
    book.page.wait_for_timeout(300)
    for index, last in ((0, 10), (1, 10), (2, 10), (3, 61), (4, 17), (5, 17), (6, 9)):
        if width < 1280 and index == 3:
            continue  # it pans, whatever the width
        walk = Walk(book, index)
        walk.root.scroll_into_view_if_needed()
        end, outside = walk.root.evaluate(THROUGH, OUTSIDE)
        assert outside == [], (index, outside[:3])
        assert end == last
    book.page.set_viewport_size({"width": 1280, "height": 900})


def test_tab_enters_and_the_arrows_walk_in_the_order_of_creation(book):
    walk = Walk(book, 0).enter().press("Home").at(0)
    assert walk.told() == by_hand(0)[0]
    assert walk.all_told(6) == by_hand(0)
    walk.press("ArrowUp", "ArrowUp").painted()
    assert walk.told() == by_hand(0)[3]
    assert walk.press(*["ArrowDown"] * 4).told() == by_hand(0)[-1]  # the walk ends there
    for k in (2, 6, 8):
        walk.press("Home", *["ArrowRight"] * k).at(k)
        assert walk.all_told(6) == by_hand(k), k
    walk.press("End").at(10)
    assert walk.all_told(6) == by_hand(10)


def test_the_ring_is_the_hosts_and_stands_around_the_value(book):
    walk = Walk(book, 0).enter()
    walk.press(*["ArrowUp"] * 6, *["ArrowDown"] * 3).told()
    tags, width, hosts, there = walk.root.evaluate(RING)
    assert tags == ["v3"] and width == "3px" and hosts and there
    assert walk.root.locator(".bk-focus").count() == 1
    walk.root.locator(".bk-say").click()
    walk.painted()
    assert walk.root.locator(".bk-focus").count() == 0 and walk.told() == ""


def test_enter_leads_to_the_step_that_completes_the_slope(book):
    walk = Walk(book, 0).enter()
    walk.press("Home", *["ArrowUp"] * 6).at(0)
    for index, k in enumerate((10, 9, 7, 8, 5, 4)):
        walk.press("Enter").at(k)
        assert walk.told() == by_hand(k)[index]
        walk.press("ArrowDown")


def test_escape_with_nothing_to_fold_takes_the_selection_off(book):
    walk = Walk(book, 0)
    walk.root.locator('[data-pick="v0"] .bk-ground').click()
    walk.root.locator(".bk-picked").first.wait_for()
    walk.enter().press("Escape")
    walk.root.locator(".bk-picked").first.wait_for(state="detached")
    assert walk.root.evaluate(FOCUSED) == "svg"


def test_tab_leaves_the_picture_and_the_stage_again(book):
    walk = Walk(book, 0).enter()
    walk.press("Tab")
    assert walk.root.evaluate(FOCUSED) == "button"
    walk.press("Shift+Tab")
    assert walk.root.evaluate(FOCUSED) == "svg"
    walk.press("Shift+Tab")
    assert walk.root.evaluate(FOCUSED) == "div"
    for _ in range(16):
        walk.press("Tab")
        if not walk.root.evaluate(FOCUSED):
            break
    else:
        raise AssertionError("the stage holds the focus")


def test_the_wrong_number_is_told_with_the_true_one(book):
    walk = Walk(book, 1).to(8)
    said = Walk(book, 1).enter().all_told(6)[3]
    assert said.endswith(", first wrong number: yours −0.400, true 0.600")
    walk.press("ArrowLeft").at(7)
    assert "wrong" not in walk.told()


def test_scopes_fold_and_open_by_enter_and_escape(book):
    walk = Walk(book, 4).enter()
    said = walk.all_told(14)  # 5 leaves, 6 values, 2 heads, the card of the loss
    assert "layer 1, 3 operations, open" in said
    (card,) = {s for s in said if s.startswith("loss, ")}
    assert card.startswith("loss, 9 operations, folded; L, value ")
    walk.press(
        "Home", *["ArrowUp"] * 14, *["ArrowDown"] * said.index("layer 1, 3 operations, open")
    )
    walk.press("Enter")
    walk.root.locator('[data-pick="card0"]').first.wait_for()
    assert walk.told().startswith("layer 1, 3 operations, folded; h, value ")
    walk.press("Enter")
    walk.root.locator('[data-pick="fold0"]').first.wait_for()
    assert walk.told() == "layer 1, 3 operations, open"
    walk.press("Escape")
    walk.root.locator('[data-pick="card0"]').first.wait_for()
    while walk.root.locator('[data-pick^="fold"]').count():
        before = walk.root.locator('[data-pick^="fold"]').count()
        walk.press("Escape").painted()
        assert walk.root.locator('[data-pick^="fold"]').count() < before
    cards = walk.root.locator('[data-pick^="card"]').count()
    walk.press("Escape").painted()
    assert walk.root.locator('[data-pick^="card"]').count() == cards
    assert walk.root.evaluate(FOCUSED) == "svg"


def test_the_net_is_told_as_it_is_computed(book):
    x, w = np.array([[1.0, -1.0]]), np.array([[1.4, 0.3, -1.2], [-0.2, -0.3, -0.2]])
    h = np.tanh(x @ w)
    walk = Walk(book, 4).enter()
    walk.press("Escape", "Escape", "Escape", "End").painted()
    said = walk.all_told(8)
    (layer,) = [s for s in said if s.startswith("layer 1")]
    shown = numbers_in(layer.split(", slope")[0].split("value ")[1])
    assert len(shown) == 3
    assert all(fits(text, true) for text, true in zip(shown, h[0], strict=True))


def test_what_folds_moves_and_its_middle_stays(book):
    page, walk = book.page, Walk(book, 4)
    walk.root.scroll_into_view_if_needed()
    walk.enter().press("Escape", "Escape", "Escape", "Home").painted()
    page.wait_for_timeout(400)
    element = walk.root.element_handle()
    for card, fold in (("card1", "fold1"), ("card0", "fold0")):
        before = page.evaluate(MIDDLE, [element, card])
        moving = walk.root.evaluate(
            """async (n, [tag, moving]) => {
              n.querySelector(`[data-pick="${tag}"]`)
                .dispatchEvent(new MouseEvent('click', { bubbles: true }));
              await new Promise(requestAnimationFrame);
              await new Promise(requestAnimationFrame);
              return eval(moving)(n); }""",
            [card, MOVING],
        )
        assert moving and set(moving) == {250}, moving
        walk.root.locator(f'[data-pick="{fold}"]').first.wait_for()
        page.wait_for_timeout(350)
        assert walk.root.evaluate(MOVING) == []
        if card == "card1":  # the band of layer 2 takes the place of its card, as far as it fits
            (band,) = walk.root.evaluate(BANDS)
            box = walk.root.evaluate(
                "n => { const b = n.querySelector('svg.bk-picture').getBoundingClientRect();"
                " return [b.left, b.right]; }"
            )
            ends = walk.root.evaluate(
                "n => { const r = [...n.querySelectorAll('.bk-picture > g :is(rect, polygon)')]"
                ".map(g => g.getBoundingClientRect()).filter(b => b.width);"
                " return [Math.min(...r.map(b => b.left)), Math.max(...r.map(b => b.right))]; }"
            )
            at_edge = ends[0] < box[0] + 4 or ends[1] > box[1] - 4
            assert abs(band - before) < 1 or at_edge, (band, before, ends, box)
        walk.enter().press("Escape").painted()
        page.wait_for_timeout(350)
        if card == "card1":
            after = page.evaluate(MIDDLE, [element, card])
            assert abs(after - band) < 1.5


def test_under_reduced_motion_nothing_moves(book):
    walk = Walk(book, 4)
    book.page.emulate_media(reduced_motion="reduce")
    walk.enter().press("Escape", "Escape", "Escape").painted()
    walk.root.locator('[data-pick="card0"]').first.dispatch_event("click")
    walk.painted()
    assert walk.root.evaluate(MOVING) == []
    walk.press("ArrowRight").painted()
    assert walk.root.evaluate(MOVING) == []
    book.page.emulate_media(reduced_motion="no-preference")


def test_a_thread_leads_back_to_what_was_sent_too_early(book):
    walk = Walk(book, 2).to(7)
    assert walk.root.locator(".bk-thread").count() == 1
    said = "sent 1.00, final 0.600"
    walk.root.locator(".bk-picture text", has_text=said).wait_for()
    ends = walk.root.evaluate(
        """n => {
          const at = tag => [...n.querySelectorAll(`[data-pick="${tag}"] .bk-ground`)].at(-1)
            .getBoundingClientRect(), t = n.querySelector('.bk-thread').getBoundingClientRect();
          const plate = n.querySelector('.bk-plate .bk-ground').getBoundingClientRect();
          const row = at('p3.0');
          return [t.left - plate.right, row.left - t.right,
            t.bottom - (plate.top + plate.height / 2), t.top - (row.top + row.height / 2)]; }"""
    )
    assert all(abs(d) < 5 for d in ends), ends
    walk.press("ArrowRight").at(8)
    assert walk.root.locator(".bk-thread").count() == 2
    walk.press("Home").at(0)
    assert walk.root.locator(".bk-thread").count() == 0


def test_the_parts_of_an_array_add_up_for_any_number_that_is_pressed(book):
    x, w = np.array([[0.5, -2.0], [1.0, 3.0]]), np.array([[2.0, 1.0], [-1.0, 0.5]])
    h = x * w
    slope = 2 * h + 3 + 1
    walk = Walk(book, 5)
    walk.to(0)
    while "The last part arrives at h" not in walk.painted().caption():
        assert walk.step() < 30
        walk.press("ArrowRight")
    largest = int(np.abs(slope).argmax())
    fall = walk.root.locator(".bk-panel")

    def bars():
        return [parse(t) for t in fall.locator(".bk-fall text.bk-bold").all_text_contents()
                if t not in "+=≠" and t.strip()]  # fmt: skip

    def check(entry):
        *parts, whole = bars()
        assert len(parts) == 4  # h h is two parts
        assert abs(whole - slope.flat[entry]) < 0.01 and abs(sum(parts) - whole) < 0.02

    check(largest)
    tag = walk.root.locator('g[data-pick^="g"]').filter(has=book.page.locator("[data-cell]"))
    picks = tag.evaluate_all("all => all.map(g => g.dataset.pick)")
    of_h = next(p for p in picks if walk.root.locator(f'[data-pick="p{p[1:]}.3"]').count())
    for entry in (0, 3, 1):
        walk.root.locator(f'[data-pick="{of_h}"] [data-cell="{entry}"]').dispatch_event("click")
        row, column = divmod(entry, 2)
        fall.get_by_text(f"here row {row + 1}, column {column + 1}").wait_for()
        check(entry)
