"""Modules and parameters: what is inside, when numbers are drawn, states, copies, looks."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from refusal import refused

from backprop_kit import nn
from backprop_kit.engine import Tensor


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


def numbers(model: nn.Module) -> dict[str, np.ndarray]:
    return {name: p.data for name, p in model.named_parameters()}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


# --- when numbers are drawn -----------------------------------------------------------------------
def by_hand(seed: int, wide: float | None = None) -> dict[str, np.ndarray]:
    """The law: one generator, in the order W₁, b₁, W₂, b₂; zeros draw nothing."""
    rng = np.random.default_rng(seed)

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        r = np.sqrt(6 / sum(shape)) if wide is None else wide
        if wide is None and len(shape) == 1:
            return np.zeros(shape)
        return rng.uniform(-r, r, shape)

    return {"0.W": draw((2, 3)), "0.b": draw((3,)), "2.W": draw((3, 1)), "2.b": draw((1,))}


def test_numbers_are_drawn_when_first_needed_from_one_generator():
    model = net()
    assert not any(
        p.drawn for m in model.modules() for p in vars(m).values() if isinstance(p, nn.Parameter)
    )
    assert same(numbers(model), by_hand(0))


def test_the_module_that_is_asked_draws_whichever_way_it_is_asked():
    for ask in (
        lambda m: m(np.ones((1, 2))), lambda m: m.state_dict(), lambda m: list(m.parameters()),
        lambda m: m.copy(), lambda m: m.draw(), lambda m: m.reset(),
    ):  # fmt: skip
        model = net()
        ask(model)
        assert same(numbers(model), by_hand(0))
    # Asked for itself, a layer draws its own.
    model = net()
    layer = model[2].W.data
    r = np.sqrt(6 / 4)
    assert np.array_equal(layer, np.random.default_rng(0).uniform(-r, r, (3, 1)))
    assert model[2].b.drawn and not model[0].W.drawn


def test_a_call_from_outside_draws_for_all_it_holds():
    class Outer(nn.Module):
        def __init__(self) -> None:
            self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.first(self.second(x))  # called in another order than they are held

    model = Outer()
    model(np.ones((1, 2)))
    rng, r = np.random.default_rng(0), np.sqrt(6 / 4)
    for layer in (model.first, model.second):
        assert np.array_equal(layer.W.data, rng.uniform(-r, r, (2, 2)))


def test_a_function_that_calls_a_model_has_it_drawn_by_the_model():
    model = net()
    nn.Sequential(nn.Function(lambda x: model(x)))(np.ones((1, 2)))
    assert same(numbers(model), by_hand(0))


def test_reset_draws_anew_also_the_biases_if_told_so():
    model = net()
    assert model.reset(seed=7) is model
    assert same(numbers(model), by_hand(7))
    model.reset(3, init=nn.uniform(1))
    assert same(numbers(model), by_hand(3, wide=1.0))
    model.reset(7)
    assert same(numbers(model), by_hand(7))


def test_what_was_assigned_stays_and_draws_nothing():
    model = net()
    mine = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    model[0].W.data = mine
    rng, r = np.random.default_rng(0), np.sqrt(6 / 4)
    assert np.array_equal(model.state_dict()["2.W"], rng.uniform(-r, r, (3, 1)))
    assert np.array_equal(model[0].W.data, mine)


def test_reset_forgets_slopes_and_leaves_recordings_alone():
    model = net()
    loss = model(np.ones((1, 2))).sum()
    before = loss.node.inputs[0].value
    loss.backward()
    model.reset(1)
    assert all(p.grad is None for p in model.parameters())
    assert loss.node.inputs[0].value is before


@pytest.mark.parametrize("seed", [-1, 0.5, "one", None])
def test_a_seed_is_a_whole_number(seed):
    model = net().reset(1)
    before = numbers(model)
    with refused(ValueError, f"The seed is {seed!r}"):
        model.reset(seed)
    assert same(numbers(model), before)


def test_an_initialiser_that_fails_changes_nothing():
    model = net()
    before = numbers(model)

    def bad(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return np.ones(shape) if shape != (3, 1) else np.ones((1, 3))

    with refused(ValueError, "has shape (3, 1); its initialiser gives (1, 3)"):
        model.reset(1, init=bad)
    assert same(numbers(model), before)
    fresh = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1, init=bad))
    with refused(ValueError, "initialiser gives"):
        fresh(np.ones((1, 2)))
    assert not fresh[0].W.drawn


# --- what is inside -------------------------------------------------------------------------------
class Tied(nn.Module):
    def __init__(self) -> None:
        self.one = nn.Linear(2, 2)
        self.two = self.one
        self.extra = nn.Parameter((3,), nn.zeros)
        self.three = nn.Linear(2, 2)
        self.three.W = self.one.W

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.three(self.one(x))) * self.extra.sum()


def test_paths_and_what_is_shared_comes_once():
    model = nn.Sequential(net(), nn.ReLU())
    assert [path for path, _ in model.named_modules()] == ["", "0", "0.0", "0.1", "0.2", "1"]
    assert [name for name, _ in model.named_children()] == ["0", "1"]
    assert [path for path, _ in model.named_parameters()] == ["0.0.W", "0.0.b", "0.2.W", "0.2.b"]
    tied = Tied()
    assert [path for path, _ in tied.named_parameters()] == ["extra", "one.W", "one.b", "three.b"]
    assert [path for path, _ in tied.named_modules()] == ["", "one", "three"]
    twin = tied.copy()
    assert twin.two is twin.one and twin.three.W is twin.one.W and twin.one is not tied.one


@pytest.mark.pytorch
def test_a_shared_parameter_gets_the_slopes_of_all_its_uses():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    layer = nn.Linear(2, 2).reset(3)
    x = np.array([[0.3, -0.7]])
    layer(layer(x)).sum().backward()
    w, b = (torch.tensor(a, requires_grad=True) for a in (layer.W.data, layer.b.data))
    ((torch.tensor(x) @ w + b) @ w + b).sum().backward()
    np.testing.assert_allclose(layer.W.grad, w.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.b.grad, b.grad.numpy(), rtol=1e-12)


def test_modes():
    model = nn.Sequential(net())
    assert model.training
    assert model.eval() is model and not any(m.training for m in model.modules())
    assert model.train() is model and all(m.training for m in model.modules())


def test_zero_grad_forgets_all_slopes():
    model = net()
    model(np.ones((1, 2))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_a_copy_is_a_twin_without_hooks():
    model = net().reset(1).eval()
    heard: list[int] = []
    model[0].register_forward_hook(lambda *a: heard.append(1))
    twin = model.copy()
    twin(np.ones((1, 2)))
    assert heard == [] and not twin.training and same(numbers(twin), numbers(model))
    twin[0].W.data = np.zeros((2, 3))
    assert model[0].W.data.any()
    model(np.ones((1, 2)))
    assert heard == [1]


def test_models_are_freed():
    from weakref import ref

    model = net()
    model(np.ones((1, 2))).sum().backward()
    gone = ref(model)
    del model
    gc.collect()
    assert gone() is None


# --- states ---------------------------------------------------------------------------------------
def test_a_state_goes_round():
    model, twin = net().reset(1), net().reset(2)
    state = model.state_dict()
    assert list(state) == ["0.W", "0.b", "2.W", "2.b"]
    assert not any(a.flags.writeable for a in state.values())
    twin.load_state_dict(state)
    assert same(numbers(twin), numbers(model))
    fresh = net()
    fresh.load_state_dict(state)
    assert same(numbers(fresh), numbers(model))
    half = {k: np.asarray(v, np.float32) for k, v in state.items()}
    twin.load_state_dict(half)
    assert all(v.dtype == np.float32 for v in twin.state_dict().values())


def _without(state: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in state.items() if k != key}


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda s: _without(s, "2.b"), ValueError, "2.b is missing from the state"),
        (lambda s: {**s, "9.W": np.ones(1)}, ValueError, "9.W is unknown to the model"),
        (lambda s: {**s, "2.W": np.ones((1, 3))}, ValueError, "2.W has shape (3, 1)"),
        (lambda s: {**s, "2.b": ["a"]}, TypeError, "A Tensor holds numbers"),
        (lambda s: {**s, "2.b": [[1], [2, 3]]}, ValueError, "rectangular"),
        (lambda s: list(s), TypeError, "A state is a dictionary"),
        (lambda s: {}, ValueError, "0.W is missing"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, kind, words):
    model = net().reset(1)
    before = numbers(model)
    other = net().reset(2).state_dict()
    with refused(kind, words):
        model.load_state_dict(change(other))
    assert same(numbers(model), before)


# --- parameters -----------------------------------------------------------------------------------
def test_a_parameter_has_a_shape_before_it_has_numbers():
    p = nn.Parameter((2, 3), nn.normal())
    assert (p.shape, p.count, p.drawn) == ((2, 3), 6, False)
    assert p.data.shape == (2, 3) and p.drawn  # a parameter of nobody draws its own
    with refused(ValueError, "This parameter has shape (2, 3); the new numbers have (3, 2)"):
        p.data = np.ones((3, 2))
    with refused(TypeError, "A Tensor holds numbers"):
        p.data = "numbers"
    for shape in ((0, 3), (2, -1), (2.5, 1), ("a",)):
        with refused(ValueError, "A parameter cannot have the shape"):
            nn.Parameter(shape, nn.zeros)


def test_a_module_must_say_what_it_computes():
    with refused(TypeError, "Module has no forward()", "def forward(self, x):"):
        nn.Module()(1.0)

    class Silent(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return x.data

    with refused(TypeError, "Silent returned ndarray, not a Tensor"):
        Silent()(1.0)
    with refused(TypeError, "A Tensor holds numbers, not text"):
        net()("x")


# --- looks ----------------------------------------------------------------------------------------
def test_it_prints_itself_readably():
    assert repr(nn.Sequential(net(), nn.LeakyReLU(0.2), nn.Linear(1, 2, bias=False))) == (
        "Sequential(\n"
        "  (0) Sequential(\n"
        "    (0) Linear(2, 3)\n"
        "    (1) Tanh()\n"
        "    (2) Linear(3, 1)\n"
        "  )\n"
        "  (1) LeakyReLU(0.2)\n"
        "  (2) Linear(1, 2, bias=False)\n"
        ")"
    )


def test_it_shows_a_table_and_escapes_what_it_shows():
    class Named(nn.Module):
        def extra_repr(self) -> str:
            return "<b>"

    model = nn.Sequential(nn.Linear(2, 3), Named())
    bundle = model._repr_mimebundle_()
    assert bundle["text/plain"] == repr(model)
    table = bundle["text/html"]
    assert "<td>0</td><td>Linear</td><td>2, 3</td><td>9</td>" in table
    assert "&lt;b&gt;" in table and "<b>" not in table and "<td>9</td></tr></tfoot>" in table
    assert not model[0].W.drawn  # looking draws nothing
