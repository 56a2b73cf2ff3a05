"""The Stage with what only a graph needs: edges that bend, wide pictures, scopes that fold."""

from __future__ import annotations

from .stage import _MODULES, Stage, script, style


class GraphStage(Stage):
    """A Stage for films of graphs (`films.graph.film_graph`)."""

    _esm = script((*_MODULES, "graph"))
    _css = style("graph")
