"""One weight of a run: its slope in the step that comes next, and what the optimizer remembers.

`weight_of` the record `Weight`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from backprop_kit.study.run import Run

Place = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Weight:
    """A weight by its path and index in it; `name` is W₂[8, 7], counted from 1.

    slope   of the loss of the batch that makes the next step; NaN where there is none
    memory  ((symbol, words, number), …) of the optimizer
    """

    path: str
    index: tuple[int, ...]
    name: str
    value: float
    slope: float
    memory: tuple[tuple[str, str, float], ...]


def weight_of(run: Run, numbers: Mapping[str, np.ndarray], place: Place | None) -> Weight | None:
    """What there is to know of one weight; None where there is no such weight."""
    if place is None:
        return None
    path, index = place
    held = numbers.get(path)
    if held is None or len(index) != held.ndim:
        return None
    if any(not 0 <= i < n for i, n in zip(index, held.shape, strict=True)):
        return None
    remembered = run.remembered(path)
    letters = {words: letter for letter, words in run.settings.optimizer.slots.items()}
    memory = tuple(
        (letters.get(words, words), words, float(np.broadcast_to(v, held.shape)[index]))
        for words, v in remembered.items()
    )
    name, slope = _name(numbers, path, index), _slope(run, path, index)
    return Weight(path, index, name, float(held[index]), slope, memory)


def _name(numbers: Mapping[str, np.ndarray], path: str, index: tuple[int, ...]) -> str:
    """The letter of the parameter, the number of its layer, and its place there."""
    layers = list(dict.fromkeys(p.rpartition(".")[0] for p in numbers))
    where, _, letter = path.rpartition(".")
    low = "".join(chr(0x2080 + int(digit)) for digit in str(layers.index(where) + 1))
    return f"{letter}{low if len(layers) > 1 else ''}[{', '.join(str(i + 1) for i in index)}]"


def _slope(run: Run, path: str, index: tuple[int, ...]) -> float:
    """Recorded on a copy, with the very batch of the next step."""
    model, x, y, loss, _ = run.looked()
    parameter = dict(model.named_parameters())[path]
    parameter.grad = None
    loss(model(x), y).backward()
    grad = parameter.grad
    return np.nan if grad is None else float(grad[index])
