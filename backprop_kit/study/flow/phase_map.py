"""How large a slope arrives, over depth and spread of the weights: measured, and by theory.

`phase_rows` one depth after another, all spreads in one replay · `phase_map` all of them ·
`PhaseMap` the record, with the line at which theory says slopes neither vanish nor grow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backprop_kit.engine.replay import replay_slopes
from backprop_kit.engine.tensor import Tensor
from backprop_kit.engine.trace import Trace
from backprop_kit.nn import MSELoss
from backprop_kit.study.activations import activation as activation_of
from backprop_kit.study.flow.deep_nets import DeepNet, bend_of
from backprop_kit.study.flow.mean_field import critical, mean_field
from backprop_kit.study.flow.places import Tape
from backprop_kit.study.flow.sizes import decades, size

MEMORY = 64e6  # bytes that one replay may fill


@dataclass(frozen=True, eq=False)
class PhaseRow:
    """All spreads at one depth; arrays are (seeds, scales).

    delta     log₁₀ (‖δ first‖ / ‖δ last‖), −∞ where nothing arrives, NaN where numbers overflowed
    gradient  the same of ‖∂L/∂W‖
    first     ‖δ‖ at the first layer
    """

    depth: int
    delta: np.ndarray
    gradient: np.ndarray
    first: np.ndarray


@dataclass(frozen=True, eq=False)
class PhaseMap:
    """Depth × spread; arrays are (depths, scales), medians over the seeds.

    net       the recipe of every net but for depth, spread and seed
    theory    what `mean_field` expects of δ, in decades; NaN for nets it does not know
    critical  the σ at which χ = 1, None where there is none (or no theory)
    rows      all seeds
    """

    net: DeepNet
    depths: tuple[int, ...]
    scales: tuple[float, ...]
    delta: np.ndarray
    gradient: np.ndarray
    first: np.ndarray
    theory: np.ndarray
    critical: float | None
    rows: tuple[PhaseRow, ...]

    def recipe(self, depth: int, scale: float, seed: int = 0) -> DeepNet:
        """The net of one cell: `.build()` gives the model and its batch."""
        return replace(self.net, layers=depth, scale=scale, seed=seed)


def phase_rows(
    net: DeepNet, depths: Sequence[int], scales: Sequence[float], seeds: Sequence[int] = (0, 1, 2)
) -> Iterator[PhaseRow]:
    """Measure one depth after another, so that a picture can grow.

    Each net is recorded once a seed, and replayed with its weights at all scales at once.
    """
    _checked(depths, scales, seeds)
    for depth in depths:
        found = [_measured(replace(net, layers=int(depth), seed=int(s)), scales) for s in seeds]
        delta, gradient, first = (np.array(v) for v in zip(*found, strict=True))
        yield PhaseRow(int(depth), delta, gradient, first)


def phase_map(
    depths: Sequence[int],
    scales: Sequence[float],
    activation: Any = "tanh",
    *,
    weights: Any = 1.0,
    seeds: Sequence[int] = (0, 1, 2),
    width: int = 64,
    rows: int = 64,
    skip: bool = False,
    norm: bool = False,
) -> PhaseMap:
    """The size of the slope that arrives at the first of `depth` layers, for each depth and scale.

    depths, scales  hidden layers, 2 or more; what multiplies the weights (σ, with weights=1)
    The other words are those of `deep`. Theory is given for a spread as weights and a plain net.

    Raises ValueError or TypeError, in two lines, for settings that make no net.
    """
    net = DeepNet(activation, weights, width=width, rows=rows, skip=skip, norm=norm)
    done = tuple(phase_rows(net, depths, scales, seeds))
    delta, gradient, first = (
        np.array([_middle(getattr(r, name)) for r in done])
        for name in ("delta", "gradient", "first")
    )
    theory, line = _theory(net, depths, scales)
    return PhaseMap(net, tuple(map(int, depths)), tuple(map(float, scales)), delta, gradient, first,
                    theory, line, done)  # fmt: skip


def _measured(net: DeepNet, scales: Sequence[float]) -> tuple[list[float], ...]:
    model, (x, y) = replace(net, scale=1.0).build()
    with np.errstate(all="ignore"):
        loss = MSELoss()(model(Tensor(x, requires_grad=False)), y)
        trace = Trace.of(loss)
    found = Tape(trace).places()[: net.layers]
    matrices = [p.products[0][0].inputs[p.products[0][1]] for p in found]
    ends = [found[0].z, found[-1].z, matrices[0], matrices[-1]]
    delta: list[float] = []
    gradient: list[float] = []
    first: list[float] = []
    one = 4 * 8 * sum(n.value.size for n in trace.nodes)
    some = max(1, int(MEMORY / one))
    for i in range(0, len(scales), some):
        by = np.asarray(scales[i : i + some], dtype=float)[:, None, None]
        with np.errstate(all="ignore"):
            _, slopes = replay_slopes(trace.loss, {m: by * m.value for m in matrices}, ends)
        for z_first, z_last, w_first, w_last in zip(*slopes, strict=True):
            first.append(size(z_first))
            delta.append(decades(first[-1], size(z_last)))
            gradient.append(decades(size(w_first), size(w_last)))
    return delta, gradient, first


def _middle(rows: np.ndarray) -> np.ndarray:
    """The median over the seeds; NaN where one of them is."""
    ordered = np.sort(rows, axis=0)
    half = (len(rows) - 1) // 2
    with np.errstate(all="ignore"):
        middle = ordered[half] if len(rows) % 2 else (ordered[half] + ordered[half + 1]) / 2
    return np.where(np.isnan(rows).any(axis=0), np.nan, middle)


def _theory(
    net: DeepNet, depths: Sequence[int], scales: Sequence[float]
) -> tuple[np.ndarray, float | None]:
    sigma = net.sigma
    if sigma is None or net.skip or net.norm:
        return np.full((len(depths), len(scales)), np.nan), None
    act = activation_of(bend_of(net.activation))
    deepest = [mean_field(act, sigma * s, max(depths)) for s in scales]
    rows = [[float((f.slope + f.weight)[: d - 1].sum()) for f in deepest] for d in depths]
    line = critical(act)
    return np.array(rows), None if line is None else line / sigma


def _checked(depths: Any, scales: Any, seeds: Any) -> None:
    for word, values, fits, wanted in (
        ("depths", depths, lambda v: _whole(v) and v >= 2, "whole numbers from 2"),
        ("scales", scales, lambda v: not isinstance(v, bool) and 0 < v < np.inf, "above 0"),
        ("seeds", seeds, lambda v: _whole(v) and v >= 0, "whole numbers from 0"),
    ):
        try:
            good = len(values) > 0 and all(fits(v) for v in values)
        except TypeError:
            good = False
        if not good:
            raise ValueError(
                f"{word} is {values!r}; it must be a list of {wanted}.\n"
                "Write phase_map([2, 5, 10, 20], [0.5, 1, 2])."
            )


def _whole(v: Any) -> bool:
    return isinstance(v, (int, np.integer)) and not isinstance(v, bool)
