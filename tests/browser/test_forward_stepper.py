"""ForwardStepper on nets of many kinds, in JupyterLab: what is read off is what a replay says."""

from __future__ import annotations

import random
import re

import pytest
from reading import ERRORS, Reader, badge_of, chain, fits, ks_of, numbers_in
from steppercases import CASES, RATE

from backprop_kit.films.forward_pass import film_pass
from backprop_kit.nn import SGD
from backprop_kit.study import record_pass

STEPS = 15


def recorded_here(name):
    return record_pass(*CASES[name](), optimizer=SGD(RATE))


def places(name, r):
    made = r.trace.made
    op = lambda which, i=0: [n for n in made if n.op.name == which][i]
    if name == "skip_net":
        h, after = op("tanh"), op("add", 2)
        out = [n for n in made if n.value.shape == (1, 2)]
        return {
            **chain(r, [("W1", "0.W"), ("b1", "0.b"), ("W3", "3.W"), ("b3", "3.b")]),
            "v1": ("value", h), "dv1": ("slope", h), "dz1": ("slope", op("add")),
            "v2": ("value", after), "dv2": ("slope", after), "v3": ("value", out[1]),
            "dv3": ("slope", out[1]), "dz3": ("slope", out[1]),
        }  # fmt: skip
    if name == "plain_function":
        return {
            **chain(r, [("W1", "W"), ("W2", "V")]), "v1": ("value", op("tanh")),
            "dv1": ("slope", op("tanh")), "dz1": ("slope", op("matmul")),
            "v2": ("value", op("matmul", 1)), "dv2": ("slope", op("matmul", 1)),
            "dz2": ("slope", op("matmul", 1)),
        }  # fmt: skip
    out = op("add", 1)
    return {
        **chain(r, [("W1", "0.W"), ("b1", "0.b"), ("W2", "2.W"), ("b2", "2.b")]),
        "v1": ("value", op("tanh")), "dv1": ("slope", op("tanh")), "dz1": ("slope", op("add")),
        "v2": ("value", out), "dv2": ("slope", out), "dz2": ("slope", out),
        **({"v3": ("value", op("softmax"))} if name == "thirty_two" else {}),
    }  # fmt: skip


IMPORTS = (
    "from backprop_kit import SGD, ForwardStepper, board\nfrom steppercases import CASES, RATE"
)
CELLS = [
    'ForwardStepper(*board("stairs"), optimizer=SGD(0.25), plain=True)',
    'ForwardStepper(*board("digit"), optimizer=SGD(0.05))',
    *(f"ForwardStepper(*CASES[{name!r}](), optimizer=SGD(RATE))" for name in CASES),
]


@pytest.fixture(scope="module")
def book(page, lab):
    _, *page.first = page.start("steppers.ipynb", IMPORTS, *CELLS, shown=badge_of(page))
    assert page.page.evaluate(ERRORS) == []
    page.clean()
    return page


def test_all_of_a_first_view_is_less_than_100_kb(book):
    assert len(book.first) == len(CELLS) and max(book.first) <= 100_000, book.first
    assert min(book.first) > 20_000  # the script is among it


@pytest.fixture(scope="module", params=list(CASES))
def reader(request, book):
    name = request.param
    recorded = recorded_here(name)
    root = book.page.locator(".bk-stage").nth(2 + list(CASES).index(name))
    made = Reader(book.page, root, recorded.trace, places(name, recorded),
                  ks_of(film_pass(recorded)))  # fmt: skip
    made.name, made.recorded = name, recorded
    return made


def test_every_number_of_the_picture_is_the_recordings_own(book, reader):
    reader.root.scroll_into_view_if_needed()
    rng, count = random.Random(reader.name), 0
    for _ in range(STEPS):
        reader.wander(rng)
        count += reader.compare()
    assert count >= STEPS
    book.clean()


def test_the_captions_say_the_numbers_of_this_step(book, reader):
    trace, frames = reader.trace, film_pass(reader.recorded).cuts["layer"]
    loss, again = trace.loss.value.item(), trace.again[trace.loss].item()
    for i, frame in enumerate(frames):
        reader.to("layer", i)
        said = numbers_in(reader.caption())
        if frame.phase == "loss":
            assert len(said) == 2 and fits(said[0], loss) and said[1] == "0"
        elif frame.phase == "again":
            assert fits(said[-1], again)
        elif frame.phase == "update":
            moved = [(u.new - u.old).ravel() for _, u in trace.updates]
            up, down = (sum(int((s * m > 0).sum()) for m in moved) for s in (1, -1))
            assert [int(n) for n in said[-2:]] == [up, down]
        shown = {tag: text for tag, text, _ in reader.seen()}
        if frame.phase == "again":
            assert fits(shown["L"], again)
        else:
            assert shown["L"] == "–" if frame.k < len(trace.made) else fits(shown["L"], loss)
    book.clean()


def test_what_has_no_picture_of_its_own_is_a_named_block(book, reader):
    if reader.name == "skip_net":
        assert "Skip" in reader.root.locator("svg.bk-picture").text_content()


def test_a_batch_is_drawn_as_one_block_a_layer(book, reader):
    if reader.name in ("thirty_two", "small_batch"):
        rows = len(reader.recorded.x.value)
        assert f"{rows}×2" in reader.root.locator("svg.bk-picture").text_content()


def test_the_badge_of_every_net_says_checked(book):
    for i, root in enumerate(book.page.locator(".bk-stage").all()):
        root.scroll_into_view_if_needed()
        root.locator(".bk-badge.bk-ok").wait_for(timeout=20_000)
        text = root.locator(".bk-badge").text_content()
        assert re.fullmatch(r"[\d,]+ of [\d,]+ checked", text), (i, text)
    book.clean()
