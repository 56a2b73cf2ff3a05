"""Presenter type in JupyterLab: by key, by button and from Python; every frame of four nets."""

from __future__ import annotations

import pytest
from lab import DRAWN
from messages import comms
from reading import AT, ERRORS

IMPORTS = """import numpy as np
from backprop_kit import ForwardStepper, board
from backprop_kit.nn import SGD, Linear, Sequential, Sigmoid, Tanh
xor = Sequential(Linear(2, 2), Tanh(), Linear(2, 1), Sigmoid()).reset(3)
net = Sequential(Linear(3, 4), Tanh(), Linear(4, 2)).reset(3)
four = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 1, 0])"""
NETS = [
    'lamp = ForwardStepper(*board("stairs"), optimizer=SGD(0.25), plain=True)\nlamp',
    "ForwardStepper(xor, [[1.0, 0.0]], [[1.0]], presenter=True)",
    "ForwardStepper(net, *four, presenter=True)",
    'ForwardStepper(*board("digit"), optimizer=SGD(0.05), presenter=True)',
    'held = ForwardStepper(*board("stairs"), step="operation")\nheld.cover("loss")\nheld',
]
TELL = "lamp.stage.presenter = True"
# Everything that is wrong with the type of a view: small, clipped, outside, or over something else.
WRONG = """n => {
  const bad = [], box = e => e.getBoundingClientRect(), root = box(n);
  const all = (of, what) => [...of.querySelectorAll(what)].filter(e =>
    e.checkVisibility({ visibilityProperty: true }) && !e.closest('.bk-copy, sub, sup')
    && e.textContent.trim());
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 8;
  if (root.height !== 590) bad.push(`height ${root.height}`);
  for (const e of all(n, ':not(tspan)')) {
    const style = getComputedStyle(e), b = box(e), size = parseFloat(style.fontSize);
    const own = [...e.childNodes].some(t => t.nodeType === 3 || t.localName === 'tspan');
    if (!own || !b.width || !size) continue;  // 0: a covered cell, told apart by its ground
    if (size < 20) bad.push(`small ${e.textContent}`);
    const out = b.left < root.left - 1 || b.right > root.right + 1
      || b.top < root.top - 1 || b.bottom > root.bottom + 3;
    if (out) bad.push(`outside ${e.textContent}`);
    if (style.overflow === 'hidden' && e.scrollWidth > e.clientWidth + 1)
      bad.push(`clipped ${e.textContent}`);
  }
  const panel = n.querySelector('.bk-panel'), { scrollWidth: w, scrollHeight: h } = panel;
  if (h > panel.clientHeight + 1 || w > panel.clientWidth + 1) bad.push(`panel ${w} × ${h}`);
  const picture = all(n.querySelector('.bk-picture'), 'text');
  for (const list of [picture, all(panel, 'span').filter(e => !e.closest('.bk-title'))])
    list.map(e => [e, box(e)]).forEach(([e, a], i, all) => all.slice(0, i).forEach(([o, b]) => {
      if (meet(a, b) && !e.contains(o) && !o.contains(e))
        bad.push(`${o.textContent} over ${e.textContent}`);
    }));
  for (const e of picture)
    if (box(e).right > box(panel).left) bad.push(`${e.textContent} over the panel`);
  return bad;
}"""
# From here to the last step: [step, what is wrong there].
WALK = f"""async n => {{
  const wrong = {WRONG}, out = [], line = n.querySelector('.bk-time');
  const still = () => new Promise(requestAnimationFrame);
  await still();
  for (let i = 0; i <= +line.ariaValueMax; i++) {{
    for (let j = 0; j < 60 && line.ariaValueNow !== `${{i}}`; j++) await still();
    if (line.ariaValueNow !== `${{i}}`) out.push([i, `at ${{line.ariaValueNow}}`]);
    out.push(...wrong(n).map(w => [i, w]));
    n.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'ArrowRight', bubbles: true }}));
  }}
  return out;
}}"""
LARGE = "([n, on]) => n.classList.contains('bk-presenter') === on"
IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
SETTLED = """([n, low, high]) => n.offsetWidth > low && n.offsetWidth < high
  && n.querySelector('.bk-picture').clientWidth === n.querySelector('.bk-scene').clientWidth"""


class View:
    def __init__(self, page, index):
        self.page, self.root = page.page, page.page.locator(".bk-stage").nth(index)

    def press(self, *keys):
        self.root.scroll_into_view_if_needed()
        self.root.focus()
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def at(self, i):
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(i)], timeout=5000)
        return self

    def large(self, on):
        self.page.wait_for_function(LARGE, arg=[self.root.element_handle(), on], timeout=5000)
        self.page.evaluate(DRAWN)
        return self

    @property
    def button(self):
        return self.root.locator(".bk-large")

    @property
    def last(self):
        return int(self.root.locator(".bk-time").get_attribute("aria-valuemax"))


@pytest.fixture(scope="module")
def book(page, lab):
    page.open(lab.write("presenter.ipynb", IMPORTS, *NETS, TELL))
    for cell in range(len(NETS) + 1):
        page.run(cell)
    assert page.page.evaluate(ERRORS) == []
    for i in range(len(NETS)):
        View(page, i).at(0)
    page.page.emulate_media(reduced_motion="reduce")
    page.clean()
    return page


