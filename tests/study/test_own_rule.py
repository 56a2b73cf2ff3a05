"""A learner's own way back: the numbers it leaves, the first wrong one, and why."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import lesson, picture
from refusal import refused

from backprop_kit.engine import Tensor, Trace, ops
from backprop_kit.study.naming import names_of, plain, symbol
from backprop_kit.study.own_rule import run_rule


def overwrite(old, new):
    return new


def slopes(run, given):
    found = {name: run.slope(t) for name, t in given.items()}
    return {name: None if g is None else pytest.approx(float(g)) for name, g in found.items()}


def test_adding_is_the_right_way_back():
    given = lesson()
    run = run_rule(Trace.of(given["L"]), lambda old, new: old + new)
    assert slopes(run, given) == {"a": 3, "b": 1.2, "c": 10, "u": 0.6, "v": 1, "L": 1}
    assert run.first is None and not run.wrong


def test_overwriting_turns_the_sign_and_is_lit_at_the_fan_out():
    given = lesson()
    run = run_rule(Trace.of(given["L"]), overwrite)
    assert slopes(run, given) == {"a": -2, "b": -0.8, "c": 10, "u": -0.4, "v": 1, "L": 1}
    first = run.first
    assert first.where is given["u"].node and not first.part
    assert (float(first.yours), float(first.true)) == pytest.approx((-0.4, 0.6))
    assert [m.name for m in first.mistakes if m.fits] == ["overwrites"]
    assert {given[k].node for k in "uab"} == set(run.wrong)


def test_handing_on_too_early_is_lit_where_the_part_arrives():
    given = lesson()
    run = run_rule(Trace.of(given["L"]), order=[given[k] for k in "Luv"])
    assert slopes(run, given) == {"a": 5, "b": 2, "c": 10, "u": 0.6, "v": 1, "L": 1}
    first = run.first
    assert first.where is given["b"].node and first.part
    assert (float(first.yours), float(first.true)) == pytest.approx((2, 1.2))
    assert [m.name for m in first.mistakes if m.fits] == ["too early"]
    assert (run.visits[first.at].came, set(run.wrong)) == (1, {given["a"].node, given["b"].node})


def test_the_graph_of_the_picture():
    a, b, _, u, q, p, loss = picture().values()
    trace = Trace.of(loss)
    run = run_rule(trace, overwrite)
    assert [float(run.slope(t)) for t in (u, b, a)] == pytest.approx([-12, 9.6, -30])
    known = {m.name: (float(m.number), m.fits) for m in run.first.mistakes}
    assert known == {
        "overwrites": (pytest.approx(-12), True), "too early": (pytest.approx(4), False),
        "no slope": (pytest.approx(7), False), "sign turned": (pytest.approx(16), False),
    }  # fmt: skip
    early = run_rule(trace, order=[loss, p, u, q])
    assert [float(early.slope(t)) for t in (b, a, u)] == pytest.approx([-3.2, 10, -8])
    assert early.first.where is b.node


def test_a_value_with_nothing_to_hand_on_leaves_a_gap():
    given = lesson()
    run = run_rule(Trace.of(given["L"]), order=[given["L"], given["v"], given["u"]])
    assert run.first is None
    a = Tensor(2.0)
    u = a * 3.0
    v = u * u
    loss = v + 1.0
    run = run_rule(Trace.of(loss), order=[loss, u, v])
    assert run.slope(a) is None and run.first.yours is None and run.first.where is a.node
    assert len(run.visits) == len(Trace.of(loss).steps)


def test_the_mean_is_no_known_mistake_and_two_that_fit_are_both_named():
    given = lesson()
    run = run_rule(Trace.of(given["L"]), lambda old, new: (old + new) / 2)
    assert run.first.where is given["u"].node and not any(m.fits for m in run.first.mistakes)
    x = Tensor(3.0)
    run = run_rule(Trace.of(x * x), overwrite)
    assert float(run.slope(x)) == 3
    assert [m.name for m in run.first.mistakes if m.fits] == ["overwrites", "too early"]


def net(seed):
    """A random scalar graph, its values in order of creation."""
    rng = np.random.default_rng(seed)
    made = [Tensor(float(v)) for v in rng.uniform(0.5, 1.5, 3)]
    for _ in range(int(rng.integers(4, 12))):
        a, b = (made[int(i)] for i in rng.integers(max(0, len(made) - 5), len(made), 2))
        made.append(
            ops.tanh(a) if rng.random() < 0.2 else [a * b, a + b, a - 2.0 * b][int(rng.integers(3))]
        )
    return made


def first_by_replay(made, loss, combine, order):
    """The node lit, found without the engine's steps: slopes by finite twins of each operation."""
    trace = Trace.of(loss)
    right = {}
    for n in trace.nodes:
        right[n] = trace.grads.get(n)
    pending = {n: len(trace.parts[n]) for n in trace.parts}
    held = {loss.node: 1.0}
    pending[loss.node] -= 1
    for node in order:
        for slot in reversed(range(len(node.inputs))):
            target = node.inputs[slot]
            if not target.needs_grad:
                continue
            args = [np.asarray(a, complex) for a in node.args]
            args[slot] = args[slot] + 1e-30j
            local = np.imag(node.op.forward(*args, **node.options)) / 1e-30
            part, true = held[node] * local, float(right[node]) * local
            if not np.isclose(part, true, rtol=1e-9, atol=1e-12):
                return target
            held[target] = combine(held[target], part) if target in held else part
            pending[target] -= 1
            if not pending[target] and not np.isclose(
                held[target], float(right[target]), rtol=1e-9, atol=1e-12
            ):
                return target
    return None


