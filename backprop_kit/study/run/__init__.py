"""A training history as data: `Run`, a tree of (parent, step, one change).

run · tree, settings · state, keep · tape, played · curve · samples · recipe, token, file
"""

from backprop_kit.study.run.curve import Curve
from backprop_kit.study.run.run import Run
from backprop_kit.study.run.settings import Settings
from backprop_kit.study.run.tree import Branch

__all__ = ["Branch", "Curve", "Run", "Settings"]
