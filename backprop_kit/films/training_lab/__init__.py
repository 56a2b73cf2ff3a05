"""The picture of a training lab: net, map, loss chart and caption of one moment of a run.

film · layout, words · network · map, fit, levels, digits (one of them, after the run's kind) ·
chart, axis · caption · large (for a lecture hall)
"""

from backprop_kit.films.training_lab.film import film_training_lab

__all__ = ["film_training_lab"]
