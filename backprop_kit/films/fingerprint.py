"""Which recording a film shows: films of one recording share a Player, others are refused."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from backprop_kit.engine.trace import Trace


def fingerprint(trace: Trace) -> str:
    """A few characters that say what was computed from what, with which numbers.

    The first sixteen speak of the way forward; sixteen more of the update, where there is one.
    Leaves are counted by their first use: their age depends on when a parameter was first drawn.
    """
    digest = sha256()
    place: dict[object, int] = {}
    for node in trace.made:
        for n in node.inputs:
            if n not in place:
                place[n] = len(place)
                digest.update(np.ascontiguousarray(n.value).tobytes())
        place[node] = len(place)
        assert node.op is not None
        digest.update(f"{node.op.name}{[place[n] for n in node.inputs]}".encode())
        digest.update(np.ascontiguousarray(node.value).tobytes())
    forward = digest.hexdigest()[:16]
    for _, update in trace.updates:
        digest.update(np.ascontiguousarray(update.new).tobytes())
    return forward + digest.hexdigest()[:16] if trace.updates else forward


def go_together(one: str, other: str) -> bool:
    """Whether two films may share a Player: the same recording, with the same update or without."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
