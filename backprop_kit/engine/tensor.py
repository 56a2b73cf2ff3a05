"""Values that remember how they were made.

`Node` one recorded value and its recipe · `Tensor` the handle a person holds · `frozen` copies and
seals its numbers. Creation index is topological order: an input is always older than what was made
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop_kit.engine import ops
from backprop_kit.engine.op import Array, Op, sealed
from backprop_kit.engine.reading import _open, told
from backprop_kit.engine.scope import current_call

if TYPE_CHECKING:
    from backprop_kit.engine.hooks import RemovableHandle
    from backprop_kit.engine.scope import Call

_clock = count(1)


def tick() -> int:
    """The next creation index. Calls of modules take one too, so that they nest in time."""
    return next(_clock)


class Node:
    """One value on the tape: its operation, its inputs, its options; it never changes.

    A leaf has no operation. Its `kind` says where it came from: a *variable* (what you wrap), an
    *input* (an array handed to a module or a loss: no slope, replay may replace it) or a
    *constant* (a literal inside an expression).
    """

    __slots__ = ("__weakref__", "hooks", "index", "inputs", "kind", "needs_grad", "op", "options",
                 "owner", "scope", "spent", "value")  # fmt: skip

    def __init__(
        self,
        value: Array,
        *,
        op: Op | None = None,
        inputs: tuple[Node, ...] = (),
        options: dict[str, Any] | None = None,
        kind: str = "made",
        owner: Tensor | None = None,
        needs_grad: bool = False,
    ) -> None:
        self.index = tick()
        self.op = op
        self.inputs = inputs
        self.options = options or {}
        self.value = value
        self.kind = kind
        self.owner = owner
        self.needs_grad = needs_grad
        self.scope: Call | None = current_call() if op is not None else None
        self.hooks: dict[int, Callable[[Array], Any]] | None = None
        self.spent = False

    @property
    def args(self) -> tuple[Array, ...]:
        """The arrays the operation used."""
        return tuple([n.value for n in self.inputs])

    @property
    def name(self) -> str | None:
        """The name its tensor was given; None for what has none."""
        return self.owner.name if self.owner is not None else None

    def __repr__(self) -> str:
        what = self.op.name if self.op else self.kind
        return f"<node {self.index} {what} {self.value.shape}>"


def frozen(data: Any, *, keep_integers: bool = False) -> Array:
    """A read-only copy with a dtype the engine computes in (float or complex, booleans stay)."""
    if isinstance(data, (list, tuple)) and any(isinstance(part, Tensor) for part in data):
        raise TypeError(
            "Tensors in a list would lose what they were made of.\n"
            "Join them with stack([a, b]) or concatenate([a, b])."
        )
    try:
        array = np.array(data)
    except ValueError as ragged:
        raise ValueError(
            f"This is not a rectangular array of numbers: {ragged}\n"
            "Give rows of equal length, such as [[1, 2], [3, 4]]."
        ) from None
    kind = array.dtype.kind
    if kind not in "fcbiu":
        what = {"U": "text", "S": "text", "O": "objects"}.get(kind, array.dtype.name)
        raise TypeError(
            f"A Tensor holds numbers, not {what} ({type(data).__name__}).\n"
            "Give a number, a list of numbers or a NumPy array of floats."
        )
    if array.dtype.char not in "fdFD?":
        # Small kinds of integers, too, become wide ones: they would overflow without a word.
        whole = np.int64 if keep_integers else np.float64
        array = array.astype({"f": np.float64, "c": np.complex128}.get(kind, whole))
    return sealed(array)


class Tensor:
    """A number or an array that remembers how it was made, so that slopes can go back.

    data  read-only array; to change it bind a new one: `t.data = …` (what was recorded stays)
    name  shown in pictures
    `t.grad` is the slope of the last loss that was differentiated, None before.
    """

    __slots__ = ("__weakref__", "_node", "grad", "name")
    __array_ufunc__ = None  # array + Tensor comes to us, and np.exp(t) cannot cut the tape unseen

    def __init__(self, data: Any, name: str | None = None, requires_grad: bool = True) -> None:
        self.name = name
        self.grad: Array | None = None
        self._node = self._leaf(data, "variable" if requires_grad else "input")

    def _leaf(self, data: Any, kind: str) -> Node:
        data = data.data if isinstance(data, Tensor) else data
        array = frozen(data, keep_integers=kind == "input")
        if kind == "variable" and array.dtype == bool:
            array = sealed(array.astype(np.float64))
        return Node(array, kind=kind, owner=self, needs_grad=kind == "variable")

    @classmethod
    def _made(cls, node: Node) -> Tensor:
        t = Tensor.__new__(Tensor)
        t.name, t.grad, t._node = None, None, node
        return t

    @property
    def node(self) -> Node:
        """The recorded value behind this handle."""
        return self._node

    @property
    def data(self) -> Array:
        """The numbers, read-only. Assign a new array of the same shape to change a leaf."""
        if _open:
            told()
        return self.node.value

    @data.setter
    def data(self, new: Any) -> None:
        if self.node.op is not None:
            raise ValueError(
                "Only a leaf can get new data; this value was made by "
                f"{self.node.op.name}.\nChange what it was made of and compute it again."
            )
        fresh = self._leaf(new, self.node.kind)
        if fresh.value.shape != self.shape:
            raise ValueError(
                f"{self.name or 'This tensor'} has shape {self.shape}; the new data has "
                f"{fresh.value.shape}.\nAssign an array of the same shape."
            )
        fresh.hooks = self.node.hooks  # hooks belong to the tensor, not to its present numbers
        self._node = fresh

    @property
    def shape(self) -> tuple[int, ...]:
        return self.node.value.shape

    @property
    def ndim(self) -> int:
        return self.node.value.ndim

    @property
    def size(self) -> int:
        return self.node.value.size

    @property
    def requires_grad(self) -> bool:
        """Whether slopes reach this value."""
        return self.node.needs_grad

    @property
    def T(self) -> Tensor:
        return self.transpose()

    def item(self) -> float | complex:
        """The one number inside."""
        return self.data.item()

    def numpy(self) -> Array:
        """The numbers, read-only."""
        return self.data

    def detach(self) -> Tensor:
        """The same numbers as a new input: no slope goes back through it."""
        return Tensor(self.data, self.name, requires_grad=False)

    def backward(self) -> None:
        """Send the slope 1 back from this loss and add what arrives to `.grad` of each leaf."""
        from backprop_kit.engine.backward import backward

        backward(self)

    def zero_grad(self) -> None:
        self.grad = None

    def register_hook(self, hook: Callable[[Array], Any]) -> RemovableHandle:
        """Call `hook(grad)` when the whole slope at this value is known; it may return another."""
        from backprop_kit.engine.hooks import RemovableHandle

        if not self.node.needs_grad:
            raise ValueError(
                "No slope reaches this tensor, so its hook would never be called.\n"
                "Register the hook on a tensor that requires a gradient."
            )
        if self.node.hooks is None:
            self.node.hooks = {}
        return RemovableHandle.put(self.node.hooks, hook)

    # --- operators --------------------------------------------------------------------------------
    # fmt: off
    def __add__(self, other: Any) -> Tensor: return ops.add(self, other)
    def __radd__(self, other: Any) -> Tensor: return ops.add(other, self)
    def __sub__(self, other: Any) -> Tensor: return ops.sub(self, other)
    def __rsub__(self, other: Any) -> Tensor: return ops.sub(other, self)
    def __mul__(self, other: Any) -> Tensor: return ops.mul(self, other)
    def __rmul__(self, other: Any) -> Tensor: return ops.mul(other, self)
    def __truediv__(self, other: Any) -> Tensor: return ops.div(self, other)
    def __rtruediv__(self, other: Any) -> Tensor: return ops.div(other, self)
    def __pow__(self, other: Any) -> Tensor: return ops.power(self, other)
    def __rpow__(self, other: Any) -> Tensor: return ops.power(other, self)
    def __matmul__(self, other: Any) -> Tensor: return ops.matmul(self, other)
    def __rmatmul__(self, other: Any) -> Tensor: return ops.matmul(other, self)
    def __neg__(self) -> Tensor: return ops.neg(self)
    def __abs__(self) -> Tensor: return ops.absolute(self)
    def __gt__(self, other: Any) -> Tensor: return ops.greater(self, other)
    def __lt__(self, other: Any) -> Tensor: return ops.less(self, other)
    def __ge__(self, other: Any) -> Tensor: return ops.greater_equal(self, other)
    def __le__(self, other: Any) -> Tensor: return ops.less_equal(self, other)
    def __getitem__(self, index: Any) -> Tensor: return ops.getitem(self, index=index)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.total(self, axis=axis, keepdims=keepdims)
    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.mean(self, axis=axis, keepdims=keepdims)
    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.largest(self, axis=axis, keepdims=keepdims)
    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.smallest(self, axis=axis, keepdims=keepdims)
    def exp(self) -> Tensor: return ops.exp(self)
    def log(self) -> Tensor: return ops.log(self)
    def sqrt(self) -> Tensor: return ops.sqrt(self)
    def sin(self) -> Tensor: return ops.sin(self)
    def cos(self) -> Tensor: return ops.cos(self)
    def tanh(self) -> Tensor: return ops.tanh(self)
    def sigmoid(self) -> Tensor: return ops.sigmoid(self)
    def relu(self) -> Tensor: return ops.relu(self)
    def clip(self, low: float, high: float) -> Tensor: return ops.clip(self, low=low, high=high)
    # fmt: on

    def reshape(self, *shape: Any) -> Tensor:
        flat = shape[0] if len(shape) == 1 and np.ndim(shape[0]) == 1 else shape
        return ops.reshape(self, shape=flat)

    def transpose(self, *axes: Any) -> Tensor:
        given = axes[0] if len(axes) == 1 and np.ndim(axes[0]) == 1 else axes
        return ops.transpose(self, axes=given or None)

    def __len__(self) -> int:
        return len(self.node.value)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"Numbers of shape {self.shape} are neither true nor false as a whole.\n"
                "Ask one of them, or use where(condition, a, b)."
            )
        return bool(self.data)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A leaf with the same numbers: copies do not share a tape."""
        memo[id(self)] = twin = Tensor(self.data, self.name, self.node.kind == "variable")
        return twin

    def __float__(self) -> float:
        return float(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.data if dtype is None else self.data.astype(dtype)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        numbers = np.array2string(self.data, precision=4, separator=", ", prefix="Tensor(")
        return f"Tensor({numbers}{name})"
