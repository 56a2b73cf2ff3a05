"""To and from PyTorch: the same numbers under its names, weights turned.

PyTorch keeps a weight as (outputs, inputs) and calls it `weight`; here it is W, (inputs, outputs).
What is γ, β in a norm is `weight`, `bias` there; running means keep their names.
Only names and shapes are known here, PyTorch itself is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backprop_kit.nn.buffer import Buffer
from backprop_kit.nn.layers import Linear
from backprop_kit.nn.module import Module, Parameter
from backprop_kit.nn.norms import BatchNorm, LayerNorm

_THEIRS = {"W": "weight", "b": "bias", "gamma": "weight", "beta": "bias"}
_COUNT = "num_batches_tracked"  # a whole number there


def to_torch_state(model: Module) -> dict[str, np.ndarray]:
    """{PyTorch's path: a copy of the numbers}, for `torch_model.load_state_dict` (as tensors)."""
    return {
        theirs: np.array(_turned(p.data, turn), np.int64 if theirs.endswith(_COUNT) else None)
        for theirs, p, turn in _pairs(model)
    }


def from_torch_state(model: Module, state: Mapping[str, Any]) -> None:
    """Take over the numbers of `torch_model.state_dict()`, all or nothing.

    state  {path: array or tensor on the CPU}
    Raises ValueError naming a missing, unknown or misshapen entry; nothing is changed then.
    """
    pairs = list(_pairs(model))
    if missing := [theirs for theirs, _, _ in pairs if theirs not in state]:
        raise ValueError(
            f"{missing[0]} is missing from the state.\nThe model needs "
            f"{', '.join(theirs for theirs, _, _ in pairs)}."
        )
    if unknown := set(state) - {theirs for theirs, _, _ in pairs}:
        raise ValueError(
            f"{min(unknown)} has no place in the model.\nBuild both models from the same layers."
        )
    ours: dict[Parameter | Buffer, str] = {p: path for path, p in model.named_parameters()}
    ours |= {b: path for path, b in model.named_buffers()}
    model.load_state_dict(
        {ours[p]: _turned(np.asarray(state[theirs]), turn) for theirs, p, turn in pairs}
    )


def _pairs(model: Module) -> Iterator[tuple[str, Parameter | Buffer, bool]]:
    """(PyTorch's path, parameter or buffer, whether its axes are exchanged); a shared module comes
    under each of its paths, as there."""
    for path, m in model.named_modules(shared=True):
        for name, p in vars(m).items():
            if isinstance(p, (Parameter, Buffer)):
                known = isinstance(m, (Linear, BatchNorm, LayerNorm))
                theirs = _THEIRS.get(name, name) if known else name
                turn = isinstance(m, Linear) and name == "W"
                yield f"{path}.{theirs}" if path else theirs, p, turn


def _turned(numbers: np.ndarray, turn: bool) -> np.ndarray:
    return numbers.T if turn else numbers
