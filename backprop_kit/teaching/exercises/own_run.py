"""Lesson 05, E4: a training of one's own, in few updates."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from backprop_kit.data import digits
from backprop_kit.films.numbers import number
from backprop_kit.study.curvature import sharpness
from backprop_kit.study.run import Run
from backprop_kit.study.training import accuracy

SEEDS = (0, 1, 2)
UPDATES, ENOUGH = 92, 0.95
RISE = 1.02  # times its lowest so far: by then the loss has gone up


def in_time(answer: Any) -> list[str]:
    """E4: `trained(seed)` gives a Run of at most 92 updates; the median of three seeds counts."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the function itself: check("05.e4", trained).',
        ]
    runs = []
    for seed in SEEDS:
        try:
            told = answer(seed)
        except Exception as stopped:
            said = " ".join(str(stopped).split())
            if "ellipsis" in said:
                return ["Not yet: replace the dots."]
            return [
                "Not yet: the lines stop before they are done.",
                f"{type(stopped).__name__}: {said}",
            ]
        if told is ...:
            return ["Not yet: replace the dots."]
        run = getattr(told, "run", told)  # a TrainingLab has one
        if not isinstance(run, Run):
            return [
                "Unclear: a Run is asked for.",
                f"The function returns {type(told).__name__}. End it with: return run.",
            ]
        if unfit := _unfit(run):
            return unfit
        runs.append(run)
    return _judged(runs)


def _unfit(run: Run) -> list[str]:
    """What keeps a run from being judged, [] if nothing does."""
    if run.k > UPDATES:
        return [
            f"Not yet: {run.k} updates.",
            f"{UPDATES} are allowed. A larger batch, or fewer epochs?",
        ]
    learnt = run.data.x[run.data.split[0]]
    if learnt.shape[1:] != digits().x.shape[1:]:
        return [
            "Unclear: these are not the digits.",
            "Give the run digits(); it keeps the test images back by itself.",
        ]
    if _judging() & _each(learnt):
        return [
            "Not yet: the run learns from test images.",
            "These are for judging only. Give the run digits() itself.",
        ]
    try:
        accuracy(run.model, digits().test)
    except (TypeError, ValueError) as problem:
        return ["Unclear: the model does not answer for a digit.", str(problem).split("\n")[0]]
    return []


@cache
def _judging() -> set[bytes]:
    """Images that only the test part has."""
    train, test = (_each(digits().x[rows]) for rows in digits().split)
    return test - train


def _each(images: np.ndarray) -> set[bytes]:
    return {np.ascontiguousarray(image, dtype=float).tobytes() for image in images}


def _judged(runs: list[Run]) -> list[str]:
    shares = [accuracy(run.model, digits().test) for run in runs]
    middle = sorted(range(len(runs)), key=lambda i: shares[i])[len(runs) // 2]
    share, run = shares[middle], runs[middle]
    seen = ", ".join(f"{100 * s:.0f} %" for s in shares)
    if share >= ENOUGH:
        return [
            f"Right: {seen} of the test digits, in {run.k} updates.",
            "What you turned is chosen on one data set; on another it may be another.",
        ]
    return [f"Not yet: {seen} of the test digits, in {run.k} updates.", _why(run)]


def _why(run: Run) -> str:
    """Too hot, too cold, or neither."""
    if run.branch.stopped:
        return f"The run ended early: {run.branch.stopped}."
    curve = run.curve()
    lowest = np.minimum.accumulate(curve.train)
    risen = np.flatnonzero(curve.train[1:] > RISE * lowest[:-1]) + 1
    if len(risen):
        before, after = (int(k) for k in curve.steps[risen[0] - 1 : risen[0] + 1])
        return f"Loss rose by update {after}{_gauge(run, before)}. Try a smaller step."
    if run.k < UPDATES:
        return f"Still falling, and {UPDATES - run.k} updates are left."
    return "Still falling when time was up. Try a larger step."


def _gauge(run: Run, k: int) -> str:
    """η λmax at a step of plain descent; "" for another rule, or where it is not above 2."""
    here = run.k
    run.seek(k)
    rule, model = run.settings.optimizer, run.model
    run.seek(here)
    gauge = rule.rate(k) * sharpness(model, run.data, run.loss) if rule.plain else 0.0
    return f", from η λmax = {number(gauge)}, above 2" if gauge > 2 else ""
