"""What the page may say to a lab, and what it is answered: one message each."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from labfilm import START, Lab, film

from backprop_kit.films.film import unpack
from backprop_kit.widgets import lab_stage as module
from backprop_kit.widgets import stage as base
from backprop_kit.widgets.lab_stage import LabStage
from backprop_kit.widgets.stage import script

STATIC = Path(base.__file__).parent / "static"
NAME = r"(?m)^(?:export )?(?:async )?(?:const|let|function) (\w+)"
BELOW = (*base._MODULES, "live", "plane")


@pytest.fixture
def lab():
    lab = Lab()
    yield lab
    lab.stage.close()


def say(lab: Lab, **content):
    lab.stage._hear(lab.stage, content, [])


def sent(stage):
    """Every state the page would get, one entry a message."""
    messages = []
    stage.send_state = lambda key=None: messages.append(set([key] if isinstance(key, str) else key))
    return messages


def test_what_a_lab_adds_to_the_script_is_bounded_and_the_base_stays():
    added = len(LabStage._esm.encode()) - len(script(BELOW).encode())
    assert 0 < added <= 29_000 and len(script().encode()) <= 30_000


def test_its_modules_name_nothing_anew_and_import_what_there_is():
    seen: set[str] = set()
    exported: set[str] = set()
    for name in (*BELOW, *module._OWN):
        text = (STATIC / f"{name}.js").read_text(encoding="utf-8")
        own = re.findall(NAME, text)
        assert not set(own) & seen, name
        seen |= set(own)
        for wanted, source in re.findall(r'import \{ ([^}]+) \} from "\./(\w+)\.js";', text):
            assert set(wanted.split(", ")) <= exported, (name, source)
            for one in wanted.split(", "):
                assert len(re.findall(rf"\b{one}\b", text)) > 1, (name, one)
        exported |= set(re.findall(r"(?m)^export (?:async )?(?:const|function) (\w+)", text))
        for listed in re.findall(r"(?m)^export const \{ ([^}]+) \}", text):
            exported |= set(listed.split(", "))


def test_a_control_is_heard_and_answered_in_one_message(lab):
    messages = sent(lab.stage)
    say(lab, knob="rate", value=2, done=True, n=3)
    assert lab.heard == [("rate", 2, True)] and lab.state["values"]["rate"] == 2
    assert [m for m in messages if m] == [{"live", "heard"}]
    assert unpack(lab.stage.live)[0]["controls"][2]["items"][1]["value"] == 2


def test_what_is_no_value_is_not_heard(lab):
    for value in (None, math.nan, math.inf, {"a": 1}, [1, "b"], [True]):
        say(lab, knob="rate", value=value, done=True, n=1)
    say(lab, knob=3, value=1, n=2)
    say(lab, act=["step"], n=3)
    say(lab, point="explode", i=0, x=0, y=0, kind=0, n=4)
    say(lab, point="add", i=0, x=None, y=0, kind=0, n=5)
    lab.stage._hear(lab.stage, "nonsense", [])
    assert lab.heard == []


def test_steps_come_one_after_another_and_are_bounded(lab):
    say(lab, act="step", times=3, n=1)
    assert lab.heard == ["step"] * 3 and lab.state["k"] == 43
    say(lab, act="back", times=10**9, n=2)
    assert lab.state["k"] == 43 - module.ACTIONS
    say(lab, act="play", times="many", n=3)
    assert lab.state["playing"] is True


def test_a_point_is_heard_with_its_place_and_class(lab):
    say(lab, point="add", i=-1, x=0.5, y=-0.25, kind=1, n=1)
    assert lab.heard == [("add", -1, 0.5, -0.25, 1)]
    assert lab.state["points"]["x"][-1] == 0.5


def test_it_is_busy_only_for_pictures_nobody_asked_for(lab, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    say(lab, act="step", n=1)
    assert not lab.stage.busy
    lab.go(50)
    assert lab.stage.busy
    say(lab, drawn=lab.stage.turn - 1)
    assert lab.stage.busy
    say(lab, drawn=lab.stage.turn)
    assert not lab.stage.busy
    lab.go(51)
    now[0] += module.PATIENCE
    assert not lab.stage.busy  # the page is hidden, or there is none


def test_a_picture_without_a_question_is_one_message_with_its_token(lab):
    messages = sent(lab.stage)
    lab.go(41)
    assert [m for m in messages if m] == [{"live", "turn", "token"}]
    assert lab.stage.token == "bpk1.step41"


def test_what_has_grown_too_much_is_sent_whole(lab, monkeypatch):
    whole = lab.stage.film
    lab.go(70)
    assert lab.stage.film == whole and unpack(lab.stage.live)[1]["train"].shape == (10,)
    monkeypatch.setattr(module, "TAILS", 3 * 4 * 20)
    lab.go(80)
    assert lab.stage.film == whole
    lab.go(81)
    assert lab.stage.film != whole and lab.stage.live == b""
    lab.go(82)
    assert unpack(lab.stage.live)[1]["train"].shape == (1,)


def test_ends_laid_on_beginnings_are_the_whole_curve(lab):
    _, first = unpack(lab.stage.film)
    lab.go(75)
    _, tail = unpack(lab.stage.live)
    whole = film(lab.state).arrays
    expected = next(a.values for a in whole if a.name == "test")
    np.testing.assert_array_equal(np.concatenate([first["test"], tail["test"]]), expected)


def test_a_kept_token_is_offered_and_anything_else_begins_anew(lab):
    say(lab, found="bpk1.step12")
    assert lab.stage.offer == "back at step 12"
    say(lab, act="step", n=1)
    assert lab.stage.offer == "" and ("offer", True) not in lab.heard
    say(lab, found="bpk1.step12")
    say(lab, offer=True, n=2)
    assert lab.stage.offer == "" and lab.heard[-1] == ("offer", True)


def test_a_file_is_sent_when_it_is_asked_for(lab, monkeypatch):
    out = []
    monkeypatch.setattr(
        lab.stage, "send", lambda content, buffers=None: out.append((content, buffers))
    )
    say(lab, save=True)
    assert out == [({"file": "moment.json"}, [b'{"k": 40}'])]


def test_outside_a_cell_nothing_is_kept_under_a_name(lab):
    assert lab.stage.home == ""


def test_the_place_in_a_notebook_is_the_cell_and_the_count_in_it(monkeypatch):
    monkeypatch.setattr(module, "_homes", {})
    monkeypatch.setattr(module, "running", lambda: ("cell", "run 1"))
    assert [module._home(), module._home()] == ["cell", "cell/1"]
    monkeypatch.setattr(module, "running", lambda: ("cell", "run 2"))
    assert module._home() == "cell" and list(module._homes) == [("cell", "run 2")]


def test_a_frame_is_small():
    big = START | {"values": START["values"] | {"width": 8}}
    assert len(film(big).pack()) < 60_000
    assert len(film(big | {"k": 41}).pack_over(film(big))) < 60_000
