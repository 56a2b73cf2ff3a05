"""The rows that sum, choose and rearrange: reductions, shapes, indexing, softmax.

Axes are stored counted from the end and shapes without what stands in front, so that a recording
plays again with one more axis before the recorded ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array, op


def _from_end(axis: int, rank: int, x: Array) -> int:
    """The axis counted from the end, among `rank` of them."""
    if not -rank <= axis < rank:
        there = f"Choose one between {-rank} and {rank - 1}." if rank else "It is a single number."
        raise ValueError(f"axis {axis} does not exist for numbers of shape {x.shape}.\n{there}")
    return axis % rank - rank


# --- reductions ---------------------------------------------------------------------------------
def _axes(x: Array, *, axis: Any = None, keepdims: bool = False) -> dict[str, Any]:
    """Axes counted from the end; None means all of the recorded ones."""
    given = range(x.ndim) if axis is None else (axis,) if np.ndim(axis) == 0 else axis
    ends = tuple(sorted({_from_end(int(a), x.ndim, x) for a in given}))
    return {"axis": ends, "keepdims": bool(keepdims)}


def _some(x: Array, *, axis: Any = None, keepdims: bool = False) -> dict[str, Any]:
    options = _axes(x, axis=axis, keepdims=keepdims)
    if _count(x, options["axis"]) == 0:
        raise ValueError(
            f"There is no number to choose from or to average (shape {x.shape}).\n"
            "The batch is empty; give at least one sample."
        )
    return options


def _spread(g: Array, x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    """Give the slope of a sum to each number that was added."""
    g = g if keepdims else np.expand_dims(g, axis)
    return np.broadcast_to(g, np.broadcast_shapes(g.shape, x.shape))


def _count(x: Array, axis: tuple[int, ...]) -> int:
    return prod(x.shape[a] for a in axis)


def _extreme(x: Array, axis: tuple[int, ...], keepdims: bool, choose: Any) -> Array:
    if x.dtype.kind != "c":
        return choose(x, axis=axis, keepdims=keepdims)
    share = _share(x, choose(x.real, axis=axis, keepdims=True), axis)
    return np.where(share != 0, x * share, 0.0).sum(axis=axis, keepdims=keepdims)


def _share(x: Array, y: Array, axis: tuple[int, ...]) -> Array:
    """1 at the number that was chosen; numbers that tie share it equally."""
    hit = (x.real == y.real).astype(x.real.dtype)
    return hit / hit.sum(axis=axis, keepdims=True)


def _chosen(g: Array, y: Array, x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    y = y if keepdims else np.expand_dims(y, axis)
    return _spread(g, x, axis, keepdims) * _share(x, y, axis)


# --- shapes -------------------------------------------------------------------------------------
def _new_shape(x: Array, *, shape: Sequence[int]) -> dict[str, Any]:
    """The shape in full; `free` is the axis that gives way when a batch of another size is played:
    the one left open by −1, else the first."""
    shape = tuple(int(n) for n in shape)
    free = shape.index(-1) if -1 in shape else 0
    rest = prod(n for i, n in enumerate(shape) if i != free)
    if -1 in shape and rest > 0:
        shape = (*shape[:free], x.size // rest, *shape[free + 1 :])
    if prod(shape) != x.size or min(shape, default=0) < 0:
        raise ValueError(
            f"reshape cannot put {x.size} numbers (shape {x.shape}) into {shape}.\n"
            "The two shapes must hold the same count of numbers."
        )
    return {"shape": shape, "rank": x.ndim, "free": free}


def _reshape(x: Array, *, shape: tuple[int, ...], rank: int, free: int) -> Array:
    lead = x.shape[: x.ndim - rank]
    if shape and prod(x.shape[x.ndim - rank :]) != prod(shape):
        shape = (*shape[:free], -1, *shape[free + 1 :])
    return x.reshape(lead + shape)


def _unreshape(
    g: Array, y: Array, x: Array, *, shape: tuple[int, ...], rank: int, free: int
) -> Array:
    return g.reshape(g.shape[: g.ndim - len(shape)] + x.shape[x.ndim - rank :])


def _order(x: Array, *, axes: Sequence[int] | None = None) -> dict[str, Any]:
    given = range(x.ndim)[::-1] if axes is None else axes
    ends = tuple(_from_end(int(a), x.ndim, x) for a in given)
    if len(set(ends)) != x.ndim or len(ends) != x.ndim:
        raise ValueError(
            f"transpose got the axes {tuple(given)} for numbers of shape {x.shape}.\n"
            f"Name each of its {x.ndim} axes once."
        )
    return {"axes": ends}


def _transpose(x: Array, *, axes: tuple[int, ...]) -> Array:
    return x.transpose(*range(x.ndim - len(axes)), *(x.ndim + a for a in axes))


def _untranspose(g: Array, y: Array, x: Array, *, axes: tuple[int, ...]) -> Array:
    return _transpose(g, axes=tuple(axes.index(a) - len(axes) for a in range(-len(axes), 0)))


def _index(x: Array, *, index: Any) -> dict[str, Any]:
    def frozen(part: Any) -> Any:
        part = getattr(part, "data", part) if hasattr(part, "node") else part
        return np.array(part) if isinstance(part, (list, np.ndarray)) else part

    parts = index if isinstance(index, tuple) else (index,)
    return {"index": tuple(frozen(part) for part in parts), "rank": x.ndim}


def _places(x: Array, index: Any, rank: int) -> Array:
    """Which numbers an index picks, counted through the recorded axes. Any index NumPy knows
    becomes this one array of whole numbers, and axes in front of the recorded ones stay free."""
    shape = x.shape[x.ndim - rank :]
    return np.arange(prod(shape)).reshape(shape)[index]


def _getitem(x: Array, *, index: Any, rank: int) -> Array:
    if x.ndim == rank:
        return x[index]
    lead, shape = x.shape[: x.ndim - rank], x.shape[x.ndim - rank :]
    return x.reshape(*lead, prod(shape))[..., _places(x, index, rank)]


def _ungetitem(g: Array, y: Array, x: Array, *, index: Any, rank: int) -> Array:
    places, shape = _places(x, index, rank), x.shape[x.ndim - rank :]
    lead = g.shape[: g.ndim - places.ndim]
    full = np.zeros((*lead, prod(shape)), g.dtype)
    picked: Any = (..., places)
    np.add.at(full, picked, g)
    return full.reshape(lead + shape)


def _join_axis(*xs: Array, axis: int = 0) -> dict[str, Any]:
    if len({x.ndim for x in xs}) > 1:
        raise ValueError(
            f"Parts of shape {' and '.join(str(x.shape) for x in xs)} do not fit together.\n"
            "Give all of them the same number of axes: x.reshape(1, n)."
        )
    return {"axis": _from_end(int(axis), xs[0].ndim, xs[0])}


def _pile_axis(*xs: Array, axis: int = 0) -> dict[str, Any]:
    _join_axis(*[x[None] for x in xs])
    return {"axis": _from_end(int(axis), xs[0].ndim + 1, xs[0])}


def _together(xs: Sequence[Array]) -> list[Array]:
    """Repeat the members' axis where only some of the parts have it."""
    top = max(xs, key=lambda x: x.ndim)
    return [
        x if x.ndim == top.ndim else np.broadcast_to(x, top.shape[: top.ndim - x.ndim] + x.shape)
        for x in xs
    ]


