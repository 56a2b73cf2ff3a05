"""The benchmarks run; what they measure is for reading, not for asserting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_bench_step_prints_a_line_for_each_net():
    out = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_step", "--blocks=1", "--seconds=0.0001"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    head, *lines = out.strip().splitlines()
    assert head.split()[:2] == ["step", "µs"]
    assert [line.split()[0] for line in lines[:5]] == [
        "xor",
        "playground",
        "digits",
        "wide",
        "deep",
    ]


def test_bench_run_says_what_a_run_holds_and_what_a_look_back_costs():
    out = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_run", "--epochs=20", "--allocations"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    steps, held, allocated, anywhere, back = out.strip().splitlines()
    assert steps.startswith("400 steps:") and "µs" in steps
    assert float(held.split()[1]) < float(allocated.split()[-2]) < 20
    assert anywhere.startswith("a look anywhere:") and back.startswith("one step back")
