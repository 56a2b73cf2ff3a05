"""Points and shapes in a square of two inputs: what a picture of a layer is computed at.

`grid` lines of points · `mapped` one point a pixel · `outline` the border of a small square ·
`strip` what lies between two parallel lines · `zero_line` where w·x + b = 0 · `contour` where a
map is 0.
"""

from __future__ import annotations

import numpy as np

PIXELS = 42
POINTS = 97  # on each line of a grid
BORDER = 24  # on each side of the small square
CORNERS = 8  # a square cut by two parallel lines has at most six


def reach_of(x: np.ndarray | None) -> float:
    """How far a plane goes in each direction: a quarter further than the samples; 2 without any."""
    if x is None or not x.size:
        return 2.0
    far = 1.25 * float(np.abs(x).max()) or 2.0
    unit = 10.0 ** np.floor(np.log10(far))
    steps = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return float(next(s * unit for s in steps if s * unit >= far * (1 - 1e-9)))


def step_of(reach: float) -> float:
    """The distance of the grid's lines."""
    return reach / (5 if (reach / 5) in (0.25, 0.5, 0.2, 0.1, 1.0) else 8)


def grid(reach: float) -> np.ndarray:
    """Upright lines, then level ones, each a row of points: (lines, POINTS, 2)."""
    at = np.linspace(-reach, reach, round(2 * reach / step_of(reach)) + 1)
    along = np.linspace(-reach, reach, POINTS)
    upright = np.stack(np.broadcast_arrays(at[:, None], along), -1)
    return np.concatenate([upright, upright[..., ::-1]])


def mapped(reach: float) -> np.ndarray:
    """The middle of each pixel, the upper row first: (PIXELS², 2)."""
    middle = (np.arange(PIXELS) + 0.5) / PIXELS * 2 * reach - reach
    a, b = np.meshgrid(middle, -middle)
    return np.stack([a, b], -1).reshape(-1, 2)


def outline(at: np.ndarray, half: float) -> np.ndarray:
    """The border of a square round a point, anticlockwise: (4·BORDER, 2)."""
    t = np.linspace(-1, 1, BORDER, endpoint=False)
    one = np.ones_like(t)
    sides = [(t, -one), (one, t), (-t, one), (-one, -t)]
    return at + half * np.concatenate([np.stack(side, -1) for side in sides])


def strip(
    w: np.ndarray, b: float, low: float | None, high: float | None, reach: float
) -> np.ndarray:
    """The part of the square in which low < w·x + b < high, as CORNERS points (the last repeated).

    Nothing of it: one point, which has no area.
    """
    points = reach * np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    for bound, sign in ((low, 1.0), (high, -1.0)):
        if bound is not None and len(points):
            points = _half(points, sign * (points @ w + b - bound))
    if len(points) < 3:
        return np.tile([[-reach, -reach]], (CORNERS, 1))
    return np.concatenate([points, np.tile(points[-1:], (CORNERS - len(points), 1))])


def _half(points: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Where in a convex polygon the value is not negative (Sutherland and Hodgman 1974)."""
    kept = []
    for i, v in enumerate(value):
        j = (i + 1) % len(points)
        if v >= 0:
            kept.append(points[i])
        if v * value[j] < 0:
            kept.append(points[i] + v / (v - value[j]) * (points[j] - points[i]))
    return np.array(kept)


def zero_line(w: np.ndarray, b: float, reach: float) -> np.ndarray:
    """Where w·x + b = 0, from edge to edge of the square: (2, 2); outside: twice one corner."""
    corners = reach * np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    value = corners @ w + b
    met = []
    for p, q, u, v in zip(corners, corners[1:], value, value[1:], strict=False):
        if (u > 0) != (v > 0):
            met.append(p + u / (u - v) * (q - p))
    return np.array(met) if len(met) == 2 else np.tile(corners[:1], (2, 1))


def contour(values: np.ndarray, reach: float, most: int = 128) -> np.ndarray:
    """Where a map changes its sign, as short pieces: (most, 2, 2), unused ones without length.

    Marching squares between the middles of the pixels (Lorensen and Cline 1987, in the plane).
    """
    side = values.reshape(PIXELS, PIXELS)
    at = mapped(reach).reshape(PIXELS, PIXELS, 2)
    first, last = slice(None, -1), slice(1, None)
    quads = ((first, first), (first, last), (last, last), (last, first))
    v = np.stack([side[q] for q in quads], -1).reshape(-1, 4)
    p = np.stack([at[q] for q in quads], -2).reshape(-1, 4, 2)
    pieces = []
    up = (v > 0).sum(axis=1)
    for i in np.flatnonzero((up > 0) & (up < 4)):
        cuts = []
        for a, b in ((0, 1), (1, 2), (2, 3), (3, 0)):
            if (v[i, a] > 0) != (v[i, b] > 0):
                cuts.append(p[i, a] + v[i, a] / (v[i, a] - v[i, b]) * (p[i, b] - p[i, a]))
        pieces += [cuts[j : j + 2] for j in range(0, len(cuts) - 1, 2)]
    found = np.array(pieces[:most]).reshape(-1, 2, 2)
    nothing = np.full((most - len(found), 2, 2), -reach)
    return np.concatenate([found, nothing])
