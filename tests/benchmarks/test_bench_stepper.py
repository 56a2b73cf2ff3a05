"""The benchmark runs and says what it promises; times are printed, never judged."""

import subprocess
import sys
from pathlib import Path


def test_the_bench_of_the_stepper_runs():
    script = Path(__file__).with_name("bench_stepper.py")
    run = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    head, lamp, digit, imported = run.stdout.splitlines()
    assert imported.startswith("import numpy ")
    assert head.split() == ["make", "film", "script", "first", "paint"]
    for line, name in ((lamp, "stairs"), (digit, "digit")):
        found, _, ms, film, kb, script_, _, whole, _ = line.split()
        assert (found, ms, kb) == (name, "ms", "kB")
        assert float(film) + float(script_) <= float(whole) + 0.2
        assert float(whole) <= 100
