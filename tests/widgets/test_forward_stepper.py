"""ForwardStepper: it never changes the model, holds back what is covered, and checks itself."""

from __future__ import annotations

import gzip
import logging
import types

import byhand
import numpy as np
import pytest
from disposed import disposing
from nets import Skip
from refusal import refused

from backprop_kit.engine import OPS, Tensor, ops
from backprop_kit.films.film import unpack
from backprop_kit.films.numbers import number
from backprop_kit.nn import SGD, CrossEntropyLoss, Linear, Sequential, Tanh
from backprop_kit.study import board
from backprop_kit.widgets import lifecycle
from backprop_kit.widgets.forward_stepper import ForwardStepper
from backprop_kit.widgets.player import Player

RNG = np.random.default_rng(5)


@pytest.fixture
def made():
    with disposing(ForwardStepper) as make:
        yield make


@pytest.fixture
def lamp(made):
    return made(*board("stairs"), optimizer=SGD(0.25), plain=True)


def text_of(stepper):
    """All that the page could find in the film it was sent."""
    return gzip.decompress(stepper.stage.film).decode("utf-8", "replace")


def hear(stepper, **message):
    stepper.stage._handle_custom_msg(message, [])


# --- asking for it --------------------------------------------------------------------------------
@pytest.mark.parametrize(("given", "meant"), [
    ({"optimiser": SGD(0.1)}, "optimizer"), ({"steps": "layer"}, "step"),
    ({"plane": True}, "plain"), ({"losses": None}, "loss"), ({"players": None}, "player"),
])  # fmt: skip
def test_unknown_keywords_are_refused_with_the_one_that_was_meant(given, meant):
    with refused(TypeError, repr(next(iter(given))), f"Did you mean {meant!r}?"):
        ForwardStepper(*board("stairs"), **given)


@pytest.mark.parametrize("step", ["layers", "op", "", None, 3])
def test_an_unknown_step_size_is_refused(step):
    with refused(ValueError, repr(step), "layer", "operation"):
        ForwardStepper(*board("stairs"), step=step)


def test_bad_samples_are_refused_before_anything_is_made():
    model, x, y = board("stairs")
    before = {k: v.copy() for k, v in model.state_dict().items()}
    for bad in (np.array([[np.nan, 1]]), np.zeros((0, 2)), [[1, 2, 3]]):
        with refused(ValueError):
            ForwardStepper(model, bad, y)
    with refused(TypeError, "must hold numbers"):
        ForwardStepper(model, [["a", "b"]], y)
    with refused(TypeError, "module or a function"):
        ForwardStepper(3, x, y)
    with refused(ValueError, "no parameter"):
        ForwardStepper(Tanh(), x, x)
    assert all(np.array_equal(model.state_dict()[k], v) for k, v in before.items())


def test_the_loss_that_follows_is_named_in_the_header(made, lamp):
    assert "binary cross-entropy" in lamp.stage.source.title[1]
    digit = made(*board("digit"), optimizer=SGD(0.05))
    assert (
        "cross-entropy" in digit.stage.source.title[1] and "64–32–10" in digit.stage.source.title[1]
    )
    plain = made(Sequential(Linear(2, 1)).reset(1), [[1.0, 2.0]], [[1.0]])
    assert (
        "squared error" in plain.stage.source.title[1] and "step 0.1" in plain.stage.source.title[1]
    )


def test_the_step_is_the_cut_shown_first(made):
    assert made(*board("stairs")).stage.cut == "layer"
    assert made(*board("stairs"), step="operation").stage.cut == "operation"


def test_without_an_optimizer_it_ends_with_the_slopes(made):
    stepper = made(*board("stairs"), optimizer=None)
    assert {f.phase for f in stepper.stage.source.cuts["layer"]} == {"forward", "loss", "backward"}
    with refused(ValueError, "'update'", '"backward"'):
        stepper.k_of("update")


# --- phases, covers -------------------------------------------------------------------------------
def test_phases_end_where_the_recording_says(lamp):
    trace = lamp.recorded.trace
    forward = [k for k in range(len(trace) + 1) if trace.phase(k) == "forward"]
    assert lamp.k_of("loss") == max(forward) == len(trace.made)
    assert lamp.k_of("forward") == 6 < lamp.k_of("loss") < lamp.k_of("backward")
    assert lamp.k_of("backward") == len(trace.made) + len(trace.steps)
    assert lamp.k_of("update") == len(trace) - 1 and lamp.k_of("again") == len(trace)
    assert lamp.k_of(0) == 0 and lamp.k_of(7) == 7


