"""What is said of a moment: its numbers, then the one surprise that is on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from backprop_kit.films.captions import speaker
from backprop_kit.films.numbers import number
from backprop_kit.study.lab_view import LabView
from backprop_kit.study.lab_view.images import Images
from backprop_kit.study.lab_view.levels import Levels
from backprop_kit.study.lab_view.runs import Past

say = speaker("training_lab")

RISES = 1.2  # a loss that is so many times what it was has risen
STILL = 0.01  # of a loss: less than this is hardly a change
WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}


def caption(view: LabView, short: bool = False) -> str:
    """One or two sentences."""
    now = _now(view, short)
    if short:
        return now
    return " ".join([now, *[next(_surprises(view), "")]]).strip()


def _now(view: LabView, short: bool) -> str:
    if view.per_epoch == 1:
        when = say("when.step", k=f"{view.k:,}")
    elif view.inside:
        when = say("when.inside", k=f"{view.k:,}", epoch=f"{view.epoch + 1:,}")
    else:
        when = say("when.epoch", epoch=f"{view.epoch:,}")
    train, test = view.scores.train, view.scores.test
    if np.isnan(test):
        return say("now.train", when=when, train=train)
    return say("now.large" if short else "now", when=when, train=train, test=test)


def _surprises(view: LabView) -> Iterator[str]:
    """What is worth a sentence, the most surprising first."""
    finders: tuple[Callable[[LabView], str], ...] = (
        _stopped, _forks, _angle, _digits, _start, _rose, _apart, _still, _right,
    )  # fmt: skip
    for find in finders:
        told = find(view)
        if told:
            yield told


def _stopped(view: LabView) -> str:
    return say("stopped", why=view.stopped) if view.stopped else ""


def _start(view: LabView) -> str:
    return say("start") if view.k == 0 else ""


def _forks(view: LabView) -> str:
    """The fork that is told of: one that ends, one that wins after a detour, one that wins, or the
    latest."""
    runs = [p for p in view.pasts if p.id >= 0]
    forks = [p for p in runs if p.parent is not None and p.last > p.start]
    if not forks:
        return ""
    ended = next((p for p in reversed(forks) if p.stopped), None)
    k = min(p.last for p in runs if not p.stopped or p is not ended) if len(runs) > 1 else 0
    going = [p for p in runs if p.last >= k and p.start < k]
    losses = {p.id: p.at(k).train for p in going}
    best = min(losses, key=lambda id: losses[id], default=None)
    winner = next((p for p in forks if p.id == best), None)
    if ended is not None and winner is None:
        return say("fork.ends", name=ended.name, start=f"{ended.start:,}",
                   k=f"{ended.last:,}", why=ended.stopped)  # fmt: skip
    told = winner or next((p for p in reversed(forks) if p.id in losses), None)
    if told is None or best is None or len(losses) < 2:
        return ""
    first, peak = float(told.train[0]), _peak(told, k)
    high = peak > RISES * first
    gaps = {"name": told.name, "start": f"{told.start:,}", "k": f"{k:,}", "loss": losses[told.id]}
    if told is winner:
        rank = say("rank.two" if len(losses) == 2 else "rank.some",
                   n=WORDS.get(len(losses), str(len(losses))))  # fmt: skip
        rank = rank[:1].lower() + rank[1:]
        return say("fork.rises" if high else "fork.lowest", **gaps, rank=rank, peak=peak)
    name = next(p.name for p in runs if p.id == best)
    return say("fork.peak" if high else "fork.behind", **gaps, peak=peak, best=name,
               lowest=losses[best])  # fmt: skip


def _peak(past: Past, k: int) -> float:
    there = past.train[past.steps <= k]
    return float(there[np.isfinite(there)].max(initial=0.0))


def _angle(view: LabView) -> str:
    seen = view.picture
    if not isinstance(seen, Levels) or seen.angle is None:
        return ""
    return say("angle", angle=f"{seen.angle:.0f}°")


def _digits(view: LabView) -> str:
    seen = view.picture
    if not isinstance(seen, Images):
        return ""
    n, wrong = int(seen.confusion.sum()), len(seen.wrong)
    if not wrong:
        return say("digits.none", n=n, part=seen.part)
    others = seen.confusion.copy()
    np.fill_diagonal(others, 0)
    true, read = np.unravel_index(int(others.argmax()), others.shape)
    times = int(others.max())
    return say("digits", wrong=wrong, n=n, part=seen.part, true=int(true), read=int(read),
               times={1: "once", 2: "twice"}.get(times, f"{times} times"))  # fmt: skip


def _rose(view: LabView) -> str:
    """Over the last epoch, or the last step where one step is one."""
    before = view.k - view.per_epoch
    if before < 0:
        return ""
    was, now = view.present.at(before).train, view.scores.train
    if not now > RISES * was:
        return ""
    return say("rose", start=f"{before:,}", before=was)


def _apart(view: LabView) -> str:
    """The test loss has been lower, and the train loss has fallen since then."""
    past = view.present
    upto = past.steps <= view.k
    steps, train, test = past.steps[upto], past.train[upto], past.test[upto]
    if not np.isfinite(test).any() or not view.scores.train < np.inf:
        return ""
    i = int(np.nanargmin(test))
    apart = view.scores.test > RISES * test[i] and view.scores.train < train[i] / RISES
    return say("apart", start=f"{int(steps[i]):,}", before=float(test[i])) if apart else ""


def _still(view: LabView) -> str:
    """For the last third of the way."""
    past = view.present
    upto = (past.steps <= view.k) & (past.steps >= 2 * view.k / 3)
    there = past.train[upto]
    if len(there) < 6 or not np.isfinite(there).all() or number(float(there.max())) == "0":
        return ""
    if np.ptp(there) > STILL * float(there.max()):
        return ""
    return say("still", start=f"{int(past.steps[upto][0]):,}")


def _right(view: LabView) -> str:
    inputs = view.layers.sizes[:1]
    if view.scores.train_right != 1.0 or not inputs:
        return ""
    return say("right", n=f"{view.samples[0]:,}")
