"""Lesson 05: what it asks and checks, beside descents written out in plain NumPy."""

import json
import re

import numpy as np
import pytest
from lessonbook import (
    answers_are_tagged,
    cells,
    equations,
    holds_back,
    is_plainly_said,
    lines,
    panel,
    places,
    printed,
    texts,
    worked_cell,
)
from perturbed import survives

from backprop_kit.data import digits
from backprop_kit.films.numbers import number
from backprop_kit.nn import SGD, Adam, Linear, Sequential
from backprop_kit.study import board, digits_net, limit, missed, sharpness
from backprop_kit.study.run import Run
from backprop_kit.teaching.questions import lesson_05 as asked
from backprop_kit.teaching.questions import questions
from backprop_kit.teaching.questions.lesson_05 import QUESTIONS

ALL = [q for id in QUESTIONS for q in questions(id)]
LESSON = "05_learning"
DOTS = ["Not yet: replace the dots."]
BENDS = np.array([1.0, 25.0])  # E = ½ (w₁² + 25 w₂²)
START = np.array([5.0, 1.0])


def height(w):
    return 0.5 * np.sum(BENDS * w * w)


# --- what is asked --------------------------------------------------------------------------------
def test_downhill_is_67_degrees_off():
    g = BENDS * START
    off = np.degrees(np.arccos(g @ START / np.linalg.norm(g) / np.linalg.norm(START)))
    assert off == pytest.approx(asked.angle(*asked.downhill()), rel=1e-12) and round(off) == 67
    (p1,) = questions("05.p1")
    assert texts(p1)[0] == "67°" and p1.shows.startswith("67°")
    assert "The slopes are (5, 25)" in p1.options[0].says and "113°" in p1.options[3].says


def sine_losses(eta, steps):
    """The 1–8–1 net of the board on its 24 points, by hand: the mean squared error at each step."""
    x = np.linspace(-3, 3, 24)[:, None]
    t = np.sin(x)
    rng, width = np.random.default_rng(0), np.sqrt(6 / 9)
    A, a = rng.uniform(-width, width, (1, 8)), np.zeros(8)
    B, b = rng.uniform(-width, width, (8, 1)), np.zeros(1)
    losses = []
    for _ in range(steps + 1):
        h = np.tanh(x @ A + a)
        d = 2 * (h @ B + b - t) / len(x)
        losses.append(np.mean((h @ B + b - t) ** 2))
        back = d @ B.T * (1 - h**2)
        B, b = B - eta * h.T @ d, b - eta * d.sum(0)
        A, a = A - eta * x.T @ back, a - eta * back.sum(0)
    return losses


def test_over_its_limit_a_net_rises_once():
    loss, bends = asked.over_the_limit()
    assert bends[0] == pytest.approx(8.820694180309983, rel=1e-12)
    true = sine_losses(1.1 * 2 / bends[0], 10)
    assert np.allclose(loss, true, rtol=1e-9)
    assert true[1] > true[0] and all(np.diff(true[1:]) < 0)
    (p2,) = questions("05.p2")
    assert p2.options[0].says.endswith("1.32, 1.57, 1.07, 0.513 … and 0.0439 after 10 steps.")
    assert "falls from 8.82 to 5.85" in p2.options[1].says


def test_of_twenty_starts_none_ends_above_its_limit_and_most_at_twice_of_it():
    risen = dict.fromkeys((1.1, 2.0), 0)
    for seed in range(20):
        net, x, y = board("sine")
        net.reset(seed)
        edge = limit(net, (x, y))
        for share in risen:
            run = Run(net, (x, y), optimizer=SGD(share * edge))
            run.step(100)
            loss = run.curve().train
            risen[share] += not loss[-1] < loss[0]
    assert risen[1.1] == 0 and risen[2.0] >= 14