@pytest.mark.parametrize("part", range(5))
def test_on_random_graphs_the_lit_node_is_the_one_a_replay_names(part):
    lit = 0
    for seed in range(20 * part, 20 * part + 20):
        made = net(seed)
        loss = made[-1]
        trace = Trace.of(loss)
        senders = [n for n in reversed(trace.nodes) if n.op is not None and n in trace.grads]
        run = run_rule(trace, overwrite)
        expected = first_by_replay(made, loss, overwrite, senders)
        assert (run.first.where if run.first else None) is expected, seed
        lit += expected is not None
        # An order that hands on too early, as far as every value has something by then.
        early = sorted(
            senders[1:], key=lambda n: (-max(u.index for u in senders if n in u.inputs), -n.index)
        )
        order = [senders[0], *early]
        try:
            expected = first_by_replay(made, loss, lambda a, b: a + b, order)
        except KeyError:
            continue  # somebody had nothing to hand on
        run = run_rule(trace, order=order)
        assert (run.first.where if run.first else None) is expected, seed
    assert lit > 5


# --- what is refused ------------------------------------------------------------------------------
def bad_rules():
    def raises(old, new):
        return 1 / 0

    def nothing(old, new):
        for part in ():
            return part
        return None

    return [
        (raises, ValueError, ("stopped at u", "ZeroDivisionError")),
        (nothing, TypeError, ("returned NoneType at u", "must return a number")),
        (lambda old, new: "0.6", TypeError, ("returned str",)),
        (lambda old, new: [old, new], ValueError, ("shape (2,)",)),
        (lambda old, new: float("nan"), ValueError, ("returned nan",)),
        (lambda old: old, ValueError, ("TypeError",)),
        (3, TypeError, ("combine is int",)),
    ]


@pytest.mark.parametrize("case", range(7))
def test_bad_rules_are_refused(case):
    rule, kind, words = bad_rules()[case]
    given = lesson()
    trace = Trace.of(given["L"])
    names = names_of(trace, given)
    with refused(kind, *words):
        run_rule(trace, rule, name=lambda n: plain(names[n]))


def test_bad_orders_are_refused():
    given = lesson()
    trace = Trace.of(given["L"])
    names = names_of(trace, given)
    loss, u, v, a = (given[k] for k in ("L", "u", "v", "a"))
    for order, kind, words in [
        ([loss, v], ValueError, ("misses u", "Only leaves")),
        ([loss, v, u, u], ValueError, ("u stands twice",)),
        ([v, loss, u], ValueError, ("starts at v", "the loss first")),
        ([], ValueError, ("is empty",)),
        ([loss, "u", v], TypeError, ("holds str",)),
        (loss, TypeError, ("order is Tensor",)),
        (3, TypeError, ("order is int",)),
        ([loss, v, u, Tensor(1.0)], ValueError, ("no part of this recording",)),
    ]:
        with refused(kind, *words):
            run_rule(trace, order=order, name=lambda n: plain(names[n]))
    assert run_rule(trace, order=[loss, v, u, a]).first is None


def test_what_a_rule_does_to_its_arrays_changes_nothing():
    x = Tensor([1.0, 2.0])
    loss = (x * x).sum()

    def spoil(old, new):
        old[0] = 99
        return old

    with refused(ValueError, "read-only"):
        run_rule(Trace.of(loss), spoil)
    run = run_rule(Trace.of(loss), overwrite)
    assert run.first.where is x.node and run.wrong[x.node] == 2


# --- names ----------------------------------------------------------------------------------------
def test_values_are_named_by_tensor_then_variable_then_number():
    given = lesson()
    given["a"].name = "alpha"
    trace = Trace.of(given["L"])
    names = names_of(trace, {"_": given["u"], "weight": given["u"]}, {"w_2": given["v"]})
    assert [names[given[k].node] for k in ("a", "b", "u", "v", "L")] == [
        "α",
        "b",
        "weight",
        "w_2",
        "L",
    ]
    assert names_of(trace)[given["u"].node] == "v_1"
    assert [symbol(n) for n in ("u1", "u_12", "h", "u_hat", "theta3")] == [
        "u_1",
        "u_{12}",
        "h",
        "u hat",
        "θ_3",
    ]
    assert plain("W_{12}") == "W₁₂"
    with refused(TypeError, "names is list"):
        names_of(trace, {}, ["u"])
    with refused(ValueError, "to two values"):
        names_of(trace, {}, {given["u"]: "k", given["v"]: "k"})
