"""The kit's widgets: the only code that knows ipywidgets and anywidget."""

import importlib

# Looked up when first asked for: a part of the house that needs no screen does not load one.
_HOME = {
    "ForwardStepper": "forward_stepper",
    "GraphStepper": "graph_stepper",
    "Player": "player",
    "Stage": "stage",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
