"""What an activation does to one number: its value, its slope, and where it is flat.

`activation` finds one by name, module or function · `curve` samples it, slopes by its own rule ·
`Neuron` one neuron at its sum · `NeuronGraph` its recording, replayed for each new sum.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_kit.engine import ops
from backprop_kit.engine.gradcheck import TINY
from backprop_kit.engine.replay import replay, replay_slopes
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn import Module

FLAT = 0.01  # of the largest slope: below it an activation is saturated
REACH = 7.0  # a curve is sampled from −REACH to REACH
SAMPLES = 561  # so that 0, where curves have their kinks, is one of them
BISECTIONS = 40
NEAR = 1e-12  # sums as near as this are the same
FAR = 1e3  # where an activation that has an end has reached it

Function = Callable[[Tensor], Tensor]
Zone = tuple[float | None, float | None]


@dataclass(frozen=True)
class Activation:
    """A function that works on each number alone, and what it is called.

    letters  its name in a formula, such as "tanh" or "σ"
    slope    its slope in words of the output h, such as "1 − h^2"; "" if there is no short one
    """

    name: str
    apply: Function
    letters: str = ""
    slope: str = ""


def _leaky(z: Tensor) -> Tensor:
    return ops.leaky_relu(z)


KNOWN: dict[str, Activation] = {
    a.name: a
    for a in (
        Activation("linear", ops.identity, "z", "1"),
        Activation("ReLU", ops.relu, "ReLU", "1 or 0"),
        Activation("leaky ReLU", _leaky, "leaky", "1 or 0.01"),
        Activation("sigmoid", ops.sigmoid, "σ", "h (1 − h)"),
        Activation("tanh", ops.tanh, "tanh", "1 − h^2"),
    )
}
_OTHERS = {"elu": ops.elu, "softplus": ops.softplus, "gelu": ops.gelu, "sin": ops.sin}
# The operations of a recording that are one of these; with other options they are not.
_BY_OPERATION = {"identity": "linear", "relu": "ReLU", "leaky_relu": "leaky ReLU",
                 "sigmoid": "sigmoid", "tanh": "tanh"}  # fmt: skip


def activation(thing: Any) -> Activation:
    """The activation with this name, or made of a module or a plain function of a Tensor.

    Raises ValueError for a name nobody knows and for a function that mixes its numbers; TypeError
    for what is neither.
    """
    if isinstance(thing, Activation):
        return thing
    if isinstance(thing, str):
        return _named(thing)
    if isinstance(thing, type) or not callable(thing):
        what = f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__
        raise TypeError(
            f"An activation is a name, a module or a function of a Tensor; got {what}.\n"
            'Write "tanh", Tanh(), or a function such as lambda z: z.tanh().'
        )
    return _alone(_own_name(thing), thing)


def _named(name: str) -> Activation:
    plain = {a.lower().replace(" ", ""): a for a in KNOWN}
    asked = name.lower().replace(" ", "").replace("_", "")
    if asked in plain:
        return KNOWN[plain[asked]]
    if asked in _OTHERS:
        return Activation(asked, _OTHERS[asked], asked)
    near = difflib.get_close_matches(asked, [*plain, *_OTHERS], n=1, cutoff=0.5)
    hint = f"Did you mean {plain.get(near[0], near[0])!r}? " if near else ""
    raise ValueError(
        f"There is no activation {name!r}.\n{hint}There are {', '.join([*KNOWN, *_OTHERS])}."
    )


def of_operation(name: str, options: dict[str, Any], apply: Function) -> Activation:
    """The activation that a recorded operation is."""
    known = KNOWN.get(_BY_OPERATION.get(name, ""))
    if known is not None and options in ({}, {"slope": 0.01}):
        return known
    return Activation(name.replace("_", " "), apply, name.replace("_", " "))


def _own_name(thing: Any) -> str:
    if isinstance(thing, Module):
        extra = thing.extra_repr()
        return extra if type(thing).__name__ == "Function" else type(thing).__name__
    name = getattr(thing, "__name__", type(thing).__name__)
    return "your function" if name == "<lambda>" else name


def _alone(name: str, apply: Function) -> Activation:
    """The function as an activation, once it is seen to work on each number alone."""
    probe = np.array([[-1.3, 0.4, 2.1]])
    whole = apply(Tensor(probe))
    if not isinstance(whole, Tensor):
        raise TypeError(
            f"{name} returned {type(whole).__name__}, not a Tensor.\n"
            "Compute with Tensors all the way, so that slopes can go back."
        )
    each = [apply(Tensor([[v]])).data for v in probe.flat] if whole.shape == (1, 3) else []
    pairs = zip(each, whole.data.flat, strict=False)
    alone = [v.shape == (1, 1) and np.isclose(v, w, equal_nan=True) for v, w in pairs]
    if not each or not all(alone):
        raise ValueError(
            f"{name} does not work on each number alone, so it is no activation.\n"
            "Pass a function such as tanh, or a whole model with its inputs X."
        )
    for known in KNOWN.values():
        if np.array_equal(known.apply(Tensor(probe)).data, whole.data):
            return known
    return Activation(name, apply, "f" if " " in name else name)


def sample(act: Activation, z: Any) -> tuple[np.ndarray, np.ndarray]:
    """The values and the slopes of an activation at these sums, the slopes by its own rule."""
    at = Tensor(np.asarray(z, dtype=float))
    value = act.apply(at)
    if not value.requires_grad:  # a constant: it does not depend on z
        return value.data, np.zeros(at.shape)
    _, (slope,) = replay_slopes(value.sum(), None, [at])
    return value.data, np.broadcast_to(slope, at.shape)


@dataclass(frozen=True, eq=False)
class Curve:
    """An activation sampled from −REACH to REACH: sums, values, slopes, the largest slope.

    saturated  where the slope is under 1 % of the largest and not 0; dead: where it is exactly 0.
               Zones from–to; None: on to the end.
    ends       the values it tends to, at the left and at the right; None if it grows without end
    """

    z: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    top: float
    saturated: tuple[Zone, ...]
    dead: tuple[Zone, ...]
    ends: tuple[float, float] | None


def curve(act: Activation) -> Curve:
    """Sample an activation; the borders of its flat zones are found by bisection."""
    z = np.linspace(-REACH, REACH, SAMPLES)
    value, slope = sample(act, z)
    top = float(np.nanmax(np.abs(slope)))

    def kinds(at: np.ndarray) -> np.ndarray:
        """2 dead, 1 saturated, 0 neither."""
        s = np.abs(sample(act, at)[1])
        return np.where(s == 0, 2, np.where(s < FLAT * top, 1, 0))

    kind = kinds(z)
    turns = np.flatnonzero(np.diff(kind))
    low, high = z[turns].copy(), z[turns + 1].copy()
    for _ in range(BISECTIONS if turns.size else 0):
        mid = (low + high) / 2
        here = kinds(mid) == kind[turns]
        low, high = np.where(here, mid, low), np.where(here, high, mid)
    edges: list[float | None] = [None, *(float(v) for v in (low + high) / 2), None]
    first = [0, *(int(i) + 1 for i in turns)]
    zones: dict[int, list[Zone]] = {0: [], 1: [], 2: []}
    for i, start in enumerate(first):
        zones[int(kind[start])].append((edges[i], edges[i + 1]))
    if top == 0:  # a constant has no slope to be a hundredth of
        zones[1] = []
    return Curve(z, value, slope, top, tuple(zones[1]), tuple(zones[2]), _ends(act))


def _ends(act: Activation) -> tuple[float, float] | None:
    with np.errstate(all="ignore"):
        values = act.apply(Tensor([-FAR, FAR, -2 * FAR, 2 * FAR])).data
    if not np.isfinite(values).all() or not np.allclose(values[:2], values[2:], atol=1e-6):
        return None
    return float(values[0]), float(values[1])


def zone_of(found: Curve, slope: float) -> str:
    """ "dead", "saturated" or "": what a slope says of the place it was taken at."""
    return "dead" if slope == 0 else "saturated" if abs(slope) < FLAT * found.top else ""


# --- one neuron -----------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Neuron:
    """One neuron: z = w·x + b, h = f(z), and the slope of f at z.

    before  (z, h, slope) where the last move began, None before the first one
    others  name, value and slope of every activation on offer, at the same sum
    """

    act: Activation
    curve: Curve
    w: np.ndarray
    x: np.ndarray
    b: float
    z: float
    h: float
    slope: float
    others: tuple[tuple[str, float, float], ...]
    before: tuple[float, float, float] | None = None

    @property
    def zone(self) -> str:
        return zone_of(self.curve, self.slope)

    @property
    def moved(self) -> bool:
        """Whether there was a move, by more than rounding."""
        return self.before is not None and abs(self.before[0] - self.z) > NEAR


class NeuronGraph:
    """A neuron, recorded once for each activation on offer; `at(name, b)` replays it.

    The sum itself is read as the slope of a probe: the recording ends in Σ h + 0·z, so that one
    replay with its way back gives values and slopes together.
    """

    def __init__(self, acts: Sequence[Activation], w: Any, x: Any) -> None:
        self.acts = {a.name: a for a in acts}
        self.curves = {a.name: curve(a) for a in acts}
        self.w, self.x = (np.asarray(v, dtype=float) for v in (w, x))
        self._b = Tensor(0.0)
        self._z = (Tensor(self.w) * Tensor(self.x)).sum() + self._b
        self._seen = {name: Tensor(0.0) for name in self.acts}
        self._probe = Tensor(0.0)
        self._total = self._z * self._probe
        self._inputs: dict[str, Tensor] = {}
        for name, a in self.acts.items():
            # One sum each, so that its slope is this activation's alone; the probe reads h.
            own = ops.identity(self._z)
            self._inputs[name] = own
            h = a.apply(own)
            self._total = self._total + h * (self._seen[name] + 1.0)

    def at(self, name: str, b: float, before: tuple[float, float, float] | None = None) -> Neuron:
        """The neuron with another bias, by one replay."""
        wanted = [self._probe]
        for other in self.acts:
            wanted += [self._seen[other], self._inputs[other]]
        _, found = replay_slopes(self._total, {self._b: b}, wanted)
        z, *pairs = (float(v) for v in found)
        rows = tuple(zip(self.acts, pairs[::2], pairs[1::2], strict=True))
        ((h, slope),) = [(h, s) for other, h, s in rows if other == name]
        return Neuron(self.acts[name], self.curves[name], self.w, self.x, float(b), z, h, slope,
                      rows, before)  # fmt: skip

    def moved_to(
        self, name: str, z: float, before: tuple[float, float, float] | None = None
    ) -> Neuron:
        """The neuron with the bias that makes its sum z, by one replay."""
        b = z - float((self.w * self.x).sum())
        return self.at(name, 0.0 if abs(b) < NEAR else b, before)

    def check(self, record: Neuron) -> tuple[float, list[str]]:
        """The slopes of all activations at this sum beside the complex step: the largest
        difference, and a line for each."""
        worst, rows = 0.0, []
        for name, _, slope in record.others:
            at = Tensor(record.z)
            moved = replay(self.acts[name].apply(at), {at: record.z + 1j * TINY})
            error = abs(slope - float(moved.imag) / TINY) / max(self.curves[name].top, 1e-300)
            worst = max(worst, float(np.nan_to_num(error, nan=np.inf)))
            rows.append(f"{name}: its slope, off by {error:.0e}")
        return worst, rows
