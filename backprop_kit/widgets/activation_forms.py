"""The three forms of `ActivationExplorer`: what each remembers, and what a hand does to it.

A form never changes: what a drag, a choice or a press makes of it is another form, or None where
the page asked for something that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..films.activation import film_layer, film_net, film_neuron
from ..films.captions import speaker
from ..films.film import Film
from ..films.numbers import number
from ..study.activations import KNOWN, Activation, Neuron, NeuronGraph
from ..study.bent_layer import LayerGraph
from ..study.bent_net import Net, NetGraph
from ..study.layer_record import Layer

say = speaker("activation")

TOLERANCE = 1e-10
Badge = dict[str, Any]


def offered(own: Activation | None) -> tuple[Activation, ...]:
    """The activations to choose from: the five everybody meets, and one's own."""
    known = tuple(KNOWN.values())
    return known if own is None or own.name in KNOWN else (own, *known)


def badge(count: int, good: bool, rows: list[str]) -> Badge:
    text = f"{count} of {count} checked" if good else "a slope is wrong"
    return {"state": "ok" if good else "failed", "text": text, "rows": rows}


@dataclass(frozen=True, eq=False)
class NeuronForm:
    """One neuron, its sum moved by its bias. `rest`: where the last move ended."""

    graph: NeuronGraph
    record: Neuron
    rest: tuple[float, float, float]

    @classmethod
    def of(cls, graph: NeuronGraph, name: str, b: float) -> NeuronForm:
        record = graph.at(name, b)
        return cls(graph, record, (record.z, record.h, record.slope))

    def film(self, covered: bool, presenter: bool) -> Film:
        return film_neuron(self.record, presenter=presenter)

    def numbers(self) -> dict[str, np.ndarray]:
        return {"w": self.record.w, "b": np.array(self.record.b)}

    def dragged(self, tag: str, x: float, y: float | None, done: bool) -> NeuronForm | None:
        if tag not in ("z", "z slope"):
            return None
        record = self.graph.moved_to(self.record.act.name, x, self.rest)
        at = (record.z, record.h, record.slope)
        return replace(self, record=record, rest=at if done else self.rest)

    def chosen(self, name: str) -> NeuronForm | None:
        return NeuronForm.of(self.graph, name, self.record.b) if name in self.graph.acts else None

    def pressed(self, tag: str) -> NeuronForm | None:
        return None

    def check(self) -> Badge:
        error, rows = self.graph.check(self.record)
        return badge(len(rows), error <= TOLERANCE, rows)

    def summary(self) -> str:
        r = self.record
        return say("summary.neuron", z=r.z, h=r.h, slope=r.slope)


@dataclass(frozen=True, eq=False)
class LayerForm:
    """A layer as a bent plane; `selected` is the neuron whose numbers are shown."""

    graph: LayerGraph
    record: Layer
    acts: Mapping[str, Activation]
    open: bool
    selected: int = 0

    def film(self, covered: bool, presenter: bool) -> Film:
        names = () if self.record.act is None else tuple(self.acts)
        return film_layer(
            self.record, names, open=self.open, selected=self.selected, presenter=presenter
        )

    def numbers(self) -> dict[str, np.ndarray]:
        found = {"W": self.record.W, "b": self.record.b}
        return {name: v for name, v in found.items() if v is not None}

    def dragged(self, tag: str, x: float, y: float | None, done: bool) -> LayerForm | None:
        if tag == "x" and y is not None:
            reach = self.record.reach
            at = np.clip([x, y], -reach, reach)
            return self._at(at, self.numbers())
        changed = _turned(self.numbers(), tag, x)
        return None if changed is None else self._at(self.record.x, changed)

    def _at(self, x: np.ndarray, numbers: Mapping[str, np.ndarray]) -> LayerForm:
        return replace(self, record=self.graph.at(x, numbers, self.record.act))

    def chosen(self, name: str) -> LayerForm | None:
        if name not in self.acts or self.record.act is None:
            return None
        found = self.graph.at(self.record.x, self.numbers(), self.acts[name])
        return replace(self, record=found)

    def pressed(self, tag: str) -> LayerForm | None:
        if tag == "open":
            return replace(self, open=not self.open)
        block, _, index = tag.partition(":")
        if block == "tile" and index.isdecimal() and int(index) < self.record.units:
            return replace(self, selected=int(index))
        return None

    def check(self) -> Badge:
        count, error = self.graph.check(self.record)
        what = "slopes of the activation and of h by x"
        return badge(count, error <= TOLERANCE, [f"{count} {what}, largest difference {error:.0e}"])

    def summary(self) -> str:
        r = self.record
        h = ", ".join(number(v) for v in r.h[:4]) + (" …" if r.units > 4 else "")
        return say("summary.layer", n=r.units, h=h, area=f"{number(100 * r.area)} %")


@dataclass(frozen=True, eq=False)
class NetForm:
    """A whole small net."""

    graph: NetGraph
    record: Net
    acts: Mapping[str, Activation]
    open: bool

    def film(self, covered: bool, presenter: bool) -> Film:
        names = () if covered else tuple(self.acts)
        return film_net(self.record, names, open=self.open, covered=covered, presenter=presenter)

    def numbers(self) -> dict[str, np.ndarray]:
        return dict(self.record.numbers)

    def dragged(self, tag: str, x: float, y: float | None, done: bool) -> NetForm | None:
        changed = _turned(self.record.numbers, tag, x)
        if changed is None:
            return None
        return replace(self, record=self.graph.at(changed, self.record.act))

    def chosen(self, name: str) -> NetForm | None:
        if name not in self.acts or not self.graph.bends:
            return None
        return replace(self, record=self.graph.at(self.record.numbers, self.acts[name]))

    def pressed(self, tag: str) -> NetForm | None:
        return replace(self, open=not self.open) if tag == "open" else None

    def check(self) -> Badge:
        report = self.graph.check(self.record)
        rows = [f"{r.name}: {r.count} slopes of the outputs' sums, largest difference {r.error:.0e}"
                for r in report.rows]  # fmt: skip
        return badge(report.count, bool(report), rows)

    def summary(self) -> str:
        out = self.record.outputs[0]
        return say("summary.net", size=self.record.size, n=len(out), low=float(out.min()),
                   high=float(out.max()))  # fmt: skip


Form = NeuronForm | LayerForm | NetForm
Check = Callable[[], Badge]


def _turned(
    numbers: Mapping[str, np.ndarray], tag: str, value: float
) -> dict[str, np.ndarray] | None:
    """The numbers with one of them turned; the tag of its slider is path:index, or path:row:col."""
    path, *places = tag.split(":")
    if path not in numbers or not places or not all(p.isdecimal() for p in places):
        return None
    new = numbers[path].copy()
    by_axis = len(places) == new.ndim
    seen = new if by_axis else new.reshape(-1)
    index = tuple(int(p) for p in (places if by_axis else places[:1]))
    if any(i >= n for i, n in zip(index, seen.shape, strict=True)):
        return None
    seen[index] = value
    return {**numbers, path: new}
