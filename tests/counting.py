"""Count what one piece of work asks of NumPy.

Every array becomes a `Counted`, which sees each ufunc (operators too), each reduction and each
NumPy function it meets; the profiler counts the methods of arrays and NumPy's other C functions.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

_seen: Counter[str] = Counter()
# Plain flags and views cost next to nothing, but they are counted: it is their number that grows.
_METHODS = {
    "reshape", "swapaxes", "transpose", "astype", "copy", "setflags", "view", "take", "fill",
    "empty", "zeros", "array", "asarray", "arange", "searchsorted", "result_type",
}  # fmt: skip


def python_calls(work: Callable[[], Any]) -> int:
    """How many Python functions a piece of work calls: a cost that no busy machine changes."""
    count = 0

    def seen(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


class Counted(np.ndarray):
    """An array that counts; what is computed from it is one again."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        _seen[f"{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")] += 1
        plain = [np.ndarray.view(x, np.ndarray) if isinstance(x, Counted) else x for x in inputs]
        if "out" in options:
            options["out"] = tuple(np.ndarray.view(x, np.ndarray) for x in options["out"])
        out = getattr(ufunc, method)(*plain, **options)
        return None if out is None else _true_asanyarray(out).view(Counted)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        _seen[function.__name__] += 1
        with _quiet():
            return super().__array_function__(function, types, args, kwargs)


_true_array, _true_asanyarray = np.array, np.asanyarray
_paused = 0


@contextmanager
def _quiet() -> Iterator[None]:
    """What a NumPy function does inside is its own business."""
    global _paused
    before = _seen.copy()
    _paused += 1
    try:
        yield
    finally:
        _paused -= 1
        _seen.clear(), _seen.update(before)


def _array(x: Any, *args: Any, **options: Any) -> np.ndarray:
    return _true_array(x, *args, **{**options, "subok": True}).view(Counted)


def numpy_calls(work: Callable[[], object]) -> Counter[str]:
    """The NumPy calls of a second run of `work`, by name; arrays it makes count too."""
    with patch.object(np, "array", _array), patch.object(np, "asarray", _true_asanyarray):
        work()
        _seen.clear()

        def profiler(frame: Any, event: str, f: Any) -> None:
            name = getattr(f, "__name__", "")
            if event == "c_call" and not _paused and name in _METHODS:
                owner = getattr(f, "__self__", None)
                mine = frame.f_code.co_filename != __file__
                if mine and (isinstance(owner, np.ndarray) or _is_numpys(f)):
                    _seen[name] += 1

        sys.setprofile(profiler)
        try:
            work()
        finally:
            sys.setprofile(None)
    return _seen.copy()


def _is_numpys(f: Any) -> bool:
    return str(getattr(f, "__module__", None)).startswith("numpy")
