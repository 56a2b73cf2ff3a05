"""Playing a run by plans: the same steps as on the tape, laid out for speed.

`Player` makes steps, one plan for each size a batch has, all on one θ; a batch for which there is
no plan is played on the tape, and `says` tells why. `PlanJudge` measures the losses of whole parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_kit.engine.chance import moment
from backprop_kit.engine.op import Array, sealed
from backprop_kit.engine.plan import Plan, planned
from backprop_kit.engine.reading import reads
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import Loss, Optimizer
from backprop_kit.nn.optim.flat import Flat
from backprop_kit.study.passes import output_of
from backprop_kit.study.run.samples import Samples, grader
from backprop_kit.study.run.state import Memory, State
from backprop_kit.study.run.tape import Pupil, Tape

MOST = 8  # plans that are kept, besides the first


class Player:
    """Makes steps by playing plans; stands in for a `Tape` and gives the same numbers to 1e-12."""

    def __init__(self, pupil: Pupil, loss: Loss, samples: Samples, seed: int) -> None:
        self.pupil, self.loss, self.samples, self.seed = pupil, loss, samples, seed
        self.tape = Tape(pupil, loss, samples, seed)
        self.draft = Pupil(pupil.model.copy())  # plans are drawn up from the start's numbers
        self.plans: dict[int, Plan | str] = {}
        self.lead: Plan | None = None  # the first plan: it owns the vectors the others share
        self.flat: Flat | None = None
        self.rest: dict[str, Array] = {}  # buffers that no training step moves

    @property
    def says(self) -> str:
        """Why some batch is played on the tape, or ""."""
        return next((p for p in self.plans.values() if isinstance(p, str)), "")

    def prepare(self, rows: int) -> None:
        """Draw up a plan for batches of so many samples, from the numbers the run starts with."""
        if rows in self.plans:
            return
        model, loss = self.draft.model, self.loss

        def record(x: Tensor, y: Tensor) -> Tensor:
            with moment(self.seed, 0, quiet=True):
                return loss(model(x), y)

        lead, (x, y) = self.lead, (self.samples.x, self.samples.y)
        with np.errstate(all="ignore"), reads() as found:
            made = planned(
                record, (x[:rows], y[:rows]), _others(x, y, rows), self.draft.parameters,
                buffers=self._kept, theta=None if lead is None else lead.theta,
                grad=None if lead is None else lead.grad,
                kept=None if lead is None else lead.kept,
            )  # fmt: skip
        made = self.plans[rows] = read_in(found) or made
        if lead is None and isinstance(made, Plan):
            self.lead = made
        old = [n for n, p in self.plans.items() if isinstance(p, Plan) and p is not self.lead]
        for n in old[:-MOST]:  # drawn up again when they are needed
            del self.plans[n]

    def _kept(self) -> dict[str, Any]:
        return {n: (b.leaf, b.fresh) for n, b in self.draft.buffers.items() if b.fresh is not None}

    def load(self, state: State, optimizer: Optimizer) -> None:
        """Stand at this moment, to go on by this rule."""
        self.optimizer, lead = optimizer, self.lead
        if lead is None:
            self.tape.load(state, optimizer)
            return
        lead.theta[:] = state.theta
        for path, numbers in self.pupil.kept.parts(state.buffers).items():
            if path in lead.kept:
                lead.kept[path][...] = numbers
            else:
                self.rest[path] = numbers
        if self.flat is None or self.flat.optimizer is not optimizer:
            self.flat = Flat(optimizer, lead)
        self.flat.load(state.memory.unpacked())

    def advance(self, x: Array, y: Array, k: int) -> float:
        """Make step k → k + 1 from this batch; the loss before it."""
        plan = self.plans.get(len(x))
        if plan is None:
            self.prepare(len(x))
            plan = self.plans[len(x)]
        if self.lead is None:
            return self.tape.advance(x, y, k)
        if not isinstance(plan, Plan) or self.flat is None:
            self.tape.load(self.taken(), self.optimizer)
            value = self.tape.advance(x, y, k)
            self.load(self.tape.taken(), self.optimizer)
            return value
        plan.step = k
        value = plan.run(x, y)
        self.flat.step()
        return value

    def broken(self) -> str:
        """The first number that is not finite any more, by its path, or ""."""
        if self.lead is None:
            return self.tape.broken()
        # The sum of squares is finite only where all numbers are, and one call finds it.
        if np.isfinite(self.lead.theta.dot(self.lead.theta)) and not self.lead.kept:
            return ""
        held = {**self.lead.views, **self.lead.kept}
        return next((path for path, a in held.items() if not np.isfinite(a).all()), "")

    def seen(self) -> tuple[Array, Array]:
        """θ and the buffers as they are now, to be read at once."""
        if self.lead is None:
            return self.tape.seen()
        return self.lead.theta, self.pupil.kept.flat({**self.rest, **self.lead.kept})

    def taken(self) -> State:
        """The moment it stands at."""
        if self.lead is None or self.flat is None:
            return self.tape.taken()
        theta, kept = self.seen()
        return State(sealed(theta.copy()), kept, Memory.of(self.flat.state))


def read_in(found: reads) -> str:
    """Why what Python reads keeps a model from being played by a plan, or ""."""
    if not found.where:
        return ""
    return f"Python reads numbers in {found.where}, and what it makes of them is in no plan."


def _others(x: Array, y: Array, rows: int) -> tuple[Array, Array]:
    """Another batch of the same shape; the same one in another order where there is no other."""
    return (x[-rows:], y[-rows:]) if rows < len(x) else (x[::-1], y[::-1])


Part = tuple[Plan, Tensor, Callable[[Array], float]]


class PlanJudge:
    """Losses and shares right over whole parts, in evaluation mode, by plans."""

    def __init__(self, pupil: Pupil, loss: Loss, samples: Samples) -> None:
        self.twin, self.loss = Pupil(pupil.model.copy()), loss
        self.twin.model.eval()
        self.parts: list[Part | None] = []
        lead: Plan | None = None
        for x, y in ((samples.x, samples.y), (samples.test_x, samples.test_y)):
            made = None if x is None or y is None else self._part(x, y, lead)
            self.parts.append(made)
            lead = lead or (made[0] if made else None)
        assert lead is not None
        self.lead = lead

    def _part(self, x: Array, y: Array, lead: Plan | None) -> Part:
        outputs: list[Tensor] = []

        def record(x: Tensor, y: Tensor) -> Tensor:
            outputs.append(output_of(self.twin.model, x))
            return self.loss(outputs[-1], y)

        with reads() as found:
            made = planned(
                record, (x, y), (x[::-1], y[::-1]), self.twin.parameters,
                buffers=lambda: {n: (b, None) for n, b in self.twin.buffers.items()},
                theta=None if lead is None else lead.theta,
                kept=None if lead is None else lead.kept, slopes=False,
            )  # fmt: skip
        made = read_in(found) or made
        if isinstance(made, str):
            raise Unplanned(made)
        made.forward(x, y)
        return made, outputs[0], grader(y, outputs[0].shape, self.loss)

    def measured(self, theta: Array, buffers: Array) -> tuple[float, float, float, float]:
        """(train, test, share right of train, of test); NaN for what there is not."""
        self.lead.theta[:] = theta
        for path, numbers in self.twin.kept.parts(buffers).items():
            if path in self.lead.kept:
                self.lead.kept[path][...] = numbers
        (train, train_right), (test, test_right) = map(self._of, self.parts)
        return train, test, train_right, test_right

    def _of(self, part: Part | None) -> tuple[float, float]:
        if part is None:
            return float("nan"), float("nan")
        plan, output, grade = part
        return plan.forward(), grade(plan.value(output))


class Unplanned(ValueError):
    """There is no plan for this, and the reason."""
