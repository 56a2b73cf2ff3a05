"""Graphs for tests: two in which a value is used twice, random ones, loops, and chains."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from backprop_kit import nn
from backprop_kit.engine import Tensor, ops


def picture() -> dict[str, Tensor]:
    """The graph of the specification, L = u² (u + c) with u = a b: u is used twice."""
    a, b, c = Tensor(-0.8), Tensor(2.5), Tensor(5.0)
    u = a * b
    q = u**2
    p = u + c
    return {"a": a, "b": b, "c": c, "u": u, "q": q, "p": p, "L": q * p}


def lesson() -> dict[str, Tensor]:
    """L = u + u c with u = a b: two routes lead to u."""
    a, b, c = Tensor(2.0, "a"), Tensor(5.0, "b"), Tensor(-0.4, "c")
    u = a * b
    v = u * c
    return {"a": a, "b": b, "c": c, "u": u, "v": v, "L": u + v}


def random_graph(count: int, seed: int = 0, leaves: int | None = None) -> Tensor:
    """A random expression of about `count` nodes that all lead to the result."""
    rng = np.random.default_rng(seed)
    most = leaves or max(2, count // int(rng.integers(3, 40)))
    live = [Tensor(float(v)) for v in rng.uniform(0.2, 1.2, most)]
    every = list(live)
    makers = [lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b]
    while len(every) < count - len(live) + 1:
        a = live.pop(int(rng.integers(len(live))))
        b = every[int(rng.integers(len(every)))]
        t = ops.tanh(a) if rng.random() < 0.2 else makers[int(rng.integers(3))](a, b)
        live.append(t)
        every.append(t)
    while len(live) > 1:
        live.append(ops.tanh(live.pop(0) + live.pop(0)))
    return live[0]


def doubling(count: int) -> Tensor:
    y = Tensor(1.0)
    for _ in range(count):
        y = y + y
    return y


def loop(rounds: int) -> tuple[Tensor, dict[str, Tensor]]:
    """h = tanh(w h + u x), unrolled: four operations a round, two leaves that all rounds share."""
    rng = np.random.default_rng(0)
    w, u, start = Tensor(0.9, "w"), Tensor(0.5, "u"), Tensor(0.1, "h0")
    h = start
    for x in rng.normal(size=rounds):
        h = ops.tanh(w * h + u * Tensor(float(x)))
    return (h - 0.3) ** 2, {"w": w, "u": u, "h": start}


def deep_net(layers: int, width: int = 3) -> Tensor:
    sizes = [2, *[width] * (layers - 1), 1]
    rng = np.random.default_rng(0)
    pieces: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(sizes)):
        linear = nn.Linear(a, b)
        linear.W.data = rng.uniform(-1, 1, (a, b))
        pieces += [linear, nn.Tanh() if i < layers - 1 else nn.Sigmoid()]
    model = nn.Sequential(*pieces)
    x = Tensor(rng.normal(size=(4, 2)), requires_grad=False)
    return nn.BCELoss()(model(x), np.ones((4, 1)))
