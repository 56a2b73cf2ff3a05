"""The controls of TrainingLab: how each stands, and what turning it asks for."""

import pytest
from refusal import refused

from backprop_kit.nn import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp, StepDecay
from backprop_kit.widgets.knob_items import Anew, Fork, State
from backprop_kit.widgets.knobs_learning import rule_name
from backprop_kit.widgets.lab_knobs import chosen, groups, hidden, hideable, turned

DATA = {"name": "spirals", "n": 200, "noise": 0.07, "seed": 6, "test": 0.2, "turns": 1.25}
NET = {"sizes": [2, 8, 8, 1], "activation": "tanh", "init": "Xavier", "seed": 0}
SWITCHES = {"points": False, "show test": True, "flat": False}


def state(optimizer=None, batch=16, data=DATA, model=NET, rows=160):
    return State(data, model, optimizer or Adam(0.01), batch, rows)


def items(s=None, **how):
    column = groups(s or state(), switches=SWITCHES, **how)
    return {item["name"]: item for group in column for item in group["items"]}


def fork(s, name, value):
    what = turned(s, name, value)
    assert isinstance(what, Fork)
    return what.change


def anew(name, value, s=None):
    s = s or state()
    what = turned(s, name, value)
    assert isinstance(what, Anew)
    return what.name, what.data, what.model


# --- the column -----------------------------------------------------------------------------------
def test_the_groups_say_what_touching_them_does():
    column = groups(state(), switches=SWITCHES)
    assert [(g["title"], g["note"]) for g in column] == [
        ("DATA", "starts anew"), ("NETWORK", "starts anew"), ("LEARNING", "forks the run"),
        ("PICTURE", "looks only"), ("", ""),
    ]  # fmt: skip
    assert set(items()) == set(hideable()) - {"DATA", "NETWORK", "LEARNING", "PICTURE"}


def test_what_stands_there_is_what_is_so():
    shown = items()
    told = ("data", "noise", "seed", "layers", "width")
    assert {n: shown[n]["text"] for n in told} == {
        "data": "spirals", "noise": "0.07", "seed": "6", "layers": "2", "width": "8",
    }  # fmt: skip
    for item in shown.values():
        if item["kind"] in ("select", "slider"):
            assert item["options"][item["value"]] == item["text"] or item["off"]
    assert shown["batch"]["options"] == ["1", "2", "4", "8", "16", "32", "64", "128", "all"]
    assert items(state(batch=None))["batch"]["text"] == "all"
    assert items(state(batch=9999))["batch"]["text"] == "all"


def test_a_place_among_the_options_is_a_value():
    s = state()
    for name, item in items(s).items():
        if item["kind"] in ("select", "slider") and not item["off"]:
            assert turned(s, name, chosen(s, name, item["value"])) is None
    assert fork(s, "rate", chosen(s, "rate", 0)) == {"lr": 0.0001}
    assert chosen(s, "rate", 99) == 99 and chosen(s, "layers", 3) == 3


def test_what_cannot_be_turned_says_why():
    own = items(state(data=None, model=None))
    assert own["data"]["text"] == "own data"
    assert own["noise"]["off"] == own["seed"]["off"] == "These points are your own."
    assert own["noise"]["text"] == "–" and "layers" not in own  # nothing of a net can be turned
    digits = items(state(data={"name": "digits", "seed": 0}, model={**NET, "sizes": [64, 32, 10]}))
    assert digits["noise"]["off"] == digits["test"]["off"] == "Digits has no such setting."
    assert digits["features"]["off"] == "Features are made of two inputs."
    flat = items(state(model={**NET, "sizes": [2, 1]}))
    assert flat["width"]["off"] == flat["activation"]["off"] == "There is no hidden layer."
    assert items()["momentum"]["off"] == "Adam has no momentum."
    assert items()["strength"]["off"] == "There is no penalty."
    for name, value in (("momentum", 0.5), ("strength", 0.1), ("nothing", 1)):
        assert turned(state(), name, value) is None


