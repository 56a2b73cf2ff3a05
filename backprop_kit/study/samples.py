"""What a person hands to a picture: samples, numbers, and names of groups, looked at before use.

`rows_of` samples as rows · `vector` a few numbers · `grouped` which rows belong together ·
`array_of`, `in_rows`, `finite` the steps of reading an array, for errors with advice of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_kit.engine.tensor import Tensor

Groups = dict[str, tuple[int, ...]]


def numbers(name: str, values: Any) -> np.ndarray:
    """Finite numbers as an array of floats.

    Raises TypeError for what is no rectangle of numbers, ValueError for what is not finite.
    """
    advice = "Give a number, a list, or a list of rows such as [[1, -1], [0, 1]]."
    array = in_rows(name, values, advice).astype(float)
    return finite(name, array, "Every entry must be finite.")


def array_of(values: Any) -> np.ndarray:
    """What was handed in as an array; one of objects where it is no rectangle."""
    values = values.data if isinstance(values, Tensor) else values
    try:
        return np.asarray(values)
    except ValueError:
        return np.asarray(None)


def in_rows(name: str, values: Any, advice: str) -> np.ndarray:
    """An array of numbers of any kind; raises TypeError, with this advice, for anything else."""
    array = array_of(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold numbers in rows of equal length.\n{advice}")
    return array


def finite(name: str, array: np.ndarray, advice: str) -> np.ndarray:
    """The same array; raises ValueError, with this advice, for an entry that is not finite."""
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"{name}{list(where)} is {array[where]}, which is no number to compute with.\n{advice}"
        )
    return array


def rows_of(X: Any, inputs: int | None = None) -> np.ndarray:
    """Samples as (rows, inputs); one sample becomes one row.

    Raises ValueError for another number of inputs, or no sample at all.
    """
    X = numbers("X", X)
    rows = X[None] if X.ndim == 1 else X
    if rows.ndim != 2 or not rows.size or (inputs is not None and rows.shape[1] != inputs):
        wanted = "numbers" if inputs is None else f"{inputs} numbers"
        raise ValueError(
            f"X has shape {X.shape}; this picture needs rows of {wanted}.\n"
            + ('Look at the outputs instead: show="net".' if inputs and X.ndim == 2 and X.size
               else "Give one row for each sample, such as [[1, -1], [-1, 1]].")
        )  # fmt: skip
    return rows


def vector(name: str, values: Any, length: int | None = None) -> np.ndarray:
    """A few numbers in a row, of this length."""
    found = np.atleast_1d(numbers(name, values))
    if found.ndim != 1 or not found.size or (length is not None and found.size != length):
        wanted = "a row of numbers" if length is None else f"{length} numbers"
        raise ValueError(
            f"{name} has shape {found.shape}; it must be {wanted}.\n"
            "Write them in one list, such as [1.4, -0.2]."
        )
    return found


def grouped(groups: Sequence[str] | None, y: Any, count: int) -> Groups:
    """{name: rows}: by a name for each row, else by the labels y, else no groups.

    Raises ValueError where names or labels and rows differ in number; TypeError for no list.
    """
    if groups is None and y is None:
        return {}
    if groups is None:
        labels = numbers("y", y)
        if labels.size != count:
            raise ValueError(
                f"X has {count} rows and y has {labels.size} labels.\n"
                "Both need one for each sample."
            )
        groups = [f"y = {v:g}".replace("-", "−") for v in labels.reshape(-1)]
    if isinstance(groups, str) or not isinstance(groups, Sequence):
        raise TypeError(
            f"groups is {type(groups).__name__}; it must be a list of names, one for each row.\n"
            'Write groups=["on", "on", "off", "off"].'
        )
    if len(groups) != count:
        raise ValueError(
            f"X has {count} rows and groups has {len(groups)} names.\n"
            "Give one name for each sample."
        )
    found: dict[str, list[int]] = {}
    for i, name in enumerate(groups):
        found.setdefault(str(name), []).append(i)
    return {name: tuple(rows) for name, rows in found.items()}