def test_the_quiz_on_the_bowl():
    first, _, _ = questions("05.quiz")
    assert texts(first) == ["0.08", "2", "0.04", "0.077"]
    assert "by 49 times" in first.options[1].says or "49 times a step" in first.options[1].says
    for eta, settles in ((0.079, True), (0.081, False)):
        w = START
        for _ in range(3000):
            w = w - eta * BENDS * w
        assert bool(height(w) < 1) is settles
    best = min(np.linspace(0.07, 0.08, 1001), key=lambda e: np.abs(1 - e * BENDS).max())
    assert round(best, 3) == 0.077 and round(np.abs(1 - best * BENDS).max(), 2) == 0.92


def by_hand(rate, batch, epochs, seed=0):
    """The 64–32–10 net by plain descent in NumPy: share right of the test, loss of the rest."""
    (x, y), (tx, ty) = digits().train, digits().test
    net = digits_net(seed)
    A, a, B, b = (p.data.copy() for p in net.parameters())
    with np.errstate(all="ignore"):
        for epoch in range(epochs):
            order = np.random.default_rng([seed, epoch]).permutation(len(y))
            for i in range(0, len(y), batch):
                rows = order[i : i + batch]
                h = np.tanh(x[rows] @ A + a)
                z = h @ B + b
                p = np.exp(z - z.max(1, keepdims=True))
                d = p / p.sum(1, keepdims=True)
                d[np.arange(len(rows)), y[rows]] -= 1
                d /= len(rows)
                back = d @ B.T * (1 - h**2)
                B, b = B - rate * h.T @ d, b - rate * d.sum(0)
                A, a = A - rate * x[rows].T @ back, a - rate * back.sum(0)
    z = np.tanh(x @ A + a) @ B + b
    top = z.max(1)
    loss = np.mean(np.log(np.exp(z - top[:, None]).sum(1)) + top - z[np.arange(len(y)), y])
    right = ((np.tanh(tx @ A + a) @ B + b).argmax(1) == ty).mean()
    return right, loss


def test_the_quiz_on_too_large_a_step():
    _, second, _ = questions("05.quiz")
    assert "η = 1 reads over 90 % of the test digits, η = 3 under 30 %" in second.text
    for seed in range(3):  # from any start, and so from one that is rounded otherwise
        assert by_hand(1.0, 32, 5, seed)[0] > 0.9
        share, loss = by_hand(3.0, 32, 5, seed)
        assert share < 0.3 and loss > 10
    assert "begins at 2.29 and ends above 10" in second.options[0].says


def test_the_quiz_on_rough_steps():
    *_, third = questions("05.quiz")
    (x, y), net = digits().train, digits_net()
    A, a, B, b = (p.data for p in net.parameters())

    def slope(rows):
        h = np.tanh(x[rows] @ A + a)
        p = np.exp(h @ B + b)
        d = p / p.sum(1, keepdims=True) - np.eye(10)[y[rows]]
        back = d @ B.T * (1 - h**2)
        parts = (x[rows].T @ back, back.sum(0), h.T @ d, d.sum(0))
        return np.concatenate([g.ravel() for g in parts])

    whole, order = slope(np.arange(len(y))), np.random.default_rng([0, 0]).permutation(len(y))
    for together, said in ((1, "points 50° off"), (8, "only 20° off")):
        size = 32 * together
        parts = [slope(order[i : i + size]) for i in range(0, len(y) - size + 1, size)]
        cosines = [g @ whole / np.linalg.norm(g) / np.linalg.norm(whole) for g in parts]
        true = np.median(np.degrees(np.arccos(cosines)))
        assert asked.turned_off(together) == pytest.approx(true, rel=1e-9)
        assert said in third.text + third.options[0].says
    assert "fewer than 30 %" in third.options[3].says
    assert all(by_hand(0.5, 1, 1, seed)[0] < 0.3 for seed in range(2))


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_four_different_answers_and_none_of_them_given_away(question):
    holds_back(question)


@pytest.mark.parametrize("question", ALL, ids=lambda q: q.id)
def test_the_words_are_plain_and_the_sentences_short(question):
    is_plainly_said(question)


