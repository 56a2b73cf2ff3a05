"""Layers that bring numbers to mean 0 and spread 1: `BatchNorm` over the batch, `LayerNorm` over
the features of one sample."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from backprop_kit.engine import ops
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn.buffer import Buffer
from backprop_kit.nn.init import ones, zeros
from backprop_kit.nn.module import Module, Parameter


class LayerNorm(Module):
    """y = γ (x − m) / √(v + ε) + β, with mean m and variance v over the last axis (Ba et al. 2016).

    x, y: (..., n)   γ, β: (n), one and zero at first   eps: ε, above 0
    """

    def __init__(self, n: int, *, eps: float = 1e-5) -> None:
        self.n, self.eps = n, _positive("eps", eps)
        self.gamma, self.beta = Parameter((n,), ones), Parameter((n,), zeros)

    def forward(self, x: Tensor) -> Tensor:
        _check_features(self, x)
        return self.gamma * _normal(x, -1, self.eps)[0] + self.beta

    def extra_repr(self) -> str:
        return f"{self.n}"


class BatchNorm(Module):
    """y = γ (x − m) / √(v + ε) + β, each feature on its own (Ioffe & Szegedy 2015).

    x, y: (samples, …, n)   γ, β: (n), one and zero at first   eps: ε, above 0

    In training m and v are mean and variance over all axes but the last, and the running ones move
    towards them: running ← (1 − momentum) running + momentum · batch, the variance with n − 1 as in
    PyTorch (`BatchNorm1d`). In `eval()` m and v are the running ones.

    Raises ValueError for a single sample in training: one number has no spread.
    """

    def __init__(self, n: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        self.n, self.eps = n, _positive("eps", eps)
        self.momentum = _positive("momentum", momentum, 1.0)
        self.gamma, self.beta = Parameter((n,), ones), Parameter((n,), zeros)
        self.running_mean, self.running_var = Buffer(np.zeros(n)), Buffer(np.ones(n))
        self.num_batches_tracked = Buffer(0.0)

    def forward(self, x: Tensor) -> Tensor:
        _check_features(self, x)
        if not self.training:
            spread = ops.sqrt(self.running_var + self.eps)
            return self.gamma * ((x - self.running_mean) / spread) + self.beta
        count = prod(x.shape[:-1])
        if count == 1:
            raise ValueError(
                f"BatchNorm({self.n}) got one sample in training; one number has no spread.\n"
                "Give a batch of two or more, or switch with model.eval() first."
            )
        axes = tuple(range(-x.ndim, -1))
        y, mean, var = _normal(x, axes, self.eps)
        self._follow(mean.reshape(self.n), var.reshape(self.n) * (count / (count - 1)))
        return self.gamma * y + self.beta

    def _follow(self, mean: Tensor, var: Tensor) -> None:
        for kept, batch in ((self.running_mean, mean), (self.running_var, var)):
            kept.take(ops.running(kept.latest(), batch, share=self.momentum))
        self.num_batches_tracked.take(self.num_batches_tracked.latest() + 1.0)

    def extra_repr(self) -> str:
        return f"{self.n}"


def _normal(x: Tensor, axes: Any, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """x with mean 0 and spread 1 over these axes, and the mean and variance it had."""
    mean = x.mean(axis=axes, keepdims=True)
    centred = x - mean
    var = (centred * centred).mean(axis=axes, keepdims=True)
    return centred / ops.sqrt(var + eps), mean, var


def _check_features(layer: Any, x: Tensor) -> None:
    if x.ndim == 0 or x.shape[-1] != layer.n:
        name = f"{type(layer).__name__}({layer.n})"
        raise ValueError(
            f"{name} got {x.shape[-1] if x.ndim else 'no'} features; x must end in {layer.n} "
            f"(got shape {x.shape}).\nOne row is one sample: x.reshape(-1, {layer.n})."
        )


def _positive(word: str, value: Any, most: float = float("inf")) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value <= most or value == float("inf"):
        upto = f", at most {most:g}" if most < float("inf") else ""
        raise ValueError(
            f"{word} is {value!r}; it must be above 0{upto}.\nLeave it out to get the usual one."
        )
    return float(value)
