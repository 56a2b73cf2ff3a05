"""Whether a film has all it names: a wrong tag is an error, and not a mark that stays dark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .film import Film, Frame

MARKS = (
    "circle", "box", "line", "text", "cells", "tiles", "shade", "bundle", "path", "glyph", "slider",
    "plane", "curve", "mesh", "poly", "zone", "image", "dot", "seg", "tangent", "bar",
    "square", "words", "field", "tell",
    "equation", "atlas",
    "dots", "wire", "tile", "contour", "time",
)  # fmt: skip
CONTROLS = ("select", "slider", "stepper", "switch", "number", "button", "chips")
ROWS = (
    "title", "p", "gap", "line", "rule", "eq", "terms", "bars", "fall", "next", "plane", "product",
    "desk",
)  # fmt: skip
# Where a number may be read from an array.
_NUMBERS = (
    "v",
    "factors",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "x0",
    "y0",
    "slope",
    "from",
    "to",
    "at",
    "xs",
    "ys",
    "ids",
    "past",
)


def check(film: Film) -> None:
    """Raise ValueError, in two lines, for the first thing a film names and does not have."""
    _need(
        film.cuts and all(film.cuts.values()),
        "A film needs at least one cut with one frame.",
        "Give cuts={'layer': (Frame(0, …), …)}.",
    )
    names = [array.name for array in film.arrays]
    for name, count in Counter(names).items():
        _need(count == 1, f"Two arrays are named {name!r}.", "Give each its own name.")
    # Of a series one row is shown at a time.
    sizes = {a.name: a.values[0].size if a.series else a.values.size for a in film.arrays}
    _scene(film, sizes, film.marks, film.cuts)
    for scene in film.scenes.values():
        _scene(film, sizes, scene.marks, scene.cuts)
    _controls([item for group in film.controls for item in group["items"]])
    if film.transport:
        size, offered = film.transport.get("size"), film.transport.get("sizes", ())
        _need(size in offered, f"There is no step size {size!r}.", f"It has {_some(offered)}.")


def _controls(items: list[dict[str, Any]]) -> None:
    for name, count in Counter(item["name"] for item in items).items():
        _need(count == 1, f"Two controls are named {name!r}.", "Give each its own name.")
    for item in items:
        kind, name, value = item.get("kind"), item["name"], item.get("value")
        kinds = ", ".join(CONTROLS)
        _need(kind in CONTROLS, f"There is no control {kind!r}.", f"Controls are {kinds}.")
        places = value if isinstance(value, (list, tuple)) else [value]
        if "options" in item:
            count = len(item["options"])
            _need(
                all(isinstance(place, int) and 0 <= place < count for place in places),
                f"The control {name!r} stands at {value!r} of {count} options.",
                "Places are counted from 0.",
            )
        elif kind in ("slider", "stepper"):
            lo, hi = item.get("lo"), item.get("hi")
            _need(
                isinstance(lo, (int, float)) and isinstance(hi, (int, float)) and lo < hi,
                f"The control {name!r} does not say from where to where it goes.",
                "Give options, or lo and hi.",
            )


def _scene(
    film: Film, sizes: dict[str, int], marks: tuple[Any, ...], cuts: dict[str, tuple[Frame, ...]]
) -> None:
    for mark in marks:
        kind = mark.get("t")
        _need(
            kind in MARKS,
            f"There is no mark {kind!r}.",
            lambda: f"The marks are {', '.join(MARKS)}.",
        )
        _arrays(sizes, mark, f"the mark {mark.get('tag', kind)!r}")
        _need(
            mark.get("scene", film.scene) in (film.scene, *film.scenes),
            f"The mark {mark.get('tag', kind)!r} leads to a scene the film does not have.",
            lambda: f"It has {_some((film.scene, *film.scenes))}.",
        )
    tags = {mark["tag"] for mark in marks if "tag" in mark}
    for cut, frames in cuts.items():
        _need(
            frames[0].k == 0 and all(a.k < b.k for a, b in pairwise(frames)),
            f"The steps of the cut {cut!r} do not grow.",
            "Frame 0 has k = 0, and each later one more.",
        )
        for frame in frames:
            _frame(film, sizes, frame, tags, f"asked for by step {frame.k} of the cut {cut!r}")


def _frame(film: Film, sizes: dict[str, int], frame: Frame, tags: set[str], where: str) -> None:
    phases = [name for name, _ in film.phases]
    _need(
        frame.phase in phases,
        f"No phase {frame.phase!r}, {where}.",
        f"The phases are {', '.join(phases)}.",
    )
    for tag in (*frame.on, *frame.to, *frame.source):
        wrong = f"No mark wears the tag {tag!r}, {where}."
        _need(tag in tags, wrong, lambda: f"Tags are {_some(tags)}.")
    for row in frame.panel:
        kind = row.get("t")
        _need(
            kind in ROWS, f"There is no row {kind!r}, {where}.", f"The rows are {', '.join(ROWS)}."
        )
        _arrays(sizes, row, where.removeprefix("asked for by "))


def _arrays(sizes: dict[str, int], part: Any, where: str) -> None:
    for name, index in references(part):
        _need(
            name in sizes,
            f"No array is named {name!r}, asked for by {where}.",
            lambda: f"Arrays are {_some(sizes)}.",
        )
        _need(
            0 <= index < sizes[name],
            f"The array {name!r} has no entry {index}, asked for by {where}.",
            f"It has {sizes[name]} entries.",
        )


def references(part: Any) -> Iterator[tuple[str, int]]:
    """Yield the (array, index) pairs a mark or a row reads."""
    if isinstance(part, (list, tuple)):
        for item in part:
            yield from references(item)
    elif isinstance(part, dict):
        sums = ("a", "w", "sum") if part.get("t") in ("bundle", "terms") else ()
        for key, value in part.items():
            place = key in _NUMBERS or (part.get("t") == "time" and key in ("last", "hi", "forks"))
            if place and isinstance(value, (list, tuple)):
                pairs = [value] if value and isinstance(value[0], str) else value
                yield from (
                    (p[0], p[1])
                    for p in pairs
                    if isinstance(p, (list, tuple)) and len(p) == 2 and isinstance(p[1], int)
                )
            elif key == "array" or key in sums:
                yield value, 0
            elif key in ("items", "rows", "marks", "n"):
                yield from references(value)


def _need(there: object, wrong: str, instead: str | Callable[[], str]) -> None:
    if not there:
        raise ValueError(f"{wrong}\n{instead if isinstance(instead, str) else instead()}")


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - 8} more" if len(listed) > 8 else ""
    return ", ".join(listed[:8]) + more
