"""Every row of the registry: its value, each of its rules, its TeX, its ensemble."""

from __future__ import annotations

import re

import numpy as np
import pytest
from nets import apart
from opcases import CASES, OpCase, loss_of

from backprop_kit.engine import (
    OPS,
    Op,
    Tensor,
    Trace,
    gradcheck,
    ops,
    replay,
    replay_slopes,
    replay_values,
)
from backprop_kit.engine.gradcheck import slope_by_complex_step

ROWS = list(OPS.values())
each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def test_every_operation_has_a_case_and_a_public_name():
    assert {case.name for case in CASES} == set(OPS)
    public = [getattr(ops, name) for name in ops.__all__]
    assert {row for row in public if isinstance(row, Op)} == set(ROWS)
    assert all(OPS[row.name] is row for row in ROWS)


@each_row
def test_a_row_has_tex_for_its_value_and_for_each_rule(row):
    assert row.tex.strip()
    assert len(row.rules) == len(row.vjps)
    assert len(row.letters) == (1 if row.variadic else len(row.vjps))
    for rule, tex in zip(row.vjps, row.rules, strict=True):
        assert bool(tex.strip()) == (rule is not None)
    for tex in (row.tex, *row.rules):
        assert tex.count("{") == tex.count("}") and "$" not in tex
        assert not re.search(r"[^\x20-\x7e]", tex), "TeX in ASCII"


@each_case
def test_the_value_is_numpys(case: OpCase):
    value = case.apply(*case.tensors())
    assert isinstance(value, Tensor) and isinstance(value.data, np.ndarray)
    expected = case.expected(*case.inputs)
    assert value.shape == np.shape(expected)
    np.testing.assert_allclose(value.data, expected, rtol=1e-14, atol=1e-15)


@each_case
def test_slopes_agree_with_the_complex_step_and_central_differences(case: OpCase):
    leaves = case.tensors()
    loss = loss_of(case.apply(*leaves))
    if not loss.requires_grad:
        assert not any(OPS[case.name].vjps)
        return
    loss.backward()
    for leaf, rule in zip(leaves, OPS[case.name].vjps * len(leaves), strict=False):
        if rule is None or not leaf.requires_grad:
            continue
        assert leaf.grad is not None and leaf.grad.shape == leaf.shape
        assert apart(leaf.grad, slope_by_complex_step(loss, leaf)) < 1e-12
        flat, h = leaf.data.reshape(-1), 1e-6
        moved = flat + h * np.concatenate([np.eye(flat.size), -np.eye(flat.size)])
        up, down = np.split(replay(loss, {leaf: moved.reshape(-1, *leaf.shape)}), 2)
        assert apart(leaf.grad, ((up - down) / (2 * h)).reshape(leaf.shape)) < 1e-7
    assert gradcheck(loss)


@each_case
def test_the_complex_step_of_a_slope_is_the_hessian_and_symmetric(case: OpCase):
    leaves = case.tensors()
    loss = loss_of(case.apply(*leaves))
    open_ones = [t for t in leaves if t.requires_grad]
    if not loss.requires_grad:
        return
    sizes = np.cumsum([0] + [t.size for t in open_ones])
    rows = 1j * 1e-30 * np.eye(sizes[-1])
    given = {
        t: t.data + rows[:, a:b].reshape(-1, *t.shape)
        for t, a, b in zip(open_ones, sizes, sizes[1:], strict=False)
    }
    _, slopes = replay_slopes(loss, given, open_ones)
    hessian = np.concatenate([s.imag.reshape(len(rows), -1) for s in slopes], 1) / 1e-30
    assert apart(hessian, hessian.T) < 1e-12
    # And it is the Hessian: the slopes move by it.
    h = 1e-6
    step = {t: v.imag * h / 1e-30 for t, v in given.items()}
    _, up = replay_slopes(loss, {t: t.data + step[t] for t in open_ones}, open_ones)
    _, down = replay_slopes(loss, {t: t.data - step[t] for t in open_ones}, open_ones)
    moved = [(u - d).reshape(len(rows), -1) / (2 * h) for u, d in zip(up, down, strict=True)]
    assert apart(np.concatenate(moved, 1), hessian) < 1e-6


@each_case
@pytest.mark.parametrize("members", ["first axis", 1])
def test_an_ensemble_equals_a_loop(case: OpCase, members):
    leaves = case.tensors()
    loss = loss_of(case.apply(*leaves))
    made = Trace.of(loss).made if loss.requires_grad else (loss.node,)
    first = max((t.shape[0] for t in leaves if t.ndim), default=2)
    size = first if members == "first axis" else members
    rng = np.random.default_rng(7)
    places = [t for t in leaves if t.requires_grad]
    # All inputs, and each alone: then an operand with members meets one without.
    for chosen in [places, *([t] for t in places)]:
        given = {t: t.data * rng.uniform(0.9, 1.1, (size, *t.shape)) for t in chosen}
        alone = [{t: v[r] for t, v in given.items()} for r in range(size)]
        many = replay_values(made, given)
        for r, one in enumerate(alone):
            for ours, true in zip(many, replay_values(made, one), strict=True):
                assert ours.shape == (size, *true.shape)
                np.testing.assert_allclose(ours[r], true, rtol=1e-13, atol=1e-14)
        if loss.requires_grad:
            total, slopes = replay_slopes(loss, given, [*leaves, *made])
            for r, one in enumerate(alone):
                value, true_slopes = replay_slopes(loss, one, [*leaves, *made])
                np.testing.assert_allclose(total[r], value, rtol=1e-13)
                for ours, true in zip(slopes, true_slopes, strict=True):
                    np.testing.assert_allclose(ours[r], true, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["pick", "cross_entropy"])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_labels_may_be_an_ensemble_too(name, size):
    rng = np.random.default_rng(3)
    x = Tensor(rng.normal(size=(3, 4)))
    t = Tensor(np.array([0, 3, 1]), requires_grad=False)
    loss = loss_of(OPS[name](x, t))
    labels, scores = rng.integers(0, 4, (size, 3)), rng.normal(size=(size, 3, 4))
    for given in ({t: labels}, {t: labels, x: scores}):
        total, (slope,) = replay_slopes(loss, given, [x])
        for r in range(size):
            one, (true,) = replay_slopes(loss, {p: v[r] for p, v in given.items()}, [x])
            np.testing.assert_allclose(total[r], one, rtol=1e-13)
            np.testing.assert_allclose(slope[r], true, rtol=1e-13)


