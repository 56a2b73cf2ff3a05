"""The film of a computational graph: boxes and edges, values forward, parts back.

`film_graph(trace)` is pure: a recording in, a Film out, the same bytes every time.
"""

from backprop_kit.films.graph.film import film_graph, film_of
from backprop_kit.films.graph.scene import Graph

__all__ = ["Graph", "film_graph", "film_of"]
