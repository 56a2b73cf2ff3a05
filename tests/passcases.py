"""Forty passes for the tests of pictures: nets of many shapes, losses, batches and optimizers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from nets import Join, Skip

from backprop_kit import nn
from backprop_kit.engine import Tensor, ops
from backprop_kit.study import Pass, record_pass

ACTS = (
    nn.Tanh, nn.Sigmoid, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Softplus, nn.GELU, nn.Softmax,
    nn.LogSoftmax, nn.Identity,
)  # fmt: skip
LOSSES = (nn.SquaredError, nn.MSELoss, nn.BCELoss, nn.BCEWithLogitsLoss, nn.CrossEntropyLoss, None)
OPTIMIZERS = (lambda: nn.SGD(0.1), lambda: nn.SGD(0.05, momentum=0.9), lambda: None)
SIZES = (1, 2, 3, 4, 5, 8, 10, 12, 13, 16, 25, 32, 49, 64, 70)
COUNT = 40


@dataclass(frozen=True, eq=False)
class Case:
    """A recorded pass, what it was made of, and whether it is shown in plain words."""

    name: str
    model: Any
    x: np.ndarray
    y: np.ndarray
    loss: Any
    optimizer: Any
    plain: bool

    @property
    def recorded(self) -> Pass:
        return record_pass(self.model, self.x, self.y, self.loss, self.optimizer)


class Summed(nn.Module):
    """Two linear layers side by side, added."""

    def __init__(self, n_in: int, n_out: int) -> None:
        self.left, self.right = nn.Linear(n_in, n_out), nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.left(x) + self.right(x)


def _hidden(rng: np.random.Generator, sizes: list[int], kind: str) -> list[Any]:
    layers: list[Any] = []
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(n_in, n_out, bias=bool(rng.random() < 0.8)))
        if i < len(sizes) - 2:
            layers.append(ACTS[rng.integers(len(ACTS))]())
    middle = int(sizes[1])
    extra: dict[str, Any] = {
        "skip": lambda: Skip(nn.Sequential(nn.Linear(middle, middle), nn.Tanh())),
        "join": lambda: Join(nn.Linear(middle, 2)),
        "function": lambda: lambda x: x * x * 0.5 + x,
        "summed": lambda: Summed(middle, middle),
    }
    if kind in extra and len(sizes) > 2:
        layers.insert(2, extra[kind]())
        if kind == "join":
            layers[3] = nn.Linear(middle + 2, sizes[2])
    return layers


@cache
def case(seed: int) -> Case:
    """The case of this number, always the same."""
    rng = np.random.default_rng([11, seed])
    kind = ("plain", "skip", "function", "deep", "plain", "join", "summed", "closure")[seed % 8]
    depth = int(rng.integers(6, 16)) if kind == "deep" else int(rng.integers(1, 4))
    small = rng.random() < 0.5
    pool = SIZES[:5] if small else SIZES
    sizes = [int(rng.choice(pool)) for _ in range(depth + 1)]
    if kind in ("skip", "join", "function", "summed"):
        sizes = (sizes + [3, 2])[:3] if len(sizes) < 3 else sizes
    batch = 1 if rng.random() < 0.6 else int(rng.integers(2, 41))
    loss_type = LOSSES[rng.integers(len(LOSSES))]
    labels = loss_type is nn.CrossEntropyLoss
    if labels:
        sizes[-1] = max(sizes[-1], 2)
    n_out = sizes[-1]
    model: Any
    if kind == "closure":
        W = Tensor(rng.normal(size=(sizes[0], 3)) / np.sqrt(sizes[0]), "W")
        V = Tensor(rng.normal(size=(3, n_out)), "V")
        ends = loss_type is nn.BCELoss

        def model(x: Tensor) -> Tensor:
            out = ops.tanh(x @ W) @ V
            return ops.sigmoid(out) if ends else out

    else:
        layers = _hidden(rng, sizes, kind)
        if loss_type is nn.BCELoss:
            layers.append(nn.Sigmoid())
        elif kind == "plain" and rng.random() < 0.5:
            layers.append(ACTS[rng.integers(len(ACTS))]())
        model = nn.Sequential(*layers).reset(seed)
        for p in model.parameters():  # offsets that are not zero, now and then
            if p.data.ndim == 1 and rng.random() < 0.5:
                p.data = rng.normal(size=p.shape) * 0.3
    x = rng.normal(size=(batch, sizes[0]))
    y = rng.integers(0, n_out, batch) if labels else rng.uniform(size=(batch, n_out))
    loss = loss_type() if loss_type is not None else None
    optimizer = OPTIMIZERS[rng.integers(len(OPTIMIZERS))]()
    measured = loss_type.__name__ if loss_type is not None else "default loss"
    name = f"{seed}: {kind} {'-'.join(map(str, sizes))}, batch {batch}, {measured}"
    return Case(name, model, x, y, loss, optimizer, bool(rng.random() < 0.3))
