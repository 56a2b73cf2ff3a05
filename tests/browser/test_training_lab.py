"""TrainingLab in JupyterLab: what a hand does to it, and that every number is that of its token."""

import re

import pytest
from lab import DRAWN
from messages import comms
from reading import fits, numbers_in, parse

from backprop_kit import Run

LAB = "lab = TrainingLab()\nlab"
ASK = "print(lab.run.k, lab.playing, [b.name for b in lab.run.branches], lab.problem)"
SLEEP = "import time\ntime.sleep(2)"
FOUR = "labs = [TrainingLab(net((2, 2, 1)), moons(20)) for _ in range(4)]"
SHOW = [f"labs[{i}]" for i in range(4)]
CELLS = ("from backprop_kit import *", LAB, ASK, SLEEP, FOUR, *SHOW)
PLACES = """n => [...n.querySelectorAll('svg.bk-picture text')].map(t => t.textContent)"""


class View:
    """One lab in the page."""

    def __init__(self, book, index=0):
        self.book, self.page = book, book.page
        self.root = book.page.locator(".bk-lab").nth(index)

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def knob(self, name):
        return self.root.locator(f'[data-knob="{name}"]')

    def press(self, name):
        self.button(name).click()
        return self.settle()

    def settle(self):
        """Wait until every question is answered and the answer is painted."""
        self.page.wait_for_timeout(60)
        self.page.wait_for_function(
            "n => n.getAttribute('aria-busy') !== 'true'", arg=self.root.element_handle(),
            timeout=10_000,
        )  # fmt: skip
        self.page.evaluate(DRAWN)
        return self

    @property
    def counter(self):
        return self.root.locator(".bk-counter").inner_text()

    @property
    def epoch(self):
        return int(re.match(r"epoch ([\d,]+)", self.counter)[1].replace(",", ""))

    @property
    def caption(self):
        return self.root.locator(".bk-say").inner_text()

    @property
    def token(self):
        return self.root.locator(".bk-moment").get_attribute("title")

    def until(self, condition):
        for _ in range(200):
            if condition():
                return self
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never: {self.counter}, {self.caption}")


@pytest.fixture(scope="module")
def book(page, lab):
    lab.write("training.ipynb", *CELLS)
    page.open("training.ipynb")
    page.run(0)
    page.run(1)
    page.page.locator(".bk-lab .bk-moment").wait_for()
    page.clean()
    return page


@pytest.fixture
def view(book):
    yield View(book)
    book.clean()


def asked(book):
    book.run(2)
    return book.page.locator(".jp-OutputArea-output pre").last.inner_text()


def replayed(view):
    """Hold the numbers that can be read against a replay of the token in this process."""
    run = Run.from_token(view.token)
    train, test, train_right, test_right = run.measured()
    said = re.match(
        r"(?:Epoch|Step) [^:]+: train loss ([^,]+), test loss ([^ ]+?)\. ", view.caption + " "
    )
    assert said, view.caption
    assert fits(said[1], train) and fits(said[2], test), (view.caption, train, test)
    texts = view.root.evaluate(PLACES)
    shares = [float(numbers_in(t)[0]) / 100 for t in texts if re.match(r"(train|test) \d+", t)]
    assert shares[:2] == pytest.approx([train_right, test_right], abs=0.006)
    return run


def test_it_plays_and_pauses_and_every_number_is_that_of_its_token(view):
    assert view.epoch == 0 and "Nothing is learned yet." in view.caption
    view.book.received.clear()
    view.button("play").click()
    view.until(lambda: view.epoch >= 6)
    assert view.button("pause").is_visible()
    assert max(map(len, comms(view.book.received))) < 60_000
    view.press("pause").until(lambda: view.button("play").is_visible())
    run = replayed(view)
    assert run.epoch == view.epoch > 0
    # At rest nothing is sent, in neither direction.
    view.page.wait_for_timeout(300)
    view.book.received.clear()
    view.book.sent.clear()
    view.page.wait_for_timeout(700)
    assert not comms(view.book.received) and not comms(view.book.sent)


def test_a_step_and_a_step_back_are_the_same_moment(view):
    view.press("pass")
    before, said = view.token, view.caption
    view.press("step")
    assert view.token != before
    replayed(view)
    view.press("step back")
    assert (view.token, view.caption) == (before, said)
    replayed(view)
    view.press("epoch")


def test_a_learning_control_forks_the_run(view):
    k = Run.from_token(view.token).k
    rate = view.knob("rate").locator("input")
    rate.focus()
    view.page.keyboard.press("ArrowRight")
    view.settle()
    view.page.keyboard.press("ArrowRight")
    view.settle()
    view.press("step")
    run = replayed(view)
    assert run.branch.start == k and run.settings.optimizer.lr == 0.1
    assert "'rate 0.1'" in asked(view.book)
    texts = view.root.evaluate(PLACES)
    assert {"rate 0.1", "Adam 0.01"} <= set(texts)


