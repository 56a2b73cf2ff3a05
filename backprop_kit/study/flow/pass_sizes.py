"""The size of every value and every slope of a recorded pass, each taken once.

`Sizes` looks them up; whatever asks how large something is asks here, so that a whole analysis
goes over each array once.
"""

from __future__ import annotations

from math import isfinite

import numpy as np

from backprop_kit.engine.op import Array
from backprop_kit.engine.trace import Trace
from backprop_kit.study.flow.sizes import size


class Sizes:
    """‖value‖ and ‖slope‖ by node.

    value  {node: ‖value‖} for everything but integers and conditions
    slope  {node: ‖∂L/∂value‖}, 0 where no slope arrives
    """

    def __init__(self, trace: Trace) -> None:
        grads = trace.grads
        self.value = {n: size(n.value) for n in trace.nodes if n.value.dtype.kind == "f"}
        self.slope = {n: size(grads[n]) if n in grads else 0.0 for n in trace.nodes}
        self.sound = all(map(isfinite, (*self.value.values(), *self.slope.values())))


def finite(x: Array) -> bool:
    """Whether every entry is a number."""
    return bool(np.isfinite(x).all())
