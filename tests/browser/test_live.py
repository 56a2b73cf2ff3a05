"""Handles, hovering and choices in JupyterLab: what the hand does, and what travels."""

import json

import numpy as np
import pytest
from livefilm import film
from messages import comms, films_in
from test_stage import View

from backprop_kit.films.numbers import number

SETUP = """from livefilm import Example
e = Example()
e.stage"""
HEARD = "print(e.state['x'], e.state['w'], e.heard)"
SLEEP = "import time\nwith e.busy: time.sleep(3)"
COVER, UNCOVER = "e.stage.cover(0)", "e.stage.uncover()"
BOX = """n => {
  const b = n.getBoundingClientRect();
  return [b.x + b.width / 2, b.y + b.height / 2];
}"""
# What begins to move, noted as it begins: on a busy machine it may be over when one looks.
WATCH_BENDS = """() => {
  const real = Element.prototype.animate;
  window.__bends = 0;
  Element.prototype.animate = function (frames, options) {
    window.__bends += "d" in frames;
    return real.call(this, frames, options);
  };
}"""
VALUE = "([n, text]) => n.ariaValueText === text"
IN_FLIGHT = "n => n.getRootNode().activeElement?.dataset?.grip"


@pytest.fixture(scope="module")
def book(page, lab):
    lab.write("live.ipynb", SETUP, HEARD, SLEEP, COVER, UNCOVER)
    page.open("live.ipynb")
    page.run(0)
    View(page, 0).at(0)
    page.clean()
    return page


@pytest.fixture
def e(book):
    yield View(book, 0)
    book.clean()


def grip(e, tag):
    return e.root.locator(f'[data-grip="{tag}"]')


def stands(e, tag, *values):
    """Wait until a handle stands at these values."""
    text = ", ".join(map(number, values))
    e.page.wait_for_function(VALUE, arg=[grip(e, tag).element_handle(), text], timeout=3000)
    return True


def quiet(book, e):
    """Wait until every question is answered and the answer is painted."""
    book.page.wait_for_timeout(50)
    e.root.locator("xpath=self::*[@aria-busy='true']").wait_for(state="detached")


def heard(book):
    book.run(1)
    return book.page.locator(".jp-OutputArea-output pre").last.inner_text()


def test_a_dragged_handle_follows_the_pointer_and_the_rest_follows_it(book, e):
    x, y = grip(e, "x").evaluate(BOX)
    book.page.mouse.move(x + 5, y + 3)
    book.page.mouse.down()
    book.page.mouse.move(x + 40, y - 30, steps=4)
    book.page.mouse.move(
        x + 75, y - 67
    )  # the picture is 280 px for 4 units, and was taken 5 px aside
    book.page.mouse.up()
    assert stands(e, "x", 1.5, 0.6)
    quiet(book, e)
    assert e.number("value") == f"h is {number(np.tanh(1.2 * 1.5))}"
    assert e.caption() == film((1.5, 0.6)).cuts["move"][0].say
    assert "(1.5, 0.6)" in heard(book) and heard(book).rstrip().endswith("True]")


def test_it_stays_in_its_plane_and_on_its_steps(book, e):
    x, y = grip(e, "x").evaluate(BOX)
    book.page.mouse.move(x, y)
    book.page.mouse.down()
    book.page.mouse.move(x + 900, y + 900)
    book.page.mouse.up()
    assert stands(e, "x", 2, -2)
    quiet(book, e)
    assert "(2.0, -2.0)" in heard(book)


def test_keys_move_it_and_it_keeps_the_focus_while_the_picture_changes(book, e):
    grip(e, "x").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowLeft"):
        book.page.keyboard.press(key)
    assert stands(e, "x", 1.65, -1.95)
    quiet(book, e)
    assert (
        e.root.evaluate(IN_FLIGHT) == "x" and e.caption() == film((1.65, -1.95)).cuts["move"][0].say
    )
    # Other keys are those of the stage, and none reaches the notebook.
    before = book.cells()
    for key in ("End", "b", "r", "d", "d"):
        book.page.keyboard.press(key)
    e.at(1).press("Home")
    e.at(0)
    assert book.cells() == before


def test_a_change_is_one_message_in_and_one_out(book, e):
    grip(e, "w").focus()
    quiet(book, e)
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        book.sent.clear()
        book.received.clear()
        book.page.keyboard.press(key)
        quiet(book, e)
        assert len(comms(book.sent)) == 1 and len(comms(book.received)) == 1
    assert stands(e, "w", 1.3)


def test_geometry_does_not_travel_again(book, e):
    grip(e, "w").focus()
    book.received.clear()
    book.page.keyboard.press("ArrowRight")
    quiet(book, e)
    (message,) = comms(book.received)
    (told,) = films_in([message])
    header = json.loads(told[4 : 4 + int.from_bytes(told[:4], "little")])
    # Neither marks nor arrays that stay, such as the grid before the bend; the input was moved.
    assert set(header) == {"title", "choices", "arrays", "gone", "cuts"}
    assert [name for name, *_ in header["arrays"]] == list("xwhy") + ["slope", "after", "map"]
    assert len(message) < len(film(w=1.4).pack())


