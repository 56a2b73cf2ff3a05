"""A lab in JupyterLab: controls, transport, time, points, and what of it lives without a kernel."""

import json

import pytest
from lab import DRAWN
from labfilm import film
from messages import comms, films_in

SETUP = """from labfilm import Lab
lab = Lab()
lab.stage"""
HEARD = "print(lab.state['k'], lab.state['values'], lab.heard)"
STEP = "lab.go(lab.state['k'] + 1)"
PRESSED = "lab.heard"
SLEEP = "import time\nwith lab.slow: time.sleep(2)"
SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"
TEXT = "([n, css, text]) => n.querySelector(css)?.textContent.includes(text)"
NOW = "([n, text]) => n.querySelector('.bk-slide')?.ariaValueText === text"
FOCUS = "n => n.getRootNode().activeElement?.closest('[data-knob], button, .bk-slide, .bk-stage')"
TURN = """n => { const s = n.querySelector('.bk-sheet'); return s.toDataURL().length > 4000; }"""


class View:
    """The lab in the page, as a person uses it."""

    def __init__(self, book):
        self.book, self.page = book, book.page
        self.root = book.page.locator(".bk-stage").first

    def handle(self):
        return self.root.element_handle()

    def knob(self, name):
        return self.root.locator(f'[data-knob="{name}"]')

    def says(self, css, text):
        """Wait until a part says something."""
        self.page.wait_for_function(TEXT, arg=[self.handle(), css, text], timeout=4000)
        return True

    def at(self, k, last):
        self.page.wait_for_function(NOW, arg=[self.handle(), f"step {k} of {last}"], timeout=4000)
        return True

    def quiet(self):
        """Wait until every question is answered and the answer is painted."""
        self.page.wait_for_timeout(40)
        self.root.locator("xpath=self::*[@aria-busy='true']").wait_for(state="detached")
        self.page.evaluate(DRAWN)

    def press(self, *keys):
        self.root.focus()
        for key in keys:
            self.page.keyboard.press(key)
            self.quiet()

    def click(self, name, **how):
        self.root.get_by_role("button", name=name, exact=True).click(**how)
        self.quiet()

    def place(self, step):
        """Where a step lies on the slider of time."""
        box = self.root.locator(".bk-slide").bounding_box()
        return box["x"] + 14 + (box["width"] - 28) * step / 100, box["y"] + box["height"] / 2

    def heard(self):
        self.book.run(1)
        return self.page.locator(".jp-OutputArea-output pre").last.inner_text()


@pytest.fixture(scope="module")
def book(page, lab):
    lab.write("lab.ipynb", SETUP, HEARD, STEP, PRESSED, SLEEP)
    page.open("lab.ipynb")
    page.run(0)
    View(page).at(40, 60)
    page.clean()
    return page


@pytest.fixture
def v(book):
    yield View(book)
    book.clean()


def test_it_shows_controls_and_a_painted_map(v):
    assert v.root.locator(".bk-knobgroup").count() == 5
    assert v.root.evaluate(TURN)
    assert v.root.locator(".bk-head").inner_text().startswith("Lab")
    assert v.says(".bk-counter", "epoch 40 / 100")
    box = v.root.bounding_box()
    assert box["height"] <= 592


def test_every_kind_of_control_is_heard_once(book, v):
    v.knob("data").locator("select").select_option("moons")
    v.quiet()
    v.click("more: seed")
    v.knob("batch").locator("input").fill("0,25")
    v.page.keyboard.press("Enter")
    v.quiet()
    v.knob("test").get_by_role("switch").click()
    v.quiet()
    v.root.locator('[data-group="NETWORK"] .bk-rare').click()
    v.knob("features").get_by_role("button", name="sin x₁").click()
    v.quiet()
    v.root.locator('[data-group="NETWORK"] .bk-rare').click()
    assert v.knob("data").locator("select").input_value() == "moons"
    assert v.knob("seed").locator("input").input_value() == "7"
    said = v.heard()
    for part in (
        "('data', 2, True)", "('seed', 7, True)", "('batch', 0.25, True)", "('test', False, True)",
        "('features', [0, 1, 3], True)",
    ):  # fmt: skip
        assert said.count(part) == 1, part


def test_a_slider_moves_at_once_and_says_when_it_is_let_go(book, v):
    slider = v.knob("rate").locator("input")
    box = slider.bounding_box()
    x, y = box["x"] + 16, box["y"] + box["height"] / 2
    v.page.mouse.move(x, y)
    v.page.mouse.down()
    v.page.mouse.move(x + 40, y, steps=3)
    assert v.knob("rate").locator(".bk-value").inner_text() == "1"
    v.page.mouse.up()
    v.quiet()
    said = v.heard()
    assert "('rate', 3, False)" in said and said.count("('rate', 3, True)") == 1
    slider.focus()
    book.sent.clear()
    book.received.clear()
    v.page.keyboard.press("ArrowLeft")
    v.quiet()
    assert len(comms(book.sent)) == 1 and len(comms(book.received)) == 1
    assert slider.get_attribute("aria-valuetext") == "0.1"
    assert v.root.evaluate(FOCUS + ".dataset.knob") == "rate"
    assert v.at(40, 60)  # an arrow in a slider is no step


