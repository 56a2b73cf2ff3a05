"""Plans play what was recorded: every operation, random nets and graphs, every loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import apart, draw
from opcases import CASES, OpCase, loss_of

from backprop_kit import nn
from backprop_kit.engine import OPS, Tensor, ops, replay_slopes, replay_values
from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.plan import Plan

NEAR = {np.float64: 1e-12, np.float32: 1e-5}


def agree(plan, loss, parameters, fed=(), near=1e-12):
    """Run the plan on its present numbers, the tape on the same; `fed` is [(input, array)]."""
    given = {p: plan.views[name].copy() for name, p in parameters.items()} | dict(fed)
    value, slopes = replay_slopes(loss, given, list(parameters.values()))
    ours = plan.run(*[a for _, a in fed])
    assert isinstance(ours, float) and apart(np.array(ours), value) < near
    for (name, p), g in zip(parameters.items(), slopes, strict=True):
        assert plan.slopes[name].shape == p.shape
        assert apart(plan.slopes[name], g) < near, name
    return slopes


# --- every operation ------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_operation(case: OpCase, dtype):
    inputs = [np.asarray(x) for x in case.inputs]
    inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs]
    tensors = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
    loss = loss_of(case.apply(*tensors))
    parameters = {str(i): t for i, t in enumerate(tensors) if t.requires_grad}
    fed = [(t, t.data) for t in tensors if not t.requires_grad]
    plan = Plan(loss, parameters, [t for t, _ in fed])
    rng = np.random.default_rng(3)
    for _ in range(3):
        agree(plan, loss, parameters, fed, NEAR[dtype])
        plan.theta *= rng.uniform(0.9, 1.1, plan.theta.shape)  # no sign changes


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_operation_between_others(case: OpCase):
    """Its inputs come from other operations and are used twice."""
    tensors = case.tensors()
    bent = [t * 1.1 if t.requires_grad else t for t in tensors]
    again = sum(((b * b).sum() for b in bent if b.requires_grad), start=Tensor(0.0))
    loss = loss_of(case.apply(*bent)) + 0.3 * again
    parameters = {str(i): t for i, t in enumerate(tensors) if t.requires_grad}
    agree(Plan(loss, parameters), loss, parameters)


def test_every_operation_of_the_registry_has_a_case():
    assert not set(OPS) - {c.name for c in CASES}


# --- nets and graphs ------------------------------------------------------------------------------
@pytest.mark.parametrize("group", range(20))
def test_random_nets(group):
    for seed in range(group * 25, group * 25 + 25):
        case = draw(seed)
        model = case.model()
        loss, parameters = case.measured(model), dict(model.named_parameters())
        agree(Plan(loss, parameters), loss, parameters)


def test_random_nets_in_single_precision():
    for seed in range(9000, 9060):
        case = draw(seed, smooth=True)
        model = case.model()
        for p in model.parameters():
            p.data = p.data.astype(np.float32)
        x = Tensor(case.x.astype(np.float32), requires_grad=False)
        if case.loss in ("bce", "log_softmax"):
            continue
        loss = {"squared": nn.SquaredError, "mse": nn.MSELoss, "bce_logits": nn.BCEWithLogitsLoss,
                "cross_entropy": nn.CrossEntropyLoss}[case.loss]()(model(x), case.y)  # fmt: skip
        plan = Plan(loss, dict(model.named_parameters()), [x])
        assert plan.theta.dtype == plan.grad.dtype == np.float32
        plan.run(x.data)
        loss.backward()
        whole = max(np.abs(p.grad).max() for p in model.parameters())
        for name, p in model.named_parameters():
            assert np.abs(plan.slopes[name] - p.grad).max() < 1e-5 * whole, case


LOSSES = {
    "squared": (nn.SquaredError(), lambda rng, out: rng.normal(size=(6, out))),
    "mse": (nn.MSELoss(), lambda rng, out: rng.normal(size=(6, out))),
    "bce": (nn.BCELoss(), lambda rng, out: rng.uniform(size=(6, out))),
    "logits": (nn.BCEWithLogitsLoss(), lambda rng, out: rng.integers(0, 2, (6, out)) * 1.0),
    "scores": (nn.CrossEntropyLoss(), lambda rng, out: rng.integers(0, out, 6)),
}


@pytest.mark.parametrize("unfused", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_on_one_batch_after_another(name, outputs, unfused):
    measure, targets = LOSSES[name]
    layers = [nn.Linear(3, 7), nn.Tanh(), nn.Linear(7, 5), nn.Sigmoid(), nn.Linear(5, outputs)]
    model = nn.Sequential(*layers, *([nn.Sigmoid()] if name == "bce" else []))
    rng = np.random.default_rng(1)

    def record(x, y):
        return (measure.unfused if unfused else measure)(model(x), y)

    x, y = (
        Tensor(a, requires_grad=False) for a in (rng.normal(size=(6, 3)), targets(rng, outputs))
    )
    loss, parameters = record(x, y), dict(model.named_parameters())
    plan = Plan(loss, parameters, [x, y])
    for _ in range(4):
        batch = rng.normal(size=(6, 3)), targets(rng, outputs)
        agree(plan, loss, parameters, list(zip((x, y), batch, strict=True)))
        assert plan.forward() == plan.run()
        plan.theta -= 0.1 * plan.grad


def test_scores_far_apart_and_far_from_zero():
    w = Tensor(np.array([[1.0, -1.0, 0.5]]))
    x = Tensor(np.array([[1.0], [700.0], [-800.0], [0.0]]), requires_grad=False)
    for loss in (nn.CrossEntropyLoss()(x @ w, [0, 1, 2, 0]),
                 nn.BCEWithLogitsLoss()(x @ w, np.eye(4, 3)),
                 ops.softplus(x @ w).mean(), ops.sigmoid(x @ w).sum()):  # fmt: skip
        agree(Plan(loss, {"w": w}), loss, {"w": w})


def test_logarithms_at_the_floor_and_back():
    w = Tensor([[1.0, -2.0, 0.5]])
    x = Tensor([[1.0], [2.0]], requires_grad=False)
    loss = nn.BCELoss()(ops.sigmoid(x @ w), [[1.0, 0.0, 0.3], [0.0, 1.0, 1.0]])
    plan = Plan(loss, {"w": w}, [x])
    for far in (1.0, 300.0, 2.0, 1000.0, 0.5):
        agree(plan, loss, {"w": w}, [(x, np.array([[far], [-far]]))])


def test_a_parameter_used_again_and_again():
    rng = np.random.default_rng(0)
    w, b = Tensor(rng.normal(size=(4, 4)) / 2), Tensor(rng.normal(size=4))
    x = Tensor(rng.normal(size=(5, 4)), requires_grad=False)
    h = x
    for _ in range(4):
        h = ops.tanh(h @ w + b) + 0.1 * h
    loss = (h * h).mean() + 0.01 * (w * w).sum() - (b**2).sum() / 7 + (w @ w).sum() + b.sum()
    agree(Plan(loss, {"w": w, "b": b}, [x]), loss, {"w": w, "b": b}, [(x, rng.normal(size=(5, 4)))])
    # The other way round in the vector, and only one of the two.
    agree(Plan(loss, {"b": b, "w": w}), loss, {"b": b, "w": w})
    agree(Plan(loss, {"b": b}), loss, {"b": b})
    agree(Plan(loss, {"w": w}), loss, {"w": w})


def test_a_recurrent_net_unrolled():
    rng = np.random.default_rng(0)
    wx, wh, b = (Tensor(rng.normal(size=s) / 3) for s in ((3, 6), (6, 6), (6,)))
    x = Tensor(rng.normal(size=(4, 30, 3)), requires_grad=False)
    h, total = Tensor(np.zeros((4, 6)), requires_grad=False), Tensor(0.0, requires_grad=False)
    for t in range(30):
        h = ops.tanh(x[:, t] @ wx + h @ wh + b)
        total = total + (h**2).mean()
    parameters = {"wx": wx, "wh": wh, "b": b}
    agree(Plan(total, parameters, [x]), total, parameters, [(x, rng.normal(size=(4, 30, 3)))])


def test_layers_on_more_axes_and_attention():
    rng = np.random.default_rng(0)
    linear, norm = nn.Linear(5, 5), nn.LayerNorm(5)
    q, k, v = (Tensor(rng.normal(size=(5, 4)) / 2) for _ in range(3))
    x = Tensor(rng.normal(size=(3, 6, 5)), requires_grad=False)
    h = ops.tanh(linear(norm(x)))
    scores = (h @ q) @ (h @ k).transpose(0, 2, 1) / 2.0
    out = ops.softmax(scores) @ (h @ v)
    loss = (out.reshape(18, 4) ** 2).mean() + ops.relu(out[:, -1]).sum() * 0.1
    parameters = {**{n: p for m in (linear, norm) for n, p in m.named_parameters()},
                  "q": q, "k": k, "v": v}  # fmt: skip
    plan = Plan(loss, parameters, [x])
    agree(plan, loss, parameters, [(x, rng.normal(size=(3, 6, 5)))])


def test_a_loss_whose_last_numbers_stand_in_tables():
    a, b = Tensor([[1.0, -2.0]]), Tensor([[0.5], [3.0]])
    two = Tensor([[2.0]], requires_grad=False)
    total = (a * a).sum(axis=(0, 1), keepdims=True)
    for loss in (total * two, -(total * [[3.0]]) + a @ b, (total * two).reshape(1) - 4.0,
                 total * total, (two * 3.0) - total.mean() / 2.0):  # fmt: skip
        parameters = {"a": a, "b": b}
        plan = Plan(loss, parameters)
        agree_shaped(plan, loss, parameters)
        for n in ancestors(loss.node):
            assert apart(plan.value(n), n.value) < 1e-12


def agree_shaped(plan, loss, parameters):
    _, slopes = replay_slopes(loss, {}, list(parameters.values()))
    assert plan.run() == pytest.approx(loss.item(), rel=1e-14)
    for ours, g in zip(plan.slopes.values(), slopes, strict=True):
        assert apart(ours, g) < 1e-12


def test_a_loss_of_a_thousand_summands():
    w = Tensor(0.3)
    total = w
    for i in range(3000):
        total = total + w * (1.0 / (1 + i))
    agree(Plan(total, {"w": w}), total, {"w": w})


STEPS = {
    "tanh": ops.tanh, "relu": ops.relu, "sigmoid": ops.sigmoid, "softplus": ops.softplus,
    "gelu": ops.gelu, "square": lambda a: a**2 * 0.1, "leaky": ops.leaky_relu, "elu": ops.elu,
    "there and back": lambda a: a.transpose().reshape(3, 4).reshape(4, 3).transpose(),
    "rows": lambda a: ops.concatenate([a[1:], a[:1]]), "even": lambda a: a - a.mean(0),
    "wide": lambda a: a.sum(1, keepdims=True) * 0.3 + a, "same": lambda a: ops.identity(a),
    "mixed": lambda a: a[[2, 0, 1]] + a[::-1], "soft": ops.softmax, "stacked": lambda a:
    ops.stack([a, a * 0.5]).sum(0), "one": lambda a: a * a[1, 2], "flat": lambda a:
    a.reshape(12)[2:].sum() * 0.1 + a,
}  # fmt: skip
PAIRS = {"add": ops.add, "sub": ops.sub, "mul": lambda a, b: a * b * 0.5,
         "product": lambda a, b: (a @ b.transpose()) @ a * 0.1,
         "max": ops.maximum, "share": lambda a, b: a / (b * b + 1.0)}  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_graphs_of_any_shape(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**20)))
    parameters = {
        "w": Tensor(rng.normal(size=(4, 4)) / 2), "b": Tensor(rng.normal(size=4)),
        "a": Tensor(rng.normal(size=(3, 4))), "s": Tensor(rng.normal(size=())),
    }  # fmt: skip
    x = Tensor(rng.normal(size=(3, 4)), requires_grad=False)
    w, b, a, s = parameters.values()
    values = [x, a, x @ w + b, a * s]
    for _ in range(data.draw(st.integers(1, 10))):
        one, two = (values[data.draw(st.integers(0, len(values) - 1))] for _ in range(2))
        kind = data.draw(st.sampled_from([*STEPS, *PAIRS, "linear", "linear", "bias", "scale"]))
        if kind in STEPS:
            values.append(STEPS[kind](one))
        elif kind in PAIRS:
            values.append(PAIRS[kind](one, two))
        else:
            values.append({"linear": lambda v: v @ w + b, "bias": lambda v: v + b,
                           "scale": lambda v: v * s}[kind](one))  # fmt: skip
    end = values[-1]
    loss = data.draw(st.sampled_from([
        lambda: (end**2).mean(), lambda: loss_of(end), lambda: (end * values[-2]).sum() * 0.5,
        lambda: -end.mean() + 0.1 * (w**2).sum(), lambda: nn.CrossEntropyLoss()(end, [0, 3, 1]),
        lambda: ops.tanh((end * end).mean()), lambda: end[0, 1],
    ]))()  # fmt: skip
    held = {n: n.value.copy() for n in ancestors(loss.node)}
    plan = Plan(loss, parameters, [x])
    fresh = rng.normal(size=(3, 4))
    given = {x: fresh} if x.node in held else {}
    value, slopes = replay_slopes(loss, given, list(parameters.values()))
    assert plan.run(fresh) == pytest.approx(float(value), rel=1e-11, abs=1e-12)
    whole = max(1.0, *(np.abs(g).max() for g in slopes))
    for name, g in zip(parameters, slopes, strict=True):
        assert np.abs(plan.slopes[name] - g).max() <= 1e-11 * whole
    for n, v in zip(held, replay_values(held, given), strict=True):
        assert np.abs(plan.value(n) - v).max() <= 1e-11 * max(1.0, np.abs(v).max())
        assert np.array_equal(n.value, held[n])  # the recording is what it was


def test_the_same_numbers_bit_for_bit_where_nothing_is_added_up_in_another_order():
    rng = np.random.default_rng(5)
    parameters = {n: Tensor(rng.normal(size=(3, 4))) for n in "abc"}
    a, b, c = parameters.values()
    y = (ops.tanh(a * b) - c) * ops.exp(a) + ops.relu(b) / (c * c)
    loss = y[1, 2]
    given = {a: a.data}
    plan = Plan(loss, parameters)
    value, slopes = replay_slopes(loss, given, list(parameters.values()))
    assert plan.run() == value
    for g, ours in zip(slopes, plan.slopes.values(), strict=True):
        assert np.array_equal(g, ours)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("act", ["tanh", "sigmoid"])
@pytest.mark.parametrize("dtype", NEAR)
def test_wide_layers_of_small_and_of_huge_sums(act, scale, dtype):
    rng = np.random.default_rng(0)
    w, v = (Tensor(rng.normal(size=(6, 40)).astype(dtype)), Tensor(np.ones((40, 1), dtype)))
    x = Tensor((scale * rng.normal(size=(50, 6))).astype(dtype), requires_grad=False)
    y = OPS[act](x @ w)
    loss = ((y @ v) ** 2).mean()
    plan = Plan(loss, {"w": w, "v": v})
    value, slopes = replay_slopes(loss, {w: w.data}, [w, v])
    near = 1e-12 if dtype == np.float64 else 1e-5
    assert apart(np.array(plan.run()), value) < near
    assert apart(plan.value(y), y.data) < near
    assert apart(plan.slopes["v"], slopes[1]) < near
    assert apart(plan.slopes["w"], slopes[0]) < near or np.abs(slopes[0]).max() < 1e-8
