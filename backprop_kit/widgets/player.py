"""A position in time that several stages share."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..films.fingerprint import go_together

if TYPE_CHECKING:
    from .stage import Stage


class Player:
    """A place in one recording: ``k`` steps of it are done.

    Stages that share a player stand at the same step, each in its own cut. They tell each other in
    the page, so that this also works while the kernel is busy or gone; the kernel only keeps ``k``.
    """

    def __init__(self) -> None:
        self.id = uuid4().hex
        self._k = 0
        self._trace: str | None = None
        # A player must not keep a stage alive that its cell has disposed of.
        self._stages: weakref.WeakSet[Stage] = weakref.WeakSet()

    @property
    def k(self) -> int:
        """The number of steps done."""
        return self._k

    def attach(self, stage: Stage) -> None:
        """Let a stage follow this player.

        Raises ValueError if its film shows another recording than the stages before.
        """
        trace = stage.source.trace
        if self._trace is not None and self._stages and not go_together(trace, self._trace):
            raise ValueError(
                "These films show different recordings, so they cannot share a Player.\n"
                "Give the second one a Player of its own."
            )
        self._trace = trace
        self._stages.add(stage)
        stage.player = self.id
        stage.k = self._k
        stage.observe(self._record, "k")

    def seek(self, k: int) -> None:
        """Take every stage to step ``k``."""
        if k < 0:
            raise ValueError(f"There is no step {k}.\nSteps are counted from 0.")
        self._k = k
        for stage in list(self._stages):
            stage.k = k

    def _record(self, change: dict[str, Any]) -> None:
        self._k = change["new"]