def test_a_control_that_is_off_says_why(v):
    row = v.knob("strength")
    assert row.locator("input").is_disabled() and "no penalty" in row.get_attribute("title")
    assert row.locator(".bk-value").inner_text() == "–"
    v.knob("penalty").locator("select").select_option("L2")
    v.quiet()
    assert row.locator("input").is_enabled() and row.get_attribute("title") == "strength"


def test_what_is_typed_and_refused_goes_back(v):
    field = v.knob("batch").locator("input")
    field.fill("many")
    v.page.keyboard.press("Enter")
    v.quiet()
    assert v.says(".bk-foot", "batch cannot be 'many'")
    assert field.input_value() == "0.25"
    v.click("less: width")
    assert v.knob("width").locator("input").input_value() == "7"
    v.click("more: width")
    assert v.root.locator(".bk-foot").inner_text() == ""


def test_keys_step_and_none_reaches_the_notebook(book, v):
    before = book.cells()
    v.press("ArrowRight")
    assert v.at(41, 60)
    v.press("ArrowLeft", "ArrowLeft")
    assert v.at(39, 60)
    v.press(" ")
    assert v.root.get_by_role("button", name="pause", exact=True).count() == 1
    assert v.root.locator(".bk-say").get_attribute("aria-live") == "off"
    v.press(" ", "b", "r", "d", "d")
    v.press("End")
    assert v.at(60, 60)
    v.press("ArrowRight")
    assert v.at(61, 61)
    v.press("Home")
    assert v.at(0, 61)
    assert v.root.get_by_role("button", name="step back").is_disabled()
    v.press("ArrowLeft")
    for name in ("data", "rate", "batch", "test", "seed"):
        v.knob(name).locator("select, input, button").first.focus()
        for key in ("b", "r", "d", "d"):
            v.page.keyboard.press(key)
    v.knob("batch").locator("input").fill("0.25")
    v.knob("data").locator("select").select_option("moons")
    v.quiet()
    assert v.at(0, 61) and book.cells() == before


def test_steps_pressed_faster_than_answered_are_all_taken(v):
    v.root.focus()
    for _ in range(6):
        v.page.keyboard.press("ArrowRight")
    v.quiet()
    assert v.at(6, 61)


def test_a_size_and_a_speed_are_chosen(v):
    v.click("pass")
    assert v.root.get_by_role("button", name="pass").get_attribute("aria-pressed") == "true"
    v.root.locator(".bk-deck select").select_option("× 4")
    v.quiet()
    said = v.heard()
    assert "'size:pass'" in said and "'speed:4'" in said


def test_the_slider_asks_for_one_picture_and_shows_kept_ones_at_once(book, v):
    book.sent.clear()
    v.page.mouse.click(*v.place(30))
    v.quiet()
    assert v.at(30, 61) and len(comms(book.sent)) == 1
    assert v.says(".bk-say", "Step 30 of 61")
    book.run(4, wait=False)  # the kernel is held up
    v.page.wait_for_timeout(200)
    v.page.mouse.click(*v.place(50))
    v.page.wait_for_timeout(300)
    assert v.at(50, 61)
    assert "bk-late" in v.root.get_attribute("class")
    assert v.says(".bk-veil", "step 50 is on its way")
    # A kept one is there at once, and the answer for the other does not take its place.
    v.page.mouse.click(*v.place(4))
    assert v.says(".bk-say", "Step 4 of 61") and v.at(4, 61)
    assert "bk-late" not in v.root.get_attribute("class")
    v.quiet()
    assert v.says(".bk-say", "Step 4 of 61")
    book.page.wait_for_function("() => window.__ran")
    assert v.heard().startswith("4 ")


def test_a_picture_that_nobody_asked_for_is_acknowledged_once(book, v):
    book.sent.clear()
    book.received.clear()
    book.run(2)
    v.says(".bk-say", "Step 5 of 61")
    v.quiet()
    (ack,) = comms(book.sent)
    assert b'"drawn"' in ack
    pictures = [m for m in comms(book.received) if films_in([m])]
    assert len(pictures) == 1 and len(pictures[0]) < 60_000


def test_of_a_curve_only_the_end_travels_and_it_is_drawn(book, v):
    v.press("End")
    book.received.clear()
    v.press("ArrowRight")
    assert v.at(62, 62)
    (told,) = films_in(comms(book.received))
    header = json.loads(told[4 : 4 + int.from_bytes(told[:4], "little")])
    rows = {row[0]: row for row in header["arrays"]}
    sent = len(film().arrays[3].values)
    assert rows["train"][9] == sent + 1 and rows["train"][3] == [63 - sent]
    assert "marks" not in header and "controls" not in header
    wide = v.root.locator('[data-pick="run:0"] path').last.evaluate("n => n.getBBox().width")
    assert (
        abs(wide - 700 * 62 / 100 * v.root.locator(".bk-scene").bounding_box()["width"] / 884) < 6
    )