def test_the_right_answer_has_no_fixed_place():
    assert len(places(ALL)) > 1


def test_the_quiz_makes_one_panel():
    assert len(panel("05.quiz")) == 6


# --- E1 -------------------------------------------------------------------------------------------
def momentum(rule):
    def step(w, v, g, alpha, eta):
        v = rule(v, g, alpha, eta)
        return w + v, v

    return step


def in_place(w, v, g, alpha, eta):
    v *= alpha
    v -= eta * g
    w += v
    return w, v


@pytest.mark.parametrize("step", [
    momentum(lambda v, g, a, e: a * v - e * g), in_place,
    lambda w, v, g, a, e: (w - e * (a * v + g), a * v + g),
    lambda w, v, g, a, e: [(w + a * v - e * g).tolist(), (a * v - e * g).tolist()],
    lambda w, v, g, a, e: ((w + a * v - e * g)[:, None], a * v - e * g),
])  # fmt: skip
def test_e1_momentum_however_written(capsys, step):
    for _ in range(2):  # and what it changes in place is its own
        found = lines(capsys, "05.e1", step)
        assert found[0] == "Right: what went on before goes on, α of it, and the slope is added."
    w, v, k = START, 0 * START, 0
    while height(w) > height(START) / 1000:
        v, k = 0.5 * v - 0.088 * BENDS * w, k + 1
        w = w + v
    plain = height(START * (1 - 0.088 * BENDS) ** k)
    assert k == 14 and f"in {k} steps; without α, E is {number(plain)} by then" in found[1]


@pytest.mark.parametrize(("rule", "says"), [
    (lambda v, g, a, e: a * v + e * g, "After one step E is 143, not 28. Which way is −g?"),
    (lambda v, g, a, e: -e * g, "The second step has forgotten the first."),
    (lambda v, g, a, e: a * v - (1 - a) * e * g,
     "Right direction, 1 − α too short: a sum or an average?"),
    (lambda v, g, a, e: a * (v - e * g),
     "Right direction, α too short: the new slope comes in whole."),
    (lambda v, g, a, e: -a * v - e * g, "What went on before goes on, α of it, the same way."),
    (lambda v, g, a, e: v - e * g, "Without α the ball never comes to rest. How much of v stays?"),
    (lambda v, g, a, e: a * v - g,
     "After one step E is 7200, not 28. By how much do you go along g?"),
    (lambda v, g, a, e: a * v - 2 * e * g,
     "It should lead to (4.56, −1.20). What is different for the first time there?"),
    (lambda v, g, a, e: v / v, "What do you divide by there?"),
])  # fmt: skip
def test_e1_slips_have_names(capsys, rule, says):
    with np.errstate(all="ignore"):
        found = lines(capsys, "05.e1", momentum(rule))
    assert found[0].startswith("Not yet") and found[1] == says


def test_e1_what_is_no_answer_yet(capsys):
    assert lines(capsys, "05.e1", ...) == DOTS
    assert lines(capsys, "05.e1", momentum(lambda *all: ...)) == DOTS
    assert lines(capsys, "05.e1", lambda w, v, g, a, e: (w, ...)) == DOTS
    assert lines(capsys, "05.e1", 3)[0] == "Unclear: this is not a function."
    assert lines(capsys, "05.e1", lambda *all: 3)[0] == "Unclear: 2 results are asked for."
    assert lines(capsys, "05.e1", lambda *all: ("a", "b"))[0] == "Unclear: w holds no 2 numbers."
    assert lines(capsys, "05.e1", lambda w: w)[1].startswith("TypeError")
    assert lines(capsys, "05.e1", lambda *all: 1 / 0)[1] == "ZeroDivisionError: division by zero"


# --- E2 -------------------------------------------------------------------------------------------
def adam(by_m=None, by_s=None, *, root=np.sqrt, kept=False):
    """The cell of the lesson, with its means divided by something."""

    def step(w, g, m, s, t):
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g**2
        free_m = m / by_m(t) if by_m else m
        free_s = s / by_s(t) if by_s else s
        w = w - 0.1 * free_m / (root(free_s) + 1e-8)
        return (w, free_m, free_s) if kept else (w, m, s)

    return step


