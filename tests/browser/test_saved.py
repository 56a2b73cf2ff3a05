"""Life without a kernel: saved, shut down, opened again; and baked, with no kernel to be had."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from lab import DRAWN
from messages import comms

from backprop_kit.bake import STATE, baked_lesson

SETUP = """from backprop_kit import *
from backprop_kit.nn import SGD
player = Player()
lamp = ForwardStepper(*board("stairs"), optimizer=SGD(0.25), plain=True, player=player)
lamp"""
SECOND = 'fine = ForwardStepper(*board("stairs"), optimizer=SGD(0.25), step="operation",\n' \
    "    player=player)\nfine"  # fmt: skip
ASKED = """stepper = ForwardStepper(*board("stairs"), optimizer=SGD(0.25), plain=True)
Predict(["00.p1", "00.p2"], stepper, after=["loss", "update"])"""
QUIZ = 'Quiz("00.quiz")'
GRAPH = "graph = GraphStepper(lamp.recorded.trace, player=player)\ngraph"
CELLS = SETUP, SECOND, ASKED, QUIZ, GRAPH
LAMP, FINE, COVERED, NET = range(4)
SESSION = "window.jupyterapp.shell.currentWidget.sessionContext"
SHUTDOWN = f"() => {SESSION}.shutdown()"
RESTART = f"() => {SESSION}.restartKernel()"
IDLE = f"() => {SESSION}.session?.kernel?.status === 'idle'"
STATUS = f"() => {SESSION}.session?.kernel?.connectionStatus"
SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"
COUNTS = """() => [...window.jupyterapp.shell.currentWidget.content.widgets]
  .map(c => c.model.executionCount)"""
# The host's own mark of a widget without a kernel, where it can be seen.
MARKS = """() => [...document.querySelectorAll('.jupyter-widgets-disconnected')]
  .filter(n => getComputedStyle(n, '::before').display !== 'none').length"""
AT = "([n, i]) => n.querySelector('.bk-time').ariaValueNow === String(i)"
MOVED = "([n]) => +n.querySelector('.bk-time').ariaValueNow > 0"
PHASE = "([n, phase]) => n.dataset.phase === phase"
ANSWER = "Kernel gone: run this cell again to answer."
TRUST = "The answer is on trust: decide before you step on."


class Book:
    """One notebook in the page: its stages, counted from the top."""

    def __init__(self, page, name):
        self.page, self.name, self.tab = page, name, page.page

    def stage(self, n):
        return self.tab.locator(".bk-stage").nth(n)

    def press(self, n, *keys):
        if not self.stage(n).evaluate("n => n.contains(n.getRootNode().activeElement)"):
            self.stage(n).focus()
        for key in keys:
            self.tab.keyboard.press(key)

    def at(self, n, i, timeout=5000):
        self.tab.wait_for_function(AT, arg=[self.stage(n).element_handle(), i], timeout=timeout)

    def say(self, n):
        return self.stage(n).locator(".bk-say").text_content()

    def head(self, n):
        return self.stage(n).locator(".bk-head").text_content()

    def foot(self, n):
        return self.stage(n).locator(".bk-foot").text_content()

    def path(self):
        return self.page.lab.root / self.name

    def save(self):
        before = self.path().stat().st_mtime_ns
        self.tab.evaluate(SAVE)
        for _ in range(100):
            if self.path().stat().st_mtime_ns != before:
                return
            self.tab.wait_for_timeout(50)
        raise TimeoutError("the notebook was not saved")

    def saved(self):
        """The states in the file, by widget."""
        metadata = nbformat.read(self.path(), as_version=4)["metadata"]
        return [model["state"] for model in metadata["widgets"][STATE]["state"].values()]

    def reopen(self, stages):
        """Load the page anew; whatever the kernel is now, it knows nothing of these widgets."""
        self.tab.goto("about:blank")
        self.page.received.clear()
        self.page.sent.clear()
        self.page.said.clear()
        self.page.open(self.name)
        for n in range(stages):
            self.stage(n).locator(".bk-gone").wait_for(timeout=30_000)

    def asked(self):
        """What widgets sent to the kernel (the manager's question for live ones aside)."""
        return [m for m in comms(self.page.sent) if b'"request_states"' not in m]

    def together(self, i):
        """The second stepper shows the step at which the first shows frame i."""
        self.at(LAMP, i)
        self.tab.wait_for_function(
            "([a, b]) => a.dataset.phase === b.dataset.phase",
            arg=[self.stage(n).element_handle() for n in (LAMP, FINE)],
        )


def go_with_the_graph(book):
    """The graph moves the layers, and the layers the graph: one recording, two pictures."""
    book.press(LAMP, "Home")
    book.at(NET, 0)
    book.press(NET, *["ArrowRight"] * 3)
    book.at(NET, 3)
    book.tab.wait_for_function(MOVED, arg=[book.stage(FINE).element_handle()])
    book.press(LAMP, "Home", "ArrowRight", "ArrowRight", "ArrowRight")
    book.together(3)
    book.tab.wait_for_function(PHASE, arg=[book.stage(NET).element_handle(), "loss"])
    book.press(LAMP, "ArrowRight")
    book.tab.wait_for_function(PHASE, arg=[book.stage(NET).element_handle(), "backward"])
    book.press(LAMP, "ArrowLeft")
    book.together(3)


@pytest.fixture(scope="module")
def book(page, lab):
    """Run, stepped to the frame of the loss, saved, its kernel ended, the page loaded again."""
    book = Book(page, lab.write("saved.ipynb", *CELLS))
    page.open(book.name)
    for cell in range(len(CELLS)):
        page.run(cell)
    for n in range(4):
        book.at(n, 0)
    return book


def test_two_steppers_on_one_player_go_together(book):
    book.press(LAMP, "ArrowRight", "ArrowRight", "ArrowRight")
    book.together(3)
    book.press(FINE, "End")
    book.together(7)
    book.press(LAMP, *["ArrowLeft"] * 4)
    book.together(3)
    book.press(COVERED, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    book.at(COVERED, 3)
    assert book.foot(COVERED) == "Covered from here on: answer first."
    book.page.clean()


def test_a_graph_of_the_same_recording_goes_with_them(book):
    go_with_the_graph(book)
    book.page.clean()


def test_saved_it_holds_the_position_and_nothing_behind_a_question(book):
    book.stage(LAMP).get_by_text("17 of 17 checked").wait_for(timeout=30_000)
    book.save()
    films = [state for state in book.saved() if "player" in state]
    assert len(films) == 4 and all(state["k"] > 0 for state in films)
    assert "0.599" not in book.path().read_text(encoding="utf-8")


def test_after_the_shutdown_they_still_go_together(book):
    book.tab.evaluate(SHUTDOWN)
    book.tab.wait_for_timeout(500)
    book.page.sent.clear()
    book.press(LAMP, "ArrowRight", "ArrowRight")
    book.together(5)
    for n in (LAMP, FINE):
        assert "kernel gone: stepping goes on" in book.head(n)
    book.press(FINE, "ArrowLeft")
    book.at(LAMP, 4)
    book.press(LAMP, "ArrowRight")
    book.together(5)
    assert book.asked() == []
    book.page.clean()
    book.save()


def test_loaded_again_it_steps_on_from_its_saved_position(book):
    said = book.say(LAMP)
    book.reopen(4)
    book.together(5)
    assert book.say(LAMP) == said
    for n in (LAMP, FINE, COVERED):
        assert "kernel gone: stepping goes on" in book.head(n)
    assert book.tab.evaluate(COUNTS) == [1, 2, 3, 4, 5]
    assert "17 of 17 checked" in book.stage(LAMP).text_content()
    book.press(LAMP, "ArrowRight")
    book.together(6)
    assert book.say(LAMP).endswith("8 up, 5 down.")
    book.press(FINE, "Home")
    book.together(0)
    go_with_the_graph(book)
    book.press(LAMP, "End")
    book.together(7)
    assert book.say(LAMP) == "Forward again: 0.550, loss 0.599."
    book.page.clean()


def test_what_was_never_answered_ends_at_the_cover_and_the_panels_say_how_to_go_on(book):
    book.at(COVERED, 3)
    for key in ("ArrowRight", "End"):
        book.press(COVERED, key)
        book.tab.evaluate(DRAWN)
        book.at(COVERED, 3)
    assert book.foot(COVERED) == "Covered from here on: run this cell to go on."
    assert book.stage(COVERED).locator(".bk-covered").count() == 4
    for form in book.tab.locator(".bk-form").all():
        assert form.locator(".bkf-problem").text_content() == ANSWER
    form = book.tab.locator(".bk-form").first
    form.locator(".bkf-page:not(.bkf-away) .bkf-options label").first.click()
    form.locator(".bkf-page:not(.bkf-away) .bkf-sure label").first.click()
    form.locator(".bkf-page:not(.bkf-away) .bkf-go").click()
    assert form.locator(".bkf-problem").text_content() == ANSWER
    assert form.locator("[data-phase=ask]").count() >= 1
    book.page.clean()
    assert book.asked() == []


def test_saved_and_loaded_once_more_it_is_still_there(book):
    book.press(LAMP, "Home", "ArrowRight", "ArrowRight")
    book.together(2)
    book.save()
    assert len([state for state in book.saved() if "player" in state]) == 4
    book.reopen(4)
    book.together(2)
    book.at(COVERED, 3)
    book.press(FINE, "ArrowRight")
    book.press(LAMP, "End")
    book.together(7)
    assert not book.tab.evaluate(MARKS)
    book.page.clean()


def test_a_restart_changes_nothing_of_that(book):
    book.tab.wait_for_function(IDLE, timeout=60_000)
    book.tab.evaluate(RESTART)
    book.tab.wait_for_function(IDLE, timeout=60_000)
    book.tab.wait_for_timeout(500)
    book.page.said.clear()  # JupyterLab itself regrets the requests a restart cancels
    book.page.sent.clear()
    book.press(LAMP, "Home", "ArrowRight", "ArrowRight")
    book.together(2)
    assert "kernel gone: stepping goes on" in book.head(LAMP)
    assert book.asked() == []
    book.page.clean()


def test_run_again_it_is_alive_again(book):
    for cell in range(len(CELLS)):
        book.page.run(cell)
    book.at(LAMP, 0)
    book.press(COVERED, "End")
    book.at(COVERED, 3)
    assert "kernel gone" not in book.head(LAMP) + book.head(FINE) + book.head(COVERED)
    assert book.foot(COVERED) == "Covered from here on: answer first."
    assert book.tab.locator(".bk-form").first.locator(".bkf-problem").text_content() == ""
    book.press(LAMP, "ArrowRight", "ArrowRight")
    book.together(2)
    book.save()  # what no cell shows any more is not kept
    assert len([state for state in book.saved() if "player" in state]) == 4
    book.page.clean()


# --- baked ----------------------------------------------------------------------------------------
LATE = "import time; time.sleep(600)"


def bake(page, lab, name, kernel):
    """A notebook baked as the lessons are, opened where its kernel is late or nowhere."""
    lab.write(name, *CELLS)
    made = baked_lesson(lab.root / name, lab.root)
    made["metadata"]["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    (lab.root / name).write_text(json.dumps(made), encoding="utf-8")
    lab.trust(name)
    book = Book(page, name)
    book.tab.goto("about:blank")
    page.said.clear()
    book.tab.goto(f"{lab.url}/doc/tree/{name}", wait_until="domcontentloaded")
    for n in range(4):
        book.stage(n).locator(".bk-gone").wait_for(timeout=60_000)
    return book


@pytest.fixture(scope="module")
def baked(page, lab):
    """Baked, and the kernel it was written for does not exist."""
    return bake(page, lab, "baked.ipynb", "not-here")


def test_baked_with_a_kernel_that_does_not_exist_it_opens_alive_and_steps(baked):
    for n in (LAMP, FINE, COVERED):
        baked.at(n, 0)
        assert "no kernel yet: stepping goes on" in baked.head(n)
        assert "17 of 17 checked" in baked.stage(n).text_content()
    baked.press(LAMP, "ArrowRight", "ArrowRight", "ArrowRight")
    baked.together(3)
    assert baked.say(LAMP) == "The loss says how wrong: 1.25; right is 0."
    baked.press(FINE, "End")
    baked.together(7)
    go_with_the_graph(baked)
    baked.page.clean()


def test_baked_all_frames_are_there_and_each_cover_is_on_trust(baked):
    at = []
    baked.press(COVERED, "Home")
    for i in range(8):
        baked.at(COVERED, i)
        if TRUST in baked.foot(COVERED):
            at.append(i)
        baked.press(COVERED, "ArrowRight")
    assert at == [3, 6]
    assert baked.say(COVERED) == "Forward again: 0.550, loss 0.599."
    assert baked.stage(COVERED).locator(".bk-covered").count() == 0
    for form in baked.tab.locator(".bk-form").all():
        said = form.locator(".bkf-problem").text_content()
        assert said == "No kernel yet: run the cells from the top to answer."
    baked.page.clean()


def test_baked_a_second_save_keeps_what_no_kernel_has_made(baked):
    baked.press(LAMP, "Home", *["ArrowRight"] * 4)
    baked.together(4)
    baked.save()
    baked.reopen(4)
    baked.together(4)
    assert "no kernel yet: stepping goes on" in baked.head(FINE)
    baked.page.clean()


def test_baked_it_steps_before_its_kernel_is_up(page, lab):
    spec = Path(lab.env["JUPYTER_DATA_DIR"]) / "kernels" / "late"
    spec.mkdir(parents=True)
    made = {"argv": [sys.executable, "-c", LATE], "display_name": "late", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(made), encoding="utf-8")
    late = bake(page, lab, "late.ipynb", "late")
    assert late.tab.evaluate(STATUS) != "connected"
    late.press(LAMP, "ArrowRight", "ArrowRight", "ArrowRight")
    late.together(3)
    late.press(FINE, "End")
    late.together(7)
    assert "no kernel yet: stepping goes on" in late.head(LAMP)
    assert not late.tab.evaluate(MARKS)
    assert late.tab.evaluate(STATUS) != "connected"
    late.page.clean()
    shutil.rmtree(spec)
    late.tab.evaluate(SHUTDOWN)