def test_controls_and_groups_are_left_out():
    assert "optimizer" not in items(hide=hidden(["optimizer"]))
    titles = [g["title"] for g in groups(state(), hidden(["NETWORK", "reset"]))]
    assert titles == ["DATA", "LEARNING"]
    assert hidden("rate") == {"rate"} and hidden(()) == frozenset()
    with refused(TypeError, "hide does not know 'optimiser'.", "Did you mean 'optimizer'?"):
        hidden(["optimiser"])
    with refused(TypeError, "hide lists the names of controls."):
        hidden([3])


# --- LEARNING: a fork -----------------------------------------------------------------------------
def test_a_rate_is_typed_or_slid():
    assert fork(state(), "rate", 0.1) == {"lr": 0.1}
    assert fork(state(), "rate", 0.123) == {"lr": 0.123}
    assert turned(state(), "rate", 0.01) is None
    for bad in (float("nan"), -1, 0, 1e9, "much", True, float("inf")):
        with refused(ValueError, f"The learning rate is {bad!r}"):
            turned(state(), "rate", bad)


def test_a_rule_keeps_the_rate_and_what_all_rules_have():
    old = Adam(0.01, weight_decay=0.001, clip_norm=1.0, schedule=StepDecay(30))
    for name, kind in (("SGD", SGD), ("Nesterov", SGD), ("RMSProp", RMSProp), ("AdaGrad", AdaGrad)):
        new = fork(state(old), "optimizer", name)["optimizer"]
        assert type(new) is kind and rule_name(new) == name
        assert (new.lr, new.weight_decay, new.clip_norm) == (0.01, 0.001, 1.0)
        assert new.schedule is old.schedule
    assert turned(state(), "optimizer", "Adam") is None
    momentum = fork(state(SGD(0.1)), "optimizer", "momentum")["optimizer"]
    assert (momentum.momentum, momentum.nesterov) == (0.9, False)
    kept = fork(state(SGD(0.1, momentum=0.5)), "optimizer", "Nesterov")["optimizer"]
    assert (kept.momentum, kept.nesterov) == (0.5, True)
    assert fork(state(), "optimizer", "AdamW")["optimizer"].weight_decay == 0.01
    assert fork(state(AdamW(0.1)), "optimizer", "SGD")["optimizer"].weight_decay == 0
    with refused(ValueError, "There is no optimizer 'Newton' here."):
        turned(state(), "optimizer", "Newton")


def test_a_rule_of_ones_own_stands_there_by_its_name():
    class Slow(Optimizer):
        pass

    item = items(state(Slow(0.1)))["optimizer"]
    assert item["text"] == "Slow" and item["options"][-1] == "Slow"


def test_momentum_batch_penalty_and_clipping():
    sgd = state(SGD(0.1))
    assert fork(sgd, "momentum", 0.9) == {"momentum": 0.9}
    with refused(ValueError, "Momentum cannot be 1"):
        turned(sgd, "momentum", 1)
    assert fork(sgd, "batch", 32) == {"batch": 32} and fork(sgd, "batch", 160) == {"batch": None}
    for bad in (0, 1.5, 1000, "many"):
        with refused(ValueError, f"The batch cannot be {bad!r}"):
            turned(sgd, "batch", bad)
    assert fork(sgd, "penalty", "L2") == {"weight_decay": 0.001}
    l1 = state(SGD(0.1, l1=0.03))
    assert fork(l1, "penalty", "L2") == {"weight_decay": 0.03, "l1": 0.0}
    assert fork(l1, "penalty", "none") == {"l1": 0.0}
    assert fork(l1, "strength", 0.1) == {"l1": 0.1} and turned(l1, "strength", 0.03) is None
    assert fork(sgd, "clip", "norm 1") == {"clip_norm": 1.0}
    clipped = state(SGD(0.1, clip_norm=2.0))
    assert items(clipped)["clip"]["text"] == "norm 2"
    assert fork(clipped, "clip", "each 1") == {"clip_norm": None, "clip_value": 1.0}
    assert fork(clipped, "clip", "none") == {"clip_norm": None}
    assert turned(clipped, "clip", "norm 2") is None


