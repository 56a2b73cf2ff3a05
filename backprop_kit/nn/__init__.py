"""Networks: modules with parameters, layers, losses, starts, optimizers.

module · layers · norms · regularise · losses · init · optim
convert (to and from PyTorch, imported by its own name)
"""

from backprop_kit.nn.buffer import Buffer
from backprop_kit.nn.init import (
    he_normal,
    he_uniform,
    normal,
    ones,
    orthogonal,
    uniform,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from backprop_kit.nn.layers import (
    ELU,
    GELU,
    Function,
    Identity,
    LeakyReLU,
    Linear,
    LogSoftmax,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from backprop_kit.nn.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Loss,
    MSELoss,
    SquaredError,
    default_loss,
)
from backprop_kit.nn.module import Module, Parameter
from backprop_kit.nn.norms import BatchNorm, LayerNorm
from backprop_kit.nn.optim import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    CosineDecay,
    ExponentialDecay,
    Optimizer,
    RMSProp,
    StepDecay,
    Warmup,
)
from backprop_kit.nn.regularise import Dropout

__all__ = [
    "ELU", "GELU", "SGD", "AdaGrad", "Adam", "AdamW", "BCELoss", "BCEWithLogitsLoss", "BatchNorm",
    "Buffer", "CosineDecay", "CrossEntropyLoss", "Dropout", "ExponentialDecay", "Function",
    "Identity", "LayerNorm", "LeakyReLU", "Linear", "LogSoftmax", "Loss", "MSELoss", "Module",
    "Optimizer", "Parameter", "RMSProp", "ReLU", "Sequential", "Sigmoid", "Softmax", "Softplus",
    "SquaredError", "StepDecay", "Tanh", "Warmup", "default_loss", "he_normal", "he_uniform",
    "normal", "ones", "orthogonal", "uniform", "xavier_normal", "xavier_uniform", "zeros",
]  # fmt: skip
