"""The Stage in JupyterLab: one notebook, opened once, from the first view to a dead kernel."""

import json
import math
import random
import re
import time
import zlib

import pytest
from examplefilm import SECRET, film, numbers

from backprop_kit.films import theme
from backprop_kit.films.numbers import number, product_sign
from backprop_kit.widgets.stage import script

SETUP = """from examplefilm import film
from backprop_kit.widgets.player import Player
from backprop_kit.widgets.pass_stage import PassStage as Stage
"""
FIRST = """a = Stage(film(), cut='operation')
heard = []
a.on_press(heard.append)
a.on_painted(lambda: heard.append('painted'))
a"""
SHARED = """player = Player()
c, d = Stage(film(), player=player), Stage(film(), cut='operation', player=player)
display(c, d)"""
TELL = """a.problem = 'The step is too long.'
a.badge = {'state': 'ok', 'text': '17 of 17 checked', 'rows': ['x1: 0.5']}
a.note = {'tag': 'L', 'rows': [{'t': 'p', 's': 'This is the loss.'}]}
player.seek(3)"""
COVER = "e = Stage(film(), cut='operation')\ne.cover(4)\ne"
HEARD = "print(a.k, heard, c.k, d.k, player.k)"
# What a view is asked in the page.
AT = "([n, i]) => n.querySelector('.bk-time').ariaValueNow === i"
TEXTS = """n => [...n.querySelectorAll('*')].filter(e => !/^(sub|sup|tspan)$/.test(e.localName)
  && [...e.childNodes].some(t => t.nodeType === 3 && t.data.trim()))
  .map(e => [parseFloat(getComputedStyle(e).fontSize), e.textContent])"""
FITS = "n => n.scrollHeight <= n.clientHeight + 1 && n.scrollWidth <= n.clientWidth + 1"
SETTLED = """([n, low, high]) => n.offsetWidth > low && n.offsetWidth < high
  && n.querySelector('.bk-picture').clientWidth === n.querySelector('.bk-scene').clientWidth"""
COUNT_MOVES = """() => {
  const real = Element.prototype.animate;
  window.__moves = [];
  Element.prototype.animate = function (frames, options) {
    window.__moves.push(options.duration);
    return real.call(this, frames, options);
  };
}"""
COUNT_PAINTS = """n => { const { __paints } = n; n.__paints = 0; return __paints; }"""
WATCH_PAINTS = """n => {
  n.__paints = 0;
  const many = records => records.some(r => r.removedNodes.length > 5);
  new MutationObserver(records => { n.__paints += many(records); })
    .observe(n.querySelector('.bk-picture'), { childList: true });
}"""
IDLE = """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status
  === 'idle'"""
WRITE = """([code, values, pairs]) => {
  const [number, sign] = new Function(code + ';return [number, productSign];')();
  return [values.map(number), pairs.map(p => sign(...p))];
}"""
FILLS = """([code, root, values]) => {
  const [make, css] = new Function(code + ';return [palette, css];')(), c = make(root);
  return values.map(v => [css(c.fill(v, 1)), c.on(c.fill(v, 1))]);
}"""
SAY = [f.say for f in film().cuts["operation"]]
N = numbers()


class View:
    """One stage in the page, as a person uses it."""

    def __init__(self, page, index):
        self.page, self.root = page.page, page.page.locator(".bk-stage").nth(index)

    def press(self, *keys):
        if not self.root.evaluate("n => n.contains(n.getRootNode().activeElement)"):
            self.root.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name, **how):
        self.root.get_by_role("button", name=name, exact=True).click(**how)

    def at(self, i, timeout=3000):
        """Wait until the view stands at step i."""
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(i)], timeout=timeout)
        return self

    def caption(self):
        return self.root.locator(".bk-say").inner_text()

    def number(self, tag):
        return self.root.locator(f'text[data-tag="{tag}"]').last.text_content()


@pytest.fixture(scope="module")
def book(page, lab):
    second, sleep = "b = Stage(film(seed=6), cut='operation')\nb", "import time\ntime.sleep(5)"
    cells = SETUP + FIRST, second, SHARED, COVER, sleep, HEARD, TELL, "e.uncover()"
    lab.write("stage.ipynb", *cells)
    page.open("stage.ipynb")
    page.received.clear()
    page.run(0)
    View(page, 0).at(0)
    page.first = sum(map(len, page.received))
    for cell in (1, 2, 3):
        page.run(cell)
    View(page, 4).at(0)
    page.clean()
    return page


