"""What a Stage plays: one picture, each array once, and frames that say what is known by then."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .film_check import check
from .packing import alike, listed, packed, plain
from .packing import unpack as unpack

Row = dict[str, Any]

_GEOMETRY = (
    "marks", "size", "phases", "legend", "head", "trace", "scene", "scenes", "span", "tight",
    "presenter",
)  # fmt: skip
# What stands beside the picture, and may change while the picture stays.
_BESIDE = ("controls", "transport", "chip", "texts")
_FIELDS = ("k", "phase", "say", "on", "to", "source", "panel", "pan", "mark")


@dataclass(frozen=True, eq=False)
class Array:
    """Numbers a film shows, known from step ``known`` on and out of date from step ``stale`` on.

    ``values`` has any shape; float64 for numbers that are printed, float32 is enough for fills.
    ``peak`` is the size that gets the full fill (None: the largest ``|value|``). In a ``series``
    the first axis counts steps: entry i of what is shown at step k is entry i of row k, and of the
    last row where there is no row k.

    An array that ``grows`` only gets new entries at its end while a picture stays, so that only
    these travel. Bytes (uint8) are read on a ``scale``, from its low end (0) to its high one (255):
    enough for fills, and never printed.
    """

    name: str
    values: np.ndarray
    known: int = 0
    stale: int | None = None
    peak: float | None = None
    series: bool = False
    grows: bool = False
    scale: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if (self.scale is not None) != (self.values.dtype == np.uint8):
            raise ValueError(
                f"The array {self.name!r} has {self.values.dtype} values, scale {self.scale}.\n"
                "Bytes (uint8) need a scale (low, high), and nothing else has one."
            )
        if self.values.flags.writeable:  # what was recorded never changes
            own = self.values.copy()
            own.flags.writeable = False
            object.__setattr__(self, "values", own)


@dataclass(frozen=True)
class Frame:
    """One moment: how many steps ``k`` are done, its phase, its sentence, and what is bright in it.

    ``on`` are the tags that stay bright, ``to`` those that receive, ``source`` those that give.
    ``panel`` is a tuple of rows; the first one is the title. ``pan`` is the anchor that stands in
    the middle of a picture too wide for its place; ``mark`` names an icon in the timeline.
    """

    k: int
    phase: str
    say: str
    on: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    panel: tuple[Row, ...] = ()
    pan: float = 0
    mark: str = ""


def growing(frames: Iterable[Frame]) -> tuple[Frame, ...]:
    """Frames in time; of two at the same step the later one tells more."""
    latest = {f.k: f for f in sorted(frames, key=lambda f: f.k)}
    return tuple(latest[k] for k in sorted(latest))


class Scene(NamedTuple):
    """Another picture of the same arrays, with frames of its own: something folded or opened."""

    marks: tuple[Row, ...]
    cuts: dict[str, tuple[Frame, ...]]
    size: tuple[int, int]
    span: float = 0
    tight: float = 0


@dataclass(frozen=True, eq=False)
class Film:
    """A picture, its arrays, and one or more cuts of frames through the same recording.

    ``scenes`` are further pictures, by name; a mark with ``scene: name`` leads there when it is
    pressed, and ``scene`` names the picture shown first. A picture wider than its size has the
    width ``span``, and its anchors are not scaled below ``tight``.

    ``head`` and ``choices`` stand in the place of the phases where a picture is for trying out: a
    name, and joined choices, each ``{"name", "options", "chosen"}``.

    ``presenter`` asks for large type: what names no size of its own is drawn at 24 px.

    A lab has more beside its picture. ``controls``: groups ``{"title", "note", "items"}``, an item
    being ``{"name", "label", "kind", "value", "text"}`` with ``options``, texts of which ``value``
    is the place (select, slider; in ``chips`` a list of places), or with ``lo``, ``hi`` and
    ``step`` (slider, stepper); ``off`` says why it cannot be used now, "" if it can; what is
    ``more`` is folded away. ``transport``: ``{"playing", "size", "sizes", "counter", "can_back"}``,
    with ``speed`` and ``speeds`` (pairs of value and label), and ``progress`` (``{"share",
    "left"}`` or None). ``chip``: ``{"text"}`` with ``token`` and ``short``. ``at``: the number of
    this picture along the slider of time; pictures of one ``trace`` are kept by it in the page.
    ``texts``: what marks with a ``key`` say, by that key; nothing where there is no such text.

    Raises ValueError where a mark, a row or a frame names something the film does not have.
    """

    title: tuple[str, str]
    size: tuple[int, int]
    arrays: tuple[Array, ...]
    marks: tuple[Row, ...]
    phases: tuple[tuple[str, str], ...]
    cuts: dict[str, tuple[Frame, ...]]
    legend: tuple[Row, ...] = ()
    trace: str = ""
    scene: str = ""
    scenes: dict[str, Scene] = field(default_factory=dict)
    span: float = 0
    tight: float = 0
    head: str = ""
    choices: tuple[Row, ...] = ()
    presenter: bool = False
    controls: tuple[Row, ...] = ()
    transport: Row = field(default_factory=dict)
    chip: Row = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    at: int | None = None

    def __post_init__(self) -> None:
        check(self)

    def frame_at(self, cut: str, k: int) -> int:
        """Return the index of the last frame of the cut that is not beyond step ``k``."""
        if cut not in self.cuts:
            raise ValueError(f"This film has no cut {cut!r}.\nIt has {', '.join(self.cuts)}.")
        return max((i for i, f in enumerate(self.cuts[cut]) if f.k <= k), default=0)

    def k_of(self, after: str | int, cut: str) -> int:
        """Return the step at which a phase is done in this cut; a step is taken as it is.

        Raises ValueError for a phase or a step that does not exist.
        """
        frames = self.cuts[cut]
        if isinstance(after, str):
            ks = [f.k for f in frames if f.phase == after]
            if not ks:
                phases = ", ".join(f'"{p}"' for p, _ in self.phases)
                raise ValueError(f"There is no phase {after!r} here.\nChoose one of {phases}.")
            return max(ks)
        if not 0 <= after <= frames[-1].k:
            raise ValueError(f"Step {after} does not exist.\nChoose 0 to {frames[-1].k}.")
        return after

    def pack(self, until: int | None = None) -> bytes:
        """Return the film as bytes, the same every time; with ``until``, without anything later.

        Left-out frames are only counted, per cut and phase, so that a timeline can show them as
        covered.
        """
        last = self._last if until is None else until
        rows, body = listed([a for a in self.arrays if a.known <= last], last)
        header = {
            "title": self.title, "trace": self.trace, "phases": self.phases,
            "legend": self.legend, "arrays": rows, **_scene(self, last),
        }  # fmt: skip
        if self.head:
            header |= {"head": self.head, "choices": self.choices}
        if self.presenter:
            header["presenter"] = True
        header |= {name: getattr(self, name) for name in _BESIDE if getattr(self, name)}
        if self.at is not None:
            header["at"] = self.at
        if self.scenes:
            header["scene"] = self.scene
            # Scenes have many panels in common: each is packed once, and frames say which.
            panels: dict[str, int] = {}
            header["scenes"] = {name: _scene(s, last, panels) for name, s in self.scenes.items()}
            header["panels"] = [json.loads(panel) for panel in panels]
        return packed(header, body)

    def pack_over(self, other: Film) -> bytes | None:
        """Return what differs from ``other``, to be laid over it: arrays and frames.

        None where the pictures themselves differ, so that this film must be sent whole.
        """
        if any(getattr(self, name) != getattr(other, name) for name in _GEOMETRY):
            return None
        same = {a.name: a for a in other.arrays}
        new = [a for a in self.arrays if a.name not in same or not alike(a, same[a.name])]
        gone = [name for name in same if name not in {a.name for a in self.arrays}]
        rows, body = listed(new, self._last, same)
        header = {"title": self.title, "choices": self.choices, "arrays": rows, "gone": gone,
                  "cuts": _scene(self, self._last)["cuts"]}  # fmt: skip
        for name in _BESIDE:
            if getattr(self, name) != getattr(other, name):
                header[name] = getattr(self, name)
        if self.at is not None:
            header["at"] = self.at
        return packed(header, body, level=1)  # a hand waits for it

    @property
    def _last(self) -> int:
        return max(f.k for frames in self.cuts.values() for f in frames)


def _scene(scene: Scene | Film, last: int, panels: dict[str, int] | None = None) -> Row:
    """A picture up to step ``last``."""
    shown = {}
    for name, frames in scene.cuts.items():
        covered: dict[str, int] = {}
        for frame in frames:
            if frame.k > last:
                covered[frame.phase] = covered.get(frame.phase, 0) + 1
        lean = [_lean(f) for f in frames if f.k <= last]
        if panels is not None:
            for row in lean:
                panel = json.dumps(row.get("panel", ()), default=plain)
                row["panel"] = panels.setdefault(panel, len(panels))
        shown[name] = {"frames": lean, "covered": covered}
    marks = [m for m in scene.marks if m.get("frames", [0])[0] <= last]
    wide = {"span": scene.span, "tight": scene.tight} if scene.span else {}
    return {"marks": marks, "cuts": shown, "size": scene.size, **wide}


def _lean(frame: Frame) -> Row:
    return {
        name: value
        for name in _FIELDS
        if (value := getattr(frame, name)) not in ((), "", 0) or name == "k"
    }
