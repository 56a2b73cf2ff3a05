"""The film of a bill: what one gradient costs by one way back, and by asking number after number.

`film_cost(bills, …)` is pure: bills and what has been run of them in, a Film out.

picture  two fields of cells, one cell a pass
chart    forwards for a gradient as the net grows
words    the sentences, and times in words
"""

from __future__ import annotations

from collections.abc import Sequence

from backprop_kit.films.cost.chart import panel
from backprop_kit.films.cost.picture import SIZE, arrays, marks
from backprop_kit.films.cost.words import caption
from backprop_kit.films.film import Film, Frame
from backprop_kit.study.cost import Bill
from backprop_kit.study.cost_runs import Shares, Standing

__all__ = ["film_cost"]


def film_cost(
    bills: Sequence[Bill],
    standings: Sequence[Standing],
    chosen: int,
    running: str = "",
    shares: Shares | None = None,
    *,
    presenter: bool = False,
) -> Film:
    """The film of several bills, one of them chosen; it has one frame.

    standings  what has been run, one a bill
    running    what is being run now: "passes", "training" or nothing
    shares     what training does, None while that is not known
    presenter  fewer parts, in larger type
    """
    bill, standing = bills[chosen], standings[chosen]
    return Film(
        title=(f"One gradient of {bill.samples}", f"{bill.name} · {bill.count:,} numbers"),
        size=SIZE,
        arrays=arrays(bill, standing, bool(running)),
        marks=marks(presenter),
        phases=(("forward", "Run"),),
        cuts={
            "run": (
                Frame(
                    0,
                    "forward",
                    caption(bill, standing, running, shares, presenter),
                    panel=panel(bills, standings, chosen, shares, presenter),
                ),
            )
        },
        head="CostMeter",
        choices=({"name": "net", "options": [b.name for b in bills], "chosen": chosen},),
        presenter=presenter,
    )
