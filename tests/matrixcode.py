"""The recipes of the matrix pictures, carried out in Python with NumPy alone."""

from __future__ import annotations

import re
from typing import Any

import numpy as np


def recomputed(of: dict[str, Any], arrays: dict[str, np.ndarray], name: str) -> np.ndarray | None:
    """What the recipe of an array gives, from the arrays it names; None where it has none."""
    how, rows, cols = of[name]["how"], of[name]["rows"], of[name]["cols"]
    kind = how["t"]
    if kind == "product":
        left = arrays[how["l"]].T if how.get("lT") else arrays[how["l"]]
        right = arrays[how["r"]].T if how.get("rT") else arrays[how["r"]]
        return left @ right + (arrays[how["b"]] if "b" in how else 0)
    if kind == "sum":
        return arrays[how["of"]].sum(0, keepdims=True)
    if kind == "each":
        values = [arrays[n] for n in how["of"]]
        return _run(
            ["y = " + how["code"].format("a", "b", "c")], dict(zip("abc", values, strict=False))
        )
    if kind == "row":
        out = np.empty((rows, cols))
        for i in range(rows):
            for j in range(cols):
                given = {letter: arrays[n][i] for letter, n in zip("uv", how["of"], strict=False)}
                out[i, j] = _run(_filled(how["code"], "uv", j), given)
        return out
    if kind == "whole":
        given = {letter: arrays[n] for letter, n in zip("uv", how["of"], strict=False)}
        if how.get("labels"):
            given["v"] = given["v"].astype(int).reshape(-1)
        return np.reshape(_run(_filled(how["code"], "uv", 0), given), (1, 1))
    assert kind in ("given", "closed", "binned"), how
    return None


def _filled(lines: list[str], letters: str, j: int) -> list[str]:
    fill = {"y": "y", "j": str(j), "0": letters[0], "1": letters[1]}
    return [re.sub(r"\{(\w+)\}", lambda m: fill[m[1]], line) for line in lines]


def _run(lines: list[str], given: dict[str, Any]) -> Any:
    space: dict[str, Any] = {"np": np, **given}
    exec("\n".join(lines), space)
    return space["y"]
