"""What there is to see at the present moment: the part of `Run` that looks."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple

from backprop_kit.engine.op import Array, sealed
from backprop_kit.nn import Loss, Module, Optimizer
from backprop_kit.study.run.curve import SMALL, Curve, Measured
from backprop_kit.study.run.state import State
from backprop_kit.study.run.tape import Pupil
from backprop_kit.study.run.tree import Branch
from backprop_kit.study.run.walk import Walk, whole


class Looked(NamedTuple):
    """What a ForwardStepper needs to show the very pass that makes the next step."""

    model: Module
    x: Array
    y: Array
    loss: Loss
    optimizer: Optimizer


class Look(Walk):
    """The numbers, losses and batches of a position in a history."""

    _pupil: Pupil
    seed: int
    loss: Loss

    def _state(self) -> State:
        return self._history.state(self._branch, self._k)

    @property
    def theta(self) -> Array:
        """All parameters as one read-only vector, in the order of `named_parameters`."""
        return self._state().theta

    def numbers(self) -> dict[str, Array]:
        """{path: numbers} of all parameters, read-only."""
        return {path: sealed(a) for path, a in self._pupil.layout.parts(self.theta).items()}

    @property
    def model(self) -> Module:
        """A copy with the present numbers, in evaluation mode, to look at."""
        return self._twin().eval()

    def _twin(self) -> Module:
        twin, state = Pupil(self._pupil.model.copy()), self._state()
        twin.put(state.theta, state.buffers)
        return twin.model

    def hash(self) -> str:
        """32 digits over the parameters, the buffers, what the optimizer remembers, and k."""
        return blake2b(f"{self._k} {self._state().digest}".encode(), digest_size=16).hexdigest()

    def remembered(self, path: str) -> dict[str, Any]:
        """What the optimizer remembers of each weight of a parameter, by the words for it."""
        if not isinstance(path, str) or path not in self._pupil.layout.shapes:
            raise ValueError(
                f"The model has no parameter {path!r}.\n"
                f"It has {', '.join(self._pupil.layout.shapes)}."
            )
        held = self._state().memory.unpacked().get(path, {})
        slots = self.settings.optimizer.slots
        return {words: held[slot] for slot, words in slots.items() if slot in held}

    def rows(self, k: int | None = None) -> Array:
        """The rows (of the part to learn from) of the batch of step k → k + 1 on the present line.

        `default_rng([seed, epoch]).permutation(n)`, cut in batches; where one batch is all, they
        stand in their own order. None: of the next step.
        """
        k = self._k if k is None else whole("Step", k)
        return sealed(self._history.rows(self._history.place(self._branch, k)).copy())

    def measured(self) -> Measured:
        """(train loss, test loss, share right of train, of test) at the present moment, over all
        samples, in evaluation mode; NaN for what there is not."""
        return self._history.measured(self._branch, self._k)

    def curve(self, branch: int | Branch | None = None, *, own: bool = False) -> Curve:
        """The losses of the line of a branch from step 0 on; `own`: from the branch's start on.

        Points are at the start, at every epoch's end, and about eight inside an epoch. A branch
        keeps 4,096 of them: then those inside an epoch go, then every second epoch's end, and no
        more are measured than are kept.
        """
        return self._history.curve(self._branch if branch is None else self.known(branch), own)

    def trail(self, branch: int | Branch | None = None) -> tuple[Array, Array]:
        """The way of a model of at most 8 numbers: (steps (n,), θ (n, size)), step 0 first.

        Of the line of a branch; of the present line where None. Each branch keeps 4,096 places,
        then every second one, and so on.

        Raises ValueError for a larger model.
        """
        if self._pupil.layout.size > SMALL:
            raise ValueError(
                f"This model has {self._pupil.layout.size} numbers; the way of at most {SMALL} is "
                "kept.\nAsk for run.numbers() at the steps you want."
            )
        return self._history.trail(self._branch if branch is None else self.known(branch))

    def looked(self) -> Looked:
        """The very pass that makes the next step: `ForwardStepper(*run.looked())`.

        The model stands at the present moment, with the masks of this step and without hooks; the
        optimizer goes on from what it remembers.
        """
        model, place = self._twin().train(), self.place
        chances = [m for m in model.modules() if hasattr(m, "_calls")]
        for i, m in enumerate(chances):
            m._restart(self.seed, i)
            m._calls = self._k
        x, y = self._history.batch(place)
        optimizer = self.settings.optimizer.resumed(self._state().memory.unpacked())
        return Looked(model, x.copy(), y.copy(), self.loss, optimizer)

    def start_model(self) -> Module:
        """A copy of the model as it was given."""
        twin = Pupil(self._pupil.model.copy())
        twin.put(self._history.first.theta, self._history.first.buffers)
        return twin.model.train()