def test_a_slow_kernel_is_asked_once_and_then_for_the_newest(book, e):
    book.run(2, wait=False)
    book.page.wait_for_timeout(300)
    book.sent.clear()
    grip(e, "w").focus()
    for _ in range(8):
        book.page.keyboard.press("ArrowRight")
    assert stands(e, "w", 2.2)  # the hand sees its own number at once
    assert len(comms(book.sent)) == 1
    book.page.wait_for_function("() => window.__ran", timeout=20_000)
    quiet(book, e)
    assert len(comms(book.sent)) == 2 and stands(e, "w", 2.2)
    assert e.number("shown") == "w = 2.20"
    assert "2.2" in heard(book)


def test_no_key_is_lost_where_each_answer_is_a_whole_film(book, e):
    book.run(3)
    quiet(book, e)
    grip(e, "w").focus()
    for key in ["ArrowLeft"] * 30 + ["ArrowRight"] * 30:
        book.page.keyboard.press(key)
        book.page.wait_for_timeout(10)  # so that answers come in between
    assert stands(e, "w", 2.2)
    quiet(book, e)
    assert stands(e, "w", 2.2)
    book.run(4)


def test_a_pointer_that_is_taken_away_has_let_go(book, e):
    x, y = grip(e, "x").evaluate(BOX)
    book.page.mouse.move(x, y)
    book.page.mouse.down()
    book.page.mouse.move(x + 14, y)
    quiet(book, e)
    assert heard(book).rstrip().endswith("False]")
    grip(e, "x").evaluate("n => n.dispatchEvent(new PointerEvent('pointercancel'))")
    quiet(book, e)
    assert heard(book).rstrip().endswith("True]")
    book.page.mouse.move(x, y)
    book.page.mouse.up()
    quiet(book, e)


def test_a_click_on_a_track_takes_the_handle_there(book, e):
    box = grip(e, "w").bounding_box()
    book.page.mouse.click(box["x"] + 14 + 160 * 0.25, box["y"] + 14)
    assert stands(e, "w", -1.5)
    quiet(book, e)
    assert "-1.5" in heard(book)


def test_hovering_is_told_once_when_it_comes_and_once_when_it_goes(book, e):
    book.page.mouse.move(5, 5)
    quiet(book, e)
    x, y = e.root.locator('[data-pick="point"] path').first.evaluate(BOX)
    book.sent.clear()
    book.page.mouse.move(x, y)
    book.page.mouse.move(x + 1, y + 1)
    quiet(book, e)
    book.page.mouse.move(5, 5)
    quiet(book, e)
    assert len(comms(book.sent)) == 2 and heard(book).rstrip().endswith("'point', '']")


def test_a_choice_is_pressed_and_keeps_the_focus(book, e):
    option = e.root.get_by_role("button", name="linear", exact=True)
    assert option.get_attribute("aria-pressed") == "false"
    option.focus()
    book.page.keyboard.press("Enter")
    quiet(book, e)
    assert option.get_attribute("aria-pressed") == "true"
    assert e.root.evaluate("n => n.getRootNode().activeElement.textContent") == "linear"
    assert stands(e, "w", -1.5) and stands(e, "x", 1.65, -1.95)
    assert e.number("value") == f"h is {number(-1.5 * 1.65)}"


def test_a_mesh_bends_with_the_step_and_not_backwards(book, e):
    e.root.get_by_role("button", name="tanh", exact=True).click()
    quiet(book, e)
    e.press("Home")
    e.at(0)
    book.page.evaluate(WATCH_BENDS)
    e.press("ArrowRight")
    e.at(1)
    assert e.root.locator("[data-was]").count() == 2
    assert book.page.evaluate("window.__bends") == 2
    e.press("ArrowLeft")
    e.at(0)
    assert e.root.locator("[data-was]").count() == 0
    assert book.page.evaluate("window.__bends") == 2


def test_a_screen_reader_is_told_what_it_is(e):
    named = e.root.get_by_role("slider", name="the weight")
    assert named.get_attribute("aria-valuemin") == "-3"
    assert named.get_attribute("aria-valuemax") == "3"
    assert e.root.get_by_role("slider", name="the input").count() == 1


def test_without_a_kernel_handles_say_why_they_do_not_move(book, e):
    book.end_kernel()
    book.said.clear()
    before = book.cells()
    book.sent.clear()
    e.press("Home")
    node = grip(e, "w")
    node.locator("xpath=self::*[@aria-disabled='true']").wait_for()
    node.focus()
    book.page.keyboard.press("ArrowRight")
    assert stands(e, "w", -1.5) and "run this cell" in node.get_attribute("title")
    e.press("End")
    e.at(1)
    assert not comms(book.sent) and book.cells() == before
