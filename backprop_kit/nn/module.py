"""`Module`, the base of everything that has parameters.

A layer keeps its initialiser, not numbers: they are drawn when first needed, by the module that is
then asked (the outermost one that was called), from one `default_rng(seed)` in the order of
`named_parameters`. What was assigned stays.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import Any, TypeVar
from weakref import ref

import numpy as np

from backprop_kit.engine.hooks import RemovableHandle, run_call
from backprop_kit.engine.tensor import frozen
from backprop_kit.nn.buffer import Buffer
from backprop_kit.nn.init import Init
from backprop_kit.nn.parameter import Parameter

__all__ = ["Module", "Parameter"]

Hook = Callable[..., Any]
Kept = TypeVar("Kept", bound=Parameter | Buffer)
HOOKS = ("forward_pre_hooks", "forward_hooks", "backward_hooks")
NO_HOOKS: Mapping[int, Hook] = MappingProxyType({})


class Module:
    """A function with parameters. Subclasses define `forward(self, x)`.

    Assigning a Parameter or a Module to an attribute makes it part of this module. Calling the
    module records the call; hooks listen to it, under PyTorch's names and rules.
    """

    training = True
    words: Any = None  # what a lesson calls the inputs and the output of this model
    recipe: Any = None  # what `study.nets.net` made it from
    forward_pre_hooks: Mapping[int, Hook] = NO_HOOKS
    forward_hooks: Mapping[int, Hook] = NO_HOOKS
    backward_hooks: Mapping[int, Hook] = NO_HOOKS

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            value._owner = ref(self)
        object.__setattr__(self, name, value)

    def forward(self, *args: Any) -> Any:
        raise TypeError(
            f"{type(self).__name__} has no forward().\nDefine `def forward(self, x):` in it."
        )

    def __call__(self, *args: Any) -> Any:
        """Run `forward` as one recorded call; arrays become inputs, numbers are drawn if needed."""
        return run_call(self, args, self.forward)

    # --- what is inside ---------------------------------------------------------------------------
    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside, by attribute name."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def children(self) -> Iterator[Module]:
        return (m for _, m in self.named_children())

    def named_modules(
        self, prefix: str = "", *, shared: bool = False
    ) -> Iterator[tuple[str, Module]]:
        """This module ("") and every module inside, by path; each once, or with `shared` under
        every path it has."""
        seen: set[Module] = set()
        for path, m in self._walk(prefix):
            if shared or m not in seen:
                seen.add(m)
                yield path, m

    def _walk(self, prefix: str) -> list[tuple[str, Module]]:
        found: list[tuple[str, Module]] = [(prefix, self)]
        for name, child in self.named_children():
            found += child._walk(f"{prefix}.{name}" if prefix else name)
        return found

    def modules(self) -> Iterator[Module]:
        return (m for _, m in self.named_modules())

    def _parameters(self) -> Iterator[tuple[str, Parameter]]:
        return self._kept(Parameter)

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """(path, buffer): what is kept and no slope moves, such as a running mean."""
        return self._kept(Buffer)

    def _kept(self, *kinds: type[Kept]) -> Iterator[tuple[str, Kept]]:
        """What is kept of these kinds, module by module; what is shared comes once."""
        seen: set[Kept] = set()
        for path, m in self.named_modules():
            for name, value in vars(m).items():
                if isinstance(value, kinds) and value not in seen:
                    seen.add(value)
                    yield (f"{path}.{name}" if path else name), value

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """(path, parameter), W before b, first layer first; a shared parameter comes once."""
        found = list(self._parameters())
        if not all(p.drawn for _, p in found):
            self.draw()
        return iter(found)

    def parameters(self) -> Iterator[Parameter]:
        return (p for _, p in self.named_parameters())

    # --- numbers ----------------------------------------------------------------------------------
    def draw(self, seed: int = 0) -> None:
        """Draw what has no numbers yet, from one `default_rng(seed)`."""
        self._start([p for _, p in self._parameters() if not p.drawn], seed)

    def reset(self, seed: int = 0, init: Init | None = None) -> Module:
        """Draw all parameters anew, start everything else that is kept anew, and return the module.

        init  used for every parameter, biases too, such as `uniform(1)`; None: each its own
        """
        self._start([p for _, p in self._parameters()], seed, init)
        for _, kept in self.named_buffers():
            kept.reset()
        for place, m in enumerate(self.modules()):
            m._restart(int(seed), place)
        return self

    def _restart(self, seed: int, place: int) -> None:
        """Count its chances from the first again; `place` is its number among the modules."""

    @staticmethod
    def _start(parameters: list[Parameter], seed: int, init: Init | None = None) -> None:
        if not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ValueError(
                f"The seed is {seed!r}; it must be a whole number from 0.\nTry model.reset(seed=1)."
            )
        rng = np.random.default_rng(seed)
        fresh = [p.start(rng, init) for p in parameters]
        for p, numbers in zip(parameters, fresh, strict=True):
            p.data, p.grad = numbers, None

    def zero_grad(self) -> None:
        """Forget the slopes of all parameters."""
        for _, p in self._parameters():
            p.grad = None

    def state_dict(self) -> dict[str, np.ndarray]:
        """{path: numbers} of parameters and buffers, read-only arrays."""
        self.draw()
        return {path: kept.data for path, kept in self._kept(Parameter, Buffer)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over numbers by path, all or nothing.

        Raises ValueError naming a missing, unknown or misshapen entry; nothing is changed then.
        """
        own = dict(self._kept(Parameter, Buffer))
        if not isinstance(state, Mapping):
            raise TypeError(
                f"A state is a dictionary of paths and numbers; got {type(state).__name__}.\n"
                "Pass what other.state_dict() returns."
            )
        if missing := [path for path in own if path not in state]:
            raise ValueError(
                f"{missing[0]} is missing from the state, which has {_list(state)}.\n"
                f"The model needs {_list(own)}."
            )
        if unknown := [path for path in state if path not in own]:
            raise ValueError(f"{unknown[0]} is unknown to the model.\nThe model has {_list(own)}.")
        fresh = {path: frozen(state[path]) for path in own}
        for path, p in own.items():
            if fresh[path].shape != p.shape:
                raise ValueError(
                    f"{path} has shape {p.shape}; the state brings {fresh[path].shape}.\n"
                    "Load a state of the same model (weights are (inputs, outputs))."
                )
        for path, p in own.items():
            p.data = fresh[path]

    def copy(self) -> Module:
        """A twin with the same numbers and no hooks; changing one leaves the other alone."""
        self.draw()
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Module:
        memo[id(self)] = twin = type(self).__new__(type(self))
        for name, value in vars(self).items():
            if name not in HOOKS:
                setattr(twin, name, copy.deepcopy(value, memo))
        return twin

    # --- modes ------------------------------------------------------------------------------------
    def train(self, mode: bool = True) -> Module:
        """Switch this module and all inside to training (or not) and return it."""
        for m in self.modules():
            m.training = mode
        return self

    def eval(self) -> Module:
        return self.train(False)

    # --- hooks ------------------------------------------------------------------------------------
    def _register(self, kind: str, hook: Hook) -> RemovableHandle:
        return RemovableHandle.put(vars(self).setdefault(kind, {}), hook)

    def register_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, args)` before forward; what it returns replaces the arguments."""
        return self._register("forward_pre_hooks", hook)

    def register_forward_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; what it returns replaces the output."""
        return self._register("forward_hooks", hook)

    def register_full_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` on the way back.

        grad_output is the whole slope at the output, grad_input the part that went through this
        call (None for data). A tuple returned replaces grad_input. Register before the forward
        pass: the list is fixed when the module is called.
        """
        return self._register("backward_hooks", hook)

    # --- looks ------------------------------------------------------------------------------------
    def extra_repr(self) -> str:
        """What stands between the brackets when the module prints itself."""
        return ""

    def __repr__(self) -> str:
        inner = [f"({n}) {m!r}".replace("\n", "\n  ") for n, m in self.named_children()]
        if not inner:
            return f"{type(self).__name__}({self.extra_repr()})"
        return "\n  ".join([f"{type(self).__name__}(", *inner]) + "\n)"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        rows = [
            (path or "·", type(m).__name__, m.extra_repr(), own)
            for path, m in self.named_modules()
            if (own := sum(p.count for p in vars(m).values() if isinstance(p, Parameter))) or path
        ]
        body = "".join(
            f"<tr><td>{escape(path)}</td><td>{escape(kind)}</td><td>{escape(extra)}</td>"
            f"<td>{own or '–'}</td></tr>"
            for path, kind, extra, own in rows
        )
        count = sum(p.count for _, p in self._parameters())
        table = (
            "<table><thead><tr><th>path</th><th>module</th><th>size</th><th>numbers</th></tr>"
            f"</thead><tbody>{body}</tbody><tfoot><tr><td colspan=3>all</td><td>{count}</td></tr>"
            "</tfoot></table>"
        )
        return {"text/plain": repr(self), "text/html": table}


def _list(paths: Mapping[str, Any]) -> str:
    return ", ".join(map(str, paths)) or "no numbers"
