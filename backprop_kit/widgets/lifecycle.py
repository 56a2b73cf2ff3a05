"""What a cell makes, the next run of the cell disposes.

`made(thing)` · notes a thing with a `dispose()` for the running cell
`close(widget)` · closes an ipywidget with everything inside it
`running()` · which cell runs now, and which of its runs this is

Outside Jupyter there are no cells: everything here is then silent and does nothing.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from typing import Any, Protocol

log = logging.getLogger("backprop_kit")


class Disposable(Protocol):
    """Anything that can be told, once, that it is no longer wanted."""

    def dispose(self) -> None: ...


# Callbacks of current Jupyter may arrive on other threads, beside a running cell: one
# re-entrant lock for all of them, and for everything that changes what they read.
lock = threading.RLock()

_cells: dict[str, tuple[str, list[Disposable]]] = {}
_hooked: Any = None


def running() -> tuple[str, str] | None:
    """The running cell and its run, as (cell id, run id), or None outside a cell.

    The cell id is the `cellId` of the request, the run id the request's own id, so that two
    runs of one cell differ. A message from the browser is no run of a cell and gives None.
    """
    shell = _shell()
    parent = getattr(shell, "get_parent", lambda: None)() or {}
    cell = (parent.get("metadata") or {}).get("cellId")
    header = parent.get("header") or {}
    if not cell or header.get("msg_type", "execute_request") != "execute_request":
        return None
    return str(cell), str(header.get("msg_id", ""))


def made(thing: Disposable) -> None:
    """Note that the running cell made `thing`; its next run calls `thing.dispose()`."""
    now = running()
    if now is None:
        return
    _hook()
    with lock:
        dispose_earlier()
        _cells[now[0]][1].append(thing)


def forget(thing: Disposable) -> None:
    """Take `thing` off its cell's list, when it was disposed by hand."""
    with lock:
        for _, things in _cells.values():
            things[:] = [other for other in things if other is not thing]


def dispose_earlier(*_: object) -> None:
    """Dispose what earlier runs of the running cell made. Called before every cell runs."""
    now = running()
    if now is None:
        return
    cell, run = now
    with lock:
        last, things = _cells.setdefault(cell, (run, []))
        if last == run:
            return
        _cells[cell] = (run, [])
        for thing in reversed(things):
            try:
                thing.dispose()
            except Exception:  # one that cannot end must not keep the others alive
                log.warning("%s could not be disposed", type(thing).__name__, exc_info=True)


def close(widget: Any, keep: Sequence[Any] = ()) -> None:
    """Close an ipywidget, its children, and the layout and style it was given.

    Closing a box alone leaves all these in the kernel's register for good. `keep`: parts that
    belong to somebody else, which stay.
    """
    if any(widget is other for other in keep):
        return
    for child in getattr(widget, "children", ()):
        close(child, keep)
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if part is not None and hasattr(part, "close"):
            part.close()
    widget.unobserve_all()
    widget.close()


def _shell() -> Any:
    """IPython's shell, if there is one; IPython is not imported just to ask."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _hook() -> None:
    """Ask IPython once to call `dispose_earlier` before each cell.

    So a cell that is changed and no longer makes a widget still disposes the old one.
    """
    global _hooked
    shell = _shell()
    if shell is not None and shell is not _hooked and hasattr(shell, "events"):
        shell.events.register("pre_run_cell", dispose_earlier)
        _hooked = shell
