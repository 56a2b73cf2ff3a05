"""What the panel says of the loss: how wrong, with the formula of the loss that was recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.forward_pass.rows import flat, sample
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import equals, shown
from backprop_kit.films.presenter import owned
from backprop_kit.films.rows import Panel, Row, box, eq, num, peak, remark, title


def loss(scene: Scene) -> Panel:
    """How wrong, with the formula of the loss that was recorded."""
    recorded = scene.recorded
    value = float(recorded.trace.loss.value.reshape(()))
    rows: list[Row] = [title("Measure how wrong it is", "LOSS")]
    said = recorded.loss.title
    result = box(value, value)
    if not sample(scene):
        rows.append(owned(eq([[{"sym": "L"}, "=", result]]), [["L"]]))
        rows.append(remark(f"{said} over {scene.batch} samples"))
        return tuple(rows)
    out = flat(scene, scene.columns[-1].value)
    line: list[Any]
    target = recorded.y.value.reshape(-1)
    if scene.softmax:
        right = int(target[0])
        sign = equals(value, -np.log(shown(out[right])))
        line = [{"sym": "L"}, "=", "−ln", num(out[right]), sign, result]
        rows.append(eq([line], f"The share of the right class, {right}"))
    elif said.startswith("binary") and out.size == 1 and target[0] in (0, 1):
        formula = ["−ln", num(out[0])] if target[0] else ["−ln (1 −", num(out[0]), ")"]
        share = shown(out[0]) if target[0] else 1 - shown(out[0])
        line = [{"sym": "L"}, "=", *formula, equals(value, -np.log(share)), result]
        rows.append(eq([line], f"The output should be {target[0]:g}"))
    elif said.startswith("binary"):
        rows.append(eq([[{"sym": "L"}, "=", result]]))
    else:
        errors = out - target[: out.size]
        lines = [
            [num(o), "−", num(t), equals(e, shown(o) - shown(t)), box(e, peak(errors))]
            for o, t, e in zip(out, target, errors, strict=False)
        ]
        rows.append(eq(lines, "Output − target = error"))
        rows.append(eq([[{"sym": "L"}, "=", result]]))
    told = len(rows) - 1  # the row that has the loss itself
    if "cross" in said and not scene.large:
        shares = [0.9, 0.5, 0.1, 0.01]
        lines = [["−ln", f"{p:g}", "=", box(-np.log(p), -np.log(shares[-1]))] for p in shares]
        rows.append(eq(lines, "If the right answer had got a share of"))
    rows.append(remark(said[:1].upper() + said[1:] + "."))
    return tuple(owned(r, [["L"]] * len(r["rows"])) if r is rows[told] else r for r in rows)
