"""A small picture that is computed while a person drags, with every kind of mark in a plane."""

from threading import Lock
from typing import Any

import numpy as np

from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.numbers import number
from backprop_kit.widgets.live_stage import LiveStage

BENDS = {"linear": lambda z: z, "tanh": np.tanh}
OPTIONS = list(BENDS)


def film(x: tuple[float, float] = (0.5, -0.4), w: float = 1.2, bend: str = "tanh") -> Film:
    """Return the film of f(w·x₁), with a grid of points before and after the bend."""
    f = BENDS[bend]
    t = np.linspace(-2, 2, 41)
    grid = np.array([[[a, b] for b in t] for a in np.linspace(-2, 2, 9)])
    value = float(f(w * x[0]))
    arrays = (
        Array("x", np.array(x)), Array("w", np.array([w])), Array("t", t),
        Array("h", f(w * t)), Array("y", np.array([value])),
        Array("slope", np.array([w * (f(w * x[0] + 1e-6) - f(w * x[0] - 1e-6)) / 2e-6])),
        Array("before", grid.astype(np.float32)), Array("after", f(w * grid).astype(np.float32), 1),
        Array("map", (grid[..., 0] * w).astype(np.float32)),
        Array("area", np.array([[-1.8, 1.8], [-1, 1.8], [-1.8, 1]])),
    )  # fmt: skip
    marks: list[dict[str, Any]] = [
        {"t": "plane", "tag": "left", "x0": 30, "x1": 310, "y0": 20, "y1": 300, "xr": [-2, 2],
         "yr": [-2, 2], "square": True, "ground": "zero", "xt": [-2, 0, 2], "yt": [-2, 0, 2],
         "xl": "x_1", "xla": 1, "yl": "x_2", "yla": 1},
        {"t": "plane", "tag": "right", "x0": 350, "x1": 640, "y0": 20, "y1": 300, "xr": [-2, 2],
         "yr": [-1.5, 1.5], "zero": True, "border": True, "xt": [-2, 2], "yt": [-1, 1],
         "rules": True},
        {"t": "mesh", "in": "left", "v": [["before", 0], ["after", 0]], "lines": 9, "points": 41,
         "heavy": [0, 4, 8]},
        {"t": "poly", "in": "left", "v": [["area", 0]], "n": 3, "style": "hatch"},
        {"t": "dot", "in": "left", "tag": "x", "x": ["x", 0], "y": ["x", 1], "drag": "xy",
         "step": [0.05, 0.05], "name": "the input", "c": "forward", "halo": "forward", "r": 9},
        {"t": "curve", "in": "right", "y": [["h", 0]], "n": 41, "c": "forward"},
        {"t": "zone", "in": "right", "x0": 1.5, "x1": None, "y0": None, "y1": None},
        {"t": "tangent", "in": "right", "tag": "tangent", "x": ["x", 0], "y": ["y", 0],
         "slope": ["slope", 0], "c": "backward", "halo": True},
        {"t": "dot", "in": "right", "tag": "point", "x": ["x", 0], "y": ["y", 0], "shape": "square",
         "hover": True},
        {"t": "seg", "in": "right", "x1": ["x", 0], "y1": -1.5, "x2": ["x", 0],
         "y2": ["y", 0], "dash": True, "c": "muted", "arrow": True},
        {"t": "words", "in": "right", "tag": "value", "x": -1.9, "y": 1.2, "anchor": "start",
         "s": "$h$ is", "v": [["y", 0]], "plate": True, "bold": True},
        {"t": "bar", "in": "right", "tag": "bar", "from": 0, "to": ["y", 0], "at": -1.2,
         "label": ["y", 0], "c": "sign"},
        {"t": "square", "in": "right", "tag": "error", "x": ["x", 0], "y0": ["y", 0], "y1": 0},
        {"t": "slider", "tag": "w", "x": 150, "y": 340, "w": 160, "lo": -3, "hi": 3, "step": 0.1,
         "v": [["w", 0]], "name": "the weight"},
        {"t": "text", "tag": "shown", "x": 300, "y": 340, "s": "$w$ =", "v": [["w", 0]]},
    ]  # fmt: skip
    panel = (
        {"t": "title", "s": "Bend the line"},
        {"t": "plane", "high": 130, "xr": [-2, 2], "yr": [-1, 1], "xt": [-2, 2], "yt": [-1, 1],
         "marks": [{"t": "curve", "y": [["h", 0]], "n": 41},
                   {"t": "dot", "x": ["x", 0], "y": ["y", 0]}]},
        {"t": "product", "items": [
            {"sym": "w", "n": ["w", 0], "under": "weight"}, {"op": "×"},
            {"sym": "x_1", "n": ["x", 0], "frame": "ink"}, {"op": "→"},
            {"sym": "h", "n": ["y", 0], "frame": "dir", "under": "result"}]},
    )  # fmt: skip
    say = f"The input is {number(x[0])}, so the output is {number(value)}."
    return Film(
        title=("One neuron", "for tests"), size=(656, 382), arrays=arrays, marks=tuple(marks),
        phases=(("forward", "bend"),), head="Example",
        choices=({"name": "bend", "options": OPTIONS, "chosen": OPTIONS.index(bend)},),
        cuts={"move": (Frame(0, "forward", say, panel=panel),
                       Frame(1, "forward", "The grid is bent.", panel=panel))},
    )  # fmt: skip


class Example:
    """What a widget does: a small state, and a whole new film for each change."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"x": (0.5, -0.4), "w": 1.2, "bend": "tanh"}
        self.heard: list[Any] = []
        self.busy = Lock()  # a test holds it to be slow: a message may be heard beside a cell
        self.stage = LiveStage(film(), cut="move")
        self.stage.on_drag(self.drag)
        self.stage.on_hover(lambda tag: self.heard.append(tag))
        self.stage.on_choose(self.choose)

    def drag(self, tag: str, x: float, y: float | None, done: bool) -> None:
        with self.busy:
            self.state |= {"x": (x, y)} if tag == "x" else {"w": x}
        self.heard.append(done)
        self.stage.badge = {"state": "ok" if done else "checking", "text": "seen", "rows": []}
        self.stage.renew(film(**self.state))

    def choose(self, name: str, option: int) -> None:
        assert name == "bend"
        self.state["bend"] = OPTIONS[option]
        self.stage.renew(film(**self.state))
