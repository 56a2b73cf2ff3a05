"""What a `TrainingLab` shows: its present moment as a film, and the moment to go back to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import ipywidgets

from ..films.training_lab import film_training_lab
from ..study.lab_view import LabView, Shown, look_at
from ..study.run import Run
from .base import Widget, one_line
from .knob_items import State
from .lab_knobs import groups
from .lab_lens import Lens
from .lab_play import SPEEDS, Play
from .lab_stage import LabStage
from .lab_start import gauge_of, recipes
from .lifecycle import lock

EPOCHS = 100  # how far a lab plays when nobody says how far
SIZES = ("operation", "layer", "pass", "epoch")
SWITCHES = {"points": "edit", "show test": "test", "flat": "flat"}  # as `Shown` has them


class LabPicture(Widget):
    """A lab that can be looked at: run, picture and controls as they are now.

    run   what is trained · to: the step at which playing ends, None: after 100 epochs
    hide  names of controls that are left out
    """

    def __init__(self, run: Run, hide: Collection[str], to: int | None, presenter: bool) -> None:
        self.run = run
        self._hide, self._to = frozenset(hide), to
        self._stretch = to or EPOCHS * run.steps_per_epoch
        self._older: list[tuple[str, Any]] = []  # curves of earlier runs, by name
        self._size = "epoch"
        self._held = False  # whether a hand is dragging the slider: then the curvature waits
        self._play = Play(
            lambda: self.run, self._draw, self._changed, lambda: bool(self.stage.busy), self._failed
        )
        self._recipes: tuple[Any, ...] | None = None
        self._gauge: tuple[Any, tuple[float, float] | None] | None = None
        self._shown = Shown(to=self.horizon)
        self._view: LabView = self._looked()
        stage = LabStage(self._film(presenter))
        self._lens = Lens(stage, self._lens_pressed)
        super().__init__(ipywidgets.VBox([stage, self._lens.holder]), stage)
        stage.presenter = presenter
        self._done = self._moment()
        self.at_end(self._lens.close)
        self.at_end(self._play.stop)

    @property
    def playing(self) -> bool:
        """Whether it trains now."""
        return bool(self._play.mode)

    @property
    def horizon(self) -> int:
        """The step at which playing ends."""
        usual = EPOCHS * self.run.steps_per_epoch if self._to is None else self._to
        return max(usual, *(b.last for b in self.run.branches), self.run.k)

    def _lens_pressed(self, act: str) -> None:
        raise NotImplementedError

    # --- drawing ----------------------------------------------------------------------------------
    def _state(self) -> State:
        run = self.run
        optimizer, batch = run.settings
        if self._recipes is None or self._recipes[0] is not run:
            self._recipes = (run, *recipes(run))
        _, data, model = self._recipes
        return State(data, model, optimizer, batch, len(run.samples))

    def _film(self, large: bool) -> Any:
        # In a hall the picture has the room of the controls.
        columns = () if large else self._columns()
        return film_training_lab(
            self._view, columns, transport=self._transport(), chip=self._chip(), presenter=large
        )

    def _columns(self) -> tuple[dict[str, Any], ...]:
        weight = self._weight_item()
        hide = self._hide | {"PICTURE"} if weight else self._hide  # there is room for one of them
        return groups(self._state(), hide, switches=self._switches(), more=weight)

    def _switches(self) -> dict[str, bool]:
        """What of the picture can be switched, by its kind."""
        shown, kind = self._shown, self._view.kind
        of = {name: bool(getattr(shown, field)) for name, field in SWITCHES.items()}
        names = {"plane": tuple(of), "curve": ("points", "show test")}.get(kind, ())
        return {name: of[name] for name in names}

    def _weight_item(self) -> list[dict[str, Any]]:
        weight = self._view.weight
        if weight is None:
            return []
        return [{"name": "weight", "label": weight.name, "kind": "number", "value": weight.value,
                 "text": f"{weight.value:.4g}".replace("-", "−"), "off": ""}]  # fmt: skip

    def _transport(self) -> dict[str, Any]:
        run = self.run
        if self._size == "epoch":
            whole = -(-self.horizon // run.steps_per_epoch)
            counter = f"epoch {run.epoch:,} / {whole:,}"
        else:
            counter = f"step {run.k:,} / {self.horizon:,}"
        return {
            "playing": self.playing, "size": self._size, "sizes": list(SIZES),
            "counter": counter, "can_back": run.k > 0, "speed": self._play.speed,
            "speeds": [list(pair) for pair in SPEEDS], "progress": self._play.progress,
        }  # fmt: skip

    def _chip(self) -> dict[str, Any]:
        run = self.run
        short = f"{self._view.data.replace(', seed ', '-')}@{run.k}"
        try:
            return {"text": "copy this moment", "token": run.token(), "short": short}
        except ValueError:
            return {"text": "save file"}

    def _draw(self) -> None:
        """Show the present moment."""
        self._view = self._looked()
        self.stage.renew(self._film(bool(self.stage.presenter)))

    def _looked(self) -> LabView:
        quick = self.run.theta.size <= 2
        gauge = self._measured_gauge() if quick or not (self.playing or self._held) else None
        self._shown = replace(self._shown, older=tuple(self._older), gauge=gauge, to=self.horizon)
        return look_at(self.run, self._shown)

    def _measured_gauge(self) -> tuple[float, float] | None:
        """η·λmax and its limit, computed once for a moment."""
        here = (self.run.hash(), repr(self.run.settings.optimizer))
        if self._gauge is None or self._gauge[0] != here:
            self._gauge = (here, gauge_of(self.run))
        return self._gauge[1]

    def _changed(self) -> None:
        """Show what is so now, and remember it as the moment to go back to."""
        self._draw()
        self._done = self._moment()

    def _moment(self) -> tuple[Any, ...]:
        return self.run, self.run.branch, self.run.k, list(self._older), self._shown

    def _restore(self) -> None:
        self._play.stop()
        self.run, branch, k, self._older, self._shown = self._done
        self.run.go(branch, k)
        self._draw()

    def _failed(self, problem: Exception) -> None:
        """Playing was ended by an exception."""
        with lock:
            self._restore()
            self.show_problem(one_line(problem))
