"""Every value and slope of a pass has its length, and a pass that is not sound is known."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_kit.engine import Tensor
from backprop_kit.engine.trace import Trace
from backprop_kit.study.flow.pass_sizes import Sizes


def test_lengths_are_numpys():
    a, b = Tensor([3.0, 4.0]), Tensor([1.0, 2.0])
    product = a * b
    sizes = Sizes(Trace.of(product.sum()))
    assert sizes.value[a.node] == 5 and sizes.value[product.node] == pytest.approx(np.sqrt(73))
    assert sizes.slope[a.node] == pytest.approx(np.sqrt(5)) and sizes.slope[b.node] == 5
    assert sizes.sound


def test_a_pass_with_a_number_that_is_none_is_not_sound():
    a = Tensor([1e200, 1.0])
    with np.errstate(all="ignore"):
        trace = Trace.of((a * a).sum())
    assert not Sizes(trace).sound
