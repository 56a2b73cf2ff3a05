"""`ActivationExplorer`: sums and bends, as one neuron, one layer, or a whole small net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..films.captions import speaker
from ..nn import Module
from ..study.activations import NeuronGraph, activation
from ..study.bent_layer import LayerGraph
from ..study.bent_net import NetGraph
from ..study.samples import grouped, rows_of, vector
from .activation_forms import Form, LayerForm, NetForm, NeuronForm, offered
from .badge import CHECKING
from .base import Widget, refuse_unknown
from .live_stage import LiveStage

say = speaker("activation")

SHOW = ("neuron", "layer", "net")
CORNER = (0.65, 0.55)  # where x stands at first, as a share of the plane
KNOWN = ("model", "X", "y", "w", "b", "x", "groups", "show", "open", "presenter")


class ActivationExplorer(Widget):
    """Sums and bends to try out: drag a sum, a point or a weight, and see what follows.

    One neuron     `ActivationExplorer("tanh", w=[1.4, -0.2], x=[1, -1], b=0)`: value and slope of
                   an activation (a name, a module, or a function of a Tensor), the sum on both
    One layer      `ActivationExplorer(model, X)`: the first layer of a model with two inputs, as a
                   plane that is turned, bent and cut
    A whole net    `ActivationExplorer(model, X, show="net")`: every number of a small net with one
                   output, and its outputs added up by group, without and with a bend

    X       samples, one a row; y: their labels, or groups: a name for each row
    x       the inputs of the neuron, or the point of the layer
    open    whether the numbers of a layer or a net can be turned at once
    show    "neuron", "layer" or "net"; None: what the arguments suggest
    presenter  large type for a lecture hall, also by key p

    The model is never changed; `.numbers` are those that were turned here.
    Raises ValueError or TypeError, in two lines, for input that does not fit.
    """

    def __init__(
        self,
        model: Any,
        X: Any = None,
        y: Any = None,
        *,
        w: Any = None,
        b: float = 0.0,
        x: Any = None,
        groups: Sequence[str] | None = None,
        show: str | None = None,
        open: bool = False,
        presenter: bool = False,
        **unknown: Any,
    ) -> None:
        refuse_unknown(unknown, KNOWN, "ActivationExplorer")
        if show is not None and show not in SHOW:
            raise ValueError(
                f"show is {show!r}; there are {', '.join(SHOW)}.\n"
                'Write show="layer", or leave it out.'
            )
        if show is None:
            alone = isinstance(model, str) or not _has_numbers(model)
            show = "neuron" if w is not None or (X is None and alone) else "layer"
        if show == "neuron":
            self._form: Form = _neuron(model, w, x, b)
        elif show == "layer":
            self._form = _layer(model, X, y, x, groups, bool(open))
        else:
            self._form = _net(model, X, y, groups, bool(open))
        self._covered: int | None = None
        stage = LiveStage(self._form.film(False, False), cut="move")
        super().__init__(stage, stage)
        stage.badge = CHECKING
        stage.on_presenter(self.guard(lambda on: self._show()))
        stage.presenter = bool(presenter)
        stage.on_drag(self.guard(self._dragged, restore=self._again))
        stage.on_choose(self.guard(self._chosen, restore=self._again))
        stage.on_press(self.guard(self._pressed, restore=self._again))
        stage.on_painted(self.guard(self._check))

    # --- what a lesson asks -----------------------------------------------------------------------
    @property
    def numbers(self) -> dict[str, np.ndarray]:
        """The numbers as they are turned now, {name: array}; of a neuron its w and b."""
        return self._form.numbers()

    def k_of(self, after: str | int) -> int:
        """The step at which a phase ("weights", "bend", "cut") is done.

        Raises ValueError for a phase or a step that does not exist.
        """
        return self._form.film(False, False).k_of(after, "move")

    def cover(self, after: str | int) -> None:
        """Hold back everything after this phase or step until `uncover()`."""
        self._covered = self.k_of(after)
        with self.stage.hold_sync():
            self.stage.cover(self._covered)
            self._show()

    def uncover(self) -> None:
        """Hand over all that was held back."""
        self._covered = None
        with self.stage.hold_sync():
            self.stage.uncover()
            self._show()

    def text(self) -> tuple[str, ...]:
        """The first sentence, and what it comes to in figures."""
        frames = self._form.film(False, False).cuts["move"]
        if self._covered is not None:
            return frames[0].say, say("summary.covered")
        return frames[0].say, self._form.summary()

    # --- what the page asks -----------------------------------------------------------------------
    def _film(self) -> Any:
        return self._form.film(self._covered is not None, bool(self.stage.presenter))

    def _show(self) -> None:
        self.stage.show(self._film())

    def _again(self) -> None:
        """Put the page back to what is true."""
        self._show()

    def _take(self, form: Form | None, done: bool) -> None:
        """Show another form of this picture; the check waits until the hand is still."""
        if form is None:
            return
        film = form.film(self._covered is not None, bool(self.stage.presenter))
        told = form.check() if done else CHECKING
        self._form = form
        self.stage.renew(film)
        self.stage.badge = told

    def _dragged(self, tag: str, x: float, y: float | None, done: bool) -> None:
        self._take(self._form.dragged(tag, x, y, done), done)

    def _chosen(self, name: str, option: int) -> None:
        choices = [c for c in self._film().choices if c["name"] == name]
        options = choices[0]["options"] if choices else []
        if 0 <= option < len(options):
            self._take(self._form.chosen(options[option]), True)

    def _pressed(self, tag: str) -> None:
        self._take(self._form.pressed(tag), True)

    def _check(self) -> None:
        """Compare the slopes that are shown with the complex step."""
        self.stage.badge = self._form.check()


def _has_numbers(model: Any) -> bool:
    return isinstance(model, Module) and any(True for _ in model.parameters())


def _neuron(model: Any, w: Any, x: Any, b: Any) -> NeuronForm:
    act = activation(model)
    weights = vector("w", 1.0 if w is None else w)
    inputs = vector("x", np.ones(weights.size) if x is None else x, weights.size)
    graph = NeuronGraph(offered(act), weights, inputs)
    return NeuronForm.of(graph, act.name, float(vector("b", b, 1)[0]))


def _layer(model: Any, X: Any, y: Any, x: Any, groups: Any, open: bool) -> LayerForm:
    rows = None if X is None else rows_of(X, 2)
    graph = LayerGraph(model, rows, grouped(groups, y, 0 if rows is None else len(rows)))
    start = np.round(np.multiply(CORNER, graph.reach) / 0.05) * 0.05
    at = start if x is None else vector("x", x, 2)
    if np.abs(at).max() > graph.reach:
        raise ValueError(
            f"x is {at.tolist()}, outside of the square from −{graph.reach:g} to {graph.reach:g}.\n"
            "Give a point inside, or leave x out."
        )
    acts = {a.name: a for a in offered(graph.own)}
    return LayerForm(graph, graph.at(at, graph.numbers), acts, open)


def _net(model: Any, X: Any, y: Any, groups: Any, open: bool) -> NetForm:
    if X is None:
        raise ValueError(
            'show="net" needs samples to compute outputs for.\n'
            'Write ActivationExplorer(model, X, show="net").'
        )
    rows = rows_of(X)
    graph = NetGraph(model, rows, grouped(groups, y, len(rows)))
    acts = {a.name: a for a in offered(graph.own)}
    return NetForm(graph, graph.at(graph.numbers), acts, open)
