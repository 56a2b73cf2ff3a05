"""A recording as a place to walk in: what is known when, and that it never changes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from weakref import ref

import numpy as np
import pytest
from nets import draw
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Snapshot, Tensor, Trace, ops


def recorded(seed: int) -> tuple[nn.Sequential, Trace]:
    case = draw(seed)
    model = case.model()
    return model, Trace.of(case.measured(model), nn.SGD(0.1))


def everything(snap: Snapshot) -> list[bytes | None]:
    """All a snapshot says, as bytes."""
    out: list[bytes | None] = [snap.phase.encode()]
    for n in snap.trace.nodes:
        for array in (snap.value(n), snap.grad(n), *snap.parts(n)):
            out.append(None if array is None else array.tobytes())
        out.append(bytes([snap.stale(n), len(snap.parts(n))]))
    return out


@pytest.mark.parametrize("seed", range(5))
def test_a_random_walk_of_500_moves_is_bit_identical(seed):
    _, trace = recorded(8000 + seed)
    _, twin = recorded(8000 + seed)
    fresh = [everything(Trace.at(twin, k)) for k in range(len(twin) + 1)]
    rng = np.random.default_rng(seed)
    k = 0
    for _ in range(500):
        k = int(np.clip(k + rng.choice([-1, 1, 1, -7, 9]), 0, len(trace)))
        assert everything(trace.at(k)) == fresh[k]


def test_a_recorded_trace_never_changes_when_parameters_do():
    model, trace = recorded(8100)
    last = range(0, len(trace) + 1, 3)
    before = [everything(trace.at(k)) for k in last]
    (w, *_) = model.parameters()
    value, grad = trace.at(len(trace) - 1).value(w), trace.at(len(trace)).grad(w)
    for p in model.parameters():
        p.data = p.data + 1
    model.zero_grad()
    assert [everything(trace.at(k)) for k in last] == before
    # A parameter is still known here, by the numbers it had.
    assert trace.at(0).value(w) is not w.data
    np.testing.assert_allclose(trace.at(0).value(w), w.data - 1)
    assert trace.at(len(trace) - 1).value(w) is value and trace.at(len(trace)).grad(w) is grad


def test_everything_handed_out_is_read_only():
    _, trace = recorded(8200)
    end = trace.at(len(trace))
    for n in trace.nodes:
        for array in (n.value, end.value(n), end.grad(n), *end.parts(n)):
            assert array is None or not array.flags.writeable
    for step in trace.steps:
        assert not step.part.flags.writeable
        assert step.g is None or not step.g.flags.writeable


def test_a_trace_writes_nothing():
    model, _ = recorded(8300)
    assert all(p.grad is None for p in model.parameters())


def test_k_counts_forward_backward_update_again():
    a, b = Tensor(2.0, name="a"), Tensor(-3.0, name="b")
    h = a * b
    loss = (h + a) * h  # h and a are used twice
    trace = Trace.of(loss, nn.SGD(0.5))
    assert len(trace.made) == 3 and len(trace.steps) == 1 + 6 and len(trace) == 3 + 7 + 2 + 1
    phases = [trace.phase(k) for k in range(len(trace) + 1)]
    assert phases == (["start"] + ["forward"] * 3 + ["backward"] * 7 + ["update"] * 2 + ["again"])
    at = trace.at
    assert at(0).value(h) is None and at(0).value(a) == 2.0
    assert at(1).value(h) == -6.0 and at(1).value(loss) is None and at(3).value(loss) == 24.0
    # Last input first; a sum is not yet until its last part is in.
    assert [(s.node and s.node.op.name, s.slot) for s in trace.steps] == [
        (None, 0), ("mul", 1), ("mul", 0), ("add", 1), ("add", 0), ("mul", 1), ("mul", 0),
    ]  # fmt: skip
    assert at(4).grad(loss) == 1.0 and at(3).grad(loss) is None
    assert at(5).parts(h) == (-4.0,) and at(5).grad(h) is None
    assert at(8).grad(h) == -10.0 and len(at(8).parts(h)) == 2
    assert at(10).grad(a) == 24.0 and at(9).grad(a) is None and at(9).grad(b) == -20.0
    assert at(11).value(a) == 2 - 0.5 * 24 and at(11).value(b) == -3.0
    assert at(12).value(b) == -3 + 0.5 * 20


def test_stale_is_what_an_updated_leaf_is_behind():
    a, b, x = Tensor(2.0, name="a"), Tensor(3.0, name="b"), Tensor(1.0, requires_grad=False)
    only_b, both, neither = b * 2, a * b, x * 5
    question = a > b
    loss = only_b + both + neither + ops.where(question, a, b)
    trace = Trace.of(loss, nn.SGD(0.1))
    assert trace.names == {a.node: "a", b.node: "b"}
    first = trace.updated_at[a.node]
    stale = {k: [trace.at(k).stale(t) for t in (only_b, both, question, loss, neither, a, x)]
             for k in range(first - 1, len(trace) + 1)}  # fmt: skip
    assert stale == {
        first - 1: [False] * 7,
        first: [False, True, True, True, False, False, False],
        first + 1: [True, True, True, True, False, False, False],
        first + 2: [False] * 7,
    }
    again = trace.at(len(trace))
    assert again.value(only_b) == 2 * again.value(b) and again.value(neither) == 5.0
    assert again.value(x) == 1.0


@pytest.mark.parametrize("seed", range(8400, 8410))
def test_the_end_of_a_trace_is_what_backward_and_step_would_do(seed):
    case = draw(seed)
    model = case.model()
    loss = case.measured(model)
    trace = Trace.of(loss, nn.SGD(0.1))
    end = trace.at(len(trace))
    loss.backward()
    assert all(np.array_equal(end.grad(p), p.grad) for p in model.parameters())
    nn.SGD(0.1).step(model)
    assert all(np.array_equal(end.value(p), p.data) for p in model.parameters())
    assert np.array_equal(end.value(loss), case.measured(model).data)
    assert list(trace.names.values()) == [name for name, _ in model.named_parameters()]


def test_a_step_outside_and_a_stranger_are_refused():
    a = Tensor(2.0, name="a")
    trace = Trace.of(a * a)
    with refused(TypeError, "Only a Tensor has a recording; got float"):
        Trace.of(3.0)
    with refused(TypeError, "An optimizer proposes new numbers; str cannot"):
        Trace.of(a * a, "sgd")
    for k in (-1, len(trace) + 1, 0.5, "last"):
        with refused(ValueError, f"Step {k} does not exist", f"between 0 and {len(trace)}"):
            trace.at(k)
    for ask in (trace.at(1).value, trace.at(1).grad, trace.at(1).parts, trace.at(1).stale):
        with refused(ValueError, "stranger is no part of this recording"):
            ask(Tensor(1.0, name="stranger"))


def test_names_are_paths_or_own_names_or_numbers():
    model = nn.Sequential(nn.Linear(1, 1), nn.Tanh(), nn.Linear(1, 1))
    x, s = Tensor([[1.0]], name="x"), Tensor(2.0)
    trace = Trace.of((model(x) * s * Tensor(1.0, name="x")).sum())
    assert list(trace.names.values()) == ["0.W", "0.b", "2.W", "2.b", "x", "v6", "x'"]


def test_a_parameter_recorded_with_two_sets_of_numbers_has_two_leaves():
    w = Tensor(2.0, name="w")
    before = w * 3
    w.data = 5.0
    loss = before + w * 4
    assert list(Trace.of(loss).names.values()) == ["w", "w'"]
    loss.backward()
    assert w.grad == 7.0


# --- size ---------------------------------------------------------------------------------------
SIZE = 100_000


def chain() -> tuple[Tensor, Tensor]:
    x = y = Tensor(0.5)
    for _ in range(SIZE // 2):
        y = ops.neg(y) * 1.0
    return x, y


def fan() -> tuple[Tensor, Tensor]:
    x = Tensor(0.5)
    y = x
    for _ in range(SIZE // 2):
        y = y + x * 2.0
    return x, y


@pytest.fixture(scope="module", params=[chain, fan], ids=lambda f: f.__name__)
def large(request) -> tuple[Tensor, Trace]:
    x, loss = request.param()
    return x, Trace.of(loss, nn.SGD(0.1))


def test_a_graph_of_100_000_nodes_differentiates(large):
    x, trace = large
    assert len(trace.made) >= SIZE
    expected = 1.0 if trace.loss.op.name == "mul" else 1.0 + SIZE
    assert trace.grads[x.node] == expected
    assert trace.at(len(trace)).value(trace.loss) is not None


def test_looking_something_up_in_it_takes_no_walk(large):
    x, trace = large
    rng = np.random.default_rng(0)
    places = [trace.nodes[int(i)] for i in rng.integers(0, len(trace.nodes), 200)]
    ks = [int(k) for k in rng.integers(0, len(trace) + 1, 200)]

    def look() -> None:
        for n, k in zip(places, ks, strict=True):
            snap = trace.at(k)
            snap.value(n), snap.grad(n), snap.stale(n)
            if n is not x.node:
                snap.parts(n)

    assert _calls(look) <= _calls(lambda: _small_look(200)) * 1.1


def _small_look(times: int) -> None:
    """The same look-ups in a recording of three steps, as the yardstick."""
    a = Tensor(1.0)
    trace = Trace.of(a * a * 2.0, nn.SGD(0.1))
    warm = trace.at(len(trace))
    for n in trace.nodes:
        warm.value(n), warm.grad(n), warm.stale(n), warm.parts(n)
    for i in range(times):
        n, snap = trace.made[i % 2], trace.at(len(trace) - i % 3)
        snap.value(n), snap.grad(n), snap.stale(n), snap.parts(n)


def _calls(f: Callable[[], None]) -> int:
    """How many Python lines a second run takes: a measure of work without a clock."""
    f()
    count = 0

    def tracer(frame, event, arg):
        nonlocal count
        count += event == "line"
        return tracer

    sys.settrace(tracer)
    try:
        f()
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("make", [chain, fan], ids=lambda f: f.__name__)
def test_a_large_recording_is_freed_at_once_without_recursion(make):
    gc.collect()
    gc.disable()
    try:
        _, loss = make()
        loss.backward()
        first, last = ref(loss.node.inputs[0]), ref(loss.node)
        del loss
        assert first() is None and last() is None
    finally:
        gc.enable()


def test_a_training_step_leaves_nothing_behind():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    model.register_full_backward_hook(lambda m, ins, outs: None)
    x, y, loss_of = np.ones((4, 2)), np.ones((4, 1)), nn.SquaredError()
    gc.collect()
    gc.disable()
    try:
        loss = loss_of(model(x), y)
        loss.backward()
        nodes = [ref(n) for n in Trace.of(loss).nodes if n.kind != "variable"]
        del loss
        assert [r() for r in nodes if r() is not None] == []
    finally:
        gc.enable()
