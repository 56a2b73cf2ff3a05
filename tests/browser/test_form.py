"""The panel that asks, in JupyterLab: answered by mouse and by keys, until the kernel is gone."""

import re

import pytest

from backprop_kit.films import theme
from backprop_kit.teaching.questions import plain, questions

STEPPER = """from backprop_kit import *
from backprop_kit.nn import SGD
stepper = ForwardStepper(*board("stairs"), optimizer=SGD(0.25), plain=True)
Predict(["00.p1", "00.p2"], stepper, after=["loss", "update"])"""
KEYS = (
    *"abcdefghijklmnopqrsuvwxyz0123456789", "d", "d", "0", "0", "Delete", "Backspace", "Space",
    "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End", "PageDown", "Shift+M",
    "Shift+Enter",
)  # fmt: skip
FOCUS = "n => n.contains(n.getRootNode().activeElement)"
NAME = "n => n.getRootNode().getElementById(n.getAttribute('aria-labelledby')).textContent"
PLACE = """n => n.getBoundingClientRect().top
  - n.closest('.jp-OutputArea').getBoundingClientRect().top"""
SIZES = """n => [...n.querySelectorAll('*')].filter(e => e.localName !== 'sub'
  && [...e.childNodes].some(t => t.nodeType === 3 && t.data.trim()))
  .map(e => parseFloat(getComputedStyle(e).fontSize))"""
BUSY = """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status
  === 'busy'"""
IDS = "() => [...document.querySelectorAll('.bk-form [id]')].map(n => n.id)"
GROUPS = """() => [...document.querySelectorAll('.bk-form fieldset')]
  .map(n => n.querySelector('input').name)"""


class Panel:
    """One panel in the page, as a person uses it."""

    def __init__(self, page, index):
        self.page, self.root = page.page, page.page.locator(".bk-form").nth(index)

    @property
    def sheet(self):
        return self.root.locator(".bkf-page:not(.bkf-away)")

    def item(self, place=0):
        return self.sheet.locator("fieldset").nth(place)

    def choose(self, text, place=0):
        self.item(place).locator(".bkf-options").get_by_text(text, exact=True).click()

    def sure(self, text):
        self.item().locator(".bkf-sure").get_by_text(text, exact=True).click()

    def go(self):
        self.sheet.locator(".bkf-go").click()

    def phase(self, phase, place=0):
        self.sheet.locator(f'fieldset:nth-of-type({place + 1})[data-phase="{phase}"]').wait_for()
        return self.item(place)

    def says(self, place=0):
        return self.item(place).locator(".bkf-say").inner_text()

    def says_at_last(self, text, place=0):
        self.item(place).locator(".bkf-say").filter(has_text=text).wait_for()


@pytest.fixture(scope="module")
def book(page, lab):
    lab.write(
        "form.ipynb", STEPPER, "from backprop_kit import *\nPredict('00.p1')",
        "one = Quiz('00.quiz'); one", "two = Quiz('00.quiz'); two", "import time; time.sleep(3)",
    )  # fmt: skip
    page.open("form.ipynb")
    for cell in range(4):
        page.run(cell)
    page.page.locator(".bk-form").nth(3).wait_for(timeout=90_000)
    page.page.locator(".bk-stage").wait_for(timeout=90_000)
    page.clean()
    return page


@pytest.fixture
def predict(book):
    yield Panel(book, 0)
    book.clean()


@pytest.fixture
def quiz(book):
    yield Panel(book, 2)
    book.clean()


P1, P2 = questions("00.p1") + questions("00.p2")
QUIZ = questions("00.quiz")


# --- before the learner acts ----------------------------------------------------------------------
def test_no_answer_is_in_the_page(book, predict):
    html = book.page.content()
    heard = b"".join(book.received).decode(errors="ignore")
    for question in (P1, P2, *QUIZ):
        for option in question.options:
            for text in filter(None, (option.says, option.verdict, question.shows)):
                assert plain(text) not in html and text not in heard


def test_it_is_a_section_with_native_groups_and_covered_has_a_name(predict):
    assert predict.root.evaluate("n => n.localName") == "section"
    named = predict.root.evaluate(NAME)
    assert named == "Predict"
    group = predict.root.get_by_role("group", name=P1.text)
    assert group.get_by_role("radio").count() == 7
    assert group.get_by_role("img", name="not shown yet").inner_text() == "?"
    assert group.get_by_role("radiogroup", name="how sure").get_by_role("radio").count() == 3
    assert group.get_by_role("status").count() == 1


def test_ids_and_names_differ_between_panels(book):
    ids, names = book.page.evaluate(IDS), book.page.evaluate(GROUPS)
    assert len(ids) == 4 and len(set(ids)) == 4 and len(set(names)) == len(names) == 9


