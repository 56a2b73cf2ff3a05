"""Layers: `Linear`, `Sequential`, and the activations as modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from backprop_kit.engine import ops
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn.init import Init, xavier_uniform, zeros
from backprop_kit.nn.module import Module, Parameter


class Linear(Module):
    """Affine map  y = x W + b.   x: (..., n_in)   W: (n_in, n_out)   b: (n_out)   y: (..., n_out)

    init  for W (Xavier uniform); b starts at zero
    """

    def __init__(
        self, n_in: int, n_out: int, bias: bool = True, init: Init = xavier_uniform
    ) -> None:
        self.n_in, self.n_out = n_in, n_out
        self.W = Parameter((n_in, n_out), init)
        self.b = Parameter((n_out,), zeros) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 0 or x.shape[-1] != self.n_in:
            got = x.shape[-1] if x.ndim else "no"
            raise ValueError(
                f"Linear({self.n_in}, {self.n_out}) got {got} features; x must end in {self.n_in} "
                f"(got shape {x.shape}).\nOne row is one sample: x.reshape(-1, {self.n_in})."
            )
        row = x.reshape(1, self.n_in) if x.ndim == 1 else x
        y = row @ self.W if self.b is None else row @ self.W + self.b
        return y.reshape(self.n_out) if x.ndim == 1 else y

    def extra_repr(self) -> str:
        return f"{self.n_in}, {self.n_out}" + ("" if self.b is not None else ", bias=False")


class Sequential(Module):
    """Modules one after the other; a plain function of a Tensor may stand among them."""

    def __init__(self, *layers: Module | Callable[[Tensor], Tensor]) -> None:
        for i, layer in enumerate(layers):
            if not callable(layer):
                raise TypeError(
                    f"Layer {i} is {type(layer).__name__}; Sequential takes modules or functions.\n"
                    "Pass Sequential(Linear(2, 3), Tanh(), …)."
                )
            if not isinstance(layer, Module):
                layer = Function(layer)
            setattr(self, str(i), layer)

    @property
    def layers(self) -> list[Module]:
        return list(self.children())

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return Sequential(*self.layers[i])
        return self.layers[i]


class Function(Module):
    """A plain function of Tensors, as a module."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self.function = function

    def forward(self, *args: Tensor) -> Tensor:
        return self.function(*args)

    def extra_repr(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


class Identity(Module):
    """Hands its input on as it is."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class Tanh(Module):
    """y = tanh x, between −1 and 1."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.tanh(x)


class Sigmoid(Module):
    """y = 1 / (1 + e^−x), between 0 and 1."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.sigmoid(x)


class ReLU(Module):
    """y = max(x, 0)."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.relu(x)


class LeakyReLU(Module):
    """y = x where x > 0, else slope · x."""

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return ops.leaky_relu(x, slope=self.slope)

    def extra_repr(self) -> str:
        return f"{self.slope}"


class ELU(Module):
    """y = x where x > 0, else α (e^x − 1) (Clevert et al. 2015)."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return ops.elu(x, alpha=self.alpha)

    def extra_repr(self) -> str:
        return f"{self.alpha}"


class Softplus(Module):
    """y = ln(1 + e^x), a smooth ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.softplus(x)


class GELU(Module):
    """y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks & Gimpel 2016, tanh form)."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.gelu(x)


class Softmax(Module):
    """y = e^x / Σ e^x along the last axis: positive, sums to 1."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.softmax(x)


class LogSoftmax(Module):
    """y = x − ln Σ e^x along the last axis."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.log_softmax(x)
