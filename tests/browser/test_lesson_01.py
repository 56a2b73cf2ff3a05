"""Lesson 01 as a learner meets it: its explorers walked, its questions answered."""

from __future__ import annotations

import re

import pytest
from explorers import REST
from lab import DRAWN
from lessonpage import answer_quiz, commit, open_lesson, printed
from photographs import both_widths, shoot, themes, worn
from reading import AT

from backprop_kit.teaching.questions import questions

NAME = "01_forward_pass.ipynb"
SEEN = """n => Object.fromEntries([...n.querySelectorAll('svg.bk-picture text[data-tag]')].map(t =>
  [t.dataset.tag, t.textContent.trim().split(' ').pop()]))"""
NEURON, MAPS, PASS, SUMS, PLANE = range(5)


@pytest.fixture(scope="module")
def lesson(page, lab):
    """A copy of the lesson, opened and run from top to bottom."""
    return open_lesson(page, lab, NAME, 5)


class Beat:
    """One stage of the lesson."""

    def __init__(self, lesson, index):
        self.page, self.root = lesson.page, lesson.page.locator(".bk-stage").nth(index)
        self.root.scroll_into_view_if_needed()
        self.root.locator(".bk-badge.bk-ok").wait_for(timeout=30_000)

    def press(self, key, i):
        """Press a key; frame i is shown then."""
        self.root.focus()
        self.page.keyboard.press(key)
        self.page.evaluate(DRAWN)
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(i)], timeout=5000)

    def seen(self):
        return self.root.evaluate(SEEN)

    def panel(self):
        return " ".join(self.root.locator(".bk-panel").inner_text().split())

    def key(self, grip, key, times, until):
        """Move a handle, and wait until the page shows this."""
        self.root.locator(f'.bk-grip[data-grip="{grip}"]').focus()
        for _ in range(times):
            self.page.keyboard.press(key)
        self.page.wait_for_function(REST, arg=self.root.element_handle(), timeout=10_000)
        self.root.get_by_text(until).first.wait_for(timeout=10_000)


def test_it_runs_without_an_error_and_says_what_it_should(lesson):
    assert lesson.page.locator(".bk-stage").count() == 5
    assert lesson.page.locator(".bk-form").count() == 3
    said = printed(lesson)
    for line in (
        "from 3 to 4 the output moves by 0.0043", "(4, 2) times (2, 3) gives (4, 3)",
        "weights [-0.75  0.07] bias [0.96]", "on -0.565, off -0.565", "91301 numbers",
        "with the bend    [ 0.8  0.8 -0.6 -1. ]", "without the bend [-1.  -1.  -0.6 -1.4]",
        "Not yet: all four outputs are 0",
    ):  # fmt: skip
        assert line in said
    lesson.clean()


def test_one_neuron_is_dragged_from_3_to_4(lesson):
    beat = Beat(lesson, NEURON)
    assert beat.seen()["h"] == "0.922" and beat.seen()["slope"] == "0.151"
    beat.key("z", "ArrowRight", 28, "0.00987")
    assert beat.seen()["h"] == "0.995" and beat.seen()["slope"] == "0.00987"
    beat.root.get_by_role("button", name="ReLU", exact=True).click()
    beat.key("z", "ArrowLeft", 70, "Dead: the slope is exactly 0.")
    lesson.clean()


