"""Where everything stands: the columns, their sizes, and what goes below a neuron."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from backprop_kit.films.forward_pass.layers import CLOSE, NARROW, ROOM, WIDTHS, Column
from backprop_kit.films.forward_pass.scene import Scene

Mark = dict[str, Any]
SIZE = (ROOM, 382)
TOP, BOTTOM, HEAD = 20, 350, 8
SLOT, WIDE_SLOT = (84, 19), 92  # the word "slope" needs more room than a symbol
PILL, RADIUS = (47, 20), 26
PROBABILITY, SLOPE = 58, 58  # the widths of these boxes
STRIP_SLOPES = 26  # a second, thinner strip with its gap
STRIP = (TOP + 4, BOTTOM - 18)  # a strip leaves a line below for the name of its slopes


@dataclass(frozen=True)
class Spot:
    """Where a column stands: its middle, its width, and the middles of its units.

    Where the picture is narrower, only what lies between the columns gives way: x, the part of
    the place that shrinks with the picture, counts the gaps so far, and dx the rest.
    w is the width of its units, beside the room to their right for their slopes.
    """

    x: float
    w: float
    beside: float
    ys: tuple[float, ...]
    r: float = RADIUS
    dx: float = 0

    def at(self, dx: float = 0) -> Mark:
        """The place of a mark this far from the middle of the column."""
        return {"x": self.x, "dx": self.dx + dx}

    def to(self, other: Spot, share: float, dx: float = 0, dx_other: float = 0) -> Mark:
        """A place on the way to another column, from dx beside this one to dx_other beside it."""
        mine, theirs = self.dx + dx, other.dx + dx_other
        return {"x": self.x + share * (other.x - self.x), "dx": mine + share * (theirs - mine)}

    @property
    def right(self) -> float:
        """From the middle to the right edge, slopes included."""
        return self.w / 2 + self.beside

    def clear(self, other: Spot) -> float:
        """How far the other column's middle is, in the narrow picture."""
        return (other.x - self.x) * NARROW / ROOM + other.dx - self.dx


def layout(scene: Scene) -> list[Spot]:
    """Middles and widths of the columns and of the loss, from left to right."""
    columns = scene.columns
    widths: list[float] = [_width(scene, c) for c in columns] + [WIDTHS["loss"]]
    close = {c.number for c in columns if after_softmax(scene, c)}
    room = SIZE[0] - sum(widths) - CLOSE * len(close)
    # What stands between two columns wants room; between the output and the loss is only an arrow,
    # and beside an image stand the largest terms.
    shares = [0 if c.number + 1 in close else 1.0 for c in columns]
    shares[-1] = 0.4 if len(columns) > 2 else 1.0
    shares[0] = 1.5 if columns[0].kind == "image" else 1.0
    for layer in scene.layers:
        if layer.block is not None:
            shares[layer.number - 1] = 2.0  # its name stands there
    spots: list[Spot] = []
    left, gaps = 0.0, 0.0
    for c, w, share in zip([*columns, None], widths, [*shares, 0], strict=True):
        spot = _spot(scene, c, left, w)
        x = ROOM * gaps
        spots.append(replace(spot, x=x, dx=spot.x - x))
        left += w + (room * share / sum(shares) if share else CLOSE)
        gaps += share / sum(shares)
    return spots


def after_softmax(scene: Scene, column: Column) -> bool:
    return scene.softmax and column.number == len(scene.layers)


def _width(scene: Scene, c: Column) -> float:
    """The width of a column with the slopes beside it."""
    if c.kind == "neurons":
        below = bool(slots(scene, c))
        return (WIDE_SLOT if scene.plain else SLOT[0]) if below else 2 * RADIUS
    if c.kind == "batch":
        return max(WIDTHS["batch"], 144 - 16 * len(scene.columns))  # wide where there are few
    boxes = c.kind == "boxes" and after_softmax(scene, c)
    return (PROBABILITY if boxes else WIDTHS[c.kind]) + _beside(scene, c)


def _beside(scene: Scene, c: Column) -> float:
    """Room for the slopes at the sums; those at scores stand behind the probabilities."""
    if c.kind == "strip":
        return STRIP_SLOPES if scene.has(f"dz{c.number}") else 0
    shown = after_softmax(scene, c) or not scene.softmax
    return SLOPE + 6 if c.kind == "boxes" and c.number and shown else 0


def _spot(scene: Scene, c: Column | None, left: float, wide: float) -> Spot:
    beside = _beside(scene, c) if c is not None else 0
    w = wide - beside
    middle = left + w / 2
    if c is None or c.kind in ("image", "strip", "batch"):
        return Spot(middle, w, beside, ((TOP + BOTTOM) / 2,))
    pitch = (BOTTOM - TOP) / c.n
    ys = [TOP + pitch * (i + 0.5) for i in range(c.n)]
    if c.kind == "boxes":
        return Spot(middle, w, beside, tuple(ys))
    below = len(slots(scene, c))
    r = 20 if c.n > 3 else 22 if below > 1 and c.n == 3 else RADIUS
    above = PILL[1] + 3 if has_offsets(scene, c) else 0
    lift = (below * (SLOT[1] + 1) + 2 - above) / 2
    return Spot(middle, w, beside, tuple(y - lift for y in ys), r)


def slots(scene: Scene, c: Column) -> list[tuple[str, str]]:
    """(array, label) of the slots under a neuron: the slope at its value, then at its sum."""
    if c.number == 0:
        return []
    layer = scene.layers[c.number - 1]
    both = [(f"dv{c.number}", f"∂{c.letter}"), (f"dz{c.number}", f"δ{layer.sub}")]
    if scene.plain:
        both = [(f"dz{c.number}", "slope")]
    elif layer.block is not None or layer.linear is None:
        both = both[:1]
    elif layer.sums is layer.result:
        both = both[1:]
    return [(a, label) for a, label in both if scene.has(a)][-(1 if c.n > 3 else 2) :]


def slope_name(scene: Scene, number: int) -> str:
    """What the slopes at the sums of a layer are called: δ with its number, or the word alone."""
    return "slope" if scene.plain else f"$δ{scene.layers[number - 1].sub}$"


def has_offsets(scene: Scene, c: Column) -> bool:
    """Whether offsets stand above the neurons of a column."""
    return c.kind == "neurons" and c.n < 4 and scene.has(f"b{c.number}")


def middles(c: Column, spot: Spot) -> list[float]:
    if c.kind in ("neurons", "boxes"):
        return list(spot.ys)
    top, bottom = STRIP
    return [top + (bottom - top) * (i + 0.5) / c.n for i in range(c.n)]


def binding(scene: Scene, name: str, index: int = 0) -> list[list[Any]]:
    """The number at this place, before and after the update."""
    return [[a, index] for a in (name, name + "+") if scene.has(a)]
