"""`planned`, a plan that has been compared with fresh recordings on two batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backprop_kit.engine.backward import ancestors, backward_steps
from backprop_kit.engine.op import Array
from backprop_kit.engine.plan.plan import Plan
from backprop_kit.engine.replay import leaves_by_tensor, node_of
from backprop_kit.engine.tensor import Node, Tensor

Buffers = Mapping[str, tuple[Any, Any]]
CLOSE = 1e-12  # relative to the largest entry
_SAYS = "The model computes differently from batch to batch, so one plan cannot play it."


def planned(
    record: Callable[..., Tensor],
    first: Sequence[Any],
    second: Sequence[Any],
    parameters: Mapping[str, Tensor],
    *,
    buffers: Callable[[], Buffers] | None = None,
    theta: Array | None = None,
    grad: Array | None = None,
    kept: Mapping[str, Array] | None = None,
    slopes: bool = True,
) -> Plan | str:
    """A plan that plays what `record` records, or one sentence that says why there is none.

    record         called with Tensors that hold a batch, returns the loss: it is recorded for the
                   first batch, then once more for each of the two, and loss and slopes compared
    first, second  two batches of the same shapes: (x, y)
    buffers        called after each recording: {name: (leaf, fresh)} as `Plan` takes them

    The other arguments are those of `Plan`. The plan starts with the present numbers of the
    parameters.
    """
    loss, leaves = _recorded(record, first)
    if heard := _listener(loss.node):
        return heard
    found = dict(buffers()) if buffers is not None else {}
    try:
        plan = Plan(loss, parameters, leaves, theta=theta, grad=grad, buffers=found, kept=kept,
                    slopes=slopes)  # fmt: skip
    except ValueError as problem:
        return str(problem).splitlines()[0]
    before = plan.theta.copy(), {name: a.copy() for name, a in plan.kept.items()}, plan.step
    for batch in (first, second):
        loss, leaves = _recorded(record, batch)
        found = dict(buffers()) if buffers is not None else {}
        if apart := _apart(plan, loss, batch, parameters, found):
            break
    plan.theta[:], plan.step = before[0], before[2]
    for name, numbers in before[1].items():
        plan.kept[name][...] = numbers
    return apart or plan


def _recorded(record: Callable[..., Tensor], batch: Sequence[Any]) -> tuple[Tensor, list[Tensor]]:
    leaves = [Tensor(part, requires_grad=False) for part in batch]
    return record(*leaves), leaves


def _apart(
    plan: Plan, loss: Tensor, batch: Sequence[Any], parameters: Mapping[str, Tensor], found: Buffers
) -> str:
    """Where a plan differs from a fresh recording, in a sentence; "" where it does not."""
    tape = ancestors(loss.node)
    known = leaves_by_tensor(tape)
    steps = [n.options["step"] for n in tape if "step" in n.options]
    plan.step = steps[0] if steps else plan.step
    for name, p in parameters.items():
        plan.views[name][...] = known.get(p, p.node).value
    for name, (leaf, _) in found.items():
        plan.kept[name][...] = node_of(leaf).value
    arrays = [np.asarray(part) for part in batch]
    if not plan.slopes:
        return "" if _close(plan.forward(*arrays), loss.data) else _SAYS
    if not _close(plan.run(*arrays), loss.data):
        return _SAYS
    into: dict[Node, Array] = {}
    for _ in backward_steps(loss, hooks=False, into=into):
        pass
    slopes = plan.grad.copy()
    for name, p in parameters.items():
        plan.slopes[name][...] = into.get(known.get(p, p.node), 0.0)
    slopes, plan.grad[:] = plan.grad.copy(), slopes
    if not _close(plan.grad, slopes):
        return _SAYS
    for name, (_, fresh) in found.items():
        if fresh is not None and not _close(plan.kept[name], node_of(fresh).value):
            return _SAYS
    return ""


def _close(ours: Any, true: Array) -> bool:
    """Equal to 1e-12 of the largest entry; numbers in float32 to 1e-4 of it. Where all are nearly
    0, what is left of a sum that cancels is no difference."""
    ours, true = np.asarray(ours), np.asarray(true)
    if ours.shape != true.shape:
        return False
    near = CLOSE if true.dtype == np.float64 else 1e-4
    bound = near * max(float(np.abs(true).max(initial=0.0)), 1e-3)
    return bool(np.all((np.abs(ours - true) <= bound) | ((ours != ours) & (true != true))))


def _listener(root: Node) -> str:
    """What hooks would be passed over by a plan, in a sentence; "" without any."""
    for n in ancestors(root):
        if n.hooks:
            return f"A hook listens to {n.name or 'a value'}, and a plan would pass it over."
        for call in n.scope.chain if n.scope is not None else ():
            m = call.module
            if call.hooks or m.forward_hooks or m.forward_pre_hooks or m.backward_hooks:
                return f"A hook listens to {type(m).__name__}, and a plan would pass it over."
    return ""
