"""A small lab: a net that is turned, not trained, with every kind of control and mark."""

from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np

from backprop_kit.films.film import Array, Film, Frame
from backprop_kit.films.packing import coarse
from backprop_kit.widgets.lab_stage import LabStage

LAST = 100
CELLS, MAP = 20, 60
RATES = ["0.001", "0.01", "0.1", "1"]


def net(k: int, seed: int = 0, width: int = 8) -> list[np.ndarray]:
    """Return weights that turn smoothly with the step k."""
    rng = np.random.default_rng(seed)
    sizes = (2, width, width, 1)
    return [
        rng.normal(0, 1.4, (m, n)) + 0.02 * k * rng.normal(0, 1, (m, n)) for n, m in pairwise(sizes)
    ]


def field(weights: list[np.ndarray], cells: int) -> list[np.ndarray]:
    """Return the output of every neuron over the square [−1, 1]², row 0 on top."""
    at = (np.arange(cells) + 0.5) / cells * 2 - 1
    x, y = np.meshgrid(at, -at)
    h = np.stack([x.ravel(), y.ravel()])
    maps = [h]
    for w in weights:
        h = np.tanh(w @ h)
        maps.append(h)
    return maps


def losses(upto: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps, train and test loss (log10) up to a step."""
    k = np.arange(upto + 1)
    wave = 0.06 * np.sin(k * 1.3) + 0.04 * np.cos(k * 0.37)
    return (
        k.astype(np.float32),
        (-0.02 * k + wave).astype(np.float32),
        (-0.012 * k + 2 * wave).astype(np.float32),
    )


def points(seed: int = 0) -> dict[str, np.ndarray]:
    """Return x, y and class of the points."""
    rng = np.random.default_rng(seed + 5)
    t = np.linspace(0.2, 1, 40)
    both = []
    for sign in (1, -1):
        a = 4.2 * t + (0 if sign > 0 else np.pi)
        both.append(np.stack([t * np.cos(a), t * np.sin(a)]) * 0.92 + rng.normal(0, 0.04, (2, 40)))
    xy = np.concatenate(both, axis=1)
    return {"x": xy[0], "y": xy[1], "kind": np.repeat([0, 1], 40)}


def controls(state: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return one control of every kind, some of which cannot be used."""
    own = state["values"]

    def item(name: str, kind: str, label: str = "", **more: Any) -> dict[str, Any]:
        return {"name": name, "label": label or name, "kind": kind, "off": "", "text": "",
                "value": own.get(name)} | more  # fmt: skip

    rate = own["rate"]
    return (
        {"title": "DATA", "note": "starts anew", "items": [
            item("data", "select", options=["spirals", "circles", "moons"]),
            item("noise", "slider", lo=0, hi=0.5, step=0.01, text=f"{own['noise']:.2f}"),
            item("seed", "stepper", lo=0, hi=9999, text=str(own["seed"])),
            item("samples", "slider", lo=20, hi=400, step=20, text=str(own["samples"]), more=True),
        ]},
        {"title": "NETWORK", "note": "starts anew", "items": [
            item("layers", "stepper", lo=0, hi=6, text=str(own["layers"])),
            item("width", "stepper", lo=1, hi=32, text=str(own["width"])),
            item("features", "chips", options=["x₁", "x₂", "x₁²", "sin x₁"], more=True),
            item("activation", "select", options=["tanh", "ReLU", "sigmoid"]),
            item("weights", "select", options=["Xavier", "He", "zeros"]),
        ]},
        {"title": "LEARNING", "note": "forks the run", "items": [
            item("optimizer", "select", options=["SGD", "momentum", "Adam"]),
            item("rate", "slider", "learning rate", options=RATES, text=RATES[rate]),
            item("batch", "number", text=str(own["batch"])),
            item("penalty", "select", options=["none", "L1", "L2"]),
            item("strength", "slider", lo=0, hi=1, step=0.1, text="0",
                 off="" if own["penalty"] else "There is no penalty to be strong."),
        ]},
        {"title": "PICTURE", "note": "changes nothing", "items": [
            item("test", "switch", "test data")]},
        {"title": "", "note": "", "items": [item("reset", "button", "reset to step 0")]},
    )  # fmt: skip


START: dict[str, Any] = {
    "k": 40, "last": 60, "size": "epoch", "playing": False, "speed": 1, "branch": 0,
    "points": None, "pick": (2, 6), "progress": None, "presenter": False, "edit": True,
    "values": {"data": 0, "noise": 0.11, "seed": 6, "samples": 200, "layers": 2, "width": 8,
               "features": [0, 1], "activation": 0, "weights": 0, "optimizer": 2, "rate": 1,
               "batch": 16, "penalty": 0, "strength": 0, "test": True, "reset": False},
}  # fmt: skip


def film(state: dict[str, Any] | None = None) -> Film:
    """Return the picture of a state: the map and all neurons at step k, and the curves."""
    state = START if state is None else state
    k, last, own = state["k"], state["last"], state["values"]
    width = own["width"]
    weights = net(k, own["seed"], width)
    tiles = field(weights, CELLS)[1:-1]
    (whole,) = field(weights, MAP)[-1:]
    data = state["points"] or points(own["seed"])
    steps, train, test = losses(last)
    arrays = [
        Array("map", coarse(whole[0].reshape(MAP, MAP), (-1, 1)), scale=(-1, 1)),
        Array("now", np.array([float(k)])), Array("last", np.array([float(last)])),
        Array("steps", steps, grows=True), Array("train", train, grows=True),
        Array("test", test, grows=True),
        *(Array(f"h{i}", coarse(t, (-1, 1)), scale=(-1, 1)) for i, t in enumerate(tiles, 1)),
        *(Array(f"W{i}", w) for i, w in enumerate(weights, 1)),
    ]  # fmt: skip
    for j in (0, 1):
        rows = np.flatnonzero(data["kind"] == j)
        arrays += [Array(f"x{j}", data["x"][rows]), Array(f"y{j}", data["y"][rows]),
                   Array(f"ids{j}", rows.astype(float))]  # fmt: skip
    pitch = 250 / max(width, 1)
    side = min(30, pitch - 5)
    spots = [[(24, 110), (24, 170)]]
    spots += [[(x, 22 + pitch * (i + 0.5)) for i in range(width)] for x in (200, 380)]
    spots.append([(596, 140)])
    marks: list[dict[str, Any]] = [
        {"t": "plane", "tag": "plane", "x0": 604, "x1": 884, "y0": 6, "y1": 276, "xr": [-1, 1],
         "yr": [-1, 1], "square": True},
        {"t": "image", "in": "plane", "v": [["map", 0]], "rows": MAP, "cols": MAP, "cap": 0.5},
        {"t": "contour", "in": "plane", "v": [["map", 0]], "rows": MAP, "cols": MAP},
        {"t": "plane", "tag": "loss", "x0": 40, "x1": 740, "y0": 300, "y1": 404, "xr": [0, LAST],
         "yr": [-2.2, 0.2], "rules": True, "yt": [[0, "1"], [-1, "0.1"], [-2, "0.01"]]},
        {"t": "curve", "in": "loss", "x": [["steps", 0]], "y": [["test", 0]], "dash": True,
         "past": [["now", 0]], "width": 2.3, "tag": "run:0"},
        {"t": "curve", "in": "loss", "x": [["steps", 0]], "y": [["train", 0]],
         "past": [["now", 0]], "width": 2.3},
        {"t": "time", "in": "loss", "tag": "time", "y": 424, "v": [["now", 0]],
         "last": ["last", 0], "hi": LAST, "forks": [20]},
        {"t": "text", "s": "this run: 0.01", "x": 750, "y": 330, "anchor": "start", "bold": True},
    ]  # fmt: skip
    if state["edit"]:
        marks[0]["edit"] = [{"label": "+1", "shape": "circle", "c": "pos"},
                            {"label": "−1", "shape": "triangle", "c": "neg"}]  # fmt: skip
    on = []
    for i, w in enumerate(weights, 1):
        for j in range(w.shape[0]):
            for n in range(w.shape[1]):
                (x1, y1), (x2, y2) = spots[i - 1][n], spots[i][j]
                gap = side / 2
                marks.append({"t": "wire", "tag": f"W{i}:{j}:{n}", "x1": x1, "y1": y1, "dx1": gap,
                              "x2": x2, "y2": y2, "dx2": -gap if i < 3 else 0,
                              "v": [[f"W{i}", j * w.shape[1] + n]], "peak": 4})  # fmt: skip
                if state["pick"] in ((i, j), (i - 1, n)):
                    on.append(f"W{i}:{j}:{n}")
    for i in range(1, len(weights)):
        for j in range(width):
            x, y = spots[i][j]
            marks.append({"t": "tile", "tag": f"unit:{i}:{j}", "x": x, "y": y, "side": side,
                          "rows": CELLS, "cols": CELLS, "v": [[f"h{i}", j * CELLS * CELLS]],
                          "peak": 1, "ring": state["pick"] == (i, j)})  # fmt: skip
    for j, (shape, c) in enumerate((("circle", "pos"), ("triangle", "neg"))):
        marks.append({"t": "dots", "tag": f"train {j}", "in": "plane", "xs": [[f"x{j}", 0]],
                      "ys": [[f"y{j}", 0]], "ids": [[f"ids{j}", 0]], "class": j, "shape": shape,
                      "c": c, "drag": "xy" if state["edit"] else None})  # fmt: skip
    say = f"Step {k} of {last}: the numbers turn, and nothing is learned. " * 2
    return Film(
        title=("two spirals · 2–8–8–1 tanh · 105 parameters · seed 6", "η·λmax = 1.31 of 2"),
        size=(884, 440), arrays=tuple(arrays), marks=tuple(marks), phases=(("forward", "run"),),
        head="Lab", cuts={"now": (Frame(0, "forward", say, on=tuple(on)),)},
        trace=f"branch {state['branch']}, unit {state['pick']}, width {width}",
        controls=() if state["presenter"] else controls(state), presenter=state["presenter"], at=k,
        transport={"playing": state["playing"], "size": state["size"],
                   "sizes": ["operation", "layer", "pass", "epoch"], "speed": state["speed"],
                   "speeds": [[1, "× 1"], [4, "× 4"]], "can_back": k > 0,
                   "counter": f"epoch {k} / {LAST}", "progress": state["progress"]},
        chip={"text": "copy this moment", "token": f"bpk1.step{k}", "short": f"spirals-6@{k}"},
    )  # fmt: skip


class Lab:
    """What a widget does: a small state, and a whole new film for each change."""

    def __init__(self, **state: Any) -> None:
        self.state: dict[str, Any] = START | {"values": dict(START["values"])} | state
        self.heard: list[Any] = []
        self.slow = Lock()  # a test holds it: a message may be heard beside a cell
        self.stage = LabStage(film(self.state))
        self.stage.on_knob(self.knob)
        self.stage.on_transport(self.transport)
        self.stage.on_drag(self.drag)
        self.stage.on_point(self.point)
        self.stage.on_press(self.press)
        self.stage.on_save(lambda: ("moment.json", f'{{"k": {self.state["k"]}}}'))
        self.stage.on_found(self.found)
        self.stage.on_presenter(lambda on: self.show(presenter=on))
        self.stage.on_offer(lambda taken: self.heard.append(("offer", taken)))

    def show(self, **state: Any) -> None:
        self.state |= state
        self.stage.renew(film(self.state))

    def go(self, k: int) -> None:
        k = max(0, min(LAST, k))
        self.show(k=k, last=max(k, self.state["last"]))

    def knob(self, name: str, value: Any, done: bool) -> None:
        self.heard.append((name, value, done))
        if isinstance(value, str):
            self.stage.problem = f"{name} cannot be {value!r}. Nothing was changed."
            self.show()
            return
        self.stage.problem = ""
        if name == "reset":
            self.go(0)
        else:
            self.show(values=self.state["values"] | {name: value})

    def transport(self, action: str) -> None:
        self.heard.append(action)
        name, _, value = action.partition(":")
        if name in ("step", "back"):
            self.go(self.state["k"] + (1 if name == "step" else -1))
        elif name == "reset":
            self.go(0)
        elif value:
            self.show(**{name: int(value) if name == "speed" else value})
        else:
            self.show(playing=action == "play")

    def drag(self, tag: str, x: float, y: float | None, done: bool) -> None:
        with self.slow:
            self.heard.append((tag, x, done))
            self.go(int(x))

    def point(self, what: str, i: int, x: float, y: float, kind: int) -> None:
        self.heard.append((what, i, round(x, 2), round(y, 2), kind))
        data = self.state["points"] or points(self.state["values"]["seed"])
        if what != "add":
            data = {name: np.delete(a, i) for name, a in data.items()}
        if what != "delete":
            new = {"x": x, "y": y, "kind": kind}
            data = {name: np.append(a, new[name]) for name, a in data.items()}
        self.show(points=data)

    def press(self, tag: str) -> None:
        self.heard.append(tag)
        if tag.startswith("unit:"):
            _, i, j = tag.split(":")
            self.show(pick=(int(i), int(j)))

    def found(self, token: str) -> None:
        self.heard.append(("found", token))
        self.stage.offer = f"back at step {token.removeprefix('bpk1.step')}"

    async def play(self, frames: int, every: float = 0.05) -> tuple[int, int, float]:
        """Push frames as fast as the page draws them, at most one in `every` seconds."""
        import asyncio
        from time import perf_counter

        sent, dropped, start = 0, 0, perf_counter()
        while sent < frames and perf_counter() - start < 60:
            if self.stage.busy:
                dropped += 1
                await asyncio.sleep(0.004)
                continue
            began = perf_counter()
            self.go(self.state["k"] + 1 if self.state["k"] < LAST else 1)
            sent += 1
            await asyncio.sleep(max(0.001, every - (perf_counter() - began)))
        return sent, dropped, perf_counter() - start