@pytest.fixture
def a(book):
    view = View(book, 0)
    view.click("operation")
    view.press("Escape", "Home")
    yield view.at(0)
    book.clean()


# --- numbers --------------------------------------------------------------------------------------
def samples():
    rng = random.Random(0)
    special = [
        0.0,
        -0.0,
        math.nan,
        math.inf,
        -math.inf,
        1e-300,
        -1e-300,
        1e300,
        -1e300,
        5e-324,
        1.7976931348623157e308,
        999.5,
        999499.99,
        999500.0,
        9.995e-5,
        1e-4,
        1e6,
    ]
    ties = [
        s
        * (2 * rng.randrange(100, 2000) + 1)
        / 2
        * 2.0 ** rng.choice((-3, -2, -1, 0, 0, 0))
        * 10.0 ** rng.randrange(4)
        for s in (1, -1)
        for _ in range(1500)
    ]
    spread = [rng.choice((-1, 1)) * 10 ** rng.uniform(-310, 308) for _ in range(3000)]
    near = [rng.gauss(0, 3) for _ in range(10_000 - len(special) - len(ties) - len(spread))]
    return special + ties + spread + near


def test_python_and_the_page_write_10000_numbers_alike(book):
    values = samples()
    assert len(values) == 10_000
    pairs = [(a, b, a * b) for a, b in zip(values, reversed(values), strict=True)]
    shown, signs = book.page.evaluate(
        WRITE,
        [script(("numbers",)), values, pairs],
    )
    assert shown == [number(v) for v in values]
    assert signs == [product_sign(*p) for p in pairs]
    assert 300 < signs.count("=") < 9_000


def test_fills_and_the_text_on_them_are_those_of_the_palette(book, a):
    fills = book.page.evaluate(
        FILLS,
        [script(("dom", "theme")), a.root.element_handle(), [i / 50 for i in range(-60, 61)]],
    )
    rgb = lambda code: "rgb(" + ",".join(str(int(code[i : i + 2], 16)) for i in (1, 3, 5)) + ")"
    for i, (fill, ink) in zip(range(-60, 61), fills, strict=True):
        assert fill == rgb(theme.fill(i / 50, 1.0)) and ink == rgb(
            theme.text_on(theme.fill(i / 50, 1.0))
        )


# --- the first view -------------------------------------------------------------------------------
def test_the_first_view_is_small_and_says_when_it_is_painted(book, a):
    assert book.first < 100_000
    book.run(5)
    assert "painted" in book.page.locator(".jp-OutputArea-output pre").last.inner_text()


def test_it_has_the_size_it_was_given(a):
    box = a.root.bounding_box()
    assert box["height"] == 590 and 1090 <= box["width"] <= 1180
    assert (
        a.root.get_attribute("translate") == "no"
        and a.root.evaluate("n => getComputedStyle(n).direction") == "ltr"
    )


def test_no_text_is_small_and_no_word_is_lost(a):
    for _ in SAY:
        sizes = a.root.evaluate(TEXTS)
        assert [s for s in sizes if s[0] < 12] == []
        assert a.root.bounding_box()["height"] == 590
        panel = a.root.locator(".bk-panel")
        assert panel.evaluate(FITS), a.caption()
        a.press("ArrowRight")
        a.page.wait_for_timeout(30)


# --- stepping -------------------------------------------------------------------------------------
def test_keys_step_both_ways_and_every_press_counts(a):
    a.press(*["ArrowRight"] * 5)
    assert a.at(5).caption() == SAY[5]
    a.press("ArrowLeft", "ArrowLeft")
    assert a.at(3).caption() == SAY[3]
    a.press("End")
    a.at(7).press("ArrowRight", "Home")
    assert a.at(0).caption() == SAY[0]


def test_buttons_step_and_the_arrows_still_do_after_them(a):
    a.click("Forward one step")
    a.at(1).page.keyboard.press("ArrowRight")
    a.at(2).click("Back one step")
    a.at(1).click("Last step")
    a.at(7).page.keyboard.press("ArrowLeft")
    a.at(6).click("First step")
    a.at(0)


