"""One or more cases for every operation: inputs, options, and the value NumPy gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_kit.engine import OPS, Op, Tensor, ops

_rng = np.random.default_rng(20)


def some(*shape: int) -> np.ndarray:
    """Numbers of either sign, at least 0.2 from zero and no two alike."""
    x = _rng.uniform(0.2, 1.7, shape) * np.where(_rng.uniform(size=shape) < 0.5, -1, 1)
    return np.round(x, 3) + _rng.uniform(0, 1e-4, shape)


def above(*shape: int) -> np.ndarray:
    return np.abs(some(*shape))


@dataclass(frozen=True)
class OpCase:
    """`name(*inputs, **options)`; `expected` is an independent way to the same value."""

    name: str
    inputs: tuple[Any, ...]
    expected: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shapes = " ".join(str(np.shape(x)).replace(" ", "") for x in self.inputs)
        return " ".join([self.name, shapes, *map(str, self.options.values())])

    def tensors(self) -> list[Tensor]:
        """The inputs as leaves; labels and conditions as data."""
        return [Tensor(x, requires_grad=np.asarray(x).dtype.kind == "f") for x in self.inputs]

    def apply(self, *inputs: Any) -> Tensor:
        return OPS[self.name](*inputs, **self.options)


def _case(name: str, *inputs: Any, to: Callable[..., Any], **options: Any) -> OpCase:
    return OpCase(name, inputs, to, options)


def _pairs(name: str, to: Callable[..., Any], make: Callable[..., Any] = some) -> list[OpCase]:
    """Two inputs of every way in which they broadcast."""
    shapes = [((), ()), ((3, 4), (3, 4)), ((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (4,)),
              ((3, 4), ()), ((), (4,)), ((2, 1, 4), (3, 1)), ((1, 4), (3, 4))]  # fmt: skip
    return [_case(name, make(*a), make(*b), to=to) for a, b in shapes]


def _each(name: str, to: Callable[..., Any], make: Any = some, **options: Any) -> list[OpCase]:
    return [_case(name, make(*shape), to=to, **options) for shape in ((), (4,), (3, 4))]


def _reductions(name: str, to: Callable[..., Any]) -> list[OpCase]:
    given = [
        ((), {}), ((4,), {}), ((3, 4), {}), ((3, 4), {"axis": 0}), ((3, 4), {"axis": -1}),
        ((3, 4), {"axis": 1, "keepdims": True}), ((2, 3, 4), {"axis": (0, 2)}),
        ((2, 3, 4), {"axis": (-1, 0), "keepdims": True}), ((3, 4), {"keepdims": True}),
    ]  # fmt: skip
    return [
        OpCase(name, (some(*shape),), lambda x, o=options: to(x, **o), options)
        for shape, options in given
    ]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _gelu(x: np.ndarray) -> np.ndarray:
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


def _picked(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    rows = [x[(*i, int(t[i]))] for i in np.ndindex(t.shape)]
    return np.array(rows).reshape(t.shape)


def _dropped(x: np.ndarray, rate: float, seed: int, step: int, call: int) -> np.ndarray:
    """Philox under the key `seed`, its counter of four words (low first) at 0, 0, call, step."""
    drawn = np.random.Generator(np.random.Philox(counter=[0, 0, call, step], key=seed))
    return np.where(drawn.random(x.shape) < rate, 0, x / (1 - rate))


_MASK = np.array([[True, False, True, True], [False] * 4, [True, True, False, True]])
INDICES: list[Any] = [
    0, -1, slice(1, 3), slice(None, None, -1), (slice(None), 2), (slice(0, 2), slice(1, None, 2)),
    ..., (..., 0), (0, ...), (..., slice(1, 3)), (slice(None), ..., 1), None, (slice(None), None),
    (..., None), (None, ..., 0), [0, 2, 0], np.array([[0, 1], [1, 1]]), ([0, 2], [1, 1]),
    (slice(None), [3, 0, 3]), ([2, 1], slice(1, 3)), (np.array([0, 1])[:, None], [1, 2, 2]),
    _MASK, (np.array([True, False, True]),), (slice(None), np.array([True, False, False, True])),
    (np.array([True, False, True]), 1), (0, [1, 1, 2]), (..., [1, 0]), (1, 2),
]  # fmt: skip
INDICES_3D: list[Any] = [
    (0, slice(None), [0, 1]), ([0, 1], slice(None), [2, 2]), (slice(None), [0], ..., [1]),
    ([1, 0], ..., [1, 3]), (slice(None), [0, 2], [1, 1]), (..., [0, 1], 2), (None, [0], None, 1),
    (slice(None), np.array([[True, False, True, True], [False] * 4, [True] * 4])), ([1], 2, None),
]  # fmt: skip

_LABELS = np.array([2, 0, 1])

CASES: list[OpCase] = [
    *_pairs("add", lambda a, b: a + b),
    *_pairs("sub", lambda a, b: a - b),
    *_pairs("mul", lambda a, b: a * b),
    *_pairs("div", lambda a, b: a / b),
    *_pairs("power", lambda a, b: np.exp(b * np.log(a)), above),
    *_pairs("maximum", np.maximum),
    _case("neg", some(3, 4), to=lambda x: 0 - x),
    _case("identity", some(3, 4), to=lambda x: x),
    _case("matmul", some(2, 3), some(3, 4), to=lambda a, b: np.einsum("ij,jk", a, b)),
    _case("matmul", some(5, 2, 3), some(3, 4), to=lambda a, b: np.einsum("hij,jk", a, b)),
    _case("matmul", some(5, 1, 2, 3), some(2, 3, 4),
          to=lambda a, b: np.einsum("xyij,yjk->xyik", a.repeat(2, 1), b)),
    _case("matmul", some(2, 3), some(5, 3, 4), to=lambda a, b: np.einsum("ij,hjk->hik", a, b)),
    *_each("exp", lambda x: np.e**x),
    *_each("log", lambda x: np.log2(x) / np.log2(np.e), above),
    *_each("log", lambda x: np.log2(x) / np.log2(np.e), above, floor=-100.0),
    *_each("sqrt", lambda x: x**0.5, above),
    *_each("sin", lambda x: np.imag(np.exp(1j * x))),
    *_each("cos", lambda x: np.real(np.exp(1j * x))),
    *_each("tanh", lambda x: np.sinh(x) / np.cosh(x)),
    *_each("sigmoid", _sigmoid),
    *_each("relu", lambda x: np.maximum(x, 0)),
    *_each("leaky_relu", lambda x: np.maximum(x, 0.01 * x)),
    *_each("leaky_relu", lambda x: np.maximum(x, 0.3 * x), slope=0.3),
    *_each("elu", lambda x: np.maximum(x, np.exp(np.minimum(x, 0)) - 1)),
    *_each("elu", lambda x: np.where(x > 0, x, 0.7 * np.exp(x) - 0.7), alpha=0.7),
    *_each("softplus", lambda x: np.logaddexp(0, x)),
    *_each("gelu", _gelu),
    *_each("abs", np.abs),
    *_each("clip", lambda x: np.clip(x, -0.9, 1.1), low=-0.9, high=1.1),
    *_each("clip", lambda x: np.minimum(x, 0.8), high=0.8),
    _case("where", _MASK, some(3, 4), some(3, 4), to=np.where),
    _case("where", _MASK, some(4), some(3, 1), to=np.where),
    _case("where", np.array([True, False, True])[:, None], some(4), some(), to=np.where),
    *[_case("dropout", some(*shape), rate=r, seed=3, step=s, call=c,
            to=lambda x, r=r, s=s, c=c: _dropped(x, r, 3, s, c))
      for shape, r, s, c in (((), 0.5, 0, 0), ((4,), 0.5, 7, 0), ((3, 4), 0.25, 7, 1),
                             ((2, 3, 4), 0.6, 2**40, 5), ((3, 4), 0.0, 1, 0))],
    *[_case("running", some(*a), some(*b), share=0.1, to=lambda a, b: a + 0.1 * (b - a))
      for a, b in (((), ()), ((4,), (4,)), ((3, 4), (4,)))],
    *_pairs("greater", np.greater),
    *_pairs("less", np.less),
    *_pairs("greater_equal", np.greater_equal),
    *_pairs("less_equal", np.less_equal),
    *_pairs("equal", np.equal),
    *_pairs("not_equal", np.not_equal),
    *_reductions("sum", np.sum),
    *_reductions("mean", np.mean),
    *_reductions("max", np.max),
    *_reductions("min", np.min),
    *[_case("reshape", some(3, 4), shape=s, to=lambda x, s=s: np.reshape(x, s))
      for s in ((12,), (4, 3), (2, -1), (-1, 6), (3, 2, 2), (1, 3, 4))],
    _case("reshape", some(1, 1), shape=(), to=lambda x: x[0, 0]),
    _case("reshape", some(), shape=(1, 1), to=lambda x: x[None, None]),
    *[_case("transpose", some(2, 3, 4), axes=a, to=lambda x, a=a: np.transpose(x, a))
      for a in (None, (0, 1, 2), (1, 0, 2), (2, 0, 1), (-1, 0, -2))],
    _case("transpose", some(3, 4), to=np.transpose),
    *[_case("getitem", some(3, 4), index=i, to=lambda x, i=i: x[i]) for i in INDICES],
    *[_case("getitem", some(2, 3, 4), index=i, to=lambda x, i=i: x[i]) for i in INDICES_3D],
    *[_case("concatenate", some(2, 3), some(2, 1), some(2, 2), axis=a,
            to=lambda *xs, a=a: np.concatenate(xs, a)) for a in (1, -1)],
    _case("concatenate", some(2, 3), some(4, 3), to=lambda *xs: np.concatenate(xs)),
    _case("concatenate", some(3), to=lambda x: x),
    *[_case("stack", some(2, 3), some(2, 3), axis=a, to=lambda *xs, a=a: np.stack(xs, a))
      for a in (0, 1, 2, -1, -3)],
    _case("stack", some(), some(), to=lambda *xs: np.array(xs)),
    _case("softmax", some(3, 4), to=_softmax),
    _case("softmax", some(3, 4), axis=0, to=lambda x: _softmax(x, 0)),
    _case("log_softmax", some(3, 4), to=lambda x: np.log(_softmax(x))),
    _case("log_softmax", some(2, 3, 4), axis=1, to=lambda x: np.log(_softmax(x, 1))),
    _case("pick", some(3, 4), _LABELS, to=_picked),
    _case("pick", some(4), np.array(3), to=lambda x, t: x[3]),
    _case("pick", some(2, 3, 4), np.array([[0, 3, 3], [2, 1, 0]]), to=_picked),
    _case("cross_entropy", some(3, 4), _LABELS, to=lambda x, t: -np.log(_picked(_softmax(x), t))),
    _case("cross_entropy", some(2, 3, 4), np.array([[0, 3, 3], [2, 1, 0]]),
          to=lambda x, t: -np.log(_picked(_softmax(x), t))),
    _case("cross_entropy", some(4), np.array(1), to=lambda x, t: -np.log(_softmax(x)[1])),
]  # fmt: skip


def loss_of(value: Tensor, last: Op = ops.total) -> Tensor:
    """One number that feels every entry of a value differently, and not linearly."""
    if value.data.dtype == bool:
        value = value * 1.0
    weights = np.cos(np.arange(value.size) + 0.3).reshape(value.shape)
    return last((value + 0.2 * value * value) * weights)
