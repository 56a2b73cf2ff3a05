"""Optimizers that give each weight a step size of its own. Formulas as in `torch.optim`."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.nn.optim.base import Optimizer, Slots, between


class AdaGrad(Optimizer):
    """Divide by the root of all squared slopes so far:  s ← s + g²,  w ← w − η g / (√s + ε).

    lr   η, above 0
    eps  ε, keeps the first division finite

    Source: Duchi, Hazan, Singer, JMLR 12 (2011).
    """

    formula = "w − η g / (√s + ε),  s = s + g²"
    slots = {"s": "sum of squared slopes"}
    _usual = {"eps": 1e-10}

    def __init__(self, lr: float = 0.01, *, eps: float = 1e-10, **settings: Any) -> None:
        super().__init__(lr, **settings)
        self.eps = between("eps", eps, 0, 1, 1e-10)

    def rule(
        self, w: np.ndarray, g: np.ndarray, slots: Slots, lr: float
    ) -> tuple[np.ndarray, Slots]:
        s = slots.get("s", 0.0) + g * g
        return w - lr * g / (np.sqrt(s) + self.eps), {"s": s}


class RMSProp(Optimizer):
    """Divide by the root of a fading mean of squares.

    s ← ρ s + (1 − ρ) g²,  w ← w − η g / (√s + ε)

    lr        η, above 0
    rho       ρ, how slowly the mean forgets, at least 0 and below 1
    momentum  α: v ← α v + g / (√s + ε),  w ← w − η v
    eps       ε, keeps the division finite

    Source: Tieleman, Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012).
    """

    formula = "w − η g / (√s + ε),  s = ρ s + (1 − ρ) g²"
    slots = {"s": "mean squared slope", "v": "velocity"}
    _usual = {"rho": 0.99, "momentum": 0.0, "eps": 1e-8}

    def __init__(
        self, lr: float = 0.01, rho: float = 0.99, *, momentum: float = 0.0, eps: float = 1e-8,
        **settings: Any,
    ) -> None:  # fmt: skip
        super().__init__(lr, **settings)
        self.rho = between("rho", rho, 0, 1, 0.99)
        self.momentum = between("momentum", momentum, 0, 1, 0.9)
        self.eps = between("eps", eps, 0, 1, 1e-8)
        if momentum:
            self.formula = "w − η v,  v = α v + g / (√s + ε),  s = ρ s + (1 − ρ) g²"

    def rule(
        self, w: np.ndarray, g: np.ndarray, slots: Slots, lr: float
    ) -> tuple[np.ndarray, Slots]:
        s = self.rho * slots.get("s", 0.0) + (1 - self.rho) * g * g
        move = g / (np.sqrt(s) + self.eps)
        if not self.momentum:
            return w - lr * move, {"s": s}
        v = self.momentum * slots.get("v", 0.0) + move
        return w - lr * v, {"s": s, "v": v}


class Adam(Optimizer):
    """Fading means of slope and square, both freed of their start at 0.

    m ← β₁ m + (1 − β₁) g,  s ← β₂ s + (1 − β₂) g²,
    w ← w − η m̂ / (√ŝ + ε)  with  m̂ = m / (1 − β₁ᵗ),  ŝ = s / (1 − β₂ᵗ)

    lr            η, above 0
    beta1, beta2  at least 0 and below 1
    eps           ε, keeps the division finite

    Source: Kingma, Ba, ICLR 2015.
    """

    formula = "w − η m̂ / (√ŝ + ε),  m = β₁ m + (1 − β₁) g,  s = β₂ s + (1 − β₂) g²"
    slots = {"m": "mean slope", "s": "mean squared slope", "t": "steps"}
    _usual = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

    def __init__(
        self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, *, eps: float = 1e-8,
        **settings: Any,
    ) -> None:  # fmt: skip
        super().__init__(lr, **settings)
        self.beta1 = between("beta1", beta1, 0, 1, 0.9)
        self.beta2 = between("beta2", beta2, 0, 1, 0.999)
        self.eps = between("eps", eps, 0, 1, 1e-8)

    def rule(
        self, w: np.ndarray, g: np.ndarray, slots: Slots, lr: float
    ) -> tuple[np.ndarray, Slots]:
        t = slots.get("t", 0) + 1
        m = self.beta1 * slots.get("m", 0.0) + (1 - self.beta1) * g
        s = self.beta2 * slots.get("s", 0.0) + (1 - self.beta2) * g * g
        root = np.sqrt(s / (1 - self.beta2**t)) + self.eps
        return w - lr * (m / (1 - self.beta1**t)) / root, {"m": m, "s": s, "t": t}


class AdamW(Adam):
    """Adam that shrinks the weights beside the slopes:  w ← (1 − η λ) w, then as Adam.

    weight_decay  λ, 0.01 unless given

    Source: Loshchilov, Hutter, ICLR 2019.
    """

    formula = "(1 − η λ) w − η m̂ / (√ŝ + ε),  m = β₁ m + (1 − β₁) g,  s = β₂ s + (1 − β₂) g²"
    _usual = {**Adam._usual, "weight_decay": 0.01}
    _decoupled = True

    def __init__(
        self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, *,
        weight_decay: float = 0.01, **settings: Any,
    ) -> None:  # fmt: skip
        super().__init__(lr, beta1, beta2, weight_decay=weight_decay, **settings)

    def rule(
        self, w: np.ndarray, g: np.ndarray, slots: Slots, lr: float
    ) -> tuple[np.ndarray, Slots]:
        new, after = super().rule(w, g, slots, lr)
        return new - lr * self.weight_decay * w, after
