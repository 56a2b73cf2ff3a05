"""Hooks: PyTorch's names, order and semantics, beside PyTorch where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nets import apart, draw, their_loss, theirs
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import RemovableHandle, Tensor, ops
from backprop_kit.nn.convert import to_torch_state

Seen = list[tuple[str, tuple[Any, ...], tuple[Any, ...]]]


def listen(model: Any, numbers: Any, seen: Seen, factor: float | None = None) -> list[Any]:
    """A backward hook on every module of a net, of this kit or of PyTorch.

    With a factor each hook also answers, with its grad_input times that.
    """
    handles = []
    for name, m in model.named_modules():

        def hook(m: Any, ins: Any, outs: Any, name: str = name) -> Any:
            seen.append((name, numbers(ins), numbers(outs)))
            if factor is None or all(g is None for g in ins):
                return None
            return tuple(None if g is None else g * factor for g in ins)

        handles.append(m.register_full_backward_hook(hook))
    return handles


def as_arrays(grads: Any) -> tuple[Any, ...]:
    return tuple(
        None if g is None else np.array(g if isinstance(g, np.ndarray) else g.numpy())
        for g in grads
    )


def same(ours: Seen, theirs: Seen) -> None:
    assert [name for name, *_ in ours] == [name for name, *_ in theirs]
    for (name, ins, outs), (_, their_ins, their_outs) in zip(ours, theirs, strict=True):
        for a, b in zip((*ins, *outs), (*their_ins, *their_outs), strict=True):
            assert (a is None) == (b is None), name
            if a is not None:
                assert apart(a, b) < 1e-10 or np.abs(a - b).max() < 1e-14, name


@pytest.mark.pytorch
@pytest.mark.parametrize("factor", [None, 1.25], ids=["listening", "answering"])
@pytest.mark.parametrize("group", range(6))
@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
def test_on_nested_skip_blocks_hooks_see_what_pytorchs_see_in_the_same_order(group, factor):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    blocks = 0
    for seed in range(5000 + group * 10, 5010 + group * 10):
        case = draw(seed, depth=4)
        model = case.model()
        net = theirs(case, model)
        blocks += repr(model).count("Skip(") + repr(model).count("Join(")
        ours: Seen = []
        other: Seen = []
        listen(model, as_arrays, ours, factor)
        listen(net, as_arrays, other, factor)
        x = Tensor(case.x)
        out = model(x)
        target = torch.tensor(case.x, requires_grad=True)
        their_out = net(target)
        weights = np.cos(np.arange(out.size)).reshape(out.shape)
        ((out * weights).sum() + (out * out).sum()).backward()
        ((their_out * torch.tensor(weights)).sum() + (their_out * their_out).sum()).backward()
        same(ours, other)
        assert len(ours) == len(list(model.named_modules()))
        assert apart(x.grad, target.grad.numpy()) < 1e-10

        ours.clear(), other.clear()  # fed with data: the modules in front hear of it early
        model.zero_grad(), net.zero_grad()
        case.measured(model).backward()
        their_loss(case, net).backward()
        same(ours, other)
        for (name, p), q in zip(model.named_parameters(), net.parameters(), strict=True):
            grad = q.grad.numpy()
            assert apart(p.grad, grad.T if name.endswith("W") else grad) < 1e-10
    assert blocks >= 13


@pytest.mark.pytorch
@pytest.mark.parametrize("factor", [None, 1.25], ids=["listening", "answering"])
@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
def test_modules_used_again_and_with_several_inputs_are_heard_as_in_pytorch(factor):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def parts(base: Any, linear: Any, tanh: Any, setup: Any) -> Any:
        class Mixed(base):
            def __init__(self) -> None:
                setup(super())
                self.a, self.b = linear(), tanh()

            def forward(self, x: Any, y: Any) -> Any:
                return self.b(self.a(x)) + self.a(y), self.a(x * y)

        class Whole(base):
            def __init__(self) -> None:
                setup(super())
                self.mixed, self.last = Mixed(), linear()

            def forward(self, x: Any) -> Any:
                u, v = self.mixed(x, x)
                w, z = self.mixed(u, self.last(v))
                return self.last(w) + x * z

        return Whole()

    ours_net = parts(nn.Module, lambda: nn.Linear(3, 3), nn.Tanh, lambda base: None)
    their_net = parts(
        torch.nn.Module,
        lambda: torch.nn.Linear(3, 3, dtype=torch.float64),
        torch.nn.Tanh,
        lambda base: base.__init__(),
    )
    ours_net.reset(3, init=nn.uniform(1))
    state = to_torch_state(ours_net)
    their_net.load_state_dict({path: torch.tensor(a) for path, a in state.items()})
    x = np.random.default_rng(0).normal(size=(4, 3))
    for wrapped in (True, False):
        ours: Seen = []
        other: Seen = []
        handles = [*listen(ours_net, as_arrays, ours, factor),
                   *listen(their_net, as_arrays, other, factor)]  # fmt: skip
        (ours_net(Tensor(x) if wrapped else x) ** 2).sum().backward()
        (their_net(torch.tensor(x, requires_grad=wrapped)) ** 2).sum().backward()
        same(ours, other)
        assert len(ours) > 8
        for handle in handles:
            handle.remove()


class Scaled(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a * 2 + b * a


class Two(nn.Module):
    """Two outputs; the second input is not used."""

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return a * 2, a * 3


class Leaky(nn.Module):
    """Something gets out by the back door."""

    def forward(self, a: Tensor) -> Tensor:
        self.h = a * 2
        return a * 3


class Keeper(nn.Module):
    """Gives back a parameter of its own."""

    def __init__(self) -> None:
        self.w = nn.Parameter((2,), nn.normal())

    def forward(self, x: Tensor) -> Tensor:
        return self.w


def watch(module: nn.Module) -> list[tuple[Any, Any]]:
    seen: list[tuple[Any, Any]] = []
    module.register_full_backward_hook(lambda m, ins, outs: seen.append((ins, outs)))
    return seen


def test_a_module_called_several_times_is_heard_once_for_each_call():
    layer = nn.Linear(2, 2).reset(3)
    seen = watch(layer)
    x = Tensor([[1.0, 2.0]])
    h = layer(x)
    layer(layer(h)).sum().backward()
    assert len(seen) == 3
    np.testing.assert_array_equal(seen[0][1][0], [[1.0, 1.0]])
    np.testing.assert_allclose(seen[1][1][0], seen[0][0][0])
    np.testing.assert_allclose(seen[2][0][0], x.grad)


def test_an_output_nobody_uses_gives_none_and_an_input_nobody_uses_zero():
    module = Two()
    seen = watch(module)
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    y, _ = module(a, b)
    y.sum().backward()
    ((ins, outs),) = seen
    np.testing.assert_array_equal(outs[0], [1.0, 1.0])
    assert outs[1] is None
    np.testing.assert_array_equal(ins[0], [2.0, 2.0])
    np.testing.assert_array_equal(ins[1], [0.0, 0.0])


def test_both_outputs_of_a_tuple_are_seen():
    module = Two()
    seen = watch(module)
    a = Tensor([1.0, 2.0])
    y, z = module(a, Tensor(1.0))
    (y + z * z).sum().backward()
    ((ins, outs),) = seen
    np.testing.assert_array_equal(outs[0], [1.0, 1.0])
    np.testing.assert_array_equal(outs[1], 2 * z.data)
    np.testing.assert_array_equal(ins[0], a.grad)


def test_a_module_fed_with_data_fires_before_what_is_inside_it_with_none():
    order: list[str] = []
    inner = nn.Linear(2, 1)
    outer = nn.Sequential(inner, nn.Tanh())
    for name, m in outer.named_modules():
        m.register_full_backward_hook(
            lambda m, ins, outs, name=name: order.append(f"{name}:{ins[0] is None}")
        )
    outer(np.ones((3, 2))).sum().backward()
    assert order == [":True", "1:False", "0:True"]


def test_a_module_fed_with_data_cannot_have_its_slope_replaced():
    layer = nn.Linear(2, 1)
    layer.register_full_backward_hook(lambda m, ins, outs: (np.ones((3, 2)),))
    with refused(ValueError, "fed only with data", "register_hook"):
        layer(np.ones((3, 2))).sum().backward()
    assert layer.W.grad is None


def test_a_module_that_returns_its_own_input_has_two_places():
    module = nn.Identity()
    seen = watch(module)
    x = Tensor([1.0, 2.0])
    y = module(x)
    assert y.node is not x.node and y.node.op.name == "identity"
    (y.sum() + (x * x).sum()).backward()
    ((ins, outs),) = seen
    np.testing.assert_array_equal(ins[0], [1.0, 1.0])
    np.testing.assert_array_equal(outs[0], [1.0, 1.0])
    np.testing.assert_array_equal(x.grad, 1 + 2 * x.data)


def test_a_module_that_returns_its_parameter_passes_its_slope_on():
    module = Keeper()
    watch(module)
    x = Tensor([5.0, 5.0])
    (module(x) * module(x)).sum().backward()
    np.testing.assert_array_equal(module.w.grad, 2 * module.w.data)
    assert x.grad is None


def test_the_same_tensor_twice_is_two_inputs():
    module = Scaled()
    seen = watch(module)
    a = Tensor([1.0, 3.0])
    module(a, a).sum().backward()
    ((ins, _),) = seen
    np.testing.assert_array_equal(ins[0], 2 + a.data)
    np.testing.assert_array_equal(ins[1], a.data)
    np.testing.assert_array_equal(a.grad, 2 + 2 * a.data)


def test_what_leaves_by_the_back_door_still_arrives():
    module = Leaky()
    seen = watch(module)
    a = Tensor([1.0, 2.0])
    module(a)
    module.h.sum().backward()
    assert seen == []
    np.testing.assert_array_equal(a.grad, [2.0, 2.0])


def test_hooks_speak_in_order_each_seeing_what_the_one_before_returned():
    module = nn.Tanh()
    seen = []

    def half(m: Any, ins: Any, outs: Any) -> Any:
        seen.append((ins[0].copy(), outs[0].copy()))
        return (ins[0] / 2,)

    for _ in range(3):
        module.register_full_backward_hook(half)
    x = Tensor([0.5, -1.0])
    module(x).sum().backward()
    true = 1 - np.tanh(x.data) ** 2
    for i, (g_in, g_out) in enumerate(seen):
        np.testing.assert_allclose(g_in, true / 2**i)
        np.testing.assert_array_equal(g_out, [1.0, 1.0])
    np.testing.assert_allclose(x.grad, true / 8)


def test_a_replacement_reaches_what_lies_behind_and_not_the_parameters_inside():
    first, second = nn.Linear(2, 2).reset(1), nn.Linear(2, 1).reset(2)
    model = nn.Sequential(first, second)

    def slopes() -> list[np.ndarray]:
        model.zero_grad()
        model(np.array([[1.0, -2.0]])).sum().backward()
        return [np.array(p.grad) for p in model.parameters()]

    plain = slopes()
    with second.register_full_backward_hook(lambda m, ins, outs: (ins[0] * 10,)):
        heard = slopes()
    for i, factor in enumerate((10, 10, 1, 1)):
        np.testing.assert_allclose(heard[i], plain[i] * factor)
    with second.register_full_backward_hook(lambda m, ins, outs: (None,)):  # None: no slope
        heard = slopes()
    assert not heard[0].any() and heard[2].any()


def test_a_hook_registered_late_is_not_called_and_one_removed_late_still_is():
    layer = nn.Linear(1, 1)
    x = np.ones((1, 1))
    loss = layer(x).sum()
    seen = watch(layer)
    loss.backward()
    assert seen == []
    calls = []
    handle = layer.register_full_backward_hook(lambda m, ins, outs: calls.append(1))
    loss = layer(x).sum()
    handle.remove()
    loss.backward()
    assert calls == [1]
    layer(x).sum().backward()
    assert calls == [1]


def test_a_handle_takes_its_hook_off_also_with_with():
    layer = nn.Linear(1, 1)
    calls: list[str] = []
    with layer.register_forward_hook(lambda *a: calls.append("forward")) as handle:
        assert isinstance(handle, RemovableHandle)
        layer(np.ones((1, 1)))
    layer(np.ones((1, 1)))
    assert calls == ["forward"]
    handle.remove()  # a second time does nothing
    with refused(TypeError, "A hook is a function; got int."):
        layer.register_forward_hook(3)


def test_forward_hooks_and_pre_hooks_may_answer():
    layer = nn.Tanh()
    seen = []
    layer.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    layer.register_forward_pre_hook(lambda m, args: args[0] + 1)  # one value needs no tuple
    layer.register_forward_hook(lambda m, args, out: seen.append((args[0].data, out.data)))
    layer.register_forward_hook(lambda m, args, out: out * 3)
    x = Tensor([0.5, -1.0])
    y = layer(x)
    np.testing.assert_allclose(y.data, 3 * np.tanh(2 * x.data + 1))
    np.testing.assert_array_equal(seen[0][0], 2 * x.data + 1)
    y.sum().backward()
    np.testing.assert_allclose(x.grad, 6 * (1 - np.tanh(2 * x.data + 1) ** 2))


def test_a_hook_that_returns_no_tensor_is_told_so():
    layer = nn.Tanh()
    layer.register_forward_hook(lambda m, args, out: out.data)
    with refused(TypeError, "Tanh returned ndarray, not a Tensor", "Tensor or None"):
        layer(Tensor([1.0]))


def test_a_tensors_hook_sees_the_whole_slope_once_and_may_change_it():
    a = Tensor([1.0, 2.0])
    h = a * 3
    seen = []
    h.register_hook(lambda g: seen.append(np.array(g)))
    h.register_hook(lambda g: g * 10)
    with h.register_hook(lambda g: None):
        (h * h + h).sum().backward()
    np.testing.assert_array_equal(seen, [2 * h.data + 1])
    np.testing.assert_array_equal(a.grad, 30 * (2 * h.data + 1))


def test_a_leafs_hook_stays_when_it_gets_new_numbers():
    w = Tensor([1.0], name="w")
    w.register_hook(lambda g: g * 2)
    w.data = [5.0]
    (w * 3).sum().backward()
    np.testing.assert_array_equal(w.grad, [6.0])
    layer = nn.Linear(1, 1)
    layer.W.register_hook(lambda g: g * 0)
    layer.reset(4)
    layer(np.ones((1, 1))).sum().backward()
    assert not layer.W.grad.any() and layer.b.grad.all()


def test_a_hook_where_no_slope_comes_is_refused():
    with refused(ValueError, "No slope reaches this tensor"):
        Tensor([1.0], requires_grad=False).register_hook(print)


def test_backward_hooks_see_read_only_arrays():
    layer = nn.Linear(2, 1)

    def write(m: Any, ins: Any, outs: Any) -> None:
        outs[0][...] = 0

    layer.register_full_backward_hook(write)
    with pytest.raises(ValueError, match="read-only"):
        layer(Tensor(np.ones((1, 2)))).sum().backward()
    h = Tensor([1.0]) * 2
    h.register_hook(lambda g: g.__setitem__(0, 5))
    with pytest.raises(ValueError, match="read-only"):
        h.sum().backward()


def test_what_a_hook_returned_is_copied():
    mine = np.array([7.0])
    x = Tensor([1.0])
    x.register_hook(lambda g: mine)
    (x * 2).sum().backward()
    mine[0] = 0
    np.testing.assert_array_equal(x.grad, [7.0])


class Trouble(Exception):
    pass


def _raise(*_: Any) -> None:
    raise Trouble("mine")


WRONG = {
    "a wrong shape": (lambda m, i, o: (np.ones(5),), "A backward hook of Linear returned shape"),
    "no tuple": (lambda m, i, o: i[0], "must return a tuple of 1"),
    "too many": (lambda m, i, o: (i[0], i[0]), "must return a tuple of 1"),
    "words": (lambda m, i, o: ("no",), "returned shape"),
}


@pytest.mark.parametrize("what", [*WRONG, "its own exception"])
def test_a_hook_that_fails_leaves_every_slope_as_it_was(what):
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).reset(1)
    x = Tensor([[1.0, 2.0]])
    model(x).sum().backward()
    before = [p.grad for p in (x, *model.parameters())]
    if what == "its own exception":
        model[0].register_full_backward_hook(_raise)
        expected: Any = pytest.raises(Trouble, match="mine")
    else:
        hook, words = WRONG[what]
        model[0].register_full_backward_hook(hook)
        expected = refused(ValueError, words)
    loss = model(x).sum()
    with expected:
        loss.backward()
    assert all(g is p.grad for g, p in zip(before, (x, *model.parameters()), strict=True))
    for m in model.modules():
        vars(m).pop("backward_hooks", None)
    fresh = model(x).sum()
    fresh.backward()  # and life goes on
    np.testing.assert_allclose(x.grad, 2 * before[0])


def test_a_tensors_hook_that_fails_leaves_every_slope_as_it_was():
    a, b = Tensor([1.0]), Tensor([2.0])
    wrong = (lambda g: [1, 2], ValueError, "A tensor's hook returned shape")
    for hook, kind, words in ((_raise, Trouble, "mine"), wrong):
        loss = (a * b).sum()
        handle = a.register_hook(hook)
        with pytest.raises(kind, match=words):
            loss.backward()
        assert a.grad is None and b.grad is None
        handle.remove()
        assert not loss.node.spent


def test_a_forward_hook_that_fails_leaves_no_open_call():
    from backprop_kit.engine.scope import current_call

    layer = nn.Linear(1, 1)
    layer.register_forward_hook(_raise)
    with pytest.raises(Trouble):
        layer(np.ones((1, 1)))
    assert current_call() is None


def test_a_displays_own_trace_calls_no_hook():
    from backprop_kit.engine import Trace, backward_steps

    layer = nn.Linear(1, 1)
    layer.register_full_backward_hook(_raise)
    x = Tensor([[2.0]])
    x.register_hook(_raise)
    loss = ops.tanh(layer(x)).sum()
    assert len(Trace.of(loss)) and list(backward_steps(loss, hooks=False))


def test_hooks_do_not_change_slopes():
    for seed in range(20):
        case = draw(6000 + seed, depth=3)
        plain, heard = case.model(), case.model()
        listen(heard, as_arrays, [])
        case.measured(plain).backward()
        case.measured(heard).backward()
        for p, q in zip(plain.parameters(), heard.parameters(), strict=True):
            assert apart(p.grad, q.grad) < 1e-13
