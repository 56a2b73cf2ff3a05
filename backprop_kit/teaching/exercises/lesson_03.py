"""Lesson 03: what two parts make together (E1), who passes on when (E2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from backprop_kit.engine import Node, Tensor, Trace, replay
from backprop_kit.study.own_rule import OwnRun, run_rule

from ..checks import typed
from ..questions.lesson_03 import short

TURN = 0.1
PROBES = ((1.0, -0.4), (2.0, 3.0), (3.0, 2.0))
NEAR = 1e-9  # relative; the same sum may be rounded another way

Combine = Callable[[Any, Any], Any]

# --- E1 -------------------------------------------------------------------------------------------
_OPPOSED = "Two routes that oppose each other must weaken each other."
# The slip, its name, and what is said to it.
_RULES: Sequence[tuple[Combine, str, str]] = (
    (lambda old, new: new, "only the later part is kept", "What arrived first is gone."),
    (lambda old, new: old, "only the earlier part is kept", "What arrives later is lost."),
    (
        lambda old, new: old * new,
        "the parts are multiplied",
        "Along a route slopes multiply; here two routes meet.",
    ),
    (
        lambda old, new: (old + new) / 2,
        "this is the mean",
        f"Measure it: u up by {TURN}. Is it half?",
    ),
    (max, "only the larger part is kept", _OPPOSED),
    (lambda old, new: abs(old) + abs(new), "the signs are missing", _OPPOSED),
)


def adding_up(answer: Any) -> list[str]:
    """E1: `combine = lambda old, new: ____`, probed with parts of either sign and order."""
    if not callable(answer):
        return [
            "Unclear: this is not a function.",
            'Give check the rule itself: check("03.e1", combine).',
        ]
    made = []
    for old, new in PROBES:
        try:
            told = answer(old, new)
        except Exception as stopped:
            return [
                "Not yet: the rule stops before it is done.",
                f"{type(stopped).__name__}: {' '.join(str(stopped).split())}",
            ]
        if told is ...:
            return ["Not yet: replace the dots."]
        given = typed(told)
        if given is None:
            return [
                f"Unclear: for {short(old)} and {short(new)} the rule gives no number.",
                f"It gives {type(told).__name__}; write what the two make together.",
            ]
        made.append(given)
    (old, new), first = PROBES[0], made[0]
    shown = f"{short(old)} and {short(new)} make {short(first)}"
    if _same(made, [meeting(*probe)[0] for probe in PROBES]):
        rise = short(meeting(old, new)[1])
        return [
            f"Right: {shown}.",
            f"Measured: u up by {TURN}, L up by {rise}. Every route brings its part.",
        ]
    for rule, name, says in _RULES:
        if _same(made, [rule(*probe) for probe in PROBES]):
            return [f"Not yet: {name}; {shown}.", says]
    return [
        f"Not yet, and it matches no slip I know: {shown}.",
        f"Measure it: u up by {TURN}. How far does L go?",
    ]


def meeting(old: float, new: float) -> tuple[float, float]:
    """The slope of a u from which two routes with these slopes lead to L, and by how much L rises
    with u."""
    u = Tensor(1.0)
    loss = u * new + u * old
    rise = float(replay(loss, {u: u.data + TURN}) - loss.data)
    return float(Trace.of(loss).grads[u.node]), rise


# --- E2 -------------------------------------------------------------------------------------------
def visiting(answer: Any) -> list[str]:
    """E2: repair `order = [loss, u, v, w]`, the values in the order in which they pass on."""
    if not isinstance(answer, (list, tuple)):
        return [
            "Unclear: this is not a list.",
            'Give check the list itself: check("03.e2", order).',
        ]
    if any(place is ... for place in answer):
        return ["Not yet: replace the dots."]
    trace, named = _graph()
    order = [_name_of(place, named) for place in answer]
    if None in order:
        return [
            "Unclear: this list holds something else than the values above.",
            "It takes loss, u, v and w, without quotes.",
        ]
    names = [name for name in order if name is not None]
    refused = _refused(names)
    if refused:
        return refused
    run = run_rule(trace, order=[named[name] for name in names])
    return _judged(names, run, named)


@cache
def _graph() -> tuple[Trace, dict[str, Node]]:
    """The graph of the exercise; u has two users, v and w."""
    a, b, c = Tensor(0.5), Tensor(-0.6), Tensor(-0.4)
    u = a * b
    v, w = u * c, u.tanh()
    trace = Trace.of(v + w)
    places = {"loss": trace.loss, "u": u.node, "v": v.node, "w": w.node}
    return trace, places | {"a": a.node, "b": b.node, "c": c.node}


def _name_of(place: Any, named: Mapping[str, Node]) -> str | None:
    """Which value of the exercise this is: made by the same operation, with the same number."""
    node = place.node if isinstance(place, Tensor) else place
    if not isinstance(node, Node):
        return None
    return next((name for name, own in named.items() if _alike(node, own)), None)


def _alike(node: Node, own: Node) -> bool:
    return (
        node.op is own.op
        and node.value.shape == own.value.shape
        and bool(np.isclose(node.value, own.value, rtol=NEAR, atol=0))
    )


def _refused(names: Sequence[str]) -> list[str] | None:
    """What can be said of an order before anything is sent."""
    first = "On the way back the loss comes first."
    for name in names:
        if names.count(name) > 1:
            return [f"Not yet: {_the(name)} stands twice.", "Every node passes on once."]
    if "loss" not in names:
        return ["Not yet: the loss was never visited.", first]
    if names[-1] == "loss" and len(names) > 1:
        return ["Not yet: the loss is last.", f"That is the way forward; {_lower(first)}"]
    if names[0] != "loss":
        return [f"Not yet: {names[0]} comes before the loss.", first]
    left_out = [name for name in ("v", "w") if name not in names]
    if left_out:
        one = len(left_out) == 1
        return [
            f"Not yet: {' and '.join(left_out)} {'is' if one else 'are'} left out.",
            f"{'One user' if one else 'Neither user'} of u was {'never ' if one else ''}visited.",
        ]
    if "u" not in names:
        return ["Not yet: u is left out.", "u was never visited: a and b show –."]
    return None


def _judged(names: Sequence[str], run: OwnRun, named: Mapping[str, Node]) -> list[str]:
    """What an order did that visits every node once, the loss first."""
    shows = {name: _shown(run, named[name]) for name in "uabc"}
    come = {visit.node: visit.came for visit in run.visits}
    for name in names:
        waits = run.trace.parts[named[name]]
        if name in "uvw" and come[named[name]] < len(waits):
            if come[named[name]]:
                return [
                    f"Not yet: too early; a shows {shows['a']}.",
                    f"Something arrived at {name} after {name} had passed on.",
                ]
            return [
                f"Not yet: {name} comes too early.",
                f"{name} had nothing to pass on yet: a shows {shows['a']}.",
            ]
    for leaf, users in (("a", "u"), ("b", "u"), ("c", "v")):
        if leaf in names and names.index(leaf) < names.index(users):
            return [
                f"Not yet: {leaf} comes before {users}, its user.",
                f"A leaf passes nothing on, so {leaf} still shows {shows[leaf]}.",
            ]
    return [
        "Right: " + ", ".join(f"{name} {value}" for name, value in shows.items()) + ".",
        "u waited for both its users; either of v and w may go first.",
    ]


def _shown(run: OwnRun, node: Node) -> str:
    slope = run.slope(node)
    return "–" if slope is None else short(float(slope))


def _the(name: str) -> str:
    return "the loss" if name == "loss" else name


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _same(made: Sequence[float], target: Sequence[float]) -> bool:
    return bool(np.allclose(made, target, rtol=NEAR, atol=NEAR))


EXERCISES = {"03.e1": adding_up, "03.e2": visiting}
