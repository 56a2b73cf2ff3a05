"""What every test run shares.

With ``BACKPROP_KIT_STRICT=1`` a skipped test fails: where Chromium and torch are installed, nothing
may be left out. Without it a skip is reported with its reason (``-ra``).
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

# Products are small here, and two test files run at a time: threads of their own would only wait
# for each other. Set before NumPy is loaded, and inherited by kernels.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

STRICT = "BACKPROP_KIT_STRICT"


class SkipsFail:
    """Turns each skip into a failure that names its reason."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self,
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        return self._failed(report) if report.skipped else report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        return self._failed(report) if report.skipped else report

    def _failed(self, report):
        if isinstance(report.longrepr, tuple):  # (file, line, reason); an expected failure has none
            report.outcome = "failed"
            report.longrepr = f"{report.longrepr[2]} ({STRICT}=1: no test may be skipped)"
        return report


def pytest_configure(config: pytest.Config) -> None:
    # Registered as a plugin of its own: a conftest's hooks are not called for notebooks/.
    if os.environ.get(STRICT) == "1":
        config.pluginmanager.register(SkipsFail(), "skips-fail")
