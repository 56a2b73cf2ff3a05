"""The rows of a panel, and the numbers in them.

A row `eq` shows a formula number by number, a row `rule` the same in blocks, each symbol above its
block.
"""

from __future__ import annotations

from typing import Any, SupportsFloat

import numpy as np

from backprop_kit.films.numbers import number

Row = dict[str, Any]
Panel = tuple[Row, ...]


def title(s: str, kicker: str = "THIS STEP") -> Row:
    return {"t": "title", "s": s, "kicker": kicker}


def num(v: SupportsFloat) -> Row:
    """A number in the colour of its sign."""
    v = float(v)
    return {"n": v, "sign": int(np.sign(v))} if np.isfinite(v) else {"n": number(v), "sign": 0}


def box(v: SupportsFloat, peak: float | None = None) -> Row:
    """A result, outlined and filled; `peak` is the size that gets the full fill (None: its own)."""
    v = float(v)
    if not np.isfinite(v):  # a film carries such values in its arrays only
        return {"box": number(v)}
    full = abs(v) if peak is None else float(peak)
    return {"box": v, "v": v, "peak": full if 0 < full < np.inf else 1.0}


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


def peak(values: np.ndarray) -> float:
    return float(np.abs(values).max()) if values.size else 1.0


def rule(*items: Row | str, note: str = "") -> Row:
    parts = [{"op": i} if isinstance(i, str) else i for i in items]
    return {"t": "rule", "items": parts, **({"note": note} if note else {})}
