"""Pure questions about a model: arrays in, records out.

boards · nets · training · run · descent · curvature · passes · gradient_check · mistakes · cost
"""

from backprop_kit.study.boards import Words, board, digits_net
from backprop_kit.study.curvature import hessian, limit, sharpness
from backprop_kit.study.descent import losses
from backprop_kit.study.gradient_check import Comparison, compare_gradients
from backprop_kit.study.nets import net
from backprop_kit.study.passes import Pass, record_pass
from backprop_kit.study.run import Branch, Curve, Run, Settings
from backprop_kit.study.training import accuracy, forecast, missed, train

__all__ = [
    "Branch", "Comparison", "Curve", "Pass", "Run", "Settings", "Words", "accuracy", "board",
    "compare_gradients", "digits_net", "forecast", "hessian", "limit", "losses", "missed", "net",
    "record_pass", "sharpness", "train",
]  # fmt: skip
