"""A small film with every kind of mark and row.

Two inputs, a strip of eight hidden units, two outputs.
"""

from typing import Any

import numpy as np

from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.numbers import number

PHASES = (
    ("forward", "Forward"),
    ("loss", "Loss"),
    ("backward", "Backward"),
    ("update", "Update"),
)
SECRET = "the slopes at the hidden units"
KNOWN = {"h": 1, "s": 2, "L": 3, "d": 4, "dh": 5, "dV": 6, "V+": 7}


def numbers(seed: int = 5) -> dict[str, np.ndarray]:
    """Return every array of the film by its name."""
    rng = np.random.default_rng(seed)
    x, W, V = np.array([1.0, -1.0]), rng.normal(size=(2, 8)), rng.normal(size=(8, 2))
    h = np.tanh(x @ W)
    s = h @ V
    d = s - np.array([1.0, 0.0])
    dV = np.outer(h, d)
    return {
        "x": x, "W": W, "V": V, "h": h, "s": s, "L": np.array([0.5 * d @ d]), "d": d,
        "dh": V @ d, "dV": dV, "V+": V - 0.1 * dV,
    }  # fmt: skip


def film(seed: int = 5) -> Film:
    """Return the film; another seed gives other numbers and another trace."""
    n = numbers(seed)
    arrays = [
        Array(name, v, KNOWN.get(name, 0), 7 if name in KNOWN and name != "V+" else None)
        for name, v in n.items()
    ]
    images = n["dV"].reshape(2, 8)[:, :4].reshape(2, 2, 2).astype(np.float32)
    frames = _frames(n)
    return Film(
        title=("A small net", "2–8–2, for tests"),
        size=(656, 382),
        arrays=(*arrays, Array("tiles", images, 6)),
        marks=tuple(_marks()),
        phases=PHASES,
        cuts={"operation": frames, "layer": tuple(frames[i] for i in (0, 2, 3, 5, 7))},
        legend=(
            {"t": "sign", "v": 1, "s": "positive"},
            {"t": "sign", "v": -1, "s": "negative"},
            {"t": "dash", "s": "not yet"},
        ),
        trace=f"seed {seed}",
    )


def _mark(t: str, tag: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    return {"t": t, "tag": tag, "x": x, "y": y, **more}


def _box(t: str, tag: str, x: float, y: float, w: float, h: float, **more: Any) -> dict[str, Any]:
    return _mark(t, tag, x, y, w=w, h=h, **more)


def _marks() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"t": "shade", "points": [[60, 100], [250, 40], [250, 340], [60, 260]]},
        {"t": "text", "x": 40, "y": 10, "s": "input $x$", "c": "muted"},
        _mark("text", "say L", 600, 260, s="loss", v=[["L", 0]]),
        {"t": "line", "tag": "to L", "x1": 510, "y1": 180, "x2": 568, "y2": 180, "arrow": True},
        {"t": "bundle", "tag": "V", "from": "h", "to": "s", "a": "h", "w": "V", "unit": 0,
         "sym": ["h"], "frames": [2, 4]},
        _box("cells", "h", 270, 180, 36, 288, rows=8, cols=1, v=[["h", 0]]),
        _box("cells", "s", 470, 180, 70, 80, rows=2, cols=1, v=[["s", 0]], print=True,
             labels=["a", "b"], ring=0),
        _box("box", "L", 600, 180, 60, 56, label="L", stack=True, v=[["L", 0]]),
        _box("box", "d0", 470, 250, 84, 22, label="δ_1", v=[["d", 0]]),
        _box("box", "V0", 370, 30, 50, 22, plain=True, v=[["V", 0], ["V+", 0]]),
        _box("tiles", "tiles", 470, 320, 120, 56, rows=1, cols=2, n=2, k=2, v=[["tiles", 0]],
             factors=[["d", 0]], when="on"),
    ]  # fmt: skip
    for i in (0, 1):
        y = 120 + 120 * i
        made.append(_mark("circle", f"x{i}", 40, y, label=f"x_{i + 1}", v=[["x", i]]))
        ends = {"x1": 40, "y1": y, "x2": 250, "y2": 60 + 240 * i}
        made.append({"t": "line", "tag": f"W{i}", **ends, "v": [["W", i]]})
    return made


def _title(s: str) -> dict[str, Any]:
    return {"t": "title", "s": s}


def _block(name: str, rows: int, cols: int, **more: Any) -> dict[str, Any]:
    shape = f"{rows}×{cols}"
    return {"sym": name, "array": name, "rows": rows, "cols": cols, "shape": shape, **more}


def _frames(n: dict[str, np.ndarray]) -> tuple[Frame, ...]:
    a, b = map(float, n["s"])
    rule = {
        "t": "rule",
        "note": "inner sizes match",
        "items": [
            _block("s", 1, 2, lit=["cell", "unit"]),
            {"op": "="},
            _block("h", 1, 8, bold=1),
            {"op": "·"},
            _block("V", 8, 2, bold=0, lit=["col", "unit"]),
        ],
    }
    terms = {"t": "terms", "a": "h", "w": "V", "unit": 0, "sym": ["h", "s"], "sum": "s"}
    line = [{"sym": "δ_1"}, "=", {"n": a}, "×", {"n": 1.0}, "=?", {"box": a, "v": a}]
    return (
        Frame(0, "forward", "Two numbers go in.", panel=(
            _title("Start with the input"), {"t": "p", "s": "Two numbers: $x_1$ and $x_2$."},
            {"t": "next", "sym": "h = tanh x W"},
        )),
        Frame(1, "forward", "Eight hidden units answer.", on=("x0", "x1"), to=("h", "W0", "W1"),
              panel=(_title("Mix and bend"),)),
        Frame(2, "forward", f"The outputs are {number(a)} and {number(b)}.", on=("h", "V"),
              to=("s",), panel=(_title("Mix eight into two"), rule, terms)),
        Frame(3, "loss", f"The loss is {number(n['L'][0])}.", to=("L", "to L"), source=("s",),
              panel=(_title("Measure"), {"t": "bars", "items": [["a", 1.5], ["b", -0.5]],
                                         "total": ["sum", 1.0]})),
        Frame(4, "backward", "Back at the outputs.", to=("d0",), source=("L",), panel=(
            _title("Start back"), {"t": "eq", "head": "With the present numbers",
                                   "rows": [[*line, {"note": "as it is"}]]},
        )),
        Frame(5, "backward", f"Now come {SECRET}.", source=("d0",),
              panel=(_title("Send the slope back"),)),
        Frame(6, "backward", "Each weight has its slope.", to=("tiles",),
              panel=(_title("Slopes of the weights"),)),
        Frame(7, "update", "The weights move.", to=("V0",), panel=(_title("Move"),)),
    )  # fmt: skip