def _cut(g: Array, y: Array, *xs: Array, slot: int, axis: int) -> Array:
    start = sum(x.shape[axis] for x in xs[:slot])
    mine: Any = (..., slice(start, start + xs[slot].shape[axis]), *[slice(None)] * (-1 - axis))
    return g[mine]


# --- softmax and cross-entropy --------------------------------------------------------------------
def _axis(x: Array, *, axis: int = -1) -> dict[str, Any]:
    return {"axis": _from_end(int(axis), x.ndim, x)}


def _log_softmax(x: Array, *, axis: int) -> Array:
    z = x - x.real.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _softmax(x: Array, *, axis: int) -> Array:
    e = np.exp(x - x.real.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _paired(x: Array, labels: Array) -> tuple[Array, Array]:
    """Scores and labels with the same rows, the labels as indices of the last axis."""
    rows = np.broadcast_shapes(x.shape[:-1], labels.shape)
    where = labels.real.astype(int)
    if rows == x.shape[:-1] == labels.shape:
        return x, where[..., None]
    return np.broadcast_to(x, rows + x.shape[-1:]), np.broadcast_to(where, rows)[..., None]


def _pick(x: Array, labels: Array) -> Array:
    return np.take_along_axis(*_paired(x, labels), -1)[..., 0]


def _one_hot(x: Array, labels: Array) -> Array:
    x, where = _paired(x, labels)
    return (where == np.arange(x.shape[-1])).astype(x.real.dtype)


def _check_labels(x: Array, labels: Array) -> dict[str, Any]:
    classes = x.shape[-1] if x.ndim else 0
    if labels.shape != x.shape[:-1] or not x.ndim:
        raise ValueError(
            f"Labels of shape {labels.shape} do not fit scores of shape {x.shape}.\n"
            f"Give one whole number for each row: shape {x.shape[:-1]}."
        )
    low, high = (labels.real.min(), labels.real.max()) if labels.size else (0, 0)
    if labels.size and not (0 <= low and high < classes):
        raise ValueError(
            f"A label lies outside 0 … {classes - 1} (found {low:g} to {high:g}).\n"
            f"Labels count the {classes} scores from 0."
        )
    return {}


# fmt: off
total = op("sum", lambda x, *, axis, keepdims: x.sum(axis=axis, keepdims=keepdims),
           lambda g, y, x, *, axis, keepdims: _spread(g, x, axis, keepdims),
           tex=r"\sum x", rules=("g",), prepare=_axes)
mean = op("mean",
          lambda x, *, axis, keepdims: x.sum(axis=axis, keepdims=keepdims) / _count(x, axis),
          lambda g, y, x, *, axis, keepdims: _spread(g, x, axis, keepdims) / _count(x, axis),
          tex=r"\tfrac1n \sum x", rules=("g / n",), prepare=_some)
largest = op("max", lambda x, *, axis, keepdims: _extreme(x, axis, keepdims, np.max),
             lambda g, y, x, *, axis, keepdims: _chosen(g, y, x, axis, keepdims),
             tex=r"\max x", rules=("g [x = y]",), prepare=_some)
smallest = op("min", lambda x, *, axis, keepdims: _extreme(x, axis, keepdims, np.min),
              lambda g, y, x, *, axis, keepdims: _chosen(g, y, x, axis, keepdims),
              tex=r"\min x", rules=("g [x = y]",), prepare=_some)
reshape = op("reshape", _reshape, _unreshape,
             tex=r"\operatorname{reshape} x", rules=(r"\operatorname{reshape} g",),
             prepare=_new_shape)
transpose = op("transpose", _transpose, _untranspose,
               tex=r"x^\mathsf{T}", rules=(r"g^\mathsf{T}",), prepare=_order)
getitem = op("getitem", _getitem, _ungetitem,
             tex="x_{[i]}", rules=(r"g \text{ at } i,\ 0 \text{ elsewhere}",), prepare=_index)
concatenate = op("concatenate", lambda *xs, axis: np.concatenate(_together(xs), axis=axis), _cut,
                 tex=r"[x_1, x_2, \dots]", rules=("g_{[i]}",), variadic=True, prepare=_join_axis)
stack = op("stack", lambda *xs, axis: np.stack(_together(xs), axis=axis),
           lambda g, y, *xs, slot, axis: g.take(slot, axis=axis),
           tex=r"[x_1; x_2; \dots]", rules=("g_i",), variadic=True, prepare=_pile_axis)
softmax = op("softmax", _softmax,
             lambda g, y, x, *, axis: y * (g - (g * y).sum(axis=axis, keepdims=True)),
             tex=r"e^{x} / \sum e^{x}", rules=(r"y \odot (g - \sum g y)",), prepare=_axis)
log_softmax = op("log_softmax", _log_softmax,
                 lambda g, y, x, *, axis: g - np.exp(y) * g.sum(axis=axis, keepdims=True),
                 tex=r"x - \ln \sum e^{x}", rules=(r"g - e^{y} \sum g",), prepare=_axis)
pick = op("pick", _pick, lambda g, y, x, t: g[..., None] * _one_hot(x, t), None,
          letters="xt", tex="x_t", rules=(r"g \text{ at } t", ""),
          prepare=_check_labels, aligned=False)
cross_entropy = op("cross_entropy", lambda x, t: -_pick(_log_softmax(x, axis=-1), t),
                   lambda g, y, x, t: g[..., None] * (_softmax(x, axis=-1) - _one_hot(x, t)), None,
                   letters="xt", tex=r"-\ln \operatorname{softmax}(x)_t",
                   rules=(r"g (\operatorname{softmax} x - e_t)", ""),
                   prepare=_check_labels, aligned=False)
# fmt: on