def leaves_as(case: OpCase, kind: type) -> list[Tensor]:
    """The inputs of a case with their floats in another type."""
    return [
        Tensor(t.data.astype(kind), requires_grad=True) if t.requires_grad else t
        for t in case.tensors()
    ]


@each_case
def test_float32_stays_float32(case: OpCase):
    leaves = leaves_as(case, np.float32)
    value = case.apply(*leaves)
    if value.data.dtype == bool:
        return
    assert value.data.dtype == np.float32
    loss = (value * 2 + 1 - 0.5).sum()
    assert loss.data.dtype == np.float32
    if not loss.requires_grad:
        return
    for step in Trace.of(loss).steps:
        assert step.part.dtype == np.float32
    loss.backward()
    assert all(leaf.grad is None or leaf.grad.dtype == np.float32 for leaf in leaves)


@each_case
def test_complex_numbers_pass_through(case: OpCase):
    if not any(OPS[case.name].vjps):
        return
    leaves = leaves_as(case, np.complex128)
    value = case.apply(*leaves)
    assert value.data.dtype == np.complex128
    value.sum().backward()
    assert any(leaf.grad is not None and leaf.grad.dtype == np.complex128 for leaf in leaves)


KINKED = ["relu", "leaky_relu", "elu", "abs", "max", "min", "maximum", "clip"]
CAREFUL = [*KINKED, "tanh", "softplus", "gelu", "sigmoid", "softmax", "log_softmax"]


@pytest.mark.parametrize("name", KINKED)
def test_at_a_kink_value_and_rule_choose_the_same_side(name):
    x = Tensor([0.0, -0.0, 1.0, 1.0], name="x")
    options = {"low": 0.0, "high": 1.0} if name == "clip" else {}
    inputs = (x, x * np.array([2.0, 3.0, 1.0, 2.0])) if name == "maximum" else (x,)
    loss = loss_of(OPS[name](*inputs, **options))
    assert gradcheck(loss)


@pytest.mark.parametrize(
    "row", [r for r in ROWS if len(r.vjps) == 1 and not r.variadic], ids=lambda row: row.name
)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_do_not_stop_a_recording(row, bad):
    given = {"reshape": {"shape": (4,)}, "getitem": {"index": 0}, "dropout": {"rate": 0.5}}
    options = given.get(row.name, {})
    x = Tensor(np.array([[1.0, bad], [0.5, 2.0]]))
    with np.errstate(all="ignore"):
        loss = row(x, **options).sum()
        loss.backward()
        assert x.grad is not None
        report = gradcheck(loss)
    assert report.count == 4 and repr(report)


@pytest.mark.parametrize("name", CAREFUL)
def test_nan_is_never_swallowed(name):
    nan = Tensor([np.nan, 1.0])
    inputs = (nan, Tensor([1.0, 2.0])) if name == "maximum" else (nan,)
    with np.errstate(all="ignore"):
        assert np.isnan(OPS[name](*inputs).data).any()
        assert np.isnan(OPS[name](*inputs[::-1]).data).any()


def test_a_large_sum_neither_overflows_nor_warns():
    x = Tensor([-800.0, -1.0, 0.0, 1.0, 800.0])
    for f in (ops.sigmoid, ops.softplus, ops.softmax, ops.log_softmax, ops.tanh, ops.elu):
        x.zero_grad()
        y = f(x)
        assert np.isfinite(y.data).all()
        y.sum().backward()
        assert np.isfinite(x.grad).all()


def test_the_logarithm_of_a_negative_number_is_nan_with_an_imaginary_part_too():
    with np.errstate(all="ignore"):
        for row in (ops.log, ops.sqrt):
            x = Tensor([-2.0, 3.0])
            y = row(x)
            assert np.isnan(y.data[0]) and np.isfinite(y.data[1])
            assert np.isnan(replay(y, {x: np.array([-2.0 + 1e-30j, 3.0])})[0].real)
        a, b = Tensor([-2.0]), Tensor([0.5])
        assert np.isnan(replay(a**b, {a: np.array([-2.0 + 1e-30j])})[0].real)


def test_a_power_with_a_whole_exponent_takes_any_base():
    x = Tensor([-1.5, 0.0, 2.0], name="x")
    for n in (0, 1, 2, 3):
        assert gradcheck((x**n * np.array([1.0, 2.0, 3.0])).sum())
    y = Tensor([-1.5, 2.0], name="y")
    assert gradcheck((y**-2).sum())
