"""What the tests of widgets share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_loop_of_a_browser() -> Iterator[None]:
    """No event loop runs, as in plain Python; that of a browser does until its tests are over."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)
