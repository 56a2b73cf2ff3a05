"""The kit's widgets: the only code that knows ipywidgets and anywidget."""

import importlib

# Looked up when first asked for: a part of the house that needs no screen does not load one.
_HOME = {
    "ActivationExplorer": "activation_explorer",
    "CostMeter": "cost_meter",
    "ForwardStepper": "forward_stepper",
    "GradientCheck": "gradient_check",
    "GraphStepper": "graph_stepper",
    "LossExplorer": "loss_explorer",
    "MatrixStepper": "matrix_stepper",
    "Player": "player",
    "Stage": "stage",
    "TrainingLab": "training_lab",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
