"""What the lab shows of a run is what plain NumPy says of the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_kit.data import Data
from backprop_kit.data.shapes import blobs, line, moons, sine, spirals
from backprop_kit.nn import SGD, Adam, BCEWithLogitsLoss, Linear, Sequential, Sigmoid, SquaredError
from backprop_kit.study.boards import board, digits_net
from backprop_kit.study.lab_view import Shown, look_at
from backprop_kit.study.lab_view.net import ALONG, MOST, SIDE
from backprop_kit.study.lab_view.plane import grid_of
from backprop_kit.study.lab_view.runs import POINTS, _thinned
from backprop_kit.study.nets import net
from backprop_kit.study.run import Run
from backprop_kit.study.run.curve import Curve


def forward(numbers, x, bend=np.tanh):
    """All layers' outputs of a row of linear layers, the last one straight."""
    paths = list(dict.fromkeys(p.rpartition(".")[0] for p in numbers))
    values = [x]
    for i, path in enumerate(paths):
        z = values[-1] @ numbers[f"{path}.W"] + numbers[f"{path}.b"]
        values.append(z if i + 1 == len(paths) else bend(z))
    return values


def cross_entropy(z, y):
    return float(np.mean(np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0) - y * z))


def cells(reach):
    """The middles of the map's cells, the upper row first."""
    middle = -reach + (np.arange(SIDE) + 0.5) * 2 * reach / SIDE
    return np.array([[a, b] for b in middle[::-1] for a in middle])


@pytest.fixture(scope="module")
def trained():
    run = Run(net((2, 6, 5, 1), seed=2), moons(90, seed=3), optimizer=Adam(0.02), batch=12)
    run.step(40)
    return run


def test_the_map_and_every_tile_are_the_nets_outputs_over_the_plane(trained):
    view = look_at(trained)
    points = cells(view.picture.x[1])
    x, first, second, z = forward(trained.numbers(), points)
    assert view.kind == "plane" and view.picture.x == view.picture.y
    np.testing.assert_allclose(view.picture.map.ravel(), 2 / (1 + np.exp(-z[:, 0])) - 1, atol=1e-12)
    for column, values in zip(view.net.columns, (x / np.abs(x).max(), first, second), strict=True):
        small = values.reshape(SIDE, SIDE, -1)[1::3, 1::3]
        for i, tile in enumerate(column.tiles):
            np.testing.assert_allclose(tile, small[..., i].ravel(), atol=1e-12)
    assert view.layers == ((2, 6, 5, 1), "tanh") and view.count == 59


def test_the_scores_are_those_of_all_samples_at_this_very_step(trained):
    for k in (0, 7, 40):
        trained.seek(k)
        scores = look_at(trained).scores
        for part, loss, right in (("train", scores.train, scores.train_right),
                                  ("test", scores.test, scores.test_right)):  # fmt: skip
            x, y = getattr(trained.data, part)
            z = forward(trained.numbers(), x)[-1]
            assert loss == pytest.approx(cross_entropy(z, y), rel=1e-12)
            assert right == np.mean((z > 0) == (y > 0.5))


def test_looking_moves_nothing(trained):
    before = trained.hash()
    look_at(trained, Shown(unit=(2, 1), weight=("2.W", (0, 1))))
    assert trained.hash() == before


def test_the_written_weights_are_the_largest_of_the_unit(trained):
    view = look_at(trained, Shown(unit=(2, 3)))
    numbers = trained.numbers()
    into, out = numbers["2.W"][:, 3], numbers["4.W"][3, 0]
    order = np.argsort(-np.abs(into))[:3]
    assert view.net.written == (
        *(((1, i, 3), into[i]) for i in order), ((2, 3, 0), out),
    )  # fmt: skip
    assert view.net.peak == max(np.abs(v).max() for p, v in numbers.items() if p.endswith("W"))
    assert view.weight.path == "2.W" and view.weight.index == (order[0], 3)
    assert view.weight.name == f"W₂[{order[0] + 1}, 4]"
    assert look_at(trained, Shown(unit=(2, 5))).net.unit is None  # there is no such unit


