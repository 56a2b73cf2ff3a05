"""The sentences of a bill, and times as a person would say them."""

from __future__ import annotations

from backprop_kit.films.captions import speaker
from backprop_kit.films.numbers import number
from backprop_kit.study.cost import Bill
from backprop_kit.study.cost_runs import PAIRS, Shares, Standing

say = speaker("cost")

UNITS = ("µs", "ms", "s", "min", "h", "days")
_SECONDS = (1e-6, 1e-3, 1.0, 60.0, 3600.0, 86400.0)
MOST_CELLS = 3000


def clock(seconds: float) -> tuple[float, int]:
    """A time in the unit that suits it, and the number of the unit in `UNITS`."""
    at = max((i for i, unit in enumerate(_SECONDS) if seconds >= unit * 0.9995), default=0)
    if at == 3 and seconds < 120:  # 75 seconds are easier to read than 1.25 minutes
        at = 2
    return seconds / _SECONDS[at], at


def told(seconds: float) -> str:
    """A time in words, such as 4.50 min."""
    value, unit = clock(seconds)
    return f"{number(value)} {UNITS[unit]}"


def each(forwards: int) -> int:
    """How many passes one cell stands for, so that all of them can be seen."""
    scale = 1
    while forwards > MOST_CELLS * scale:
        scale *= 10
    return scale


def percent(share: float) -> str:
    return number(100 * share)


def caption(
    bill: Bill, standing: Standing, running: str, shares: Shares | None, presenter: bool = False
) -> str:
    """What has been found out by now."""
    gaps = {"count": f"{bill.count:,}", "forwards": f"{bill.forwards:,}", "pair": bill.pair}
    if running == "training":
        return say("training", pairs=PAIRS)
    if running:
        scale = each(bill.forwards)
        name = "running" if scale == 1 else "running.many"
        return say(name, samples=bill.samples, each=scale)
    if 0 < standing.done < bill.forwards:
        left = bill.count - max(0, standing.done - 1)
        return say("stopped", done=f"{standing.done:,}", left=f"{left:,}", **gaps)
    if standing.done and standing.pairs:
        first = say("both.large" if presenter else "both", **gaps)
    elif standing.pairs:
        first = say("pair", **gaps)
    elif standing.done:
        first = say("differences", **gaps)
    else:
        start = "start.large" if presenter else "start"
        return say(start, name=bill.name, samples=bill.samples, **gaps)
    if shares is None or not standing.pairs or presenter:
        return first
    return f"{first} {say('not', pairs=PAIRS, many=percent(shares.many))}"
