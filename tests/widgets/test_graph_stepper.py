"""GraphStepper: names from the calling cell, rules of one's own, covers, and the badge."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from counting import python_calls
from graphs import loop
from refusal import refused

from backprop_kit.engine import OPS, Tensor, Trace, ops
from backprop_kit.films.film import unpack
from backprop_kit.nn import BCELoss, Linear, Sequential, Tanh
from backprop_kit.study import board
from backprop_kit.widgets.forward_stepper import ForwardStepper
from backprop_kit.widgets.graph_stage import GraphStage
from backprop_kit.widgets.graph_stepper import GraphStepper
from backprop_kit.widgets.player import Player


@pytest.fixture
def kept():
    all_of_them = []

    def keep(stepper):
        all_of_them.append(stepper)
        return stepper

    yield keep
    for stepper in all_of_them:
        stepper.dispose()


def lesson():
    a, b, c = Tensor(2.0, "a"), Tensor(5.0, "b"), Tensor(-0.4, "c")
    u = a * b
    v = u * c
    return a, b, c, u, v, u + v


def hear(stepper, **message):
    stepper.stage._handle_custom_msg(message, [])


def test_values_wear_the_variables_of_the_calling_cell(kept):
    first, second = Tensor(2.0), Tensor(3.0)
    middle = first * second
    loss = middle * second
    stepper = kept(GraphStepper(loss, names={"w": second}))
    assert [stepper.name_of(t) for t in (first, second, middle, loss)] == [
        "first",
        "w",
        "middle",
        "L",
    ]
    assert stepper.text() == (
        "first is 2.00 and w is 3.00. Press → to compute middle.",
        "7 steps · L = 18.0 · 3 slopes",
    )
    assert kept(GraphStepper((first * second) ** 2)).name_of(first) == "first"


def test_a_rule_of_ones_own_stands_beside_the_right_one(kept):
    a, b, _, u, _, loss = lesson()
    stepper = kept(GraphStepper(loss, combine=lambda old, new: new))
    assert [float(stepper.slope(t)) for t in (u, a, b)] == pytest.approx([-0.4, -2, -0.8])
    assert not stepper.problem
    hear(stepper, painted=1)
    # Which number goes wrong first is what a lesson asks: not told before it is lit.
    lit = next(f.k for f in stepper.stage.source.cuts["operation"] if f.mark)
    stepper.stage.k = lit - 1
    assert stepper.stage.badge == {"state": "checking", "text": "your rule", "rows": []}
    stepper.stage.k = lit
    badge = stepper.stage.badge
    assert (badge["state"], badge["text"]) == ("failed", "3 of 5 wrong: ∂u …")
    assert badge["rows"][0] == "∂u: yours −0.400, true 0.600"
    right = kept(GraphStepper(loss))
    assert float(right.slope(a)) == pytest.approx(3)
    hear(right, painted=1)
    assert right.stage.badge["text"] == "5 of 5 checked" and right.stage.badge["state"] == "ok"


def test_an_order_of_ones_own(kept):
    a, b, _, u, v, loss = lesson()
    stepper = kept(GraphStepper(loss, order=[loss, u, v]))
    assert [float(stepper.slope(t)) for t in (u, a, b)] == pytest.approx([0.6, 5, 2])
    hear(stepper, painted=1)
    stepper.stage.k = stepper.k_of("backward")
    assert stepper.stage.badge["text"] == "2 of 5 wrong: ∂b …"


@pytest.mark.parametrize("rule", [
    {"combine": lambda old, new: 1 / 0}, {"combine": lambda old, new: None}, {"combine": 3},
    {"combine": lambda old, new: [1, 2]}, {"combine": lambda old, new: float("nan")},
    {"order": []}, {"order": "loss"}, {"order": [Tensor(1.0)]},
])  # fmt: skip
def test_a_rule_that_cannot_be_run_leaves_the_right_graph(kept, rule):
    a, *_, loss = lesson()
    stepper = kept(GraphStepper(loss, **rule))
    assert stepper.own is None and stepper.problem.endswith("This is the right graph.")
    assert float(stepper.slope(a)) == pytest.approx(3)
    hear(stepper, painted=1)
    assert stepper.stage.badge["state"] == "ok"


def test_what_is_no_graph_is_refused():
    a = Tensor([1.0, 2.0])
    with refused(TypeError, "GraphStepper got float"):
        GraphStepper(2.0)
    with refused(ValueError, "shape (2,)"):
        GraphStepper(a * 2.0)
    with refused(ValueError, "was not computed from anything"):
        GraphStepper(Tensor(1.0))
    with refused(ValueError, "needs a slope"):
        GraphStepper(Tensor(1.0, requires_grad=False) * 2.0)
    with refused(TypeError, "'combin'", "Did you mean 'combine'?"):
        GraphStepper(a.sum(), combin=None)
    with refused(ValueError, "step is 'layer'", "operation", "pass"):
        GraphStepper(a.sum(), step="layer")
    with refused(TypeError, "names is list"):
        GraphStepper(a.sum(), names=["a"])


def test_a_hundred_thousand_nodes_open_folded_and_levels_come_from_the_kernel(kept):
    y = Tensor(1.0)
    for _ in range(100_000):
        y = y + 1.0
    made = []
    assert python_calls(lambda: made.append(GraphStepper(y))) < 80 * 100_000
    stepper = kept(made[0])
    stage = stepper.stage
    assert len(stage.film) < 20_000
    stage.k = stepper.k_of("forward")
    card = next(m["tag"] for m in stage.source.marks if m.get("asks"))
    hear(stepper, press=card)
    inner = stage.source
    assert {m["tag"] for m in inner.marks if m.get("asks")} > {"fold0", "card1"}
    assert len(inner.cuts["operation"]) == 1 + 18 + 18 and stage.k == 100_000
    hear(stepper, press="card1")
    hear(stepper, press="fold1")
    hear(stepper, press="fold0")
    assert len(stage.source.cuts["operation"]) == 3
    for nonsense in ("card99999", "fold", "card²", "card-1"):
        hear(stepper, press=nonsense)
    assert len(stage.source.cuts["operation"]) == 3
    hear(stepper, painted=1)
    assert stage.badge["text"] == "4 of 100,000 checked" and stage.badge["state"] == "ok"


def test_a_loss_that_is_not_finite_is_told_and_not_compared(kept):
    y = Tensor(10.0)
    with np.errstate(over="ignore"):
        for _ in range(12):
            y = y * y
        stepper = kept(GraphStepper(y))
    hear(stepper, painted=1)
    assert stepper.stage.badge["text"] == "L is ∞" and stepper.stage.badge["state"] == "failed"


def test_a_value_can_be_asked_for_wherever_it_is_folded(kept):
    loss, leaves = loop(300)
    stepper = kept(GraphStepper(loss))
    middle = stepper.trace.made[601]
    assert f"v{stepper.trace.nodes.index(middle)}" not in tags(stepper)
    stepper.open(middle)
    assert f"v{stepper.trace.nodes.index(middle)}" in tags(stepper)
    stepper.open(leaves["w"])
    assert len(stepper.stage.source.cuts["operation"]) == 3 + 4 + 1
    with refused(ValueError, "no part of this recording"):
        stepper.open(Tensor(1.0))
    with refused(ValueError, "written into its operation"):
        stepper.open(next(n for n in stepper.trace.nodes if n.kind == "constant"))


def tags(stepper):
    return {m.get("tag") for m in stepper.stage.source.marks}


def test_a_level_too_large_to_read_is_told_and_the_picture_stays(kept):
    stepper = kept(GraphStepper(ops.stack([Tensor(float(i)) for i in range(300)]).sum()))
    before = stepper.stage.film
    hear(stepper, press="card0")
    assert "302 boxes" in stepper.problem and "ForwardStepper" in stepper.problem
    assert stepper.stage.film == before
    hear(stepper, press="v300")
    assert not stepper.problem


def test_what_is_covered_stays_covered_in_an_opened_level(kept):
    stepper = kept(GraphStepper(loop(100)[0]))
    stepper.cover("forward")
    hear(stepper, press="card0")
    header, arrays = unpack(stepper.stage.film)
    assert all(f["k"] <= 402 for cut in header["cuts"].values() for f in cut["frames"])
    assert not any(name[0] in "gpc" for name in arrays)


def test_a_large_net_shares_a_player_with_its_layer_view(kept):
    model, x, y = board("stairs")
    deep = Sequential(*[m for _ in range(25) for m in (Linear(2, 2), Tanh())], *model)
    player = Player()
    forward = kept(ForwardStepper(deep, x, y, player=player))
    graph = kept(GraphStepper(forward.recorded.trace, player=player))
    assert len(graph.stage.source.scenes) < 27  # not one for each layer
    hear(graph, press="card0")
    player.seek(40)
    assert forward.stage.k == graph.stage.k == 40
    frames = graph.stage.source.cuts["operation"]
    assert frames[graph.stage.source.frame_at("operation", 40)].k <= 40


def test_a_cover_withholds_what_comes_later(kept):
    *_, loss = lesson()
    stepper = kept(GraphStepper(loss))
    assert (stepper.k_of("forward"), stepper.k_of("backward"), stepper.k_of(5)) == (3, 10, 5)
    stepper.cover("forward")
    header, arrays = unpack(stepper.stage.film)
    assert all(f["k"] <= 3 for cut in header["cuts"].values() for f in cut["frames"])
    assert not any(name[0] in "gp" for name in arrays)
    assert "0.600" not in gzip.decompress(stepper.stage.film).decode("utf-8", "replace")
    assert "question" in stepper.text()[1]
    stepper.uncover()
    assert "0.600" in gzip.decompress(stepper.stage.film).decode("utf-8", "replace")
    with refused(ValueError, "no phase 'update'"):
        stepper.cover("update")


def test_a_pressed_value_says_what_its_slope_promises(kept):
    *_, u, _, loss = lesson()
    stepper = kept(GraphStepper(loss))
    place = stepper.trace.nodes.index(u.node)
    hear(stepper, press=f"v{place}")
    assert "not computed yet" in stepper.stage.note["rows"][0]["s"]
    stepper.stage.k = 9
    hear(stepper, press=f"g{place}")
    rows = stepper.stage.note["rows"][0]["rows"]
    assert rows[0][-1]["box"] == pytest.approx(0.006) and rows[1][1]["box"] == pytest.approx(0.006)
    for nonsense in ("v99", "x", "", "v", "e3.0", "v-1", "v²"):
        hear(stepper, press=nonsense)
        assert stepper.stage.note == {}


def test_it_shares_a_player_with_a_stepper_of_the_same_recording(kept):
    model, x, y = board("stairs")
    player = Player()
    forward = kept(ForwardStepper(model, x, y, player=player))
    same = kept(GraphStepper(forward.recorded.trace, player=player))
    again = kept(GraphStepper(BCELoss()(model(x), y), player=player))
    player.seek(12)
    assert forward.stage.k == same.stage.k == again.stage.k == 12
    a = Tensor(1.0)
    with refused(ValueError, "different recordings"):
        GraphStepper(a * a, player=player)


@pytest.mark.parametrize("name", ["mul", "add", "tanh", "matmul", "sum"])
def test_a_rule_that_is_wrong_turns_the_badge(kept, name):
    op, right = OPS[name], OPS[name].vjps
    wrong = tuple(
        None if r is None else (lambda g, *a, r=r, **o: 1.5 * r(g, *a, **o)) for r in right
    )
    object.__setattr__(op, "vjps", wrong)
    try:
        x, w = Tensor(np.array([[0.3, -0.4]])), Tensor(np.array([[0.5], [0.7]]))
        loss = (ops.tanh(x @ w) * 2.0 + 1.0).sum()
        stepper = kept(GraphStepper(loss))
        hear(stepper, painted=1)
    finally:
        object.__setattr__(op, "vjps", right)
    assert stepper.stage.badge["state"] == "failed" and "is wrong" in stepper.stage.badge["text"]


def test_the_first_view_is_small():
    model, x, y = board("stairs")
    stepper = GraphStepper(Trace.of(BCELoss()(model(x), y)))
    size = len(GraphStage._esm.encode()) + len(GraphStage._css.encode()) + len(stepper.stage.film)
    stepper.dispose()
    assert size < 100_000
