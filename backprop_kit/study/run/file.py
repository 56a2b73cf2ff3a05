"""A whole run in a file: JSON, every number exact, nothing in it is ever evaluated.

`dict_of` a run in plain values · `run_of` the run again, after everything was looked at ·
`write`, `read` the file. It holds samples and model (recipes where there are any, else all
numbers), the tree of branches with their changes and curves, and the present moment. Weights on the
way are not in it: they are played again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backprop_kit.data import Data
from backprop_kit.study.run import plain
from backprop_kit.study.run.branching import usual_name
from backprop_kit.study.run.curve import MOST, Points
from backprop_kit.study.run.layers import model_in, model_out
from backprop_kit.study.run.plain import NotOurs
from backprop_kit.study.run.recipe import make_data, make_model
from backprop_kit.study.run.token import MOST_STEPS
from backprop_kit.study.run.tree import place_of

if TYPE_CHECKING:
    from backprop_kit.study.run.run import Run

R = TypeVar("R", bound="Run")

FORMAT, VERSION = "backprop_kit run", 1
LARGEST = 100_000_000  # bytes
PLACES = 32  # losses on the way that are compared with those in the file
MOST_BRANCHES = 10_000
PARTS = {"format", "version", "data", "model", "loss", "optimizer", "batch", "seed", "branches",
         "at"}  # fmt: skip
SAMPLES = {"x", "y", "kinds", "names", "classes", "split"}
BRANCH = {"name", "parent", "start", "change", "last", "stopped", "curve"}


# --- writing --------------------------------------------------------------------------------------
def dict_of(run: Run) -> dict[str, Any]:
    """The run in plain values. Raises ValueError, in two lines, where something cannot be written
    down: a loss, rule or layer of one's own."""
    data, model = run.recipe["data"], run.recipe["model"]
    base = run._history.base
    try:
        return {
            "format": FORMAT, "version": VERSION,
            "data": {"recipe": data} if data is not None else _data_out(run.data),
            "model": {"recipe": model} if model is not None else model_out(run.start_model()),
            "loss": plain.loss_out(run.loss), "optimizer": plain.optimizer_out(base.optimizer),
            "batch": base.batch, "seed": run.seed,
            "branches": [
                {
                    "name": b.name, "parent": b.parent, "start": b.start,
                    "change": {w: plain.value_out(w, v) for w, v in b.change.items()},
                    "last": b.last, "stopped": b.stopped,
                    "curve": _curve_out(run._history.points[b.id]),
                }
                for b in run.branches
            ],
            "at": [run.branch.id, run.k],
        }  # fmt: skip
    except NotOurs as problem:
        raise ValueError(
            f"This run cannot be saved, because {problem}.\n"
            "A file holds what the kit can build again: its layers, losses and rules."
        ) from None


def _data_out(data: Data) -> dict[str, Any]:
    return {
        "x": data.x.tolist(), "y": data.y.tolist(),
        "kinds": [data.x.dtype.name, data.y.dtype.name],
        "names": None if data.names is None else list(data.names),
        "classes": None if data.classes is None else list(data.classes),
        "split": [rows.tolist() for rows in data.split],
    }  # fmt: skip


def _curve_out(points: Points) -> list[Any]:
    curve = points.curve
    columns = [[v if np.isfinite(v) else None for v in c.tolist()] for c in curve[1:]]
    return [points.every, curve.steps.tolist(), *columns]


def text_of(run: Run) -> str:
    """What the file holds."""
    return json.dumps(dict_of(run), separators=(",", ":"), allow_nan=False)


def write(run: Run, path: Any) -> Path:
    """Write the run to a file and return its path."""
    text = text_of(run)
    place = _path(path)
    beside = place.with_name(place.name + ".part")  # an old file stays whole until the new one is
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(place)
    except OSError as problem:
        with suppress(OSError):
            beside.unlink()
        raise ValueError(
            f"{_short(place)} cannot be written: {_why(problem)}.\n"
            "Give a path in a folder that exists, such as 'run.json'."
        ) from None
    return place


def _path(path: Any) -> Path:
    if not isinstance(path, (str, Path)) or not Path(path).name or "\0" in str(path):
        raise TypeError(
            f"The path is {path!r}; it must name a file.\nGive a text such as 'run.json'."
        )
    return Path(path)


def _short(place: Path) -> str:
    return repr(str(place)[-80:])


def _why(problem: OSError) -> str:
    return (problem.strerror or "no file").lower()


# --- reading --------------------------------------------------------------------------------------
def read(path: Any) -> dict[str, Any]:
    """What a file says. Raises ValueError, in two lines, for what is no run of the kit."""
    place = _path(path)
    try:
        if (size := place.stat().st_size) > LARGEST:
            raise ValueError(
                f"{place.name} has {size:,} bytes; a saved run has at most {LARGEST:,}.\n"
                "Give the path of a saved run."
            )
        raw = place.read_bytes()
    except OSError as problem:
        raise ValueError(
            f"{_short(place)} cannot be read: {_why(problem)}.\nGive the path of a saved run."
        ) from None
    told = plain.parsed(raw)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError(
            f"{place.name} is no run that was saved by this kit.\n"
            "Give the path that run.save(path) wrote."
        )
    return told