# --- DATA and NETWORK: anew -----------------------------------------------------------------------
def test_data_are_drawn_anew():
    assert anew("noise", 0.2) == ("noise 0.2", {**DATA, "noise": 0.2}, None)
    assert anew("samples", 400) == ("400 samples", {**DATA, "n": 400}, None)
    assert anew("seed", 7) == ("seed 7", {**DATA, "seed": 7}, None)
    assert anew("test", 0.5)[0] == "50\N{NO-BREAK SPACE}% for testing"
    assert turned(state(), "noise", 0.07) is None and turned(state(), "seed", 6) is None
    for name, bad, said in (("noise", 2, "Noise"), ("samples", 10.5, "Samples"),
                            ("seed", -1, "The seed"), ("samples", 0, "Samples")):  # fmt: skip
        with refused(ValueError, f"{said} cannot be {bad!r}."):
            turned(state(), name, bad)


def test_other_data_get_a_net_that_fits():
    name, data, model = anew("data", "digits")
    assert (name, data) == ("digits", {"name": "digits", "seed": 6}) and model["sizes"] == [
        64,
        8,
        8,
        10,
    ]
    name, data, model = anew("data", "sine")
    assert data == {"name": "sine", "seed": 6, "test": 0.2} and model["sizes"] == [1, 8, 8, 1]
    seen = {**NET, "features": ["x₁", "x₁x₂"]}
    assert "features" not in anew("data", "sine", state(model=seen))[2]
    assert anew("data", "moons", state(model=seen))[2] == seen
    assert anew("data", "moons", state(data=None, model=None)) == (
        "moons", {"name": "moons"}, None)  # fmt: skip
    assert anew("data", "xor")[1]["n"] == 200
    assert turned(state(), "data", "spirals") is None
    assert turned(state(data=None), "data", "own data") is None
    with refused(ValueError, "There is no data 'rings' here."):
        turned(state(), "data", "rings")


def test_nets_are_drawn_anew():
    assert anew("width", 4) == ("width 4", None, {**NET, "sizes": [2, 4, 4, 1]})
    assert anew("layers", 3)[2]["sizes"] == [2, 8, 8, 8, 1]
    assert anew("layers", 1)[::2] == ("1 layer", {**NET, "sizes": [2, 8, 1]})
    assert anew("layers", 0)[2]["sizes"] == [2, 1]
    assert anew("layers", 1, state(model={**NET, "sizes": [2, 1]}))[2]["sizes"] == [2, 8, 1]
    assert anew("activation", "ReLU") == ("ReLU", None, {**NET, "activation": "ReLU"})
    assert anew("weights", "He") == ("He weights", None, {**NET, "init": "He"})
    assert anew("start", 3) == ("weights from 3", None, {**NET, "seed": 3})
    uneven = state(model={**NET, "sizes": [2, 8, 4, 1]})
    assert items(uneven)["width"]["text"] == "8–4"
    assert anew("width", 8, uneven)[2]["sizes"] == [2, 8, 8, 1]
    for name, bad in (("width", 0), ("width", 10_000), ("layers", 7), ("layers", 2.5)):
        with refused(ValueError, f"cannot be {bad!r}."):
            turned(state(), name, bad)


def test_features_are_switched_on_and_off():
    assert items()["features"]["value"] == [0, 1]
    name, _, model = anew("features", [0, 1, 4])
    assert name == "x₁, x₂, x₁x₂" and model["features"] == ["x₁", "x₂", "x₁x₂"]
    seen = state(model=model)
    assert items(seen)["features"]["value"] == [0, 1, 4]
    assert anew("features", [1, 0], seen)[2]["features"] is None
    assert turned(seen, "features", [4, 1, 0]) is None
    for bad in ([], "x₁", [99]):
        with refused(ValueError, "A net needs something to look at."):
            turned(state(), "features", bad)


@pytest.mark.parametrize("name", ["noise", "samples", "rate", "batch", "momentum"])
def test_a_value_off_the_list_gets_its_own_place(name):
    s = state(SGD(0.0137, momentum=0.42), batch=13, data={**DATA, "noise": 0.123, "n": 123})
    item = items(s)[name]
    assert item["options"][item["value"]] == item["text"]
    assert item["text"] in ("0.123", "123", "0.0137", "13", "0.42")
