"""Save files: the whole tree, own samples and own layers, and nothing that is not looked at."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from refusal import refused
from runs import noisy, small, three_classes

from backprop_kit.data import Data, moons
from backprop_kit.nn import SGD, Adam, Linear, Module, RMSProp, Sequential, StepDecay, Tanh, Warmup
from backprop_kit.study import Run, net


def own() -> Run:
    """Own samples, own layers, six branches, one of them ended."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(30, 2)) / 3
    data = Data(x, (x[:, :1] > 0).astype(float), ("a", "b"), split=(range(22), range(22, 30)))
    model = Sequential(Linear(2, 5), Tanh(), Linear(5, 4, bias=False), Tanh(), Linear(4, 1))
    model.reset(2)
    model[0].W.data = rng.normal(size=(2, 5))
    run = Run(model, data, optimizer=Adam(0.05), batch=8, seed=4, name="mine")
    run.step(14), run.fork(lr=0.2, batch=11), run.step(9)
    run.fork(optimizer=RMSProp(0.01, schedule=Warmup(5, then=StepDecay(3)))), run.step(4)
    run.go(0, 5), run.fork("by hand", weights={("0.W", 3): -1 / 3}), run.step(6)
    run.go(1, 20), run.fork(clip_norm=0.5, l1=1e-3), run.step(3)
    run.go(1, 16)
    return run


def test_a_file_brings_everything_back(tmp_path):
    run = own()
    path = run.save(tmp_path / "run.json")
    text = path.read_text()
    assert json.loads(text)["version"] == 1 and "NaN" not in text
    assert run.to_text() == text and run.name == "mine"
    there = Run.load(path)
    assert there.hash() == run.hash() and (there.k, there.branch.id) == (16, 1)
    assert list(map(repr, there.branches)) == list(map(repr, run.branches))
    assert [b.change.keys() for b in there.branches] == [b.change.keys() for b in run.branches]
    for b in run.branches:
        for ours, theirs in zip(run.curve(b), there.curve(b), strict=True):
            assert np.array_equal(ours, theirs, equal_nan=True)
        run.go(b, b.last + 7), there.go(b.id, b.last)
        assert run.hash() == there.hash()
    assert there.says == "" and np.array_equal(there.data.x, run.data.x)
    assert there.data.names == ("a", "b") and there._history.played == 7 * len(run.branches)
    assert there.save(tmp_path / "again.json").exists()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_a_copy_of_a_run_goes_its_own_way(again):
    run = own()
    before = run.hash()
    twin = again(run)
    assert twin.hash() == before and list(map(repr, twin.branches)) == list(map(repr, run.branches))
    twin.step(5)
    assert run.hash() == before and run.k == 16
    run.step(5)
    assert run.hash() == twin.hash()


@pytest.mark.parametrize("path", ["none/run.json", "x" * 5000, "folder"])
def test_a_path_that_cannot_be_used_is_refused(path, tmp_path):
    (tmp_path / "folder").mkdir()
    with refused(ValueError, "cannot be written"):
        own().save(tmp_path / path)
    with refused(ValueError, "cannot be read"):
        Run.load(tmp_path / path)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
    for nothing in ("", ".", "a\0b"):
        with refused(TypeError, "must name a file"):
            own().save(nothing)


def test_numbers_beyond_all_bounds_are_refused(tmp_path):
    text, path = own().to_text(), tmp_path / "x.json"
    for old, new in (('"seed":4', '"seed":4' + "0" * 60), ('"lr":0.2', '"lr":1e999'),
                     ('"lr":0.2', '"lr":NaN')):  # fmt: skip
        assert old in text
        path.write_text(text.replace(old, new))
        with refused(ValueError, "x.json is no run"):
            Run.load(path)


def test_settings_that_are_missing_or_of_another_kind_are_refused():
    for part, told in (("optimizer", {"rule": "SGD"}),
                       ("optimizer", {"rule": "SGD", "lr": 1, "schedule": ["StepDecay"]}),
                       ("data", {**own().to_dict()["data"], "kinds": [[], {}]}),
                       ("data", {**own().to_dict()["data"], "names": 5}),
                       ("data", {**own().to_dict()["data"], "classes": 5})):  # fmt: skip
        with pytest.raises((ValueError, TypeError)) as caught:
            Run.from_dict({**own().to_dict(), part: told})
        assert str(caught.value).count("\n") == 1


def test_chance_and_running_means_come_along(tmp_path):
    model = noisy()
    model[1].running_mean.data = np.arange(6) / 7
    run = Run(model, three_classes(), optimizer=SGD(0.1, momentum=0.9), batch=9)
    run.step(20)
    there = Run.load(run.save(tmp_path / "n.json"))
    assert there.hash() == run.hash() and there.data.y.dtype.kind == "i"
    first = there.start_model()
    assert np.array_equal(first[1].running_mean.data, np.arange(6) / 7)


def test_kit_made_parts_are_recipes_and_an_end_is_remembered():
    run = small(SGD(0.1))
    run.step(5), run.fork(lr=1e6), run.step(60)
    told = run.to_dict()
    assert told["data"] == {"recipe": run.data.recipe} and "recipe" in told["model"]
    assert len(json.dumps(told)) < 5000
    there = Run.from_dict(json.loads(json.dumps(told)), play=False)
    assert there.k == 0 and there.target == run.k
    there.seek(there.target)
    assert there.hash() == run.hash() and there.branches[1].stopped == run.branches[1].stopped


