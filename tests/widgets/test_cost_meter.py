"""`CostMeter`: passes that are really run, stopped by a press, and never left behind."""

import threading
import time

import numpy as np
import pytest
from disposed import disposing
from refusal import refused

from backprop_kit import CostMeter
from backprop_kit.study.cost import bill
from backprop_kit.study.cost_runs import Shares

PATIENCE = 60.0


@pytest.fixture
def meter(monkeypatch):
    monkeypatch.setattr(CostMeter, "_shares", Shares(0.1, 0.2, 0.9))  # trained in one test only
    with disposing(CostMeter) as make:
        yield make
    assert not threads()


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("backprop-kit")]


def finish(one):
    until = time.monotonic() + PATIENCE
    while one.running and time.monotonic() < until:
        time.sleep(0.01)
    assert not one.running


def shown(one):
    return {a.name: a.values.reshape(-1) for a in one.stage.source.arrays}


def test_it_says_what_is_counted_and_no_time(meter):
    first, second = repr(meter()).split("\n")
    assert first.startswith("64–32–10: 2,410 numbers, so 2,410 slopes to find.")
    assert second == (
        "Forward passes by finite differences, counted: "
        "2–4–1: 18 · 64–32–10: 2,411 · 784–128–10: 101,771"
    )


def test_nothing_runs_before_it_is_asked_for(meter):
    one = meter([(2, 4, 1)])
    assert not one.running and not threads()
    assert one.standings[0].done == one.standings[0].pairs == 0
    assert one.stage.badge["text"] == "not run yet"


def test_a_run_counts_its_passes_and_both_gradients_agree(meter):
    one = meter([(2, 4, 1)])
    one._pressed("run")
    finish(one)
    standing = one.standings[0]
    assert (standing.pairs, standing.done) == (1, 18) and standing.agree[:2] == (17, 17)
    assert one.passes(0).forwards >= 18
    assert one.stage.badge["state"] == "ok" and one.stage.badge["text"] == "17 of 17 agree"
    found = shown(one)
    assert found["running"][0] == 0 and list(found["pair"][:2]) == [2, 2]
    assert found["differences"][0] == 18


def test_each_way_can_run_alone_in_any_order(meter):
    for order in (("run-pair", "run-differences"), ("run-differences", "run-pair")):
        one = meter([(2, 4, 1)])
        one._pressed(order[0])
        finish(one)
        assert one.stage.badge["text"] == "one of two has run"
        assert (one.standings[0].pairs, one.standings[0].done) in ((1, 0), (0, 18))
        one._pressed(order[1])
        finish(one)
        assert one.stage.badge["text"] == "17 of 17 agree"


def test_a_wrong_gradient_is_not_agreed_with(meter):
    one = meter([(2, 4, 1)])
    one._pressed("run-pair")
    finish(one)
    one._grads[0] = {name: g + 1 for name, g in one._grads[0].items()}
    one._pressed("run-differences")
    finish(one)
    assert one.stage.badge["state"] == "failed" and one.stage.badge["text"] == "0 of 17 agree"


def test_a_press_stops_and_the_rest_stays(meter):
    one = meter([(784, 128, 10)])
    one._pressed("run-differences")
    until = time.monotonic() + PATIENCE
    while one.standings[0].done < 3 and time.monotonic() < until:
        time.sleep(0.01)
    assert one.running and shown(one)["running"][0] == 1
    one._pressed("stop")
    done = one.standings[0].done
    assert not one.running and not threads() and 3 <= done < 101_771
    time.sleep(0.2)
    assert one.standings[0].done == done
    assert one.stage.source.cuts["run"][0].say.startswith("Stopped after ")


def test_another_net_stops_the_run_and_keeps_what_was_found(meter):
    one = meter([(2, 4, 1), (784, 128, 10)])
    assert one._chosen == 0  # the largest that can be run whole
    one._choose("net", 1)
    one._pressed("run-differences")
    one._choose("net", 0)
    assert not one.running and not threads()
    assert one.stage.source.choices[0]["chosen"] == 0
    for odd in (("net", 5), ("net", -1), ("else", 1)):
        one._choose(*odd)
    assert one._chosen == 0
    one._pressed("nonsense")
    assert not one.running


def test_dispose_leaves_no_thread():
    for _ in range(3):
        one = CostMeter([(784, 128, 10)])
        one._pressed("run")
        one.dispose()
        assert not threads()
        one.dispose()


def test_at_most_twenty_messages_a_second(meter, monkeypatch):
    one = meter([(64, 32, 10)])
    sent = []
    monkeypatch.setattr(one.stage, "renew", lambda film: sent.append(time.monotonic()))
    one._pressed("run-differences")
    finish(one)
    gaps = np.diff(sent)[1:-1]  # the first tells that it has begun, the last that it is over
    assert len(sent) >= 2 and (not gaps.size or gaps.min() > 0.04)


def test_what_training_does_is_measured_after_a_pair_and_once(meter, monkeypatch):
    monkeypatch.setattr(CostMeter, "_shares", None)
    one = meter([(2, 4, 1)])
    one._pressed("run-differences")
    finish(one)
    assert "after 1 pair –" in str(one.stage.source.cuts["run"][0].panel)
    one._pressed("run-pair")
    finish(one)
    said = str(one.stage.source.cuts["run"][0].panel)
    assert "after 100 96.9 %" in said and "after 1 pair –" not in said
    assert "after 100 96.9 %" in str(meter([(2, 4, 1)]).stage.source.cuts["run"][0].panel)


def test_training_can_be_stopped(meter, monkeypatch):
    monkeypatch.setattr(CostMeter, "_shares", None)
    one = meter([(2, 4, 1)])
    one._pressed("run-pair")
    until = time.monotonic() + PATIENCE
    while one.running and one._run.doing != "training" and time.monotonic() < until:
        time.sleep(0.005)
    one._pressed("stop")
    assert not threads() and one.standings[0].pairs == 1


def test_a_problem_is_shown_and_ends_the_run(meter, monkeypatch):
    one = meter([(2, 4, 1)])

    def broken(self, seconds):
        raise MemoryError("no room")

    monkeypatch.setattr("backprop_kit.study.cost_runs.Differences.advance", broken)
    one._pressed("run-differences")
    finish(one)
    assert "no room" in one.problem and shown(one)["running"][0] == 0


def test_large_type(meter):
    one = meter([(2, 4, 1)], presenter=True)
    assert one.stage.source.presenter
    one._choose("net", 0)
    one._pressed("run")
    finish(one)
    assert one.stage.source.presenter


def test_one_net_may_be_given_alone(meter):
    assert [b.sizes for b in meter((3, 2)).bills] == [(3, 2)]
    assert [b.sizes for b in meter([[3, 2], (4, 4, 2)]).bills] == [(3, 2), (4, 4, 2)]
    assert meter().bills[1].name == bill((64, 32, 10)).name


def test_what_makes_no_net_is_refused():
    for bad in (3, "ab", [], [(3,)], [(0, 2)], None):
        with refused(ValueError, "is no net", "(64, 32, 10)"):
            CostMeter(bad)
    with refused(TypeError, "CostMeter does not know 'size'", "'sizes'"):
        CostMeter(size=[(2, 1)])
