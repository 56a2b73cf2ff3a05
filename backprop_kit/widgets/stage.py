"""The view that plays films: it holds all frames in the page and needs no kernel to step."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from ..films import theme
from ..films.film import Film
from .player import Player

_STATIC = Path(__file__).with_name("static")
# In this order each module finds what it imports above itself.
_MODULES = (
    "numbers", "dom", "markup", "theme", "film", "link", "pens", "blocks", "marks", "panel",
    "transport", "stage",
)  # fmt: skip
# Strings, templates and regular expressions are kept as they are; a line may end after a brace.
_BLANKS = re.compile(
    r"""(?P<kept>"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|/(?![\s/])(?:\\.|[^/\\\n])+/[gu]*)"""
    r"""|(?P<const>const)(?=[\s\[{])|(?<![\w.])(?P<zero>0)(?=\.\d)"""
    r"""|;?\s*(?P<brace>\})\s*"""
    r"""|(?:(?<!\})\s*|[ ]*)(?P<mark>[-+%=<>(){\[\],;:?&|*!]|/(?=\s))\s*"""
)


def script(modules: tuple[str, ...] = _MODULES) -> str:
    """Join the modules to one script, without comments, imports and the blanks beside operators.

    The modules keep to some habits that make this safe: comments have their own lines, statements
    end in a semicolon, templates are not nested, a division has blanks around it, and no sign
    follows another.
    """
    text = "".join((_STATIC / f"{name}.js").read_text(encoding="utf-8") for name in modules)
    text = re.sub(r"(?m)^import [^;]*;\n|(?<!\S)//.*|^\s+|^export (?!default)", "", text)
    return _BLANKS.sub(_shorter, text).strip()


def _shorter(found: re.Match[str]) -> str:
    # What is never bound anew may as well be bound by a shorter word; 0.5 is .5.
    name = found.lastgroup or ""
    return {"const": "let", "zero": ""}.get(name, found[name] if name else "")


def style(*more: str) -> str:
    """Return the palette, the one style sheet that uses it, and those that a Stage adds."""
    sheets = ((_STATIC / f"{name}.css").read_text(encoding="utf-8") for name in ("stage", *more))
    return tight(theme.css(training="lab" in more) + "".join(sheets))


def tight(css: str) -> str:
    """A style sheet without comments and the blanks that say nothing."""
    css = re.sub(r"\s+", " ", re.sub(r"(?s)/\*.*?\*/", "", css))
    return re.sub(r" ?([{};,>]) ?", r"\1", css).replace(": ", ":").replace(";}", "}").strip()