def test_the_timeline_can_be_clicked_and_dragged(a):
    line = a.root.get_by_role("slider")
    cells = [c.bounding_box() for c in line.locator(".bk-track i").all()]
    assert len(cells) == 7
    middle = lambda i: (cells[i]["x"] + cells[i]["width"] / 2, cells[i]["y"] + 4)
    a.page.mouse.click(*middle(4))
    assert a.at(5).caption() == SAY[5]
    a.page.mouse.move(*middle(4))
    a.page.mouse.down()
    for i in (3, 2, 1):
        a.page.mouse.move(*middle(i))
    a.at(2)
    a.page.mouse.move(cells[0]["x"] - 400, cells[0]["y"] + 200)  # the pointer is held
    a.at(0)
    a.page.mouse.move(*middle(6))
    a.page.mouse.up()
    a.at(7).page.mouse.move(*middle(1))
    a.at(7).page.keyboard.press("ArrowLeft")
    a.at(6)
    assert line.get_attribute("aria-valuetext") == "Backward, step 6 of 7"


def test_what_is_known_is_a_function_of_k(a):
    assert (a.number("x0"), a.number("x1")) == ("1.00", "−1.00")
    assert a.number("s:0") == a.number("L") == a.number("d0") == "–" and a.number("V0") == number(
        N["V"][0, 0]
    )
    a.press("End")
    a.at(7)
    forward = {t: a.number(t) for t in ("s:0", "s:1", "L", "d0", "V0")}
    assert forward == {
        "s:0": number(N["s"][0]),
        "s:1": number(N["s"][1]),
        "L": number(N["L"][0]),
        "d0": number(N["d"][0]),
        "V0": number(N["V+"][0, 0]),
    }
    assert a.root.locator(".bk-stale").count() > 0
    a.press("ArrowLeft")
    assert a.at(6).number("V0") == number(N["V"][0, 0]) and a.root.locator(".bk-stale").count() == 0
    a.press("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert a.at(2).number("s:1") == forward["s:1"] and a.number("L") == "–"


def test_the_panel_multiplies_truly_and_follows_the_unit(a):
    a.press("ArrowRight", "ArrowRight")
    a.at(2)
    for unit, tag in ((0, "s:0"), (1, "s:1")):
        if unit:
            a.root.locator('[data-pick="s"] [data-cell="1"]').click()
            a.page.wait_for_timeout(150)
        row = a.root.locator(".bk-terms").inner_text().replace("\n", " ")
        best = sorted(range(8), key=lambda i: -abs(N["h"][i] * N["V"][i, unit]))[:4]
        for i in best:
            h, v = N["h"][i], N["V"][i, unit]
            assert f"{number(h)} × {number(v)} {product_sign(h, v, h * v)}" in row
        assert "4 more" in row and a.root.locator('[data-n="sum"]').inner_text() == number(
            N["s"][unit]
        ) == a.number(tag)


def test_only_active_lines_have_a_halo_and_the_rest_recedes(a):
    assert a.root.locator(".bk-halo").count() == 0
    a.press("ArrowRight")
    a.at(1)
    assert a.root.locator(".bk-halo").count() == 2 and a.root.locator(".bk-tip").count() >= 2
    assert (
        a.root.locator('[data-pick="L"] .bk-dimmed').count() > 0
        and a.root.locator('[data-pick="x0"] .bk-dimmed').count() == 0
    )


def test_space_plays_to_the_end_and_pauses(a):
    a.press("End", "ArrowLeft", "ArrowLeft")
    a.at(5).press(" ")
    assert (
        a.root.locator(".bk-say").evaluate(
            "n => new Promise(done => setTimeout(() => done(n.ariaLive), 100))"
        )
        == "off"
    )
    a.at(7)
    a.root.get_by_role("button", name="Play", exact=True).wait_for()
    assert a.root.locator(".bk-say").get_attribute("aria-live") == "polite"
    a.press("Home", " ")
    a.at(1).press(" ")
    a.page.wait_for_timeout(1100)
    a.at(1)


def test_the_switch_keeps_the_place_in_time(a):
    a.press(*["ArrowRight"] * 3)
    a.at(3).click("layer")
    a.at(2)
    assert (
        a.caption() == SAY[3]
        and a.root.get_by_role("button", name="layer").get_attribute("aria-pressed") == "true"
    )
    a.press("ArrowRight")
    a.at(3).click("operation")
    assert a.at(5).caption() == SAY[5]


def test_views_do_not_disturb_each_other(book, a):
    b = View(book, 1)
    b.press("ArrowRight", "ArrowRight")
    b.at(2)
    a.press("ArrowRight")
    a.at(1)
    b.at(2)
    ids = book.page.evaluate(
        "() => [...document.querySelectorAll('.bk-stage [id]')].map(n => n.id)"
    )
    assert len(ids) == len(set(ids))


# --- saying and hearing ---------------------------------------------------------------------------
def test_a_press_selects_and_reaches_the_kernel(book, a):
    a.root.locator('[data-pick="L"]').click()
    a.root.locator('[data-pick="L"] .bk-picked').wait_for()
    a.press("Escape")
    a.root.locator('[data-pick="L"] .bk-picked').wait_for(state="detached")
    a.root.locator('[data-pick="h"] [data-cell="3"]').click()
    book.run(5)
    assert "'L', 'h:3'" in book.page.locator(".jp-OutputArea-output pre").last.inner_text()


def test_the_kernel_can_say_something_and_seek(book, a):
    book.run(6)
    a.root.get_by_text("The step is too long.").wait_for()
    View(book, 2).at(2)
    View(book, 3).at(3)
    a.root.locator('[data-pick="L"]').click()
    a.root.get_by_text("This is the loss.").wait_for()
    a.press("ArrowRight")
    a.root.get_by_text("This is the loss.").wait_for(state="detached")
    a.root.get_by_text("17 of 17 checked").click()
    a.root.locator(".bk-panel").get_by_text("0.5").wait_for()
    a.press("Escape")
    a.root.locator(".bk-panel").get_by_text("0.5").wait_for(state="detached")


def test_a_shared_player_moves_stages_of_different_cuts(book):
    layer, operation = View(book, 2), View(book, 3)
    operation.press("Home")
    layer.at(0)
    operation.press(*["ArrowRight"] * 6)
    operation.at(6)
    assert layer.at(3).caption() == SAY[5]
    layer.press("ArrowRight")
    layer.at(4)
    operation.at(7)
    for _ in range(20):  # a follower's message may come after the run was asked for
        book.run(5)
        heard = book.page.locator(".jp-OutputArea-output pre").last.inner_text().split()[-3:]
        if heard == ["7"] * 3:
            break
    assert heard == ["7"] * 3
    book.clean()


def test_stepping_waits_for_no_kernel(book, a):
    book.run(4, wait=False)
    book.page.wait_for_timeout(300)
    begin = time.monotonic()
    a.press("ArrowRight", "ArrowRight")
    assert a.at(2).caption() == SAY[2]
    View(book, 3).press("Home")
    View(book, 2).at(0)
    assert time.monotonic() - begin < 2 and not book.page.evaluate("() => window.__ran")
    book.page.wait_for_function("() => window.__ran", timeout=20_000)


def test_a_drag_sends_few_messages_and_no_message_comes_back(book, a):
    book.page.wait_for_timeout(300)
    book.sent.clear()
    a.press(*["ArrowRight"] * 7)
    a.at(7)
    book.page.wait_for_timeout(300)
    own = [m for m in book.sent if b"comm_msg" in m]
    assert 1 <= len(own) <= 7


def test_what_is_covered_is_not_in_the_page(book):
    e = View(book, 4)
    texts = []
    for frame in book.received:
        for found in re.finditer(rb"\x1f\x8b\x08\x00", frame):
            texts.append(
                zlib.decompressobj(31).decompress(frame[found.start() :]).decode("utf-8", "replace")
            )
    assert sum(SECRET in t for t in texts) == 4 and sum(SECRET not in t for t in texts) == 1
    e.press("End")
    assert e.at(4).caption() == SAY[4]
    e.press("ArrowRight")
    e.at(4)
    covered = e.root.locator(".bk-covered")
    assert covered.count() == 3 and covered.first.inner_text() == "?"
    assert (
        "step 4 of 7" in e.root.locator(".bk-count").inner_text()
        and e.root.get_by_text("Covered from here on").is_visible()
    )
    book.run(7)
    covered.first.wait_for(state="detached")
    e.at(4).press("ArrowRight")
    assert e.at(5).caption() == SAY[5]
    book.clean()


# --- the host -------------------------------------------------------------------------------------
def test_no_key_reaches_the_notebook(book, a):
    before = book.cells()
    places = [
        *a.root.get_by_role("button").all(),
        a.root.locator(".bk-time"),
        a.root.locator(".bk-panel"),
        a.root.locator('[data-pick="x0"]'),
        a.root.locator(".bk-say"),
    ]
    for place in places:
        place.click()
        for key in (
            "b",
            "r",
            "m",
            "d",
            "d",
            "3",
            "0",
            "0",
            "Delete",
            "Enter",
            "ArrowUp",
            "Shift+M",
        ):
            book.page.keyboard.press(key)
        place.click()
        a.page.keyboard.press("Home")
        a.at(0).page.keyboard.press("ArrowRight")
        a.at(1)
    book.page.wait_for_timeout(200)
    assert book.cells() == before
    assert not book.page.locator(".jp-Dialog").is_visible()


def test_motion_shows_where_a_number_came_from_and_can_be_off(book, a):
    book.page.evaluate(COUNT_MOVES)
    a.root.evaluate(WATCH_PAINTS)

    def moves(key, i):
        a.press(key)
        a.at(i)
        return book.page.evaluate("() => window.__moves.splice(0)")

    forward = moves("ArrowRight", 1)
    # Two halos, two copies of a number, and what is new.
    assert len(forward) >= 4 and all(150 <= time <= 250 for time in forward)
    # A second painting would cut them short.
    book.page.wait_for_timeout(100)
    assert a.root.evaluate(COUNT_PAINTS) == 1
    a.press("Home")
    a.at(0).press("ArrowRight")
    a.at(1)
    book.page.evaluate("() => window.__moves.splice(0)")
    assert moves("ArrowLeft", 0) == [] and moves("End", 7) == [] and moves("Home", 0) == []
    book.page.emulate_media(reduced_motion="reduce")
    assert moves("ArrowRight", 1) == []
    book.page.emulate_media(reduced_motion="no-preference")
    a.root.locator(".bk-copy").first.wait_for(state="detached")


def test_the_theme_follows_the_host(book, a):
    for name, mode in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        book.theme(name)
        book.page.wait_for_function(
            "([n, m]) => n.dataset.theme === m", arg=[a.root.element_handle(), mode]
        )
        ink = theme.colour("ink", mode)
        assert (
            a.root.evaluate("n => getComputedStyle(n).color")
            == f"rgb({int(ink[1:3], 16)}, {int(ink[3:5], 16)}, {int(ink[5:], 16)})"
        )


@pytest.mark.parametrize(("window", "beside"), [(1028, True), (1000, True), (760, False)])
def test_the_panel_stays_beside_the_picture_down_to_700(book, a, window, beside):
    root = a.root.element_handle()
    book.page.set_viewport_size({"width": window, "height": 900})
    book.page.wait_for_function(SETTLED, arg=[root, 300, window])
    heights = set()
    for _ in SAY:
        picture, panel = (a.root.locator(s).bounding_box() for s in (".bk-picture", ".bk-panel"))
        heights.add(a.root.bounding_box()["height"])
        assert (panel["x"] >= picture["x"] + picture["width"]) == beside
        assert a.root.locator(".bk-panel").evaluate(FITS), a.caption()
        a.press("ArrowRight")
        a.page.wait_for_timeout(40)
    assert len(heights) == 1 and (not beside or heights == {590})
    book.page.set_viewport_size({"width": 1280, "height": 900})
    book.page.wait_for_function(SETTLED, arg=[root, 1000, 2000])


def test_another_run_of_the_cell_leaves_one_view(book, a):
    count = book.page.locator(".bk-stage").count()
    book.run(1)
    View(book, 1).at(0)
    assert book.page.locator(".bk-stage").count() == count
    book.clean()


# --- last: the kernel goes ------------------------------------------------------------------------
def test_after_a_restart_stepping_goes_on(book, a):
    book.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    a.root.get_by_text("kernel gone: stepping goes on").wait_for()
    book.page.wait_for_function(IDLE, timeout=60_000)
    book.page.wait_for_timeout(1000)
    book.said.clear()  # JupyterLab itself regrets the requests a restart cancels
    book.sent.clear()
    a.press("ArrowRight", "ArrowRight")
    assert a.at(2).caption() == SAY[2]
    assert not [m for m in book.sent if b"comm_msg" in m]


def test_without_a_kernel_stepping_goes_on(book, a):
    book.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    book.page.wait_for_timeout(800)
    book.said.clear()
    book.sent.clear()
    a.press("ArrowRight", "ArrowRight")
    assert a.at(2).caption() == SAY[2]
    assert a.root.get_by_text("kernel gone: stepping goes on").is_visible()
    a.root.locator('[data-pick="L"]').click()
    layer, operation = View(book, 2), View(book, 3)
    operation.press("Home", *["ArrowRight"] * 5)
    operation.at(5)
    assert layer.at(3).caption() == SAY[5]
    assert not [m for m in book.sent if b"comm_msg" in m]
    assert json.loads(book.cells())