def test_weights_that_are_written_are_those_of_the_replay(view):
    tile = view.root.locator('[data-pick^="unit:2:"], [data-tag^="unit:2:"]').first
    tile.click()
    view.settle()
    written = [t for t in view.root.evaluate(PLACES) if re.fullmatch(r"[+−]\d+\.\d+", t)]
    assert len(written) == 4
    flat = {f"{w:+.2f}" for a in Run.from_token(view.token).numbers().values() for w in a.ravel()}
    true = {format(parse(t.lstrip("+")), "+.2f") for t in written}
    assert true <= flat
    tile.click()
    view.settle()


def test_the_width_is_changed_while_it_plays(view):
    view.button("play").click()
    view.until(lambda: view.button("pause").is_visible())
    view.knob("width").get_by_role("button", name="less: width").click()
    view.until(lambda: 0 < view.epoch < 60 and "width 7" in view.root.evaluate(PLACES))
    assert view.button("pause").is_visible()
    view.press("pause").until(lambda: view.button("play").is_visible())
    run = replayed(view)
    assert run.recipe["model"]["sizes"] == [2, 7, 7, 1] and run.epoch == view.epoch


def test_it_answers_while_a_cell_runs(view):
    view.button("play").click()
    view.until(lambda: view.button("pause").is_visible())
    view.book.run(3, wait=False)
    view.page.wait_for_timeout(300)
    view.button("pause").click()  # answered beside the cell, or after it
    view.until(lambda: view.button("play").is_visible())
    view.page.wait_for_function("() => window.__ran", timeout=20_000)
    view.settle()
    replayed(view)
    assert " False " in asked(view.book)


def test_the_slider_goes_to_any_step(view):
    slider = view.root.locator('[role="slider"][data-grip="time"]')
    slider.focus()
    at = Run.from_token(view.token).k
    view.page.keyboard.press("ArrowLeft")
    view.settle()
    assert Run.from_token(view.token).k < at


def test_a_point_is_added_and_the_run_is_a_file(view):
    view.knob("points").get_by_role("switch").click()
    view.settle()
    box = view.root.locator("svg.bk-picture").bounding_box()
    view.page.mouse.click(box["x"] + box["width"] - 30, box["y"] + 250)
    view.until(lambda: view.root.locator(".bk-moment").inner_text().startswith("save file"))
    assert view.epoch == 0 and "129 + 64 samples" in view.root.locator(".bk-head").inner_text()
    view.press("step")
    with view.page.expect_download() as saved:
        view.root.locator(".bk-moment").click()
    run = Run.load(saved.value.path())
    assert len(run.data) == 193 and view.epoch == 1 and run.k == 9  # 129 points, 16 a step
    train, test = (fits(n, v) for n, v in zip(
        numbers_in(view.caption)[1:], run.measured()[:2], strict=False))  # fmt: skip
    assert train and test


def test_one_step_is_looked_into(view):
    view.button("operation").click()
    strip = view.page.locator(".bk-lens")
    strip.get_by_text("Training step 9 → 10").wait_for()
    assert not view.root.is_visible()
    strip.get_by_role("button", name="The next training step").click()
    strip.get_by_text("Training step 10 → 11").wait_for()
    before = view.book.cells()
    for key in ("b", "r", "d", "d"):
        view.page.keyboard.press(key)
    assert view.book.cells() == before
    strip.get_by_role("button", name="Back to the training lab").click()
    strip.wait_for(state="detached")
    view.settle()
    assert view.root.is_visible() and asked(view.book).startswith("10 False")


def test_four_labs_at_rest_send_nothing(book):
    for cell in range(4, 9):
        book.run(cell)
    for i in range(4):
        one = book.page.locator(".bk-lab").nth(i + 1)
        one.scroll_into_view_if_needed()
        one.locator(".bk-say").get_by_text("Nothing is learned yet.").wait_for()
    book.page.wait_for_timeout(300)
    book.received.clear()
    book.sent.clear()
    book.page.wait_for_timeout(1000)
    assert not comms(book.received) and not comms(book.sent)
    book.clean()


def test_after_a_restart_the_cell_offers_the_moment_it_stood_at(book):
    view = View(book)
    view.root.scroll_into_view_if_needed()
    view.knob("data").locator("select").select_option("moons")
    view.until(lambda: "moons" in view.root.locator(".bk-head").inner_text())
    view.press("step").press("step")
    token = view.token
    book.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    view.root.get_by_text("kernel gone").first.wait_for()
    book.said.clear()  # JupyterLab speaks of the connection it lost
    book.run(0)
    book.run(1)
    view = View(book)
    offer = view.root.get_by_role("button", name="back at step")
    offer.wait_for()
    offer.click()
    view.until(lambda: view.token == token)
    replayed(view)
    book.clean()


def test_a_saved_notebook_shows_its_last_picture(book, lab):
    page = book.page
    said = View(book).caption
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.wait_for_timeout(500)
    page.goto(f"{lab.url}/doc/tree/training.ipynb", wait_until="domcontentloaded")
    page.locator(".bk-lab .bk-say").first.get_by_text(said).wait_for(timeout=30_000)
    view = View(book)
    assert view.button("play").is_disabled() and view.knob("rate").locator("input").is_disabled()
    assert "kernel gone" in view.root.locator(".bk-head").inner_text()
