"""Hooks: listening in on a module call, there and back, under PyTorch's names and rules.

`RemovableHandle` takes a hook off again (also with `with`) · `run_call` calls a module, records the
range of what it did, and lets its forward hooks speak. Hooks are those registered at the call:
registered later they do not fire for it, removed later they still do.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from backprop_kit.engine import ops
from backprop_kit.engine.scope import Call, current_call, opened
from backprop_kit.engine.stopped import keeping
from backprop_kit.engine.tensor import Node, Tensor, frozen, tick

_ids = count()


class RemovableHandle:
    """Takes a hook off again: `handle.remove()`, or `with module.register_…(hook):`."""

    def __init__(self, hooks: dict[int, Callable[..., Any]], id: int) -> None:
        self._hooks = hooks
        self.id = id

    @classmethod
    def put(cls, hooks: dict[int, Callable[..., Any]], hook: Callable[..., Any]) -> RemovableHandle:
        if not callable(hook):
            raise TypeError(
                f"A hook is a function; got {type(hook).__name__}.\n"
                "Pass the function itself, without calling it."
            )
        handle = cls(hooks, next(_ids))
        hooks[handle.id] = hook
        return handle

    def remove(self) -> None:
        """Take the hook off; a second time does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def as_input(x: Any) -> Any:
    """An array handed to a module or a loss becomes an input: replaceable, without a slope."""
    if x is None or isinstance(x, Tensor):
        return x
    return Tensor._made(Node(frozen(x, keep_integers=True), kind="input"))


def run_call(module: Any, args: tuple[Any, ...], forward: Callable[..., Any]) -> Any:
    """Call `forward(*args)` as one recorded call of `module`, with the module's hooks around it.

    The module holds its hooks in `forward_pre_hooks`, `forward_hooks`, `backward_hooks`.
    """
    args = tuple([as_input(a) for a in args])
    for pre in tuple(module.forward_pre_hooks.values()):
        spoken = pre(module, args)
        if spoken is not None:
            args = spoken if isinstance(spoken, tuple) else (spoken,)
            args = tuple([as_input(a) for a in args])
    hooks = tuple(module.backward_hooks.values())
    after = tuple(module.forward_hooks.values())
    if hooks:
        args = _distinct(args)
    inputs = tuple([_node(a) for a in args])
    call = Call(module, current_call(), tick(), inputs, hooks)
    with opened(call):
        try:
            out = forward(*args)
        except Exception as problem:
            _keep(problem, module, inputs)
            raise
        for hook in after:
            spoken = hook(module, args, out)
            if spoken is not None:
                out = spoken
        parts = out if isinstance(out, tuple) else (out,)
        _must_be_tensors(module, parts)
        if (hooks and len(parts) > 1) or any(_older(p, call) for p in parts):
            # A value that only passes through gets a node of its own, so that "what arrived at the
            # output" and "what left at the input" are two places on the tape.
            parts = tuple([ops.identity(p) if isinstance(p, Tensor) else p for p in parts])
            out = parts if isinstance(out, tuple) else parts[0]
    call.outputs = tuple([_node(p) for p in parts])
    return out


def _keep(problem: Exception, module: Any, inputs: tuple[Node | None, ...]) -> None:
    """Let an error of this call carry what was recorded before it."""
    weights = [p.shape for p in vars(module).values() if len(getattr(p, "shape", ())) > 1]
    inner = getattr(module, "extra_repr", str)()
    name = "a function" if inner.startswith("<") else f"{type(module).__name__}({inner})"
    keeping(problem, name, [n for n in inputs if n is not None], weights[:1])


def _older(x: Any, call: Call) -> bool:
    return isinstance(x, Tensor) and x.node.index < call.start


def _node(x: Any) -> Node | None:
    return x.node if isinstance(x, Tensor) else None


def _distinct(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A value handed in twice is two inputs, each with a part of its own."""
    seen: set[int] = set()
    out = []
    for a in args:
        if isinstance(a, Tensor) and id(a.node) in seen:
            a = ops.identity(a)
        if isinstance(a, Tensor):
            seen.add(id(a.node))
        out.append(a)
    return tuple(out)


def _must_be_tensors(module: Any, parts: tuple[Any, ...]) -> None:
    if not any(isinstance(p, Tensor) for p in parts):
        got = type(parts[0]).__name__ if len(parts) == 1 else "a tuple"
        raise TypeError(
            f"{type(module).__name__} returned {got}, not a Tensor, so no slope can go back "
            "through it.\nCompute with Tensors; a hook returns a Tensor or None."
        )
