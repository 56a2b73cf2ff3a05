"""`CostMeter`: what one gradient costs by one way back, and by asking number after number."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from ..films.captions import speaker
from ..films.cost import film_cost
from ..study.cost import Bill, bill
from ..study.cost_runs import Differences, Passes, Shares, Standing, Training
from .base import Widget, refuse_unknown
from .lifecycle import lock
from .live_stage import LiveStage
from .stage import _MODULES, script, style

say = speaker("cost")

SIZES = ((2, 4, 1), (64, 32, 10), (784, 128, 10))
WHOLE = 30_000  # forward passes that are over before a person looks away
PORTION = 0.02  # seconds of passes between two looks at the stop button
EVERY = 0.05  # seconds between two messages to the page, at least
LONGEST = 60.0  # seconds after which a run stops by itself: nobody may be there any more


class CostStage(LiveStage):
    """A LiveStage with fields of cells and buttons that run passes."""

    _esm = script((*_MODULES, "live", "plane", "cost"))
    _css = style("live", "cost")


class CostMeter(Widget):
    """Count the passes, run now, that find the same gradient by backprop and by differences.

    sizes      the nets: each a row of widths, such as (64, 32, 10), or one such row
    presenter  large type for a lecture hall, also by key p

    Nothing runs before it is asked for. What is counted (passes, multiplications) is the same
    everywhere; times are measured here and now, and never part of the widget's text.
    After a pair has run, a net is trained beside it, to show what one pair is not.
    Raises ValueError or TypeError, in two lines, for widths that make no net.
    """

    _shares: Shares | None = None  # known once for all meters: training is always the same

    def __init__(
        self, sizes: Sequence[Any] = SIZES, *, presenter: bool = False, **unknown: Any
    ) -> None:
        refuse_unknown(unknown, ("sizes", "presenter"), "CostMeter")
        self.bills: tuple[Bill, ...] = tuple(bill(widths) for widths in _rows(sizes))
        self.standings = [Standing() for _ in self.bills]
        self._passes: dict[int, Passes] = {}
        self._grads: dict[int, dict[str, Any]] = {}
        self._works: dict[int, Differences] = {}
        self._run: _Run | None = None
        whole = [i for i, b in enumerate(self.bills) if b.forwards <= WHOLE]
        self._chosen = max(whole, key=lambda i: self.bills[i].count, default=0)
        stage = CostStage(self._film())
        super().__init__(stage, stage)
        stage.badge = {"state": "checking", "text": "not run yet", "rows": []}
        stage.on_press(self.guard(self._pressed))
        stage.on_choose(self.guard(self._choose))
        stage.on_presenter(self.guard(lambda on: stage.show(self._film())))
        stage.presenter = bool(presenter)
        self.at_end(self.stop)

    def text(self) -> tuple[str, ...]:
        """What there is to find, and the passes that differences need, counted."""
        counts = " · ".join(f"{b.name}: {b.forwards:,}" for b in self.bills)
        chosen = self.bills[self._chosen]
        gaps = {"count": f"{chosen.count:,}", "samples": chosen.samples}
        return say("start", name=chosen.name, **gaps), say("summary", counts=counts)

    @property
    def running(self) -> bool:
        """Whether passes are being run now."""
        return self._run is not None

    def stop(self) -> None:
        """Stop what runs and wait for its last pass; the rest stays as it is."""
        run, self._run = self._run, None
        if run is not None and run is not threading.current_thread():
            run.ended.set()
            run.join()

    # --- what the page asks -----------------------------------------------------------------------
    def _pressed(self, what: str) -> None:
        """A button: run the pair, the differences or both, or stop."""
        if what not in ("run", "run-pair", "run-differences", "stop"):
            return
        self.stop()
        if what == "stop":
            self._show()
            return
        self._start(self._chosen, what != "run-differences", what != "run-pair")

    def _choose(self, name: str, option: int) -> None:
        """Another net; what runs for the last one stops."""
        if name == "net" and 0 <= option < len(self.bills) and option != self._chosen:
            self.stop()
            self._chosen = option
            self._show()

    # --- running ----------------------------------------------------------------------------------
    def _start(self, at: int, pair: bool, differences: bool) -> None:
        standing = self.standings[at]
        if pair:
            standing = replace(standing, pairs=0, timing=None, agree=None)
            self._grads.pop(at, None)
        if differences:
            standing = replace(standing, done=0, seconds=0.0, agree=None)
            self._works.pop(at, None)
        self.standings[at] = standing
        self._run = _Run(self, at, pair, differences)
        self._show()
        self._run.start()

    def passes(self, at: int) -> Passes:
        """The passes of a net, laid out when they are first run."""
        if at not in self._passes:
            self._passes[at] = Passes(self.bills[at].recorded)
        return self._passes[at]

    def _film(self) -> Any:
        presenter = bool(getattr(getattr(self, "stage", None), "presenter", False))
        running = "" if self._run is None or self._run.over else self._run.doing
        return film_cost(
            self.bills, self.standings, self._chosen, running, self._shares,
            presenter=presenter,
        )  # fmt: skip

    def _show(self) -> None:
        stage = self.stage
        with stage.hold_sync():
            stage.renew(self._film())
            stage.badge = self._badge()

    def _badge(self) -> dict[str, Any]:
        found = self.standings[self._chosen].agree
        if found is None:
            ran = self.standings[self._chosen].pairs or self.standings[self._chosen].done
            text = "one of two has run" if ran else "not run yet"
            return {"state": "checking", "text": text, "rows": []}
        agree, count, largest = found
        rows = [f"largest difference {largest:.1e}", "both agree where it is at most 1e-07"]
        state = "ok" if agree == count else "failed"
        return {"state": state, "text": f"{agree:,} of {count:,} agree", "rows": rows}


class _Run(threading.Thread):
    """Passes run beside the kernel, in portions, so that a press can stop them at any time."""

    def __init__(self, meter: CostMeter, at: int, pair: bool, differences: bool) -> None:
        super().__init__(name="backprop-kit passes", daemon=True)
        self.meter, self.at, self.pair, self.differences = meter, at, pair, differences
        self.ended = threading.Event()
        self.over = False
        self.doing = "passes"

    def run(self) -> None:
        """Run what was asked for; a problem is shown where the passes are."""
        try:
            if self.pair:
                self._pair()
            if self.differences and not self.ended.is_set():
                self._differences()
            if self.pair and self.meter._shares is None and not self.ended.is_set():
                self._training()
        except Exception as problem:
            problems = [problem]
            self._tell(lambda: self.meter.show_problem(f"Stopped: {problems[0]}"))
        self._tell(self._over)

    def _pair(self) -> None:
        meter, at = self.meter, self.at
        passes = meter.passes(at)
        passes.forward()
        meter._grads[at] = passes.backward()
        timing = passes.timed()
        meter.standings[at] = replace(meter.standings[at], pairs=1, timing=timing)
        self._compare()

    def _differences(self) -> None:
        meter, at = self.meter, self.at
        work = meter._works[at] = Differences(meter.passes(at))
        shown, until = perf_counter(), perf_counter() + LONGEST
        while not (work.finished or self.ended.is_set() or perf_counter() > until):
            work.advance(PORTION)
            standing = replace(meter.standings[at], done=work.done, seconds=work.seconds)
            meter.standings[at] = standing
            if perf_counter() - shown >= EVERY:
                shown = perf_counter()
                self._tell(meter._show, wait=False)
        self._compare()

    def _training(self) -> None:
        self.doing = "training"
        self._tell(self.meter._show)
        work = Training()
        while not (work.finished or self.ended.is_set()):
            work.advance(PORTION)
        if work.finished:
            type(self.meter)._shares = work.shares

    def _compare(self) -> None:
        """Hold the two gradients against each other, once both are there."""
        meter, at = self.meter, self.at
        grads, work = meter._grads.get(at), meter._works.get(at)
        if grads is not None and work is not None and work.done > 1:
            meter.standings[at] = replace(meter.standings[at], agree=work.agreeing(grads))

    def _over(self) -> None:
        if self.meter._run is self:
            self.over = True
            self.meter._show()
            self.meter._run = None

    def _tell(self, what: Any, wait: bool = True) -> None:
        """Change what is shown, alone like every callback; never against somebody who waits for
        this thread to end."""
        while not lock.acquire(timeout=EVERY if wait else 0):
            if self.ended.is_set() or not wait:
                return
        try:
            if not self.ended.is_set():
                what()
        finally:
            lock.release()


def _rows(sizes: Any) -> list[Any]:
    """The nets one by one; a single row of widths is one net."""
    if not isinstance(sizes, Iterable) or isinstance(sizes, (str, bytes)):
        return [sizes]
    rows = list(sizes)
    if not rows or not any(isinstance(row, Iterable) for row in rows):
        return [tuple(rows)]
    return rows
