"""`GradientCheck` in the page: its numbers beside differences taken here, at random step sizes."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from photographs import both_widths, shoot, themes, worn
from reading import AT, fits, parse

BOOK = "gradient_check.ipynb"
CELLS = (
    "from backprop_kit import GradientCheck, board",
    "GradientCheck(*board('stairs'))",
    "GradientCheck(*board('2-2-1'), wrong='update on the way')",
)
STEPS = [float(f"1e-{n}") for n in range(2, 17)]


def stairs():
    """The lamp's loss and its numbers, in plain NumPy."""
    rng = np.random.default_rng(24)
    W1, W2 = rng.standard_normal((2, 3)).round(1), rng.standard_normal((3, 1)).round(1)
    p = {"W1": W1, "b1": np.zeros(3), "W2": W2, "b2": np.zeros(1)}

    def loss(p):
        h = np.tanh(np.array([[1.0, -1.0]]) @ p["W1"] + p["b1"])
        return float(-np.log(1 / (1 + np.exp(-(h @ p["W2"] + p["b2"]))))[0, 0])

    return loss, p


def central(h):
    """{name: central differences of every number}."""
    loss, p = stairs()
    found = {}
    for name, values in p.items():
        found[name] = np.empty(values.size)
        for i in range(values.size):
            both = []
            for sign in (1, -1):
                moved = {k: v.copy() for k, v in p.items()}
                moved[name].reshape(-1)[i] += sign * h
                both.append(loss(moved))
            found[name][i] = (both[0] - both[1]) / (2 * h)
    return found


def slopes():
    """The same by the complex step, which has no size to choose."""
    p = stairs()[1]
    found = {}
    for name, values in p.items():
        found[name] = np.empty(values.size)
        for i in range(values.size):
            moved = {k: v.astype(complex) for k, v in p.items()}
            moved[name].reshape(-1)[i] += 1e-30j
            h = np.tanh(np.array([[1.0, -1.0]]) @ moved["W1"] + moved["b1"])
            s = h @ moved["W2"] + moved["b2"]
            found[name][i] = (-np.log(1 / (1 + np.exp(-s)))).imag[0, 0] / 1e-30
    return found


@pytest.fixture(scope="module")
def book(page, lab):
    page.start(BOOK, *CELLS)
    page.page.locator(".bk-stage").nth(1).wait_for()
    return page


def stage(book, n):
    root = book.page.locator(".bk-stage").nth(n)
    root.scroll_into_view_if_needed()
    return root


def press(book, root, key, i):
    root.focus()
    book.page.keyboard.press(key)
    book.page.wait_for_function(AT, arg=[root.element_handle(), str(i)], timeout=10_000)


def test_the_errors_are_those_of_differences_taken_here(book):
    """50 random keys; then and in between the table and the furthest number are read."""
    root, rng, at = stage(book, 0), random.Random(0), 0
    true = slopes()
    length = np.sqrt(sum((g**2).sum() for g in true.values()))
    for turn in range(50):
        key = rng.choice(["ArrowRight"] * 4 + ["ArrowLeft"] * 3 + ["Home", "End"])
        at = {"ArrowRight": min(at + 1, 14), "ArrowLeft": max(at - 1, 0), "Home": 0, "End": 14}[key]
        press(book, root, key, at)
        if turn % 5 != 4:
            continue
        names = [n.replace("₁", "1").replace("₂", "2") for n in
                 root.locator(".bk-panel .bk-eq .bk-formula").all_inner_texts()]  # fmt: skip
        names = [re.sub(r"\s", "", n) for n in names]
        numbers = root.locator(".bk-panel .bk-eq").first.locator(".bk-num").all_inner_texts()
        assert names == ["W1", "b1", "W2", "b2"] and len(numbers) == 8
        found = central(STEPS[at])
        for name, said in zip(names, numbers[::2], strict=True):
            error = np.abs(found[name] - true[name]).max() / length
            if at < 2:  # before rounding speaks, the same digits
                assert fits(said, error), (at, name, said, error)
            else:  # rounding is another in each way of writing the loss down
                noise = 3e-16 / STEPS[at]
                assert parse(said) < 30 * error + noise, (at, name, said, error)
                assert error < 30 * parse(said) + noise, (at, name, said, error)
        assert all(parse(said) < 1e-15 for said in numbers[1::2])
        worst = root.locator(".bk-panel .bk-eq").nth(1)
        ours = parse(worst.locator(".bk-num").first.inner_text())
        assert any(fits_any(ours, g) for g in true.values())
    book.clean()


def fits_any(shown, values):
    return bool(np.isclose(shown, values, rtol=5.1e-3, atol=1e-9).any())


def test_points_appear_as_they_are_asked(book):
    root = stage(book, 0)
    dots = lambda: root.locator("svg.bk-picture .bk-dot").count()
    press(book, root, "Home", 0)
    first = dots()
    press(book, root, "End", 14)
    assert first == 2 and dots() > 25
    assert "stays exact" in root.locator(".bk-say").inner_text()
    root.locator('[data-pick="central3"]').click()
    book.page.wait_for_function(AT, arg=[root.element_handle(), "3"], timeout=10_000)
    book.clean()


def test_the_wrong_pass_is_lit_where_it_parts(book):
    root = stage(book, 1)
    badge = root.locator(".bk-badge")
    badge.get_by_text("your verdict first").wait_for(timeout=30_000)
    assert "−1.95" not in root.inner_text()
    for i in range(1, 7):
        press(book, root, "ArrowRight", i)
        if i == 4:
            assert root.locator(".bk-knob .bk-icon-failed").count() == 1
            assert root.locator(".bk-say").inner_text() == (
                "Here they part: δ₁ is the first to be wrong, −0.650 for −0.500."
            )
        if i == 5:
            said = root.inner_text()
            for text in ("0.900", "−1.95", "1.80", "−1.50", "2.00"):
                assert text in said
    badge.get_by_text("dW₁ is wrong").wait_for(timeout=30_000)
    book.clean()


@both_widths
def test_it_is_photographed(book, window, output):
    for mode in themes(book, window):
        for n in range(2):
            root = stage(book, n)
            worn(book, root, mode, output)
            shoot(root, f"gradient_check_{n}_{output}_{mode}")
