"""TrainingLab: playing in turns, forks and new runs, looking into a step, tokens, bad input."""

from __future__ import annotations

import asyncio
import gc

import numpy as np
import pytest
from disposed import disposing
from ipywidgets.widgets.widget import _instances
from jupyter_client.manager import start_new_kernel
from refusal import refused

from backprop_kit import (
    SGD,
    Adam,
    Data,
    Linear,
    Run,
    Sequential,
    Tanh,
    board,
    digits,
    digits_net,
    moons,
    net,
    spirals,
)
from backprop_kit.widgets import lab_hands, training_loop
from backprop_kit.widgets.forward_stepper import ForwardStepper
from backprop_kit.widgets.training_lab import TrainingLab


@pytest.fixture
def made():
    with disposing(TrainingLab) as make:
        yield make


@pytest.fixture
def small(made):
    """A lab that trains fast: five steps an epoch."""
    return lambda **how: made(net((2, 3, 1)), moons(50), **{"batch": 8, **how})


def hear(lab, **message):
    lab.stage._handle_custom_msg(message, [])


def act(lab, action):
    hear(lab, act=action, n=1)


def knob(lab, name, value, done=True):
    hear(lab, knob=name, value=value, done=done, n=1)


def item(lab, name):
    column = lab.stage.source.controls
    return next(i for group in column for i in group["items"] if i["name"] == name)


def place(lab, name, text):
    return item(lab, name)["options"].index(text)


def names(lab):
    return [b.name for b in lab.run.branches]


def caption(lab):
    return next(iter(lab.stage.source.cuts.values()))[0].say


# --- how it begins --------------------------------------------------------------------------------
def test_without_arguments_it_is_two_spirals(made):
    lab = made()
    assert lab.run.recipe["data"]["name"] == "spirals" and len(lab.run.data) == 192
    assert lab.run.recipe["model"]["sizes"] == [2, 8, 8, 1]
    assert repr(lab.run.settings) == "Adam(0.01), batch 16" and lab.run.k == 0
    assert lab.horizon == 800 and not lab.playing
    assert lab.text()[1] == "Spirals, seed 6 · 2–8–8–1 tanh · 105 parameters · Adam 0.01: 0 steps"


def test_data_alone_get_a_net_that_fits(made):
    assert made(None, digits()).run.recipe["model"]["sizes"] == [64, 8, 8, 10]
    assert made(None, (np.ones((4, 3)), np.ones((4, 2)))).run.model[0].n_in == 3


def test_the_text_tells_losses_only_where_they_are_the_same_everywhere(made):
    model, x, y = board("bowl")
    lab = made(model, (x, y), optimizer=SGD(0.04), to=100)
    assert lab.seek(20) == 20
    w1 = 5 * 0.96**20  # by hand: each direction shrinks by its own factor, the steep one at once
    assert f"SGD 0.04: 20 steps, loss {0.5 * w1**2:.2f}" in lab.text()[1]
    assert lab.text()[0] == "Step 20, epoch 20, of SGD 0.04."
    lab.seek(101)
    assert lab.text()[1].endswith("SGD 0.04: 101 steps")
    lab.fork(SGD(0.088), at=0, to=5000)
    assert "SGD 0.088: stopped after" in lab.text()[1]


