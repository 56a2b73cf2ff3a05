"""The picture of a line: points and squares at the left, a row of bars for each point beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_kit.films.loss.words import text
from backprop_kit.films.rows import Row
from backprop_kit.study.line_fit import Fit

WIDE, HIGH = 300, 246  # the plane, in px


@dataclass(frozen=True)
class Scales:
    """The ends of the axes: of the plane, of bars of errors and pulls, of the two sliders."""

    x: tuple[float, float]
    y: tuple[float, float]
    error: float
    pull: float
    w: tuple[float, float]
    b: tuple[float, float]

    @classmethod
    def of(cls, fit: Fit) -> Scales:
        """Ends that suit the start: points, line and squares have room."""
        first = fit.at(0)
        ys = np.concatenate([fit.y, first.said])
        low, high = float(ys.min()), float(ys.max())
        pad = 0.12 * (high - low or 1.0)
        y = (low - pad, high + pad)
        unit = HIGH / (y[1] - y[0])  # px for 1, so that the squares find room beside their points
        left, right = float(fit.x.min()), float(fit.x.max())
        span = right - left or 1.0
        side = float(np.abs(first.error).max()) * unit / WIDE * span
        x = (left - max(0.2 * span, 0.5 * side), right + max(0.2 * span, 0.3 * side))
        pulls = np.concatenate([first.pull_w, first.pull_b, [1e-3]])
        reach = max(3.0, float(np.ceil(abs(first.w))), float(np.ceil(abs(first.b))))
        return cls(x, y, float(np.abs(first.error).max(initial=1e-3)),
                   float(np.abs(pulls).max()), (-reach, reach), (-reach, reach))  # fmt: skip


def marks(
    fit: Fit, scales: Scales, *, pulls: bool, covered: bool, presenter: bool
) -> tuple[Row, ...]:
    found = [*_plane(fit, scales, presenter), *_sliders(fit, scales, presenter)]
    return (*found, *_bars(fit, scales, pulls, covered, presenter))


def _ref(name: str, at: int) -> list[list[object]]:
    return [[name, at]]


def _ticks(low: float, high: float) -> list[int]:
    step = max(1, int(np.ceil((high - low) / 6)))
    first = int(np.ceil(low / step)) * step
    return list(range(first, int(np.floor(high)) + 1, step))


def _plane(fit: Fit, scales: Scales, presenter: bool) -> list[Row]:
    n, size = fit.x.size, 20 if presenter else 12
    found: list[Row] = [
        {"t": "plane", "tag": "line", "x0": 34, "x1": 34 + WIDE, "y0": 8, "y1": 8 + HIGH,
         "xr": list(scales.x), "yr": list(scales.y), "xt": _ticks(*scales.x),
         "yt": _ticks(*scales.y), "zero": True, "border": True, "size": size},
        {"t": "curve", "in": "line", "tag": "drawn", "y": _ref("f", 4 * n + 3), "n": 2,
         "c": "forward", "width": 3},
    ]  # fmt: skip
    for i in range(n):
        x, y = [["points", i]], [["points", n + i]]
        said = _ref("f", i)
        found += [
            {"t": "square", "in": "line", "tag": f"square{i}", "x": x, "y0": said, "y1": y,
             "c": "sign"},
            {"t": "seg", "in": "line", "x1": x, "y1": y, "x2": x, "y2": said, "c": "ink",
             "width": 1.4},
            {"t": "dot", "in": "line", "tag": f"point{i}", "x": x, "y": y, "r": 6, "c": "ink",
             "hollow": False, "label": f"{i + 1}"},
        ]  # fmt: skip
    return found


def _sliders(fit: Fit, scales: Scales, presenter: bool) -> list[Row]:
    n, found = fit.x.size, []
    size, left, wide = (22, 134, 130) if presenter else (15, 100, 160)
    for name, at, y, (low, high) in (("w", 4 * n, 296, scales.w), ("b", 4 * n + 1, 336, scales.b)):
        value = _ref("f", at)
        found += [
            text(34, y, f"${name} =$", size=size, tag=name, v=value),
            {"t": "slider", "tag": f"slide {name}", "x": 34, "dx": left + wide / 2, "y": y,
             "w": wide, "lo": low, "hi": high, "step": 0.05, "v": value,
             "name": f"{name}, a number of the line"},
        ]  # fmt: skip
    return found


def _bars(fit: Fit, scales: Scales, pulls: bool, covered: bool, presenter: bool) -> list[Row]:
    """One row a point: its share of the loss and its pulls, or in work by hand its error alone."""
    n, size = fit.x.size, 20 if presenter else 14
    top, bottom = 48, 48 + min(300, 52 * n)
    thick = min(18, int(0.5 * (bottom - top) / n))
    found: list[Row] = []
    for i in range(n):
        y = top + (i + 0.5) * (bottom - top) / n
        found.append(text(368, y, f"{i + 1}", size=size, bold=True))
    if not pulls:
        found += _column("error", "error", 392, 656, 2 * n, n, fit, scales.error, "f",
                         (top, bottom), thick, size)  # fmt: skip
        found.append(text(368, bottom + 22, "$L$ =", size=size + 6, bold=True, tag="loss",
                          v=_ref("f", 4 * n + 2)))  # fmt: skip
        return found
    on, ends = "pull on", ((482, 562), (576, 656))
    if presenter:
        on, ends = "on", ((402, 516), (536, 650))
    else:
        found += _shares(fit, (top, bottom), thick, size)
    for tag, (x0, x1), at in zip("wb", ends, (2 * n, 3 * n), strict=True):
        head, total = f"{on} ${tag}$", at + 2 * n if tag == "w" else at + n + 1
        found += _column(f"pull{tag}", head, x0, x1, at, at - 2 * n, fit, scales.pull, "g",
                         (top, bottom), thick, size, covered)  # fmt: skip
        found.append({"t": "text", "x": (x0 + x1) / 2, "y": bottom + 16, "s": "", "size": size + 1,
                      "bold": True, "tag": f"slope {tag}", "v": _ref("g", total),
                      **({"frames": [1, 10**6]} if covered else {})})  # fmt: skip
        if covered:
            found += [
                {"t": "bar", "in": f"pull{tag}", "dir": "y", "from": 0, "to": n, "at": 0,
                 "thick": x1 - x0, "c": "covered", "opacity": 1, "frames": [0, 0]},
                {"t": "words", "in": f"pull{tag}", "x": 0, "y": n / 2, "s": "?", "size": 22,
                 "bold": True, "frames": [0, 0]},
            ]  # fmt: skip
    if not presenter:
        found.append(text(368, bottom + 16, "together", size=size, c="muted"))
    x = ends[1][0] if presenter else 368
    found.append(text(x, bottom + 48, "$L$ =", size=size + 4, bold=True, tag="loss",
                      v=_ref("f", 4 * n + 2)))  # fmt: skip
    return found


def _column(
    tag: str, head: str, x0: int, x1: int, end: int, label: int, fit: Fit, reach: float,
    letter: str, high: tuple[int, int], thick: int, size: int, covered: bool = False,
) -> list[Row]:  # fmt: skip
    n = fit.x.size
    hidden: Row = {"frames": [1, 10**6]} if covered else {}
    half = 0.62 if x1 - x0 > 200 else 1.0  # room for the numbers beyond the longest bars
    found: list[Row] = [
        {"t": "plane", "tag": tag, "x0": x0, "x1": x1, "y0": high[0], "y1": high[1],
         "xr": [-reach / half, reach / half], "yr": [n, 0]},
        {"t": "text", "x": (x0 + x1) / 2, "y": 22, "s": head, "size": size, "bold": True},
    ]  # fmt: skip
    for i in range(n):
        up = -0.18 if half == 1 else 0
        found.append({"t": "seg", "in": tag, "x1": 0, "x2": 0, "y1": i + 0.06,
                      "y2": i + 0.94 + 3 * up, "c": "faint", "width": 1.4, **hidden})  # fmt: skip
        found.append({"t": "bar", "in": tag, "tag": f"{tag}{i}", "from": 0,
                      "to": _ref(letter, end + i), "at": i + 0.5 + up, "thick": thick})  # fmt: skip
        words = {"t": "words", "in": tag, "tag": f"{tag}{i}", "v": _ref(letter, label + i),
                 "signed": True, "size": size - 1, "y": i + 0.5}  # fmt: skip
        if half == 1:  # a narrow column has its numbers below the bars
            found.append({**words, "x": 0, "dy": thick * 0.5 + 9, **hidden})
        else:
            found[-1] |= {"label": _ref(letter, label + i), "size": size}
    return found


def _shares(fit: Fit, high: tuple[int, int], thick: int, size: int) -> list[Row]:
    n = fit.x.size
    found: list[Row] = [
        {"t": "plane", "tag": "share", "x0": 388, "x1": 466, "y0": high[0], "y1": high[1],
         "xr": [0, 100], "yr": [n, 0]},
        text(388, 22, "share of $L$", size=size, bold=True),
    ]  # fmt: skip
    for i in range(n):
        value = _ref("f", 3 * n + i)
        found += [
            {"t": "bar", "in": "share", "from": 0, "to": 100, "at": i + 0.32, "thick": thick,
             "c": "covered", "opacity": 1},
            {"t": "bar", "in": "share", "tag": f"share{i}", "from": 0, "to": value, "at": i + 0.32,
             "thick": thick, "c": "ink", "opacity": 1},
            {"t": "words", "in": "share", "tag": f"share{i}", "x": 0, "y": i + 0.5,
             "dy": thick * 0.5 + 9, "s": "", "v": value, "unit": " %", "anchor": "start",
             "size": size - 1},
        ]  # fmt: skip
    return found
