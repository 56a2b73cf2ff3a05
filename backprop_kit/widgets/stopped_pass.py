"""Draw a forward pass that stops half way, beside the error that says so.

`shown_if_stopped()` a context around a recording: the error goes on, and above it stands a picture
of what had been computed.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..films.stopped_pass import film_stopped
from ..study.stopped_pass import StoppedPass, stopped_pass
from .base import Widget
from .graph_stage import GraphStage
from .stage import executing

HOUSE = str(Path(__file__).parents[1])


class StoppedStepper(Widget):
    """The picture of a pass that stopped: the layers so far, and what could not be done."""

    def __init__(self, stopped: StoppedPass) -> None:
        self.stopped = stopped
        film = film_stopped(stopped)
        stage = GraphStage(film)
        stage.k = film.cuts["layer"][-1].k  # what went wrong is what a person wants to see first
        super().__init__(stage, stage)

    def text(self) -> tuple[str, ...]:
        """The two lines of the error."""
        return self.stopped.said


@contextmanager
def shown_if_stopped() -> Iterator[None]:
    """Let an error pass that ends a recording half way, and show in the cell how far it had come.

    Outside a running cell nothing is shown: the error carries the recording in its `trace`.
    """
    try:
        yield
    except Exception as problem:
        stopped = stopped_pass(problem)
        if stopped is not None and executing():
            sys.modules["IPython"].display.display(StoppedStepper(stopped))
            # Where the picture stands, the kit's own lines of a traceback tell nothing more.
            vars(problem)["_render_traceback_"] = partial(_short, problem)
        raise


def _short(problem: Exception) -> list[str]:
    """The error in a few lines, with the last line of the learner's own that led to it."""
    own = [
        f for f in traceback.extract_tb(problem.__traceback__) if not f.filename.startswith(HOUSE)
    ]
    where = [f"line {own[-1].lineno}: {own[-1].line}"] if own and own[-1].line else []
    return [*where, f"{type(problem).__name__}: {problem}"]