M, S = (lambda t: 1 - 0.9**t), (lambda t: 1 - 0.999**t)


def kits(w, g, m, s, t):
    """The optimizer of the kit."""
    state = {"w": {"m": m, "s": s, "t": t - 1}} if t > 1 else None
    (update,), after = Adam(0.1).propose({"w": w}, {"w": g}, state)
    return update.new, after["w"]["m"], after["w"]["s"]


@pytest.mark.parametrize("step", [adam(M, S), kits, lambda w, g, m, s, t: (
    w - 0.1 * np.sqrt(S(t)) / M(t) * (0.9 * m + 0.1 * g)
    / (np.sqrt(0.999 * s + 0.001 * g * g) + 1e-8 * np.sqrt(S(t))),
    0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g)])  # fmt: skip
def test_e2_adam_however_written(capsys, step):
    found = lines(capsys, "05.e2", step)
    assert found[0] == "Right: the first step is 0.1 along every weight, whatever its slope."
    assert re.fullmatch(r"Measured: with the loss × 1000 the way differs by .*⁻¹⁰\.", found[1])


@pytest.mark.parametrize(("step", "says"), [
    (adam(), "It is 3.16 times Adam's. What do m and s begin at?"),
    (adam(M), "Now it is 31.6 times Adam's."),
    (adam(None, S), "Now it is 0.1 times Adam's."),
    (adam(M, S, root=lambda s: s), "Loss × 10 makes your step ten times shorter."),
    (adam(M, S, kept=True),
     "The first step is right; the next mixes into m what was divided already."),
    (adam(S, M), "m forgets by 0.9, s by 0.999; each is divided by 1 minus its own."),
    (adam(lambda t: 0.1, lambda t: 0.001), "The first step is right. What is 1 − βᵗ at t = 2?"),
    (adam(lambda t: M(t + 1), lambda t: S(t + 1)),
     "At the first step t is 1, and Adam moves by η."),
    (adam(lambda t: M(t - 1), lambda t: S(t - 1)), "What do you divide by at the first step?"),
    (lambda w, g, m, s, t: (w - 0.2, m, s),
     "It should lead to (4.90, 0.900). What is different for the first time there?"),
])  # fmt: skip
def test_e2_slips_have_names(capsys, step, says):
    found = lines(capsys, "05.e2", step)
    assert found[0].startswith("Not yet") and found[1] == says


def test_e2_what_is_no_answer_yet(capsys):
    assert lines(capsys, "05.e2", lambda *all: ...) == DOTS
    assert lines(capsys, "05.e2", lambda w, g, m, s, t: (w / ..., m, s)) == DOTS
    assert lines(capsys, "05.e2", "adam")[0] == "Unclear: this is not a function."
    assert lines(capsys, "05.e2", lambda w, *all: w)[0] == "Unclear: 3 results are asked for."


# --- E3 -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scaled", [
    lambda x: (x / [1, 5], 1), lambda x: (x / np.array([5.0, 25.0]), 25),
    lambda x: (np.eye(2), 1.0), lambda x: ((x / [1, 5]).tolist(), np.array([1.0])),
    lambda x: (x / np.linalg.norm(x, axis=0), 1),
])  # fmt: skip
def test_e3_a_round_bowl(capsys, scaled):
    found = lines(capsys, "05.e3", scaled)
    assert found[0].startswith("Right: one step leads to (0, 0). Both curvatures are ")


