"""The film of a computational graph: boxes and edges, values forward, parts back.

`film_graph(trace)` is pure: a recording in, a Film out, the same bytes every time.
"""

from backprop_kit.films.graph.film import film_graph

__all__ = ["film_graph"]
