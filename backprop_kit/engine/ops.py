"""Every operation of the kit, one row each: value, rules, TeX.

`elementwise` holds the rows that act number by number and matmul, `shaping` those that sum,
choose and rearrange. `OPS` is the registry by name.
"""

from backprop_kit.engine.chance import dropout
from backprop_kit.engine.elementwise import (
    absolute,
    add,
    clip,
    cos,
    div,
    elu,
    equal,
    exp,
    gelu,
    greater,
    greater_equal,
    identity,
    leaky_relu,
    less,
    less_equal,
    log,
    matmul,
    maximum,
    mul,
    neg,
    not_equal,
    power,
    relu,
    running,
    sigmoid,
    sin,
    softplus,
    sqrt,
    sub,
    tanh,
    where,
)
from backprop_kit.engine.op import OPS, Op, T, op, unbroadcast
from backprop_kit.engine.shaping import (
    concatenate,
    cross_entropy,
    getitem,
    largest,
    log_softmax,
    mean,
    pick,
    reshape,
    smallest,
    softmax,
    stack,
    total,
    transpose,
)

__all__ = [
    "OPS", "Op", "T", "absolute", "add", "clip", "concatenate", "cos", "cross_entropy", "div",
    "dropout", "elu", "equal", "exp", "gelu", "getitem", "greater", "greater_equal", "identity",
    "largest", "leaky_relu", "less", "less_equal", "log", "log_softmax", "matmul", "maximum",
    "mean", "mul", "neg", "not_equal", "op", "pick", "power", "relu", "reshape", "running",
    "sigmoid", "sin", "smallest", "softmax", "softplus", "sqrt", "stack", "sub", "tanh", "total",
    "transpose", "unbroadcast", "where",
]  # fmt: skip
