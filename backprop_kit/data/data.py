"""``Data``: samples and what should come out of them, split once into train and test."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

TRAIN_SHARE = 0.8


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """Samples x and targets y, one row each, that never change.

    x: (n, …) numbers. y: (n, …) numbers, or (n,) integers when they are labels.
    Integers in x become float64; integers in y stay integers, because they are read as labels.
    Unpacks to a pair, ``x, y = data``; ``len(data)`` is n.

    names: one name per column of x, or None.
    classes: the name of each label, 0, 1, 2 …, or None.
    split: the rows of ``.train`` and of ``.test``, two lists of row numbers. Without it they are
    drawn by ``default_rng(0).permutation(n)``: the first 80 % to learn from, the rest to test.
    recipe: of data that the kit made, how: {"name": "moons", "n": 200, …}, else None; see
    ``from_recipe``.

    Raises ValueError when x and y differ in length, are empty or hold NaN or ∞, and TypeError when
    they are not numbers. The arrays are copies and read-only.
    """

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...] | None
    split: tuple[np.ndarray, np.ndarray]
    classes: tuple[str, ...] | None
    _recipe: dict[str, Any] | None

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        names: Sequence[str] | None = None,
        *,
        split: tuple[ArrayLike, ArrayLike] | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        x, y = _numbers("x", x), _numbers("y", y)
        n = len(x)
        if n != len(y):
            raise ValueError(
                f"x has {_samples(n)} and y has {len(y):,}.\n"
                "Give one target per sample: row i of y belongs to row i of x."
            )
        if x.dtype.kind in "iu":
            x = x.astype(np.float64)
        put = partial(object.__setattr__, self)
        put("x", _frozen(x))
        put("y", _frozen(y))
        put("names", None if names is None else _column_names(names, x))
        put("split", _drawn(n) if split is None else _given(split, n))
        put("classes", None if classes is None else _class_names(classes, y))
        put("_recipe", None)

    @property
    def recipe(self) -> dict[str, Any] | None:
        """How the kit made these samples, as a dictionary of plain values, or None."""
        return dict(self._recipe) if self._recipe is not None else None

    def made_by(self, recipe: Mapping[str, Any]) -> Data:
        """The same samples, which now say how they were made."""
        twin = copy.copy(self)
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in recipe.items()}
        plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in plain.items()}
        object.__setattr__(twin, "_recipe", plain)
        return twin

    def edited(self, x: np.ndarray, y: np.ndarray, split: tuple[np.ndarray, np.ndarray]) -> Self:
        """Data of the same kind with other rows, as `edits` makes them."""
        new: Any = Data(x, y, self.names, split=split, classes=self.classes)
        return new

    @property
    def train(self) -> Data:
        """The rows to learn from, as Data."""
        return self._part(0, "train")

    @property
    def test(self) -> Data:
        """The rows kept back to judge by, as Data."""
        return self._part(1, "test")

    def _part(self, which: int, word: str) -> Data:
        rows = self.split[which]
        if not len(rows):
            raise ValueError(
                f"This Data has {_samples(len(self))}, and none is set aside for .{word}.\n"
                "Use x and y themselves, or give split=(train rows, test rows)."
            )
        return Data(self.x[rows], self.y[rows], self.names, classes=self.classes)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.x, self.y))

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        train, test = map(len, self.split)
        labels = self.y.dtype.kind in "iu" and self.y.ndim == 1
        y = f"labels {self.y.min()} to {self.y.max()}" if labels else self.y.shape
        return (
            f"Data: {_samples(len(self))}, x {self.x.shape}, y {y}; {train:,} train, {test:,} test"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Built anew in another process, so that the arrays are read-only there too.
        make = partial(_again, split=self.split, classes=self.classes, recipe=self.recipe)
        return make, (self.x, self.y, self.names)


def _again(*arrays: Any, recipe: Mapping[str, Any] | None, **rest: Any) -> Data:
    data = Data(*arrays, **rest)
    return data if recipe is None else data.made_by(recipe)


def _numbers(word: str, values: ArrayLike) -> np.ndarray:
    try:
        array = np.array(values)  # a copy: the caller's array may change later
    except ValueError:
        raise ValueError(
            f"The rows of {word} have different lengths.\n"
            "Give a table: every sample with the same number of entries."
        ) from None
    if array.dtype.kind == "b":
        array = array.astype(np.int64)
    if array.dtype.kind not in "iufc":
        what = "text" if array.dtype.kind in "US" else f"dtype {array.dtype}"
        raise TypeError(
            f"{word} must hold numbers (got {what}).\n"
            "Turn categories into integer labels or into columns of 0 and 1 first."
        )
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"{word} holds no samples (got shape {array.shape}).\n"
            "Give at least one row: shape (n, features), n ≥ 1."
        )
    if not np.isfinite(array).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        place = ", ".join(map(str, first))
        raise ValueError(
            f"{word}[{place}] is {'NaN' if np.isnan(array[first]) else 'infinite'}.\n"
            "No slope can be taken there: remove the sample or fill the gap first."
        )
    return array


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _texts(names: Any) -> bool:
    """Whether this is a list of texts."""
    listed = isinstance(names, (Sequence, np.ndarray)) and not isinstance(names, str)
    return listed and all(isinstance(name, str) for name in names)


def _column_names(names: Sequence[str], x: np.ndarray) -> tuple[str, ...]:
    if not _texts(names):
        raise TypeError(
            "names must be a list of texts, one per column of x.\n"
            'For example names=["switch 1", "switch 2"].'
        )
    columns = x.shape[1] if x.ndim > 1 else 1
    if len(names) != columns:
        raise ValueError(
            f"x has {columns} columns and names has {len(names)} entries.\n"
            "Give one name per column, or leave names out."
        )
    return tuple(names)


def _class_names(classes: Sequence[str], y: np.ndarray) -> tuple[str, ...]:
    if not _texts(classes):
        raise TypeError(
            'classes must be a list of texts, one per label.\nFor example classes=["cat", "dog"].'
        )
    if y.size not in (len(y), 0) or not np.isin(y, np.arange(len(classes))).all():
        raise ValueError(
            f"y does not count the {len(classes)} classes from 0.\n"
            "Give one whole number for each sample, the place of its class in the list."
        )
    return tuple(classes)


def _drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(0).permutation(n)
    first = max(1, int(TRAIN_SHARE * n))  # a single row is there to learn from
    return _frozen(order[:first].copy()), _frozen(order[first:].copy())


def _given(split: tuple[ArrayLike, ArrayLike], n: int) -> tuple[np.ndarray, np.ndarray]:
    try:
        train, test = (np.array(rows) for rows in split)
    except (TypeError, ValueError):
        train = test = np.array(None)  # refused just below
    for rows in (train, test):
        if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
            raise TypeError(
                "split must be two lists of row numbers, for train and for test.\n"
                "For example split=([0, 1, 2], [3])."
            )
        if rows.size and not (0 <= rows.min() and rows.max() < n):
            raise ValueError(
                f"split names rows {rows.min()} to {rows.max()}.\nThis Data has rows 0 to {n - 1}."
            )
    return _frozen(train.astype(np.intp)), _frozen(test.astype(np.intp))


def _samples(n: int) -> str:
    return "1 sample" if n == 1 else f"{n:,} samples"
