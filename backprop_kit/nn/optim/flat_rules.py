"""The rules of the kit on flat vectors: each is the `rule` of an optimizer, operation by operation,
in place, so that the numbers are the same to the last bit. Tests hold the two together.

f.theta moves; f.slot(name) is what is remembered; f.a and f.b are scratch, and g may stand in f.a.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop_kit.nn.optim.adaptive import AdaGrad, Adam, AdamW, RMSProp
from backprop_kit.nn.optim.descent import SGD

if TYPE_CHECKING:
    from backprop_kit.nn.optim.flat import Flat

Array = np.ndarray
Form = Callable[["Flat", Array, float], None]


def _sgd(f: Flat, g: Array, rate: float) -> None:
    o, move = f.optimizer, f.b
    assert isinstance(o, SGD)
    if o.momentum:
        v = f.slot("v")
        np.multiply(v, f.number(o.momentum), v)
        np.add(v, g, v)
        if o.nesterov:
            np.multiply(v, f.number(o.momentum), move)
            g = np.add(g, move, move)
        else:
            g = v
    np.multiply(g, f.number(rate), move)
    np.subtract(f.theta, move, f.theta)


def _adagrad(f: Flat, g: Array, rate: float) -> None:
    o, s = f.optimizer, f.slot("s")
    assert isinstance(o, AdaGrad)
    np.multiply(g, g, f.b)
    np.add(s, f.b, s)
    np.sqrt(s, f.b)
    np.add(f.b, f.number(o.eps), f.b)
    np.multiply(g, f.number(rate), f.a)
    np.divide(f.a, f.b, f.a)
    np.subtract(f.theta, f.a, f.theta)


def _fading_squares(f: Flat, g: Array, rho: float) -> Array:
    s = f.slot("s")
    np.multiply(s, f.number(rho), s)
    np.multiply(g, f.number(1 - rho), f.b)
    np.multiply(f.b, g, f.b)
    return np.add(s, f.b, s)


def _rmsprop(f: Flat, g: Array, rate: float) -> None:
    o = f.optimizer
    assert isinstance(o, RMSProp)
    s = _fading_squares(f, g, o.rho)
    np.sqrt(s, f.b)
    np.add(f.b, f.number(o.eps), f.b)
    move = np.divide(g, f.b, f.a)
    if o.momentum:
        v = f.slot("v")
        np.multiply(v, f.number(o.momentum), v)
        move = np.add(v, move, v)
    np.multiply(move, f.number(rate), f.b)
    np.subtract(f.theta, f.b, f.theta)


def _adam(f: Flat, g: Array, rate: float, *, decay: bool = False) -> None:
    o, m = f.optimizer, f.slot("m")
    assert isinstance(o, Adam)
    f.t += 1
    s = _fading_squares(f, g, o.beta2)
    np.multiply(m, f.number(o.beta1), m)
    np.multiply(g, f.number(1 - o.beta1), f.b)
    np.add(m, f.b, m)
    np.divide(s, np.array(1 - o.beta2**f.t, s.dtype), f.b)
    np.sqrt(f.b, f.b)
    np.add(f.b, f.number(o.eps), f.b)
    np.divide(m, np.array(1 - o.beta1**f.t, m.dtype), f.a)
    np.multiply(f.a, f.number(rate), f.a)
    np.divide(f.a, f.b, f.a)
    if decay:
        np.multiply(f.theta, f.number(rate * o.weight_decay), f.b)
    np.subtract(f.theta, f.a, f.theta)
    if decay:
        np.subtract(f.theta, f.b, f.theta)


FORMS: dict[Any, Form] = {
    SGD.rule: _sgd, AdaGrad.rule: _adagrad, RMSProp.rule: _rmsprop, Adam.rule: _adam,
    AdamW.rule: partial(_adam, decay=True),
}  # fmt: skip
