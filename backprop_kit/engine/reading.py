"""Whether somebody's own Python code reads numbers while they are recorded.

What is computed from numbers that were read (a branch, a constant) is no operation: it is on no
tape and in no plan. `reads` tells of it; code of the kit itself is not counted.
"""

from __future__ import annotations

import sys
from threading import get_ident

_open: list[reads] = []


class reads:
    """`with reads() as found:` then `found.where` names the function that read numbers of a Tensor
    inside, such as "forward"; "" where none did."""

    where = ""

    def __enter__(self) -> reads:
        self._thread = get_ident()
        _open.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _open.remove(self)


def told() -> None:
    """Tell those who want to know that the caller's numbers are read."""
    frame, kit, here = sys._getframe(1), __package__.split(".")[0] + ".", __package__ + ".tensor"
    while frame.f_globals.get("__name__") == here and frame.f_back is not None:
        frame = frame.f_back
    if str(frame.f_globals.get("__name__", "")).startswith(kit):
        return
    for one in _open:
        if one._thread == get_ident():
            one.where = one.where or frame.f_code.co_name
