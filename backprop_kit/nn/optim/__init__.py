"""Optimizers: rules that turn slopes into new numbers, and step sizes that change.

`SGD` (momentum, Nesterov) · `AdaGrad`, `RMSProp`, `Adam`, `AdamW` · `StepDecay`,
`ExponentialDecay`, `CosineDecay`, `Warmup` as their `schedule=`
"""

from backprop_kit.nn.optim.adaptive import AdaGrad, Adam, AdamW, RMSProp
from backprop_kit.nn.optim.base import Optimizer
from backprop_kit.nn.optim.descent import SGD
from backprop_kit.nn.optim.schedules import CosineDecay, ExponentialDecay, StepDecay, Warmup

__all__ = [
    "SGD", "AdaGrad", "Adam", "AdamW", "CosineDecay", "ExponentialDecay", "Optimizer", "RMSProp",
    "StepDecay", "Warmup",
]  # fmt: skip
