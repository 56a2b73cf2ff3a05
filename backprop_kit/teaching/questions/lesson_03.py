"""Lesson 03: one route, two routes, and the exit quiz."""

from __future__ import annotations

from functools import cache
from math import prod

from backprop_kit.engine import Node, Tensor, Trace, replay
from backprop_kit.films.numbers import number
from backprop_kit.study.own_rule import run_rule

from . import Option, Question

TURN = 0.1
AS_YOU_SAID = "As you said."


@cache
def one_route() -> tuple[Trace, Tensor]:
    """Beat 1: a leads to the loss along one route."""
    a, b, c = Tensor(1.5), Tensor(-2.0), Tensor(4.5)
    s = a * b + c
    return Trace.of(s**2), a


@cache
def two_routes() -> tuple[Trace, Tensor, Tensor]:
    """Beats 2 to 4: u leads to the loss along two routes; the recording, a and u."""
    a, b, c = Tensor(2.0), Tensor(5.0), Tensor(-0.4)
    u = a * b
    return Trace.of(u + u * c), a, u


def along() -> Question:
    """P1: how does a turn of a reach the loss?"""
    trace, a = one_route()
    route = local_slopes(trace, a.node)
    last, first = route[-1], route[0]
    slope, summed = prod(route), sum(route)
    measured = float(replay(trace.loss, {a: a.data + TURN}) - trace.loss.value)
    terms = " + ".join(short(v) for v in reversed(route)).replace("+ −", "− ")
    return Question(
        "03.p1",
        f"Turn a up by {TURN}. L changes by about …",
        (
            Option(
                _signed(slope * TURN),
                f"{AS_YOU_SAID} The true change is {_signed(measured)}: "
                "on the way the slope of the square changes.",
            ),
            Option(
                _signed(summed * TURN),
                f"{terms} = {short(summed)} adds the local slopes. Along a route they multiply.",
            ),
            Option(
                _signed(last * TURN),
                f"{short(last)} is only the last local slope, at the square. "
                f"{_words(len(route) - 1)} more lie before it.",
            ),
            Option(
                _signed(first * TURN),
                f"{short(first)} is only the first local slope, b. "
                f"{_words(len(route) - 1)} more follow.",
            ),
        ),
        place="the graph, after the way back",
        reveal="backward",
        walk="Walk on to the end of the way back",
        shows=f"slope {short(slope)} × {TURN} = {_signed(slope * TURN)}; "
        f"measured {_signed(measured)}",
    )


def across() -> Question:
    """P2: u has two routes to the loss."""
    trace, _, u = two_routes()
    first, second = parts_at(trace, u.node)
    total, sizes = first + second, abs(first) + abs(second)
    measured = float(replay(trace.loss, {u: u.data + TURN}) - trace.loss.value)
    return Question(
        "03.p2",
        f"Only u grows, by {TURN}. L changes by …",
        (
            Option(
                short(total * TURN),
                f"{AS_YOU_SAID} {short(first)} along one route, {short(second)} along the other.",
            ),
            Option(
                short(first * TURN),
                f"{short(first)} is the direct route alone. Through v comes {short(second)}.",
            ),
            Option(
                short(second * TURN),
                f"{short(second)} came last, and does not replace what came first, {short(first)}.",
            ),
            Option(
                short(sizes * TURN),
                f"{short(abs(first))} + {short(abs(second))} adds the sizes. "
                f"The second route lowers L: {short(second)}.",
            ),
        ),
        place="the graph, after the way back",
        reveal="backward",
        walk="Walk on to the end of the way back",
        shows=f"slope {short(first)} − {short(abs(second))} = {short(total)}, "
        f"× {TURN} = {short(total * TURN)}; measured {short(measured)}",
    )


def quiz() -> tuple[Question, ...]:
    """The exit quiz."""
    return _two_routes(), _overwritten(), _why_wait()