@pytest.mark.parametrize("after", ["losses", "", -1, 1000])
def test_a_phase_or_step_that_does_not_exist_is_refused(lamp, after):
    with refused(ValueError, "There is no phase" if isinstance(after, str) else "does not exist"):
        lamp.k_of(after)
    with refused(ValueError):
        lamp.cover(after)
    assert lamp.stage.film == lamp.stage.source.pack()


def test_a_cover_withholds_every_sentence_and_number_behind_it(lamp):
    whole = text_of(lamp)
    assert "0.647" in number(lamp.recorded.fall) and "8 up, 5 down" in whole and "0.599" in whole
    lamp.cover("loss")
    k = lamp.k_of("loss")
    header, arrays = unpack(lamp.stage.film)
    assert "8 up, 5 down" not in text_of(lamp) and "0.599" not in text_of(lamp)
    assert max(f["k"] for cut in header["cuts"].values() for f in cut["frames"]) == k
    assert not {"dz1", "gW2", "W2+", "L+", "v2+"} & set(arrays)
    # Not one number that is computed later is among the bytes.
    raw = gzip.decompress(lamp.stage.film)
    trace = lamp.recorded.trace
    early = {v.tobytes() for n in trace.nodes for v in np.ravel(n.value)}
    for g in trace.grads.values():
        for v in np.ravel(g):
            assert v.tobytes() in early or v in (0, 1, -1) or v.tobytes() not in raw
    lamp.cover("update")
    assert "8 up, 5 down" in text_of(lamp) and "0.599" not in text_of(lamp)
    lamp.uncover()
    assert text_of(lamp) == whole


def test_its_two_lines(lamp):
    first, second = lamp.text()
    assert first == "Switch 1 is up (+1), switch 2 down (−1). Press → and let it through."
    net = byhand.worked(byhand.lamp(), byhand.POSITIONS[:1], byhand.LAMP_ON[:1])
    norm = np.sqrt(sum((g**2).sum() for g in net.slopes.numbers))
    assert f"loss {number(net.loss)}" in second and number(norm) in second
    assert str(len(lamp.recorded.trace)) in second and repr(lamp) == f"{first}\n{second}"
    lamp.cover("loss")
    first, second = lamp.text()
    assert number(norm) not in second and "1.25" not in second and "0.288" not in first
    data, _ = lamp._repr_mimebundle_()
    assert data["text/plain"] == f"{first}\n{second}" and "text/html" not in data
    assert "application/vnd.jupyter.widget-view+json" in data


# --- a press --------------------------------------------------------------------------------------
def note(stepper):
    """The two numbers of a note, and the sentence above them."""
    (row,) = stepper.stage.note["rows"]
    promised, measured = (next(c["box"] for c in cells if "box" in c) for cells in row["rows"])
    return row["head"], promised, measured


@pytest.mark.parametrize("tag", ["W2:2", "gW2:2"])
def test_a_press_on_the_weight_of_one_shows_slope_times_turn_beside_the_change(lamp, tag):
    lamp.stage.k = lamp.k_of("backward")
    hear(lamp, press=tag)
    assert lamp.stage.note["tag"] == tag
    head, promised, measured = note(lamp)
    net = byhand.lamp()
    data = byhand.POSITIONS[:1], byhand.LAMP_ON[:1]
    turned = byhand.with_one_turned(net, "W2", 2, 0.01)
    change = byhand.worked(turned, *data).loss - byhand.worked(net, *data).loss
    assert "1.00" in head and "0.01" in head
    assert number(promised) == "0.00543" == number(measured)
    assert measured == pytest.approx(change, rel=1e-9)
    (row,) = lamp.stage.note["rows"]
    shown = [c.get("n") for c in row["rows"][0] if isinstance(c, dict) and "n" in c]
    assert number(shown[0]) == "0.543" and row["rows"][1][-1]["note"] == "the loss rises"
    assert lamp.problem == ""


