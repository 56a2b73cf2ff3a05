"""What a training step of a plan costs, beside JAX (jit) and PyTorch (eager) in the same run.

    python -m tests.benchmarks.bench_plan [--blocks N] [--seconds S] [--only NAME] [--without jax]

A step is forward, loss, backward and the update. Times are processor time on one core, the median
of interleaved blocks; ratios are what lasts. Beside each ratio stands its bound; nothing is judged.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.peers import Work, installed, one_core  # limits threads before NumPy comes

# isort: split
import numpy as np

from backprop_kit import nn
from backprop_kit.engine import Tensor, ops
from backprop_kit.engine.plan import Plan
from backprop_kit.nn.optim.flat import Flat
from tests.benchmarks import peers
from tests.benchmarks.bench_step import SIZES, build, measured, ratio


@dataclass(frozen=True)
class Column:
    """A net, its batch, and the bounds: plan / JAX, and tape / plan."""

    sizes: tuple[int, ...]
    batch: int
    jax: float
    tape: float


BOUNDS = {
    "xor 2-4-1 b4": (1.0, 5.0), "playground 2-8-8-1 b10": (1.0, 4.0),
    "playground 2-8-8-1 b64": (1.0, 3.0), "digits 64-32-10 b32": (1.2, 3.0),
    "wide 784-128-10 b64": (1.0, 1.5), "deep 20 x 32 b64": (1.3, 2.5),
}  # fmt: skip
NETS = {**SIZES, "playground 2-8-8-1 b64": ((2, 8, 8, 1), 64)}
COLUMNS = {name: Column(*NETS[name], *bounds) for name, bounds in BOUNDS.items()}
RECURRENT = "recurrent h32 T50 b16"
OPTIMIZERS = {
    "SGD": (nn.SGD(1e-4), "SGD", {"lr": 1e-4}),
    "momentum": (nn.SGD(1e-4, 0.9), "SGD", {"lr": 1e-4, "momentum": 0.9}),
    "Nesterov": (nn.SGD(1e-4, 0.9, nesterov=True), "SGD",
                 {"lr": 1e-4, "momentum": 0.9, "nesterov": True}),
    "AdaGrad": (nn.AdaGrad(1e-4), "Adagrad", {"lr": 1e-4}),
    "RMSProp": (nn.RMSProp(1e-4), "RMSprop", {"lr": 1e-4}),
    "Adam": (nn.Adam(1e-4), "Adam", {"lr": 1e-4}),
    "AdamW": (nn.AdamW(1e-4), "AdamW", {"lr": 1e-4}),
    "SGD, L2": (nn.SGD(1e-4, weight_decay=1e-3), "SGD", {"lr": 1e-4, "weight_decay": 1e-3}),
}  # fmt: skip


@dataclass(frozen=True)
class Laid:
    """A model, its data, and the plan of its loss."""

    model: nn.Module
    x: np.ndarray
    y: np.ndarray
    plan: Plan
    built: float  # seconds

    def step(self, optimizer: nn.Optimizer) -> Work:
        flat = Flat(optimizer, self.plan)

        def work() -> None:
            self.plan.run(self.x, self.y)
            flat.step()

        return work

    def tape(self) -> Work:
        measure, sgd = nn.MSELoss(), nn.SGD(1e-4)

        def work() -> None:
            self.model.zero_grad()
            measure(self.model(self.x), self.y).backward()
            sgd.step(self.model)

        return work

    @property
    def start(self) -> list[np.ndarray]:
        return [p.data for p in self.model.parameters()]


class Recurrent(nn.Module):
    """h ← tanh(x_t Wx + h Wh + b), then one output of the last h.   x: (steps, batch, n_in)"""

    def __init__(self, n_in: int, width: int) -> None:
        self.x, self.h = nn.Linear(n_in, width), nn.Linear(width, width, bias=False)
        self.end = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        inputs, h = self.x(x), None
        for t in range(x.shape[0]):
            part = inputs[t]
            h = ops.tanh(part if h is None else part + self.h(h))
        assert h is not None
        return self.end(h)


def lay(model: nn.Module, x: np.ndarray, y: np.ndarray, dtype: type) -> Laid:
    for p in model.parameters():
        p.data = p.data.astype(dtype)
    x, y = x.astype(dtype), y.astype(dtype)
    leaves = Tensor(x, requires_grad=False), Tensor(y, requires_grad=False)
    loss = nn.MSELoss()(model(leaves[0]), leaves[1])
    parameters = dict(model.named_parameters())
    times = []
    for _ in range(3):
        start = time.process_time()
        plan = Plan(loss, parameters, leaves)
        times.append(time.process_time() - start)
    return Laid(model, x, y, plan, median(times))


def column(name: str, dtype: type, without: tuple[str, ...]) -> tuple[Laid, dict[str, Work]]:
    if name == RECURRENT:
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(50, 16, 8)), rng.normal(size=(16, 1))
        laid = lay(Recurrent(8, 32), x, y, dtype)
        wx, b, wh, v, c = laid.start
        jax = lambda: peers.recurrent_in_jax(laid.x, laid.y, [wx, wh, b, v, c])
        torch = lambda: peers.recurrent_in_torch(laid.x, laid.y, 32)
    else:
        sizes = COLUMNS[name].sizes
        laid = lay(*build(sizes, COLUMNS[name].batch), dtype)
        jax = lambda: peers.in_jax(sizes, laid.x, laid.y, laid.start)
        torch = lambda: peers.in_torch(sizes, laid.x, laid.y, ("SGD", {"lr": 1e-4}))
    works = {"plan": laid.step(nn.SGD(1e-4)), "tape": laid.tape()}
    if installed("jax", without):
        works["jax"] = jax()
    if installed("torch", without) and dtype is np.float64:
        works["torch"] = torch()
    return laid, works


def line(name: str, blocks: int, seconds: float, without: tuple[str, ...]) -> str:
    laid, works = column(name, np.float64, without)
    times = measured(works, blocks, seconds)
    _, single = column(name, np.float32, without)
    singles = measured(single, blocks, seconds)
    bound = COLUMNS.get(name)
    beside = (f"≤ {bound.jax:g}", f"≤ {bound.tape:g}") if bound else ("–", "–")
    cells = [
        f"{1e6 * median(times['plan']):.0f}", ratio(times, "plan", "jax"), beside[0],
        ratio(singles, "plan", "jax"), ratio(times, "plan", "torch"),
        ratio(times, "tape", "plan"), beside[1], f"{sum(laid.plan.calls) + 2}",
        f"{1e3 * laid.built:.1f}",
    ]  # fmt: skip
    return f"{name:24}" + "".join(f"{cell:>10}" for cell in cells)


def optimizers(name: str, blocks: int, seconds: float, without: tuple[str, ...]) -> list[str]:
    """Each optimizer for one net: a step of the plan with it, / with plain SGD, / PyTorch's."""
    sizes, batch = NETS[name]
    lines = [f"{name:24}" + "".join(f"{h:>10}" for h in ("step µs", "/ SGD", "/ torch"))]
    laid = lay(*build(sizes, batch), np.float64)
    for said, (ours, theirs, settings) in OPTIMIZERS.items():
        works = {"ours": laid.step(ours), "plain": laid.step(nn.SGD(1e-4))}
        if installed("torch", without):
            works["torch"] = peers.in_torch(sizes, laid.x, laid.y, (theirs, settings))
        times = measured(works, blocks, seconds)
        cells = f"{1e6 * median(times['ours']):.0f}", ratio(times, "ours", "plain")
        cells = *cells, ratio(times, "ours", "torch")
        lines.append(f"  {said:22}" + "".join(f"{cell:>10}" for cell in cells))
    return lines


def main(arguments: list[str] | None = None) -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.05, help="of each work in each block")
    parser.add_argument("--only", default="", help="nets with this in their name, or optimizers")
    parser.add_argument("--without", nargs="*", default=(), help="peers to leave out")
    chosen = parser.parse_args(arguments)
    without = tuple(chosen.without)
    one_core()
    heads = ("plan µs", "/ JAX", "bound", "f32 / JAX", "/ torch", "tape /", "bound", "calls",
             "built ms")  # fmt: skip
    print(f"{'':24}" + "".join(f"{head:>10}" for head in heads))
    for name in (*COLUMNS, RECURRENT):
        if chosen.only in name:
            print(line(name, chosen.blocks, chosen.seconds, without), flush=True)
    if chosen.only in "optimizers":
        digits = "digits 64-32-10 b32"
        print("\n".join(["", *optimizers(digits, chosen.blocks, chosen.seconds, without)]))
    for peer in ("jax", "torch"):
        if not installed(peer, without):
            print(f"{peer} is left out: no comparison with it.")


if __name__ == "__main__":
    main()
