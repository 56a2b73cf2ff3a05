"""What both steppers have in common: phases by name, and frames held back behind a question."""

from __future__ import annotations

from collections.abc import Callable

from ..films.film import Film
from .base import Widget
from .stage import Stage


class Stepper(Widget):
    """A widget whose stage plays one film of a recording, by operation and in larger steps.

    large      how the same recording is filmed for a lecture hall, or None: it is not
    presenter  whether that is what is shown first
    """

    finest = "operation"  # the cut in which phases and steps are counted

    def __init__(
        self, stage: Stage, large: Callable[[], Film] | None = None, presenter: bool = False
    ) -> None:
        super().__init__(stage, stage)
        self._film: Film = stage.source
        self._covered: int | None = None
        if large is not None:
            stage.on_presenter(self.guard(lambda on: stage.show(large() if on else self._film)))
            stage.presenter = bool(presenter)

    def k_of(self, after: str | int) -> int:
        """The step at which a phase ("forward", "loss", "backward" …) is done.

        Raises ValueError for a phase or a step that does not exist.
        """
        return self._film.k_of(after, self.finest)

    def cover(self, after: str | int) -> None:
        """Hold back everything after this phase or step until `uncover()`."""
        self._covered = self.k_of(after)
        self.stage.cover(self._covered)

    def uncover(self) -> None:
        """Hand over all that was held back."""
        self._covered = None
        self.stage.uncover()