@pytest.mark.parametrize(("scaled", "says"), [
    (lambda x: (x, 0.04), "The steep weight arrives, the flat one is at 4.80."),
    (lambda x: (x * [1, 5], 0.04), "Curvatures 1 and 625 now: no step size suits both."),
    (lambda x: (x - x.mean(0), 0.04),
     "Two points minus their mean lie on one line: one curvature is 0."),
    (lambda x: ((x - x.mean(0)) / x.std(0), 0.04),
     "Two points minus their mean lie on one line: one curvature is 0."),
    (lambda x: (x / [1, 5], 0.04), "It leads to (4.80, 0.960). Which η brings both to 0 at once?"),
    (lambda x: (x / 2, 0.1), "Curvatures 0.25 and 6.25 now: no step size suits both."),
])  # fmt: skip
def test_e3_slips_have_names(capsys, scaled, says):
    found = lines(capsys, "05.e3", scaled)
    assert found[0].startswith("Not yet") and found[1] == says


def test_e3_what_is_no_answer_yet(capsys):
    assert lines(capsys, "05.e3", lambda x: (x / ..., 0.04)) == DOTS
    assert lines(capsys, "05.e3", lambda x: (..., 0.04)) == DOTS
    assert lines(capsys, "05.e3", 3)[0] == "Unclear: this is not a function."
    assert (
        lines(capsys, "05.e3", lambda x: (x[0], 1))[0]
        == "Unclear: the inputs are no 2 × 2 numbers."
    )
    assert lines(capsys, "05.e3", lambda x: 7)[0] == "Unclear: two results are asked for."
    assert lines(capsys, "05.e3", lambda x: (x, "a"))[0].startswith("Unclear: the step size")
    assert lines(capsys, "05.e3", lambda x: (x + np.inf, 1))[0].startswith("Unclear: the inputs")


# --- E4 -------------------------------------------------------------------------------------------
def training(optimizer, steps=92, data=None, **settings):
    def trained(seed):
        settings.setdefault("batch", 64)
        run = Run(digits_net(seed), data or digits(), optimizer=optimizer, seed=seed, **settings)
        run.step(steps)
        return run

    return trained


def test_e4_momentum_reads_the_digits_in_time(capsys):
    found = lines(capsys, "05.e4", training(SGD(0.1, momentum=0.9)))
    assert re.fullmatch(r"Right: 9\d %, 9\d %, 9\d % of the test digits, in 92 updates\.", found[0])

    class Shown:
        run = training(SGD(0.1, momentum=0.9))(0)

    assert lines(capsys, "05.e4", lambda seed: Shown)[0].startswith("Right")


@pytest.mark.parametrize(("trained", "says"), [
    (training(SGD(3.0)), r"Loss rose by update \d+, from η λmax = [\d.]+, above 2\. Try a .*"),
    (training(SGD(0.05)), r"Still falling when time was up\. Try a larger step\."),
    (training(SGD(0.05), 20), r"Still falling, and 72 updates are left\."),
    (training(SGD(0.1), 93), r"92 are allowed\. A larger batch, or fewer epochs\?"),
    (training(SGD(0.1, momentum=0.9), data=tuple(digits())),
     r"These are for judging only\. Give the run digits\(\) itself\."),
    (training(SGD(0.1, momentum=0.9), data=tuple(digits().test)),
     r"These are for judging only\. Give the run digits\(\) itself\."),
])  # fmt: skip
def test_e4_slips_have_names(capsys, trained, says):
    found = lines(capsys, "05.e4", trained)
    assert found[0].startswith("Not yet") and re.fullmatch(says, found[1])


def test_e4_what_is_no_answer_yet(capsys):
    assert lines(capsys, "05.e4", lambda seed: ...) == DOTS
    assert lines(capsys, "05.e4", lambda seed: SGD(...))[0].startswith("Not yet")
    assert lines(capsys, "05.e4", 3)[0] == "Unclear: this is not a function."
    assert lines(capsys, "05.e4", lambda seed: 3)[0] == "Unclear: a Run is asked for."
    assert lines(capsys, "05.e4", lambda: 3)[1].startswith("TypeError")
    bowl, x, y = board("bowl")
    assert lines(capsys, "05.e4", lambda s: Run(bowl, (x, y)))[0].startswith("Unclear: these are")
    small = Sequential(Linear(64, 3))
    y = digits().train.y[:9] % 3
    run = Run(small, (digits().train.x[:9], y))
    assert lines(capsys, "05.e4", lambda s: run)[0].startswith("Unclear: the model")


