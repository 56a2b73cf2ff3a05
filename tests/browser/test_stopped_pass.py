"""A pass that stops, in the page: the layers so far, the octagon, a dash, and the two lines."""

from __future__ import annotations

import pytest

BOOK = "stopped_pass.ipynb"
CELLS = (
    "from backprop_kit import ForwardStepper, Linear, Sequential, Tanh\n"
    "model = Sequential(Linear(2, 3), Tanh(), Linear(4, 1))",
    "ForwardStepper(model, [[1, 2], [0.5, -1]], [[1], [0]])",
)
SAID = """() => [...window.jupyterapp.shell.currentWidget.content.widgets].flatMap(c =>
  (c.model.outputs?.toJSON() || []).filter(o => o.output_type === 'error')
    .map(o => o.traceback.join('\\n'))).join('\\n')"""


@pytest.fixture(scope="module")
def root(page, lab):
    page.start(BOOK, *CELLS)
    found = page.page.locator(".bk-stage").first
    found.wait_for()
    found.locator("svg.bk-picture text").first.wait_for()
    return found


def test_what_was_computed_is_shown_and_the_rest_is_a_dash(page, root):
    texts = root.locator("svg.bk-picture text").all_text_contents()
    assert {"2×3", "4×1", "Linear(4, 1)", "tanh", "not computed", "–", "1.00"} <= set(texts)
    assert root.locator("svg.bk-picture .bk-i-failed").count() == 1
    assert root.locator(".bk-say").inner_text().startswith("Here it stops: Linear(4, 1) got 3")
    page.clean()


def test_the_error_goes_on_in_a_few_lines(page, root):
    said = page.page.evaluate(SAID)
    assert said.endswith("One row is one sample: x.reshape(-1, 4).") and said.count("\n") == 2
    assert "line 1: ForwardStepper(" in said
    page.clean()


def test_one_can_walk_back_to_the_layers_before(page, root):
    root.focus()
    page.page.keyboard.press("ArrowLeft")
    root.locator(".bk-say").get_by_text("Through tanh that becomes 2×3.").wait_for()
    page.clean()