def test_the_second_neurons_line_moves_with_its_bias(lesson):
    beat = Beat(lesson, MAPS)
    for i in (1, 2):
        beat.press("ArrowRight", i)
    assert [beat.seen()[f"h{j}"] for j in range(3)] == ["0.753", "0.0300", "−0.800"]
    beat.root.locator('g[data-pick="tile:1"] image').click()
    beat.root.locator('.bk-grip[data-grip="b:1"]').wait_for()
    line = "g:has(> g > image) path.bk-curve, svg.bk-picture path.bk-curve"
    before = beat.root.locator(line).evaluate_all("ns => ns.map(n => n.getAttribute('d'))")
    beat.key("b:1", "ArrowRight", 6, "0.300")
    lesson.page.wait_for_timeout(400)
    after = beat.root.locator(line).evaluate_all("ns => ns.map(n => n.getAttribute('d'))")
    moved = [(a, b) for a, b in zip(before, after, strict=True) if a != b and a[0] == "M"]
    lines = [[[float(v) for v in re.findall(r"-?[\d.]+", d)] for d in pair] for pair in moved]
    lines = [pair for pair in lines if len(pair[0]) == len(pair[1]) == 4]
    assert lines
    (x1, y1, x2, y2), (u1, v1, u2, v2) = lines[0]
    # x₂ = x₁ before and x₂ = x₁ + 1 afterwards: parallel, and moved up.
    assert abs((y2 - y1) / (x2 - x1) - (v2 - v1) / (u2 - u1)) < 1e-6
    assert abs((y2 - y1) / (x2 - x1) + 1) < 1e-6
    lesson.clean()


def test_the_two_sums_stay_equal_until_the_bend(lesson):
    beat = Beat(lesson, SUMS)
    assert beat.panel().count("1.92") == 2
    assert [beat.seen()[f"output {i}"] for i in range(4)] == ["0.140", "1.78", "0.280", "1.64"]
    beat.press("End", 0)
    assert "tanh" not in beat.root.inner_text() and "1.36" not in beat.root.inner_text()
    beat.key("0.b:0", "ArrowRight", 4, "0.700")
    beat.root.locator(".bk-panel").get_by_text("2.16").first.wait_for()  # 4 × 0.05 × 0.6 twice
    said = re.findall(r"sum [=≈] (−?[\d.]+)", beat.panel())
    assert said == ["2.16", "2.16"]
    beat.key("0.b:0", "ArrowLeft", 4, "0.500")
    form = commit(lesson, 0, "tanh between the layers")
    beat.root.locator(".bk-covered").first.wait_for(state="detached")
    beat.press("ArrowRight", 1)
    assert "1.16" in beat.panel() and "1.36" in beat.panel()
    form.get_by_text(questions("01.p1")[0].shows, exact=True).wait_for()
    assert "a bend does not: 1.16 and 1.36" in form.inner_text()
    lesson.clean()


def test_the_bend_moves_the_midpoints_apart(lesson):
    beat = Beat(lesson, PLANE)
    beat.press("ArrowRight", 1)
    assert re.search(r"on ● ■ \( 0 , 0 \) off △ ◇ \( 0 , 0 \)", beat.panel())
    beat.press("End", 1)
    assert "0.900" not in beat.root.inner_text()
    form = commit(lesson, 1, "(0.9, 0.9) and (0.1, 0.1)")
    beat.root.locator(".bk-covered").first.wait_for(state="detached")
    beat.press("ArrowRight", 2)
    assert re.search(r"\( 0.900 , 0.900 \) off △ ◇ \( 0.100 , 0.100 \)", beat.panel())
    form.get_by_text(questions("01.p2")[0].shows, exact=True).wait_for()
    beat.press("ArrowRight", 3)
    shown = beat.panel()
    for number in ("0.800", "−0.600", "−1.00", "−1.40"):
        assert number in shown
    lesson.clean()


def test_the_quiz_answers_each_question(lesson):
    answer_quiz(lesson, 2, "01.quiz")
    lesson.clean()


@both_widths
def test_it_is_photographed_in_both_widths_and_both_themes(lesson, window, output):
    for mode in themes(lesson, window):
        for name, index in (("neuron", NEURON), ("maps", MAPS), ("sums", SUMS), ("plane", PLANE)):
            beat = Beat(lesson, index)
            worn(lesson, beat.root, mode, output)
            shoot(beat.root, f"lesson_01_{name}_{output}_{mode}")
