"""What a chart of losses depends on: where it stands, its axis, and how each branch is drawn."""

from __future__ import annotations

from typing import NamedTuple

from backprop_kit.films.training_lab.axis import Axis

COLOURS = ("run-1", "run-2", "run-3", "run-4")


class Box(NamedTuple):
    """Where a chart stands, in px: `names` from the right end, all else from the left or the top.

    size  of ticks; names are a little larger
    """

    left: int
    names: int
    head: int
    top: int
    bottom: int
    track: int
    size: int


BOX = Box(40, 160, 303, 318, 404, 427, 12)


class Line(NamedTuple):
    """A branch in the chart."""

    id: int
    colour: str
    present: bool
    named: bool
    start: int
    test: bool


class Shape(NamedTuple):
    """All that the marks depend on."""

    axis: Axis
    end: int
    lines: tuple[Line, ...]
    accuracy: bool
    other: bool
    roomy: bool
    box: Box

    @property
    def gap(self) -> float:
        """Between names."""
        return (2.6 if self.roomy else 1.5) * self.box.size


def colour_of(id: int) -> str:
    return "ink" if id == 0 else "faint" if id < 0 else COLOURS[(id - 1) % len(COLOURS)]