def test_every_number_of_the_lamp_answers_a_press_and_the_model_stays(lamp):
    lamp.stage.k = lamp.k_of("again")
    model = lamp.recorded.model
    before = {k: v.copy() for k, v in model.state_dict().items()}
    net, data = byhand.lamp(), (byhand.POSITIONS[:1], byhand.LAMP_ON[:1])
    start = byhand.worked(net, *data)
    for name in ("W1", "b1", "W2", "b2"):
        slopes = getattr(start.slopes, name).ravel()
        for i, slope in enumerate(slopes):
            hear(lamp, press=f"{name}:{i}")
            _, promised, measured = note(lamp)
            turned = byhand.worked(byhand.with_one_turned(net, name, i, 0.01), *data).loss
            assert promised == pytest.approx(0.01 * slope, rel=1e-9)
            assert measured == pytest.approx(turned - start.loss, rel=1e-6)
    assert all(np.array_equal(model.state_dict()[k], v) for k, v in before.items())


def test_before_its_slope_is_known_a_press_says_so(lamp):
    hear(lamp, press="W2:2")
    (row,) = lamp.stage.note["rows"]
    assert "not computed yet" in row["s"] and "0.543" not in str(lamp.stage.note)
    lamp.stage.k = lamp.recorded.trace.complete_at[lamp.recorded.parameters["2.W"]] - 1
    hear(lamp, press="W2:2")
    assert "not computed yet" in str(lamp.stage.note)
    lamp.stage.k += 1
    hear(lamp, press="W2:2")
    assert "measured" in str(lamp.stage.note)


def test_a_cover_also_holds_back_what_a_press_would_say(lamp):
    lamp.cover("loss")
    lamp.stage.k = lamp.k_of("again")  # another stepper on the same Player may be further
    hear(lamp, press="W2:2")
    assert "not computed yet" in str(lamp.stage.note) and "measured" not in str(lamp.stage.note)


@pytest.mark.parametrize("tag", ["v1:0", "L", "dz1:2", "W9:0", "W2", "noise", "tiles:3", ""])
def test_a_press_on_something_else_takes_the_note_away(lamp, tag):
    lamp.stage.k = lamp.k_of("again")
    hear(lamp, press="W2:2")
    hear(lamp, press=tag)
    assert lamp.stage.note == {} and lamp.problem == ""


@pytest.mark.parametrize("tag", ["W2:99", "W2:-1", "W2:x", "W2:1.5"])
def test_a_press_that_cannot_be_is_shown_as_nothing(lamp, tag, caplog):
    lamp.stage.k = lamp.k_of("again")
    with caplog.at_level(logging.WARNING):
        hear(lamp, press=tag)
    assert lamp.stage.note == {} and not caplog.records and lamp.problem == ""


# --- after ----------------------------------------------------------------------------------------
def test_after_is_what_the_moved_net_says(lamp):
    net = byhand.lamp()
    slopes = byhand.worked(net, byhand.POSITIONS[:1], byhand.LAMP_ON[:1]).slopes
    mine = byhand.worked(byhand.moved(net, slopes, 0.25), byhand.POSITIONS, byhand.LAMP_ON).p
    assert np.allclose(lamp.after(byhand.POSITIONS), mine, rtol=1e-13)
    assert np.allclose(lamp.after(byhand.POSITIONS[3]), mine[3], rtol=1e-13)
    with refused(ValueError, "(1, 2)"):
        lamp.after([[1, 2, 3]])


# --- the badge ------------------------------------------------------------------------------------
def test_the_badge_waits_for_the_picture_and_then_counts_what_it_checked(lamp):
    assert lamp.stage.badge["state"] == "checking"
    hear(lamp, painted=1)
    assert lamp.stage.badge["state"] == "ok"
    assert lamp.stage.badge["text"] == "17 of 17 checked"  # 13 numbers, 4 sums
    assert len(lamp.stage.badge["rows"]) == 6


def test_the_badge_of_the_digit_counts_all_its_numbers(made):
    stepper = made(*board("digit"), optimizer=SGD(0.05))
    hear(stepper, painted=1)
    assert stepper.stage.badge["state"] == "ok"
    count, of, everything, word = stepper.stage.badge["text"].replace(",", "").split()
    assert (of, word) == ("of", "checked") and int(everything) == 2410 + 42
    assert 64 <= int(count) <= 2452


