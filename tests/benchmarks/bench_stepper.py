"""What a stepper costs: python tests/benchmarks/bench_stepper.py

For the lamp (2–3–1) and the digit (64–32–10): the time to make it, the bytes of its film, and the
bytes that travel before the first picture (script, style and film together).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median

from backprop_kit.nn import SGD
from backprop_kit.study import board
from backprop_kit.widgets.forward_stepper import ForwardStepper


@dataclass(frozen=True)
class Cost:
    name: str
    construct: float  # seconds, the median of all runs
    film: int  # bytes
    script: int
    first_paint: int


def measure(name: str, step: float, runs: int = 9) -> Cost:
    model, x, y = board(name)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        stepper = ForwardStepper(model, x, y, optimizer=SGD(step))
        times.append(time.perf_counter() - start)
        film, script, everything = sizes(stepper)
        stepper.dispose()
    return Cost(name, median(times), film, script, everything)


def sizes(stepper: ForwardStepper) -> tuple[int, int, int]:
    """Bytes of the film, of script and style, and of the whole state as it opens."""
    state = dict(stepper.stage.get_state())
    film = state.pop("film")
    script = len((state["_esm"] + state["_css"]).encode())
    plain = {k: v for k, v in state.items() if not hasattr(v, "comm")}
    return len(film), script, len(film) + len(json.dumps(plain, default=str).encode())


def imports(runs: int) -> tuple[float, float]:
    """Seconds that `import numpy` and `import backprop_kit` take, the best of all runs."""
    clock = "from time import perf_counter as now; t = now(); import {}; print(now() - t)"

    def best(module: str) -> float:
        command = [sys.executable, "-c", clock.format(module)]
        times = [subprocess.run(command, capture_output=True, check=True) for _ in range(runs)]
        return min(float(t.stdout) for t in times)

    return best("numpy"), best("backprop_kit")


def report(runs: int = 9) -> list[str]:
    lines = [f"{'':10}{'make':>9}{'film':>10}{'script':>10}{'first paint':>13}"]
    for name, step in (("stairs", 0.25), ("digit", 0.05)):
        c = measure(name, step, runs)
        lines.append(
            f"{c.name:10}{c.construct * 1e3:>6.1f} ms{c.film / 1e3:>7.1f} kB"
            f"{c.script / 1e3:>7.1f} kB{c.first_paint / 1e3:>10.1f} kB"
        )
    numpy, kit = imports(runs)
    lines.append(f"import numpy {numpy * 1e3:.0f} ms, backprop_kit {kit * 1e3:.1f} ms")
    return lines


if __name__ == "__main__":
    print("\n".join(report()))
