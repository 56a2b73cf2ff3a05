"""A way back with a known mistake in it, beside the right one.

`spoil` walks a recording and makes the mistake · `Spoiled` every number it leaves, and the first
that is wrong · `MISTAKES` what there is. The recording stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backprop_kit.engine.backward import Step, part_for
from backprop_kit.engine.op import Array, unbroadcast
from backprop_kit.engine.tensor import Node
from backprop_kit.engine.trace import Trace

STEP = 0.1  # by which "update on the way" moves a weight
SAME = 1e-9  # relative; what differs by less is rounding

# What each mistake does, in words that finish the sentence "This pass …".
MISTAKES = {
    "update on the way": f"moves each weight by a step {STEP:g} as soon as its slopes are there",
    "no slope": "goes through every activation as if it had slope 1",
    "no transpose": "multiplies in the order of the letters, without a transpose",
}
BENDS = {
    "tanh", "sigmoid", "relu", "leaky_relu", "elu", "softplus", "gelu", "exp", "sin", "cos", "abs",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Spoiled:
    """A way back with a mistake in it.

    held    what each value is left with as its slope
    moved   the parameters that got new numbers on the way: {leaf: (after which step, numbers)}
    parts   what was handed on, one for each step of the recording's way back
    """

    trace: Trace
    mistake: str
    held: dict[Node, Array]
    moved: dict[Node, tuple[int, Array]]
    parts: tuple[Array, ...]

    @property
    def does(self) -> str:
        """What this pass does wrong, after the words "This pass"."""
        return MISTAKES[self.mistake]

    @cached_property
    def wrong(self) -> dict[Node, Array]:
        """Where the slope at a value differs from the true one, for each value that has any."""
        found = {n: apart(self.held[n], true, self._size) for n, true in self.trace.grads.items()}
        return {n: where for n, where in found.items() if where.any()}

    @cached_property
    def first(self) -> Node | None:
        """The value whose slope is the first to be wrong, None if every number is right."""
        done = self.trace.complete_at
        return min(self.wrong, key=lambda n: (done[n], n.index), default=None)

    @cached_property
    def _size(self) -> float:
        return largest(self.trace)


def spoil(trace: Trace, mistake: str) -> Spoiled:
    """Go back through a recording with a mistake.

    Raises ValueError for a mistake that does not exist, and where it makes a product that does not
    fit, so that a program would stop there.
    """
    if not isinstance(mistake, str) or mistake not in MISTAKES:
        known = ", ".join(f'"{name}"' for name in MISTAKES)
        raise ValueError(f"There is no mistake called {mistake!r}.\nChoose one of {known}.")
    now: dict[Node, Array] = {}  # parameters that have moved
    moved: dict[Node, tuple[int, Array]] = {}
    held: dict[Node, Array] = {trace.loss: trace.steps[0].part}
    parts = [trace.steps[0].part]
    rule = _RULES.get(mistake, _right)
    first = len(trace.made) + 1
    for k, step in enumerate(trace.steps[1:], first + 1):
        assert step.node is not None
        args = [now.get(n, n.value) for n in step.node.inputs]
        part = rule(step, held[step.node], args)
        target = step.target
        held[target] = held[target] + part if target in held else part
        parts.append(part)
        if mistake == "update on the way" and target in trace.names:
            if trace.complete_at[target] == k:
                now[target] = target.value - STEP * held[target]
                moved[target] = (k, now[target])
    return Spoiled(trace, mistake, held, moved, tuple(parts))


def _right(step: Step, g: Array, args: Sequence[Array]) -> Array:
    assert step.node is not None
    return part_for(step.node, step.slot, g, step.node.value, args, 0)


def _no_slope(step: Step, g: Array, args: Sequence[Array]) -> Array:
    assert step.node is not None and step.node.op is not None
    return g if step.node.op.name in BENDS else _right(step, g, args)


def _no_transpose(step: Step, g: Array, args: Sequence[Array]) -> Array:
    assert step.node is not None and step.node.op is not None
    if step.node.op.name != "matmul":
        return _right(step, g, args)
    a, b = args
    left, right = (g, b) if step.slot == 0 else (a, g)
    shape = step.target.value.shape
    fits = left.shape[-1] == right.shape[-2] and (*left.shape[:-1], right.shape[-1])
    if not fits or fits[-len(shape) :] != shape:
        made = f"which makes {fits}, not {shape}" if fits else "which do not fit"
        raise ValueError(
            f"Without a transpose shapes {left.shape} and {right.shape} meet, {made}.\n"
            "Such a program stops at once; only in a square net does the mistake hide."
        )
    return unbroadcast(left @ right, shape)


_RULES: dict[str, Callable[[Step, Array, Sequence[Array]], Array]] = {
    "no slope": _no_slope,
    "no transpose": _no_transpose,
}


def largest(trace: Trace) -> float:
    """The size of the largest true slope of a recording."""
    return max(float(np.abs(g).max()) for g in trace.grads.values() if g.size)


def apart(mine: Array, true: Array, size: float) -> Array:
    """Where two arrays of slopes differ by more than rounding; `size` is that of the largest."""
    return ~(np.abs(mine - true) <= SAME * np.maximum(np.abs(true), 1e-3 * size))
