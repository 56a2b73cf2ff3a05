"""Which machine makes the steps of a run: plans where they can, else the tape.

`machines` the two of a run, one that makes steps and one that measures · `tried` whether model,
loss and samples fit together at all · `hooks_of` what a learner hung on a model
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import Loss, Module
from backprop_kit.nn.module import HOOKS
from backprop_kit.study.passes import output_of
from backprop_kit.study.run.played import PlanJudge, Player, Unplanned
from backprop_kit.study.run.samples import Samples
from backprop_kit.study.run.settings import Settings
from backprop_kit.study.run.tape import Pupil, Tape, TapeJudge, recorded

Machine = Player | Tape
Judge = PlanJudge | TapeJudge


def machines(
    pupil: Pupil, loss: Loss, samples: Samples, seed: int, hook: str
) -> tuple[Machine, Judge]:
    """What makes the steps, and what measures losses. A model with a hook is played on the tape,
    where the hook is called."""
    why = f"It calls {hook} at every step." if hook else ""
    with np.errstate(all="ignore"):
        machine: Machine = (
            Tape(pupil, loss, samples, seed, why) if why else Player(pupil, loss, samples, seed)
        )
        try:
            return machine, PlanJudge(pupil, loss, samples)
        except Unplanned:
            return machine, TapeJudge(pupil, loss, samples)


def sizes_of(settings: Settings, n: int) -> set[int]:
    """How many samples the batches have: the full ones, and the last of an epoch."""
    size = min(settings.batch or n, n)
    return {size, n % size or size}


def tried(model: Module, loss: Loss, samples: Samples) -> Tensor:
    """What the model says to all samples. Raises, in two lines, where something does not fit."""
    twin = model.copy().eval()
    with np.errstate(all="ignore"):
        output_of(twin, Tensor(samples.x[:1], requires_grad=False))  # has words for no Tensor
        if samples.test_x is not None and samples.test_y is not None:
            recorded(twin, loss, samples.test_x, samples.test_y)
        return recorded(twin, loss, samples.x, samples.y)[0]


def hooks_of(model: Module) -> str:
    """The first hook a learner left on a model, in words, or ""."""
    for path, m in model.named_modules():
        for kind in HOOKS:
            for hook in getattr(m, kind).values():
                what = "backward" if kind.startswith("backward") else "forward"
                where = f"{path} ({type(m).__name__})" if path else type(m).__name__
                return f"the {what} hook {_called(hook)} on {where}"
    for path, p in model.named_parameters():
        for hook in (p.node.hooks or {}).values():
            return f"the hook {_called(hook)} on {path}"
    return ""


def _called(hook: Any) -> str:
    return getattr(hook, "__name__", type(hook).__name__)
