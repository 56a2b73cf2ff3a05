"""`GradientCheck` as a widget: its words, its badge, what it refuses."""

import numpy as np
import pytest
from disposed import disposing
from refusal import refused

from backprop_kit import GradientCheck
from backprop_kit.films.film import unpack
from backprop_kit.nn import Linear, Sequential
from backprop_kit.study.boards import board


@pytest.fixture
def made():
    with disposing(GradientCheck) as make:
        yield make


def test_it_says_two_lines_without_a_number_that_a_machine_could_change(made):
    one = made(*board("2-2-1"))
    first, second = repr(one).split("\n")
    assert first.startswith("9 slopes") and second.startswith("Step sizes from 10⁻² down to 10⁻¹⁶")
    own = made(*board("2-2-1"), wrong="update on the way")
    assert len(repr(own).split("\n")) == 2 and "0.9" not in repr(own)


def test_the_badge_is_the_complex_step(made):
    one = made(*board("2-2-1"))
    assert one.stage.badge["text"] == "checking"
    one._check()
    assert one.stage.badge["state"] == "ok" and one.stage.badge["text"] == "9 of 9 checked"


def test_the_verdict_on_a_pass_comes_last(made):
    own = made(*board("2-2-1"), wrong="update on the way")
    own._check()
    assert own.stage.badge["state"] == "checking" and "dW" not in str(own.stage.badge)
    own.stage.k = own.stage.source.cuts["operation"][-1].k
    assert own.stage.badge["state"] == "failed" and own.stage.badge["text"] == "dW₁ is wrong"
    own.stage.k = 0
    assert own.stage.badge["state"] == "checking"


def test_a_pressed_point_leads_to_its_step_size(made):
    one = made(*board("2-2-1"))
    one._pressed("central7")
    assert one.stage.k == 7
    for odd in ("central99", "central-1", "forward", "", "p:3", "central²"):
        one._pressed(odd)
        assert one.stage.k == 7 and one.problem == ""


def test_it_can_wait_behind_a_question(made):
    own = made(*board("2-2-1"), wrong="update on the way")
    assert own.k_of("backward") == 5 and own.k_of("again") == 6
    own.cover(1)
    (frames,) = (cut["frames"] for cut in unpack(own.stage.film)[0]["cuts"].values())
    assert [f["k"] for f in frames] == [0, 1] and "−1.95" not in str(frames)
    own.uncover()
    (frames,) = (cut["frames"] for cut in unpack(own.stage.film)[0]["cuts"].values())
    assert [f["k"] for f in frames] == [0, 1, 2, 3, 4, 5, 6]


def test_large_type(made):
    one = made(*board("2-2-1"), presenter=True)
    assert one.stage.source.presenter
    one.stage.presenter = False
    assert not one.stage.source.presenter


def test_what_does_not_fit_is_refused_and_nothing_is_left():
    with refused(TypeError, "GradientCheck does not know 'wrongs'", "'wrong'"):
        GradientCheck(*board("2-2-1"), wrongs="x")
    with refused(ValueError, "There is no mistake called 'update'", '"update on the way"'):
        GradientCheck(*board("2-2-1"), wrong="update")
    with refused(ValueError, "samples"):
        GradientCheck(Sequential(Linear(2, 1)), np.ones((2, 2)), np.ones((3, 1)))
