"""ActivationExplorer: its forms, what a hand does, what is held back, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from bentnets import Skip, bent, straight
from disposed import disposing
from refusal import refused

from backprop_kit import data, nn
from backprop_kit.films.film import unpack
from backprop_kit.nn import Linear, Sequential, Tanh
from backprop_kit.study import board
from backprop_kit.teaching import Predict
from backprop_kit.widgets import activation_forms
from backprop_kit.widgets.activation_explorer import ActivationExplorer

X, Y = data.stairs()
LAMP = ["on", "on", "off", "off"]


@pytest.fixture
def made():
    with disposing(ActivationExplorer) as make:
        yield make


def send(explorer, **content):
    """What the page sends, and what is known of the film afterwards."""
    stage = explorer.stage
    stage._hear(stage, {**content, "n": stage.heard + 1}, [])


def drag(explorer, tag, x, y=None, done=True):
    send(explorer, drag=tag, x=x, y=y, done=done)


def choose(explorer, option):
    send(explorer, choose="activation", option=option)


def array(explorer, name):
    return next(a.values for a in explorer.stage.source.arrays if a.name == name)


# --- the three forms ------------------------------------------------------------------------------
def test_the_arguments_say_which_form(made):
    assert "At the sum 1.60 tanh gives 0.922" in repr(made("tanh", w=[1.4, -0.2], x=[1, -1]))
    assert "At the sum 1.00" in repr(made(nn.GELU()))
    assert "At the sum 1.00" in repr(made(lambda z: z * z))
    assert "two inputs" in made(bent()).stage.source.title
    assert made(bent(), X).stage.source.title[0] == "A layer of 2 neurons"
    assert made(bent(), X, show="net").stage.source.title[0] == "A small net"
    assert made(Tanh(), show="neuron", b=2.0).numbers["b"] == 2.0


def test_two_lines_say_each(made):
    assert made("tanh", w=[1.4, -0.2], x=[1, -1]).text() == (
        "At the sum 1.60 tanh gives 0.922; turned up a little, it answers 0.151 times as much.",
        "z = 1.60 · h = 0.922 · slope 0.151",
    )
    first, second = made(straight(), X, groups=LAMP, show="net").text()
    assert first.endswith("the outputs add up to 1.92 (on) and 1.92 (off).")
    assert second == "13 numbers · 4 outputs from 0.140 to 1.78"


# --- one neuron -----------------------------------------------------------------------------------
def test_dragging_the_sum_turns_the_bias(made):
    explorer = made("tanh", w=[1.4, -0.2], x=[1, -1])
    drag(explorer, "z", 3.0)
    drag(explorer, "z slope", 3.5, done=False)
    assert explorer.stage.badge["state"] == "checking"
    drag(explorer, "z", 4.0)
    assert explorer.stage.badge["text"] == "5 of 5 checked"
    assert np.isclose(explorer.numbers["b"], 2.4) and np.isclose(array(explorer, "h"), np.tanh(4))
    # The move is measured from where the hand took it, not from the last picture.
    assert explorer.text()[0] == (
        "The sum went from 3.00 to 4.00, the output from 0.995 to 0.999: it moved by 0.00427."
    )


def test_another_activation_keeps_the_sum(made):
    explorer = made("tanh", w=[1.4, -0.2], x=[1, -1])
    drag(explorer, "z", -1.0)
    choose(explorer, 1)
    assert explorer.text()[0] == (
        "At the sum −1.00 ReLU gives 0, and its slope is exactly 0: it does not answer at all."
    )
    assert explorer.stage.source.choices[0]["chosen"] == 1


def test_an_activation_of_ones_own_is_on_offer(made):
    explorer = made(lambda z: z * z)
    assert explorer.stage.source.choices[0]["options"][0] == "your function"
    drag(explorer, "z", 3.0)
    assert np.isclose(array(explorer, "slope")[0], 6.0)


# --- a layer --------------------------------------------------------------------------------------
def test_a_layer_follows_the_point_and_its_numbers(made):
    explorer = made(bent(), X, groups=LAMP, open=True)
    drag(explorer, "x", 0.5, 0.5, done=False)
    drag(explorer, "W:1:0", 0.6)
    drag(explorer, "b:1", -0.2)
    W, b = np.array([[1, -0.8], [0.6, 1]]), np.array([0, -0.2])
    np.testing.assert_array_equal(explorer.numbers["W"], W)
    np.testing.assert_array_equal(explorer.numbers["b"], b)
    np.testing.assert_allclose(array(explorer, "z"), np.array([0.5, 0.5]) @ W + b)
    assert explorer.stage.badge["text"] == "6 of 6 checked"
    drag(explorer, "x", 99.0, -99.0)
    assert array(explorer, "x").tolist() == [1.25, -1.25]


def test_a_press_opens_the_numbers_and_chooses_a_neuron(made):
    lamp, *_ = board("stairs")
    explorer = made(lamp, X)
    tags = lambda: {m.get("tag") for m in explorer.stage.source.marks}
    assert "W:0:0" not in tags()
    explorer.stage._hear(explorer.stage, {"press": "open"}, [])
    assert {"W:0:0", "W:1:0", "b:0"} <= tags()
    explorer.stage._hear(explorer.stage, {"press": "tile:1"}, [])
    assert {"W:0:1", "b:1"} <= tags() and "b:0" not in tags()


def test_only_what_differs_travels(made):
    explorer = made(bent(), X, groups=LAMP, open=True)
    film = explorer.stage.film
    drag(explorer, "x", 0.5, 0.5)
    assert explorer.stage.film == film and 0 < len(explorer.stage.live) < len(film)


# --- a net ----------------------------------------------------------------------------------------
def test_every_number_of_a_net_can_be_turned(made):
    explorer = made(straight(), X, groups=LAMP, show="net", open=True)
    sliders = [m["tag"] for m in explorer.stage.source.marks if m["t"] == "slider"]
    assert len(sliders) == 13
    rng = np.random.default_rng(0)
    for tag in sliders:
        drag(explorer, tag, float(rng.uniform(-3, 3)))
    n = explorer.numbers
    out = (X @ n["0.W"] + n["0.b"]) @ n["1.W"] + n["1.b"]
    np.testing.assert_allclose(array(explorer, "outputs 0"), out[:, 0])
    out = np.tanh(X @ n["0.W"] + n["0.b"]) @ n["1.W"] + n["1.b"]
    np.testing.assert_allclose(array(explorer, "outputs 1"), out[:, 0])
    choose(explorer, 1)
    out = np.maximum(X @ n["0.W"] + n["0.b"], 0) @ n["1.W"] + n["1.b"]
    np.testing.assert_allclose(array(explorer, "outputs 1"), out[:, 0])


def test_the_model_and_what_it_was_given_stay(made):
    model = bent()
    before = {k: v.copy() for k, v in model.state_dict().items()}
    explorer = made(model, X, open=True)
    drag(explorer, "W:0:0", 3.0)
    assert all((before[k] == v).all() for k, v in model.state_dict().items())


@pytest.mark.parametrize("show", ["layer", "net"])
def test_unknown_modules_are_shown_closed(made, show):
    explorer = made(Sequential(Skip(), Linear(2, 1)).reset(1), X, show=show, open=True)
    explorer._check()
    assert explorer.stage.badge["state"] == "ok" and not explorer.problem
    assert explorer.stage.source.choices == ()
    choose(explorer, 1)
    if show == "layer":
        drag(explorer, "x", 0.5, -0.5)
        np.testing.assert_array_equal(array(explorer, "x"), [0.5, -0.5])


# --- held back ------------------------------------------------------------------------------------
def test_the_bend_is_held_back_until_it_is_said(made):
    explorer = made(straight(), X, groups=LAMP, show="net", open=True)
    panel = Predict("01.p1", explorer, after=0)
    header, arrays = unpack(explorer.stage.film)
    assert header["cuts"]["move"]["covered"] == {"bend": 1}
    assert "outputs 0" in arrays and "outputs 1" not in arrays
    assert "tanh" not in str(header) and header["choices"] == []
    drag(explorer, "0.b:0", 1.0)
    header, arrays = unpack(explorer.stage.film)
    assert "outputs 1" not in arrays and explorer.stage.live == b""
    choose(explorer, 1)
    assert explorer._form.record.act.name == "tanh"
    right = next(i for i, o in enumerate(panel._questions[0].order) if "tanh" in o.text)
    panel._hear({"01.p1": {"chosen": right, "sure": "guess"}})
    header, arrays = unpack(explorer.stage.film)
    assert "outputs 1" in arrays and header["choices"][0]["chosen"] == 4
    explorer.stage.k = explorer.k_of("bend")
    assert panel.form.states["01.p1"]["net"] == "tanh between: 1.16 and 1.36"
    panel.dispose()


def test_the_bent_plane_is_held_back_after_the_weights(made):
    explorer = made(bent(), X, groups=LAMP)
    assert [explorer.k_of(p) for p in ("weights", "bend", "cut")] == [1, 2, 3]
    explorer.cover("weights")
    header, arrays = unpack(explorer.stage.film)
    assert "points 1" in arrays
    assert not {"points 2", "middles 2", "h", "sums", "h map"} & set(arrays)
    assert "0.9" not in str(header["cuts"])
    explorer.uncover()
    assert "middles 2" in unpack(explorer.stage.film)[1]


def test_places_that_do_not_exist(made):
    explorer = made(bent(), X)
    with refused(ValueError, "There is no phase 'loss' here", '"bend"'):
        explorer.k_of("loss")
    with refused(ValueError, "Step 9 does not exist"):
        explorer.k_of(9)


# --- presenter ------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [
    lambda made: made("tanh", presenter=True), lambda made: made(bent(), X, presenter=True),
    lambda made: made(straight(), X, show="net", groups=LAMP, presenter=True),
])  # fmt: skip
def test_large_type_leaves_parts_out(made, make):
    explorer = make(made)
    assert explorer.stage.source.presenter
    for m in explorer.stage.source.marks:
        assert m.get("size", 24) >= 20, m
    explorer.stage.presenter = False
    assert not explorer.stage.source.presenter


# --- what a page may send -------------------------------------------------------------------------
@pytest.mark.parametrize("content", [
    {"drag": "W:0:9", "x": 1.0}, {"drag": "W", "x": 1.0}, {"drag": "nothing", "x": 1.0},
    {"drag": "x", "x": 1.0}, {"drag": "b:-1", "x": 1.0}, {"drag": "W:²:0", "x": 1.0},
    {"drag": 3, "x": 1.0}, {"drag": "x", "x": float("nan"), "y": 0.0}, {"choose": "size",
    "option": 0}, {"choose": "activation", "option": 99}, {"press": "tile:99"}, {"press": "tile:"},
])  # fmt: skip
def test_a_page_may_send_anything(made, content):
    explorer = made(bent(), X, open=True)
    before = explorer.stage.source.pack()
    send(explorer, **content)
    assert explorer.stage.source.pack() == before and not explorer.problem


def test_a_drag_that_fails_changes_nothing(made, monkeypatch, caplog):
    explorer = made(bent(), X, open=True)
    before = explorer.stage.source.pack()

    def broken(*_args, **_more):
        raise RuntimeError("no picture")

    monkeypatch.setattr(activation_forms.LayerGraph, "at", broken)
    drag(explorer, "b:0", 1.0)
    assert explorer.problem == "RuntimeError: no picture. Nothing was changed."
    assert explorer.stage.source.pack() == before and explorer.numbers["b"].tolist() == [0, 0]
    monkeypatch.undo()
    drag(explorer, "b:0", 1.0)
    assert explorer.problem == "" and explorer.numbers["b"].tolist() == [1, 0]
    assert "a callback was stopped and undone" in caplog.text


# --- what is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(("call", "kind", "said"), [
    (lambda: ActivationExplorer("tanh", weights=[1]), TypeError, "does not know 'weights'"),
    (lambda: ActivationExplorer("thanh"), ValueError, "Did you mean 'tanh'?"),
    (lambda: ActivationExplorer("tanh", w=[1, 2], x=[1]), ValueError, "x has shape (1,)"),
    (lambda: ActivationExplorer("tanh", w=["a"]), TypeError, "w must hold numbers"),
    (lambda: ActivationExplorer("tanh", b=[1, 2]), ValueError, "b has shape (2,)"),
    (lambda: ActivationExplorer("tanh", show="neurone"), ValueError, "show is 'neurone'"),
    (lambda: ActivationExplorer(bent(), [[1, 2, 3]]), ValueError, "rows of 2 numbers"),
    (lambda: ActivationExplorer(bent(), show="net"), ValueError, "needs samples"),
    (lambda: ActivationExplorer(bent(), X, x=[9, 9]), ValueError, "outside of the square"),
    (lambda: ActivationExplorer(bent(), X, groups=["on"]), ValueError, "groups has 1 names"),
    (lambda: ActivationExplorer(Sequential(Linear(2, 3)), X, show="net"), ValueError,
     "one output a sample"),
    (lambda: ActivationExplorer(Sequential(Linear(3, 3)), X), ValueError, "got 2 features"),
    (lambda: ActivationExplorer(3, X), TypeError, "it must be a module or a function"),
    (lambda: ActivationExplorer(bent(), X, y=[1]), ValueError, "y has 1 labels"),
])  # fmt: skip
def test_refusals(call, kind, said):
    with refused(kind, said):
        call()


def test_labels_make_groups(made):
    film = made(bent(), X, Y, show="net").stage.source
    assert "(y = 1)" in film.cuts["move"][0].say and "(y = 0)" in film.cuts["move"][0].say