@pytest.mark.parametrize(("args", "how", "kind", "words"), [
    ((), {"optimiser": SGD(0.1)}, TypeError, "Did you mean 'optimizer'?"),
    ((), {"hide": ["optimiser"]}, TypeError, "Did you mean 'optimizer'?"),
    ((), {"to": -1}, ValueError, "to is -1"),
    ((), {"batch": 0}, ValueError, "batch is 0"), ((), {"seed": -1}, ValueError, "The seed is -1"),
    ((), {"optimizer": SGD(1e9)}, ValueError, "The step size is 1e+09"),
    ((net((2, 1)),), {}, TypeError, "TrainingLab got a model and no data."),
    ((3, moons()), {}, TypeError, "Only a module can be trained"),
    ((net((3, 1)), moons()), {}, ValueError, ""),
    (("bpk1.AAAA",), {}, ValueError, ""), (("bpk9.xyz",), {}, ValueError, ""),
    (("no/such/file.json",), {}, ValueError, ""),
    (("bpk1.AAAA", moons()), {}, TypeError, "data is too much"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(args, how, kind, words):
    with refused(kind, words):
        TrainingLab(*args, **how)


# --- walking --------------------------------------------------------------------------------------
def test_steps_forward_and_back_are_the_runs(small):
    lab = small()
    assert lab.step() == 5 and lab.step(2) == 15 and lab.back() == 10
    act(lab, "size:pass")
    assert lab.step() == 11 and lab.back(2) == 9
    before = lab.run.hash()
    act(lab, "step")
    act(lab, "back")
    assert lab.run.hash() == before
    assert lab.stage.source.transport["counter"] == "step 9 / 500"
    lab.reset()
    assert lab.run.k == 0 and lab.run.branch.last == 15
    twin = Run(net((2, 3, 1)), moons(50), batch=8)
    twin.seek(9)
    assert twin.hash() == before


def test_the_slider_goes_where_it_is_dragged(small):
    lab = small()
    lab.seek(20)
    hear(lab, drag="time", x=7.4, y=None, done=False, n=1)
    assert lab.run.k == 7
    hear(lab, drag="time", x=33, y=None, done=True, n=2)  # no event loop here: at once
    assert lab.run.k == 33 and lab.problem == ""
    hear(lab, drag="time", x=-5, y=None, done=True, n=3)
    assert lab.run.k == 0
    hear(lab, drag="other", x=5, y=None, done=True, n=4)
    assert lab.run.k == 0


def test_a_line_that_ends_is_walked_to_its_end(made):
    model, x, y = board("bowl")
    lab = made(model, (x, y), optimizer=SGD(0.2), to=2000)
    lab.seek(2000)
    end = lab.run.k
    assert lab.run.branch.stopped and end < 2000
    act(lab, "step")
    assert lab.run.k == end and "ended at step" in lab.problem
    hear(lab, drag="time", x=1900, y=None, done=True, n=1)
    assert lab.run.k == end and lab.problem == ""


# --- forks ----------------------------------------------------------------------------------------
def test_a_learning_control_forks_the_run_where_it_stands(small):
    lab = small(optimizer=SGD(0.1))
    lab.seek(10)
    knob(lab, "rate", place(lab, "rate", "1"))
    assert names(lab) == ["SGD 0.1", lab.run.branch.name] and lab.run.branch.start == 10
    assert lab.run.settings.optimizer.lr == 1.0 and lab.run.k == 10
    knob(lab, "rate", place(lab, "rate", "3"))  # nothing was trained yet: the same branch
    assert len(lab.run.branches) == 2 and lab.run.settings.optimizer.lr == 3.0
    lab.step()
    knob(lab, "batch", place(lab, "batch", "all"))
    knob(lab, "optimizer", place(lab, "optimizer", "Adam"))
    assert len(lab.run.branches) == 3 and lab.run.settings.batch is None
    knob(lab, "rate", 0, done=False)  # while the hand moves nothing is done
    assert lab.run.settings.optimizer.lr == 3.0


def test_forks_from_a_cell_leave_the_lab_where_it_is(made):
    model, x, y = board("bowl")
    lab = made(model, (x, y), optimizer=SGD(0.04))
    lab.seek(100)
    for eta in (0.072, 0.08, 0.088):
        assert lab.fork(SGD(eta), at=0).last == 100
    assert lab.run.k == 100 and lab.run.branch.id == 0
    factors = {eta: np.array([1 - eta, 1 - 25 * eta]) for eta in (0.04, 0.072, 0.08)}
    for eta, f in factors.items():  # by hand: E = ½(w₁² + 25 w₂²) from (5, 1)
        k = np.arange(101)
        true = 0.5 * ((5 * f[0] ** k) ** 2 + 25 * (f[1] ** k) ** 2)
        np.testing.assert_allclose(lab.losses(f"SGD {eta:g}"), true, rtol=1e-9)
    below = lab.first_below(12.5e-3)
    assert below["SGD 0.08"] is None and below["SGD 0.088"] is None
    assert below["SGD 0.072"] < below["SGD 0.04"]
    again = lab.fork(SGD(0.08), at=0)
    assert len(lab.run.branches) == 4 and again.name == "SGD 0.08"
    half = lab.fork(lr=0.01, at=50, to=60, name="half way")
    assert (half.start, half.last, half.name) == (50, 60, "half way")
    with refused(ValueError, "at is 1.5"):
        lab.fork(lr=0.1, at=1.5)
    with refused(TypeError, ""):
        lab.fork(rate=0.1)
    assert len(lab.run.branches) == 5 and (lab.run.k, lab.run.branch.id) == (100, 0)


def test_without_a_longer_branch_a_fork_is_trained_to_the_end_of_the_lab(small):
    lab = small(to=30)
    assert lab.fork(lr=0.5).last == 30 and lab.run.k == 0


def test_a_branch_is_chosen_by_its_name_in_the_chart(small):
    lab = small()
    lab.seek(20)
    lab.fork(lr=0.5, at=5, to=10)
    hear(lab, press="run:1")
    assert lab.run.branch.id == 1 and lab.run.k == 10
    for tag in ("run:7", "run:x", "run:", "run:-1", "nothing"):
        hear(lab, press=tag)
    assert lab.run.branch.id == 1 and lab.problem == ""


def test_a_weight_is_set_by_hand(small):
    lab = small()
    lab.seek(5)
    hear(lab, press="wire:0.W:1:2")
    assert item(lab, "weight")["value"] == pytest.approx(lab.run.numbers()["0.W"][1, 2])
    knob(lab, "weight", 0.75)
    assert lab.run.numbers()["0.W"][1, 2] == 0.75 and len(lab.run.branches) == 2
    knob(lab, "weight", "−0,5")
    assert lab.run.numbers()["0.W"][1, 2] == -0.5 and len(lab.run.branches) == 2
    knob(lab, "weight", "much")
    assert lab.problem.startswith("'much' is no number.")
    assert lab.run.numbers()["0.W"][1, 2] == -0.5
    for tag in ("wire:0.W:9:9", "wire:9.W:0:0", "wire:0.W", "wire:0.W:a:b", "unit:1", "unit:9:9"):
        hear(lab, press=tag)
        assert lab.problem == ""
    hear(lab, press="unit:1:2")
    assert lab._shown.unit == (1, 2)
    knob(lab, "weight", 0.125)  # of a neuron: the largest that comes to it
    into = lab.run.numbers()["0.W"][:, 2]
    assert 0.125 in into
    hear(lab, press="unit:1:2")
    assert lab._shown.unit is None


# --- anew -----------------------------------------------------------------------------------------
def test_data_and_network_controls_start_anew_and_keep_the_curve(small):
    lab = small(optimizer=Adam(0.02))
    lab.seek(20)
    old = lab.run
    knob(lab, "width", 4)
    assert lab.run is not old and lab.run.k == 0 and lab.run.branches[0].name == "width 4"
    assert lab.run.recipe["model"]["sizes"] == [2, 4, 1]
    assert repr(lab.run.settings) == "Adam(0.02), batch 8"
    ((name, curve),) = lab._older
    assert name == "Adam 0.02" and curve.steps[-1] == 20
    knob(lab, "seed", 3)  # nothing was trained: there is no curve to keep
    assert len(lab._older) == 1 and lab.run.recipe["data"]["seed"] == 3
    for width in range(5, 10):
        lab.step()
        knob(lab, "width", width)
    assert [name for name, _ in lab._older] == ["width 6", "width 7", "width 8"]
    knob(lab, "data", place(lab, "data", "digits"))
    assert lab.run.recipe["model"]["sizes"] == [64, 9, 10] and lab.problem == ""


def test_other_data_for_a_net_of_ones_own(made):
    own = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))
    own[0].W.data = [[1, 2, 3], [4, 5, 6]]
    lab = made(own, moons(50))
    knob(lab, "data", place(lab, "data", "circles"))
    assert lab.run.recipe["data"]["name"] == "circles" and lab.problem == ""
    knob(lab, "data", place(lab, "data", "digits"))
    assert lab.problem.endswith("Nothing was changed.")
    assert lab.run.recipe["data"]["name"] == "circles"


def test_points_are_set_by_hand(small):
    lab = small()
    knob(lab, "points", True)
    assert lab._shown.edit
    hear(lab, point="add", i=-1, x=0.5, y=-0.25, kind=1, n=1)
    data = lab.run.data
    assert len(data) == 51 and data.x[-1].tolist() == [0.5, -0.25] and data.y[-1] == 1
    assert item(lab, "data")["text"] == "own data" and lab.run.branches[0].name == "your points"
    hear(lab, point="move", i=3, x=0.1, y=0.2, kind=0, n=2)
    assert lab.run.data.x[3].tolist() == [0.1, 0.2]
    hear(lab, point="delete", i=0, x=0, y=0, kind=0, n=3)
    assert len(lab.run.data) == 50 and lab.run.data.x[2].tolist() == [0.1, 0.2]
    hear(lab, point="delete", i=99, x=0, y=0, kind=0, n=4)
    assert lab.problem.startswith("There is no point 99.") and len(lab.run.data) == 50
    assert lab.stage.source.chip["text"] == "save file"


def test_points_of_a_curve_are_set_by_hand(made):
    from backprop_kit import sine

    lab = made(net((1, 4, 1)), sine(20))
    knob(lab, "points", True)
    hear(lab, point="add", i=-1, x=0.5, y=2.0, kind=0, n=1)
    assert lab.run.data.x[-1] == 0.5 and lab.run.data.y[-1] == 2.0 and lab.problem == ""
    hear(lab, point="move", i=20, x=0.25, y=1.0, kind=0, n=2)
    assert lab.run.data.x[-1] == 0.25 and lab.run.data.y[-1] == 1.0


def test_one_class_and_the_last_point(made):
    lab = made(net((2, 2, 1)), Data([[0.0, 1.0], [1.0, 0.0]], [[0.0], [1.0]], split=([0, 1], [])))
    hear(lab, point="delete", i=0, x=0, y=0, kind=0, n=1)
    assert len(lab.run.data) == 2  # points are not being edited
    knob(lab, "points", True)
    hear(lab, point="delete", i=0, x=0, y=0, kind=0, n=1)
    assert lab.problem == "" and len(lab.run.data) == 1
    hear(lab, point="delete", i=0, x=0, y=0, kind=0, n=2)
    assert lab.problem.startswith("This is the last point to learn from.")


@pytest.mark.parametrize(("name", "value"), [
    ("rate", -1), ("rate", 1e9), ("width", 0), ("width", 10_000), ("samples", -1), ("batch", -1),
    ("layers", 99), ("data", "rings"), ("seed", -1), ("features", []), ("optimizer", "Newton"),
])  # fmt: skip
def test_a_bad_value_leaves_the_run_as_it_was(made, name, value):
    lab = made(net((2, 3, 1)), moons(50), batch=8)
    lab.seek(7)
    run, before = lab.run, lab.run.hash()
    knob(lab, name, value)
    assert lab.problem.endswith("Nothing was changed.")
    assert lab.run is run and run.hash() == before and len(run.branches) == 1
    lab.step()
    knob(lab, "rate", place(lab, "rate", "1"))
    assert lab.problem == ""


def test_hidden_controls_are_not_there_and_cannot_be_turned(small):
    lab = small(hide=["rate", "NETWORK"])
    column = [i["name"] for g in lab.stage.source.controls for i in g["items"]]
    assert "rate" not in column and "width" not in column and "batch" in column
    knob(lab, "rate", 1)
    knob(lab, "width", 4)
    assert len(lab.run.branches) == 1 and lab.run.recipe["model"]["sizes"] == [2, 3, 1]


# --- the limit ------------------------------------------------------------------------------------
def test_the_header_tells_how_far_the_limit_is(made):
    model, x, y = board("bowl")
    lab = made(model, (x, y), optimizer=SGD(0.04))
    assert lab._shown.gauge == (pytest.approx(1.0), 2.0)  # η times the curvature 25
    knob(lab, "momentum", place(lab, "momentum", "0.5"))
    assert lab._shown.gauge == (pytest.approx(1.0), 3.0)
    knob(lab, "optimizer", place(lab, "optimizer", "Adam"))
    assert lab._shown.gauge is None
    assert made(digits_net(), digits(), optimizer=SGD(0.1))._shown.gauge is None
    lab = made(net((2, 3, 1)), moons(50), optimizer=SGD(0.1))
    lab.seek(3)
    now = lab._shown.gauge
    hear(lab, drag="time", x=2, y=None, done=False, n=1)
    assert lab._shown.gauge is None  # while the hand moves it is not computed
    hear(lab, drag="time", x=3, y=None, done=True, n=2)
    assert lab._shown.gauge == now


@pytest.fixture
def shell(monkeypatch):
    """As if a notebook showed the lab."""
    monkeypatch.setattr(lab_hands, "_shell", lambda: object())


# --- looking into a step --------------------------------------------------------------------------
def lens(lab, action):
    lab._lens._bar._handle_custom_msg({"act": action}, [])


def test_one_training_step_is_looked_into(small, shell):
    lab = small(optimizer=Adam(0.05))
    lab.seek(7)
    act(lab, "size:operation")
    stepper = lab._lens.stepper
    assert isinstance(stepper, ForwardStepper) and lab.stage.layout.display == "none"
    assert lab._lens._bar.what == "Training step 7 → 8 of Adam 0.05"
    moved = {u.name: u.new for _, u in stepper.recorded.trace.updates}
    lens(lab, "next")
    assert lab.run.k == 8 and lab._lens.stepper is not stepper
    for path, new in moved.items():  # what its update proposes is the run's next step
        np.testing.assert_allclose(lab.run.numbers()[path], new, rtol=1e-12)
    lens(lab, "back")
    lens(lab, "back")
    assert lab.run.k == 6
    lens(lab, "close")
    assert lab._lens.stepper is None and not lab._lens.holder.children
    assert lab.stage.layout.display is None
    act(lab, "size:layer")
    assert lab._lens.stepper.stage.cut == "layer"
    lens(lab, "elsewhere")
    assert lab._lens.open


def test_a_picture_alone_has_no_place_for_a_step(small, shell, monkeypatch):
    lab = small()
    lab.stage._repr_mimebundle_()
    act(lab, "size:layer")
    assert lab.problem.startswith("This host shows the picture alone") and not lab._lens.open
    lab._repr_mimebundle_()
    act(lab, "size:layer")
    assert lab.problem == "" and lab._lens.open
    monkeypatch.setattr(lab_hands, "_shell", lambda: None)
    other = small()
    act(other, "size:layer")
    assert not other._lens.open


# --- tokens and files -----------------------------------------------------------------------------
def test_a_token_goes_back_to_its_moment(made, small):
    lab = small()
    lab.seek(12)
    knob(lab, "rate", place(lab, "rate", "0.3"))
    lab.seek(17)
    assert lab.stage.token == lab.token() and lab.stage.source.chip["token"] == lab.token()
    again = made(lab.token())
    assert again.run.hash() == lab.run.hash() and again.run.k == 17


def test_a_file_goes_back_to_its_moment(made, tmp_path):
    x = np.random.default_rng(0).normal(size=(20, 2))
    lab = made(net((2, 3, 1)), (x, x[:, :1] * x[:, 1:]), optimizer=SGD(0.05))
    lab.seek(8)
    lab.save(tmp_path / "run.json")
    again = made(tmp_path / "run.json")
    assert again.run.hash() == lab.run.hash()
    sent = []
    lab.stage.send = lambda content, buffers=None: sent.append((content, buffers))
    hear(lab, save=True)
    ((content, buffers),) = sent
    (tmp_path / content["file"]).write_bytes(buffers[0])
    assert made(str(tmp_path / content["file"])).run.hash() == lab.run.hash()
    with refused(ValueError, "There is no token"):
        lab.token()


def test_what_cannot_be_saved_says_so(made):
    lab = made(net((2, 2, 1)), moons(20), loss=lambda output, y: ((output - y) ** 2).mean())
    assert lab.stage.source.chip == {"text": "save file"}
    sent = []
    lab.stage.send = lambda content, buffers=None: sent.append(content)
    hear(lab, save=True)
    assert sent == [] and lab.problem.startswith("This run cannot be saved")


def test_a_kept_moment_is_offered_and_taken(made, small):
    old = small()
    old.seek(12)
    lab = small()
    hear(lab, found=old.token(), n=1)
    assert lab.stage.offer.startswith("back at step 12") and lab.run.k == 0
    hear(lab, offer=True, n=2)
    assert lab.run.k == 12 and lab.run.hash() == old.run.hash() and lab.stage.offer == ""
    other = small()
    hear(other, found=old.token(), n=1)
    hear(other, offer=False, n=2)
    assert other.run.k == 0 and other.stage.offer == ""
    for junk in ("bpk1.nonsense", "", "x" * 1000, small().token()):
        hear(other, found=junk, n=3)
        assert other.stage.offer == "" and other.problem == ""
    hear(other, offer=True, n=4)
    assert other.run.k == 0


# --- playing --------------------------------------------------------------------------------------
class Clock:
    """A clock that only goes on where a test says so: 1 ms a look, and as long as a rest."""

    def __init__(self):
        self.now, self.rests = 0.0, []

    def __call__(self):
        self.now += 0.001
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made, sleep = Clock(), asyncio.sleep

    async def rest(seconds):
        made.now += seconds
        made.rests.append(seconds)
        await sleep(0)

    monkeypatch.setattr(training_loop.asyncio, "sleep", rest)
    return made


async def turns(n):
    for _ in range(n):
        await asyncio.sleep(0)


def sent_by(lab):
    """The messages that go to the page from now on."""
    noted, send = [], lab.stage.comm.send

    def noting(*args, **how):
        noted.append(how.get("data"))
        return send(*args, **how)

    lab.stage.comm.send = noting
    return noted


def played(lab, clock, looks=True):
    """Play until it ends, with a page that draws every picture (or none); the messages."""

    async def main():
        lab._play.clock = clock
        sent = sent_by(lab)
        act(lab, "play")
        while lab.playing:
            await turns(1)
            if looks:
                hear(lab, drawn=lab.stage.turn)
        await turns(5)
        assert len(asyncio.all_tasks()) == 1
        return sent

    return asyncio.run(main())


def test_it_plays_to_its_end_and_is_the_run_it_would_have_been(small, clock):
    lab = small(to=40)
    sent = played(lab, clock)
    assert lab.run.k == 40 and not lab.stage.source.transport["playing"]
    twin = Run(net((2, 3, 1)), moons(50), batch=8)
    twin.seek(40)
    assert lab.run.hash() == twin.hash()
    # An epoch a picture: the button's answer, eight pictures, and the last one that says it rests.
    assert 8 <= len(sent) <= 11
    assert len(sent) <= clock.now / training_loop.EVERY + 3


def test_pictures_are_left_out_while_the_page_draws(small, clock, monkeypatch):
    lab = small(to=40)
    monkeypatch.setattr("backprop_kit.widgets.lab_stage.perf_counter", lambda: 0.0)
    sent = played(lab, clock, looks=False)
    assert lab.run.k == 40 and len(sent) <= 3


def test_a_step_a_picture(small, clock):
    lab = small(to=12)
    act(lab, "size:pass")
    sent = played(lab, clock)
    assert lab.run.k == 12 and 12 <= len(sent) <= 15
    act(lab, "speed:5")
    lab.seek(0)
    sent = played(lab, clock)
    assert len(sent) <= 6


def test_playing_at_the_end_goes_on_for_as_long_again(small, clock):
    lab = small(to=10)
    lab.seek(10)
    for end in (20, 30):
        played(lab, clock)
        assert lab.run.k == lab.horizon == end


def test_pause_ends_the_turn_that_runs(small, clock):
    lab = small(to=100_000)

    async def main():
        lab._play.clock = clock
        act(lab, "play")
        await turns(5)
        assert lab.playing and lab.run.k > 0
        act(lab, "pause")
        k = lab.run.k
        await turns(20)
        assert lab.run.k == k and not lab.playing and len(asyncio.all_tasks()) == 1
        sent = sent_by(lab)
        await turns(50)
        assert sent == []  # at rest nothing is sent

    asyncio.run(main())


def test_controls_are_turned_while_it_plays(small, clock, shell):
    lab = small(to=100_000)

    async def main():
        lab._play.clock = clock
        lab.play()
        await turns(5)
        knob(lab, "rate", place(lab, "rate", "0.3"))
        start = lab.run.k
        await turns(5)
        assert lab.playing and lab.run.k > start and lab.run.branch.start == start
        knob(lab, "width", 5)
        assert lab.run.k == 0 and lab.playing
        await turns(5)
        assert lab.run.k > 0 and lab.run.recipe["model"]["sizes"] == [2, 5, 1]
        knob(lab, "points", True)
        hear(lab, point="add", i=-1, x=0.5, y=0.5, kind=1, n=1)
        await turns(5)
        assert lab.playing and len(lab.run.data) == 51 and lab.run.k > 0
        act(lab, "speed:5")
        act(lab, "size:pass")
        k = lab.run.k
        await turns(5)
        assert lab.playing and k < lab.run.k
        act(lab, "size:operation")
        assert not lab.playing and lab._lens.open
        await turns(5)
        lab.dispose()
        await turns(5)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_it_stops_where_the_branch_ends(made, clock):
    model, x, y = board("bowl")
    lab = made(model, (x, y), optimizer=SGD(0.2), to=5000)
    played(lab, clock)
    assert lab.run.at_end and not lab.playing and lab.problem == ""
    act(lab, "play")
    assert not lab.playing and "ended at step" in lab.problem


def test_a_long_way_tells_how_much_is_done(small, clock):
    lab = small(to=2000)

    async def main():
        lab._play.clock = clock
        hear(lab, drag="time", x=2000, y=None, done=True, n=1)
        seen = []
        while lab.playing:
            await turns(1)
            hear(lab, drawn=lab.stage.turn)
            seen.append(lab.stage.source.transport["progress"])
        assert lab.run.k == 2000 and seen[-1] is None
        told = [p for p in seen if p]
        shares = [p["share"] for p in told]
        assert shares == sorted(shares) and 0 < shares[0] < 0.2 and told[0]["left"].endswith(" s")
        await turns(3)

    asyncio.run(main())


def test_what_breaks_while_playing_is_shown_and_undone(small, clock, monkeypatch):
    lab = small(to=1000)

    async def main():
        lab._play.clock = clock
        act(lab, "play")
        await turns(3)
        monkeypatch.setattr(Run, "step", lambda self, *a: (_ for _ in ()).throw(ValueError("No.")))
        await turns(5)
        assert not lab.playing and lab.problem == "No. Nothing was changed."
        await turns(3)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_without_an_event_loop_it_says_what_to_do(small):
    lab = small()
    with refused(ValueError, "Nothing runs here that could play"):
        lab.play()
    assert not lab.playing and lab.step() == 5
    act(lab, "play")
    assert lab.problem.startswith("Nothing runs here") and not lab.playing


def test_a_hundred_labs_leave_nothing_behind(clock, shell):
    def one():
        lab = TrainingLab(net((2, 2, 1)), moons(20), to=1000)
        lab._play.clock = clock
        lab.play()
        return lab

    async def main():
        one().dispose()
        await turns(5)
        gc.collect()
        widgets = len(_instances)
        for _ in range(100):
            lab = one()
            await turns(2)
            if _ % 10 == 0:
                act(lab, "size:layer")
            lab.dispose()
        await turns(5)
        gc.collect()
        assert len(_instances) == widgets and len(asyncio.all_tasks()) == 1

    asyncio.run(main())


@pytest.mark.parametrize("message", [
    {"act": "fly"}, {"act": "size:week"}, {"act": "speed:fast"}, {"knob": "nothing", "value": 1},
    {"knob": "rate", "value": None}, {"press": None}, {"point": "add", "i": 0, "x": "a"},
    {"drag": "time", "x": None}, {"choose": "nothing", "option": 0}, {"found": 3}, {"act": 3},
])  # fmt: skip
def test_a_page_may_send_anything(made, message):
    lab = made(net((2, 2, 1)), moons(20))
    before = lab.run.hash()
    hear(lab, **{"done": True, "n": 1, **message})
    assert lab.problem == "" and lab.run.hash() == before and len(lab.run.branches) == 1


def test_presenter_type_is_another_film_of_the_same(made):
    lab = made(net((2, 2, 1)), spirals(20), presenter=True)
    assert lab.stage.source.presenter
    lab.stage.presenter = False
    assert not lab.stage.source.presenter


# --- a real kernel --------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def kernel():
    """A kernel as JupyterLab uses it: `run(code, cell)` gives what the cell printed."""
    manager, client = start_new_kernel(kernel_name="python3")

    def run(code, cell):
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        request = client.session.msg("execute_request", content, metadata={"cellId": cell})
        client.shell_channel.send(request)
        out = ""
        while True:
            message = client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            out += message["content"].get("text", "")
            out += "\n".join(message["content"].get("traceback", ()))
            if message["content"].get("execution_state") == "idle":
                return out.strip()

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_in_a_real_kernel_runs_leave_nothing_behind(kernel):
    make = (
        "from backprop_kit import TrainingLab, net, moons\n"
        "lab = TrainingLab(net((2, 2, 1)), moons(20), to=10**6)\nlab.play()\nlab"
    )
    count = (
        "import asyncio, gc, threading; from ipywidgets.widgets.widget import _instances\n"
        "await asyncio.sleep(0.1); gc.collect()\n"
        "print(len(asyncio.all_tasks()), threading.active_count(), len(_instances))"
    )
    assert kernel(make, "one") == ""
    once = kernel(count, "two")
    assert kernel("print(lab.playing, lab.run.k > 0)", "three") == "True True"
    for _ in range(30):
        kernel(make, "one")
    assert kernel(count, "two") == once
    kernel("'the cell now makes nothing'", "one")
    tasks, _, widgets = map(int, kernel(count, "two").split())
    assert tasks == int(once.split()[0]) - 1 and widgets == 0
