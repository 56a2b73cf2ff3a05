"""LossExplorers in the page: acting on one, and reading every number that can be seen of it."""

from __future__ import annotations

from explorers import Explorer
from lab import DRAWN
from messages import comms
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
OVER = """n => { const p = n.querySelector('.bk-panel'); return p.scrollHeight > p.clientHeight + 1
  || p.scrollWidth > p.clientWidth + 1; }"""


class View(Explorer):
    """One explorer."""

    state = STATE

    def press(self, tag, changes=True):
        """Press a mark of the picture, and wait for the picture that answers, if one does."""
        before = len(self.book.received)
        self.root.locator(f'svg.bk-picture g[data-pick="{tag}"] rect').first.click(force=True)
        for _ in range(400):
            if not changes or comms(self.book.received[before:]):
                break
            self.page.wait_for_timeout(20)
        else:
            raise AssertionError(f"nothing answers a press on {tag}")
        self.page.evaluate(DRAWN)


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
