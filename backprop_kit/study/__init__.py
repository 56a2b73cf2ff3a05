"""Pure questions about a model: arrays in, records out.

boards · training · passes
"""

from backprop_kit.study.boards import Words, board, digits_net
from backprop_kit.study.passes import Pass, record_pass
from backprop_kit.study.training import accuracy, forecast, train

__all__ = [
    "Pass", "Words", "accuracy", "board", "digits_net", "forecast", "record_pass", "train",
]  # fmt: skip