def run_of(cls: type[R], told: Any) -> R:
    """The run of plain values, at step 0, with its whole tree and where it is to go."""
    if not isinstance(told, Mapping) or set(told) != PARTS or told["format"] != FORMAT:
        raise ValueError(_no("its parts are not those of a run"))
    if told["version"] != VERSION:
        raise ValueError(_no(f"it is of version {told['version']!r}, not {VERSION}"))
    branches = told["branches"]
    if not isinstance(branches, list) or not 0 < len(branches) <= MOST_BRANCHES:
        raise ValueError(_no("its branches cannot be read"))
    run = cls(
        _model_in(told["model"]), _data_in(told["data"]), loss=plain.loss_in(told["loss"]),
        optimizer=plain.optimizer_in(told["optimizer"]), batch=told["batch"], seed=told["seed"],
    )  # fmt: skip
    for i, one in enumerate(branches):
        _grow(run, i, one)
    at = told["at"]
    if not _counts(at, 2) or at[0] >= len(branches) or at[1] > MOST_STEPS:
        raise ValueError(_no("the moment it is at does not exist"))
    line, k = run.branches[at[0]], at[1]
    owner = run._history.owner(line, k)
    if k > branches[owner.id]["last"]:
        raise ValueError(_no(f"step {k:,} lies behind the end of its branch"))
    curve = run.curve(line.id)
    known = np.flatnonzero(curve.steps <= k)
    some = known[np.unique(np.linspace(0, len(known) - 1, PLACES).astype(int))]
    run._aim(line, k, [(int(curve.steps[j]), float(curve.train[j])) for j in some])
    return run


def _grow(run: Run, i: int, one: Any) -> None:
    if not isinstance(one, Mapping) or set(one) != BRANCH or not isinstance(one["name"], str):
        raise ValueError(_no("a branch cannot be read"))
    start, last, parent, change = one["start"], one["last"], one["parent"], one["change"]
    if not _counts([start, last], 2) or not start <= last <= MOST_STEPS:
        raise ValueError(_no("a branch ends before it begins"))
    if not isinstance(change, Mapping) or not isinstance(one["stopped"], str):
        raise ValueError(_no("a change cannot be read"))
    asked = {word: plain.value_in(word, value) for word, value in change.items()}
    if i == 0:
        if parent is not None or start:
            raise ValueError(_no("its first branch has to begin at step 0"))
        if asked:
            run._begin_with(asked)
        branch = run.branches[0]
    else:
        if type(parent) is not int or not 0 <= parent < i:
            raise ValueError(_no("a branch leaves one that is not there"))
        if not run.branches[parent].start <= start <= run.branches[parent].last:
            raise ValueError(_no("a branch leaves another where that one is not"))
        branch = run._grow(run.branches[parent], start, asked)
    run.rename(branch, one["name"][:200])
    branch.by_hand = branch.name != usual_name(branch)
    branch.last, branch.stopped = last, one["stopped"][:300]
    every, columns = _columns(one["curve"], start, last)
    places = [place_of(branch, int(k), run._history.n) for k in columns[0]]
    run._history.points[branch.id].restore(every, columns, places)


def _columns(told: Any, start: int, last: int) -> tuple[int, list[np.ndarray]]:
    try:
        every, steps = told[0], np.array(told[1], np.int64)
        columns = [np.array([np.nan if v is None else v for v in c], float) for c in told[2:]]
        if len(columns) != 4 or any(c.shape != steps.shape for c in columns) or steps.ndim != 1:
            raise ValueError
        if not _counts([every], 1) or every & (every - 1):
            raise ValueError
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise ValueError(_no("a curve cannot be read")) from None
    ordered = len(steps) <= MOST and bool((np.diff(steps) > 0).all())
    if not ordered or (len(steps) and not start <= steps[0] <= steps[-1] <= last):
        raise ValueError(_no("a curve lies outside its branch"))
    return every, [steps, *columns]


def _model_in(told: Any) -> Any:
    return make_model(told["recipe"]) if _has_recipe(told) else model_in(told)


def _data_in(told: Any) -> Data:
    if _has_recipe(told):
        return make_data(told["recipe"])
    if not isinstance(told, Mapping) or set(told) != SAMPLES:
        raise ValueError(_no("its samples cannot be read"))
    kinds, split = told["kinds"], told["split"]
    if (
        not isinstance(kinds, list)
        or len(kinds) != 2
        or not all(kind in ("float64", "float32", "int64") for kind in kinds)
    ):
        raise ValueError(_no("its samples are of an unknown type"))
    if not isinstance(split, list) or len(split) != 2:
        raise ValueError(_no("its samples are not split in two"))
    try:
        x, y = (np.array(told[word], kind) for word, kind in zip("xy", kinds, strict=True))
        rows = tuple(np.array(r, np.int64) for r in split)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(_no("its samples are no rectangle of numbers")) from None
    return Data(x, y, told["names"], split=(rows[0], rows[1]), classes=told["classes"])


def _has_recipe(told: Any) -> bool:
    return isinstance(told, Mapping) and set(told) == {"recipe"}


def _counts(told: Any, n: int) -> bool:
    return isinstance(told, list) and len(told) == n and all(type(v) is int and v >= 0
                                                             for v in told)  # fmt: skip


def _no(why: str) -> str:
    return f"This file tells of no run: {why}.\nIt was changed by hand or by another program."
