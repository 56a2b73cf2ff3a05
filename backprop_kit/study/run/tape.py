"""Playing a run on the tape: every step is recorded, differentiated and proposed anew.

`Pupil` a model that numbers can be put into and read from · `Tape` makes steps · `TapeJudge`
measures · `recorded` one loss
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop_kit.engine.backward import backward_steps
from backprop_kit.engine.chance import moment
from backprop_kit.engine.op import Array
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import Loss, Module, Optimizer
from backprop_kit.nn.module import HOOKS
from backprop_kit.study.passes import fitted
from backprop_kit.study.run.samples import Samples, grader
from backprop_kit.study.run.state import Layout, Memory, State


class Pupil:
    """A model of the run's own, its numbers in flat vectors; the hooks of `model` come along."""

    def __init__(self, model: Module) -> None:
        self.model = model.copy()
        for given, own in zip(model.modules(), self.model.modules(), strict=True):
            for kind in HOOKS:
                if held := getattr(given, kind):
                    setattr(own, kind, dict(held))
        self.parameters = dict(self.model.named_parameters())
        for given_p, own_p in zip(model.parameters(), self.parameters.values(), strict=True):
            if given_p.node.hooks:
                own_p.node.hooks = dict(given_p.node.hooks)
        self.buffers = dict(self.model.named_buffers())
        self.layout = Layout({path: p.data for path, p in self.parameters.items()})
        self.kept = Layout({path: b.data for path, b in self.buffers.items()})

    def put(self, theta: Array, buffers: Array) -> None:
        """Take over these numbers."""
        for path, numbers in self.layout.parts(theta).items():
            self.parameters[path].data = numbers
        for path, numbers in self.kept.parts(buffers).items():
            self.buffers[path].data = numbers

    @property
    def theta(self) -> Array:
        return self.layout.flat({path: p.data for path, p in self.parameters.items()})

    @property
    def held(self) -> Array:
        """What the buffers hold, as one vector."""
        return self.kept.flat({path: b.data for path, b in self.buffers.items()})


def recorded(model: Module, loss: Loss, x: Array, y: Array) -> tuple[Tensor, Tensor]:
    """What the model says and its loss, both on the tape. In training running means move on."""
    output = model(Tensor(x, requires_grad=False))
    return output, loss(output, fitted(y, output))


class Tape:
    """Makes steps by recording them."""

    def __init__(
        self, pupil: Pupil, loss: Loss, samples: Samples, seed: int, why: str = ""
    ) -> None:
        self.pupil, self.loss, self.samples, self.seed = pupil, loss, samples, seed
        self.why = why
        self.memory: dict[str, Any] = {}

    @property
    def says(self) -> str:
        return self.why

    def prepare(self, rows: int) -> None:
        """Refuse batches of so many samples where the model cannot take them."""
        model, s = self.pupil.model.copy(), self.samples  # a copy has no hooks to be called
        with np.errstate(all="ignore"), moment(self.seed, 0, quiet=True):
            recorded(model, self.loss, s.x[:rows], s.y[:rows])

    def load(self, state: State, optimizer: Optimizer) -> None:
        """Stand at this moment, to go on by this rule."""
        self.pupil.put(state.theta, state.buffers)
        self.memory, self.optimizer = state.memory.unpacked(), optimizer

    def advance(self, x: Array, y: Array, k: int) -> float:
        """Make step k → k + 1 from this batch; the loss before it."""
        parameters = self.pupil.parameters
        with moment(self.seed, k):
            value = recorded(self.pupil.model, self.loss, x, y)[1]
            slopes: dict[Any, Array] = {}
            for _ in backward_steps(value, into=slopes):
                pass
        grads = {path: slopes[p.node] for path, p in parameters.items() if p.node in slopes}
        numbers = {path: p.data for path, p in parameters.items()}
        updates, self.memory = self.optimizer.propose(numbers, grads, self.memory)
        for u in updates:
            parameters[u.name].data = u.new
        return float(value.data.reshape(()))

    def broken(self) -> str:
        """The first number that is not finite any more, by its path, or ""."""
        held: Mapping[str, Any] = {**self.pupil.parameters, **self.pupil.buffers}
        for path, kept in held.items():
            if not np.isfinite(kept.data).all():
                return path
        return ""

    def seen(self) -> tuple[Array, Array]:
        """θ and the buffers as they are now."""
        return self.pupil.theta, self.pupil.held

    def taken(self) -> State:
        """The moment it stands at."""
        return State(*self.seen(), Memory.of(self.memory))


class TapeJudge:
    """Losses and shares right over whole parts, in evaluation mode, by recording."""

    def __init__(self, pupil: Pupil, loss: Loss, samples: Samples) -> None:
        self.twin = Pupil(pupil.model.copy())
        self.twin.model.eval()
        self.loss, self.samples = loss, samples

    def measured(self, theta: Array, buffers: Array) -> tuple[float, float, float, float]:
        """(train, test, share right of train, of test); NaN for what there is not."""
        self.twin.put(theta, buffers)
        train, train_right = self._part(self.samples.x, self.samples.y)
        test, test_right = self._part(self.samples.test_x, self.samples.test_y)
        return train, test, train_right, test_right

    def _part(self, x: Array | None, y: Array | None) -> tuple[float, float]:
        if x is None or y is None:
            return float("nan"), float("nan")
        output, value = recorded(self.twin.model, self.loss, x, y)
        return float(value.data.reshape(())), grader(y, output.shape, self.loss)(output.data)
