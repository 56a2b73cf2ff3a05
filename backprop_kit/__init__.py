"""A teaching kit in which backpropagation is seen to work, number by number.

    from backprop_kit import *
    model, x, y = board("stairs")
    ForwardStepper(model, x, y)

The names below are looked up when first asked for (PEP 562), so that ``import backprop_kit`` costs
next to nothing and loads plotly and ipywidgets only when a widget is wanted.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "engine": "Tensor Trace backward_steps gradcheck moment replay",
    "nn": "Module Parameter Sequential Linear Function Identity"
    " Tanh Sigmoid ReLU LeakyReLU ELU Softplus GELU Softmax LogSoftmax"
    " Buffer Dropout BatchNorm LayerNorm"
    " Loss SquaredError MSELoss BCELoss BCEWithLogitsLoss CrossEntropyLoss default_loss"
    " Optimizer SGD AdaGrad RMSProp Adam AdamW StepDecay ExponentialDecay CosineDecay Warmup"
    " zeros ones uniform normal xavier_uniform xavier_normal he_uniform he_normal orthogonal",
    "data": "Data xor stairs digits iris blobs moons circles spirals checkerboard line sine"
    " read_csv own_points from_recipe",
    "study": "Run net board compare_gradients digits_net train accuracy missed forecast"
    " hessian limit losses",
    "widgets": "ActivationExplorer CostMeter ForwardStepper GradientCheck GraphStepper"
    " LossExplorer MatrixStepper Player Stage TrainingLab",
    "teaching": "Predict Quiz check",
}
_PACKAGES = ("data", "engine", "films", "nn", "study", "teaching", "widgets")
_HOME = {name: package for package, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(_unknown(name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})


def _unknown(name: str) -> str:
    if name.startswith("_"):
        return f"module {__name__!r} has no attribute {name!r}"
    import difflib  # here, because it is needed only to word an error

    near = difflib.get_close_matches(name, [*__all__, *_PACKAGES], n=1, cutoff=0.6)
    meant = f"did you mean {near[0]}?" if near else "dir(backprop_kit) lists what there is."
    return f"backprop_kit has no {name}.\n{meant[0].upper()}{meant[1:]}"