def test_an_empty_commit_says_what_is_missing_and_sends_nothing(book, predict):
    book.sent.clear()
    predict.go()
    assert predict.says() == "Choose one first."
    predict.choose(P1.options[1].text)
    predict.go()
    assert predict.says() == "How sure are you? Choose one."
    assert not any(b"answers" in sent for sent in book.sent)


def test_nothing_is_smaller_than_12_and_nothing_is_cut(book):
    for panel in (Panel(book, i) for i in range(4)):
        sizes = panel.root.evaluate(SIZES)
        assert min(sizes) >= 12
        assert panel.root.evaluate("n => n.scrollWidth <= n.clientWidth")


# --- a prediction, with its stepper ---------------------------------------------------------------
def test_the_walk_of_two_predictions(book, predict):
    stage = book.page.locator(".bk-stage")
    high = predict.root.bounding_box()["height"]
    top = stage.evaluate(PLACE)

    def walk(times):
        stage.focus()
        for _ in range(times):
            book.page.keyboard.press("ArrowRight")
            book.page.wait_for_timeout(120)

    def still():
        assert predict.root.bounding_box()["height"] == high
        assert stage.evaluate(PLACE) == top

    walk(6)
    assert stage.locator(".bk-say").inner_text().startswith("The loss says how wrong")
    assert predict.root.get_by_role("button", name="second question ›").count() == 0
    predict.choose(P1.options[1].text)
    predict.sure("fairly sure")
    book.page.keyboard.press("Enter")
    item = predict.phase("committed")
    assert item.locator(".bkf-you").inner_text() == P1.options[1].text
    assert item.locator(".bkf-label").first.inner_text() == "you, fairly sure"
    assert item.locator(".bkf-net").inner_text() == "?"
    assert (
        predict.says()
        == "Committed, fairly sure. Walk on to the update: there the other half appears."
    )
    assert (
        item.locator("input:visible").count() == 0
        and predict.root.locator(".bkf-go:visible").count() == 0
    )
    assert predict.root.evaluate(FOCUS)  # the button is gone, the focus is not lost
    still()

    walk(6)
    assert stage.evaluate(FOCUS)  # what is revealed takes no focus
    predict.phase("revealed")
    assert item.locator(".bkf-net").inner_text() == P1.shows
    assert predict.says() == plain(P1.options[1].says).replace("h₃", "h3")
    still()

    predict.root.get_by_role("button", name="second question ›").click()
    still()
    assert predict.item().locator("legend").inner_text() == P2.text
    predict.choose(P2.options[3].text)
    predict.sure("guess")
    predict.go()
    predict.phase("committed")
    walk(3)
    item = predict.phase("revealed")
    assert item.locator(".bkf-net").inner_text() == P2.shows
    assert predict.says() == P2.options[3].says
    still()
    predict.root.get_by_role("button", name="‹ first question").click()
    assert predict.item().locator(".bkf-net").inner_text() == P1.shows
    predict.root.get_by_role("button", name="second question ›").click()


def test_the_answer_fades_in_only_where_motion_is_welcome(book, predict):
    net = predict.item().locator(".bkf-net")
    assert net.evaluate("n => getComputedStyle(n).animationDuration") == "0.2s"
    book.page.emulate_media(reduced_motion="reduce")
    assert net.evaluate("n => getComputedStyle(n).animationName") == "none"
    book.page.emulate_media(reduced_motion=None)


def test_another_panel_of_the_same_question_is_untouched_and_needs_no_stepper(book):
    other = Panel(book, 1)
    assert other.item().get_attribute("data-phase") == "ask"
    other.choose(P1.options[0].text)
    other.sure("certain")
    other.item().locator(".bkf-go").press("Enter")
    assert other.phase("revealed").locator(".bkf-net").inner_text() == P1.shows
    assert other.root.evaluate(FOCUS)


# --- the quiz -------------------------------------------------------------------------------------
def test_a_wrong_answer_gets_its_own_diagnosis_and_stays_open(book, quiz):
    first, second, _ = QUIZ
    quiz.choose(first.options[1].text, 0)
    quiz.choose(second.options[2].text, 1)
    quiz.go()
    quiz.phase("wrong", 0)
    quiz.phase("wrong", 1)
    for place, option in ((0, first.options[1]), (1, second.options[2])):
        assert re.sub(r"\s+", " ", quiz.says(place)) == f"{option.verdict} {option.says}"
        assert quiz.item(place).locator("input:enabled").count() == 4
    assert quiz.says(2) == "Choose one first."
    assert quiz.root.evaluate(FOCUS)


def test_the_right_answers_close_it(book, quiz):
    for place, question in enumerate(QUIZ):
        quiz.choose(question.options[0].text, place)
    quiz.go()
    for place, question in enumerate(QUIZ):
        item = quiz.phase("right", place)
        assert item.locator(".bkf-mark.bkf-right").count() == 1
        assert item.locator(".bkf-chosen").inner_text() == question.options[0].text
        assert item.locator("input:enabled").count() == 1
    assert quiz.root.locator(".bkf-go:visible").count() == 0
    assert quiz.root.evaluate("n => n === n.getRootNode().activeElement")


