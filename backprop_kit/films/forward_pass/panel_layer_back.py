"""What the panel says of a whole layer on the way back: its δ, and the slopes made with it."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.forward_pass.layers import Layer
from backprop_kit.films.forward_pass.panel_backward import (
    STEEPNESS,
    slope_closed,
    slope_delta,
    slope_weight,
    softmax_rule,
    steep_at,
    weight_rule,
)
from backprop_kit.films.forward_pass.rows import block, flat, sample
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import number
from backprop_kit.films.presenter import owned
from backprop_kit.films.rows import Panel, Row, box, eq, num, peak, rule, title


def layer_backward(scene: Scene, layer: Layer) -> Panel:
    """A whole layer on the way back: δ, then the weights' slopes."""
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    if layer.block is not None:
        return slope_closed(scene, layer)
    if layer.linear is None:
        return slope_delta(scene, layer)
    if scene.plain and sample(scene):
        return _plain_backward(scene, layer)
    last = layer is scene.layers[-1] or (scene.softmax and layer is scene.layers[-2])
    rows: list[Row] = [title("Back through the layer", f"LAYER {m}")]
    if scene.softmax and last:
        rows.append(softmax_rule(scene, scene.layers[-1]))
    elif layer.activation is not None:
        steep = STEEPNESS.get(layer.activation.name, f"{layer.activation.name}′").format(
            y=b.letter, z=f"z{layer.sub}"
        )
        above = block(scene, f"dv{m}", f"∂L/∂{b.letter}")
        rows.append(rule(block(scene, f"dz{m}", f"δ{layer.sub}"), "=", above, f"⊙ (${steep}$)"))
    if scene.large and sample(scene):
        if not (scene.softmax and last) and layer.activation is not None:
            rows = [rows[0], *slope_delta(scene, layer)[1:]]
        elif layer.activation is None:
            rows = [rows[0], *slope_weight(scene, layer)[1:]]
        return tuple(rows)
    if a.kind != "image":
        rows.append(weight_rule(scene, layer))
    if a.kind == "image" and b.kind == "strip" and sample(scene):
        slopes = flat(scene, f"dz{m}")
        top = int(np.abs(slopes).argmax())
        rows.append({"t": "p", "s": f"Each unit's slopes are the image times its own $δ$: "
                     f"{(slopes > 0).sum()} blue, {(slopes < 0).sum()} orange, the strongest is "
                     f"unit {top + 1} of {b.n}, {number(float(slopes[top]))}."})  # fmt: skip
    return tuple(rows)


def _plain_backward(scene: Scene, layer: Layer) -> Panel:
    m = layer.number
    x, d = flat(scene, f"v{m - 1}"), flat(scene, f"dz{m}")
    g = scene.values(f"gW{m}")
    rows: list[Row] = [title("The slope goes back", f"LAYER {m}")]
    if layer.activation is not None and layer is not scene.layers[-1]:
        above, local = flat(scene, f"dv{m}"), steep_at(layer)
        lines = [
            [num(p), "×", num(q), "=?", box(r, peak(d))]
            for p, q, r in zip(above.tolist(), local.tolist(), d.tolist(), strict=False)
        ]
        units = [[f"dz{m}:{j}", f"dv{m}:{j}", f"v{m}:{j}"] for j in range(len(lines))]
        rows.append(owned(eq(lines, "What came through the weight × how steep the bend is"), units))
        if scene.large:
            return tuple(rows)
    shown = list(np.ndindex(g.shape))[: 3 if layer is not scene.layers[-1] else 4]
    made = [
        [num(float(x[i])), "×", num(float(d[j])), "=?", box(float(g[i, j]), peak(g))]
        for i, j in shown
    ]
    edges = [[f"W{m}:{i * g.shape[1] + j}"] for i, j in shown]
    rows.append(owned(eq(made, "A weight's slope: what came in × the slope at the sum"), edges))
    return tuple(rows)
