"""Lesson 04, E3: back through three layers, the middle one with a way round it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from backprop_kit.engine import Tensor, Trace

from .matrices import Array, called, near, numbers

STEP = 0.1
SIZES = ((3, 4, 2, 6), (5, 3, 1, 4), (2, 5, 3, 7))  # inputs, hidden units, outputs, samples
Net = tuple[Array, Array, list[Array]]


def own_backward(answer: Any) -> list[str]:
    """`backward(x, t, params)` for three layers, the middle one with a way round it."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the function itself: check("04.e3", backward).',
        ]
    for net in _nets():
        told, stopped = called(answer, net[0], net[1], [np.array(p) for p in net[2]])
        if stopped:
            return stopped
        if told is ... or told is None:
            return ["Not yet: replace the dots."]
        said = _judged_net(told, net)
        if said:
            return said
    return [
        f"Right, in {len(SIZES)} random nets of unequal sizes.",
        "What went round the layer on the way there came round it on the way back.",
    ]


def _judged_net(told: Any, net: Net) -> list[str]:
    names = [f"d{letter}{i}" for i in (1, 2, 3) for letter in "Wb"]
    if not isinstance(told, (tuple, list)) or len(told) != len(names):
        return ["Unclear: six results are asked for.", f"Return {', '.join(names)}."]
    mine = [numbers(t) for t in told]
    if any(m is None for m in mine):
        return [f"Unclear: {names[mine.index(None)]} holds no numbers.", "Return six arrays."]
    got = [m for m in mine if m is not None]
    true = _engine(net)
    if all(near(m, t) for m, t in zip(got, true, strict=True)):
        return []
    for name, says, made in _slips(net):
        if all(near(m, t) for m, t in zip(got, made, strict=True)):
            return [f"Not yet: {name}.", says]
    wrong = [n for n, m, t in zip(names, got, true, strict=True) if not near(m, t)]
    last = max(int(n[-1]) for n in wrong)
    where = f"in layer {last}" if last == 3 else f"from layer {last} on; layer {last + 1} is right"
    return [
        f"Not yet, and it matches no slip I know: {wrong[-1]}.",
        f"The way back parts {where}.",
    ]


@cache
def _nets() -> tuple[Net, ...]:
    rng = np.random.default_rng(6)
    nets = []
    for n_in, width, n_out, samples in SIZES:
        shapes = ((n_in, width), (width,), (width, width), (width,), (width, n_out), (n_out,))
        params = [0.6 * rng.normal(size=s) for s in shapes]
        nets.append((rng.normal(size=(samples, n_in)), rng.normal(size=(samples, n_out)), params))
    return tuple(nets)


def _engine(net: Net) -> list[Array]:
    """The six gradients by the engine."""
    x, t, params = net
    W1, b1, W2, b2, W3, b3 = leaves = [Tensor(p) for p in params]
    h1 = (Tensor(x, requires_grad=False) @ W1 + b1).tanh()
    h2 = (h1 @ W2 + b2).tanh() + h1
    loss = ((h2 @ W3 + b3 - Tensor(t, requires_grad=False)) ** 2).sum() * 0.5
    grads = Trace.of(loss).grads
    return [grads[p.node] for p in leaves]


def _by_hand(
    net: Net, *, skip: bool = True, slope: bool = True, step: float = 0.0, mean: bool = False
) -> list[Array]:
    """The six gradients written out, with a slip if one is asked for."""
    x, t, (W1, b1, W2, b2, W3, b3) = net
    h1 = np.tanh(x @ W1 + b1)
    bent = np.tanh(h1 @ W2 + b2)
    h2 = bent + h1
    d3 = h2 @ W3 + b3 - t
    if mean:
        d3 = d3 / len(x)
    dW3 = h2.T @ d3
    after = d3 @ (W3 - step * dW3).T
    d2 = after * (1 - bent**2) if slope else after
    dW2 = h1.T @ d2
    through = d2 @ (W2 - step * dW2).T + (after if skip else 0)
    d1 = through * (1 - h1**2) if slope else through
    return [x.T @ d1, d1.sum(axis=0), dW2, d2.sum(axis=0), dW3, d3.sum(axis=0)]


def _slips(net: Net) -> Sequence[tuple[str, str, list[Array]]]:
    return (
        ("the way round is lost", "dX lacks what went round the layer.", _by_hand(net, skip=False)),
        ("a factor is missing", "Right in layer 3; from layer 2 on a factor is missing.",
         _by_hand(net, slope=False)),
        ("weights have moved", "This is the gradient of other weights; see beat 6.",
         _by_hand(net, step=STEP)),
        ("this is a mean", "The loss here adds over the samples: ½ Σ (y − t)².",
         _by_hand(net, mean=True)),
    )  # fmt: skip
