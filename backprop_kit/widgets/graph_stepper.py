"""`GraphStepper`: walk through a graph, values forward and slopes back, part by part."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.gradcheck import Report, gradcheck
from ..engine.replay import replay
from ..engine.tensor import Node, Tensor
from ..engine.trace import Trace
from ..films.captions import speaker
from ..films.graph import Graph, film_of
from ..films.graph.scopes import Scope
from ..films.numbers import number
from ..films.rows import box
from ..study.naming import names_of, plain
from ..study.own_rule import OwnRun, run_rule
from .badge import CHECKING, verdict
from .base import refuse_unknown
from .graph_stage import GraphStage
from .player import Player
from .stepper import Stepper

say = speaker("graph")

# What an oracle may compute before a person wonders why the kernel is busy: values, and operations.
WORK, OPERATIONS = 8_000_000, 200_000
TURN = 0.01


class GraphStepper(Stepper):
    """A graph you can walk through, forwards and backwards, with every slope checked.

    loss     one number computed from Tensors (or a Trace of one); an expression or a net
    combine  your own rule: `combine(old, new)` is what a value holds when one more part arrives
    order    your own order: the Tensors in the order in which they hand on (leaves may be left out)
    names    {"u": u}: what a value is called; else its own name, or the variable that holds it
    step     "operation", or "layer" (an expression: "pass"), the size of a step at first
    player   a Player shared with another stepper of the same recording

    With a rule of your own both ways back are shown, and the first wrong number is lit. A rule that
    cannot be run leaves the right graph, with a line that says why. `.slope(t)` is the slope at a
    value as it is shown; `.stage` the picture alone. A graph of more than 40 boxes opens folded, in
    groups that open one in another; `.open(t)` shows the level in which a value stands.
    Raises ValueError or TypeError, in two lines, for a loss that is not one number or has nothing a
    slope could reach.
    """

    def __init__(
        self,
        loss: Tensor | Trace,
        *,
        combine: Callable[[Any, Any], Any] | None = None,
        order: Sequence[Tensor] | None = None,
        names: Any = None,
        step: str = "operation",
        player: Player | None = None,
        **unknown: Any,
    ) -> None:
        known = ("loss", "combine", "order", "names", "step", "player")
        refuse_unknown(unknown, known, "GraphStepper")
        caller = sys._getframe(1)
        self.trace = _recorded(loss)
        variables = {**caller.f_globals, **caller.f_locals}
        self._names = names_of(self.trace, variables, names)
        self.own, problem = self._run(combine, order)
        self._graph = Graph.of(self.trace, self._names, self.own)
        film = film_of(self._graph)
        if step not in film.cuts:
            raise ValueError(
                f"step is {step!r}; this graph goes by {' or by '.join(film.cuts)}.\n"
                f"Write {' or '.join(f'step={cut!r}' for cut in film.cuts)}."
            )
        stage = GraphStage(film, cut=step, player=player)
        super().__init__(stage)
        stage.badge = CHECKING
        self._refused = problem
        self.show_problem("")
        stage.on_press(self.guard(self._pressed))
        stage.on_painted(self.guard(self._check))
        self._judged: dict[str, Any] = {}
        self._lit = 0
        self.listen(stage, self._show_badge, "k")

    def _run(self, combine: Any, order: Any) -> tuple[OwnRun | None, str]:
        """The learner's way back, or why there is none."""
        if combine is None and order is None:
            return None, ""
        try:
            return run_rule(self.trace, combine, order, name=self.name_of), ""
        except (TypeError, ValueError) as problem:
            return None, " ".join(str(problem).split()) + " This is the right graph."

    def show_problem(self, problem: str) -> None:
        """Show one line; where there is none, why the learner's rule could not be run."""
        super().show_problem(problem or self._refused)

    # --- what a lesson asks -----------------------------------------------------------------------
    def name_of(self, place: Tensor | Node) -> str:
        """What a value is called in the picture."""
        return plain(self._names[self.trace.node(place)])

    def slope(self, place: Tensor | Node) -> np.ndarray | None:
        """The slope at a value as the film shows it: by your rule, if you gave one."""
        if self.own is not None:
            return self.own.slope(place)
        return self.trace.grads.get(self.trace.node(place))

    def open(self, place: Tensor | Node) -> None:
        """Show the level in which a value stands by itself; the step stays.

        Raises ValueError if it is no part of this recording, is written into an operation, or
        stands among more than 200 boxes.
        """
        n = self.trace.node(place)
        if n not in self._graph.users:
            raise ValueError(
                "This number is written into its operation, so it has no box.\n"
                "Ask for a value that was computed, or a leaf that is a Tensor."
            )
        self._show(self._graph.tree.around_of(n))

    def _show(self, opened: Scope | None) -> None:
        self._film = film_of(self._graph, opened)
        self.stage.show(self._film)
        if self._lit:
            self._lit = self._first_lit()
            self._show_badge()

    def _first_lit(self) -> int:
        """The step at which the first wrong number is lit in the present picture."""
        return min((f.k for f in self._film.cuts["operation"] if f.mark), default=0)

    def text(self) -> tuple[str, ...]:
        """The first sentence, and the whole recording in one line."""
        first = self._film.cuts["operation"][0].say
        steps = self._film.cuts["operation"][-1].k
        if self._covered is not None:
            return first, say("summary.covered", steps=steps)
        loss = self.trace.loss
        count = sum(g.size for n, g in self.trace.grads.items() if n is not loss)
        value = float(loss.value.reshape(-1)[0])
        slopes = f"{count} slope{'s' if count != 1 else ''}"
        name = plain(self._names[loss])
        return first, say("summary", steps=steps, loss=name, value=value, slopes=slopes)

    # --- what the page asks -----------------------------------------------------------------------
    def _pressed(self, tag: str) -> None:
        """A value was pressed: what its slope promises for 0.01, and what the loss does. A card
        or the head of a scope: its level is not in the page."""
        kind, number_ = tag[:4], tag[4:]
        if kind in ("card", "fold") and number_.isascii() and number_.isdigit():
            tree = self._graph.tree
            if int(number_) < len(tree.all):
                scope = tree.all[int(number_)]
                self._show(scope if kind == "card" else tree.around[scope])
            return
        place = tag[1:].partition(":")[0] if tag[:1] in ("v", "g") else ""
        nodes = self.trace.nodes
        known = place.isascii() and place.isdigit() and int(place) < len(nodes)
        n = nodes[int(place)] if known else None
        if n is None or n.value.size != 1 or n not in self.trace.grads:
            self.stage.note = {}
            return
        self.stage.note = {"tag": tag, "rows": self._note(n)}

    def _note(self, n: Node) -> list[dict[str, Any]]:
        value, name = float(n.value.reshape(-1)[0]), f"${self._names[n]}$"
        seen = self.stage.k if self._covered is None else min(self.stage.k, self._covered)
        if seen < self.trace.computed_at[n]:
            return [{"t": "p", "s": f"{name} is not computed yet."}]
        if seen < self.trace.complete_at[n]:
            return [{"t": "p", "s": f"{name} is {number(value)}. Its slope is not computed yet."}]
        slope = self.slope(n)
        after = float(replay(self.trace.loss, {n: n.value + TURN}).reshape(-1)[0])
        measured = after - float(self.trace.loss.value.reshape(-1)[0])
        rise = "rises" if measured > 0 else "falls" if measured < 0 else "stays"
        loss = f"${self._names[self.trace.loss]}$"
        lines: list[list[Any]] = []
        if slope is not None:
            s = float(slope.reshape(-1)[0])
            lines.append(["slope", {"n": s}, "×", f"{TURN:g}", "=?", box(s * TURN)])
        lines.append(["measured", box(measured), {"note": f"{loss} {rise}"}])
        return [
            {"t": "eq", "head": f"{name} is {number(value)}. Turned up by {TURN:g}:", "rows": lines}
        ]

    def _check(self) -> None:
        """Compare every slope with the complex step, after the first picture."""
        value = float(self.trace.loss.value.reshape(-1)[0])
        if not np.isfinite(value):  # a step to the side of it says nothing
            text = f"{self.name_of(self.trace.loss)} is {number(value)}"
            self._judged = {"state": "failed", "text": text, "rows": []}
            self._show_badge()
            return
        report = self.checked()
        everything = sum(n.value.size for n in self._places())
        self._judged = verdict(report, f"{report.count:,} of {everything:,} checked")
        self._lit = 0
        if report and self.own is not None and self.own.first is not None:
            self._judged = self._verdict(everything)
            # What a rule of your own gets wrong is what a lesson asks: it is told where it is lit.
            self._lit = self._first_lit()
        self._show_badge()

    def _show_badge(self) -> None:
        """Show what the check has found, as far as it may be told yet."""
        if self._judged and self.stage.k < self._lit:
            self.stage.badge = {"state": "checking", "text": "your rule", "rows": []}
        elif self._judged:
            self.stage.badge = self._judged

    def _verdict(self, everything: int) -> dict[str, Any]:
        """What the learner's rule got wrong, the first wrong number first."""
        assert self.own is not None and self.own.first is not None
        wrong = self.own.wrong
        first = self.own.first.where
        named = [first, *(n for n in wrong if n is not first)]
        rows = []
        for n in named:
            true, mine = self.trace.grads[n], self.own.held.get(n)
            said = f"∂{self.name_of(n)}"
            if true.size > 1:
                rows.append(f"{said}: {wrong.get(n, 0)} of {true.size} differ")
            else:
                yours = "–" if mine is None else number(float(mine.reshape(-1)[0]))
                rows.append(f"{said}: yours {yours}, true {number(float(true.reshape(-1)[0]))}")
        count = sum(wrong.values())
        text = f"{count} of {everything} wrong: ∂{self.name_of(first)} …"
        return {"state": "failed", "text": text, "rows": rows}

    def _places(self) -> list[Node]:
        """Everything a slope comes back to, but the loss itself (where that is all: the loss)."""
        grads, loss = self.trace.grads, self.trace.loss
        return [n for n in self.trace.nodes if n in grads and n is not loss] or [loss]

    def checked(self) -> Report:
        """Every slope but the loss's own beside the complex step; where that would take long, or of
        more than 4,096 numbers, a seeded sample."""
        places, made = self._places(), self.trace.made
        most = WORK // max(1, sum(n.value.size for n in made))
        few = max(4, OPERATIONS // len(made))
        if len(places) > few:
            chosen = np.random.default_rng(0).permutation(len(places))[:few]
            places = [places[i] for i in sorted(chosen.tolist())]
        named = {f"∂{self.name_of(n)}": n for n in places}
        return gradcheck(self.trace, named, most=min(max(most, 64), 4096))


def _recorded(loss: Any) -> Trace:
    """A trace of the loss; a trace is taken as it is."""
    if isinstance(loss, Trace):
        return loss
    if not isinstance(loss, Tensor):
        raise TypeError(
            f"GraphStepper got {type(loss).__name__}; it shows how a Tensor was computed.\n"
            "Pass the result of a computation with Tensors, such as loss = (a * b) ** 2."
        )
    trace = Trace.of(loss)
    if not trace.made:
        raise ValueError(
            "This loss was not computed from anything, so there is no graph to walk through.\n"
            "Compute it from Tensors first, such as loss = (a * b) ** 2."
        )
    return trace
