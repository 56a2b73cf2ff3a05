"""Every rule turned wrong: the gradient check must notice each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from opcases import CASES, loss_of

from backprop_kit.engine import OPS, Tensor, backward, gradcheck, ops
from backprop_kit.engine.op import T
from backprop_kit.engine.shaping import _count, _one_hot, _softmax, _spread

Rule = Callable[..., Any]


@contextmanager
def mutated(name: str, slot: int, rule: Rule) -> Iterator[None]:
    """The registry with one rule replaced."""
    row = OPS[name]
    true = row.vjps
    object.__setattr__(row, "vjps", (*true[:slot], rule, *true[slot + 1 :]))
    try:
        yield
    finally:
        object.__setattr__(row, "vjps", true)


def flipped(rule: Rule) -> Rule:
    return lambda *args, **options: -rule(*args, **options)


RULES = [
    (row.name, slot, rule)
    for row in OPS.values()
    for slot, rule in enumerate(row.vjps)
    if rule is not None
]

# A rule that only hands g on, or puts it in another place, has no factor to drop.
PLAIN = {
    ("add", 0), ("add", 1), ("sub", 0), ("sub", 1), ("neg", 0), ("identity", 0), ("sum", 0),
    ("reshape", 0), ("transpose", 0), ("getitem", 0), ("concatenate", 0), ("stack", 0),
}  # fmt: skip
DROPPED: dict[tuple[str, int], Rule] = {
    ("mul", 0): lambda g, y, a, b: g,
    ("mul", 1): lambda g, y, a, b: g,
    ("div", 0): lambda g, y, a, b: g,
    ("div", 1): lambda g, y, a, b: -g * y,
    ("power", 0): lambda g, y, a, b: g * a ** (b - 1),
    ("power", 1): lambda g, y, a, b: g * y,
    ("matmul", 0): lambda g, y, a, b: g @ T(np.ones_like(b)),
    ("matmul", 1): lambda g, y, a, b: T(np.ones_like(a)) @ g,
    ("exp", 0): lambda g, y, x: g,
    ("log", 0): lambda g, y, x: g,
    ("sqrt", 0): lambda g, y, x: g / y,
    ("sin", 0): lambda g, y, x: g,
    ("cos", 0): lambda g, y, x: -g,
    ("tanh", 0): lambda g, y, x: g * (1 - y),
    ("sigmoid", 0): lambda g, y, x: g * y,
    ("relu", 0): lambda g, y, x: g,
    ("leaky_relu", 0): lambda g, y, x, slope=0.01: np.where(x > 0, g, 0),
    ("elu", 0): lambda g, y, x, alpha=1.0: np.where(x > 0, g, g * y),
    ("softplus", 0): lambda g, y, x: g,
    ("gelu", 0): lambda g, y, x: g * y / x,
    ("dropout", 0): lambda g, y, x, **chance: g,
    ("abs", 0): lambda g, y, x: g,
    ("maximum", 0): lambda g, y, a, b: g,
    ("maximum", 1): lambda g, y, a, b: g,
    ("clip", 0): lambda g, y, x, low=0, high=0: g,
    ("where", 1): lambda g, y, c, a, b: g,
    ("where", 2): lambda g, y, c, a, b: g,
    ("mean", 0): lambda g, y, x, axis, keepdims: _spread(g, x, axis, keepdims),
    ("max", 0): lambda g, y, x, axis, keepdims: _spread(g, x, axis, keepdims),
    ("min", 0): lambda g, y, x, axis, keepdims: _spread(g, x, axis, keepdims) / _count(x, axis),
    ("softmax", 0): lambda g, y, x, axis: y * g,
    ("log_softmax", 0): lambda g, y, x, axis: g - g.sum(axis=axis, keepdims=True),
    ("pick", 0): lambda g, y, x, t: _one_hot(x, t),
    ("cross_entropy", 0): lambda g, y, x, t: g[..., None] * _softmax(x, axis=-1),
}
TURNED: dict[tuple[str, int], Rule] = {
    ("matmul", 0): lambda g, y, a, b: g @ b,
    ("matmul", 1): lambda g, y, a, b: a @ g,
    ("transpose", 0): lambda g, y, x, axes: g,
}


def a_loss_with(name: str) -> Tensor:
    """A graph that uses the operation in earnest: on its largest case."""
    case = max((c for c in CASES if c.name == name), key=lambda c: sum(map(np.size, c.inputs)))
    # Where the sum itself is wrong, a second one must not make it right again.
    return loss_of(case.apply(*case.tensors()), ops.mean if name == "sum" else ops.total)


def square_loss_with(name: str) -> Tensor:
    rng = np.random.default_rng(5)
    leaves = [Tensor(rng.normal(size=(3, 3))) for _ in OPS[name].letters]
    return loss_of(OPS[name](*leaves))


def test_no_rule_is_left_out():
    assert {(name, slot) for name, slot, _ in RULES} == PLAIN | set(DROPPED)
    assert not PLAIN & set(DROPPED)


@pytest.mark.parametrize("name", sorted({name for name, *_ in RULES}))
def test_the_true_rules_pass(name):
    assert gradcheck(a_loss_with(name))


@pytest.mark.parametrize(("name", "slot", "rule"), RULES, ids=lambda v: str(v)[:12])
def test_a_flipped_sign_is_noticed(name, slot, rule):
    with mutated(name, slot, flipped(rule)):
        report = gradcheck(a_loss_with(name))
    assert not report and "is wrong" in repr(report)


@pytest.mark.parametrize(("name", "slot"), DROPPED)
def test_a_dropped_factor_is_noticed(name, slot):
    with mutated(name, slot, DROPPED[name, slot]):
        assert not gradcheck(a_loss_with(name))


@pytest.mark.parametrize(("name", "slot"), TURNED)
def test_a_forgotten_transpose_is_noticed(name, slot):
    assert gradcheck(square_loss_with(name))
    with mutated(name, slot, TURNED[name, slot]):
        assert not gradcheck(square_loss_with(name))


def test_broadcasting_that_is_not_summed_is_noticed(monkeypatch):
    def first_only(g: np.ndarray, shape: tuple[int, ...], lead: int = 0) -> np.ndarray:
        while g.ndim > len(shape) + lead:
            g = g[0]
        return g[tuple(slice(n) for n in shape)]

    def loss() -> Tensor:
        x, b = Tensor(np.ones((4, 3)), name="x"), Tensor([0.1, 0.2, 0.3], name="b")
        return ops.tanh(x + b).sum()

    assert gradcheck(loss())
    monkeypatch.setattr(backward, "unbroadcast", first_only)
    report = gradcheck(loss())
    assert [row.name for row in report.failed] == ["b"]
