"""Looking into one training step: a ForwardStepper in the place of the lab's picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets as t

from ..films import theme
from ..films.captions import speaker
from ..study.run import Run
from . import lifecycle
from .forward_stepper import ForwardStepper
from .stage import script, tight

say = speaker("training_controls")

_STYLE = Path(__file__).with_name("static") / "lens.css"
SIZES = ("operation", "layer")


class LensBar(anywidget.AnyWidget):
    """The strip over the stepper: which training step it is, and the ways on and out."""

    _esm = script(("dom", "theme", "link", "lens"))
    _css = tight(theme.css() + _STYLE.read_text(encoding="utf-8"))

    what = t.Unicode("").tag(sync=True)
    problem = t.Unicode("").tag(sync=True)
    can_back = t.Bool(False).tag(sync=True)
    can_go = t.Bool(True).tag(sync=True)


class Lens:
    """A holder under the lab's stage; opened, it shows one training step and hides the stage.

    act     is told "close", "back" or "next" when that is pressed
    """

    def __init__(self, stage: Any, act: Callable[[str], Any]) -> None:
        self.holder = ipywidgets.VBox([])
        self.stepper: ForwardStepper | None = None
        self._stage, self._act = stage, act
        self._bar: LensBar | None = None
        self._size = SIZES[0]

    @property
    def open(self) -> bool:
        """Whether a step is looked into."""
        return self.stepper is not None

    def show(self, run: Run, size: str | None = None, *, presenter: bool = False) -> None:
        """Look into the step that comes next, by operations or by layers (None: as before).

        Raises ValueError or TypeError, in two lines, for a model whose pass cannot be shown;
        nothing is changed then.
        """
        size = self._size if size is None else size
        stepper = ForwardStepper(*run.looked(), step=size, presenter=presenter)
        lifecycle.forget(stepper)  # it lives as long as the lab lets it
        old, self.stepper, self._size = self.stepper, stepper, size
        if self._bar is None:
            self._bar = LensBar()
            self._bar.on_msg(self._heard)
        bar = self._bar
        with bar.hold_sync():
            bar.what = say("lens", k=f"{run.k:,}", next=f"{run.k + 1:,}", name=run.owner.name)
            bar.can_back, bar.can_go = run.k > 0, not run.at_end
            bar.problem = ""
        self.holder.children = (bar, stepper.root)
        self._stage.layout.display = "none"
        if old is not None:
            old.dispose()

    def tell(self, problem: str) -> None:
        """Show one line about what went wrong."""
        if self._bar is not None:
            self._bar.problem = problem

    def close(self) -> None:
        """Show the lab's picture again."""
        stepper, self.stepper = self.stepper, None
        if stepper is None:
            return
        self._stage.layout.display = None
        self.holder.children = ()
        stepper.dispose()
        if self._bar is not None:
            lifecycle.close(self._bar)
            self._bar = None

    def _heard(self, _bar: object, content: object, _buffers: object) -> None:
        act = content.get("act") if isinstance(content, dict) else None
        if act in ("close", "back", "next"):
            self._act(act)
