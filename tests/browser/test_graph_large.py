"""A large graph in JupyterLab: it opens folded, levels come from the kernel, and it steps on."""

import numpy as np
import pytest
from test_graph_stepper import OVERLAPS, View

from backprop_kit.films.numbers import number

SETUP = """import numpy as np
from backprop_kit import *
from backprop_kit.engine import ops
from graphs import deep_net, doubling, loop, random_graph
y = Tensor(1.0)
for _ in range(100_000):
    y = y + 1.0
stepper = GraphStepper(y)
stepper"""
CELLS = (
    SETUP,
    "loss, leaves = loop(300)\nlong = GraphStepper(loss)\nlong",
    "net = GraphStepper(deep_net(50))\nnet",
    "GraphStepper(random_graph(90, 2))",
    "from backprop_kit.nn import BCELoss\nmodel, x, y = board('stairs')\n"
    "GraphStepper(BCELoss()(model(x), y))",
)


@pytest.fixture(scope="module")
def book(page, lab):
    page.first, *_ = page.start("large.ipynb", *CELLS, shown=lambda i: i or View(page, 0).at(0))
    View(page, 4).at(0)
    yield page
    page.clean()


def press(view, tag, then):
    """Press on the words of a card or the button of a head; wait for what it leads to."""
    view.root.locator(f'[data-pick="{tag}"] text').last.dispatch_event("click")
    view.root.locator(f'[data-pick="{then}"]').first.wait_for(timeout=60_000)
    return view


def test_a_hundred_thousand_nodes_are_a_small_first_view(book):
    assert book.first < 100_000 * 1.34
    view = View(book, 0)
    assert "+1 ×100,000" in view.root.inner_text().replace("\n", " ")
    view.to(1)
    assert view.number("v200000") == "100000"
    view.to(2)
    assert view.number("g0") == "1.00"
    view.root.locator(".bk-badge.bk-ok").wait_for(timeout=30_000)
    assert view.badge() == "4 of 100,000 checked"


def by_hand(w=0.9 + 0j):
    """The loop of the second cell in plain numbers, and what comes after it."""
    h = 0.1 + 0j
    for x in np.random.default_rng(0).normal(size=300):
        h = np.tanh(w * h + 0.5 * float(x))
    return h, (h - 0.3) ** 2


def test_levels_come_from_the_kernel_and_step_on(book):
    view = View(book, 1).to(1)
    assert view.caption().startswith("Round ×300: 1200 operations give")
    shown = number(by_hand()[0].real)
    assert view.number("v1502") == shown
    press(view, "card0", "fold0")
    # The step stays where it was: the loop is passed, so its last rounds are known.
    assert view.root.locator(".bk-time").get_attribute("aria-valuenow") == "18"
    assert view.number("v1502") == shown
    press(view, "card1", "fold1")
    press(view, "card2", "fold2")
    view.to(2)
    assert view.caption().startswith("v")
    view.root.focus()
    book.page.keyboard.press("End")
    book.page.wait_for_timeout(300)
    assert view.root.evaluate(OVERLAPS) == []


def test_the_slope_of_a_shared_leaf_is_the_same_on_every_level(book):
    view = View(book, 1)
    view.root.focus()
    book.page.keyboard.press("End")
    slope = number(by_hand(0.9 + 1e-30j)[1].imag / 1e-30)
    for tag, then in (("", ""), ("fold2", "card2"), ("fold1", "card1"), ("fold0", "card0")):
        if tag:
            press(view, tag, then)
        assert view.number("g0") == slope


def test_layers_open_to_layers(book):
    view = View(book, 2)
    press(view, "card51", "fold51")
    press(view, "card52", "card0")
    assert view.root.locator('[data-pick="card0"]').count()
    press(view, "card0", "fold0")
    view.to(1)
    assert "m₁" in view.caption()


@pytest.mark.parametrize("width", [1280, 1010])
def test_nothing_covers_anything(book, width):
    book.page.set_viewport_size({"width": width, "height": 900})
    book.page.wait_for_timeout(400)
    for index in range(4):
        view = View(book, index)
        view.root.focus()
        for key in ("End", "Home"):
            book.page.keyboard.press(key)
            book.page.wait_for_timeout(200)
            assert view.root.evaluate(OVERLAPS) == []
    book.page.set_viewport_size({"width": 1280, "height": 900})


def test_there_is_a_way_back_to_all_open(book):
    view = View(book, 4)
    press(view, "fold0", "card0")
    press(view, "all", "fold0")
    heads = view.root.locator('[data-pick^="fold"]').evaluate_all("n => n.map(m => m.dataset.pick)")
    assert set(heads) == {"fold0", "fold1", "fold2"}


def test_without_a_kernel_a_card_says_what_it_needs_and_the_rest_steps(book):
    book.end_kernel()
    view = View(book, 0)
    view.root.locator('[data-pick="card0"] text').last.dispatch_event("click")
    view.root.get_by_text("needs the kernel").wait_for()
    view.to(2)
    assert view.number("g0") == "1.00"
    view = View(book, 4)
    press(view, "fold1", "card1").to(2)