# --- the lesson -----------------------------------------------------------------------------------
def test_the_worked_numbers_of_the_lesson():
    """By hand: each equation of that cell is computed again, as it stands there."""
    seen = 0
    for chunk, values in equations(LESSON, r" · |\n|: |, so |, where ", _formula, sqrt=np.sqrt):
        assert all(np.allclose(np.array(v), np.array(values[0])) for v in values), chunk
        seen += 1
    assert seen == 15
    w = START + np.array([-0.44, -2.2]) + np.array([-0.62128, 1.54])
    assert f"its loss is {height(w):.2f}" in worked_cell(LESSON)


def _formula(side):
    """A side of an equation as Python, None if it is a word or a name without a value."""
    text = side.strip(" .,-").replace("−", "-").replace("½ ", "0.5*").replace("²", "**2")
    text = text.removeprefix("E").strip().replace("·", "*").replace("√", "sqrt")
    return text if text and re.fullmatch(r"(sqrt|[\d.+*/(), -])+", text) else None


def test_what_the_cells_print_is_so():
    """Each printed count of the bowl, by hand."""
    said = " ".join(printed(LESSON).split())
    plain = [(eta, 0, f"{eta}:") for eta in (0.04, 0.072, 0.08, 0.088)]
    rolled = ((0.072, 0), (0.088, 0.5), (0.118, 0.5), (0.125, 0.5), (0.072, 0.9))
    for eta, alpha, head in (*plain, *((e, a, f"η {e}, α {a}:") for e, a in rolled)):
        w, v, above = START, 0 * START, 0
        for _ in range(100):
            above += height(w) > 0.025
            v = alpha * v - eta * BENDS * w
            w = w + v
        assert f"{head} {above} steps above 0.025" in said
    loss = sine_losses(1.1 * 2 / 8.820694180309983, 10)
    assert "1.1 × limit: " + " ".join(f"{loss[k]:.3g}" for k in (0, 1, 2, 10)) in said


@pytest.mark.parametrize(("batch", "epochs", "rule"), [
    (None, 1, SGD(0.5)), (32, 1, SGD(0.5)), (8, 1, SGD(0.5)), (32, 15, SGD(1)),
    (32, 15, Adam(0.01)),
])  # fmt: skip
def test_a_trained_number_that_is_printed_survives_rounding(batch, epochs, rule):
    test = digits().test

    def read(net):
        run = Run(net, digits(), optimizer=rule, batch=batch)
        run.step(epochs, size="epoch")
        return missed(run.model, test).tolist()

    assert survives(digits_net(), read)


def test_left_alone_below_its_limit_a_net_climbs_to_it():
    """What can go wrong: at half the limit ηλmax rises to about 2 by itself, and stays there."""
    net, x, y = board("sine")
    rate = 0.5 * limit(net, (x, y))
    run = Run(net, (x, y), optimizer=SGD(rate))
    seen = []
    for k in (0, 300, 700, 1000, 1500, 2000):
        run.seek(k)
        seen.append(rate * sharpness(run.model, (x, y)))
    assert seen[0] == pytest.approx(1, rel=1e-9)
    assert seen[1] < 1.7 and all(1.7 < gauge < 2.5 for gauge in seen[2:])


def test_what_is_asked_is_not_told_before():
    """What beats 2 to 7 ask for stands in no cell before the one that answers, which is tagged."""
    assert answers_are_tagged(LESSON, ALL, r"steps above|× limit|updates:|updates, missed") == 8
    for cell in cells(LESSON):
        if cell["cell_type"] == "code" and "answer" not in cell["metadata"].get("tags", []):
            said = json.dumps(cell["outputs"], ensure_ascii=False)
            assert not re.search(r"1\.57|4\.9 0\.9|25%|27%|91%", said)
