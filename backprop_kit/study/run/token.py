"""A moment of a run in a line of text: `bpk1.` and at most 300 characters.

The text is base64url of a checksum and of deflated JSON that holds only what differs from the
usual: recipes of samples and model, rule, batch size, seed, the changes on the way to the moment,
the step, and the loss there and at a few places before. Playing it again gives the moment back.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backprop_kit.engine.numbers import is_number
from backprop_kit.nn import SGD
from backprop_kit.study.run import plain
from backprop_kit.study.run.plain import NotOurs
from backprop_kit.study.run.recipe import (
    NET,
    make_data,
    make_model,
    usual_of_data,
)
from backprop_kit.study.run.samples import fitting_loss

if TYPE_CHECKING:
    from backprop_kit.study.run.run import Run
    from backprop_kit.study.run.tree import Branch

R = TypeVar("R", bound="Run")

HEAD = "bpk1."
LONGEST = 300
MOST_CHANGES = 20
MOST_STEPS = 10_000_000
UNPACKED = 4096  # bytes; what is longer was not made by a run
PLACES = 5  # losses on the way that come along where there is room

# What often stands in the JSON, so that it costs next to nothing. Part of the format: never change.
WORDS = (
    b'"nesterov",true,"CosineDecay",{"rule":"AdaGrad","ExponentialDecay",["Warmup",["StepDecay",'
    b'"schedule":"clip_value",1,"clip_norm",1,"beta1":0.9,"beta2":0.99,"rho":"eps":1e-08,'
    b'"SquaredError","BCELoss","BCEWithLogitsLoss","CrossEntropyLoss","MSELoss","digits_net":'
    b'"board":"stairs"{"rule":"RMSProp"{"rule":"AdamW""weight_decay":0.01"l1":0.001'
    b'"features":["x\\u2081","x\\u2082"]"output":"sigmoid""activation":"leaky ReLU","GELU"'
    b'"sigmoid""ReLU""init":"orthogonal""Xavier normal""normal""zeros""He""seed":1'
    b'"name":"checkerboard""name":"digits""name":"line""name":"sine""name":"xor""name":"blobs"'
    b'"name":"circles""name":"moons""name":"spirals","noise":0."n":100,"test":0.5,"turns":1.25'
    b'"sizes":[2,8,8,1]},"d":{"name":"spirals","n":160,"noise":0.11,"seed":6,"test":0.4}'
    b',"weights",["0.W",1,0.,"2.W",1,-0.,"optimizer",{"rule":"SGD","lr":0.1,"momentum":0.9}'
    b',"optimizer",{"rule":"Adam","lr":0.01},"weight_decay",0.001,"l1",0.001,"momentum",0.9'
    b',"batch",null,"batch",10,"batch",16,"batch",32,"lr",0.003,"lr",0.001,"lr",1.0,"lr",0.3'
    b',"lr",0.03,"lr",0.1,"lr",0.01],"k":1000,"l":"MSELoss","m":{"sizes":[2,4,1]},"o":{"rule":"Adam"'
    b',"lr":0.01},"p":[0.0.],"s":1,"v":0.0'
    b'{"b":16,"c":[200,"lr",0.03'
)


# --- writing --------------------------------------------------------------------------------------
def token_of(run: Run) -> str:
    """The token of the present moment. Raises ValueError, in two lines, where there is none."""
    try:
        told = _told(run)
    except NotOurs as problem:
        raise ValueError(
            f"There is no token, because {problem}.\nSave the run to a file: run.save(path)."
        ) from None
    losses = told.pop("p")
    some: list[Any]
    for some in (losses, losses[-4:], []):
        text = HEAD + _packed({**told, **({"p": some} if some else {})})
        if len(text) <= LONGEST:
            return text
    raise ValueError(
        f"The way to this moment needs {len(text)} characters; a token has at most {LONGEST}.\n"
        "Save the run to a file: run.save(path)."
    )


def _told(run: Run) -> dict[str, Any]:
    data, model = run.recipe["data"], run.recipe["model"]
    if data is None:
        raise NotOurs("the samples are your own")
    if model is None:
        raise NotOurs("the model is your own")
    usual = usual_of_data(data["name"])
    line = run.line
    first = line[0]
    told: dict[str, Any] = {
        "d": {w: v for w, v in data.items() if w == "name" or v != usual.get(w, v)},
        "m": {w: v for w, v in model.items() if w not in NET or v != NET[w]},
        "k": run.k, "v": _short(run.measured()[0], 9),
    }  # fmt: skip
    if (loss := plain.loss_out(run.loss)) != type(
        fitting_loss(run._pupil.model, run.samples.y)
    ).__name__:
        told["l"] = loss
    if (rule := plain.optimizer_out(first.settings.optimizer)) != plain.optimizer_out(SGD(0.1)):
        told["o"] = rule
    if first.settings.batch is not None:
        told["b"] = first.settings.batch
    if run.seed:
        told["s"] = run.seed
    changes = _changes(line)
    if sum(isinstance(part, str) for part in changes) > MOST_CHANGES:
        raise NotOurs(f"more than {MOST_CHANGES} changes lead to this moment")
    if changes:
        told["c"] = changes
    curve = run.curve()
    told["p"] = _places(curve.steps, curve.train, run.k)
    return told


def _changes(line: list[Branch]) -> list[Any]:
    """[steps since the last fork, word, value, word, value, steps, …]; −1 for the first branch."""
    out: list[Any] = []
    before = 0
    for b in line:
        change = b.change
        if b.parent is None:  # its rule and its batch size stand by themselves
            change = {w: v for w, v in change.items() if w == "weights"}
        if change or b.parent is not None:
            out.append(-1 if b.parent is None else b.start - before)
        for word, value in change.items():
            out += [word, plain.value_out(word, value)]
        before = b.start
    return out


def _places(steps: np.ndarray, losses: np.ndarray, k: int) -> list[Any]:
    """[step, loss, step, loss, …]: a few measured before step k, evenly."""
    inside = np.flatnonzero((steps < k) & np.isfinite(losses) & (steps > 0))
    evenly = np.linspace(0, len(inside), PLACES + 2)[1:-1].astype(int)
    some = inside[np.unique(evenly)] if len(inside) else inside
    return [part for j in some for part in (int(steps[j]), _short(float(losses[j]), 5))]


def _short(v: float, digits: int) -> float | None:
    return float(f"{v:.{digits}g}") if np.isfinite(v) else None


def _packed(told: Mapping[str, Any]) -> str:
    raw = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=WORDS)
    body = squeeze.compress(raw) + squeeze.flush()
    check = zlib.crc32(body).to_bytes(4, "big")
    return _text(check + body)


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


# --- reading --------------------------------------------------------------------------------------
def told_by(text: Any) -> dict[str, Any]:
    """What a token says, checked for damage. Raises ValueError or TypeError, in two lines."""
    if not isinstance(text, str):
        raise TypeError(
            f"A token is a text; got {type(text).__name__}.\nPass what run.token() returned."
        )
    text = text.strip()
    if not text.startswith(HEAD):
        raise ValueError(
            f"{text[:20]!r} is no token of this kit.\nA token begins with {HEAD!r}: copy all of it."
        )
    if len(text) > LONGEST:
        raise ValueError(
            f"This token has {len(text):,} characters; a token has at most {LONGEST}.\n"
            "Copy it alone, without what stands around it."
        )
    try:
        body = text[len(HEAD) :]
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        if _text(packed) != body or zlib.crc32(packed[4:]) != int.from_bytes(packed[:4], "big"):
            raise ValueError
        loosen = zlib.decompressobj(-15, zdict=WORDS)
        raw = loosen.decompress(packed[4:], UNPACKED)
        whole = loosen.eof and not loosen.unconsumed_tail and not loosen.unused_data
    except (binascii.Error, ValueError, zlib.error):
        raise ValueError(_damaged()) from None
    told = plain.parsed(raw) if whole else None
    if not isinstance(told, dict):
        raise ValueError(_damaged())
    return told


def _damaged() -> str:
    return (
        "This token is damaged: its checksum does not fit what it says.\n"
        "Copy it again, from bpk1. to its last character."
    )


def run_from(cls: type[R], told: Mapping[str, Any]) -> R:
    """The run a token tells of, at step 0, with the branches on the way and where it is to go."""
    if set(told) - set("bcdklmopsv") or not {"d", "m", "k", "v"} <= set(told):
        raise ValueError(_foreign("its parts are not those of a run"))
    k = told["k"]
    if type(k) is not int or not 0 <= k <= MOST_STEPS:
        raise ValueError(_foreign(f"step {k!r} cannot be reached"))
    data, model = make_data(told["d"]), make_model(told["m"])
    run = cls(
        model, data, loss=plain.loss_in(told["l"]) if "l" in told else None,
        optimizer=plain.optimizer_in(told["o"]) if "o" in told else None,
        batch=told.get("b"), seed=told.get("s", 0),
    )  # fmt: skip
    line, start = run.branch, 0
    for ahead, change in _forks(told.get("c", [])):
        if ahead < 0:
            run._begin_with(change)
            continue
        start += ahead
        if start > k:
            raise ValueError(_foreign("a change lies behind its own end"))
        line = run._grow(line, start, change)
    run._aim(line, k, [*_pairs(told.get("p", []), k), (k, _loss(told["v"]))])
    return run


def _forks(told: Any) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    parts = iter(told if isinstance(told, list) else [None])
    for part in parts:
        if type(part) is int and (part >= 0 or (part == -1 and not found)):
            found.append((part, {}))
        elif isinstance(part, str) and found:
            value = list(islice(parts, 1))
            if not value:
                raise ValueError(_foreign("a change has no value"))
            found[-1][1][part] = plain.value_in(part, value[0])
        else:
            raise ValueError(_foreign("its changes cannot be read"))
    if sum(len(change) for _, change in found) > MOST_CHANGES:
        raise ValueError(_foreign(f"it has more than {MOST_CHANGES} changes"))
    return found


def _pairs(told: Any, k: int) -> list[tuple[int, float]]:
    if not isinstance(told, list) or len(told) % 2:
        raise ValueError(_foreign("its losses cannot be read"))
    pairs = [(step, _loss(v)) for step, v in zip(told[::2], told[1::2], strict=True)]
    if any(type(step) is not int or not 0 <= step < k for step, _ in pairs):
        raise ValueError(_foreign("its losses cannot be read"))
    return pairs


def _loss(v: Any) -> float:
    if v is None:
        return float("nan")
    if not is_number(v):
        raise ValueError(_foreign("its losses cannot be read"))
    return float(v)


def _foreign(why: str) -> str:
    return f"This token tells of no run: {why}.\nIt was written by hand or by another version."
