"""Operations as data: what one row of the registry is, and the array rules every row shares.

`Op` a row · `op(…)` adds one · `OPS` the registry · `T` the transpose of the last two axes ·
`unbroadcast` undoes broadcasting, once, for every rule · `align` lines up an ensemble axis ·
`sealed` makes an array read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray
Rule = Callable[..., Array]


@dataclass(frozen=True, eq=False)
class Op:
    """One operation: its value, and for each input the rule that carries a slope back.

    A rule (vector–Jacobian product) reads `rule(g, y, *inputs, **options)`, where g is the slope
    that arrived at the value y; it may return a broadcast shape, the engine sums that away.
    A row whose inputs are a list of any length (`variadic`) has one rule with a keyword `slot`.

    tex      the value in TeX, with the inputs' letters in it
    rules    the TeX of each rule, in the order of the inputs
    prepare  turns what a person wrote (axis=0) into what is recorded (axis=(-2,)), or refuses it
    aligned  whether the inputs broadcast against each other, so that an ensemble axis of one has
             to be lined up with the others (not so for scores and labels)
    """

    name: str
    forward: Callable[..., Any]
    vjps: tuple[Rule | None, ...]
    letters: str
    tex: str
    rules: tuple[str, ...]
    variadic: bool = False
    prepare: Callable[..., dict[str, Any]] | None = None
    aligned: bool = True

    @cached_property
    def options(self) -> tuple[str, ...]:
        """The names of its options: the keyword-only parameters."""
        code = getattr(self.prepare or self.forward, "__code__", None)
        if code is None:  # a NumPy function
            return ()
        return code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]

    def vjp(self, slot: int) -> Rule | None:
        """The rule for one input; None where no slope passes (labels, conditions)."""
        if self.variadic:
            rule = self.vjps[0]
            assert rule is not None
            return lambda g, y, *xs, **options: rule(g, y, *xs, slot=slot, **options)
        return self.vjps[slot]

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Apply the operation to Tensors (numbers and arrays become constants) and record it."""
        from backprop_kit.engine.record import record

        return record(self, inputs, options)

    def refusal(self, args: Sequence[Array], problem: Exception) -> Exception:
        """What to raise for arrays or options this operation cannot work with, in two lines."""
        if "\n" in str(problem):
            return problem
        shapes = " and ".join(str(a.shape) for a in args)
        if isinstance(problem, TypeError):
            kinds = " and ".join(str(a.dtype) for a in args)
            return TypeError(
                f"{self.name} cannot work with {kinds} of shape {shapes}.\nNumPy says: {problem}."
            )
        advice = f"NumPy says: {problem}."
        if self.name == "matmul":
            advice = "The edges that touch must be equal: (rows, n) times (n, columns)."
        return ValueError(f"{self.name} got shapes {shapes}, which do not fit.\n{advice}")

    def __repr__(self) -> str:
        return f"<op {self.name}>"


OPS: dict[str, Op] = {}


def op(
    name: str,
    forward: Callable[..., Any],
    *vjps: Rule | None,
    tex: str,
    rules: Sequence[str] = (),
    letters: str = "",
    variadic: bool = False,
    prepare: Callable[..., dict[str, Any]] | None = None,
    aligned: bool = True,
) -> Op:
    """Add a row to the registry and return it; the row itself is the function to call.

    `letters` names the inputs: "x" for one, "ab" for two, unless given.
    """
    letters = letters or ("x" if len(vjps) < 2 else "ab")
    row = Op(name, forward, vjps, letters, tex, tuple(rules), variadic, prepare, aligned)
    if name in OPS:
        raise ValueError(f"The operation {name!r} is already in the registry.\nChoose a new name.")
    OPS[name] = row
    return row


def T(x: Array) -> Array:
    """Rows and columns exchanged: the transpose of the last two axes."""
    return x.swapaxes(-1, -2)


def sealed(x: Any) -> Array:
    """The array itself, read-only from now on: what was recorded never changes."""
    x = np.asarray(x)
    if x.flags.writeable:
        x.setflags(write=False)
    return x


def unbroadcast(g: Array, shape: tuple[int, ...], lead: int = 0) -> Array:
    """Sum g over the axes along which an array of this shape was repeated.

    The first `lead` axes (the ensemble axis) are left alone: each member keeps its own slope.
    """
    extra = g.ndim - lead - len(shape)
    if extra:
        g = g.sum(axis=tuple(range(lead, lead + extra)))
    axes = tuple(i for i, n in enumerate(shape, lead) if n == 1 and g.shape[i] != 1)
    return g.sum(axis=axes, keepdims=True) if axes else g


def align(args: Sequence[Array], ranks: Sequence[int]) -> list[Array]:
    """Put singleton axes between an ensemble axis and an operand of lower rank.

    `ranks` are the numbers of axes at recording. Without them a (R, 3) bias would meet
    a (R, B, 3) layer as if its members were samples, which raises nothing when R = B.
    """
    top = max(ranks)
    return [
        a.reshape(a.shape[:1] + (1,) * (top - rank) + a.shape[1:])
        if a.ndim > rank and rank < top
        else a
        for a, rank in zip(args, ranks, strict=True)
    ]
