"""Lesson 03 as a learner meets it: its five graphs walked, and each number of theirs read."""

from __future__ import annotations

import re

import pytest
from lab import DRAWN
from lessonpage import answer_quiz, commit, follow, open_lesson, printed
from photographs import both_widths, shoot, themes, worn
from reading import AT, fits, parse

from backprop_kit.engine import Tensor, Trace
from backprop_kit.teaching.questions import questions

NAME = "03_chain_rule.ipynb"
# Every number in the picture with its tag, and the words that stand on the same mark.
SEEN = """n => [...n.querySelectorAll('svg.bk-picture text[data-tag]')].map(t => {
  const box = t.getBoundingClientRect(), mark = t.closest('g[data-pick]');
  const words = [...(mark || t).querySelectorAll('text')].filter(w => w !== t)
    .map(w => w.textContent).join(' ');
  return [t.dataset.tag, t.textContent, words, box.width > 0 && box.height > 0]; })"""


class Beat:
    """One graph in the page, and the recording of the same graph made here."""

    def __init__(self, page, index, trace, **named):
        self.page, self.trace = page.page, trace
        self.root = page.page.locator(".bk-stage").nth(index)
        self.named = {name: t.node for name, t in named.items()}
        self.place = {n: i for i, n in enumerate(trace.nodes)}
        self.i = 0

    def show(self):
        self.root.scroll_into_view_if_needed()
        return self

    def press(self, key, i):
        """Press a key; frame i is shown then."""
        self.root.focus()
        self.page.keyboard.press(key)
        self.page.evaluate(DRAWN)
        self.at(i)

    def at(self, i):
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(i)], timeout=5000)
        self.i = i

    def walk(self, to):
        while self.i < to:
            self.press("ArrowRight", self.i + 1)

    def caption(self):
        return self.root.locator(".bk-say").inner_text()

    def seen(self):
        """{tag: text} of the numbers that can be seen."""
        return {tag: text for tag, text, _, there in self.root.evaluate(SEEN) if there}

    def words(self, tag):
        """The words beside the number with this tag."""
        return next(w for t, _, w, there in self.root.evaluate(SEEN) if there and t == tag)

    def tag(self, letter, name, part=None):
        place = self.place[self.named[name]]
        return f"{letter}{place}" if part is None else f"{letter}{place}.{part}"

    def values(self):
        seen = self.seen()
        return {name: seen[self.tag("v", name)] for name in self.named}

    def slopes(self):
        seen = self.seen()
        return {name: seen[self.tag("g", name)] for name in self.named}

    def parts(self, name, count):
        seen = self.seen()
        return [seen[self.tag("p", name, j)] for j in range(count)]

    def forward(self):
        return len(self.trace.made)


@pytest.fixture(scope="module")
def lesson(page, lab):
    """A copy of the lesson, opened and run from top to bottom."""
    return open_lesson(page, lab, NAME, 5)


@pytest.fixture(scope="module")
def along(lesson):
    a, b, c = Tensor(1.5), Tensor(-2.0), Tensor(4.5)
    m = a * b
    s = m + c
    loss = s**2
    return Beat(lesson, 0, Trace.of(loss), a=a, b=b, c=c, m=m, s=s, loss=loss)


def two_routes(lesson, index):
    a, b, c = Tensor(2.0), Tensor(5.0), Tensor(-0.4)
    u = a * b
    v = u * c
    loss = u + v
    return Beat(lesson, index, Trace.of(loss), a=a, b=b, c=c, u=u, v=v, loss=loss)


@pytest.fixture(scope="module")
def across(lesson):
    return two_routes(lesson, 1)


@pytest.fixture(scope="module")
def forgets(lesson):
    return two_routes(lesson, 2)


@pytest.fixture(scope="module")
def early(lesson):
    return two_routes(lesson, 3)


