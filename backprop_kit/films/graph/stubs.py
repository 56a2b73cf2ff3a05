"""Uses too far away to draw an edge to: a short end at the value and one at its user, with a name.

The part that comes back through a stub is added where the value stands: there is one real node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop_kit.films.graph.scene import Use
from backprop_kit.films.graph.tags import Mark, tag
from backprop_kit.films.graph.units import STUB, Picture, Unit

UP = 19.0  # how far above the middle a stub stands
CARD_UP = 36.0


def stubs(picture: Picture, unit: Unit, start: float) -> Iterator[Mark]:
    """The stubs of a unit: out from `start`, and in."""
    uses = picture.far_out(unit)
    if uses:
        up = CARD_UP if unit.scope is not None else UP
        y = unit.y - (up if len(uses) < len(picture.leaving(unit)) else 0)
        pts = [[unit.x, start, unit.y], [unit.x, start + STUB, y]]
        if unit.scope is not None:
            pts = [[unit.x, start, y], [unit.x, start + STUB, y]]
        for use in uses:
            yield path(picture, use, pts)
        yield _name(picture, uses, unit.x, start + STUB + 4, y, out=True)
    uses = picture.far_in(unit)
    if uses:
        card = unit.scope is not None
        end = picture.card[0] / 2 + 2 if card else picture.rim(unit) + picture.word(unit) * 0.9
        y = unit.y - (CARD_UP if card else UP)
        pts = [[unit.x, -end - STUB, y], [unit.x, -end, y if card else unit.y - 5]]
        for use in uses:
            yield path(picture, use, pts)
        yield _name(picture, uses, unit.x, -end - STUB - 4, y, out=False)


def path(picture: Picture, use: Use, pts: Sequence[Sequence[float]]) -> Mark:
    """The edge of one use, from its source to its user."""
    name = tag(picture, "e", use.target, picture.uses[use.target].index(use))
    made = use.user if use.scope is None else use.scope.result
    single = use.target.value.size == 1 and use.user.value.size == 1 and use.count == 1
    return {"t": "path", "tag": name, "pts": [list(p) for p in pts],
            "v": [[use.array, 0]] if use.array else [],
            "since": picture.graph.trace.computed_at[made], "back": use.k is not None,
            **({} if single else {"many": True})}  # fmt: skip


def _name(picture: Picture, uses: list[Use], x: float, dx: float, y: float, *, out: bool) -> Mark:
    return {"t": "text", "x": x, "dx": round(dx, 1), "y": y, "s": picture.stub_name(uses, out=out),
            "size": 12, "c": "muted", "anchor": "start" if out else "end"}  # fmt: skip
