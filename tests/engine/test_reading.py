"""Whether Python reads numbers while they are recorded."""

from threading import Thread

import numpy as np
import pytest

from backprop_kit import Tensor
from backprop_kit.engine.reading import reads
from backprop_kit.nn import BatchNorm, CrossEntropyLoss, Linear, Sequential, Tanh

x = Tensor([[1.0, 2.0], [3.0, 5.0]])


@pytest.mark.parametrize("read", [
    lambda: x.data, lambda: x.numpy(), lambda: x.sum().item(), lambda: float(x.sum()),
    lambda: 1 if x.sum() > 1 else 0, lambda: bool(x.sum()), lambda: np.asarray(x),
    lambda: x.detach(),
])  # fmt: skip
def test_what_reads_is_named(read):
    with reads() as outer, reads() as found:
        read()
    assert found.where == outer.where == "<lambda>"
    with reads() as later:
        pass
    assert later.where == ""


def test_shapes_the_kit_and_other_threads_read_nothing():
    model = Sequential(Linear(2, 3), BatchNorm(3), Tanh(), Linear(3, 2)).reset(0)
    with reads() as found:
        assert x.shape == (2, 2) and len(x) == 2 and x.ndim == 2 and x.size == 4
        CrossEntropyLoss()(model(x), np.array([0, 1]))
        other = Thread(target=lambda: x.data)
        other.start(), other.join()
    assert found.where == ""
