"""What a film leaves out in a lecture hall, and which row of its panel is bright.

`presented(rows)` is for any film: heads, notes, shapes and side remarks go, rules keep only their
symbols where numbers follow. `owned(row, tags)` says which marks belong to each line of an `eq`;
the first such row with marks in the picture leads: one of its lines is bright, with its marks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from backprop_kit.films.rows import Panel, Row

MOST_BARS = 5  # bars of a list beside the total
_CALL = re.compile(r"= (\w+)")  # a function of the block behind it
_LIST = re.compile(r": (?:[−\d.,·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+(?: numbers from| to| up| down)? ?)+\.$")


def owned(row: Row, tags: Sequence[Sequence[str]]) -> Row:
    """An `eq` row whose lines name the marks that belong to them."""
    return {**row, "of": [list(line) for line in tags]}


def usual(rows: Panel) -> Panel:
    """The same rows without what only a lecture hall asks for."""
    return tuple({k: v for k, v in r.items() if k != "of"} if "of" in r else r for r in rows)


def presented(rows: Panel, there: Collection[str] = (), to: Sequence[str] = ()) -> Panel:
    """The rows of a panel in large type, with one that leads.

    there  the tags in the picture
    to     what receives where a line has no mark of its own there
    """
    out: list[Row] = []
    numbers = any(r["t"] in ("eq", "terms") for r in rows)
    blocks = [row for row in rows if row["t"] == "rule"][-1:]  # one is enough to look at
    for row in rows:
        kind = row["t"]
        if kind == "rule" and (numbers or row is not blocks[0]):
            out.append(_symbols(row))
        elif kind == "rule":
            first, *others = row["items"]
            made = {**first, "lit": "all"} if "sym" in first else first
            out.append({"t": "rule", "items": [made, *others]})
        elif kind == "eq":
            out.append({k: v for k, v in row.items() if k != "head"})
        elif kind == "bars":
            out.append(_fewer(row))
        elif kind not in ("gap", "line", "next") and row.get("c") != "muted":
            out.append(row)
    return tuple(_led(_joined(out), there, to))


def _symbols(row: Row) -> Row:
    """A rule as one formula: the numbers below it say what is in it."""
    items = row["items"]
    if items[0].get("op", "").endswith("="):  # what is made has no block of its own
        items = items[1:]
    said, call = "", ""
    for item in items:
        part = item.get("sym", item.get("op", "")).replace("$", "")
        said += f"{call}({part})" if call else f" {part}"
        call = ""
        if (found := _CALL.fullmatch(part)) and item is not items[-1]:
            said, call = said[: -len(part)] + "= ", found[1]
    return {"t": "p", "s": f"${said.strip()}$", "c": "rule", "cells": items}


def _fewer(row: Row) -> Row:
    """The largest bars, and the others as one."""
    items = row["items"]
    if len(items) <= MOST_BARS:
        return row
    *_, last = items
    named = items[:-1] if str(last[0]).endswith(" more") else items
    count = len(items) - (MOST_BARS - 1)
    if named is not items:
        count += int(str(last[0]).split()[0].replace(",", "")) - 1
    rest = float(sum(v for _, v in items[MOST_BARS - 1 :]))
    return {**row, "items": [*items[: MOST_BARS - 1], [f"{count} more", rest]]}


def _joined(rows: list[Row]) -> list[Row]:
    """Each symbol stands above its numbers where the lines below have the parts of the rule."""
    out: list[Row] = []
    for row in rows:
        before = out[-1] if out else {}
        parts = before.get("cells")
        if row["t"] == "eq" and parts and _alike(parts, row["rows"][0]):
            out[-1] = {**row, "top": [p if "sym" in p else p["op"] for p in parts]}
        else:
            out.append(row)
    return [{k: v for k, v in r.items() if k != "cells"} for r in out]


def _alike(parts: list[Row], line: list[Any]) -> bool:
    if len(parts) < 3 or len(parts) > len(line):
        return False
    over = {"=": ("=", "≈"), "·": ("×",), "⊙": ("×",), "+": ("+",), "−": ("−",)}
    pairs = zip(parts, line, strict=False)
    same = all(
        cell in over.get(p["op"], ()) if "op" in p else not isinstance(cell, str)
        for p, cell in pairs
    )
    return same and line[len(parts) :][:1] in ([], ["="], ["≈"], ["=?"])


def _led(rows: list[Row], there: Collection[str], to: Sequence[str]) -> list[Row]:
    """The last list of lines with marks leads; the line of its largest result is bright."""
    leads = [i for i, r in enumerate(rows) if "of" in r]
    lead = leads[-1] if leads else -1
    out = []
    for i, row in enumerate(rows):
        if "of" not in row:
            out.append(row)
            continue
        plain = {k: v for k, v in row.items() if k != "of"}
        if i == lead:
            of = [_seen(tags, there) or list(to) for tags in row["of"]]
            sizes = [max((abs(c["v"]) for c in line if isinstance(c, dict) and "v" in c), default=0)
                     for line in row["rows"]]  # fmt: skip
            plain |= {"of": of, "bright": sizes.index(max(sizes))}
        out.append(plain)
    if sum(len(r["rows"]) for r in out if r["t"] == "eq") > 5 and lead >= 0:
        out = [r for i, r in enumerate(out) if r["t"] != "eq" or i == lead]
    return out


def _seen(tags: Sequence[str], there: Collection[str]) -> list[str]:
    """The marks in the picture; a block stands for each of its entries."""
    named = [tag if tag in there else tag.split(":")[0] for tag in tags]
    return list(dict.fromkeys(tag for tag in named if tag in there))


def one_line(said: str, most: int = 56) -> str:
    """A caption for one line: first without what to press, then its main clause alone, then
    without the numbers, which stand in the panel."""
    if len(said) > most:
        said = said.split(". ")[0].rstrip(".") + "."
    if len(said) > most and "; " in said:
        first, *_, last = said.split("; ")
        said = last[:1].upper() + last[1:] if len(last) > 28 else first + "."
    return _LIST.sub(".", said) if len(said) > most else said
