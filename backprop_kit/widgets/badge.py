"""What the badge says: that a check runs, and what it has found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.gradcheck import Report

CHECKING = {"state": "checking", "text": "checking", "rows": []}


def verdict(
    report: Report, good: str, word: str = "slopes", name: Callable[[str], str] = str
) -> dict[str, Any]:
    """The badge of a report: `good` where all agree, else the first that does not, and the list.

    word  what was compared
    name  what an array of the report is called in the picture
    """
    bad = report.failed
    return {
        "state": "failed" if bad else "ok",
        "text": f"{name(bad[0].name)} is wrong" if bad else good,
        "rows": [
            f"{name(r.name)}: {r.count} {word}, largest difference {r.error:.0e}"
            for r in report.rows
        ],
    }
