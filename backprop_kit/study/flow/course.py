"""How a net's slopes change while it trains: `flow_course` looks at a run at several steps.

`Course` keeps the sizes of every layer, not the arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_kit.study.flow.gradient_flow import Flow, gradient_flow
from backprop_kit.study.run import Run


@dataclass(frozen=True, eq=False)
class Course:
    """Sizes by step and layer; arrays are (steps, layers), the layers as `Flow.layers`.

    steps     where the run was looked at, each before the step that was then made
    loss      (steps,) of the batch that was looked at
    budget    (steps,) decades between the last and the first hidden layer
    delta, gradient  ‖δ‖ and ‖∂L/∂W‖ · moved: update-to-weight ratio of the matrix
    rms       the usual size of an output · dead, saturated: shares
    stopped   the step at which a number was none and looking ended, None if there was no such
    """

    steps: np.ndarray
    loss: np.ndarray
    budget: np.ndarray
    delta: np.ndarray
    gradient: np.ndarray
    moved: np.ndarray
    rms: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    stopped: int | None


def flow_course(run: Run, steps: Iterable[int]) -> Course:
    """Look at a run before each of these steps, in their order; afterwards it stands where it
    stood.

    Steps beyond what is computed are trained. Looking ends at a pass with a number that is none.

    Raises ValueError for steps that are no whole numbers from 0.
    """
    wanted = list(steps)
    if not wanted or any(not _step(k) for k in wanted):
        raise ValueError(
            f"steps is {wanted!r}; it must hold whole numbers from 0.\n"
            "Give some, such as range(0, 101, 10)."
        )
    line, now = run.branch, run.k
    seen: list[int] = []
    rows: list[list[float]] = []
    stopped = None
    try:
        for k in sorted({int(k) for k in wanted}):
            if (k > run.k and run.at_end) or run.seek(k) != k:
                stopped = run.k
                break
            looked = run.looked()
            flow = gradient_flow(looked.model, (looked.x, looked.y), looked.loss, looked.optimizer)
            seen.append(k)
            rows.append(_row(flow))
            if flow.events:
                stopped = k
                break
    finally:
        run.go(line.id, now)
    table = np.array(rows).reshape(len(rows), -1)
    delta, gradient, moved, size, dead, saturated = np.moveaxis(
        table[:, 2:].reshape(len(rows), -1, 6), 2, 0
    )
    return Course(np.array(seen), table[:, 0], table[:, 1], delta, gradient, moved, size, dead,
                  saturated, stopped)  # fmt: skip


def _step(k: Any) -> bool:
    return isinstance(k, (int, np.integer)) and not isinstance(k, bool) and int(k) >= 0


def _row(flow: Flow) -> list[float]:
    out = [flow.value, flow.budget.sum]
    for m in flow.layers:
        moved = m.weights[0].moved
        out += [m.delta_size, m.gradient_size, np.nan if moved is None else moved,
                m.rms, m.dead, m.saturated]  # fmt: skip
    return out
