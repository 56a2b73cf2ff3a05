"""To and from PyTorch: names, turned weights, all or nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from nets import apart, draw, theirs
from refusal import refused

from backprop_kit import nn
from backprop_kit.nn.convert import from_torch_state, to_torch_state


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1, bias=False))


def test_names_and_turned_weights():
    model = net()
    state = to_torch_state(model)
    assert {k: v.shape for k, v in state.items()} == {
        "0.weight": (3, 2), "0.bias": (3,), "2.weight": (1, 3),
    }  # fmt: skip
    assert np.array_equal(state["0.weight"].T, model[0].W.data)
    state["0.weight"][0, 0] = 9.0  # a copy
    assert model[0].W.data[0, 0] != 9.0


@pytest.mark.pytorch
def test_there_and_back_gives_the_same_outputs():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for seed in range(20):
        case = draw(seed)
        model = case.model()
        their_net = theirs(case, model)
        with torch.no_grad():
            for p in their_net.parameters():
                p.mul_(1.5)
            expected = their_net(torch.tensor(case.x)).numpy()
        from_torch_state(model, their_net.state_dict())
        assert apart(model(case.x).data, expected) < 1e-12


def test_shared_modules_come_under_each_of_their_paths():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.Tanh(), layer)
    state = to_torch_state(model)
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    from_torch_state(model, {k: v + 1 for k, v in state.items()})
    assert np.array_equal(layer.b.data, [1.0, 1.0])


def test_what_does_not_fit_changes_nothing():
    model = net()
    state = to_torch_state(model)
    before = model.state_dict()
    short = {k: v for k, v in state.items() if k != "2.weight"}
    for bad, words in (
        (short, "2.weight is missing from the state"),
        ({**state, "9.bias": np.ones(1)}, "9.bias has no place in the model"),
        ({**state, "0.weight": np.ones((2, 3))}, "0.W has shape (2, 3)"),
    ):
        with refused(ValueError, words):
            from_torch_state(model, bad)
    assert all(model.state_dict()[k] is v for k, v in before.items())


def test_pytorch_is_not_needed():
    code = (
        "import sys; from backprop_kit.nn import Linear, convert; "
        "convert.to_torch_state(Linear(2, 1)); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
