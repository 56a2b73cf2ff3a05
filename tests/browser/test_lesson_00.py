"""Lesson 00 as a learner meets it: a copy, opened, run, walked, saved; then without a kernel."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest
from lessonpage import CALL, commit, run_lesson
from messages import films_in
from photographs import both_widths, shoot, themes, worn
from reading import Reader, chain, ks_of

from backprop_kit.films.forward_pass import film_pass
from backprop_kit.nn import SGD
from backprop_kit.study import board, record_pass

PROJECT = Path(__file__).parents[2]
NAME = "00_start_here.ipynb"
KEYS = (
    "b",
    "r",
    "m",
    "d",
    "d",
    "3",
    "0",
    "0",
    "Delete",
    "Backspace",
    "Enter",
    "ArrowUp",
    "Shift+M",
)
PILL = 'g[data-pick="W2:2"] rect'
STEPS = 50
LARGE = "([n, on]) => n.classList.contains('bk-presenter') === on"


def git(folder, *words):
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def checkout(lab):
    """A repository with the lessons and what it ignores, and the command's copy of lesson 00."""
    folder = lab.root / "checkout"
    shutil.copytree(PROJECT / "notebooks", folder / "notebooks",
                    ignore=shutil.ignore_patterns(".*"))  # fmt: skip
    shutil.copy(PROJECT / ".gitignore", folder)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "lessons")
    run = [sys.executable, "-m", "backprop_kit", "fresh", "00"]
    subprocess.run(run, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def lesson(page, lab, checkout):
    """The copy, opened and run from top to bottom."""
    page.asked = []
    page.page.on("request", lambda r: page.asked.append(r.url))
    page.page.on("websocket", lambda w: page.asked.append(w.url))
    return run_lesson(page, f"checkout/backprop_lessons/{NAME}", 2)


def lamp_places(recorded):
    s1, z1, h, s2, z2, p = recorded.trace.made[:6]
    return {
        **chain(recorded, [("W1", "0.W"), ("b1", "0.b"), ("W2", "2.W"), ("b2", "2.b")]),
        "s1": ("value", s1), "z1": ("value", z1), "v1": ("value", h), "s2": ("value", s2),
        "z2": ("value", z2), "v2": ("value", p), "dv1": ("slope", h), "dz1": ("slope", z1),
        "dv2": ("slope", p), "dz2": ("slope", z2),
    }  # fmt: skip


def digit_places(recorded):
    _, z1, h, _, scores, p = recorded.trace.made[:6]
    return {
        **chain(recorded, [("W1", "0.W"), ("b1", "0.b"), ("W2", "2.W"), ("b2", "2.b")]),
        "v1": ("value", h), "dz1": ("slope", z1), "tiles": ("slope", z1), "dv1": ("slope", h),
        "v2": ("value", scores), "dz2": ("slope", scores), "v3": ("value", p), "dv3": ("slope", p),
    }  # fmt: skip


@pytest.fixture(scope="module")
def lamp(lesson):
    recorded = record_pass(*board("stairs"), optimizer=SGD(0.25))
    root = lesson.page.locator(".bk-stage").nth(0)
    return Reader(lesson.page, root, recorded.trace, lamp_places(recorded),
                  ks_of(film_pass(recorded, plain=True)))  # fmt: skip


@pytest.fixture(scope="module")
def digit(lesson):
    recorded = record_pass(*board("digit"), optimizer=SGD(0.05))
    root = lesson.page.locator(".bk-stage").nth(1)
    return Reader(lesson.page, root, recorded.trace, digit_places(recorded),
                  ks_of(film_pass(recorded)))  # fmt: skip


# --- the first minute -----------------------------------------------------------------------------
def test_it_runs_without_an_error_and_both_steppers_are_painted_and_checked(lesson, lamp, digit):
    for reader, words in ((lamp, "17 of 17 checked"), (digit, "checked")):
        reader.root.scroll_into_view_if_needed()
        reader.expect(0)
        reader.root.locator(".bk-badge.bk-ok", has_text=words).wait_for(timeout=30_000)
    lesson.clean()


def test_a_first_view_travels_in_less_than_100_kb(lesson):
    opened = [f for f in lesson.received if b"comm_open" in f and b"bk-stage" in f]
    assert len(opened) == 2
    assert max(map(len, opened)) <= 100_000, [len(f) for f in opened]


def test_the_lamp_stops_at_the_question_and_holds_back_what_comes_after(lesson, lamp):
    covered = [t for t in films_in(lesson.received) if b"The lamp on the stairs" in t]
    assert any(b"The loss says how wrong" in t for t in covered)
    lamp.root.scroll_into_view_if_needed()
    for _ in range(3):
        lamp.key("ArrowRight")
    lamp.expect(3)
    assert lamp.caption() == "The loss says how wrong: 1.25; right is 0."
    for move in ("ArrowRight", "End", "ArrowRight"):
        lamp.key(move)
        lamp.stays(3)
    lamp.click("Last step")
    lamp.stays(3)
    assert lamp.compare() >= 20
    assert lamp.root.locator(".bk-covered").count() == 4
    assert "0.599" not in lesson.page.locator("body").inner_text()


def test_after_each_commit_it_goes_on_to_the_next_question(lesson, lamp):
    before = len(lesson.received)
    commit(lesson, 0, "raise some numbers, lower others, by different amounts")
    lamp.root.locator(".bk-covered").nth(1).wait_for(state="detached")
    told = films_in(lesson.received[before:])
    assert any(b"8 up, 5 down" in t for t in told) and not any(b"Forward again" in t for t in told)
    for i, said in ((4, "the lamp's sum is −0.712."), (5, "−0.0643, 0.659, −0.299."),
                    (6, "8 up, 5 down.")):  # fmt: skip
        lamp.key("ArrowRight")
        lamp.expect(i)
        assert lamp.caption().endswith(said)
        lamp.compare()
    lamp.key("ArrowRight")
    lamp.stays(6)
    lesson.page.get_by_role("button", name="second question ›").click()
    commit(lesson, 0, "close to it, not equal")
    lamp.root.locator(".bk-covered").wait_for(state="detached")
    lamp.key("ArrowRight")
    lamp.expect(7)
    assert lamp.caption() == "Forward again: 0.550, loss 0.599."
    lamp.compare()
    lesson.clean()


# --- every number that can be seen ----------------------------------------------------------------
def walk(reader, seed, steps=STEPS):
    """Steps of every kind, each read off; how many numbers were compared."""
    reader.root.scroll_into_view_if_needed()
    reader.sync()
    rng, path, total = random.Random(seed), [], 0
    try:
        for _ in range(steps):
            path.append(f"{reader.cut} {reader.i}")
            reader.wander(rng)
            total += reader.compare()
    except Exception as wrong:
        wrong.add_note(f"after {', '.join(path[-4:])}")
        raise
    assert len(set(path)) > steps / 4
    return total


def test_fifty_steps_on_the_lamp_show_nothing_but_the_recording(lesson, lamp):
    assert walk(lamp, 1) > 1000
    lesson.clean()


def test_fifty_steps_on_the_digit_show_nothing_but_the_recording(lesson, digit):
    assert walk(digit, 2) > 1000
    digit.to("layer", 3)
    assert digit.caption() == "As probabilities: it says 2 (0.182); the 3 gets 0.133."
    lesson.clean()


def test_a_press_on_the_weight_of_one_shows_slope_times_turn_and_the_measured_change(lesson, lamp):
    lamp.to("layer", 5)
    assert lamp.root.locator('text[data-tag="W2:2"]').text_content() == "1.00"
    lamp.root.locator(PILL).first.click()
    panel = lamp.root.locator(".bk-panel")
    panel.get_by_text("measured").wait_for(timeout=10_000)
    said = panel.inner_text().replace("\n", " ")
    assert re.search(r"slope 0\.543 × 0\.01 = 0\.00543", said), said
    assert re.search(r"measured 0\.00543 the loss rises", said), said
    lamp.key("Escape")
    panel.get_by_text("measured").wait_for(state="detached")
    lesson.clean()


# --- the host -------------------------------------------------------------------------------------
def test_no_key_after_no_control_changes_a_cell(lesson, lamp):
    lamp.root.scroll_into_view_if_needed()
    before = lesson.cells()
    places = [
        *lamp.root.get_by_role("button").all(), lamp.root.locator(".bk-time"),
        lamp.root.locator(".bk-panel"), lamp.root.locator(PILL).first,
        lamp.root.locator(".bk-say"),
    ]  # fmt: skip
    for place in places:
        place.click()
        for key in KEYS:
            lesson.page.keyboard.press(key)
    # One of the buttons was for large type.
    lesson.page.wait_for_function(LARGE, arg=[lamp.root.element_handle(), True])
    lesson.page.keyboard.press("p")
    lesson.page.wait_for_function(LARGE, arg=[lamp.root.element_handle(), False])
    assert lesson.cells() == before
    assert not lesson.page.locator(".jp-Dialog").is_visible()
    lesson.clean()


@both_widths
def test_it_is_photographed_in_both_widths_and_both_themes(lesson, lamp, digit, window, output):
    for mode in themes(lesson, window):
        for name, reader in (("lamp", lamp), ("digit", digit)):
            worn(lesson, reader.root, mode, output)
            reader.to("layer", 6)
            reader.compare()
            shoot(reader.root, f"lesson_00_{name}_{output}_{mode}")


def test_run_and_saved_it_leaves_no_trace_in_the_repository(lesson, checkout):
    was = (checkout / "backprop_lessons" / NAME).stat().st_mtime_ns
    lesson.page.evaluate(CALL, "docmanager:save")
    for _ in range(100):
        if (checkout / "backprop_lessons" / NAME).stat().st_mtime_ns != was:
            break
        lesson.page.wait_for_timeout(50)
    assert (checkout / "backprop_lessons" / NAME).stat().st_mtime_ns != was
    assert git(checkout, "status", "--porcelain") == ""
    for path in (PROJECT / "notebooks").glob("*.ipynb"):
        assert path.read_bytes() == (checkout / "notebooks" / path.name).read_bytes()


def test_nothing_was_asked_of_the_network(lesson):
    asked = {
        urlparse(url).hostname for url in lesson.asked if not url.startswith(("data:", "blob:"))
    }
    assert asked == {"127.0.0.1"}


def test_it_goes_on_stepping_when_the_kernel_is_gone(lesson, lamp, digit):
    lesson.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()"
    )
    for reader, seed in ((lamp, 3), (digit, 4)):
        walk(reader, seed, 10)
        assert "kernel gone" in reader.root.locator(".bk-head").text_content()
    lesson.clean()
