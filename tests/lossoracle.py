"""Losses and slopes by the textbook's formulas, in plain NumPy: what the kit is held to."""

from __future__ import annotations

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z, float)))


def logit(p):
    p = np.asarray(p, float)
    return np.log(p / (1 - p))


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def samples(p, t):
    """For rows that are samples: loss, ∂L/∂p, p(1 − p) and δ, squared error first."""
    p, t = np.asarray(p, float), np.asarray(t, float)
    part = np.stack([(p - t) ** 2 / 2, -(t * np.log(p) + (1 - t) * np.log(1 - p))])
    front = np.stack([p - t, (1 - t) / (1 - p) - t / p])
    slope = p * (1 - p)
    return part, front, slope, np.stack([(p - t) * slope, p - t])


def classes(p, t):
    """For rows that are the classes of one sample: parts, ∂L/∂p, the Jacobian and δ."""
    p, t = np.asarray(p, float), np.asarray(t, float)
    jacobian = np.diag(p) - np.outer(p, p)
    part = np.stack([(p - t) ** 2 / 2, -t * np.log(p)])
    front = np.stack([p - t, -t / p])
    return part, front, jacobian, np.stack([jacobian @ (p - t), p - t])


def race(p, t, steps, rate=1.0, kind="sigmoid"):
    """The sums after each update, (2, steps + 1, n), and their predictions."""
    start = logit(p) if kind == "sigmoid" else np.log(p)
    out, rule = sigmoid if kind == "sigmoid" else softmax, samples if kind == "sigmoid" else classes
    z = np.zeros((2, steps + 1, len(p)))
    for which in (0, 1):
        z[which, 0] = start
        for k in range(steps):
            z[which, k + 1] = z[which, k] - rate * rule(out(z[which, k]), t)[3][which]
    said = np.array([[out(row) for row in copy] for copy in z])
    return z, said


def line(x, y, w, b, mean=False):
    """Errors, parts of the loss, pulls on w and on b."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    error = w * x + b - y
    share = 2 / len(x) if mean else 1.0
    return error, share * error**2 / 2, share * error * x, share * error


def descent(x, y, w, b, steps, rate=0.1, mean=False):
    """(w, b, loss) after each step."""
    found = []
    for _ in range(steps + 1):
        _, part, on_w, on_b = line(x, y, w, b, mean)
        found.append((w, b, part.sum()))
        w, b = w - rate * on_w.sum(), b - rate * on_b.sum()
    return found