MUTANTS = {
    "tanh": (0, lambda g, y, x: g * (1 - y)),
    "sigmoid": (0, lambda g, y, x: g * y),
    "matmul": (1, lambda g, y, a, b: 1.001 * (a.swapaxes(-1, -2) @ g)),
    "matmul, back": (0, lambda g, y, a, b: -(g @ b.swapaxes(-1, -2))),
    "add": (1, lambda g, y, a, b: 2 * g),
    "log": (0, lambda g, y, x, floor: -g / x),
    "mul": (1, lambda g, y, a, b: g),
    "softmax": (0, lambda g, y, x, axis: y * g),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_rule_turns_the_badge(made, name, monkeypatch):
    slot, rule = MUTANTS[name]
    row = OPS[name.split(",")[0]]
    true = row.vjps
    object.__setattr__(row, "vjps", (*true[:slot], rule, *true[slot + 1 :]))
    try:
        which = "digit" if name == "softmax" else "stairs"
        stepper = made(*board(which), optimizer=SGD(0.1))
    finally:
        object.__setattr__(row, "vjps", true)
    hear(stepper, painted=1)  # the rule is right again; what was recorded is not
    assert stepper.stage.badge["state"] == "failed"
    assert "wrong" in stepper.stage.badge["text"]
    assert not stepper.checked() and stepper.problem == ""


def test_skip_nets_functions_and_batches_are_checked_too(made):
    W = Tensor(RNG.normal(size=(2, 3)), "W")
    cases = [
        (Sequential(Linear(2, 3), Tanh(), Skip(Linear(3, 3)), Linear(3, 2)).reset(1), 1),
        (lambda x: ops.tanh(x @ W) * x.sum(), 1),
        (Sequential(Linear(2, 5), Tanh(), Linear(5, 2)).reset(1), 32),
    ]
    for model, batch in cases:
        x = RNG.normal(size=(batch, 2))
        out = model(Tensor(x, requires_grad=False)).data
        stepper = made(model, x, RNG.normal(size=out.shape), optimizer=SGD(0.1))
        hear(stepper, painted=1)
        assert stepper.stage.badge["state"] == "ok", stepper.stage.badge


def test_a_check_that_fails_to_run_is_shown_and_not_swallowed(lamp, monkeypatch, caplog):
    def broken(self):
        raise RuntimeError("no memory")

    monkeypatch.setattr(ForwardStepper, "checked", broken)
    with caplog.at_level(logging.WARNING):
        hear(lamp, painted=1)
    assert "no memory" in lamp.problem and lamp.stage.badge["state"] == "checking"


# --- the model and its hooks ----------------------------------------------------------------------
def test_nothing_of_the_model_changes_and_backward_hooks_stay_silent(made):
    model, x, y = board("stairs")
    heard = []
    model[0].register_full_backward_hook(lambda m, gi, go: heard.append("module"))
    model[2].W.register_hook(lambda g: heard.append("tensor"))
    model[2].W.register_hook(lambda g: g * 100)
    before = {k: v.copy() for k, v in model.state_dict().items()}
    stepper = made(model, x, y, optimizer=SGD(0.25))
    hear(stepper, painted=1)
    stepper.stage.k = stepper.k_of("again")
    hear(stepper, press="W2:2")
    stepper.after(byhand.POSITIONS)
    assert heard == [] and stepper.stage.badge["state"] == "ok"
    assert all(p.grad is None for p in model.parameters()) and model.training
    assert all(np.array_equal(model.state_dict()[k], v) for k, v in before.items())
    assert stepper.recorded.moved == (8, 5, 0)
    # The learner's own backward pass still hears them.
    ((model(x) - y) ** 2).sum().backward()
    assert "module" in heard and "tensor" in heard


def test_a_forward_hook_that_changes_an_output_is_part_of_the_net(made):
    model, x, y = board("stairs")
    plain = made(model, x, y).recorded.result.value.copy()
    with model[0].register_forward_hook(lambda m, args, out: out * 0.5):
        stepper = made(model, x, y)
        true = model(x).data
    assert np.allclose(stepper.recorded.result.value, true) and not np.allclose(true, plain)
    hear(stepper, painted=1)
    assert stepper.stage.badge["state"] == "ok"


def test_a_forward_hook_is_called_once_at_the_recording_and_never_later(made):
    model, x, y = board("stairs")
    calls = []
    model[1].register_forward_hook(lambda m, args, out: calls.append(1))
    stepper = made(model, x, y)
    hear(stepper, painted=1)
    stepper.after(byhand.POSITIONS)
    stepper.cover("loss")
    stepper.uncover()
    assert len(calls) == 1


def test_a_hook_that_raises_leaves_nothing_behind(made):
    model, x, y = board("stairs")
    handle = model[1].register_forward_hook(lambda m, args, out: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ForwardStepper(model, x, y)
    handle.remove()
    assert made(model, x, y).recorded.fall > 0


def test_the_recording_stays_when_the_model_is_trained(lamp):
    film = lamp.stage.film
    after = lamp.after(byhand.POSITIONS)
    for p in lamp.recorded.model.parameters():
        p.data = p.data + 1
    lamp.cover("loss")
    lamp.uncover()
    assert lamp.stage.film == film and np.array_equal(lamp.after(byhand.POSITIONS), after)
    hear(lamp, painted=1)
    assert lamp.stage.badge["state"] == "ok"
    hear(lamp, press="W2:2")
    assert "1.00" in str(lamp.stage.note)


# --- together -------------------------------------------------------------------------------------
def test_two_steppers_of_different_cuts_share_a_player(made):
    model, x, y = board("stairs")
    player = Player()
    a = made(model, x, y, player=player)
    b = made(model, x, y, step="operation", plain=True, player=player)
    assert a.stage.player == b.stage.player == player.id
    assert (a.stage.cut, b.stage.cut) == ("layer", "operation")
    player.seek(a.k_of("loss"))
    assert a.stage.k == b.stage.k == a.k_of("loss")
    b.stage.k = 3
    assert player.k == 3
    c = made(model, x, y, player=player)
    assert c.stage.k == 3


@pytest.mark.parametrize("other", ["sample", "model", "step", "loss"])
def test_steppers_of_different_recordings_do_not(made, other):
    model, x, y = board("stairs")
    player = Player()
    made(model, x, y, player=player)
    if other == "model":
        model, *_ = board("stairs")
        model[2].W.data = model[2].W.data * 1.5
    how = {"optimizer": SGD(0.5)} if other == "step" else {}
    if other == "loss":
        model, x, y = board("digit")
        how["loss"] = CrossEntropyLoss()
    with refused(ValueError, "different recordings"):
        ForwardStepper(model, -x if other == "sample" else x, y, player=player, **how)


class Shell:
    """As much of IPython's shell as the kit asks for."""

    def __init__(self):
        self.parent, self.callbacks = {}, []
        self.events = types.SimpleNamespace(register=lambda name, f: self.callbacks.append(f))

    def get_parent(self):
        return self.parent

    def run(self, cell, run, body=lambda: None):
        self.parent = {
            "header": {"msg_id": run, "msg_type": "execute_request"}, "metadata": {"cellId": cell},
        }  # fmt: skip
        for callback in self.callbacks:
            callback(None)
        return body()


def test_a_cell_run_again_disposes_its_stepper(monkeypatch):
    shell = Shell()
    monkeypatch.setattr(lifecycle, "_shell", lambda: shell)
    monkeypatch.setattr(lifecycle, "_cells", {})
    monkeypatch.setattr(lifecycle, "_hooked", None)
    player = Player()
    make = lambda: ForwardStepper(*board("stairs"), player=player)
    first = shell.run("a", "1", make)
    second = shell.run("a", "2", make)
    assert first.stage.comm is None and second.stage.comm is not None
    other = shell.run("b", "3", make)
    assert second.stage.comm is not None
    shell.run("a", "4")
    assert second.stage.comm is None and other.stage.comm is not None
    assert repr(first).startswith("Switch 1 is up")  # its words stay
    other.dispose()


def test_a_first_view_is_small(made):
    for which, how in (("stairs", {"plain": True}), ("digit", {})):
        stage = made(*board(which), **how).stage
        state = stage.get_state()
        bytes_ = sum(
            len(v.encode() if isinstance(v, str) else v)
            for v in state.values() if isinstance(v, (str, bytes))
        )  # fmt: skip
        assert bytes_ <= 100_000, (which, bytes_)


# --- large type -----------------------------------------------------------------------------------
def test_presenter_type_is_another_film_of_the_same_pass_and_keeps_the_cover():
    stepper = ForwardStepper(*board("stairs"), presenter=True)
    stage, words = stepper.stage, stepper.text()
    assert stage.source.presenter and stage.presenter is True
    stepper.cover("loss")
    for on in (False, True):
        stage.presenter = on
        header, arrays = unpack(stage.film)
        assert header.get("presenter", False) is on and "gW1" not in arrays
        assert sum(header["cuts"]["operation"]["covered"].values()) > 0
    stepper.uncover()
    assert stage.source.presenter and stepper.k_of("loss") == 15
    assert "dv1" in unpack(stage.film)[1] and stepper.text() == words
    stepper.dispose()