def test_a_weight_has_the_slope_of_the_next_step_and_its_memory():
    run = Run(net((2, 3, 1), seed=1), moons(40), optimizer=Adam(0.01), batch=8)
    run.step(3)
    weight = look_at(run, Shown(weight=("0.W", (1, 2)))).weight
    numbers = {p: v.copy() for p, v in run.numbers().items()}
    x, y = (part[run.rows()] for part in run.data.train)
    losses = []
    for by in (1e-5, -1e-5):
        numbers["0.W"][1, 2] += by
        losses.append(cross_entropy(forward(numbers, x)[-1], y))
        numbers["0.W"][1, 2] -= by
    slope = (losses[0] - losses[1]) / 2e-5
    assert weight.slope == pytest.approx(slope, rel=1e-6)
    memory = {letter: v for letter, _, v in weight.memory}
    run.step()
    after = look_at(run, Shown(weight=("0.W", (1, 2)))).weight.memory
    assert {letter: v for letter, _, v in after}["m"] == pytest.approx(
        0.9 * memory["m"] + 0.1 * slope, rel=1e-5
    )
    assert look_at(run, Shown(weight=("0.W", (9, 9)))).weight is None


def test_a_layer_without_bounds_is_shown_by_its_largest():
    run = Run(net((2, 4, 1), activation="relu", seed=5), moons(40))
    column = look_at(run).net.columns[1]
    values = forward(run.numbers(), cells(look_at(run).picture.x[1]), lambda z: np.maximum(z, 0))[1]
    assert column.peak == pytest.approx(values.max(), rel=1e-12) and column.tiles.max() <= 1


def test_of_a_wide_layer_the_first_units_are_shown():
    run = Run(net((2, 32, 32, 32, 32, 32, 32, 1)), moons(40))
    view = look_at(run)
    assert [c.total for c in view.net.columns] == [2, *[32] * 6]
    assert [len(c.tiles) for c in view.net.columns] == [2, *[MOST - 2] * 6]
    assert view.net.side == 15 and view.net.weights[3].shape == (8, 8)


def test_features_have_names_of_their_own():
    run = Run(net((2, 4, 1), features=("x1", "x1²", "sin x2")), moons(40))
    column = look_at(run).net.columns[0]
    assert column.names == ("x₁", "x₁²", "sin x₂") and column.total == 3


def test_of_several_classes_the_map_has_the_winner_and_its_share():
    run = Run(net((2, 5, 4), seed=1), blobs(80, classes=4), optimizer=SGD(0.5))
    run.step(20)
    view = look_at(run)
    z = forward(run.numbers(), cells(view.picture.x[1]))[-1]
    share = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    found = view.picture.map.ravel()
    np.testing.assert_array_equal(np.floor(found), z.argmax(1))
    np.testing.assert_allclose(found % 1, np.minimum(share.max(1), 0.99), atol=1e-9)
    assert len(view.net.columns) == 3 and view.net.outputs == 4
    for part, rows in zip(("train", "test"), run.data.split, strict=True):
        for c in range(4):
            own = rows[run.data.y[rows] == c]
            np.testing.assert_array_equal(view.picture.samples.rows[f"{part} {c}"], own)
            np.testing.assert_array_equal(view.picture.samples.at[f"{part} {c}"], run.data.x[own])


def test_targets_of_minus_one_and_probabilities_have_their_own_map():
    x, y = moons(30)
    for low, model, loss, wanted in (
        (-1, net((2, 3, 1), output="tanh"), None, lambda p: p),
        (0, Sequential(Linear(2, 1), Sigmoid()), None, lambda p: 2 * p - 1),
        (0, Sequential(Linear(2, 1)), SquaredError(), lambda p: np.clip(2 * p - 1, -1, 1)),
    ):
        run = Run(model, (x, y if low == 0 else 2 * y - 1), loss=loss)
        view = look_at(run)
        said = run.model(cells(view.picture.x[1])).data
        np.testing.assert_allclose(view.picture.map.ravel(), wanted(said[:, 0]), atol=1e-12)
        right = (said_of(run) > (low + 1) / 2) == (y > 0.5)
        assert view.scores.train_right == right.mean() and np.isnan(view.scores.test)


