"""Pure questions about a model: arrays in, records out.

boards · training · passes · gradient_check · mistakes · cost
"""

from backprop_kit.study.boards import Words, board, digits_net
from backprop_kit.study.gradient_check import Comparison, compare_gradients
from backprop_kit.study.passes import Pass, record_pass
from backprop_kit.study.training import accuracy, forecast, train

__all__ = [
    "Comparison", "Pass", "Words", "accuracy", "board", "compare_gradients", "digits_net",
    "forecast", "record_pass", "train",
]  # fmt: skip
