"""The one place that differentiates: `backward_steps`, part by part, latest operation first.

`Step` one part: one rule for one input · `backward_steps` yields them · `backward` drains it and
writes `.grad` · `ancestors` the tape behind a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_kit.engine.op import Array, sealed, unbroadcast
from backprop_kit.engine.scope import Call
from backprop_kit.engine.tensor import Node, Tensor


@dataclass(frozen=True, eq=False)
class Step:
    """One part of a slope on its way back: the rule of `node` for its input number `slot`.

    g     the whole slope that had arrived at `node`, None for the first step (∂L/∂L = 1)
    part  what this rule hands to `target`; parts at one target add up
    """

    node: Node | None
    slot: int
    target: Node
    g: Array | None
    part: Array


def ancestors(*roots: Node) -> list[Node]:
    """Every node the roots were made of, themselves included, oldest first."""
    found = set(roots)
    stack = list(roots)
    while stack:
        for n in stack.pop().inputs:
            if n not in found:
                found.add(n)
                stack.append(n)
    return sorted(found, key=lambda n: n.index)


def part_for(node: Node, slot: int, g: Array, y: Array, args: Sequence[Array], lead: int) -> Array:
    """Apply one rule and undo the broadcasting of its input.

    `args` are the arrays of this run (an ensemble axis may stand in front of each), `lead` the
    number of ensemble axes of g.
    """
    assert node.op is not None
    rule = node.op.vjp(slot)
    assert rule is not None
    part = rule(g, y, *args, **node.options)
    # An operand aligned for an ensemble has singleton axes in front of its own: they are no part
    # of its shape.
    shape, rank = args[slot].shape, node.inputs[slot].value.ndim
    shape = shape[len(shape) - rank :]
    return sealed(part if part.shape[lead:] == shape else unbroadcast(part, shape, lead))


def backward_steps(
    loss: Tensor, *, hooks: bool = True, into: dict[Node, Array] | None = None
) -> Iterator[Step]:
    """Yield the parts of every slope of a loss with one number, latest operation first.

    Inside an operation the last input comes first. `into` collects the whole slope of each leaf
    variable. With `hooks=False` no hook is called: the slopes of the loss itself.

    Raises ValueError if the loss is not one number or nothing in it needs a slope.
    """
    root = loss.node
    _check_loss(root)
    totals: dict[Node, Array] = {}
    tape = [n for n in ancestors(root) if n.needs_grad]
    calls = _listeners(tape) if hooks else []
    listening = _Listening(calls, tape, totals) if calls else None

    seed = sealed(np.ones(root.value.shape, root.value.dtype))
    yield Step(None, 0, root, None, seed)
    totals[root] = seed
    while tape:
        node = tape.pop()
        if listening is not None:
            listening.finish_later_than(node.index)
        if node not in totals:
            continue  # it was only asked about (a > b), and no slope goes back through a question
        g = sealed(totals.pop(node))
        if hooks and node.hooks:
            g = _spoken_to(node, g)
        if listening is not None:
            listening.arrived(node, g)
        if node.op is None:
            if into is not None:
                into[node] = g
            continue
        args = node.args
        for slot in range(len(args) - 1, -1, -1):
            target = node.inputs[slot]
            if not target.needs_grad or node.op.vjp(slot) is None:
                continue
            part = part_for(node, slot, g, node.value, args, 0)
            yield Step(node, slot, target, g, part)
            if listening is not None:
                listening.deliver(node.scope, target, part)
            else:
                totals[target] = totals[target] + part if target in totals else part
    if listening is not None:
        listening.finish_later_than(0)


def backward(loss: Tensor) -> None:
    """Differentiate a loss and add the slopes to `.grad` of its leaves, all at once at the end.

    Raises ValueError if the loss is not one number, or was differentiated before.
    """
    if loss.node.spent:
        raise ValueError(
            "backward() was already called on this loss; its slopes are in .grad.\n"
            "Compute the loss again (forward) before going back once more."
        )
    arrived: dict[Node, Array] = {}
    for _ in backward_steps(loss, into=arrived):
        pass
    owners = {leaf.owner: leaf.owner.grad for leaf in arrived if leaf.owner is not None}
    for leaf, g in arrived.items():
        if leaf.owner is not None:
            before = owners[leaf.owner]
            owners[leaf.owner] = g if before is None else sealed(before + g)
    for tensor, total in owners.items():
        tensor.grad = total
    loss.node.spent = True


def _check_loss(root: Node) -> None:
    if root.value.size != 1:
        raise ValueError(
            f"Slopes start from one number; this loss has shape {root.value.shape}.\n"
            "Sum or average it first: loss.sum() or loss.mean()."
        )
    if not root.needs_grad:
        raise ValueError(
            "Nothing this loss was made of needs a slope.\n"
            "Wrap what may change: Tensor(2.0), or a model with parameters."
        )


def _spoken_to(node: Node, g: Array) -> Array:
    """Let the tensor's own hooks see the whole slope, and take what they return."""
    for hook in tuple((node.hooks or {}).values()):
        spoken = hook(g)
        if spoken is not None:
            g = _fitting(spoken, g, "A tensor's hook")
    return g


