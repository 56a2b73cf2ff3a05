"""Runs for tests: small nets, small samples, and every rule of the kit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backprop_kit import nn
from backprop_kit.data import moons
from backprop_kit.nn import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp, StepDecay, Warmup
from backprop_kit.study import Run, net

RULES: dict[str, Callable[[], Optimizer]] = {
    "SGD": lambda: SGD(0.3),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "Nesterov": lambda: SGD(0.1, momentum=0.8, nesterov=True),
    "AdaGrad": lambda: AdaGrad(0.1),
    "RMSProp": lambda: RMSProp(0.01),
    "RMSProp with momentum": lambda: RMSProp(0.005, momentum=0.5),
    "Adam": lambda: Adam(0.02),
    "AdamW": lambda: AdamW(0.02, weight_decay=0.1),
    "penalties": lambda: SGD(0.2, weight_decay=0.01, l1=0.003),
    "clipped each": lambda: Adam(0.02, clip_value=0.01),
    "clipped together": lambda: SGD(0.5, momentum=0.5, clip_norm=0.1),
    "decaying": lambda: SGD(0.5, momentum=0.9, schedule=StepDecay(7, 0.5)),
    "warming up": lambda: Adam(0.05, weight_decay=0.01, schedule=Warmup(10, then=StepDecay(9))),
}


def small(optimizer: Optimizer | None = None, batch: int | None = 7, seed: int = 3) -> Run:
    """2–4–3–1 on 32 samples to learn from: five steps an epoch, the last of four samples."""
    return Run(net((2, 4, 3, 1), seed=1), moons(40, seed=2), optimizer=optimizer, batch=batch,
               seed=seed)  # fmt: skip


def listened(run: Run) -> Run:
    """The same run from its beginning, on the tape: a hook that does nothing makes it so."""
    model = run.start_model()
    with model.register_forward_hook(lambda m, args, out: None):
        return Run(model, run.data, loss=run.loss, optimizer=run.settings.optimizer,
                   batch=run.settings.batch, seed=run.seed)  # fmt: skip


def noisy() -> nn.Sequential:
    """A net with chance and running means in it."""
    return nn.Sequential(
        nn.Linear(2, 6), nn.BatchNorm(6), nn.Tanh(), nn.Dropout(0.3), nn.Linear(6, 5), nn.ReLU(),
        nn.Dropout(0.2), nn.LayerNorm(5), nn.Linear(5, 3),
    ).reset(4)  # fmt: skip


def three_classes(n: int = 44) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    return rng.normal(size=(n, 2)), rng.integers(0, 3, n)


def apart(one: Run, other: Run) -> float:
    """The largest difference of two runs' numbers, relative to the largest number."""
    assert one.numbers().keys() == other.numbers().keys()
    return float(np.abs(one.theta - other.theta).max() / np.abs(other.theta).max())
