"""Tokens: short, exact, and refused when anything is wrong with them."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused
from runs import RULES, small

from backprop_kit.data import Data, circles, digits, moons, sine, spirals, xor
from backprop_kit.nn import SGD, Adam, Linear, MSELoss, Sequential, StepDecay, Tanh
from backprop_kit.study import Run, board, digits_net, net
from backprop_kit.study.run import token
from backprop_kit.study.run.recipe import make_data, make_model, recipe_of_data, recipe_of_model

LAB = "bpk1."


def same(run: Run, other: Run) -> bool:
    return (run.hash(), run.k, repr(run.settings)) == (
        other.hash(), other.k, repr(other.settings)
    )  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_token_brings_the_moment_back(name):
    run = small(RULES[name](), batch=7)
    run.step(23)
    text = run.token()
    assert run.can_token and len(text) <= 300 and text.startswith(LAB)
    there = Run.from_token(text)
    assert same(run, there) and there.says == "" and there.token() == text
    run.step(4), there.step(4)
    assert run.hash() == there.hash()


def test_twenty_changes_of_every_kind_fit():
    run = Run(net((2, 8, 8, 1), activation="relu", init="He", seed=7),
              spirals(320, 0.11, 6, turns=1.25), optimizer=Adam(0.01), batch=16)  # fmt: skip
    changes = [
        {"lr": 0.03}, {"batch": 32}, {"weight_decay": 0.001}, {"lr": 0.003},
        {"weights": {("0.W", 3): 0.4371}}, {"optimizer": SGD(0.1, momentum=0.9)}, {"lr": 0.05},
        {"momentum": 0.5}, {"l1": 0.0001}, {"batch": 8}, {"lr": 0.02}, {"nesterov": True},
        {"schedule": StepDecay(300)}, {"lr": 0.01}, {"optimizer": Adam(0.02)}, {"batch": None},
        {"clip_norm": 1.0}, {"lr": 0.015}, {"beta1": 0.8}, {"lr": 0.005},
    ]  # fmt: skip
    for i, change in enumerate(changes):
        run.step(3 + i % 4), run.fork(**change)
    run.step(5)
    text = run.token()
    assert len(text) <= 300
    there = Run.from_token(text)
    assert same(run, there) and len(there.branches) == 21 and there.says == ""
    assert [b.change for b in there.branches][1:5] == [b.change for b in run.branches][1:5]
    run.fork(lr=0.001)
    with refused(ValueError, "more than 20 changes", "run.save"):
        run.token()
    assert not run.can_token


def test_only_the_way_to_the_moment_is_told():
    run = small(Adam(0.02))
    run.step(10), run.fork(lr=0.5), run.step(10), run.go(0, 10), run.fork(batch=16), run.step(4)
    there = Run.from_token(run.token())
    assert same(run, there) and [b.change for b in there.branches] == [{}, {"batch": 16}]
    run.back(8)  # before the fork, nothing was changed yet
    there = Run.from_token(run.token())
    assert same(run, there) and len(there.branches) == 1


def test_two_forks_at_one_step_and_a_change_before_anything():
    run = small(SGD(0.2, momentum=0.9))
    run.change(weights={("0.W", 1): 0.5}), run.change(lr=0.1)
    run.step(6)
    run.fork(optimizer=Adam(0.01)), run.fork(optimizer=SGD(0.1, momentum=0.9))
    run.step(3)
    run.change(lr=0.3), run.change(batch=4)
    run.step(6)
    there = Run.from_token(run.token())
    assert same(run, there) and len(there.branches) == 4
    assert there.branches[3].change == {"lr": 0.3, "batch": 4}


@pytest.mark.parametrize("make", [
    lambda: (net((1, 6, 1), seed=300), sine(60)),
    lambda: (net((2, 3, 1), output="sigmoid", features=["x1", "x1x2", "sin x2"]), circles(80)),
    lambda: (digits_net(3), digits()),
    lambda: (board("stairs")[0], xor()),
])  # fmt: skip
def test_what_kit_made_data_and_models_there_are(make):
    model, data = make()
    run = Run(model, data, optimizer=SGD(0.1), batch=20)
    run.step(3)
    assert len(run.token()) < 200 and same(run, Run.from_token(run.token()))


def test_a_loss_that_is_not_the_usual_comes_along():
    run = Run(net((2, 3, 1)), moons(60), loss=MSELoss(), batch=8, seed=5)
    run.step(9)
    there = Run.from_token(run.token())
    assert isinstance(there.loss, MSELoss) and there.seed == 5 and same(run, there)


def test_what_is_your_own_has_no_token():
    x, y = moons(40)
    own = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))
    own[0].W.data = np.full((2, 3), 0.1)
    cases = {
        "samples": Run(net((2, 1)), (x, y)), "model": Run(own, moons(40)),
        "loss": Run(net((2, 1)), moons(40), loss=lambda a, b: ((a - b) ** 4).mean()),
        "schedule": Run(net((2, 1)), moons(40), optimizer=SGD(0.1, schedule=lambda k: 1.0)),
    }  # fmt: skip
    for word, run in cases.items():
        run.step(2)
        assert not run.can_token
        with refused(ValueError, word, "run.save"):
            run.token()


def test_a_token_can_be_played_bit_by_bit():
    run = small(Adam(0.02))
    run.step(40), run.fork(lr=0.1), run.step(25)
    there = Run.from_token(run.token(), play=False)
    assert (there.k, there.target) == (0, 65) and there._history.played == 0
    while there.target is not None:
        there.seek(min(there.k + 7, there.target))
    assert same(run, there) and there.branch.name == "rate 0.1"


# --- another machine ------------------------------------------------------------------------------
def told_of(text):
    return token.told_by(text)


def packed(told):
    return LAB + token._packed(told)


def test_where_another_machine_goes_another_way():
    run = small(Adam(0.02))
    run.step(60)
    told = told_of(run.token())
    assert len(told["p"]) == 10 and told["v"] == pytest.approx(run.measured()[0], rel=1e-8)
    there = Run.from_token(packed({**told, "v": told["v"] * 1.01}))
    assert there.k == 60 and there.says == (
        f"Here training goes another way after step {told['p'][8]}: the loss at step 60 was "
        f"{told['v'] * 1.01:.5g} and is {told['v']:.5g}."
    )
    steps, losses = told["p"][::2], told["p"][1::2]
    changed = [*told["p"][:4], steps[2], losses[2] * 2, *told["p"][6:]]
    there = Run.from_token(packed({**told, "p": changed}))
    assert f"after step {steps[1]}: the loss at step {steps[2]}" in there.says
    assert Run.from_token(packed({**told, "v": told["v"] * (1 + 1e-6)})).says == ""


# --- damage ---------------------------------------------------------------------------------------
def good():
    run = small(Adam(0.02))
    run.step(11), run.fork(lr=0.1), run.step(5)
    return run.token()


GOOD = good()


@pytest.mark.parametrize(("text", "kind", "word"), [
    ("", ValueError, "no token"), ("spirals", ValueError, "no token"),
    ("bpk2." + GOOD[5:], ValueError, "no token"), (GOOD[:-1], ValueError, "damaged"),
    (GOOD[:30], ValueError, "damaged"), (GOOD[:-4] + "AAAA", ValueError, "damaged"),
    (GOOD + "AAAA", ValueError, "damaged"), ("bpk1.", ValueError, "damaged"),
    (GOOD[:9] + "é" + GOOD[10:], ValueError, "damaged"), (GOOD[:9] + " " + GOOD[9:], ValueError,
    "damaged"), (GOOD * 4, ValueError, "at most 300"), (None, TypeError, "a text"),
    (b"bpk1.", TypeError, "a text"), ({}, TypeError, "a text"),
])  # fmt: skip
def test_damaged_and_foreign_tokens_are_refused(text, kind, word):
    with refused(kind, word):
        Run.from_token(text)


def test_blanks_around_a_token_do_not_matter():
    assert Run.from_token(f"  {GOOD}\n").k == 16


@settings(max_examples=150, deadline=None)
@given(st.integers(5, len(GOOD) - 1), st.sampled_from(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. "))  # fmt: skip
def test_no_single_wrong_character_goes_unnoticed(at, letter):
    wrong = GOOD[:at] + letter + GOOD[at + 1 :]
    if wrong == GOOD:
        return
    with pytest.raises(ValueError, match="\n"):
        Run.from_token(wrong, play=False)


def test_bombs_are_refused():
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=token.WORDS)
    raw = b'{"k":' + b"1" * 100_000 + b"}"
    body = squeeze.compress(raw) + squeeze.flush()
    text = LAB + base64.urlsafe_b64encode(zlib.crc32(body).to_bytes(4, "big") + body).decode()
    assert len(text) <= 300
    with refused(ValueError, "damaged"):
        Run.from_token(text.rstrip("="))
    with refused(ValueError, "damaged"):
        Run.from_token(packed([1, 2]))
    with refused(ValueError):
        Run.from_token(packed({"k": 10**9, "d": {"name": "moons"}, "m": {"sizes": [2, 1]}, "v": 0}))


FINE = {"d": {"name": "moons", "n": 40}, "m": {"sizes": [2, 3, 1]}, "k": 3, "v": 0}
LATER = ["Warmup", 1, 0.5]
FORGED = {
    "unknown part": {"x": 1}, "k": {"k": -1}, "k text": {"k": "7"},
    "data": {"d": {"name": "__import__"}}, "data list": {"d": [1]},
    "data setting": {"d": {"name": "moons", "evil": 1}},
    "data size": {"d": {"name": "moons", "n": 10**9}},
    "net": {"m": {"sizes": [2, 10_000, 1]}}, "net part": {"m": {"sizes": [2, 1], "hook": 1}},
    "net name": {"m": {"sizes": [2, 1], "activation": ["tanh"]}},
    "net seed": {"m": {"sizes": [2, 1], "seed": "x"}}, "net misfit": {"m": {"sizes": [3, 1]}},
    "board": {"m": {"board": ["x"]}}, "loss": {"l": "Loss"}, "loss list": {"l": ["MSELoss"]},
    "rule": {"o": {"rule": "Evil"}}, "rule list": {"o": [1]},
    "rule rate": {"o": {"rule": "SGD", "lr": "x"}},
    "rule word": {"o": {"rule": "SGD", "lr": 1, "rho": 1}},
    "schedule": {"o": {"rule": "SGD", "lr": 1, "schedule": ["os"]}},
    "deep schedule": {"o": {"rule": "SGD", "lr": 1, "schedule":
                            [*LATER, [*LATER, [*LATER, [*LATER, [*LATER, [*LATER, None]]]]]]}},
    "batch": {"b": -3}, "seed": {"s": 1.5}, "changes": {"c": {"lr": 1}},
    "change without step": {"c": ["lr", 1]}, "change behind": {"c": [5, "lr", 1]},
    "change before": {"c": [2, "lr", 1, -1, "lr", 2]}, "change without value": {"c": [2, "lr"]},
    "empty change": {"c": [2]}, "change word": {"c": [2, "model", 1]},
    "change weights": {"c": [2, "weights", ["0.W", 1]]},
    "change weight path": {"c": [2, "weights", [[1], 1, 2]]},
    "change weight place": {"c": [2, "weights", ["0.W", "a", 2]]},
    "many": {"k": 30, "c": [1, "lr", 0.5] * 21}, "losses": {"v": "low"}, "places": {"p": [1]},
    "places behind": {"p": [7, 0.5]},
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_tokens_written_by_hand_are_looked_at_before_anything_is_built(name):
    with pytest.raises((ValueError, TypeError)) as caught:
        Run.from_token(packed({**FINE, **FORGED[name]}))
    first, second = str(caught.value).split("\n")
    assert first and second.endswith(".")
    assert Run.from_token(packed(FINE)).k == 3
    for part in FINE:
        with refused(ValueError, "not those of a run"):
            Run.from_token(packed({w: v for w, v in FINE.items() if w != part}))


def test_a_token_is_canonical_json_of_what_differs():
    run = small(Adam(0.02), batch=7)
    run.step(3)
    told = told_of(run.token())
    assert set(told) == {"b", "d", "k", "m", "o", "p", "s", "v"}
    assert told["d"] == {"name": "moons", "n": 40, "seed": 2} and told["b"] == 7
    assert told["m"] == {"sizes": [2, 4, 3, 1], "seed": 1}
    assert told["o"] == {"rule": "Adam", "lr": 0.02}
    assert json.loads(json.dumps(told)) == told
    bare = Run(net((2, 1)), moons())
    assert set(told_of(bare.token())) == {"d", "k", "m", "v"}


# --- recipes --------------------------------------------------------------------------------------
def test_recipes_are_found_by_making_the_model_again():
    model = net((2, 5, 2), activation="gelu", init="orthogonal", seed=77)
    recipe = recipe_of_model(model)
    assert recipe["seed"] == 77 and recipe["init"] == "orthogonal"
    made = make_model(recipe)
    assert all(np.array_equal(a, made.state_dict()[p]) for p, a in model.state_dict().items())
    model[0].W.data = model[0].W.data + 1e-16 + 1e-15
    assert recipe_of_model(model) is None
    byhand = Sequential(Linear(2, 5), Tanh(), Linear(5, 1)).reset(41)
    assert recipe_of_model(byhand) == {"sizes": [2, 5, 1], "activation": "tanh", "init": "Xavier",
                                       "seed": 41}  # fmt: skip
    assert recipe_of_model(digits_net(12)) == {"digits_net": 12}
    assert recipe_of_model(board("stairs")[0]) == {"board": "stairs"}
    assert recipe_of_model(Sequential(Tanh(), Linear(2, 1))) is None
    for recipe in ({}, 3, {"board": 3}, {"sizes": [2, 1], "seed": -1}, {"digits_net": "x"}):
        with refused(ValueError):
            make_model(recipe)


def test_recipes_of_data():
    data = spirals(60, seed=4, noise=0.2)
    again = make_data(recipe_of_data(data))
    assert np.array_equal(again.x, data.x) and np.array_equal(again.split[1], data.split[1])
    assert recipe_of_data(Data(data.x, data.y)) is None
