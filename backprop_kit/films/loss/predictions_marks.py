"""The picture of several predictions: three columns of one scale, and two rows of shares."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from backprop_kit.films.loss.table import Table
from backprop_kit.films.loss.words import text
from backprop_kit.films.rows import Row

LATER = [1, 10**6]  # from the first update on


class Look(NamedTuple):
    """Sizes: the picture as it is, or as it is projected."""

    columns: tuple[tuple[int, int], ...]
    top: int
    bottom: int
    label: int
    head: int
    thick: tuple[int, int]  # of a row, of the selected one
    fine: int
    apart: int  # half of it, between the tracks of the two copies
    shares: tuple[int, int]  # where the two rows of shares stand
    share: int  # their thickness


PLAIN = Look(((90, 248), (300, 458), (498, 656)), 46, 256, 14, 14, (15, 26), 12, 9, (284, 332), 24)
LARGE = Look(((64, 234), (276, 446), (486, 656)), 44, 264, 20, 24, (20, 34), 20, 11, (300, 350), 34)


@lru_cache(16)
def marks(table: Table, *, presenter: bool) -> tuple[Row, ...]:
    """The marks of a table; drawn once for each, since only its numbers change under a hand."""
    look = LARGE if presenter else PLAIN
    found = [*_heads(table, look, presenter), *_planes(table, look)]
    for row in range(table.rows):
        found += _row(table, row, look, presenter)
    return (*found, *_shares(table, look, presenter))


def _heads(table: Table, look: Look, presenter: bool) -> list[Row]:
    middle = "(p − t) × p(1 − p)" if table.output == "sigmoid" else "(p − t) through softmax"
    (error, _), (squared, _), (cross, _) = look.columns
    names = ("error", "δ squared", "δ cross") if presenter else (
        "error", "δ, squared error", "δ, cross-entropy")  # fmt: skip
    found = []
    for x, name, colour in zip((error, squared, cross), names, ("ink", "accent", "accent"),
                               strict=True):  # fmt: skip
        found.append(text(x, 14, name, size=look.head, bold=True, c=colour))
    if not presenter:
        found += [
            text(error, 34, "$p − t$", size=13, c="muted", frames=[0, 0]),
            text(error, 34, "above: squared, below: cross", size=12, c="muted", frames=LATER),
            text(squared, 34, f"${middle}$" if "softmax" not in middle else middle, size=13,
                 c="muted"),
            text(cross, 34, "$p − t$", size=13, c="muted"),
        ]  # fmt: skip
    return found


def _planes(table: Table, look: Look) -> list[Row]:
    n = table.rows
    common: Row = {"t": "plane", "y0": look.top, "y1": look.bottom, "yr": [n, 0]}
    found = [
        {**common, "tag": "rows", "x0": 0, "dx0": -10, "x1": 656, "dx1": 8, "xr": [0, 1]},
        {**common, "tag": "names", "x0": 0, "x1": look.columns[0][0], "dx1": -8, "xr": [0, 1]},
    ]
    for tag, (x0, x1) in zip("esc", look.columns, strict=True):
        found.append({**common, "tag": tag, "x0": x0, "x1": x1, "xr": [0, 1]})
    i = table.selected
    frame = {"t": "zone", "in": "rows", "x0": 0.002, "x1": 0.998, "y0": i + 0.03, "y1": i + 0.97,
             "style": "outline", "c": "ink", "rx": 9}  # fmt: skip
    return [*found, frame]


def _row(table: Table, row: int, look: Look, presenter: bool) -> list[Row]:
    n, chosen = table.rows, row == table.selected
    mid, t = row + 0.5, int(table.target[row])
    thick = look.thick[chosen]
    high = (look.bottom - look.top) / n
    thick = min(thick, int(high * 0.6))
    y = look.top + (row + 0.5) * high
    kind = "sample" if table.output == "sigmoid" else "class"
    name = f"{row + 1}" if presenter else f"{kind} {row + 1}"
    lines = high >= 34 and not presenter
    words = {"bold": chosen, "c": "ink" if chosen else "muted"}
    found = [
        {"t": "bar", "in": "names", "tag": f"n{row}", "from": 0, "to": 1, "at": mid,
         "thick": int(high) - 2, "c": "surface", "opacity": 0},
        text(0, y - 8 if lines else y, name, size=look.label, **words),
        *([text(0, y + 9, f"target {t}", size=13, c=words["c"])] if lines else []),
        {"t": "bar", "in": "names", "tag": f"t{row}", "from": 0, "to": 1, "at": row + 0.73,
         "thick": int(high * 0.45), "c": "surface", "opacity": 0},
    ]  # fmt: skip
    if presenter:
        pass  # there the arrows choose which line of the panel is bright
    elif chosen:
        found[-1]["key"] = "t"
    elif row == table.selected - 1:
        found[0]["key"] = "ArrowUp"
    elif row == table.selected + 1:
        found[0]["key"] = "ArrowDown"
    number: Row = {"size": look.label, "bold": chosen, "inside": 62 if not presenter else 110}
    first = {"frames": [0, 0]}
    p0, p1 = table.ref("p", row), table.ref("p", n + row)
    found += [
        *_track("e", row, t, mid, thick, **first),
        _bar("e", row, t, p0, mid, thick, table.ref("error", row), **number, gap=16, **first),
        {"t": "dot", "in": "e", "tag": f"p{row}", "x": p0, "y": mid, "r": 11 if chosen else 8,
         "c": "ink" if chosen else "faint", "drag": "x", "step": 0.001, "nudge": 0.01,
         "lo": 0.001, "hi": 0.999, "name": f"prediction of {kind} {row + 1}", **first},
    ]  # fmt: skip
    small: Row = {"size": look.fine, "gap": 11, "inside": 80, "frames": LATER}
    # Two thin tracks, as far apart as two lines of text.
    for which, p, up in (("a", p0, -look.apart / high), ("b", p1, look.apart / high)):
        error = table.ref("error", row + (n if which == "b" else 0))
        at, slim = mid + up, 11 if chosen else 10
        loss = "squared error" if which == "a" else "cross-entropy"
        found += [
            *_track("e", row, t, at, slim, frames=LATER),
            _bar("e", row, t, p, at, slim, None if presenter else error, **small),
            {"t": "dot", "in": "e", "tag": f"{which}{row}", "x": p, "y": at,
             "r": 7 if chosen else 5, "c": "ink" if chosen else "faint", "drag": "x",
             "step": 0.001, "nudge": 0.01, "lo": 0.001, "hi": 0.999, "frames": LATER,
             "name": f"prediction of {kind} {row + 1} under {loss}"},
        ]  # fmt: skip
    for tag, offset in (("s", 0), ("c", n)):
        end, value = table.ref("end", row + offset), table.ref("delta", row + offset)
        found += [
            *_track(tag, row, t, mid, thick),
            _bar(tag, row, t, end, mid, thick, value, **number),
        ]
    return found


def _track(tag: str, row: int, t: int, at: float, thick: int, **more: Any) -> list[Row]:
    """The whole scale, and its zero, which is where the target is."""
    common = {"t": "bar", "in": tag, "tag": f"{tag}{row}", "at": at, **more}
    return [
        {**common, "from": 0, "to": 1, "thick": thick, "c": "zero", "edge": True, "opacity": 1},
        {**common, "from": t, "to": t, "thick": thick + 8, "c": "ink"},
    ]  # fmt: skip


def _bar(
    tag: str, row: int, t: int, to: Any, at: float, thick: int, label: Any, **more: Any
) -> Row:
    return {"t": "bar", "in": tag, "tag": f"{tag}{row}", "from": t, "to": to, "at": at,
            "thick": thick, **({"label": label} if label else {}), **more}  # fmt: skip


def _shares(table: Table, look: Look, presenter: bool) -> list[Row]:
    """What part of the loss, and of all pushes, is the selected row's."""
    n = table.rows
    kind = f"{'sample' if table.output == 'sigmoid' else 'class'} {table.selected + 1}"
    found: list[Row] = []
    for at, (name, of, what) in enumerate((
        ("loss", "of $L$ =", "loss"), ("push", "of Σ|δ| =", "push |δ|"),
    )):  # fmt: skip
        y = look.shares[at]
        label = f"{name}, %" if presenter else f"{kind}’s share of the {what}"
        found.append(text(0, y - (0 if presenter or at else 7), label, size=look.label, bold=True))
        if at == 0 and not presenter:
            found.append(text(0, y + 13, f"filled: {kind}, grey: the others", size=13, c="muted"))
        for which in (0, 1):
            x0, x1 = look.columns[1 + which]
            tag = f"{name}{which}"
            half = look.share // 2
            found.append({"t": "plane", "tag": tag, "x0": x0, "x1": x1, "y0": y - half,
                          "y1": y + half, "xr": [0, 1], "yr": [0, 1]})  # fmt: skip
            for j in range(n):
                ends = [table.ref(name, which * (n + 1) + j + e) for e in (0, 1)]
                found.append({"t": "bar", "in": tag, "from": ends[0], "to": ends[1], "at": 0.5,
                              "thick": look.share, "opacity": 1,
                              "c": "covered" if j else "ink"})  # fmt: skip
                if j:
                    found.append({"t": "seg", "in": tag, "x1": ends[0], "y1": 0, "x2": ends[0],
                                  "y2": 1, "c": "paper", "width": 1.5})  # fmt: skip
            found.append({"t": "bar", "in": tag, "tag": f"share {tag}", "from": 0,
                          "to": table.ref(name, which * (n + 1) + 1), "at": 0.5, "opacity": 1,
                          "thick": look.share, "c": "ink", "bold": True,
                          "unit": " " if presenter else " %",
                          "label": table.ref("percent", 2 * at + which), "size": look.label,
                          "inside": 62 if not presenter else 76})  # fmt: skip
            if not presenter:
                found.append({"t": "words", "in": tag, "tag": f"total {tag}", "x": 1, "y": 0,
                              "dy": 12, "s": of, "v": [table.ref("total", 2 * at + which)],
                              "anchor": "end", "size": 13, "c": "muted"})  # fmt: skip
    return found
