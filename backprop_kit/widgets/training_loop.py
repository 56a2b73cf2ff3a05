"""Long work in short turns on the kernel's event loop, so that cells and buttons get in between.

`Loop` · plays turns until one says that all is done, or somebody stops it
`event_loop` · the loop on which a kernel runs its cells
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable

from .lifecycle import _shell, lock

TURN = 0.03  # seconds a turn may take: a button that is pressed waits no longer
EVERY = 0.05  # seconds between two pictures, at least
BREATH = 0.001  # seconds between two turns, in which messages, and other threads, get in

log = logging.getLogger("backprop_kit")


class Loop:
    """Calls `turn()` again and again, each time under the lock of all callbacks.

    turn    works for a short while; returns how many seconds it would rest (0: go on at once),
            or None when all is done
    failed  is told an exception that ended the work; nothing is raised, since nobody would see it

    Everything here may be called from any thread. There is never more than one task, and none
    while nothing runs.
    """

    def __init__(
        self, turn: Callable[[], float | None], failed: Callable[[Exception], None]
    ) -> None:
        self._turn, self._failed = turn, failed
        self._go: object | None = None  # changes with every start and stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether turns are being played."""
        return self._go is not None

    def start(self) -> None:
        """Begin, or go on.

        Raises ValueError where no event loop runs that could play the turns.
        """
        if self.running:
            return
        loop = event_loop()
        if loop is None:
            raise ValueError(
                "Nothing runs here that could play: there is no event loop, as in a notebook.\n"
                "Write lab.seek(100) to train up to step 100, or lab.step()."
            )
        go = self._go = object()
        self._loop = loop
        loop.call_soon_threadsafe(self._begin, loop, go)

    def stop(self) -> None:
        """End after the turn that runs; safe at any time."""
        self._go = None
        task, loop = self._task, self._loop
        if task is not None and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    def _begin(self, loop: asyncio.AbstractEventLoop, go: object) -> None:
        if self._go is go:
            # A context of its own: the task belongs to no cell, though a cell may have begun it.
            self._task = loop.create_task(self._play(go), context=contextvars.Context())

    async def _play(self, go: object) -> None:
        mine = asyncio.current_task()
        try:
            while self._go is go:
                rest = BREATH
                # Who waits for the lock is answering a person, and comes first.
                if lock.acquire(blocking=False):
                    try:
                        if self._go is not go:
                            break
                        asked = self._turn()
                    finally:
                        lock.release()
                    if asked is None:
                        self._end(go)
                        break
                    rest = max(asked, BREATH)
                await asyncio.sleep(rest)
        except asyncio.CancelledError:
            pass
        except KeyboardInterrupt:  # who interrupts wants it to stop, and the kernel to go on
            self._end(go)
        except Exception as problem:
            log.warning("training was stopped", exc_info=True)
            self._end(go)
            self._failed(problem)
        finally:
            if self._task is mine:
                self._task = None

    def _end(self, go: object) -> None:
        if self._go is go:
            self._go = None


def event_loop() -> asyncio.AbstractEventLoop | None:
    """The running event loop of the kernel, else of this thread; None where there is none.

    Callbacks may arrive on threads with loops of their own, which end with their page: work that
    goes on belongs to the kernel's.
    """
    kernel = getattr(_shell(), "kernel", None)
    loop = getattr(getattr(kernel, "io_loop", None), "asyncio_loop", None)
    if isinstance(loop, asyncio.AbstractEventLoop) and loop.is_running():
        return loop
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
