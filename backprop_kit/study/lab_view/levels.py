"""The loss of a model of two numbers over both of them: level lines, the way taken, what is down.

`look_at_levels` the record `Levels`. The loss is recorded once on the training part and replayed
for all points of the grid at once; the minimum is found by Newton's step with exact second
derivatives (complex step), and left out where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from backprop_kit.engine.gradcheck import TINY
from backprop_kit.engine.replay import replay, replay_slopes
from backprop_kit.engine.tensor import Tensor

if TYPE_CHECKING:
    from backprop_kit.engine.tensor import Node
    from backprop_kit.study.run import Run

COLS, ROWS = 110, 66  # points of the grid; the plane is as much wider than it is high
CHUNK = 4_000_000  # numbers in one replay
NEWTON = 60  # steps to a minimum
POINTS = 400  # of a path
LINES = 9


class Ground(NamedTuple):
    """What does not change during a run.

    x, y     how far the plane goes, equal units both ways
    loss     (ROWS, COLS), the upper row first
    lines    the losses of the level lines, from the minimum up
    minimum  (w₁, w₂), or None where there is none in reach; lowest: the loss there
    """

    x: tuple[float, float]
    y: tuple[float, float]
    loss: np.ndarray
    lines: np.ndarray
    minimum: tuple[float, float] | None
    lowest: float


class Path(NamedTuple):
    """The way of one branch: steps (n,) and places (n, 2)."""

    id: int
    steps: np.ndarray
    at: np.ndarray


@dataclass(frozen=True, eq=False)
class Levels:
    """names  of both numbers · at: where the ball is · slope: of the loss over the training part
    angle  between −slope and the way to the minimum, in degrees; None where it is not told
    """

    names: tuple[str, str]
    ground: Ground
    at: np.ndarray
    slope: np.ndarray
    angle: float | None
    paths: tuple[Path, ...]


class _Surface:
    """The loss of the training part as a function of the two numbers, recorded once."""

    def __init__(self, run: Run) -> None:
        model = run.model.eval()
        rows = run.data.split[0]
        x, y = run.data.x[rows], run.data.y[rows]
        self.loss = run.loss(model(Tensor(x, requires_grad=False)), y).node
        self.leaves: list[Node] = [p.node for _, p in model.named_parameters()]
        self.names = _names([path for path, _ in model.named_parameters()], self.leaves)
        self.chunk = max(1, CHUNK // max(len(rows), 1))
        self.ground: Ground | None = None

    def given(self, points: np.ndarray) -> dict[Node, np.ndarray]:
        """(R, 2) points as an ensemble of numbers at the leaves."""
        sizes = np.cumsum([n.value.size for n in self.leaves])[:-1]
        parts = np.split(points, sizes, axis=1)
        return {n: p.reshape(-1, *n.value.shape) for n, p in zip(self.leaves, parts, strict=True)}

    def at(self, points: np.ndarray) -> np.ndarray:
        pieces = range(0, len(points), self.chunk)
        return np.concatenate(
            [replay(self.loss, self.given(points[i : i + self.chunk])) for i in pieces]
        )

    def slopes(self, points: np.ndarray) -> np.ndarray:
        _, parts = replay_slopes(self.loss, self.given(points), self.leaves)
        return np.concatenate([p.reshape(len(points), -1) for p in parts], axis=1)

    def minimum(self, start: np.ndarray) -> np.ndarray | None:
        """Where the loss is flat and curved up on all sides; None if the steps do not get there."""
        at = start.astype(float)
        with np.errstate(all="ignore"):
            for _ in range(NEWTON):
                turned = self.slopes(at + 1j * TINY * np.eye(2))
                curved, slope = turned.imag / TINY, turned.real[0]
                if not np.isfinite(turned).all() or np.linalg.eigvalsh(curved)[0] <= 0:
                    return None
                step = np.linalg.solve(curved, slope)
                at = at - step
                if np.abs(step).max() <= 1e-10 * (1 + np.abs(at).max()):
                    return at
        return None


_SURFACES: WeakKeyDictionary[Run, _Surface] = WeakKeyDictionary()


def look_at_levels(run: Run, numbers: Mapping[str, np.ndarray], angle: bool = True) -> Levels:
    """The ground, the ball, what is down, and every branch's way."""
    surface = _SURFACES.get(run)
    if surface is None:
        surface = _SURFACES[run] = _Surface(run)
    here = np.concatenate([v.reshape(-1) for v in numbers.values()])
    if surface.ground is None:
        surface.ground = _ground(surface, np.asarray(run.trail(0)[1][0], float))
    slope = surface.slopes(here[None])[0]
    paths = tuple(_path(b.id, *run.trail(b.id)) for b in run.branches)
    goal = surface.ground.minimum if angle else None
    return Levels(surface.names, surface.ground, here, slope, _angle(here, slope, goal), paths)


