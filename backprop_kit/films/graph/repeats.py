"""Neighbours that belong together: chains, equal neighbours, and runs of the recording.

Everything here works on `Part`s: stretches of the recording that follow each other.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from backprop_kit.engine.tensor import Node
from backprop_kit.films.graph.scopes import Scope
from backprop_kit.films.graph.symbols import DISCS, absorbed, disc

PERIOD = 64  # a round of a loop has at most so many parts
LONG = 14  # so many letters fit on a card
LEAST = 3  # so many parts make a chain, so many rounds a loop


@dataclass(eq=False, slots=True)
class Part:
    """A stretch of the recording: one operation, a layer, or a group of what is `inner`.

    start, end  positions among the values made
    index       which of its equals it is, from 1
    leaves      the leaves that stand inside, once that is known
    """

    start: int
    end: int
    kind: str = ""  # "" one operation, "call" a layer; "equal", "chain", "run" groups
    name: str = ""
    scope: Scope | None = None
    inner: Sequence[Part] = ()
    index: int = 0
    leaves: list[Node] | None = None
    seen: Sequence[Part | Node] = ()

    @property
    def folds(self) -> bool:
        return bool(self.kind)


def group(kind: str, name: str, inner: list[Part]) -> Part:
    return Part(inner[0].start, inner[-1].end, kind, name, inner=inner)


class Repeats:
    """Finds chains and equal neighbours in one recording."""

    def __init__(self, made: Sequence[Node], users: dict[Node, list[tuple[Node, int]]]) -> None:
        self.made, self.users = made, users
        self.at = {n: i for i, n in enumerate(made)}

    # --- chains -----------------------------------------------------------------------------------
    def chains(self, parts: list[Part]) -> list[Part]:
        """Fold where each part has one input, the part before, which has no other use."""
        links = [self._linked(a, b) for a, b in pairwise(parts)]
        out: list[Part] = []
        i, least = 0, max(LEAST, len(parts) // 40)
        while i < len(parts):
            j = i
            while j < len(links) and links[j]:
                j += 1
            run = parts[i : j + 1]
            if len(run) >= least:
                out += self._chain(run)
            else:
                out += run
            i = j + 1
        return out

    def _chain(self, run: list[Part]) -> list[Part]:
        """Equal neighbours of a chain fold for themselves: ten layers are more than a chain."""
        out: list[Part] = []
        loose: list[Part] = []
        for part in [*self.equals(run), None]:
            if part is not None and part.kind != "equal":
                loose.append(part)
                continue
            out += [group("chain", "chain", loose)] if len(loose) >= LEAST else loose
            loose = []
            out += [part] if part is not None else []
        return out

    def _linked(self, a: Part, b: Part) -> bool:
        if any(p.scope is not None and p.scope.loss for p in (a, b)):
            return False
        leaving = [n for i in range(a.start, a.end)
                   for n, _ in self.users[self.made[i]] if self.at[n] >= a.end]  # fmt: skip
        if len(leaving) != 1 or self.at[leaving[0]] >= b.end:
            return False
        for n in self.made[b.start : b.end]:
            for m in n.inputs:
                at = self.at.get(m, -1)
                outside = m in self.users and (
                    any(not b.start <= self.at[u] < b.end for u, _ in self.users[m])
                    if at < 0 else at < a.start
                )  # fmt: skip
                if outside:
                    return False
        return True

    # --- equal neighbours -------------------------------------------------------------------------
    def equals(self, parts: list[Part]) -> list[Part]:
        """Fold equal neighbours, also such that are several parts each: the rounds of a loop."""
        kinds: dict[Hashable, int] = {}
        signs = np.array([kinds.setdefault(self._sign(p), len(kinds)) for p in parts])
        out: list[Part] = []
        at = 0
        for start, period, count in sorted(_periods(signs)):
            out += parts[at:start]
            at = start + period * count
            out.append(self._equal(parts[start:at], period, count))
        return out + parts[at:]

    def _sign(self, part: Part) -> Hashable:
        if not part.folds:
            return _recipe(self.made[part.start])
        inside = tuple(_recipe(n) for n in self.made[part.start : part.end])
        return part.kind, part.name.rstrip("0123456789. "), inside

    def _equal(self, parts: list[Part], period: int, count: int) -> Part:
        if period == 1:
            word, rounds = self._word(parts), parts
            numbers = [p.name.rpartition(" ")[2] for p in parts]
            counted = all(n.isdigit() for n in numbers)
            for i, p in enumerate(parts):
                p.index = int(numbers[i]) if counted else i + 1
        else:
            word, rounds = "round", []
            for i in range(count):
                rounds.append(
                    group("run", f"round {i + 1:,}", parts[i * period : (i + 1) * period])
                )
                rounds[-1].index = i + 1
        return group("equal", f"{word} ×{count:,}", rounds)

    def _word(self, parts: list[Part]) -> str:
        some = [parts[0], parts[len(parts) // 2], parts[-1]]
        if parts[0].folds:
            return parts[0].name.rstrip("0123456789. ") or parts[0].name
        first, *others = (self.made[p.start] for p in some)
        if all(disc(n) == disc(first) for n in others):
            return disc(first)
        assert first.op is not None
        return DISCS.get(first.op.name, first.op.name)


def _recipe(n: Node) -> Hashable:
    assert n.op is not None
    return n.op.name, n.value.shape, tuple([absorbed(m) for m in n.inputs])


def _periods(signs: np.ndarray) -> list[tuple[int, int, int]]:
    """(start, period, count) of stretches that repeat; the longest are taken, none overlaps."""
    size = len(signs)
    found: list[tuple[int, int, int]] = []
    for period in range(1, min(PERIOD, size // LEAST) + 1):
        same = np.concatenate(([False], signs[:-period] == signs[period:], [False]))
        edges = np.flatnonzero(same[1:] != same[:-1])
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            count = (end - start) // period + 1
            if count >= LEAST and count * period >= max(6, size // 40):
                found.append((start, period, count))
    found.sort(key=lambda f: (-f[1] * f[2], f[1], f[0]))
    taken: list[tuple[int, int, int]] = []
    for start, period, count in found:
        end = start + period * count
        if all(end <= s or start >= s + p * c for s, p, c in taken):
            taken.append((start, period, count))
    return taken


# --- runs -----------------------------------------------------------------------------------------
def runs(parts: list[Part], weights: Sequence[int], room: int, name: str) -> list[Part]:
    """Cut into at most `room` runs of about equal weight, so that no level below needs more.

    A run of one part stays that part. `name` is that of what they are runs of.
    """
    total, depth = sum(weights), 1
    while room**depth < total:
        depth += 1
    count = min(room, max(2, int(np.ceil(round(total ** (1 / depth), 9)))))
    piles: list[list[Part]] = []
    before, last = 0, -1
    for part, weight in zip(parts, weights, strict=True):
        # A part goes where its middle falls, so that a heavy one does not swallow its neighbours.
        number = min(count - 1, int((before + weight / 2) * count / total))
        if number != last:
            piles.append([])
        piles[-1].append(part)
        before, last = before + weight, number
    out: list[Part] = []
    for pile in piles:
        if len(pile) == 1:
            out += pile
            continue
        out.append(group("run", _called(pile, name, len(out) + 1), pile))
    return out


def _called(pile: list[Part], name: str, number: int) -> str:
    if not all(p.index for p in pile):
        return f"{name}{number}"
    numbers = f"{pile[0].index:,}–{pile[-1].index:,}"
    return name + numbers if len(name + numbers) <= LONG else numbers
