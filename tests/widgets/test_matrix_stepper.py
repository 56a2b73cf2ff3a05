"""MatrixStepper: it never changes the model, holds back what is covered, and checks itself."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from disposed import disposing
from nets import Skip
from refusal import refused

from backprop_kit.engine import OPS
from backprop_kit.films.film import unpack
from backprop_kit.nn import SGD, Linear, Sequential, Tanh
from backprop_kit.study import board
from backprop_kit.widgets.forward_stepper import ForwardStepper
from backprop_kit.widgets.matrix_stepper import MatrixStepper
from backprop_kit.widgets.player import Player

RNG = np.random.default_rng(5)


@pytest.fixture
def made():
    with disposing(MatrixStepper) as make:
        yield make


# --- what it is -----------------------------------------------------------------------------------
def test_two_lines_of_text(made):
    stepper = made(*board("four samples"))
    assert repr(stepper).split("\n") == [
        "4 samples at once, one in each row of X. Press → to multiply.",
        "17 steps · loss 5.91 · length of all gradients 9.20",
    ]
    stepper.cover("loss")
    assert repr(stepper).split("\n")[1] == "17 steps, and a question before the last of them"


def test_the_model_stays_as_it_is(made):
    model, x, y = board("2-2-1")
    before = model.state_dict()
    stepper = made(model, x, y)
    stepper._check()
    stepper.stage.presenter = True
    assert all(np.array_equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_the_first_view_of_a_board_is_small(made):
    for name in ("four samples", "three by three", "2-2-1"):
        stage = made(*board(name)).stage
        assert len(stage.film) < 8_000
        assert len(stage._esm.encode()) + len(stage._css.encode()) + len(stage.film) < 98_000


def test_the_badge_counts_parameters_and_blame(made):
    stepper = made(*board("four samples"))
    assert stepper.stage.badge["state"] == "checking"
    stepper.stage._hear(stepper.stage, {"painted": 1}, [])
    assert stepper.stage.badge["state"] == "ok"
    assert stepper.stage.badge["text"] == "21 of 21 checked"


@pytest.mark.parametrize("name", ["matmul", "add", "tanh"])
def test_a_wrong_rule_turns_the_badge(made, name):
    row = OPS[name]
    true = row.vjps
    wrong = tuple((lambda g, y, *a, rule=rule: 1.5 * rule(g, y, *a)) for rule in true)
    object.__setattr__(row, "vjps", wrong)
    try:
        net = Sequential(Linear(2, 3), Tanh(), Linear(3, 2)).reset(1)
        stepper = made(net, RNG.normal(size=(4, 2)), RNG.normal(size=(4, 2)))
        stepper.stage._hear(stepper.stage, {"painted": 1}, [])
        assert stepper.stage.badge["state"] == "failed"
        assert stepper.stage.badge["text"].endswith("is wrong")
    finally:
        object.__setattr__(row, "vjps", true)


# --- questions ------------------------------------------------------------------------------------
def test_phases_by_name_and_frames_held_back(made):
    stepper = made(*board("four samples"))
    assert [stepper.k_of(p) for p in ("forward", "loss", "backward", "update")] == [2, 6, 14, 16]
    assert stepper.k_of(11) == 11
    with refused(ValueError, "no phase 'again'"):
        stepper.k_of("again")
    stepper.cover("loss")
    header, arrays = unpack(stepper.stage.film)
    assert {"W1", "v0", "v1", "L"} <= set(arrays) and not any(n[0] in "gd:1" for n in arrays)
    text = gzip.decompress(stepper.stage.film).decode("latin-1")
    assert "tries" not in text and header["cuts"]["product"]["covered"] == {
        "backward": 4,
        "update": 2,
    }
    stepper.uncover()
    assert "gW1" in unpack(stepper.stage.film)[1]


def test_it_shares_a_player_with_the_stepper_of_the_same_pass(made):
    player = Player()
    model, x, y = board("2-2-1")
    one = made(model, x, y, player=player)
    other = made(model, x, y, optimizer=SGD(0.1), player=player, kind=ForwardStepper)
    player.seek(one.k_of("loss"))
    assert one.stage.k == other.stage.k == 9
    with refused(ValueError):
        made(model, -x, y, player=player)


def test_large_type_is_one_equation_and_back(made):
    stepper = made(*board("four samples"), lens=True)
    normal = stepper.stage.source
    stepper.stage.presenter = True
    assert stepper.stage.source.presenter and stepper.stage.source.trace == normal.trace
    stepper.stage.presenter = False
    assert stepper.stage.source is normal
    assert made(*board("four samples"), presenter=True).stage.source.presenter


# --- input ----------------------------------------------------------------------------------------
def test_any_model_a_learner_writes(made):
    net = Sequential(Linear(2, 3), Skip(Linear(3, 3)), Linear(3, 1)).reset(1)
    stepper = made(net, RNG.normal(size=(5, 2)), RNG.normal(size=5), optimizer=None)
    assert [p for p, _ in stepper.stage.source.phases] == ["forward", "loss", "backward"]
    assert made(lambda x: net(x) * 2, RNG.normal(size=2), [0.5]).stage.film


def test_bad_input_is_refused_and_leaves_nothing_behind():
    model, x, y = board("four samples")
    with refused(ValueError, "step is 'layer'", "product or by entry"):
        MatrixStepper(model, x, y, step="layer")
    with refused(TypeError, "does not know 'lense'", "'lens'"):
        MatrixStepper(model, x, y, lense=True)
    with refused(ValueError, "x has 4 samples and y has 3"):
        MatrixStepper(model, x, y[:3])
    with refused(ValueError, "features"):
        MatrixStepper(model, x[:, :1], y)
    with refused(ValueError, "no number to compute with"):
        MatrixStepper(model, x * np.nan, y)
    with refused(TypeError, "The optimizer is the class SGD"):
        MatrixStepper(model, x, y, optimizer=SGD)
    assert all(p.grad is None for p in model.parameters())
