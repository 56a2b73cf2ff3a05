"""A stepper of a model that stops: the error goes on, and in a cell a picture stands above it."""

import numpy as np
import pytest
from IPython import display
from refusal import refused

from backprop_kit import ForwardStepper, MatrixStepper
from backprop_kit.engine.stopped import Stopped
from backprop_kit.nn import Linear, Sequential, Tanh
from backprop_kit.widgets import stopped_pass

X, Y = [[1, 2], [0.5, -1]], [[1], [0]]


def model():
    return Sequential(Linear(2, 3), Tanh(), Linear(4, 1))


@pytest.fixture
def shown(monkeypatch):
    """What a running cell displays."""
    seen = []
    monkeypatch.setattr(stopped_pass, "executing", lambda: True)
    monkeypatch.setattr(display, "display", seen.append)
    yield seen
    for widget in seen:
        widget.dispose()


def test_outside_a_cell_the_error_only_carries_the_recording():
    with pytest.raises(ValueError, match="3 features") as caught:
        ForwardStepper(model(), X, Y)
    assert isinstance(caught.value.trace, Stopped)
    assert not hasattr(caught.value, "_render_traceback_")


@pytest.mark.parametrize("stepper", [ForwardStepper, MatrixStepper])
def test_in_a_cell_the_layers_so_far_are_shown(shown, stepper):
    with refused(ValueError, "Linear(4, 1) got 3 features"):
        stepper(model(), X, Y)
    (picture,) = shown
    assert repr(picture).split("\n")[0].startswith("Linear(4, 1) got 3 features")
    assert picture.stage.k == picture.stage.source.cuts["layer"][-1].k == 3


def test_the_traceback_is_the_learners_line_and_the_two_lines(shown):
    with pytest.raises(ValueError, match="3 features") as caught:
        ForwardStepper(model(), X, Y)
    first, last = caught.value._render_traceback_()
    assert "ForwardStepper(model(), X, Y)" in first
    assert last.startswith("ValueError: Linear(4, 1) got 3 features") and last.count("\n") == 1


def test_a_sample_that_is_refused_shows_nothing(shown):
    with refused(ValueError, "finite"):
        ForwardStepper(model(), [[np.nan, 1]], [[1]])
    with refused(ValueError, "samples"):
        ForwardStepper(model(), X, [[1]])
    assert shown == []