def said_of(run):
    return run.model(run.data.x).data


def test_one_number_in_and_out_is_a_curve():
    run = Run(net((1, 4, 1), seed=2), sine(30), optimizer=Adam(0.05))
    run.step(10)
    view = look_at(run)
    low, high = view.picture.x
    along = np.linspace(low, high, 5 * (ALONG - 1) + 1)[:, None]
    _, hidden, said = forward(run.numbers(), along)
    np.testing.assert_allclose(view.picture.said, said[:, 0], atol=1e-12)
    np.testing.assert_allclose(view.net.columns[1].tiles, hidden[::5].T, atol=1e-12)
    assert view.kind == "curve" and low < -3 and high > 3 and view.net.side == 0
    assert look_at(Run(Sequential(Linear(1, 1)), line(20))).kind == "levels"


def test_a_grid_is_a_square_round_zero_or_a_frame_of_its_own():
    assert grid_of(np.array([[-1.0, 0.5], [1.0, -0.9]])).x == (-1.3, 1.3)
    far = grid_of(np.array([[100.0, 1.0], [110.0, 3.0]]))
    assert far.x == (98.8, 111.2) and far.y == pytest.approx((0.76, 3.24))
    assert far.points[0] == pytest.approx([98.8 + 12.4 / 120, 3.24 - 2.48 / 120])


# --- two numbers ----------------------------------------------------------------------------------
@pytest.fixture
def bowl():
    model, x, y = board("bowl")
    return Run(model, (x, y), optimizer=SGD(0.04))


def test_the_bowl_is_drawn_as_it_is(bowl):
    seen = look_at(bowl).picture
    ground = seen.ground
    w1 = np.linspace(*ground.x, ground.loss.shape[1])
    w2 = np.linspace(*ground.y, ground.loss.shape[0])[::-1]
    np.testing.assert_allclose(ground.loss, 0.5 * (w1**2 + 25 * w2[:, None] ** 2), atol=1e-12)
    assert ground.minimum == pytest.approx((0, 0), abs=1e-12) and ground.lowest < 1e-20
    np.testing.assert_allclose(seen.at, [5, 1])
    np.testing.assert_allclose(seen.slope, [5, 25])
    assert seen.angle == pytest.approx(np.degrees(np.arccos(50 / np.sqrt(650 * 26))))
    assert round(seen.angle) == 67 and look_at(bowl, Shown(angle=False)).picture.angle is None
    assert any(level == pytest.approx(25) for level in ground.lines)
    unit = (ground.x[1] - ground.x[0]) / 110
    assert (ground.y[1] - ground.y[0]) / 66 == pytest.approx(unit)


def test_each_branch_has_its_way(bowl):
    bowl.step(3)
    bowl.go(0, 0)
    bowl.fork(lr=0.088)
    bowl.step(3)
    seen = look_at(bowl).picture
    for path, eta in zip(seen.paths, (0.04, 0.088), strict=True):
        factors = 1 - eta * np.array([1, 25])
        np.testing.assert_allclose(path.at, [5, 1] * factors ** np.arange(4)[:, None], atol=1e-12)


def test_a_hollow_without_a_ground_has_no_minimum():
    # Points that a line parts: the loss falls for ever.
    x, y = np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([[1.0], [0.0]])
    run = Run(Sequential(Linear(2, 1, bias=False)), (x, y), loss=BCEWithLogitsLoss())
    run.step(2)
    view = look_at(run)
    assert view.kind == "levels"
    assert view.picture.ground.minimum is None and view.picture.angle is None