def executing() -> Any:
    """Return the IPython shell if it is running a cell now, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    parent = getattr(shell, "get_parent", lambda: None)() or {}
    return shell if parent.get("header", {}).get("msg_type") == "execute_request" else None


def baking() -> bool:
    """Return whether outputs are made for a page that opens before its kernel is up.

    There nobody can answer, so nothing is held back: what a question covers is on trust.
    """
    return os.environ.get("BACKPROP_KIT_BAKE") == "1"


class Stage(anywidget.AnyWidget):
    """A film on a stage: picture, panel, transport and caption.

    ``film`` is a ``films.film.Film``; ``cut`` names the cut shown first; stages with one ``player``
    move together. Stepping happens in the page, so it works while the kernel is busy or gone.
    """

    _esm = script()
    _css = style()

    film = t.Bytes().tag(sync=True)
    k = t.Int(0).tag(sync=True)
    cut = t.Unicode("").tag(sync=True)
    player = t.Unicode("").tag(sync=True)
    note = t.Dict().tag(sync=True)
    badge = t.Dict().tag(sync=True)
    problem = t.Unicode("").tag(sync=True)
    # Large type for a lecture hall; None while nobody has said that it can be laid out so.
    presenter = t.Bool(None, allow_none=True).tag(sync=True)
    sheet = t.Unicode("").tag(sync=True)  # its styles, which only a page that asks has to load
    # Baked: the steps up to which the learner is trusted to decide before stepping on.
    trust = t.List(t.Int(), default_value=None, allow_none=True).tag(sync=True)

    def __init__(self, film: Film, *, cut: str = "layer", player: Player | None = None) -> None:
        if cut not in film.cuts:
            if cut != "layer":
                raise ValueError(f"This film has no cut {cut!r}.\nIt has {', '.join(film.cuts)}.")
            cut = next(iter(film.cuts))
        self._source = film
        self._until: int | None = None
        self._pressed: list[Callable[[str], Any]] = []
        self._painted: list[Callable[[], Any]] = []
        self._stepped: list[Callable[[int], Any]] = []
        self._presented: list[Callable[[bool], Any]] = []
        self._is_painted = False
        self._held = executing()
        trust: list[int] | None = [] if baking() else None
        super().__init__(film=b"" if self._held else film.pack(), cut=cut, trust=trust)
        self.on_msg(self._hear)
        self.observe(self._step, "k")
        self.observe(self._present, "presenter")
        if self._held:
            self._held.events.register("post_run_cell", self._release)
        if player is not None:
            player.attach(self)

    @property
    def source(self) -> Film:
        """The film that is played, also the part of it that is covered."""
        return self._source

    def show(self, film: Film) -> None:
        """Play another film; the step and what is covered stay."""
        self._source = film
        self._pack()

    def cover(self, k: int) -> None:
        """Hold back everything after step ``k``: it is not sent, so it cannot be found in the page.

        Call it before the stage is shown. In a baked page all is sent, and the picture says there
        that the answer is on trust.
        """
        if self.trust is not None:
            self.trust = [*self.trust, k]
            return
        self._until = k
        self._pack()

    def uncover(self, until: int | None = None) -> None:
        """Send what was held back, up to step ``until`` or all of it."""
        self._until = until
        self._pack()

    def on_press(self, callback: Callable[[str], Any]) -> None:
        """Call ``callback(tag)`` when a mark is pressed; an entry of a block is ``"tag:index"``."""
        self._pressed.append(callback)

    def on_painted(self, callback: Callable[[], Any]) -> None:
        """Call ``callback()`` once, after the first picture stands in a page."""
        self._painted.append(callback)

    def on_step(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback(k)`` after each change of the step."""
        self._stepped.append(callback)

    def on_presenter(self, callback: Callable[[bool], Any]) -> None:
        """Call ``callback(on)`` when large type is asked for, by key, by button or from Python.

        The callback answers with ``show(film)``, whose film has ``presenter=on``; the step, what is
        covered and what is selected stay. Without a callback a stage offers no large type.
        """
        if self.presenter is None:
            self.presenter = False
        self._presented.append(callback)

    # A widget tells the page of itself as soon as it is made, before anybody can have covered
    # it. So the film waits until the stage is shown, or at the latest for the end of the cell.
    def _release(self, *_: object) -> None:
        if self._held:
            self._held.events.unregister("post_run_cell", self._release)
            self._held = None
            self._pack()
            if self.trust is not None:  # no page will ask for what follows the first picture
                self._hear(self, {"painted": 1}, [])

    def _pack(self) -> None:
        if not self._held:
            self.film = self._source.pack(self._until)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._release()
        return super()._repr_mimebundle_(**kwargs)

    def _hear(self, _: object, content: object, __: object) -> None:
        if not isinstance(content, dict):  # a page may send anything
            return
        if "press" in content:
            for pressed in self._pressed:
                pressed(str(content["press"]))
        if "painted" in content and not self._is_painted:
            self._is_painted = True
            for painted in self._painted:
                painted()

    def _present(self, change: dict[str, Any]) -> None:
        with self.hold_sync():  # what follows from it is one message
            if change["new"] and not self.sheet:
                self.sheet = (_STATIC / "large.css").read_text(encoding="utf-8")
            for presented in self._presented:
                presented(bool(change["new"]))

    def _step(self, change: dict[str, Any]) -> None:
        for stepped in self._stepped:
            stepped(change["new"])
