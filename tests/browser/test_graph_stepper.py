"""GraphStepper in JupyterLab: what is read from the page, folding, and life without a kernel."""

import re

import pytest
from reading import AT

SETUP = """from backprop_kit import *
from backprop_kit.nn import BCELoss
a, b, c = Tensor(2.0), Tensor(5.0), Tensor(-0.4)
u = a * b
v = u * c
loss = u + v
GraphStepper(loss)"""
CELLS = (
    SETUP,
    "GraphStepper(loss, combine=lambda old, new: new)",
    "GraphStepper(loss, order=[loss, u, v])",
    "model, x, y = board('stairs')\nplayer = Player()\n"
    "stepper = ForwardStepper(model, x, y, step='operation', player=player)\n"
    "graph = GraphStepper(stepper.recorded.trace, player=player)\ndisplay(stepper, graph)",
    "y = Tensor(1.0)\nfor _ in range(20):\n    y = y + y\nGraphStepper(y)",
    "GraphStepper(loss, combine=lambda old, new: 1 / 0)",
)
# Boxes of the picture that cover each other, as the page draws them.
OVERLAPS = """n => {
  const solid = [...n.querySelectorAll('.bk-picture > g')]
    .filter(g => /^[vgp]\\d/.test(g.dataset.pick || ''))
    .map(g => [g.dataset.pick, g.querySelector('circle, rect').getBoundingClientRect()]);
  const hit = (p, q) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1.5
    && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 1.5;
  return solid.flatMap(([a, p], i) => solid.slice(i + 1).filter(([b, q]) => a !== b && hit(p, q))
    .map(([b]) => a + ' ' + b));
}"""


class View:
    """One stage in the page."""

    def __init__(self, page, index):
        self.page, self.root = page.page, page.page.locator(".bk-stage").nth(index)

    def to(self, i):
        """Walk to step i with the keys and wait for it."""
        self.root.focus()
        self.page.keyboard.press("Home")
        self.at(0)
        for _ in range(i):
            self.page.keyboard.press("ArrowRight")
        return self.at(i)

    def at(self, i):
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(i)], timeout=15_000)
        return self

    def number(self, tag):
        return self.root.locator(f'text[data-tag="{tag}"]').last.text_content().strip()

    def caption(self):
        return self.root.locator(".bk-say").inner_text()

    def badge(self):
        return self.root.locator(".bk-badge").inner_text()


@pytest.fixture(scope="module")
def book(page, lab):
    page.first, *_ = page.start("graph.ipynb", *CELLS, shown=lambda i: i or View(page, 0).at(0))
    View(page, 6).at(0)
    yield page
    page.clean()


def test_the_first_view_is_small(book):
    assert book.first < 100_000 * 1.34  # the film travels as base64 in some hosts


def test_values_and_sums_are_read_from_the_page(book):
    view = View(book, 0).to(3)
    assert [view.number(f"v{i}") for i in range(6)] == [
        "2.00",
        "5.00",
        "−0.400",
        "10.0",
        "−4.00",
        "6.00",
    ]
    assert view.number("g3") == "–"
    view.to(6)
    assert view.number("p3.0") == "1.00" and view.number("g3") == "–"
    view.to(8)
    assert view.number("p3.1") == "−0.400" and view.number("g3") == "0.600"
    assert "the sum is 0.600" in view.caption()
    view.to(10)
    assert [view.number(f"g{i}") for i in range(6)] == [
        "3.00",
        "1.20",
        "10.0",
        "0.600",
        "1.00",
        "1.00",
    ]
    view.root.locator(".bk-badge.bk-ok").wait_for(timeout=20_000)
    assert view.badge() == "5 of 5 checked"