def _fitting(spoken: Any, g: Array, who: str) -> Array:
    """A read-only copy of what a hook returned in place of the slope g."""
    new = np.asarray(spoken.data if isinstance(spoken, Tensor) else spoken)
    if new.dtype.kind not in "fciu" or new.shape != g.shape:
        raise ValueError(
            f"{who} returned shape {new.shape} ({new.dtype}); the slope there has {g.shape}.\n"
            "Return a slope of the same shape, or None to leave it as it is."
        )
    return sealed(new.astype(np.result_type(g, new) if new.dtype.kind == "c" else g.dtype))


class _Listening:
    """The module calls with backward hooks, as the way back passes through them.

    A part that leaves a call at one of its inputs waits in the call until everything inside is
    done; then the hooks see it, and it goes on, to the call around or to the total.
    """

    def __init__(self, calls: list[Call], tape: list[Node], totals: dict[Node, Array]) -> None:
        self.calls, self.totals = calls, totals
        live = set(tape)
        self.around: dict[Call, list[Call]] = {}
        self.output_of: dict[Node, list[Call]] = {}
        self.early: dict[Node, list[Call]] = {}
        self.waiting: dict[Call, dict[Node, Array]] = {call: {} for call in self.calls}
        self.arrivals: dict[Call, dict[Node, Array]] = {call: {} for call in self.calls}
        for call in self.calls:
            outputs = {n for n in call.outputs if n is not None and n in live}
            for n in outputs:
                self.output_of.setdefault(n, []).append(call)
            if outputs and not any(n is not None and n.needs_grad for n in call.inputs):
                # PyTorch, too, tells a module fed only with data at once.
                self.early.setdefault(min(outputs, key=lambda n: n.index), []).append(call)

    def arrived(self, node: Node, g: Array) -> None:
        """The whole slope at a node is known."""
        for call in self.output_of.get(node, ()):
            self.arrivals[call][node] = g
        for call in self.early.get(node, ()):
            self._fire(call)

    def deliver(self, scope: Call | None, target: Node, part: Array) -> None:
        """Hand a part on: into the innermost listening call it leaves, else into the total."""
        box = self.totals
        if scope is not None and scope not in self.around:
            self.around[scope] = [call for call in scope.chain if call.hooks]
        for call in self.around[scope] if scope is not None else ():
            if target in call.inputs:
                box = self.waiting[call]
                break
        box[target] = box[target] + part if target in box else part

    def finish_later_than(self, index: int) -> None:
        """Finish every call that began after this index: all inside it is done."""
        while self.calls and self.calls[-1].start > index:
            self._fire(self.calls.pop())

    def _fire(self, call: Call) -> None:
        """Let the hooks of a call speak, once, if a slope came to it; then hand on what waits."""
        waiting, arrivals = self.waiting[call], self.arrivals.pop(call, None)
        ins = tuple([_at_input(n, waiting) for n in call.inputs])
        if arrivals:
            outs = tuple([arrivals.get(n) if n is not None else None for n in call.outputs])
            for hook in call.hooks:
                spoken = hook(call.module, ins, outs)
                if spoken is not None:
                    ins = _checked(spoken, call, ins)
        elif not waiting:
            return
        for source, g in zip(call.inputs, ins, strict=True):
            if source is not None and g is not None:
                self.deliver(call.parent, source, g)


def _listeners(tape: list[Node]) -> list[Call]:
    """The calls with backward hooks in which something on the tape was made, first call first."""
    seen: set[Call] = set()
    for node in tape:
        for call in node.scope.chain if node.scope is not None else ():
            if call in seen:
                break
            seen.add(call)
    return sorted((c for c in seen if c.hooks), key=lambda c: c.start)


def _at_input(node: Node | None, waiting: dict[Node, Array]) -> Array | None:
    """What left a call at one input: None for data, zero where nothing did, as in PyTorch."""
    if node is None or not node.needs_grad:
        return None
    g = waiting.get(node)
    return sealed(np.zeros(node.value.shape, node.value.dtype) if g is None else g)


def _checked(spoken: Any, call: Call, ins: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
    who = f"A backward hook of {type(call.module).__name__}"
    if not isinstance(spoken, tuple) or len(spoken) != len(ins):
        raise ValueError(
            f"{who} returned {type(spoken).__name__}; it must return a tuple of {len(ins)}.\n"
            "Return one slope for each input, such as (grad_input[0] / 2,), or None."
        )
    if all(g is None for g in ins) and any(s is not None for s in spoken):
        raise ValueError(
            f"{who} returned a slope, but the module was fed only with data.\n"
            "Return None; what reaches its parameters is changed by p.register_hook."
        )
    return tuple(
        None if g is None else _fitting(np.zeros(g.shape) if s is None else s, g, who)
        for s, g in zip(spoken, ins, strict=True)
    )