@pytest.fixture
def lamp(book):
    view = View(book, 0).at(0)
    yield view
    view.press("Escape", "Home")
    if view.root.evaluate("n => n.classList.contains('bk-presenter')"):
        view.press("p").large(False)
    book.clean()


def test_a_key_and_a_button_change_it_and_the_step_stays(book, lamp):
    lamp.press("ArrowRight", "ArrowRight").at(2)
    said = lamp.root.locator(".bk-say").inner_text()
    book.page.wait_for_timeout(400)
    book.sent.clear()
    lamp.press("p").large(True).at(2)
    book.page.wait_for_timeout(300)
    assert len(comms(book.sent)) == 1
    assert lamp.root.locator(".bk-say").inner_text() == said
    assert lamp.root.bounding_box()["height"] == 590
    assert lamp.button.get_attribute("aria-pressed") == "true"
    for gone in (".bk-buttons", ".bk-legend", ".bk-badge", ".bk-cuts", ".bk-kicker"):
        assert not lamp.root.locator(gone).first.is_visible(), gone
    lamp.button.click()
    lamp.large(False).at(2)
    assert lamp.button.get_attribute("aria-pressed") == "false"


def test_what_is_selected_stays_selected(book, lamp):
    lamp.press("ArrowRight").at(1)
    lamp.root.locator('[data-pick="L"]').click()
    lamp.root.locator('[data-pick="L"] .bk-picked').wait_for()
    lamp.press("p").large(True)
    assert lamp.root.locator('[data-pick="L"] .bk-picked').count() == 1


def test_one_row_is_bright_and_keys_and_presses_lead_it(book, lamp):
    lamp.press("p").large(True)
    lamp.press("ArrowRight").at(1)
    row = lambda: lamp.root.evaluate("""n => {
      const high = n.querySelector('.bk-bright').getBoundingClientRect();
      return [...n.querySelectorAll('.bk-eq > .bk-result')].map(e => e.getBoundingClientRect())
        .findIndex(b => b.top > high.top && b.bottom < high.bottom); }""")
    halos = lambda: lamp.root.locator(".bk-halo").count()
    assert lamp.root.locator(".bk-bright").count() == 1 and halos() == 2
    first = row()
    lamp.press("ArrowDown", "ArrowDown", "ArrowDown")
    book.page.evaluate(DRAWN)
    assert row() == 2 and halos() == 2
    assert lamp.root.locator('[data-pick="v1:2"] .bk-ring').count() == 1
    lamp.press("ArrowUp")
    book.page.evaluate(DRAWN)
    assert row() == 1
    lamp.root.locator('[data-pick="v1:0"]').click()
    book.page.evaluate(DRAWN)
    assert row() == 0 and first == 0
    lamp.press("ArrowRight").at(2).press("ArrowLeft").at(1)
    assert row() == first  # another step begins with its own


def test_python_can_set_it(book, lamp):
    book.run(len(NETS) + 1)
    lamp.large(True)
    assert lamp.button.get_attribute("aria-pressed") == "true"


def test_what_is_covered_stays_covered(book):
    held = View(book, 4)
    held.press("End")
    end = held.last
    held.at(end).press("p").large(True).at(end)
    held.press("ArrowRight")
    book.page.evaluate(DRAWN)
    held.at(end)
    assert held.root.get_by_text("Covered from here on").is_visible()
    assert held.root.locator(".bk-covered").count() > 5 and held.last == end
    assert held.root.evaluate(WRONG) == []
    book.clean()


@pytest.mark.parametrize("window", [1280, 1028])
def test_every_frame_has_room(book, window):
    book.page.set_viewport_size({"width": window, "height": 900})
    inner = window - 180
    for i in range(4):
        view = View(book, i)
        arg = [view.root.element_handle(), inner - 20, inner + 20]
        book.page.wait_for_function(SETTLED, arg=arg)
        for cut in ("operation", "layer")[: 2 if window == 1280 else 1]:
            if view.root.evaluate("n => n.classList.contains('bk-presenter')"):
                view.press("p").large(False)
            view.root.get_by_role("button", name=cut, exact=True).click()
            view.press("Home").at(0).press("p").large(True)
            assert view.root.evaluate(WALK) == [], (window, i, cut)
            view.at(view.last)
    book.page.set_viewport_size({"width": 1280, "height": 900})
    View(book, 0).press("p").large(False).press("Home")
    book.clean()


def test_without_a_kernel_the_button_says_why(book):
    lamp = View(book, 0)
    lamp.press("Home").at(0)
    book.end_kernel()
    lamp.press("ArrowRight").at(1)
    lamp.root.get_by_text("kernel gone: stepping goes on").wait_for()
    assert lamp.button.is_disabled() and "needs a kernel" in lamp.button.get_attribute("title")
    book.said.clear()
    lamp.press("p")
    lamp.root.get_by_text("Presenter type is laid out by the kernel").wait_for()
    assert not lamp.root.evaluate("n => n.classList.contains('bk-presenter')")
    lamp.press("ArrowRight").at(2)
