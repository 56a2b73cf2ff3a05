"""The engine: a tape of arrays with operations as data. NumPy only.

op · elementwise · shaping · ops   the registry: value, rules and TeX of every operation
tensor · record · scope · hooks    recording: values, operations, module calls, hooks
backward                           the one place that differentiates, part by part
chance                             masks that can be drawn again, by seed, step and call
trace                              a recording you can walk through
replay                             the same graph with other numbers, also many at once
plan                               the same graph laid out for speed, for one batch shape
gradcheck                          the slopes beside an independent oracle
"""

from backprop_kit.engine import ops
from backprop_kit.engine.backward import Step, backward_steps
from backprop_kit.engine.chance import moment
from backprop_kit.engine.gradcheck import Report, gradcheck
from backprop_kit.engine.hooks import RemovableHandle
from backprop_kit.engine.op import OPS, Op
from backprop_kit.engine.replay import replay, replay_slopes, replay_values
from backprop_kit.engine.tensor import Node, Tensor
from backprop_kit.engine.trace import Snapshot, Trace, Update

__all__ = [
    "OPS", "Node", "Op", "RemovableHandle", "Report", "Snapshot", "Step", "Tensor", "Trace",
    "Update", "backward_steps", "gradcheck", "moment", "ops", "replay", "replay_slopes",
    "replay_values",
]  # fmt: skip
