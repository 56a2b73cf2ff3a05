"""How a film becomes bytes: a header of text, then the numbers, compressed.

`listed` · arrays as rows of the header and as bytes behind it
`packed` / `unpack` · header and bytes together, and apart again
`coarse` · values on a scale of 256 steps, for fills
"""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .film import Array

_KINDS = {"float32": "<f4", "uint8": "|u1"}


def coarse(values: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Return values as bytes: 0 is the low end of the scale, 255 the high one.

    What lies beyond the scale ends at its ends; what is not a number stands in the middle.
    """
    low, high = scale
    share = np.nan_to_num((np.asarray(values, dtype=float) - low) / (high - low), nan=0.5)
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def listed(
    arrays: Iterable[Array], last: int, sent: dict[str, Array] | None = None
) -> tuple[list[Any], bytearray]:
    """Return how arrays are listed in the header, up to step ``last``, and their numbers.

    Of an array that has only grown since it was ``sent``, its new end is listed, with its place.
    """
    body, rows = bytearray(), []
    for array in arrays:
        values = np.ascontiguousarray(array.values[: last + 1] if array.series else array.values)
        kind = _KINDS.get(values.dtype.name, "<f8")
        peak = array.peak if array.peak is not None else _peak(array, values)
        stale = array.stale if array.stale is not None and array.stale <= last else None
        start = grown(array, (sent or {}).get(array.name))
        values = values[start:]
        place = [array.name, kind[1:], len(body), list(values.shape)]
        # Of what may grow the page is told from which entry on this is, counted from 1.
        more: list[Any] = [int(array.series), array.scale or 0, start + 1 if array.grows else 0]
        while more and not more[-1]:
            more.pop()
        rows.append([*place, array.known, stale, peak, *more])
        body += values.astype(kind).tobytes()
        body += bytes(-len(body) % 8)
    return rows, body


def grown(array: Array, sent: Array | None) -> int:
    """Return the length of what was sent, if the array is that and more; else 0."""
    if not array.grows or sent is None or array.values.dtype != sent.values.dtype:
        return 0
    start = len(sent.values)
    if array.values.shape[1:] != sent.values.shape[1:] or start > len(array.values):
        return 0
    return start if np.array_equal(array.values[:start], sent.values, equal_nan=True) else 0


def alike(a: Array, b: Array) -> bool:
    """Return whether two arrays look the same in a page."""
    return (
        (a.known, a.stale, a.peak, a.series) == (b.known, b.stale, b.peak, b.series)
        and (a.values.shape, a.values.dtype, a.scale) == (b.values.shape, b.values.dtype, b.scale)
        and bool(np.array_equal(a.values, b.values, equal_nan=a.scale is None))
    )


def packed(header: dict[str, Any], body: bytearray, level: int = 9) -> bytes:
    """Return header and numbers as bytes, the same every time."""
    text = json.dumps(
        header, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain
    ).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return _gzip(struct.pack("<I", len(text)) + text + bytes(body), level)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of a packed film; bytes with a scale are read on it."""
    raw = gzip.decompress(data)
    (size,) = struct.unpack_from("<I", raw)
    header = json.loads(raw[4 : 4 + size])
    arrays = {}
    for (
        name,
        kind,
        at,
        shape,
        *_,
    ) in header["arrays"]:
        count = int(np.prod(shape, dtype=int))
        arrays[name] = np.frombuffer(raw, "<" + kind, count, 4 + size + at).reshape(shape)
    for name, *_, scale in (row[:9] for row in header["arrays"] if len(row) > 8 and row[8]):
        arrays[name] = scale[0] + arrays[name] * ((scale[1] - scale[0]) / 255)
    return header, arrays


def plain(value: Any) -> Any:
    """Numbers of NumPy as JSON has them; raises TypeError for what has no place in a film."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(
        f"A film cannot carry a {type(value).__name__}.\n"
        "Use text, numbers, lists and dicts; numbers that are shown go into arrays."
    )


def _peak(array: Array, values: np.ndarray) -> float:
    if array.scale is not None:
        return max(abs(end) for end in array.scale)
    sizes = np.abs(values[np.isfinite(values)])
    return float(sizes.max()) if sizes.size else 0.0


def _gzip(raw: bytes, level: int) -> bytes:
    """Compress; written out, since Python versions differ in a byte of the header."""
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -15)
    squeezed = squeeze.compress(raw) + squeeze.flush()
    return (
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
        + squeezed
        + struct.pack("<II", zlib.crc32(raw), len(raw) & 0xFFFFFFFF)
    )
