"""Random nets for the matrix pictures, with everything worked out in plain NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from backprop_kit import nn

ACTS = {"none": None, "tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}
LOSSES = ("squared", "mse", "bce", "cross")
RATE = 0.05


@dataclass
class Hand:
    """A net by hand: what a film calls each matrix, and the model and data it is made of."""

    name: str
    model: Any
    x: np.ndarray
    y: np.ndarray
    loss: Any
    arrays: dict[str, np.ndarray]


def _act(name: str, z: np.ndarray) -> np.ndarray:
    return {"none": lambda: z, "tanh": lambda: np.tanh(z), "relu": lambda: np.maximum(z, 0),
            "sigmoid": lambda: 1 / (1 + np.exp(-z))}[name]()  # fmt: skip


def _steep(name: str, z: np.ndarray) -> np.ndarray:
    v = _act(name, z)
    return {"none": lambda: np.ones_like(z), "tanh": lambda: 1 - v * v,
            "relu": lambda: (z > 0) * 1.0, "sigmoid": lambda: v * (1 - v)}[name]()  # fmt: skip


def by_hand(seed: int) -> Hand:
    """The net of this number."""
    rng = np.random.default_rng([7, seed])
    depth, batch = int(rng.integers(1, 4)), int(rng.integers(1, 8))
    sizes = [int(n) for n in rng.integers(1, 6, depth + 1)]
    loss = LOSSES[seed % 4]
    if loss == "cross":
        sizes[-1] = max(2, sizes[-1])
    acts = [str(rng.choice(list(ACTS)[1:])) for _ in range(depth - 1)]
    acts.append({"bce": "sigmoid", "cross": "none"}.get(loss, str(rng.choice(list(ACTS)))))
    layers: list[Any] = []
    bias = [bool(rng.random() < 0.8) for _ in range(depth)]
    for (n_in, n_out), act, with_b in zip(pairwise(sizes), acts, bias, strict=True):
        layers.append(nn.Linear(n_in, n_out, bias=with_b))
        if ACTS[act] is not None:
            layers.append(ACTS[act]())
    model = nn.Sequential(*layers).reset(seed)
    for p in model.parameters():
        p.data = rng.normal(size=p.shape)
    x = rng.normal(size=(batch, sizes[0]))
    labels = rng.integers(0, sizes[-1], batch)
    y = labels if loss == "cross" else rng.uniform(0.1, 0.9, size=(batch, sizes[-1]))

    linear = [m for m in model.layers if isinstance(m, nn.Linear)]
    weights = [(m.W.data, m.b.data if m.b is not None else None) for m in linear]
    a = worked(weights, acts, loss, x, y, RATE)
    kind = {"squared": nn.SquaredError, "mse": nn.MSELoss, "bce": nn.BCELoss,
            "cross": nn.CrossEntropyLoss}[loss]  # fmt: skip
    name = f"{seed}: {'-'.join(map(str, sizes))} {' '.join(acts)}, batch {batch}, {loss}"
    return Hand(name, model, x, y, kind(), a)


def worked(
    weights: list[tuple[Any, Any]], acts: list[str], loss: str, x: Any, y: Any, rate: float
) -> dict[str, np.ndarray]:
    """One pass in plain NumPy: {what a film calls it: the matrix}.

    weights  (W, b or None) of each layer; acts the activation behind it; y labels for "cross"
    """
    a: dict[str, np.ndarray] = {"v0": np.asarray(x, dtype=float)}
    v = a["v0"]
    for m, ((W, b), act) in enumerate(zip(weights, acts, strict=True), 1):
        a[f"W{m}"] = np.asarray(W, dtype=float)
        z = v @ a[f"W{m}"]
        if b is not None:
            a[f"b{m}"] = np.asarray(b, dtype=float)[None]
            z = z + a[f"b{m}"]
        a[f"z{m}"], v = z, _act(act, z)
        a[f"v{m}"] = v
        if act != "none":
            a[f"s{m}"] = _steep(act, z)
    n, batch = len(weights), len(v)
    if loss == "cross":
        e = np.exp(v - v.max(1, keepdims=True))
        p, o = e / e.sum(1, keepdims=True), np.eye(v.shape[1])[y]
        a |= {f"v{n + 1}": p, "o": o, "t": np.asarray(y)[:, None]}
        a["L"] = np.array([[-np.log(p[np.arange(batch), y]).mean()]])
        d = (p - o) / batch
    else:
        e = v - y
        a |= {"t": np.asarray(y, dtype=float), "e": e}
        if loss == "bce":
            a["L"] = np.array([[-(y * np.log(v) + (1 - y) * np.log(1 - v)).mean()]])
            d = (v - y) / (v * (1 - v)) / v.size
        else:
            a["L"] = np.array([[0.5 * (e**2).sum() if loss == "squared" else (e**2).mean()]])
            d = e if loss == "squared" else 2 * e / e.size
    for m in range(n, 0, -1):
        a[f"dv{m}"] = d
        if acts[m - 1] != "none":
            d = d * a[f"s{m}"]
        a[f"dz{m}"] = d
        a[f"gW{m}"] = a[f"v{m - 1}"].T @ d
        if f"b{m}" in a:
            a[f"gb{m}"] = d.sum(0, keepdims=True)
        d = d @ a[f"W{m}"].T
        a["dv0"] = d
    for m in range(1, n + 1):
        for letter in "Wb":
            if f"{letter}{m}" in a:
                a[f"{letter}{m}+"] = a[f"{letter}{m}"] - rate * a[f"g{letter}{m}"]
    return a
