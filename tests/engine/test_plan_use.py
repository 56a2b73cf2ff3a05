"""How a plan is used: shared vectors, masks, kept numbers, copies out, refusals, its calls."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from counting import Counted, numpy_calls
from nets import apart
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor, ops, replay_slopes
from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.chance import moment
from backprop_kit.engine.plan import Plan, planned
from backprop_kit.nn.optim.flat import Flat


def net(*sizes: int, act=nn.Tanh, bias=True) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out, bias=bias), act()]
    return nn.Sequential(*layers[:-1])


def recorded(model, rows, measure=None, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    first, last = next(iter(model.parameters())), list(model.parameters())[-1]
    x = Tensor(rng.normal(size=(rows, len(first.data))).astype(dtype), requires_grad=False)
    y = Tensor(rng.normal(size=(rows, last.shape[-1])).astype(dtype), requires_grad=False)
    loss = (measure or nn.MSELoss())(model(x), y)
    return loss, dict(model.named_parameters()), [x, y]


def planned_net(*sizes: int, rows: int = 5, **options):
    model = net(*sizes, **options)
    loss, parameters, inputs = recorded(model, rows)
    return Plan(loss, parameters, inputs), model, loss


# --- vectors --------------------------------------------------------------------------------------
def test_parameters_stand_in_one_vector_in_their_order():
    plan, model, _ = planned_net(3, 4, 2)
    assert list(plan.views) == ["0.W", "0.b", "2.W", "2.b"] == list(plan.reached)
    whole = np.concatenate([p.data.ravel() for p in model.parameters()])
    assert np.array_equal(plan.theta, whole)
    plan.theta[:3] = 7
    assert np.array_equal(plan.views["0.W"][0, :3], [7, 7, 7])
    plan.run()
    assert np.array_equal(plan.grad, np.concatenate([g.ravel() for g in plan.slopes.values()]))


def test_two_plans_share_one_vector_and_one_vector_of_slopes():
    model = net(3, 4, 2)
    loss, parameters, inputs = recorded(model, 5)
    plan = Plan(loss, parameters, inputs)
    plan.theta *= 0.5
    loss, parameters, inputs = recorded(model, 3)
    last = Plan(loss, parameters, inputs, theta=plan.theta, grad=plan.grad)
    assert last.theta is plan.theta and last.grad is plan.grad
    halved = {p: p.data * 0.5 for p in parameters.values()}
    value, slopes = replay_slopes(loss, halved, list(parameters.values()))
    assert apart(np.array(last.run()), value) < 1e-12
    for name, g in zip(parameters, slopes, strict=True):
        assert apart(plan.slopes[name], g) < 1e-12
    only = Plan(loss, parameters, inputs, theta=plan.theta, slopes=False)
    assert only.forward() == last.forward() and only.grad.size == 0
    with refused(ValueError, "(26,)"):
        Plan(loss, parameters, inputs, theta=np.zeros(4))
    with refused(ValueError, "float32"):
        Plan(loss, parameters, inputs, theta=plan.theta.astype(np.float32))


def test_nothing_recorded_is_touched_and_nothing_inside_comes_out():
    plan, model, loss = planned_net(3, 4, 2)
    before = {name: a.copy() for name, a in model.state_dict().items()}
    hidden = [n for n in _tape(loss) if n.op is not None and n.op.name == "tanh"]
    old = [n.value.copy() for n in hidden]
    seen = plan.value(hidden[0])
    assert apart(seen, hidden[0].value) < 1e-12
    for _ in range(3):
        plan.run(np.full((5, 3), 0.2), np.zeros((5, 2)))
        plan.theta -= plan.grad
    assert np.array_equal(seen, plan.value(hidden[0])) is False
    kept = plan.value(hidden[0])
    plan.run(np.zeros((5, 3)), np.zeros((5, 2)))
    assert not np.shares_memory(kept, plan.value(hidden[0]))
    for n, v in zip(hidden, old, strict=True):
        assert np.array_equal(n.value, v) and not n.value.flags.writeable
    for name, a in model.state_dict().items():
        assert np.array_equal(a, before[name])


def _tape(loss):
    return ancestors(loss.node)


def test_a_batch_is_copied_in():
    plan, _, _ = planned_net(3, 4, 2)
    x, y = np.ones((5, 3)), np.zeros((5, 2))
    value = plan.run(x, y)
    x[:] = 9
    assert plan.run() == value
    assert plan.run(x.tolist(), y) != value


def test_an_input_may_be_any_place_which_is_then_cut_off():
    x, w = Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]])
    middle = x * 2.0
    loss = (middle @ w).sum()
    plan = Plan(loss, {"x": x, "w": w}, [middle])
    assert plan.run(np.array([[1.0, 1.0]])) == 7.0
    assert plan.reached == ("w",) and not plan.slopes["x"].any()


def test_a_tensor_that_was_given_new_data_is_known_by_the_leaf_it_was():
    w = Tensor([2.0])
    loss = (w * w).sum()
    w.data = np.array([5.0])
    plan = Plan(loss, {"w": w})
    assert plan.run() == 4.0 and plan.slopes["w"] == 4.0


# --- chance and kept numbers ----------------------------------------------------------------------
def test_masks_follow_the_step():
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.4), nn.Linear(8, 8), nn.ReLU(),
                          nn.Dropout(0.5), nn.Linear(8, 2))  # fmt: skip
    rng = np.random.default_rng(0)
    x, y = (Tensor(rng.normal(size=(6, n)), requires_grad=False) for n in (3, 2))

    def record(step):
        with moment(11, step, quiet=True):
            return nn.MSELoss()(model(x), y)

    plan = Plan(record(4), dict(model.named_parameters()), [x, y])
    assert plan.step == 4
    seen = set()
    for plan.step in (4, 0, 9, 4):
        loss = record(plan.step)
        model.zero_grad()
        loss.backward()
        assert apart(np.array(plan.run()), loss.data) < 1e-12
        for name, p in model.named_parameters():
            assert apart(plan.slopes[name], p.grad) < 1e-12
        seen.add(plan.run())
    assert len(seen) == 3


def test_kept_numbers_move_at_each_run_and_not_at_a_look():
    a, kept = Tensor([1.0, 2.0]), Tensor([10.0, 10.0], requires_grad=False)
    fresh = kept * 0.5 + a.detach() * 0.5
    x = Tensor([0.0, 0.0], requires_grad=False)
    loss = ((a - x) ** 2).sum() + kept.sum() * 0.0
    fresh = kept * 0.5 + x * 0.5
    plan = Plan(loss, {"a": a}, [x], buffers={"mean": (kept, fresh)})
    assert plan.forward([2.0, 4.0]) == 5.0
    assert np.array_equal(plan.kept["mean"], [10, 10])
    plan.run([2.0, 4.0])
    assert np.array_equal(plan.kept["mean"], [6, 7])
    plan.run([2.0, 4.0])
    assert np.array_equal(plan.kept["mean"], [4, 5.5])
    assert np.array_equal(kept.data, [10, 10])
    reader = Plan((a * kept).sum(), {"a": a}, buffers={"mean": (kept, None)}, kept=plan.kept)
    assert reader.run() == 4 + 11
    plan.run([2.0, 4.0])
    assert reader.run() == 3 + 2 * 4.75


def test_batch_norm_in_training_and_after():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm(4), nn.Tanh(), nn.Linear(4, 1))
    twin = model.copy()
    rng = np.random.default_rng(0)
    batches = [(rng.normal(size=(8, 3)), rng.normal(size=(8, 1))) for _ in range(5)]

    def record(x, y):
        with moment(0, 0, quiet=True):
            return nn.MSELoss()(model(x), y)

    def buffers():
        return {name: (b.leaf, b.fresh) for name, b in model.named_buffers()}

    plan = planned(record, *batches[:2], dict(model.named_parameters()), buffers=buffers)
    assert isinstance(plan, Plan), plan
    flat, sgd = Flat(nn.SGD(0.1), plan), nn.SGD(0.1)
    for x, y in batches:
        loss = nn.MSELoss()(twin(x), y)
        twin.zero_grad()
        loss.backward()
        sgd.step(twin)
        assert apart(np.array(plan.run(x, y)), loss.data) < 1e-12
        flat.step()
        for name, b in twin.named_buffers():
            assert apart(plan.kept[name], b.data) < 1e-12
    model.eval(), twin.eval()
    read = {name: (b, None) for name, b in model.named_buffers()}
    x, y = (Tensor(a, requires_grad=False) for a in batches[0])
    after = Plan(nn.MSELoss()(model(x), y), dict(model.named_parameters()), [x, y],
                 theta=plan.theta, buffers=read, kept=plan.kept, slopes=False)  # fmt: skip
    assert apart(np.array(after.forward()), nn.MSELoss()(twin(x), y).data) < 1e-10


@pytest.mark.parametrize("rule", [nn.SGD(0.2, 0.9), nn.Adam(0.02), nn.SGD(0.3, clip_norm=0.5)])
def test_a_training_by_a_plan_is_the_training_on_the_tape_step_by_step(rule):
    model, rng = net(3, 8, 8, 2), np.random.default_rng(4)
    loss, parameters, inputs = recorded(model, 10)
    plan = Plan(loss, parameters, inputs)
    flat = Flat(rule, plan)
    for _ in range(60):
        x, y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
        for name, p in parameters.items():
            p.data = plan.views[name]
        model.zero_grad()
        loss = nn.MSELoss()(model(x), y)
        loss.backward()
        grads = {name: p.grad for name, p in parameters.items()}
        updates, _ = rule.propose(model.state_dict(), grads, flat.state)
        assert apart(np.array(plan.run(x, y)), loss.data) < 1e-12
        flat.step()
        for u in updates:
            assert apart(plan.views[u.name], u.new) < 1e-12


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_where_the_vectors_stand_in_memory_changes_no_bit(dtype):
    ends = []
    for shift in range(4):
        model = net(3, 20, 20, 2)
        for p in model.parameters():
            p.data = p.data.astype(dtype)
        loss, parameters, inputs = recorded(model, 50, dtype=dtype)
        theta = np.empty(10_000, dtype)[shift : shift + sum(p.count for p in parameters.values())]
        theta[:] = np.concatenate([p.data.ravel() for p in parameters.values()])
        plan = Plan(loss, parameters, inputs, theta=theta)
        flat = Flat(nn.Adam(0.05), plan)
        losses = []
        for _ in range(60):
            losses.append(plan.run())
            flat.step()
        ends.append((losses, theta.tobytes()))
    assert ends[0] == ends[1] == ends[2] == ends[3] and losses[-1] < losses[0]


# --- planned --------------------------------------------------------------------------------------
def batches(rows=6):
    rng = np.random.default_rng(2)
    return [(rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2))) for _ in range(2)]


def test_a_plan_that_was_compared_starts_with_the_present_numbers():
    model = net(3, 4, 2)
    one, two = batches()
    plan = planned(lambda x, y: nn.MSELoss()(model(x), y), one, two, dict(model.named_parameters()))
    assert isinstance(plan, Plan)
    assert np.array_equal(plan.theta, np.concatenate([p.data.ravel() for p in model.parameters()]))
    moved = plan.theta * 0.9
    again = planned(lambda x, y: nn.MSELoss()(model(x), y), one, two,
                    dict(model.named_parameters()), theta=moved, slopes=False)  # fmt: skip
    assert isinstance(again, Plan) and again.theta is moved
    assert np.array_equal(moved, plan.theta * 0.9)


def test_a_model_that_computes_differently_for_each_batch_is_refused():
    model = net(3, 4, 2)
    one, two = batches()

    def branching(x, y):
        out = model(x)
        return nn.MSELoss()(out if x.data[0, 0] == one[0][0, 0] else -out, y)

    said = planned(branching, one, two, dict(model.named_parameters()))
    assert said == "The model computes differently from batch to batch, so one plan cannot play it."

    def in_numpy(x, y):
        return nn.MSELoss()(model(x) + np.sin(x.data).sum(), y)

    assert "differently" in planned(in_numpy, one, two, dict(model.named_parameters()))


def test_slopes_that_cancel_are_no_difference():
    model = net(3, 4, 2)
    for p in model.parameters():
        p.data = np.zeros(p.shape)
    x = np.array([[0.1, 0.2, 0.3]] * 6)
    y = np.array([[0.1, 0.7]] * 3 + [[-0.1, -0.7]] * 3)
    plan = planned(lambda x, y: nn.MSELoss()(model(x), y), (x, y), (x, y[::-1]),
                   dict(model.named_parameters()))  # fmt: skip
    assert isinstance(plan, Plan) and np.abs(plan.run(x, y[[0, 3, 1, 4, 2, 5]]) - 0.25) < 1e-15


@pytest.mark.parametrize("kind", ["forward", "forward_pre", "full_backward"])
def test_a_model_with_hooks_is_refused(kind):
    model = net(3, 4, 2)
    one, two = batches()
    hear = getattr(model[1], f"register_{kind}_hook")
    with hear(lambda *_: None):
        said = planned(lambda x, y: nn.MSELoss()(model(x), y), one, two,
                       dict(model.named_parameters()))  # fmt: skip
    assert said == "A hook listens to Tanh, and a plan would pass it over."
    with model[0].W.register_hook(lambda g: None):
        said = planned(lambda x, y: nn.MSELoss()(model(x), y), one, two,
                       dict(model.named_parameters()))  # fmt: skip
    assert "A hook listens to" in said


# --- refusals -------------------------------------------------------------------------------------
def test_refusals():
    a = Tensor([1.0, 2.0])
    with refused(ValueError, "shape (2,)"):
        Plan(a * a, {"a": a})
    z = Tensor([1j])
    with refused(ValueError, "complex128"):
        Plan((z * z).sum(), {"z": z})
    b = Tensor(np.array([1.0], np.float32))
    with refused(ValueError, "float32 and float64"):
        Plan((a * b).sum(), {"a": a, "b": b})
    with refused(ValueError, "a and again"):
        Plan((a * a).sum(), {"a": a, "again": a})
    plan, _, _ = planned_net(3, 4, 2)
    with refused(TypeError, "2 arrays; got 1"):
        plan.run(np.zeros((5, 3)))
    x = plan.forward()
    with refused(ValueError, "(4, 3)", "(5, 3)"):
        plan.run(np.zeros((4, 3)), np.zeros((5, 2)))
    with refused(ValueError, "(5,)"):
        plan.run(np.zeros((5, 3)), np.zeros(5))
    assert plan.forward() == x  # nothing was fed by halves


# --- its calls ------------------------------------------------------------------------------------
SHAPES = {
    "xor": ((2, 4, 1), 4), "playground": ((2, 8, 8, 1), 10), "playground b64": ((2, 8, 8, 1), 64),
    "digits": ((64, 32, 10), 18), "deep": ((32,) * 20 + (1,), 16),
}  # fmt: skip


def one_call_each(plan: Plan) -> int:
    """How many calls the lists hold, where each is one function or method of NumPy's."""
    for function, _ in (*plan._forward, *plan._backward):
        f = function.func if isinstance(function, partial) else function
        owner = getattr(f, "__self__", None)
        assert isinstance(f, np.ufunc) or isinstance(owner, (np.ufunc, np.ndarray)), f
    return len(plan._forward) + len(plan._backward)


