"""The rows that show arrays of a pass; the others are those of every panel."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.rows import Row


def flat(scene: Scene, name: str) -> np.ndarray:
    return scene.values(name).reshape(-1)


def block(scene: Scene, name: str, sym: str, **extra: Any) -> Row:
    """One block of a rule: an array with its symbol and its shape."""
    values = scene.values(name)
    rows, cols = values.shape if values.ndim == 2 else (1, values.size)
    size = scene.whole.get(name, (rows, cols))
    if extra.get("transpose"):
        rows, cols, size = cols, rows, size[::-1]
    said = f"{size[0]}×{size[1]}" + (" binned" if size != (rows, cols) else "")
    return {"sym": sym, "array": name, "rows": rows, "cols": cols, "shape": said, **extra}


def sample(scene: Scene) -> bool:
    """Whether single numbers can be shown: one sample, not a batch."""
    return scene.batch == 1