# --- digits ---------------------------------------------------------------------------------------
def test_digits_are_counted_and_the_wrong_ones_kept():
    from backprop_kit.data import digits

    run = Run(digits_net(1), digits(), optimizer=Adam(0.01), batch=64)
    run.step(30)
    view = look_at(run)
    x, y = run.data.test
    said = forward(run.numbers(), x)[-1].argmax(1)
    table = np.zeros((10, 10), int)
    for true, read in zip(y, said, strict=True):
        table[true, read] += 1
    np.testing.assert_array_equal(view.picture.confusion, table)
    wrong = np.flatnonzero(said != y)
    np.testing.assert_array_equal(view.picture.wrong, np.stack([wrong, y[wrong], said[wrong]], 1))
    np.testing.assert_array_equal(view.picture.pixels, x[wrong[:24]])
    np.testing.assert_array_equal(view.picture.looks, run.numbers()["0.W"].T)
    assert view.scores.test_right == 1 - len(wrong) / len(y)


def test_other_models_have_a_chart_alone():
    rng = np.random.default_rng(0)
    run = Run(net((4, 3, 2)), (rng.normal(size=(12, 4)), rng.normal(size=(12, 2))))
    run.step(2)
    view = look_at(run)
    assert view.kind == "other" and view.picture is None and view.net is None
    assert np.isnan(view.scores.train_right)


# --- what was measured ----------------------------------------------------------------------------
def test_branches_are_told_from_their_start_on():
    run = Run(net((2, 4, 1)), moons(60), optimizer=SGD(0.5), batch=20, seed=4)
    run.step(10, "epoch")
    whole = run.curve()
    run.go(0, 9)
    run.fork(lr=0.05)
    run.step(4, "epoch")
    view = look_at(run, Shown(older=(("before", whole),)))
    first, fork, older = view.pasts
    assert (first.id, fork.id, older.id) == (0, 1, -1)
    assert fork.start == 9 and fork.present and fork.steps[0] == 0 and view.present is fork
    assert not first.present and older.name == "before"
    np.testing.assert_array_equal(first.train, whole.train)
    assert first.at(int(whole.steps[3])).train == whole.train[3]
    run.go(0, 3)
    assert look_at(run).pasts[1].steps[0] == 9


def test_the_time_axis_is_round_and_holds_all():
    run = Run(net((2, 4, 1)), moons(50), batch=10)  # 40 to learn from: 4 steps in an epoch
    assert look_at(run).end == 40
    run.step(11, "epoch")
    assert look_at(run).end == 80
    assert look_at(run, Shown(to=300)).end == 300
    assert look_at(run, Shown(to=30)).end == 80
    assert look_at(Run(net((2, 4, 1)), moons(50))).end == 20


def test_a_thinned_curve_keeps_its_ends_and_extremes_and_only_grows():
    rng = np.random.default_rng(0)
    n = 4000
    train = 1 + rng.random(n)
    train[1234] = 9.0
    rest = np.full(n, np.nan)
    curve = Curve(np.arange(n), train, train + 1, rest, rest)
    steps, kept, test, *_ = _thinned(curve, n)
    assert len(steps) <= 2 * POINTS and steps[0] == 0 and steps[-1] == n - 1
    assert kept.max() == 9.0 and kept.min() == train.min()
    np.testing.assert_array_equal(test, kept + 1)
    shorter = Curve(*(v[:3000] for v in curve))
    early = _thinned(shorter, n)[0]
    block = early[:-40]
    np.testing.assert_array_equal(steps[: len(block)], block)


def test_a_run_that_ended_says_why():
    run = Run(Sequential(Linear(1, 1)), (np.ones((2, 1)) * 10, np.ones((2, 1))), optimizer=SGD(1e5))
    run.step(500)
    view = look_at(run)
    assert view.stopped == run.branch.stopped != "" and view.k == view.last
    run.seek(0)
    assert look_at(run).stopped == ""


def test_own_data_without_a_recipe_has_no_name():
    x, y = moons(30)
    assert look_at(Run(net((2, 3, 1)), Data(x, y))).data == ""
    assert look_at(Run(net((2, 3, 1)), spirals(30, seed=4))).data == "spirals, seed 4"
