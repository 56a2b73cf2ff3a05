"""The panel's arithmetic, done again: every row that says so must come out right."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest
from passcases import COUNT, case

from backprop_kit import nn
from backprop_kit.films.forward_pass import film_pass
from backprop_kit.films.numbers import number, shown
from backprop_kit.nn import SGD, Linear, Sequential, Sigmoid, Tanh
from backprop_kit.study import board, record_pass


def _sigma(z):
    return 1 / (1 + math.exp(-z))


FUNCTIONS = {
    "σ": _sigma, "sigmoid": _sigma, "tanh": math.tanh, "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z: max(z, 0.01 * z), "elu": lambda z: z if z > 0 else math.expm1(z),
    "softplus": lambda z: math.log1p(math.exp(z)), "ln": math.log, "identity": lambda z: z,
    "gelu": lambda z: 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
}  # fmt: skip
SIGNS = {"×": "*", "+": "+", "−": "-", "/": "/", ")": ")", "e^": "math.exp", "": ""}


def said(cells, read=float) -> tuple[float, float] | None:
    """(what the left side of the = comes to, what stands behind it); None for other rows.

    read  how each number on the left is taken: as it is, or as it is shown
    """
    cells = [c for c in cells if not (isinstance(c, dict) and ("sym" in c or "note" in c))]
    at = max((i for i, c in enumerate(cells) if c in ("=", "=?", "≈")), default=None)
    if at is None or at + 1 >= len(cells) or not isinstance(cells[at + 1].get("box"), float):
        return None
    left = "".join(_token(c, read) for c in cells[:at] if c != "=")
    if not any(isinstance(c, dict) for c in cells[:at]):
        return None
    return eval(left, {"math": math, **FUNCTIONS}), cells[at + 1]["box"]


def _token(cell, read) -> str:
    if isinstance(cell, dict):
        return f"({read(cell['n'])!r})" if not isinstance(cell["n"], str) else "nan"
    if cell in SIGNS:
        return SIGNS[cell]
    if m := re.fullmatch(r"(−?)(\w+) \((1 −)?", cell):
        return f"{'-' if m[1] else ''}{m[2]}({'1-' if m[3] else ''}"
    if cell == "−ln":
        return "-ln"
    return cell  # a number written out, such as 0.25 or 1


def rows_of(film, kind):
    for cut, frames in film.cuts.items():
        for f in frames:
            for row in f.panel:
                if row["t"] == kind:
                    yield f"{cut} {f.k} {row.get('head', '')}", row


def films(seed):
    made = case(seed)
    return film_pass(made.recorded, plain=made.plain)


def small(batch, seed, plain):
    """A net with offsets that are not zero, as after some training."""
    rng = np.random.default_rng(seed)
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1), Sigmoid()).reset(seed)
    for p in model.parameters():
        p.data = rng.normal(size=p.shape)
    x, y = rng.normal(size=(batch, 2)), rng.uniform(size=(batch, 1))
    return film_pass(record_pass(model, x, y, optimizer=SGD(0.1)), plain=plain)


SETS = {
    **{str(seed): (lambda seed=seed: films(seed)) for seed in range(COUNT)},
    **{f"small {plain}": (lambda plain=plain: small(1, 3, plain)) for plain in (False, True)},
    "lamp": lambda: film_pass(record_pass(*board("stairs"), optimizer=SGD(0.25)), plain=True),
    "digit": lambda: film_pass(record_pass(*board("digit"), optimizer=SGD(0.05))),
}


@pytest.mark.parametrize("name", SETS)
def test_every_equation_comes_out(name):
    wrong = []
    for where, row in rows_of(SETS[name](), "eq"):
        for cells in row["rows"]:
            pair = said(cells)
            if pair is not None and not math.isclose(*pair, rel_tol=1e-5, abs_tol=1e-9):
                wrong.append(f"{where}: {pair[0]:.6g} = {pair[1]:.6g}?  {cells}")
    assert not wrong, "\n".join(wrong[:5])


@pytest.mark.parametrize("name", SETS)
def test_an_equals_sign_stands_only_where_the_shown_numbers_give_the_shown_result(name):
    for where, row in rows_of(SETS[name](), "eq"):
        for cells in row["rows"]:
            before = [c for c, d in itertools.pairwise(cells) if isinstance(d, dict) and "box" in d]
            pair = said(cells, shown)
            if pair is not None and before in (["="], ["≈"]) and math.isfinite(pair[0]):
                agree = number(pair[0]) == number(pair[1])
                assert before == (["="] if agree else ["≈"]), f"{where}: {cells}"


@pytest.mark.parametrize("name", SETS)
def test_what_is_added_up_comes_to_its_sum(name):
    film = SETS[name]()
    arrays = {a.name: a.values for a in film.arrays}
    for where, row in rows_of(film, "eq"):
        if row.get("head") == "What each one brings, and the sum":
            *parts, total = [cells[-1]["box"] for cells in row["rows"]]
            assert sum(parts) == pytest.approx(total, rel=1e-9, abs=1e-12), where
    for where, row in rows_of(film, "terms"):
        a, W = arrays[row["a"]].reshape(-1), arrays[row["w"]]
        every = (a @ W.reshape(len(a), -1)).reshape(-1)
        assert np.allclose(every, arrays[row["sum"]].reshape(-1), rtol=1e-9, atol=1e-12), where


@pytest.mark.parametrize("seed", range(COUNT))
def test_the_forecast_adds_up_and_both_panels_agree(seed):
    made = case(seed)
    recorded = made.recorded
    if not recorded.trace.updates:
        return
    trace = recorded.trace
    moves = [trace.grads[n] * (u.old - u.new) for n, u in trace.updates]
    true = float(sum(m.sum() for m in moves))
    film = film_pass(recorded, plain=made.plain)
    update, again = film.cuts["layer"][-2:]
    (bars,) = [row for row in update.panel if row["t"] == "bars"]
    label, total = bars["total"]
    assert label == "forecast" and total == pytest.approx(true)
    assert sum(v for _, v in bars["items"]) == pytest.approx(true)
    count = sum(m.size for m in moves)
    assert len(bars["items"]) == (count if count <= 13 else 13)
    largest = sorted((v for m in moves for v in m.ravel()), reverse=True)[:12]
    assert [v for _, v in bars["items"][: len(largest)]] == pytest.approx(largest)
    (bars,) = [row for row in again.panel if row["t"] == "bars"]
    fall = float((trace.loss.value - trace.again[trace.loss]).reshape(()))
    assert dict(map(tuple, bars["items"])) == {
        "forecast": pytest.approx(true), "true fall": pytest.approx(fall),
    }  # fmt: skip
    up = sum(int((u.new != u.old).sum()) for _, u in trace.updates)
    assert f"{up} of {count} numbers move" in update.panel[1]["s"]


@pytest.mark.parametrize("name", SETS)
def test_a_block_has_the_shape_it_is_said_to_have(name):
    film = SETS[name]()
    arrays = {a.name: a.values for a in film.arrays}
    for where, row in rows_of(film, "rule"):
        for item in row["items"]:
            if "array" in item:
                rows, cols = item["rows"], item["cols"]
                assert rows * cols == arrays[item["array"]].size, (where, item)
                assert "binned" in item["shape"] or item["shape"] == f"{rows}×{cols}", (where, item)


def test_a_large_block_says_its_own_shape_and_that_it_is_drawn_in_bins():
    model = Sequential(Linear(70, 70), Tanh(), Linear(70, 2)).reset(1)
    rng = np.random.default_rng(0)
    film = film_pass(record_pass(model, rng.normal(size=(1, 70)), [1]))
    said = [
        i["shape"]
        for _, row in rows_of(film, "rule")
        for i in row["items"]
        if i.get("array") == "W1"
    ]
    assert said and all("70×70" in s for s in said), said


@pytest.mark.parametrize(("t", "p"), [(1.0, 0.3), (0.0, 0.3), (0.4, 0.3)])
def test_the_loss_panel_of_one_probability(t, p):
    z = math.log(p / (1 - p))
    model = Sequential(Linear(1, 1), Sigmoid())
    model[0].W.data = np.array([[z]])
    film = film_pass(record_pass(model, [[1.0]], [[t]]))
    value = -(t * math.log(p) + (1 - t) * math.log(1 - p))
    frame = next(f for f in film.cuts["layer"] if f.phase == "loss")
    rows = [row for row in frame.panel if row["t"] == "eq"][:1]
    assert rows[0]["rows"][0][-1]["box"] == pytest.approx(value)


def test_the_steepness_beside_each_slope_is_the_activations_own():
    for act, steep in ((nn.Tanh, lambda z: 1 - np.tanh(z) ** 2), (nn.ReLU, lambda z: 1.0 * (z > 0)),
                       (nn.Softplus, lambda z: 1 / (1 + np.exp(-z)))):  # fmt: skip
        model = Sequential(Linear(2, 3), act(), Linear(3, 1)).reset(4)
        x = np.array([[0.7, -1.2]])
        film = film_pass(record_pass(model, x, [[1.0]]))
        true = steep(x @ model[0].W.data + model[0].b.data)[0]
        row = next(r for _, r in rows_of(film, "eq") if "how steep" in r.get("head", ""))
        shown = [[c["n"] for c in cells if "n" in c][1] for cells in row["rows"]]
        assert shown == pytest.approx(list(true))
