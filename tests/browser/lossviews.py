"""LossExplorers in the page: acting on one, and reading every number that can be seen of it."""

from __future__ import annotations

import json

from reading import fits

# Every number of the picture and of the plane in the panel: its tag and its text, in drawing order.
STATE = """n => ({
  seen: [...n.querySelectorAll('svg.bk-picture text[data-tag]')].filter(t =>
    t.getBoundingClientRect().width).map(t => [t.dataset.tag, t.textContent]),
  grips: Object.fromEntries([...n.querySelectorAll('.bk-grip')].map(g =>
    [g.dataset.grip, +g.ariaValueNow])),
  panel: [...n.querySelectorAll('.bk-panel .bk-eq')].map(q => {
    const wide = getComputedStyle(q).gridTemplateColumns.split(' ').length,
      cells = [...q.children].map(c => c.textContent),
      row = i => cells.slice(i * wide, i * wide + wide);
    return cells.filter((c, i) => i % wide === 0).map((c, i) => row(i));
  }),
  bars: [...n.querySelectorAll('.bk-panel .bk-bars .bk-num')].map(b => b.textContent),
  i: +n.querySelector('.bk-time').ariaValueNow, say: n.querySelector('.bk-say').textContent })"""
OUTSIDE = """n => { const b = n.querySelector('.bk-scene').getBoundingClientRect();
  return [...n.querySelectorAll('.bk-scene text')].map(t => [t.textContent,
    t.getBoundingClientRect()]).filter(([, r]) => r.width && (r.left < b.left - 12
    || r.right > b.right + 14 || r.bottom > b.bottom + 4)).map(([s]) => s); }"""
SMALL = """n => [...n.querySelectorAll('text, span, p, button')].filter(t => t.textContent.trim()
  && t.getBoundingClientRect().width && !t.closest('sub, sup, tspan')
  && parseFloat(getComputedStyle(t).fontSize) < 12).map(t => t.textContent)"""
OVER = """n => { const p = n.querySelector('.bk-panel'); return p.scrollHeight > p.clientHeight + 1
  || p.scrollWidth > p.clientWidth + 1; }"""
DRAWN = "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
AT = "([n, i]) => n.querySelector('.bk-time').ariaValueNow === i"


def comms(frames, content=b""):
    """The messages of widgets among the frames of the kernel's socket that hold this."""
    return [frame for frame in frames if _kind(frame) == "comm_msg" and content in frame]


def _kind(frame):
    """The type of a message (a count, offsets, then channel, header, …)."""
    count = int.from_bytes(frame[:8], "little")
    if not 4 <= count < 20:
        return ""
    ends = [int.from_bytes(frame[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    return json.loads(frame[ends[1] : ends[2]])["msg_type"]


class View:
    """One explorer."""

    def __init__(self, book, index):
        self.book, self.page = book, book.page
        self.root = book.page.locator(".bk-stage").nth(index)

    def show(self):
        self.root.scroll_into_view_if_needed()
        self.root.locator(".bk-badge.bk-ok").wait_for(timeout=20_000)
        return self

    def read(self):
        """Everything that can be read, once it stays as it is."""
        before = None
        for _ in range(80):
            self.page.evaluate(DRAWN)
            now = self.root.evaluate(STATE)
            if now == before:
                return now
            before = now
            self.page.wait_for_timeout(40)
        raise AssertionError("the picture does not come to rest")

    def key(self, tag, key):
        """Move a handle by a key."""
        self.root.locator(f'.bk-grip[data-grip="{tag}"]').focus()
        self.page.keyboard.press(key)
        self.settle()

    def drag(self, tag, dx):
        """Take a handle and move it by so many pixels."""
        box = self.root.locator(f'.bk-grip[data-grip="{tag}"]').bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx / 2, y)
        self.page.mouse.move(x + dx, y)
        self.page.mouse.up()
        self.settle()

    def step(self, key):
        last = int(self.root.locator(".bk-time").get_attribute("aria-valuemax"))
        way = {"ArrowRight": 1, "ArrowLeft": -1, "Home": -999, "End": 999}[key]
        to = min(max(self.at() + way, 0), last)
        self.root.focus()
        self.page.keyboard.press(key)
        self.page.wait_for_function(AT, arg=[self.root.element_handle(), str(to)], timeout=5000)

    def press(self, tag, changes=True):
        """Press a mark of the picture, and wait for the picture that answers, if one does."""
        before = len(comms(self.book.received))
        self.root.locator(f'svg.bk-picture g[data-pick="{tag}"] rect').first.click(force=True)
        for _ in range(400):
            if not changes or len(comms(self.book.received)) > before:
                break
            self.page.wait_for_timeout(20)
        self.page.wait_for_timeout(60)

    def choose(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def at(self):
        return int(self.root.locator(".bk-time").get_attribute("aria-valuenow"))

    def settle(self):
        """Wait until the last question has its answer."""
        for _ in range(300):
            self.page.wait_for_timeout(20)
            if len(comms(self.book.sent, b'"n":')) == len(comms(self.book.received, b'"heard":')):
                break
        self.root.locator(".bk-badge.bk-ok").wait_for(timeout=10_000)


def agree(now, true):
    """Every number in the picture is expected, and reads as it should; how many there were."""
    left = {tag: list(values) for tag, values in true.items()}
    for tag, text in now["seen"]:
        assert left.get(tag), f"{tag} reads {text!r}, and is not expected"
        value = left[tag].pop(0)
        shown = text.replace("+", "").removesuffix("%").strip().split(" ")[-1]
        assert fits(shown, float(value)), f"{tag} reads {text!r}; it is {value!r}"
    missing = {tag: values for tag, values in left.items() if values}
    assert not missing, missing
    return len(now["seen"])
