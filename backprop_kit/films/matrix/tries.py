"""The products a learner may try in place of the right one, each worked out by NumPy.

`tries` every product of two of X, W and dY (turned or not) that fits, whether it is the gradient,
and its numbers where they are few.
"""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np

from backprop_kit.films.matrix.pages import Page, spelled
from backprop_kit.films.matrix.scene import Scene
from backprop_kit.films.numbers import number
from backprop_kit.study.products import Try

NAMES = ("X", "dY", "W")


def tries(scene: Scene, page: Page, goal: str, known: int) -> dict[str, Any]:
    """What the page needs to answer a try.

    goal     the gradient asked for, `size` its shape, `pair` the two matrices it is made of
    turns    the six factors
    answers  {"left,right": {"ok": 1 if it is the gradient, "v": its numbers, "off": where it is
             not: place, its number, the right one}} for what fits; the rest does not
    """
    layer, m = page.affine, page.number
    assert layer is not None
    symbols = {"X": page.into, "dY": page.blame, "W": f"W{page.sub}"}
    arrays = {"X": f"v{m - 1}", "dY": scene.blame(page), "W": f"W{m}"}
    factors = [layer.factor(name, turned) for name in NAMES for turned in (False, True)]
    turns = [
        {
            "sym": spelled(symbols[f.name]) + ("^T" if f.turned else ""), "of": f.name,
            "v": [[arrays[f.name], 0]], **({"T": 1} if f.turned else {}),
            "m": [[f.means[0], f.values.shape[0]], [f.means[1], f.values.shape[1]]],
        }
        for f in factors
    ]  # fmt: skip
    answers: dict[str, Any] = {}
    places = {(f.name, f.turned): i for i, f in enumerate(factors)}
    for (a, b), (s, t) in product(permutations(NAMES, 2), product((False, True), repeat=2)):
        one = layer.tried(goal, layer.factor(a, s), layer.factor(b, t))
        if one.fits:
            answers[f"{places[a, s]},{places[b, t]}"] = _answer(scene, page, one, known)
    letter, means, pair = (
        (symbols["W"], ["in", "out"], ["X", "dY"])
        if goal == "dW"
        else (symbols["X"], ["batch", "in"], ["dY", "W"])
    )
    return {
        "goal": spelled(f"d{letter}"), "means": means, "pair": pair, "turns": turns,
        "size": list(getattr(layer, goal).shape), "answers": answers,
    }  # fmt: skip


def _answer(scene: Scene, page: Page, one: Try, known: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if name := scene.tried(page, one, known):
        found["v"] = [[name, 0]]
    if one.shaped:
        if one.passes:
            found["ok"] = 1
        else:
            assert one.value is not None
            away = np.abs(np.nan_to_num(one.value - one.goal))
            at = np.unravel_index(int(away.argmax()), away.shape)
            found["off"] = [number(one.value[at]), number(one.goal[at])]
    return found