@pytest.mark.parametrize("act", [nn.Tanh, nn.ReLU])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_training_step_makes_at_most_6_calls_a_layer_and_12(shape, act):
    sizes, rows = SHAPES[shape]
    plan, _, _ = planned_net(*sizes, rows=rows, act=act)
    flat = Flat(nn.SGD(0.1), plan)
    flat.theta, flat.grad, flat.b = (a.view(Counted) for a in (flat.theta, flat.grad, flat.b))
    update = sum(numpy_calls(flat.step).values())
    fed, ended = len(plan._inputs), len(plan._terms)
    count = one_call_each(plan) + fed + ended + update
    assert count == sum(plan.calls) + 2
    assert count <= 6 * (len(sizes) - 1) + 12
    if shape in ("xor", "playground"):
        assert count <= {"xor": 18, "playground": 27}[shape]


def test_large_layers_make_more_and_cheaper_calls():
    small, _, _ = planned_net(6, 20, 1, rows=10)
    large, _, _ = planned_net(6, 20, 1, rows=100)
    assert sum(large.calls) == sum(small.calls) + 5


@pytest.mark.parametrize("measure", [nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()])
def test_losses_of_scores_keep_to_it(measure):
    model, rng = net(2, 8, 8, 3), np.random.default_rng(0)
    x = Tensor(rng.normal(size=(10, 2)), requires_grad=False)
    y = rng.integers(0, 3, 10) if measure.labels else rng.integers(0, 2, (10, 3)) * 1.0
    target = Tensor(y, requires_grad=False)
    plan = Plan(measure(model(x), target), dict(model.named_parameters()), [x, target])
    assert one_call_each(plan) + 2 + len(plan._terms) == sum(plan.calls)
    assert sum(plan.calls) + 2 <= 6 * 3 + 12


def test_it_says_what_it_is():
    plan, _, _ = planned_net(2, 4, 1, rows=4)
    assert repr(plan) == "<Plan of 17 numbers in 4 parameters: 7 calls forward, 7 back>"
    y = ops.gelu(Tensor([1.0], name="w"))
    generic = Plan((y * y).sum(), {"w": _tape(y)[0].owner})
    assert generic.calls[0] == 2 + 1
