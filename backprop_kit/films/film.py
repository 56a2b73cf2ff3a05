"""What a Stage plays: one picture, each array once, and frames that say what is known by then."""

import gzip
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .film_check import check

Row = dict[str, Any]

_FIELDS = ("k", "phase", "say", "on", "to", "source", "panel", "pan", "mark")


@dataclass(frozen=True, eq=False)
class Array:
    """Numbers a film shows, known from step ``known`` on and out of date from step ``stale`` on.

    ``values`` has any shape; float64 for numbers that are printed, float32 is enough for fills.
    ``peak`` is the size that gets the full fill (None: the largest ``|value|``).
    """

    name: str
    values: np.ndarray
    known: int = 0
    stale: int | None = None
    peak: float | None = None

    def __post_init__(self) -> None:
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

    def __post_init__(self) -> None:
        check(self)

    def frame_at(self, cut: str, k: int) -> int:
        """Return the index of the last frame of the cut that is not beyond step ``k``."""
        if cut not in self.cuts:
            raise ValueError(f"This film has no cut {cut!r}.\nIt has {', '.join(self.cuts)}.")
        return max((i for i, f in enumerate(self.cuts[cut]) if f.k <= k), default=0)

    def pack(self, until: int | None = None) -> bytes:
        """Return the film as bytes, the same every time; with ``until``, without anything later.

        Left-out frames are only counted, per cut and phase, so that a timeline can show them as
        covered.
        """
        last = max(f.k for frames in self.cuts.values() for f in frames) if until is None else until
        body, rows = bytearray(), []
        for array in self.arrays:
            if array.known > last:
                continue
            values = np.ascontiguousarray(array.values)
            kind = "<f4" if values.dtype == np.float32 else "<f8"
            peak = array.peak if array.peak is not None else _peak(values)
            stale = array.stale if array.stale is not None and array.stale <= last else None
            place = [array.name, kind[1:], len(body), list(values.shape)]
            rows.append([*place, array.known, stale, peak])
            body += values.astype(kind).tobytes()
            body += bytes(-len(body) % 8)
        header = {
            "title": self.title, "trace": self.trace, "phases": self.phases,
            "legend": self.legend, "arrays": rows, **_scene(self, last),
        }  # fmt: skip
        if self.scenes:
            header["scene"] = self.scene
            # Scenes have many panels in common: each is packed once, and frames say which.
            panels: dict[str, int] = {}
            header["scenes"] = {name: _scene(s, last, panels) for name, s in self.scenes.items()}
            header["panels"] = [json.loads(panel) for panel in panels]
        text = json.dumps(
            header, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
        ).encode()
        text += b" " * (-(len(text) + 4) % 8)
        return _gzip(struct.pack("<I", len(text)) + text + bytes(body))


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of a packed film."""
    raw = gzip.decompress(data)
    (size,) = struct.unpack_from("<I", raw)
    header = json.loads(raw[4 : 4 + size])
    arrays = {}
    for name, kind, at, shape, *_ in header["arrays"]:
        count = int(np.prod(shape, dtype=int))
        arrays[name] = np.frombuffer(raw, "<" + kind, count, 4 + size + at).reshape(shape)
    return header, arrays


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
                panel = json.dumps(row.get("panel", ()), default=_plain)
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


def _peak(values: np.ndarray) -> float:
    sizes = np.abs(values[np.isfinite(values)])
    return float(sizes.max()) if sizes.size else 0.0


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(
        f"A film cannot carry a {type(value).__name__}.\n"
        "Use text, numbers, lists and dicts; numbers that are shown go into arrays."
    )


def _gzip(raw: bytes) -> bytes:
    """Compress; written out, since Python versions differ in a byte of the header."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeeze.compress(raw) + squeeze.flush()
    return (
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
        + packed
        + struct.pack("<II", zlib.crc32(raw), len(raw) & 0xFFFFFFFF)
    )
