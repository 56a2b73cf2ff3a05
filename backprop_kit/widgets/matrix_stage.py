"""The Stage with what only matrices need: equations of blocks, meanings on edges, sums, tries."""

from __future__ import annotations

from .stage import _MODULES, Stage, script, style

_OWN = ("sums", "looking", "fitting", "matrix", "explain", "shares", "tries", "desk")


class MatrixStage(Stage):
    """A Stage for films of matrix products (`films.matrix.film_matrix`)."""

    _esm = script((*_MODULES, *_OWN))
    _css = style("matrix")
