"""The rows that act number by number, and matmul.

In a rule: g is the slope that arrived, y the value, a, b or x the inputs. Every decision looks at
the real part, so that a complex step passes through values and rules alike (no conjugation, no
np.abs); log and sqrt of a negative number are NaN, with an imaginary part too. At a kink the value
and the rule choose the same side. Numbers in a rule are Python's own: float32 stays float32.
"""

from __future__ import annotations

from math import exp as _exp
from math import inf, pi
from math import sqrt as root
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array, T, op

STEEP = 1e12  # the slope of ln where it has been cut off, as in PyTorch


def _where_negative_nan(x: Array) -> Array:
    return np.where(x.real < 0, np.nan, x) if x.dtype.kind == "c" else x


def _power(a: Array, b: Array) -> Array:
    if a.dtype.kind == "c" or b.dtype.kind == "c":
        whole = b == np.round(b.real)
        a = np.where((a.real < 0) & ~whole, np.nan, a)
    return np.power(a, b)


def _log(x: Array, *, floor: float = -inf) -> Array:
    """ln x; where it would fall below `floor`, a straight line from there, of slope `STEEP`.

    The line is so short that its value is the floor, and it lets a slope back that is steep, and
    not the infinity of ln 0.
    """
    if floor == -inf:
        return np.log(_where_negative_nan(x))
    below = (x.real >= 0) & (x.real < _exp(floor))
    return np.where(below, floor + STEEP * x, np.log(_where_negative_nan(np.where(below, 1.0, x))))


def _log_slope(g: Array, y: Array, x: Array, *, floor: float = -inf) -> Array:
    if floor == -inf:
        return g / x
    below = (x.real >= 0) & (x.real < _exp(floor))
    return np.where(below, g * STEEP, g / np.where(below, 1.0, x))


def _log_base(a: Array) -> Array:
    """ln a where a > 0; 0 where a = 0 (the slope of a power there); NaN below."""
    return np.log(_where_negative_nan(np.where(a.real == 0, 1.0, a)))


def _sigmoid(x: Array) -> Array:
    e = np.exp(np.where(x.real > 0, -x, x))  # never overflows
    return np.where(x.real > 0, 1.0, e) / (1.0 + e)


def _softplus(x: Array) -> Array:
    positive = x.real > 0
    return np.where(positive, x, 0.0) + np.log1p(np.exp(np.where(positive, -x, x)))


def _signed(g: Array, x: Array) -> Array:
    """g with the sign of x, 0 where x is 0."""
    return np.where(x.real < 0, -g, np.where(x.real == 0, 0.0, g))


def _won(g: Array, a: Array, b: Array) -> Array:
    """g where a is larger, 0 where b is; a tie is shared."""
    return np.where(a.real > b.real, g, np.where(a.real < b.real, 0.0, 0.5 * g))


def _maximum(a: Array, b: Array) -> Array:
    return np.where(a.real > b.real, a, np.where(a.real < b.real, b, 0.5 * a + 0.5 * b))


def _two_axes(a: Array, b: Array) -> dict[str, Any]:
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(
            f"matmul got shapes {a.shape} and {b.shape}; both need rows and columns.\n"
            "Make a vector of n numbers one row first: v.reshape(1, n)."
        )
    return {}


_C = root(2 / pi)


def _gelu_inner(x: Array) -> Array:
    return np.tanh(_C * (x + 0.044715 * x**3))


def _gelu_slope(x: Array) -> Array:
    t = _gelu_inner(x)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * _C * (1 + 3 * 0.044715 * x * x)


# fmt: off
add = op("add", np.add, lambda g, y, a, b: g, lambda g, y, a, b: g,
         tex="a + b", rules=("g", "g"))
sub = op("sub", np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g,
         tex="a - b", rules=("g", "-g"))
mul = op("mul", np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a,
         tex=r"a \odot b", rules=(r"g \odot b", r"g \odot a"))
div = op("div", np.true_divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b,
         tex="a / b", rules=("g / b", "-g y / b"))
power = op("power", _power,
           # b - (b != 0): the slope of x⁰ is 0, at x = 0 too.
           lambda g, y, a, b: g * b * _power(a, b - (b != 0)),
           lambda g, y, a, b: g * y * _log_base(a),
           tex="a^b", rules=("g b a^{b-1}", r"g y \ln a"))
neg = op("neg", np.negative, lambda g, y, x: -g, tex="-x", rules=("-g",))
identity = op("identity", lambda x: x, lambda g, y, x: g, tex="x", rules=("g",))
matmul = op("matmul", np.matmul, lambda g, y, a, b: g @ T(b), lambda g, y, a, b: T(a) @ g,
            tex="a b", rules=(r"g\, b^\mathsf{T}", r"a^\mathsf{T} g"), prepare=_two_axes)

