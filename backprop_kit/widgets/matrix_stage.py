"""The Stage with what only matrices need: equations of blocks, meanings on edges, sums, tries."""

from __future__ import annotations

import re

from .stage import _MODULES, _STATIC, Stage, script, style

_OWN = ("sums", "looking", "fitting", "matrix", "explain", "shares", "tries", "desk")


def tight(css: str) -> str:
    """A style sheet without comments and the blanks that say nothing."""
    css = re.sub(r"\s+", " ", re.sub(r"(?s)/\*.*?\*/", "", css))
    return re.sub(r" ?([{};,>]) ?", r"\1", css).replace(": ", ":").replace(";}", "}").strip()


class MatrixStage(Stage):
    """A Stage for films of matrix products (`films.matrix.film_matrix`)."""

    _esm = script((*_MODULES, *_OWN))
    _css = tight(style() + (_STATIC / "matrix.css").read_text(encoding="utf-8"))
