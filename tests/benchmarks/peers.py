"""The same training step in PyTorch (eager) and in JAX (jit), for benchmarks. Neither is needed.

One thread each. JAX gets what makes it fast: one compiled function for loss, slopes and update,
with the old parameters given away.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

Work = Callable[[], Any]


def installed(name: str, without: tuple[str, ...] = ()) -> bool:
    return name not in without and importlib.util.find_spec(name) is not None


def one_core() -> None:
    """Keep the process on one core, where the system can: peers start threads at their own will."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


# --- JAX ------------------------------------------------------------------------------------------
def in_jax(sizes: tuple[int, ...], x: np.ndarray, y: np.ndarray, start: list[np.ndarray]) -> Work:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for i in range(0, len(weights), 2):
            x = x @ weights[i] + weights[i + 1]
            x = jnp.tanh(x) if i < len(weights) - 2 else x
        return ((x - y) ** 2).mean()

    return _jitted(jax, loss, start, x, y)


def recurrent_in_jax(x: np.ndarray, y: np.ndarray, start: list[np.ndarray]) -> Work:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        wx, wh, b, v, c = weights
        inputs = x @ wx + b

        def step(h: Any, part: Any) -> Any:
            return jnp.tanh(part + h @ wh), None

        h, _ = jax.lax.scan(step, jnp.zeros((x.shape[1], wh.shape[0]), x.dtype), inputs)
        return ((h @ v + c - y) ** 2).mean()

    return _jitted(jax, loss, start, x, y)


def _jitted(jax: Any, loss: Any, start: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> Work:
    def step(weights: Any, x: Any, y: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(weights, x, y)
        return [w - 1e-4 * g for w, g in zip(weights, slopes, strict=True)], value

    compiled = jax.jit(step, donate_argnums=(0,))
    state = [[jax.numpy.array(w) for w in start]]
    data, target = jax.numpy.array(x), jax.numpy.array(y)

    def work() -> Any:
        state[0], value = compiled(state[0], data, target)
        return value.block_until_ready()

    return work


# --- PyTorch --------------------------------------------------------------------------------------
def in_torch(
    sizes: tuple[int, ...], x: np.ndarray, y: np.ndarray, optimizer: tuple[str, dict[str, Any]]
) -> Work:
    import torch

    torch.set_num_threads(1)
    data, target = torch.tensor(x), torch.tensor(y)
    layers: list[Any] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out, dtype=data.dtype), torch.nn.Tanh()]
    net = torch.nn.Sequential(*layers[:-1])
    name, settings = optimizer
    moves = getattr(torch.optim, name)(net.parameters(), **settings)

    def step() -> None:
        moves.zero_grad()
        torch.nn.functional.mse_loss(net(data), target).backward()
        moves.step()

    return step


def recurrent_in_torch(x: np.ndarray, y: np.ndarray, width: int) -> Work:
    import torch

    torch.set_num_threads(1)
    data, target = torch.tensor(x), torch.tensor(y)
    cell = torch.nn.RNN(x.shape[-1], width, dtype=data.dtype)
    end = torch.nn.Linear(width, y.shape[-1], dtype=data.dtype)
    moves = torch.optim.SGD([*cell.parameters(), *end.parameters()], 1e-4)

    def step() -> None:
        moves.zero_grad()
        torch.nn.functional.mse_loss(end(cell(data)[0][-1]), target).backward()
        moves.step()

    return step
