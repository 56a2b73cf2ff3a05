"""What a long run holds and what a look back costs.

    python -m tests.benchmarks.bench_run [--epochs N]

5,000 epochs of 2-16-16-1 on 200 samples in batches of 10, that is 100,000 steps, by Adam. Times are
processor time of one thread. Asked for: within 20 MB, any step back within 50 ms.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from backprop_kit.data import moons
from backprop_kit.nn import Adam
from backprop_kit.study import Run, net


def build() -> Run:
    return Run(net((2, 16, 16, 1), seed=1), moons(250, seed=1), optimizer=Adam(0.01), batch=10)


def held(run: Run) -> int:
    """The bytes of all kept states and curve points."""
    history = run._history
    return history.keep.nbytes + sum(p.nbytes for p in history.points)


def looks(run: Run, steps: list[int]) -> list[float]:
    """Milliseconds of each look, always from the end of the run."""
    last, times = run.branch.last, []
    for k in steps:
        run.seek(last)
        begun = time.process_time()
        run.seek(k)
        times.append(1e3 * (time.process_time() - begun))
    return times


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--epochs", type=int, default=5000)
    ask.add_argument("--allocations", action="store_true", help="count every byte (slow)")
    told = ask.parse_args()
    run = build()
    steps = told.epochs * run.steps_per_epoch
    if told.allocations:
        tracemalloc.start()
    begun = time.process_time()
    run.step(steps)
    spent = time.process_time() - begun
    rng = np.random.default_rng(0)
    far = looks(run, [int(k) for k in rng.integers(0, steps, 100)])
    run.seek(steps)
    near = []
    for _ in range(300):
        begun = time.process_time()
        run.back()
        near.append(1e3 * (time.process_time() - begun))
    print(f"{steps:,} steps: {1e6 * spent / steps:.0f} µs each, losses included")
    print(f"held: {held(run) / 1e6:.1f} MB, a checkpoint every {run._history.keep.gap} steps")
    if told.allocations:
        print(f"allocated in all: {tracemalloc.get_traced_memory()[0] / 1e6:.1f} MB")
    print(f"a look anywhere: {median(far):.1f} ms, at most {max(far):.1f} ms")
    print(f"one step back, 300 times: {median(near):.2f} ms, at most {max(near):.1f} ms")


if __name__ == "__main__":
    main()
