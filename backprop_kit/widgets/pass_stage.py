"""The Stage with what only the pass of a network needs: strips, ribbons, tiles, largest terms."""

from __future__ import annotations

from .stage import _MODULES, Stage, script


class PassStage(Stage):
    """A Stage for films of passes (`films.forward_pass.film_pass`)."""

    _esm = script((*_MODULES, "strips"))