def _ground(surface: _Surface, start: np.ndarray) -> Ground:
    goal = surface.minimum(start)
    middle = start if goal is None else goal
    half = 1.24 * max(float(np.abs(start - middle).max()), 1e-9) if goal is not None else 3.0
    # Both ends in round numbers, and both directions in the same units.
    unit = 10.0 ** np.floor(np.log10(half)) / 2
    half = float(np.ceil(half / unit) * unit)
    high = half * ROWS / COLS
    if goal is not None and abs(start[1] - middle[1]) > 0.9 * high:
        half, high = half * COLS / ROWS, half
    x, y = (middle[0] - half, middle[0] + half), (middle[1] - high, middle[1] + high)
    a, b = np.meshgrid(np.linspace(*x, COLS), np.linspace(*y, ROWS)[::-1])
    loss = surface.at(np.stack([a.ravel(), b.ravel()], axis=1)).reshape(ROWS, COLS)
    lowest = float(loss.min()) if goal is None else float(surface.at(goal[None])[0])
    reach = float(np.quantile(loss[np.isfinite(loss)], 0.8)) - lowest
    begin = float(surface.at(start[None])[0]) - lowest
    # Evenly in the root, as round hollows are; one of them runs through the start.
    gap = np.sqrt(begin) / 3 if begin > 0 else np.sqrt(max(reach, 1e-12)) / LINES
    lines = lowest + (gap * np.arange(1, LINES + 1)) ** 2
    found = None if goal is None else (float(goal[0]), float(goal[1]))
    return Ground(x, y, loss, lines, found, lowest)


def _names(paths: list[str], leaves: list[Node]) -> tuple[str, str]:
    """What the two numbers are called: w_1, w_2, or w and b."""
    if len(leaves) == 1:
        return "w_1", "w_2"
    ends = [path.rpartition(".")[2].lower() for path in paths]
    return (ends[0], ends[1]) if ends[0] != ends[1] else ("w_1", "w_2")


def _path(id: int, steps: np.ndarray, at: np.ndarray) -> Path:
    """A path in few points: all at first, where most happens, then evenly."""
    if len(steps) > POINTS:
        kept = np.unique(np.concatenate([
            np.arange(POINTS // 2), np.linspace(POINTS // 2, len(steps) - 1, POINTS // 2),
        ]).astype(int))  # fmt: skip
        steps, at = steps[kept], at[kept]
    return Path(id, np.asarray(steps), np.asarray(at, float))


def _angle(here: np.ndarray, slope: np.ndarray, goal: tuple[float, float] | None) -> float | None:
    """Degrees between −slope and the way to the goal."""
    if goal is None:
        return None
    way = np.array(goal) - here
    sizes = float(np.linalg.norm(way) * np.linalg.norm(slope))
    if not 0 < sizes < np.inf:
        return None
    return float(np.degrees(np.arccos(np.clip(-(way @ slope) / sizes, -1, 1))))