@pytest.fixture(scope="module")
def doubled(lesson):
    x = y = Tensor(0.003)
    for _ in range(20):
        y = y + y
    return Beat(lesson, 4, Trace.of(y), x=x, loss=y)


# --- the whole page -------------------------------------------------------------------------------
def test_it_runs_without_an_error_and_every_graph_is_painted(
    lesson, along, across, forgets, early, doubled
):
    assert lesson.page.locator(".bk-form").count() == 3
    for beat in (along, across, forgets, early, doubled):
        beat.show().at(0)
        own = beat in (forgets, early)  # what is wrong there is the question
        told = beat.root.locator(".bk-badge").get_by_text("your rule" if own else "checked")
        told.wait_for(timeout=30_000)
        beat.root.locator(".bk-problem:not(:empty)").wait_for(state="detached")
    lesson.clean()


def test_what_the_cells_print(lesson):
    said = printed(lesson)
    for line in (
        "slope of a: 3 · L from 6 to 6.3",
        "forecast: L falls by 0.9, from 6", "right rule 5.1, this 6.6", "right rule 5.1, this 4.5",
        f"{2**20:,} routes, 20 visits, 40 parts", "Not yet: replace the dots.",
        "u had nothing to pass on yet: a shows –.",
    ):  # fmt: skip
        assert line in said


# --- 1: multiply along ----------------------------------------------------------------------------
def test_the_first_graph_stops_at_the_question(lesson, along):
    end = along.show().forward()
    frames = [along.press("ArrowRight", i) or along.values() for i in range(1, 4)]
    assert frames[0]["m"] == "−3.00" and frames[0]["s"] == "–"
    assert frames[1]["s"] == "1.50" and frames[1]["loss"] == "–"
    assert along.values() == {
        "a": "1.50", "b": "−2.00", "c": "4.50", "m": "−3.00", "s": "1.50", "loss": "2.25",
    }  # fmt: skip
    along.press("ArrowRight", 3)
    along.press("End", 3)
    assert set(along.slopes().values()) == {"–"} and end >= 3
    assert "−6" not in along.root.inner_text()
    lesson.clean()


def test_after_the_answer_the_slopes_multiply_along(lesson, along):
    form = commit(lesson, 0, "−0.6")
    along.root.locator(".bk-covered").first.wait_for(state="detached")
    along.show().walk(9)
    assert along.slopes() == {
        "loss": "1.00", "s": "3.00", "m": "3.00", "c": "3.00", "a": "−6.00", "b": "4.50",
    }  # fmt: skip
    (p1,) = questions("03.p1")
    form.get_by_text(p1.shows, exact=True).wait_for()
    assert "measured −0.56" in form.inner_text()
    # The local slopes stand on the edges: b, a, 1, 1 and 2s.
    pills = [text for tag, text in along.seen().items() if tag[0] == "e"]
    assert sorted(map(parse, pills)) == [-2.0, 1.0, 1.0, 1.5, 3.0]
    lesson.clean()


# --- 2: add across --------------------------------------------------------------------------------
def test_two_parts_arrive_at_u_one_by_one(lesson, across):
    across.show().walk(3)
    assert across.values() == {
        "a": "2.00", "b": "5.00", "c": "−0.400", "u": "10.0", "v": "−4.00", "loss": "6.00",
    }  # fmt: skip
    across.press("End", 3)
    commit(lesson, 1, "0.06")
    across.root.locator(".bk-covered").first.wait_for(state="detached")
    seen = []
    for i in range(4, 11):
        across.press("ArrowRight", i)
        seen.append((across.parts("u", 2), across.slopes()["u"]))
    assert [p for i, p in enumerate(seen) if not i or p != seen[i - 1]] == [
        (["–", "–"], "–"), (["1.00", "–"], "–"), (["1.00", "−0.400"], "0.600"),
    ]  # fmt: skip
    assert across.slopes() == {
        "loss": "1.00", "v": "1.00", "u": "0.600", "a": "3.00", "b": "1.20", "c": "10.0",
    }  # fmt: skip
    form = lesson.page.locator(".bk-form").nth(1)
    form.get_by_text(questions("03.p2")[0].shows, exact=True).wait_for()
    lesson.clean()


