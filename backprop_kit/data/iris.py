"""``iris()``: 150 flowers of three species, four measures each, shipped with the kit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from .data import Data
from .recipe import made
from .split import check_seed, check_share, split

SPECIES = ("setosa", "versicolor", "virginica")
MEASURES = ("sepal length", "sepal width", "petal length", "petal width")


@made
def iris(columns: Sequence[int] = (0, 1, 2, 3), seed: int = 0, *, test: float = 0.2) -> Data:
    """150 flowers, 50 of each of three species of iris, by four lengths in centimetres.

    x: (150, len(columns)) float64, 0.1 to 7.9. y: (150,) integers: 0 setosa, 1 versicolor,
    2 virginica (``.classes``), 50 rows each in this order.
    columns: which measures, 0 sepal length, 1 sepal width, 2 petal length, 3 petal width;
    (2, 3) is a plane in which setosa stands apart and the other two touch.
    seed, test: the draw of the rows set aside to judge by, and their share.

    Source: R. A. Fisher, The use of multiple measurements in taxonomic problems, Annals of
    Eugenics 7 (1936), measured by E. Anderson. The numbers are those of the article; two rows in
    wide-spread copies (35 and 38) are not. Licence and attribution: ``ATTRIBUTION.md``.

    Raises ValueError for columns, a seed or a share that make no sense.
    """
    chosen = _columns(columns)
    check_share(test)
    check_seed(seed)
    x, y = _table()
    rows = split(np.random.default_rng(seed), len(x), test)
    names = [MEASURES[c] for c in chosen]
    return Data(x[:, chosen], y, names, split=rows, classes=SPECIES)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    with (files(__package__) / "iris.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        return stored["x"] / 10.0, stored["y"].astype(np.int64)  # kept in millimetres


def _columns(columns: Any) -> list[int]:
    try:
        chosen = list(columns)
    except TypeError:
        chosen = []
    whole = all(type(c) is int and 0 <= c < len(MEASURES) for c in chosen)
    if not chosen or not whole or len(set(chosen)) < len(chosen):
        raise ValueError(
            f"columns is {columns!r}; it lists some of the four measures, each once.\n"
            "Give numbers from 0 to 3, such as (2, 3) for the petals."
        )
    return chosen
