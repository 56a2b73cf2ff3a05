"""What both steppers have in common: phases by name, and frames held back behind a question."""

from __future__ import annotations

from ..films.film import Film
from .base import Widget
from .stage import Stage


class Stepper(Widget):
    """A widget whose stage plays one film of a recording, by operation and in larger steps."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, stage)
        self._film: Film = stage.source
        self._covered: int | None = None

    def k_of(self, after: str | int) -> int:
        """The step at which a phase ("forward", "loss", "backward" …) is done.

        Raises ValueError for a phase or a step that does not exist.
        """
        frames = self._film.cuts["operation"]
        if isinstance(after, str):
            ks = [f.k for f in frames if f.phase == after]
            if not ks:
                phases = ", ".join(f'"{p}"' for p, _ in self._film.phases)
                raise ValueError(f"There is no phase {after!r} here.\nChoose one of {phases}.")
            return max(ks)
        if not 0 <= after <= frames[-1].k:
            raise ValueError(f"Step {after} does not exist.\nChoose 0 to {frames[-1].k}.")
        return after

    def cover(self, after: str | int) -> None:
        """Hold back everything after this phase or step until `uncover()`."""
        self._covered = self.k_of(after)
        self.stage.cover(self._covered)

    def uncover(self) -> None:
        """Hand over all that was held back."""
        self._covered = None
        self.stage.uncover()
