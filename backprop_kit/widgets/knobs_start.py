"""The controls of DATA and NETWORK: what a run starts from, so that turning one starts it anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..films.captions import speaker
from ..study.nets import ACTIVATIONS, DEEPEST, FEATURES, INITS, PLAIN, WIDEST
from .knob_items import (
    Anew,
    Item,
    Knob,
    Recipe,
    State,
    checked,
    option,
    select,
    short,
    slid,
    slider,
    stepper,
)  # fmt: skip

say = speaker("training_controls")

# Columns of x and of what comes out, for the data a hand can choose.
SHAPES = {
    "spirals": (2, 1), "circles": (2, 1), "moons": (2, 1), "blobs": (2, 1),
    "checkerboard": (2, 1), "xor": (2, 1), "line": (1, 1), "sine": (1, 1), "iris": (4, 3),
    "digits": (64, 10),
}  # fmt: skip
XOR = 200  # points of its cloud; without a number it is a table of four
NOISE = (0.0, 0.02, 0.05, 0.08, 0.11, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
SAMPLES = (20, 50, 100, 200, 400, 1000)
TEST = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
SEEDS = 9999


# --- DATA -----------------------------------------------------------------------------------------
def _data_item(s: State) -> Item:
    return select(list(SHAPES), say("yours") if s.data is None else str(s.data["name"]))


def _data_turn(s: State, value: Any) -> Anew | None:
    name = option("data", value, _data_item(s))
    if name not in SHAPES or (s.data is not None and name == s.data["name"]):
        return None
    data: dict[str, Any] = {"name": name} | ({"n": XOR} if name == "xor" else {})
    kept = ("seed",) if name == "digits" else ("seed", "test")  # digits come with their test part
    data |= {k: v for k, v in (s.data or {}).items() if k in kept}
    return Anew(say("run.data", value=name), data, _fitting(s.model, name))


def _fitting(model: Recipe | None, data: str) -> Recipe | None:
    """The same net with as many inputs and outputs as the data ask for."""
    if model is None:
        return None
    first, last = SHAPES[data]
    fitted = {**model, "sizes": [first, *model["sizes"][1:-1], last]}
    if first != 2:
        fitted.pop("features", None)
    return fitted


def _no_data(s: State, key: str) -> str:
    if s.data is None:
        return say("off.data")
    return "" if s.data.get(key) is not None else say("off.shape", data=s.data["name"])


def _data_slider(
    name: str, key: str, values: Sequence[float], usual: float, write: Callable[[float], str]
) -> Knob:
    def now(s: State) -> float:
        v: float | None = (s.data or {}).get(key)
        return usual if v is None else v

    def item(s: State) -> Item:
        return slider(values, now(s), write, _no_data(s, key))

    def turn(s: State, value: Any) -> Anew | None:
        v = slid(say(name), value, item(s), whole=key == "n")
        if v == now(s):
            return None
        return Anew(say(f"run.{name}", value=write(v)), {**(s.data or {}), key: v}, None)

    return Knob(name, item, turn)


def _seed_item(s: State) -> Item:
    return stepper((s.data or {}).get("seed", 0), 0, SEEDS, _no_data(s, "seed"))


def _seed_turn(s: State, value: Any) -> Anew | None:
    v = checked("the seed", value, 0, SEEDS, whole=True)
    same = v == (s.data or {}).get("seed", 0)
    return None if same else Anew(say("run.seed", value=v), {**(s.data or {}), "seed": v}, None)


# --- NETWORK --------------------------------------------------------------------------------------
def _no_model(s: State) -> str:
    return "" if s.model is not None else say("off.model")


def _no_hidden(s: State) -> str:
    if s.model is None:
        return say("off.model")
    return "" if len(s.model["sizes"]) > 2 else say("off.hidden")


def _inner(s: State) -> list[int]:
    return [] if s.model is None else list(s.model["sizes"][1:-1])


def _sized(s: State, inner: Sequence[int]) -> Recipe:
    assert s.model is not None
    sizes = s.model["sizes"]
    return {**s.model, "sizes": [sizes[0], *inner, sizes[-1]]}


def _layers_item(s: State) -> Item:
    return stepper(len(_inner(s)), 0, DEEPEST, _no_model(s))


def _layers_turn(s: State, value: Any) -> Anew | None:
    n = int(checked("the number of layers", value, 0, DEEPEST, whole=True))
    inner = _inner(s)
    if n == len(inner):
        return None
    wider = inner[-1] if inner else 8
    name = say("run.layers.one") if n == 1 else say("run.layers", value=n)
    return Anew(name, None, _sized(s, [*inner[:n], *[wider] * (n - len(inner))]))


def _width_item(s: State) -> Item:
    inner = _inner(s)
    item = stepper(max(inner, default=8), 1, WIDEST, _no_hidden(s))
    if len(set(inner)) > 1:
        item["text"] = "–".join(map(str, inner))
    return item


def _width_turn(s: State, value: Any) -> Anew | None:
    n = int(checked("the width", value, 1, WIDEST, whole=True))
    inner = [n] * len(_inner(s))
    return None if inner == _inner(s) else Anew(say("run.width", value=n), None, _sized(s, inner))


def _model_select(key: str, name: str, texts: Sequence[str]) -> Knob:
    def item(s: State) -> Item:
        off = _no_hidden(s) if name == "activation" else _no_model(s)
        return select(texts, (s.model or {}).get(key, texts[0]), off)

    def turn(s: State, value: Any) -> Anew | None:
        made = item(s)
        v = option(name, value, made)
        same = v == made["value"]
        return (
            None if same else Anew(say(f"run.{name}", value=v), None, {**(s.model or {}), key: v})
        )

    return Knob(name, item, turn)


def _features(s: State) -> tuple[str, ...]:
    return tuple((s.model or {}).get("features") or PLAIN)


def _features_item(s: State) -> Item:
    off = say("off.model") if s.model is None else ""
    if s.model is not None and s.model["sizes"][0] != 2:
        off = say("off.features")
    texts = list(FEATURES)
    on = [] if off else [texts.index(name) for name in _features(s)]
    return {"kind": "chips", "options": texts, "value": on, "text": "", "off": off}


def _features_turn(s: State, value: Any) -> Anew | None:
    texts = list(FEATURES)
    places = value if isinstance(value, (list, tuple)) else ()
    names = tuple(texts[i] for i in sorted(set(places)) if 0 <= i < len(texts))
    if not names:
        raise ValueError("A net needs something to look at.\nLeave at least one feature on.")
    if names == _features(s):
        return None
    features = None if names == PLAIN else list(names)
    return Anew(say("run.features", value=", ".join(names)), None,
                {**(s.model or {}), "features": features})  # fmt: skip


def _start_item(s: State) -> Item:
    return stepper((s.model or {}).get("seed", 0), 0, SEEDS, _no_model(s))


def _start_turn(s: State, value: Any) -> Anew | None:
    v = checked("the seed", value, 0, SEEDS, whole=True)
    same = v == (s.model or {}).get("seed", 0)
    return None if same else Anew(say("run.start", value=v), None, {**(s.model or {}), "seed": v})


def _percent(v: float) -> str:
    return f"{100 * v:g}\N{NO-BREAK SPACE}%"


DATA = (
    Knob("data", _data_item, _data_turn),
    _data_slider("noise", "noise", NOISE, 0.1, short),
    _data_slider("samples", "n", SAMPLES, 200, short),
    _data_slider("test", "test", TEST, 0.2, _percent),
    Knob("seed", _seed_item, _seed_turn),
)
NETWORK = (
    Knob("features", _features_item, _features_turn),
    Knob("layers", _layers_item, _layers_turn),
    Knob("width", _width_item, _width_turn),
    _model_select("activation", "activation", list(ACTIVATIONS)),
    _model_select("init", "weights", [name for name in INITS if name != "digits"]),
    Knob("start", _start_item, _start_turn),
)
