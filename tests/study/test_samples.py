"""What a person hands over is taken, or refused in two lines."""

import numpy as np
import pytest
from refusal import refused

from backprop_kit.engine import Tensor
from backprop_kit.study.samples import grouped, numbers, rows_of, vector


def test_rows_and_vectors():
    assert rows_of([1, -1]).tolist() == [[1, -1]]
    assert rows_of(Tensor([[1.0, 2.0]]), 2).tolist() == [[1, 2]]
    assert vector("w", 1.5).tolist() == [1.5]
    assert numbers("b", True).tolist() == 1.0


@pytest.mark.parametrize(("call", "kind", "said"), [
    (lambda: rows_of([[1, 2, 3]], 2), ValueError, 'show="net"'),
    (lambda: rows_of([]), ValueError, "Give one row for each sample"),
    (lambda: rows_of([[1, np.inf]]), ValueError, "X[0, 1] is inf"),
    (lambda: rows_of([[1], [1, 2]]), TypeError, "rows of equal length"),
    (lambda: rows_of("ab"), TypeError, "X must hold numbers"),
    (lambda: vector("w", [1, 2], 3), ValueError, "it must be 3 numbers"),
    (lambda: vector("w", [[1, 2]]), ValueError, "a row of numbers"),
    (lambda: grouped(["on"], None, 2), ValueError, "groups has 1 names"),
    (lambda: grouped("on", None, 2), TypeError, "a list of names"),
    (lambda: grouped(3, None, 2), TypeError, "groups is int"),
    (lambda: grouped(None, [1, 0, 1], 2), ValueError, "y has 3 labels"),
])  # fmt: skip
def test_refusals(call, kind, said):
    with refused(kind, said):
        call()


def test_groups_by_name_or_by_label():
    assert grouped(["on", "off", "on"], None, 3) == {"on": (0, 2), "off": (1,)}
    assert grouped(None, [[1], [0], [-1]], 3) == {"y = 1": (0,), "y = 0": (1,), "y = −1": (2,)}
    assert grouped(None, None, 3) == {}
