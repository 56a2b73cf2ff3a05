"""The films of `ActivationExplorer`: one neuron, one layer as a bent plane, a whole small net."""

from backprop_kit.films.activation.layer import film_layer
from backprop_kit.films.activation.net import film_net
from backprop_kit.films.activation.neuron import film_neuron

__all__ = ["film_layer", "film_net", "film_neuron"]
