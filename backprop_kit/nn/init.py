"""How weights start: functions `(rng, shape) -> array`; weights are (inputs, outputs).

`zeros` · `ones` · `uniform(r)` · `normal(std)` · Xavier and He in both forms · `orthogonal`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt

import numpy as np

Init = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many numbers go into a unit and come out of it: (fan_in, fan_out)."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """All zero; draws nothing."""
    return np.zeros(shape)


def ones(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """All one; draws nothing."""
    return np.ones(shape)


def uniform(r: float) -> Init:
    """Uniform between −r and r."""
    return lambda rng, shape: rng.uniform(-r, r, shape)


def normal(std: float = 1.0) -> Init:
    """Normal with mean 0 and this standard deviation."""
    return lambda rng, shape: rng.normal(0.0, std, shape)


def xavier_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010)."""
    r = sqrt(6 / sum(fans(shape)))
    return rng.uniform(-r, r, shape)


def xavier_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal with variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010)."""
    return rng.normal(0.0, sqrt(2 / sum(fans(shape))), shape)


def he_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform with variance 2 / fan_in, made for ReLU (He et al. 2015)."""
    r = sqrt(6 / fans(shape)[0])
    return rng.uniform(-r, r, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal with variance 2 / fan_in, made for ReLU (He et al. 2015)."""
    return rng.normal(0.0, sqrt(2 / fans(shape)[0]), shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Rows or columns of length 1, at right angles to each other (Saxe et al. 2013)."""
    rows, columns = prod(shape[:-1]), prod(shape[-1:])
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # without it the signs would not be random
    return (q if rows >= columns else q.T).reshape(shape)