# --- 3: the missing plus --------------------------------------------------------------------------
def lit(beat):
    """The step at which the first wrong number is lit, the caption, and what stands there."""
    for i in range(beat.i + 1, 11):
        beat.press("ArrowRight", i)
        seen = beat.root.evaluate(SEEN)
        yours = [(tag, text) for tag, text, words, there in seen if there and "yours" in words]
        if yours:
            true = [text for _, text, words, there in seen if there and "true" in words]
            return yours[0][0], yours[0][1], true[0], beat.caption()
    raise AssertionError("nothing was lit")


def test_without_the_plus_u_is_lit_and_what_lies_behind_it_repeats_the_mistake(lesson, forgets):
    forgets.show()
    tag, yours, true, said = lit(forgets)
    assert (tag, yours, true) == (forgets.tag("g", "u"), "−0.400", "0.600")
    assert re.search(r"\bu\b", said) and "−0.400" in said and "0.600" in said
    forgets.walk(10)
    slopes = forgets.slopes()
    assert (slopes["a"], slopes["b"]) == ("−2.00", "−0.800")
    assert (slopes["v"], slopes["c"]) == ("1.00", "10.0")
    lesson.clean()


# --- 4: too early ---------------------------------------------------------------------------------
def test_too_early_b_is_lit_though_u_ends_right(lesson, early):
    early.show()
    tag, yours, true, said = lit(early)
    assert (tag, yours, true) == (early.tag("g", "b"), "2.00", "1.20")
    assert "sent 1.00, final 0.600" in said
    early.walk(10)
    slopes = early.slopes()
    assert slopes["a"] == "5.00" and slopes["u"] == "0.600"
    assert (slopes["v"], slopes["c"]) == ("1.00", "10.0")
    lesson.clean()


# --- 5: a great many routes -----------------------------------------------------------------------
def test_twenty_doublings_are_walked_in_forty_parts(lesson, doubled):
    last = int(doubled.show().root.locator(".bk-time").get_attribute("aria-valuemax"))
    assert last == 20 + 1 + 40
    doubled.press("End", last)
    assert fits(doubled.seen()[doubled.tag("g", "x")], 2.0**20)
    lesson.clean()


def test_each_number_of_each_graph_is_the_recordings(lesson, along, across, doubled):
    """At the end of the way back every value and slope that can be seen."""
    for beat in (along, across, doubled):
        beat.show().root.focus()
        lesson.page.keyboard.press("End")
        lesson.page.wait_for_timeout(400)
        names = {f"{letter}{i}": (letter, n) for n, i in beat.place.items() for letter in "vg"}
        count = 0
        for tag, text in beat.seen().items():
            if tag in names:
                letter, n = names[tag]
                whole = n.value if letter == "v" else beat.trace.grads[n]
                assert fits(text, float(whole)), (tag, text)
                count += 1
        assert count >= 8
    lesson.clean()


# --- check yourself -------------------------------------------------------------------------------
def test_the_quiz_answers_each_question(lesson):
    answer_quiz(lesson, 2, "03.quiz")
    lesson.clean()


@both_widths
def test_it_is_photographed_in_both_widths_and_both_themes(
    lesson, along, across, forgets, early, doubled, window, output
):
    beats = {"along": along, "across": across, "forgets": forgets, "early": early}
    for mode in themes(lesson, window):
        for name, beat in (beats | {"doubled": doubled}).items():
            worn(lesson, beat.root, mode, output)
            shoot(beat.root, f"lesson_03_{name}_{output}_{mode}")


def test_the_strip_leads_to_lesson_00(lesson):
    follow(lesson, "00start", "00_start_here")
