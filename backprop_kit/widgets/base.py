"""What every widget of the kit has in common.

`Widget` · two lines of text, a live view, and a clean end
`guard` · runs a callback under one lock; what fails is undone and shown
`refuse_unknown` · names the keyword that was probably meant
"""

from __future__ import annotations

import difflib
import functools
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import lifecycle
from .lifecycle import lock

VIEW = "application/vnd.jupyter.widget-view+json"

log = logging.getLogger("backprop_kit")


def refuse_unknown(kwargs: Iterable[str], known: Iterable[str], who: str) -> None:
    """Refuse keyword arguments that nobody reads, and name the one that was meant.

    `kwargs`: the names left over; `known`: the names `who` understands.
    Raises TypeError if any is left over.
    """
    names, known = list(kwargs), list(known)
    if not names:
        return
    near = difflib.get_close_matches(names[0], known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise TypeError(f"{who} does not know {names[0]!r}.\n{hint}It takes: {', '.join(known)}.")


def one_line(problem: BaseException) -> str:
    """The sentence a widget shows for an exception that stopped a callback."""
    said = " ".join(str(problem).split()) or type(problem).__name__
    if not isinstance(problem, (ValueError, TypeError)):
        said = f"{type(problem).__name__}: {said}"
    return f"{said} Nothing was changed." if said.endswith(".") else f"{said}. Nothing was changed."


def guard(
    callback: Callable[..., Any],
    *,
    show: Callable[[str], None],
    restore: Callable[[], None] | None = None,
) -> Callable[..., Any]:
    """Wrap a callback so that it runs alone, and either wholly or not at all.

    All guarded callbacks share one re-entrant lock. If one raises, `restore()` puts things back
    as they were, `show(problem)` shows one line in the widget, and the log gets the traceback;
    nothing is raised, because Jupyter would only write it where nobody looks. After a success
    `show("")` takes the line away. An interrupt is undone too, and goes on.
    """

    @functools.wraps(callback)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with lock:
            try:
                result = callback(*args, **kwargs)
            except Exception as problem:
                log.warning("a callback was stopped and undone", exc_info=True)
                show(one_line(problem) if _undone(restore) else _NOT_UNDONE)
                return None
            except BaseException:
                _undone(restore)
                raise
            show("")
            return result

    return guarded


_NOT_UNDONE = "This could not be done, nor undone: run this cell again."


def _undone(restore: Callable[[], None] | None) -> bool:
    try:
        if restore is not None:
            restore()
    except Exception:
        log.warning("a callback could not be undone", exc_info=True)
        return False
    return True


class Widget:
    """A widget as a lesson knows it: a picture to look at and two lines that say it.

    `root`: what is shown, an ipywidget. `stage`: its picture alone, for hosts without
    ipywidgets (None for a widget without a picture). A subclass gives `text()`. What the cell
    made is disposed when the cell runs again, or by `dispose()`. `borrowed`: parts of `root` that
    belong to another widget and stay when this one ends.
    """

    def __init__(self, root: Any, stage: Any = None, *, borrowed: Sequence[Any] = ()) -> None:
        self.root = root
        self.stage = stage
        self._borrowed = tuple(borrowed)
        self._ends: list[Callable[[], None]] = []
        self._disposed = False
        lifecycle.made(self)

    def text(self) -> tuple[str, ...]:
        """The two lines: what is seen first, and the whole in figures (a panel: what it asks)."""
        raise NotImplementedError(f"{type(self).__name__} must say itself in two lines")

    def at_end(self, end: Callable[[], None]) -> None:
        """Have `end()` called when this widget is disposed, last come first."""
        self._ends.append(end)

    def listen(
        self, subject: Any, callback: Callable[..., Any], *names: str, **guards: Any
    ) -> None:
        """Observe traits of `subject` through the guard, as long as this widget lives.

        `callback()` gets no event: it reads what is true now, since events may arrive late or
        in another order. `guards`: `restore` as for `guard`.
        """
        guarded = self.guard(lambda: callback(), **guards)

        def heard(_change: Any) -> None:
            guarded()

        subject.observe(heard, list(names))
        self.at_end(lambda: subject.unobserve(heard, list(names)))

    def guard(
        self, callback: Callable[..., Any], restore: Callable[[], None] | None = None
    ) -> Callable[..., Any]:
        """`guard` with the problem shown in this widget."""
        return guard(callback, show=self.show_problem, restore=restore)

    def voice(self) -> Any:
        """The part that shows problems: the first of stage and root that has a place for one."""
        parts = (self.stage, self.root)
        return next((p for p in parts if p is not None and p.has_trait("problem")), None)

    def show_problem(self, problem: str) -> None:
        """Show one line about what went wrong, or take it away ("")."""
        voice = self.voice()
        if voice is not None:
            voice.problem = problem

    @property
    def problem(self) -> str:
        """The line shown now, "" if all is well."""
        return str(getattr(self.voice(), "problem", ""))

    def dispose(self) -> None:
        """Close everything this widget made; safe to call twice."""
        with lock:
            if self._disposed:
                return
            self._disposed = True
            lifecycle.forget(self)
            for end in reversed(self._ends):
                end()
            self._ends.clear()
            lifecycle.close(self.root, self._borrowed)
            if self.stage is not None and self.stage is not self.root:
                lifecycle.close(self.stage, self._borrowed)

    def __repr__(self) -> str:
        return "\n".join(self.text())

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return bundle(self.root, repr(self), self.stage)


def bundle(root: Any, text: str, part: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The live view of `root` with `text` beside it, and never text/html.

    A trusted page does not show text/html beside a live view, and an untrusted one would hide
    the text. `part`: an anywidget inside `root`; its metadata tell a host (Colab) where the
    code of such widgets is run, and a box around it has none of its own.
    """
    data: dict[str, Any] = {"text/plain": text}
    metadata: dict[str, Any] = {}
    if getattr(root, "comm", None) is None:  # closed: only the words are left
        return data, metadata
    data[VIEW] = root.get_view_spec()
    for widget in (part, root):
        own = getattr(widget, "_repr_mimebundle_", None)
        said = own() if own else None
        if isinstance(said, tuple):
            return data, dict(said[1])
    return data, metadata
