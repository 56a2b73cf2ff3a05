"""`CostMeter` in the page: passes are run by a press, counted beside counts made here, stopped."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from photographs import shoot, themes, worn
from reading import parse

BOOK = "cost_meter.ipynb"
CELLS = (
    "from backprop_kit import CostMeter\nimport threading",
    "meter = CostMeter([(2, 4, 1), (64, 32, 10), (784, 128, 10)])\nmeter",
    "left = [t for t in threading.enumerate() if t.name.startswith('backprop-kit')]\n"
    "print(len(left), meter.running)",
)
NETS = ((2, 4, 1), (64, 32, 10), (784, 128, 10))
ENTRY = '(n, name) => n.querySelector(`[data-entry="${name}"]`)?.textContent'
QUIET = "n => n.querySelectorAll('.bk-run')[2].ariaDisabled === 'true'"


def counts(sizes):
    """Numbers, and multiplications for one sample there and back."""
    each = [a * b for a, b in pairwise(sizes)]
    numbers = sum((a + 1) * b for a, b in pairwise(sizes))
    return numbers, sum(each), 2 * sum(each) - each[0]


@pytest.fixture(scope="module")
def root(page, lab):
    page.open(lab.write(BOOK, *CELLS))
    page.run(0)
    page.run(1)
    found = page.page.locator(".bk-stage").first
    found.wait_for()
    found.locator(".bk-pass, .bk-nopass").first.wait_for()
    return found


def entry(root, name):
    return root.element_handle().evaluate(ENTRY, name)


def chosen(page, root, at):
    page.page.wait_for_function(
        "([n, i]) => n.querySelectorAll('.bk-option')[i].ariaPressed === 'true'",
        arg=[root.element_handle(), at],
        timeout=20_000,
    )


def told(page, root, name, text):
    """Wait until a number stands there: what is laid over comes a moment after a badge."""
    page.page.wait_for_function(
        '([n, name, text]) => n.querySelector(`[data-entry="${name}"]`)?.textContent === text',
        arg=[root.element_handle(), name, text],
        timeout=60_000,
    )


def quiet(page, root):
    page.page.wait_for_function(QUIET, arg=root.element_handle(), timeout=60_000)


def test_nothing_has_run_at_first(page, root):
    assert entry(root, "differences.0") == "0" and entry(root, "differences.1") == "2,411"
    assert entry(root, "ratio.0") == "–" and entry(root, "time.0") == "–"
    assert root.locator(".bk-badge").inner_text() == "not run yet"
    page.clean()


def test_a_press_runs_the_pair_and_then_the_differences(page, root):
    numbers, there, back = counts(NETS[1])
    root.locator(".bk-run").nth(0).click()
    root.locator(".bk-badge").get_by_text("one of two has run").wait_for(timeout=60_000)
    told(page, root, "ratio.0", f"{1 + back / there:.2f}")
    quiet(page, root)
    assert entry(root, "differences.0") == "0"
    assert parse(entry(root, "times.0").split()[0].replace(",", "")) == round(
        (numbers + 1) * there / (there + back)
    )
    root.locator(".bk-run").nth(1).click()
    root.locator(".bk-badge").get_by_text(f"{numbers:,} of {numbers:,} agree").wait_for(
        timeout=60_000
    )
    told(page, root, "differences.0", f"{numbers + 1:,}")
    quiet(page, root)
    assert not entry(root, "time.3").startswith(("–", "≈"))
    assert "after 100 96.9 %" in root.locator(".bk-panel").inner_text()
    said = root.locator(".bk-say").inner_text()
    assert said.startswith(f"Backprop finds all {numbers:,} slopes for 2.14 forwards")
    page.clean()


def test_random_nets_by_key_show_their_own_counts(page, root):
    rng, at = random.Random(1), 1
    for turn in range(50):
        key = rng.choice(["ArrowLeft", "ArrowRight"])
        at = max(0, at - 1) if key == "ArrowLeft" else min(2, at + 1)
        root.focus()
        page.page.keyboard.press(key)
        chosen(page, root, at)
        if turn % 10 == 9:
            numbers, *_ = counts(NETS[at])
            told(page, root, "differences.1", f"{numbers + 1:,}")
            assert f"{numbers:,} numbers" in root.locator(".bk-head").inner_text()
            ran = at == 1
            assert (entry(root, "ratio.0") == "–") is not ran
    page.clean()


def test_escape_stops_and_the_rest_is_an_estimate(page, root):
    root.locator(".bk-option").nth(2).click()
    chosen(page, root, 2)
    root.locator(".bk-run").nth(1).click()
    page.page.wait_for_function(
        "n => n.querySelector('[data-entry=\"differences.0\"]').textContent !== '0'",
        arg=root.element_handle(),
        timeout=60_000,
    )
    assert "each cell is 100 passes" in entry(root, "differences.2")
    root.focus()
    page.page.keyboard.press("Escape")
    root.locator(".bk-say").get_by_text("Stopped after").wait_for(timeout=60_000)
    quiet(page, root)
    done = int(entry(root, "differences.0").replace(",", ""))
    assert 0 < done < 101_771 and entry(root, "time.3").startswith("≈ ")
    assert root.locator(".bk-nopass").last.get_attribute("d")
    assert root.locator(".bk-say").inner_text().startswith(f"Stopped after {done:,} of 101,771")
    page.clean()


def test_running_the_cell_again_leaves_nothing_running(page, root):
    root.focus()
    page.page.keyboard.press("Space")
    page.run(1)
    page.run(2)
    page.page.get_by_text("0 False").wait_for(timeout=30_000)
    page.page.locator(".bk-stage").first.locator(".bk-nopass").first.wait_for()
    page.clean()


def test_it_is_photographed_and_keys_change_no_cell(page, root):
    fresh = page.page.locator(".bk-stage").first
    before = page.cells()
    fresh.focus()
    for key in ("b", "r", "d", "d"):
        page.page.keyboard.press(key)
    assert page.cells() == before
    page.page.keyboard.press("Space")
    fresh.locator(".bk-badge").get_by_text("agree").wait_for(timeout=60_000)
    quiet(page, fresh)
    for window, output in ((1280, 1100), (1028, 848)):
        for mode in themes(page, window):
            worn(page, fresh, mode, output)
            shoot(fresh, f"cost_meter_{output}_{mode}")