exp = op("exp", np.exp, lambda g, y, x: g * y, tex="e^{x}", rules=("g y",))
log = op("log", _log, _log_slope,
         tex=r"\ln x", rules=("g / x",))
sqrt = op("sqrt", lambda x: np.sqrt(_where_negative_nan(x)), lambda g, y, x: g / (2 * y),
          tex=r"\sqrt{x}", rules=("g / 2y",))
sin = op("sin", np.sin, lambda g, y, x: g * np.cos(x), tex=r"\sin x", rules=(r"g \cos x",))
cos = op("cos", np.cos, lambda g, y, x: -g * np.sin(x), tex=r"\cos x", rules=(r"-g \sin x",))
tanh = op("tanh", np.tanh, lambda g, y, x: g * (1 - y * y), tex=r"\tanh x", rules=("g (1 - y^2)",))
sigmoid = op("sigmoid", _sigmoid, lambda g, y, x: g * y * (1 - y),
             tex=r"\sigma(x)", rules=("g y (1 - y)",))
relu = op("relu", lambda x: np.where(x.real <= 0, 0.0, x),
          lambda g, y, x: np.where(x.real <= 0, 0.0, g),
          tex=r"\max(x, 0)", rules=("g [x > 0]",))
leaky_relu = op("leaky_relu", lambda x, *, slope=0.01: np.where(x.real > 0, x, slope * x),
                lambda g, y, x, *, slope=0.01: np.where(x.real > 0, g, slope * g),
                tex=r"\max(x, s x)", rules=(r"g\,(1 \text{ or } s)",))
elu = op("elu", lambda x, *, alpha=1.0:
         np.where(x.real > 0, x, alpha * np.expm1(np.where(x.real > 0, 0.0, x))),
         lambda g, y, x, *, alpha=1.0: np.where(x.real > 0, g, g * (y + alpha)),
         tex=r"x \text{ or } \alpha (e^x - 1)", rules=(r"g\,(1 \text{ or } y + \alpha)",))
softplus = op("softplus", _softplus, lambda g, y, x: g * _sigmoid(x),
              tex=r"\ln(1 + e^x)", rules=(r"g\, \sigma(x)",))
gelu = op("gelu", lambda x: 0.5 * x * (1 + _gelu_inner(x)), lambda g, y, x: g * _gelu_slope(x),
          tex=r"\tfrac12 x (1 + t),\ t = \tanh(\sqrt{2/\pi}\,(x + 0.044715 x^3))",
          rules=(r"g \left(\tfrac12 (1 + t) + \tfrac12 x\, t'\right)",))
absolute = op("abs", lambda x: _signed(x, x), lambda g, y, x: _signed(g, x),
              tex="|x|", rules=(r"g \operatorname{sign} x",))
maximum = op("maximum", _maximum,
             lambda g, y, a, b: _won(g, a, b), lambda g, y, a, b: _won(g, b, a),
             tex=r"\max(a, b)", rules=("g [a > b]", "g [b > a]"))
clip = op("clip", lambda x, *, low=-inf, high=inf:
          np.where(x.real < low, low, np.where(x.real > high, high, x)),
          lambda g, y, x, *, low=-inf, high=inf:
          np.where((x.real >= low) & (x.real <= high), g, 0.0),
          tex=r"\min(\max(x, l), u)", rules=(r"g [l \le x \le u]",))
where = op("where", lambda c, a, b: np.where(c.real != 0, a, b), None,
           lambda g, y, c, a, b: np.where(c.real != 0, g, 0.0),
           lambda g, y, c, a, b: np.where(c.real != 0, 0.0, g),
           letters="cab", tex=r"c\ ?\ a : b", rules=("", "g [c]", r"g [\lnot c]"))
running = op("running", lambda a, b, *, share: (1 - share) * a + share * b, None, None,
             tex="(1 - s)\\, a + s\\, b", rules=("", ""))

greater = op("greater", lambda a, b: a.real > b.real, None, None, tex="a > b", rules=("", ""))
less = op("less", lambda a, b: a.real < b.real, None, None, tex="a < b", rules=("", ""))
greater_equal = op("greater_equal", lambda a, b: a.real >= b.real, None, None,
                   tex=r"a \ge b", rules=("", ""))
less_equal = op("less_equal", lambda a, b: a.real <= b.real, None, None,
                tex=r"a \le b", rules=("", ""))
equal = op("equal", lambda a, b: a.real == b.real, None, None, tex="a = b", rules=("", ""))
not_equal = op("not_equal", lambda a, b: a.real != b.real, None, None,
               tex=r"a \ne b", rules=("", ""))
# fmt: on