def test_two_panels_are_independent_and_keys_choose(book):
    other = Panel(book, 3)
    assert [other.item(i).get_attribute("data-phase") for i in range(3)] == ["ask"] * 3
    other.item().locator("input").first.focus()
    book.page.keyboard.press("ArrowDown")  # arrows choose, Check decides
    assert other.item().locator("input").nth(1).is_checked()
    assert other.item().get_attribute("data-phase") == "ask"
    book.page.keyboard.press("Enter")
    chosen = QUIZ[0].order[1]
    other.phase("right" if chosen is QUIZ[0].options[0] else "wrong")
    assert chosen.says in other.says()


# --- manners --------------------------------------------------------------------------------------
def test_no_plain_key_reaches_the_notebook(book, quiz):
    before = book.cells()
    other = Panel(book, 3)
    for spot in (
        "legend",
        ".bkf-options label",
        ".bkf-say",
        ".bkf-options",
        ".bkf-kicker",
        ".bkf-note",
        ".bkf-go",
    ):
        other.root.locator(spot).first.click()
        for key in KEYS:
            book.page.keyboard.press(key)
    assert book.cells() == before
    assert (
        book.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.mode") == "command"
    )


def test_escape_leaves_to_the_cell(book):
    other = Panel(book, 3)
    other.item().locator("input").first.focus()
    book.page.keyboard.press("Escape")
    assert not other.root.evaluate(FOCUS)
    assert book.page.evaluate("() => document.activeElement.classList.contains('jp-Cell')")


@pytest.mark.parametrize(
    ("host", "name"), [("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")]
)
def test_the_theme_follows_the_host_and_text_is_legible(book, quiz, host, name):
    book.theme(host)
    book.page.wait_for_function(
        f"() => document.querySelector('.bk-form').dataset.theme === '{name}'"
    )
    code = lambda role: "rgb({}, {}, {})".format(
        *(int(theme.colour(role, name)[i : i + 2], 16) for i in (1, 3, 5))
    )
    style = "(n, p) => getComputedStyle(n)[p]"
    predict = Panel(book, 0)
    assert quiz.root.evaluate(style, "backgroundColor") == code("panel")
    assert predict.item().locator(".bkf-net").evaluate(style, "backgroundColor") == code("ink")
    assert predict.item().locator(".bkf-you").evaluate(style, "borderTopColor") == code("ink")
    for ground, text in (
        ("panel", "ink"),
        ("panel", "muted"),
        ("covered", "covered-text"),
        ("ink", "on-ink"),
        ("checked-ground", "checked"),
    ):
        assert theme.contrast(theme.colour(ground, name), theme.colour(text, name)) >= 4.5
    assert theme.contrast(theme.colour("field", name), theme.colour("surface", name)) >= 3


@pytest.mark.parametrize(("window", "beside"), [(1280, True), (1028, True), (660, False)])
def test_you_stand_beside_the_net_and_above_it_when_narrow(book, predict, window, beside):
    book.page.set_viewport_size({"width": window, "height": 900})
    book.page.wait_for_timeout(300)
    you, net = (predict.item().locator(f".bkf-{who}").bounding_box() for who in ("you", "net"))
    assert (you["y"] == net["y"]) is beside and (you["x"] == net["x"]) is not beside
    for index in range(4):
        assert Panel(book, index).root.evaluate("n => n.scrollWidth <= n.clientWidth")
    commit = Panel(book, 3).root.locator(".bkf-go").bounding_box()
    assert (commit["width"] > 400) is not beside
    book.page.set_viewport_size({"width": 1280, "height": 900})


def test_a_busy_kernel_is_named_and_the_answer_comes(book):
    book.run(1)
    panel = Panel(book, 1)
    panel.phase("ask")
    panel.choose(P1.options[2].text)
    panel.sure("guess")
    book.run(4, wait=False)
    book.page.wait_for_function(BUSY)
    panel.go()
    panel.says_at_last("The kernel is busy")
    panel.phase("revealed")
    assert panel.says() == P1.options[2].says
    book.clean()


def test_without_a_kernel_it_says_so_and_what_was_said_stays(book):
    book.end_kernel()
    panel = Panel(book, 3)
    panel.choose(QUIZ[2].options[1].text, 2)
    panel.go()
    said = panel.root.locator(".bkf-problem", has_text="Kernel gone")
    said.wait_for()
    assert said.inner_text() == "Kernel gone: run this cell again to answer."
    assert Panel(book, 0).item().locator(".bkf-net").inner_text() == P2.shows
    book.clean()
