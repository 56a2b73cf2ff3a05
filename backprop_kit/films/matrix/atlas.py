"""The mark that is never drawn: with it the page takes any number apart, without a kernel.

of     {array: its symbol, its name in code, its recipe, the equation it is the result of}
looks  {key: the row and column looked at first}
says   the sentences of what is pressed
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.captions import sentences
from backprop_kit.films.matrix.book import Book
from backprop_kit.films.matrix.scene import Scene
from backprop_kit.films.pass_words import words_of


def atlas_of(book: Book, *, lens: bool) -> dict[str, Any]:
    """The atlas of a book."""
    says = {
        key.removeprefix("page."): sentence.removeprefix("·")
        for key, sentence in sentences("matrix").items()
        if key.startswith("page.")
    }
    return {
        "t": "atlas", "tag": "atlas", "when": "on", "of": book.atlas,
        "looks": _looks(book.scene), "says": says, **({"lens": 1} if lens else {}),
    }  # fmt: skip


def _looks(scene: Scene) -> dict[str, list[int]]:
    """Which number is looked at first: what the lesson names, else the steepest weight, else the
    first number."""
    asked = words_of(scene.recorded).looks
    looks = {}
    for name, path in scene.paths.items():
        if name[0] != "W":
            continue
        rows, cols = scene.values(name).shape
        i, j = asked.get(path, (-1, -1))
        if not (0 <= i < rows and 0 <= j < cols):
            source = f"g{name}" if scene.has(f"g{name}") else name
            sizes = np.abs(np.nan_to_num(scene.values(source)))
            i, j = (int(n) for n in np.unravel_index(int(sizes.argmax()), sizes.shape))
        looks[name] = [i, j]
        looks[f"b{name[1:]}"] = [0, j]
    return looks
