"""Deep plain nets in plain NumPy: forward, backward, and the budget, written out once more.

Nothing of the kit is used: what a study says of such a net is compared with this.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def _s(z):
    return 1 / (1 + np.exp(-z))


ACTS = {
    "sigmoid": (_s, lambda z: _s(z) * (1 - _s(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "linear": (lambda z: z, np.ones_like),
    "σ − ½": (lambda z: _s(z) - 0.5, lambda z: _s(z) * (1 - _s(z))),
    "4σ − 2": (lambda z: 4 * _s(z) - 2, lambda z: 4 * _s(z) * (1 - _s(z))),
}


@dataclass
class Walk:
    """What a net does: z, h, δ, ∂L/∂W a layer (hidden ones first to last), and its bars."""

    loss: float
    out: np.ndarray
    z: list = field(default_factory=list)
    h: list = field(default_factory=list)
    delta: list = field(default_factory=list)
    grad: list = field(default_factory=list)
    bars: dict = field(default_factory=dict)
    W: list = field(default_factory=list)


def draws(seed, layers=20, n=64, rows=64):
    rng = np.random.default_rng(seed)
    X, T = rng.standard_normal((rows, n)), rng.standard_normal((rows, 1))
    hidden = [rng.standard_normal((n, n)) for _ in range(layers)]
    return X, T, hidden, rng.standard_normal((n, 1)) / np.sqrt(n)


def orthogonal(drawn):
    q, r = np.linalg.qr(drawn)
    return q * np.sign(np.diag(r))


def walk(act, start, seed=0, layers=20, n=64, rows=64, skip=False, norm=False, given=None):
    """Forward and back. start: a number σ or "orthogonal"; given: (hidden weights, read-out)."""
    X, T, drawn, out = draws(seed, layers, n, rows)
    W = [orthogonal(D) if start == "orthogonal" else D * start / np.sqrt(n) for D in drawn]
    W, out = given or (W, out)
    f, df = ACTS[act]
    h, zs, kept, hs = X, [], [], []
    for V in W:
        z = h @ V
        zs.append(z)
        a, k = (z, None) if not norm else _normal(z)
        kept.append((a, k))
        hs.append(f(a))
        h = h + hs[-1] if skip else hs[-1]
    y = h @ out
    g = 2 * (y - T) / T.size @ out.T
    names = ["weights", "slope"] + ["skip"] * skip + ["norm"] * norm
    done = Walk(float(((y - T) ** 2).mean()), y, zs, hs, W=W, bars=dict.fromkeys(names, 0.0))
    deltas, grads = [], []
    inputs = [X]
    for o in hs[:-1]:
        inputs.append(inputs[-1] + o if skip else o)
    norm_of = np.linalg.norm
    for i in range(layers - 1, -1, -1):
        a, k = kept[i]
        before = g
        g_a = g * df(a)
        delta = g_a if k is None else _normal_back(g_a, *k)
        if deltas:
            through = deltas[-1] @ W[i + 1].T
            done.bars["weights"] += np.log10(norm_of(through) / norm_of(deltas[-1]))
            if skip:
                done.bars["skip"] += np.log10(norm_of(before) / norm_of(through))
            done.bars["slope"] += np.log10(norm_of(g_a) / norm_of(before))
            if norm:
                done.bars["norm"] += np.log10(norm_of(delta) / norm_of(g_a))
        deltas.append(delta)
        grads.append(inputs[i].T @ delta)
        g = delta @ W[i].T + (g if skip else 0)
    done.delta, done.grad = deltas[::-1], grads[::-1]
    return done


def _normal(z):
    m = z - z.mean(-1, keepdims=True)
    s = np.sqrt((m * m).mean(-1, keepdims=True) + 1e-5)
    return m / s, (m / s, s)


def _normal_back(g, y, s):
    return (g - g.mean(-1, keepdims=True) - y * (g * y).mean(-1, keepdims=True)) / s