def _two_routes() -> Question:
    far, near = (0.5, -4.0, 0.2), 1.0
    x = Tensor(1.0)
    y = x
    for local in far:
        y = y * local
    trace = Trace.of(y + x * near)
    slope, along, summed = float(trace.grads[x.node]), prod(far), sum(far) + near
    plus = " + ".join(map(short, (*far, near))).replace("+ −", "− ")
    times = " × ".join(short(v) if v > 0 else f"({short(v)})" for v in far)
    locals_ = ", ".join(map(short, far))
    return Question(
        "03.quiz.1",
        f"Two routes lead from x to L, one with local slopes {locals_}, "
        f"one with slope {short(near)}. ∂L/∂x = …",
        (
            Option(
                short(slope),
                f"{times} = {short(along)} along the long one; with {short(near)} "
                f"that makes {short(slope)}.",
                "Right: multiply along a route, add across the routes.",
            ),
            Option(
                short(along),
                f"{short(along)} is the long route alone. "
                f"The direct one brings {short(near)}, and where routes meet, parts add up.",
                "Not yet: the direct route is missing.",
            ),
            Option(
                short(summed),
                f"{plus} = {short(summed)} adds them all. Which of them lie on one route?",
                "Not yet: along a route slopes multiply.",
            ),
            Option(
                short(near),
                f"{short(near)} is the short route alone. The long one brings {short(along)}.",
                "Not yet: the long route is missing.",
            ),
        ),
    )


def _overwritten() -> Question:
    x = Tensor(3.0)
    trace = Trace.of(x * x)
    first, last = parts_at(trace, x.node)
    mine = run_rule(trace, combine=lambda old, new: new).slope(x)
    assert mine is not None
    left, whole, value = float(mine), float(trace.grads[x.node]), float(trace.loss.value)
    return Question(
        "03.quiz.2",
        f"L = x·x at x = {short(float(x.data))}, with a rule that overwrites: slope of x?",
        (
            Option(
                short(left),
                f"x is used twice: of {short(first)} + {short(last)} = {short(whole)} "
                f"only {short(left)} is left.",
                "Right: the later part takes the place of the earlier.",
            ),
            Option(
                short(whole),
                f"{short(first)} + {short(last)} = {short(whole)} needs the plus; "
                "this rule has none.",
                "Not yet: here one part is lost.",
            ),
            Option(
                short(value),
                f"{short(value)} is L itself. Each of the two uses sends {short(last)} back.",
                "Not yet: that is the value, not a slope.",
            ),
            Option(
                "0",
                f"The part that comes last stays: {short(left)}.",
                "Not yet: one part is lost, not both.",
            ),
        ),
    )


def _why_wait() -> Question:
    trace, a, u = two_routes()
    v = next(n for n in trace.loss.inputs if n is not u.node)
    early = run_rule(trace, order=[trace.loss, u, v])
    passed_on = next(visit.g for visit in early.visits if visit.node is u.node)
    mine = early.slope(a)
    assert passed_on is not None and mine is not None
    sent, whole = short(float(passed_on)), short(float(trace.grads[u.node]))
    got, true = short(float(mine)), short(float(trace.grads[a.node]))
    rise = float(replay(trace.loss, {a: a.data + TURN}) - trace.loss.value)
    return Question(
        "03.quiz.3",
        "Why must a node wait for all its users?",
        (
            Option(
                "until then it holds only a part of its slope",
                f"In beat 4, u passed on {sent} of {whole}: a showed {got} for {true}.",
                "Right: it passes on what it holds, once.",
            ),
            Option(
                "else the program would not end",
                f"There are no cycles. Even too early, all {len(early.visits) - 1} parts arrive.",
                "Not yet: it ends in any order.",
            ),
            Option(
                "else its value would change",
                f"The value of u stays {short(float(u.data))}; only its slope is being added up.",
                "Not yet: the way back changes no value.",
            ),
            Option(
                "only for speed",
                f"Too early, a shows {got}. Measured: a up by {TURN}, L up by {short(rise)}.",
                "Not yet: the order changes the result.",
            ),
        ),
    )


def local_slopes(trace: Trace, start: Node) -> list[float]:
    """The local slopes along the only route from a value to the loss."""
    route, here = [], start
    while here is not trace.loss:
        (step,) = [s for s in trace.steps if s.target is here]
        assert step.node is not None and step.g is not None
        route.append(float(step.part / step.g))
        here = step.node
    return route


def parts_at(trace: Trace, place: Node) -> list[float]:
    """The parts of a slope, in the order they arrive."""
    return [float(part) for _, part in trace.parts[place]]


def short(value: float) -> str:
    """A number without zeros at its end: −0.6 for −0.600."""
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text and "·" not in text else text


def _signed(value: float) -> str:
    return f"+{short(value)}" if value > 0 else short(value)


def _words(count: int) -> str:
    return ("No", "One", "Two", "Three")[count] if count < 4 else str(count)


QUESTIONS = {"03.p1": along, "03.p2": across, "03.quiz": quiz}
