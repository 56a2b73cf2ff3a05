"""The benchmark of plans runs, with and without its peers; times are printed, never judged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def lines(*arguments: str) -> list[str]:
    out = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_plan", "--blocks=1", "--seconds=0.0001",
         *arguments],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return out.strip().splitlines()


def test_it_prints_a_line_for_each_net_and_each_optimizer_without_any_peer():
    head, *found = lines("--without", "jax", "torch")
    assert head.split()[:5] == ["plan", "µs", "/", "JAX", "bound"]
    names = [line.split()[0] for line in found if line.strip()]
    assert names[:7] == ["xor", "playground", "playground", "digits", "wide", "deep", "recurrent"]
    assert names[8:16] == ["SGD", "momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam", "AdamW",
                           "SGD,"]  # fmt: skip
    assert found[-2:] == [f"{p} is left out: no comparison with it." for p in ("jax", "torch")]
    xor = found[0][24:].split()
    assert xor[1:5] == ["–", "≤", "1", "–"] and float(xor[0]) > 0


def test_it_compares_with_the_peers_that_are_installed():
    found = lines("--only", "xor")
    assert len(found[1][24:].split()) == 11  # nine columns, two of them with a ≤
