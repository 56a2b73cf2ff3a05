"""The column of controls of `TrainingLab`: what stands in it, and what turning one means.

`groups` the column as the page draws it · `turned` the change that a hand asks for: a `Fork` of
the run at the present moment, or a run `Anew` from step 0 · `hidden` checks what is left out
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..films.captions import speaker
from .base import refuse_unknown
from .knob_items import Anew, Fork, Item, Knob, State, switch
from .knobs_learning import LEARNING
from .knobs_start import DATA, NETWORK

say = speaker("training_controls")

_GROUPS: tuple[tuple[str, str, tuple[Knob, ...]], ...] = (
    ("DATA", "anew", DATA), ("NETWORK", "anew", NETWORK), ("LEARNING", "forks", LEARNING),
)  # fmt: skip
_KNOBS = {knob.name: knob for _, _, knobs in _GROUPS for knob in knobs}
# Switches of the picture: they change what is seen, and no number.
PICTURE = ("show test", "flat")
# Behind "more" in the page: a lesson seldom asks for them.
RARE = ("samples", "test", "features", "start", "momentum", "clip", *PICTURE)


def groups(
    state: State,
    hide: Collection[str] = (),
    *,
    switches: Mapping[str, bool] | None = None,
    more: Sequence[Item] = (),
) -> tuple[Item, ...]:
    """The column of controls, group by group; one in which nothing can be turned is left out.

    switches  of the picture, and whether they are on; `more` items come at the end of LEARNING
    """
    made, on = [], switches or {}
    for title, note, knobs in _GROUPS:
        items = [_named(k.name, k.item(state)) for k in knobs]
        if title == "DATA" and "points" in on:
            items.append(_named("points", switch(on["points"])))
        made.append((title, note, items + list(more if title == "LEARNING" else ())))
    drawn = [_named(n, switch(on[n])) for n in PICTURE if n in on]
    made.append(("PICTURE", "nothing", drawn))
    made.append(("", "", [_named("reset", {"kind": "button", "value": False, "text": ""})]))
    shown = (
        (title, note, [item for item in items if item["name"] not in hide])
        for title, note, items in made
        if title not in hide
    )
    return tuple(
        {"title": title and say(title), "note": note and say(note), "items": items}
        for title, note, items in shown
        if any(not item["off"] for item in items)
    )


def _named(name: str, item: Item) -> Item:
    """The item as the page wants it: of a list it knows the texts, and which place is chosen."""
    rare = {"more": True} if name in RARE else {}
    item = {"name": name, "label": say(name), "off": "", **item, **rare}
    values = item.pop("values", item.get("options"))
    if not values or item["kind"] == "chips":
        return item
    return {**item, "value": values.index(item["value"])}


def hideable() -> tuple[str, ...]:
    """Everything that `hide=` may name: controls, and whole groups by their titles."""
    titles = (title for title, _, _ in _GROUPS)
    return (*titles, "PICTURE", *_KNOBS, "points", *PICTURE, "reset")


def hidden(hide: Any) -> frozenset[str]:
    """What is to be hidden, checked; a name nobody knows is refused with the one that was meant."""
    names = [hide] if isinstance(hide, str) else list(hide or ())
    if not all(isinstance(name, str) for name in names):
        raise TypeError(
            'hide lists the names of controls.\nWrite hide=["optimizer", "batch"], for example.'
        )
    refuse_unknown([n for n in names if n not in hideable()], hideable(), "hide")
    return frozenset(names)


def turned(state: State, name: str, value: Any) -> Fork | Anew | None:
    """What turning a control to `value` asks for; None where nothing changes.

    value  the text of an option, or the number
    Raises ValueError, in two lines, for a value it does not have.
    """
    knob = _KNOBS.get(name)
    if knob is None or knob.item(state)["off"]:
        return None
    return knob.turn(state, value)


def chosen(state: State, name: str, place: Any) -> Any:
    """The value at a place of a control's list, as the page sends it; else what was sent."""
    knob = _KNOBS.get(name)
    item: Item = knob.item(state) if knob else {}
    values: Sequence[Any] = item.get("values") or item.get("options") or ()
    return values[place] if type(place) is int and 0 <= place < len(values) else place
