"""Random nets for tests: drawn as a plain description, built here and, if wanted, in PyTorch.

A net is a list of pieces such as ("linear", 3), ("tanh",), ("skip", [...]), ("join", [...]):
`x + f(x)` and `[x, f(x)]`, nested at will. `draw(seed)` gives a whole case: net, data, loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_kit import nn
from backprop_kit.engine import Tensor, ops
from backprop_kit.engine.backward import ancestors
from backprop_kit.nn.convert import to_torch_state

SMOOTH = ("tanh", "sigmoid", "softplus", "gelu")
KINKED = ("relu", "leaky_relu", "elu")
LOSSES = ("squared", "mse", "bce", "bce_logits", "cross_entropy", "log_softmax")


class Skip(nn.Module):
    """x + f(x)"""

    def __init__(self, body: nn.Module) -> None:
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Join(nn.Module):
    """[x, f(x)]"""

    def __init__(self, body: nn.Module) -> None:
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return ops.concatenate([x, self.body(x)], axis=-1)


@dataclass(frozen=True)
class Case:
    pieces: list[tuple[Any, ...]]
    n_in: int
    loss: str
    x: np.ndarray
    y: np.ndarray
    seed: int

    def model(self) -> nn.Sequential:
        model, _ = ours(self.pieces, self.n_in)
        rng = np.random.default_rng(self.seed)
        for name, p in model.named_parameters():
            wide = 0.5 if name.endswith("b") else 1.2 / np.sqrt(p.shape[0])
            p.data = rng.uniform(-wide, wide, p.shape)
        return model

    def measured(self, model: nn.Module, *, unfused: bool = False) -> Tensor:
        """The loss of a model on the data of this case."""
        out, target = model(self.x), Tensor(self.y, requires_grad=False)
        if self.loss == "log_softmax":
            return -ops.pick(ops.log_softmax(out), target).mean()
        loss = {
            "squared": nn.SquaredError, "mse": nn.MSELoss, "bce": nn.BCELoss,
            "bce_logits": nn.BCEWithLogitsLoss, "cross_entropy": nn.CrossEntropyLoss,
        }[self.loss]()  # fmt: skip
        return loss.unfused(out, target) if unfused else loss(out, target)


def draw(seed: int, *, smooth: bool = False, depth: int = 2) -> Case:
    """A random case; drawn again while a number lies within 1e-4 of a kink."""
    for again in range(1000):
        rng = np.random.default_rng([seed, again])
        case = _draw(rng, smooth, depth)
        if not near_a_kink(case.measured(case.model())):
            return case
    raise AssertionError("no net without a kink nearby")


def _draw(rng: np.random.Generator, smooth: bool, depth: int) -> Case:
    n_in, batch = int(rng.integers(1, 5)), int(rng.integers(1, 8))
    acts = SMOOTH if smooth else SMOOTH + KINKED
    loss = str(rng.choice(LOSSES))
    n_out = int(rng.integers(1, 4)) + (loss in ("cross_entropy", "log_softmax"))
    pieces, _ = _pieces(rng, n_in, acts, depth)
    pieces += [("linear", n_out)] + [("sigmoid",)] * (loss == "bce")
    y = rng.normal(size=(batch, n_out))
    if loss in ("bce", "bce_logits"):
        y = rng.uniform(size=(batch, n_out))
    elif loss in ("cross_entropy", "log_softmax"):
        y = rng.integers(0, n_out, batch)
    x = rng.normal(size=(batch, n_in))
    return Case(pieces, n_in, loss, x, y, int(rng.integers(2**31)))


def _pieces(rng: np.random.Generator, width: int, acts: tuple[str, ...], depth: int) -> Any:
    pieces: list[tuple[Any, ...]] = []
    for _ in range(int(rng.integers(1, 3))):
        kind = rng.choice(["layer", "layer", "skip", "join"]) if depth else "layer"
        if kind == "layer":
            width = int(rng.integers(1, 6))
            pieces += [("linear", width), (str(rng.choice(acts)),)]
        else:
            body, inner = _pieces(rng, width, acts, depth - 1)
            if kind == "skip" and inner != width:
                body, inner = [*body, ("linear", width)], width
            pieces.append((str(kind), body))
            width = width if kind == "skip" else width + inner
    return pieces, width


ACTS = {
    "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softplus": nn.Softplus, "gelu": nn.GELU,
    "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU,
}  # fmt: skip


def ours(pieces: list[tuple[Any, ...]], width: int) -> tuple[nn.Sequential, int]:
    layers: list[nn.Module] = []
    for kind, *more in pieces:
        if kind == "linear":
            layers.append(nn.Linear(width, more[0]))
            width = more[0]
        elif kind in ("skip", "join"):
            body, inner = ours(more[0], width)
            layers.append(Skip(body) if kind == "skip" else Join(body))
            width = inner if kind == "skip" else width + inner
        else:
            layers.append(ACTS[kind]())
    return nn.Sequential(*layers), width


def theirs(case: Case, model: nn.Module) -> Any:
    """The same net with the same numbers in PyTorch."""
    import torch

    class TheirSkip(torch.nn.Module):
        def __init__(self, body: Any) -> None:
            super().__init__()
            self.body = body

        def forward(self, x: Any) -> Any:
            return x + self.body(x)

    class TheirJoin(TheirSkip):
        def forward(self, x: Any) -> Any:
            return torch.cat([x, self.body(x)], -1)

    acts = {
        "tanh": torch.nn.Tanh(), "sigmoid": torch.nn.Sigmoid(), "softplus": torch.nn.Softplus(),
        "gelu": torch.nn.GELU("tanh"), "relu": torch.nn.ReLU(), "elu": torch.nn.ELU(),
        "leaky_relu": torch.nn.LeakyReLU(),
    }  # fmt: skip

    def build(pieces: list[tuple[Any, ...]], width: int) -> tuple[Any, int]:
        layers = []
        for kind, *more in pieces:
            if kind == "linear":
                layers.append(torch.nn.Linear(width, more[0], dtype=torch.float64))
                width = more[0]
            elif kind in ("skip", "join"):
                body, inner = build(more[0], width)
                layers.append(TheirSkip(body) if kind == "skip" else TheirJoin(body))
                width = inner if kind == "skip" else width + inner
            else:
                layers.append(type(acts[kind])(*(["tanh"] if kind == "gelu" else [])))
        return torch.nn.Sequential(*layers), width

    net, _ = build(case.pieces, case.n_in)
    state = to_torch_state(model)
    net.load_state_dict({path: torch.tensor(numbers) for path, numbers in state.items()})
    return net


def their_loss(case: Case, net: Any) -> Any:
    import torch
    from torch.nn import functional as F

    out, y = net(torch.tensor(case.x)), torch.tensor(case.y)
    return {
        "squared": lambda: 0.5 * F.mse_loss(out, y, reduction="sum"),
        "mse": lambda: F.mse_loss(out, y),
        "bce": lambda: F.binary_cross_entropy(out, y),
        "bce_logits": lambda: F.binary_cross_entropy_with_logits(out, y),
        "cross_entropy": lambda: F.cross_entropy(out, y),
        "log_softmax": lambda: F.cross_entropy(out, y),
    }[case.loss]()


def near_a_kink(loss: Tensor, margin: float = 1e-4) -> bool:
    """Whether some sum behind this loss lies within the margin of a kink."""
    return any(
        bool((np.abs(n.inputs[0].value) < margin).any())
        for n in ancestors(loss.node)
        if n.op is not None and n.op.name in KINKED
    )


def apart(ours: np.ndarray, true: np.ndarray) -> float:
    """The largest difference, relative to the largest entry of the array."""
    ours, true = np.asarray(ours), np.asarray(true)
    assert ours.shape == true.shape
    scale = max(float(np.abs(true).max()), float(np.abs(ours).max())) if true.size else 0.0
    return float(np.abs(ours - true).max()) / scale if scale else 0.0
