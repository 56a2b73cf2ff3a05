"""What a recorded training step costs, beside PyTorch eager in the same run.

    python -m tests.benchmarks.bench_step [--blocks N] [--seconds S]

Times are processor time of one thread, the median of interleaved blocks; the ratios are what lasts,
absolute times drift with the machine. A step is forward, loss, backward and the SGD update.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import itertools

import numpy as np

from backprop_kit import nn
from backprop_kit.engine import Trace, backward_steps

Work = Callable[[], Any]
SIZES = {
    "xor 2-4-1 b4": ((2, 4, 1), 4),
    "playground 2-8-8-1 b10": ((2, 8, 8, 1), 10),
    "digits 64-32-10 b32": ((64, 32, 10), 32),
    "wide 784-128-10 b64": ((784, 128, 10), 64),
    "deep 20 x 32 b64": ((32,) * 20 + (1,), 64),
}


def build(sizes: tuple[int, ...], batch: int) -> tuple[nn.Sequential, np.ndarray, np.ndarray]:
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.Tanh()]
    rng = np.random.default_rng(0)
    data = rng.normal(size=(batch, sizes[0])), rng.normal(size=(batch, sizes[-1]))
    return nn.Sequential(*layers[:-1]), *data


def works(sizes: tuple[int, ...], batch: int) -> dict[str, Work]:
    """Name -> one piece of work; each leaves things as it found them, apart from the weights."""
    model, x, y = build(sizes, batch)
    measure, sgd = nn.MSELoss(), nn.SGD(1e-4)
    listened = model.copy()
    for layer in listened.children():
        layer.register_full_backward_hook(lambda m, ins, outs: None)

    def forward() -> Any:
        return measure(model(x), y)

    def step() -> None:
        model.zero_grad()
        forward().backward()
        sgd.step(model)

    def bare() -> None:
        for _ in backward_steps(forward(), hooks=False, into={}):
            pass

    def absent() -> None:
        for _ in backward_steps(forward(), into={}):
            pass

    def heard() -> None:
        for _ in backward_steps(measure(listened(x), y), into={}):
            pass

    found = {"step": step, "forward": forward, "bare": bare, "absent": absent, "heard": heard,
             "trace": lambda: Trace.of(forward(), sgd)}  # fmt: skip
    if importlib.util.find_spec("torch"):
        found["torch"] = in_torch(sizes, x, y)
    return found


def in_torch(sizes: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> Work:
    import torch

    torch.set_num_threads(1)
    layers: list[Any] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out, dtype=torch.float64), torch.nn.Tanh()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), 1e-4)
    data, target = torch.tensor(x), torch.tensor(y)

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(data), target).backward()
        optimizer.step()

    return step


def measured(works: dict[str, Work], blocks: int, seconds: float) -> dict[str, list[float]]:
    """Name -> seconds a call, one number a block; the works take turns."""
    repeats = {}
    for name, work in works.items():
        work()
        start = time.process_time()
        work()
        repeats[name] = max(1, int(seconds / max(time.process_time() - start, 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(blocks):
        for name, work in works.items():
            start = time.process_time()
            for _ in range(repeats[name]):
                work()
            times[name].append((time.process_time() - start) / repeats[name])
    return times


def ratio(times: dict[str, list[float]], above: str, below: str) -> str:
    if above not in times or below not in times:
        return "–"
    pairs = zip(times[above], times[below], strict=True)
    return f"{median(a / max(b, 1e-9) for a, b in pairs):.2f}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.05, help="of each work in each block")
    chosen = parser.parse_args(arguments)
    heads = ("step µs", "/ torch", "/ forward", "hooks absent", "one a layer", "trace / step")
    print(f"{'':24}" + "".join(f"{head:>14}" for head in heads))
    for name, (sizes, batch) in SIZES.items():
        times = measured(works(sizes, batch), chosen.blocks, chosen.seconds)
        cells = [f"{1e6 * median(times['step']):.0f}"]
        for above, below in (("step", "torch"), ("step", "forward"), ("absent", "bare"),
                             ("heard", "bare"), ("trace", "step")):  # fmt: skip
            cells.append(ratio(times, above, below))
        print(f"{name:24}" + "".join(f"{cell:>14}" for cell in cells))
    if not importlib.util.find_spec("torch"):
        print("torch is not installed: no comparison with it.")


if __name__ == "__main__":
    main()
