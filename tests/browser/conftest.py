"""JupyterLab and Chromium, one of each for all browser tests."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab, Page, chromium_path, serve

# Without a graphics card Chromium would draw each page by an emulated one, three times as slowly.
_FLAGS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-gpu",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The system's Chromium, started once."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium or Chrome is installed")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(_FLAGS), headless=True)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(chromium: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab on an empty folder; its kernels find this project and the tests' helpers."""
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("JupyterLab is not installed")
    here = Path(__file__).resolve().parent
    roads = [str(here.parents[1]), str(here.parent), str(here), os.environ.get("PYTHONPATH", "")]
    with serve(tmp_path_factory.mktemp("lab"), os.pathsep.join(filter(None, roads))) as served:
        yield served


@pytest.fixture(scope="module")
def page(chromium, lab: Lab) -> Iterator[Page]:
    """One page for the tests of a file, 1280 × 900; what the console says is in ``page.said``."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield Page(context.new_page(), lab)
    context.close()
