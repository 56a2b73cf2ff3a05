"""Forks: the part of `Run` that adds branches to its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop_kit.study.run.look import Look
from backprop_kit.study.run.machines import Machine, sizes_of
from backprop_kit.study.run.settings import (
    RULES,
    Settings,
    changed,
    checked_change,
    merged,
    named,
    written,
)
from backprop_kit.study.run.tree import Branch


class Branching(Look):
    """A position from which branches leave."""

    _machine: Machine

    def fork(self, name: str = "", **change: Any) -> Branch:
        """Leave the present line with a change, and stand on the new branch, at the same step.

        change  optimizer= | lr= momentum= weight_decay= l1= clip_value= clip_norm= schedule= … |
                batch= | weights={(path, index): value}

        The fork that was made here before with the same change is taken again. A rule of the same
        kind keeps what it remembers of each weight, another kind begins anew; a new schedule counts
        from here.

        Raises ValueError or TypeError, in two lines; nothing is changed then.
        """
        owner, history = self.owner, self._history
        asked = checked_change(change, owner.settings, self._pupil.layout.shapes)
        settings = changed(owner.settings, asked)
        self._prepare(settings)
        twin = next(
            (b for b in self.branches
             if b.parent == owner.id and b.start == self._k and _same(b.change, asked)
             and name in ("", b.name)), None)  # fmt: skip
        branch = twin or history.add(
            self._free(name or named(asked)), owner, self._k, asked, settings
        )
        branch.by_hand = branch.by_hand or bool(name)
        history.reach(branch, self._k)
        self._branch = branch
        return branch

    def change(self, **change: Any) -> Branch:
        """What touching a knob does: a fork, or where nothing was trained yet no fork is needed.

        On a branch that begins here, on which no step was made and from which none forks, the
        change is made to that branch itself; everywhere else this is `fork`.
        """
        owner, history = self.owner, self._history
        used = any(b.parent == owner.id for b in self.branches)
        if used or owner.stopped or not self._k == owner.start == owner.last:
            return self.fork(**change)
        asked = checked_change(change, owner.settings, self._pupil.layout.shapes)
        settings = changed(owner.settings, asked)
        self._prepare(settings)
        both = merged(owner.change, asked)
        history.alter(owner, both, settings)
        if not owner.by_hand:
            owner.name = ""
            owner.name = self._free(usual_name(owner))
        self._branch = owner
        history.reach(owner, self._k)
        return owner

    def rename(self, branch: int | Branch, name: str) -> None:
        """Call a branch otherwise. Raises ValueError for a name that is taken or none."""
        found = self.known(branch)
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"{name!r} is no name.\nGive a text such as 'small steps'.")
        if any(b.name == name for b in self.branches if b is not found):
            raise ValueError(f"Another branch is called {name!r}.\nGive a name of its own.")
        found.name, found.by_hand = name, True

    def _free(self, name: str) -> str:
        """The name, with a number behind it where it is taken."""
        taken, i, free = {b.name for b in self.branches}, 1, name
        while free in taken:
            i += 1
            free = f"{name} ({i})"
        return free

    def _prepare(self, settings: Settings) -> None:
        """Refuse a batch the model cannot take, before anything is changed."""
        for rows in sizes_of(settings, self._history.n):
            self._machine.prepare(rows)

    # --- what a token or a file builds ------------------------------------------------------------
    def _begin_with(self, change: Mapping[str, Any]) -> None:
        """Make a change before anything is trained, to the first branch itself."""
        first = self._history.branches[0]
        asked = checked_change(change, first.settings, self._pupil.layout.shapes)
        settings = changed(first.settings, asked)
        self._prepare(settings)
        self._history.alter(first, asked, settings)

    def _grow(self, parent: Branch, start: int, change: Mapping[str, Any]) -> Branch:
        """Add a branch that leaves a step which need not be computed yet."""
        asked = checked_change(change, parent.settings, self._pupil.layout.shapes)
        settings = changed(parent.settings, asked)
        self._prepare(settings)
        return self._history.add(self._free(named(asked)), parent, start, asked, settings)


def usual_name(branch: Branch) -> str:
    """The name a branch has when nobody gave it one: its change, or the rule of the first one."""
    first = branch.parent is None
    return named({"optimizer": branch.settings.optimizer} if first else branch.change)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two changes are equal; rules of the kit are when all their settings are."""
    return bool(_plain(one) == _plain(other))


def _plain(change: Mapping[str, Any]) -> dict[str, Any]:
    rule: Any = change.get("optimizer")
    known = {"optimizer": (type(rule), written(rule))} if type(rule) in RULES else {}
    return {**change, **known}