def test_what_cannot_be_built_again_cannot_be_saved(tmp_path):
    class Own(Module):
        def __init__(self):
            self.a = Linear(2, 1)

        def forward(self, x):
            return self.a(x)

    shared = Linear(2, 2)
    twice, function = Sequential(shared, shared, Linear(2, 1)), lambda z: z * 2
    for model, word in (
        (Own(), "no Sequential"), (twice, "twice"), (Sequential(Own()), "layer Own is your own"),
        (Sequential(Linear(2, 1), function), "your own"),
    ):  # fmt: skip
        run = Run(model, moons(30))
        with refused(ValueError, "cannot be saved", word):
            run.save(tmp_path / "x.json")
    run = Run(net((2, 1)), moons(30), loss=lambda a, b: ((a - b) ** 2).sum())
    with refused(ValueError, "loss is your own"):
        run.to_dict()
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_machine_says_from_where_it_differs():
    told = own().to_dict()
    branch = told["branches"][1]
    branch["curve"][2][1] *= 1.5
    there = Run.from_dict(told)
    assert "another way" in there.says and f"at step {branch['curve'][1][1]}" in there.says


def change(told, place, value):
    *way, last = place
    for part in way:
        told = told[part]
    if value is KeyError:
        del told[last]
    else:
        told[last] = value


HUGE = {"layers": [["Linear", 10**6, 10**6, True]], "numbers": {}, "kinds": {}}
FORGED = {
    "no part": (["seed"], KeyError), "a part more": (["evil"], 1), "version": (["version"], 2),
    "format": (["format"], "x"), "batch": (["batch"], 0), "seed": (["seed"], -1),
    "loss": (["loss"], "eval"), "rule": (["optimizer"], {"rule": "object"}),
    "at": (["at"], [9, 3]), "at far": (["at"], [1, 400]), "at text": (["at"], "1"),
    "branches": (["branches"], []), "branch": (["branches", 0], 3),
    "branch part": (["branches", 1, "name"], KeyError), "name": (["branches", 1, "name"], 4),
    "parent": (["branches", 1, "parent"], 3), "self": (["branches", 1, "parent"], 1),
    "no parent": (["branches", 1, "parent"], None), "start": (["branches", 1, "start"], 200),
    "start before": (["branches", 2, "start"], 3), "last": (["branches", 1, "last"], 2),
    "last float": (["branches", 1, "last"], 23.5), "first": (["branches", 0, "start"], 3),
    "change": (["branches", 1, "change"], [1]), "no change": (["branches", 1, "change"], {}),
    "change value": (["branches", 1, "change"], {"lr": -1}),
    "change word": (["branches", 1, "change"], {"__class__": 1}),
    "curve": (["branches", 1, "curve"], []), "curve steps": (["branches", 1, "curve", 1, 0], 99),
    "curve text": (["branches", 1, "curve", 2, 0], "x"),
    "curve level": (["branches", 1, "curve", 0], 3),
    "curve short": (["branches", 1, "curve", 3], [1.0]), "stopped": (["branches", 1, "stopped"], 1),
    "x": (["data", "x"], [[1], [2, 3]]), "x NaN": (["data", "x", 0, 0], float("nan")),
    "x text": (["data", "x", 0, 0], "eval"), "rows": (["data", "y"], [1, 2]),
    "split": (["data", "split"], [[99], []]), "kinds": (["data", "kinds"], ["O", "O"]),
    "names": (["data", "names"], "ab"), "data": (["data"], 4), "recipe": (["data"], {"recipe": 4}),
    "classes": (["data", "classes"], [1]),
    "layer": (["model", "layers", 1], ["Evil"]), "layer list": (["model", "layers", 1], [["Tanh"]]),
    "layer size": (["model", "layers", 0, 1], -2), "layer bias": (["model", "layers", 0, 3], "yes"),
    "misfit": (["model", "layers", 0, 1], 7), "no layers": (["model", "layers"], []),
    "huge": (["model"], HUGE), "numbers": (["model", "numbers"], 3),
    "number": (["model", "numbers", "0.W", 0, 0], "x"),
    "inf": (["model", "numbers", "0.W", 0, 0], 1e999),
    "ragged": (["model", "numbers", "0.W", 0], [1]), "path": (["model", "numbers", "9.W"], [1]),
    "no path": (["model", "numbers", "0.W"], KeyError), "kind": (["model", "kinds"], {"0.W": "O"}),
    "model": (["model"], {"recipe": {"sizes": [2, 10_000, 1]}}),
}  # fmt: skip
TOLD = own().to_dict()


@pytest.mark.parametrize("name", FORGED)
def test_changed_files_are_refused_before_anything_is_built(name, tmp_path):
    told = copy.deepcopy(TOLD)
    change(told, *FORGED[name])
    with pytest.raises((ValueError, TypeError)) as caught:
        Run.from_dict(told)
    first, second = str(caught.value).split("\n")
    assert first and second.endswith("."), str(caught.value)
    path = tmp_path / "x.json"
    path.write_text(json.dumps(told))
    with pytest.raises((ValueError, TypeError)):
        Run.load(path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"format": 3}', "\x00\x01", "[" * 100_000])
def test_other_files_are_refused(text, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(text)
    with refused(ValueError, "x.json is no run"):
        Run.load(path)
    with refused(ValueError, "cannot be read"):
        Run.load(tmp_path / "none.json")
    path.write_bytes(b"\x80\xff")
    with refused(ValueError, "x.json is no run"):
        Run.load(path)


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("backprop_kit.study.run.file.LARGEST", 100)
    path = own().save(tmp_path / "x.json")
    with refused(ValueError, "at most 100"):
        Run.load(path)


def test_what_is_no_path():
    for path in (3, None, ""):
        with refused(TypeError, "must name a file"):
            Run.load(path)
        with refused(TypeError, "must name a file"):
            small().save(path)
