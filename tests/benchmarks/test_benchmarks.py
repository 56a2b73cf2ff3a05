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