def test_the_missing_plus_is_lit_at_u(book):
    view = View(book, 1).to(8)
    assert view.caption().startswith(
        "First wrong number: at u your rule leaves −0.400, and true is 0.600"
    )
    plates = view.root.locator(".bk-plate text, .bk-truth text").all_text_contents()
    assert [p.strip() for p in plates] == ["yours", "−0.400", "true", "0.600"]
    assert view.root.locator(".bk-knob .bk-icon-failed").count() == 1
    assert view.root.locator("g.bk-lost").count() == 1
    view.to(10)
    assert (view.number("g0"), view.number("g1")) == ("−2.00", "−0.800")
    view.root.locator(".bk-badge.bk-failed").wait_for(timeout=20_000)
    assert "3 of 5 wrong: ∂u" in view.badge()


def test_too_early_is_lit_at_b(book):
    view = View(book, 2)
    view.to(7)
    assert (
        "b gets 2.00, and true is 1.20: u handed on 1 of 2 parts, sent 1.00, final 0.600"
        in view.caption()
    )
    view.to(10)
    assert (view.number("g0"), view.number("g3")) == ("5.00", "0.600")


def test_two_steppers_on_one_player_stay_in_step(book):
    graph, stepper = View(book, 4), View(book, 3)
    graph.to(3)
    first = re.match(r"\d+", stepper.root.locator(".bk-count b").inner_text())[0]
    graph.to(12)
    book.page.wait_for_timeout(200)
    assert stepper.root.locator(".bk-count b").inner_text() != first


def test_scopes_fold_and_unfold_where_they_stand(book):
    view = View(book, 4).to(8)
    before = view.caption()
    for fold, cards in (("fold0", 2), ("fold1", 3)):  # the loss is folded from the start
        # A hand presses for longer than a frame, and the press itself is drawn: it has the focus.
        view.root.locator(f'[data-pick="{fold}"] .bk-ground').click(delay=150)
        view.root.locator(f'[data-pick="{fold}"]').first.wait_for(state="detached")
        assert view.root.locator('[data-pick^="card"] text', has_text="open").count() == cards
    view.root.locator('[data-pick="card1"] .bk-ground').last.click(delay=150)
    view.root.locator('[data-pick="fold1"]').first.wait_for()
    assert view.root.locator('[data-pick="card1"]').count() == 0
    assert before and view.caption()


def test_a_wide_graph_pans_to_its_step(book):
    view = View(book, 5)
    view.to(20)
    assert view.number("v20") == "1.05·10⁶"
    place = """async n => {
      await Promise.all(n.closest('svg').getAnimations().map(a => a.finished));
      return n.getBoundingClientRect().x; }"""
    far = view.root.locator('[data-pick="v20"] rect').first.evaluate(place)
    view.to(1)
    assert view.root.locator('[data-pick="v20"] rect').first.evaluate(place) > far + 500
    assert view.root.locator(".bk-still").count() == 21


def test_a_rule_that_stops_is_told_and_the_right_graph_plays(book):
    view = View(book, 6).to(10)
    assert "Your rule stopped at u: ZeroDivisionError" in view.root.locator(".bk-foot").inner_text()
    assert view.number("g0") == "3.00"


@pytest.mark.parametrize("width", [1280, 1010])
def test_nothing_covers_anything(book, width):
    book.page.set_viewport_size({"width": width, "height": 900})
    book.page.wait_for_timeout(400)
    for index in (0, 1, 2, 4, 6):
        view = View(book, index)
        view.root.focus()
        book.page.keyboard.press("End")
        book.page.wait_for_timeout(300)
        assert view.root.evaluate(OVERLAPS) == []
    book.page.set_viewport_size({"width": 1280, "height": 900})


def test_stepping_goes_on_without_a_kernel(book):
    book.end_kernel()
    view = View(book, 1).to(8)
    view.root.get_by_text("kernel gone").wait_for()
    assert "at u your rule" in view.caption()
    view = View(book, 4)
    card = view.root.locator('[data-pick^="card"]').first
    number = card.get_attribute("data-pick").removeprefix("card")
    card.locator(".bk-ground").first.click(position={"x": 8, "y": 8})  # beside what stands on it
    view.root.locator(f'[data-pick="fold{number}"]').first.wait_for()
    view.to(2)
