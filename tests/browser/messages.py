"""What travels between the page and the kernel: the frames of a socket, read."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable


def comms(frames: Iterable[bytes]) -> list[bytes]:
    """The messages of widgets among the frames of the kernel's socket."""
    return [frame for frame in frames if _kind(frame) == "comm_msg"]


def _kind(frame: bytes) -> str:
    """The type of a message (a count, offsets, then channel, header, …)."""
    count = int.from_bytes(frame[:8], "little")
    if not 4 <= count < 20:
        return ""
    ends = [int.from_bytes(frame[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    return json.loads(frame[ends[1] : ends[2]])["msg_type"]


def films_in(frames: Iterable[bytes]) -> list[bytes]:
    """Every film, or part of one, that came over the socket, unpacked."""
    return [
        zlib.decompressobj(31).decompress(frame[found.start() :])
        for frame in frames
        for found in re.finditer(rb"\x1f\x8b\x08\x00", frame)
    ]
