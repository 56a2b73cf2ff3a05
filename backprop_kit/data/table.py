"""``read_csv()``: a table of one's own, read with care and without guessing at what is missing."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from .data import Data
from .split import check_seed, check_share, split

MOST_ROWS, MOST_BYTES = 100_000, 64 * 2**20
MOST_CLASSES = 10  # of whole numbers; of words there may be more
Row = tuple[int, list[str]]  # the line it stands on, counted from 1, and its fields


def read_csv(
    source: str | os.PathLike[str], target: int | str = -1, test: float = 0.2, seed: int = 0
) -> Data:
    """A table of numbers as Data: one row a sample, one column the target.

    source  a path, or the text of the table itself (two lines or more)
    target  the column to be learned, by place (−1: the last) or by its name in the header
    test, seed  the share of the rows that is set aside to judge by, and its draw

    Fields are separated by commas, semicolons or tabs, whichever the first line has; between
    semicolons or tabs a decimal comma is a number, too. A first line of words is the header and
    becomes ``.names``. A target of words, or of at most ten whole numbers written without a
    fraction, is a class: ``.classes`` keeps their names in order. Of two classes y is (n, 1), 0 or
    1; of more it is (n,), labels from 0. Other targets are numbers, (n, 1).

    Raises ValueError, in two lines, for what is no such table: it names the line, the column and
    the text. At most 100,000 rows and 64 MB are read. Nothing in a table is ever executed.
    """
    check_share(test)
    check_seed(seed)
    rows = _rows(_text(source))
    place, names = _header(rows, target)
    if names is not None:
        rows = rows[1:]
    if len(rows) > MOST_ROWS:
        raise ValueError(_too_large(f"{len(rows):,} rows"))
    if not rows:
        raise ValueError("The table has a header and no rows.\nGive one line for each sample.")
    titles = names or [f"column {i + 1}" for i in range(len(rows[0][1]))]
    y, classes = _target([(line, row[place]) for line, row in rows], titles[place])
    others = [i for i in range(len(titles)) if i != place]
    x = np.array([[_value(line, titles[i], row[i]) for i in others] for line, row in rows])
    return Data(
        x, y, [names[i] for i in others] if names else None,
        split=split(np.random.default_rng(seed), len(x), test), classes=classes,
    )  # fmt: skip


# --- from text to fields --------------------------------------------------------------------------
def _text(source: Any) -> str:
    if isinstance(source, str) and ("\n" in source or "\r" in source):
        if len(source) > MOST_BYTES:
            raise ValueError(_too_large(f"{len(source) / 2**20:.0f} million characters"))
        return source
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(
            f"read_csv got {type(source).__name__}; it reads a path or the text of a table.\n"
            'For example read_csv("flowers.csv").'
        )
    path = Path(source)
    try:
        if "\0" in str(source) or (path.exists() and not path.is_file()):
            raise OSError(0, "it is no file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ValueError(_too_large(f"{size / 2**20:.0f} MB"))
        raw = path.read_bytes()
    except OSError as problem:
        raise ValueError(
            f"{str(source)[:80]!r} cannot be read: {(problem.strerror or 'no file').lower()}.\n"
            "Give the path of a file, or the text of a table with a line for each sample."
        ) from None
    if b"\0" in raw:
        raise ValueError(
            f"{path.name[:80]!r} is no plain text.\nSave the table as CSV (UTF-8) and read that."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # as older spreadsheets write it


def _too_large(what: str) -> str:
    return (
        f"The table is too large ({what}).\n"
        f"At most {MOST_ROWS:,} rows and {MOST_BYTES // 2**20} MB are read: save a part of it."
    )


def _rows(text: str) -> list[Row]:
    text = text.lstrip("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub('"[^"]*"', "", first)  # a mark between quotation marks is text
    mark = next((m for m in ";\t" if m in bare), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
    rows: list[Row] = []
    try:
        for fields in reader:
            if not any(field.strip() for field in fields) and len(fields) < 2:
                continue
            rows.append((reader.line_num, [_plain(field.strip(), mark) for field in fields]))
            if len(rows) > MOST_ROWS + 1:  # one of them may be the header
                raise ValueError(_too_large(f"more than {MOST_ROWS:,} rows"))
    except csv.Error as problem:
        raise ValueError(
            f"Line {reader.line_num} cannot be taken apart: {problem}.\n"
            "Check the quotation marks on it."
        ) from None
    if not rows:
        raise ValueError("The table is empty.\nGive one line for each sample.")
    count = len(rows[0][1])
    for line, fields in rows:
        if len(fields) != count:
            raise ValueError(
                f"Line {line} has {_fields(len(fields))}; line {rows[0][0]} has {count}.\n"
                f"Give every line as many, separated by {_MARKS[mark]}."
            )
    if count < 2:
        raise ValueError(
            "The table has a single column.\n"
            "Give two or more, separated by commas: what goes in, and the target."
        )
    return rows


_MARKS = {",": "commas", ";": "semicolons", "\t": "tabs"}


def _fields(n: int) -> str:
    return "1 field" if n == 1 else f"{n} fields"


def _plain(field: str, mark: str) -> str:
    """A field with a decimal comma as Python writes the number; anything else as it is."""
    if mark != "," and field.count(",") == 1:
        pointed = field.replace(",", ".")
        if _number(pointed) is not None:
            return pointed
    return field


# --- what the fields mean -------------------------------------------------------------------------
def _number(field: str) -> float | None:
    try:
        value = float(field)
    except ValueError:
        return None
    # −0 is 0: it counts no class of its own.
    return value + 0.0 if isfinite(value) and "_" not in field else None


def _header(rows: Sequence[Row], target: Any) -> tuple[int, list[str] | None]:
    """The place of the target, and the names of the columns if the first line holds them."""
    first = rows[0][1]
    count = len(first)
    if isinstance(target, str):
        if first.count(target) != 1:
            found = "stands twice or more in" if target in first else "is not in"
            raise ValueError(
                f"{target[:40]!r} {found} the first line: {_listed(first)}.\n"
                "Name one of these columns, or give its place: target=0."
            )
        return first.index(target), list(first)
    if type(target) is not int or not -count <= target < count:
        raise ValueError(
            f"target is {target!r}; the table has {count} columns.\n"
            f"Give a place from 0 to {count - 1}, or −1 for the last, or a name in the header."
        )
    place = target % count
    words = any(_number(f) is None for i, f in enumerate(first) if i != place)
    if not words and _number(first[place]) is None and len(rows) > 1:
        words = _number(rows[1][1][place]) is not None  # a name above numbers
    return place, list(first) if words else None


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:20] for name in names[:8])
    return shown + (" …" if len(names) > 8 else "")


def _value(line: int, title: str, field: str) -> float:
    value = _number(field)
    if value is None:
        raise ValueError(_no_number(line, title, field))
    return value


def _no_number(line: int, title: str, field: str) -> str:
    if not field:
        return (
            f"Line {line} has nothing in {title[:40]!r}.\n"
            "Fill the gap, or leave the line out: what is missing is not guessed."
        )
    return (
        f"Line {line} has {field[:40]!r} in {title[:40]!r}, which is no finite number.\n"
        "Write numbers such as 0.5 there; only the target may be words."
    )


def _target(column: Sequence[tuple[int, str]], title: str) -> tuple[np.ndarray, Any]:
    """y, and the names of its classes or None."""
    for line, field in column:
        if not field:
            raise ValueError(_no_number(line, title, field))
    numbers = [_number(field) for _, field in column]
    odd = [line_field for line_field, v in zip(column, numbers, strict=True) if v is None]
    if odd and len(odd) < len(column):
        line, field = odd[0]
        raise ValueError(
            f"The target {title[:40]!r} has numbers, but {field[:40]!r} on line {line}.\n"
            "Write numbers throughout, or a word in every line."
        )
    values = [v for v in numbers if v is not None]
    names = sorted({field for _, field in column})
    if not odd:
        whole = all(field.lstrip("+-").isdecimal() for _, field in column)
        different = sorted(set(values))
        if not whole or len(different) > MOST_CLASSES:
            names = []
        else:
            names = [f"{v:.0f}" for v in different]
    if len(names) == 1 or len(set(values)) == 1:
        raise ValueError(
            f"Every line has the same target in {title[:40]!r}: {column[0][1][:40]!r}.\n"
            "Give samples of two classes at least, or targets that differ."
        )
    if not names:
        return np.array(values)[:, None], None
    order = {name: i for i, name in enumerate(names)}
    said = [field for _, field in column] if odd else [f"{v:.0f}" for v in values]
    label = np.array([order[name] for name in said])
    return (label[:, None].astype(np.float64) if len(names) == 2 else label), names