def test_a_press_on_a_neuron_and_near_a_line(v):
    v.root.locator('[data-pick="unit:1:3"] .bk-hit').click()
    v.quiet()
    assert v.root.locator('[data-pick="unit:1:3"] .bk-picked').count() == 1
    v.root.locator('[data-pick="W3:0:0"] path').first.click(force=True, position={"x": 4, "y": 3})
    v.quiet()
    assert "'unit:1:3'" in v.heard()


def test_points_are_added_moved_given_a_class_and_deleted(v):
    box = v.root.locator(".bk-map").bounding_box()

    def spot(x, y):
        return box["x"] + box["width"] * (x + 1) / 2, box["y"] + box["height"] * (1 - y) / 2

    v.page.mouse.click(*spot(0.9, -0.9))
    v.quiet()
    v.page.mouse.move(*spot(0.9, -0.9))
    v.page.mouse.down()
    v.page.mouse.move(*spot(0.5, -0.9), steps=4)
    v.page.mouse.up()
    v.quiet()
    v.page.mouse.click(*spot(0.5, -0.9))
    v.quiet()
    v.page.keyboard.press("2")
    v.quiet()
    v.page.mouse.click(*spot(0.5, -0.9))
    v.page.keyboard.press("Delete")
    v.quiet()
    said = v.heard()
    assert "('add', -1, 0.9, -0.9, 0)" in said and "('move', 80, 0.5, -0.9, 0)" in said
    assert "('move', 80, 0.5, -0.9, 1)" in said and "('delete', 80, 0.5, -0.9, 1)" in said


def test_in_a_narrow_page_the_groups_are_folded_and_in_large_type_left_out(book, v):
    book.page.set_viewport_size({"width": 660, "height": 900})
    v.root.locator(".bk-fold").first.wait_for()
    assert v.knob("optimizer").is_hidden()
    v.click("LEARNING")
    assert v.knob("optimizer").is_visible() and v.knob("data").is_hidden()
    v.click("DATA")
    assert v.knob("data").is_visible() and v.knob("optimizer").is_hidden()
    wide = v.root.evaluate("n => [n.scrollWidth, n.clientWidth]")
    assert wide[0] <= wide[1]
    book.page.set_viewport_size({"width": 1280, "height": 900})
    v.knob("optimizer").wait_for()
    v.press("p")
    v.root.locator("xpath=self::*[contains(@class, 'bk-presenter')]").wait_for()
    assert v.knob("optimizer").count() == 0 and v.root.locator(".bk-moment").is_hidden()
    assert v.root.bounding_box()["height"] <= 592
    v.press("p")
    v.knob("optimizer").wait_for()


def test_the_moment_is_copied_or_shown_selected(book, v):
    book.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    v.root.locator(".bk-moment").click()
    assert v.says(".bk-moment", "copied")
    assert book.page.evaluate("() => navigator.clipboard.readText()") == "bpk1.step62"
    assert v.says(".bk-moment", "copy this moment")


def test_an_offer_is_made_for_what_was_kept_and_taken(book, v):
    book.run(0)
    assert v.says(".bk-offer", "back at step 62") and v.says(".bk-offer", "start anew")
    v.click("back at step 62")
    assert v.root.locator(".bk-offer").is_hidden()
    said = v.heard()
    assert "('found', 'bpk1.step62')" in said and "('offer', True)" in said


def test_without_a_kernel_only_kept_pictures_can_be_visited(book, v):
    v.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert v.at(43, 60)
    before = book.cells()
    book.page.evaluate(SAVE)
    book.end_kernel()
    book.said.clear()
    book.sent.clear()
    v.press("ArrowLeft")
    assert v.at(42, 60) and v.says(".bk-say", "Step 42 of 60")
    assert v.says(".bk-gone", "the last 4 pictures can be visited")
    v.press("Home")
    assert v.at(40, 60)
    v.page.mouse.click(*v.place(90))
    assert v.at(43, 60)
    for name in ("data", "rate", "seed", "test"):
        row = v.knob(name)
        assert row.locator("select, input, button").first.is_disabled()
        assert "run this cell" in row.get_attribute("title")
    assert v.root.get_by_role("button", name="play").is_disabled()
    assert not comms(book.sent) and book.cells() == before


def test_a_saved_notebook_shows_the_last_picture(book, v):
    book.page.goto("about:blank")
    book.said.clear()
    book.open("lab.ipynb")
    v.root.locator(".bk-gone").wait_for(timeout=30_000)
    assert v.at(43, 60) and v.says(".bk-say", "Step 43 of 60")
    # The whole film and what lay over it last are in the file.
    assert v.says(".bk-gone", "the last 2 pictures") and v.root.evaluate(TURN)
    v.press("Home")
    assert v.at(40, 60)
