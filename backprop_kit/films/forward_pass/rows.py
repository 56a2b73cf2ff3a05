"""The rows of the panel, and the numbers in them.

A row `eq` shows a formula number by number, a row `rule` the same in blocks, each symbol above its
block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import number

Row = dict[str, Any]
Panel = tuple[Row, ...]

# These look at all numbers of a row at once, so no single number has a steepness of its own.
MIXES = ("softmax", "log_softmax")


def title(s: str, kicker: str = "THIS STEP") -> Row:
    return {"t": "title", "s": s, "kicker": kicker}


def num(v: float) -> Row:
    """A number in the colour of its sign."""
    return (
        {"n": float(v), "sign": int(np.sign(v))} if np.isfinite(v) else {"n": number(v), "sign": 0}
    )


def box(v: float, peak: float) -> Row:
    """A result, outlined and filled."""
    if not np.isfinite(v):  # a film carries such values in its arrays only
        return {"box": number(v)}
    return {"box": float(v), "v": float(v), "peak": float(peak) if 0 < peak < np.inf else 1.0}


def bars(items: list[list[Any]], total: list[Any] | None = None, dashed: bool = False) -> Row:
    """Bars, or only the numbers where one of them is not finite and would have no length."""
    everything = [*items, *([total] if total is not None else [])]
    if not all(np.isfinite(v) for _, v in everything):
        return {"t": "eq", "rows": [[{"note": label}, "=", box(v, 1.0)] for label, v in everything]}
    return {"t": "bars", "items": items, **({"total": total} if total is not None else {}),
            **({"dashed": True} if dashed else {})}  # fmt: skip


def eq(lines: list[list[Any]], head: str = "") -> Row:
    """Lines of numbers, their columns aligned, under a heading."""
    return {"t": "eq", "head": head, "rows": lines} if head else {"t": "eq", "rows": lines}


def remark(s: str) -> Row:
    """A sentence that stays in the background."""
    return {"t": "p", "s": s, "c": "muted"}


def flat(scene: Scene, name: str) -> np.ndarray:
    return scene.values(name).reshape(-1)


def peak(values: np.ndarray) -> float:
    return float(np.abs(values).max()) if values.size else 1.0


def block(scene: Scene, name: str, sym: str, **extra: Any) -> Row:
    """One block of a rule: an array with its symbol and its shape."""
    values = scene.values(name)
    rows, cols = values.shape if values.ndim == 2 else (1, values.size)
    size = scene.whole.get(name, (rows, cols))
    if extra.get("transpose"):
        rows, cols, size = cols, rows, size[::-1]
    said = f"{size[0]}×{size[1]}" + (" binned" if size != (rows, cols) else "")
    return {"sym": sym, "array": name, "rows": rows, "cols": cols, "shape": said, **extra}


def rule(*items: Row | str, note: str = "") -> Row:
    parts = [{"op": i} if isinstance(i, str) else i for i in items]
    return {"t": "rule", "items": parts, **({"note": note} if note else {})}


def sample(scene: Scene) -> bool:
    """Whether single numbers can be shown: one sample, not a batch."""
    return scene.batch == 1
